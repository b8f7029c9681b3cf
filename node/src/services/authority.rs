//! Another key for the authority of an org below the root. Its parent appoints it and revokes the one before, so that what
//! that stated goes on standing; the founders do this for the root (`succession`).
//!
//! The node below makes the key and hands over a request, by hand as other requests. Where the present key is at hand it
//! signs the request: then the parent knows that nobody else asks, and what the present key has stated by now. Where it is
//! lost, the parent's word alone counts.

use std::collections::BTreeSet;
use std::path::PathBuf;

use age::secrecy::SecretString;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lianzhan_protocol::codec;
use lianzhan_protocol::id::{OrgId, StatementId, StatementTag};
use lianzhan_protocol::keys::{PublicKey, SecretKey, Signature};
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::{
    Appointment, Body, Ground, Level, MayAppoint, Org, Purpose, Revocation, SignedStatement,
    possession_message,
};
use minicbor::{Decode, Encode};

use super::office::OfficeError;
use super::revoke::{Keep, RevocationDraft, parse_ground};
use super::{META_AUTHORITY, Node, ServiceError, files};
use crate::{env, keystore};

const CODE_PREFIX: &str = "lianzhan-authority-1.";
const CODE_MAX: usize = 32 * 1024;
const CONFIRMED_DOMAIN: &str = "lianzhan/authority-request/v1";

/// What an org asks the one above: to appoint another key for its authority.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct AuthorityRequest {
    /// The federation.
    #[n(1)]
    pub founding: StatementId,
    /// The org whose authority it is.
    #[n(2)]
    pub org: OrgId,
    /// The new key.
    #[n(3)]
    pub key: PublicKey,
    /// Its proof of possession.
    #[n(4)]
    pub possession: Signature,
    /// What the present key stated and stands, so that it goes on standing though it has not come to the parent yet.
    #[n(5)]
    pub stated: Vec<StatementTag>,
    /// Signature of the present key over all of the above; none where that is lost.
    #[n(6)]
    pub confirmed: Option<Signature>,
}

impl AuthorityRequest {
    /// The code as people paste it.
    pub fn to_code(&self) -> String {
        format!("{CODE_PREFIX}{}", URL_SAFE_NO_PAD.encode(codec::encode(self)))
    }

    /// Reads a code.
    pub fn from_code(code: &str) -> Result<Self, ServiceError> {
        let bad = || ServiceError::from(OfficeError::NoRequest);
        let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        let text = code.strip_prefix(CODE_PREFIX).ok_or_else(bad)?;
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| bad())?;
        codec::decode(&bytes, CODE_MAX).map_err(|_| bad())
    }

    /// The first digits of the new key: what the two who hand over the code compare by telephone.
    pub fn fingerprint(&self) -> String {
        self.key.fingerprint()
    }

    fn unsigned(&self) -> Vec<u8> {
        codec::encode(&AuthorityRequest {
            confirmed: None,
            ..self.clone()
        })
    }
}

/// How a request is granted.
#[derive(Debug, Clone)]
pub struct AuthorityGrant {
    /// Until when the new key holds; left away, as long as the granting authority itself.
    pub until: Option<Timestamp>,
    /// On what ground the key before is revoked.
    pub ground: Ground,
    /// Why, in words that everybody can read.
    pub words: String,
    /// What the key before stated and goes on standing. Left away, all of it on a soft ground and nothing on a hard one.
    pub keep: Option<Keep>,
}

/// Whether a key is, or may be, in other hands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// It is not: it is replaced as planned.
    #[default]
    None,
    /// It is lost, and may be found.
    Lost,
    /// It was stolen.
    Stolen,
}

impl AuthorityGrant {
    /// As a person states it. What a lost key stated it stated while it was not lost: it is kept unless `keep` says otherwise.
    pub fn stated(
        loss: Loss,
        since: Option<&str>,
        words: String,
        keep: Option<Keep>,
        until: Option<Timestamp>,
    ) -> Result<Self, ServiceError> {
        // An authority's key signs statements alone, and `keep` says which of them are in doubt.
        let gone = loss != Loss::None;
        let everything = gone && since.is_none();
        Self::of_machine(loss, since, everything, words, keep).map(|grant| AuthorityGrant { until, ..grant })
    }

    /// As a person states it of a machine with all its keys: what the node wrote may be in doubt, too, so a time is asked for,
    /// or that it is everything.
    pub fn of_machine(
        loss: Loss,
        since: Option<&str>,
        everything: bool,
        words: String,
        keep: Option<Keep>,
    ) -> Result<Self, ServiceError> {
        Ok(AuthorityGrant {
            until: None,
            ground: parse_ground(loss != Loss::None, since, everything)?,
            words,
            keep: keep.or((loss == Loss::Lost).then_some(Keep::All)),
        })
    }
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorityChange {
    /// The org.
    pub org: OrgId,
    /// The appointment of the new key.
    pub appointment: StatementId,
    /// The statements that revoke the key before, and adopt what a revocation cannot name.
    pub revoked: Vec<StatementId>,
}

impl Node {
    pub(super) fn next_authority(&self) -> PathBuf {
        self.dir.join(files::AUTHORITY_NEXT)
    }

