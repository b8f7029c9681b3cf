//! One record as its page shows it: the situation, what this person may do, the fields, the parts that travel less far,
//! and values that stand side by side.

use std::collections::BTreeSet;

use jiff::civil::Date;
use lianzhan_protocol::id::{ChangeId, Hash, RecordId};
use lianzhan_protocol::record::ledger::{Field as Definition, FieldKind, Ledger};
use lianzhan_protocol::record::{FieldState, Value};
use lianzhan_protocol::trust::Audience;

use super::answer::{Desk, Fault};
use super::page::{
    Choice, CorrectForm, Due, Fact, Field, Link, NamedByRow, NextStep, PaperForm, PrivateKind, PrivatePart,
    PrivateState, RecordPage, Section, Timeline, Turn, VisitAct,
};
use super::proof::Panels;
use super::{attachments, bundles, confirm, conflicts, erase, say, timeline, visit_form};
use crate::services::access::Purpose;
use crate::services::erase::ErasureStatus;
use crate::services::ledger::is_stated;
use crate::services::query::RecordDetail;
use crate::services::{Node, ServiceError, desk, visit};

/// What names a record, as far as its page lists it.
const NAMED_BY: u64 = 12;

/// The detail of a record that has a page: personal parts have none of their own.
pub(super) fn detail(node: &Node, id: &RecordId) -> Result<RecordDetail, ServiceError> {
    let detail = node.record_detail(id)?;
    if detail.ledger.is_empty() || node.view_names().contains(&detail.ledger.as_str()) {
        return Ok(detail);
    }
    Err(ServiceError::UnknownRecord(*id))
}

/// What of a record's page is open, and what was typed into it and refused.
#[derive(Default)]
pub(super) struct Opened {
    /// The change whose proof is shown.
    pub(super) proof: Option<ChangeId>,
    /// The event that is corrected or confirmed.
    pub(super) event: Option<Hash>,
    /// A correction that was refused.
    pub(super) correction: Option<CorrectForm>,
    /// What was to be recorded on paper, and was refused.
    pub(super) paper: Option<PaperForm>,
    /// A triage that was refused.
    pub(super) triage: Option<VisitAct>,
    /// Another value of a field with several, that was refused.
    pub(super) settled: Option<conflicts::TypedValue>,
}

/// The page of a record.
pub(super) fn page(desk: &Desk, id: &RecordId, opened: Opened) -> Result<RecordPage, Fault> {
    let text = desk.text;
    let detail = detail(&desk.node, id)?;
    let path = format!("/records/{id}");
    let panels = Panels::new(desk, &path, &detail, opened.proof);
    let definition = desk.node.ledger(&detail.ledger).ok();
    let visit = detail.ledger == visit::LEDGER;
    let section = match detail.ledger.as_str() {
        visit::LEDGER => Section::Visits,
        crate::services::activity::LEDGER => Section::Activities,
        "deputy_roster" => Section::Deputies,
        _ => Section::Ledgers,
    };
    let turn = if visit {
        Some(turn(desk, &detail, opened.triage))
    } else {
        None
    };
    let next = turn
        .as_ref()
        .filter(|turn| turn.due.is_some_and(|due| due != Due::Done))
        .map(|turn| NextStep {
            what: turn.awaited.clone(),
            note: text.t("todo-tell-petition"),
            until: turn.awaited_on.clone(),
        });
    let conflicts = conflicts::of_record(desk, &detail, opened.settled.as_ref());
    let event = opened.event.as_ref();
    let mut event = event.and_then(|event| confirm::opened(desk, &detail, event, opened.correction));
    let mut confirming = confirm::confirming(desk, &detail);
    // Two forms of one kind on a page would share what their labels name.
    match (&mut event, &mut confirming) {
        (Some(event), confirming) if event.paper.is_some() => {
            event.paper = opened.paper.or(event.paper.take());
            confirming.iter_mut().for_each(|of| of.paper = None);
        }
        (_, Some(confirming)) => confirming.paper = opened.paper.or(confirming.paper.take()),
        _ => {}
    }
    let (named_by, named_by_more) = named_by(desk, id)?;
    let erasures = desk.node.erasures_of(id)?;
    Ok(RecordPage {
        text,
        shell: desk.shell(section)?,
        id: id.to_string(),
        ledger: Link {
            href: match section {
                Section::Visits => "/visits".into(),
                Section::Activities => "/activities".into(),
                Section::Deputies => "/deputies".into(),
                _ => definition.map_or_else(|| "/ledgers".into(), |ledger| format!("/ledgers/{}", ledger.id)),
            },
            label: definition.map_or_else(|| text.t("ledgers"), |ledger| say::ledger(&text, ledger)),
        },
        number: detail.state.text("reg_no").to_owned(),
        title: title(desk, &detail, definition),
        matter: if visit {
            detail.state.text("gist").to_owned()
        } else {
            String::new()
        },
        turn,
        facts: definition.map_or_else(Vec::new, |ledger| {
            let mut all = facts(desk, &detail, ledger);
            all.extend(owner(desk, &detail));
            all
        }),
        lacks: detail.missing.len(),
        edit: definition
            .filter(|ledger| {
                !is_stated(&ledger.id) && desk.node.may_put(desk.author(), &ledger.id, &detail.space)
            })
            .map(|_| format!("{path}/edit")),
        named_by,
        named_by_more,
        attachments: attachments::shown(desk, &detail, &path)?,
        parts: parts(desk, &detail, &erasures)?,
        conflicts,
        confirming,
        event,
        timeline: Timeline {
            next,
            changes: timeline::changes(desk, &detail, &panels)?,
        },
        case: bundles::case(&desk.node, &detail),
        bundle: format!("{path}/bundle"),
        erase: (detail.state.erased.is_none() && erase::may_erase(desk)).then(|| format!("{path}/erase")),
        erased: erase::told(desk, id, &erasures),
        anew: definition
            .filter(|_| detail.state.erased.is_none())
            .and_then(|ledger| super::ledger::anew_offered(desk, id, ledger, &detail.space)),
        goes_on: goes_on(desk, id)?,
        issued_for: desk.node.reissued_from(id)?.iter().map(by_number).collect(),
    })
}

