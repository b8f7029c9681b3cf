//! Joining by invitation: one code, one command, no file editing (design 8).
//!
//! `invite` states the new org and locks the authority key, under the one-time secret of the code, into a grant file of
//! the parent. Whoever presents the secret over the authenticated connection opens the grant for exactly one act: the
//! appointment of the new org's authority. Then the grant is deleted. So no running node keeps an authority key open.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use age::secrecy::SecretString;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use lianzhan_protocol::codec;
use lianzhan_protocol::id::{Hash, OrgId, StatementId};
use lianzhan_protocol::keys::{PublicKey, SecretKey, Signature};
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::{
    Appointment, Body, FoundingStatement, Purpose, SignedStatement, possession_message,
};
use minicbor::{Decode, Encode};

use super::found::{Fresh, FreshDir, OrgDraft, settle};
use super::{Node, ServiceError, files};
use crate::config::{Config, Parent};
use crate::{env, keystore};

/// How long an invitation holds.
const INVITE_MS: i64 = 7 * 24 * 3600 * 1000;
const CODE_PREFIX: &str = "lianzhan-join-1.";
const CODE_MAX: usize = 32 * 1024;

/// What the code of an invitation carries.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Invitation {
    /// The founding statement.
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub founding: Vec<u8>,
    /// The parent's node key.
    #[n(2)]
    pub parent: PublicKey,
    /// Where the parent listens.
    #[n(3)]
    pub addresses: Vec<String>,
    /// The new org's id.
    #[n(4)]
    pub org: OrgId,
    /// The one-time secret.
    #[n(5)]
    #[cbor(with = "minicbor::bytes")]
    pub secret: [u8; 32],
    /// Until when.
    #[n(6)]
    pub expires: Timestamp,
    /// Nodes above the parent that must witness the new node's logs, too, as far as the parent knows where they listen.
    #[n(7)]
    pub above: Option<Vec<Above>>,
}

/// A node above the parent.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Above {
    /// Its node key.
    #[n(1)]
    pub node: PublicKey,
    /// Where it listens.
    #[n(2)]
    pub addresses: Vec<String>,
}

impl Invitation {
    /// The code as people paste it.
    pub fn to_code(&self) -> String {
        use base64::Engine;
        let text = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(codec::encode(self));
        format!("{CODE_PREFIX}{text}")
    }

    /// Reads a code; spaces and line breaks that mail programs add are passed over.
    pub fn from_code(code: &str) -> Result<Self, ServiceError> {
        use base64::Engine;
        let bad =
            || ServiceError::Invitation("this is no code of an invitation; copy the whole of it".into());
        let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        let text = code.strip_prefix(CODE_PREFIX).ok_or_else(bad)?;
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| bad())?;
        codec::decode(&bytes, CODE_MAX).map_err(|_| bad())
    }
}

/// What a joining node asks its parent.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct JoinRequest {
    /// The org it is to serve.
    #[n(1)]
    pub org: OrgId,
    /// The one-time secret.
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    pub secret: [u8; 32],
    /// The fresh authority key of the new org.
    #[n(3)]
    pub authority: PublicKey,
    /// Its proof of possession.
    #[n(4)]
    pub possession: Signature,
}

/// What the parent answers.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum JoinReply {
    /// The appointment, and all statements that its chain rests on.
    #[n(1)]
    Welcome {
        /// Id of the appointment.
        #[n(0)]
        appointment: StatementId,
        /// Signed statements.
        #[n(1)]
        statements: Vec<minicbor::bytes::ByteVec>,
    },
    /// Refused, with the reason in words.
    #[n(2)]
    Refused(#[n(0)] String),
}

/// Longest request or reply, in bytes.
pub const JOIN_MAX: usize = 1024 * 1024;

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
}

