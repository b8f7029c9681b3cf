//! Chinese search: overlapping pairs of characters plus the last single one, so that a query of one, two or more
//! characters finds what it should. FTS5's `trigram` finds nothing for words of two characters, which most are.

use unicode_normalization::UnicodeNormalization;

fn normal(text: &str) -> Vec<char> {
    text.nfkc().flat_map(char::to_lowercase).collect()
}

/// The words of a text as the index divides it, folded.
pub(super) fn words(text: &str) -> Vec<Vec<char>> {
    normal(text)
        .split(|c| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(<[char]>::to_vec)
        .collect()
}

/// The grams of a text, as the search index holds them.
pub fn grams(text: &str) -> String {
    let mut out = String::new();
    for word in words(text) {
        for pair in word.windows(2) {
            out.extend(pair);
            out.push(' ');
        }
        out.extend(word.last());
        out.push(' ');
    }
    out
}

/// The FTS5 expression that finds what was typed; `None` if nothing can be searched for. A phrase of pairs stands for a
/// word; a single character is a prefix of the pairs that begin with it.
pub fn query_expression(typed: &str) -> Option<String> {
    let parts: Vec<String> = words(typed)
        .into_iter()
        .map(|word| match word.as_slice() {
            [one] => format!("\"{one}\"*"),
            _ => {
                let pairs: Vec<String> = word.windows(2).map(|pair| pair.iter().collect()).collect();
                format!("\"{}\"", pairs.join(" "))
            }
        })
        .collect();
    (!parts.is_empty()).then(|| parts.join(" AND "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_pairs_and_a_last_character() {
        assert_eq!(grams("路灯坏了，A１"), "路灯 灯坏 坏了 了 a1 1 ");
        assert_eq!(query_expression("路灯").as_deref(), Some("\"路灯\""));
        assert_eq!(query_expression("灯").as_deref(), Some("\"灯\"*"));
        assert_eq!(
            query_expression("路灯 坏了").as_deref(),
            Some("\"路灯\" AND \"坏了\"")
        );
        assert_eq!(query_expression(" \" * "), None);
    }
}
