//! What people are typing, kept while they type: sealed with a key that only their unlocked key gives, in a table that is in
//! no log and no backup. Whoever has the disk and not the passphrase learns how much was typed and when, and nothing else.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use lianzhan_protocol::codec::{hex, unhex};
use lianzhan_protocol::id::RecordId;
use lianzhan_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::env;
use crate::services::{Author, Node, ServiceError};
use crate::store::DraftRow;

/// Domains of what is derived from a person's key.
const KEY: &str = "lianzhan/typing-key/v1";
const PERSON: &str = "lianzhan/typing-person/v1";
/// Bytes of a nonce.
const NONCE: usize = 24;
/// Longest draft, in bytes: what a form can send.
const MAX: usize = 256 * 1024;

/// The name of a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DraftId(pub [u8; 16]);

impl DraftId {
    /// A fresh one.
    pub fn mint() -> Self {
        DraftId(env::random())
    }

    /// Reads one, as forms carry it.
    pub fn parse(text: &str) -> Option<Self> {
        unhex::<16>(text).map(DraftId)
    }
}

impl std::fmt::Display for DraftId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

/// What a form holds that is not sent yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypingForm {
    /// The ledger's id.
    pub ledger: String,
    /// The record that is being changed; none for a new one.
    pub record: Option<RecordId>,
    /// What its page named as seen.
    pub seen: String,
    /// Names and texts of the inputs.
    pub pairs: Vec<(String, String)>,
}

/// A draft of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typing {
    /// Its name.
    pub id: DraftId,
    /// When it was kept last.
    pub kept: Timestamp,
    /// What was typed.
    pub form: TypingForm,
}

/// A tag of the person in the table. It says nothing of who that is to whoever does not have the key.
pub(super) fn person(author: &Author) -> [u8; 16] {
    let mut tag = [0; 16];
    tag.copy_from_slice(&derive(author, PERSON)[..16]);
    tag
}

fn derive(author: &Author, domain: &str) -> Zeroizing<[u8; 32]> {
    let seed = author.key.seed();
    let mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(seed.as_slice())
        .expect("HMAC takes keys of any length");
    Zeroizing::new(mac.chain_update(domain.as_bytes()).finalize().into_bytes().into())
}

fn cipher(author: &Author) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&Key::from(*derive(author, KEY)))
}

fn seal(author: &Author, id: DraftId, plain: &[u8]) -> Option<Vec<u8>> {
    let nonce: [u8; NONCE] = env::random();
    let payload = Payload {
        msg: plain,
        aad: &id.0,
    };
    let sealed = cipher(author).encrypt(&XNonce::from(nonce), payload).ok()?;
    Some([nonce.as_slice(), &sealed].concat())
}

fn open(author: &Author, row: &DraftRow) -> Option<Typing> {
    let (nonce, sealed) = row.sealed.split_first_chunk::<NONCE>()?;
    let payload = Payload {
        msg: sealed,
        aad: &row.id,
    };
    let plain = Zeroizing::new(cipher(author).decrypt(&XNonce::from(*nonce), payload).ok()?);
    Some(Typing {
        id: DraftId(row.id),
        kept: row.kept,
        form: serde_json::from_slice(&plain).ok()?,
    })
}

impl Node {
    /// Keeps what somebody typed, in the place of what they had typed there before. Durable when this returns.
    pub fn keep_draft(
        &self,
        author: &Author,
        id: DraftId,
        form: &TypingForm,
    ) -> Result<Timestamp, ServiceError> {
        let plain = Zeroizing::new(serde_json::to_vec(form).unwrap_or_default());
        if plain.len() > MAX {
            return Err(ServiceError::Bad(
                "this is more than a draft holds; shorten it, or attach the long text as a file".into(),
            ));
        }
        let sealed = seal(author, id, &plain)
            .ok_or_else(|| ServiceError::Bad("a draft could not be sealed".into()))?;
        let (person, kept) = (person(author), env::now());
        let row = DraftRow {
            id: id.0,
            kept,
            sealed,
        };
        self.store
            .write_blocking(move |writer| writer.keep_draft(&person, row))?;
        Ok(kept)
    }

    /// What a person has not sent yet, the last first. What their key does not open is passed over.
    pub fn drafts(&self, author: &Author) -> Result<Vec<Typing>, ServiceError> {
        let rows = self.store.read(|reader| reader.drafts(&person(author)))?;
        let mut drafts: Vec<Typing> = rows.iter().filter_map(|row| open(author, row)).collect();
        for typing in &drafts {
            if self.is_of_erased(typing) {
                self.drop_draft(author, typing.id)?;
            }
        }
        drafts.retain(|typing| !self.is_of_erased(typing));
        Ok(drafts)
    }

    /// Whether a draft is of a record that was erased, or holds what its erased personal part said. Nobody but its person
    /// could tell before.
    fn is_of_erased(&self, typing: &Typing) -> bool {
        let Some(record) = &typing.form.record else {
            return false;
        };
        let personal = typing.form.pairs.iter().any(|(name, _)| name.starts_with("a:"));
        let erasures = self.erasures_of(record).unwrap_or_default();
        erasures
            .iter()
            .any(|status| status.erased.is_some() && (personal || status.record == *record))
    }

    /// One of them.
    pub fn draft(&self, author: &Author, id: DraftId) -> Result<Option<Typing>, ServiceError> {
        let row = self.store.read(|reader| reader.draft(&person(author), &id.0))?;
        let typing = row.and_then(|row| open(author, &row));
        Ok(typing.filter(|typing| !self.is_of_erased(typing)))
    }

    /// Gives one up; its bytes are overwritten.
    pub fn drop_draft(&self, author: &Author, id: DraftId) -> Result<(), ServiceError> {
        let person = person(author);
        Ok(self
            .store
            .write_blocking(move |writer| writer.drop_draft(&person, &id.0))?)
    }
}
