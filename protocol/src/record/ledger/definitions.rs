//! Every definition that is known: those of the program, and those that orgs added as far as their records are held and
//! count. A pure function of these records; the order in which they came in says nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::added::Added;
use super::built_in;
use super::{Field, Ledger};
use crate::id::{Hash, OrgId, RecordId};
use crate::record::{Change, Value, Verdict};
use crate::trust::{Directory, Level, Role};

/// The ledger whose records are definitions.
pub const LEDGER: &str = "ledger_definition";
/// Most definitions of one org that are looked at, the oldest ids first.
pub const OF_ORG_MAX: usize = 128;
/// Most fields that lists and tables show of one ledger, whatever orgs below add to it.
const SHOWN_MAX: usize = 600;

/// What one record defines, for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defined {
    /// The record.
    pub record: RecordId,
    /// The org that adds it: the owner of the space.
    pub org: OrgId,
    /// Higher than that of every definition which its author had seen.
    pub version: i64,
    /// What it adds.
    pub added: Added,
    /// The field that lists show, of a ledger of its own.
    pub title: Option<String>,
    /// The field that says when it happened.
    pub happened: Option<String>,
}

impl Defined {
    /// Reads a record by the change that it began with. What does not hold as a definition defines nothing.
    pub fn read(record: RecordId, owner: OrgId, root: &Change, verdict: &Verdict) -> Option<Self> {
        let Verdict::Counts { capacity, ledger, .. } = verdict else {
            return None;
        };
        let entitled = matches!(capacity.org_level, Some(Level::City | Level::County))
            && capacity.roles.contains(&Role::DeputiesOffice);
        if ledger != LEDGER || capacity.org != owner || !entitled || !root.deps.is_empty() {
            return None;
        }
        let value = |name: &str| {
            root.puts
                .iter()
                .find(|put| put.field_name() == Some(name))
                .map(|put| &put.value)
        };
        let text = |name: &str| value(name).and_then(Value::as_text).map(str::to_owned);
        let Some(Value::Bytes(body)) = value("body") else {
            return None;
        };
        let added = Added::parse(body, &owner).ok()?;
        Some(Defined {
            record,
            org: owner,
            version: value("version").and_then(Value::as_int).unwrap_or_default(),
            added,
            title: text("title"),
            happened: text("happened"),
        })
    }
}

/// A definition that an org added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The whole definition.
    pub ledger: Ledger,
    /// Its hash, by which records name it.
    pub hash: Hash,
    /// The org that added it; records of this org and of those below it may be of it.
    pub org: OrgId,
    /// Its version.
    pub version: i64,
    /// A record that says so; a copy of it says the same.
    pub record: RecordId,
    /// The definition to which it adds fields.
    pub base: Option<Hash>,
}

impl Known {
    /// Of two of one org the higher version is the present one, then the greater hash.
    fn rank(&self) -> (i64, Hash) {
        (self.version, self.hash)
    }
}

/// Every definition that was added.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Definitions {
    by_hash: BTreeMap<Hash, Known>,
    waiting: Vec<RecordId>,
}

impl FromIterator<Defined> for Definitions {
    fn from_iter<I: IntoIterator<Item = Defined>>(all: I) -> Self {
        let mut left: Vec<Defined> = all.into_iter().collect();
        left.sort_by_key(|defined| defined.record);
        let mut of_org: BTreeMap<OrgId, usize> = BTreeMap::new();
        left.retain(|defined| {
            let count = of_org.entry(defined.org).or_default();
            *count += 1;
            *count <= OF_ORG_MAX
        });
        let mut definitions = Definitions::default();
        // A base may come after what is added to it: again and again, until nothing more fits.
        loop {
            let before = left.len();
            left.retain(|defined| !definitions.take(defined));
            if left.len() == before {
                break;
            }
        }
        definitions.waiting = left.into_iter().map(|defined| defined.record).collect();
        definitions
    }
}

