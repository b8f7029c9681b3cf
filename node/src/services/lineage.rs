//! Old records stay where they are, and views follow successors: whose records are found with an org's, under which codes a
//! division stands in records, and what is said of an org beside a record since it changed. The only place that knows it:
//! lists, counts, tables, pages and the API ask here.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use lianzhan_protocol::division::Code;
use lianzhan_protocol::id::{OrgId, SpaceId};
use lianzhan_protocol::record::Value;
use lianzhan_protocol::record::ledger::{Field, FieldKind};
use lianzhan_protocol::trust::{Directory, Org};

use super::exchange::Words;
use super::{Node, ServiceError};
use crate::store::{Condition, Sought};

/// An org beside a record, as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The org under which the record is found.
    pub org: Org,
    /// The org to which it belongs, as that was called then: where it is another, or has another name by now.
    pub was: Option<Org>,
    /// Who goes on instead, where `org` was split and is no more.
    pub parts: Vec<Org>,
}

impl Owner {
    /// Of a record of `owner` in this space; none where the owner is not known.
    pub fn of(directory: &Directory, owner: &OrgId, space: &SpaceId) -> Option<Self> {
        Self::called(directory, owner, directory.described_at(space, owner)?)
    }

    /// Of an org that a record names in a field, which says nothing of its places.
    pub fn named(directory: &Directory, org: &OrgId) -> Option<Self> {
        Self::called(directory, org, directory.org(org)?)
    }

    fn called(directory: &Directory, owner: &OrgId, was: &Org) -> Option<Self> {
        let heir = directory.org(&directory.heir(owner))?;
        let same = (was.id, &was.name_zh, &was.name_en) == (heir.id, &heir.name_zh, &heir.name_en);
        let parts = match directory.ended(&heir.id) {
            Some(_) => directory.successors(&heir.id),
            None => Default::default(),
        };
        Some(Owner {
            org: heir.clone(),
            was: (!same).then(|| was.clone()),
            parts: parts
                .iter()
                .filter_map(|org| directory.org(org))
                .cloned()
                .collect(),
        })
    }

    /// Its name with what became of it, orgs called by `name`: 乙站（原甲站）, 甲站（已分设为乙站、丙站）.
    pub fn words(&self, words: Words, name: impl Fn(&Org) -> String) -> String {
        let own = name(&self.org);
        let notes = self.notes(words, name);
        match (notes.is_empty(), words) {
            (true, _) => own,
            (false, Words::Zh) => format!("{own}（{notes}）"),
            (false, Words::En) => format!("{own} ({notes})"),
        }
    }

    /// What became of it alone; empty where nothing did.
    pub fn notes(&self, words: Words, name: impl Fn(&Org) -> String) -> String {
        let was = self.was.as_ref().map(|was| match words {
            Words::Zh => format!("原{}", name(was)),
            Words::En => format!("formerly {}", name(was)),
        });
        let names: Vec<String> = self.parts.iter().map(&name).collect();
        let parts = (!names.is_empty()).then(|| match words {
            Words::Zh => format!("已分设为{}", names.join("、")),
            Words::En => format!("split into {}", names.join(" and ")),
        });
        let notes: Vec<String> = was.into_iter().chain(parts).collect();
        notes.join(match words {
            Words::Zh => "；",
            Words::En => "; ",
        })
    }
}

/// Figures of orgs, each under the org with which its records are found.
pub(super) fn by_heir<T: AddAssign + Default>(
    directory: &Directory,
    figures: impl IntoIterator<Item = (OrgId, T)>,
) -> BTreeMap<OrgId, T> {
    let mut followed: BTreeMap<OrgId, T> = BTreeMap::new();
    for (org, figure) in figures {
        *followed.entry(directory.heir(&org)).or_default() += figure;
    }
    followed
}

/// The same with the orgs that are known, by division code.
pub(super) fn named<T>(directory: &Directory, figures: BTreeMap<OrgId, T>) -> Vec<(Org, T)> {
    let known = |(org, figure)| Some((directory.org(&org)?.clone(), figure));
    let mut named: Vec<(Org, T)> = figures.into_iter().filter_map(known).collect();
    named.sort_by(|a, b| (&a.0.code, a.0.id).cmp(&(&b.0.code, b.0.id)));
    named
}

impl Node {
    /// Whose records are meant where an org's are asked for.
    pub fn owners(&self, org: &OrgId) -> Vec<OrgId> {
        self.directory().forerunners(org).into_iter().collect()
    }

    /// A condition on a field that names an org or a division, which also holds of what came before it.
    pub(super) fn widened(&self, field: &Field, condition: Condition) -> Result<Condition, ServiceError> {
        let widen = |any: Vec<Sought>| -> Result<Vec<Sought>, ServiceError> {
            let each = any.into_iter().map(|sought| self.forms_of(field, sought));
            Ok(each
                .collect::<Result<Vec<_>, _>>()?
                .into_iter()
                .flatten()
                .collect())
        };
        Ok(match condition {
            Condition::Is(column, any) => Condition::Is(column, widen(any)?),
            Condition::Has(column, any) => Condition::Has(column, widen(any)?),
            bound => bound,
        })
    }

    fn forms_of(&self, field: &Field, sought: Sought) -> Result<Vec<Sought>, ServiceError> {
        let Some(text) = sought.value.as_text() else {
            return Ok(vec![sought]);
        };
        match &field.kind {
            FieldKind::Ref { .. } => {
                let org = OrgId::parse(text).filter(|id| self.directory().org(id).is_some());
                Ok(org.map_or_else(
                    || vec![sought],
                    |org| {
                        let owners = self.owners(&org).into_iter();
                        owners.map(|org| Value::Text(org.to_string()).into()).collect()
                    },
                ))
            }
            FieldKind::Code => {
                let Some(code) = Code::parse(text) else {
                    return Ok(vec![sought]);
                };
                let today = super::activity::now_stated();
                let day = today.get(..10).unwrap_or_default();
                let written = self.divisions()?.written_as(&code, day).into_iter();
                let forms = written.flat_map(|written| {
                    let forms: Vec<String> = written.code.forms().collect();
                    forms.into_iter().map(move |form| Sought {
                        value: Value::Text(form),
                        since: written.since.clone(),
                        until: written.until.clone(),
                    })
                });
                Ok(forms.collect())
            }
            _ => Ok(vec![sought]),
        }
    }
}

#[cfg(test)]
mod tests;
