//! Appointing persons, and signing in.

use age::secrecy::SecretString;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lianzhan_protocol::codec;
use lianzhan_protocol::id::{OrgId, PersonId, StatementId};
use lianzhan_protocol::keys::{PublicKey, SecretKey, Signature};
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::{Appointment, Body, Level, Purpose, Role, possession_message};

use minicbor::{Decode, Encode};

use super::office::OfficeError;
use super::{Author, Node, ServiceError};
use crate::keystore::KeyFileError;
use crate::{env, keystore};

/// A person to be appointed in this node's org.
#[derive(Debug, Clone, Default)]
pub struct PersonDraft {
    /// Login name at this node.
    pub login: String,
    /// Name on the card.
    pub name: String,
    /// Roles.
    pub roles: Vec<Role>,
    /// Level of a deputy's seat.
    pub seat: Option<Level>,
    /// The person, where they are known already: an id, or a login of this node. A further post, or a further key.
    pub person: Option<String>,
    /// Until when, if that is earlier than the end of this org's authority.
    pub until: Option<Timestamp>,
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
    /// The person.
    #[n(8)]
    pub person: Option<PersonId>,
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
    /// and broken off by a crash is finished, with the key that was made then and the same passphrase. A person who is
    /// named and signs in by this login already gets a further post for the same key; a login whose every post was revoked
    /// gets a new key, and the old one stays beside it.
    pub fn appoint_person(
        &self,
        authority_passphrase: &SecretString,
        draft: PersonDraft,
        passphrase: &SecretString,
    ) -> Result<StatementId, ServiceError> {
        let authority = self.unlock_authority(authority_passphrase)?;
        let until = draft.until;
        let held = match self.begun(&draft.login, passphrase)? {
            Some(key) => Some(key),
            None => self.further(&draft, passphrase)?,
        };
        let retired = held.is_none() && self.is_retired(&draft.login)?;
        let (login, key, request) = self.make_person(draft, held.clone())?;
        // Refused before anything is written, the key file among it.
        self.would_stand(&authority, &self.appointment_for(&request, until)?)?;
        if retired {
            self.put_key_aside(&login)?;
        }
        if held.is_none() {
            self.lock_person(&login, &key, passphrase)?;
        }
        self.keep_account(&login, &key.public())?;
        self.grant(&authority, &request, until)
    }

    /// The key of the account to which a further post of the same person is given.
    fn further(
        &self,
        draft: &PersonDraft,
        passphrase: &SecretString,
    ) -> Result<Option<SecretKey>, ServiceError> {
        let Some(person) = &draft.person else {
            return Ok(None);
        };
        if !keystore::valid_login(&draft.login)
            || !self.is_appointed(&draft.login)?
            || self.is_retired(&draft.login)?
        {
            return Ok(None);
        }
        if self.person_id(person)? != self.person_id(&draft.login)? {
            return Ok(None);
        }
        let path = keystore::person_path(&self.dir, &draft.login);
        keystore::unlock(&path, passphrase)
            .map(Some)
            .map_err(|_| ServiceError::SignIn)
    }

    /// Whether somebody signed in by this name whose every appointment was revoked.
    fn is_retired(&self, login: &str) -> Result<bool, ServiceError> {
        let Some(key) = self.store.read(|reader| reader.account(login))? else {
            return Ok(false);
        };
        let directory = self.directory();
        let mut posts = directory.appointments_of(&key, Purpose::Person).peekable();
        Ok(posts.peek().is_some() && posts.all(|(id, _)| !directory.revoked(&id).is_empty()))
    }

