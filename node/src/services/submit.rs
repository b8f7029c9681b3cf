//! A person's way in: command -> change -> signature -> entry -> append. Form, API, import and command line all come
//! through here.

use lianzhan_protocol::id::{ChangeId, Hash, RecordId, StatementId};
use lianzhan_protocol::keys::SecretKey;
use lianzhan_protocol::log::{
    Earlier, Entry, Header, LogStart, LogStatement, Origin, PROTOCOL_VERSION, PayloadKind, Verified,
};
use lianzhan_protocol::record::ledger::Ledger;
use lianzhan_protocol::record::{
    ANNEX_KEY, AnnexKey, Change, Held, Ineffective, Put, Value, Verdict, fold, seal_change,
};
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::Space;

use super::{Load, Node, ServiceError, definition_hash};
use crate::env;
use crate::store::{LogRules, OwnEntry};

/// A person who is signed in, with the unlocked key and the appointment under which they act.
#[derive(Clone)]
pub struct Author {
    /// The name on the card.
    pub name: String,
    /// Unlocked for the session.
    pub key: SecretKey,
    /// The appointment.
    pub appointment: StatementId,
}

/// A change that a person wants to make.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The record.
    pub record: RecordId,
    /// The salt for which its id was minted, if it begins with this draft ([`NewRecord`]).
    pub begins: Option<[u8; 16]>,
    /// The ledger's id.
    pub ledger: String,
    /// The space.
    pub space: Space,
    /// What is put. Field keys without `f:`, and events.
    pub puts: Vec<Put>,
    /// Annexes to write with it, each into a narrower space.
    pub annexes: Vec<Annex>,
}

/// The id of a record that begins, with the salt of its first change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewRecord {
    /// The id.
    pub id: RecordId,
    /// The salt for which it was minted.
    pub salt: [u8; 16],
}

impl NewRecord {
    /// Begins a record of a ledger in `space`, now.
    pub fn begin(ledger: &str, space: &Space) -> Result<Self, ServiceError> {
        Self::mint(ledger, space, env::now(), env::random())
    }

    /// As [`NewRecord::begin`], with time and salt of the caller's choice.
    pub fn mint(ledger: &str, space: &Space, time: Timestamp, salt: [u8; 16]) -> Result<Self, ServiceError> {
        Ok(Self::of(&definition_hash(ledger)?, space, time, salt))
    }

    /// The same of a definition that is given.
    pub(super) fn of(definition: &Hash, space: &Space, time: Timestamp, salt: [u8; 16]) -> Self {
        let id = RecordId::mint(time, &space.id(), definition, &salt);
        NewRecord { id, salt }
    }

    /// The same time and salt under another definition.
    pub(super) fn under(self, definition: &Hash, space: &Space) -> Self {
        let mut millis = [0; 8];
        millis[2..].copy_from_slice(&self.id.0[..6]);
        Self::of(
            definition,
            space,
            Timestamp(i64::from_be_bytes(millis)),
            self.salt,
        )
    }
}

/// How the first change of a record, or a further one, is salted and sealed.
enum Salt<'a> {
    /// In the clear; the salt of a first change is given.
    Plain(Option<[u8; 16]>),
    /// Sealed, with the salt of a first change.
    Sealed(&'a AnnexKey, [u8; 32]),
}

/// The personal part of a record.
#[derive(Debug, Clone)]
pub struct Annex {
    /// The annex ledger's id.
    pub ledger: String,
    /// Fields, without `f:`.
    pub fields: Vec<(String, Value)>,
}

/// A further change of an annex that is here.
#[derive(Debug, Clone)]
pub(super) struct AnnexChange {
    /// The annex.
    pub(super) record: RecordId,
    /// Its ledger's id.
    pub(super) ledger: String,
    /// Its space.
    pub(super) space: Space,
    /// What is put.
    pub(super) puts: Vec<Put>,
}

/// What goes with a draft into the same transaction.
#[derive(Debug, Clone, Default)]
pub(super) struct Beside {
    /// The heads of the record that the author saw; none means those of now. What others wrote meanwhile is not covered by
    /// what the author did not know of it.
    pub(super) seen: Vec<ChangeId>,
    /// Further changes of annexes.
    pub(super) annexes: Vec<AnnexChange>,
    /// The typing that ends with it: whose it is, and which.
    pub(super) typing: Option<([u8; 16], [u8; 16])>,
}

