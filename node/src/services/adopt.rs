//! Adopting what a revocation contests: by an authority at or above the org, in a statement; or by a present holder of the
//! same post, in the record itself.

use age::secrecy::SecretString;
use lianzhan_protocol::id::{ChangeId, OrgId, RecordId, StatementId};
use lianzhan_protocol::record::{Capacity, ContestReason, Event, Put, Verdict};
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::{Adoption, Body, Directory, SignedStatement, StatementFault};
use serde::Serialize;

use super::office::{OfficeError, purpose_str};
use super::{Author, Draft, Load, Node, ServiceError, Written};

/// Records whose contested entries are looked through at once.
const RECORDS_MAX: u64 = 200;

/// Longest chain that is followed.
const CHAIN_MAX: usize = 16;

/// An entry that counts once it is adopted.
#[derive(Debug, Clone, Serialize)]
pub struct ContestedChange {
    /// The change.
    pub change: ChangeId,
    /// Its record.
    pub record: RecordId,
    /// The record's ledger; empty while nothing of the record counts.
    pub ledger: String,
    /// The record's title, or what the entry itself says of it; empty for a sealed part.
    pub title: String,
    /// Who owns the record.
    pub owner: OrgId,
    /// When it was written, by its author's clock.
    pub recorded: Timestamp,
    /// In what capacity it was signed, where that is known.
    pub capacity: Option<Capacity>,
    /// The fields that it puts.
    pub fields: Vec<String>,
    /// The events that it puts, as identifiers.
    pub events: Vec<&'static str>,
    /// Why it waits.
    pub reason: ContestReason,
    /// Whether it stands in a sealed part, which an authority alone can adopt.
    pub sealed: bool,
}

/// A statement of trust that stands once it is adopted.
#[derive(Debug, Clone, Serialize)]
pub struct ContestedStatement {
    /// The statement.
    pub statement: StatementId,
    /// The revocation or succession that contests it.
    pub contested_by: StatementId,
    /// Of an appointment: whom, to what. Empty for others.
    pub holder: String,
    /// Of an appointment: its purpose.
    pub purpose: Option<&'static str>,
    /// The Chinese name of the org that it is about.
    pub org_name: String,
}

/// What waits for an adoption here.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Contested {
    /// Entries, by record.
    pub changes: Vec<ContestedChange>,
    /// Statements of trust.
    pub statements: Vec<ContestedStatement>,
    /// Records with contested entries that were not looked through.
    pub more: u64,
}

/// What is to be adopted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AdoptDraft {
    /// Entries.
    pub changes: Vec<ChangeId>,
    /// Statements of trust.
    pub statements: Vec<StatementId>,
}

impl AdoptDraft {
    /// Reads ids as people type them.
    pub fn parse(changes: &[String], statements: &[String]) -> Result<Self, ServiceError> {
        let bad = |what: &str, id: &str| {
            ServiceError::Bad(format!("{id:?} is no id of a {what} (64 hexadecimal digits)"))
        };
        let changes = changes
            .iter()
            .map(|id| ChangeId::parse(id).ok_or_else(|| bad("change", id)));
        let statements = statements
            .iter()
            .map(|id| StatementId::parse(id).ok_or_else(|| bad("statement", id)));
        Ok(AdoptDraft {
            changes: changes.collect::<Result<_, _>>()?,
            statements: statements.collect::<Result<_, _>>()?,
        })
    }
}

impl Node {
    /// What waits for an adoption, as far as the views are caught up.
    pub fn contested(&self) -> Result<Contested, ServiceError> {
        let (records, total) = self.store.read(|reader| reader.contested_records(RECORDS_MAX))?;
        let mut contested = Contested {
            more: total.saturating_sub(records.len() as u64),
            ..Contested::default()
        };
        for record in records {
            contested.changes.extend(self.contested_in(&record)?);
        }
        let directory = self.directory();
        let faults = directory.faults().iter();
        // What only rests on a contested statement stands again with it.
        contested.statements = faults
            .filter_map(|(id, fault)| match fault {
                StatementFault::Contested(by) => Some(self.contested_statement(&directory, id, by)),
                _ => None,
            })
            .collect();
        Ok(contested)
    }

    fn contested_statement(
        &self,
        directory: &Directory,
        id: &StatementId,
        by: &StatementId,
    ) -> ContestedStatement {
        let statement = directory.statement(id);
        let appointment = statement.and_then(SignedStatement::appointment);
        let issuer = statement.map(|statement| statement.issuer().org);
        let of = appointment.map(|appointment| appointment.org).or(issuer);
        ContestedStatement {
            statement: *id,
            contested_by: *by,
            holder: appointment
                .map(|appointment| appointment.name.clone())
                .unwrap_or_default(),
            purpose: appointment.map(|appointment| purpose_str(appointment.purpose)),
            org_name: of.map(|org| self.name_of(&org)).unwrap_or_default(),
        }
    }

    /// Records and statements that wait for an adoption.
    pub fn contested_count(&self) -> Result<u64, ServiceError> {
        let (_, records) = self.store.read(|reader| reader.contested_records(0))?;
        let directory = self.directory();
        let faults = directory.faults().values();
        let statements = faults.filter(|fault| matches!(fault, StatementFault::Contested(_)));
        Ok(records + statements.count() as u64)
    }

    /// Appointments that wait only because they rest on one of these statements, and stand again with it.
    pub fn resting_on(&self, statements: &[StatementId]) -> u64 {
        let directory = self.directory();
        let rests = |id: &StatementId| {
            let above = |id: &StatementId| directory.statement(id).and_then(|one| one.issuer().appointment);
            let chain = std::iter::successors(above(id), above);
            chain.take(CHAIN_MAX).any(|link| statements.contains(&link))
        };
        let waiting = directory.faults().iter().filter(|(id, fault)| {
            matches!(fault, StatementFault::Issuer(_)) && fault.is_contested() && rests(id)
        });
        waiting.count() as u64
    }

