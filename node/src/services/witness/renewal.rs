//! Another witness key, after this node's database was put back from a copy that does not have all that was cosigned.
//!
//! In steps, each of which is durable and may be done again. The key that comes next lies in a file of its own from the first
//! to the last: while it is there, a renewal is under way, and whoever renews goes on with that one.

use lianzhan_protocol::id::StatementId;
use lianzhan_protocol::keys::SecretKey;
use lianzhan_protocol::log::TreeSize;
use lianzhan_protocol::trust::{Body, Cut, Ground, Purpose, Revocation};

use super::super::{Node, ServiceError, files};
use crate::{env, keystore};

impl Node {
    /// Makes another witness key and begins another witness log: appoints the key, and revokes the old one softly, so that
    /// what it cosigned stays good up to where it is known to have signed. Broken off by a crash it is finished by doing it
    /// again.
    pub fn renew_witness(&self, authority: &SecretKey) -> Result<StatementId, ServiceError> {
        let key = self.next_witness_key()?;
        self.take_up_witness_key(&key)?;
        self.begin_witness_log(&key)?;
        let appointment = self.appoint_witness(authority, &key)?;
        self.revoke_past_witnesses(authority, &key)?;
        self.end_renewal()?;
        Ok(appointment)
    }

    /// The key that comes next: of a renewal that was broken off, the same one.
    pub(super) fn next_witness_key(&self) -> Result<SecretKey, ServiceError> {
        let path = self.dir.join(files::NEXT_WITNESS_KEY);
        if path.exists() {
            return Ok(keystore::read_plain(&path)?);
        }
        let key = keystore::generate();
        keystore::write_plain(&path, &key)?;
        Ok(key)
    }

    /// From here on nothing is cosigned with the old key; the new one counts once it is appointed.
    pub(super) fn take_up_witness_key(&self, key: &SecretKey) -> Result<(), ServiceError> {
        keystore::replace_plain(&self.dir.join(files::WITNESS_KEY), key)?;
        *self
            .witness_key
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = key.clone();
        Ok(())
    }

    pub(super) fn begin_witness_log(&self, key: &SecretKey) -> Result<(), ServiceError> {
        let key = key.public();
        self.store
            .write_blocking(move |writer| writer.renew_witness_log(&key, env::random()))?;
        Ok(())
    }

    pub(super) fn appoint_witness(
        &self,
        authority: &SecretKey,
        key: &SecretKey,
    ) -> Result<StatementId, ServiceError> {
        let (directory, public) = (self.directory(), key.public());
        let mut posts = directory.appointments_of(&public, Purpose::Witness);
        let serves = posts.find(|(id, a)| a.org == self.org && directory.revoked(id).is_empty());
        match serves {
            Some((id, _)) => Ok(id),
            None => self.appoint_key(authority, key, Purpose::Witness, self.org, &self.org()?.name_zh),
        }
    }

    /// Revokes the keys before. The cut holds all witness logs that ended here, each up to where it is known to have been
    /// signed: a key signed in one of them alone, and which one is not asked.
    pub(super) fn revoke_past_witnesses(
        &self,
        authority: &SecretKey,
        key: &SecretKey,
    ) -> Result<(), ServiceError> {
        let past = self.store.read(|reader| reader.past_witness_logs())?;
        let signed = past.into_iter().filter(|past| past.signed > TreeSize::EMPTY);
        let mut cut: Vec<Cut> = signed
            .take(Revocation::CUT_MAX)
            .map(|past| Cut {
                origin: past.origin,
                index: past.signed.0 - 1,
            })
            .collect();
        cut.sort_unstable();
        let directory = self.directory();
        let old = directory
            .statements()
            .filter_map(|statement| Some((statement.id(), statement.appointment()?)))
            .filter(|(id, a)| {
                a.purpose == Purpose::Witness
                    && a.org == self.org
                    && a.key != key.public()
                    && directory.appointment(id).is_ok()
                    && directory.revoked(id).is_empty()
            })
            .map(|(id, _)| id);
        for id in old {
            let revocation = Revocation {
                appointment: id,
                ground: Ground::Soft,
                words: "见证密钥已更换 the witness key was replaced".into(),
                cut: cut.clone(),
                keeps: Vec::new(),
            };
            self.publish(authority, Body::Revocation(revocation))?;
        }
        Ok(())
    }

    fn end_renewal(&self) -> Result<(), ServiceError> {
        let path = self.dir.join(files::NEXT_WITNESS_KEY);
        std::fs::remove_file(&path)
            .and_then(|()| env::sync_dir(&path))
            .map_err(|error| ServiceError::Disk { path, error })
    }
}
