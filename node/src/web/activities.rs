//! Activities: the list, calling a joint one, and what its people do there: sign in, write lines, seal.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use lianzhan_protocol::id::{ChangeId, RecordId};
use lianzhan_protocol::record::Put;
use serde::Deserialize;

use super::activity_form::{again, fresh, input_of, own_joint_spaces, read};
use super::activity_view;
use super::answer::{self, Desk, Fault, Page, show, show_as};
use super::page::{
    ActivitiesPage, ActivityForm, ActivityPage, ActivityRow, AttachmentsPart, Field, LineForm, LogPart,
    Notice, ParticipantsPart, SealsPart, Section, Suspects, Tag, Tone,
};
use super::records::Shown;
use super::request::{Deed, Posted, Signed, escape};
use super::visits::{mark, pager};
use super::{WebState, live, say, suspicions};
use crate::services::activity::LEDGER;
use crate::services::desk::{self, RowState};
use crate::services::ledger::FieldFault;
use crate::services::{Node, ServiceError, Written, parse_record};
use crate::services::{RecordRow, RowFilter};
use crate::{views, words};

/// Rows of a page.
const PAGE: u64 = 30;

pub(super) fn router() -> Router<WebState> {
    Router::new()
        .route("/activities", get(list).post(call))
        .route("/activities/{id}", get(activity))
        .route("/activities/{id}/lines", post(line))
        .route("/activities/{id}/sign-in", post(sign_in))
        .route("/activities/{id}/seal", post(seal))
        .route("/activities/{id}/bundle", get(bundle))
}

impl Page for ActivitiesPage {}

