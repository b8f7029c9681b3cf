//! Attachments: taken in as they stream by, kept under their hash before a record names them, shown, and given up when no
//! record names them any more. Those of an annex are sealed: who holds the annex holds their key.

mod error;
mod media;
mod picture;
mod shown;
mod strip;
mod sweep;
mod transfer;
mod upload;
mod video;

#[cfg(test)]
mod tests;

pub use error::AttachmentError;
pub use media::{ENTRY_MAX, Media};
pub use shown::{Attached, Opened, Source};
pub use sweep::{GRACE, keep_swept};
pub use upload::{Received, Upload, cleaned};

use std::collections::BTreeSet;
use std::sync::Arc;

use lianzhan_protocol::attachment::AttachmentKey;
use lianzhan_protocol::id::{AttachmentId, RecordId};
use lianzhan_protocol::record::ledger::{FieldKind, Ledger};
use lianzhan_protocol::record::{Put, Value};

use super::{Author, Draft, Node, ServiceError, Written, visit};

/// The field of pictures and videos, where a ledger has one beside [`OTHERS`].
const PHOTOS: &str = "photos";
/// The field of all attachments.
const OTHERS: &str = "attachments";
/// Most attachments that one record names: more is another record.
pub const PER_RECORD: usize = 60;

/// Where an attachment goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The record itself: as far as the record goes.
    Shared,
    /// Its personal part: as far as that goes, and sealed.
    Personal,
}

impl Node {
    /// Begins to take an attachment in for a part of a record.
    pub fn begin_attachment(self: &Arc<Self>, part: Part) -> Upload {
        Upload::new(self.clone(), part)
    }

    /// Lets a record name what was taken in. All of it is one change; what it names already is passed over.
    pub async fn attach(
        &self,
        author: &Author,
        record: &RecordId,
        received: &[Received],
    ) -> Result<Written, ServiceError> {
        let (loaded, state) = self.state(record)?;
        let ledger = state
            .definition
            .and_then(|hash| self.definition(&hash))
            .ok_or(ServiceError::UnknownRecord(*record))?;
        let there: BTreeSet<AttachmentId> = self.attached(record)?.iter().map(|one| one.id).collect();
        if there.len() + received.len() > PER_RECORD {
            return Err(AttachmentError::TooMany.into());
        }
        let fresh = received.iter().filter(|one| !there.contains(&one.id));
        let (sealed, shared): (Vec<_>, Vec<_>) = fresh.partition(|one| one.key.is_some());
        let mut written = None;
        if !shared.is_empty() {
            let put = |one: &&Received| {
                let field = field_of(ledger, one.media)?;
                let name = format!("{field}/{}", member(&one.id));
                Ok(Put::field(&name, Value::Bytes(one.id.0.to_vec())))
            };
            let draft = Draft {
                record: *record,
                begins: None,
                ledger: ledger.id.clone(),
                space: loaded.space,
                puts: shared.iter().map(put).collect::<Result<_, ServiceError>>()?,
                annexes: Vec::new(),
            };
            written = Some(self.submit(author, draft).await?);
        }
        if !sealed.is_empty() {
            let fields = sealed.iter().filter_map(|one| one.personal_field());
            let puts = fields.map(|(name, value)| Put::field(&name, value)).collect();
            let (annex, space) = self.personal_part(record)?;
            written = Some(
                self.append_annex(author, &annex, visit::SUBJECT, &space, puts)
                    .await?,
            );
        }
        written.ok_or_else(|| match received.first() {
            Some(one) => AttachmentError::There(one.id).into(),
            None => AttachmentError::Empty.into(),
        })
    }

