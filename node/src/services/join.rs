//! Joining: the new machine's side of an invitation. What it has begun it keeps beside the directory that it will make, so
//! that it goes on after a crash, with the key that the parent may have appointed already.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use age::secrecy::SecretString;
use lianzhan_protocol::codec;
use lianzhan_protocol::keys::SecretKey;
use lianzhan_protocol::trust::{
    Appointment, Directory, FoundingStatement, Purpose, SignedStatement, possession_message,
};

use super::found::{Fresh, FreshDir, settle};
use super::invite::{Invitation, InviteError, JoinReply, JoinRequest};
use super::office::day;
use super::{Node, ServiceError, files};
use crate::config::{Config, Parent};
use crate::env;
use crate::keystore::{self, KeyFileError};

/// The code of the invitation, in the directory of what was begun.
const CODE: &str = "code";

/// A join that has its keys and waits for the parent's answer.
pub struct Joining {
    invitation: Invitation,
    founding: FoundingStatement,
    authority: SecretKey,
    /// Where it is kept until it is done.
    kept: Option<PathBuf>,
}

impl Joining {
    /// Checks the code and makes the new org's authority key.
    pub fn begin(code: &str) -> Result<Self, ServiceError> {
        let invitation = Invitation::from_code(code)?;
        if env::now() >= invitation.expires {
            return Err(InviteError::Expired(day(invitation.expires)).into());
        }
        Self::with(invitation, keystore::generate(), None)
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
            authority: self.authority.public(),
            possession: self.authority.sign(Appointment::POSSESSION_DOMAIN, &message),
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
        let (appointment, statements) = match reply {
            JoinReply::Welcome {
                appointment,
                statements,
            } => (appointment, statements),
            JoinReply::Refused(words, cause) => return Err(InviteError::of(words, cause).into()),
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
        };
        let node = settle(fresh_dir, fresh, &self.authority)?;
        if let Some(kept) = &self.kept {
            forget(kept);
        }
        Ok(node)
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
    let joining = blocking(move || Joining::begin_in(&at, &code, &own, log_n)).await?;
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
