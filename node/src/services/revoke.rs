//! Revoking an appointment. The cut says up to where the revoker has seen the witness logs that may prove what the key
//! signed: what they witnessed by then stays good, all else waits for an adoption.

mod preview;

pub use preview::{Preview, PreviewRecord};

use std::collections::{BTreeMap, BTreeSet};

use age::secrecy::SecretString;
use lianzhan_protocol::id::{OrgId, Origin, StatementId, StatementTag};
use lianzhan_protocol::keys::SecretKey;
use lianzhan_protocol::log::{Receipt, witness_group, witness_log_origin};
use lianzhan_protocol::trust::{
    Adoption, Appointment, Body, Cut, Directory, Ground, Purpose, Revocation, SignedStatement,
};

use serde::Serialize;

use super::office::{Office, OfficeError};
use super::renew::parse_since;
use super::{Node, ServiceError};
use crate::store::{LogRow, Reader, StoreError};

/// Which statements of a revoked authority go on standing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keep {
    /// All that are held here.
    All,
    /// None.
    None,
    /// These.
    Only(Vec<StatementId>),
}

impl Keep {
    /// Reads `all`, `none`, or ids of statements apart by commas.
    pub fn parse(text: &str) -> Result<Self, ServiceError> {
        match text {
            "all" => Ok(Keep::All),
            "none" => Ok(Keep::None),
            ids => ids
                .split(',')
                .map(|id| StatementId::parse(id.trim()))
                .collect::<Option<Vec<_>>>()
                .map(Keep::Only)
                .ok_or_else(|| {
                    ServiceError::Bad("keep is all, none, or ids of statements apart by commas".into())
                }),
        }
    }
}

/// The ground that was stated: `hard` where the key was or may be in other hands, and then either `since` when, or that
/// `everything` it ever signed is in doubt. Neither is taken for granted: the one may be unknown, and the other has all that
/// a person ever recorded wait for an adoption.
pub fn parse_ground(hard: bool, since: Option<&str>, everything: bool) -> Result<Ground, ServiceError> {
    let bad = |words: &str| Err(ServiceError::Bad(words.into()));
    match (hard, since, everything) {
        (true, Some(_), true) => bad("since a time, or everything: not both"),
        (true, Some(since), false) => Ok(Ground::Hard {
            since_s: Some(parse_since(since)?),
        }),
        (true, None, true) => Ok(Ground::Hard { since_s: None }),
        (true, None, false) => bad(
            "say since when the key was, or may have been, in other hands: --since 2026-11-20 (the day on which it was last \
             known to be safe will do); or, where nobody can say, --everything, and then all that it ever signed waits for \
             an adoption. 请写明自何时起（--since，最后确知安全之日即可）；无从得知的写 --everything，则该密钥签过的一切都待追认",
        ),
        (false, None, false) => Ok(Ground::Soft),
        (false, ..) => bad("a time, or everything, belongs to a key that was stolen or lost; say so"),
    }
}

/// A revocation as somebody wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevocationDraft {
    /// The appointment.
    pub appointment: StatementId,
    /// On what ground.
    pub ground: Ground,
    /// Why.
    pub words: String,
    /// Of an authority: what goes on standing. Left away, all of it on a soft ground and nothing on a hard one.
    pub keep: Option<Keep>,
    /// Where all goes on standing: more of what the authority stated, which need not have come here yet.
    pub also: Vec<StatementTag>,
}

impl RevocationDraft {
    /// The person left, or the key was replaced.
    pub fn soft(appointment: StatementId, words: &str) -> Self {
        RevocationDraft {
            appointment,
            ground: Ground::Soft,
            words: words.to_owned(),
            keep: None,
            also: Vec::new(),
        }
    }
}

/// What a revocation would do.
#[derive(Debug, Clone, Serialize)]
pub struct RevocationPreview {
    /// The appointment as it stands now.
    pub appointment: Office,
    /// `soft` or `hard`.
    pub ground: &'static str,
    /// Receipts up to these places of witness logs keep what was signed good.
    pub cut: Vec<CutShown>,
    /// Of an authority: how many of its statements go on standing.
    pub keeps: usize,
    /// Of an authority: how many more are adopted beside the revocation, for it has no room for them.
    pub adopts: usize,
    /// Of an authority: how many of its statements wait for an adoption from then on.
    pub contests: usize,
    /// How many entries wait for an adoption from then on, as far as they are here.
    pub entries: u64,
    /// In how many records, parts of others not counted.
    pub records: u64,
}

