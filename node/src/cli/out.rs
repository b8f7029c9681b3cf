//! Results on stdout, and tables whose columns line up also where the text is Chinese.

use std::io::{IsTerminal, Write};

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

use crate::api::progress::Progress;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Widest cell of a table at a terminal, in its columns. What is one word, such as an id, is never cut, nor is the last cell.
const CELL_MAX: usize = 36;

/// Writes to stdout.
pub(super) fn bytes(bytes: &[u8]) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()?;
    Ok(())
}

/// Writes a line to stdout.
pub(super) fn line(text: &str) -> anyhow::Result<()> {
    bytes(format!("{text}\n").as_bytes())
}

/// Writes one JSON value as one line to stdout.
pub(super) fn json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    line(&serde_json::to_string(value)?)
}

/// What came of a command: with `json` the one value, else the lines on stdout and a sentence beside them on stderr.
pub(super) fn told(
    shell: &super::Shell,
    json: bool,
    value: &impl serde::Serialize,
    lines: &[String],
    zh: &str,
    en: &str,
) -> anyhow::Result<()> {
    if json {
        return self::json(value);
    }
    for text in lines {
        line(text)?;
    }
    shell.say(zh, en);
    Ok(())
}

/// Rows under headings, columns lined up; cut to what fits where a person looks at them.
pub(super) fn table(headings: &[&str], rows: &[Vec<String>]) -> String {
    let most = match std::io::stdout().is_terminal() {
        true => CELL_MAX,
        false => usize::MAX,
    };
    table_of(headings, rows, most)
}

fn table_of(headings: &[&str], rows: &[Vec<String>], most: usize) -> String {
    let headings: Vec<String> = headings.iter().map(|heading| shown(heading, most)).collect();
    let last = headings.len().saturating_sub(1);
    let most_of = |n: usize| if n == last { usize::MAX } else { most };
    let cells = |row: &Vec<String>| (0..).zip(row).map(|(n, cell)| shown(cell, most_of(n))).collect();
    let rows: Vec<Vec<String>> = rows.iter().map(cells).collect();
    let widths: Vec<usize> = (0..headings.len())
        .map(|n| {
            let cells = rows.iter().filter_map(|row| row.get(n)).chain([&headings[n]]);
            cells.map(|cell| cell.width()).max().unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    for row in [&headings].into_iter().chain(&rows) {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width - cell.width() + 2));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// A cell on one line, cut to what fits. Control characters, which a terminal would obey, become spaces.
fn shown(cell: &str, most: usize) -> String {
    let clean: String = cell
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let one_word = clean.bytes().all(|byte| byte.is_ascii_graphic());
    if one_word || clean.width() <= most {
        return clean;
    }
    let mut width = 1;
    let fits = |c: &char| {
        width += c.width().unwrap_or(0);
        width <= most
    };
    clean.chars().take_while(fits).chain(['…']).collect()
}

/// Milliseconds since 1970 as people read them here, at +08:00.
pub(super) fn time(ms: i64) -> String {
    crate::services::activity::stated(lianzhan_protocol::time::Timestamp(ms))
        .replace('T', " ")
        .replace("+08:00", "")
}

/// A bar on stderr that counts up to a length; nothing where stderr is no terminal.
pub(super) fn bar(what: &str) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len} {elapsed}");
    let bar = ProgressBar::new(0).with_message(what.to_owned());
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// A sign of life on stderr for work of unknown length; nothing where stderr is no terminal.
pub(super) fn spinner(what: &str) -> ProgressBar {
    // No count is better than one that stands at 0.
    let count = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
        // What cannot be drawn is left out.
        let _ = match (state.pos(), state.len()) {
            (0, _) => Ok(()),
            (done, Some(all)) => write!(out, "{done}/{all} "),
            (done, None) => write!(out, "{done} "),
        };
    };
    let style = ProgressStyle::with_template("{spinner} {msg} {count}{elapsed}");
    let spinner = ProgressBar::new_spinner().with_message(what.to_owned());
    let spinner = match style {
        Ok(style) => spinner.with_style(style.with_key("count", count)),
        Err(_) => spinner,
    };
    spinner.enable_steady_tick(std::time::Duration::from_millis(200));
    spinner
}

/// Shows how far a running node is; `part` says in words what the part is that it names.
pub(super) fn follow(bar: &ProgressBar, progress: &Progress, part: impl Fn(&str) -> Option<&'static str>) {
    bar.set_position(progress.done);
    if let Some(all) = progress.all {
        bar.set_length(all);
    }
    if let Some(words) = progress.part.as_deref().and_then(part) {
        bar.set_message(words);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_where_text_is_chinese() {
        let text = table(
            &["名称", "n"],
            &[vec!["石桥站".into(), "1".into()], vec!["a".into(), "22".into()]],
        );
        assert_eq!(text, "名称    n\n石桥站  1\na       22\n");
    }

    #[test]
    fn a_cell_cannot_steer_the_terminal_nor_fill_it() {
        let rows = [
            vec!["\u{1b}[2J危\n险".into(), "1".into()],
            vec!["长".repeat(100), "2".into()],
        ];
        let text = table_of(&["x", "n"], &rows, CELL_MAX);
        assert!(!text.contains('\u{1b}'));
        assert!(text.lines().all(|line| line.width() <= CELL_MAX + 3), "{text}");
        assert!(text.contains('…'));
    }

    #[test]
    fn an_id_and_the_last_column_are_whole_and_a_pipe_gets_everything() {
        let id = format!("{}-{}", "d9232f7f".repeat(4), "b5".repeat(8));
        let words = "磁盘快满了，请清出空间。".repeat(9);
        let rows = [vec![id.clone(), words.clone(), words.clone()]];
        let shown = table_of(&["id", "about", "words"], &rows, CELL_MAX);
        assert!(
            shown.contains(&id) && shown.trim_end().ends_with(&words),
            "{shown}"
        );
        assert!(shown.contains('…'), "what stands in between is cut: {shown}");
        let piped = table(&["id", "about", "words"], &rows);
        assert!(
            piped.matches(&words).count() == 2 || std::io::stdout().is_terminal(),
            "{piped}"
        );
    }
}