/// What was written, durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The record.
    pub record: RecordId,
    /// The change of the record itself.
    pub change: ChangeId,
}

/// A signed entry on its way to the log of a space.
struct Prepared {
    origin: Origin,
    own: OwnEntry,
    change: ChangeId,
}

impl Node {
    /// Makes a change durable. Refuses what would not count or have no effect, before anything is signed. Everything of
    /// one draft commits in one transaction.
    pub async fn submit(&self, author: &Author, draft: Draft) -> Result<Written, ServiceError> {
        let receiver = self.start_submit(author, draft)?;
        receiver.wait().await
    }

    /// Signs and hands over without waiting, so that many can share a transaction.
    pub fn start_submit(&self, author: &Author, draft: Draft) -> Result<Pending, ServiceError> {
        self.start_beside(author, draft, Beside::default())
    }

    /// The same with what goes beside it. A draft that puts nothing is no change of the record itself.
    pub(super) fn start_beside(
        &self,
        author: &Author,
        draft: Draft,
        beside: Beside,
    ) -> Result<Pending, ServiceError> {
        self.screen_draft(&draft)?;
        let mut prepared = Vec::with_capacity(1 + draft.annexes.len());
        let mut puts = draft.puts;
        let mut keys = Vec::new();
        for annex in &draft.annexes {
            let (key, commitment, entry) = self.prepare_annex(author, &draft.space, &draft.record, annex)?;
            puts.push(Put::field(
                &format!("{ANNEX_KEY}{}", annex.ledger),
                Value::Bytes(commitment.0.to_vec()),
            ));
            keys.push(key);
            prepared.push(entry);
        }
        for annex in beside.annexes {
            prepared.push(self.prepare_further(author, annex)?);
        }
        if !puts.is_empty() {
            let salt = Salt::Plain(draft.begins);
            let seen = &beside.seen;
            prepared.push(self.prepare(
                author,
                &draft.record,
                &draft.ledger,
                &draft.space,
                puts,
                &salt,
                seen,
            )?);
        }
        let last = prepared
            .last()
            .ok_or_else(|| ServiceError::Bad("nothing was changed".into()))?;
        let written = Written {
            record: draft.record,
            change: last.change,
        };
        // A key that no entry names is harmless; an entry whose key is lost is not.
        self.annex_keys.add(&keys)?;
        let kept = (!keys.is_empty()).then(|| self.annex_keys.clone());
        let receiver = self.store.submit(move |writer| {
            if let Some(kept) = kept {
                writer.before_commit(move || kept.sync().map_err(std::io::Error::other));
            }
            for entry in prepared {
                writer.append_own(&entry.origin, vec![entry.own])?;
            }
            match beside.typing {
                Some((person, id)) => writer.drop_draft(&person, &id),
                None => Ok(()),
            }
        });
        Ok(Pending { receiver, written })
    }

    /// Writes a further change of an annex whose key is here.
    pub(super) async fn append_annex(
        &self,
        author: &Author,
        annex: &RecordId,
        ledger: &str,
        space: &Space,
        puts: Vec<Put>,
    ) -> Result<Written, ServiceError> {
        let further = AnnexChange {
            record: *annex,
            ledger: ledger.to_owned(),
            space: space.clone(),
            puts,
        };
        let Prepared { origin, own, change } = self.prepare_further(author, further)?;
        self.store
            .write(move |writer| writer.append_own(&origin, vec![own]).map(drop))
            .await?;
        Ok(Written {
            record: *annex,
            change,
        })
    }

    fn prepare_further(&self, author: &Author, annex: AnnexChange) -> Result<Prepared, ServiceError> {
        let key = self.annex_keys.get(&annex.record).ok_or_else(|| {
            ServiceError::NotAllowed(
                "the key of this personal part is not here; write at a node that has it".into(),
            )
        })?;
        let salt = Salt::Sealed(&key, env::random());
        self.prepare(
            author,
            &annex.record,
            &annex.ledger,
            &annex.space,
            annex.puts,
            &salt,
            &[],
        )
    }

