//! Successors at the root: k of the n founders name a new authority key, or let the present one go on, and may name new
//! founders. The draft is a file that goes from founder to founder; it holds nothing secret.

use std::path::Path;

use age::secrecy::SecretString;
use lianzhan_protocol::codec;
use lianzhan_protocol::id::{StatementId, StatementTag};
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::{Body, Revocation, RootAuthority, Succession, SuccessionStatement, Validity};
use serde::{Deserialize, Serialize};

use super::found::ROOT_MS;
use super::office::OfficeError;
use super::{Node, ServiceError, files};
use crate::{env, keystore};

/// The first line of what a draft is.
const FORM: &str = "lianzhan-succession-1";
/// Longest file, in bytes.
const FILE_MAX: u64 = 1 << 20;

/// What a succession is to say.
#[derive(Debug, Clone, Default)]
pub struct SuccessionDraft {
    /// The present authority key goes on, with a new term.
    pub same_key: bool,
    /// New founders, as hex keys; left empty, those in office stay.
    pub founders: Vec<String>,
    /// How many of them must sign what comes next; left away, as now.
    pub threshold: Option<u32>,
    /// What the authority before stated stands no more: it is adopted one by one.
    pub keep_nothing: bool,
}

/// A draft on its way from founder to founder.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuccessionFile {
    form: String,
    /// What founders read before they sign; it is made anew from `stated` whenever it is shown.
    about: About,
    /// The succession: canonical CBOR, as hex.
    stated: String,
    /// COSE_Sign messages over it, each by one founder, as hex.
    signed: Vec<String>,
    /// Who must sign, as the node that drafted it knew. It tells the founders where they stand; what counts is judged when
    /// the succession is published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    needed: Option<Needed>,
}

/// Who must sign a succession: so many of these.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Needed {
    threshold: u32,
    founders: Vec<String>,
}

/// A succession in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// What it succeeds.
    pub previous: String,
    /// The founders from then on, as hex keys.
    pub founders: Vec<String>,
    /// How many of them must sign.
    pub threshold: u32,
    /// The authority key from then on, as hex.
    pub authority: String,
    /// From when, in milliseconds since 1970.
    pub not_before: i64,
    /// Until before when.
    pub not_after: i64,
    /// How many statements of the authority before go on standing.
    pub keeps: usize,
}

impl About {
    fn of(succession: &Succession) -> Self {
        let hex = |key: &PublicKey| codec::hex(key.ed25519_bytes());
        About {
            previous: succession.previous.to_string(),
            founders: succession.founders.iter().map(hex).collect(),
            threshold: succession.threshold,
            authority: hex(&succession.authority),
            not_before: succession.validity.not_before.0,
            not_after: succession.validity.not_after.0,
            keeps: succession.keeps.len(),
        }
    }
}

fn bad() -> ServiceError {
    ServiceError::Bad("this is no draft of a succession".into())
}

impl SuccessionFile {
    fn new(succession: &Succession, now: &RootAuthority) -> Self {
        SuccessionFile {
            form: FORM.to_owned(),
            about: About::of(succession),
            stated: codec::hex(&codec::encode(succession)),
            signed: Vec::new(),
            needed: Some(Needed {
                threshold: now.threshold,
                founders: now
                    .founders
                    .iter()
                    .map(|key| codec::hex(key.ed25519_bytes()))
                    .collect(),
            }),
        }
    }

    /// Reads a draft. What it says in words is not believed but made anew.
    pub fn read(path: &Path) -> Result<Self, ServiceError> {
        let disk = |error| ServiceError::Disk {
            path: path.to_owned(),
            error,
        };
        if std::fs::metadata(path).map_err(disk)?.len() > FILE_MAX {
            return Err(bad());
        }
        let mut file: SuccessionFile =
            serde_json::from_slice(&std::fs::read(path).map_err(disk)?).map_err(|_| bad())?;
        file.about = About::of(&file.succession()?);
        Ok(file)
    }

    /// Writes it.
    pub fn write(&self, path: &Path) -> Result<(), ServiceError> {
        let text = serde_json::to_vec_pretty(self).map_err(|_| bad())?;
        env::write_private(path, &text).map_err(|error| ServiceError::Disk {
            path: path.to_owned(),
            error,
        })
    }

