//! Changes on their way: built, tried as if they were here, sealed and signed. Nothing is written.

use lianzhan_protocol::id::{ChangeId, Hash, RecordId};
use lianzhan_protocol::log::{Entry, Header, Origin, PROTOCOL_VERSION, PayloadKind, Verified};
use lianzhan_protocol::record::ledger::Ledger;
use lianzhan_protocol::record::{
    ANNEX_KEY, AnnexKey, Change, Held, Ineffective, Put, Value, Verdict, fold, seal_change,
};
use lianzhan_protocol::trust::Space;

use super::{Annex, AnnexChange, Author};
use crate::env;
use crate::services::{Load, Node, ServiceError, definition_hash};
use crate::store::OwnEntry;

/// How the first change of a record, or a further one, is salted and sealed.
pub(super) enum Salt<'a> {
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

impl Node {
    pub(super) fn prepare_further(
        &self,
        author: &Author,
        annex: AnnexChange,
    ) -> Result<Prepared, ServiceError> {
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

    pub(super) fn prepare_annex(
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
    pub(super) fn prepare(
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
