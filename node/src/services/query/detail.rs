//! One record with its history, and what proves each change of it.

use lianzhan_protocol::id::{RecordId, StatementId};
use lianzhan_protocol::log::TreeSize;
use lianzhan_protocol::record::{Held, RecordState, Value, Verdict};
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::{Audience, Directory, Org, Role, Space};

use crate::services::horizon::{Horizon, horizons};
use crate::services::{Load, Node, ServiceError};
use crate::views;

/// A link of a chain of appointments.
#[derive(Debug, Clone)]
pub struct ChainLink {
    /// The statement.
    pub id: StatementId,
    /// Whom it appoints.
    pub holder: String,
    /// Org in which.
    pub org: Option<Org>,
    /// Roles; empty for an authority.
    pub roles: Vec<Role>,
    /// From when.
    pub not_before: Timestamp,
    /// Until before when.
    pub not_after: Timestamp,
    /// The org that appoints.
    pub issuer: Option<Org>,
}

/// What proves one change.
#[derive(Debug, Clone)]
pub struct Witnessing {
    /// The witnessing org.
    pub org: Option<Org>,
    /// When.
    pub time: Timestamp,
    /// Its place in the witness log.
    pub place: u64,
    /// How many entries of the log the receipt covers.
    pub size: TreeSize,
}

/// A change of a record with all that is known of it.
#[derive(Debug, Clone)]
pub struct ChangeDetail {
    /// As held.
    pub held: Held,
    /// The verdict.
    pub verdict: Verdict,
    /// The name on the author's appointment, if that is here.
    pub author: Option<String>,
    /// The org of the author's appointment.
    pub author_org: Option<Org>,
    /// Roles of the author's appointment.
    pub roles: Vec<Role>,
    /// The chain up to the founding statement; empty if it is not here.
    pub chain: Vec<ChainLink>,
    /// Who witnessed it first.
    pub witnessing: Option<Witnessing>,
    /// The org whose node wrote the log.
    pub node_org: Option<Org>,
    /// Entries of the log held.
    pub log_size: TreeSize,
}

/// The personal part of a record, as far as it is held and open here.
#[derive(Debug, Clone)]
pub struct AnnexDetail {
    /// The annex ledger's id.
    pub ledger: String,
    /// Who holds it.
    pub audience: Audience,
    /// Fields in force.
    pub fields: Vec<(String, Value)>,
}

/// A record with its history.
#[derive(Debug, Clone)]
pub struct RecordDetail {
    /// Its id.
    pub id: RecordId,
    /// The ledger's id; empty while its definition is not here.
    pub ledger: String,
    /// Its space.
    pub space: Space,
    /// The owner.
    pub owner: Option<Org>,
    /// The org under which lists have it, where its owner is no more and went on in one other alone.
    pub heir: Option<Org>,
    /// Folded.
    pub state: RecordState,
    /// Changes, newest first.
    pub changes: Vec<ChangeDetail>,
    /// As of when the verdicts hold: how far each log is known in which changes stand, by origin.
    pub horizon: Vec<Horizon>,
    /// Personal parts held and open here.
    pub annexes: Vec<AnnexDetail>,
    /// Annexes that exist, by ledger, whether they are held here or not.
    pub annex_names: Vec<String>,
    /// Labels (zh, en) of fields that it lacks to be complete.
    pub missing: Vec<(String, String)>,
    /// Heads of its Automerge document, in hex; none while that is not built.
    pub document_heads: Option<Vec<String>>,
}

