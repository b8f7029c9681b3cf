//! Founding a federation and a node's directory.

use std::path::{Path, PathBuf};

use age::secrecy::SecretString;
use lianzhan_protocol::division::{Code, Tier};
use lianzhan_protocol::id::{OrgId, StatementId};
use lianzhan_protocol::keys::{PublicKey, SecretKey};
use lianzhan_protocol::log::{LogStatement, Origin};
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::{
    Appointment, Audience, Body, Founding, FoundingStatement, Issuer, Level, MayAppoint, Org, OrgFault,
    Purpose, SignedStatement, Statement, Validity, possession_message,
};
use std::sync::Arc;

use super::office::{OfficeError, day, last_day, told};
use super::{META_AUTHORITY, META_ORG, Node, ServiceError, files};
use crate::config::{Config, Overrides};
use crate::env;
use crate::keystore::{self, AnnexKeys, KeyFileError};
use crate::store::Store;

/// How long the root's authority holds: a term of five years (Deputies Law art. 2) and one more to hand over.
pub(super) const ROOT_MS: i64 = 6 * 366 * 24 * 3600 * 1000;
/// Founders of a federation and how many of them must sign.
const FOUNDERS: usize = 3;
const THRESHOLD: u32 = 2;

/// How an org is to be described.
#[derive(Debug, Clone)]
pub struct OrgDraft {
    /// Its level.
    pub level: Level,
    /// Chinese name.
    pub name_zh: String,
    /// English name.
    pub name_en: String,
    /// Division code.
    pub code: String,
}

impl OrgDraft {
    pub(super) fn into_org(self, parent: Option<OrgId>) -> Result<Org, ServiceError> {
        let org = Org {
            id: parent.map_or_else(
                || OrgId(env::random()),
                |parent| OrgId::mint(&parent, env::random()),
            ),
            parent,
            level: self.level,
            name_zh: self.name_zh,
            name_en: self.name_en,
            code: self.code,
        };
        org.check().map_err(|fault| match fault {
            OrgFault::Code(code) => ServiceError::DivisionCode(code),
            OrgFault::Name => ServiceError::Bad(fault.to_string()),
        })?;
        if !fits(&org.code, org.level) {
            return Err(ServiceError::CodeOfLevel {
                code: org.code,
                level: org.level,
            });
        }
        Ok(org)
    }
}

/// Whether a division code goes as far down as an org of this level stands.
fn fits(code: &str, level: Level) -> bool {
    let tier = Code::parse(code).map(|code| code.tier());
    match level {
        Level::National => true,
        Level::Province => tier == Some(Tier::Province),
        Level::City => tier == Some(Tier::Prefecture),
        Level::County => tier == Some(Tier::County),
        Level::Township | Level::Street => tier == Some(Tier::Township),
        // A site may serve a township, or a county, as a whole.
        Level::Station => matches!(tier, Some(Tier::County | Tier::Township | Tier::Village)),
    }
}

/// What a fresh directory needs beside its keys.
pub(super) struct Fresh<'a> {
    pub(super) founding: &'a FoundingStatement,
    pub(super) org: OrgId,
    pub(super) authority: Option<StatementId>,
    pub(super) statements: Vec<SignedStatement>,
    pub(super) config: Config,
    /// A person who can sign in from the first moment: login and key.
    pub(super) account: Option<(String, PublicKey)>,
}

