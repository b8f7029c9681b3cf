//! A sheet becomes a plan: heading first, then row by row.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::DateTime;
use lianzhan_protocol::record::Value;
use lianzhan_protocol::record::ledger::{Asked, Field, FieldKind, Ledger, Required};

use super::columns::{self, Column, Heading, letters};
use super::sheet::{Row, Sheet};
use super::value::{self, Reading, Reason};
use super::words::{fold, lines};
use super::{GoodRow, ImportPlan, RowError, dates};

/// Reads the rows of `sheet` as records of `main` with fields in `annexes`. The year of dates without one is that of the
/// sheet's title, else `default_year`.
pub fn read_rows(main: &Ledger, annexes: &[&Ledger], sheet: &Sheet, default_year: i16) -> ImportPlan {
    let mut plan = ImportPlan::default();
    let Some(heading) = columns::find(main, annexes, sheet) else {
        let labels: Vec<_> = needed(main).collect();
        plan.errors.push(RowError {
            row: 1,
            column: String::new(),
            cell: String::new(),
            reason_zh: format!(
                "找不到表头行，请在数据上方写明各列名称：{}",
                join(&labels, |field| &field.zh, "、")
            ),
            reason_en: format!(
                "no heading row found; name the columns above the data: {}",
                join(&labels, |field| &field.en, ", ")
            ),
        });
        return plan;
    };
    plan.unmapped.clone_from(&heading.unmapped);
    let label = |column: &Column<'_>| (column.field.zh.clone(), column.field.en.clone());
    plan.mapped = heading.columns.iter().map(label).collect();
    let own = heading
        .columns
        .iter()
        .filter(|column| column.ledger.id == main.id);
    plan.letters = own
        .map(|column| (column.field.id.clone(), letters(column.at)))
        .collect();
    let number = sheet.rows[heading.at].number;
    plan.errors.extend(absent(main, &heading).map(|field| RowError {
        row: number,
        column: field.zh.clone(),
        cell: String::new(),
        reason_zh: format!("缺少“{}”一列，请在表头补上", field.zh),
        reason_en: format!("the column “{}” is missing; add it to the heading row", field.en),
    }));
    if !plan.errors.is_empty() {
        return plan;
    }
    let title = &sheet.rows[..heading.at];
    let year = title
        .iter()
        .find_map(|row| {
            row.cells
                .iter()
                .find_map(|cell| dates::year_in(&cell.value.to_text()))
        })
        .unwrap_or(default_year);
    for row in &sheet.rows[heading.at + 1..] {
        if is_passed_over(&heading, row) {
            plan.skipped += 1;
            continue;
        }
        let reader = Reader {
            main,
            heading: &heading,
            row,
            year,
        };
        match reader.read() {
            Ok(good) => plan.rows.push(good),
            Err(errors) => plan.errors.extend(errors),
        }
    }
    plan
}

fn join<'f>(fields: &[&'f Field], label: impl Fn(&'f Field) -> &'f String, with: &str) -> String {
    fields
        .iter()
        .map(|field| label(field).as_str())
        .collect::<Vec<_>>()
        .join(with)
}

/// Fields that a sheet must have a column for: those that every record has, and of a struct that every record has.
fn needed(main: &Ledger) -> impl Iterator<Item = &Field> {
    let always = |field: &Field| field.required == Required::Required && field.when.is_none();
    main.fields.iter().filter(move |field| {
        let within = field.parent().and_then(|name| main.field(name));
        always(field)
            && within.is_none_or(always)
            && field.kind != FieldKind::Struct
            && assumed(main, &field.id).is_none()
    })
}

fn absent<'a>(main: &'a Ledger, heading: &Heading<'_>) -> impl Iterator<Item = &'a Field> {
    needed(main).filter(|field| {
        !heading
            .columns
            .iter()
            .any(|column| is_of(column, main, &field.id))
    })
}

fn is_of(column: &Column<'_>, ledger: &Ledger, field: &str) -> bool {
    column.ledger.id == ledger.id && column.field.id == field
}

/// What a blank cell means where clerks leave it blank.
enum Assumed {
    Value(Value),
    /// Worked out from other fields of the row.
    Derived,
}