impl Node {
    /// A record with its history, personal parts and proofs, folded now from its entries.
    pub fn record_detail(&self, record: &RecordId) -> Result<RecordDetail, ServiceError> {
        let detail = self.store.read(|reader| {
            let mut load = Load::new(self, reader);
            let Some(loaded) = load.record(record)? else {
                return Ok(None);
            };
            let state = load.fold(&loaded);
            let mut changes = Vec::with_capacity(loaded.held.len());
            // History stands in causal order; people read the newest first.
            for item in state.history.iter().rev() {
                let Some(held) = loaded.held.iter().find(|held| held.id == item.change) else {
                    continue;
                };
                changes.push(change_detail(reader, &mut load, held, item.verdict.clone())?);
            }
            let mut annexes = Vec::new();
            for row in reader.annexes(record)? {
                let Some(annex) = load.record(&row.record)? else {
                    continue;
                };
                let annex_state = load.fold(&annex);
                let Some(definition) = annex_state.definition.and_then(|hash| self.definition(&hash)) else {
                    continue;
                };
                let fields = annex_state
                    .fields
                    .iter()
                    .filter(|(name, _)| *name != "of" && *name != "subject_ref")
                    .map(|(name, field)| (name.clone(), field.value.clone()))
                    .collect();
                annexes.push(AnnexDetail {
                    ledger: definition.id.clone(),
                    audience: annex.space.audience,
                    fields,
                });
            }
            let document = reader.document(record)?;
            let origins = loaded.held.iter().map(|held| &held.origin);
            let horizon = horizons(reader, load.directory(), origins)?;
            Ok(Some((loaded, state, changes, annexes, document, horizon)))
        })?;
        let (loaded, state, changes, annexes, document, horizon) =
            detail.ok_or(ServiceError::UnknownRecord(*record))?;
        let ledger = state.definition.and_then(|hash| self.definition(&hash));
        let prefix = lianzhan_protocol::record::ANNEX_KEY;
        let annex_names = state
            .fields
            .keys()
            .filter_map(|key| key.strip_prefix(prefix))
            .map(str::to_owned)
            .collect();
        let now = crate::services::activity::now_stated();
        let missing = views::missing(&self.registry(), &state, now.get(..10).unwrap_or_default())
            .into_iter()
            .map(|f| (f.zh.clone(), f.en.clone()))
            .collect();
        let directory = self.directory();
        let heir = directory.heir(&loaded.space.owner);
        Ok(RecordDetail {
            id: *record,
            ledger: ledger.map_or_else(String::new, |ledger| ledger.id.clone()),
            owner: directory.org(&loaded.space.owner).cloned(),
            heir: directory
                .org(&heir)
                .filter(|org| org.id != loaded.space.owner)
                .cloned(),
            space: loaded.space,
            state,
            changes,
            horizon,
            annexes,
            annex_names,
            missing,
            document_heads: document.map(|(heads, _)| heads.split(' ').map(str::to_owned).collect()),
        })
    }
}

fn change_detail(
    reader: &crate::store::Reader<'_>,
    load: &mut Load<'_>,
    held: &Held,
    verdict: Verdict,
) -> Result<ChangeDetail, crate::store::StoreError> {
    let log = reader
        .log(&held.origin)?
        .ok_or_else(|| crate::store::StoreError::UnknownLog(held.origin.clone()))?;
    let first = load.witnessing(held)?;
    let directory = load.directory();
    let witnessing = first.map(|(first, receipt)| Witnessing {
        org: directory.org(&first.by).cloned(),
        time: first.time,
        place: receipt.witness_index.0,
        size: receipt.size,
    });
    let appointment = directory.appointment(&held.appointment).ok();
    Ok(ChangeDetail {
        verdict,
        author: appointment.map(|a| a.name.clone()),
        author_org: appointment.and_then(|a| directory.org(&a.org).cloned()),
        roles: appointment.map(|a| a.roles.clone()).unwrap_or_default(),
        chain: chain(directory, &held.appointment),
        witnessing,
        node_org: directory.org(&log.org()).cloned(),
        log_size: log.size,
        held: held.clone(),
    })
}

/// The chain of an appointment as people read it.
pub fn chain(directory: &Directory, id: &StatementId) -> Vec<ChainLink> {
    let Ok(chain) = directory.chain(id) else {
        return Vec::new();
    };
    chain
        .links
        .iter()
        .filter_map(|id| {
            let statement = directory.statement(id)?;
            let appointment = statement.appointment()?;
            Some(ChainLink {
                id: *id,
                holder: appointment.name.clone(),
                org: directory.org(&appointment.org).cloned(),
                roles: appointment.roles.clone(),
                not_before: appointment.validity.not_before,
                not_after: appointment.validity.not_after,
                issuer: directory.org(&statement.issuer().org).cloned(),
            })
        })
        .collect()
}