/// A place of a witness log.
#[derive(Debug, Clone, Serialize)]
pub struct CutShown {
    /// The witness log.
    pub origin: String,
    /// The last place in it that is seen here.
    pub index: u64,
}

impl Node {
    /// What a revocation would do; nothing is signed, and no key is needed.
    pub fn preview_revocation(&self, draft: &RevocationDraft) -> Result<RevocationPreview, ServiceError> {
        let (revocation, rest) = self.plan_revocation(draft)?;
        let issued = self.standing_under(draft).len();
        let waits = self.waits_after(draft)?;
        Ok(RevocationPreview {
            appointment: self.office(&draft.appointment)?,
            ground: match draft.ground {
                Ground::Soft => "soft",
                Ground::Hard { .. } => "hard",
            },
            keeps: revocation.keeps.len(),
            adopts: rest.len(),
            contests: issued.saturating_sub(revocation.keeps.len() + rest.len()),
            entries: waits.entries,
            records: waits.records,
            cut: revocation
                .cut
                .into_iter()
                .map(|cut| CutShown {
                    origin: cut.origin.to_string(),
                    index: cut.index,
                })
                .collect(),
        })
    }

    /// Whether a revocation like this one stands against the appointment already: a hard one of another appointment of the
    /// same key does.
    pub(super) fn is_hit_already(&self, draft: &RevocationDraft) -> bool {
        let directory = self.directory();
        let held = directory.revoked(&draft.appointment);
        draft.ground != Ground::Soft && held.iter().any(|revoked| revoked.ground != Ground::Soft)
    }

    /// What was issued under an appointment and stands.
    fn standing_under(&self, draft: &RevocationDraft) -> Vec<StatementId> {
        issued_under(&self.directory(), &draft.appointment, &draft.ground)
    }

    /// Revokes an appointment that this node's org, or one below it, gave. Returns the revocation, and the adoptions of
    /// what goes on standing beyond the number that a revocation can name.
    pub fn revoke(
        &self,
        authority_passphrase: &SecretString,
        draft: &RevocationDraft,
    ) -> Result<Vec<StatementId>, ServiceError> {
        let authority = self.unlock_authority(authority_passphrase)?;
        self.revoke_with(&authority, draft)
    }

    pub(super) fn revoke_with(
        &self,
        authority: &SecretKey,
        draft: &RevocationDraft,
    ) -> Result<Vec<StatementId>, ServiceError> {
        let (revocation, rest) = self.plan_revocation(draft)?;
        let mut stated = Vec::new();
        // Before the revocation: broken off in between, nothing is lost, and the same is done again.
        for part in rest.chunks(Adoption::MAX) {
            let adoption = Adoption {
                changes: Vec::new(),
                statements: part.to_vec(),
            };
            stated.push(self.publish(authority, Body::Adoption(adoption))?);
        }
        stated.insert(0, self.publish(authority, Body::Revocation(revocation))?);
        Ok(stated)
    }

    /// The revocation that a draft would become, and the statements to be adopted beside it. Refuses what this org has no
    /// right to.
    pub fn plan_revocation(
        &self,
        draft: &RevocationDraft,
    ) -> Result<(Revocation, Vec<StatementId>), ServiceError> {
        let directory = self.directory();
        let id = draft.appointment;
        let target = directory
            .statement(&id)
            .filter(|statement| statement.appointment().is_some());
        let (Some(target), Some(appointment)) = (target, target.and_then(SignedStatement::appointment))
        else {
            return Err(OfficeError::Unknown(id.to_string()).into());
        };
        let issuer = target.issuer().org;
        if !directory.is_at_or_above(&self.org, &issuer) {
            let issuer = self.name_of(&issuer);
            return Err(OfficeError::OutOfReach { issuer }.into());
        }
        // A harder word on the same appointment says something new, once.
        let held = directory.revoked(&id);
        let is_hard = held.iter().any(|revoked| revoked.ground != Ground::Soft);
        if let Some(revoked) = held.first()
            && (is_hard || draft.ground == Ground::Soft)
        {
            return Err(OfficeError::Already(revoked.words.clone()).into());
        }
        if draft.words.trim().is_empty() || draft.words.len() > Revocation::WORDS_MAX {
            return Err(ServiceError::Bad(
                "say in words why it is revoked: up to 400 bytes, some 130 characters".into(),
            ));
        }
        self.refuse_persons(&draft.words)?;
        let (keeps, rest) = kept(&directory, &id, appointment, draft)?;
        let revocation = Revocation {
            appointment: id,
            ground: draft.ground,
            words: draft.words.trim().to_owned(),
            cut: self.cut(appointment)?,
            keeps,
        };
        Ok((revocation, rest))
    }