    pub(super) fn asked_authority(&self) -> PathBuf {
        self.dir.join(files::AUTHORITY_REQUEST)
    }

    /// Makes another key for this org's authority, locked with `new`, and the request for its appointment by the org above.
    /// `present` opens the key that is in force; without it the request is not confirmed. Asked again before it is granted,
    /// it is a request for the same key.
    pub fn ask_authority(
        &self,
        present: Option<&SecretString>,
        new: &SecretString,
    ) -> Result<AuthorityRequest, ServiceError> {
        if self.org == self.directory().root() {
            return Err(OfficeError::RootKey.into());
        }
        let present = present
            .map(|passphrase| self.unlock_authority(passphrase))
            .transpose()?;
        self.settle_authority()?;
        let path = self.next_authority();
        let key = if path.exists() {
            keystore::unlock(&path, new).map_err(|_| OfficeError::OpenRequest)?
        } else {
            let key = keystore::generate();
            keystore::lock(&path, &key, new, self.config.scrypt_log_n)?;
            key
        };
        let founding = self.directory().founding().id();
        let message = possession_message(&founding, &self.org, Purpose::Authority);
        let mut request = AuthorityRequest {
            founding,
            org: self.org,
            key: key.public(),
            possession: key.sign(Appointment::POSSESSION_DOMAIN, &message),
            stated: Vec::new(),
            confirmed: None,
        };
        if let Some(present) = present {
            request.stated = self.stated_with(&present.public());
            request.confirmed = Some(present.sign(CONFIRMED_DOMAIN, &request.unsigned()));
        }
        let asked = self.asked_authority();
        env::write_private(&asked, request.to_code().as_bytes())
            .map_err(|error| ServiceError::Disk { path: asked, error })?;
        Ok(request)
    }

    /// The newest of what a key stated for this org and stands, as many as a revocation can keep.
    fn stated_with(&self, key: &PublicKey) -> Vec<StatementTag> {
        let directory = self.directory();
        let mut stated: Vec<&SignedStatement> = directory
            .statements()
            .filter(|statement| statement.issuer().key == *key && statement.issuer().org == self.org)
            .filter(|statement| !directory.faults().contains_key(&statement.id()))
            .collect();
        stated.sort_by_key(|statement| std::cmp::Reverse(statement.issuer().issued));
        let newest = stated.into_iter().take(Revocation::KEEPS_MAX);
        let tags: BTreeSet<StatementTag> = newest.map(|statement| statement.id().tag()).collect();
        tags.into_iter().collect()
    }

    /// Appoints the key that an org directly below asks for as its authority, and revokes the one before. Broken off by a
    /// crash it is finished by doing it again.
    pub fn grant_authority(
        &self,
        authority_passphrase: &SecretString,
        request: &AuthorityRequest,
        grant: &AuthorityGrant,
    ) -> Result<AuthorityChange, ServiceError> {
        let authority = self.unlock_authority(authority_passphrase)?;
        self.grant_authority_with(&authority, request, grant)
    }

    fn grant_authority_with(
        &self,
        authority: &SecretKey,
        request: &AuthorityRequest,
        grant: &AuthorityGrant,
    ) -> Result<AuthorityChange, ServiceError> {
        let org = self.child_asking(request)?;
        let before = self.authorities_of(&request.org, &request.key);
        let granted = self.granted(request);
        let confirmed = self.is_confirmed(request, &before)?;
        if !before.is_empty() && !confirmed && grant.ground == Ground::Soft {
            return Err(OfficeError::Unconfirmed { org: org.name_zh }.into());
        }
        // Refused before anything is stated.
        let drafts: Vec<RevocationDraft> = before
            .iter()
            .map(|(id, _)| RevocationDraft {
                appointment: *id,
                ground: grant.ground,
                words: grant.words.clone(),
                keep: grant.keep.clone(),
                also: if confirmed {
                    request.stated.clone()
                } else {
                    Vec::new()
                },
            })
            .collect();
        for draft in &drafts {
            self.plan_revocation(draft)?;
        }
        let appointment = match granted {
            Some(id) => id,
            None => self.publish(
                authority,
                self.authority_appointment(&org, request.key, request.possession, grant.until)?,
            )?,
        };
        let mut revoked = Vec::new();
        for draft in &drafts {
            if !self.is_hit_already(draft) {
                revoked.extend(self.revoke_with(authority, draft)?);
            }
        }
        Ok(AuthorityChange {
            org: request.org,
            appointment,
            revoked,
        })
    }

