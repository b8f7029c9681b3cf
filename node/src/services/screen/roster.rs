//! The names of people on the roster of subjects, as far as their annexes are open here. They stand in memory alone and go
//! with what they were read from: a name whose annex was erased is looked for no longer.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use lianzhan_protocol::id::RecordId;
use lianzhan_protocol::personal::{Finding, Kind, Names, scan};
use lianzhan_protocol::trust::Purpose;

use crate::services::{Load, Loaded, Node, ServiceError};
use crate::store::RowFilter;
use crate::views::Registry;

/// The fields of annexes that hold the name of a person.
const NAMES: [(&str, &str); 3] = [
    ("subject", "name"),
    ("assistance_sensitive", "household_name"),
    ("mass_rep_private", "name"),
];
/// The ledger whose records are called after people who hold a public office.
const PUBLIC: &str = "deputy_roster";

/// Whether a field of an annex holds the name of a person.
pub(super) fn is_name(ledger: &str, key: &str) -> bool {
    NAMES.contains(&(ledger, key))
}

/// Who is on the roster; not read yet before it is asked for.
#[derive(Default)]
pub(in crate::services) struct Roster(RwLock<Option<Known>>);

#[derive(Default)]
struct Known {
    names: Names,
    subjects: BTreeMap<RecordId, Vec<String>>,
    public: BTreeMap<RecordId, String>,
}

impl Known {
    fn subject(&mut self, record: RecordId, names: Vec<String>) {
        for name in &names {
            self.names.add(name);
        }
        let before = match names.is_empty() {
            true => self.subjects.remove(&record),
            false => self.subjects.insert(record, names),
        };
        for name in before.into_iter().flatten() {
            self.names.remove(&name);
        }
    }

    fn public(&mut self, record: RecordId, name: String) {
        self.names.add_public(&name);
        if let Some(before) = self.public.insert(record, name) {
            self.names.remove_public(&before);
        }
    }
}

impl Roster {
    fn read(&self) -> RwLockReadGuard<'_, Option<Known>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Option<Known>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads it if it was not yet read.
    pub(super) fn fill(&self, node: &Node) -> Result<(), ServiceError> {
        if self.read().is_some() {
            return Ok(());
        }
        // Held while it is read: what is projected meanwhile comes after.
        let mut kept = self.write();
        if kept.is_some() {
            return Ok(());
        }
        let mut known = Known::default();
        node.store().read(|reader| {
            let mut load = Load::new(node, reader);
            for record in node.annex_keys().records() {
                if let Some(loaded) = load.record(&record)? {
                    known.subject(record, names_in(load.registry(), &loaded));
                }
            }
            Ok(())
        })?;
        let all = RowFilter {
            limit: u64::MAX >> 1,
            ..RowFilter::default()
        };
        for row in node.rows(PUBLIC, &all)?.0 {
            known.public(row.record, row.title);
        }
        *kept = Some(known);
        Ok(())
    }

    /// Takes in a record whose rows are being written.
    pub(in crate::services) fn heed(&self, registry: &Registry, loaded: &Loaded, ledger: &str, title: &str) {
        if !(loaded.sealed || ledger == PUBLIC) {
            return;
        }
        let mut kept = self.write();
        let Some(known) = kept.as_mut() else { return };
        match loaded.sealed {
            true => known.subject(loaded.id, names_in(registry, loaded)),
            false => known.public(loaded.id, title.to_owned()),
        }
    }

    pub(super) fn look(&self, words: &str, own: &Names) -> Vec<Finding> {
        match self.read().as_ref() {
            Some(known) => scan(words, &[&known.names, own]),
            None => scan(words, &[own]),
        }
    }
}

/// Every name that an annex ever held: what was corrected is somebody's name still. None where it is erased or closed.
fn names_in(registry: &Registry, loaded: &Loaded) -> Vec<String> {
    let puts = loaded.held.iter().flat_map(|held| {
        let ledger = registry
            .definition(&held.change.definition)
            .map_or("", |ledger| ledger.id.as_str());
        held.change.puts.iter().map(move |put| (ledger, put))
    });
    let names = puts.filter_map(|(ledger, put)| {
        let named = put.field_name().is_some_and(|key| is_name(ledger, key));
        put.value.as_text().filter(|_| named).map(str::to_owned)
    });
    let mut names: Vec<String> = names.collect();
    names.sort_unstable();
    names.dedup();
    names
}

impl Node {
    /// Leaves out names of people who hold an appointment: those are public, too.
    pub(super) fn without_office(&self, words: &str, mut found: Vec<Finding>) -> Vec<Finding> {
        if !found.iter().any(|finding| finding.kind == Kind::Name) {
            return found;
        }
        let directory = self.directory();
        let mut office = Names::default();
        for statement in directory.statements() {
            let person = statement
                .appointment()
                .filter(|post| post.purpose == Purpose::Person);
            if let Some(post) = person {
                office.add(&post.name);
            }
        }
        let public = scan(words, &[&office]);
        found.retain(|finding| {
            let within = |name: &Finding| name.start <= finding.start && finding.end <= name.end;
            finding.kind != Kind::Name || !public.iter().any(within)
        });
        found
    }
}
