//! Joint spaces: which are known here, which of them somebody means who names its orgs, and opening another.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use lianzhan_protocol::id::OrgId;
use lianzhan_protocol::keys::SecretKey;
use lianzhan_protocol::record::ledger::Ledger;
use lianzhan_protocol::trust::{Audience, Body, Level, Space};

use super::{Author, Node, ServiceError};

/// Years that a joint space may be of.
const YEARS: std::ops::RangeInclusive<u16> = 1950..=2200;

/// Why a joint space is not found, not opened, or not the place of a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JointError {
    /// A ledger that lives in joint spaces alone, of which none was named.
    #[error(
        "{en} stand in joint spaces alone: name the one that the rows go to by its orgs, as CODE+CODE, or by its id"
    )]
    NoneNamed {
        /// The ledger's Chinese name.
        zh: String,
        /// Its English name.
        en: String,
    },
    /// A ledger that does not live there.
    #[error(
        "{en} do not stand in that joint space: it reaches further up than they may go, or they are no joint ones"
    )]
    NotThere {
        /// The ledger's Chinese name.
        zh: String,
        /// Its English name.
        en: String,
    },
    /// No such space.
    #[error("this node knows no joint space {0:?}; open it first, or wait until it has come")]
    Unknown(String),
    /// More than one.
    #[error("several joint spaces are of these orgs: {0}; name one by its id, or its year behind an @")]
    Several(String),
    /// With nobody.
    #[error(
        "a joint space has two to {} orgs: name at least one other org",
        Space::PARTNERS_MAX
    )]
    Partners,
    /// An org that is no more.
    #[error("{0} is no more; name who succeeded it")]
    Ended(String),
    /// A level that is none of a joint space.
    #[error("a joint space goes up to the station, the township, the county or the city")]
    Travel,
    /// No year.
    #[error("say the year as 2026")]
    Year,
    /// It is there.
    #[error("this org has opened that joint space already")]
    Exists,
}

impl JointError {
    /// The same in Chinese.
    pub fn zh(&self) -> String {
        match self {
            JointError::NoneNamed { zh, .. } => {
                format!(
                    "“{zh}”只记在联动空间里：请指明这些行记进哪个联动空间，写各单位的区划代码（如 990121103+990121104）或空间编号。"
                )
            }
            JointError::NotThere { zh, .. } => {
                format!("“{zh}”不能记在这个联动空间里：它送达的层级超过这本台账的上限，或者这本台账不联动。")
            }
            JointError::Unknown(name) => {
                format!("本机没有联动空间“{name}”。请先建立，或等它同步过来。")
            }
            JointError::Several(ids) => {
                format!("这些单位有几个联动空间：{ids}。请写空间编号，或在后面写 @年份。")
            }
            JointError::Partners => {
                format!(
                    "联动空间由 2 至 {} 个单位组成，请至少再选一个单位。",
                    Space::PARTNERS_MAX
                )
            }
            JointError::Ended(name) => format!("{name}已撤销，请选继受它的单位。"),
            JointError::Travel => "联动空间最高送到站、乡镇、县或市。".into(),
            JointError::Year => "请填年份，如 2026。".into(),
            JointError::Exists => "本单位已建立过这个联动空间。".into(),
        }
    }
}

/// A joint space that this org is to open.
#[derive(Debug, Clone)]
pub struct JointDraft {
    /// The other orgs.
    pub partners: Vec<OrgId>,
    /// The highest level that holds it above them.
    pub travel: Level,
    /// The calendar year.
    pub year: u16,
}

/// A level up to which a joint space goes.
pub fn parse_travel(id: &str) -> Result<Level, JointError> {
    TRAVELS
        .into_iter()
        .find(|level| level.as_str() == id)
        .ok_or(JointError::Travel)
}

/// The levels up to which joint spaces go, the lowest first.
pub const TRAVELS: [Level; 4] = [Level::Station, Level::Township, Level::County, Level::City];

impl Node {
    /// The joint spaces that this node holds, the latest year first.
    pub fn joint_spaces(&self) -> Vec<Space> {
        let directory = self.directory();
        let held = directory
            .joint_spaces()
            .filter(|space| directory.may_hold(&self.org, space));
        let mut all: Vec<Space> = held.cloned().collect();
        all.sort_by_key(|space| (std::cmp::Reverse(year(space)), space.owner, space.id()));
        all
    }

