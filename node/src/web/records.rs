//! A record of any ledger: what it says, who may do what now, its history and its proof.

use std::collections::BTreeSet;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jiff::civil::Date;
use lianzhan_protocol::id::{ChangeId, RecordId};
use lianzhan_protocol::record::ledger::{Field as Definition, Ledger, ledger};
use lianzhan_protocol::record::{ANNEX_KEY, FieldState, Put, Value};
use lianzhan_protocol::trust::{Audience, Space};
use serde::Deserialize;

use super::answer::{self, Desk, Fault, Page, show, show_as};
use super::page::{
    Conflict, ConflictValue, Due, Fact, Field, Link, NextStep, Notice, PrivateKind, PrivatePart,
    PrivateState, RecordPage, Section, Timeline, TimelinePart, Tone, Turn, VisitAct,
};
use super::proof::Panels;
use super::request::{Deed, Posted, Signed};
use super::{WebState, live, say, timeline, visit_form};
use crate::services::query::RecordDetail;
use crate::services::{Draft, Node, ServiceError, desk, parse_record, visit};

pub(super) fn router() -> Router<WebState> {
    Router::new()
        .route("/records/{id}", get(record).post(act))
        .route("/records/{id}/settle", post(settle))
        .route("/records/{id}/bundle", get(bundle))
}

impl Page for RecordPage {
    fn part(&self, id: &str) -> Option<askama::Result<String>> {
        use askama::Template;
        (id == "timeline").then(|| {
            TimelinePart {
                text: self.text,
                timeline: &self.timeline,
            }
            .render()
        })
    }
}

#[derive(Deserialize)]
pub(super) struct Shown {
    proof: Option<String>,
}

impl Shown {
    /// The change whose proof is shown.
    pub(super) fn change(&self) -> Option<ChangeId> {
        self.proof.as_deref().and_then(ChangeId::parse)
    }
}

async fn record(
    State(state): State<WebState>,
    who: Signed,
    Path(id): Path<String>,
    Query(shown): Query<Shown>,
) -> Response {
    show(state, who, move |desk| {
        page(desk, &parse_record(&id)?, shown.change(), None)
    })
    .await
}

/// The detail of a record that has a page: personal parts have none of their own.
pub(super) fn detail(node: &Node, id: &RecordId) -> Result<RecordDetail, ServiceError> {
    let detail = node.record_detail(id)?;
    if detail.ledger.is_empty() || Node::view_names().contains(&detail.ledger.as_str()) {
        return Ok(detail);
    }
    Err(ServiceError::UnknownRecord(*id))
}

