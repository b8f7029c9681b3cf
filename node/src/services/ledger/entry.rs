//! Writing by definition: a new record with its annexes, and what somebody changed of one. Each is one change of the record
//! and one of each annex, in one transaction with the end of the typing that led to it.

use std::collections::BTreeMap;

use lianzhan_protocol::id::{ChangeId, RecordId};
use lianzhan_protocol::record::ledger::{FieldKind, Ledger};
use lianzhan_protocol::record::{Event, EventKind, Put, Value};
use lianzhan_protocol::trust::{Audience, Space};

use super::draft::DraftId;
use super::typed::{differences, unsound};
use super::{FieldFault, Values, annexes_of, is_annex, is_stated, refuse_stated};
use crate::env;
use crate::services::query::RecordDetail;
use crate::services::screen::{Cleared, travels};
use crate::services::submit::{AnnexChange, Beside};
use crate::services::{Annex, Author, Draft, NewRecord, Node, ServiceError, Written, desk, visit};
use crate::views;

/// The field under which a record and its annex know of each other and nobody else does.
const REFERENCE: &str = "subject_ref";
/// The field of a number that is given on saving.
const NUMBER: &str = "reg_no";

/// A record that is to begin.
#[derive(Debug, Clone)]
pub struct NewEntry {
    /// The ledger's id.
    pub ledger: String,
    /// Where it is to stand.
    pub space: Space,
    /// Values of the record.
    pub main: Values,
    /// Values of annexes, by ledger. An empty one is not written.
    pub annexes: BTreeMap<String, Values>,
    /// Notes of words that may stand though they look like personal data.
    pub cleared: Cleared,
}

/// What somebody changed of a record.
#[derive(Debug, Clone, Default)]
pub struct Amendment {
    /// The heads that they saw.
    pub seen: Vec<ChangeId>,
    /// What the record holds now, as far as a form asks for it.
    pub main: Values,
    /// The same of annexes, by ledger. Those that are not here stay as they are.
    pub annexes: BTreeMap<String, Values>,
    /// Notes of words that may stand though they look like personal data.
    pub cleared: Cleared,
}

/// Where a new record of a ledger may stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// The space.
    pub space: Space,
    /// Whether it is the one that goes without saying.
    pub own: bool,
}

impl Node {
    /// Spaces in which a person may begin a record of a ledger here: that of this node's own org, those of orgs below it,
    /// for which an office above may write, and joint ones.
    pub fn offered_spaces(&self, author: &Author, ledger: &Ledger) -> Vec<Offered> {
        let directory = self.directory();
        let below = directory
            .orgs()
            .filter(|org| org.id != self.org && directory.is_at_or_above(&self.org, &org.id));
        let mut below: Vec<_> = below.map(|org| (org.code.clone(), org.id)).collect();
        below.sort_unstable();
        let mut all: Vec<Offered> = Vec::new();
        let audiences = std::iter::once(ledger.audience).chain(ledger.also.iter().copied());
        for audience in audiences.filter(|audience| *audience != Audience::Joint) {
            all.push(Offered {
                space: self.own_space(audience),
                own: true,
            });
            if matches!(audience, Audience::Township | Audience::County | Audience::City) {
                all.extend(below.iter().map(|(_, org)| Offered {
                    space: directory.space_now(*org, audience),
                    own: false,
                }));
            }
        }
        all.extend(directory.joint_spaces().map(|space| Offered {
            space: space.clone(),
            own: false,
        }));
        all.retain(|offered| {
            ledger.lives_in(&offered.space) && self.may_put(author, &ledger.id, &offered.space)
        });
        all
    }

    /// Whether a person may begin a record of a ledger in this org's own space, or in one that is offered.
    pub fn may_enter(&self, author: &Author, ledger: &Ledger) -> bool {
        !is_annex(&ledger.id)
            && !is_stated(&ledger.id)
            && (self.may_put(author, &ledger.id, &self.own_space(ledger.audience))
                || !self.offered_spaces(author, ledger).is_empty())
    }

