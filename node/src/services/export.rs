//! A view as a file that a spreadsheet opens (RFC 4180).

use serde_json::Value;

use super::query::Table;

/// Signs by which spreadsheets take a text for a formula, half and full width.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

impl Table {
    /// The table as CSV: UTF-8 with a byte-order mark, lines that end in CRLF, column names first. A text that a
    /// spreadsheet would run as a formula gets an apostrophe in front.
    pub fn to_csv(&self) -> Vec<u8> {
        let mut out = "\u{feff}".as_bytes().to_vec();
        let mut writer = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(&mut out);
        writer
            .write_record(&self.columns)
            .expect("writing to memory does not fail");
        for row in &self.rows {
            writer
                .write_record(row.iter().map(cell))
                .expect("rows are as wide as the heading, and writing to memory does not fail");
        }
        drop(writer);
        out
    }
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if text.starts_with(FORMULA) => format!("'{text}"),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    fn csv_of(rows: Vec<Vec<Value>>) -> String {
        let table = Table {
            view: "x".into(),
            as_of: BTreeMap::new(),
            columns: (0..rows[0].len()).map(|n| format!("c{n}")).collect(),
            rows,
        };
        String::from_utf8(table.to_csv()).unwrap()
    }

    #[test]
    fn it_begins_with_a_mark_ends_lines_with_crlf_and_quotes_what_needs_it() {
        let text = csv_of(vec![
            vec![json!("路灯不亮"), json!(3), json!(null)],
            vec![json!("说\"好\""), json!("a,b"), json!("两\n行")],
        ]);
        assert_eq!(
            text,
            "\u{feff}c0,c1,c2\r\n路灯不亮,3,\r\n\"说\"\"好\"\"\",\"a,b\",\"两\n行\"\r\n"
        );
    }

    #[test]
    fn text_that_a_spreadsheet_would_run_gets_an_apostrophe_and_numbers_do_not() {
        for start in FORMULA {
            let text = csv_of(vec![vec![json!(format!("{start}1+2"))]]);
            let cell = text.split_once("\r\n").unwrap().1.trim_start_matches('"');
            assert!(cell.starts_with('\''), "{start:?} {text:?}");
        }
        assert!(csv_of(vec![vec![json!(-5)]]).ends_with("\r\n-5\r\n"));
        assert!(csv_of(vec![vec![json!("5-3")]]).ends_with("\r\n5-3\r\n"));
    }
}