    fn prepare_annex(
        &self,
        author: &Author,
        beside: &Space,
        main: &RecordId,
        annex: &Annex,
    ) -> Result<((RecordId, AnnexKey), Hash, Prepared), ServiceError> {
        let annexed = self.ledger(&annex.ledger)?;
        let key = AnnexKey(env::random());
        let salt: [u8; 32] = env::random();
        let space = self.directory().space_beside(beside, annexed.audience);
        let record = RecordId::mint(env::now(), &space.id(), &definition_hash(&annex.ledger)?, &salt);
        let commitment = Hash::of("lianzhan/annex/v1", &[&salt, &record.0]);
        let mut fields = annex.fields.clone();
        fields.push(("of".to_owned(), Value::Text(main.to_string())));
        check_fields(annexed, fields.iter().map(|(name, value)| (name.as_str(), value)))?;
        let puts = fields
            .into_iter()
            .map(|(name, value)| Put::field(&name, value))
            .collect();
        let entry = self.prepare(
            author,
            &record,
            &annex.ledger,
            &space,
            puts,
            &Salt::Sealed(&key, salt),
            &[],
        )?;
        Ok(((record, key), commitment, entry))
    }

    /// Builds, tries and signs one change, after `seen` or, if none are named, after all that is here.
    #[allow(clippy::too_many_arguments)] // each is one part of what is signed
    fn prepare(
        &self,
        author: &Author,
        record: &RecordId,
        ledger_id: &str,
        space: &Space,
        puts: Vec<Put>,
        salt: &Salt<'_>,
        seen: &[ChangeId],
    ) -> Result<Prepared, ServiceError> {
        let keys = puts
            .iter()
            .filter_map(Put::field_name)
            .filter(|name| !name.starts_with(ANNEX_KEY));
        let (definition, ledger) = match salt {
            Salt::Plain(Some(salt)) => self.minted(ledger_id, space, record, salt, keys)?,
            _ => self.naming(ledger_id, space, keys)?,
        };
        check_fields(
            ledger,
            puts.iter().filter_map(|put| {
                put.field_name()
                    .filter(|name| !name.starts_with(ANNEX_KEY))
                    .map(|name| (name, &put.value))
            }),
        )?;
        let origin = self.ensure_log(space)?;
        let loaded = self.store.read(|reader| Load::new(self, reader).record(record))?;
        if loaded.as_ref().is_some_and(|loaded| loaded.erased.is_some()) {
            return Err(ServiceError::Erased(*record));
        }
        let held = loaded.map(|loaded| loaded.held).unwrap_or_default();
        let mut change = Change {
            salt: match salt {
                Salt::Sealed(_, salt) => salt.to_vec(),
                Salt::Plain(Some(salt)) if held.is_empty() => salt.to_vec(),
                Salt::Plain(_) => env::random::<16>().to_vec(),
            },
            deps: Vec::new(),
            definition,
            puts,
        };
        if !held.is_empty() {
            change.deps = deps(&lianzhan_protocol::record::Graph::build(&held), seen);
        }
        change.check()?;
        let sealed = match salt {
            Salt::Sealed(key, _) => Some(*key),
            Salt::Plain(_) => None,
        };
        let payload = match sealed {
            Some(key) => seal_change(key, record, &change, env::random()),
            None => change.to_bytes(),
        };
        let header = Header {
            version: PROTOCOL_VERSION,
            origin: origin.clone(),
            space: space.id(),
            kind: if sealed.is_some() {
                PayloadKind::Sealed
            } else {
                PayloadKind::Change
            },
            record: Some(*record),
            author: author.key.public(),
            appointment: Some(author.appointment),
            recorded: env::now(),
            payload: Hash::plain(&payload),
            size: u32::try_from(payload.len()).unwrap_or(u32::MAX),
            key_commitment: sealed.map(AnnexKey::commitment),
        };
        let entry = Entry::sign(header, &author.key).map_err(|error| ServiceError::Bad(error.to_string()))?;
        self.try_change(space, *record, held, &entry, &change)?;
        let id = entry.change_id();
        Ok(Prepared {
            origin,
            own: OwnEntry { entry, payload },
            change: id,
        })
    }