    fn contested_in(&self, record: &RecordId) -> Result<Vec<ContestedChange>, ServiceError> {
        let found = self.store.read(|reader| {
            let mut load = Load::new(self, reader);
            let Some(loaded) = load.record(record)? else {
                return Ok(None);
            };
            let state = load.fold(&loaded);
            Ok(Some((loaded, state, reader.record(record)?)))
        })?;
        let Some((loaded, state, row)) = found else {
            return Ok(Vec::new());
        };
        let mut changes = Vec::new();
        for item in &state.history {
            let Verdict::Contested {
                reason,
                capacity,
                ledger,
            } = &item.verdict
            else {
                continue;
            };
            let Some(held) = loaded.held.iter().find(|held| held.id == item.change) else {
                continue;
            };
            let puts = &held.change.puts;
            changes.push(ContestedChange {
                change: item.change,
                record: *record,
                ledger: ledger
                    .clone()
                    .or_else(|| {
                        self.definition(&held.change.definition)
                            .map(|ledger| ledger.id.clone())
                    })
                    .unwrap_or_default(),
                title: match &row {
                    Some(row) if !row.title.is_empty() => row.title.clone(),
                    // What is sealed stays in its part.
                    _ if loaded.sealed => String::new(),
                    _ => super::title_of(&self.registry(), &held.change),
                },
                owner: loaded.space.owner,
                recorded: held.recorded,
                capacity: capacity.clone(),
                fields: puts
                    .iter()
                    .filter_map(|put| put.field_name().map(str::to_owned))
                    .collect(),
                events: puts.iter().filter_map(event_kind).collect(),
                reason: *reason,
                sealed: loaded.sealed,
            });
        }
        Ok(changes)
    }

    /// An authority stands in for entries that are held here and statements that are contested here.
    pub fn adopt(
        &self,
        authority_passphrase: &SecretString,
        draft: AdoptDraft,
    ) -> Result<Vec<StatementId>, ServiceError> {
        let authority = self.unlock_authority(authority_passphrase)?;
        let AdoptDraft {
            mut changes,
            mut statements,
        } = draft;
        changes.sort_unstable();
        changes.dedup();
        statements.sort_unstable();
        statements.dedup();
        self.check_adoptable(&statements)?;
        let held = self.store.read(|reader| reader.held_changes(&changes))?;
        if let Some(unknown) = changes.iter().find(|change| !held.contains(change)) {
            return Err(OfficeError::UnknownChange(*unknown).into());
        }
        if changes.is_empty() && statements.is_empty() {
            return Err(OfficeError::NotContested.into());
        }
        let mut stated = Vec::new();
        while !changes.is_empty() || !statements.is_empty() {
            let some = changes.split_off(changes.len().saturating_sub(Adoption::MAX));
            let room = Adoption::MAX - some.len();
            let others = statements.split_off(statements.len().saturating_sub(room));
            let adoption = Adoption {
                changes: some,
                statements: others,
            };
            stated.push(self.publish(&authority, Body::Adoption(adoption))?);
        }
        Ok(stated)
    }

    fn check_adoptable(&self, statements: &[StatementId]) -> Result<(), ServiceError> {
        let directory = self.directory();
        for id in statements {
            let contested = directory
                .faults()
                .get(id)
                .is_some_and(|fault| fault.is_contested());
            let Some(statement) = directory.statement(id).filter(|_| contested) else {
                return Err(OfficeError::NotContested.into());
            };
            let issuer = SignedStatement::issuer(statement).org;
            if !directory.is_at_or_above(&self.org, &issuer) {
                let issuer = self.name_of(&issuer);
                return Err(OfficeError::OutOfReach { issuer }.into());
            }
        }
        Ok(())
    }

    /// A present holder of the same post stands in for entries of a record, with an entry of their own.
    pub async fn adopt_in(
        &self,
        author: &Author,
        record: &RecordId,
        changes: Vec<ChangeId>,
    ) -> Result<Written, ServiceError> {
        let contested = self.contested_in(record)?;
        let card = self.card(author)?;
        let mut wanted = changes;
        wanted.sort_unstable();
        wanted.dedup();
        for change in &wanted {
            let target = contested.iter().find(|contested| contested.change == *change);
            let target = target.ok_or(OfficeError::NotContested)?;
            let same = target.capacity.as_ref().is_some_and(|author| {
                author.org == card.org && author.roles.iter().any(|role| card.roles.contains(role))
            });
            if !same || target.sealed {
                return Err(OfficeError::NotSamePost.into());
            }
        }
        let Some(first) = wanted.first() else {
            return Err(OfficeError::NotContested.into());
        };
        let of = contested.iter().find(|contested| contested.change == *first);
        let ledger = of.map(|contested| contested.ledger.clone()).unwrap_or_default();
        self.ledger(&ledger)?;
        let space = self.loaded(record)?.space;
        let draft = Draft {
            record: *record,
            begins: None,
            ledger,
            space,
            puts: vec![Put::event(&Event::Adopt { changes: wanted })],
            annexes: Vec::new(),
        };
        self.submit(author, draft).await
    }
}

fn event_kind(put: &Put) -> Option<&'static str> {
    if !put.is_event() {
        return None;
    }
    match &put.value {
        lianzhan_protocol::record::Value::Bytes(body) => {
            Event::parse(body).ok().map(|event| event.kind().as_str())
        }
        _ => None,
    }
}
