//! Recording what somebody without a key did on paper: the form, and the deed with its scan.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::post;
use lianzhan_protocol::id::{Hash, RecordId};
use lianzhan_protocol::record::{Event, EventKind, EventState, Ineffective, Proof};
use lianzhan_protocol::trust::Level;

use super::answer::{self, Desk, Fault, show_as};
use super::filed::Filed;
use super::i18n::{Lang, Text};
use super::page::{Choice, Field, Link, Notice, OnPaper, PaperDeed, PaperForm, Tone};
use super::record_view::{Opened, words_of};
use super::request::Signed;
use super::{WebState, activity_view, live, record_view, say};
use crate::services::attachment::{AttachmentError, Received};
use crate::services::query::RecordDetail;
use crate::services::recorded::{ActorDraft, ConfirmForDraft, SEVERAL, SignInForDraft};
use crate::services::{Author, Node, ServiceError, Written, parse_record};
use crate::words;

pub(super) fn router() -> Router<WebState> {
    Router::new()
        .route("/records/{id}/confirm-for", post(confirm))
        .route("/activities/{id}/sign-in-for", post(sign_in))
}

/// The form that records a confirmation of a record, or of one event of it, for whoever may.
pub(super) fn confirmation(desk: &Desk, detail: &RecordDetail, event: Option<&Hash>) -> Option<PaperForm> {
    let may = desk.node.may_record_for(
        desk.author(),
        EventKind::ConfirmFor,
        &detail.ledger,
        &detail.space,
    );
    (may && detail.state.erased.is_none()).then(|| PaperForm {
        of: PaperDeed::Confirm,
        action: format!("/records/{}/confirm-for", detail.id),
        event: event.map(Hash::to_string).unwrap_or_default(),
        ..begun(desk, detail)
    })
}

/// The form that records a sign-in.
pub(super) fn presence(desk: &Desk, detail: &RecordDetail) -> Option<PaperForm> {
    let may = desk
        .node
        .may_record_for(desk.author(), EventKind::SignInFor, &detail.ledger, &detail.space);
    let levels = Level::ALL.iter().map(|level| Choice {
        value: level.as_str().to_owned(),
        label: say::level(&desk.text, *level),
        chosen: false,
    });
    may.then(|| PaperForm {
        of: PaperDeed::SignIn,
        action: format!("/activities/{}/sign-in-for", detail.id),
        levels: say::with_empty(desk.text.t("paper-level-known"), levels.collect()),
        ..begun(desk, detail)
    })
}

fn begun(desk: &Desk, detail: &RecordDetail) -> PaperForm {
    let known = desk.node.known_people(&detail.space).into_iter();
    PaperForm {
        seen: words_of(&detail.state.heads),
        people: known
            .map(|one| Choice {
                value: one.name,
                label: one.office,
                chosen: false,
            })
            .collect(),
        happened: Field::new(say::now().date().to_string()),
        ..PaperForm::default()
    }
}

/// How something that was recorded for another is proved; none of what was signed by key.
pub(super) fn proof(text: &Text, detail: &RecordDetail, event: &EventState) -> Option<OnPaper> {
    let (_, proof, _) = event.event.for_another()?;
    let how = match proof {
        Proof::Paper => text.t("proof-paper"),
        Proof::Link => text.t("proof-link"),
        Proof::Token | Proof::Key => text.t("proof-token"),
    };
    let scan = event.event.scan().map(|scan| Link {
        href: format!("/records/{}/attachments/{scan}", detail.id),
        label: text.t("paper-scan"),
    });
    Some(OnPaper {
        how: text.t2("paper-recorded", "how", how, "who", &event.by.name),
        scan,
    })
}

/// Who did what was recorded for them, with the office.
pub(super) fn actor(text: &Text, event: &Event) -> Option<String> {
    let (actor, ..) = event.for_another()?;
    Some(text.t2("change-who", "who", &actor.name, "role", &actor.office))
}

/// What was sent.
struct Sent {
    actor: ActorDraft,
    event: String,
    seen: String,
    level: String,
}

impl Sent {
    fn of(form: &super::request::Posted) -> Self {
        let get = |name: &str| form.get(name).trim().to_owned();
        Sent {
            actor: ActorDraft {
                name: get("name"),
                office: get("office"),
                person: get("person"),
                happened: get("happened"),
            },
            event: get("event"),
            seen: get("seen"),
            level: get("level"),
        }
    }

    /// The form as it was typed, with what is wrong.
    fn again(
        &self,
        desk: &Desk,
        detail: &RecordDetail,
        mut form: PaperForm,
        error: &ServiceError,
    ) -> PaperForm {
        let text = desk.text;
        form.name = Field::new(&self.actor.name);
        form.office = Field::new(&self.actor.office);
        form.happened = Field::new(&self.actor.happened);
        form.levels
            .iter_mut()
            .for_each(|choice| choice.chosen = choice.value == self.level);
        let ServiceError::Field { field, words } = error else {
            form.error = Some(answer::tell(&text, error));
            return form;
        };
        if words == SEVERAL {
            let known = desk.node.known_people(&detail.space).into_iter();
            let called = known.filter(|one| one.is_called(&self.actor.name));
            form.persons = called
                .map(|one| Choice {
                    value: one.person.to_string(),
                    label: one.office,
                    chosen: false,
                })
                .collect();
        }
        let told = match text.lang {
            Lang::Zh => words::field_words(words),
            Lang::En => words.clone(),
        };
        match field.as_str() {
            "office" => form.office.error = Some(told),
            "happened" => form.happened.error = Some(told),
            "level" => form.level = Some(told),
            _ => form.name.error = Some(told),
        }
        form
    }
}

