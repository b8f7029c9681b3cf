//! The list of a ledger as its definition has it: which columns, which filters, in what order.

use lianzhan_protocol::id::OrgId;
use lianzhan_protocol::record::Confirmation;
use lianzhan_protocol::record::ledger::{Field, FieldKind, Ledger};

use super::FieldFault;
use super::typed::{Part, value_of};
use crate::services::{Node, RowFilter, ServiceError};
use crate::store::{Condition, Order, RecordRow};
use crate::views::{self, column};

/// Columns that a list shows by itself, beside title and date.
const PLAIN: usize = 4;
/// Fewest of them, if there are so many fields.
const PLAIN_MIN: usize = 3;
/// Words in ids of fields that tell where a matter stands.
const STANDS: [&str; 6] = ["status", "state", "triage", "result", "outcome", "stage"];

/// The fields that a list can show, in the order of the definition: no files, and not what stands before them anyway.
pub fn columns(ledger: &Ledger) -> Vec<&Field> {
    let first = [views::title_field(ledger), views::happened_field(ledger)];
    ledger
        .fields
        .iter()
        .filter(|field| !matches!(field.kind, FieldKind::Blob | FieldKind::Struct | FieldKind::Data))
        .filter(|field| !first.iter().flatten().any(|shown| shown.id == field.id))
        .collect()
}

/// The columns that a list shows by itself: where a matter stands, then choices and references that ask to be filled, then
/// whatever is short.
pub fn plain_columns(ledger: &Ledger) -> Vec<&Field> {
    let short = |field: &&Field| !field.auto && !matches!(field.kind, FieldKind::Text);
    let all: Vec<&Field> = columns(ledger).into_iter().filter(short).collect();
    let chosen = |field: &&&Field| {
        matches!(field.kind, FieldKind::Enum | FieldKind::Ref { .. })
            && !(field.set && field.parent().is_some())
    };
    let stands = |field: &Field| STANDS.iter().any(|word| field.id.contains(word));
    let rank = |field: &Field| (!stands(field), field.required as u8);
    let mut picked: Vec<&Field> = all.iter().filter(chosen).copied().collect();
    picked.sort_by_key(|field| rank(field));
    picked.truncate(PLAIN);
    let rest = all
        .iter()
        .filter(|field| !picked.iter().any(|known| known.id == field.id));
    let missing = PLAIN_MIN.saturating_sub(picked.len());
    let rest: Vec<&Field> = rest
        .filter(|field| !field.set && !field.many)
        .take(missing)
        .copied()
        .collect();
    picked.extend(rest);
    // As they stand in the definition.
    let place = |field: &&Field| all.iter().position(|known| known.id == field.id);
    picked.sort_by_key(place);
    picked
}

/// What is asked of a list, as it stands in an address: pairs of names and texts. `f.FIELD` is a value, `f.FIELD.from` and
/// `f.FIELD.to` are bounds, `-` a field that is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    pairs: Vec<(String, String)>,
}

impl Asked {
    /// What stands in an address. Empty ones are left out.
    pub fn new(pairs: Vec<(String, String)>) -> Self {
        let filled = pairs.into_iter().filter(|(_, text)| !text.trim().is_empty());
        Asked {
            pairs: filled.collect(),
        }
    }

