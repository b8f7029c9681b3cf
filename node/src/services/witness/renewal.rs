//! Another witness key, after this node's database was put back from a copy that does not have all that was cosigned.

use lianzhan_protocol::id::StatementId;
use lianzhan_protocol::keys::SecretKey;
use lianzhan_protocol::log::TreeSize;
use lianzhan_protocol::trust::{Body, Cut, Ground, Purpose, Revocation};

use super::super::{Node, ServiceError, files};
use crate::{env, keystore};

impl Node {
    /// Makes another witness key and begins another witness log: appoints the key, and revokes the old one softly, so that
    /// what it cosigned stays good up to where it is known to have signed. May be done again after a crash.
    pub fn renew_witness(&self, authority: &SecretKey) -> Result<StatementId, ServiceError> {
        let key = keystore::generate();
        let name = self.org()?.name_zh;
        keystore::replace_plain(&self.dir.join(files::WITNESS_KEY), &key)?;
        *self
            .witness_key
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = key.clone();
        // From here on nothing is cosigned with the old key; the new one counts once it is appointed.
        let past = self
            .store
            .write_blocking(|writer| writer.renew_witness_log(env::random()))?;
        let appointment = self.appoint_key(authority, &key, Purpose::Witness, self.org, &name)?;
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
        let cut = (past.signed > TreeSize::EMPTY).then(|| Cut {
            origin: past.origin.clone(),
            index: past.signed.0 - 1,
        });
        for id in old {
            let revocation = Revocation {
                appointment: id,
                ground: Ground::Soft,
                words: "见证密钥已更换 the witness key was replaced".into(),
                cut: cut.iter().cloned().collect(),
                keeps: Vec::new(),
            };
            self.publish(authority, Body::Revocation(revocation))?;
        }
        Ok(appointment)
    }
}