    /// What it states, in words.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// How many signatures it has.
    pub fn signatures(&self) -> usize {
        self.signed.len()
    }

    /// How many founders must still sign, as far as the draft says it.
    pub fn missing(&self) -> Option<usize> {
        let needed = self.needed.as_ref()?;
        let threshold = usize::try_from(needed.threshold).ok()?;
        Some(threshold.saturating_sub(self.signed.len()))
    }

    fn succession(&self) -> Result<Succession, ServiceError> {
        if self.form != FORM {
            return Err(bad());
        }
        let bytes = unhex(&self.stated)?;
        codec::decode(&bytes, Succession::MAX).map_err(|_| bad())
    }

    /// Adds the signature of a founder, whose key lies in an age file. Knows no node: it is done where the founder is.
    pub fn sign(&mut self, key: &Path, passphrase: &SecretString) -> Result<(), ServiceError> {
        let key = keystore::unlock(key, passphrase)?;
        let own = codec::hex(key.public().ed25519_bytes());
        if self
            .needed
            .as_ref()
            .is_some_and(|needed| !needed.founders.contains(&own))
        {
            return Err(OfficeError::NoFounder.into());
        }
        let signed = self.succession()?.sign(&[key]);
        let signed = codec::hex(&signed.map_err(ServiceError::Succession)?);
        if !self.signed.contains(&signed) {
            self.signed.push(signed);
        }
        Ok(())
    }

    /// All signatures as one message.
    fn joined(&self) -> Result<Vec<u8>, ServiceError> {
        let parts = self
            .signed
            .iter()
            .map(|part| unhex(part))
            .collect::<Result<Vec<_>, _>>()?;
        Succession::join(&parts).map_err(ServiceError::Succession)
    }
}

fn unhex(text: &str) -> Result<Vec<u8>, ServiceError> {
    let pair = |pair: &[u8]| {
        let text = std::str::from_utf8(pair).ok()?;
        u8::from_str_radix(text, 16).ok()
    };
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|two| pair(two).filter(|_| two.len() == 2).ok_or_else(bad))
        .collect()
}

/// Makes a key for a new founder, locked, and returns its public part as `--founder` takes it.
pub fn make_founder(path: &Path, passphrase: &SecretString, log_n: u8) -> Result<String, ServiceError> {
    let key = keystore::generate();
    keystore::lock(path, &key, passphrase, log_n)?;
    Ok(codec::hex(key.public().ed25519_bytes()))
}

impl Node {
    /// Who speaks for the root, if this is the root's node.
    fn root_authority(&self) -> Result<RootAuthority, ServiceError> {
        let directory = self.directory();
        if self.org != directory.root() {
            let root = self.name_of(&directory.root());
            return Err(OfficeError::NoFounders { root }.into());
        }
        let last = directory.root_authorities().last().cloned();
        last.ok_or_else(|| ServiceError::Damaged("nobody speaks for the root".into()))
    }

    /// Begins a succession. A new authority key is locked with `passphrase`; the present one is not needed, for it may be lost.
    pub fn draft_succession(
        &self,
        draft: &SuccessionDraft,
        passphrase: &SecretString,
    ) -> Result<SuccessionFile, ServiceError> {
        let now = self.root_authority()?;
        let authority = if draft.same_key {
            now.key
        } else {
            self.fresh_authority(&now.key, passphrase)?
        };
        let mut founders = match draft.founders.is_empty() {
            true => now.founders.clone(),
            false => draft
                .founders
                .iter()
                .map(|hex| founder(hex))
                .collect::<Result<Vec<_>, _>>()?,
        };
        founders.sort_unstable();
        founders.dedup();
        let threshold = draft.threshold.unwrap_or(now.threshold);
        let most = u32::try_from(founders.len()).unwrap_or(u32::MAX);
        if threshold == 0 || threshold > most {
            return Err(ServiceError::Bad(format!(
                "of {most} founders between 1 and {most} must sign"
            )));
        }
        let begin = env::now();
        let succession = Succession {
            version: 1,
            previous: now.by,
            founders,
            threshold,
            authority,
            validity: Validity {
                // What the same key stated before is judged by its later word, and must lie inside of that.
                not_before: if draft.same_key {
                    now.validity.not_before
                } else {
                    begin
                },
                not_after: Timestamp(begin.0 + ROOT_MS),
            },
            may_appoint: now.may_appoint.clone(),
            keeps: if draft.same_key || draft.keep_nothing {
                Vec::new()
            } else {
                self.stated_by(&now.key)?
            },
        };
        Ok(SuccessionFile::new(&succession, &now))
    }