    /// Gives a person's key file another name. It is never deleted: what it opens may be needed.
    pub(super) fn put_key_aside(&self, login: &str) -> Result<(), ServiceError> {
        let path = keystore::person_path(&self.dir, login);
        let aside = path.with_extension(format!("{}.old", env::now().0));
        let disk = |error| ServiceError::Disk {
            path: path.clone(),
            error,
        };
        match std::fs::rename(&path, &aside) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            done => done.and_then(|()| env::sync_dir(&path)).map_err(disk),
        }
    }

    /// Whether somebody signs in by this name whose appointment is here.
    pub fn is_appointed(&self, login: &str) -> Result<bool, ServiceError> {
        let account = self.store.read(|reader| reader.account(login))?;
        let directory = self.directory();
        Ok(account.is_some_and(|key| directory.appointments_of(&key, Purpose::Person).next().is_some()))
    }

    /// The key of an appointment that a crash broke off between the key file and the statement.
    pub(super) fn begun(
        &self,
        login: &str,
        passphrase: &SecretString,
    ) -> Result<Option<SecretKey>, ServiceError> {
        if !keystore::valid_login(login) || self.is_appointed(login)? {
            return Ok(None);
        }
        let path = keystore::person_path(&self.dir, login);
        // One that was asked for above is not ours to appoint.
        if !path.exists() || path.with_extension("request").exists() {
            return Ok(None);
        }
        let key = keystore::unlock(&path, passphrase);
        Ok(Some(key.map_err(|_| OfficeError::Taken(login.to_owned()))?))
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
        until: Option<Timestamp>,
    ) -> Result<StatementId, ServiceError> {
        if request.founding != self.directory().founding().id() {
            return Err(ServiceError::Bad("the request is of another federation".into()));
        }
        let authority = self.unlock_authority(authority_passphrase)?;
        self.grant(&authority, request, until)
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
        let person = match &draft.person {
            Some(known) => self.person_id(known)?,
            None => PersonId(env::random()),
        };
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
            person: Some(person),
        };
        Ok((draft.login, key, request))
    }

    pub(super) fn lock_person(
        &self,
        login: &str,
        key: &SecretKey,
        passphrase: &SecretString,
    ) -> Result<(), ServiceError> {
        let path = keystore::person_path(&self.dir, login);
        keystore::lock(&path, key, passphrase, self.config.scrypt_log_n).map_err(|error| match error {
            KeyFileError::Exists(_) => OfficeError::Taken(login.to_owned()).into(),
            error => error.into(),
        })
    }

    pub(super) fn keep_account(&self, login: &str, key: &PublicKey) -> Result<(), ServiceError> {
        let (login, key) = (login.to_owned(), *key);
        Ok(self
            .store
            .write_blocking(move |writer| writer.keep_account(&login, &key))?)
    }

    pub(super) fn appointment_for(
        &self,
        request: &AppointmentRequest,
        until: Option<Timestamp>,
    ) -> Result<Body, ServiceError> {
        Ok(Body::Appointment(Appointment {
            key: request.key,
            org: request.org,
            purpose: Purpose::Person,
            roles: request.roles.clone(),
            may_appoint: None,
            validity: self.validity_until(until)?,
            name: request.name.clone(),
            seat: request.seat,
            possession: request.possession,
            person: request.person,
        }))
    }

    fn grant(
        &self,
        authority: &SecretKey,
        request: &AppointmentRequest,
        until: Option<Timestamp>,
    ) -> Result<StatementId, ServiceError> {
        self.publish(authority, self.appointment_for(request, until)?)
    }

    /// Unlocks a person's key, to act under the post that holds longest; `login/ROLE`, or `login/` and the first digits of
    /// an appointment, names another post. Takes as long for an unknown login as the key file's scrypt allows it to differ; callers
    /// limit the rate.
    pub fn sign_in(&self, login: &str, passphrase: &SecretString) -> Result<Author, ServiceError> {
        let (login, named) = keystore::split_post(login);
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
        let (appointment, card) = self.post(&public, named)?;
        let name = card.name;
        Ok(Author {
            name,
            key,
            appointment,
        })
    }

    /// The login under which somebody who is signed in signs in again under the same post, if this node has one.
    pub fn login_of(&self, author: &Author) -> Result<Option<String>, ServiceError> {
        let key = author.key.public();
        let login = self.store.read(|reader| {
            for login in reader.logins()? {
                if reader.account(&login)? == Some(key) {
                    return Ok(Some(login));
                }
            }
            Ok(None)
        })?;
        Ok(login.map(|login| format!("{login}/{}", author.appointment)))
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
            person: Some(PersonId([4; 16])),
        };
        let mut code = request.to_code();
        code.insert(40, '\n');
        assert_eq!(AppointmentRequest::from_code(&code).unwrap(), request);
        assert!(AppointmentRequest::from_code("lianzhan-appoint-1.AAAA").is_err());
        assert!(AppointmentRequest::from_code("hello").is_err());
    }
}
