//! What is lacking although the entries are here: a file asks for it as a session would, and the next one the other way
//! brings it. Of a file that was cut the entries are kept, and so nothing else would bring their keys and attachments.

use std::collections::{BTreeMap, BTreeSet};

use lianzhan_protocol::id::{AttachmentId, SpaceId};
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::log::{EntryIndex, Origin};
use lianzhan_protocol::sync::carry::{LACKS_MAX, Lacks};
use lianzhan_protocol::sync::{Lacking, List};

use super::LACKED;
use super::forks::Forked;
use crate::services::{Node, ServiceError};

/// Most things of one kind that a file asks for.
const KIND_MAX: usize = LACKS_MAX / 4;

impl Node {
    /// What this node lacks in `spaces`: of logs that say two things those of which a history is not here, and those that are
    /// `forked`; then payloads, keys and attachments. Of each kind at most its part of [`LACKS_MAX`], so that none keeps back
    /// another.
    pub(super) fn lacks_in(
        &self,
        spaces: &BTreeSet<SpaceId>,
        forked: &[Forked],
    ) -> Result<Vec<Lacks>, ServiceError> {
        let forked = forked.iter().map(|one| (one.space, one.origin.clone()));
        let forked: BTreeSet<_> = self.open_forks()?.into_iter().chain(forked).collect();
        let forked = forked.into_iter().filter(|(space, _)| spaces.contains(space));
        let forked = forked.map(|(space, origin)| Lacks::Branches { space, origin });
        let mut lacks: Vec<Lacks> = forked.take(KIND_MAX).collect();
        let mut payloads: BTreeMap<(SpaceId, Origin), Vec<EntryIndex>> = BTreeMap::new();
        for place in all(|after| self.payloads_lacking_in(spaces, after))? {
            payloads
                .entry((place.space, place.origin))
                .or_default()
                .push(place.index);
        }
        for ((space, origin), indexes) in payloads {
            for indexes in lists(indexes) {
                lacks.push(Lacks::Payloads {
                    space,
                    origin: origin.clone(),
                    indexes,
                });
            }
        }
        let keys = all(|after| self.keys_lacking_in(spaces, after))?;
        lacks.extend(lists(keys.into_iter().map(|(_, record)| record)).map(Lacks::Keys));
        for (space, id) in all(|after| self.attachments_lacking_in(spaces, after))? {
            // Named by several records it is found several times; come meanwhile it is lacking no longer.
            if let Some(from) = self.attachment_so_far(&id)? {
                lacks.push(Lacks::Attachment { space, id, from });
            }
        }
        Ok(lacks)
    }

    /// What the nodes asked for in the last files that came from them.
    pub(super) fn lacked_by(&self, nodes: &[PublicKey]) -> Result<Vec<Lacks>, ServiceError> {
        let mut lacked = Vec::new();
        for node in nodes {
            lacked.extend(
                self.noted_of_peer::<Vec<Lacks>>(LACKED, node)?
                    .unwrap_or_default(),
            );
        }
        Ok(lacked)
    }
}

/// Attachments that are asked for, with the space and the byte from which on: of several the earliest.
pub(super) fn attachments(lacked: &[Lacks]) -> BTreeMap<(SpaceId, AttachmentId), u64> {
    let mut wanted = BTreeMap::new();
    for lacks in lacked {
        if let Lacks::Attachment { space, id, from } = lacks {
            let earliest = wanted.entry((*space, *id)).or_insert(*from);
            *earliest = (*earliest).min(*from);
        }
    }
    wanted
}

/// Logs of which all histories are asked for.
pub(super) fn branches(lacked: &[Lacks]) -> impl Iterator<Item = &Origin> {
    lacked.iter().filter_map(|lacks| match lacks {
        Lacks::Branches { origin, .. } => Some(origin),
        _ => None,
    })
}

/// Everything that looks find one behind the other, [`KIND_MAX`] at most.
fn all<T, C>(
    look: impl Fn(Option<&C>) -> Result<Lacking<T, C>, ServiceError>,
) -> Result<Vec<T>, ServiceError> {
    let mut found: Vec<T> = Vec::new();
    let mut after = None;
    loop {
        let lacking = look(after.as_ref())?;
        found.extend(lacking.found);
        after = lacking.next;
        if after.is_none() || found.len() >= KIND_MAX {
            found.truncate(KIND_MAX);
            return Ok(found);
        }
    }
}

/// In the lengths of messages.
fn lists<T, const MAX: usize>(items: impl IntoIterator<Item = T>) -> impl Iterator<Item = List<T, MAX>> {
    let mut items = items.into_iter().peekable();
    std::iter::from_fn(move || {
        items.peek()?;
        Some(List::take_from(&mut items))
    })
}
