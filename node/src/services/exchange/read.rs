//! A row of a table that came from here, as somebody may have changed it: what its cells say on top of what the record had.
//! What the table has no column for stays as it is.

use std::collections::BTreeSet;

use lianzhan_protocol::codec::hex;
use lianzhan_protocol::id::{Hash, RecordId};
use lianzhan_protocol::record::Value;
use lianzhan_protocol::record::ledger::{Field, FieldKind, Keys, Ledger, Problem};

use super::Words;
use super::cells::{self, is_listed, is_map};
use super::columns::{self, Column, Holds, folded};
use super::lines::{self, Item};
use crate::export::{Cell as Written, unguard};
use crate::import::{CellValue, Reason, Row, Sheet, letters, read_value};
use crate::services::ledger::{Values, is_fixed, is_typed, key_field, member_of, value_of};

/// Rows in which the heading may stand, below what somebody wrote above it.
const HEADING_WITHIN: usize = 30;
/// Longest name of a member.
const MEMBER_MAX: usize = 64;

/// The heading of a table that came from here.
pub(super) struct Heading<'l> {
    /// Its place among the rows of the sheet.
    pub(super) at: usize,
    /// The columns that are known, each with its place.
    pub(super) columns: Vec<(usize, Column<'l>)>,
    /// Headings of the others.
    pub(super) unmapped: Vec<String>,
}

/// Finds the heading of a table that came from here: the row with the heading of the column of ids.
pub(super) fn heading<'l>(ledger: &'l Ledger, annexes: &[&'l Ledger], sheet: &Sheet) -> Option<Heading<'l>> {
    let known = columns::columns(ledger, annexes);
    let ids = [columns::RECORD, "@record", "记录编号", "Record ID"].map(folded);
    let says = |value: &CellValue| match value {
        CellValue::Text(text) => folded(text),
        _ => String::new(),
    };
    let (at, row) = sheet
        .rows
        .iter()
        .take(HEADING_WITHIN)
        .enumerate()
        .find(|(_, row)| row.cells.iter().any(|cell| ids.contains(&says(&cell.value))))?;
    let (mut columns, mut unmapped) = (Vec::new(), Vec::new());
    let mut taken: BTreeSet<String> = BTreeSet::new();
    for (place, cell) in row.cells.iter().enumerate() {
        let heading = says(&cell.value);
        if heading.is_empty() {
            continue;
        }
        let found = known.iter().find(|column| match column.holds {
            Holds::Record => ids.contains(&heading),
            _ => [&column.zh, &column.en, &column.id]
                .into_iter()
                .any(|own| folded(own) == heading),
        });
        match found {
            Some(column) if taken.insert(column.id.clone()) => columns.push((place, column.clone())),
            _ => unmapped.push(cell.value.to_text()),
        }
    }
    Some(Heading {
        at,
        columns,
        unmapped,
    })
}

impl Heading<'_> {
    /// The text of the cell of a column that holds no field.
    pub(super) fn text(&self, row: &Row, holds: &Holds<'_>) -> String {
        let place = self.columns.iter().find(|(_, column)| column.holds == *holds);
        place.map_or_else(String::new, |(at, _)| {
            row.cell(*at).value.to_text().trim().to_owned()
        })
    }

    /// The name of the cell of a row in the column of a key of a part of the record, as `B7`.
    pub(super) fn cell_of(&self, row: &Row, ledger: &Ledger, key: &str) -> String {
        let field = ledger
            .resolve(key)
            .map(|(field, _)| field)
            .or_else(|| ledger.field(key));
        let place = field.and_then(|field| {
            let of = |column: &Column<'_>| {
                column.ledger.id == ledger.id && column.field().is_some_and(|own| own.id == field.id)
            };
            self.columns.iter().find(|(_, column)| of(column))
        });
        place.map_or_else(String::new, |(at, _)| name_of(*at, row))
    }

    /// Whether there is a column of a ledger.
    pub(super) fn has(&self, ledger: &Ledger) -> bool {
        let mut columns = self.columns.iter();
        columns.any(|(_, column)| column.ledger.id == ledger.id && column.field().is_some())
    }
}

fn name_of(at: usize, row: &Row) -> String {
    format!("{}{}", letters(at), row.number)
}

