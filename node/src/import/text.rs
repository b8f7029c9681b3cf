//! Comma-separated text: UTF-8, UTF-16 with a mark, or GB18030, which office suites in China write.

use std::borrow::Cow;

use super::sheet::{Cell, CellValue, Row, Sheet};
use super::{COLUMNS_MAX, ImportError, ROWS_MAX};

pub(super) fn read(file_name: &str, bytes: &[u8]) -> Result<Sheet, ImportError> {
    let text = decode(bytes)?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(&text))
        .from_reader(text.as_bytes());
    let mut rows: Vec<Row> = Vec::new();
    let mut record = csv::StringRecord::new();
    loop {
        let before = reader.position().line();
        // Reading text from memory does not fail: rows may be uneven and the text is UTF-8 by now.
        if !reader
            .read_record(&mut record)
            .map_err(|error| ImportError::Damaged(error.to_string()))?
        {
            break;
        }
        // The reader passes over blank lines, which a spreadsheet counts as rows.
        let inside: usize = record.iter().map(|cell| cell.matches('\n').count()).sum();
        let lines = reader.position().line().saturating_sub(before);
        let blank = lines.saturating_sub(1).saturating_sub(inside as u64);
        if rows.len() as u64 + blank >= u64::from(ROWS_MAX) {
            return Err(ImportError::TooManyRows);
        }
        for _ in 0..blank {
            push(&mut rows, Vec::new());
        }
        if record.len() > COLUMNS_MAX as usize
            && record
                .iter()
                .skip(COLUMNS_MAX as usize)
                .any(|cell| !cell.is_empty())
        {
            return Err(ImportError::TooManyColumns);
        }
        let cells = record
            .iter()
            .take(COLUMNS_MAX as usize)
            .map(|cell| Cell {
                value: CellValue::text(cell),
                filled: false,
            })
            .collect();
        push(&mut rows, cells);
    }
    while rows
        .last()
        .is_some_and(|row| row.cells.iter().all(|cell| cell.value.is_empty()))
    {
        rows.pop();
    }
    if rows.is_empty() {
        return Err(ImportError::Empty);
    }
    Ok(Sheet {
        name: file_name.to_owned(),
        rows,
    })
}

fn push(rows: &mut Vec<Row>, cells: Vec<Cell>) {
    let number = u32::try_from(rows.len() + 1).unwrap_or(ROWS_MAX);
    rows.push(Row { number, cells });
}

fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, ImportError> {
    if let Some((encoding, mark)) = encoding_rs::Encoding::for_bom(bytes) {
        return encoding
            .decode_without_bom_handling_and_without_replacement(&bytes[mark..])
            .ok_or(ImportError::Encoding);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Cow::Borrowed(text)),
        Err(_) => encoding_rs::GB18030
            .decode_without_bom_handling_and_without_replacement(bytes)
            .ok_or(ImportError::Encoding),
    }
}

/// The sign between cells: the one most frequent in the first lines.
fn delimiter(text: &str) -> u8 {
    let head: Vec<&str> = text.lines().take(10).collect();
    let count = |sign: u8| {
        head.iter()
            .map(|line| line.bytes().filter(|b| *b == sign).count())
            .sum::<usize>()
    };
    // The first of equals is the comma.
    [b'\t', b';', b',']
        .into_iter()
        .max_by_key(|sign| count(*sign))
        .unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::read_sheet;

    fn cells(sheet: &Sheet) -> Vec<(u32, Vec<String>)> {
        sheet
            .rows
            .iter()
            .map(|row| {
                (
                    row.number,
                    row.cells.iter().map(|cell| cell.value.to_text()).collect(),
                )
            })
            .collect()
    }

    #[test]
    fn one_text_in_every_encoding() {
        let text = "时间,内容\n2026/4/3,路灯";
        let utf16: Vec<u8> = [0xFF, 0xFE]
            .into_iter()
            .chain(text.encode_utf16().flat_map(u16::to_le_bytes))
            .collect();
        let (gb, _, _) = encoding_rs::GB18030.encode(text);
        let with_bom = format!("\u{FEFF}{text}");
        let expected = cells(&read_sheet("a.csv", text.as_bytes()).expect("UTF-8"));
        assert_eq!(expected[1], (2, vec!["2026/4/3".into(), "路灯".into()]));
        for bytes in [with_bom.as_bytes(), &gb, &utf16] {
            assert_eq!(cells(&read_sheet("a.csv", bytes).expect("readable")), expected);
        }
        assert_eq!(
            read_sheet("a.csv", &[0x81, 0xFF, 0xFF]),
            Err(ImportError::Encoding)
        );
    }

    #[test]
    fn rows_are_counted_as_a_spreadsheet_counts_them() {
        let sheet = read_sheet("a.csv", b"a,b\r\n\r\n\"x\r\ny\",2\r\n\n\nz").expect("readable");
        assert_eq!(
            cells(&sheet),
            [
                (1, vec!["a".into(), "b".into()]),
                (2, vec![]),
                (3, vec!["x\r\ny".into(), "2".into()]),
                (4, vec![]),
                (5, vec![]),
                (6, vec!["z".into()])
            ]
        );
        assert_eq!(
            cells(&read_sheet("a.tsv", b"a\tb\n").expect("readable"))[0].1,
            ["a", "b"]
        );
    }

    #[test]
    fn what_is_no_sheet() {
        assert_eq!(read_sheet("a.csv", b" \n,,\n"), Err(ImportError::Empty));
        assert_eq!(read_sheet("a.doc", b"x"), Err(ImportError::Format));
        assert_eq!(
            read_sheet("a.csv", &vec![b'x'; super::super::FILE_MAX + 1]),
            Err(ImportError::TooLarge)
        );
        assert_eq!(
            read_sheet("a.csv", ",".repeat(300).as_bytes()),
            Err(ImportError::Empty)
        );
        assert_eq!(
            read_sheet("a.csv", (",".repeat(300) + "x").as_bytes()),
            Err(ImportError::TooManyColumns)
        );
        assert_eq!(
            read_sheet("a.csv", "x\n".repeat(ROWS_MAX as usize + 1).as_bytes()),
            Err(ImportError::TooManyRows)
        );
    }
}
