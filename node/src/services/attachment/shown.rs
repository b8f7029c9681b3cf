//! Showing attachments: which a record names, what they are, their bytes and their small pictures.

use std::fs::File;
use std::io::{self, Read};

use lianzhan_protocol::attachment::{AttachmentKey, open, sealed_len};
use lianzhan_protocol::id::{AttachmentId, RecordId};
use lianzhan_protocol::record::ledger::FieldKind;
use lianzhan_protocol::record::{Put, RecordState, Value};

use super::media::HEAD;
use super::{AttachmentError, Media, key_of, picture};
use crate::services::{Node, ServiceError};
use crate::views::Registry;

/// An attachment that a record names.
#[derive(Debug, Clone)]
pub struct Attached {
    /// Its hash.
    pub id: AttachmentId,
    /// The key of the field that names it, or `e:` and the id of the event whose evidence it is.
    pub name: String,
    /// What it is, if it is here.
    pub media: Option<Media>,
    /// Its size in bytes, if it is here.
    pub size: Option<u64>,
    /// The key of one that the personal part names.
    pub key: Option<AttachmentKey>,
}

impl Attached {
    /// Whether the personal part names it.
    pub fn is_personal(&self) -> bool {
        self.key.is_some()
    }

    /// Whether an event names it, as the evidence of what was done on paper. It stays as long as the event.
    pub fn is_evidence(&self) -> bool {
        self.name.starts_with(Put::EVENT)
    }
}

/// An attachment to be shown.
#[derive(Debug)]
pub struct Opened {
    /// What it is; none of what this program does not know.
    pub media: Option<Media>,
    /// Its size in bytes.
    pub size: u64,
    /// Its bytes.
    pub source: Source,
}

/// Where the bytes are.
#[derive(Debug)]
pub enum Source {
    /// In a file.
    File(File),
    /// In memory: it was sealed.
    Bytes(Vec<u8>),
}

impl Node {
    /// The attachments that a record and its personal part name, in the order of their fields.
    pub fn attached(&self, record: &RecordId) -> Result<Vec<Attached>, ServiceError> {
        let (_, state) = self.state(record)?;
        let mut found = named(&self.registry(), &state, false);
        for row in self.store.read(|reader| reader.annexes(record))? {
            if self.annex_keys.get(&row.record).is_some() {
                found.extend(named(&self.registry(), &self.state(&row.record)?.1, true));
            }
        }
        for one in &mut found {
            let Some(tree) = self.store.read(|reader| reader.attachment(&one.id))? else {
                continue;
            };
            one.size = Some(match &one.key {
                Some(_) => opened_len(tree.size()),
                None => tree.size(),
            });
            one.media = match &one.key {
                Some(key) => self
                    .unsealed(&one.id, key)
                    .ok()
                    .and_then(|bytes| Media::of(&bytes).ok()),
                None => self.media_of(&one.id).unwrap_or_default(),
            };
        }
        Ok(found)
    }

    pub(super) fn attached_one(
        &self,
        record: &RecordId,
        id: &AttachmentId,
    ) -> Result<Attached, ServiceError> {
        let found = self.attached(record)?.into_iter().find(|one| one.id == *id);
        found.ok_or_else(|| AttachmentError::Unknown(*id).into())
    }

    /// Opens an attachment that a record names. One that is not here is asked for.
    pub fn open_attachment(&self, record: &RecordId, id: &AttachmentId) -> Result<Opened, ServiceError> {
        let one = self.attached_one(record, id)?;
        self.here(&one)?;
        if let Some(key) = &one.key {
            let bytes = self.unsealed(id, key)?;
            return Ok(Opened {
                media: one.media,
                size: bytes.len() as u64,
                source: Source::Bytes(bytes),
            });
        }
        let file = File::open(self.blobs.path(id)).map_err(|error| self.attachment_disk(error))?;
        Ok(Opened {
            media: one.media,
            size: one.size.unwrap_or_default(),
            source: Source::File(file),
        })
    }

    /// The small picture of an attachment that a record names; none of what is no picture.
    pub fn small_picture(
        &self,
        record: &RecordId,
        id: &AttachmentId,
    ) -> Result<Option<Vec<u8>>, ServiceError> {
        let one = self.attached_one(record, id)?;
        self.here(&one)?;
        let Some(media) = one.media.filter(|media| media.is_picture()) else {
            return Ok(None);
        };
        if let Some(key) = &one.key {
            // Never kept in the clear.
            return Ok(picture::small(media, &self.unsealed(id, key)?).ok());
        }
        let path = self.blobs.thumb(id);
        match std::fs::read(&path) {
            Ok(bytes) => return Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(self.attachment_disk(error)),
        }
        let bytes = std::fs::read(self.blobs.path(id)).map_err(|error| self.attachment_disk(error))?;
        let Ok(small) = picture::small(media, &bytes) else {
            return Ok(None);
        };
        let kept = self.blobs.naming().keep_small(id, &small);
        kept.map_err(|error| self.attachment_disk(error))?;
        Ok(Some(small))
    }

    /// Asks for an attachment that is not here.
    fn here(&self, one: &Attached) -> Result<(), ServiceError> {
        if one.size.is_some() {
            return Ok(());
        }
        let id = one.id;
        self.store
            .write_blocking(move |writer| writer.wish_attachment(&id))?;
        Err(AttachmentError::Elsewhere(id).into())
    }

    fn unsealed(&self, id: &AttachmentId, key: &AttachmentKey) -> Result<Vec<u8>, ServiceError> {
        let sealed = std::fs::read(self.blobs.path(id)).map_err(|error| self.attachment_disk(error))?;
        open(key, &sealed).ok_or_else(|| AttachmentError::Broken.into())
    }

    fn media_of(&self, id: &AttachmentId) -> io::Result<Option<Media>> {
        let mut head = Vec::with_capacity(HEAD);
        File::open(self.blobs.path(id))?
            .take(HEAD as u64)
            .read_to_end(&mut head)?;
        Ok(Media::of(&head).ok())
    }
}

/// How long a sealed attachment is once opened.
fn opened_len(sealed: u64) -> u64 {
    let segment = sealed_len(64 * 1024) as u64;
    sealed - sealed.div_ceil(segment) * lianzhan_protocol::attachment::SEAL_OVERHEAD as u64
}

fn named(registry: &Registry, state: &RecordState, personal: bool) -> Vec<Attached> {
    let Some(ledger) = state.definition.and_then(|hash| registry.definition(&hash)) else {
        return Vec::new();
    };
    let fields = state.fields.iter().filter_map(|(name, field)| {
        let (defined, _) = ledger.resolve(name)?;
        let Value::Bytes(bytes) = &field.value else {
            return None;
        };
        let id = AttachmentId(bytes.as_slice().try_into().ok()?);
        let key = if personal { Some(key_of(name)?) } else { None };
        (defined.kind == FieldKind::Blob).then(|| Attached {
            id,
            name: name.clone(),
            media: None,
            size: None,
            key,
        })
    });
    let scans = state.events.iter().filter_map(|event| {
        Some(Attached {
            id: event.event.scan()?,
            name: format!("{}{}", Put::EVENT, event.id),
            media: None,
            size: None,
            key: None,
        })
    });
    fields.chain(scans).collect()
}