/// A record by its digits alone: of an erased one there are no words.
fn by_number(id: &RecordId) -> Link {
    Link {
        href: format!("/records/{id}"),
        label: say::grouped(&id.to_string()),
    }
}

/// The record as which an erased one was issued anew.
fn goes_on(desk: &Desk, old: &RecordId) -> Result<Option<Link>, ServiceError> {
    let Some(new) = desk.node.reissued_as(old)? else {
        return Ok(None);
    };
    let title = desk.node.named_record(&new)?.map(|found| found.title);
    let title = title.filter(|title| !title.is_empty());
    Ok(Some(Link {
        label: title.unwrap_or_else(|| by_number(&new).label),
        ..by_number(&new)
    }))
}

fn title(desk: &Desk, detail: &RecordDetail, definition: Option<&Ledger>) -> String {
    let (text, state) = (desk.text, &detail.state);
    if state.erased.is_some() {
        return text.t("record-title-erased");
    }
    if detail.ledger == visit::LEDGER {
        let triage = say::option_of(&text, visit::LEDGER, "triage", state.text("triage"));
        return match (state.text("triage"), state.text("told_person_on")) {
            ("", _) => text.t("record-title-new"),
            (_, "") => text.t1("record-title-open", "triage", triage),
            (_, _) => text.t1("record-title-done", "triage", triage),
        };
    }
    let title = definition
        .and_then(crate::views::title_field)
        .map_or("", |field| state.text(&field.id));
    let line = title.lines().next().unwrap_or_default();
    Some(line)
        .filter(|title| !title.is_empty())
        .map(str::to_owned)
        .or_else(|| definition.map(|ledger| say::ledger(&text, ledger)))
        .unwrap_or_else(|| text.t("pending-definition"))
}

