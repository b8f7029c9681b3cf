//! The columns of a ledger's table: one for each value of a record, one for each set, and of a set of structs one for its
//! members and one for each of their parts, whose lines stand beside each other. Each has one heading in each language
//! that no other column has.

use std::collections::BTreeMap;

use lianzhan_protocol::record::ledger::{Field, FieldKind, Ledger};

use super::Words;
use crate::export::{self, Width};
use crate::services::ledger::annexes_of;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds<'l> {
    /// The record's id.
    Record,
    /// The org that it belongs to, for people to read.
    Owner,
    /// The heads of the record as it was exported.
    Version,
    /// One value.
    One(&'l Field),
    /// A set of values, or a map: a line each.
    Set(&'l Field),
    /// The names of the members of a set of structs: a line each.
    Members(&'l Field),
    /// A part of the members of a set of structs: a line for each member.
    Part {
        /// The set.
        of: &'l Field,
        /// The part.
        field: &'l Field,
    },
}

/// A column of a table.
#[derive(Debug, Clone)]
pub(super) struct Column<'l> {
    /// Its name for programs: the field's id, behind the annex's where it is personal.
    pub(super) id: String,
    /// Its heading in Chinese.
    pub(super) zh: String,
    /// Its heading in English.
    pub(super) en: String,
    /// The ledger whose field it holds.
    pub(super) ledger: &'l Ledger,
    /// What it holds.
    pub(super) holds: Holds<'l>,
}

/// The heading of the column of ids, the same in both languages: by it a table that came from here is known, and by its
/// letters in which encoding.
pub(super) const RECORD: &str = "记录编号 Record ID";

/// The columns of a ledger and of these annexes, in the order of the definitions. Headings are the same whichever annexes
/// are asked for.
pub(super) fn columns<'l>(ledger: &'l Ledger, annexes: &[&'l Ledger]) -> Vec<Column<'l>> {
    let wanted = |column: &Column<'_>| {
        column.ledger.id == ledger.id || annexes.iter().any(|annex| annex.id == column.ledger.id)
    };
    all_columns(ledger).into_iter().filter(wanted).collect()
}

fn all_columns(ledger: &Ledger) -> Vec<Column<'_>> {
    let own = |id: &str, zh: &str, en: &str, holds| Column {
        id: id.to_owned(),
        zh: zh.to_owned(),
        en: en.to_owned(),
        ledger,
        holds,
    };
    let mut all = vec![
        own("@record", RECORD, RECORD, Holds::Record),
        own("@owner", "所属单位", "Owner", Holds::Owner),
    ];
    let annexes = annexes_of(ledger).map(|annex| annex as &Ledger);
    for of in std::iter::once(ledger).chain(annexes) {
        for field in of.fields.iter().filter(|field| field.id != OF) {
            all.extend(column(of, field).map(|column| Column {
                id: match of.id == ledger.id {
                    true => column.id,
                    false => format!("{}:{}", of.id, column.id),
                },
                ..column
            }));
        }
    }
    all.push(own("@version", "版本", "Version", Holds::Version));
    part_equals(&mut all);
    all
}

/// The field of an annex that names its record: the program fills it in.
const OF: &str = "of";

fn column<'l>(ledger: &'l Ledger, field: &'l Field) -> Option<Column<'l>> {
    let of = field.parent().and_then(|id| ledger.field(id));
    let of = of.filter(|of| of.kind == FieldKind::Struct);
    let holds = match (of, &field.kind) {
        (_, FieldKind::Struct) if field.set => Holds::Members(field),
        (_, FieldKind::Struct) => return None,
        (Some(of), _) if of.set => Holds::Part { of, field },
        _ if field.set || field.many => Holds::Set(field),
        _ => Holds::One(field),
    };
    // Most labels of parts say already of what.
    let label = |own: &str, of: Option<&str>| match of {
        Some(of) if !own.starts_with(of) => format!("{of}·{own}"),
        _ => own.to_owned(),
    };
    Some(Column {
        id: field.id.clone(),
        zh: label(&field.zh, of.map(|of| of.zh.as_str())),
        en: label(&field.en, of.map(|of| of.en.as_str())),
        ledger,
        holds,
    })
}