    /// Folds the record as it would be, and refuses what would not count or have no effect.
    fn try_change(
        &self,
        space: &Space,
        record: RecordId,
        mut held: Vec<Held>,
        entry: &Verified<Entry>,
        change: &Change,
    ) -> Result<(), ServiceError> {
        let header = entry.header();
        let Some(appointment) = header.appointment else {
            return Ok(());
        };
        let id = entry.change_id();
        held.push(Held {
            id,
            origin: header.origin.clone(),
            index: lianzhan_protocol::log::EntryIndex(u64::MAX),
            author: header.author,
            appointment,
            recorded: header.recorded,
            covered: lianzhan_protocol::log::Covered::default(),
            change: change.clone(),
        });
        let state = self.store.read(|reader| {
            let mut load = Load::new(self, reader);
            for held in &held {
                load.know(&held.origin)?;
            }
            let verdict = |held: &Held| load.verdict(space, held);
            let definition = |hash: &Hash| load.registry().definition(hash);
            Ok(fold(record, &space.id(), &held, verdict, definition))
        })?;
        let verdict = state
            .history
            .iter()
            .find(|item| item.change == id)
            .map(|item| &item.verdict);
        match verdict {
            Some(Verdict::Counts { .. }) => {}
            Some(Verdict::Contested { reason, .. }) => {
                return Err(ServiceError::Contested(*reason));
            }
            Some(Verdict::Refused { reason }) => return Err(ServiceError::Refused(reason.clone())),
            Some(Verdict::Pending { reason }) => return Err(ServiceError::Pending(reason.clone())),
            None => return Err(ServiceError::Bad("the change is not part of its record".into())),
        }
        let ineffective = |effect: &Result<(), Ineffective>| effect.as_ref().err().cloned();
        match state
            .events
            .iter()
            .filter(|event| event.change == id)
            .find_map(|event| ineffective(&event.effect))
        {
            Some(reason) => Err(ServiceError::Ineffective(reason)),
            None => Ok(()),
        }
    }

    /// This node's log in a space, started if it is not there.
    pub fn ensure_log(&self, space: &Space) -> Result<Origin, ServiceError> {
        let id = space.id();
        let follows = self.log_rules();
        let own = self.store.read(|reader| reader.own_logs(&id))?;
        let current = own
            .into_iter()
            .find(|log| (log.start.required_parent, log.start.policy) == follows);
        if let Some(log) = current {
            return match log.halted {
                None => Ok(log.origin),
                Some(reason) => Err(crate::store::StoreError::Halted {
                    origin: log.origin,
                    reason,
                }
                .into()),
            };
        }
        let directory = self.directory();
        if !directory.may_hold(&self.org, space) {
            return Err(ServiceError::NotAllowed(
                "this node's org does not hold that space; write at a node that does".into(),
            ));
        }
        let (parent, policy) = follows;
        let earlier = self.store.read(|reader| reader.closed_logs(&id))?;
        let earlier: Vec<Earlier> = earlier
            .into_iter()
            .filter(|log| log.start.node == self.node_key.public())
            .filter_map(|log| {
                let signed = log.closed?.signed;
                Some(Earlier {
                    origin: log.origin,
                    size: signed.size,
                    root: signed.root,
                })
            })
            .take(LogStart::EARLIER_MAX)
            .collect();
        let start = LogStart {
            policy,
            earlier: (!earlier.is_empty()).then_some(earlier),
            ..LogStart::new(
                space.clone(),
                self.node_key.public(),
                self.org,
                env::random(),
                parent,
            )
        };
        let own = self.node_entry(&start.origin(), space, &LogStatement::Start(start.clone()))?;
        // Two that arrive here at once: the writer starts one log, and the second finds it.
        let origin = self
            .store
            .write_blocking(move |writer| match writer.own_log_of(&id, &follows)? {
                Some(origin) => Ok(origin),
                None => writer.start_log(&start, own),
            })?;
        Ok(origin)
    }

    /// Who must witness a log that this node starts now: a log that says otherwise is written no more, and a new one goes
    /// on (design 5).
    fn log_rules(&self) -> LogRules {
        let directory = self.directory();
        let parent = directory.org(&self.org).and_then(|org| org.parent);
        (parent, directory.policy())
    }

    /// An entry in which the node itself speaks.
    pub(super) fn node_entry(
        &self,
        origin: &Origin,
        space: &Space,
        statement: &LogStatement,
    ) -> Result<OwnEntry, ServiceError> {
        let payload = statement.to_bytes();
        let header = Header {
            version: PROTOCOL_VERSION,
            origin: origin.clone(),
            space: space.id(),
            kind: PayloadKind::Statement,
            record: None,
            author: self.node_key.public(),
            appointment: None,
            recorded: env::now(),
            payload: Hash::plain(&payload),
            size: u32::try_from(payload.len()).unwrap_or(u32::MAX),
            key_commitment: None,
        };
        let entry =
            Entry::sign(header, &self.node_key).map_err(|error| ServiceError::Bad(error.to_string()))?;
        Ok(OwnEntry { entry, payload })
    }

