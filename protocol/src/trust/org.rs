//! Orgs: the explicit tree of the congress system (`domain.md` 1.1 to 1.4). The division code is only a check.

use minicbor::{Decode, Encode};

use crate::id::OrgId;

/// The level of an org, from the nation down. A street stands at the level of a township.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Level {
    /// 全国
    #[n(1)]
    National,
    /// 省
    #[n(2)]
    Province,
    /// 市, 州
    #[n(3)]
    City,
    /// 县, 区
    #[n(4)]
    County,
    /// 乡, 镇
    #[n(5)]
    Township,
    /// 街道
    #[n(6)]
    Street,
    /// 联络站
    #[n(7)]
    Station,
}

impl Level {
    /// Every level, from the top.
    pub const ALL: &[Level] = &[
        Level::National,
        Level::Province,
        Level::City,
        Level::County,
        Level::Township,
        Level::Street,
        Level::Station,
    ];

    /// The identifier used on the command line, in SQL and in events.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::National => "national",
            Level::Province => "province",
            Level::City => "city",
            Level::County => "county",
            Level::Township => "township",
            Level::Street => "street",
            Level::Station => "station",
        }
    }

    /// The level with this identifier.
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|level| level.as_str() == id)
    }

    /// How far from the top: a parent's rank is less than its child's. Township and street share a rank.
    pub fn rank(self) -> u8 {
        match self {
            Level::National => 1,
            Level::Province => 2,
            Level::City => 3,
            Level::County => 4,
            Level::Township | Level::Street => 5,
            Level::Station => 6,
        }
    }
}

/// What is said of an org. `parent` is absent for the root alone.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Org {
    /// Its id, for ever.
    #[n(1)]
    pub id: OrgId,
    /// The org above it.
    #[n(2)]
    pub parent: Option<OrgId>,
    /// Its level.
    #[n(3)]
    pub level: Level,
    /// Chinese name, at most [`Org::NAME_MAX`] bytes.
    #[n(4)]
    pub name_zh: String,
    /// English name, at most [`Org::NAME_MAX`] bytes.
    #[n(5)]
    pub name_en: String,
    /// Division code: 2, 4, 6, 9 or 12 digits (GB/T 2260 and below, `domain.md` 1.4).
    #[n(6)]
    pub code: String,
}

/// Why the description of an org is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OrgFault {
    /// Empty or too long.
    #[error("the name of an org has 1 to {max} bytes", max = Org::NAME_MAX)]
    Name,
    /// Not a division code.
    #[error("division code {0:?}: expected 2, 4, 6, 9 or 12 digits")]
    Code(String),
}

impl Org {
    /// Longest name, in bytes of UTF-8.
    pub const NAME_MAX: usize = 200;

    /// Checks what can be checked of the description alone.
    pub fn check(&self) -> Result<(), OrgFault> {
        let named = |name: &str| !name.trim().is_empty() && name.len() <= Self::NAME_MAX;
        if !named(&self.name_zh) || !named(&self.name_en) {
            return Err(OrgFault::Name);
        }
        let digits = self.code.bytes().all(|b| b.is_ascii_digit());
        if !digits || ![2, 4, 6, 9, 12].contains(&self.code.len()) {
            return Err(OrgFault::Code(self.code.clone()));
        }
        Ok(())
    }
}