/// Puts its id behind every heading that two columns have.
fn part_equals(all: &mut [Column<'_>]) {
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for column in all.iter() {
        // One that has the same heading in both languages is still one.
        let mut own = vec![folded(&column.zh), folded(&column.en), folded(&column.id)];
        own.sort_unstable();
        own.dedup();
        for heading in own {
            *count.entry(heading).or_default() += 1;
        }
    }
    let shared = |heading: &str| count.get(&folded(heading)).is_some_and(|n| *n > 1);
    for column in all {
        if shared(&column.zh) {
            column.zh = format!("{}（{}）", column.zh, column.id);
        }
        if shared(&column.en) {
            column.en = format!("{} ({})", column.en, column.id);
        }
    }
}

/// How headings are compared: whatever spaces and capitals somebody gave them.
pub(super) fn folded(heading: &str) -> String {
    heading
        .chars()
        .filter(|c| !c.is_whitespace())
        .flat_map(char::to_lowercase)
        .collect()
}

impl<'l> Column<'l> {
    /// The heading in a language.
    pub(super) fn heading(&self, words: Words) -> &str {
        match words {
            Words::Zh => &self.zh,
            Words::En => &self.en,
        }
    }

    /// The field that it is about.
    pub(super) fn field(&self) -> Option<&'l Field> {
        match self.holds {
            Holds::Record | Holds::Owner | Holds::Version => None,
            Holds::One(field) | Holds::Set(field) | Holds::Members(field) | Holds::Part { field, .. } => {
                Some(field)
            }
        }
    }

    /// The set of structs whose lines it shares with others.
    pub(super) fn set(&self) -> Option<&'l Field> {
        match self.holds {
            Holds::Members(of) | Holds::Part { of, .. } => Some(of),
            _ => None,
        }
    }

    /// How it is laid out.
    pub(super) fn layout(&self, words: Words) -> export::Column {
        let one = match self.holds {
            Holds::One(field) => Some(&field.kind),
            _ => None,
        };
        let number = matches!(one, Some(FieldKind::Int { .. } | FieldKind::Dec { .. }));
        let day = matches!(one, Some(FieldKind::Date | FieldKind::Ts));
        let width = match (self.field().map(|field| &field.kind), self.holds) {
            (Some(FieldKind::Text), _) => Width::Wide,
            (_, Holds::Set(_)) => Width::Line,
            (Some(FieldKind::Str | FieldKind::Ref { .. } | FieldKind::Ts), _) => Width::Line,
            _ => Width::Narrow,
        };
        export::Column {
            heading: self.heading(words).to_owned(),
            width,
            text: !number && !day,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use lianzhan_protocol::record::ledger::ledgers;

    use super::*;
    use crate::services::ledger::is_annex;

    #[test]
    fn every_heading_names_one_column_and_every_field_has_one() {
        for ledger in ledgers().iter().filter(|ledger| !is_annex(&ledger.id)) {
            let annexes: Vec<&Ledger> = annexes_of(ledger).collect();
            let all = columns(ledger, &annexes);
            let mut known: BTreeSet<String> = BTreeSet::new();
            for column in &all {
                let own: BTreeSet<String> = [&column.zh, &column.en, &column.id]
                    .map(|heading| folded(heading))
                    .into();
                for heading in own {
                    assert!(known.insert(heading.clone()), "{}: {heading} twice", ledger.id);
                }
            }
            for of in std::iter::once(ledger).chain(annexes) {
                for field in of.fields.iter().filter(|field| field.id != OF) {
                    let there = all.iter().any(|column| {
                        column.ledger.id == of.id && column.field().is_some_and(|known| known.id == field.id)
                    });
                    let bare = field.kind == FieldKind::Struct && !field.set;
                    assert_eq!(there, !bare, "{}: {}", of.id, field.id);
                }
            }
        }
    }
}