    /// The annexes of a ledger that a person may write beside a record in `space`.
    pub fn writable_annexes(&self, author: &Author, ledger: &Ledger, space: &Space) -> Vec<&'static Ledger> {
        annexes_of(ledger)
            .filter(|annex| {
                let narrow = self.directory().space_beside(space, annex.audience);
                self.may_put(author, &annex.id, &narrow)
            })
            .collect()
    }

    /// Begins a record. What is wrong is told of all fields at once, and nothing is written.
    pub async fn enter(
        &self,
        author: &Author,
        entry: NewEntry,
        typing: Option<DraftId>,
    ) -> Result<Written, ServiceError> {
        let ledger = self.form_of(&entry.ledger, &entry.space)?;
        refuse_stated(ledger)?;
        self.sound(ledger, &entry)?;
        let draft = self.entry_draft(author, ledger, entry, None)?;
        let beside = Beside {
            typing: typing.map(|id| (super::draft::person(author), id.0)),
            ..Beside::default()
        };
        self.start_beside(author, draft, beside)?.wait().await
    }

    /// Begins many records by one person, in this order. Nothing is written if one of them is wrong. They share a
    /// transaction, and the numbers of a week are taken at once: a commit for each record is what takes the time.
    pub async fn enter_all(
        &self,
        author: &Author,
        mut entries: Vec<NewEntry>,
    ) -> Result<Vec<Written>, ServiceError> {
        let mut unnumbered: BTreeMap<String, (String, Vec<usize>)> = BTreeMap::new();
        for (n, entry) in entries.iter().enumerate() {
            let ledger = self.form_of(&entry.ledger, &entry.space)?;
            refuse_stated(ledger)?;
            sound(ledger, &entry.main)?;
            if let Some(happened) = lacks_number(ledger, &entry.main) {
                let week = visit::week_of(happened)?;
                let of_week = unnumbered
                    .entry(week)
                    .or_insert_with(|| (happened.to_owned(), Vec::new()));
                of_week.1.push(n);
            }
        }
        for (happened, places) in unnumbered.into_values() {
            let numbers = self.next_reg_nos(&happened, places.len() as u64)?;
            for (n, number) in places.into_iter().zip(numbers) {
                entries[n].main.insert(NUMBER.into(), Value::Text(number));
            }
        }
        let drafts = entries.into_iter().map(|entry| {
            let ledger = self.form_of(&entry.ledger, &entry.space)?;
            self.entry_draft(author, ledger, entry, None)
        });
        let drafts: Vec<Draft> = drafts.collect::<Result<_, ServiceError>>()?;
        self.submit_all(author, drafts).await
    }

    /// The draft of a record that begins, now unless it is said how.
    pub(in crate::services) fn entry_draft(
        &self,
        author: &Author,
        ledger: &Ledger,
        entry: NewEntry,
        begins: Option<NewRecord>,
    ) -> Result<Draft, ServiceError> {
        let NewEntry {
            space,
            mut main,
            annexes,
            cleared,
            ..
        } = entry;
        let screen = self.screen(annexes.iter().map(|(id, values)| (id.as_str(), values)))?;
        let happened = happened_of(ledger, &main).map(str::to_owned);
        if let Some(received) = lacks_number(ledger, &main) {
            let number = self.next_reg_nos(received, 1)?.remove(0);
            main.insert(NUMBER.into(), Value::Text(number));
        }
        let annexes = annexes_to_write(ledger, annexes, &mut main);
        let begins = match begins {
            Some(begins) => begins,
            None => self.begin(&ledger.id, &space, main.keys().map(String::as_str))?,
        };
        let mut puts: Vec<Put> = main
            .into_iter()
            .map(|(key, value)| Put::field(&key, value))
            .collect();
        let notes = screen.notes(ledger, &puts, &cleared)?;
        let registers = ledger
            .events
            .iter()
            .any(|event| event == EventKind::Register.as_str());
        if registers
            && self.may_sign(author, EventKind::Register, &space)
            && let Some(happened) = happened
        {
            puts.push(Put::event(&Event::Register { happened }));
        }
        puts.extend(notes);
        Ok(Draft {
            record: begins.id,
            begins: Some(begins.salt),
            ledger: ledger.id.clone(),
            space,
            puts,
            annexes,
        })
    }

    /// The values of a record as somebody saw it whose page named `seen`, and of its annexes that are open here, by ledger.
    pub fn values_of(&self, detail: &RecordDetail, seen: &[ChangeId]) -> (Values, BTreeMap<String, Values>) {
        let state = desk::as_seen(&self.registry(), detail, seen);
        let main = state
            .fields
            .into_iter()
            .map(|(key, field)| (key, field.value))
            .collect();
        let annexes = detail
            .annexes
            .iter()
            .map(|annex| (annex.ledger.clone(), annex.fields.iter().cloned().collect()))
            .collect();
        (main, annexes)
    }

    /// Writes what somebody changed: one change of the record with only what differs, after the changes that they saw, and
    /// one of each annex. None if nothing differs.
    pub async fn amend(
        &self,
        author: &Author,
        detail: &RecordDetail,
        amendment: Amendment,
        typing: Option<DraftId>,
    ) -> Result<Option<Written>, ServiceError> {
        match self.amendment_draft(author, detail, amendment, typing)? {
            Some((draft, beside)) => self.start_beside(author, draft, beside)?.wait().await.map(Some),
            None => Ok(None),
        }
    }

    /// The draft of it, so that many can share a transaction.
    pub(in crate::services) fn amendment_draft(
        &self,
        author: &Author,
        detail: &RecordDetail,
        amendment: Amendment,
        typing: Option<DraftId>,
    ) -> Result<Option<(Draft, Beside)>, ServiceError> {
        let ledger = self.form_of(&detail.ledger, &detail.space)?;
        refuse_stated(ledger)?;
        let (base, base_annexes) = self.values_of(detail, &amendment.seen);
        let mut whole = base.clone();
        for (key, value) in differences(ledger, &base, &amendment.main) {
            whole.insert(key, value);
        }
        whole.retain(|_, value| *value != Value::Null);
        sound(ledger, &whole)?;
        let mut main: Values = differences(ledger, &base, &amendment.main).into_iter().collect();
        let (mut fresh, mut further) = (BTreeMap::new(), Vec::new());
        let named = amendment.annexes.clone();
        for (id, values) in amendment.annexes {
            let annex = self.ledger(&id)?;
            match base_annexes.get(&id) {
                Some(known) => {
                    let puts: Vec<Put> = differences(annex, known, &values)
                        .into_iter()
                        .map(|(key, value)| Put::field(&key, value))
                        .collect();
                    if !puts.is_empty() {
                        further.push(self.annex_change(&detail.id, annex, puts)?);
                    }
                }
                // An annex that exists and is not open here is not written a second time.
                None if detail.annex_names.contains(&id) => {}
                None => drop(fresh.insert(id, values)),
            }
        }
        let screen = self.screen(named.iter().map(|(id, values)| (id.as_str(), values)))?;
        let annexes = annexes_to_write(ledger, fresh, &mut main);
        if main.is_empty() && annexes.is_empty() && further.is_empty() {
            if let Some(id) = typing {
                self.drop_draft(author, id)?;
            }
            return Ok(None);
        }
        let mut puts: Vec<Put> = main
            .into_iter()
            .map(|(key, value)| Put::field(&key, value))
            .collect();
        let notes = screen.notes(ledger, &puts, &amendment.cleared)?;
        puts.extend(notes);
        let draft = Draft {
            record: detail.id,
            begins: None,
            ledger: ledger.id.clone(),
            space: detail.space.clone(),
            puts,
            annexes,
        };
        let beside = Beside {
            seen: amendment.seen,
            annexes: further,
            typing: typing.map(|id| (super::draft::person(author), id.0)),
        };
        Ok(Some((draft, beside)))
    }

    /// Refuses a record that is to begin for what is held back in its words, before anything is made of it.
    pub(in crate::services) fn screen_entry(
        &self,
        ledger: &Ledger,
        entry: &NewEntry,
    ) -> Result<(), ServiceError> {
        let faults = match travels(&entry.space) {
            true => self.held_back(ledger, entry)?,
            false => Vec::new(),
        };
        match faults.is_empty() {
            true => Ok(()),
            false => Err(ServiceError::Fields(faults)),
        }
    }

    fn held_back(&self, ledger: &Ledger, entry: &NewEntry) -> Result<Vec<FieldFault>, ServiceError> {
        let annexes = entry.annexes.iter().map(|(id, values)| (id.as_str(), values));
        let suspects = self.screen(annexes)?.suspects(ledger, &entry.main).into_iter();
        let held = suspects.filter(|(key, _)| !entry.cleared.contains_key(key));
        let faults = held.map(|(key, suspicion)| FieldFault::suspected(&key, ledger, suspicion));
        Ok(faults.collect())
    }

    /// Nothing is wrong with a record that is to begin, and nothing in its words is held back.
    pub(in crate::services) fn sound(&self, ledger: &Ledger, entry: &NewEntry) -> Result<(), ServiceError> {
        let mut faults = unsound(ledger, &entry.main);
        if !faults.is_empty() && travels(&entry.space) {
            // What is held back is told with the rest; alone it is told by the draft.
            faults.extend(self.held_back(ledger, entry)?);
        }
        match faults.is_empty() {
            true => Ok(()),
            false => Err(ServiceError::Fields(faults)),
        }
    }

    fn annex_change(
        &self,
        main: &RecordId,
        annex: &Ledger,
        puts: Vec<Put>,
    ) -> Result<AnnexChange, ServiceError> {
        let rows = self.store.read(|reader| reader.annexes(main))?;
        for row in rows {
            let (loaded, state) = self.state(&row.record)?;
            let is = state
                .definition
                .and_then(|hash| self.definition(&hash))
                .is_some_and(|of| of.id == annex.id);
            if is {
                return Ok(AnnexChange {
                    record: row.record,
                    ledger: annex.id.clone(),
                    space: loaded.space,
                    puts,
                });
            }
        }
        Err(ServiceError::UnknownRecord(*main))
    }
}

