//! Why one may believe a change: from what the service found to the mark and the panel that say it.

use lianzhan_protocol::id::ChangeId;
use lianzhan_protocol::record::{
    ContestReason, Ineffective, PendingReason, RecordState, RefusalReason, Verdict,
};
use lianzhan_protocol::time::Timestamp;

use super::answer::Desk;
use super::i18n::Lang;
use super::page::{Appointment, Check, CheckKind, Mark, Proof, Trust, Witness};
use super::say;
use crate::services::ServiceError;
use crate::services::horizon::Horizon;
use crate::services::query::{ChainLink, ChangeDetail, RecordDetail};
use crate::{env, words};

/// A horizon older than this is said to be old.
const STALE_MS: i64 = 24 * 3600 * 1000;

/// How far a change may be trusted, and why not further.
pub(super) fn trust(desk: &Desk, state: &RecordState, change: &ChangeDetail) -> (Trust, Option<String>) {
    match &change.verdict {
        Verdict::Refused { reason } => (Trust::Refused, Some(refusal(desk, reason))),
        Verdict::Pending { reason } => (Trust::Pending, Some(pending(desk, reason))),
        Verdict::Contested { reason, .. } => (Trust::Contested, Some(contest(desk, reason))),
        Verdict::Counts { .. } => {
            let of_it = state.events.iter().filter(|event| event.change == change.held.id);
            match of_it.filter_map(|event| event.effect.as_ref().err()).next() {
                Some(reason) => (Trust::Ineffective, Some(ineffective(desk, reason))),
                None if change.witnessing.is_some() => (Trust::Witnessed, None),
                None => (Trust::Waiting, None),
            }
        }
    }
}

/// The mark of a change. It opens its proof, or closes it when it is open.
pub(super) fn mark(desk: &Desk, page: &str, trust: Trust, change: &ChangeDetail, open: bool) -> Mark {
    let witnessed = change.witnessing.as_ref().filter(|_| trust == Trust::Witnessed);
    let id = change.held.id;
    Mark {
        trust,
        when: witnessed.map(|seen| say::moment(&desk.text, seen.time).day),
        href: Some(if open {
            page.to_owned()
        } else {
            format!("{page}?proof={id}#proof")
        }),
        open,
    }
}

fn refusal(desk: &Desk, reason: &RefusalReason) -> String {
    match desk.text.lang {
        Lang::Zh => words::refusal(reason).to_owned(),
        Lang::En => sentence(&reason.to_string()),
    }
}

pub(super) fn contest(desk: &Desk, reason: &ContestReason) -> String {
    match desk.text.lang {
        Lang::Zh => words::contest(reason).to_owned(),
        Lang::En => sentence(&reason.to_string()),
    }
}

fn ineffective(desk: &Desk, reason: &Ineffective) -> String {
    match desk.text.lang {
        Lang::Zh => words::ineffective(reason).to_owned(),
        Lang::En => sentence(&reason.to_string()),
    }
}

fn pending(desk: &Desk, reason: &PendingReason) -> String {
    let text = desk.text;
    match reason {
        PendingReason::Appointment(_) => text.t("pending-appointment"),
        PendingReason::Dependency(_) => text.t("pending-dependency"),
        PendingReason::Definition(_) => text.t("pending-definition"),
        PendingReason::Node => text.t("pending-node"),
        PendingReason::Space => text.t("pending-space"),
    }
}

fn sentence(words: &str) -> String {
    let mut chars = words.chars();
    let first = chars
        .next()
        .map(|c| c.to_uppercase().collect::<String>())
        .unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}

/// What panels of one page share.
pub(super) struct Panels<'a> {
    desk: &'a Desk,
    page: &'a str,
    bundle: String,
    open: Option<ChangeId>,
    horizon: Vec<Horizon>,
}

impl<'a> Panels<'a> {
    /// For the record's page at `page`, with the proof of `open` shown.
    pub(super) fn new(desk: &'a Desk, page: &'a str, record: &RecordDetail, open: Option<ChangeId>) -> Self {
        Panels {
            desk,
            page,
            bundle: format!("/records/{}/bundle", record.id),
            open,
            horizon: record.horizon.clone(),
        }
    }

    /// As of when the log of a change was last seen by a witness that it needs.
    fn horizon(&self, change: &ChangeDetail) -> Option<Timestamp> {
        let of_log = |horizon: &&Horizon| horizon.origin == change.held.origin;
        let seen = self.horizon.iter().find(of_log)?.witnessed.as_ref()?;
        Some(seen.time)
    }

    /// The mark of a change, why it is no better, and its proof if that is open.
    pub(super) fn of(
        &self,
        state: &RecordState,
        change: &ChangeDetail,
    ) -> Result<(Mark, Option<String>, Option<Proof>), ServiceError> {
        let open = self.open == Some(change.held.id);
        let (trust, reason) = trust(self.desk, state, change);
        let mark = mark(self.desk, self.page, trust, change, open);
        let proof = if open {
            Some(self.panel(trust, reason.clone(), change)?)
        } else {
            None
        };
        Ok((mark, reason, proof))
    }