    /// The key for the next term; of a draft that was begun before, the one that was made then.
    fn fresh_authority(
        &self,
        in_force: &PublicKey,
        passphrase: &SecretString,
    ) -> Result<PublicKey, ServiceError> {
        let path = self.next_authority();
        if path.exists() {
            let begun = keystore::unlock(&path, passphrase)?.public();
            if begun != *in_force {
                return Ok(begun);
            }
            // A crash came between the statement by which it is in force and its new name.
            self.take_up_authority()?;
        }
        let key = keystore::generate();
        keystore::lock(&path, &key, passphrase, self.config.scrypt_log_n)?;
        Ok(key.public())
    }

    /// What the root's authority stated and stands.
    fn stated_by(&self, key: &PublicKey) -> Result<Vec<StatementTag>, ServiceError> {
        let directory = self.directory();
        let stated = directory
            .statements()
            .filter(|statement| statement.issuer().key == *key && statement.issuer().appointment.is_none())
            .filter(|statement| !directory.faults().contains_key(&statement.id()));
        let mut tags: Vec<StatementTag> = stated.map(|statement| statement.id().tag()).collect();
        tags.sort_unstable();
        tags.dedup();
        if tags.len() > Revocation::KEEPS_MAX {
            return Err(ServiceError::NotAllowed(format!(
                "a succession can keep {} statements and here are {}; let the present key go on, or keep nothing and adopt",
                Revocation::KEEPS_MAX,
                tags.len()
            )));
        }
        Ok(tags)
    }

    /// Publishes a succession that enough founders signed, signed by the authority key that it names. From then on that key
    /// is this node's authority key; the one before stays beside it.
    pub fn publish_succession(
        &self,
        file: &SuccessionFile,
        passphrase: &SecretString,
    ) -> Result<StatementId, ServiceError> {
        let now = self.root_authority()?;
        let (next, present) = (self.next_authority(), self.dir.join(files::AUTHORITY_KEY));
        let succession = file.succession()?;
        let signed = file.joined()?;
        // A crash may have come between the statement and the key's new name.
        let (by, _) = Succession::peek(&signed).map_err(ServiceError::Succession)?;
        let directory = self.directory();
        let mut roots = directory.root_authorities().iter();
        let carried = roots.find(|root| root.by == by).and_then(|root| root.carried_by);
        if carried.is_none() {
            if succession.previous != now.by {
                return Err(ServiceError::NotAllowed(
                    "another succession came before; make a new draft".into(),
                ));
            }
            SuccessionStatement::open(&signed, &now.founders, now.threshold)
                .map_err(ServiceError::Succession)?;
        }
        let same = succession.authority == now.key && carried.is_none();
        let path = if same || !next.exists() { &present } else { &next };
        let key = keystore::unlock(path, passphrase)?;
        if key.public() != succession.authority {
            return Err(ServiceError::NotAllowed(
                "the key that this succession names is not at this node; publish where it was drafted".into(),
            ));
        }
        let id = match carried {
            Some(id) => id,
            None => self.publish(&key, Body::Succession(signed))?,
        };
        if path == &next {
            self.take_up_authority()?;
        }
        Ok(id)
    }
}

fn founder(hex: &str) -> Result<PublicKey, ServiceError> {
    codec::unhex::<32>(hex.trim())
        .and_then(|bytes| PublicKey::from_ed25519(bytes).ok())
        .ok_or_else(|| ServiceError::Bad(format!("{hex:?} is no key of a founder: 64 hexadecimal digits")))
}
