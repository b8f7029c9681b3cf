//! Appointing persons, and signing in.

use age::secrecy::SecretString;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lianzhan_protocol::codec;
use lianzhan_protocol::id::{OrgId, StatementId};
use lianzhan_protocol::keys::{PublicKey, SecretKey, Signature};
use lianzhan_protocol::trust::{Appointment, Body, Level, Purpose, Role, possession_message};

use minicbor::{Decode, Encode};

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

/// What a node asks the authority above it: to appoint a person's key in the asking node's org. A seat above a station's
/// own level is given by the authority of that level, so a deputy who signs at a station is appointed this way.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct AppointmentRequest {
    /// The federation.
    #[n(1)]
    pub founding: StatementId,
    /// The org in which the person is to be appointed: that of the asking node.
    #[n(2)]
    pub org: OrgId,
    /// The person's key.
    #[n(3)]
    pub key: PublicKey,
    /// Its proof of possession.
    #[n(4)]
    pub possession: Signature,
    /// Name on the card.
    #[n(5)]
    pub name: String,
    /// Roles, sorted.
    #[n(6)]
    pub roles: Vec<Role>,
    /// Level of a deputy's seat.
    #[n(7)]
    pub seat: Option<Level>,
}

const CODE_PREFIX: &str = "lianzhan-appoint-1.";
const CODE_MAX: usize = 4096;

impl AppointmentRequest {
    /// The code as people paste it.
    pub fn to_code(&self) -> String {
        format!("{CODE_PREFIX}{}", URL_SAFE_NO_PAD.encode(codec::encode(self)))
    }

    /// Reads a code.
    pub fn from_code(code: &str) -> Result<Self, ServiceError> {
        let bad = || ServiceError::Bad("this is no request for an appointment; copy the whole of it".into());
        let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        let text = code.strip_prefix(CODE_PREFIX).ok_or_else(bad)?;
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| bad())?;
        codec::decode(&bytes, CODE_MAX).map_err(|_| bad())
    }
}

impl Node {
    /// Makes a person's key, locked with the person's own passphrase, and appoints it in this node's org. What was begun
    /// and broken off by a crash is finished, with the key that was made then and the same passphrase.
    pub fn appoint_person(
        &self,
        authority_passphrase: &SecretString,
        draft: PersonDraft,
        passphrase: &SecretString,
    ) -> Result<StatementId, ServiceError> {
        let authority = self.unlock_authority(authority_passphrase)?;
        let begun = self.begun(&draft.login, passphrase)?;
        let (login, key, request) = self.make_person(draft, begun.clone())?;
        // Refused before anything is written, the key file among it.
        self.would_stand(&authority, &self.appointment_for(&request)?)?;
        if begun.is_none() {
            self.lock_person(&login, &key, passphrase)?;
        }
        self.keep_account(&login, &key.public())?;
        self.grant(&authority, &request)
    }

    /// Whether somebody signs in by this name whose appointment is here.
    pub fn is_appointed(&self, login: &str) -> Result<bool, ServiceError> {
        let account = self.store.read(|reader| reader.account(login))?;
        let directory = self.directory();
        Ok(account.is_some_and(|key| directory.appointments_of(&key, Purpose::Person).next().is_some()))
    }

    /// The key of an appointment that a crash broke off between the key file and the statement.
    fn begun(&self, login: &str, passphrase: &SecretString) -> Result<Option<SecretKey>, ServiceError> {
        if !keystore::valid_login(login) || self.is_appointed(login)? {
            return Ok(None);
        }
        let path = keystore::person_path(&self.dir, login);
        // One that was asked for above is not ours to appoint.
        if !path.exists() || path.with_extension("request").exists() {
            return Ok(None);
        }
        let key = keystore::unlock(&path, passphrase);
        Ok(Some(key.map_err(|_| keystore::KeyFileError::Exists(path))?))
    }

    /// Makes a person's key at this node and asks for its appointment by the authority above. Until that has come with
    /// the next sync, the person cannot sign in. Asked again for the same login, it is the same request.
    pub fn ask_appointment(
        &self,
        draft: PersonDraft,
        passphrase: &SecretString,
    ) -> Result<AppointmentRequest, ServiceError> {
        let path = keystore::person_path(&self.dir, &draft.login);
        let asked = path.with_extension("request");
        if path.exists()
            && let Ok(code) = std::fs::read_to_string(&asked)
        {
            let request = AppointmentRequest::from_code(&code)?;
            // A crash may have come between the key file and this.
            self.keep_account(&draft.login, &request.key)?;
            return Ok(request);
        }
        let (login, key, request) = self.make_person(draft, None)?;
        if let Some(parent) = asked.parent() {
            std::fs::create_dir_all(parent).map_err(|error| ServiceError::Disk {
                path: parent.to_owned(),
                error,
            })?;
        }
        crate::env::write_private(&asked, request.to_code().as_bytes())
            .map_err(|error| ServiceError::Disk { path: asked, error })?;
        self.lock_person(&login, &key, passphrase)?;
        self.keep_account(&login, &key.public())?;
        Ok(request)
    }