    /// The org directly below that asks.
    fn child_asking(&self, request: &AuthorityRequest) -> Result<Org, ServiceError> {
        let directory = self.directory();
        if request.founding != directory.founding().id() {
            return Err(OfficeError::OtherFederation.into());
        }
        let org = directory
            .org(&request.org)
            .ok_or(ServiceError::UnknownOrg(request.org))?;
        if org.parent == Some(self.org) {
            return Ok(org.clone());
        }
        let above = org.parent.unwrap_or(org.id);
        Err(OfficeError::OtherOrg(self.name_of(&above)).into())
    }

    /// Appointments in force of keys that speak for an org, but for those of `key`.
    pub(super) fn authorities_of(&self, org: &OrgId, key: &PublicKey) -> Vec<(StatementId, PublicKey)> {
        let directory = self.directory();
        directory
            .statements()
            .filter_map(|statement| Some((statement.id(), statement.appointment()?)))
            .filter(|(_, post)| post.purpose == Purpose::Authority && post.org == *org && post.key != *key)
            .filter(|(id, _)| directory.appointment(id).is_ok() && directory.revoked(id).is_empty())
            .map(|(id, post)| (id, post.key))
            .collect()
    }

    /// The appointment that was given for a request before.
    fn granted(&self, request: &AuthorityRequest) -> Option<StatementId> {
        let directory = self.directory();
        directory
            .appointments_of(&request.key, Purpose::Authority)
            .filter(|(id, post)| post.org == request.org && directory.revoked(id).is_empty())
            .map(|(id, _)| id)
            .next()
    }

    /// Whether a key that is in force signed for the request. A signature by another is a lie or a mix-up.
    fn is_confirmed(
        &self,
        request: &AuthorityRequest,
        before: &[(StatementId, PublicKey)],
    ) -> Result<bool, ServiceError> {
        let Some(signature) = &request.confirmed else {
            return Ok(false);
        };
        let message = request.unsigned();
        let signed = |key: &PublicKey| key.verify(CONFIRMED_DOMAIN, &message, signature).is_ok();
        match before.is_empty() || before.iter().any(|(_, key)| signed(key)) {
            true => Ok(true),
            false => Err(OfficeError::OtherConfirmed.into()),
        }
    }

    /// The appointment of an authority for an org directly below.
    pub(super) fn authority_appointment(
        &self,
        org: &Org,
        key: PublicKey,
        possession: Signature,
        until: Option<Timestamp>,
    ) -> Result<Body, ServiceError> {
        let below = Level::Station.rank().saturating_sub(org.level.rank());
        let depth = self.authority_depth()?.saturating_sub(1).min(below);
        Ok(Body::Appointment(Appointment {
            key,
            org: org.id,
            purpose: Purpose::Authority,
            roles: Vec::new(),
            may_appoint: Some(MayAppoint::all(depth)),
            validity: self.validity_until(until)?,
            name: org.name_zh.clone(),
            seat: None,
            possession,
            person: None,
        }))
    }

    /// Takes up the key that was asked for, once its appointment is here: it gets the name of the authority's key file, and
    /// the one before stays beside it. A crash at any step is made good by the next call.
    pub(super) fn settle_authority(&self) -> Result<(), ServiceError> {
        let _settling = self
            .secrets
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let asked = self.asked_authority();
        let Ok(code) = std::fs::read_to_string(&asked) else {
            return Ok(());
        };
        let request = AuthorityRequest::from_code(&code)?;
        let Some(granted) = self.granted(&request) else {
            return Ok(());
        };
        if self.next_authority().exists() {
            self.take_up_authority()?;
        }
        self.store
            .write_blocking(move |writer| writer.put_meta(META_AUTHORITY, &granted.0))?;
        std::fs::remove_file(&asked).map_err(|error| ServiceError::Disk { path: asked, error })?;
        tracing::info!(appointment = %granted, "the new key of this org's authority is in force");
        Ok(())
    }

    /// The file of the next key becomes that of the present one, which stays beside it.
    pub(super) fn take_up_authority(&self) -> Result<(), ServiceError> {
        let (next, present) = (self.next_authority(), self.dir.join(files::AUTHORITY_KEY));
        let taken = || {
            if present.exists() {
                let aside = self.dir.join(format!("authority.{}.old", env::now().0));
                std::fs::rename(&present, aside)?;
            }
            std::fs::rename(&next, &present)?;
            env::sync_dir(&present)
        };
        taken().map_err(|error| ServiceError::Disk {
            path: present.clone(),
            error,
        })
    }
}
