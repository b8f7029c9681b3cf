//! Records that begin: their ids, and the definitions that changes name.

use hmac::{Hmac, KeyInit, Mac};
use lianzhan_protocol::id::{Hash, RecordId};
use lianzhan_protocol::record::ledger::Ledger;
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::Space;
use sha2::Sha256;

use crate::env;
use crate::services::{Node, ServiceError, definition_hash};

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
    pub(in crate::services) fn of(definition: &Hash, space: &Space, time: Timestamp, salt: [u8; 16]) -> Self {
        let id = RecordId::mint(time, &space.id(), definition, &salt);
        NewRecord { id, salt }
    }

    /// The same time and salt under another definition.
    pub(in crate::services) fn under(self, definition: &Hash, space: &Space) -> Self {
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

impl Node {
    /// The space for a new record of a ledger made at this node.
    pub fn home_space(&self, ledger_id: &str) -> Result<Space, ServiceError> {
        Ok(self.own_space(self.ledger(ledger_id)?.audience))
    }

    /// The definition that a change with these fields names in a space: of those by which it may be written the one with the
    /// fewest fields that has them all, so that it is understood also where what was added later is not known.
    pub(in crate::services) fn naming<'k>(
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
    pub(in crate::services) fn definitions_of(&self, ledger: &str, space: &Space) -> Vec<Hash> {
        let all = self
            .registry()
            .written(ledger, space, &self.line_of(&space.owner));
        all.into_iter().map(|(hash, _)| hash).collect()
    }

    /// The definition for which the id of a record that begins was minted.
    pub(super) fn minted<'k>(
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

    /// How a record begins that follows from another: whoever has the secret begins the same one again, and nobody else can
    /// tell the salt. `of` says what it follows from the other for.
    pub(in crate::services) fn following(
        &self,
        secret: &str,
        of: &str,
        ledger: &Ledger,
        space: &Space,
        named: &RecordId,
    ) -> Result<NewRecord, ServiceError> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
        mac.update(of.as_bytes());
        mac.update(ledger.id.as_bytes());
        mac.update(&named.0);
        let digest: [u8; 32] = mac.finalize().into_bytes().into();
        let mut salt = [0; 16];
        salt.copy_from_slice(&digest[..16]);
        let mut millis = [0; 8];
        millis[2..].copy_from_slice(&named.0[..6]);
        let time = Timestamp(i64::from_be_bytes(millis));
        let (definition, _) = self.naming(&ledger.id, space, std::iter::empty())?;
        Ok(NewRecord::of(&definition, space, time, salt))
    }

    /// Begins a record of a ledger in `space`, now, that has these fields.
    pub(in crate::services) fn begin<'k>(
        &self,
        ledger: &str,
        space: &Space,
        keys: impl Iterator<Item = &'k str>,
    ) -> Result<NewRecord, ServiceError> {
        let (definition, _) = self.naming(ledger, space, keys)?;
        Ok(NewRecord::of(&definition, space, env::now(), env::random()))
    }
}
