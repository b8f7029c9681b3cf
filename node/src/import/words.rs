//! How words are compared and how texts are tidied. What is compared is folded (NFKC, case, spaces); what is kept is
//! left as it was typed, apart from full-width letters and digits and stray spaces.

use unicode_normalization::UnicodeNormalization;

/// The form in which headings, options and dates are compared.
pub(super) fn fold(text: &str) -> String {
    text.nfkc()
        .filter(|c| !c.is_whitespace() && !is_invisible(*c))
        .flat_map(char::to_lowercase)
        .collect()
}

/// A heading without what stands in brackets behind it, as in `人数（人）`.
pub(super) fn fold_heading(text: &str) -> String {
    let folded = fold(text);
    match folded.find('(') {
        Some(at) if at > 0 => folded[..at].to_owned(),
        _ => folded,
    }
}

/// Text to keep on one line.
pub(super) fn line(text: &str) -> String {
    let words: Vec<String> = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .map(tidy)
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ")
}

/// Text to keep on several lines.
pub(super) fn lines(text: &str) -> String {
    let lines: Vec<String> = text.replace("\r\n", "\n").split(['\n', '\r']).map(line).collect();
    lines.join("\n").trim().to_owned()
}

/// The members of a list in one cell.
pub(super) fn members(text: &str) -> Vec<String> {
    text.split(['、', ',', '，', ';', '；', '/', '\n', ' ', '　'])
        .map(line)
        .filter(|member| !member.is_empty())
        .collect()
}

/// Whether a clerk wrote only a sign for "nothing here".
pub(super) fn is_nothing(text: &str) -> bool {
    let folded = fold(text);
    folded
        .chars()
        .all(|c| matches!(c, '/' | '\\' | '-' | '—' | '–' | '―' | '─'))
}

/// Whether a clerk wrote that a person gave no name, phone or address.
pub(super) fn is_withheld(text: &str) -> bool {
    matches!(
        fold(text).as_str(),
        "无" | "匿名" | "不详" | "未留" | "不愿透露" | "未提供" | "none" | "anonymous"
    )
}

fn tidy(word: &str) -> String {
    word.chars().filter(|c| !is_invisible(*c)).map(narrow).collect()
}

/// Full-width letters and digits become plain ones; Chinese punctuation stays.
fn narrow(c: char) -> char {
    match c {
        '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ' => u32::from(c)
            .checked_sub(0xFEE0)
            .and_then(char::from_u32)
            .unwrap_or(c),
        _ => c,
    }
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_and_options_compare_whatever_their_width_and_spaces() {
        assert_eq!(fold(" 日　期 "), "日期");
        assert_eq!(fold("转１２３４５"), "转12345");
        assert_eq!(fold_heading("来访人数（人）"), "来访人数");
        assert_eq!(fold_heading("(空)"), "(空)");
    }

    #[test]
    fn texts_keep_their_punctuation() {
        assert_eq!(line("　 路灯坏了，\u{200B}已有３天。 "), "路灯坏了，已有3天。");
        assert_eq!(line("一\n二"), "一 二");
        assert_eq!(lines(" 一\r\n 二 \n"), "一\n二");
    }

    #[test]
    fn signs_for_nothing() {
        for text in ["/", "—", "--", "", " － "] {
            assert!(is_nothing(text), "{text}");
        }
        assert!(!is_nothing("无"));
        assert!(is_withheld(" 匿 名"));
    }
}
