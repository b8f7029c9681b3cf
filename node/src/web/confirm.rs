//! Confirming a record or an event of it, and correcting an event: what the page shows of both, and the deeds.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::post;
use lianzhan_protocol::id::{Hash, RecordId};
use lianzhan_protocol::record::{Confirmation, ConfirmedBy, Event, EventState, Ineffective, Notes, Right};

use super::answer::{self, Desk, Fault, show_as};
use super::i18n::{Lang, Text};
use super::page::{
    ConfirmForm, ConfirmedRow, Confirming, CorrectForm, CorrectionRow, Field, Notice, OpenEvent, Tag, Tone,
};
use super::record_view::{Opened, page, words_of};
use super::request::{Deed, Posted, Signed};
use super::{WebState, live, paper, say, timeline};
use crate::services::confirm::{ConfirmOffer, ConfirmationDraft, CorrectionDraft, in_force, is_taken_back};
use crate::services::query::RecordDetail;
use crate::services::{Author, Node, ServiceError, Written, parse_record};
use crate::words;

pub(super) fn router() -> Router<WebState> {
    Router::new()
        .route("/records/{id}/confirm", post(confirm))
        .route("/records/{id}/correct", post(correct))
}

/// A standing in a word; none while nobody confirmed it.
pub(super) fn tag(text: &Text, standing: Confirmation) -> Option<Tag> {
    let (label, tone) = match standing {
        Confirmation::None => return None,
        Confirmation::Current => (text.t("confirmed"), Tone::Good),
        Confirmation::Recorded => (text.t("confirmed-recorded"), Tone::Plain),
        Confirmation::Changed => (text.t("confirmed-changed"), Tone::Soon),
    };
    Some(Tag { label, tone })
}

/// How a record stands, and what this person may do about it; none where there is nothing that could be confirmed.
pub(super) fn confirming(desk: &Desk, detail: &RecordDetail) -> Option<Confirming> {
    let text = desk.text;
    if detail.state.erased.is_some() || detail.ledger.is_empty() {
        return None;
    }
    let offer = desk.node.confirm_offer(desk.author(), detail);
    let given = rows(desk, detail, &detail.state.confirmed);
    let recorded = rows(desk, detail, &detail.state.confirmed_for);
    let paper = paper::confirmation(desk, detail, None);
    if given.is_empty() && recorded.is_empty() && paper.is_none() && offer == ConfirmOffer::None {
        return None;
    }
    let hint = match &offer {
        ConfirmOffer::Own => text.t("confirm-own"),
        ConfirmOffer::Waiting => text.t("confirm-waiting"),
        ConfirmOffer::Open(_) | ConfirmOffer::Given | ConfirmOffer::None => String::new(),
    };
    let form = match offer {
        ConfirmOffer::Open(heads) => Some(ConfirmForm {
            seen: words_of(&heads),
            what: what(desk, detail),
        }),
        _ => None,
    };
    Some(Confirming {
        tag: tag(&text, detail.state.confirmation()).unwrap_or(Tag {
            label: text.t("confirmed-not"),
            tone: Tone::Plain,
        }),
        given,
        recorded,
        paper,
        form,
        hint,
    })
}

/// What is confirmed, in a sentence: by whom it was written, and up to when.
fn what(desk: &Desk, detail: &RecordDetail) -> String {
    let content = detail
        .changes
        .iter()
        .filter(|change| change.held.change.is_content());
    let mut authors: Vec<String> = Vec::new();
    let mut last = None;
    for change in content {
        last = last.max(Some(change.held.recorded));
        authors.extend(change.author.clone().filter(|name| !authors.contains(name)));
    }
    let until = last.map(|at| say::clock(&desk.text, at)).unwrap_or_default();
    let authors = say::list(&desk.text, authors.into_iter().rev());
    desk.text.t2("confirm-what", "who", authors, "until", until)
}

fn rows(desk: &Desk, detail: &RecordDetail, confirmed: &[ConfirmedBy]) -> Vec<ConfirmedRow> {
    let row = |by: &ConfirmedBy| {
        let event = detail.state.event(&by.event)?;
        Some(ConfirmedRow {
            who: paper::actor(&desk.text, &event.event).unwrap_or_else(|| who(desk, event)),
            when: when(desk, detail, event),
            changed: !by.current,
            taken_back: is_taken_back(detail, &by.event),
            paper: paper::proof(&desk.text, detail, event),
        })
    };
    confirmed.iter().rev().filter_map(row).collect()
}

/// Who did it, with the post.
pub(super) fn who(desk: &Desk, event: &EventState) -> String {
    let text = desk.text;
    let org = say::org_by_id(&text, &desk.directory, &event.by.org);
    let role = text.t2(
        "role-in",
        "org",
        org,
        "role",
        say::role(&text, &event.by.roles, event.by.seat),
    );
    text.t2("change-who", "who", &event.by.name, "role", role)
}