fn assumed(main: &Ledger, field: &str) -> Option<Assumed> {
    match (main.id.as_str(), field) {
        ("letters_visits", "persons") => Some(Assumed::Value(Value::Int(1))),
        ("activity", "days" | "to") => Some(Assumed::Derived),
        _ => None,
    }
}

/// Blank rows, rows with nothing but a running number, totals, banners and repeated headings.
fn is_passed_over(heading: &Heading<'_>, row: &Row) -> bool {
    let own = || {
        row.cells
            .iter()
            .filter(|cell| !cell.filled && !cell.value.is_empty())
    };
    let blank = heading.columns.iter().all(|column| {
        let cell = row.cell(column.at);
        cell.filled || cell.value.is_empty()
    });
    let banner = || {
        let mut own = own();
        match (own.next(), own.next()) {
            (Some(only), None) => {
                row.cells
                    .iter()
                    .filter(|cell| cell.filled && cell.value == only.value)
                    .count()
                    >= 2
            }
            _ => false,
        }
    };
    blank
        || own().next().is_some_and(|first| is_total(&first.value.to_text()))
        || banner()
        || heading.is_repeated_by(row)
}

fn is_total(text: &str) -> bool {
    // The word, and little else: `合计：448件`, `本页小计`.
    const TOTAL_LENGTH: usize = 10;
    let folded = fold(text);
    let named = ["合计", "总计", "小计", "共计", "累计", "subtotal", "total"]
        .iter()
        .any(|word| folded.contains(word));
    named && folded.chars().count() <= TOTAL_LENGTH
}

/// Reads one row.
struct Reader<'a> {
    main: &'a Ledger,
    heading: &'a Heading<'a>,
    row: &'a Row,
    year: i16,
}

