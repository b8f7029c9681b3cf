//! Spaces: who may hold what. All sharing and all privacy is decided per space (design 6).

use minicbor::{Decode, Encode};

use super::org::Level;
use crate::codec;
use crate::id::{Hash, OrgId, SpaceId};

/// Who holds a space, seen from its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Audience {
    /// The owner alone.
    #[n(1)]
    Local,
    /// The owner and its township.
    #[n(2)]
    Township,
    /// The owner, its township and its county.
    #[n(3)]
    County,
    /// The owner and all above it up to the city.
    #[n(4)]
    City,
    /// All above the owner up to the root; counts only.
    #[n(5)]
    Summary,
    /// The owner and all below it.
    #[n(6)]
    Notice,
    /// The orgs that it names, and those above them up to its travel limit.
    #[n(7)]
    Joint,
    /// The owner, all above it, all below it, and whoever holds a joint space that the owner also holds.
    #[n(8)]
    Directory,
}

impl Audience {
    /// Every audience, in the order of its number.
    pub const ALL: &[Audience] = &[
        Audience::Local,
        Audience::Township,
        Audience::County,
        Audience::City,
        Audience::Summary,
        Audience::Notice,
        Audience::Joint,
        Audience::Directory,
    ];

    /// The identifier used in definitions and SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Audience::Local => "local",
            Audience::Township => "township",
            Audience::County => "county",
            Audience::City => "city",
            Audience::Summary => "summary",
            Audience::Notice => "notice",
            Audience::Joint => "joint",
            Audience::Directory => "directory",
        }
    }

    /// The audience with this identifier.
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|audience| audience.as_str() == id)
    }
}

/// What makes a joint space the one it is; its audience never changes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(map)]
pub struct Joint {
    /// The partner orgs, sorted, two or more, the owner among them.
    #[n(1)]
    pub orgs: Vec<OrgId>,
    /// The highest level that holds it above its partners; never above the city.
    #[n(2)]
    pub travel: Level,
    /// The calendar year.
    #[n(3)]
    pub year: u16,
}

/// The descriptor of a space. Its id is the hash of these bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(map)]
pub struct Space {
    /// The owner org.
    #[n(1)]
    pub owner: OrgId,
    /// Who holds it.
    #[n(2)]
    pub audience: Audience,
    /// 1, and one more after each change of the owner's place in the tree.
    #[n(3)]
    pub generation: u32,
    /// Present for joint spaces alone.
    #[n(4)]
    pub joint: Option<Joint>,
}

impl Space {
    /// Most partner orgs of a joint space.
    pub const PARTNERS_MAX: usize = 64;

    /// The space of `owner` with an `audience` that needs no further description.
    pub fn of(owner: OrgId, audience: Audience) -> Self {
        Space {
            owner,
            audience,
            generation: 1,
            joint: None,
        }
    }

    /// A joint space of `owner` with `partners`.
    pub fn joint(owner: OrgId, partners: impl IntoIterator<Item = OrgId>, travel: Level, year: u16) -> Self {
        let mut orgs: Vec<OrgId> = partners.into_iter().chain([owner]).collect();
        orgs.sort_unstable();
        orgs.dedup();
        Space {
            owner,
            audience: Audience::Joint,
            generation: 1,
            joint: Some(Joint { orgs, travel, year }),
        }
    }

    /// The id: SHA-256 over a domain and the canonical bytes.
    pub fn id(&self) -> SpaceId {
        SpaceId(Hash::of("lianzhan/space/v1", &[&codec::encode(self)]).0)
    }

    /// Whether it is an org's own: its owner's, and of a joint one also its partners'.
    pub fn is_of(&self, org: &OrgId) -> bool {
        self.owner == *org || self.joint.as_ref().is_some_and(|joint| joint.orgs.contains(org))
    }

    /// Whether the descriptor is one that a node would make.
    pub fn is_well_formed(&self) -> bool {
        match (&self.joint, self.audience) {
            (None, audience) => audience != Audience::Joint,
            (Some(joint), Audience::Joint) => {
                (2..=Self::PARTNERS_MAX).contains(&joint.orgs.len())
                    && joint.orgs.is_sorted_by(|a, b| a < b)
                    && joint.orgs.contains(&self.owner)
                    && joint.travel.rank() >= Level::City.rank()
            }
            (Some(_), _) => false,
        }
    }
}