impl Definitions {
    /// Takes a definition in, if what it adds to is known. Says whether it is done with.
    fn take(&mut self, defined: &Defined) -> bool {
        let base = match &defined.added {
            Added::Ledger(_) => None,
            Added::Fields { base, .. } => match self.ledger(base) {
                Some(ledger) => Some((*base, ledger.clone())),
                None => return false,
            },
        };
        let Ok(mut ledger) = defined.added.over(base.as_ref().map(|(_, ledger)| ledger)) else {
            return true;
        };
        if base.is_none() {
            ledger.title = defined
                .title
                .clone()
                .filter(|id| ledger.field(id).is_some_and(is_line));
            ledger.happened = defined
                .happened
                .clone()
                .filter(|id| ledger.field(id).is_some_and(is_day));
        }
        let known = Known {
            hash: ledger.hash(),
            ledger,
            org: defined.org,
            version: defined.version,
            record: defined.record,
            base: base.map(|(hash, _)| hash),
        };
        // The same again, as a copy brings it: the higher version says which is the present one.
        let there = self.by_hash.entry(known.hash).or_insert_with(|| known.clone());
        there.version = there.version.max(known.version);
        true
    }

    /// The definition with this hash, of the program or added.
    pub fn ledger(&self, hash: &Hash) -> Option<&Ledger> {
        built_in::by_hash(hash).or_else(|| self.by_hash.get(hash).map(|known| &known.ledger))
    }

    /// The definition with this hash, if records of a space of `owner` may be of it: of what an org added those of this org
    /// and of the orgs below it may.
    pub fn judging(&self, hash: &Hash, directory: &Directory, owner: &OrgId) -> Option<&Ledger> {
        let added = self.by_hash.get(hash);
        let may = |known: &Known| directory.was_at_or_above(&known.org, owner);
        self.ledger(hash).filter(|_| added.is_none_or(may))
    }

    /// The added definition with this hash.
    pub fn known(&self, hash: &Hash) -> Option<&Known> {
        self.by_hash.get(hash)
    }

    /// Every added definition, by hash.
    pub fn all(&self) -> impl Iterator<Item = &Known> {
        self.by_hash.values()
    }

    /// Records whose definitions add to something that is not known here.
    pub fn waiting(&self) -> &[RecordId] {
        &self.waiting
    }

    /// The added definition by which new records of a ledger are written for an org: the nearest org's of its line, the
    /// present one. `line` is the org and those above it, nearest first.
    pub fn written(&self, id: &str, line: &[OrgId]) -> Option<&Known> {
        line.iter().find_map(|org| {
            let own = self
                .by_hash
                .values()
                .filter(|known| known.org == *org && known.ledger.id == id);
            own.max_by_key(|known| known.rank())
        })
    }

    /// Ledgers as lists and tables show them: every ledger to which anything was added, with every field that anybody added,
    /// and every added one. By id.
    pub fn shown(&self) -> Vec<Ledger> {
        let ids: BTreeSet<&str> = self
            .by_hash
            .values()
            .map(|known| known.ledger.id.as_str())
            .collect();
        ids.into_iter().filter_map(|id| self.shown_as(id)).collect()
    }

    fn shown_as(&self, id: &str) -> Option<Ledger> {
        let mut of: Vec<&Known> = self
            .by_hash
            .values()
            .filter(|known| known.ledger.id == id)
            .collect();
        of.sort_by_key(|known| known.rank());
        let own = || {
            of.iter()
                .rev()
                .find(|known| known.base.is_none())
                .map(|known| &known.ledger)
        };
        let mut ledger = built_in::ledger(id).or_else(own)?.clone();
        // Of two fields of one name the present one's is shown.
        let mut more: BTreeMap<&str, &Field> = BTreeMap::new();
        for field in of.iter().flat_map(|known| &known.ledger.fields) {
            if ledger.field(&field.id).is_none() {
                more.insert(&field.id, field);
            }
        }
        let room = SHOWN_MAX.saturating_sub(ledger.fields.len());
        let more: Vec<Field> = more.into_values().take(room).cloned().collect();
        ledger.fields.extend(more);
        Some(ledger)
    }
}

/// Whether a list can show it as what a record is about.
fn is_line(field: &Field) -> bool {
    use super::FieldKind::{Enum, Str, Text};
    !field.set && matches!(field.kind, Str | Text | Enum)
}

/// Whether it says when something happened.
fn is_day(field: &Field) -> bool {
    use super::FieldKind::{Date, Month, Ts};
    !field.set && matches!(field.kind, Date | Ts | Month)
}
