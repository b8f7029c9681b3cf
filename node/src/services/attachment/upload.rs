//! Taking an attachment in while it streams: bounded from the first byte on, cleaned, hashed, and durable under its name
//! before anybody can name it. Pictures are held in memory until they are clean, so that what a camera wrote beside them
//! never reaches the disk; so is whatever is to be sealed.

use std::io;
use std::sync::Arc;

use lianzhan_protocol::attachment::{AttachmentKey, Tree, seal};
use lianzhan_protocol::id::AttachmentId;
use lianzhan_protocol::record::Value;
use zeroize::Zeroizing;

use super::error::fits;
use super::media::{Foreign, HEAD};
use super::picture::{self, Cleaned, Fault};
use super::{AttachmentError, Media, OTHERS, Part, video};
use crate::env;
use crate::services::{Node, ServiceError};
use crate::store::{ATTACHMENTS, Coming};

/// An attachment that is here, and that no record names yet.
#[derive(Debug, Clone)]
pub struct Received {
    /// Its hash; of a sealed one, that of the sealed bytes.
    pub id: AttachmentId,
    /// What it is.
    pub media: Media,
    /// Its size in bytes, clean and not sealed.
    pub size: u64,
    /// The key of a sealed one.
    pub key: Option<AttachmentKey>,
}

impl Received {
    /// The field by which an annex names a sealed one.
    pub fn personal_field(&self) -> Option<(String, Value)> {
        let member = self.key.as_ref()?.member();
        Some((format!("{OTHERS}/{member}"), Value::Bytes(self.id.0.to_vec())))
    }
}

/// An attachment on its way in. Dropped before it is finished, it leaves nothing.
pub struct Upload {
    node: Arc<Node>,
    part: Part,
    media: Option<Media>,
    /// What is held in memory; at first whatever comes.
    bytes: Zeroizing<Vec<u8>>,
    coming: Option<Coming>,
}

impl Upload {
    pub(super) fn new(node: Arc<Node>, part: Part) -> Self {
        Upload {
            node,
            part,
            media: None,
            bytes: Zeroizing::default(),
            coming: None,
        }
    }

    /// The next bytes. After an error nothing more is taken.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), ServiceError> {
        let Some(media) = self.media else {
            self.bytes.extend_from_slice(bytes);
            return if self.bytes.len() < HEAD {
                Ok(())
            } else {
                self.decide()
            };
        };
        let so_far = self.coming.as_ref().map_or(self.bytes.len() as u64, Coming::size);
        fits(media, so_far + bytes.len() as u64)?;
        match &mut self.coming {
            Some(coming) => coming
                .write(bytes)
                .map_err(|error| self.node.attachment_disk(error)),
            None => {
                self.bytes.extend_from_slice(bytes);
                Ok(())
            }
        }
    }

    /// The first bytes tell what it is, and so how much of it is taken and where it waits.
    fn decide(&mut self) -> Result<(), ServiceError> {
        if self.bytes.is_empty() {
            return Err(AttachmentError::Empty.into());
        }
        let media = Media::of(&self.bytes).map_err(AttachmentError::from)?;
        if self.part == Part::Personal && media.is_video() {
            return Err(AttachmentError::NoPersonalVideo.into());
        }
        fits(media, self.bytes.len() as u64)?;
        self.media = Some(media);
        if self.part == Part::Shared && !media.is_picture() {
            let begun = self.node.blobs.begin().and_then(|mut coming| {
                coming.write(&self.bytes)?;
                Ok(coming)
            });
            self.coming = Some(begun.map_err(|error| self.node.attachment_disk(error))?);
            self.bytes = Zeroizing::default();
        }
        Ok(())
    }

    /// That was all. The attachment is durable when this returns.
    pub fn finish(mut self) -> Result<Received, ServiceError> {
        if self.media.is_none() {
            self.decide()?;
        }
        let media = self.media.ok_or(AttachmentError::Kind)?;
        let node = self.node.clone();
        if let Some(mut coming) = self.coming.take() {
            if media.is_video() {
                coming
                    .rework(video::empty_tales)
                    .map_err(|error| match error.kind() {
                        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
                            AttachmentError::Broken.into()
                        }
                        _ => node.attachment_disk(error),
                    })?;
            }
            return node.keep_coming(coming).map(|tree| Received {
                id: tree.id(),
                media,
                size: tree.size(),
                key: None,
            });
        }
        let mut small = None;
        let mut bytes = std::mem::take(&mut self.bytes);
        if media.is_picture() {
            let cleaned = clean_picture(media, &bytes)?;
            bytes = Zeroizing::new(cleaned.bytes);
            small = Some(cleaned.small);
        }
        // What was drawn anew is a JPEG, whatever it was.
        let media = Media::of(&bytes).unwrap_or(media);
        let size = bytes.len() as u64;
        let key = (self.part == Part::Personal).then(|| AttachmentKey(env::random()));
        if let Some(key) = &key {
            bytes = Zeroizing::new(seal(key, &bytes));
            small = None;
        }
        let kept = node.blobs.begin().and_then(|mut coming| {
            coming.write(&bytes)?;
            Ok(coming)
        });
        let coming = kept.map_err(|error| node.attachment_disk(error))?;
        let tree = node.keep_coming(coming)?;
        if let Some(small) = small {
            // It can be made again.
            if let Err(error) = node.blobs.naming().keep_small(&tree.id(), &small) {
                tracing::warn!(%error, "a small picture could not be kept");
            }
        }
        let id = tree.id();
        Ok(Received { id, media, size, key })
    }
}

impl From<Foreign> for AttachmentError {
    fn from(foreign: Foreign) -> Self {
        match foreign {
            Foreign::Heic => AttachmentError::Heic,
            Foreign::Other => AttachmentError::Kind,
        }
    }
}

fn clean_picture(media: Media, bytes: &[u8]) -> Result<Cleaned, AttachmentError> {
    let cleaned = picture::clean(media, bytes).map_err(|fault| match fault {
        Fault::Broken => AttachmentError::Broken,
        Fault::TooManyPixels => AttachmentError::TooManyPixels,
    })?;
    // Drawn anew it may have grown.
    fits(media, cleaned.bytes.len() as u64)?;
    Ok(cleaned)
}

/// What the bytes of a file are when it is taken in, which is done here without a node that keeps them.
pub fn cleaned(bytes: &[u8]) -> Result<Vec<u8>, AttachmentError> {
    let media = Media::of(bytes)?;
    fits(media, bytes.len() as u64)?;
    if media.is_picture() {
        return Ok(clean_picture(media, bytes)?.bytes);
    }
    let mut file = io::Cursor::new(bytes.to_vec());
    if media.is_video() {
        video::empty_tales(&mut file).map_err(|_| AttachmentError::Broken)?;
    }
    Ok(file.into_inner())
}

impl Node {
    /// Names the file, then says that it is here: in this order, so that no row is without its file.
    fn keep_coming(&self, coming: Coming) -> Result<Tree, ServiceError> {
        let naming = self.blobs.naming();
        let tree = naming
            .keep(coming)
            .map_err(|error| self.attachment_disk(error))?
            .ok_or(AttachmentError::Empty)?;
        let (kept, now) = (tree.clone(), env::now());
        self.store
            .write_blocking(move |writer| writer.keep_attachment(&kept, now))?;
        Ok(tree)
    }

    pub(in crate::services) fn attachment_disk(&self, error: io::Error) -> ServiceError {
        ServiceError::Disk {
            path: self.dir.join(ATTACHMENTS),
            error,
        }
    }
}
