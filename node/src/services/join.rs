//! Joining: the new machine's side of an invitation. What it has begun it keeps beside the directory that it will make, so
//! that it goes on after a crash, with the key that the parent may have appointed already.

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;

use age::secrecy::SecretString;
use lianzhan_protocol::codec;
use lianzhan_protocol::id::{Hash, OrgId, PersonId, StatementId};
use lianzhan_protocol::keys::SecretKey;
use lianzhan_protocol::trust::{
    Appointment, Directory, FoundingStatement, Purpose, SignedStatement, possession_message,
};

use super::found::{Fresh, FreshDir, settle};
use super::invite::{Invitation, InviteError, JoinReply, JoinRequest, JoiningPerson};
use super::office::day;
use super::{Node, ServiceError, files};
use crate::config::{Config, Parent};
use crate::env;
use crate::keystore::{self, KeyFileError};

/// Asks the parent that an invitation names.
pub type Ask = Arc<
    dyn Fn(Invitation, JoinRequest) -> Pin<Box<dyn Future<Output = Result<JoinReply, InviteError>> + Send>>
        + Send
        + Sync,
>;

/// Reaches nobody: where there is no network.
pub fn nobody() -> Ask {
    Arc::new(|invitation, _| {
        Box::pin(async move {
            Err(InviteError::Unreachable {
                addresses: invitation.addresses.join(", "),
                reason: "this node has no network".into(),
            })
        })
    })
}

/// The code of the invitation, in the directory of what was begun.
const CODE: &str = "code";
/// The key of the person who joins with the node, there.
const PERSON: &str = "person.age";

/// A person who joins: how they sign in here, the name that they state, and their own passphrase.
#[derive(Clone)]
pub struct PersonChoice {
    /// The login.
    pub login: String,
    /// The name on the card, where the invitation has none.
    pub name: String,
    /// What locks their key.
    pub passphrase: SecretString,
}

/// A person's key with what is to be known of them.
struct Newcomer {
    login: String,
    key: SecretKey,
    asks: JoiningPerson,
    passphrase: SecretString,
}

/// A join that has its keys and waits for the parent's answer.
pub struct Joining {
    invitation: Invitation,
    founding: FoundingStatement,
    authority: SecretKey,
    /// The person who joins with the node.
    person: Option<Newcomer>,
    /// Where it is kept until it is done.
    kept: Option<PathBuf>,
}

impl Joining {
    /// Checks the code and makes the new org's authority key.
    pub fn begin(code: &str) -> Result<Self, ServiceError> {
        let invitation = Invitation::from_code(code)?;
        if !invitation.is_of_node() {
            return Err(InviteError::AtItsNode(invitation.org.to_string()).into());
        }
        if env::now() >= invitation.expires {
            return Err(InviteError::Expired(day(invitation.expires)).into());
        }
        Self::with(invitation, keystore::generate(), None)
    }

    /// Takes the person along whom the code appoints.
    pub fn bringing(mut self, choice: Option<PersonChoice>, log_n: u8) -> Result<Self, ServiceError> {
        let Some(invited) = &self.invitation.person else {
            return Ok(self);
        };
        let choice = choice.ok_or(InviteError::NoPerson)?;
        if !keystore::valid_login(&choice.login) {
            return Err(bad_login(&choice.login));
        }
        let name = invited.name.clone().unwrap_or(choice.name);
        if name.trim().is_empty() {
            return Err(InviteError::NoPerson.into());
        }
        let key = self.person_key(&choice.passphrase, log_n)?;
        let asks = JoiningPerson::new(
            &key,
            &self.founding.id(),
            &self.invitation.org,
            name,
            person_id(&key),
        );
        self.person = Some(Newcomer {
            login: choice.login,
            key,
            asks,
            passphrase: choice.passphrase,
        });
        Ok(self)
    }