/// What is wrong with a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CellFault {
    /// The cell, as `B7`.
    pub(super) cell: String,
    /// What to do.
    pub(super) reason: Reason,
}

/// Finds what a reference names, from what was typed.
pub(super) type Resolve<'r> = &'r dyn Fn(&Field, &str) -> Result<Option<String>, Problem>;

/// Reads the cells of one row.
pub(super) struct RowReader<'r> {
    pub(super) heading: &'r Heading<'r>,
    pub(super) row: &'r Row,
    /// Whether texts have apostrophes in front that are none of theirs.
    pub(super) guarded: bool,
    /// The year of days without one.
    pub(super) year: i16,
    pub(super) resolve: Resolve<'r>,
    /// Whether the record is here; then what the program filled in, and what stands once, stays.
    pub(super) known: bool,
}

impl RowReader<'_> {
    /// What the row says of one part of the record, on top of `base`.
    pub(super) fn read(&self, ledger: &Ledger, base: &Values, faults: &mut Vec<CellFault>) -> Values {
        let mut out = base.clone();
        let columns = self.heading.columns.iter();
        let own: Vec<&(usize, Column<'_>)> = columns
            .filter(|(_, column)| column.ledger.id == ledger.id)
            .collect();
        let mut sets: Vec<&Field> = Vec::new();
        for (at, column) in own.iter().copied() {
            let read = match column.holds {
                Holds::Record | Holds::Owner | Holds::Version => continue,
                Holds::One(field) => self.one(field, *at, &mut out),
                Holds::Set(field) => self.set(field, *at, base, &mut out),
                Holds::Members(of) | Holds::Part { of, .. } => {
                    if !sets.iter().any(|known| known.id == of.id) {
                        sets.push(of);
                    }
                    continue;
                }
            };
            if let Err(reason) = read {
                self.keep_or_tell(column, *at, base, &mut out, reason, faults);
            }
        }
        for of in sets {
            let parts: Vec<&(usize, Column<'_>)> = own
                .iter()
                .filter(|(_, column)| column.set().is_some_and(|set| set.id == of.id))
                .copied()
                .collect();
            let mut read = base.clone();
            match self.structs(ledger, of, &parts, base, &mut read) {
                Ok(()) => {
                    let prefix = format!("{}/", of.id);
                    out.retain(|key, _| !key.starts_with(&prefix));
                    out.extend(read.into_iter().filter(|(key, _)| key.starts_with(&prefix)));
                }
                Err((at, reason)) => faults.push(self.fault(at, reason)),
            }
        }
        if self.known {
            self.hold_fixed(ledger, base, &mut out, faults);
        }
        out
    }

    /// A cell that cannot be read and that nobody changed says what the record says.
    fn keep_or_tell(
        &self,
        column: &Column<'_>,
        at: usize,
        base: &Values,
        out: &mut Values,
        reason: Reason,
        faults: &mut Vec<CellFault>,
    ) {
        let text = normal(&self.row.cell(at).value.to_text());
        let as_it_was = [Words::Zh, Words::En].iter().any(|words| {
            let written = cells::cell(column, base, *words, &|_| None);
            matches!(&written, Written::Text(known) if *known == text || *known == unguard(&text))
        });
        let Some(field) = column.field().filter(|_| as_it_was) else {
            return faults.push(self.fault(at, reason));
        };
        let prefix = format!("{}/", field.id);
        let own = |key: &str| key == field.id || key.starts_with(&prefix);
        out.retain(|key, _| !own(key));
        out.extend(
            base.iter()
                .filter(|(key, _)| own(key))
                .map(|(key, value)| (key.clone(), value.clone())),
        );
    }

    fn fault(&self, at: usize, reason: Reason) -> CellFault {
        CellFault {
            cell: name_of(at, self.row),
            reason,
        }
    }

    fn one(&self, field: &Field, at: usize, out: &mut Values) -> Result<(), Reason> {
        let cell = self.cell(at);
        let kept = match (&cell, out.get(&field.id)) {
            // An apostrophe that came with a table of text and was kept by a workbook.
            (CellValue::Text(text), Some(Value::Text(known))) => unguard(text) == known,
            _ => false,
        };
        if kept {
            return Ok(());
        }
        match self.value(field, &cell)? {
            Some(value) => drop(out.insert(field.id.clone(), value)),
            None => drop(out.remove(&field.id)),
        }
        Ok(())
    }

    fn set(&self, field: &Field, at: usize, base: &Values, out: &mut Values) -> Result<(), Reason> {
        let prefix = format!("{}/", field.id);
        out.retain(|key, _| !key.starts_with(&prefix));
        for (n, line) in self.lines(at).iter().enumerate() {
            let Some(item) = lines::item(line) else { continue };
            let member = self.member(field, &item, n, base, out, &prefix)?;
            let value = self.text_value(field, &item.value)?;
            out.insert(format!("{prefix}{member}"), value);
        }
        Ok(())
    }

    /// The name of the member of a set that an item stands for.
    fn member(
        &self,
        field: &Field,
        item: &Item,
        n: usize,
        base: &Values,
        out: &Values,
        prefix: &str,
    ) -> Result<String, Reason> {
        if let Some(name) = &item.name {
            return self.named(field, name);
        }
        if is_map(field) {
            return Err(Reason::new(
                format!("请写明是哪一项的：[{}] {}", field.zh, item.value),
                format!("say of what this is: [{}] {}", field.en, item.value),
            ));
        }
        let value = self.text_value(field, &item.value)?;
        let known = base.iter().find(|(key, known)| {
            key.strip_prefix(prefix).is_some_and(|member| !member.is_empty())
                && **known == value
                && !out.contains_key(*key)
        });
        if let Some((key, _)) = known {
            return Ok(key[prefix.len()..].to_owned());
        }
        if is_listed(field) {
            let last = out.keys().filter_map(|key| key.strip_prefix(prefix)).max();
            return Ok(fresh(last, n, &item.value));
        }
        Ok(member_of(field, &value, n))
    }

    /// The name of a member from how it is written.
    fn named(&self, of: &Field, written: &str) -> Result<String, Reason> {
        let name = match key_field(of).filter(|_| !of.many) {
            Some(field) if matches!(field.kind, FieldKind::Enum | FieldKind::Ref { .. }) => {
                match self.text_value(&field, written)? {
                    Value::Text(name) => name,
                    _ => written.to_owned(),
                }
            }
            _ => written.trim().to_owned(),
        };
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        let allowed = of.many || of.keys.as_ref().is_none_or(|keys| keys.allow(&name));
        match (1..=MEMBER_MAX).contains(&name.len()) && name.chars().all(plain) && allowed {
            true => Ok(name),
            false => Err(Reason::new(
                format!("“{written}”不是这里可用的名称"),
                format!("{written:?} is no name that can stand here"),
            )),
        }
    }

    /// Reads a set of structs from its columns, line by line.
    fn structs(
        &self,
        ledger: &Ledger,
        of: &Field,
        parts: &[&(usize, Column<'_>)],
        base: &Values,
        out: &mut Values,
    ) -> Result<(), (usize, Reason)> {
        let all: Vec<(usize, &Column<'_>, Vec<String>)> = parts
            .iter()
            .map(|(at, column)| (*at, column, self.lines(*at)))
            .collect();
        let names = all
            .iter()
            .find(|(_, column, _)| matches!(column.holds, Holds::Members(_)));
        let before = cells::members(ledger, of, base);
        let count = all
            .iter()
            .map(|(_, _, lines)| lines.len())
            .max()
            .unwrap_or_default();
        let prefix = format!("{}/", of.id);
        // What there is no column for stays with its member.
        let has_column = |key: &str| {
            ledger.resolve(key).is_some_and(|(field, _)| {
                all.iter()
                    .any(|(_, column, _)| column.field().is_some_and(|own| own.id == field.id))
            })
        };
        out.retain(|key, _| !key.starts_with(&prefix) || !has_column(key));
        let mut there: BTreeSet<String> = BTreeSet::new();
        for n in 0..count {
            let line = |lines: &Vec<String>| lines.get(n).cloned().unwrap_or_default();
            let filled: Vec<String> = all
                .iter()
                .filter(|(_, column, _)| matches!(column.holds, Holds::Part { .. }))
                .map(|(_, _, lines)| line(lines))
                .collect();
            let name = names
                .map(|(at, _, lines)| (*at, line(lines)))
                .filter(|(_, name)| !name.trim().is_empty());
            let at = name
                .as_ref()
                .map_or_else(|| all.first().map_or(0, |(at, ..)| *at), |(at, _)| *at);
            let member = match (name, names) {
                (Some((at, name)), _) => self.named(of, &name).map_err(|reason| (at, reason))?,
                (None, None) if n < before.len() => before[n].clone(),
                (None, _) if filled.iter().all(|line| line.trim().is_empty()) => continue,
                (None, _) if of.keys.as_ref().is_some_and(|keys| *keys != Keys::Order) => {
                    let reason = Reason::new(
                        format!("请在“{}”一列写明这一行是哪一项的", of.zh),
                        format!("name in the column “{}” what this line is about", of.en),
                    );
                    return Err((at, reason));
                }
                (None, _) => fresh(
                    there.last().or(before.last()).map(String::as_str),
                    n,
                    &filled.join("\t"),
                ),
            };
            if !there.insert(member.clone()) {
                let reason = Reason::new("同一项写了两行", "two lines are about the same");
                return Err((at, reason));
            }
            for (at, column, lines) in &all {
                if let Holds::Part { field, .. } = column.holds {
                    self.part(field, &member, &line(lines), base, out)
                        .map_err(|reason| (*at, reason))?;
                }
            }
        }
        out.retain(|key, _| {
            let member = key.strip_prefix(&prefix).and_then(|rest| rest.split('/').next());
            member.is_none_or(|member| there.contains(member))
        });
        Ok(())
    }

    fn part(
        &self,
        field: &Field,
        member: &str,
        line: &str,
        base: &Values,
        out: &mut Values,
    ) -> Result<(), Reason> {
        let key = field.key(Some(member));
        if !field.many {
            if let Some(item) = lines::item(line) {
                let whole = match item.name {
                    // A text in brackets is a text here.
                    Some(name) => format!("[{name}] {}", item.value),
                    None => item.value,
                };
                out.insert(key, self.text_value(field, &whole)?);
            }
            return Ok(());
        }
        let prefix = format!("{key}/");
        for (n, item) in lines::items(line).iter().enumerate() {
            let part = self.member(field, item, n, base, out, &prefix)?;
            let value = self.text_value(field, &item.value)?;
            out.insert(format!("{prefix}{part}"), value);
        }
        Ok(())
    }

    fn lines(&self, at: usize) -> Vec<String> {
        let text = self.cell(at).to_text();
        text.split('\n').map(str::to_owned).collect()
    }

    fn cell(&self, at: usize) -> CellValue {
        match &self.row.cell(at).value {
            CellValue::Text(text) if self.guarded => CellValue::Text(unguard(&normal(text)).to_owned()),
            CellValue::Text(text) => CellValue::Text(normal(text)),
            other => other.clone(),
        }
    }

    fn text_value(&self, field: &Field, text: &str) -> Result<Value, Reason> {
        let value = self.value(field, &CellValue::Text(text.to_owned()))?;
        value.ok_or_else(|| Reason::of(&Problem::Empty))
    }

    /// The value that a cell states: as it was exported, else as clerks write it.
    fn value(&self, field: &Field, cell: &CellValue) -> Result<Option<Value>, Reason> {
        if cell.is_empty() {
            return Ok(None);
        }
        let fitting = |value: Value| field.check(&value).is_ok().then_some(value);
        let exact = match (&field.kind, cell) {
            (FieldKind::Str | FieldKind::Text, CellValue::Text(text)) => fitting(text.as_str().into()),
            (FieldKind::Ref { .. }, _) => return self.reference(field, &cell.to_text()),
            (FieldKind::Enum, CellValue::Text(text)) => {
                let same = |own: &str| own == text.trim();
                let mut options = field.options.iter();
                options
                    .find(|choice| {
                        [&choice.zh, &choice.en, &choice.id]
                            .into_iter()
                            .any(|own| same(own))
                    })
                    .map(|choice| choice.id.as_str().into())
            }
            (FieldKind::Bool, _) => None,
            (FieldKind::Data | FieldKind::Blob, CellValue::Text(text)) => {
                return bytes(text.trim())
                    .and_then(|bytes| fitting(Value::Bytes(bytes)))
                    .map(Some)
                    .ok_or_else(|| Reason::of(&Problem::Type("hexadecimal digits")));
            }
            (FieldKind::Date, CellValue::Date(at)) => fitting(Value::Text(at.date().to_string())),
            (FieldKind::Ts, CellValue::Date(at)) => {
                fitting(Value::Text(format!("{}+08:00", at.strftime("%Y-%m-%dT%H:%M:%S"))))
            }
            (FieldKind::Int { .. }, CellValue::Int(number)) => fitting(Value::Int(*number)),
            (_, CellValue::Text(text)) => value_of(field, text).ok().flatten(),
            (FieldKind::Code | FieldKind::Month | FieldKind::Week, _) => {
                value_of(field, &cell.to_text()).ok().flatten()
            }
            _ => None,
        };
        if exact.is_some() {
            return Ok(exact);
        }
        if matches!(field.kind, FieldKind::Geo | FieldKind::Rid) {
            let problem = value_of(field, &cell.to_text()).err().unwrap_or(Problem::Geo);
            return Err(Reason::of(&problem));
        }
        // A set's cell was split already: here stands one value.
        let alone = Field {
            set: false,
            ..field.clone()
        };
        let mut readings = read_value(&alone, cell, self.year)?.into_iter();
        match readings.next() {
            Some(reading) if reading.rest.is_none() => Ok(Some(reading.value)),
            Some(_) => Err(Reason::of(&field.choices())),
            None => Ok(None),
        }
    }

    /// A record by its title and its id, by its id alone, or by what it is called.
    fn reference(&self, field: &Field, text: &str) -> Result<Option<Value>, Reason> {
        let text = text.trim();
        let id = text.rsplit_once('#').map_or(text, |(_, id)| id);
        let found = match RecordId::parse(id) {
            Some(_) => Some(id.to_owned()),
            None => (self.resolve)(field, text).map_err(|problem| Reason::of(&problem))?,
        };
        Ok(found.map(Value::Text))
    }

    /// What the program fills in, what came as a file and what stands once does not change in a table.
    fn hold_fixed(&self, ledger: &Ledger, base: &Values, out: &mut Values, faults: &mut Vec<CellFault>) {
        let keys: BTreeSet<String> = base.keys().chain(out.keys()).cloned().collect();
        for key in keys {
            if base.get(&key) == out.get(&key) {
                continue;
            }
            let Some((field, _)) = ledger.resolve(&key) else {
                continue;
            };
            let reason = if field.kind == FieldKind::Blob {
                Reason::new(
                    "附件请在记录页面上增减，这一格请保持原样",
                    "files are added and taken out on the record's page; leave this cell as it was",
                )
            } else if !is_typed(field) {
                Reason::new(
                    "这一格由程序填写，请保持原样",
                    "the program fills this in; leave it as it was",
                )
            } else if base.contains_key(&key) && is_fixed(ledger, &key) {
                Reason::new(
                    "这一项写下后不再改，请保持原样",
                    "this stands as it was first written; leave it as it was",
                )
            } else {
                continue;
            };
            let cell = self.heading.cell_of(self.row, ledger, &key);
            if !faults.iter().any(|fault| fault.cell == cell) {
                faults.push(CellFault { cell, reason });
            }
        }
    }
}

/// A name for a member that has none, behind the last one: the same whenever the same table is read again.
fn fresh(last: Option<&str>, n: usize, content: &str) -> String {
    let tail = hex(&Hash::of("lianzhan/member/v1", &[content.as_bytes()]).0[..4]);
    let own = format!("{n:03x}{tail}");
    match last {
        Some(last) if last.len() + 1 + own.len() <= MEMBER_MAX => format!("{last}-{own}"),
        Some(_) => format!("z{own}"),
        None => own,
    }
}

/// Line ends as records have them, whatever a spreadsheet wrote.
pub(super) fn normal(text: &str) -> String {
    match text.contains('\r') {
        true => text.replace("\r\n", "\n").replace('\r', "\n"),
        false => text.to_owned(),
    }
}

/// The bytes that hexadecimal digits stand for.
pub(super) fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    let digit = |c: u8| {
        char::from(c)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    digits
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        })
        .collect()
}
