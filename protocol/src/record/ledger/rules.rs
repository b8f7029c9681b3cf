//! What must hold between the fields of a record, as data. Rules serve forms, imports and completeness; verdicts do not ask
//! for them, since changes made beside each other may break together what each of them keeps.

use std::collections::BTreeSet;

use minicbor::{Decode, Encode};
use serde::Deserialize;

use super::condition::Condition;
use super::values::{Asked, Values};
use super::{Field, FieldError, FieldKind, Ledger, Problem, Required};
use crate::record::Value;

/// One rule. Where its fields are members of one set of structs it holds for every member by itself, and other fields that
/// it names stand beside the set. A rule that lacks what it compares holds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Encode, Decode)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Rule {
    /// A date, instant or number is at most another. What says the day alone is compared by the day.
    #[n(1)]
    Order {
        /// The field with the lesser value.
        #[n(1)]
        least: String,
        /// The field with the greater value.
        #[n(2)]
        most: String,
    },
    /// Numbers add up to another.
    #[n(2)]
    Sum {
        /// What is added.
        #[n(1)]
        of: Vec<String>,
        /// The sum.
        #[n(2)]
        is: String,
    },
    /// A set has at least so many members.
    #[n(3)]
    Count {
        /// The set.
        #[n(1)]
        field: String,
        /// Members at least.
        #[n(2)]
        min: u32,
        /// Whether to be saved or to be complete.
        #[n(3)]
        #[serde(default = "to_save")]
        needed: Required,
    },
    /// At least one of the fields is there.
    #[n(4)]
    Some {
        /// The fields.
        #[n(1)]
        of: Vec<String>,
        /// Whether to be saved or to be complete.
        #[n(2)]
        #[serde(default = "to_save")]
        needed: Required,
    },
    /// At most one of the fields is there.
    #[n(5)]
    Single {
        /// The fields.
        #[n(1)]
        of: Vec<String>,
    },
    /// A field has one value and no other.
    #[n(6)]
    Is {
        /// The field.
        #[n(1)]
        field: String,
        /// The id of the option, `true` or `false`.
        #[n(2)]
        value: String,
    },
    /// A field is there exactly while a condition holds.
    #[n(7)]
    Exactly {
        /// The field.
        #[n(1)]
        field: String,
        /// The condition.
        #[n(2)]
        when: Condition,
    },
    /// A map has a key for each value of a list, and no others.
    #[n(8)]
    Alike {
        /// The map.
        #[n(1)]
        map: String,
        /// The list.
        #[n(2)]
        list: String,
    },
    /// No two members of a set have the same.
    #[n(9)]
    Distinct {
        /// The field.
        #[n(1)]
        field: String,
    },
    /// No two records of one owner have the same in all of these. Asked of many records, so by whoever lists them.
    #[n(10)]
    Unique {
        /// The fields.
        #[n(1)]
        of: Vec<String>,
    },
}

fn to_save() -> Required {
    Required::Required
}

impl Rule {
    /// Every field that it names.
    pub fn fields(&self) -> Vec<&str> {
        match self {
            Rule::Order { least, most } => vec![least, most],
            Rule::Sum { of, is } => of.iter().chain([is]).map(String::as_str).collect(),
            Rule::Some { of, .. } | Rule::Single { of } | Rule::Unique { of } => {
                of.iter().map(String::as_str).collect()
            }
            Rule::Exactly { field, when } => vec![field, &when.field],
            Rule::Alike { map, list } => vec![map, list],
            Rule::Count { field, .. } | Rule::Is { field, .. } | Rule::Distinct { field } => vec![field],
        }
    }

    /// Whether it must hold for a record to be saved; else it is asked of complete ones.
    pub fn needed(&self) -> Required {
        match self {
            Rule::Count { needed, .. } | Rule::Some { needed, .. } => *needed,
            _ => Required::Required,
        }
    }

    /// What of it does not hold.
    pub(super) fn broken(&self, ledger: &Ledger, values: &Values<'_>, asked: &Asked<'_>) -> Vec<FieldError> {
        let fields: Vec<&Field> = self
            .fields()
            .into_iter()
            .filter_map(|id| ledger.field(id))
            .collect();
        match self {
            Rule::Count { min, .. } => {
                let count = fields.first().map_or(0, |field| values.members(field).len());
                let few = |field: &&Field| field.error(None, Problem::Few { min: *min });
                fields.iter().filter(|_| count < *min as usize).map(few).collect()
            }
            Rule::Alike { .. } => alike(&fields, values).into_iter().collect(),
            Rule::Distinct { .. } => distinct(&fields, values),
            Rule::Unique { .. } => Vec::new(),
            _ => {
                let of = fields
                    .iter()
                    .find(|field| field.set && field.parent().is_some())
                    .and_then(|field| ledger.field(field.parent()?));
                let members = of.map_or_else(
                    || vec![None],
                    |field| values.members(field).into_iter().map(Some).collect(),
                );
                let one = |member: Option<&str>| self.broken_in(ledger, &fields, member, values, asked);
                members.into_iter().filter_map(one).collect()
            }
        }
    }

