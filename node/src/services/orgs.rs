//! Changes of orgs: one moves below another parent, or others succeed it. Stated by an authority above the org before and
//! after (docs/spec/02, T-32).

mod shown;

use std::collections::{BTreeMap, BTreeSet};

use lianzhan_protocol::id::{OrgId, Origin, StatementId};
use lianzhan_protocol::keys::SecretKey;
use lianzhan_protocol::log::witness_log_origin;
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::{
    Adoption, Audience, Becomes, Body, Cut, Directory, Org, OrgChange, Placed, Purpose, Revocation,
    SignedStatement,
};

pub use self::shown::{ChangeStanding, ClosingSpace, OrgChangePreview, OrgChangeShown};
use super::office::OfficeError;
use super::revoke::last_receipt;
use super::{Node, ServiceError};

/// What becomes of an org, as people state it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Becoming {
    /// It stands below another parent.
    Moved {
        /// The parent.
        parent: OrgId,
        /// Its division code there; left away, as before.
        code: Option<String>,
        /// Its Chinese name there; left away, as before.
        name_zh: Option<String>,
        /// Its English name there; left away, as before.
        name_en: Option<String>,
    },
    /// Others go on with what it did: one where it is merged, several where it is split.
    Succeeded(Vec<OrgId>),
}

/// A change of an org.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrgChangeDraft {
    /// The org.
    pub org: OrgId,
    /// What becomes of it.
    pub becomes: Becoming,
    /// From when it holds in law.
    pub from: Timestamp,
    /// By which decision.
    pub words: String,
    /// Of which audiences the spaces that close are handed over to those who hold the next ones.
    pub hands: Vec<Audience>,
}

/// Reads an audience that can be handed over.
pub fn parse_hands(id: &str) -> Result<Audience, ServiceError> {
    Audience::parse(id)
        .filter(|audience| audience.is_vertical())
        .ok_or_else(|| {
            ServiceError::Bad(format!(
                "{id:?}: township, county, city and summary are handed over"
            ))
        })
}

impl Node {
    /// States a change of an org below this node's. All below it that moves along takes its next place, too. The first of what
    /// is returned is the change itself.
    pub fn change_org(
        &self,
        authority: &SecretKey,
        draft: &OrgChangeDraft,
    ) -> Result<Vec<StatementId>, ServiceError> {
        let (change, rest) = self.plan_org_change(draft)?;
        let mut stated = Vec::new();
        // Before the change: broken off in between, nothing is lost, and the same is done again.
        for part in rest.chunks(Adoption::MAX) {
            let adoption = Adoption {
                changes: Vec::new(),
                statements: part.to_vec(),
            };
            stated.push(self.publish(authority, Body::Adoption(adoption))?);
        }
        let moves = matches!(change.becomes, Becomes::Moved { .. });
        stated.insert(0, self.publish(authority, Body::OrgChange(change))?);
        if moves {
            stated.extend(self.take_along(authority, draft)?);
        }
        Ok(stated)
    }

    /// The orgs below one that moved stand below its new place.
    fn take_along(
        &self,
        authority: &SecretKey,
        draft: &OrgChangeDraft,
    ) -> Result<Vec<StatementId>, ServiceError> {
        let mut stated = Vec::new();
        let mut todo = vec![draft.org];
        while let Some(above) = todo.pop() {
            let directory = self.directory();
            let open = |org: &&Org| directory.ended(&org.id).is_none();
            let below: Vec<OrgId> = directory
                .children(&above)
                .filter(open)
                .map(|org| org.id)
                .collect();
            for org in below {
                let along = OrgChangeDraft {
                    org,
                    becomes: Becoming::Moved {
                        parent: above,
                        code: None,
                        name_zh: None,
                        name_en: None,
                    },
                    ..draft.clone()
                };
                let (change, _) = self.plan_org_change(&along)?;
                stated.push(self.publish(authority, Body::OrgChange(change))?);
                todo.push(org);
            }
        }
        Ok(stated)
    }

    /// An org that is described below one that moved stands below the place where that is now.
    pub(super) fn place_newcomer(&self, authority: &SecretKey, org: OrgId) -> Result<(), ServiceError> {
        if self.directory().generation(&self.org) == 1 {
            return Ok(());
        }
        let draft = OrgChangeDraft {
            org,
            becomes: Becoming::Moved {
                parent: self.org,
                code: None,
                name_zh: None,
                name_en: None,
            },
            from: crate::env::now(),
            words: "新设 newly described".into(),
            hands: Vec::new(),
        };
        let (change, _) = self.plan_org_change(&draft)?;
        self.publish(authority, Body::OrgChange(change)).map(drop)
    }

