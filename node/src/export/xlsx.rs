//! Workbooks (ECMA-376), written as a stream: one sheet after the other, one row after the other, with cells of true types.
//! Only what a register needs is here. The library that writes workbooks keeps a sheet in memory or in a temporary file;
//! this keeps a row, and a table with names and telephone numbers is on no disk of ours.

use std::io::{self, Write};

use jiff::civil::{Date, DateTime};
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

use super::{Cell, Column, Width};
use crate::import::letters;

/// Most characters of a cell; a spreadsheet refuses a file with more.
pub(super) const CELL_MAX: usize = 32_767;
/// Whole numbers below this are exact in a spreadsheet.
const EXACT: u64 = 1_000_000_000_000_000;
/// Digits after the point for which there is a style; numbers with more are text.
const SCALES: u8 = 6;

const HEAD: u32 = 1;
const TEXT: u32 = 2;
const INT: u32 = 3;
const DATE: u32 = 4;
const MINUTE: u32 = 5;
const SECOND: u32 = 6;
/// The style of a number with one digit after the point; that with more follow.
const DEC: u32 = 7;

const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const DECLARED: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";

/// A workbook that is being written.
pub struct Workbook<W: Write> {
    zip: ZipWriter<StreamWriter<W>>,
    sheets: usize,
    /// The row that comes next in the sheet, from 1; none between sheets.
    row: Option<u32>,
    line: String,
}

impl<W: Write> Workbook<W> {
    /// Begins a workbook that will have these sheets.
    pub fn new(out: W, sheets: &[&str]) -> io::Result<Self> {
        let mut book = Workbook {
            zip: ZipWriter::new_stream(out),
            sheets: 0,
            row: None,
            line: String::new(),
        };
        let kind = |part: &str, kind: &str| {
            let of = "application/vnd.openxmlformats-officedocument.spreadsheetml.";
            format!("<Override PartName=\"/xl/{part}\" ContentType=\"{of}{kind}+xml\"/>")
        };
        let numbered = || 1..=sheets.len();
        let kinds: String = numbered()
            .map(|n| kind(&format!("worksheets/sheet{n}.xml"), "worksheet"))
            .collect();
        book.part(
            "[Content_Types].xml",
            &format!(
                "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
                 <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
                 <Default Extension=\"xml\" ContentType=\"application/xml\"/>{}{}{kinds}</Types>",
                kind("workbook.xml", "sheet.main"),
                kind("styles.xml", "styles"),
            ),
        )?;
        book.relations("_rels/.rels", &[("officeDocument", "xl/workbook.xml".into())])?;
        let named: String = numbered()
            .zip(sheets)
            .map(|(n, name)| {
                format!(
                    "<sheet name=\"{}\" sheetId=\"{n}\" r:id=\"rId{n}\"/>",
                    escaped(&sheet_name(name))
                )
            })
            .collect();
        book.part(
            "xl/workbook.xml",
            &format!(
                "<workbook xmlns=\"{MAIN}\" xmlns:r=\"{RELATIONS}\"><sheets>{named}</sheets></workbook>"
            ),
        )?;
        let mut related: Vec<(&str, String)> = numbered()
            .map(|n| ("worksheet", format!("worksheets/sheet{n}.xml")))
            .collect();
        related.push(("styles", "styles.xml".into()));
        book.relations("xl/_rels/workbook.xml.rels", &related)?;
        book.part("xl/styles.xml", &styles())?;
        Ok(book)
    }