/// When it was signed; of what another recorded, the day that was stated.
fn when(desk: &Desk, detail: &RecordDetail, event: &EventState) -> String {
    if event.event.for_another().is_some() {
        return say::stated_line(&desk.text, &in_force(detail, event).0);
    }
    let change = detail
        .changes
        .iter()
        .find(|change| change.held.id == event.change);
    change
        .map(|change| say::clock(&desk.text, change.held.recorded))
        .unwrap_or_default()
}

/// How an event stands as to confirmations.
pub(super) fn standing(detail: &RecordDetail, event: &Hash) -> Confirmation {
    let notes = detail.state.notes.get(event);
    notes.map_or(Confirmation::None, Notes::confirmation)
}

/// What an event says, in words.
pub(super) fn said(text: &Text, event: &Event) -> String {
    let happened = event.happened().map(|at| say::stated_line(text, at));
    let words = match event {
        Event::LogLine { text, .. } => Some(text.clone()),
        Event::SignIn { deputy, .. } => Some(deputy.clone()),
        event => paper::actor(text, event),
    };
    say::list(text, words.into_iter().chain(happened))
}

/// What is right, in words.
pub(super) fn right(text: &Text, right: &Right) -> String {
    match right {
        Right::Nothing => text.t("correct-nothing"),
        Right::Said { happened, text: line } => say::list(
            text,
            line.clone().into_iter().chain([say::stated_line(text, happened)]),
        ),
    }
}

/// An event, opened. `typed` is a correction that was refused.
pub(super) fn opened(
    desk: &Desk,
    detail: &RecordDetail,
    id: &Hash,
    typed: Option<CorrectForm>,
) -> Option<OpenEvent> {
    let (text, event) = (desk.text, detail.state.event(id)?);
    if !event.event.kind().states() {
        return None;
    }
    let notes = detail.state.notes.get(id).cloned().unwrap_or_default();
    let last = notes.corrections.last();
    let corrections = notes.corrections.iter().filter_map(|id| {
        let correction = detail.state.event(id)?;
        let Event::Correct { reason, right, .. } = &correction.event else {
            return None;
        };
        Some(CorrectionRow {
            who: who(desk, correction),
            when: when(desk, detail, correction),
            reason: reason.clone(),
            right: self::right(&text, right),
            in_force: last == Some(id),
        })
    });
    Some(OpenEvent {
        id: id.to_string(),
        what: timeline::event(&text, event.event.kind()),
        who: who(desk, event),
        said: said(&text, &event.event),
        corrected: last.is_some(),
        corrections: corrections.collect(),
        tag: tag(&text, standing(detail, id)),
        confirmed: rows(desk, detail, &notes.confirmed),
        recorded: rows(desk, detail, &notes.confirmed_for),
        on_paper: paper::proof(&text, detail, event),
        paper: paper::confirmation(desk, detail, Some(id)).filter(|_| event.effect.is_ok()),
        may_confirm: desk.node.may_confirm_event(desk.author(), detail, event),
        correct: desk
            .node
            .may_correct(desk.author(), detail, event)
            .then(|| typed.unwrap_or_else(|| begun(detail, event))),
        seen: words_of(&detail.state.heads),
        close: format!("/records/{}", detail.id),
    })
}

/// The form of a correction, with what holds now.
fn begun(detail: &RecordDetail, event: &EventState) -> CorrectForm {
    let (happened, line) = in_force(detail, event);
    let day = happened.len() == 10;
    CorrectForm {
        day,
        happened: Field::new(input(&happened)),
        text: line.map(Field::new),
        ..CorrectForm::default()
    }
}

/// A stated time as its input has it.
fn input(happened: &str) -> String {
    match say::parse(happened).filter(|_| happened.len() > 10) {
        Some(at) => say::local_input(at),
        None => happened.to_owned(),
    }
}

/// A stated time from its input; one that was left as it was keeps its seconds.
fn stated(typed: &str, before: &str) -> Option<String> {
    let typed = typed.trim();
    if typed == input(before) || typed.is_empty() {
        return Some(before.to_owned());
    }
    match before.len() {
        10 => typed.parse::<jiff::civil::Date>().ok().map(|day| day.to_string()),
        _ => say::from_local_input(typed).map(|(_, stated)| stated),
    }
}