    /// Takes an attachment out of a record. What was said of it before stays in its history.
    pub async fn detach(
        &self,
        author: &Author,
        record: &RecordId,
        id: &AttachmentId,
    ) -> Result<Written, ServiceError> {
        let mut attached = self.attached(record)?.into_iter();
        let one = attached.find(|one| one.id == *id && !one.is_evidence());
        let one = one.ok_or(AttachmentError::Unknown(*id))?;
        let name = one.name.clone();
        if one.key.is_some() {
            let (annex, space) = self.personal_part(record)?;
            let puts = vec![Put::field(&name, Value::Null)];
            return self
                .append_annex(author, &annex, visit::SUBJECT, &space, puts)
                .await;
        }
        let (loaded, state) = self.state(record)?;
        let ledger = state
            .definition
            .and_then(|hash| self.definition(&hash))
            .ok_or(ServiceError::UnknownRecord(*record))?;
        let draft = Draft {
            record: *record,
            begins: None,
            ledger: ledger.id.clone(),
            space: loaded.space,
            puts: vec![Put::field(&name, Value::Null)],
            annexes: Vec::new(),
        };
        self.submit(author, draft).await
    }

    /// Where a record of a ledger that begins names what was taken in: in which annex, if in one, and under which key.
    pub fn place_of(
        &self,
        ledger: &Ledger,
        one: &Received,
    ) -> Result<(Option<&'static str>, String, Value), ServiceError> {
        if let Some((key, value)) = one.personal_field() {
            let annex = super::ledger::annexes_of(ledger).find(|annex| takes_files(annex));
            let annex = annex.ok_or(AttachmentError::NoPersonalPart)?;
            return Ok((Some(&annex.id), key, value));
        }
        let field = field_of(ledger, one.media)?;
        let value = Value::Bytes(one.id.0.to_vec());
        Ok((None, format!("{field}/{}", member(&one.id)), value))
    }

    /// Whether records of a ledger name attachments at all.
    pub fn takes_attachments(&self, ledger: &str) -> bool {
        self.registry()
            .ledger(ledger)
            .is_some_and(|ledger| field_of(ledger, Media::Pdf).is_ok())
    }

    /// The annex that holds a record's personal attachments, if it is here with its key.
    fn personal_part(
        &self,
        record: &RecordId,
    ) -> Result<(RecordId, lianzhan_protocol::trust::Space), ServiceError> {
        let annexes = self.store.read(|reader| reader.annexes(record))?;
        for row in annexes {
            let (loaded, state) = self.state(&row.record)?;
            let is = state
                .definition
                .and_then(|hash| self.definition(&hash))
                .is_some_and(|of| of.id == visit::SUBJECT);
            if is && self.annex_keys.get(&row.record).is_some() {
                return Ok((row.record, loaded.space));
            }
        }
        Err(AttachmentError::NoPersonalPart.into())
    }
}

/// Whether records of a ledger name any file.
pub fn takes_files(ledger: &Ledger) -> bool {
    field_of(ledger, Media::Pdf).is_ok()
}

/// The member of a set under which a record names an attachment: the same one stands once.
fn member(id: &AttachmentId) -> String {
    lianzhan_protocol::codec::hex(&id.0[..16])
}

/// The field of a ledger that takes attachments of this kind.
fn field_of(ledger: &Ledger, media: Media) -> Result<&'static str, ServiceError> {
    let has = |name: &str| {
        let field = ledger.field(name);
        field.is_some_and(|field| field.kind == FieldKind::Blob && field.set)
    };
    let shows = media.is_picture() || media.is_video();
    let fields = [(PHOTOS, shows), (OTHERS, true)];
    let fitting = fields.into_iter().find(|(name, fits)| *fits && has(name));
    fitting
        .map(|(name, _)| name)
        .ok_or_else(|| AttachmentError::NoField(ledger.id.clone()).into())
}

/// The key of a sealed attachment, if the annex names it under one.
fn key_of(name: &str) -> Option<AttachmentKey> {
    let (field, member) = name.split_once('/')?;
    (field == OTHERS).then(|| AttachmentKey::parse(member)).flatten()
}