    /// The joint space with this id, or that of these orgs: division codes or ids with `+` between, and behind them `@` and
    /// the year where there is one for each. This node's own org goes without saying.
    pub fn joint_named(&self, text: &str) -> Result<Space, ServiceError> {
        let text = text.trim();
        let all = self.joint_spaces();
        if let Some(found) = all.iter().find(|space| space.id().to_string() == text) {
            return Ok(found.clone());
        }
        let (orgs, of) = match text.split_once('@') {
            Some((orgs, of)) => (
                orgs,
                Some(of.trim().parse::<u16>().map_err(|_| JointError::Year)?),
            ),
            None => (text, None),
        };
        let named = orgs.split('+').map(str::trim).filter(|org| !org.is_empty());
        let named: BTreeSet<OrgId> = named.map(|org| self.org_named(org)).collect::<Result<_, _>>()?;
        let with_own: BTreeSet<OrgId> = named.iter().copied().chain([self.org]).collect();
        let of_orgs = |orgs: &BTreeSet<OrgId>| -> Vec<&Space> {
            let fits = |space: &&Space| {
                let joint = space.joint.as_ref();
                joint.is_some_and(|joint| joint.orgs.iter().eq(orgs)) && of.is_none_or(|of| year(space) == of)
            };
            all.iter().filter(fits).collect()
        };
        let mut found = of_orgs(&named);
        if found.is_empty() {
            found = of_orgs(&with_own);
        }
        match found.as_slice() {
            [one] => Ok((*one).clone()),
            [] => Err(JointError::Unknown(text.to_owned()).into()),
            several => {
                let each = several
                    .iter()
                    .map(|space| format!("{} (@{})", space.id(), year(space)));
                Err(JointError::Several(each.collect::<Vec<_>>().join(", ")).into())
            }
        }
    }

    /// Where rows go that begin records of a ledger here: the joint space that was named, or this org's own.
    pub(super) fn space_for(&self, ledger: &Ledger, into: Option<&Space>) -> Result<Space, ServiceError> {
        let named =
            |fault: fn(String, String) -> JointError| fault(ledger.zh.clone(), ledger.en.clone()).into();
        match into {
            None if ledger.audience == Audience::Joint => {
                Err(named(|zh, en| JointError::NoneNamed { zh, en }))
            }
            None => Ok(self.own_space(ledger.audience)),
            Some(space) if space.joint.is_some() && ledger.lives_in(space) => Ok(space.clone()),
            Some(_) => Err(named(|zh, en| JointError::NotThere { zh, en })),
        }
    }

    /// The joint spaces that a person may write a ledger into here, the latest year first.
    pub fn joint_offered(&self, author: &Author, ledger: &Ledger) -> Vec<Space> {
        let mut all = self.joint_spaces();
        all.retain(|space| ledger.lives_in(space) && self.may_put(author, &ledger.id, space));
        all
    }

    /// Whether a person would write a ledger that lives in joint spaces alone, and there is none for it.
    pub fn lacks_joint(&self, author: &Author, ledger: &Ledger) -> bool {
        ledger.audience == Audience::Joint
            && self.joint_offered(author, ledger).is_empty()
            && self
                .card(author)
                .is_ok_and(|card| card.roles.iter().any(|role| ledger.writers.contains(role)))
    }

    /// The draft that words describe: other orgs by id or division code, and the level up to which it goes.
    pub fn joint_draft(&self, orgs: &[String], travel: &str, year: u16) -> Result<JointDraft, ServiceError> {
        let partners = orgs.iter().map(|org| self.org_named(org));
        Ok(JointDraft {
            partners: partners.collect::<Result<_, _>>()?,
            travel: parse_travel(travel)?,
            year,
        })
    }

    /// The space that a draft describes, if it may be opened: its orgs, and those who would hold it with them.
    pub fn joint_preview(&self, draft: &JointDraft) -> Result<(Space, Vec<OrgId>), ServiceError> {
        let directory = self.directory();
        if !TRAVELS.contains(&draft.travel) {
            return Err(JointError::Travel.into());
        }
        if !YEARS.contains(&draft.year) {
            return Err(JointError::Year.into());
        }
        for partner in &draft.partners {
            let org = directory.org(partner).ok_or(ServiceError::UnknownOrg(*partner))?;
            if directory.ended(partner).is_some() {
                return Err(JointError::Ended(org.name_zh.clone()).into());
            }
        }
        let space = Space::joint(self.org, draft.partners.iter().copied(), draft.travel, draft.year);
        let orgs = space.joint.as_ref().map_or(&[][..], |joint| &joint.orgs);
        if !(2..=Space::PARTNERS_MAX).contains(&orgs.len()) {
            return Err(JointError::Partners.into());
        }
        if directory.joint_space(&space.id()).is_some() {
            return Err(JointError::Exists.into());
        }
        let above = directory.orgs().filter(|org| {
            !orgs.contains(&org.id)
                && org.level.rank() >= draft.travel.rank()
                && directory.ended(&org.id).is_none()
                && orgs
                    .iter()
                    .any(|partner| directory.is_at_or_above(&org.id, partner))
        });
        let mut above: Vec<_> = above.map(|org| (org.code.clone(), org.id)).collect();
        above.sort_unstable();
        Ok((space, above.into_iter().map(|(_, org)| org).collect()))
    }

    /// Opens a joint space of this org. Who holds it never changes.
    pub fn open_joint(&self, authority: &SecretKey, draft: &JointDraft) -> Result<Space, ServiceError> {
        let (space, _) = self.joint_preview(draft)?;
        self.publish(authority, Body::JointSpace(space.clone()))?;
        Ok(space)
    }
}

/// The year of a joint space.
pub fn year(space: &Space) -> u16 {
    space.joint.as_ref().map_or(0, |joint| joint.year)
}
