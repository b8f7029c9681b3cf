//! What is to be done today, and registering a visit.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use lianzhan_protocol::trust::Level;

use super::answer::{self, Desk, Fault, Page, show, show_as};
use super::filed::Filed;
use super::page::{Due, HomePage, Link, Notice, Section, Todo, Tone, VisitForm, VisitTable};
use super::request::Signed;
use super::visit_form::{self, Typed};
use super::{WebState, live, office_news, say, visits};
use crate::services::RowFilter;
use crate::services::attachment::Received;
use crate::services::desk::{OpenVisit, RowState};
use crate::services::visit::LEDGER;
use crate::services::{ServiceError, Written};

/// Things to do that are listed.
const TODO: u64 = 8;
/// Visits of today that are listed.
const TODAY: u64 = 100;

pub(super) fn router() -> Router<WebState> {
    Router::new()
        .route("/", get(home))
        .route("/visits", post(register))
}

impl Page for HomePage {
    fn part(&self, id: &str) -> Option<askama::Result<String>> {
        self.part(id)
    }
}

async fn home(State(state): State<WebState>, who: Signed) -> Response {
    show(state, who, |desk| page(desk, None)).await
}

fn page(desk: &Desk, form: Option<VisitForm>) -> Result<HomePage, Fault> {
    let text = desk.text;
    let now = say::now();
    let own = desk.node.org_id();
    let form = match form {
        Some(form) => Some(form),
        None if visit_form::may_register(desk) => Some(visit_form::fresh(desk)?),
        None => None,
    };
    // A station sees to its own; above it one looks after all.
    let station = desk.node.org()?.level == Level::Station;
    let (open_visits, open) = desk.node.open_visits(station.then_some(own), TODO)?;
    let filter = RowFilter {
        since: Some(now.date().to_string()),
        limit: TODAY,
        ..RowFilter::default()
    };
    let (rows, _) = desk.node.rows(LEDGER, &filter)?;
    let stations = rows.iter().any(|row| row.owner != own);
    let weekday = now.date().weekday().to_monday_one_offset();
    Ok(HomePage {
        text,
        shell: desk.shell(Section::Today)?,
        today: text.day_and_weekday(now.month(), now.day(), weekday),
        news: office_news::notices(desk)?,
        typing: super::ledger::typing_rows(desk, None)?,
        open,
        form,
        todo: open_visits
            .iter()
            .map(|visit| todo(desk, visit, station))
            .collect(),
        table: VisitTable {
            rows: rows.iter().map(|row| visits::row(desk, row)).collect(),
            stations,
            filtered: false,
        },
    })
}

fn todo(desk: &Desk, visit: &OpenVisit, station: bool) -> Todo {
    let text = desk.text;
    let state = RowState::of(&visit.row);
    let what = match (state.text("triage"), visit.tell_by) {
        ("", _) => text.t("todo-triage"),
        (_, Some(_)) => text.t("todo-tell-petition"),
        (triage, None) => text.t1(
            "todo-tell",
            "triage",
            say::option_of(&text, LEDGER, "triage", triage),
        ),
    };
    let row = &visit.row;
    let owner = (!station).then(|| say::owner(&text, &desk.directory, &row.owner, &row.space));
    let day = say::stated_line(&text, visit.row.happened.get(..10).unwrap_or_default());
    let left = |day| {
        say::now()
            .date()
            .until(day)
            .map_or(0, |span| i64::from(span.get_days()))
    };
    Todo {
        title: visit.row.title.clone(),
        href: format!("/records/{}", visit.row.record),
        // Apart by a wide space, which does not collapse.
        what: [owner, Some(day), Some(what)]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join("\u{2003}"),
        due: visit.tell_by.map(|day| Due::in_days(left(day))),
    }
}

async fn register(State(state): State<WebState>, filed: Filed) -> Response {
    let Filed { who, form, files } = filed;
    let text = who.visitor.text;
    let (mut typed, draft) = Typed::read(text, form);
    let Some(mut draft) = draft else {
        return back(state, who, typed).await;
    };
    match files {
        Ok(files) => draft
            .subject
            .extend(files.iter().filter_map(Received::personal_field)),
        Err(error) => {
            typed.refused(&error);
            return back(state, who, typed).await;
        }
    }
    let (node, session) = (state.node.clone(), who.session.clone());
    let watch = live::Watch::new(&state);
    let cleared = typed.cleared();
    let done = answer::once(&who.session, typed.token(), async move {
        let author = session.author.clone();
        let runtime = tokio::runtime::Handle::current();
        let (record, number) = answer::work(move || {
            let Written { record, .. } = runtime.block_on(node.register_cleared(&author, draft, &cleared))?;
            Ok((record, node.state(&record)?.1.text("reg_no").to_owned()))
        })
        .await?;
        watch.until_shown(&record).await;
        // Who typed it just now need not say what for.
        session.open(record);
        session.say(Notice {
            tone: Tone::Good,
            say: text.t1("visit-done", "number", number),
            link: Some(Link {
                href: format!("/records/{record}"),
                label: text.t("visit-look"),
            }),
        });
        Ok("/".to_owned())
    });
    match done.await {
        Ok(onward) => answer::onward(&onward),
        Err(error) if error.is_callers() || error.halted().is_some() => {
            typed.refused(&error);
            back(state, who, typed).await
        }
        Err(error) => answer::refuse(state, who.visitor, Fault::Service(error)).await,
    }
}

async fn back(state: WebState, mut who: Signed, typed: Typed) -> Response {
    // The form stands on the home page; its switches lead back there.
    who.visitor.here = "/".into();
    show_as(StatusCode::UNPROCESSABLE_ENTITY, state, who, move |desk| {
        if !visit_form::may_register(desk) {
            return Err(Fault::Service(ServiceError::NotAllowed(
                desk.text.t("visit-not-yours"),
            )));
        }
        page(desk, Some(visit_form::again(desk, &typed)?))
    })
    .await
}