    /// For each witness log that may prove what the key signed, the last place in it that is seen here.
    fn cut(&self, appointment: &Appointment) -> Result<Vec<Cut>, ServiceError> {
        let directory = self.directory();
        let own_witness = directory
            .appointments_of(&self.witness_public(), Purpose::Witness)
            .any(|(_, post)| post.org == self.org);
        let own_origin = self.witness_origin()?;
        let mut seen = self.store.read(|reader| {
            let logs = reader.logs()?;
            let wanted = |receipt: &Receipt, by: &OrgId, required: &BTreeSet<OrgId>| match appointment.purpose
            {
                Purpose::Authority => false,
                Purpose::Witness => receipt.witness == appointment.key,
                // A node signs its witness log, too: without it no receipt of that counts.
                Purpose::Node => receipt.witness_node == appointment.key || required.contains(by),
                Purpose::Person => required.contains(by),
            };
            let required = required(&directory, appointment, &logs);
            let mut seen: BTreeMap<Origin, u64> = BTreeMap::new();
            for log in &logs {
                for witness in reader.witnesses_of(log.id)? {
                    let Some((by, receipt)) = last_receipt(reader, &directory, log, &witness)? else {
                        continue;
                    };
                    if wanted(&receipt, &by, &required) {
                        let place = seen.entry(receipt.witness_origin.clone()).or_default();
                        *place = (*place).max(receipt.witness_index.0);
                    }
                }
            }
            // What this node cosigned itself it has seen, whether or not the receipts came back.
            let witnesses = match appointment.purpose {
                Purpose::Authority => false,
                Purpose::Witness => appointment.key == self.witness_public(),
                Purpose::Node if appointment.key == self.node_key.public() => true,
                Purpose::Node | Purpose::Person => own_witness && required.contains(&self.org),
            };
            if witnesses && let Some(last) = reader.witness_size()?.0.checked_sub(1) {
                seen.insert(own_origin.clone(), last);
            }
            if appointment.purpose == Purpose::Node {
                for past in reader.past_witness_logs()? {
                    let written = witness_log_origin(&appointment.key, &past.epoch) == past.origin;
                    if let Some(last) = past.size.0.checked_sub(1).filter(|_| written) {
                        seen.insert(past.origin, last);
                    }
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

/// The orgs that must witness logs into which the key writes: a node's own ones, and for a person those of the nodes of
/// the same org, where the key lies.
fn required(directory: &Directory, appointment: &Appointment, logs: &[LogRow]) -> BTreeSet<OrgId> {
    let of_org = directory.required_witnesses(&appointment.org);
    let written = logs.iter().filter(|log| match appointment.purpose {
        Purpose::Node => log.start.node == appointment.key,
        _ => log.start.org == appointment.org,
    });
    let of_logs = written
        .filter_map(|log| {
            directory.required_groups(
                &log.start.org,
                log.start.required_parent.as_ref(),
                log.start.policy.as_ref(),
            )
        })
        .flatten()
        .flatten();
    of_org.into_iter().chain(of_logs).collect()
}

/// The last receipt of a witness over a log that counts. A witness's places grow with the size and the time it states.
pub(super) fn last_receipt(
    reader: &Reader<'_>,
    directory: &Directory,
    log: &LogRow,
    witness: &[u8; 32],
) -> Result<Option<(OrgId, Receipt)>, StoreError> {
    let mut last = None;
    let end = lianzhan_protocol::log::EntryIndex(i64::MAX.unsigned_abs());
    reader.sizes_before(log.id, witness, end, |size| {
        let receipts = reader.receipts_by(log.id, size, witness)?;
        last = receipts.into_iter().rev().find_map(|receipt| {
            let (_, by) = witness_group(directory, &log.start, &receipt).ok()?;
            Some((by, receipt))
        });
        Ok(last.is_some())
    })?;
    Ok(last)
}

/// What was issued under an appointment and stands.
fn issued_under(directory: &Directory, appointment: &StatementId, ground: &Ground) -> Vec<StatementId> {
    let posts = hit_by(directory, appointment, ground);
    directory
        .statements()
        .filter(|statement| {
            statement
                .issuer()
                .appointment
                .is_some_and(|under| posts.contains(&under))
        })
        .map(SignedStatement::id)
        .filter(|id| !directory.faults().contains_key(id))
        .collect()
}

/// The appointments that a revocation is of: one on a hard ground of all of the key in that org (T-20a).
fn hit_by(directory: &Directory, appointment: &StatementId, ground: &Ground) -> BTreeSet<StatementId> {
    let mut hit = BTreeSet::from([*appointment]);
    let post = directory
        .statement(appointment)
        .and_then(SignedStatement::appointment);
    if let (Some(post), Ground::Hard { .. }) = (post, ground) {
        let of_key = |other: &Appointment| other.key == post.key && other.org == post.org;
        let others = directory.statements();
        let others = others.filter(|statement| statement.appointment().is_some_and(of_key));
        hit.extend(others.map(SignedStatement::id));
    }
    hit
}

/// Tags of the statements that go on standing, and those for which there is no room.
fn kept(
    directory: &Directory,
    id: &StatementId,
    appointment: &Appointment,
    draft: &RevocationDraft,
) -> Result<(Vec<StatementTag>, Vec<StatementId>), ServiceError> {
    if appointment.purpose != Purpose::Authority {
        return match &draft.keep {
            Some(Keep::Only(_)) => Err(ServiceError::Bad(
                "only of an authority statements go on standing; leave --keep away".into(),
            )),
            _ => Ok((Vec::new(), Vec::new())),
        };
    }
    let issued = issued_under(directory, id, &draft.ground);
    let keep = draft.keep.clone().unwrap_or(match draft.ground {
        Ground::Soft => Keep::All,
        Ground::Hard { .. } => Keep::None,
    });
    let also: BTreeSet<StatementTag> = match keep {
        Keep::All => draft.also.iter().copied().collect(),
        _ => BTreeSet::new(),
    };
    let mut kept: Vec<StatementId> = match keep {
        Keep::All => issued,
        Keep::None => Vec::new(),
        Keep::Only(ids) => {
            let issued: BTreeSet<StatementId> = issued.into_iter().collect();
            if let Some(other) = ids.iter().find(|id| !issued.contains(id)) {
                return Err(ServiceError::Bad(format!(
                    "{other} was not issued under this authority, or does not stand"
                )));
            }
            ids
        }
    };
    kept.sort_unstable();
    kept.dedup();
    // What is named by its tag alone is not adopted, which takes the id: it has its place first.
    let room = Revocation::KEEPS_MAX.saturating_sub(also.len());
    kept.sort_by_key(|id| also.contains(&id.tag()));
    let others = kept.partition_point(|id| !also.contains(&id.tag()));
    let rest = kept.drain(others.min(room)..others).collect();
    let mut tags: Vec<StatementTag> = kept.iter().map(StatementId::tag).chain(also).collect();
    tags.sort_unstable();
    tags.dedup();
    tags.truncate(Revocation::KEEPS_MAX);
    Ok((tags, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_in_other_hands_is_doubted_since_a_time_or_wholly_and_one_says_which() {
        let hard = |since, everything| parse_ground(true, since, everything);
        let since = Ground::Hard {
            since_s: Some(1_795_104_000),
        };
        assert_eq!(hard(Some("2026-11-20"), false).unwrap(), since);
        assert_eq!(hard(None, true).unwrap(), Ground::Hard { since_s: None });
        for (since, everything) in [
            (None, false),
            (Some("2026-11-20"), true),
            (Some("gestern"), false),
        ] {
            let refused = hard(since, everything);
            assert!(
                matches!(refused, Err(ServiceError::Bad(_))),
                "{since:?} {everything}"
            );
        }
        let words = hard(None, false).unwrap_err().to_string();
        assert!(
            words.contains("--since") && words.contains("--everything"),
            "{words}"
        );
        assert_eq!(parse_ground(false, None, false).unwrap(), Ground::Soft);
        assert!(parse_ground(false, Some("2026-11-20"), false).is_err());
        assert!(parse_ground(false, None, true).is_err());
    }
}