    /// The change that a draft would become, and the appointments to be adopted beside it for which it has no room.
    pub fn plan_org_change(
        &self,
        draft: &OrgChangeDraft,
    ) -> Result<(OrgChange, Vec<StatementId>), ServiceError> {
        let directory = self.directory();
        let unknown = |id: &OrgId| ServiceError::from(OfficeError::UnknownOrg(id.to_string()));
        let org = directory.org(&draft.org).ok_or_else(|| unknown(&draft.org))?;
        if org.id == self.org || !directory.is_at_or_above(&self.org, &org.id) {
            return Err(OfficeError::NotBelow(org.name_zh.clone()).into());
        }
        if let Some(ended) = directory.ended(&org.id) {
            return Err(OfficeError::OrgEnded(ended.change.words.clone()).into());
        }
        let words = draft.words.trim();
        if words.is_empty() || words.len() > Revocation::WORDS_MAX {
            return Err(ServiceError::Bad(
                "say by which decision it changes: up to 400 bytes, some 130 characters".into(),
            ));
        }
        let generation = directory.generation(&org.id);
        let becomes = match &draft.becomes {
            Becoming::Moved {
                parent,
                code,
                name_zh,
                name_en,
            } => {
                let above = directory.org(parent).ok_or_else(|| unknown(parent))?;
                if !directory.is_at_or_above(&self.org, parent) {
                    return Err(OfficeError::NotBelow(above.name_zh.clone()).into());
                }
                Becomes::Moved {
                    org: Org {
                        parent: Some(above.id),
                        code: code.clone().unwrap_or_else(|| org.code.clone()),
                        name_zh: name_zh.clone().unwrap_or_else(|| org.name_zh.clone()),
                        name_en: name_en.clone().unwrap_or_else(|| org.name_en.clone()),
                        ..org.clone()
                    },
                    under: directory.generation(parent),
                }
            }
            Becoming::Succeeded(by) => {
                let by: BTreeSet<Placed> = by
                    .iter()
                    .map(|next| {
                        let known = directory.org(next).ok_or_else(|| unknown(next))?;
                        Ok(Placed {
                            org: known.id,
                            generation: directory.generation(next),
                        })
                    })
                    .collect::<Result<_, ServiceError>>()?;
                Becomes::Succeeded {
                    by: by.into_iter().collect(),
                }
            }
        };
        let mut hands = draft.hands.clone();
        hands.sort_unstable();
        hands.dedup();
        let mut keeps = self.left_to(&directory, org, &becomes);
        let rest = keeps.split_off(keeps.len().min(Revocation::KEEPS_MAX));
        let mut keeps: Vec<_> = keeps.iter().map(StatementId::tag).collect();
        keeps.sort_unstable();
        let change = OrgChange {
            org: org.id,
            generation: generation + 1,
            becomes,
            from: draft.from,
            words: words.to_owned(),
            cut: self.closing_cut(&directory, &directory.line_at(org.id, generation))?,
            keeps,
            hands,
        };
        Ok((change, rest))
    }

    /// The appointments in an org by the parent that it leaves, which stand: keys of the org first.
    fn left_to(&self, directory: &Directory, org: &Org, becomes: &Becomes) -> Vec<StatementId> {
        let leaves = match becomes {
            Becomes::Moved { org: moved, .. } => org.parent.filter(|parent| Some(*parent) != moved.parent),
            Becomes::Succeeded { .. } => org.parent,
        };
        // What this org stated itself it need not keep.
        let Some(parent) = leaves.filter(|parent| *parent != self.org) else {
            return Vec::new();
        };
        let of_org = directory.statements().filter_map(|statement: &SignedStatement| {
            let post = statement.appointment()?;
            let stands = !directory.faults().contains_key(&statement.id());
            (post.org == org.id && statement.issuer().org == parent && stands)
                .then(|| (post.purpose == Purpose::Person, statement.id()))
        });
        let mut of_org: Vec<_> = of_org.collect();
        of_org.sort_unstable();
        of_org.into_iter().map(|(_, id)| id).collect()
    }

    /// For each witness log that may prove what was written in spaces that these orgs hold, the last place in it that is
    /// seen here.
    fn closing_cut(&self, directory: &Directory, holders: &[OrgId]) -> Result<Vec<Cut>, ServiceError> {
        let mut required: BTreeSet<OrgId> = holders
            .iter()
            .flat_map(|org| directory.required_witnesses(org))
            .collect();
        required.extend(holders);
        let own_origin = self.witness_origin()?;
        let node = self.node_key.public();
        let mut seen = self.store.read(|reader| {
            let mut seen: BTreeMap<Origin, u64> = BTreeMap::new();
            let mut see = |origin: Origin, index: u64| {
                let place = seen.entry(origin).or_default();
                *place = (*place).max(index);
            };
            for log in &reader.logs()? {
                for witness in reader.witnesses_of(log.id)? {
                    if let Some((by, receipt)) = last_receipt(reader, directory, log, &witness)?
                        && required.contains(&by)
                    {
                        see(receipt.witness_origin, receipt.witness_index.0);
                    }
                }
            }
            // What this node cosigned itself it has seen, whether or not the receipts came back.
            if let Some(last) = reader.witness_size()?.0.checked_sub(1) {
                see(own_origin.clone(), last);
            }
            for past in reader.past_witness_logs()? {
                if witness_log_origin(&node, &past.epoch) == past.origin
                    && let Some(last) = past.size.0.checked_sub(1)
                {
                    see(past.origin, last);
                }
            }
            Ok(seen)
        })?;
        while seen.len() > Revocation::CUT_MAX {
            seen.pop_last();
        }
        Ok(seen
            .into_iter()
            .map(|(origin, index)| Cut { origin, index })
            .collect())
    }
}

#[cfg(test)]
pub(in crate::services) mod tests;
