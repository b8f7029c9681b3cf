//! The parent's side: making invitations, listing and withdrawing them, and answering who comes with one.
//!
//! A grant is bound to the first key that comes with its secret, and that is durable before anything is signed. So one
//! invitation appoints one key, and a join that broke off anywhere can be done again by whoever began it.

use std::path::{Path, PathBuf};
use std::sync::{MutexGuard, PoisonError};

use age::secrecy::SecretString;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use lianzhan_protocol::codec;
use lianzhan_protocol::id::{Hash, OrgId, StatementId};
use lianzhan_protocol::keys::{PublicKey, SecretKey};
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::{Body, Org, Purpose, SignedStatement};
use minicbor::{Decode, Encode};

use super::{Above, Invitation, InviteError, JoinReply, JoinRequest};
use crate::env;
use crate::services::found::OrgDraft;
use crate::services::office::day;
use crate::services::{Node, ServiceError, files};

/// How long an invitation holds, unless its author says otherwise.
pub const INVITE_DAYS: i64 = 7;
/// The longest.
pub const INVITE_DAYS_MAX: i64 = 60;
const DAY_MS: i64 = 24 * 3600 * 1000;
/// Invitations of one org that are remembered once they are over.
const PAST_MAX: usize = 64;
/// Longest file, in bytes.
const FILE_MAX: usize = 64 * 1024;

/// What the parent keeps of an invitation: the authority key, locked under the secret.
#[derive(Encode, Decode)]
#[cbor(map)]
struct Grant {
    #[n(1)]
    org: OrgId,
    #[n(2)]
    expires: Timestamp,
    #[n(3)]
    #[cbor(with = "minicbor::bytes")]
    nonce: [u8; 24],
    #[n(4)]
    #[cbor(with = "minicbor::bytes")]
    sealed: Vec<u8>,
    /// Tells the secret again, and not what it is.
    #[n(5)]
    tag: Option<Hash>,
    #[n(6)]
    made: Option<Timestamp>,
}

/// What became of an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
enum End {
    #[n(1)]
    Used,
    #[n(2)]
    Withdrawn,
    #[n(3)]
    Replaced,
}

/// An invitation that is over.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
struct Past {
    #[n(1)]
    tag: Hash,
    #[n(2)]
    end: End,
    #[n(3)]
    at: Timestamp,
    /// The key that it appoints, if it was used.
    #[n(4)]
    key: Option<PublicKey>,
}

impl Past {
    fn refusal(&self) -> InviteError {
        let at = day(self.at);
        match self.end {
            End::Used => InviteError::Used(at),
            End::Withdrawn => InviteError::Withdrawn(at),
            End::Replaced => InviteError::Replaced(at),
        }
    }
}

/// An invitation that waits for its node.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct OpenInvitation {
    /// The invited org's id.
    pub org: String,
    /// Its Chinese name.
    pub name_zh: String,
    /// Its English name.
    pub name_en: String,
    /// Its level.
    pub level: String,
    /// Its division code.
    pub code: String,
    /// When it was made, milliseconds since 1970; zero where that was not kept.
    pub made: i64,
    /// Until when it holds.
    pub expires: i64,
    /// Whether that is over.
    pub expired: bool,
}

fn cipher(secret: &[u8; 32]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&Key::from(Hash::of("lianzhan/grant/v1", &[secret]).0))
}

fn tag(secret: &[u8; 32]) -> Hash {
    Hash::of("lianzhan/grant/tag/v1", &[secret])
}

fn disk(path: &Path) -> impl Fn(std::io::Error) -> ServiceError {
    let path = path.to_owned();
    move |error| ServiceError::Disk {
        path: path.clone(),
        error,
    }
}

impl Node {
    /// States a new org below this one and makes an invitation for its node. `addresses` are this node's, as the new
    /// one will reach them.
    pub fn invite(
        &self,
        draft: OrgDraft,
        passphrase: &SecretString,
        addresses: Vec<String>,
    ) -> Result<Invitation, ServiceError> {
        self.invite_for(draft, passphrase, addresses, INVITE_DAYS)
    }