fn page(
    desk: &Desk,
    id: &RecordId,
    open: Option<ChangeId>,
    typed: Option<VisitAct>,
) -> Result<RecordPage, Fault> {
    let text = desk.text;
    let detail = detail(&desk.node, id)?;
    let path = format!("/records/{id}");
    let panels = Panels::new(desk, &path, &detail, open)?;
    let definition = ledger(&detail.ledger);
    let visit = detail.ledger == visit::LEDGER;
    let section = match detail.ledger.as_str() {
        visit::LEDGER => Section::Visits,
        crate::services::activity::LEDGER => Section::Activities,
        "deputy_roster" => Section::Deputies,
        _ => Section::None,
    };
    let turn = if visit {
        Some(turn(desk, &detail, typed))
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
    let conflicts = conflicts(desk, &detail, definition);
    Ok(RecordPage {
        text,
        shell: desk.shell(section)?,
        id: id.to_string(),
        ledger: Link {
            href: match section {
                Section::Visits => "/visits".into(),
                Section::Activities => "/activities".into(),
                Section::Deputies => "/deputies".into(),
                _ => "/".into(),
            },
            label: definition.map_or_else(String::new, |ledger| say::ledger(&text, ledger)),
        },
        number: detail.state.text("reg_no").to_owned(),
        title: title(desk, &detail, definition),
        matter: if visit {
            detail.state.text("gist").to_owned()
        } else {
            String::new()
        },
        turn,
        facts: definition.map_or_else(Vec::new, |ledger| facts(desk, &detail, ledger)),
        parts: parts(desk, &detail),
        conflicts,
        timeline: Timeline {
            next,
            changes: timeline::changes(desk, &detail, &panels)?,
        },
        bundle: format!("{path}/bundle"),
    })
}

fn title(desk: &Desk, detail: &RecordDetail, definition: Option<&Ledger>) -> String {
    let (text, state) = (desk.text, &detail.state);
    if detail.ledger == visit::LEDGER {
        let triage = say::option_of(&text, visit::LEDGER, "triage", state.text("triage"));
        return match (state.text("triage"), state.text("told_person_on")) {
            ("", _) => text.t("record-title-new"),
            (_, "") => text.t1("record-title-open", "triage", triage),
            (_, _) => text.t1("record-title-done", "triage", triage),
        };
    }
    let named = ["topic", "name", "gist", "place"]
        .into_iter()
        .map(|field| state.text(field));
    named
        .into_iter()
        .find(|title| !title.is_empty())
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
    let missing: BTreeSet<&str> = detail.missing.iter().map(|(zh, _)| zh.as_str()).collect();
    let mut facts = Vec::new();
    for field in &ledger.fields {
        let shown_above = detail.ledger == visit::LEDGER && field.id == "gist";
        if field.auto || shown_above {
            continue;
        }
        let values: Vec<(&String, &FieldState)> = detail
            .state
            .fields
            .iter()
            .filter(|(key, _)| ledger.resolve(key).is_some_and(|(found, _)| found.id == field.id))
            .collect();
        let words = values
            .iter()
            .map(|(_, state)| say::value(&desk.text, &desk.directory, field, &state.value));
        let value = say::list(&desk.text, words.filter(|words| !words.is_empty()));
        // An import keeps names until the roster knows who they are; meanwhile they are the answer.
        let named = ["_names", "_name"].iter().any(|tail| {
            detail.state.fields.contains_key(&format!(
                "{}{tail}",
                field.id.split('/').next().unwrap_or_default()
            ))
        });
        let lacks = value.is_empty() && missing.contains(field.zh.as_str()) && !named;
        if value.is_empty() && !lacks {
            continue;
        }
        facts.push(Fact {
            label: say::label(&desk.text, field),
            value,
            missing: lacks,
            split: values.iter().any(|(_, state)| is_split(state)),
        });
    }
    facts
}

fn is_split(state: &FieldState) -> bool {
    state
        .candidates
        .iter()
        .any(|candidate| candidate.value != state.value)
}

/// The parts that travel less far than the record.
fn parts(desk: &Desk, detail: &RecordDetail) -> Vec<PrivatePart> {
    let known = detail.annex_names.iter().filter_map(|name| ledger(name));
    known
        .map(|annex| {
            let space = Space::of(detail.space.owner, annex.audience);
            let held = detail.annexes.iter().find(|part| part.ledger == annex.id);
            let state = held.map_or(PrivateState::Elsewhere, |part| {
                let fact = |(name, value): &(String, Value)| {
                    let (field, _) = annex.resolve(name)?;
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
        })
        .collect()
}

fn conflicts(desk: &Desk, detail: &RecordDetail, definition: Option<&'static Ledger>) -> Vec<Conflict> {
    let Some(ledger) = definition else {
        return Vec::new();
    };
    let may = desk.node.may_put(desk.author(), &ledger.id, &detail.space);
    let split = detail
        .state
        .fields
        .iter()
        .filter(|(key, state)| !key.starts_with(ANNEX_KEY) && is_split(state));
    split
        .filter_map(|(key, state)| {
            let (field, _) = ledger.resolve(key)?;
            let values = state.candidates.iter().map(|candidate| ConflictValue {
                change: candidate.change.to_string(),
                value: filled(desk, field, &candidate.value),
                source: source(desk, detail, &candidate.change),
            });
            Some(Conflict {
                field: key.clone(),
                label: say::label(&desk.text, field),
                values: values.collect(),
                seen: may.then(|| words_of(&detail.state.heads)),
            })
        })
        .collect()
}

fn filled(desk: &Desk, field: &Definition, value: &Value) -> String {
    let value = say::value(&desk.text, &desk.directory, field, value);
    if value.is_empty() {
        desk.text.t("value-empty")
    } else {
        value
    }
}

fn source(desk: &Desk, detail: &RecordDetail, change: &ChangeId) -> String {
    let Some(found) = detail.changes.iter().find(|known| known.held.id == *change) else {
        return String::new();
    };
    let org = found
        .author_org
        .as_ref()
        .map(|org| say::org_short(&desk.text, &desk.directory, org));
    let when = say::clock(&desk.text, found.held.recorded);
    say::list(
        &desk.text,
        [found.author.clone(), org, Some(when)].into_iter().flatten(),
    )
}

/// The triage and the day of the answer, as typed.
fn read_act(desk_text: super::i18n::Text, form: &Posted) -> Result<[(&'static str, Value); 2], Field> {
    let optional = |typed: &str| {
        if typed.is_empty() {
            Value::Null
        } else {
            Value::from(typed)
        }
    };
    let told = form.get("told_person_on").trim();
    if !told.is_empty() && told.parse::<Date>().is_err() {
        return Err(Field {
            value: told.to_owned(),
            error: Some(desk_text.t("visit-told-wrong")),
        });
    }
    Ok([
        ("triage", optional(form.get("triage").trim())),
        ("told_person_on", optional(told)),
    ])
}

async fn act(State(state): State<WebState>, Path(id): Path<String>, deed: Deed) -> Response {
    let Deed { who, form } = deed;
    let text = who.visitor.text;
    let values = match read_act(text, &form) {
        Ok(values) => values,
        Err(field) => return act_again(state, who, id, &form, field, None).await,
    };
    let record = match parse_record(&id) {
        Ok(record) => record,
        Err(error) => return answer::refuse(state, who.visitor, Fault::Service(error)).await,
    };
    let seen: Vec<ChangeId> = form.get("seen").split(' ').filter_map(ChangeId::parse).collect();
    let written = write(&state, &who, record, move |detail| {
        // What the person saw and left as it was is no change, also if somebody else has changed it meanwhile.
        let before = desk::as_seen(detail, &seen);
        let differs = |(name, value): &(&str, Value)| before.value(name) != value;
        Ok(values
            .into_iter()
            .filter(differs)
            .map(|(name, value)| Put::field(name, value))
            .collect())
    });
    match written.await {
        Ok(()) => answer::onward(&format!("/records/{record}")),
        Err(error) if error.is_callers() && !matches!(error, ServiceError::UnknownRecord(_)) => {
            let told = Field::new(form.get("told_person_on"));
            act_again(state, who, id, &form, told, Some(answer::tell(&text, &error))).await
        }
        Err(error) => answer::refuse(state, who.visitor, Fault::Service(error)).await,
    }
}

async fn act_again(
    state: WebState,
    mut who: Signed,
    id: String,
    form: &Posted,
    told_person_on: Field,
    error: Option<String>,
) -> Response {
    let typed = VisitAct {
        seen: form.get("seen").to_owned(),
        triages: visit_form::triages(&who.visitor.text, form.get("triage")),
        told_person_on,
        error,
    };
    who.visitor.here = format!("/records/{id}");
    show_as(StatusCode::UNPROCESSABLE_ENTITY, state, who, move |desk| {
        page(desk, &parse_record(&id)?, None, Some(typed))
    })
    .await
}

async fn settle(State(state): State<WebState>, Path(id): Path<String>, deed: Deed) -> Response {
    let Deed { who, form } = deed;
    let record = match parse_record(&id) {
        Ok(record) => record,
        Err(error) => return answer::refuse(state, who.visitor, Fault::Service(error)).await,
    };
    let (field, change) = (form.get("field").to_owned(), ChangeId::parse(form.get("change")));
    let written = write(&state, &who, record, move |detail| {
        let chosen = detail
            .state
            .fields
            .get(&field)
            .and_then(|state| {
                state
                    .candidates
                    .iter()
                    .find(|candidate| Some(candidate.change) == change)
            })
            .filter(|_| !field.starts_with(ANNEX_KEY));
        // Somebody else settled it first, or nothing was chosen: the page shows what stands now.
        Ok(chosen
            .map(|chosen| Put::field(&field, chosen.value.clone()))
            .into_iter()
            .collect())
    });
    match written.await {
        Ok(()) => answer::onward(&format!("/records/{record}")),
        Err(error) => answer::refuse(state, who.visitor, Fault::Service(error)).await,
    }
}

/// Writes a change of a record that is there. No puts are no change.
async fn write(
    state: &WebState,
    who: &Signed,
    record: RecordId,
    puts: impl FnOnce(&RecordDetail) -> Result<Vec<Put>, ServiceError> + Send + 'static,
) -> Result<(), ServiceError> {
    let (node, author, watch) = (
        state.node.clone(),
        who.session.author.clone(),
        live::Watch::new(state),
    );
    let runtime = tokio::runtime::Handle::current();
    let written = answer::work(move || {
        let detail = detail(&node, &record)?;
        let puts = puts(&detail)?;
        if puts.is_empty() {
            return Ok(false);
        }
        let draft = Draft {
            record,
            ledger: detail.ledger,
            space: detail.space,
            puts,
            annexes: Vec::new(),
        };
        runtime.block_on(node.submit(&author, draft)).map(|_| true)
    })
    .await?;
    if written {
        watch.until_shown(&record).await;
        who.session.say(Notice {
            tone: Tone::Good,
            say: who.visitor.text.t("change-done"),
            link: None,
        });
    }
    Ok(())
}

async fn bundle(State(state): State<WebState>, who: Signed, Path(id): Path<String>) -> Response {
    let node = state.node.clone();
    let made = answer::work(move || {
        let record = parse_record(&id)?;
        detail(&node, &record)?;
        Ok((record, node.bundle(&[record])?))
    });
    match made.await {
        Ok((record, bytes)) => {
            answer::file(&format!("lianzhan-{record}.tar"), "application/x-tar", bytes).into_response()
        }
        Err(error) => answer::refuse(state, who.visitor, Fault::Service(error)).await,
    }
}
