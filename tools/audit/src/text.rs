//! A report as a page of text in one language. All sentences come from the report itself.

use std::fmt::Write;

use lianzhan_protocol::bundle::{RecordReport, Report};

use crate::lang::Lang;

/// The whole page.
pub(crate) fn report(report: &Report, lang: Lang) -> String {
    let mut out = String::new();
    let zh = lang == Lang::Zh;
    let _ = if zh {
        writeln!(out, "通过。\n创始声明：{}（{}）", report.founding, report.root.zh)
    } else {
        writeln!(
            out,
            "VERIFIED.\nFounding statement: {} ({})",
            report.founding, report.root.en
        )
    };
    lines(&mut out, "", if zh { &report.words_zh } else { &report.words_en });
    for item in &report.records {
        record(&mut out, item, zh);
    }
    out
}

fn record(out: &mut String, record: &RecordReport, zh: bool) {
    let _ = if zh {
        writeln!(out, "\n记录 {}：{}", record.facts.id, record.standing.zh())
    } else {
        writeln!(out, "\nRecord {}: {}", record.facts.id, record.standing.en())
    };
    let (words_zh, words_en) = record.words();
    lines(out, "  ", if zh { &words_zh } else { &words_en });
    let _ = writeln!(out, "  {}", if zh { "更改：" } else { "Changes:" });
    for (n, change) in (1..).zip(&record.changes) {
        let (words_zh, words_en) = change.words();
        let words = if zh { words_zh } else { words_en };
        let standing = if zh {
            change.standing.zh()
        } else {
            change.standing.en()
        };
        lines(out, "  ", &[format!("{n}. [{standing}] {words}")]);
        let _ = writeln!(
            out,
            "     {}  {} #{}",
            change.facts.id, change.facts.log, change.facts.index
        );
    }
}

/// Values may hold line breaks of their own; what follows them is indented too, so that nothing looks like our own line.
fn lines(out: &mut String, indent: &str, lines: &[String]) {
    for line in lines {
        let _ = writeln!(
            out,
            "{indent}{}",
            printable(line).replace('\n', &format!("\n{indent}    "))
        );
    }
}

/// Without characters that steer a terminal or turn the direction of reading.
pub(crate) fn printable(text: &str) -> String {
    let steers = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars()
        .map(|c| if steers(c) { '\u{fffd}' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_look_like_our_own_words() {
        let mut out = String::new();
        lines(&mut out, "  ", &["事由：好\n通过。\u{1b}[2J\u{202e}".into()]);
        assert_eq!(out, "  事由：好\n      通过。\u{fffd}[2J\u{fffd}\n");
    }
}