    /// The same, good for so many days.
    pub fn invite_for(
        &self,
        draft: OrgDraft,
        passphrase: &SecretString,
        addresses: Vec<String>,
        days: i64,
    ) -> Result<Invitation, ServiceError> {
        if !(1..=INVITE_DAYS_MAX).contains(&days) {
            return Err(ServiceError::Bad(format!(
                "an invitation holds between 1 and {INVITE_DAYS_MAX} days"
            )));
        }
        let authority = self.unlock_authority(passphrase)?;
        let id = match self.invited_before(&draft) {
            Some(id) => id,
            None => {
                let org = draft.into_org(Some(self.org))?;
                let id = org.id;
                self.publish(&authority, Body::Org(org))?;
                id
            }
        };
        self.grant_join(&authority, id, addresses, days)
    }

    /// Locks the authority key under a fresh secret into a grant for one join of `id`, which replaces an earlier one.
    pub(in crate::services) fn open_invitation(
        &self,
        authority: &SecretKey,
        id: OrgId,
        addresses: Vec<String>,
    ) -> Result<Invitation, ServiceError> {
        self.grant_join(authority, id, addresses, INVITE_DAYS)
    }

    fn grant_join(
        &self,
        authority: &SecretKey,
        id: OrgId,
        addresses: Vec<String>,
        days: i64,
    ) -> Result<Invitation, ServiceError> {
        let secret = env::random::<32>();
        let made = env::now();
        let expires = Timestamp(made.0 + days * DAY_MS);
        let nonce = env::random();
        let seed = authority.seed();
        let sealed = cipher(&secret)
            .encrypt(
                &XNonce::from(nonce),
                Payload {
                    msg: seed.as_slice(),
                    aad: &id.0,
                },
            )
            .map_err(|_| ServiceError::Bad("the grant could not be locked".into()))?;
        let grant = Grant {
            org: id,
            expires,
            nonce,
            sealed,
            tag: Some(tag(&secret)),
            made: Some(made),
        };
        let _held = self.grants();
        let path = self.grant_path(&id);
        std::fs::create_dir_all(self.dir.join(files::INVITES)).map_err(disk(&path))?;
        if let Some(before) = self.grant_of(&id)?.and_then(|before| before.tag) {
            self.remember(&id, before, End::Replaced, None)?;
        }
        env::write_private(&path, &codec::encode(&grant)).map_err(disk(&path))?;
        Ok(Invitation {
            founding: self.directory().founding().bytes().to_vec(),
            parent: self.node_key.public(),
            addresses,
            org: id,
            secret,
            expires,
            above: self.above(&id),
        })
    }

    /// The nodes above, of those that this node dials, whose orgs must witness logs of `org`.
    fn above(&self, org: &OrgId) -> Option<Vec<Above>> {
        let directory = self.directory();
        let witnesses = directory.required_witnesses(org);
        let known = self.config.parents.iter().filter_map(|parent| {
            let node = codec::unhex::<32>(&parent.node).and_then(|key| PublicKey::from_ed25519(key).ok())?;
            let (node, serves) = self.serving_for(&node)?;
            witnesses.contains(&serves).then(|| Above {
                node,
                addresses: parent.addresses.clone(),
            })
        });
        let above: Vec<_> = known.collect();
        (!above.is_empty()).then_some(above)
    }

    /// An org below that was stated as described and whose node never joined: it is invited again, not stated twice. The
    /// new code replaces the old one.
    fn invited_before(&self, draft: &OrgDraft) -> Option<OrgId> {
        let directory = self.directory();
        let appointed = |org: &OrgId| {
            directory
                .statements()
                .filter_map(SignedStatement::appointment)
                .any(|a| a.org == *org && a.purpose == Purpose::Node)
        };
        directory
            .children(&self.org)
            .find(|org| {
                (org.level, &org.code, &org.name_zh) == (draft.level, &draft.code, &draft.name_zh)
                    && !appointed(&org.id)
            })
            .map(|org| org.id)
    }