fn cipher(secret: &[u8; 32]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&Key::from(Hash::of("lianzhan/grant/v1", &[secret]).0))
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
        self.open_invitation(&authority, id, addresses)
    }

    /// Locks the authority key under a fresh secret into a grant for one join of `id`, which replaces an earlier one.
    pub(super) fn open_invitation(
        &self,
        authority: &SecretKey,
        id: OrgId,
        addresses: Vec<String>,
    ) -> Result<Invitation, ServiceError> {
        let secret = env::random::<32>();
        let expires = Timestamp(env::now().0 + INVITE_MS);
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
            .map_err(|_| ServiceError::Invitation("the grant could not be locked".into()))?;
        let path = self.grant_path(&id);
        let disk = |error| ServiceError::Disk {
            path: path.clone(),
            error,
        };
        std::fs::create_dir_all(self.dir.join(files::INVITES)).map_err(disk)?;
        env::write_private(
            &path,
            &codec::encode(&Grant {
                org: id,
                expires,
                nonce,
                sealed,
            }),
        )
        .map_err(disk)?;
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

    fn grant_path(&self, org: &OrgId) -> PathBuf {
        self.dir.join(files::INVITES).join(format!("{org}.grant"))
    }

    /// Answers a joining node. One invitation is good for one join.
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
                JoinReply::Refused(match error {
                    ServiceError::Invitation(words) => words,
                    other => other.to_string(),
                })
            }
        }
    }

    fn welcome(&self, request: &JoinRequest) -> Result<(StatementId, Vec<SignedStatement>), ServiceError> {
        let refused = |words: &str| ServiceError::Invitation(words.to_owned());
        let path = self.grant_path(&request.org);
        let bytes = std::fs::read(&path).map_err(|_| {
            refused("there is no open invitation for this org; it may have been used already")
        })?;
        let grant: Grant = codec::decode(&bytes, CODE_MAX)
            .map_err(|_| refused("the grant of this invitation is damaged"))?;
        if env::now() >= grant.expires {
            return Err(refused("the invitation has expired; ask for a new one"));
        }
        let seed = cipher(&request.secret)
            .decrypt(
                &XNonce::from(grant.nonce),
                Payload {
                    msg: &grant.sealed,
                    aad: &request.org.0,
                },
            )
            .ok()
            .and_then(|seed| <[u8; 32]>::try_from(seed).ok())
            .ok_or_else(|| refused("the code is not the one of this invitation"))?;
        let authority = SecretKey::from_seed(seed);
        // Used from here on, whatever comes: deleted and synced before anything is signed.
        std::fs::remove_file(&path)
            .and_then(|()| env::sync_dir(&path))
            .map_err(|error| ServiceError::Disk { path, error })?;
        let org = self
            .directory()
            .org(&request.org)
            .cloned()
            .ok_or(ServiceError::UnknownOrg(request.org))?;
        let appointment = self.authority_appointment(&org, request.authority, request.possession, None)?;
        let id = self.publish(&authority, appointment)?;
        // Nobody stands above the root: the first child that joins witnesses it.
        let own = self.org()?;
        if own.parent.is_none() && self.directory().required_witnesses(&own.id).is_empty() {
            self.publish(&authority, Body::RootWitnesses(vec![org.id]))?;
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
}

/// A join that has its keys and waits for the parent's answer.
pub struct Joining {
    invitation: Invitation,
    founding: FoundingStatement,
    authority: SecretKey,
}

impl Joining {
    /// Checks the code and makes the new org's authority key.
    pub fn begin(code: &str) -> Result<Self, ServiceError> {
        let invitation = Invitation::from_code(code)?;
        if env::now() >= invitation.expires {
            return Err(ServiceError::Invitation(
                "it has expired; ask for a new one".into(),
            ));
        }
        let founding = FoundingStatement::open(&invitation.founding)?;
        Ok(Joining {
            invitation,
            founding,
            authority: keystore::generate(),
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
            JoinReply::Refused(words) => return Err(ServiceError::Invitation(words)),
        };
        let fresh_dir = FreshDir::begin(dir)?;
        let statements: Vec<SignedStatement> = statements
            .iter()
            .map(|bytes| SignedStatement::open(bytes))
            .collect::<Result<_, _>>()
            .map_err(|error| ServiceError::Invitation(format!("the parent's answer: {error}")))?;
        let mut directory = lianzhan_protocol::trust::Directory::new(self.founding.clone());
        directory.extend(statements.iter().cloned());
        let stands = directory.appointment(&appointment).is_ok_and(|granted| {
            granted.key == self.authority.public() && granted.org == self.invitation.org
        });
        if !stands {
            return Err(ServiceError::Invitation(
                "the parent's answer does not appoint this node's org".into(),
            ));
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
        settle(fresh_dir, fresh, &self.authority)
    }
}
