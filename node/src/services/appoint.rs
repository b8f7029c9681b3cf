//! Appointing persons, and signing in.

use age::secrecy::SecretString;
use lianzhan_protocol::id::StatementId;
use lianzhan_protocol::trust::{Appointment, Body, Level, Purpose, Role, possession_message};

use super::{Author, Node, ServiceError};
use crate::keystore;

/// A person to be appointed in this node's org.
#[derive(Debug, Clone)]
pub struct PersonDraft {
    /// Login name at this node.
    pub login: String,
    /// Name on the card.
    pub name: String,
    /// Roles.
    pub roles: Vec<Role>,
    /// Level of a deputy's seat.
    pub seat: Option<Level>,
}

impl Node {
    /// Makes a person's key, locked with the person's own passphrase, and appoints it in this node's org.
    pub fn appoint_person(
        &self,
        authority_passphrase: &SecretString,
        mut draft: PersonDraft,
        passphrase: &SecretString,
    ) -> Result<StatementId, ServiceError> {
        if !keystore::valid_login(&draft.login) {
            return Err(ServiceError::Bad(format!(
                "login {:?}: 1 to 32 lowercase letters, digits, - or _",
                draft.login
            )));
        }
        if draft.roles.is_empty() || draft.name.trim().is_empty() {
            return Err(ServiceError::Bad(
                "a person is appointed with a name and at least one role".into(),
            ));
        }
        draft.roles.sort_unstable();
        draft.roles.dedup();
        if draft.roles.contains(&Role::Deputy) != draft.seat.is_some() {
            return Err(ServiceError::Bad(
                "a deputy, and nobody else, has the level of a seat".into(),
            ));
        }
        let authority = self.unlock_authority(authority_passphrase)?;
        let key = keystore::generate();
        let message = possession_message(&self.directory().founding().id(), &self.org, Purpose::Person);
        let appointment = Appointment {
            key: key.public(),
            org: self.org,
            purpose: Purpose::Person,
            roles: draft.roles,
            may_appoint: None,
            validity: self.remaining()?,
            name: draft.name,
            seat: draft.seat,
            possession: key.sign(Appointment::POSSESSION_DOMAIN, &message),
        };
        let path = keystore::person_path(&self.dir, &draft.login);
        keystore::lock(&path, &key, passphrase, self.config.scrypt_log_n)?;
        let id = self.publish(&authority, Body::Appointment(appointment))?;
        let (login, public) = (draft.login, key.public());
        self.store
            .write_blocking(move |writer| writer.keep_account(&login, &public, &id))?;
        Ok(id)
    }

    /// Unlocks a person's key. Takes as long for an unknown login as the key file's scrypt allows it to differ; callers
    /// limit the rate.
    pub fn sign_in(&self, login: &str, passphrase: &SecretString) -> Result<Author, ServiceError> {
        if !keystore::valid_login(login) {
            return Err(ServiceError::SignIn);
        }
        let account = self.store.read(|reader| reader.account(login))?;
        let (public, appointment) = account.ok_or(ServiceError::SignIn)?;
        let key = keystore::unlock(&keystore::person_path(&self.dir, login), passphrase)
            .map_err(|_| ServiceError::SignIn)?;
        if key.public() != public {
            return Err(ServiceError::Damaged(format!(
                "the key file of {login} holds another key"
            )));
        }
        let directory = self.directory();
        let name = directory
            .appointment(&appointment)
            .map(|appointment| appointment.name.clone())
            .map_err(|fault| ServiceError::NotAllowed(fault.to_string()))?;
        Ok(Author {
            name,
            key,
            appointment,
        })
    }
}
