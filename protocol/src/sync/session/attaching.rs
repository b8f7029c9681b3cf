//! Attachments: asks the peer for those that are lacking here, piece by piece, and gives it those that it asks for. Which
//! are lacking is the driver's to say; who may have one is said by the space in which a record names it.

use std::collections::{BTreeMap, BTreeSet};

use super::super::bounded::{Blob, List};
use super::super::message::{Message, Piece};
use super::super::misbehaviour::Misbehaviour;
use super::super::pace::Allowance;
use super::effect::Lacking;
use super::looking::Looking;
use super::shared::Shared;
use super::{CloseReason, Effect, FoundPiece, send};
use crate::attachment::check_piece;
use crate::id::{AttachmentId, OrgId, SpaceId};

/// Most attachments of which a piece is on its way, and most pieces that are read for the peer at once.
pub(super) const PIECES_IN_FLIGHT: usize = 4;
/// As many while records are on their way: what names attachments comes first.
const PIECES_BESIDE_RECORDS: usize = 1;
/// Most attachments remembered that one side does not have and the other wants.
const MISSED_MAX: usize = 16_384;

/// Asking.
#[derive(Debug, Default)]
pub(super) struct Attaching {
    looking: Looking<(OrgId, AttachmentId)>,
    lacked: BTreeMap<AttachmentId, SpaceId>,
    fetching: BTreeMap<AttachmentId, Fetch>,
    /// What the peer does not have: asked for again when it says that it has it.
    missed: BTreeMap<AttachmentId, SpaceId>,
}

#[derive(Debug)]
struct Fetch {
    space: SpaceId,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The store looks how much is there, or keeps a piece.
    Storing,
    Asked {
        from: u64,
        since_ms: u64,
    },
}

impl Attaching {
    /// Attachments may be lacking that were not, or that the peer did not owe before.
    pub(super) fn due(&mut self) {
        self.looking.due();
    }

    pub(super) fn lack(&mut self, lacking: Lacking<(SpaceId, AttachmentId), (OrgId, AttachmentId)>) {
        for (space, id) in self.looking.found(lacking) {
            if !self.fetching.contains_key(&id) && !self.missed.contains_key(&id) {
                self.lacked.insert(id, space);
            }
        }
    }

    /// What the peer may share changed: it may have there what it did not have before.
    pub(super) fn again_in(&mut self, spaces: &BTreeSet<SpaceId>) {
        let again = self.missed.extract_if(.., |_, of| spaces.contains(of));
        self.lacked.extend(again);
    }

    pub(super) fn held(&mut self, id: &AttachmentId) {
        self.lacked.remove(id);
        self.missed.remove(id);
    }

    /// Starts what there is room for.
    pub(super) fn pump(
        &mut self,
        shared: &Shared,
        idle: bool,
        allowance: &Allowance,
        now_ms: u64,
        out: &mut Vec<Effect>,
    ) {
        let room = if idle {
            PIECES_IN_FLIGHT
        } else {
            PIECES_BESIDE_RECORDS
        };
        while self.fetching.len() < room && !allowance.is_spent() {
            let Some((id, space)) = self.lacked.pop_first() else {
                if let Some(after) = self.looking.next(now_ms) {
                    let spaces = shared.spaces().copied().collect();
                    out.push(Effect::LookForAttachments { spaces, after });
                }
                return;
            };
            if !shared.contains(&space) {
                continue;
            }
            let stage = Stage::Storing;
            self.fetching.insert(id, Fetch { space, stage });
            out.push(Effect::OpenAttachment { id });
        }
    }

    /// So much is here: asks for what comes next.
    pub(super) fn go_on(&mut self, id: AttachmentId, from: Option<u64>, now_ms: u64, out: &mut Vec<Effect>) {
        let Some(fetch) = self.fetching.get_mut(&id) else {
            return;
        };
        let Some(from) = from else {
            self.fetching.remove(&id);
            return;
        };
        fetch.stage = Stage::Asked {
            from,
            since_ms: now_ms,
        };
        let space = fetch.space;
        send(out, &Message::WantAttachment { space, id, from });
    }

    /// A piece came: kept if it is what was asked for, and leads to the hash.
    pub(super) fn piece(&mut self, piece: Piece, out: &mut Vec<Effect>) -> Result<(), CloseReason> {
        let Piece {
            id,
            size,
            from,
            data,
            path,
        } = piece;
        let fetch = self
            .fetching
            .get_mut(&id)
            .filter(|fetch| matches!(fetch.stage, Stage::Asked { from: asked, .. } if asked == from))
            .ok_or(CloseReason::unasked("a piece that nobody asked for"))?;
        check_piece(&id, size, from, &data, &path)
            .map_err(|error| CloseReason::of(Misbehaviour::WrongRoot, format!("attachment {id}: {error}")))?;
        fetch.stage = Stage::Storing;
        let data = data.into_vec();
        out.push(Effect::StorePiece { id, size, from, data });
        Ok(())
    }

