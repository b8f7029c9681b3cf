//! A record of any ledger: what it says, who may do what now, its history and its proof.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jiff::civil::Date;
use lianzhan_protocol::id::{ChangeId, Hash, RecordId};
use lianzhan_protocol::record::{Put, Value};
use serde::Deserialize;

use super::answer::{self, Fault, Page, show, show_as};
use super::i18n::Lang;
use super::page::{AttachmentsPart, Field, Notice, RecordPage, TimelinePart, Tone, VisitAct};
use super::record_view::{Opened, detail, page};
use super::request::{Deed, Posted, Signed};
use super::{WebState, bundles, live, visit_form};
use crate::services::access::{Purpose, Reason, Way};
use crate::services::query::RecordDetail;
use crate::services::select::Selection;
use crate::services::{Draft, ServiceError, desk, parse_record};

pub(super) fn router() -> Router<WebState> {
    Router::new()
        .route("/records/{id}", get(record).post(act))
        .route("/records/{id}/open", post(open))
        .route("/records/{id}/bundle", get(bundle))
}

impl Page for RecordPage {
    fn part(&self, id: &str) -> Option<askama::Result<String>> {
        use askama::Template;
        if id == "attachments" {
            return Some(
                AttachmentsPart {
                    text: self.text,
                    attachments: &self.attachments,
                }
                .render(),
            );
        }
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
    event: Option<String>,
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
        let opened = Opened {
            proof: shown.change(),
            event: shown.event.as_deref().and_then(Hash::parse),
            ..Opened::default()
        };
        page(desk, &parse_record(&id)?, opened)
    })
    .await
}

/// The triage and the day of the answer, as typed.
fn read_act(text: super::i18n::Text, form: &Posted) -> Result<[(&'static str, Value); 2], Field> {
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
            error: Some(text.t("visit-told-wrong")),
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
    let registry = state.node.registry();
    let written = write(&state, &who, record, move |detail| {
        // What the person saw and left as it was is no change, also if somebody else has changed it meanwhile.
        let before = desk::as_seen(&registry, detail, &seen);
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
        let opened = Opened {
            triage: Some(typed),
            ..Opened::default()
        };
        page(desk, &parse_record(&id)?, opened)
    })
    .await
}

/// Opens the personal parts of a record to this session, once what for is noted.
async fn open(State(state): State<WebState>, Path(id): Path<String>, deed: Deed) -> Response {
    let Deed { who, form } = deed;
    let reason = Reason {
        purpose: Purpose::parse(form.get("purpose"))
            .filter(|purpose| *purpose != Purpose::Typing)
            .unwrap_or(Purpose::Other),
        words: form.get("words").to_owned(),
    };
    let (node, author) = (state.node.clone(), who.session.author.clone());
    let runtime = tokio::runtime::Handle::current();
    let noted = answer::work(move || {
        let record = parse_record(&id)?;
        detail(&node, &record)?;
        let noted = runtime.block_on(node.note_access(&author, &[record], Way::Open, &reason));
        Ok((record, noted))
    });
    let text = who.visitor.text;
    match noted.await {
        Ok((record, Ok(()))) => {
            who.session.open(record);
            answer::onward(&format!("/records/{record}"))
        }
        Ok((record, Err(error))) if error.is_callers() => {
            who.session.say(Notice {
                tone: Tone::Late,
                say: match (&error, text.lang) {
                    (ServiceError::Field { words, .. }, Lang::Zh) => crate::words::field_words(words),
                    (ServiceError::Field { words, .. }, Lang::En) => words.clone(),
                    (error, _) => answer::tell(&text, error),
                },
                link: None,
            });
            answer::onward(&format!("/records/{record}"))
        }
        Ok((_, Err(error))) | Err(error) => answer::refuse(state, who.visitor, Fault::Service(error)).await,
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
            begins: None,
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

#[derive(Deserialize)]
struct With {
    /// Whether what the record cites is wanted, too.
    #[serde(default)]
    cited: bool,
}

async fn bundle(
    State(state): State<WebState>,
    who: Signed,
    Path(id): Path<String>,
    Query(with): Query<With>,
) -> Response {
    let node = state.node.clone();
    let made = answer::work(move || {
        let record = parse_record(&id)?;
        detail(&node, &record)?;
        bundles::make(
            &node,
            &if with.cited {
                Selection::Case { case: record }
            } else {
                Selection::Records {
                    records: vec![record],
                }
            },
        )
    });
    match made.await {
        Ok(file) => file.into_response(),
        Err(error) => answer::refuse(state, who.visitor, Fault::Service(error)).await,
    }
}
