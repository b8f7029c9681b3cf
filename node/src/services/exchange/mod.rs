//! Whole ledgers as tables and back: what is exported, in any of the forms, can be changed in a spreadsheet and imported
//! again. A row is a record; a column is a field of the definition, and no ledger is known by name. A record is told by its
//! id, and what somebody changed by the version that was exported: what others wrote meanwhile stays.
//!
//! ```text
//! record --cells--> row of a table --csv, xlsx--> file
//! file --sheet--> row --read, on top of what the record had--> values --entry--> one change, or none
//! ```

mod act_table;
mod acts;
mod cells;
mod columns;
mod events;
mod give;
mod lines;
mod read;
mod take;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use lianzhan_protocol::record::Value;
use lianzhan_protocol::record::ledger::{FieldKind, Ledger};

use super::ledger::Values;
use crate::export::Encoding;

pub(super) use act_table::EventTable;
pub(super) use take::{Begun, Table};

/// The language of headings, options and yes or no. A table in either is imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Words {
    /// Chinese.
    #[default]
    Zh,
    /// English.
    En,
}

/// The form of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// A workbook, with the events on a sheet of their own.
    #[default]
    Xlsx,
    /// Comma-separated text.
    Csv(Encoding),
}

/// What the rows of a table are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rows {
    /// Records.
    #[default]
    Records,
    /// Events of records: the acts of persons, one by one.
    Events,
    /// None: an empty table, to be filled in.
    None,
}

/// What is to be exported.
#[derive(Debug, Clone, Default)]
pub struct Export {
    /// The ledger's id.
    pub ledger: String,
    /// Which records, as a list asks for them.
    pub asked: super::ledger::Asked,
    /// The form.
    pub form: Form,
    /// Of comma-separated text, which of its two tables.
    pub rows: Rows,
    /// The language of headings.
    pub words: Words,
    /// Whether the personal parts that are open here go with it.
    pub personal: bool,
}

impl Export {
    /// Reads how a table is asked for: `form` is `xlsx`, `csv` or `gb18030`, `rows` is `records`, `events` or `none`, `words` is
    /// `zh` or `en`, `personal` is `1`; all else asks as a list does.
    pub fn asked(ledger: &str, pairs: Vec<(String, String)>, words: Words) -> Option<Self> {
        const OWN: [&str; 4] = ["form", "rows", "words", "personal"];
        let asked = super::ledger::Asked::new(pairs);
        let form = match asked.get("form") {
            "" | "xlsx" => Form::Xlsx,
            "csv" => Form::Csv(Encoding::Utf8),
            "gb18030" => Form::Csv(Encoding::Gb18030),
            _ => return None,
        };
        let rows = match asked.get("rows") {
            "" | "records" => Rows::Records,
            "events" => Rows::Events,
            "none" => Rows::None,
            _ => return None,
        };
        let words = match asked.get("words") {
            "" => words,
            "zh" => Words::Zh,
            "en" => Words::En,
            _ => return None,
        };
        let personal = asked.get("personal") == "1";
        let rest = asked.without(&OWN);
        let rest = rest
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .collect();
        Some(Export {
            ledger: ledger.to_owned(),
            asked: super::ledger::Asked::new(rest),
            form,
            rows,
            words,
            personal,
        })
    }

    /// What the file is called.
    pub fn file_name(&self) -> String {
        let events = if self.rows == Rows::Events { "-events" } else { "" };
        match self.form {
            Form::Xlsx => format!("{}.xlsx", self.ledger),
            Form::Csv(_) => format!("{}{events}.csv", self.ledger),
        }
    }

    /// Its media type.
    pub fn media_type(&self) -> &'static str {
        match self.form {
            Form::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Form::Csv(Encoding::Utf8) => "text/csv; charset=utf-8",
            Form::Csv(Encoding::Gb18030) => "text/csv; charset=gb18030",
        }
    }
}

/// The state that stands in a record's row.
struct RowValues {
    json: serde_json::Value,
}

impl RowValues {
    fn of(state: &str) -> Self {
        RowValues {
            json: serde_json::from_str(state).unwrap_or_default(),
        }
    }

    /// The values of fields in force that the definition knows.
    fn values(&self, ledger: &Ledger) -> Values {
        let fields = self.json["fields"].as_object().into_iter().flatten();
        let known = fields.filter_map(|(key, field)| {
            let (of, _) = ledger.resolve(key)?;
            Some((key.clone(), value(&of.kind, &field["value"])?))
        });
        known.collect::<BTreeMap<_, _>>()
    }

    fn ids(&self, of: &str) -> impl Iterator<Item = &str> {
        let all = self.json[of].as_array().into_iter().flatten();
        all.filter_map(|item| item.as_str().or_else(|| item["change"].as_str()))
    }

    /// The changes that no other has seen.
    fn heads(&self) -> impl Iterator<Item = &str> {
        self.ids("heads")
    }

    /// Every change.
    fn changes(&self) -> impl Iterator<Item = &str> {
        self.ids("history")
    }
}

/// A value as the JSON of a state has it, which does not tell bytes from text.
fn value(kind: &FieldKind, json: &serde_json::Value) -> Option<Value> {
    match (kind, json) {
        (FieldKind::Blob | FieldKind::Geo | FieldKind::Data, serde_json::Value::String(text)) => {
            read::bytes(text).map(Value::Bytes)
        }
        (_, serde_json::Value::String(text)) => Some(Value::Text(text.clone())),
        (_, serde_json::Value::Bool(yes)) => Some(Value::Bool(*yes)),
        (_, serde_json::Value::Number(number)) => number.as_i64().map(Value::Int),
        _ => None,
    }
}
