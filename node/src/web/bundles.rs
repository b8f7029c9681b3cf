//! Evidence bundles of more than one record: a case, a deputy's year, a station's quarter.

use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;

use super::answer::{self, Desk, Fault, Page, show_as};
use super::page::{BundleForm, Choice};
use super::request::Signed;
use super::{WebState, deputies, say, visits};
use crate::services::query::RecordDetail;
use crate::services::select::{Selection, citations};
use crate::services::{Node, ServiceError};

/// Years that are offered.
const YEARS: i16 = 5;
/// Quarters that are offered.
const QUARTERS: i16 = 8;

pub(super) fn router() -> Router<WebState> {
    Router::new()
        .route("/deputies/bundle", get(deputy))
        .route("/visits/bundle", get(station))
}

/// The bundle of a selection, as a file.
pub(super) fn make(node: &Node, selection: &Selection) -> Result<Response, ServiceError> {
    let ids = node.select(selection, &mut |_| ())?;
    let bytes = node.bundle(&ids)?;
    let name = format!("{}.tar", selection.file_name());
    Ok(answer::file(&name, "application/x-tar", bytes))
}

/// Where a record is downloaded with what it cites, if any of that is here.
pub(super) fn case(node: &Node, detail: &RecordDetail) -> Option<String> {
    let mut cited = citations(&node.registry(), &detail.state).into_iter();
    let here = cited.any(|id| node.is_shown(&id).unwrap_or_default());
    here.then(|| format!("/records/{}/bundle?cited=true", detail.id))
}

/// The years to choose from, the present one first.
pub(super) fn years(chosen: &str) -> Vec<Choice> {
    let year = say::now().year();
    (0..YEARS)
        .map(|back| {
            let value = (year - back).to_string();
            Choice {
                chosen: value == chosen,
                label: value.clone(),
                value,
            }
        })
        .collect()
}

/// The quarters to choose from, the present one first.
pub(super) fn quarters(desk: &Desk, chosen: &str) -> Vec<Choice> {
    let now = say::now();
    let present = now.year() * 4 + i16::from(now.month() - 1) / 3;
    (0..QUARTERS)
        .map(|back| {
            let (year, quarter) = ((present - back) / 4, (present - back) % 4 + 1);
            let value = format!("{year}Q{quarter}");
            let label = desk
                .text
                .t2("bundle-quarter", "year", year.to_string(), "quarter", quarter);
            Choice {
                chosen: value == chosen,
                label,
                value,
            }
        })
        .collect()
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct DeputyYear {
    deputy: String,
    year: String,
}

async fn deputy(State(state): State<WebState>, who: Signed, Query(asked): Query<DeputyYear>) -> Response {
    let selection = Selection::Deputy {
        deputy: asked.deputy.clone(),
        // What is no year is refused as such.
        year: asked.year.trim().parse().unwrap_or_default(),
    };
    send(state, who, "/deputies", selection, move |desk, error| {
        let mut page = deputies::page(desk, &deputies::Filters::default())?;
        let form = page.bundle.take();
        page.bundle = Some(refused(desk, form, &asked.deputy, &asked.year, error)?);
        Ok(page)
    })
    .await
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct StationQuarter {
    station: String,
    quarter: String,
}

async fn station(
    State(state): State<WebState>,
    who: Signed,
    Query(asked): Query<StationQuarter>,
) -> Response {
    let selection = Selection::Station {
        station: asked.station.clone(),
        quarter: asked.quarter.clone(),
    };
    send(state, who, "/visits", selection, move |desk, error| {
        let mut page = visits::page(desk, &visits::Filters::default())?;
        let form = page.bundle.take();
        page.bundle = Some(refused(desk, form, &asked.station, &asked.quarter, error)?);
        Ok(page)
    })
    .await
}

/// Answers with the bundle, or with the page at `here` on which the form says what is wrong.
async fn send<P: Page>(
    state: WebState,
    mut who: Signed,
    here: &str,
    selection: Selection,
    page: impl FnOnce(&Desk, ServiceError) -> Result<P, Fault> + Send + 'static,
) -> Response {
    let node = state.node.clone();
    match answer::work(move || make(&node, &selection)).await {
        Ok(file) => file.into_response(),
        Err(error) if error.is_callers() => {
            who.visitor.here = here.to_owned();
            show_as(StatusCode::UNPROCESSABLE_ENTITY, state, who, move |desk| {
                page(desk, error)
            })
            .await
        }
        Err(error) => answer::refuse(state, who.visitor, Fault::Service(error)).await,
    }
}

/// The form as it was chosen, with why it was refused. A page that offers none is refused as a whole.
fn refused(
    desk: &Desk,
    form: Option<BundleForm>,
    whom: &str,
    when: &str,
    error: ServiceError,
) -> Result<BundleForm, Fault> {
    let Some(mut form) = form else {
        return Err(Fault::Service(error));
    };
    for choice in &mut form.whom {
        choice.chosen = choice.value == whom;
    }
    for choice in &mut form.when {
        choice.chosen = choice.value == when;
    }
    form.error = Some(answer::tell(&desk.text, &error));
    Ok(form)
}