    /// Begins the next sheet; its first row stays in sight.
    pub fn sheet(&mut self, columns: &[Column]) -> io::Result<()> {
        self.end_sheet()?;
        self.sheets += 1;
        self.start(&format!("xl/worksheets/sheet{}.xml", self.sheets))?;
        let widths: String = columns
            .iter()
            .zip(1..)
            .map(|(column, n)| {
                let width = match column.width {
                    Width::Narrow => 12,
                    Width::Line => 20,
                    Width::Wide => 48,
                };
                let style = if column.text {
                    format!(" style=\"{TEXT}\"")
                } else {
                    String::new()
                };
                format!("<col min=\"{n}\" max=\"{n}\" width=\"{width}\"{style} customWidth=\"1\"/>")
            })
            .collect();
        write!(
            self.zip,
            "{DECLARED}<worksheet xmlns=\"{MAIN}\"><sheetViews><sheetView workbookViewId=\"0\">\
             <pane ySplit=\"1\" topLeftCell=\"A2\" activePane=\"bottomLeft\" state=\"frozen\"/></sheetView></sheetViews>\
             <cols>{widths}</cols><sheetData>"
        )?;
        self.row = Some(1);
        let headings: Vec<Cell> = columns
            .iter()
            .map(|column| Cell::Text(column.heading.clone()))
            .collect();
        self.write_row(&headings, Some(HEAD))
    }

    /// Writes a row of the sheet.
    pub fn row(&mut self, cells: &[Cell]) -> io::Result<()> {
        self.write_row(cells, None)
    }

    fn write_row(&mut self, cells: &[Cell], style: Option<u32>) -> io::Result<()> {
        let row = self.row.unwrap_or(1);
        self.row = Some(row + 1);
        self.line.clear();
        self.line.push_str(&format!("<row r=\"{row}\">"));
        for (cell, at) in cells.iter().zip(0..) {
            put(&mut self.line, cell, at, row, style)?;
        }
        self.line.push_str("</row>");
        self.zip.write_all(self.line.as_bytes())
    }

    /// Ends the workbook.
    pub fn finish(mut self) -> io::Result<()> {
        self.end_sheet()?;
        self.zip.finish()?;
        Ok(())
    }

    fn end_sheet(&mut self) -> io::Result<()> {
        match self.row.take() {
            Some(_) => self.zip.write_all(b"</sheetData></worksheet>"),
            None => Ok(()),
        }
    }

    fn start(&mut self, name: &str) -> io::Result<()> {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        Ok(self.zip.start_file(name, options)?)
    }

    fn part(&mut self, name: &str, xml: &str) -> io::Result<()> {
        self.start(name)?;
        self.zip.write_all(DECLARED.as_bytes())?;
        self.zip.write_all(xml.as_bytes())
    }

    fn relations(&mut self, name: &str, to: &[(&str, String)]) -> io::Result<()> {
        let each: String = to
            .iter()
            .zip(1..)
            .map(|((kind, target), n)| {
                format!("<Relationship Id=\"rId{n}\" Type=\"{RELATIONS}/{kind}\" Target=\"{target}\"/>")
            })
            .collect();
        let of = "http://schemas.openxmlformats.org/package/2006/relationships";
        self.part(
            name,
            &format!("<Relationships xmlns=\"{of}\">{each}</Relationships>"),
        )
    }
}

fn put(line: &mut String, cell: &Cell, at: usize, row: u32, style: Option<u32>) -> io::Result<()> {
    let mut number = |usual: u32, digits: String| {
        let style = style.unwrap_or(usual);
        line.push_str(&format!(
            "<c r=\"{}{row}\" s=\"{style}\"><v>{digits}</v></c>",
            letters(at)
        ));
    };
    match cell {
        Cell::Empty => {}
        Cell::Int(value) if value.unsigned_abs() < EXACT => number(INT, value.to_string()),
        Cell::Dec { units, scale } if units.unsigned_abs() < EXACT && *scale <= SCALES => {
            let style = if *scale == 0 {
                INT
            } else {
                DEC + u32::from(*scale) - 1
            };
            number(style, cell.to_text());
        }
        Cell::Date(day) if serial(*day).is_some() => {
            number(DATE, serial(*day).unwrap_or_default().to_string())
        }
        Cell::Time(time) if serial(time.date()).is_some() => {
            let style = if time.second() == 0 { MINUTE } else { SECOND };
            number(style, moment(time).to_string());
        }
        other => {
            let text = other.to_text();
            if text.encode_utf16().count() > CELL_MAX {
                let message =
                    "a cell has more than 32,767 characters, which no workbook takes; export as CSV";
                return Err(io::Error::new(io::ErrorKind::InvalidData, message));
            }
            let style = style.unwrap_or(TEXT);
            let edges = text.trim_matches(['\t', '\n', ' ']).len() < text.len();
            let space = if edges { " xml:space=\"preserve\"" } else { "" };
            line.push_str(&format!(
                "<c r=\"{}{row}\" s=\"{style}\" t=\"inlineStr\"><is><t{space}>{}</t></is></c>",
                letters(at),
                escaped(&text)
            ));
        }
    }
    Ok(())
}