    fn broken_in(
        &self,
        ledger: &Ledger,
        fields: &[&Field],
        member: Option<&str>,
        values: &Values<'_>,
        asked: &Asked<'_>,
    ) -> Option<FieldError> {
        let there = |field: &&Field| values.has(field, member);
        match (self, fields) {
            (Rule::Order { .. }, [least, most]) => {
                let (low, high) = (amount(least, member, values)?, amount(most, member, values)?);
                (!low.is_at_most(&high)).then(|| most.error(member, Problem::before(least, most)))
            }
            (Rule::Sum { .. }, [parts @ .., is]) => {
                let number = |field: &&Field| match values.get(field, member) {
                    Some(Value::Int(number)) => Some(i128::from(*number)),
                    _ => None,
                };
                let sum: i128 = parts.iter().map(number).sum::<Option<i128>>()?;
                (sum != number(is)?).then(|| is.error(member, Problem::sum(parts)))
            }
            (Rule::Some { .. }, [first, ..]) => {
                (!fields.iter().any(there)).then(|| first.error(member, Problem::some(fields)))
            }
            (Rule::Single { .. }, _) => {
                let mut more = fields.iter().filter(|field| there(field)).skip(1);
                more.next()
                    .map(|field| field.error(member, Problem::single(fields)))
            }
            (Rule::Is { value, .. }, [field, ..]) => {
                let wrong = values.has(field, member) && !values.says(field, member, value);
                wrong.then(|| field.error(member, Problem::only(field, value)))
            }
            (Rule::Exactly { when, .. }, [field, ..]) => {
                match (
                    values.has(field, member),
                    values.holds(ledger, when, member, asked),
                ) {
                    (true, false) => Some(field.error(member, Problem::Needless)),
                    (false, true) => Some(field.error(member, Problem::Empty)),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

fn alike(fields: &[&Field], values: &Values<'_>) -> Option<FieldError> {
    let [map, list] = fields else { return None };
    let keys: BTreeSet<&str> = values.members(map).into_iter().collect();
    let wanted: BTreeSet<&str> = values
        .members(list)
        .into_iter()
        .filter_map(|member| values.get(list, Some(member))?.as_text())
        .collect();
    (keys != wanted).then(|| map.error(None, Problem::alike(list)))
}

fn distinct(fields: &[&Field], values: &Values<'_>) -> Vec<FieldError> {
    let [field] = fields else { return Vec::new() };
    let mut seen: Vec<&Value> = Vec::new();
    let mut errors = Vec::new();
    for member in values.members(field) {
        let Some(value) = values.get(field, Some(member)) else {
            continue;
        };
        if seen.contains(&value) {
            errors.push(field.error(Some(member), Problem::Twice));
        }
        seen.push(value);
    }
    errors
}

/// How an instant ends of which only the day is known.
const MIDNIGHT: &str = "T00:00:00+08:00";

/// What can be compared.
enum Amount<'v> {
    /// A date, an instant, or a month; as much of it as is known.
    When(&'v str),
    /// A whole number of units of 10^-scale.
    Number(i128, u8),
}

impl Amount<'_> {
    fn is_at_most(&self, other: &Amount<'_>) -> bool {
        match (self, other) {
            (Amount::When(a), Amount::When(b)) => {
                let both = a.len().min(b.len());
                a.get(..both) <= b.get(..both)
            }
            (Amount::Number(a, x), Amount::Number(b, y)) => {
                let scaled = |n: i128, by: u8| n.saturating_mul(10_i128.saturating_pow(by.into()));
                scaled(*a, y.saturating_sub(*x)) <= scaled(*b, x.saturating_sub(*y))
            }
            _ => true,
        }
    }
}

fn amount<'v>(field: &Field, member: Option<&str>, values: &Values<'v>) -> Option<Amount<'v>> {
    match (&field.kind, values.get(field, member)?) {
        (FieldKind::Date | FieldKind::Ts | FieldKind::Month, Value::Text(text)) => {
            // Midnight is an instant of which only the day is known.
            Some(Amount::When(text.strip_suffix(MIDNIGHT).unwrap_or(text)))
        }
        (FieldKind::Int { .. }, Value::Int(number)) => Some(Amount::Number((*number).into(), 0)),
        (FieldKind::Dec { scale }, Value::Int(number)) => Some(Amount::Number((*number).into(), *scale)),
        _ => None,
    }
}