/// When it happened, as stated.
fn happened_of<'v>(ledger: &Ledger, main: &'v Values) -> Option<&'v str> {
    let field = views::happened_field(ledger)?;
    main.get(&field.id).and_then(Value::as_text)
}

/// For a record that still needs a number: when it happened, which says the number.
fn lacks_number<'v>(ledger: &Ledger, main: &'v Values) -> Option<&'v str> {
    let numbered = ledger.field(NUMBER).is_some_and(|field| field.auto);
    happened_of(ledger, main).filter(|_| numbered && !main.contains_key(NUMBER))
}

/// Nothing is wrong with the values of a record that is about to be written.
fn sound(ledger: &Ledger, values: &Values) -> Result<(), ServiceError> {
    let faults = unsound(ledger, values);
    if faults.is_empty() {
        Ok(())
    } else {
        Err(ServiceError::Fields(faults))
    }
}

/// The annexes that have anything in them. One that has a reference shares a fresh one with the record: without the annex
/// nothing links two records of one person.
fn annexes_to_write(ledger: &Ledger, annexes: BTreeMap<String, Values>, main: &mut Values) -> Vec<Annex> {
    let mut filled: BTreeMap<String, Values> = annexes
        .into_iter()
        .filter(|(_, values)| !values.is_empty())
        .collect();
    if filled.is_empty() {
        return Vec::new();
    }
    let shares = |of: &Ledger| {
        of.field(REFERENCE)
            .is_some_and(|field| field.auto && field.kind == FieldKind::Rid)
    };
    if shares(ledger) && !main.contains_key(REFERENCE) {
        let reference = Value::Text(lianzhan_protocol::codec::hex(&env::random::<16>()));
        // The link stands in the annex that has a place for it, also where nothing else was typed there.
        for annex in annexes_of(ledger).filter(|annex| shares(annex)) {
            filled
                .entry(annex.id.clone())
                .or_default()
                .insert(REFERENCE.into(), reference.clone());
        }
        main.insert(REFERENCE.into(), reference);
    }
    let order = |id: &str| ledger.annexes.iter().position(|known| known == id);
    let mut all: Vec<Annex> = filled
        .into_iter()
        .map(|(ledger, values)| Annex {
            ledger,
            fields: values.into_iter().collect(),
        })
        .collect();
    all.sort_by_key(|annex| order(&annex.ledger));
    all
}
