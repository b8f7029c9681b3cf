//! The roster of deputies.

use std::collections::{BTreeMap, BTreeSet};

use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use lianzhan_protocol::trust::{Purpose, Role, SignedStatement};
use serde::Deserialize;

use super::answer::{Desk, Fault, Page, show};
use super::page::{BundleForm, Choice, DeputiesPage, DeputyRow, Section};
use super::request::{Signed, escape};
use super::visits::pager;
use super::{WebState, bundles, say};
use crate::services::desk::RowState;
use crate::services::{RecordRow, RowFilter};
use crate::services::{ServiceError, activity};

const LEDGER: &str = "deputy_roster";
/// Rows of a page.
const PAGE: u64 = 50;
/// Deputies that are looked through, and activities of a year that are counted.
const LOOKED: u64 = 10_000;

pub(super) fn router() -> Router<WebState> {
    Router::new().route("/deputies", get(list))
}

impl Page for DeputiesPage {}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Filters {
    q: String,
    level: String,
    station: String,
    page: u64,
}

async fn list(State(state): State<WebState>, who: Signed, Query(filters): Query<Filters>) -> Response {
    show(state, who, move |desk| page(desk, &filters)).await
}

pub(super) fn page(desk: &Desk, filters: &Filters) -> Result<DeputiesPage, Fault> {
    let text = desk.text;
    let number = filters.page.clamp(1, 1_000_000);
    let all = RowFilter {
        limit: LOOKED,
        ..RowFilter::default()
    };
    let (rows, _) = desk.node.search(LEDGER, &filters.q, all)?;
    let mut rows: Vec<(RecordRow, RowState)> = rows
        .into_iter()
        .map(|row| (RowState::of(&row), row))
        .map(|(state, row)| (row, state))
        .collect();
    rows.sort_by(|a, b| (&a.0.title, a.0.record).cmp(&(&b.0.title, b.0.record)));
    let names: BTreeSet<String> = rows
        .iter()
        .map(|(_, state)| state.text("home_station_name").to_owned())
        .collect();
    rows.retain(|(_, state)| {
        (filters.level.is_empty() || state.members("seats/level").any(|level| level == filters.level))
            && (filters.station.is_empty() || state.text("home_station_name") == filters.station)
    });
    let sites: BTreeSet<&str> = rows
        .iter()
        .map(|(_, state)| state.text("home_station_name"))
        .filter(|name| !name.is_empty())
        .collect();
    let (total, sites) = (rows.len() as u64, sites.len() as u64);
    let (keys, present) = (keys(desk), present(desk)?);
    let passed = usize::try_from((number - 1) * PAGE).unwrap_or(usize::MAX);
    let shown = rows
        .iter()
        .skip(passed)
        .take(usize::try_from(PAGE).unwrap_or(usize::MAX));
    let shown: Vec<DeputyRow> = shown
        .map(|(row, state)| deputy(desk, row, state, &keys, &present))
        .collect();
    let stations = names
        .into_iter()
        .filter(|name| !name.is_empty())
        .map(|name| Choice {
            chosen: name == filters.station,
            label: name.clone(),
            value: name,
        });
    let stations: Vec<Choice> = stations.collect();
    let link = |page: u64| {
        let (q, level, station) = (
            escape(&filters.q),
            escape(&filters.level),
            escape(&filters.station),
        );
        format!("/deputies?q={q}&level={level}&station={station}&page={page}")
    };
    let filled = [&filters.q, &filters.level, &filters.station];
    Ok(DeputiesPage {
        text,
        shell: desk.shell(Section::Deputies)?,
        q: filters.q.clone(),
        levels: say::with_empty(
            text.t("filter-all"),
            say::options(&text, LEDGER, "seats/level", &filters.level),
        ),
        stations: if stations.len() > 1 || !filters.station.is_empty() {
            say::with_empty(text.t("filter-all"), stations)
        } else {
            Vec::new()
        },
        pager: pager(number, PAGE, total, shown.len() as u64, link),
        bundle: bundle(&shown),
        rows: shown,
        new: lianzhan_protocol::record::ledger::ledger(LEDGER)
            .filter(|ledger| desk.node.may_enter(desk.author(), ledger))
            .map(|_| format!("/ledgers/{LEDGER}/new")),
        filtered: filled.iter().any(|filter| !filter.trim().is_empty()),
        sites,
    })
}

/// The form that downloads the year of one of these.
fn bundle(shown: &[DeputyRow]) -> Option<BundleForm> {
    let whom = shown.iter().map(|row| Choice {
        value: row.href.rsplit('/').next().unwrap_or_default().to_owned(),
        label: row.name.clone(),
        chosen: false,
    });
    (!shown.is_empty()).then(|| BundleForm {
        whom: whom.collect(),
        when: bundles::years(""),
        error: None,
    })
}

fn deputy(
    desk: &Desk,
    row: &RecordRow,
    state: &RowState,
    keys: &BTreeSet<String>,
    present: &BTreeMap<String, u64>,
) -> DeputyRow {
    let text = desk.text;
    let levels: BTreeSet<&str> = state.members("seats/level").collect();
    let seats = levels
        .into_iter()
        .map(|level| say::option_of(&text, LEDGER, "seats/level", level));
    let post = [state.text("employer"), state.text("post")];
    DeputyRow {
        href: format!("/records/{}", row.record),
        name: row.title.clone(),
        seats: seats.collect(),
        station: state.text("home_station_name").to_owned(),
        group: state.text("group_name").to_owned(),
        occupation: say::option_of(&text, LEDGER, "occupation_class", state.text("occupation_class")),
        post: say::list(
            &text,
            post.into_iter()
                .filter(|part| !part.is_empty())
                .map(str::to_owned),
        ),
        key: keys.contains(&row.title),
        activities: present.get(&row.title).copied().unwrap_or_default(),
    }
}

/// Names of deputies who hold a key of their own.
fn keys(desk: &Desk) -> BTreeSet<String> {
    let appointments = desk
        .directory
        .statements()
        .filter_map(SignedStatement::appointment);
    let deputies = appointments.filter(|appointment| {
        appointment.purpose == Purpose::Person && appointment.roles.contains(&Role::Deputy)
    });
    deputies.map(|appointment| appointment.name.clone()).collect()
}

/// In how many activities of this year each deputy signed in.
fn present(desk: &Desk) -> Result<BTreeMap<String, u64>, ServiceError> {
    let year = RowFilter {
        since: Some(format!("{}-01-01", say::now().year())),
        limit: LOOKED,
        ..RowFilter::default()
    };
    let (rows, _) = desk.node.rows(activity::LEDGER, &year)?;
    let mut present = BTreeMap::new();
    for row in &rows {
        for name in RowState::of(row).signed_in() {
            *present.entry(name.to_owned()).or_insert(0) += 1;
        }
    }
    Ok(present)
}
