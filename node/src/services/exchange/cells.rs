//! The values of a record as the cells of its row.

use std::collections::BTreeMap;

use lianzhan_protocol::record::Value;
use lianzhan_protocol::record::ledger::{Field, FieldKind, Keys, Ledger};

use super::Words;
use super::columns::{Column, Holds};
use super::lines::{self, Item};
use crate::export::Cell;
use crate::services::ledger::{Values, key_field, member_of, shown};

/// Says what a record or an org is called, by its id.
pub(super) type Titles<'t> = &'t dyn Fn(&str) -> Option<String>;

/// The cell of a column that holds fields; of others it is empty.
pub(super) fn cell(column: &Column<'_>, values: &Values, words: Words, titles: Titles<'_>) -> Cell {
    match column.holds {
        Holds::Record | Holds::Owner | Holds::Version => Cell::Empty,
        Holds::One(field) => values
            .get(&field.id)
            .map_or(Cell::Empty, |value| one(field, value, words, titles)),
        Holds::Set(field) => text(
            in_set(values, &field.id)
                .map(|(member, value)| lines::line(&item(field, member, value, words, titles)))
                .collect(),
        ),
        Holds::Members(of) => text(
            members(column.ledger, of, values)
                .iter()
                .map(|member| name(of, member, words, titles))
                .collect(),
        ),
        Holds::Part { of, field } => text(
            members(column.ledger, of, values)
                .iter()
                .map(|member| part(field, member, values, words, titles))
                .collect(),
        ),
    }
}

fn text(lines: Vec<String>) -> Cell {
    match lines.iter().all(String::is_empty) {
        true => Cell::Empty,
        false => Cell::Text(lines.join("\n")),
    }
}

fn one(field: &Field, value: &Value, words: Words, titles: Titles<'_>) -> Cell {
    let typed = match (&field.kind, value) {
        (FieldKind::Int { .. }, Value::Int(number)) => Some(Cell::Int(*number)),
        (FieldKind::Dec { scale }, Value::Int(units)) => Some(Cell::Dec {
            units: *units,
            scale: *scale,
        }),
        (FieldKind::Date, Value::Text(day)) => day.parse().ok().map(Cell::Date),
        (FieldKind::Ts, Value::Text(at)) => at
            .strip_suffix("+08:00")
            .and_then(|at| at.parse().ok())
            .map(Cell::Time),
        _ => None,
    };
    typed.unwrap_or_else(|| match said(field, value, words, titles) {
        text if text.is_empty() => Cell::Empty,
        text => Cell::Text(text),
    })
}

/// A value as words, from which it is read again.
pub(super) fn said(field: &Field, value: &Value, words: Words, titles: Titles<'_>) -> String {
    match (&field.kind, value) {
        (FieldKind::Enum, Value::Text(id)) => option(field, id, words),
        (FieldKind::Bool, Value::Bool(yes)) => match (words, yes) {
            (Words::Zh, true) => "是",
            (Words::Zh, false) => "否",
            (Words::En, true) => "yes",
            (Words::En, false) => "no",
        }
        .to_owned(),
        (FieldKind::Ref { .. }, Value::Text(id)) => named(id, titles),
        (FieldKind::Ts, _) => shown(field, value).replace('T', " "),
        _ => shown(field, value),
    }
}

/// The label of an option, where no other has it.
fn option(field: &Field, id: &str, words: Words) -> String {
    let label = |choice: &lianzhan_protocol::record::ledger::Choice| match words {
        Words::Zh => choice.zh.clone(),
        Words::En => choice.en.clone(),
    };
    let Some(choice) = field.choice(id) else {
        return id.to_owned();
    };
    let own = label(choice);
    let shared = field
        .options
        .iter()
        .any(|other| other.id != id && [&other.zh, &other.en, &other.id].contains(&&own));
    if shared { id.to_owned() } else { own }
}

/// A record by its title and its id.
fn named(id: &str, titles: Titles<'_>) -> String {
    match titles(id).filter(|title| !title.is_empty()) {
        Some(title) => format!("{title} #{id}"),
        None => id.to_owned(),
    }
}

/// The members of a set that have a value of their own, in order.
pub(super) fn in_set<'v>(values: &'v Values, head: &str) -> impl Iterator<Item = (&'v str, &'v Value)> {
    let prefix = format!("{head}/");
    values.range(prefix.clone()..).map_while(move |(key, value)| {
        let member = key.strip_prefix(&prefix)?;
        Some((member, value))
    })
}

/// A value of a set, with the name of its member where that does not follow from the value.
fn item(field: &Field, member: &str, value: &Value, words: Words, titles: Titles<'_>) -> Item {
    let follows = !is_listed(field) && !is_map(field) && member_of(field, value, 0) == member;
    Item {
        name: (!follows).then(|| name(field, member, words, titles)),
        value: said(field, value, words, titles),
    }
}

/// Whether the members of a set stand in an order that their names say.
pub(super) fn is_listed(field: &Field) -> bool {
    field.keys == Some(Keys::Order) && !field.many
}

/// Whether the members of a set are named by what they are about.
pub(super) fn is_map(field: &Field) -> bool {
    !field.many && field.keys.as_ref().is_some_and(|keys| *keys != Keys::Order)
}

/// The name of a member as words.
fn name(of: &Field, member: &str, words: Words, titles: Titles<'_>) -> String {
    match key_field(of).filter(|_| !of.many) {
        Some(field) if matches!(field.kind, FieldKind::Enum | FieldKind::Ref { .. }) => {
            said(&field, &Value::Text(member.to_owned()), words, titles)
        }
        _ => member.to_owned(),
    }
}

/// The members of a set of structs, in order.
pub(super) fn members(ledger: &Ledger, of: &Field, values: &Values) -> Vec<String> {
    let mut all: BTreeMap<String, ()> = BTreeMap::new();
    for (rest, _) in in_set(values, &of.id) {
        let member = rest.split('/').next().unwrap_or_default();
        let key = format!("{}/{rest}", of.id);
        if ledger
            .place(&key)
            .is_some_and(|place| place.member == Some(member))
        {
            all.insert(member.to_owned(), ());
        }
    }
    all.into_keys().collect()
}

fn part(field: &Field, member: &str, values: &Values, words: Words, titles: Titles<'_>) -> String {
    let key = field.key(Some(member));
    if field.many {
        let items: Vec<Item> = in_set(values, &key)
            .map(|(part, value)| Item {
                name: (member_of(field, value, 0) != part).then(|| part.to_owned()),
                value: said(field, value, words, titles),
            })
            .collect();
        return lines::bars(&items);
    }
    let value = values.get(&key).map(|value| said(field, value, words, titles));
    value.map_or_else(String::new, |value| lines::line(&Item { name: None, value }))
}