/// Founds a federation whose root org is `draft`: founders' keys (k of n), the root's authority, and the root's node in
/// `dir`. All passphrase-locked keys get `passphrase`; operators change hands of `founders/*.age` afterwards.
pub fn found(
    dir: &Path,
    draft: OrgDraft,
    passphrase: &SecretString,
    config: Config,
) -> Result<Arc<Node>, ServiceError> {
    let fresh_dir = FreshDir::begin(dir)?;
    let root = draft.into_org(None)?;
    let now = env::now();
    let validity = Validity {
        not_before: now,
        not_after: Timestamp(now.0 + ROOT_MS),
    };
    let mut founders: Vec<SecretKey> = (0..FOUNDERS).map(|_| keystore::generate()).collect();
    founders.sort_by_key(SecretKey::public);
    let authority = keystore::generate();
    let depth = Level::Station.rank().saturating_sub(root.level.rank());
    let founding = Founding {
        version: 1,
        root: root.clone(),
        founders: founders.iter().map(SecretKey::public).collect(),
        threshold: THRESHOLD,
        authority: authority.public(),
        validity,
        may_appoint: MayAppoint::all(depth),
    };
    let founding = FoundingStatement::sign(&founding, &founders)?;
    for (n, key) in founders.iter().enumerate() {
        let path = fresh_dir.path().join("founders").join(format!("{}.age", n + 1));
        keystore::lock(&path, key, passphrase, config.scrypt_log_n)?;
    }
    keystore::lock(
        &fresh_dir.path().join(files::AUTHORITY_KEY),
        &authority,
        passphrase,
        config.scrypt_log_n,
    )?;
    let fresh = Fresh {
        founding: &founding,
        org: root.id,
        authority: None,
        statements: Vec::new(),
        config,
        account: None,
    };
    settle(fresh_dir, fresh, &authority)
}

/// Completes a fresh directory: keys, founding statement, and the appointments of its own node and witness keys by the
/// org's authority. Only then it gets its name, so a directory that is there is whole.
pub(super) fn settle(
    target: FreshDir,
    fresh: Fresh<'_>,
    authority: &SecretKey,
) -> Result<Arc<Node>, ServiceError> {
    let dir = target.path();
    let path = |name: &str| dir.join(name);
    let (node_key, witness_key) = (keystore::generate(), keystore::generate());
    keystore::write_plain(&path(files::NODE_KEY), &node_key)?;
    keystore::write_plain(&path(files::WITNESS_KEY), &witness_key)?;
    AnnexKeys::open(&path(files::ANNEX_KEYS))?;
    fresh.config.save(dir)?;
    {
        let store = Store::open(
            dir,
            Arc::new(super::NodeSigner {
                key: node_key,
                former: Vec::new(),
            }),
        )?;
        let (org, authority_id, statements) = (fresh.org, fresh.authority, fresh.statements);
        let account = fresh.account;
        store.write_blocking(move |writer| {
            writer.put_meta(META_ORG, &org.0)?;
            writer.put_meta(
                META_AUTHORITY,
                authority_id.as_ref().map_or(&[], |id| id.0.as_slice()),
            )?;
            if let Some((login, key)) = account {
                writer.keep_account(&login, &key)?;
            }
            writer.keep_statements(statements)
        })?;
    }
    env::write_private(&path(files::FOUNDING), fresh.founding.bytes()).map_err(|error| {
        ServiceError::Disk {
            path: path(files::FOUNDING),
            error,
        }
    })?;
    {
        let node = Node::open(dir, &Overrides::default())?;
        let name = node.org()?.name_zh;
        node.appoint_key(authority, &node.node_key, Purpose::Node, node.org, &name)?;
        node.appoint_key(authority, &node.witness_key(), Purpose::Witness, node.org, &name)?;
    }
    Node::open(&target.finish()?, &Overrides::default())
}

impl Node {
    /// The issuer part of a statement of this node's org.
    pub(super) fn issuer(&self, authority: &SecretKey) -> Result<Issuer, ServiceError> {
        Ok(Issuer {
            founding: self.directory().founding().id(),
            org: self.org,
            key: authority.public(),
            appointment: self.authority_post()?,
            issued: env::now(),
        })
    }

    /// The appointment under which this org's authority speaks; none at the root. Of several the one that holds longest: a
    /// renewal takes over by itself.
    pub(super) fn authority_post(&self) -> Result<Option<StatementId>, ServiceError> {
        let bytes = self
            .store
            .read(|reader| reader.meta(META_AUTHORITY))?
            .unwrap_or_default();
        let Some(first) = <[u8; 32]>::try_from(bytes).ok().map(StatementId) else {
            return Ok(None);
        };
        let directory = self.directory();
        let given = directory.statement(&first).and_then(SignedStatement::appointment);
        let best = given.and_then(|given| {
            directory
                .appointments_of(&given.key, Purpose::Authority)
                .filter(|(id, post)| post.org == self.org && directory.revoked(id).is_empty())
                .max_by_key(|(id, post)| (post.validity.not_after, *id))
        });
        Ok(Some(best.map_or(first, |(id, _)| id)))
    }