impl Reader<'_> {
    fn read(&self) -> Result<GoodRow, Vec<RowError>> {
        let mut errors = Vec::new();
        let mut read: BTreeMap<(&str, &str), Vec<Reading>> = BTreeMap::new();
        let mut until = None;
        for column in &self.heading.columns {
            let result = if is_of(column, self.main, "from") && column.field.kind == FieldKind::Ts {
                self.read_period(column, &mut until)
            } else {
                value::read(column.field, &self.row.cell(column.at).value, self.year)
            };
            match result {
                Ok(readings) => {
                    read.insert((&column.ledger.id, &column.field.id), readings);
                }
                Err(reason) => errors.push(self.error(column, reason)),
            }
        }
        let mut main = self.fields_of(self.main, &mut read);
        self.keep_rests(&read, &mut main);
        self.assume(&mut main, until);
        // A column that failed already said so.
        let failed = |field: &Field| errors.iter().any(|error| self.is_under(error, field));
        let values = main.iter().map(|(key, value)| (key.as_str(), value));
        let lacking = self
            .main
            .lacks(&values.collect(), Required::Required, &Asked::PLAIN);
        let lacking: Vec<_> = lacking
            .into_iter()
            .filter_map(|lacking| {
                let field = self.main.field(&lacking.field).filter(|field| !failed(field))?;
                let mut columns = self.heading.columns.iter();
                let column = columns.find(|column| is_of(column, self.main, &field.id))?;
                Some(self.error(column, Reason::of(&lacking.problem)))
            })
            .collect();
        errors.extend(lacking);
        if !errors.is_empty() {
            return Err(errors);
        }
        let mut annexes = BTreeMap::new();
        for column in self
            .heading
            .columns
            .iter()
            .filter(|column| column.ledger.id != self.main.id)
        {
            let fields = self.fields_of(column.ledger, &mut read);
            if !fields.is_empty() {
                annexes.entry(column.ledger.id.clone()).or_insert(fields);
            }
        }
        Ok(GoodRow {
            row: self.row.number,
            main,
            annexes,
        })
    }

    /// The cell of a beginning may name the end too.
    fn read_period(&self, column: &Column<'_>, until: &mut Option<DateTime>) -> Result<Vec<Reading>, Reason> {
        let cell = &self.row.cell(column.at).value;
        match dates::read_range(cell, self.year) {
            Some((from, to)) => {
                *until = to;
                Ok(vec![Reading {
                    value: Value::Text(value::instant(from)),
                    rest: None,
                }])
            }
            None => value::read(column.field, cell, self.year),
        }
    }

    /// The fields of one ledger by key, in its order.
    fn fields_of(
        &self,
        ledger: &Ledger,
        read: &mut BTreeMap<(&str, &str), Vec<Reading>>,
    ) -> Vec<(String, Value)> {
        let mut out = Vec::new();
        for field in &ledger.fields {
            let Some(readings) = read.get(&(ledger.id.as_str(), field.id.as_str())) else {
                continue;
            };
            for (at, reading) in readings.iter().enumerate() {
                let member = field.set.then(|| match (&field.kind, &reading.value) {
                    // An option is its own member, so that two nodes that add it add one.
                    (FieldKind::Enum, Value::Text(id)) if !field.id.contains('/') => id.clone(),
                    _ => (at + 1).to_string(),
                });
                let key = field.key(member.as_deref());
                if !out.iter().any(|(known, _)| *known == key) {
                    out.push((key, reading.value.clone()));
                }
            }
        }
        out
    }

    /// What an option could not keep of its cell goes to the note, under the column's heading.
    fn keep_rests(&self, read: &BTreeMap<(&str, &str), Vec<Reading>>, main: &mut Vec<(String, Value)>) {
        let mut note: Vec<String> = Vec::new();
        for column in &self.heading.columns {
            let readings = read.get(&(column.ledger.id.as_str(), column.field.id.as_str()));
            let rests = readings
                .into_iter()
                .flatten()
                .filter_map(|reading| reading.rest.as_ref());
            note.extend(rests.map(|rest| format!("{}：{rest}", column.heading)));
        }
        if note.is_empty() || self.main.field("note").is_none() {
            return;
        }
        match main.iter_mut().find(|(key, _)| key == "note") {
            Some((_, Value::Text(text))) => *text = lines(&format!("{text}\n{}", note.join("\n"))),
            _ => main.push(("note".into(), Value::Text(note.join("\n")))),
        }
    }

    fn assume(&self, main: &mut Vec<(String, Value)>, until: Option<DateTime>) {
        let lacks = |main: &[(String, Value)], id: &str| !main.iter().any(|(key, _)| key == id);
        for field in &self.main.fields {
            if let Some(Assumed::Value(value)) = assumed(self.main, &field.id)
                && lacks(main, &field.id)
            {
                main.push((field.id.clone(), value));
            }
        }
        if self.main.id == "activity" {
            assume_end(main, until);
        }
        main.sort_by_key(|(key, _)| {
            self.main
                .resolve(key)
                .and_then(|(field, _)| self.main.fields.iter().position(|other| other.id == field.id))
        });
    }

    fn error(&self, column: &Column<'_>, reason: Reason) -> RowError {
        RowError {
            row: self.row.number,
            column: column.heading.clone(),
            cell: format!("{}{}", letters(column.at), self.row.number),
            reason_zh: reason.zh,
            reason_en: reason.en,
        }
    }

    fn is_under(&self, error: &RowError, field: &Field) -> bool {
        self.heading
            .columns
            .iter()
            .any(|column| is_of(column, self.main, &field.id) && column.heading == error.column)
    }
}

/// An activity without an end ends on its last day; without a number of days it lasted as long as it says, else one.
fn assume_end(main: &mut Vec<(String, Value)>, until: Option<DateTime>) {
    let find = |main: &[(String, Value)], id: &str| {
        main.iter()
            .find(|(key, _)| key == id)
            .map(|(_, value)| value.clone())
    };
    let from = find(main, "from").and_then(|value| {
        value
            .as_text()
            .and_then(|text| text.get(..19)?.parse::<DateTime>().ok())
    });
    let Some(from) = from else { return };
    let tenths = find(main, "days")
        .and_then(|value| value.as_int())
        .unwrap_or_else(|| {
            let days = until
                .and_then(|to| (to.date() - from.date()).get_days().checked_add(1))
                .unwrap_or(1);
            let tenths = i64::from(days) * 10;
            main.push(("days".into(), Value::Int(tenths)));
            tenths
        });
    if find(main, "to").is_none() {
        // Half a day ends on the day on which it began.
        let more = (tenths.clamp(1, 36_500) + 9) / 10 - 1;
        let to = until
            .or_else(|| from.checked_add(more.days()).ok())
            .unwrap_or(from);
        main.push(("to".into(), Value::Text(value::instant(to))));
    }
}

#[cfg(test)]
#[path = "rows_tests.rs"]
mod tests;