/// What stands now, and what this person may do.
fn turn(desk: &Desk, detail: &RecordDetail, typed: Option<VisitAct>) -> Turn {
    let (text, state) = (desk.text, &detail.state);
    let (triage, told) = (state.text("triage"), state.text("told_person_on"));
    let may = desk.node.may_put(desk.author(), visit::LEDGER, &detail.space);
    let deadline = desk::tell_by(triage, state.text("received_at"));
    let left = |day: Date| {
        say::now()
            .date()
            .until(day)
            .map_or(0, |span| i64::from(span.get_days()))
    };
    let (awaited, awaited_on, due) = match (triage.is_empty(), told.is_empty()) {
        (true, true) => (text.t("awaited-triage"), String::new(), None),
        (_, false) => (
            text.t("awaited-told"),
            say::stated_line(&text, told),
            Some(Due::Done),
        ),
        (false, true) => (
            text.t("awaited-tell"),
            deadline.map(|day| say::day(&text, day)).unwrap_or_default(),
            deadline.map(|day| Due::in_days(left(day))),
        ),
    };
    let owner = detail
        .owner
        .as_ref()
        .map(|org| say::org_short(&text, &desk.directory, org));
    let act = typed.unwrap_or_else(|| VisitAct {
        seen: words_of(&detail.state.heads),
        triages: visit_form::triages(&text, triage),
        told_person_on: Field::new(told),
        error: None,
    });
    Turn {
        state: if triage.is_empty() {
            text.t("triage-none")
        } else {
            say::option_of(&text, visit::LEDGER, "triage", triage)
        },
        state_note: match (
            state.text("receiver_names"),
            state.value("persons").as_int().unwrap_or_default(),
        ) {
            ("", count) => text.n("record-persons", count),
            (who, count) => text.t2("record-received", "who", who, "count", count),
        },
        awaited,
        awaited_on,
        due,
        act: may.then_some(act),
        hint: if may {
            String::new()
        } else {
            text.t1("record-hint", "org", owner.unwrap_or_default())
        },
    }
}

/// Changes as a form carries them.
pub(super) fn words_of(changes: &[ChangeId]) -> String {
    changes
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(" ")
}

/// The shared fields in the order of the definition: what is filled, and what the record lacks to be complete.
pub(super) fn facts(desk: &Desk, detail: &RecordDetail, ledger: &Ledger) -> Vec<Fact> {
    let may = desk.node.may_put(desk.author(), &ledger.id, &detail.space);
    let missing: BTreeSet<&str> = detail.missing.iter().map(|(zh, _)| zh.as_str()).collect();
    let mut facts = Vec::new();
    for field in &ledger.fields {
        let shown_above = detail.ledger == visit::LEDGER && field.id == "gist";
        // Attachments are shown as what they are.
        if field.auto || shown_above || field.kind == FieldKind::Blob {
            continue;
        }
        let values: Vec<(&String, &FieldState)> = detail
            .state
            .fields
            .iter()
            .filter(|(key, _)| ledger.resolve(key).is_some_and(|(found, _)| found.id == field.id))
            .collect();
        let words: Vec<String> = values
            .iter()
            .map(|(_, state)| super::ledger::words(desk, field, &state.value))
            .filter(|words| !words.is_empty())
            .collect();
        let links = match field.kind {
            FieldKind::Ref { .. } => links(desk, field, &values),
            _ => Vec::new(),
        };
        let value = say::list(&desk.text, words);
        let lacks = value.is_empty() && missing.contains(field.zh.as_str());
        if value.is_empty() && !lacks {
            continue;
        }
        facts.push(Fact {
            label: say::label(&desk.text, field),
            value,
            missing: lacks,
            split: values.iter().any(|(_, state)| is_split(state)),
            links,
            fill: may.then(|| super::ledger::fill_link(&detail.id, field)),
        });
    }
    facts
}

/// Whose record it is: told where that is not plain, since it is another org's than this node's, or the org changed since.
fn owner(desk: &Desk, detail: &RecordDetail) -> Option<Fact> {
    let space = &detail.space;
    let words = say::owner(&desk.text, &desk.directory, &space.owner, &space.id());
    let plain = space.joint.is_some()
        || space.owner == desk.node.org_id()
            && words == say::org_by_id(&desk.text, &desk.directory, &space.owner);
    let changed = desk.directory.changes_of(&space.owner).next().is_some();
    (!plain).then(|| Fact {
        links: vec![Link {
            href: if changed {
                "/org-changes".into()
            } else {
                String::new()
            },
            label: words.clone(),
        }],
        ..Fact::new(desk.text.t("fact-owner"), words)
    })
}

