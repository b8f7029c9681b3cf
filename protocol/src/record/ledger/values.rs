//! The values of a record as forms, imports and views have them, and what they lack.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use super::{Condition, Field, FieldError, FieldKind, Ledger, Problem, Required, Test};
use crate::record::Value;

/// The fields of a record that are not empty, by key.
#[derive(Debug, Clone, Default)]
pub struct Values<'a> {
    by_key: BTreeMap<&'a str, &'a Value>,
}

impl<'a> FromIterator<(&'a str, &'a Value)> for Values<'a> {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a Value)>>(fields: I) -> Self {
        let by_key = fields
            .into_iter()
            .filter(|(_, value)| **value != Value::Null)
            .collect();
        Values { by_key }
    }
}

/// What a record is asked for, besides its fields.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// The day, `YYYY-MM-DD`, on which it is asked; without one nothing is past.
    pub as_of: Option<&'a str>,
    /// Whether what the fold derives, as `state`, has a value.
    pub derived: &'a dyn Fn(&str, &str) -> bool,
}

impl Asked<'_> {
    /// Asks for what does not depend on a day or on events.
    pub const PLAIN: Asked<'static> = Asked {
        as_of: None,
        derived: &|_, _| false,
    };
}

impl<'a> Values<'a> {
    /// The value of a field that has one key, or of a member of a set.
    pub fn get(&self, field: &Field, member: Option<&str>) -> Option<&'a Value> {
        let member = member.filter(|_| field.set || field.many);
        self.by_key.get(field.key(member).as_str()).copied()
    }

    /// The members of a set, or of a set of structs, in order.
    pub fn members(&self, field: &Field) -> Vec<&'a str> {
        let head = if field.set {
            field.parent().unwrap_or(&field.id)
        } else {
            &field.id
        };
        let prefix = format!("{head}/");
        let members: BTreeSet<&str> = self
            .under(&prefix)
            .filter_map(|key| key.get(prefix.len()..)?.split('/').next())
            .collect();
        members.into_iter().collect()
    }

    fn under<'s>(&'s self, prefix: &'s str) -> impl Iterator<Item = &'a str> + 's {
        self.by_key
            .range::<str, _>((Bound::Included(prefix), Bound::Unbounded))
            .map(|(key, _)| *key)
            .take_while(move |key| key.starts_with(prefix))
    }

    /// Whether something stands in a field; for a member of a set of structs, in that of `member`, or without one in that
    /// of any.
    pub fn has(&self, field: &Field, member: Option<&str>) -> bool {
        let in_set = field.set && field.parent().is_some();
        match member {
            None if in_set => self
                .members(field)
                .into_iter()
                .any(|member| self.has(field, Some(member))),
            _ => {
                let key = field.key(member.filter(|_| in_set));
                let has_members = field.set && !in_set || field.many || field.kind == FieldKind::Struct;
                if has_members {
                    self.under(&format!("{key}/")).next().is_some()
                } else {
                    self.by_key.contains_key(key.as_str())
                }
            }
        }
    }

    /// Whether a field has this value, as conditions name values.
    pub(super) fn says(&self, field: &Field, member: Option<&str>, value: &str) -> bool {
        match self.get(field, member) {
            Some(Value::Text(text)) => text == value,
            Some(Value::Bool(yes)) => value == if *yes { "true" } else { "false" },
            _ => false,
        }
    }

    /// Whether a condition holds; a field of the same set of structs is that of `member`.
    pub fn holds(
        &self,
        ledger: &Ledger,
        condition: &Condition,
        member: Option<&str>,
        asked: &Asked<'_>,
    ) -> bool {
        let is = || {
            let Some(field) = ledger.field(&condition.field) else {
                let mut values = condition.is.iter();
                return values.any(|value| (asked.derived)(&condition.field, value));
            };
            match condition.test {
                Some(Test::Empty) => !self.has(field, member),
                Some(Test::Past) => {
                    let day = self.get(field, member).and_then(Value::as_text);
                    let day = day.and_then(|day| day.get(..10));
                    day.zip(asked.as_of).is_some_and(|(day, as_of)| day < as_of)
                }
                None => condition.is.iter().any(|value| self.says(field, member, value)),
            }
        };
        is() != condition.not
    }
}

impl Ledger {
    /// What a record lacks to be saved ([`Required::Required`]) or to be complete: empty fields, and rules that do not hold.
    /// A field of a set of structs is asked of every member that is there.
    pub fn lacks(&self, values: &Values<'_>, to_be: Required, asked: &Asked<'_>) -> Vec<FieldError> {
        let wanted = |required: Required| required <= to_be && required != Required::Optional;
        let fields = self.fields.iter().filter(|field| wanted(field.required));
        let empty = fields.flat_map(|field| self.empty_in(field, values, asked));
        let rules = self.rules.iter().filter(|rule| wanted(rule.needed()));
        let broken = rules.flat_map(|rule| rule.broken(self, values, asked));
        empty.chain(broken).collect()
    }

    fn empty_in(&self, field: &Field, values: &Values<'_>, asked: &Asked<'_>) -> Vec<FieldError> {
        let of = field.parent().and_then(|name| self.field(name));
        let lacks = |member: Option<&str>| {
            let applies = field
                .when
                .as_ref()
                .is_none_or(|when| values.holds(self, when, member, asked));
            (applies && !values.has(field, member)).then(|| field.error(member, Problem::Empty))
        };
        match of {
            Some(of) if of.set => {
                let members = values.members(of);
                members
                    .into_iter()
                    .filter_map(|member| lacks(Some(member)))
                    .collect()
            }
            // What nobody began is asked for as a whole.
            Some(of) if !values.has(of, None) => Vec::new(),
            _ => lacks(None).into_iter().collect(),
        }
    }
}