/// The number of a day; none before March 1900, of which spreadsheets think otherwise.
fn serial(day: Date) -> Option<i64> {
    const ZERO: Date = Date::constant(1899, 12, 30);
    let days = i64::from(day.since((jiff::Unit::Day, ZERO)).ok()?.get_days());
    (days > 60).then_some(days)
}

fn moment(at: &DateTime) -> f64 {
    let seconds = i32::from(at.hour()) * 3600 + i32::from(at.minute()) * 60 + i32::from(at.second());
    #[expect(clippy::cast_precision_loss, reason = "days of a calendar are few")]
    let days = serial(at.date()).unwrap_or_default() as f64;
    days + f64::from(seconds) / 86_400.0
}

/// A name that a sheet may have.
fn sheet_name(name: &str) -> String {
    let fits = |c: char| !matches!(c, '[' | ']' | ':' | '*' | '?' | '/' | '\\' | '\'') && !c.is_control();
    name.chars().filter(|c| fits(*c)).take(31).collect()
}

/// Text in XML. What XML cannot say stands as `_xHHHH_`, and so a text that looks like that has its `_` written so.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for (at, c) in text.char_indices() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '_' if is_escape(&text[at..]) => out.push_str("_x005F_"),
            '\t' | '\n' => out.push(c),
            c if c < ' ' || matches!(c, '\r' | '\u{fffe}' | '\u{ffff}') => {
                out.push_str(&format!("_x{:04X}_", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out
}

fn is_escape(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 7 && bytes[1] == b'x' && bytes[2..6].iter().all(u8::is_ascii_hexdigit) && bytes[6] == b'_'
}

fn styles() -> String {
    let zeros = |n: u8| "0".repeat(usize::from(n));
    let formats: String = (1..=SCALES)
        .map(|n| {
            format!(
                "<numFmt numFmtId=\"{}\" formatCode=\"0.{}\"/>",
                166 + u32::from(n),
                zeros(n)
            )
        })
        .collect();
    let xf = |format: u32, more: &str| {
        format!(
            "<xf numFmtId=\"{format}\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\"{more}"
        )
    };
    let top = " applyAlignment=\"1\"><alignment vertical=\"top\"/></xf>";
    let wrap = " applyAlignment=\"1\"><alignment vertical=\"top\" wrapText=\"1\"/></xf>";
    let decimals: String = (1..=SCALES).map(|n| xf(166 + u32::from(n), top)).collect();
    format!(
        "<styleSheet xmlns=\"{MAIN}\"><numFmts count=\"{}\"><numFmt numFmtId=\"164\" formatCode=\"yyyy\\-mm\\-dd\"/>\
         <numFmt numFmtId=\"165\" formatCode=\"yyyy\\-mm\\-dd\\ hh:mm\"/>\
         <numFmt numFmtId=\"166\" formatCode=\"yyyy\\-mm\\-dd\\ hh:mm:ss\"/>{formats}</numFmts>\
         <fonts count=\"2\"><font><sz val=\"11\"/><name val=\"SimSun\"/></font>\
         <font><b/><sz val=\"11\"/><name val=\"SimSun\"/></font></fonts>\
         <fills count=\"2\"><fill><patternFill patternType=\"none\"/></fill><fill><patternFill patternType=\"gray125\"/></fill></fills>\
         <borders count=\"2\"><border><left/><right/><top/><bottom/><diagonal/></border>\
         <border><left/><right/><top/><bottom style=\"thin\"/><diagonal/></border></borders>\
         <cellStyleXfs count=\"1\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"/></cellStyleXfs>\
         <cellXfs count=\"{}\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\"/>\
         <xf numFmtId=\"49\" fontId=\"1\" fillId=\"0\" borderId=\"1\" xfId=\"0\" applyNumberFormat=\"1\" applyFont=\"1\" applyBorder=\"1\"{wrap}\
         {}{}{}{}{}{decimals}</cellXfs></styleSheet>",
        3 + SCALES,
        DEC + u32::from(SCALES),
        xf(49, wrap),
        xf(1, top),
        xf(164, top),
        xf(165, top),
        xf(166, top),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::{CellValue, read_sheet};

    fn written(cells: &[Cell]) -> Vec<CellValue> {
        let mut out = Vec::new();
        let mut book = Workbook::new(&mut out, &["一[1]", "二"]).unwrap();
        let column = Column {
            heading: "甲".into(),
            width: Width::Line,
            text: true,
        };
        for _ in 0..2 {
            book.sheet(&vec![column.clone(); cells.len()]).unwrap();
            book.row(cells).unwrap();
        }
        book.finish().unwrap();
        let sheet = read_sheet("a.xlsx", &out).unwrap();
        assert_eq!((sheet.name.as_str(), sheet.rows.len()), ("一1", 2));
        (0..cells.len())
            .map(|at| sheet.rows[1].cell(at).value.clone())
            .collect()
    }

    #[test]
    fn cells_have_types_and_codes_are_text() {
        let at = DateTime::constant(2026, 4, 16, 9, 52, 7, 0);
        let text = |text: &str| Cell::Text(text.into());
        let back = written(&[
            text("13900001234"),
            text("=1+2"),
            Cell::Int(-7),
            Cell::Int(i64::MAX),
            Cell::Dec { units: 150, scale: 2 },
            Cell::Date(at.date()),
            Cell::Time(at),
            Cell::Date(Date::constant(1900, 2, 28)),
            Cell::Empty,
            text("a<b>&\"c\" _x0041_ _x \u{ffff}\n 𠮷 "),
        ]);
        let said = |text: &str| CellValue::Text(text.into());
        assert_eq!(
            back,
            [
                said("13900001234"),
                said("=1+2"),
                CellValue::Int(-7),
                said("9223372036854775807"),
                CellValue::Dec(1.5),
                CellValue::Date(at.date().into()),
                CellValue::Date(at),
                said("1900-02-28"),
                CellValue::Empty,
                said("a<b>&\"c\" _x0041_ _x \u{ffff}\n 𠮷 "),
            ]
        );
    }

    #[test]
    fn every_second_of_a_day_is_the_second_that_was_written() {
        for second in (0..86_400).step_by(61).chain([86_399]) {
            let at = DateTime::constant(2044, 2, 29, 0, 0, 0, 0) + jiff::Span::new().seconds(second);
            let mut out = Vec::new();
            let mut book = Workbook::new(&mut out, &["一"]).unwrap();
            book.sheet(&[]).unwrap();
            book.row(&[Cell::Time(at)]).unwrap();
            book.finish().unwrap();
            let sheet = read_sheet("a.xlsx", &out).unwrap();
            assert_eq!(sheet.rows[1].cell(0).value, CellValue::Date(at));
        }
    }

    #[test]
    fn a_cell_that_no_workbook_takes_is_refused() {
        let mut book = Workbook::new(Vec::new(), &["一"]).unwrap();
        book.sheet(&[]).unwrap();
        assert!(book.row(&[Cell::Text("长".repeat(CELL_MAX + 1))]).is_err());
        book.row(&[Cell::Text("长".repeat(CELL_MAX))]).unwrap();
    }
}
