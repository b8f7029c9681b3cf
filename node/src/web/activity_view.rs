//! One activity as its page shows it: log lines, seals given and required, participants, and the forms of those who may.

use std::collections::{BTreeMap, BTreeSet};

use lianzhan_protocol::id::{ChangeId, OrgId, RecordId};
use lianzhan_protocol::record::activity::{self, Activity};
use lianzhan_protocol::record::ledger::ledger;
use lianzhan_protocol::record::{Event, EventKind, Proof, Right};
use lianzhan_protocol::trust::{Level, Role};

use super::answer::Desk;
use super::i18n::{Lang, Text};
use super::page::{
    ActivityPage, Fact, LineForm, Log, LogLine, Mark, Participant, ParticipantLevel, Participants, Seal,
    SealForm, Seals, Section, SignedIn,
};
use super::proof::Panels;
use super::record_view::{detail, facts, words_of};
use super::{attachments, bundles, confirm, paper, say, session, timeline};
use crate::services::ServiceError;
use crate::services::activity::{LEDGER, LoadedActivity};
use crate::services::query::RecordDetail;

/// Fields that stand in the line under the topic, or in parts of their own.
const SHOWN_ABOVE: [&str; 6] = ["topic", "from", "to", "place", "orgs", "participants_names"];

/// The page of an activity. `typed` is a line that was refused.
pub(super) fn page(
    desk: &Desk,
    id: &RecordId,
    open: Option<ChangeId>,
    typed: Option<LineForm>,
) -> Result<ActivityPage, ServiceError> {
    let text = desk.text;
    let detail = detail(&desk.node, id)?;
    if detail.ledger != LEDGER {
        return Err(ServiceError::UnknownRecord(*id));
    }
    let held = desk.node.activity(id)?;
    let path = format!("/activities/{id}");
    let panels = Panels::new(desk, &path, &detail, open);
    let may = |kind| desk.node.may_sign(desk.author(), kind, &detail.space);
    let line = typed.or_else(|| {
        may(EventKind::LogLine).then(|| LineForm {
            once: session::token(),
            ..LineForm::default()
        })
    });
    let seal = desk
        .node
        .seal_offer(desk.author(), &held)
        .map(|(level, heads)| SealForm {
            level: level.as_str().to_owned(),
            level_label: say::level(&text, level),
            heads: words_of(&heads),
            lines: held.activity.lines.len() as u64,
        });
    Ok(ActivityPage {
        text,
        shell: desk.shell(Section::Activities)?,
        id: id.to_string(),
        number: String::new(),
        topic: detail.state.text("topic").to_owned(),
        joint: detail.space.joint.is_some(),
        brief: brief(desk, &detail),
        line,
        sign_in: if may(EventKind::SignIn) {
            seat(desk, &held)?
        } else {
            None
        },
        paper: paper::presence(desk, &detail),
        seal,
        attachments: attachments::shown(desk, &detail, &path)?,
        log: log(desk, &detail, &held.activity, &panels)?,
        seals: seals(desk, &detail, &held.activity, &panels)?,
        participants: participants(desk, &detail, &held.activity),
        facts: other_facts(desk, &detail),
        case: bundles::case(&desk.node, &detail),
        bundle: format!("/records/{id}/bundle"),
    })
}

fn brief(desk: &Desk, detail: &RecordDetail) -> Vec<String> {
    let (text, state) = (desk.text, &detail.state);
    let (from, to) = (say::parse(state.text("from")), say::parse(state.text("to")));
    let when = match (from, to) {
        (Some(from), Some(to)) if from.date() == to.date() => {
            let (from, to) = (
                say::stated(&text, state.text("from")),
                say::stated(&text, state.text("to")),
            );
            if from.time.is_empty() || from.time == to.time {
                say::stated_line(&text, state.text("from"))
            } else {
                text.t2(
                    "period",
                    "from",
                    format!("{} {}", from.day, from.time),
                    "to",
                    to.time,
                )
            }
        }
        (Some(_), Some(_)) => text.t2(
            "period",
            "from",
            say::stated_line(&text, state.text("from")),
            "to",
            say::stated_line(&text, state.text("to")),
        ),
        _ => String::new(),
    };
    let kind = say::option_of(&text, LEDGER, "kind", state.text("kind"));
    let orgs = match &detail.space.joint {
        Some(_) => say::audience(&text, &desk.directory, &detail.space),
        None => say::owner(&text, &desk.directory, &detail.space.owner, &detail.space.id()),
    };
    let all = [when, state.text("place").to_owned(), kind, orgs];
    all.into_iter().filter(|part| !part.is_empty()).collect()
}

