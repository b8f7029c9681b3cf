//! The definitions by which rows are made and pages shown: those of the program, and those that orgs added, as far as their
//! records are here. It is replaced as a whole when one of these records comes or goes.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use lianzhan_protocol::id::{Hash, OrgId};
use lianzhan_protocol::record::ledger::definitions::Definitions;
use lianzhan_protocol::record::ledger::{Ledger, by_hash, ledger, ledgers};
use lianzhan_protocol::trust::{Audience, Directory, Space};

/// Every definition that is known here.
#[derive(Debug)]
pub struct Registry {
    definitions: Definitions,
    /// Added definitions.
    added: BTreeMap<Hash, &'static Ledger>,
    /// Every ledger as lists and tables show it: those of the program in their order, then added ones by id.
    shown: Vec<&'static Ledger>,
    by_id: BTreeMap<&'static str, &'static Ledger>,
    /// Hashes of the present definitions of the program.
    built_in: &'static BTreeMap<&'static str, Hash>,
}

/// Hashes of the present definitions of the program, by id.
pub fn built_in_hashes() -> &'static BTreeMap<&'static str, Hash> {
    static BY_ID: LazyLock<BTreeMap<&'static str, Hash>> = LazyLock::new(|| {
        ledgers()
            .iter()
            .map(|ledger| (ledger.id.as_str(), ledger.hash()))
            .collect()
    });
    &BY_ID
}

/// Added definitions that were ever made, each once. They live as long as the program, like its own: what holds one does not
/// care which it is, and how many there may be is bounded where they are read.
static MADE: LazyLock<Mutex<BTreeMap<Hash, Vec<&'static Ledger>>>> = LazyLock::new(Mutex::default);

/// The one that is equal, made if there is none.
fn kept(ledger: &Ledger) -> &'static Ledger {
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    // Title and date are no part of the hash.
    let alike = made.entry(ledger.hash()).or_default();
    if let Some(known) = alike.iter().find(|known| **known == ledger) {
        return known;
    }
    let new: &'static Ledger = Box::leak(Box::new(ledger.clone()));
    alike.push(new);
    new
}

impl Default for Registry {
    fn default() -> Self {
        Registry::new(Definitions::default())
    }
}

impl Registry {
    /// The definitions of the program alone.
    pub fn built_in() -> Arc<Self> {
        static BUILT_IN: LazyLock<Arc<Registry>> = LazyLock::new(Arc::default);
        BUILT_IN.clone()
    }

    /// These with what was added.
    pub fn new(definitions: Definitions) -> Self {
        let added = definitions
            .all()
            .map(|known| (known.hash, kept(&known.ledger)))
            .collect();
        let changed: Vec<&'static Ledger> = definitions.shown().iter().map(kept).collect();
        let as_shown = |of: &'static Ledger| {
            changed
                .iter()
                .find(|other| other.id == of.id)
                .copied()
                .unwrap_or(of)
        };
        let mut shown: Vec<&'static Ledger> = ledgers().iter().map(as_shown).collect();
        shown.extend(changed.iter().filter(|one| ledger(&one.id).is_none()));
        Registry {
            by_id: shown.iter().map(|ledger| (ledger.id.as_str(), *ledger)).collect(),
            definitions,
            added,
            shown,
            built_in: built_in_hashes(),
        }
    }

    /// What was added.
    pub fn definitions(&self) -> &Definitions {
        &self.definitions
    }

    /// The definition with this hash.
    pub fn definition(&self, hash: &Hash) -> Option<&'static Ledger> {
        by_hash(hash).or_else(|| self.added.get(hash).copied())
    }

    /// The definition with this hash, if records of a space of `owner` may be of it: of what an org added those of this org
    /// and of the orgs below it may.
    pub fn judging(&self, hash: &Hash, directory: &Directory, owner: &OrgId) -> Option<&'static Ledger> {
        let may = self.definitions.judging(hash, directory, owner).is_some();
        self.definition(hash).filter(|_| may)
    }

    /// Every ledger as lists and tables show it.
    pub fn ledgers(&self) -> &[&'static Ledger] {
        &self.shown
    }

    /// The ledger with this id as lists and tables show it: with every field that anybody added.
    pub fn ledger(&self, id: &str) -> Option<&'static Ledger> {
        self.by_id.get(id).copied()
    }

    /// The definitions by which something may be written in a space, the one with the fewest fields first: what the program
    /// brings, then what was added to it one after the other. `line` is the owner of the space and the orgs above, nearest
    /// first. What was added is for those who have it: not everybody who holds a joint space does.
    pub fn written(&self, id: &str, space: &Space, line: &[OrgId]) -> Vec<(Hash, &'static Ledger)> {
        let mut all = Vec::new();
        let mut at = match space.audience {
            Audience::Joint => None,
            _ => self.definitions.written(id, line),
        };
        while let Some(known) = at {
            all.extend(self.added.get(&known.hash).map(|ledger| (known.hash, *ledger)));
            at = known.base.and_then(|base| self.definitions.known(&base));
        }
        let present = ledger(id).and_then(|ledger| Some((*self.built_in.get(id)?, ledger)));
        all.extend(present);
        all.reverse();
        all
    }

    /// Whether a ledger holds the personal parts of another one's records.
    pub fn is_annex(&self, id: &str) -> bool {
        self.shown
            .iter()
            .any(|ledger| ledger.annexes.iter().any(|annex| annex == id))
    }
}
