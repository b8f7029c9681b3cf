//! Comma-separated text (RFC 4180), in the encoding that the office suite at hand opens without asking.

use std::io::{self, Write};

use encoding_rs::GB18030;

use super::{Cell, guard};

/// How text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// UTF-8 with a byte-order mark.
    #[default]
    Utf8,
    /// GB18030, which older office suites in China expect.
    Gb18030,
}

/// A table that is being written.
pub struct CsvTable<W: Write> {
    writer: csv::Writer<Encoded<W>>,
}

impl<W: Write> CsvTable<W> {
    /// Begins a table with its column names.
    pub fn new<'h>(
        mut out: W,
        encoding: Encoding,
        headings: impl Iterator<Item = &'h str>,
    ) -> io::Result<Self> {
        if encoding == Encoding::Utf8 {
            out.write_all("\u{feff}".as_bytes())?;
        }
        let encoded = Encoded {
            out,
            encoding,
            begun: Vec::new(),
        };
        let mut writer = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(encoded);
        writer.write_record(headings)?;
        Ok(CsvTable { writer })
    }

    /// Writes a row. A text that a spreadsheet would run as a formula gets an apostrophe in front.
    pub fn row(&mut self, cells: &[Cell]) -> io::Result<()> {
        let texts = cells.iter().map(|cell| match cell {
            Cell::Text(text) => guard(text),
            other => other.to_text(),
        });
        Ok(self.writer.write_record(texts)?)
    }

    /// Ends the table.
    pub fn finish(mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// Takes UTF-8 and writes the encoding.
struct Encoded<W> {
    out: W,
    encoding: Encoding,
    /// The beginning of a character of which the rest is to come.
    begun: Vec<u8>,
}

impl<W: Write> Write for Encoded<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.encoding == Encoding::Utf8 {
            return self.out.write(bytes);
        }
        self.begun.extend_from_slice(bytes);
        let whole = match std::str::from_utf8(&self.begun) {
            Ok(text) => text,
            Err(error) if error.error_len().is_none() => {
                std::str::from_utf8(&self.begun[..error.valid_up_to()]).unwrap_or_default()
            }
            Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidData, error)),
        };
        let (encoded, _, unmapped) = GB18030.encode(whole);
        if unmapped {
            let message = "a character has no place in GB18030; export in UTF-8 or as a workbook";
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        self.out.write_all(&encoded)?;
        let done = whole.len();
        self.begun.drain(..done);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(encoding: Encoding) -> Vec<u8> {
        let mut out = Vec::new();
        let mut table = CsvTable::new(&mut out, encoding, ["事由", "人数"].into_iter()).unwrap();
        let text = |text: &str| Cell::Text(text.into());
        table.row(&[text("路灯不亮"), Cell::Int(-3)]).unwrap();
        table.row(&[text("说\"好\"，a,b\n𠮷"), Cell::Empty]).unwrap();
        table.row(&[text("=1+2"), text("990121103")]).unwrap();
        table.finish().unwrap();
        out
    }

    #[test]
    fn lines_end_in_crlf_quotes_stand_where_needed_and_formulas_are_none() {
        let expected = "事由,人数\r\n路灯不亮,-3\r\n\"说\"\"好\"\"，a,b\n𠮷\",\r\n'=1+2,990121103\r\n";
        let utf8 = String::from_utf8(table(Encoding::Utf8)).unwrap();
        assert_eq!(utf8, format!("\u{feff}{expected}"));
        let bytes = table(Encoding::Gb18030);
        let (text, _, wrong) = GB18030.decode(&bytes);
        assert_eq!((&*text, wrong), (expected, false));
    }

    #[test]
    fn a_character_in_two_pieces_is_one() {
        let mut out = Vec::new();
        let mut encoded = Encoded {
            out: &mut out,
            encoding: Encoding::Gb18030,
            begun: Vec::new(),
        };
        for byte in "路𠮷".as_bytes() {
            encoded.write_all(&[*byte]).unwrap();
        }
        assert_eq!(GB18030.decode(&out).0, "路𠮷");
    }
}