    fn panel(
        &self,
        trust: Trust,
        reason: Option<String>,
        change: &ChangeDetail,
    ) -> Result<Proof, ServiceError> {
        let (desk, text) = (self.desk, &self.desk.text);
        let logs = desk.node.log_status()?;
        let origin = change.held.origin.to_string();
        let horizon = self.horizon(change);
        let alarm = logs
            .into_iter()
            .find(|log| log.origin == origin)
            .and_then(|log| log.halted);
        let check = |kind, ok| Check { kind, ok };
        let counts = matches!(change.verdict, Verdict::Counts { .. });
        let waits_for = match &change.verdict {
            Verdict::Pending { reason } => Some(reason),
            _ => None,
        };
        let appointed = counts || matches!(waits_for, Some(PendingReason::Dependency(_)));
        let dependency = matches!(
            waits_for,
            Some(PendingReason::Dependency(_) | PendingReason::Definition(_))
        );
        let author_org = change
            .author_org
            .as_ref()
            .map(|org| say::org_short(text, &desk.directory, org));
        let node_org = change.node_org.as_ref();
        Ok(Proof {
            change: change.held.id.to_string(),
            author: change
                .author
                .clone()
                .unwrap_or_else(|| change.held.author.fingerprint()),
            role: role_in(desk, &author_org.unwrap_or_default(), change),
            trust,
            reason,
            checks: vec![
                // An entry that fails one of these two is never stored; a log that forked is halted.
                check(CheckKind::Signature, true),
                check(CheckKind::Appointment, appointed),
                check(CheckKind::Log, alarm.is_none()),
                check(CheckKind::Witness, change.witnessing.is_some()),
                check(CheckKind::Dependencies, !dependency),
            ],
            alarm,
            chain: self.chain(&change.chain),
            log_owner: node_org
                .map(|org| say::org_short(text, &desk.directory, org))
                .unwrap_or_default(),
            index: change.held.index.0,
            size: change.log_size.0,
            witnesses: self.witnesses(change),
            key: say::grouped(&change.held.author.fingerprint()),
            fingerprint: say::grouped(&change.held.id.to_string()),
            as_of: horizon.map(|at| say::clock(text, at)).unwrap_or_default(),
            stale: horizon.is_some_and(|at| env::now().0.saturating_sub(at.0) > STALE_MS),
            bundle: self.bundle.clone(),
            close: self.page.to_owned(),
            origin,
        })
    }

    fn chain(&self, links: &[ChainLink]) -> Vec<Appointment> {
        let (desk, text) = (self.desk, &self.desk.text);
        let name = |org: Option<&lianzhan_protocol::trust::Org>| {
            org.map(|org| say::org_short(text, &desk.directory, org))
                .unwrap_or_default()
        };
        let mut chain: Vec<Appointment> = links
            .iter()
            .map(|link| {
                let org = name(link.org.as_ref());
                // Who appoints is an org; people have names.
                let (who, role) = if link.roles.is_empty() {
                    (org, text.t("role-authority"))
                } else {
                    let role = say::role(text, &link.roles, None);
                    (link.holder.clone(), text.t2("role-in", "org", &org, "role", role))
                };
                Appointment {
                    who,
                    role,
                    by: name(link.issuer.as_ref()),
                    period: say::period(text, link.not_before, link.not_after),
                    founding: false,
                    tag: None,
                }
            })
            .collect();
        if !chain.is_empty() {
            let founding = desk.directory.founding().founding();
            chain.push(Appointment {
                who: name(Some(&founding.root)),
                role: text.t2(
                    "role-founding",
                    "threshold",
                    founding.threshold,
                    "keys",
                    founding.founders.len(),
                ),
                by: String::new(),
                period: String::new(),
                founding: true,
                tag: None,
            });
        }
        chain
    }

    fn witnesses(&self, change: &ChangeDetail) -> Vec<Witness> {
        let (desk, text) = (self.desk, &self.desk.text);
        if let Some(seen) = &change.witnessing {
            let name = seen
                .org
                .as_ref()
                .map(|org| say::org_short(text, &desk.directory, org));
            return vec![Witness {
                name: name.unwrap_or_default(),
                required: true,
                time: Some(say::clock(text, seen.time)),
                index: Some(seen.place),
            }];
        }
        let required = change
            .node_org
            .iter()
            .flat_map(|org| desk.directory.required_witnesses(&org.id))
            .collect::<Vec<_>>();
        required
            .iter()
            .map(|org| Witness {
                name: say::org_by_id(text, &desk.directory, org),
                required: true,
                time: None,
                index: None,
            })
            .collect()
    }
}

/// The roles of a change's author with the org they are held in.
pub(super) fn role_in(desk: &Desk, org: &str, change: &ChangeDetail) -> String {
    let seat = match &change.verdict {
        Verdict::Counts { capacity, .. } => capacity.seat,
        _ => None,
    };
    let role = say::role(&desk.text, &change.roles, seat);
    desk.text.t2("role-in", "org", org, "role", role)
}
