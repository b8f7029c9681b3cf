//! What is looked for in all ledgers, the best first, with the places where it stands.

use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;

use super::WebState;
use super::answer::{Desk, Fault, Page, show};
use super::i18n::Lang;
use super::page::{FoundPlace, FoundRow, SearchPage, Section, Tally};
use super::request::{Signed, escape};
use super::say;
use super::visits::pager;
use crate::services::search::{Finding, Place};

/// Findings of a page.
const PAGE: u64 = 20;
/// The last page that is shown.
const PAGES: u64 = 500;

pub(super) fn router() -> Router<WebState> {
    Router::new().route("/search", get(search))
}

impl Page for SearchPage {}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    ledger: String,
    #[serde(default)]
    page: String,
}

async fn search(State(state): State<WebState>, who: Signed, Query(asked): Query<Asked>) -> Response {
    show(state, who, move |desk| page(desk, &asked)).await
}

fn page(desk: &Desk, asked: &Asked) -> Result<SearchPage, Fault> {
    let text = desk.text;
    let typed = asked.q.trim();
    let ledger = Some(asked.ledger.as_str()).filter(|ledger| !ledger.is_empty());
    let number = asked.page.parse::<u64>().unwrap_or(1).clamp(1, PAGES);
    let found = desk.node.find(typed, ledger, (number - 1) * PAGE, PAGE)?;
    let link = |ledger: Option<&str>, page: u64| {
        let mut href = format!("/search?q={}", escape(typed));
        if let Some(ledger) = ledger {
            href.push_str(&format!("&ledger={}", escape(ledger)));
        }
        if page > 1 {
            href.push_str(&format!("&page={page}"));
        }
        href
    };
    let named = |id: &str| {
        desk.node
            .book(id)
            .map_or_else(|_| id.to_owned(), |ledger| say::ledger(&text, ledger))
    };
    let all: u64 = found.ledgers.iter().map(|(_, count)| count).sum();
    let mut tallies = vec![Tally {
        label: text.t("search-all"),
        count: all,
        href: link(None, 1),
        chosen: ledger.is_none(),
    }];
    tallies.extend(found.ledgers.iter().map(|(id, count)| Tally {
        label: named(id),
        count: *count,
        href: link(Some(id), 1),
        chosen: ledger == Some(id.as_str()),
    }));
    // One ledger alone needs no choice.
    tallies.retain(|_| found.ledgers.len() > 1 || ledger.is_some());
    Ok(SearchPage {
        text,
        shell: desk.shell(Section::Search)?,
        q: typed.to_owned(),
        ledger: asked.ledger.clone(),
        tallies,
        pager: pager(number, PAGE, found.total, found.records.len() as u64, |page| {
            link(ledger, page)
        }),
        rows: found
            .records
            .into_iter()
            .map(|finding| row(desk, &named, finding))
            .collect(),
    })
}

fn row(desk: &Desk, named: &impl Fn(&str) -> String, finding: Finding) -> FoundRow {
    let text = desk.text;
    let Finding { row, title, places } = finding;
    let label = |place: &Place| match text.lang {
        Lang::Zh => place.zh.clone(),
        Lang::En => place.en.clone(),
    };
    FoundRow {
        href: format!("/records/{}", row.record),
        ledger: named(&row.ledger),
        title,
        time: say::stated_short(&text, &row.happened),
        owner: say::owner(&text, &desk.directory, &row.owner, &row.space),
        places: places
            .into_iter()
            .map(|place| FoundPlace {
                label: label(&place),
                text: place.text,
            })
            .collect(),
    }
}
