//! Who opened personal parts here, and what for.

use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use lianzhan_protocol::time::Timestamp;
use serde::Deserialize;

use super::answer::{Desk, Fault, Page, show};
use super::i18n::Text;
use super::page::{AccessPage, AccessRow, Choice, Section};
use super::request::{Signed, escape};
use super::visits::pager;
use super::{WebState, say};
use crate::services::access::{AccessFilter, Purpose};

/// Rows of a page.
const PAGE: u64 = 50;

pub(super) fn router() -> Router<WebState> {
    Router::new().route("/access", get(list))
}

impl Page for AccessPage {}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Filters {
    name: String,
    purpose: String,
    since: String,
    until: String,
    page: u64,
}

impl Filters {
    fn any(&self) -> bool {
        let all = [&self.name, &self.purpose, &self.since, &self.until];
        all.iter().any(|filter| !filter.trim().is_empty())
    }

    fn link(&self, page: u64) -> String {
        let parts = [
            ("name", self.name.as_str()),
            ("purpose", &self.purpose),
            ("since", &self.since),
            ("until", &self.until),
            ("page", &page.to_string()),
        ];
        let parts = parts.iter().filter(|(_, value)| !value.is_empty());
        let parts: Vec<String> = parts
            .map(|(name, value)| format!("{name}={}", escape(value)))
            .collect();
        format!("/access?{}", parts.join("&"))
    }
}

async fn list(State(state): State<WebState>, who: Signed, Query(filters): Query<Filters>) -> Response {
    show(state, who, move |desk| page(desk, &filters)).await
}

/// The name of a purpose.
pub(super) fn purpose(text: &Text, id: &str) -> String {
    match Purpose::parse(id) {
        Some(Purpose::Handle) => text.t("purpose-handle"),
        Some(Purpose::FollowUp) => text.t("purpose-follow-up"),
        Some(Purpose::Check) => text.t("purpose-check"),
        Some(Purpose::Other) => text.t("purpose-other"),
        Some(Purpose::Typing) => text.t("purpose-typing"),
        None => id.to_owned(),
    }
}

fn way(text: &Text, id: &str) -> String {
    match id {
        "export" => text.t("way-export"),
        "print" => text.t("way-print"),
        _ => text.t("way-open"),
    }
}

/// The first moment of a day, and of the one after it.
fn day(typed: &str) -> Option<(Timestamp, Timestamp)> {
    let date: Date = typed.trim().parse().ok()?;
    let zone = TimeZone::fixed(jiff::tz::offset(8));
    let moment = |date: Date| {
        let at = date.to_zoned(zone.clone()).ok()?;
        Some(Timestamp(at.timestamp().as_millisecond()))
    };
    Some((moment(date)?, moment(date.tomorrow().ok()?)?))
}

fn page(desk: &Desk, filters: &Filters) -> Result<AccessPage, Fault> {
    let text = desk.text;
    let number = filters.page.clamp(1, 1_000_000);
    let filter = AccessFilter {
        name: filters.name.trim().to_owned(),
        purpose: filters.purpose.clone(),
        since: day(&filters.since).map(|(from, _)| from),
        until: day(&filters.until).map(|(_, after)| after),
        offset: (number - 1) * PAGE,
        limit: PAGE,
        ..AccessFilter::default()
    };
    let all = desk.node.sees_all_accesses(desk.author())?;
    let (rows, total) = desk.node.accesses(desk.author(), filter)?;
    let shown = rows.len() as u64;
    let rows = rows.into_iter().map(|row| {
        let named = desk.node.named_record(&row.record);
        Ok(AccessRow {
            at: say::clock(&text, row.at),
            name: row.name,
            href: format!("/records/{}", row.record),
            title: named?.map_or_else(|| text.t("access-gone"), |named| named.title),
            way: way(&text, &row.way),
            purpose: purpose(&text, &row.purpose),
            words: row.words,
        })
    });
    let rows: Vec<AccessRow> = rows.collect::<Result<_, crate::services::ServiceError>>()?;
    let choice = |one: Purpose| Choice {
        value: one.as_str().to_owned(),
        label: purpose(&text, one.as_str()),
        chosen: one.as_str() == filters.purpose,
    };
    let purposes = Purpose::ALL.map(choice).to_vec();
    Ok(AccessPage {
        text,
        shell: desk.shell(Section::Privacy)?,
        all,
        name: filters.name.clone(),
        purposes: say::with_empty(text.t("filter-all"), purposes),
        since: filters.since.clone(),
        until: filters.until.clone(),
        filtered: filters.any(),
        rows,
        pager: pager(number, PAGE, total, shown, |page| filters.link(page)),
    })
}