    /// The space for a new record of a ledger made at this node.
    pub fn home_space(&self, ledger_id: &str) -> Result<Space, ServiceError> {
        Ok(self.own_space(self.ledger(ledger_id)?.audience))
    }

    /// The definition that a change with these fields names in a space: of those by which it may be written the one with the
    /// fewest fields that has them all, so that it is understood also where what was added later is not known.
    pub(super) fn naming<'k>(
        &self,
        ledger: &str,
        space: &Space,
        keys: impl Iterator<Item = &'k str>,
    ) -> Result<(Hash, &'static Ledger), ServiceError> {
        let all = self
            .registry()
            .written(ledger, space, &self.line_of(&space.owner));
        let keys: Vec<&str> = keys.collect();
        let has_all = |ledger: &Ledger| keys.iter().all(|key| ledger.resolve(key).is_some());
        let fitting = all.iter().find(|(_, ledger)| has_all(ledger));
        // What no definition has is told by the fullest.
        let found = fitting.or(all.last()).copied();
        found.ok_or_else(|| ServiceError::UnknownLedger(ledger.to_owned()))
    }

    /// The definitions by which a record of a ledger in a space may have begun.
    pub(super) fn definitions_of(&self, ledger: &str, space: &Space) -> Vec<Hash> {
        let all = self
            .registry()
            .written(ledger, space, &self.line_of(&space.owner));
        all.into_iter().map(|(hash, _)| hash).collect()
    }

    /// The definition for which the id of a record that begins was minted.
    fn minted<'k>(
        &self,
        ledger: &str,
        space: &Space,
        record: &RecordId,
        salt: &[u8; 16],
        keys: impl Iterator<Item = &'k str>,
    ) -> Result<(Hash, &'static Ledger), ServiceError> {
        let all = self
            .registry()
            .written(ledger, space, &self.line_of(&space.owner));
        let found = all
            .into_iter()
            .find(|(hash, _)| record.is_minted_for(&space.id(), hash, salt));
        found.map_or_else(|| self.naming(ledger, space, keys), Ok)
    }

    /// Begins a record of a ledger in `space`, now, that has these fields.
    pub(super) fn begin<'k>(
        &self,
        ledger: &str,
        space: &Space,
        keys: impl Iterator<Item = &'k str>,
    ) -> Result<NewRecord, ServiceError> {
        let (definition, _) = self.naming(ledger, space, keys)?;
        Ok(NewRecord::of(&definition, space, env::now(), env::random()))
    }
}

/// A submission that is signed and waits for the disk.
pub struct Pending {
    receiver: tokio::sync::oneshot::Receiver<Result<(), crate::store::StoreError>>,
    written: Written,
}

impl Pending {
    /// Until it is durable.
    pub async fn wait(self) -> Result<Written, ServiceError> {
        self.receiver
            .await
            .unwrap_or(Err(crate::store::StoreError::Stopped))?;
        Ok(self.written)
    }
}

/// What a change names as seen: what its author saw, as far as it is here, else all that is.
fn deps(graph: &lianzhan_protocol::record::Graph<'_>, seen: &[ChangeId]) -> Vec<ChangeId> {
    let mut known: Vec<ChangeId> = seen
        .iter()
        .filter(|id| graph.position(id).is_some())
        .copied()
        .collect();
    known.sort_unstable();
    known.dedup();
    if known.is_empty() || known.len() > lianzhan_protocol::record::limits::DEPS_MAX {
        return graph.deps();
    }
    known
}

/// Every value fits its field; the first that does not is named.
fn check_fields<'a>(
    definition: &Ledger,
    fields: impl Iterator<Item = (&'a str, &'a Value)>,
) -> Result<(), ServiceError> {
    for (name, value) in fields {
        let Some((field, _)) = definition.resolve(name) else {
            return Err(ServiceError::Field {
                field: name.to_owned(),
                words: format!("the ledger {} has no such field", definition.id),
            });
        };
        if *value != Value::Null {
            field.check(value).map_err(|error| ServiceError::Field {
                field: name.to_owned(),
                words: error.to_string(),
            })?;
        }
    }
    Ok(())
}