fn other_facts(desk: &Desk, detail: &RecordDetail) -> Vec<Fact> {
    let Some(ledger) = ledger(LEDGER) else {
        return Vec::new();
    };
    let above: BTreeSet<String> = SHOWN_ABOVE
        .iter()
        .chain(&["kind"])
        .filter_map(|id| ledger.field(id))
        .map(|field| say::label(&desk.text, field))
        .collect();
    let facts = facts(desk, detail, ledger);
    facts
        .into_iter()
        .filter(|fact| !fact.missing && !above.contains(&fact.label))
        .collect()
}

/// The seat in which this person is to sign in; none for whoever has no seat or has signed in.
fn seat(desk: &Desk, held: &LoadedActivity) -> Result<Option<String>, ServiceError> {
    let card = desk.node.card(desk.author())?;
    let there = held
        .activity
        .signed_in
        .iter()
        // What was recorded on paper keeps nobody from signing in with the own key.
        .any(|there| there.recorded.is_none() && there.deputy == card.name && Some(there.level) == card.seat);
    let words = say::role(&desk.text, &[Role::Deputy], card.seat);
    let seat = card.seat.filter(|_| !there);
    Ok(seat.map(|_| say::list(&desk.text, [card.name, words])))
}

fn log(
    desk: &Desk,
    detail: &RecordDetail,
    activity: &Activity,
    panels: &Panels<'_>,
) -> Result<Log, ServiceError> {
    let orgs: BTreeSet<OrgId> = activity.lines.iter().map(|line| line.org).collect();
    let mut lines = Vec::with_capacity(activity.lines.len());
    for line in activity.lines.iter().rev() {
        let Some(change) = detail.changes.iter().find(|known| known.held.id == line.change) else {
            continue;
        };
        let (mark, _, proof) = panels.of(&detail.state, change)?;
        let event = detail.state.events.iter().find(|event| {
            event.change == line.change
                && matches!(&event.event, Event::LogLine { text, .. } if *text == line.text)
        });
        lines.push(LogLine {
            id: line.change.to_string(),
            time: say::stated_short(&desk.text, &line.happened),
            who: line.by.clone(),
            node: say::org_by_id(&desk.text, &desk.directory, &line.org),
            say: line.text.clone(),
            right: event.and_then(|event| {
                let (by, reason, right) = detail.state.correction(&event.id)?;
                let label = desk.text.t1("correct-by", "who", &by.by.name);
                let words = [confirm::right(&desk.text, right), reason.to_owned()];
                let words = say::list(&desk.text, words);
                Some(format!("{label}{}{words}", desk.text.t("colon")))
            }),
            open: timeline::note(desk, detail, change).map(|note| note.open.href),
            after_seal: line.after_seal,
            split: None,
            mark: undated(mark),
            proof,
        });
    }
    Ok(Log {
        lines,
        nodes: orgs.len() as u64,
    })
}

fn seals(
    desk: &Desk,
    detail: &RecordDetail,
    activity: &Activity,
    panels: &Panels<'_>,
) -> Result<Seals, ServiceError> {
    let text = desk.text;
    // What is required is one per level; every org that sealed is shown, by the last of its seals.
    let mut latest: BTreeMap<(Level, OrgId), &activity::Seal> = BTreeMap::new();
    for seal in &activity.seals {
        latest.insert((seal.level, seal.org), seal);
    }
    let awaited = activity
        .required
        .iter()
        .filter(|level| !latest.keys().any(|(given, _)| given == *level));
    let mut all: Vec<(Level, Option<&activity::Seal>)> = awaited.map(|level| (*level, None)).collect();
    all.extend(latest.iter().map(|((level, _), seal)| (*level, Some(*seal))));
    all.sort_by_key(|(level, _)| level.rank());
    // A seal is cut in Chinese, whatever the page speaks.
    let cut = Text::new(Lang::Zh);
    let mut seals = Vec::with_capacity(all.len());
    for (level, given) in all {
        let change = given.and_then(|seal| detail.changes.iter().find(|known| known.held.id == seal.change));
        let mark = match change {
            Some(change) => Some(undated(panels.of(&detail.state, change)?.0)),
            None => None,
        };
        let org = given.map(|seal| seal.org).or_else(|| org_at(desk, detail, level));
        seals.push(Seal {
            level: say::level(&text, level),
            org: org
                .map(|org| say::org_by_id(&cut, &desk.directory, &org))
                .unwrap_or_default(),
            who: given.map(|seal| seal.by.clone()).unwrap_or_default(),
            given: change.map(|change| say::clock(&text, change.held.recorded)),
            mark,
        });
    }
    let digests: BTreeSet<_> = latest.values().map(|seal| seal.digest).collect();
    let digest = digests.first().filter(|_| digests.len() == 1);
    Ok(Seals {
        seals,
        same: digests.len() <= 1,
        digest: digest
            .map(|digest| say::grouped(&digest.to_string()))
            .unwrap_or_default(),
        after: activity.lines.iter().filter(|line| line.after_seal).count() as u64,
    })
}

