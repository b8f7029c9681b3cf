//! Joint activities: one record in a joint space, written by deputies and recorders of several levels from their own
//! nodes, and sealed (`domain.md` 2.7, design 5).

use lianzhan_protocol::id::{ChangeId, OrgId, RecordId};
use lianzhan_protocol::record::activity::Activity;
use lianzhan_protocol::record::{Event, Graph, Proof, Put, RecordState, Value, seal_digest};
use lianzhan_protocol::trust::{Appointment, Body, Level, Space};

use super::screen::Cleared;
use super::{Author, Draft, Load, Loaded, NewRecord, Node, ServiceError, Written};
use crate::env;

/// The ledger of activities.
pub const LEDGER: &str = "activity";

/// A loaded activity: its record, folded, and what it says.
pub struct LoadedActivity {
    /// The record.
    pub loaded: Loaded,
    /// Its state.
    pub state: RecordState,
    /// What it says.
    pub activity: Activity,
}

impl Node {
    /// States a joint space that this node's org owns with `partners`. Its audience never changes.
    pub fn open_joint_space(
        &self,
        authority: &lianzhan_protocol::keys::SecretKey,
        partners: &[OrgId],
        travel: Level,
        year: u16,
    ) -> Result<Space, ServiceError> {
        let space = Space::joint(self.org, partners.iter().copied(), travel, year);
        if self.directory().joint_space(&space.id()).is_none() {
            self.publish(authority, Body::JointSpace(space.clone()))?;
        }
        Ok(space)
    }

    /// Calls a joint activity in `space`: `fields` are those of the ledger.
    pub async fn call_activity(
        &self,
        author: &Author,
        space: &Space,
        fields: Vec<(String, Value)>,
    ) -> Result<Written, ServiceError> {
        self.call_cleared(author, space, fields, &Cleared::new()).await
    }

    /// The same with notes of words that may stand though they look like personal data.
    pub async fn call_cleared(
        &self,
        author: &Author,
        space: &Space,
        fields: Vec<(String, Value)>,
        cleared: &Cleared,
    ) -> Result<Written, ServiceError> {
        let orgs = space.joint.iter().flat_map(|joint| &joint.orgs);
        let mut puts: Vec<Put> = orgs
            .map(|org| Put::field(&format!("orgs/{org}"), Value::Text(org.to_string())))
            .collect();
        puts.extend(fields.into_iter().map(|(name, value)| Put::field(&name, value)));
        let notes = self
            .screen([])?
            .notes(super::ledger::book(LEDGER)?, &puts, cleared)?;
        puts.extend(notes);
        let begins = NewRecord::begin(LEDGER, space)?;
        self.submit(
            author,
            Draft {
                record: begins.id,
                begins: Some(begins.salt),
                ledger: LEDGER.into(),
                space: space.clone(),
                puts,
                annexes: vec![],
            },
        )
        .await
    }

    /// A deputy signs in with the own key.
    pub async fn sign_in_at(&self, author: &Author, record: &RecordId) -> Result<Written, ServiceError> {
        let appointment = self.appointment_of(author)?;
        let level = appointment.seat.ok_or_else(|| {
            ServiceError::NotAllowed("only a deputy signs in; others write lines of the log".into())
        })?;
        let event = Event::SignIn {
            deputy: appointment.name,
            level,
            happened: now_stated(),
            proof: Proof::Key,
        };
        self.act(author, record, vec![Put::event(&event)]).await
    }

    /// Writes a line of the log.
    pub async fn write_line(
        &self,
        author: &Author,
        record: &RecordId,
        text: &str,
    ) -> Result<Written, ServiceError> {
        self.write_cleared_line(author, record, text, "").await
    }

