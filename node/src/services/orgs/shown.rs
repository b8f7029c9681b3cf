//! Changes of orgs for people: those that were stated, and what one would do before anybody signs it.

use std::collections::BTreeSet;

use lianzhan_protocol::id::{OrgId, StatementId};
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::{
    Audience, Becomes, Body, Directory, OrgChange, SignedStatement, Space, StatementFault,
};

use super::OrgChangeDraft;
use crate::services::{Node, ServiceError};

/// Whether a change stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeStanding {
    /// It does.
    Stands,
    /// It waits for an adoption: the authority that stated it was revoked.
    Contested,
    /// It waits for what it rests on.
    Pending,
    /// It does not.
    Refused,
}

/// A change that was stated, for people.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct OrgChangeShown {
    /// The statement.
    pub statement: StatementId,
    /// The org.
    pub org: OrgId,
    /// Which of its places it begins.
    pub generation: u32,
    /// The parent that it had until then.
    pub before: Option<OrgId>,
    /// The parent that it has from then on; none where it is no more.
    pub parent: Option<OrgId>,
    /// Who goes on where it is no more.
    pub successors: Vec<OrgId>,
    /// From when it holds in law.
    pub from: Timestamp,
    /// By which decision.
    pub words: String,
    /// In whose name it was stated.
    pub stated_by: OrgId,
    /// When, by the clock of whoever signed.
    pub issued: Timestamp,
    /// Whether it stands.
    pub standing: ChangeStanding,
    /// Why it does not.
    #[serde(skip)]
    pub fault: Option<StatementFault>,
    /// The appointment of the key that signed; none of the founding authority.
    #[serde(skip)]
    pub appointment: Option<StatementId>,
    /// The Chinese and the English name that it gets, where these change.
    #[serde(skip)]
    pub renamed: Option<(String, String)>,
}

impl OrgChangeShown {
    fn of(directory: &Directory, statement: &SignedStatement, change: &OrgChange) -> Self {
        let fault = directory.faults().get(&statement.id());
        let line = directory.line_at(change.org, change.generation.saturating_sub(1));
        let (parent, successors, renamed) = match &change.becomes {
            Becomes::Moved { org, .. } => {
                let names = (org.name_zh.clone(), org.name_en.clone());
                let before = usize::try_from(change.generation)
                    .unwrap_or_default()
                    .checked_sub(2);
                let earlier = before.and_then(|n| directory.earlier(&change.org).nth(n));
                let was = earlier.or_else(|| directory.org(&change.org));
                let same = was.is_some_and(|was| was.name_zh == names.0 && was.name_en == names.1);
                (org.parent, Vec::new(), (!same).then_some(names))
            }
            Becomes::Succeeded { by } => (None, by.iter().map(|next| next.org).collect(), None),
        };
        OrgChangeShown {
            statement: statement.id(),
            org: change.org,
            generation: change.generation,
            before: line.get(1).copied(),
            parent,
            successors,
            from: change.from,
            words: change.words.clone(),
            stated_by: statement.issuer().org,
            issued: statement.issuer().issued,
            standing: match fault {
                None => ChangeStanding::Stands,
                Some(fault) if fault.is_contested() => ChangeStanding::Contested,
                Some(fault) if fault.is_pending() => ChangeStanding::Pending,
                Some(_) => ChangeStanding::Refused,
            },
            fault: fault.cloned(),
            appointment: statement.issuer().appointment,
            renamed,
        }
    }
}

/// What a change of an org would do.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct OrgChangePreview {
    /// The spaces that close, as far as there is anything in them here or anybody else holds them.
    pub closes: Vec<ClosingSpace>,
    /// Records of the org that are here.
    pub records: u64,
    /// Those of them with entries that nobody witnessed yet: what the cut does not reach waits for an adoption.
    pub unwitnessed: u64,
    /// Orgs below it that take their next place with it, those above before those below.
    pub along: Vec<OrgId>,
    /// Appointments by the parent that it leaves which go on standing.
    pub keeps: usize,
}