    /// Invitations that wait for their nodes, those that expire first before the others.
    pub fn invitations(&self) -> Result<Vec<OpenInvitation>, ServiceError> {
        let folder = self.dir.join(files::INVITES);
        let Ok(entries) = std::fs::read_dir(&folder) else {
            return Ok(Vec::new());
        };
        let (directory, now) = (self.directory(), env::now());
        let mut open = Vec::new();
        for entry in entries {
            let name = entry.map_err(disk(&folder))?.file_name();
            let name = name.to_string_lossy();
            let org = name.strip_suffix(".grant").and_then(OrgId::parse);
            let Some(grant) = org.map(|org| self.grant_of(&org)).transpose()?.flatten() else {
                continue;
            };
            let org = directory.org(&grant.org);
            let part = |of: fn(&Org) -> &str| org.map(of).unwrap_or_default().to_owned();
            open.push(OpenInvitation {
                org: grant.org.to_string(),
                name_zh: part(|org| &org.name_zh),
                name_en: part(|org| &org.name_en),
                level: part(|org| org.level.as_str()),
                code: part(|org| &org.code),
                made: grant.made.map_or(0, |made| made.0),
                expires: grant.expires.0,
                expired: now >= grant.expires,
            });
        }
        open.sort_by(|a, b| (a.expires, &a.org).cmp(&(b.expires, &b.org)));
        Ok(open)
    }

    /// Takes the open invitation of an org back: by its id, its division code or its Chinese name.
    pub fn withdraw_invitation(&self, text: &str) -> Result<OpenInvitation, ServiceError> {
        let text = text.trim();
        let mut open = self.invitations()?.into_iter();
        let found = open.find(|one| {
            [&one.org, &one.code, &one.name_zh]
                .iter()
                .any(|name| *name == text)
        });
        let found = found.ok_or(InviteError::Unknown)?;
        let id = OrgId::parse(&found.org).ok_or(InviteError::Damaged)?;
        let _held = self.grants();
        let Some(grant) = self.grant_of(&id)? else {
            return Err(InviteError::Unknown.into());
        };
        if let Some(tag) = grant.tag {
            // Somebody is joining with it at this moment.
            if let Some(past) = self.past(&id)?.into_iter().find(|past| past.tag == tag) {
                return Err(past.refusal().into());
            }
            self.remember(&id, tag, End::Withdrawn, None)?;
        }
        self.drop_grant(&id)?;
        Ok(found)
    }

    fn grant_path(&self, org: &OrgId) -> PathBuf {
        self.dir.join(files::INVITES).join(format!("{org}.grant"))
    }

    fn past_path(&self, org: &OrgId) -> PathBuf {
        self.dir.join(files::INVITES).join(format!("{org}.past"))
    }