    /// The same, and keeps the key, locked with `passphrase`, beside the future directory `dir`. What was begun there with
    /// the same code goes on; its time is for the parent to judge, which may have answered already.
    pub fn begin_in(
        dir: &Path,
        code: &str,
        passphrase: &SecretString,
        log_n: u8,
    ) -> Result<Self, ServiceError> {
        let kept = kept_path(dir);
        let (asked, key_path) = (Invitation::from_code(code)?, kept.join(files::AUTHORITY_KEY));
        if begun(dir).is_some_and(|before| before == asked) {
            let key = keystore::unlock(&key_path, passphrase).map_err(|error| match error {
                KeyFileError::Passphrase(_) => InviteError::OtherPassphrase.into(),
                other => ServiceError::from(other),
            })?;
            return Self::with(asked, key, Some(kept));
        }
        let begun = Joining::begin(code)?;
        let disk = |error| ServiceError::Disk {
            path: kept.clone(),
            error,
        };
        if kept.exists() {
            std::fs::remove_dir_all(&kept).map_err(disk)?;
        }
        env::create_private_dir(&kept).map_err(disk)?;
        keystore::lock(&key_path, &begun.authority, passphrase, log_n)?;
        // Last: without it nothing was begun.
        env::write_private(&kept.join(CODE), asked.to_code().as_bytes()).map_err(disk)?;
        env::sync_dir(&kept).map_err(disk)?;
        Ok(Joining {
            kept: Some(kept),
            ..begun
        })
    }

    /// The person's key: kept with what was begun, so that begun again it is the same person.
    fn person_key(&self, passphrase: &SecretString, log_n: u8) -> Result<SecretKey, ServiceError> {
        let Some(path) = self.kept.as_ref().map(|kept| kept.join(PERSON)) else {
            return Ok(keystore::generate());
        };
        if path.exists() {
            return keystore::unlock(&path, passphrase).map_err(|error| match error {
                KeyFileError::Passphrase(_) => InviteError::OtherPassphrase.into(),
                other => other.into(),
            });
        }
        let key = keystore::generate();
        keystore::lock(&path, &key, passphrase, log_n)?;
        Ok(key)
    }

    fn with(
        invitation: Invitation,
        authority: SecretKey,
        kept: Option<PathBuf>,
    ) -> Result<Self, ServiceError> {
        let founding = FoundingStatement::open(&invitation.founding)?;
        Ok(Joining {
            invitation,
            founding,
            authority,
            person: None,
            kept,
        })
    }

    /// What the code says.
    pub fn invitation(&self) -> &Invitation {
        &self.invitation
    }

    /// What to ask the parent.
    pub fn request(&self) -> JoinRequest {
        let message = possession_message(&self.founding.id(), &self.invitation.org, Purpose::Authority);
        JoinRequest {
            org: self.invitation.org,
            secret: self.invitation.secret,
            authority: Some(self.authority.public()),
            possession: Some(self.authority.sign(Appointment::POSSESSION_DOMAIN, &message)),
            person: self.person.as_ref().map(|person| person.asks.clone()),
        }
    }

    /// Writes the new node's directory from the parent's answer.
    pub fn finish(
        self,
        dir: &Path,
        reply: JoinReply,
        passphrase: &SecretString,
        mut config: Config,
    ) -> Result<Arc<Node>, ServiceError> {
        let (appointment, statements, post) = match reply {
            JoinReply::Welcome {
                appointment,
                statements,
                person,
            } => (appointment, statements, person),
            JoinReply::Refused(words, cause) => {
                let error = InviteError::of(words, cause);
                // With such a code nobody goes on: what was begun with it, the code among it, is of no more use.
                if let (true, Some(kept)) = (error.is_final(), &self.kept) {
                    forget(kept);
                }
                return Err(error.into());
            }
        };
        let fresh_dir = FreshDir::begin(dir)?;
        let statements: Vec<SignedStatement> = statements
            .iter()
            .map(|bytes| SignedStatement::open(bytes))
            .collect::<Result<_, _>>()
            .map_err(|error| InviteError::Answer(format!("{error}")))?;
        let mut directory = Directory::new(self.founding.clone());
        directory.extend(statements.iter().cloned());
        let stands = directory.appointment(&appointment).is_ok_and(|granted| {
            granted.key == self.authority.public() && granted.org == self.invitation.org
        });
        if !stands {
            let words = "it does not appoint this node's org";
            return Err(InviteError::Answer(words.into()).into());
        }
        if let Some(person) = &self.person {
            stands_for(&directory, post, &person.asks, &self.invitation.org)?;
            keystore::lock(
                &keystore::person_path(fresh_dir.path(), &person.login),
                &person.key,
                &person.passphrase,
                config.scrypt_log_n,
            )?;
        }
        keystore::lock(
            &fresh_dir.path().join(files::AUTHORITY_KEY),
            &self.authority,
            passphrase,
            config.scrypt_log_n,
        )?;
        config.parents = vec![Parent {
            node: codec::hex(self.invitation.parent.ed25519_bytes()),
            addresses: self.invitation.addresses.clone(),
        }];
        let above = self.invitation.above.iter().flatten();
        config.parents.extend(above.map(|above| Parent {
            node: codec::hex(above.node.ed25519_bytes()),
            addresses: above.addresses.clone(),
        }));
        let fresh = Fresh {
            founding: &self.founding,
            org: self.invitation.org,
            authority: Some(appointment),
            statements,
            config,
            account: self
                .person
                .as_ref()
                .map(|person| (person.login.clone(), person.key.public())),
        };
        let node = settle(fresh_dir, fresh, &self.authority)?;
        if let Some(kept) = &self.kept {
            forget(kept);
        }
        Ok(node)
    }
}