    /// From when to when this org's authority holds, and what it may give.
    fn authority_powers(&self) -> Result<(Validity, MayAppoint), ServiceError> {
        let directory = self.directory();
        let Some(id) = self.authority_post()? else {
            let root = directory.root_authorities().last();
            return root
                .map(|root| (root.validity, root.may_appoint.clone()))
                .ok_or_else(|| ServiceError::Damaged("nobody speaks for the root".into()));
        };
        let appointment = directory
            .appointment(&id)
            .map_err(|fault| ServiceError::NotAllowed(fault.to_string()))?;
        let may_appoint = appointment.may_appoint.clone();
        may_appoint
            .map(|may_appoint| (appointment.validity, may_appoint))
            .ok_or_else(|| ServiceError::NotAllowed("this org's authority is not appointed".into()))
    }

    /// From when to when this org's authority holds.
    pub(super) fn authority_validity(&self) -> Result<Validity, ServiceError> {
        Ok(self.authority_powers()?.0)
    }

    /// How many levels of authorities this org's authority may appoint below it.
    pub(super) fn authority_depth(&self) -> Result<u8, ServiceError> {
        Ok(self.authority_powers()?.1.depth)
    }

    pub(super) fn appoint_key(
        &self,
        authority: &SecretKey,
        key: &SecretKey,
        purpose: Purpose,
        org: OrgId,
        name: &str,
    ) -> Result<StatementId, ServiceError> {
        let message = possession_message(&self.directory().founding().id(), &org, purpose);
        let appointment = Appointment {
            key: key.public(),
            org,
            purpose,
            roles: Vec::new(),
            may_appoint: None,
            validity: self.remaining()?,
            name: name.to_owned(),
            seat: None,
            possession: key.sign(Appointment::POSSESSION_DOMAIN, &message),
            person: None,
        };
        self.publish(authority, Body::Appointment(appointment))
    }

    /// From now until this org's authority ends.
    pub(super) fn remaining(&self) -> Result<Validity, ServiceError> {
        let whole = self.authority_validity()?;
        let now = env::now();
        // A clock that stands before the issuer's start must not make an appointment that never stands.
        let not_before = now.max(whole.not_before);
        if not_before >= whole.not_after {
            return Err(OfficeError::AuthorityEnded(last_day(whole.not_after)).into());
        }
        Ok(Validity {
            not_before,
            not_after: whole.not_after,
        })
    }

    /// A statement of this node's org, signed, that would stand; refused otherwise.
    pub(super) fn would_stand(
        &self,
        authority: &SecretKey,
        body: &Body,
    ) -> Result<SignedStatement, ServiceError> {
        let statement = SignedStatement::sign(
            Statement {
                issuer: self.issuer(authority)?,
                body: body.clone(),
            },
            authority,
        );
        let mut tried = lianzhan_protocol::trust::Directory::clone(&self.directory());
        tried.extend([statement.clone()]);
        let id = statement.id();
        if let Some(fault) = tried.faults().get(&id) {
            let own = statement.issuer().appointment.as_ref();
            let revoked = own.and_then(|own| tried.revoked(own).first().copied());
            return Err(match revoked.filter(|_| fault.is_contested()) {
                Some(revoked) => {
                    let (by, at, words) = told(&tried, revoked);
                    OfficeError::OwnRevoked { by, at, words }.into()
                }
                None => ServiceError::WouldNotStand(fault.clone()),
            });
        }
        // It would stand, and serve for nothing: a hard revocation is of the key.
        if let Some(revoked) = tried.revoked(&id).first() {
            let (by, at, words) = told(&tried, revoked);
            return Err(OfficeError::KeyTakenBack { by, at, words }.into());
        }
        Ok(statement)
    }

