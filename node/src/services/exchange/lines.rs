//! Several values in one cell: a line for each, and within a line, where a part of a set is a set itself, a bar between
//! them. What would break a line, and what looks like such a sign, stands behind a backslash, so that nothing is lost.
//! `[name] value` is the value of a member that has a name of its own.

/// Between the values of one line.
const BAR: &str = " | ";

/// One value with the name of its member, where that has to be said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    /// The name.
    pub(super) name: Option<String>,
    /// The value, as words.
    pub(super) value: String,
}

/// A value on a line of its own.
pub(super) fn line(item: &Item) -> String {
    let value = escaped(&item.value);
    match &item.name {
        Some(name) => format!("[{}] {value}", escaped(name).replace(']', "\\]")),
        None if value.starts_with('[') => format!("\\{value}"),
        None => value,
    }
}

/// The values of a set within a set, on one line.
pub(super) fn bars(items: &[Item]) -> String {
    let each: Vec<String> = items
        .iter()
        .map(|item| {
            let barred = |text: &str| text.replace('|', "\u{0}");
            let item = Item {
                name: item.name.as_deref().map(barred),
                value: barred(&item.value),
            };
            line(&item).replace('\u{0}', "\\|")
        })
        .collect();
    each.join(BAR)
}

/// The value on a line. None if the line is empty.
pub(super) fn item(line: &str) -> Option<Item> {
    if line.trim().is_empty() {
        return None;
    }
    let (name, rest) = match line.strip_prefix('[').and_then(split_name) {
        Some((name, rest)) => (Some(plain(name)), rest),
        None => (None, line),
    };
    Some(Item {
        name,
        value: plain(rest),
    })
}

/// The values between bars.
pub(super) fn items(line: &str) -> Vec<Item> {
    let mut pieces: Vec<String> = vec![String::new()];
    let mut escape = false;
    for c in line.chars() {
        match (escape, c) {
            (false, '|') => pieces.push(String::new()),
            _ => pieces.last_mut().expect("it begins with one").push(c),
        }
        escape = c == '\\' && !escape;
    }
    let last = pieces.len() - 1;
    let spaced = pieces.iter().enumerate().map(|(n, piece)| {
        let piece = if n > 0 {
            piece.strip_prefix(' ').unwrap_or(piece)
        } else {
            piece
        };
        if n < last {
            piece.strip_suffix(' ').unwrap_or(piece)
        } else {
            piece
        }
    });
    spaced.filter_map(item).collect()
}

fn split_name(text: &str) -> Option<(&str, &str)> {
    let mut escape = false;
    for (at, c) in text.char_indices() {
        if c == ']' && !escape {
            let rest = &text[at + 1..];
            return Some((&text[..at], rest.strip_prefix(' ').unwrap_or(rest)));
        }
        escape = c == '\\' && !escape;
    }
    None
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n")
}

fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some(other) => out.push(other),
                None => out.push('\\'),
            },
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(
            names in proptest::collection::vec(proptest::option::of("[a|\\]\\[\\\\ n]{1,6}"), 1..5),
            value in "[ab|\\[\\]\\\\\n 字]{0,9}[a字]",
        ) {
            let all: Vec<Item> = names
                .into_iter()
                .map(|name| Item { name, value: value.clone() })
                .collect();
            for one in &all {
                let read = item(&line(one));
                prop_assert_eq!(read.as_ref(), Some(one));
            }
            prop_assert_eq!(items(&bars(&all)), all);
        }
    }

    #[test]
    fn people_write_it_plainly() {
        let of = |line| items(line).into_iter().map(|item| item.value).collect::<Vec<_>>();
        assert_eq!(of("甲|乙 | 丙"), ["甲", "乙", "丙"]);
        assert_eq!(
            item("[county] 3").map(|item| (item.name, item.value)),
            Some((Some("county".into()), "3".into()))
        );
        assert_eq!(item("  "), None);
    }
}
