//! Drafts on their way: their changes are built, tried as if they were here, sealed and signed. Nothing is written.

use std::collections::BTreeMap;

use lianzhan_protocol::id::{ChangeId, Hash, RecordId, SpaceId};
use lianzhan_protocol::log::{Entry, Header, Origin, PROTOCOL_VERSION, PayloadKind, Verified};
use lianzhan_protocol::record::ledger::Ledger;
use lianzhan_protocol::record::{
    ANNEX_KEY, AnnexKey, Change, Held, Ineffective, Put, Value, Verdict, fold, seal_change,
};
use lianzhan_protocol::trust::Space;

use super::{Annex, AnnexChange, Author, Beside, Draft, Written};
use crate::env;
use crate::services::{Load, Node, ServiceError, definition_hash};
use crate::store::{OwnEntry, Reader};

/// How the first change of a record, or a further one, is salted and sealed.
enum Salt<'a> {
    /// In the clear; the salt of a first change is given.
    Plain(Option<[u8; 16]>),
    /// Sealed, with the salt of a first change.
    Sealed(&'a AnnexKey, [u8; 32]),
}

/// A signed entry on its way to the log of a space.
pub(super) struct Prepared {
    pub(super) origin: Origin,
    pub(super) own: OwnEntry,
    pub(super) change: ChangeId,
}

/// A draft that is signed, with what goes into its transaction.
pub(in crate::services) struct Signed {
    pub(super) entries: Vec<Prepared>,
    /// The keys of the annexes that it begins.
    pub(super) keys: Vec<(RecordId, AnnexKey)>,
    pub(super) typing: Option<([u8; 16], [u8; 16])>,
    pub(super) written: Written,
}

/// Drafts are divided among two threads if there are more of them.
const PER_THREAD: usize = 16;

impl Node {
    /// Signs one draft. One that puts nothing is no change of the record itself.
    pub(super) fn sign(&self, author: &Author, draft: Draft, beside: Beside) -> Result<Signed, ServiceError> {
        let mut signed = self.sign_part(author, &[(draft, beside)])?;
        signed
            .pop()
            .unwrap_or_else(|| Err(ServiceError::Bad("nothing was changed".into())))
    }

    /// Signs drafts of which none stands on another; what came of each is told in their order.
    pub(in crate::services) fn sign_all(
        &self,
        author: &Author,
        drafts: &[(Draft, Beside)],
    ) -> Result<Vec<Result<Signed, ServiceError>>, ServiceError> {
        // A simulated machine draws its dice in one order.
        if drafts.len() <= PER_THREAD || env::machine().is_some() {
            return self.sign_part(author, drafts);
        }
        let (own, other) = drafts.split_at(drafts.len().div_ceil(2));
        std::thread::scope(|scope| {
            let other = scope.spawn(|| self.sign_part(author, other));
            let own = self.sign_part(author, own);
            let other = other
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            let mut all = own?;
            all.extend(other?);
            Ok(all)
        })
    }

    fn sign_part(
        &self,
        author: &Author,
        drafts: &[(Draft, Beside)],
    ) -> Result<Vec<Result<Signed, ServiceError>>, ServiceError> {
        // Both may read the store by themselves: before the snapshot is taken.
        let screened: Vec<_> = drafts.iter().map(|(draft, _)| self.screen_draft(draft)).collect();
        let logs = self.logs_in(
            drafts
                .iter()
                .flat_map(|(draft, beside)| self.spaces(draft, beside)),
        );
        Ok(self.store.read(|reader| {
            let mut signing = Signing::new(self, author, logs, reader);
            let signed = drafts
                .iter()
                .zip(screened)
                .map(|((draft, beside), screened)| screened.and_then(|()| signing.sign(draft, beside)));
            Ok(signed.collect())
        })?)
    }

    /// The spaces in whose logs a draft is written.
    fn spaces(&self, draft: &Draft, beside: &Beside) -> Vec<Space> {
        let directory = self.directory();
        let audiences = draft
            .annexes
            .iter()
            .filter_map(|annex| self.ledger(&annex.ledger).ok());
        let mut spaces: Vec<Space> = audiences
            .map(|annexed| directory.space_beside(&draft.space, annexed.audience))
            .collect();
        spaces.extend(beside.annexes.iter().map(|annex| annex.space.clone()));
        if !draft.puts.is_empty() || !draft.annexes.is_empty() {
            spaces.push(draft.space.clone());
        }
        spaces
    }

    /// This node's logs in spaces, started if they are not there. One that cannot be is left out: whoever needs it is told.
    fn logs_in(&self, spaces: impl Iterator<Item = Space>) -> BTreeMap<SpaceId, Origin> {
        let mut logs = BTreeMap::new();
        for space in spaces {
            let id = space.id();
            if !logs.contains_key(&id)
                && let Ok(origin) = self.ensure_log(&space)
            {
                logs.insert(id, origin);
            }
        }
        logs
    }
}