    /// What was asked under a name; empty if nothing.
    pub fn get(&self, name: &str) -> &str {
        let found = self.pairs.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, text)| text.trim())
    }

    /// All of it but what is named, for an address that goes on from here.
    pub fn without<'a>(&'a self, names: &'a [&'a str]) -> impl Iterator<Item = (&'a str, &'a str)> {
        let left = self
            .pairs
            .iter()
            .filter(|(name, _)| !names.contains(&name.as_str()));
        left.map(|(name, text)| (name.as_str(), text.trim()))
    }

    /// Whether anything narrows the list.
    pub fn narrows(&self) -> bool {
        let rest = ["sort", "all", "page", "size"];
        self.without(&rest).next().is_some()
    }

    /// The filter of a ledger that this asks for.
    pub fn filter(&self, node: &Node, ledger: &Ledger) -> Result<RowFilter, ServiceError> {
        let mut filter = RowFilter {
            owners: self.owners(node)?,
            matches: views::query_expression(self.get("q")),
            incomplete: self.get("missing") == "1",
            confirmed: self.confirmed(),
            split: self.get("split") == "1",
            since: day(self.get("since")),
            until: day(self.get("until")),
            order: self.order(ledger),
            glance: true,
            ..RowFilter::default()
        };
        let mut faults = Vec::new();
        for (name, text) in &self.pairs {
            let Some(asked) = name.strip_prefix("f.") else {
                continue;
            };
            let (id, bound) = match asked.rsplit_once('.') {
                Some((id, bound)) => (id, bound),
                None => (asked, ""),
            };
            let Some(field) = ledger.field(id) else {
                return Err(ServiceError::Field {
                    field: id.to_owned(),
                    words: format!("the ledger {} has no such field", ledger.id),
                });
            };
            match condition(node, field, bound, text) {
                Ok(Some(condition)) => filter.conditions.push(node.widened(field, condition)?),
                Ok(None) => {}
                Err(problem) => faults.push(FieldFault::of(Part::Main, id, field, &problem)),
            }
        }
        if faults.is_empty() {
            Ok(filter)
        } else {
            Err(ServiceError::Fields(faults))
        }
    }

    /// Whose records are asked for: an org's, by its id or its division code.
    fn owners(&self, node: &Node) -> Result<Vec<OrgId>, ServiceError> {
        match self.get("owner") {
            "" => Ok(Vec::new()),
            text => {
                let org = OrgId::parse(text).map_or_else(|| node.org_named(text), Ok)?;
                Ok(node.owners(&org))
            }
        }
    }

    /// How what is asked for stands as to confirmations, if that is asked.
    fn confirmed(&self) -> Option<Confirmation> {
        let mut all = [
            Confirmation::None,
            Confirmation::Current,
            Confirmation::Recorded,
            Confirmation::Changed,
        ]
        .into_iter();
        all.find(|standing| confirmed_id(*standing) == self.get("confirmed"))
    }

    fn order(&self, ledger: &Ledger) -> Order {
        let (name, down) = match self.get("sort") {
            "" | "newest" => return Order::Newest,
            "oldest" => return Order::Oldest,
            "changed" => return Order::Changed,
            "title" => return Order::Title,
            other => other
                .strip_prefix('-')
                .map_or((other, false), |name| (name, true)),
        };
        // A set has no order of its own.
        match ledger.field(name).filter(|field| !field.set && !field.many) {
            Some(field) => Order::Column {
                name: column(&field.id),
                down,
            },
            None => Order::Newest,
        }
    }
}

/// How a record stands as to confirmations, as addresses and programs write it.
pub fn confirmed_id(standing: Confirmation) -> &'static str {
    match standing {
        Confirmation::None => "no",
        Confirmation::Current => "yes",
        Confirmation::Recorded => "recorded",
        Confirmation::Changed => "changed",
    }
}

fn day(text: &str) -> Option<String> {
    lianzhan_protocol::record::ledger::is_date(text).then(|| text.to_owned())
}

fn condition(
    node: &Node,
    field: &Field,
    bound: &str,
    text: &str,
) -> Result<Option<Condition>, lianzhan_protocol::record::ledger::Problem> {
    let column = column(&field.id);
    if text.trim() == "-" {
        return Ok(Some(Condition::Empty(column)));
    }
    let bounds = matches!(field.kind, FieldKind::Date | FieldKind::Ts) && !bound.is_empty();
    let value = match &field.kind {
        FieldKind::Ref { .. } => node
            .reference(field, text)?
            .map(lianzhan_protocol::record::Value::Text),
        // A day bounds instants as well: they begin with it.
        _ if bounds && day(text.trim()).is_some() => Some(text.trim().into()),
        _ => value_of(field, text)?,
    };
    Ok(value.map(|value| match (bound, field.set || field.many) {
        ("from", _) => Condition::From(column, value),
        ("to", _) => Condition::Until(column, value),
        (_, true) => Condition::Has(column, vec![value.into()]),
        (_, false) => Condition::Is(column, vec![value.into()]),
    }))
}

impl Node {
    /// A page of a ledger's list, and how many fit in all, counted up to [`crate::store::COUNT_MAX`].
    pub fn list(
        &self,
        ledger: &Ledger,
        asked: &Asked,
        offset: u64,
        limit: u64,
    ) -> Result<(Vec<RecordRow>, u64), ServiceError> {
        let filter = RowFilter {
            offset,
            limit,
            ..asked.filter(self, ledger)?
        };
        self.rows(&ledger.id, &filter)
    }
}
