//! What a node holds, said briefly: the size and root of every log, by space.

use std::collections::BTreeMap;

use minicbor::{Decode, Encode};

use crate::codec;
use crate::id::{Hash, SpaceId};
use crate::log::{Origin, TreeSize};

/// How much of a log is held, and the root over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Standing {
    /// Entries held, from the first on without a gap.
    #[n(0)]
    pub size: TreeSize,
    /// The RFC 6962 root over them.
    #[n(1)]
    pub root: Hash,
}

/// The standing of every log held, by space. A space without a log does not stand here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holdings {
    spaces: BTreeMap<SpaceId, BTreeMap<Origin, Standing>>,
}

impl Holdings {
    /// Holdings of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes note that a log grew. Returns whether it did: a size not above the one known changes nothing, so news may
    /// arrive late or twice.
    pub fn grow(&mut self, space: SpaceId, origin: &Origin, standing: Standing) -> bool {
        if standing.size == TreeSize::EMPTY {
            return false;
        }
        let logs = self.spaces.entry(space).or_default();
        match logs.get_mut(origin) {
            Some(held) if held.size >= standing.size => false,
            Some(held) => {
                *held = standing;
                true
            }
            None => {
                logs.insert(origin.clone(), standing);
                true
            }
        }
    }

    /// Takes note that another branch of a log stands, whatever was known of it.
    pub fn switch(&mut self, space: SpaceId, origin: &Origin, standing: Standing) {
        self.spaces
            .entry(space)
            .or_default()
            .insert(origin.clone(), standing);
    }

    /// How much is held of a log.
    pub fn standing(&self, space: &SpaceId, origin: &Origin) -> Option<Standing> {
        self.spaces.get(space)?.get(origin).copied()
    }

    /// The logs held in a space, by origin.
    pub fn logs(&self, space: &SpaceId) -> impl Iterator<Item = (&Origin, Standing)> {
        self.spaces
            .get(space)
            .into_iter()
            .flatten()
            .map(|(origin, standing)| (origin, *standing))
    }

    /// The spaces in which a log is held, by id.
    pub fn spaces(&self) -> impl Iterator<Item = &SpaceId> {
        self.spaces.keys()
    }

    /// One hash over all that is held in a space: SHA-256 over `lianzhan/space-digest/v1`, a zero byte, and the
    /// canonical `[origin, [size, root]]` of each log in the order of origins. Nothing held is the hash of no log.
    pub fn space_digest(&self, space: &SpaceId) -> Hash {
        let logs: Vec<Vec<u8>> = self.logs(space).map(|log| codec::encode(&log)).collect();
        Hash::of("lianzhan/space-digest/v1", &parts(&logs))
    }

    /// Those of `spaces` in which a log is held, each with its digest, by id.
    pub fn digests<'a>(
        &'a self,
        spaces: impl IntoIterator<Item = &'a SpaceId>,
    ) -> impl Iterator<Item = (SpaceId, Hash)> {
        spaces
            .into_iter()
            .filter(|space| self.spaces.contains_key(space))
            .map(|space| (*space, self.space_digest(space)))
    }

    /// One hash over several spaces, given in ascending order: SHA-256 over `lianzhan/holdings-digest/v1`, a zero byte,
    /// and the canonical `[space id, digest]` of each. Spaces without a log are left out, so that two nodes that hold the
    /// same agree even if one knows of more spaces.
    pub fn digest<'a>(&'a self, spaces: impl IntoIterator<Item = &'a SpaceId>) -> Hash {
        let spaces: Vec<Vec<u8>> = self.digests(spaces).map(|space| codec::encode(&space)).collect();
        Hash::of("lianzhan/holdings-digest/v1", &parts(&spaces))
    }

    /// The part of the holdings that lies in `spaces`.
    pub fn within<'a>(&self, spaces: impl IntoIterator<Item = &'a SpaceId>) -> Self {
        let kept = |space: &SpaceId| self.spaces.get(space).map(|logs| (*space, logs.clone()));
        Holdings {
            spaces: spaces.into_iter().filter_map(kept).collect(),
        }
    }
}

fn parts(items: &[Vec<u8>]) -> Vec<&[u8]> {
    items.iter().map(Vec::as_slice).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(n: u8) -> Origin {
        Origin::parse(&format!("lianzhan/log/{n:04}")).unwrap()
    }

    fn standing(size: u64) -> Standing {
        Standing {
            size: TreeSize(size),
            root: Hash([size as u8; 32]),
        }
    }

    #[test]
    fn holdings_only_grow_and_know_no_order_of_arrival() {
        let (a, b) = (SpaceId([1; 32]), SpaceId([2; 32]));
        let mut one = Holdings::new();
        assert!(one.grow(a, &origin(1), standing(5)));
        assert!(one.grow(b, &origin(2), standing(3)));
        assert!(!one.grow(a, &origin(1), standing(5)));
        assert!(!one.grow(a, &origin(1), standing(4)));
        assert!(!one.grow(a, &origin(9), standing(0)), "an empty log is no log");
        let mut two = Holdings::new();
        for (space, n, size) in [(b, 2, 3), (a, 1, 1), (a, 1, 5)] {
            two.grow(space, &origin(n), standing(size));
        }
        assert_eq!(one, two);
        assert_eq!(one.digest([&a, &b]), two.digest([&a, &b]));
        two.grow(a, &origin(1), standing(6));
        assert_ne!(one.space_digest(&a), two.space_digest(&a));
        assert_eq!(one.space_digest(&b), two.space_digest(&b));
        assert_eq!(one.within([&b]).digest([&a, &b]), two.digest([&b]));
    }

    #[test]
    fn spaces_without_a_log_do_not_count() {
        let mut holdings = Holdings::new();
        let (a, b) = (SpaceId([1; 32]), SpaceId([2; 32]));
        assert_eq!(holdings.digest([&a]), holdings.digest([]));
        holdings.grow(b, &origin(1), standing(1));
        assert_eq!(holdings.digest([&a, &b]), holdings.digest([&b]));
    }

    #[test]
    fn the_digests_are_frozen() {
        let mut holdings = Holdings::new();
        let space = SpaceId([1; 32]);
        holdings.grow(space, &origin(1), standing(5));
        let log = codec::encode(&(origin(1), (TreeSize(5), Hash([5; 32]))));
        assert_eq!(
            holdings.space_digest(&space),
            Hash::of("lianzhan/space-digest/v1", &[&log])
        );
        let entry = codec::encode(&(space, holdings.space_digest(&space)));
        assert_eq!(
            holdings.digest([&space]),
            Hash::of("lianzhan/holdings-digest/v1", &[&entry])
        );
    }
}
