//! The ledger of letters and visits: at a station its own, above it the merged list of all below.

use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use lianzhan_protocol::id::OrgId;
use lianzhan_protocol::trust::Level;
use serde::Deserialize;

use super::answer::{self, Desk, Fault, Page, show};
use super::page::{
    BundleForm, Choice, Mark, Pager, Section, StationTotal, Tag, Tone, Trust, VisitRow, VisitTable,
    VisitsPage,
};
use super::request::{Signed, escape};
use super::{WebState, bundles, say, visit_form};
use crate::services::desk::RowState;
use crate::services::query::Table;
use crate::services::visit::LEDGER;
use crate::services::{Node, ServiceError};
use crate::services::{RecordRow, RowFilter};
use crate::views;

/// Rows of a page.
const PAGE: u64 = 50;
/// What the filter sends for visits without a triage.
const NO_TRIAGE: &str = "-";
/// Columns of the exported table.
const EXPORTED: [&str; 10] = [
    "reg_no",
    "received_at",
    "channel",
    "persons",
    "nature",
    "gist",
    "receiver_names",
    "triage",
    "told_person_on",
    "note",
];

pub(super) fn router() -> Router<WebState> {
    Router::new()
        .route("/visits", get(list))
        .route("/visits.csv", get(export))
}

impl Page for VisitsPage {
    fn part(&self, id: &str) -> Option<askama::Result<String>> {
        self.part(id)
    }
}

/// The filters, as they stand in the address.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Filters {
    q: String,
    station: String,
    channel: String,
    triage: String,
    page: u64,
}

impl Filters {
    fn any(&self) -> bool {
        [&self.q, &self.station, &self.channel, &self.triage]
            .iter()
            .any(|filter| !filter.trim().is_empty())
    }

    fn rows(&self, node: &Node) -> RowFilter {
        let station = OrgId::parse(&self.station);
        let mut filter = RowFilter {
            owners: station.map_or_else(Vec::new, |station| node.owners(&station)),
            matches: views::query_expression(&self.q),
            ..RowFilter::default()
        };
        if !self.channel.is_empty() {
            filter.equals.push(("channel".into(), self.channel.clone()));
        }
        match self.triage.as_str() {
            "" => {}
            NO_TRIAGE => filter.any_empty.push("triage".into()),
            triage => filter.equals.push(("triage".into(), triage.to_owned())),
        }
        filter
    }

    fn link(&self, path: &str, page: u64) -> String {
        let mut parts: Vec<String> = [
            ("q", &self.q),
            ("station", &self.station),
            ("channel", &self.channel),
            ("triage", &self.triage),
        ]
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={}", escape(value)))
        .collect();
        if page > 1 {
            parts.push(format!("page={page}"));
        }
        if parts.is_empty() {
            path.to_owned()
        } else {
            format!("{path}?{}", parts.join("&"))
        }
    }
}

async fn list(State(state): State<WebState>, who: Signed, Query(filters): Query<Filters>) -> Response {
    show(state, who, move |desk| page(desk, &filters)).await
}

pub(super) fn page(desk: &Desk, filters: &Filters) -> Result<VisitsPage, Fault> {
    let text = desk.text;
    let node: &Node = &desk.node;
    let number = filters.page.clamp(1, 1_000_000);
    let filter = RowFilter {
        offset: (number - 1) * PAGE,
        limit: PAGE,
        ..filters.rows(node)
    };
    let (rows, total) = node.rows(LEDGER, &filter)?;
    let untriaged = RowFilter {
        any_empty: vec!["triage".into()],
        offset: 0,
        limit: 0,
        ..filter
    };
    let (_, open) = node.rows(LEDGER, &untriaged)?;
    let figures = node.visit_figures()?;
    let merged = node.org()?.level != Level::Station;
    let orgs = figures.iter().map(|(org, _)| org.id);
    let stations = say::owners(&text, &desk.directory, orgs, &filters.station);
    let mut whom = stations.clone();
    if whom.is_empty() {
        let own = node.org_id();
        whom.push(Choice {
            value: own.to_string(),
            label: say::org_by_id(&text, &desk.directory, &own),
            chosen: true,
        });
    }
    let totals = figures.iter().map(|(org, figures)| StationTotal {
        station: say::org_since(&text, &desk.directory, &org.id),
        href: format!("/visits?station={}", org.id),
        visits: figures.records,
        persons: figures.sum,
        open: figures.empty,
        silent: None,
    });
    let all = || text.t("filter-all");
    let mut triages = say::options(&text, LEDGER, "triage", &filters.triage);
    triages.insert(
        0,
        Choice {
            value: NO_TRIAGE.into(),
            label: text.t("triage-none"),
            chosen: filters.triage == NO_TRIAGE,
        },
    );
    let horizon = node.standing()?.horizon;
    Ok(VisitsPage {
        text,
        shell: desk.shell(Section::Visits)?,
        q: filters.q.clone(),
        stations: if merged {
            say::with_empty(all(), stations)
        } else {
            Vec::new()
        },
        channels: say::with_empty(all(), say::options(&text, LEDGER, "channel", &filters.channel)),
        triages: say::with_empty(all(), triages),
        table: VisitTable {
            rows: rows.iter().map(|row| self::row(desk, row)).collect(),
            stations: merged,
            filtered: filters.any(),
        },
        pager: pager(number, PAGE, total, rows.len() as u64, |page| {
            filters.link("/visits", page)
        }),
        open,
        totals: if merged { totals.collect() } else { Vec::new() },
        as_of: horizon.map(|at| say::clock(&text, at)).unwrap_or_default(),
        bundle: Some(BundleForm {
            whom,
            when: bundles::quarters(desk, ""),
            error: None,
        }),
        new: visit_form::may_register(desk).then(|| "/#register".to_owned()),
        export: (total > 0).then(|| filters.link("/visits.csv", 1)),
    })
}