/// One person who signs, and what is read for it: logs once, and records in one snapshot.
struct Signing<'a> {
    node: &'a Node,
    author: &'a Author,
    logs: BTreeMap<SpaceId, Origin>,
    load: Load<'a>,
}

impl<'a> Signing<'a> {
    fn new(
        node: &'a Node,
        author: &'a Author,
        logs: BTreeMap<SpaceId, Origin>,
        reader: &'a Reader<'a>,
    ) -> Self {
        Signing {
            node,
            author,
            logs,
            load: Load::new(node, reader),
        }
    }

    fn sign(&mut self, draft: &Draft, beside: &Beside) -> Result<Signed, ServiceError> {
        let mut entries = Vec::with_capacity(1 + draft.annexes.len());
        let mut puts = draft.puts.clone();
        let mut keys = Vec::new();
        for annex in &draft.annexes {
            let (key, commitment, entry) = self.annex(&draft.space, &draft.record, annex)?;
            puts.push(Put::field(
                &format!("{ANNEX_KEY}{}", annex.ledger),
                Value::Bytes(commitment.0.to_vec()),
            ));
            keys.push(key);
            entries.push(entry);
        }
        for annex in &beside.annexes {
            entries.push(self.further(annex)?);
        }
        if !puts.is_empty() {
            let salt = Salt::Plain(draft.begins);
            let (record, ledger, seen) = (&draft.record, &draft.ledger, &beside.seen);
            entries.push(self.change(record, ledger, &draft.space, puts, &salt, seen)?);
        }
        let last = entries
            .last()
            .ok_or_else(|| ServiceError::Bad("nothing was changed".into()))?;
        Ok(Signed {
            written: Written {
                record: draft.record,
                change: last.change,
            },
            entries,
            keys,
            typing: beside.typing,
        })
    }

    /// A further change of an annex whose key is here.
    fn further(&mut self, annex: &AnnexChange) -> Result<Prepared, ServiceError> {
        let key = self.node.annex_keys.get(&annex.record).ok_or_else(|| {
            ServiceError::NotAllowed(
                "the key of this personal part is not here; write at a node that has it".into(),
            )
        })?;
        let salt = Salt::Sealed(&key, env::random());
        let puts = annex.puts.clone();
        self.change(&annex.record, &annex.ledger, &annex.space, puts, &salt, &[])
    }

    fn annex(
        &mut self,
        beside: &Space,
        main: &RecordId,
        annex: &Annex,
    ) -> Result<((RecordId, AnnexKey), Hash, Prepared), ServiceError> {
        let annexed = self.node.ledger(&annex.ledger)?;
        let key = AnnexKey(env::random());
        let salt: [u8; 32] = env::random();
        let space = self.node.directory().space_beside(beside, annexed.audience);
        let record = RecordId::mint(env::now(), &space.id(), &definition_hash(&annex.ledger)?, &salt);
        let commitment = Hash::of("lianzhan/annex/v1", &[&salt, &record.0]);
        let mut fields = annex.fields.clone();
        fields.push(("of".to_owned(), Value::Text(main.to_string())));
        check_fields(annexed, fields.iter().map(|(name, value)| (name.as_str(), value)))?;
        let puts = fields
            .into_iter()
            .map(|(name, value)| Put::field(&name, value))
            .collect();
        let salt = Salt::Sealed(&key, salt);
        let entry = self.change(&record, &annex.ledger, &space, puts, &salt, &[])?;
        Ok(((record, key), commitment, entry))
    }

    /// Builds, tries and signs one change, after `seen` or, if none are named, after all that is here.
    fn change(
        &mut self,
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
            Salt::Plain(Some(salt)) => self.node.minted(ledger_id, space, record, salt, keys)?,
            _ => self.node.naming(ledger_id, space, keys)?,
        };
        check_fields(
            ledger,
            puts.iter().filter_map(|put| {
                put.field_name()
                    .filter(|name| !name.starts_with(ANNEX_KEY))
                    .map(|name| (name, &put.value))
            }),
        )?;
        let origin = match self.logs.get(&space.id()) {
            Some(origin) => origin.clone(),
            None => self.node.ensure_log(space)?,
        };
        let loaded = self.load.record(record)?;
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
            author: self.author.key.public(),
            appointment: Some(self.author.appointment),
            recorded: env::now(),
            payload: Hash::plain(&payload),
            size: u32::try_from(payload.len()).unwrap_or(u32::MAX),
            key_commitment: sealed.map(AnnexKey::commitment),
        };
        let entry =
            Entry::sign(header, &self.author.key).map_err(|error| ServiceError::Bad(error.to_string()))?;
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
        &mut self,
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
        for held in &held {
            self.load.know(&held.origin)?;
        }
        let load = &self.load;
        let verdict = |held: &Held| load.verdict(space, held);
        let definition = |hash: &Hash| load.registry().definition(hash);
        let state = fold(record, &space.id(), &held, verdict, definition);
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