/// What a field names, as links to what is here.
fn links(desk: &Desk, field: &Definition, values: &[(&String, &FieldState)]) -> Vec<Link> {
    let one = |(_, state): &(&String, &FieldState)| {
        let label = super::ledger::words(desk, field, &state.value);
        let id = state.value.as_text().and_then(RecordId::parse);
        let here = id.and_then(|id| desk.node.named_record(&id).ok().flatten());
        (!label.is_empty()).then(|| Link {
            href: here.map_or_else(String::new, |found| format!("/records/{}", found.id)),
            label,
        })
    };
    values.iter().filter_map(one).collect()
}

/// What names a record: the first of it, and how many more there are.
fn named_by(desk: &Desk, id: &RecordId) -> Result<(Vec<NamedByRow>, u64), ServiceError> {
    let text = desk.text;
    let (rows, count) = desk.node.named_by(id, NAMED_BY)?;
    let shown: Vec<NamedByRow> = rows
        .iter()
        .map(|naming| {
            let definition = desk.node.ledger(&naming.row.ledger).ok();
            let field = definition.and_then(|ledger| ledger.field(&naming.field));
            let name = definition.map_or_else(String::new, |ledger| say::ledger(&text, ledger));
            let parts = [
                Some(name.clone()),
                field.map(|field| say::label(&text, field)),
                Some(say::stated_line(&text, &naming.row.happened)),
            ];
            let title = naming.row.title.lines().next().unwrap_or_default();
            NamedByRow {
                href: format!("/records/{}", naming.row.record),
                title: if title.is_empty() { name } else { title.to_owned() },
                how: say::list(&text, parts.into_iter().flatten().filter(|part| !part.is_empty())),
            }
        })
        .collect();
    let more = count.saturating_sub(shown.len() as u64);
    Ok((shown, more))
}

fn is_split(state: &FieldState) -> bool {
    state
        .candidates
        .iter()
        .any(|candidate| candidate.value != state.value)
}

/// The parts that travel less far than the record.
fn parts(
    desk: &Desk,
    detail: &RecordDetail,
    erasures: &[ErasureStatus],
) -> Result<Vec<PrivatePart>, ServiceError> {
    let locked = desk.node.locked(&detail.id)?;
    let closed = !desk.who.session.has_opened(&detail.id);
    let mut offered = false;
    let known = detail
        .annex_names
        .iter()
        .filter_map(|name| desk.node.ledger(name).ok());
    let parts = known.map(|annex| {
        let space = desk.directory.space_beside(&detail.space, annex.audience);
        let held = detail.annexes.iter().find(|part| part.ledger == annex.id);
        let erased = erasures
            .iter()
            .filter(|status| status.personal && status.space == space);
        let erased: Vec<String> = erased.map(|status| erase::erased_words(desk, status)).collect();
        let gone = match erased.is_empty() {
            true => PrivateState::Elsewhere,
            false => PrivateState::Erased(say::list(&desk.text, erased)),
        };
        let state = held.map_or(gone, |part| {
            if let Some(locked) = &locked {
                let until = say::stated_line(&desk.text, &locked.until);
                return PrivateState::Locked(desk.text.t1("private-locked", "until", until));
            }
            if closed {
                return match std::mem::replace(&mut offered, true) {
                    false => PrivateState::Closed(purposes(&desk.text)),
                    true => PrivateState::Beside,
                };
            }
            let fact = |(name, value): &(String, Value)| {
                let (field, _) = annex
                    .resolve(name)
                    .filter(|(field, _)| field.kind != FieldKind::Blob)?;
                let value = say::value(&desk.text, &desk.directory, field, value);
                Some(Fact::new(say::label(&desk.text, field), value))
            };
            PrivateState::Held(part.fields.iter().filter_map(fact).collect())
        });
        PrivatePart {
            kind: match annex.audience {
                Audience::Local => PrivateKind::Sensitive,
                _ => PrivateKind::Personal,
            },
            audience: say::audience(&desk.text, &desk.directory, &space),
            state,
        }
    });
    Ok(parts.collect())
}

/// What personal parts may be opened for.
fn purposes(text: &super::i18n::Text) -> Vec<Choice> {
    Purpose::OFFERED
        .into_iter()
        .map(|purpose| Choice {
            value: purpose.as_str().to_owned(),
            label: super::access::purpose(text, purpose.as_str()),
            chosen: false,
        })
        .collect()
}
