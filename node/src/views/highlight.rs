//! Where in a text stands what was looked for, so that a list of findings can show it: by the same rules as the search index
//! ([`super::grams`]), which itself keeps no text.

use unicode_normalization::UnicodeNormalization;

/// Characters before the first finding in an excerpt, and in all of it.
const BEFORE: usize = 24;
const EXCERPT: usize = 96;

/// A stretch of a text, and whether it was looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// Its characters.
    pub text: String,
    /// Whether they are what was looked for.
    pub hit: bool,
}

/// The whole text in stretches; one without a hit if nothing of what was typed stands in it.
pub fn highlight(text: &str, typed: &str) -> Vec<Stretch> {
    let chars: Vec<char> = text.chars().collect();
    stretches(&chars, &hits(&chars, typed))
}

/// The part of a text around the first thing that was looked for; `None` if there is none in it. What is left out is an
/// ellipsis.
pub fn excerpt(text: &str, typed: &str) -> Option<Vec<Stretch>> {
    let chars: Vec<char> = text.chars().collect();
    let hits = hits(&chars, typed);
    let first = hits.iter().position(|hit| *hit)?;
    let from = match chars.len() <= EXCERPT {
        true => 0,
        false => first.saturating_sub(BEFORE).min(chars.len() - EXCERPT),
    };
    let to = chars.len().min(from + EXCERPT);
    let mut shown = stretches(&chars[from..to], &hits[from..to]);
    let dots = || Stretch {
        text: "…".into(),
        hit: false,
    };
    if from > 0 {
        shown.insert(0, dots());
    }
    if to < chars.len() {
        shown.push(dots());
    }
    Some(shown)
}

/// For each character, whether it belongs to something that was looked for.
fn hits(chars: &[char], typed: &str) -> Vec<bool> {
    let mut hits = vec![false; chars.len()];
    // One character may become several, as ㎡ does; each knows where it came from.
    let mut normal: Vec<(char, usize)> = Vec::with_capacity(chars.len());
    for (at, char) in chars.iter().enumerate() {
        let folded = std::iter::once(*char).nfkc().flat_map(char::to_lowercase);
        normal.extend(folded.map(|char| (char, at)));
    }
    for word in super::grams::words(typed) {
        for place in normal.windows(word.len()) {
            if place.iter().map(|(char, _)| char).eq(&word) {
                place.iter().for_each(|(_, at)| hits[*at] = true);
            }
        }
    }
    hits
}

fn stretches(chars: &[char], hits: &[bool]) -> Vec<Stretch> {
    let mut all: Vec<Stretch> = Vec::new();
    for (char, hit) in chars.iter().zip(hits) {
        match all.last_mut() {
            Some(last) if last.hit == *hit => last.text.push(*char),
            _ => all.push(Stretch {
                text: char.to_string(),
                hit: *hit,
            }),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn marked(text: &str, typed: &str) -> String {
        let parts = highlight(text, typed).into_iter();
        parts
            .map(|part| match part.hit {
                true => format!("[{}]", part.text),
                false => part.text,
            })
            .collect()
    }

    #[test]
    fn what_is_found_is_marked_in_any_of_its_forms() {
        assert_eq!(
            marked("村口路灯坏了，路灯杆歪", "路灯"),
            "村口[路灯]坏了，[路灯]杆歪"
        );
        assert_eq!(marked("一盏灯", "灯"), "一盏[灯]");
        assert_eq!(marked("Ａ１区 a1", "a1"), "[Ａ１]区 [a1]");
        assert_eq!(marked("路灯和护坡", "护坡 路灯"), "[路灯]和[护坡]");
        assert_eq!(marked("宽3㎡", "m2"), "宽3[㎡]");
        assert_eq!(marked("没有", "路灯"), "没有");
        assert_eq!(marked("没有", " \" "), "没有");
    }

    #[test]
    fn an_excerpt_is_short_and_has_the_finding_in_it() {
        let text = format!("{}护坡{}", "前".repeat(200), "后".repeat(200));
        let shown = excerpt(&text, "护坡").expect("it is there");
        let words: String = shown.iter().map(|part| part.text.as_str()).collect();
        assert_eq!(words.chars().count(), EXCERPT + 2);
        assert!(
            words.starts_with('…') && words.ends_with('…') && words.contains("护坡"),
            "{words}"
        );
        assert_eq!(excerpt(&text, "路灯"), None);
        assert_eq!(excerpt("护坡", "护坡").expect("whole").len(), 1);
    }

    proptest! {
        #[test]
        fn nothing_of_a_text_is_lost_or_added(text in ".{0,200}", typed in ".{0,6}") {
            let whole: String = highlight(&text, &typed).into_iter().map(|part| part.text).collect();
            prop_assert_eq!(whole, text);
        }

        #[test]
        fn whatever_stands_in_a_text_is_found_there(before in "[路灯坏 a]{0,20}", word in "[护坡]{1,3}", after in "[路灯坏 a]{0,20}") {
            let text = format!("{before}{word}{after}");
            let hit: String = highlight(&text, &word).into_iter().filter(|part| part.hit).map(|part| part.text).collect();
            prop_assert_eq!(hit, word);
        }
    }
}
