//! Workbooks. The library reads a file whole and trusts it, so what is hostile is stopped before and after: the true
//! unzipped size is counted first, cells are taken one by one within bounds, and a panic inside becomes an error.

use std::io::{Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{DataRef, Dimensions, ExcelDateTime, Reader, SheetType, SheetVisible, Xlsx};
use jiff::civil::DateTime;

use super::sheet::{Cell, CellValue, Row, Sheet};
use super::{COLUMNS_MAX, ImportError, ROWS_MAX, UNZIPPED_MAX};

/// Most parts of a workbook.
const PARTS_MAX: usize = 10_000;
/// Most sheets looked at for content.
const SHEETS_MAX: usize = 64;
/// Most cells that merged regions may fill; a register has one or two regions a day.
const FILLED_MAX: u64 = 1_000_000;

pub(super) fn read(bytes: &[u8]) -> Result<Sheet, ImportError> {
    check_unzipped(bytes, UNZIPPED_MAX)?;
    catch_unwind(AssertUnwindSafe(|| first_sheet(bytes)))
        .unwrap_or_else(|_| Err(damaged("invalid structure")))
}

fn damaged(cause: impl std::fmt::Display) -> ImportError {
    ImportError::Damaged(cause.to_string())
}

/// Unzips every part to nowhere and counts: the sizes that an archive declares may be lies.
fn check_unzipped(bytes: &[u8], max: u64) -> Result<(), ImportError> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
    if archive.len() > PARTS_MAX {
        return Err(ImportError::Unzipped);
    }
    let mut left = max;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(damaged)?;
        let size = std::io::copy(&mut part.take(left + 1), &mut std::io::sink()).map_err(damaged)?;
        left = left.checked_sub(size).ok_or(ImportError::Unzipped)?;
    }
    Ok(())
}

/// The sheet with one of these names, if there is one with content.
pub(super) fn read_named(bytes: &[u8], names: &[&str]) -> Result<Option<Sheet>, ImportError> {
    check_unzipped(bytes, UNZIPPED_MAX)?;
    catch_unwind(AssertUnwindSafe(|| {
        first_with(bytes, |name| names.contains(&name))
    }))
    .unwrap_or_else(|_| Err(damaged("invalid structure")))
}

/// The first visible sheet with content.
fn first_sheet(bytes: &[u8]) -> Result<Sheet, ImportError> {
    first_with(bytes, |_| true)?.ok_or(ImportError::Empty)
}

/// The first visible sheet with content of those that are asked for by their names.
fn first_with(bytes: &[u8], wanted: impl Fn(&str) -> bool) -> Result<Option<Sheet>, ImportError> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(damaged)?;
    let names: Vec<String> = book
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible)
        .take(SHEETS_MAX)
        .map(|sheet| sheet.name.clone())
        .collect();
    for name in names.into_iter().filter(|name| wanted(name)) {
        let mut rows = cells(&mut book, &name)?;
        if !rows.is_empty() {
            fill(
                &mut rows,
                &book.merge_cells_by_sheet_name(&name).map_err(damaged)?,
            )?;
            return Ok(Some(Sheet { name, rows }));
        }
    }
    Ok(None)
}

fn cells(book: &mut Xlsx<Cursor<&[u8]>>, name: &str) -> Result<Vec<Row>, ImportError> {
    let mut reader = book.worksheet_cells_reader(name).map_err(damaged)?;
    let mut rows: Vec<Row> = Vec::new();
    while let Some(cell) = reader.next_cell().map_err(damaged)? {
        let (row, column) = cell.get_position();
        let value = value(cell.get_value());
        // A style far below or right of the register is no content and sets no bounds.
        if value.is_empty() {
            continue;
        }
        if row >= ROWS_MAX {
            return Err(ImportError::TooManyRows);
        }
        if column >= COLUMNS_MAX {
            return Err(ImportError::TooManyColumns);
        }
        let (at, column) = (row as usize, column as usize);
        for number in rows.len()..=at {
            rows.push(Row {
                number: u32::try_from(number + 1).unwrap_or(ROWS_MAX),
                cells: Vec::new(),
            });
        }
        let cells = &mut rows[at].cells;
        if cells.len() <= column {
            cells.resize(column + 1, Cell::default());
        }
        cells[column] = Cell { value, filled: false };
    }
    Ok(rows)
}