/// Whether a parent's answer appoints the person.
fn stands_for(
    directory: &Directory,
    post: Option<StatementId>,
    person: &JoiningPerson,
    org: &OrgId,
) -> Result<(), ServiceError> {
    let granted = post.and_then(|id| directory.appointment(&id).ok());
    let stands = granted
        .is_some_and(|post| post.purpose == Purpose::Person && post.key == person.key && post.org == *org);
    match stands {
        true => Ok(()),
        false => Err(InviteError::Answer("it does not appoint the person".into()).into()),
    }
}

/// The id of a person who is new: from the key, so that asked again it is the same.
fn person_id(key: &SecretKey) -> PersonId {
    let hash = Hash::of("lianzhan/join/person-id/v1", &[key.public().ed25519_bytes()]);
    let mut id = [0; 16];
    id.copy_from_slice(&hash.0[..16]);
    PersonId(id)
}

fn bad_login(login: &str) -> ServiceError {
    ServiceError::Bad(format!(
        "login {login:?}: 1 to 32 lowercase letters, digits, - or _"
    ))
}

/// Appoints a person at the node of their org with the code of an invitation. `ask` reaches the node that invited, which may
/// be this one; a running node asks no other than itself and those that it dials anyway. Done again after it broke off, with
/// the same login and passphrase, it goes on.
pub async fn join_person(
    node: &Arc<Node>,
    code: &str,
    choice: PersonChoice,
    ask: impl AsyncFnOnce(&Invitation, JoinRequest) -> Result<JoinReply, InviteError>,
) -> Result<StatementId, ServiceError> {
    let invitation = Invitation::from_code(code)?;
    let (own, asked, chosen) = (node.clone(), invitation.clone(), choice.clone());
    let (key, request) = blocking(move || own.newcomer(&asked, &chosen)).await?;
    let reply = if invitation.parent == node.node_key().public() {
        let (own, asked) = (node.clone(), request.clone());
        blocking(move || Ok(own.answer_join(&asked))).await?
    } else {
        let invitation = node.reachable(invitation.clone())?;
        ask(&invitation, request.clone()).await?
    };
    let own = node.clone();
    blocking(move || own.welcomed(&request, reply, &choice.login, &key)).await
}

impl Node {
    /// The key of a person who comes with a code, locked here, and what to ask for it.
    fn newcomer(
        &self,
        invitation: &Invitation,
        choice: &PersonChoice,
    ) -> Result<(SecretKey, JoinRequest), ServiceError> {
        let founding = self.directory().founding().clone();
        let invited = invitation.person.as_ref().filter(|_| !invitation.is_of_node());
        let invited = invited.ok_or(InviteError::NoPerson)?;
        if invitation.founding != founding.bytes() || invitation.org != self.org {
            return Err(InviteError::AtItsNode(self.name_of(&invitation.org)).into());
        }
        if !keystore::valid_login(&choice.login) {
            return Err(bad_login(&choice.login));
        }
        let name = invited.name.clone().unwrap_or_else(|| choice.name.clone());
        if name.trim().is_empty() {
            return Err(InviteError::NoPerson.into());
        }
        let key = match self.begun(&choice.login, &choice.passphrase)? {
            Some(key) => key,
            None if env::now() >= invitation.expires => {
                return Err(InviteError::Expired(day(invitation.expires)).into());
            }
            None => {
                let key = keystore::generate();
                self.lock_person(&choice.login, &key, &choice.passphrase)?;
                key
            }
        };
        let asks = JoiningPerson::new(&key, &founding.id(), &self.org, name, person_id(&key));
        let request = JoinRequest {
            org: self.org,
            secret: invitation.secret,
            authority: None,
            possession: None,
            person: Some(asks),
        };
        Ok((key, request))
    }