impl Page for ActivityPage {
    fn part(&self, id: &str) -> Option<askama::Result<String>> {
        use askama::Template;
        let text = self.text;
        match id {
            "log" => Some(LogPart { text, log: &self.log }.render()),
            "attachments" => Some(
                AttachmentsPart {
                    text,
                    attachments: &self.attachments,
                }
                .render(),
            ),
            "seals" => Some(
                SealsPart {
                    text,
                    seals: &self.seals,
                }
                .render(),
            ),
            "participants" => Some(
                ParticipantsPart {
                    text,
                    participants: &self.participants,
                }
                .render(),
            ),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Filters {
    q: String,
    kind: String,
    page: u64,
}

impl Filters {
    fn link(&self, page: u64) -> String {
        format!(
            "/activities?q={}&kind={}&page={page}",
            escape(&self.q),
            escape(&self.kind)
        )
    }
}

async fn list(State(state): State<WebState>, who: Signed, Query(filters): Query<Filters>) -> Response {
    show(state, who, move |desk| list_page(desk, &filters, None)).await
}

fn list_page(desk: &Desk, filters: &Filters, typed: Option<ActivityForm>) -> Result<ActivitiesPage, Fault> {
    let text = desk.text;
    let number = filters.page.clamp(1, 1_000_000);
    let mut filter = RowFilter {
        matches: views::query_expression(&filters.q),
        offset: (number - 1) * PAGE,
        limit: PAGE,
        ..RowFilter::default()
    };
    if !filters.kind.is_empty() {
        filter.equals.push(("kind".into(), filters.kind.clone()));
    }
    let (rows, total) = desk.node.rows(LEDGER, &filter)?;
    let spaces = own_joint_spaces(desk);
    let form = match typed {
        Some(typed) => Some(typed),
        None if spaces.is_empty() => None,
        None => Some(fresh(desk, &spaces)),
    };
    let kinds = say::options(&text, LEDGER, "kind", &filters.kind);
    Ok(ActivitiesPage {
        text,
        shell: desk.shell(Section::Activities)?,
        q: filters.q.clone(),
        kinds: say::with_empty(text.t("filter-all"), kinds),
        rows: rows
            .iter()
            .map(|row| self::row(desk, row))
            .collect::<Result<_, _>>()?,
        filtered: !(filters.q.trim().is_empty() && filters.kind.is_empty()),
        unsealed: desk.node.unsealed_activities()?,
        pager: pager(number, PAGE, total, rows.len() as u64, |page| filters.link(page)),
        form,
    })
}

fn row(desk: &Desk, row: &RecordRow) -> Result<ActivityRow, ServiceError> {
    let text = desk.text;
    let state = RowState::of(row);
    let space = desk.directory.joint_space(&row.space);
    let present = state.signed_in().count() as u64;
    let expected = activity_view::names(state.text("participants_names")).count() as u64;
    let tag = match space {
        None => Tag {
            label: text.t("seal-none-needed"),
            tone: Tone::Mute,
        },
        Some(_) => {
            let activity = desk.node.activity(&row.record)?.activity;
            let awaited = activity
                .required
                .iter()
                .filter(|level| !activity.seals.iter().any(|seal| seal.level == **level));
            match (activity.sealed, awaited.count()) {
                (true, _) => Tag {
                    label: text.t("seals-full"),
                    tone: Tone::Good,
                },
                (false, 0) => Tag {
                    label: text.t("seals-unequal"),
                    tone: Tone::Split,
                },
                (false, awaited) => Tag {
                    label: text.n("seals-awaited", awaited),
                    tone: Tone::Soon,
                },
            }
        }
    };
    let orgs = match space {
        Some(space) => say::audience(&text, &desk.directory, space),
        None => say::owner(&text, &desk.directory, &row.owner, &row.space),
    };
    let from = say::parse(state.text("from")).map(|at| say::day(&text, at.date()));
    Ok(ActivityRow {
        href: format!("/activities/{}", row.record),
        day: from.unwrap_or_default(),
        topic: row.title.clone(),
        kind: say::option_of(&text, LEDGER, "kind", state.text("kind")),
        orgs,
        joint: space.is_some(),
        present,
        expected: expected.max(present),
        state: tag,
        mark: mark(row, &state, "/activities"),
    })
}

async fn call(State(state): State<WebState>, deed: Deed) -> Response {
    let Deed { who, form } = deed;
    let (fields, wrong) = read(who.visitor.text, &form);
    if !wrong.is_empty() {
        let whole = who.visitor.text.n("activity-form-wrong", wrong.len());
        return call_again(state, who, form, wrong, Vec::new(), Some(whole)).await;
    }
    let chosen = form.get("space").to_owned();
    let words: Vec<(String, String)> = fields
        .iter()
        .filter_map(|(name, value)| Some((format!("f:{name}"), value.as_text()?.to_owned())))
        .collect();
    let words = words.iter().map(|(key, words)| (key.as_str(), words.as_str()));
    let cleared = suspicions::cleared(&suspicions::notes(&form), words);
    let (node, author) = (state.node.clone(), who.session.author.clone());
    let watch = live::Watch::new(&state);
    let done = answer::once(&who.session, form.get("once"), async move {
        let runtime = tokio::runtime::Handle::current();
        let Written { record, .. } = answer::work(move || {
            let directory = node.directory();
            let space = directory
                .joint_spaces()
                .find(|space| space.owner == node.org_id() && space.id().to_string() == chosen)
                .ok_or_else(|| ServiceError::Bad("choose who acts together".into()))?;
            runtime.block_on(node.call_cleared(&author, space, fields, &cleared))
        })
        .await?;
        watch.until_shown(&record).await;
        Ok(format!("/activities/{record}"))
    });
    match done.await {
        Ok(onward) => answer::onward(&onward),
        Err(ServiceError::Fields(faults)) => {
            let text = who.visitor.text;
            let say = |fault: &FieldFault| match text.lang {
                super::i18n::Lang::Zh => fault.zh.clone(),
                super::i18n::Lang::En => fault.en.clone(),
            };
            let wrong: Vec<_> = faults.iter().map(|fault| (input_of(fault), say(fault))).collect();
            let whole = text.n("activity-form-wrong", wrong.len());
            call_again(state, who, form, wrong, faults, Some(whole)).await
        }
        Err(error) if error.is_callers() => {
            let whole = answer::tell(&who.visitor.text, &error);
            call_again(state, who, form, Vec::new(), Vec::new(), Some(whole)).await
        }
        Err(error) => answer::refuse(state, who.visitor, Fault::Service(error)).await,
    }
}

async fn call_again(
    state: WebState,
    mut who: Signed,
    form: Posted,
    wrong: Vec<(&'static str, String)>,
    faults: Vec<FieldFault>,
    whole: Option<String>,
) -> Response {
    who.visitor.here = "/activities".into();
    show_as(StatusCode::UNPROCESSABLE_ENTITY, state, who, move |desk| {
        let typed = again(desk, &form, &wrong, &faults, whole);
        list_page(desk, &Filters::default(), Some(typed))
    })
    .await
}

async fn activity(
    State(state): State<WebState>,
    who: Signed,
    Path(id): Path<String>,
    Query(shown): Query<Shown>,
) -> Response {
    show(state, who, move |desk| {
        Ok(activity_view::page(
            desk,
            &parse_record(&id)?,
            shown.change(),
            None,
        )?)
    })
    .await
}

/// Does something at an activity, then shows it.
async fn at<F>(state: &WebState, who: &Signed, id: &str, token: &str, deed: F) -> Result<String, ServiceError>
where
    F: FnOnce(
            &Node,
            &crate::services::Author,
            &RecordId,
            &tokio::runtime::Handle,
        ) -> Result<Written, ServiceError>
        + Send
        + 'static,
{
    let record = parse_record(id)?;
    let (node, author) = (state.node.clone(), who.session.author.clone());
    let (watch, runtime) = (live::Watch::new(state), tokio::runtime::Handle::current());
    answer::once(&who.session, token, async move {
        answer::work(move || deed(&node, &author, &record, &runtime)).await?;
        watch.until_shown(&record).await;
        Ok(format!("/activities/{record}"))
    })
    .await
}

async fn line(State(state): State<WebState>, Path(id): Path<String>, deed: Deed) -> Response {
    let Deed { who, form } = deed;
    let said = form.get("text").trim().to_owned();
    let notes = suspicions::notes(&form);
    let note = suspicions::cleared(&notes, [(Put::EVENT, said.as_str())]).remove(Put::EVENT);
    let done = at(
        &state,
        &who,
        &id,
        form.get("once"),
        move |node, author, record, runtime| {
            let note = note.as_deref().unwrap_or_default();
            runtime.block_on(node.write_cleared_line(author, record, &said, note))
        },
    );
    let error = match done.await {
        Ok(onward) => return answer::onward(&onward),
        Err(error) if error.is_callers() && !matches!(error, ServiceError::UnknownRecord(_)) => error,
        Err(error) => return answer::refuse(state, who.visitor, Fault::Service(error)).await,
    };
    let text = who.visitor.text;
    let say = match &error {
        ServiceError::Field { words, .. } if text.lang == super::i18n::Lang::Zh => words::field_words(words),
        ServiceError::Field { words, .. } => words.clone(),
        ServiceError::Fields(faults) => {
            let says = faults.iter().map(|fault| match text.lang {
                super::i18n::Lang::Zh => fault.zh.clone(),
                super::i18n::Lang::En => fault.en.clone(),
            });
            says.collect::<Vec<_>>().join(" ")
        }
        error => answer::tell(&text, error),
    };
    let typed = LineForm {
        once: form.get("once").to_owned(),
        text: Field {
            value: form.get("text").to_owned(),
            error: Some(say),
        },
        suspects: match &error {
            ServiceError::Fields(faults) => suspicions::shown(&text, faults, &notes, |_| "text".into()),
            _ => Suspects::default(),
        },
    };
    let mut who = who;
    who.visitor.here = format!("/activities/{id}");
    show_as(StatusCode::UNPROCESSABLE_ENTITY, state, who, move |desk| {
        Ok(activity_view::page(desk, &parse_record(&id)?, None, Some(typed))?)
    })
    .await
}

async fn sign_in(State(state): State<WebState>, Path(id): Path<String>, deed: Deed) -> Response {
    let who = deed.who;
    let done = at(&state, &who, &id, "", |node, author, record, runtime| {
        runtime.block_on(node.sign_in_at(author, record))
    });
    let said = who.visitor.text.t("sign-in-done");
    after(done.await, state, who, &id, said).await
}

async fn seal(State(state): State<WebState>, Path(id): Path<String>, deed: Deed) -> Response {
    let Deed { who, form } = deed;
    let seen: Vec<ChangeId> = form.get("heads").split(' ').filter_map(ChangeId::parse).collect();
    let kept = state.node.clone();
    // Nobody seals what they have not seen: if a line came meanwhile, the page shows it first.
    let moved = answer::work({
        let id = id.clone();
        move || {
            Ok(!desk::seals_what_was_seen(
                &kept.activity(&parse_record(&id)?)?,
                &seen,
            ))
        }
    });
    match moved.await {
        Ok(true) => {
            let say = who.visitor.text.t("seal-moved");
            who.session.say(Notice {
                tone: Tone::Soon,
                say,
                link: None,
            });
            return answer::onward(&format!("/activities/{id}"));
        }
        Ok(false) => {}
        Err(error) => return answer::refuse(state, who.visitor, Fault::Service(error)).await,
    }
    let done = at(&state, &who, &id, "", |node, author, record, runtime| {
        runtime.block_on(node.seal(author, record))
    });
    let said = who.visitor.text.t("seal-done");
    after(done.await, state, who, &id, said).await
}

/// Leads back to the activity. Who pressed twice did it once: that it is done already is no fault.
async fn after(
    done: Result<String, ServiceError>,
    state: WebState,
    who: Signed,
    id: &str,
    said: String,
) -> Response {
    use lianzhan_protocol::record::Ineffective;
    match done {
        Ok(onward) => {
            who.session.say(Notice {
                tone: Tone::Good,
                say: said,
                link: None,
            });
            answer::onward(&onward)
        }
        Err(ServiceError::Ineffective(Ineffective::Once)) => answer::onward(&format!("/activities/{id}")),
        Err(error) => answer::refuse(state, who.visitor, Fault::Service(error)).await,
    }
}

/// The bundle is that of the record.
async fn bundle(_: Signed, Path(id): Path<String>) -> Response {
    match parse_record(&id) {
        Ok(record) => Redirect::to(&format!("/records/{record}/bundle")).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}