    /// Grants and what is remembered of them change by one hand at a time.
    fn grants(&self) -> MutexGuard<'_, ()> {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn grant_of(&self, org: &OrgId) -> Result<Option<Grant>, ServiceError> {
        read(&self.grant_path(org))
    }

    fn past(&self, org: &OrgId) -> Result<Vec<Past>, ServiceError> {
        Ok(read(&self.past_path(org))?.unwrap_or_default())
    }

    fn remember(&self, org: &OrgId, tag: Hash, end: End, key: Option<PublicKey>) -> Result<(), ServiceError> {
        let mut past = self.past(org)?;
        if past.iter().any(|one| one.tag == tag) {
            return Ok(());
        }
        let surplus = (past.len() + 1).saturating_sub(PAST_MAX);
        past.drain(..surplus);
        past.push(Past {
            tag,
            end,
            at: env::now(),
            key,
        });
        let path = self.past_path(org);
        env::write_private(&path, &codec::encode(&past)).map_err(disk(&path))
    }

    fn drop_grant(&self, org: &OrgId) -> Result<(), ServiceError> {
        let path = self.grant_path(org);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            done => done.and_then(|()| env::sync_dir(&path)).map_err(disk(&path)),
        }
    }

    /// Answers a joining node. One invitation is good for one key.
    pub fn answer_join(&self, request: &JoinRequest) -> JoinReply {
        match self.welcome(request) {
            Ok((appointment, statements)) => {
                let statements = statements.iter().map(|s| s.bytes().to_vec().into()).collect();
                JoinReply::Welcome {
                    appointment,
                    statements,
                }
            }
            Err(error) => {
                tracing::warn!(org = %request.org, %error, "join refused");
                match error {
                    ServiceError::Invitation(why) => JoinReply::Refused(why.to_string(), why.cause()),
                    other => JoinReply::Refused(other.to_string(), None),
                }
            }
        }
    }

    fn welcome(&self, request: &JoinRequest) -> Result<(StatementId, Vec<SignedStatement>), ServiceError> {
        let own = self.org()?;
        let org = self.directory().org(&request.org).cloned();
        let org = org.ok_or(InviteError::Unknown)?;
        if org.parent != Some(own.id) {
            return Err(InviteError::OtherOrg(own.name_zh).into());
        }
        let id = match self.take_grant(request)? {
            // Asked again by who began it: the answer of then may have been lost on its way.
            Taken::Before(id) => id,
            Taken::Now(authority) => {
                let (key, possession) = (request.authority, request.possession);
                let appointment = self.authority_appointment(&org, key, possession, None)?;
                let id = self.publish(&authority, appointment)?;
                // Nobody stands above the root: the first child that joins witnesses it.
                if own.parent.is_none() && self.directory().required_witnesses(&own.id).is_empty() {
                    self.publish(&authority, Body::RootWitnesses(vec![org.id]))?;
                }
                id
            }
        };
        let _held = self.grants();
        if self
            .grant_of(&org.id)?
            .is_some_and(|grant| grant.tag == Some(tag(&request.secret)))
        {
            self.drop_grant(&org.id)?;
        }
        let directory = self.directory();
        let own_key = self.node_key.public();
        let own_node = directory
            .appointments_of(&own_key, Purpose::Node)
            .map(|(id, _)| id);
        let statements = directory
            .closure(own_node.chain([id]))
            .into_iter()
            .cloned()
            .collect();
        Ok((id, statements))
    }

    /// Opens the grant for the key that asks, which nobody else can from then on.
    fn take_grant(&self, request: &JoinRequest) -> Result<Taken, ServiceError> {
        let _held = self.grants();
        let tag = tag(&request.secret);
        let past = self.past(&request.org)?.into_iter().find(|past| past.tag == tag);
        if let Some(past) = &past {
            if past.key != Some(request.authority) {
                return Err(past.refusal().into());
            }
            if let Some(id) = self.appointed_authority(request) {
                return Ok(Taken::Before(id));
            }
        }
        let grant = self.grant_of(&request.org)?;
        let grant = grant.ok_or_else(|| past.as_ref().map_or(InviteError::Unknown, Past::refusal))?;
        if env::now() >= grant.expires {
            return Err(InviteError::Expired(day(grant.expires)).into());
        }
        let sealed = Payload {
            msg: grant.sealed.as_slice(),
            aad: &request.org.0,
        };
        let seed = cipher(&request.secret)
            .decrypt(&XNonce::from(grant.nonce), sealed)
            .ok()
            .and_then(|seed| <[u8; 32]>::try_from(seed).ok())
            .ok_or(InviteError::WrongCode)?;
        self.remember(&request.org, tag, End::Used, Some(request.authority))?;
        Ok(Taken::Now(SecretKey::from_seed(seed)))
    }

    fn appointed_authority(&self, request: &JoinRequest) -> Option<StatementId> {
        let directory = self.directory();
        directory
            .appointments_of(&request.authority, Purpose::Authority)
            .find(|(id, post)| post.org == request.org && directory.revoked(id).is_empty())
            .map(|(id, _)| id)
    }
}

/// What a grant gave.
enum Taken {
    /// The key that appoints.
    Now(SecretKey),
    /// The appointment that was given before.
    Before(StatementId),
}

fn read<T: for<'b> Decode<'b, ()> + Encode<()>>(path: &Path) -> Result<Option<T>, ServiceError> {
    match std::fs::read(path) {
        Ok(bytes) => {
            let value = codec::decode(&bytes, FILE_MAX).map_err(|_| InviteError::Damaged)?;
            Ok(Some(value))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(disk(path)(error)),
    }
}