/// A space that a change closes.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ClosingSpace {
    /// Its audience.
    #[serde(serialize_with = "as_str")]
    pub audience: Audience,
    /// Records in it that are here.
    pub records: u64,
    /// Who holds it, and goes on holding it.
    pub holders: Vec<OrgId>,
    /// Who holds the space that is written into from then on.
    pub next: Vec<OrgId>,
    /// Whether these are given what is in the old one, too.
    pub handed: bool,
}

fn as_str<S: serde::Serializer>(audience: &Audience, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(audience.as_str())
}

impl Node {
    /// The changes of orgs that this node knows of, also those that do not stand: what holds last in law first.
    pub fn org_changes(&self) -> Vec<OrgChangeShown> {
        let directory = self.directory();
        let stated = directory
            .statements()
            .filter_map(|statement| match statement.body() {
                Body::OrgChange(change) => Some(OrgChangeShown::of(&directory, statement, change)),
                _ => None,
            });
        let mut all: Vec<OrgChangeShown> = stated.collect();
        all.sort_by_key(|change| {
            (
                std::cmp::Reverse((change.from, change.issued)),
                change.org,
                change.generation,
                change.statement,
            )
        });
        all
    }

    /// What a change would do, as far as this node can tell. The authority need not be unlocked for it.
    pub fn org_change_preview(&self, draft: &OrgChangeDraft) -> Result<OrgChangePreview, ServiceError> {
        let (change, rest) = self.plan_org_change(draft)?;
        let directory = self.directory();
        let moves = matches!(change.becomes, Becomes::Moved { .. });
        let closing = Audience::ALL.iter().copied().filter(|audience| match audience {
            Audience::Local | Audience::Notice => !moves,
            audience => audience.is_vertical(),
        });
        let mut closes = Vec::new();
        for audience in closing {
            let space = directory.space_now(change.org, audience);
            let id = space.id();
            let (records, _) = self.store.read(|reader| reader.records_in(&id))?;
            closes.push(ClosingSpace {
                audience,
                records,
                holders: holders(&directory, &space),
                next: next_holders(&directory, &change, audience),
                handed: change.hands.contains(&audience),
            });
        }
        closes.retain(|space| space.records > 0 || space.holders != space.next);
        let (records, unwitnessed) = self.store.read(|reader| reader.records_of(&change.org))?;
        Ok(OrgChangePreview {
            closes,
            records,
            unwitnessed,
            along: if moves {
                below(&directory, change.org)
            } else {
                Vec::new()
            },
            keeps: change.keeps.len() + rest.len(),
        })
    }
}

/// The orgs that hold a space, from its owner up.
fn holders(directory: &Directory, space: &Space) -> Vec<OrgId> {
    let line = directory.line_at(space.owner, space.generation);
    line.into_iter()
        .filter(|org| directory.may_hold(org, space))
        .collect()
}

/// The orgs that hold what is written after a change.
fn next_holders(directory: &Directory, change: &OrgChange, audience: Audience) -> Vec<OrgId> {
    match &change.becomes {
        Becomes::Moved { org, .. } => {
            let low_enough = |above: &OrgId| {
                let level = directory.org(above).map(|org| org.level.rank());
                audience.limit().is_none_or(|limit| level >= Some(limit.rank()))
            };
            let above = org.parent.iter().flat_map(|parent| directory.upward(parent));
            let above = above.map(|org| org.id).filter(low_enough);
            std::iter::once(change.org).chain(above).collect()
        }
        Becomes::Succeeded { by } => {
            let mut seen = BTreeSet::new();
            let all = by
                .iter()
                .flat_map(|next| holders(directory, &directory.space_now(next.org, audience)));
            all.filter(|org| seen.insert(*org)).collect()
        }
    }
}

/// The orgs below one that are not ended, those above before those below.
fn below(directory: &Directory, org: OrgId) -> Vec<OrgId> {
    let (mut found, mut next) = (Vec::new(), 0);
    let mut above = Some(org);
    while let Some(parent) = above {
        let open = directory
            .children(&parent)
            .filter(|org| directory.ended(&org.id).is_none());
        found.extend(open.map(|org| org.id));
        above = found.get(next).copied();
        next += 1;
    }
    found
}