    /// Signs a statement for this node's org and appends it to the org's directory space. Refuses what would not stand.
    pub(super) fn publish(&self, authority: &SecretKey, body: Body) -> Result<StatementId, ServiceError> {
        let statement = self.would_stand(authority, &body)?;
        // The directory learns at once: the first log of a node needs the appointment that it is about to hold.
        self.learn(std::slice::from_ref(&statement));
        let kept = self.keep_stated(&statement);
        if kept.is_err() {
            // What was not saved is not so; peers would be shown it, and nobody ever again after a restart.
            self.unlearn()?;
        }
        kept?;
        Ok(statement.id())
    }

    fn keep_stated(&self, statement: &SignedStatement) -> Result<(), ServiceError> {
        let space = self.own_space(Audience::Directory);
        let origin: Origin = self.ensure_log(&space)?;
        let own = self.node_entry(&origin, &space, &LogStatement::Trust(statement.bytes().to_vec()))?;
        self.store
            .write_blocking(move |writer| writer.append_own(&origin, vec![own]))?;
        Ok(())
    }

    /// Unlocks this org's authority key for one act: the new one from the moment on that its appointment is here.
    pub fn unlock_authority(&self, passphrase: &SecretString) -> Result<SecretKey, ServiceError> {
        self.settle_authority()?;
        let path = self.dir.join(files::AUTHORITY_KEY);
        keystore::unlock(&path, passphrase).map_err(|error| match (&error, self.authority_changed()) {
            (KeyFileError::Passphrase(_), Some(at)) => OfficeError::NewPassphrase(day(at)).into(),
            _ => error.into(),
        })
    }

    /// When the key of this org's authority was replaced last, as the name of the one before tells.
    fn authority_changed(&self) -> Option<Timestamp> {
        let files = std::fs::read_dir(&self.dir).ok()?;
        let replaced = files.filter_map(|file| {
            let name = file.ok()?.file_name().into_string().ok()?;
            let at = name.strip_prefix("authority.")?.strip_suffix(".old")?;
            at.parse().ok().map(Timestamp)
        });
        replaced.max()
    }

    /// Names the children that witness the root. Stated by the root alone.
    pub fn name_root_witnesses(
        &self,
        authority: &SecretKey,
        children: Vec<OrgId>,
    ) -> Result<(), ServiceError> {
        self.publish(authority, Body::RootWitnesses(children)).map(drop)
    }
}

/// A directory under construction beside the one it is to become. What a crash left of an earlier try is removed.
pub struct FreshDir {
    target: PathBuf,
    temporary: PathBuf,
}

impl FreshDir {
    /// Refuses a target that holds anything.
    pub fn check(target: &Path) -> Result<(), ServiceError> {
        if target.join(files::FOUNDING).exists() {
            return Err(ServiceError::NodeExists(target.to_owned()));
        }
        match std::fs::read_dir(target).map(|mut entries| entries.next().is_some()) {
            Ok(true) => Err(ServiceError::OtherFiles(target.to_owned())),
            Ok(false) => Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            // Also of a file that has the name.
            Err(error) => Err(ServiceError::Disk {
                path: target.to_owned(),
                error,
            }),
        }
    }

    /// Begins a directory that is to get the name `target`.
    pub(super) fn begin(target: &Path) -> Result<Self, ServiceError> {
        Self::check(target)?;
        let disk = |error| ServiceError::Disk {
            path: target.to_owned(),
            error,
        };
        let mut name = target.file_name().unwrap_or_default().to_owned();
        name.push(".new");
        let temporary = target.with_file_name(name);
        if temporary.exists() {
            std::fs::remove_dir_all(&temporary).map_err(disk)?;
        }
        env::create_private_dir(&temporary).map_err(disk)?;
        Ok(FreshDir {
            target: target.to_owned(),
            temporary,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.temporary
    }

    /// Gives the directory its name, durably.
    fn finish(&self) -> Result<PathBuf, ServiceError> {
        let disk = |error| ServiceError::Disk {
            path: self.target.clone(),
            error,
        };
        if self.target.exists() {
            std::fs::remove_dir(&self.target).map_err(disk)?;
        }
        std::fs::rename(&self.temporary, &self.target).map_err(disk)?;
        env::sync_dir(&self.target).map_err(disk)?;
        Ok(self.target.clone())
    }
}