fn value(data: &DataRef<'_>) -> CellValue {
    match data {
        DataRef::Empty => CellValue::Empty,
        DataRef::Int(number) if number.unsigned_abs() < 1_000_000_000_000_000 => CellValue::Int(*number),
        DataRef::Int(_) => CellValue::TooLong,
        DataRef::Float(number) => CellValue::number(*number),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            CellValue::text(text)
        }
        DataRef::SharedString(text) => CellValue::text(text),
        DataRef::Bool(value) => CellValue::Bool(*value),
        DataRef::DateTime(at) => date(at),
        DataRef::Error(error) => CellValue::Fault(error.to_string()),
    }
}

fn date(at: &ExcelDateTime) -> CellValue {
    // A duration, or a time without a day.
    if at.is_duration() || at.as_f64() < 1.0 {
        return CellValue::number(at.as_f64());
    }
    let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
    let small = |n: u8| i8::try_from(n).unwrap_or(-1);
    i16::try_from(year)
        .ok()
        .and_then(|year| {
            DateTime::new(
                year,
                small(month),
                small(day),
                small(hour),
                small(minute),
                small(second),
                0,
            )
            .ok()
        })
        .map_or_else(|| CellValue::Fault(at.as_f64().to_string()), CellValue::Date)
}

/// Gives every empty cell of a merged region what its first cell shows.
fn fill(rows: &mut [Row], regions: &[Dimensions]) -> Result<(), ImportError> {
    let mut left = FILLED_MAX;
    for region in regions {
        let (top, first) = (region.start.0 as usize, region.start.1 as usize);
        let last = region.end.1.min(COLUMNS_MAX - 1) as usize;
        let bottom = (region.end.0 as usize).min(rows.len().saturating_sub(1));
        if top > bottom || first > last {
            continue;
        }
        let origin = rows[top].cell(first).value.clone();
        if origin.is_empty() {
            continue;
        }
        let area = ((bottom - top + 1) * (last - first + 1)) as u64;
        left = left
            .checked_sub(area)
            .ok_or_else(|| damaged("too many merged cells"))?;
        for row in &mut rows[top..=bottom] {
            if row.cells.len() <= last {
                row.cells.resize(last + 1, Cell::default());
            }
            for cell in row.cells[first..=last]
                .iter_mut()
                .filter(|cell| cell.value.is_empty())
            {
                *cell = Cell {
                    value: origin.clone(),
                    filled: true,
                };
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::read_sheet;

    /// A workbook of one sheet with the given XML inside `worksheet`.
    fn workbook(sheet: &str, extra: &[(&str, &[u8])]) -> Vec<u8> {
        use std::io::Write;
        let parts: [(&str, String); 5] = [
            (
                "_rels/.rels",
                r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#.into(),
            ),
            (
                "[Content_Types].xml",
                r#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>"#.into(),
            ),
            (
                "xl/workbook.xml",
                r#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="一" sheetId="1" r:id="rId1"/></sheets></workbook>"#.into(),
            ),
            (
                "xl/_rels/workbook.xml.rels",
                r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#.into(),
            ),
            (
                "xl/worksheets/sheet1.xml",
                format!(r#"<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{sheet}</worksheet>"#),
            ),
        ];
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let texts = parts.iter().map(|(name, text)| (*name, text.as_bytes()));
        for (name, bytes) in texts.chain(extra.iter().copied()) {
            zip.start_file(name, zip::write::SimpleFileOptions::default())
                .expect("in memory");
            zip.write_all(bytes).expect("in memory");
        }
        zip.finish().expect("in memory").into_inner()
    }

    fn cell(reference: &str, value: &str) -> String {
        let row: String = reference.chars().filter(char::is_ascii_digit).collect();
        format!(r#"<row r="{row}"><c r="{reference}"><v>{value}</v></c></row>"#)
    }

    #[test]
    fn merged_cells_show_what_their_first_cell_shows() {
        let sheet = format!(
            r#"<sheetData>{}{}{}</sheetData><mergeCells><mergeCell ref="A1:B3"/></mergeCells>"#,
            cell("A1", "7"),
            cell("B2", "8"),
            cell("C3", "9")
        );
        let sheet = read_sheet("a.xlsx", &workbook(&sheet, &[])).expect("readable");
        let shown: Vec<Vec<(String, bool)>> = sheet
            .rows
            .iter()
            .map(|row| {
                row.cells
                    .iter()
                    .map(|cell| (cell.value.to_text(), cell.filled))
                    .collect()
            })
            .collect();
        let own = |text: &str| (text.to_owned(), false);
        let filled = |text: &str| (text.to_owned(), true);
        assert_eq!(
            shown,
            [
                vec![own("7"), filled("7")],
                vec![filled("7"), own("8")],
                vec![filled("7"), filled("7"), own("9")]
            ]
        );
    }

    #[test]
    fn a_number_of_more_than_15_digits_is_kept_from_becoming_another() {
        let sheet = format!(
            "<sheetData>{}{}</sheetData>",
            cell("A1", "999999999999999"),
            cell("A2", "1000000000000000")
        );
        let sheet = read_sheet("a.xlsx", &workbook(&sheet, &[])).expect("readable");
        assert_eq!(sheet.rows[0].cell(0).value, CellValue::Int(999_999_999_999_999));
        assert_eq!(sheet.rows[1].cell(0).value, CellValue::TooLong);
    }

    #[test]
    fn hostile_workbooks_are_refused() {
        let far =
            |reference: &str| workbook(&format!("<sheetData>{}</sheetData>", cell(reference, "1")), &[]);
        assert_eq!(
            read_sheet("a.xlsx", &far("A200001")),
            Err(ImportError::TooManyRows)
        );
        assert_eq!(
            read_sheet("a.xlsx", &far("XFD1")),
            Err(ImportError::TooManyColumns)
        );
        let merges = r#"<mergeCell ref="A1:XFD1048576"/>"#.repeat(1000);
        let many = format!(
            "<sheetData>{}{}</sheetData><mergeCells>{merges}</mergeCells>",
            cell("A1", "1"),
            cell("A5000", "1")
        );
        assert!(matches!(
            read_sheet("a.xlsx", &workbook(&many, &[])),
            Err(ImportError::Damaged(_))
        ));
        let zeros = vec![0; 1 << 20];
        let bomb = workbook("", &[("xl/a.bin", &zeros), ("xl/b.bin", &zeros)]);
        assert!(bomb.len() < 1 << 14);
        assert_eq!(
            check_unzipped(&bomb, 2 << 20),
            Err(ImportError::Unzipped),
            "the parts count together"
        );
        assert_eq!(check_unzipped(&bomb, 3 << 20), Ok(()));
        assert_eq!(
            read_sheet("a.xlsx", &workbook("<sheetData/>", &[])),
            Err(ImportError::Empty)
        );
        assert!(matches!(
            read_sheet("a.xlsx", b"PK\x03\x04 and nothing more"),
            Err(ImportError::Damaged(_))
        ));
        // Cut anywhere, a workbook is an error and never a panic.
        let whole = workbook(&format!("<sheetData>{}</sheetData>", cell("A1", "1")), &[]);
        for length in 0..whole.len() {
            assert!(read_sheet("a.xlsx", &whole[..length]).is_err(), "{length}");
        }
    }
}
