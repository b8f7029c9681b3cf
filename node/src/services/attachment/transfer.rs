//! What a session asks of the attachments here: which are lacking, how much of one has come, a piece for the peer.

use std::collections::BTreeSet;

use lianzhan_protocol::attachment::check_piece;
use lianzhan_protocol::id::{AttachmentId, OrgId, SpaceId};
use lianzhan_protocol::sync::{self, FoundPiece};

use super::media::ENTRY_MAX;
use crate::env;
use crate::services::session::LOOK_MAX;
use crate::services::{Node, ServiceError};
use crate::store::{Grown, Lacking};

/// The most bytes of an attachment that is fetched: what a person may enter, sealed.
const FETCH_MAX: u64 = ENTRY_MAX + ENTRY_MAX / 1024;

impl Node {
    /// Attachments that are fetched and not here: those of spaces that belong to this org or to one below it, or whose joint
    /// acts an org below it takes part in, and those that somebody here asked for.
    pub fn lacking_attachments(&self) -> Result<Vec<(SpaceId, AttachmentId)>, ServiceError> {
        let lacking = self.fetched(None, usize::MAX, |_| true)?;
        Ok(lacking.into_iter().map(|one| (one.space, one.id)).collect())
    }

    /// The next of them `after` one that are named in `spaces`, for a peer that may hold these.
    #[allow(clippy::type_complexity)] // what a session takes, and where it goes on
    pub fn attachments_lacking_in(
        &self,
        spaces: &BTreeSet<SpaceId>,
        after: Option<&(OrgId, AttachmentId)>,
    ) -> Result<sync::Lacking<(SpaceId, AttachmentId), (OrgId, AttachmentId)>, ServiceError> {
        let lacking = self.fetched(after, LOOK_MAX, |space| spaces.contains(space))?;
        let last = lacking.last().filter(|_| lacking.len() == LOOK_MAX);
        Ok(sync::Lacking {
            next: last.map(|one| (one.owner, one.id)),
            found: lacking.iter().map(|one| (one.space, one.id)).collect(),
        })
    }

    fn fetched(
        &self,
        after: Option<&(OrgId, AttachmentId)>,
        limit: usize,
        of: impl Fn(&SpaceId) -> bool,
    ) -> Result<Vec<Lacking>, ServiceError> {
        let directory = self.directory();
        let is_ours = |org: &OrgId| directory.is_at_or_above(&self.org, org);
        let is_below = |org: &OrgId| *org != self.org && is_ours(org);
        let fetched = |lacking: &Lacking| {
            if !of(&lacking.space) {
                return false;
            }
            let joint = directory.joint_space(&lacking.space);
            let mut joint = joint
                .iter()
                .flat_map(|space| &space.joint)
                .flat_map(|joint| &joint.orgs);
            lacking.wished || is_ours(&lacking.owner) || joint.any(is_below)
        };
        Ok(self
            .store
            .read(|reader| reader.lacking_attachments(after, limit, fetched))?)
    }

    /// Whether an attachment is lacking that a record of a space names which may be held here.
    fn takes(&self, id: &AttachmentId) -> Result<bool, ServiceError> {
        let (named, directory) = (self.store.read(|reader| reader.lacks(id))?, self.directory());
        Ok(named.iter().any(|space| directory.may_hold(&self.org, space)))
    }

    /// How many bytes of a lacking attachment are here; none if it is not lacking.
    pub fn attachment_so_far(&self, id: &AttachmentId) -> Result<Option<u64>, ServiceError> {
        if !self.takes(id)? {
            return Ok(None);
        }
        let so_far = self.blobs.naming().come_so_far(id);
        Ok(Some(so_far.map_err(|error| self.attachment_disk(error))?))
    }

    /// Keeps a piece that was checked. Says how many bytes are here now; none if the attachment is whole, or is not taken.
    pub fn grow_attachment(
        &self,
        id: &AttachmentId,
        size: u64,
        from: u64,
        data: &[u8],
    ) -> Result<Option<u64>, ServiceError> {
        if size > FETCH_MAX {
            tracing::warn!(%id, size, "an attachment longer than any that is entered is not fetched");
            return Ok(None);
        }
        let mut naming = self.blobs.naming();
        // What names it may have been erased since the peer was asked, or its space be held here no more.
        if !self.takes(id)? {
            return Ok(None);
        }
        let grown = naming.grow(id, size, from, data);
        match grown.map_err(|error| self.attachment_disk(error))? {
            Grown::To(here) => Ok(Some(here)),
            Grown::Lost => Ok(Some(0)),
            Grown::Whole(tree) => {
                let now = env::now();
                self.store
                    .write_blocking(move |writer| writer.keep_attachment(&tree, now))?;
                Ok(None)
            }
        }
    }

    /// A piece for a peer that may hold `space`, in which a record must name the attachment. What is not what it was any more
    /// is given up, to be fetched again.
    pub fn read_piece(
        &self,
        space: &SpaceId,
        id: &AttachmentId,
        from: u64,
    ) -> Result<Option<FoundPiece>, ServiceError> {
        let tree = self.store.read(|reader| match reader.is_named(space, id)? {
            true => reader.attachment(id),
            false => Ok(None),
        })?;
        let Some(tree) = tree else { return Ok(None) };
        let Ok((len, path)) = tree.path(from) else {
            return Ok(None);
        };
        let size = tree.size();
        let read = self.blobs.read(id, from, len);
        let good = read.and_then(|data| match check_piece(id, size, from, &data, &path) {
            Ok(()) => Ok(data),
            Err(error) => Err(std::io::Error::other(error)),
        });
        match good {
            Ok(data) => Ok(Some(FoundPiece { size, data, path })),
            Err(error) => {
                tracing::error!(%id, %error, "an attachment is damaged here and is fetched again");
                self.lose_attachment(id, &error.to_string())?;
                Ok(None)
            }
        }
    }

    /// Gives up an attachment whose file is not what it was: it is fetched again from whoever has it.
    pub(super) fn lose_attachment(&self, id: &AttachmentId, why: &str) -> Result<(), ServiceError> {
        let mut naming = self.blobs.naming();
        let (lost, words) = (*id, why.to_owned());
        self.store.write_blocking(move |writer| {
            writer.raise_alarm("attachment", &lost.to_string(), &words)?;
            writer.lose_attachment(&lost)
        })?;
        naming.remove(id).map_err(|error| self.attachment_disk(error))
    }
}