/// Where a list is cut.
pub(super) fn pager(number: u64, size: u64, total: u64, shown: u64, link: impl Fn(u64) -> String) -> Pager {
    let passed = (number - 1) * size;
    Pager {
        first: if shown == 0 { 0 } else { passed + 1 },
        last: if shown == 0 { 0 } else { passed + shown },
        total,
        previous: (number > 1).then(|| link(number - 1)),
        next: (passed + shown < total && shown > 0).then(|| link(number + 1)),
    }
}

/// One visit in a table.
pub(super) fn row(desk: &Desk, row: &RecordRow) -> VisitRow {
    let text = desk.text;
    let state = RowState::of(row);
    VisitRow {
        id: row.record.to_string(),
        href: format!("/records/{}", row.record),
        time: say::stated_short(&text, &row.happened),
        channel: say::option_of(&text, LEDGER, "channel", state.text("channel")),
        persons: state
            .int("persons")
            .and_then(|n| u64::try_from(n).ok())
            .unwrap_or_default(),
        gist: row.title.clone(),
        receivers: state.text("receiver_names").to_owned(),
        station: say::owner(&text, &desk.directory, &row.owner, &row.space),
        triage: Some(triage(desk, state.text("triage"))),
        mark: mark(row, &state, "/records"),
    }
}

/// The mark of a row: what is not witnessed or not complete comes first.
pub(super) fn mark(row: &RecordRow, state: &RowState, path: &str) -> Mark {
    let trust = match (row.contested, row.pending, row.unwitnessed) {
        (1.., ..) => Trust::Contested,
        (0, 1.., _) => Trust::Pending,
        (0, 0, 1..) => Trust::Waiting,
        (0, 0, 0) => Trust::Witnessed,
    };
    Mark {
        trust,
        when: None,
        href: state
            .first_change()
            .map(|change| format!("{path}/{}?proof={change}#proof", row.record)),
        open: false,
    }
}

fn triage(desk: &Desk, id: &str) -> Tag {
    let text = desk.text;
    match id {
        "" => Tag {
            label: text.t("triage-none"),
            tone: Tone::Soon,
        },
        "answered_now" => Tag {
            label: say::option_of(&text, LEDGER, "triage", id),
            tone: Tone::Good,
        },
        id => Tag {
            label: say::option_of(&text, LEDGER, "triage", id),
            tone: Tone::Plain,
        },
    }
}

async fn export(State(state): State<WebState>, who: Signed, Query(filters): Query<Filters>) -> Response {
    let (kept, text, visitor) = (state.clone(), who.visitor.text, who.visitor);
    let made = answer::work(move || {
        let directory = state.node.directory();
        let filter = RowFilter {
            limit: u64::MAX >> 1,
            ..filters.rows(&state.node)
        };
        let (rows, _) = state.node.rows(LEDGER, &filter)?;
        let (rows, _) = state.node.without_held(LEDGER, rows)?;
        let ledger = lianzhan_protocol::record::ledger::ledger(LEDGER)
            .ok_or_else(|| ServiceError::UnknownLedger(LEDGER.into()))?;
        let fields: Vec<_> = EXPORTED.iter().filter_map(|id| ledger.field(id)).collect();
        let columns = fields.iter().map(|field| say::label(&text, field));
        let rows = rows.iter().map(|row| {
            let row_state = RowState::of(row);
            let cell = |id: &str| match row_state.int(id) {
                Some(number) => number.into(),
                None => exported(&text, ledger, id, row_state.text(id)).into(),
            };
            let station = say::owner(&text, &directory, &row.owner, &row.space);
            std::iter::once(station.into())
                .chain(fields.iter().map(|field| cell(&field.id)))
                .collect()
        });
        let table = Table {
            view: LEDGER.into(),
            as_of: std::collections::BTreeMap::new(),
            columns: std::iter::once(text.t("col-station")).chain(columns).collect(),
            rows: rows.collect(),
        };
        Ok(table.to_csv())
    });
    match made.await {
        Ok(bytes) => answer::file("visits.csv", "text/csv; charset=utf-8", bytes).into_response(),
        Err(error) => answer::refuse(kept, visitor, Fault::Service(error)).await,
    }
}

/// A cell as a spreadsheet reads it: options by their labels, times without their offset.
fn exported(
    text: &super::i18n::Text,
    ledger: &lianzhan_protocol::record::ledger::Ledger,
    id: &str,
    value: &str,
) -> String {
    let field = ledger.field(id);
    if let Some(choice) = field.and_then(|field| field.choice(value)) {
        return say::option(text, choice);
    }
    match (id, say::parse(value)) {
        ("received_at", Some(at)) => say::local_input(at).replace('T', " "),
        _ => value.to_owned(),
    }
}