fn scan(files: Result<Vec<Received>, ServiceError>) -> Result<Received, ServiceError> {
    let one = files?.into_iter().next();
    one.ok_or_else(|| AttachmentError::Empty.into())
}

async fn confirm(State(state): State<WebState>, Path(id): Path<String>, filed: Filed) -> Response {
    let Filed { who, form, files } = filed;
    let sent = Sent::of(&form);
    let draft = ConfirmForDraft {
        actor: sent.actor.clone(),
        event: sent.event.clone(),
        seen: sent.seen.clone(),
    };
    let done = deed(
        &state,
        &who,
        &id,
        files,
        move |node, author, record, scan, runtime| {
            runtime.block_on(node.confirm_for(author, record, draft, scan))
        },
    );
    let said = who.visitor.text.t("paper-confirm-done");
    let back = format!("/records/{id}");
    let error = match onward(&state, &who, done.await, said, &back).await {
        Ok(response) => return response,
        Err(error) => error,
    };
    let mut who = who;
    who.visitor.here = match sent.event.as_str() {
        "" => back,
        event => format!("{back}?event={event}"),
    };
    show_as(StatusCode::UNPROCESSABLE_ENTITY, state, who, move |desk| {
        let record = parse_record(&id)?;
        let detail = record_view::detail(&desk.node, &record)?;
        let event = Hash::parse(&sent.event);
        let form = confirmation(desk, &detail, event.as_ref()).unwrap_or_default();
        let opened = Opened {
            event,
            paper: Some(sent.again(desk, &detail, form, &error)),
            ..Opened::default()
        };
        record_view::page(desk, &record, opened)
    })
    .await
}

async fn sign_in(State(state): State<WebState>, Path(id): Path<String>, filed: Filed) -> Response {
    let Filed { who, form, files } = filed;
    let sent = Sent::of(&form);
    let draft = SignInForDraft {
        actor: sent.actor.clone(),
        level: sent.level.clone(),
    };
    let done = deed(
        &state,
        &who,
        &id,
        files,
        move |node, author, record, scan, runtime| {
            runtime.block_on(node.sign_in_for(author, record, draft, scan))
        },
    );
    let said = who.visitor.text.t("paper-sign-in-done");
    let back = format!("/activities/{id}");
    let error = match onward(&state, &who, done.await, said, &back).await {
        Ok(response) => return response,
        Err(error) => error,
    };
    let mut who = who;
    who.visitor.here = back;
    show_as(StatusCode::UNPROCESSABLE_ENTITY, state, who, move |desk| {
        let record = parse_record(&id)?;
        let detail = record_view::detail(&desk.node, &record)?;
        let form = presence(desk, &detail).unwrap_or_default();
        let typed = sent.again(desk, &detail, form, &error);
        let mut page = activity_view::page(desk, &record, None, None)?;
        page.paper = Some(typed);
        Ok(page)
    })
    .await
}

async fn deed<F>(
    state: &WebState,
    who: &Signed,
    id: &str,
    files: Result<Vec<Received>, ServiceError>,
    deed: F,
) -> Result<(), ServiceError>
where
    F: FnOnce(&Node, &Author, &RecordId, &Received, &tokio::runtime::Handle) -> Result<Written, ServiceError>
        + Send
        + 'static,
{
    let (record, scan) = (parse_record(id)?, scan(files)?);
    let (node, author) = (state.node.clone(), who.session.author.clone());
    let (watch, runtime) = (live::Watch::new(state), tokio::runtime::Handle::current());
    answer::work(move || {
        // A record that has no page takes nothing either.
        record_view::detail(&node, &record)?;
        deed(&node, &author, &record, &scan, &runtime)
    })
    .await?;
    watch.until_shown(&record).await;
    Ok(())
}

/// The way on from a deed, or what is told on its page beside what was typed.
async fn onward(
    state: &WebState,
    who: &Signed,
    done: Result<(), ServiceError>,
    said: String,
    back: &str,
) -> Result<Response, ServiceError> {
    let text = who.visitor.text;
    let say = match done {
        Ok(()) => said,
        Err(ServiceError::Ineffective(Ineffective::Once)) => text.t("paper-once"),
        Err(error) if error.is_callers() && !matches!(error, ServiceError::UnknownRecord(_)) => {
            return Err(error);
        }
        Err(error) => {
            let fault = Fault::Service(error);
            return Ok(answer::refuse(state.clone(), who.visitor.clone(), fault).await);
        }
    };
    who.session.say(Notice {
        tone: Tone::Good,
        say,
        link: None,
    });
    Ok(answer::onward(back))
}
