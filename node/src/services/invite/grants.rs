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
use lianzhan_protocol::division::Code;
use lianzhan_protocol::id::{Hash, OrgId, StatementId};
use lianzhan_protocol::keys::{PublicKey, SecretKey};
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::{Body, Level, Org, Purpose, SignedStatement};
use minicbor::{Decode, Encode};

use super::{Above, Invitation, InviteDraft, InviteError, InvitedPerson, Invitee, JoinReply, JoinRequest};
use crate::config::is_address;
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
    /// The person whom it appoints.
    #[n(7)]
    person: Option<InvitedPerson>,
    /// Whether the person alone joins.
    #[n(8)]
    alone: Option<bool>,
}

impl Grant {
    /// What the lock is bound to: the org, and the post that it gives.
    fn bound(org: &OrgId, person: Option<&InvitedPerson>, alone: bool) -> Vec<u8> {
        let mut bound = org.0.to_vec();
        if let Some(person) = person {
            bound.extend(codec::encode(&(person.clone(), alone)));
        }
        bound
    }
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
    /// Which of the org's invitations it is, where a person alone joins: what it is withdrawn by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The roles that the person gets who joins with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// The person's name, where the invitation has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
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
        let draft = InviteDraft {
            org: Invitee::New(draft),
            person: None,
            addresses,
            days,
        };
        self.invite_with(draft, passphrase)
    }

    /// The org as it is described, stated by now.
    pub(super) fn stated(&self, authority: &SecretKey, draft: OrgDraft) -> Result<OrgId, ServiceError> {
        if let Some(id) = self.invited_before(&draft) {
            return Ok(id);
        }
        if let Some(twin) = self.in_service_as(&draft) {
            return Err(InviteError::HasNode(twin).into());
        }
        let org = draft.into_org(Some(self.org))?;
        self.check_lies_here(&org)?;
        let id = org.id;
        self.publish(authority, Body::Org(org))?;
        self.place_newcomer(authority, id)?;
        Ok(id)
    }

    /// Locks the authority key under a fresh secret into a grant for one join of `id`, which replaces an earlier one.
    pub(in crate::services) fn open_invitation(
        &self,
        authority: &SecretKey,
        id: OrgId,
        addresses: Vec<String>,
    ) -> Result<Invitation, ServiceError> {
        self.grant_join(authority, id, addresses, INVITE_DAYS, (None, false))
    }

    pub(super) fn grant_join(
        &self,
        authority: &SecretKey,
        id: OrgId,
        addresses: Vec<String>,
        days: i64,
        (person, alone): (Option<InvitedPerson>, bool),
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
                    aad: &Grant::bound(&id, person.as_ref(), alone),
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
            person: person.clone(),
            alone: alone.then_some(true),
        };
        let _held = self.grants();
        let path = match alone {
            true => self.person_path(&id, &tag(&secret)),
            false => self.grant_path(&id),
        };
        std::fs::create_dir_all(self.dir.join(files::INVITES)).map_err(disk(&path))?;
        // Persons are many; a node's later invitation replaces the earlier one.
        if let Some(before) = read::<Grant>(&path)?.and_then(|before| before.tag) {
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
            person,
            alone: alone.then_some(true),
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
                addresses: {
                    let addresses = parent.addresses.iter();
                    addresses.filter(|address| is_address(address)).cloned().collect()
                },
            })
        });
        let above: Vec<_> = known.collect();
        (!above.is_empty()).then_some(above)
    }

    /// An org below that was stated as described and that never joined: it is invited again, not stated twice. The
    /// new code replaces the old one.
    fn invited_before(&self, draft: &OrgDraft) -> Option<OrgId> {
        let directory = self.directory();
        directory
            .children(&self.org)
            .find(|org| {
                (org.level, &org.code, &org.name_zh) == (draft.level, &draft.code, &draft.name_zh)
                    && !self.is_in_service(&org.id)
            })
            .map(|org| org.id)
    }

    /// An org directly below of the same level that joined and has the name already: a second one would be its twin for good,
    /// and nobody could say which of both is meant. Several stations may serve one division.
    fn in_service_as(&self, draft: &OrgDraft) -> Option<String> {
        let directory = self.directory();
        directory
            .children(&self.org)
            .filter(|org| directory.ended(&org.id).is_none())
            .find(|org| {
                (org.level, org.name_zh.as_str()) == (draft.level, draft.name_zh.trim())
                    && self.is_in_service(&org.id)
            })
            .map(|org| format!("{} ({})", org.name_zh, org.code))
    }

    /// By GB/T 2260 and GB/T 10114 the code of a division begins with that of the one it lies in. For orgs of the nation as a
    /// whole no code says where they lie.
    fn check_lies_here(&self, org: &Org) -> Result<(), ServiceError> {
        let own = self.org()?;
        let (Some(code), Some(area)) = (Code::parse(&org.code), Code::parse(&own.code)) else {
            return Ok(());
        };
        if own.level == Level::National || code.lies_in(&area) {
            return Ok(());
        }
        Err(InviteError::CodeElsewhere {
            code: org.code.clone(),
            own: own.name_zh,
            area: area.as_str().to_owned(),
        }
        .into())
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
            let Some(stem) = name.strip_suffix(".grant") else {
                continue;
            };
            let Some(grant) = read::<Grant>(&folder.join(&*name))? else {
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
                id: grant.alone.unwrap_or(false).then(|| stem.to_owned()),
                roles: match &grant.person {
                    Some(person) => person.roles.iter().map(|role| role.as_str().to_owned()).collect(),
                    None => Vec::new(),
                },
                person: grant.person.and_then(|person| person.name),
            });
        }
        open.sort_by(|a, b| (a.expires, &a.org).cmp(&(b.expires, &b.org)));
        Ok(open)
    }

    /// Takes the open invitation of an org back: by its id, its division code or its Chinese name.
    pub fn withdraw_invitation(&self, text: &str) -> Result<OpenInvitation, ServiceError> {
        let text = text.trim();
        let mut open = self.invitations()?.into_iter();
        let found = open.find(|one| match &one.id {
            Some(id) => id == text,
            None => [&one.org, &one.code, &one.name_zh]
                .iter()
                .any(|name| *name == text),
        });
        let found = found.ok_or_else(|| InviteError::NotOpen(text.to_owned()))?;
        let id = OrgId::parse(&found.org).ok_or(InviteError::Damaged)?;
        let path = match &found.id {
            Some(stem) => self.dir.join(files::INVITES).join(format!("{stem}.grant")),
            None => self.grant_path(&id),
        };
        let _held = self.grants();
        let Some(grant) = read::<Grant>(&path)? else {
            return Err(InviteError::NotOpen(text.to_owned()).into());
        };
        if let Some(tag) = grant.tag {
            // Somebody is joining with it at this moment.
            if let Some(past) = self.past(&id)?.into_iter().find(|past| past.tag == tag) {
                return Err(past.refusal().into());
            }
            self.remember(&id, tag, End::Withdrawn, None)?;
        }
        drop_grant(&path)?;
        Ok(found)
    }

    fn grant_path(&self, org: &OrgId) -> PathBuf {
        self.dir.join(files::INVITES).join(format!("{org}.grant"))
    }

    /// The grant of a person who joins alone: of one org there may be several.
    fn person_path(&self, org: &OrgId, tag: &Hash) -> PathBuf {
        let which = codec::hex(&tag.0[..8]);
        self.dir.join(files::INVITES).join(format!("{org}-{which}.grant"))
    }

    /// The grant that a request is about, and where it lies.
    fn grant_for(&self, request: &JoinRequest) -> Result<(PathBuf, Option<Grant>), ServiceError> {
        let of_person = self.person_path(&request.org, &tag(&request.secret));
        let path = match of_person.exists() {
            true => of_person,
            false => self.grant_path(&request.org),
        };
        let grant = read(&path)?;
        Ok((path, grant))
    }

    fn past_path(&self, org: &OrgId) -> PathBuf {
        self.dir.join(files::INVITES).join(format!("{org}.past"))
    }

    /// Grants and what is remembered of them change by one hand at a time.
    fn grants(&self) -> MutexGuard<'_, ()> {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// Answers a joining node. One invitation is good for one key.
    pub fn answer_join(&self, request: &JoinRequest) -> JoinReply {
        match self.welcome(request) {
            Ok(Welcomed {
                appointment,
                person,
                statements,
            }) => JoinReply::Welcome {
                appointment,
                statements: statements.iter().map(|s| s.bytes().to_vec().into()).collect(),
                person,
            },
            Err(error) => {
                tracing::warn!(org = %request.org, %error, "join refused");
                match error {
                    ServiceError::Invitation(why) => JoinReply::Refused(why.to_string(), why.cause()),
                    other => JoinReply::Refused(other.to_string(), None),
                }
            }
        }
    }

    fn welcome(&self, request: &JoinRequest) -> Result<Welcomed, ServiceError> {
        let own = self.org()?;
        let org = self.directory().org(&request.org).cloned();
        let org = org.ok_or(InviteError::Unknown)?;
        let of_own = org.id == own.id && request.authority.is_none();
        if org.parent != Some(own.id) && !of_own {
            return Err(InviteError::OtherOrg(own.name_zh).into());
        }
        let (appointment, person) = match self.take_grant(request)? {
            // Asked again by who began it: the answer of then may have been lost on its way.
            Taken::Before(id) => (id, self.appointed_person(request)),
            Taken::Now(authority, grant) => {
                // The person first: once the node's appointment is there, all is.
                let person = match &grant.person {
                    Some(invited) => Some(self.welcome_person(&authority, invited, request)?),
                    None => None,
                };
                let id = match (grant.alone, person) {
                    (Some(true), Some(person)) => person,
                    _ => self.welcome_node(&authority, &own, &org, request)?,
                };
                (id, person)
            }
        };
        let held = self.grants();
        let (path, grant) = self.grant_for(request)?;
        if grant.is_some_and(|grant| grant.tag == Some(tag(&request.secret))) {
            drop_grant(&path)?;
        }
        drop(held);
        let directory = self.directory();
        let own_key = self.node_key.public();
        let own_node = directory
            .appointments_of(&own_key, Purpose::Node)
            .map(|(id, _)| id);
        let statements = directory
            .closure(own_node.chain([appointment]).chain(person))
            .into_iter()
            .cloned()
            .collect();
        Ok(Welcomed {
            appointment,
            person,
            statements,
        })
    }

    fn welcome_node(
        &self,
        authority: &SecretKey,
        own: &Org,
        org: &Org,
        request: &JoinRequest,
    ) -> Result<StatementId, ServiceError> {
        let (key, possession) = request
            .authority
            .zip(request.possession)
            .ok_or(InviteError::NoPerson)?;
        let appointment = self.authority_appointment(org, key, possession, None)?;
        let id = self.publish(authority, appointment)?;
        // Nobody stands above the root: the first child that joins witnesses it.
        if own.parent.is_none() && self.directory().required_witnesses(&own.id).is_empty() {
            self.publish(authority, Body::RootWitnesses(vec![org.id]))?;
        }
        Ok(id)
    }

    /// Opens the grant for the key that asks, which nobody else can from then on.
    fn take_grant(&self, request: &JoinRequest) -> Result<Taken, ServiceError> {
        let _held = self.grants();
        let (tag, key) = (tag(&request.secret), request.key());
        let past = self.past(&request.org)?.into_iter().find(|past| past.tag == tag);
        if let Some(past) = &past {
            if past.key.is_none() || past.key != key {
                return Err(past.refusal().into());
            }
            if let Some(id) = self.appointed_before(request) {
                return Ok(Taken::Before(id));
            }
        }
        let (_, grant) = self.grant_for(request)?;
        let grant = grant.ok_or_else(|| past.as_ref().map_or(InviteError::Unknown, Past::refusal))?;
        if env::now() >= grant.expires {
            return Err(InviteError::Expired(day(grant.expires)).into());
        }
        let alone = grant.alone.unwrap_or(false);
        let sealed = Payload {
            msg: grant.sealed.as_slice(),
            aad: &Grant::bound(&request.org, grant.person.as_ref(), alone),
        };
        let seed = cipher(&request.secret)
            .decrypt(&XNonce::from(grant.nonce), sealed)
            .ok()
            .and_then(|seed| <[u8; 32]>::try_from(seed).ok())
            .ok_or(InviteError::WrongCode)?;
        // Who brings what the invitation does not ask for, or less, has not used it.
        if request.authority.is_some() == alone || request.person.is_some() != grant.person.is_some() {
            return Err(InviteError::NoPerson.into());
        }
        self.remember(&request.org, tag, End::Used, key)?;
        Ok(Taken::Now(SecretKey::from_seed(seed), Box::new(grant)))
    }

    /// What was appointed for a request before: the org's authority, or the person who joins alone.
    fn appointed_before(&self, request: &JoinRequest) -> Option<StatementId> {
        match request.authority {
            Some(_) => self.appointed_authority(request),
            None => self.appointed_person(request),
        }
    }

    fn appointed_authority(&self, request: &JoinRequest) -> Option<StatementId> {
        let directory = self.directory();
        directory
            .appointments_of(request.authority.as_ref()?, Purpose::Authority)
            .find(|(id, post)| post.org == request.org && directory.revoked(id).is_empty())
            .map(|(id, _)| id)
    }
}

/// What a grant gave.
enum Taken {
    /// The key that appoints, and what it is to appoint.
    Now(SecretKey, Box<Grant>),
    /// The appointment that was given before.
    Before(StatementId),
}

/// What who joins gets.
struct Welcomed {
    appointment: StatementId,
    person: Option<StatementId>,
    statements: Vec<SignedStatement>,
}

fn drop_grant(path: &Path) -> Result<(), ServiceError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        done => done.and_then(|()| env::sync_dir(path)).map_err(disk(path)),
    }
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