    /// Since when the peer owes a piece.
    pub(super) fn asked_since(&self) -> Option<u64> {
        let since = |fetch: &Fetch| match fetch.stage {
            Stage::Asked { since_ms, .. } => Some(since_ms),
            Stage::Storing => None,
        };
        self.fetching.values().filter_map(since).min()
    }

    /// The peer does not have it.
    pub(super) fn nothing(
        &mut self,
        id: &AttachmentId,
        allowance: &mut Allowance,
    ) -> Result<(), CloseReason> {
        let asked = |fetch: &Fetch| matches!(fetch.stage, Stage::Asked { .. });
        if !self.fetching.get(id).is_some_and(asked) {
            return Err(CloseReason::unasked("no attachment, where none was asked for"));
        }
        // One after another may be looked for in vain, but no faster than the peer has to look.
        let _ = allowance.spend(1);
        if let Some(fetch) = self.fetching.remove(id) {
            if self.missed.len() < MISSED_MAX {
                self.missed.insert(*id, fetch.space);
            } else {
                self.looking.forgot();
            }
        }
        Ok(())
    }

    /// The peer has now what it did not have before.
    pub(super) fn have(&mut self, id: AttachmentId) {
        if let Some(space) = self.missed.remove(&id) {
            self.lacked.insert(id, space);
        }
    }
}

/// Giving.
#[derive(Debug, Default)]
pub(super) struct Lending {
    reading: BTreeMap<AttachmentId, Reading>,
    /// What the peer asked for and is not here: it is told when it comes.
    missed: BTreeMap<AttachmentId, SpaceId>,
}

/// What the store looks for.
#[derive(Debug)]
struct Reading {
    space: SpaceId,
    from: u64,
    /// Whether the attachment came since: an answer that it is not here may be from before that.
    came: bool,
}

impl Lending {
    /// The peer asks for a piece. Of a space that is not shared the answer is the one for what is not here.
    pub(super) fn want(
        &mut self,
        shared: &Shared,
        space: SpaceId,
        id: AttachmentId,
        from: u64,
        out: &mut Vec<Effect>,
    ) -> Result<(), CloseReason> {
        if self.reading.len() >= PIECES_IN_FLIGHT || self.reading.contains_key(&id) {
            return Err(CloseReason::too_much("too many pieces wanted at once"));
        }
        if !shared.contains(&space) {
            send(out, &Message::NoAttachment(id));
            return Ok(());
        }
        self.missed.remove(&id);
        let came = false;
        self.reading.insert(id, Reading { space, from, came });
        out.push(Effect::ReadPiece { space, id, from });
        Ok(())
    }

    /// A piece was read.
    pub(super) fn read(
        &mut self,
        shared: &Shared,
        id: AttachmentId,
        from: u64,
        piece: Option<FoundPiece>,
        out: &mut Vec<Effect>,
    ) -> Result<(), CloseReason> {
        let Some(Reading { space, came, .. }) =
            self.reading.remove(&id).filter(|reading| reading.from == from)
        else {
            return Err(CloseReason::Ours("the store read what was not asked for".into()));
        };
        if piece.is_none() && came {
            let came = false;
            self.reading.insert(id, Reading { space, from, came });
            out.push(Effect::ReadPiece { space, id, from });
            return Ok(());
        }
        let Some(FoundPiece { size, data, path }) = piece.filter(|_| shared.contains(&space)) else {
            if self.missed.len() < MISSED_MAX {
                self.missed.insert(id, space);
            }
            send(out, &Message::NoAttachment(id));
            return Ok(());
        };
        let too_long = |_| CloseReason::Ours(format!("a piece of attachment {id} is too long"));
        let data = Blob::new(data).map_err(too_long)?;
        let path = List::new(path).map_err(too_long)?;
        send(
            out,
            &Message::Piece(Piece {
                id,
                size,
                from,
                data,
                path,
            }),
        );
        Ok(())
    }

    /// An attachment came that records of these spaces name: the peer is told if it asked for it in vain in one of them. Who
    /// asked in another one learns nothing by it: what is here may be here for records that it may not hold.
    pub(super) fn held(
        &mut self,
        shared: &Shared,
        id: AttachmentId,
        named: &[SpaceId],
        out: &mut Vec<Effect>,
    ) {
        if let Some(reading) = self.reading.get_mut(&id) {
            reading.came |= named.contains(&reading.space);
        }
        if let Some(space) = self.missed.get(&id).filter(|space| named.contains(space)) {
            if shared.contains(space) {
                send(out, &Message::HaveAttachment(id));
            }
            self.missed.remove(&id);
        }
    }
}