async fn confirm(State(state): State<WebState>, Path(id): Path<String>, deed: Deed) -> Response {
    let Deed { who, form } = deed;
    let text = who.visitor.text;
    let event = Some(form.get("event").to_owned()).filter(|event| !event.is_empty());
    let draft = ConfirmationDraft {
        seen: form.get("seen").split_whitespace().map(str::to_owned).collect(),
        event,
    };
    let done = act(&state, &who, &id, move |node, author, record, runtime| {
        runtime.block_on(node.confirm(author, record, draft))
    });
    let (tone, told) = match done.await {
        Ok(()) => (Tone::Good, text.t("confirm-done")),
        // Who pressed twice did it once.
        Err(ServiceError::Ineffective(Ineffective::Once)) => (Tone::Plain, text.t("confirm-once")),
        Err(error) if error.is_callers() && !matches!(error, ServiceError::UnknownRecord(_)) => {
            (Tone::Soon, answer::tell(&text, &error))
        }
        Err(error) => return answer::refuse(state, who.visitor, Fault::Service(error)).await,
    };
    who.session.say(Notice {
        tone,
        say: told,
        link: None,
    });
    answer::onward(&format!("/records/{id}"))
}

async fn correct(State(state): State<WebState>, Path(id): Path<String>, deed: Deed) -> Response {
    let Deed { who, form } = deed;
    let text = who.visitor.text;
    let (node, asked, event) = (state.node.clone(), id.clone(), form.get("event").to_owned());
    let before = answer::work(move || {
        let detail = super::record_view::detail(&node, &parse_record(&asked)?)?;
        let event = crate::services::confirm::parse_event(&event)?;
        let found = detail.state.event(&event);
        let found = found.ok_or(ServiceError::Ineffective(Ineffective::UnknownEvent))?;
        Ok(in_force(&detail, found))
    });
    let (happened, line) = match before.await {
        Ok(before) => before,
        Err(error) => return answer::refuse(state, who.visitor, Fault::Service(error)).await,
    };
    let mut typed = CorrectForm {
        day: happened.len() == 10,
        happened: Field::new(form.get("happened")),
        text: line.is_some().then(|| Field::new(form.get("text"))),
        reason: Field::new(form.get("reason")),
        take_back: !form.get("take_back").is_empty(),
        error: None,
    };
    let Some(at) = stated(&typed.happened.value, &happened) else {
        typed.happened.error = Some(text.t("correct-when-wrong"));
        return again(state, who, id, &form, typed).await;
    };
    let draft = CorrectionDraft {
        event: form.get("event").to_owned(),
        reason: typed.reason.value.clone(),
        happened: Some(at).filter(|_| !typed.take_back),
        text: typed.text.as_ref().map(|field| field.value.clone()),
        take_back: typed.take_back,
    };
    let done = act(&state, &who, &id, move |node, author, record, runtime| {
        runtime.block_on(node.correct(author, record, draft))
    });
    match done.await {
        Ok(()) => {
            who.session.say(Notice {
                tone: Tone::Good,
                say: text.t("correct-done"),
                link: None,
            });
            answer::onward(&format!("/records/{id}"))
        }
        Err(ServiceError::Field { field, words }) => {
            let told = match text.lang {
                Lang::Zh => words::field_words(&words),
                Lang::En => words,
            };
            let of = match (field.as_str(), &mut typed.text) {
                ("reason", _) => &mut typed.reason,
                ("text", Some(line)) => line,
                _ => &mut typed.happened,
            };
            of.error = Some(told);
            again(state, who, id, &form, typed).await
        }
        Err(error) if error.is_callers() && !matches!(error, ServiceError::UnknownRecord(_)) => {
            typed.error = Some(answer::tell(&text, &error));
            again(state, who, id, &form, typed).await
        }
        Err(error) => answer::refuse(state, who.visitor, Fault::Service(error)).await,
    }
}

/// The page once more, with what was typed.
async fn again(state: WebState, mut who: Signed, id: String, form: &Posted, typed: CorrectForm) -> Response {
    let event = form.get("event").to_owned();
    who.visitor.here = format!("/records/{id}?event={event}");
    show_as(StatusCode::UNPROCESSABLE_ENTITY, state, who, move |desk| {
        let opened = Opened {
            event: Hash::parse(&event),
            correction: Some(typed),
            ..Opened::default()
        };
        page(desk, &parse_record(&id)?, opened)
    })
    .await
}

/// Signs something about a record and waits until it is shown.
async fn act<F>(state: &WebState, who: &Signed, id: &str, deed: F) -> Result<(), ServiceError>
where
    F: FnOnce(&Node, &Author, &RecordId, &tokio::runtime::Handle) -> Result<Written, ServiceError>
        + Send
        + 'static,
{
    let record = parse_record(id)?;
    let (node, author) = (state.node.clone(), who.session.author.clone());
    let (watch, runtime) = (live::Watch::new(state), tokio::runtime::Handle::current());
    answer::work(move || deed(&node, &author, &record, &runtime)).await?;
    watch.until_shown(&record).await;
    Ok(())
}