    /// Appoints a person as a node of an org directly below asked.
    pub fn grant_appointment(
        &self,
        authority_passphrase: &SecretString,
        request: &AppointmentRequest,
    ) -> Result<StatementId, ServiceError> {
        if request.founding != self.directory().founding().id() {
            return Err(ServiceError::Bad("the request is of another federation".into()));
        }
        let authority = self.unlock_authority(authority_passphrase)?;
        self.grant(&authority, request)
    }

    fn make_person(
        &self,
        mut draft: PersonDraft,
        key: Option<SecretKey>,
    ) -> Result<(String, SecretKey, AppointmentRequest), ServiceError> {
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
        let key = key.unwrap_or_else(keystore::generate);
        let founding = self.directory().founding().id();
        let message = possession_message(&founding, &self.org, Purpose::Person);
        let request = AppointmentRequest {
            founding,
            org: self.org,
            key: key.public(),
            possession: key.sign(Appointment::POSSESSION_DOMAIN, &message),
            name: draft.name,
            roles: draft.roles,
            seat: draft.seat,
        };
        Ok((draft.login, key, request))
    }

    fn lock_person(
        &self,
        login: &str,
        key: &SecretKey,
        passphrase: &SecretString,
    ) -> Result<(), ServiceError> {
        let path = keystore::person_path(&self.dir, login);
        Ok(keystore::lock(&path, key, passphrase, self.config.scrypt_log_n)?)
    }

    fn keep_account(&self, login: &str, key: &PublicKey) -> Result<(), ServiceError> {
        let (login, key) = (login.to_owned(), *key);
        Ok(self
            .store
            .write_blocking(move |writer| writer.keep_account(&login, &key))?)
    }

    fn appointment_for(&self, request: &AppointmentRequest) -> Result<Body, ServiceError> {
        Ok(Body::Appointment(Appointment {
            key: request.key,
            org: request.org,
            purpose: Purpose::Person,
            roles: request.roles.clone(),
            may_appoint: None,
            validity: self.remaining()?,
            name: request.name.clone(),
            seat: request.seat,
            possession: request.possession,
            person: None,
        }))
    }

    fn grant(
        &self,
        authority: &SecretKey,
        request: &AppointmentRequest,
    ) -> Result<StatementId, ServiceError> {
        self.publish(authority, self.appointment_for(request)?)
    }

    /// Unlocks a person's key. Takes as long for an unknown login as the key file's scrypt allows it to differ; callers
    /// limit the rate.
    pub fn sign_in(&self, login: &str, passphrase: &SecretString) -> Result<Author, ServiceError> {
        if !keystore::valid_login(login) {
            return Err(ServiceError::SignIn);
        }
        let account = self.store.read(|reader| reader.account(login))?;
        let public = account.ok_or(ServiceError::SignIn)?;
        let key = keystore::unlock(&keystore::person_path(&self.dir, login), passphrase)
            .map_err(|_| ServiceError::SignIn)?;
        if key.public() != public {
            return Err(ServiceError::Damaged(format!(
                "the key file of {login} holds another key"
            )));
        }
        let directory = self.directory();
        // Of several the one that holds longest: a renewal takes over by itself.
        let (appointment, name) = directory
            .appointments_of(&public, Purpose::Person)
            .max_by_key(|(id, appointment)| (appointment.validity.not_after, *id))
            .map(|(id, appointment)| (id, appointment.name.clone()))
            .ok_or_else(|| {
                ServiceError::NotAllowed(
                    "no appointment of this key is here yet; it comes with the next sync once it is granted"
                        .into(),
                )
            })?;
        Ok(Author {
            name,
            key,
            appointment,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_travels_as_a_code() {
        let key = SecretKey::from_seed([3; 32]);
        let request = AppointmentRequest {
            founding: StatementId([1; 32]),
            org: OrgId([2; 16]),
            key: key.public(),
            possession: key.sign("x", b"y"),
            name: "罗定一".into(),
            roles: vec![Role::Deputy],
            seat: Some(Level::Township),
        };
        let mut code = request.to_code();
        code.insert(40, '\n');
        assert_eq!(AppointmentRequest::from_code(&code).unwrap(), request);
        assert!(AppointmentRequest::from_code("lianzhan-appoint-1.AAAA").is_err());
        assert!(AppointmentRequest::from_code("hello").is_err());
    }
}