    /// The same with the note that clears it if it looks like personal data and may stand.
    pub async fn write_cleared_line(
        &self,
        author: &Author,
        record: &RecordId,
        text: &str,
        note: &str,
    ) -> Result<Written, ServiceError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(ServiceError::Field {
                field: "text".into(),
                words: "write what was seen or said".into(),
            });
        }
        let line = Event::LogLine {
            text: text.to_owned(),
            happened: now_stated(),
        };
        let mut puts = vec![Put::event(&line)];
        if !note.trim().is_empty() {
            let cleared = Cleared::from([(Put::EVENT.to_owned(), note.to_owned())]);
            let notes = self
                .screen([])?
                .notes(super::ledger::book(LEDGER)?, &puts, &cleared)?;
            puts.extend(notes);
        }
        self.act(author, record, puts).await
    }

    /// Seals all that is held of the activity now, for the author's level and org.
    pub async fn seal(&self, author: &Author, record: &RecordId) -> Result<Written, ServiceError> {
        let appointment = self.appointment_of(author)?;
        let org = self
            .directory()
            .org(&appointment.org)
            .cloned()
            .ok_or(ServiceError::UnknownOrg(appointment.org))?;
        let level = appointment.seat.unwrap_or(org.level);
        let loaded = self.loaded(record)?;
        let graph = Graph::build(&loaded.held);
        if !graph.waiting().is_empty() {
            return Err(ServiceError::NotAllowed(
                "some entries of this activity have not arrived yet; seal when all are here".into(),
            ));
        }
        let heads = graph.deps();
        let positions: Vec<usize> = heads.iter().filter_map(|head| graph.position(head)).collect();
        let digest = seal_digest(&graph, &positions);
        let seal = Event::Seal {
            level,
            org: org.id,
            heads,
            digest,
        };
        self.act(author, record, vec![Put::event(&seal)]).await
    }

    /// An activity as this node holds it.
    pub fn activity(&self, record: &RecordId) -> Result<LoadedActivity, ServiceError> {
        let (loaded, state) = self
            .store
            .read(|reader| {
                let mut load = Load::new(self, reader);
                let loaded = load.record(record)?;
                Ok(loaded.map(|loaded| {
                    let state = load.fold(&loaded);
                    (loaded, state)
                }))
            })?
            .ok_or(ServiceError::UnknownRecord(*record))?;
        let organiser = self
            .directory()
            .org(&loaded.space.owner)
            .map_or(Level::Station, |org| org.level);
        let activity = {
            let graph = Graph::build(&loaded.held);
            Activity::of(&state, organiser, |heads, change| covers(&graph, heads, change))
        };
        Ok(LoadedActivity {
            loaded,
            state,
            activity,
        })
    }

    async fn act(&self, author: &Author, record: &RecordId, puts: Vec<Put>) -> Result<Written, ServiceError> {
        let space = self.loaded(record)?.space;
        let draft = Draft {
            record: *record,
            begins: None,
            ledger: LEDGER.into(),
            space,
            puts,
            annexes: Vec::new(),
        };
        self.submit(author, draft).await
    }

    pub(super) fn loaded(&self, record: &RecordId) -> Result<Loaded, ServiceError> {
        self.store
            .read(|reader| Load::new(self, reader).record(record))?
            .ok_or(ServiceError::UnknownRecord(*record))
    }

    fn appointment_of(&self, author: &Author) -> Result<Appointment, ServiceError> {
        self.directory()
            .appointment(&author.appointment)
            .cloned()
            .map_err(|fault| ServiceError::NotAllowed(fault.to_string()))
    }
}

fn covers(graph: &Graph<'_>, heads: &[ChangeId], change: &ChangeId) -> bool {
    graph.position(change).is_some_and(|at| {
        heads
            .iter()
            .filter_map(|head| graph.position(head))
            .any(|head| head == at || graph.saw(head, at))
    })
}

/// Now, as stated in events: RFC 3339 at +08:00.
pub fn now_stated() -> String {
    stated(env::now())
}

/// An instant as stated in events and fields.
pub fn stated(time: lianzhan_protocol::time::Timestamp) -> String {
    let instant = jiff::Timestamp::from_millisecond(time.0).unwrap_or_default();
    let zoned = instant.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(8)));
    zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}