/// A mark that stands beside a time already says its state in words.
fn undated(mark: Mark) -> Mark {
    Mark { when: None, ..mark }
}

/// An org of the joint space at a level.
fn org_at(desk: &Desk, detail: &RecordDetail, level: Level) -> Option<OrgId> {
    let joint = detail.space.joint.iter().flat_map(|joint| &joint.orgs);
    let mut all = joint.chain([&detail.space.owner]);
    all.find(|org| desk.directory.org(org).is_some_and(|org| org.level == level))
        .copied()
}

/// Whether a sign-in was taken back. It stays, and so does what it asked of seals.
fn took_back(detail: &RecordDetail, there: &activity::SignedIn) -> bool {
    let mut events = detail.state.events.iter();
    events.any(|event| {
        let correction = detail.state.correction(&event.id);
        event.change == there.change
            && matches!(event.event.kind(), EventKind::SignIn | EventKind::SignInFor)
            && matches!(correction, Some((_, _, Right::Nothing)))
    })
}

fn participants(desk: &Desk, detail: &RecordDetail, activity: &Activity) -> Participants {
    let signed = |proof: Proof| match proof {
        Proof::Key => SignedIn::Key,
        Proof::Link => SignedIn::Link,
        Proof::Token => SignedIn::Token,
        Proof::Paper => SignedIn::Paper,
    };
    let mut levels: Vec<ParticipantLevel> = Vec::new();
    for level in Level::ALL {
        let by_key = |of: &activity::SignedIn| {
            let mut all = activity.signed_in.iter();
            all.any(|one| one.recorded.is_none() && one.level == *level && one.deputy == of.deputy)
        };
        // Who signed in by key as well is there once, by key.
        let there = activity
            .signed_in
            .iter()
            .filter(|there| there.level == *level && (there.recorded.is_none() || !by_key(there)));
        let people: Vec<Participant> = there
            .map(|there| Participant {
                name: match took_back(detail, there) {
                    true => desk.text.t1("sign-in-back", "who", &there.deputy),
                    false => there.deputy.clone(),
                },
                // An event of the deputy's own is signed with the own key, whatever it says of proof.
                signed: match there.recorded {
                    Some(_) => signed(there.proof),
                    None => SignedIn::Key,
                },
                paper: there.recorded.as_ref().and_then(|_| {
                    let mut events = detail.state.events.iter();
                    let event = events.find(|event| {
                        event.change == there.change && event.event.kind() == EventKind::SignInFor
                    })?;
                    paper::proof(&desk.text, detail, event)
                }),
            })
            .collect();
        if !people.is_empty() {
            levels.push(ParticipantLevel {
                label: say::level(&desk.text, *level),
                people,
            });
        }
    }
    // Names alone say no level: who is expected and has not signed in stands below.
    let awaited: Vec<Participant> = names(detail.state.text("participants_names"))
        .filter(|name| !activity.signed_in.iter().any(|there| there.deputy == **name))
        .map(|name| Participant {
            name: name.to_owned(),
            signed: SignedIn::Not,
            paper: None,
        })
        .collect();
    if !awaited.is_empty() {
        levels.push(ParticipantLevel {
            label: desk.text.t("participants-awaited"),
            people: awaited,
        });
    }
    Participants { levels }
}

/// Names as people write them one after another.
pub(super) fn names(typed: &str) -> impl Iterator<Item = &str> {
    let separators = [',', '，', '、', ';', '；', '\n'];
    typed
        .split(separators)
        .map(str::trim)
        .filter(|name| !name.is_empty())
}
