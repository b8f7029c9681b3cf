//! What must hold between the fields of a record, brought about: who fills a form in by chance keeps no rule by chance.

use std::collections::{BTreeMap, BTreeSet};

use lianzhan_node::services::ledger::Values;
use lianzhan_protocol::record::Value;
use lianzhan_protocol::record::ledger::{Field, FieldKind, Ledger, Rule};

use crate::dice::Dice;

/// How far up the orders of a ledger each field stands: of what is compared, the lesser one has the lower rank. Dates that
/// nothing compares follow each other as they stand in the form.
pub(super) fn ranks(ledger: &Ledger) -> BTreeMap<&str, u32> {
    let mut ranks: BTreeMap<&str, u32> = BTreeMap::new();
    let dates = ledger.fields.iter().filter(|field| field.kind == FieldKind::Date);
    for (n, field) in (0..).zip(dates) {
        ranks.insert(&field.id, n);
    }
    // Each round settles at least one field for good.
    for _ in 0..ledger.rules.len() {
        for rule in &ledger.rules {
            let Rule::Order { least, most } = rule else {
                continue;
            };
            let low = *ranks.entry(least).or_default();
            let high = ranks.entry(most).or_default();
            *high = (*high).max(low + 1);
        }
    }
    ranks
}

/// Mends what rules say of values that were typed.
pub(super) fn keep(ledger: &Ledger, values: &mut Values, dice: &mut Dice) {
    for rule in &ledger.rules {
        match rule {
            Rule::Sum { of, is } => sum(ledger, of, is, values, dice),
            Rule::Is { field, value } => is(ledger, field, value, values),
            Rule::Exactly { field, when } => {
                let (Some(field), Some(asked)) = (ledger.field(field), ledger.field(&when.field)) else {
                    continue;
                };
                for member in members(field, values) {
                    let said = values.get(&asked.key(member.as_deref()));
                    let holds = said
                        .and_then(Value::as_text)
                        .is_some_and(|text| when.is.iter().any(|is| is == text));
                    if !holds {
                        values.remove(&field.key(member.as_deref()));
                    }
                }
            }
            _ => {}
        }
    }
    for _ in 0..ledger.rules.len() {
        for rule in &ledger.rules {
            if let Rule::Order { least, most } = rule {
                order(ledger, least, most, values);
            }
        }
    }
}

/// The members of the set of structs that a field is a part of; one without a name where it is of none.
fn members(field: &Field, values: &Values) -> Vec<Option<String>> {
    let Some(head) = field.parent().filter(|_| field.set) else {
        return vec![None];
    };
    let prefix = format!("{head}/");
    let names: BTreeSet<&str> = values
        .keys()
        .filter_map(|key| key.strip_prefix(&prefix)?.split('/').next())
        .collect();
    names.into_iter().map(|name| Some(name.to_owned())).collect()
}

fn number(values: &Values, key: &str) -> Option<i64> {
    match values.get(key) {
        Some(Value::Int(number)) => Some(*number),
        _ => None,
    }
}

/// Parts beside their sum make it; parts in a set share it out.
fn sum(ledger: &Ledger, of: &[String], is: &str, values: &mut Values, dice: &mut Dice) {
    let parts: Vec<&Field> = of.iter().filter_map(|id| ledger.field(id)).collect();
    let Some(first) = parts.first().filter(|_| parts.len() == of.len()) else {
        return;
    };
    if !first.set {
        let all = parts.iter().filter_map(|part| number(values, &part.id)).sum();
        values.insert(is.to_owned(), Value::Int(all));
        return;
    }
    let Some(all) = number(values, is) else { return };
    for member in members(first, values) {
        let mut left = all;
        for (n, part) in parts.iter().enumerate() {
            let share = match n + 1 == parts.len() {
                true => left,
                false => i64::try_from(dice.below(usize::try_from(left).unwrap_or(0) + 1)).unwrap_or(0),
            };
            left -= share;
            values.insert(part.key(member.as_deref()), Value::Int(share));
        }
    }
}

fn is(ledger: &Ledger, field: &str, value: &str, values: &mut Values) {
    let wanted = match ledger.field(field).map(|field| &field.kind) {
        Some(FieldKind::Bool) => Value::Bool(value == "true"),
        _ => Value::Text(value.to_owned()),
    };
    if values.contains_key(field) {
        values.insert(field.to_owned(), wanted);
    }
}

/// A number that is too great is lowered in a set, and what it exceeds is raised elsewhere: sums stay what they are.
fn order(ledger: &Ledger, least: &str, most: &str, values: &mut Values) {
    let (Some(low), Some(high)) = (ledger.field(least), ledger.field(most)) else {
        return;
    };
    let scale = |field: &Field| match field.kind {
        FieldKind::Dec { scale } => 10_i64.pow(scale.into()),
        _ => 1,
    };
    for member in members(low, values) {
        let low_key = low.key(member.as_deref());
        let high_key = high.key(member.as_deref().filter(|_| high.set));
        let (Some(a), Some(b)) = (number(values, &low_key), number(values, &high_key)) else {
            continue;
        };
        if a * scale(high) <= b * scale(low) {
            continue;
        }
        if low.set {
            values.insert(low_key, Value::Int(b * scale(low) / scale(high)));
        } else {
            values.insert(high_key, Value::Int(a * scale(high) / scale(low)));
        }
    }
}