    /// The invitation with addresses of this node's own configuration: whoever pastes a code here does not choose where this
    /// machine dials.
    fn reachable(&self, mut invitation: Invitation) -> Result<Invitation, ServiceError> {
        let parents = self.config().parents.iter();
        let named = parents
            .filter(|parent| parent.node == codec::hex(invitation.parent.ed25519_bytes()))
            .flat_map(|parent| parent.addresses.clone());
        invitation.addresses = named.collect();
        if invitation.addresses.is_empty() {
            return Err(InviteError::Unreachable {
                addresses: codec::hex(invitation.parent.ed25519_bytes()),
                reason: "this node does not know the one that invited".into(),
            }
            .into());
        }
        Ok(invitation)
    }

    /// Takes the answer: the appointment is here, and the person can sign in.
    fn welcomed(
        &self,
        request: &JoinRequest,
        reply: JoinReply,
        login: &str,
        key: &SecretKey,
    ) -> Result<StatementId, ServiceError> {
        let (post, statements) = match reply {
            JoinReply::Welcome {
                person, statements, ..
            } => (person, statements),
            JoinReply::Refused(words, cause) => {
                // A key that nobody appoints keeps no login.
                self.put_key_aside(login)?;
                return Err(InviteError::of(words, cause).into());
            }
        };
        let statements: Vec<SignedStatement> = statements
            .iter()
            .map(|bytes| SignedStatement::open(bytes))
            .collect::<Result<_, _>>()
            .map_err(|error| InviteError::Answer(format!("{error}")))?;
        let mut directory = Directory::clone(&self.directory());
        directory.extend(statements.iter().cloned());
        let person = request.person.as_ref().ok_or(InviteError::NoPerson)?;
        stands_for(&directory, post, person, &self.org)?;
        let kept = statements.clone();
        self.store
            .write_blocking(move |writer| writer.keep_statements(kept))?;
        self.learn(&statements);
        self.keep_account(login, &key.public())?;
        post.ok_or_else(|| InviteError::NoPerson.into())
    }
}

/// The invitation with which joining was begun for a directory and not finished.
pub fn begun(dir: &Path) -> Option<Invitation> {
    let code = std::fs::read_to_string(kept_path(dir).join(CODE)).ok()?;
    Invitation::from_code(&code).ok()
}

/// Removes what a crash left behind between the directory's name and the end.
pub fn tidy(dir: &Path) {
    let kept = kept_path(dir);
    if dir.join(files::FOUNDING).exists() && kept.exists() {
        forget(&kept);
    }
}

/// The key in it is in the node's directory by now; what is not removed today is removed at the next start.
fn forget(kept: &Path) {
    if let Err(error) = std::fs::remove_dir_all(kept) {
        tracing::warn!(path = %kept.display(), %error, "what joining had begun is left behind");
    }
}

fn kept_path(dir: &Path) -> PathBuf {
    let mut name = dir.file_name().unwrap_or_default().to_owned();
    name.push(".joining");
    dir.with_file_name(name)
}

/// How far joining is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The keys are being made.
    Keys,
    /// The parent is asked for the appointment.
    Asking,
    /// The appointment is here, and the node's directory is written.
    Appointed,
}

/// Joins: makes the keys, has them appointed by the parent that `ask` reaches, and writes the node's directory. `tell` is
/// told each step as it begins. Done again after a crash, it goes on.
pub async fn join(
    dir: &Path,
    code: &str,
    passphrase: SecretString,
    person: Option<PersonChoice>,
    config: Config,
    ask: impl AsyncFnOnce(&Invitation, JoinRequest) -> Result<JoinReply, InviteError>,
    tell: impl Fn(Step),
) -> Result<Arc<Node>, ServiceError> {
    tell(Step::Keys);
    // All that can fail here fails before the invitation is used up.
    FreshDir::check(dir)?;
    let (at, code, own, log_n) = (
        dir.to_owned(),
        code.to_owned(),
        passphrase.clone(),
        config.scrypt_log_n,
    );
    let joining =
        blocking(move || Joining::begin_in(&at, &code, &own, log_n)?.bringing(person, log_n)).await?;
    tell(Step::Asking);
    let reply = ask(joining.invitation(), joining.request()).await?;
    tell(Step::Appointed);
    let at = dir.to_owned();
    blocking(move || joining.finish(&at, reply, &passphrase, config)).await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ServiceError> + Send + 'static,
) -> Result<T, ServiceError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(ServiceError::Damaged(format!("joining broke off: {error}"))),
    }
}
