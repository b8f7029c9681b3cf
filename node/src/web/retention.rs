//! What is kept longer than it may be, and by which rules.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use lianzhan_protocol::record::ledger::ledger;
use lianzhan_protocol::settings::setting;

use super::answer::{Desk, Fault, Page, show};
use super::page::{DueRow, RetentionPage, RuleRow, Section, key};
use super::request::Signed;
use super::{WebState, erase, say, settings};
use crate::services::retention::{Due, Rule, Then};

/// Rows that a page lists; the longest due come first.
const ROWS: usize = 200;

pub(super) fn router() -> Router<WebState> {
    Router::new().route("/retention", get(list))
}

impl Page for RetentionPage {}

async fn list(State(state): State<WebState>, who: Signed) -> Response {
    show(state, who, page).await
}

fn page(desk: &Desk) -> Result<RetentionPage, Fault> {
    let text = desk.text;
    let today = desk.node.this_day();
    let due = desk.node.due(today)?;
    let today = today.to_string();
    let (count, locked) = (
        due.iter().filter(|due| due.locked.is_none()).count(),
        due.iter().filter(|due| due.locked.is_some()).count(),
    );
    let may = erase::may_erase(desk);
    let rows = due.iter().take(ROWS).map(|due| row(desk, due, &today, may));
    let rules = desk.node.retention_rules(desk.node.this_day())?;
    let rule = |rule: &Rule| {
        let stated = settings::row(desk, &rule.setting);
        RuleRow {
            href: stated.href,
            data: stated.name,
            keep: stated.value,
            by: stated.by,
            then: text.t(then_key(rule.data.then())),
        }
    };
    Ok(RetentionPage {
        text,
        shell: desk.shell(Section::Privacy)?,
        due: count as u64,
        locked: locked as u64,
        rows: rows.collect(),
        more: (due.len() as u64).saturating_sub(ROWS as u64),
        rules: rules.iter().map(rule).collect(),
    })
}

fn row(desk: &Desk, due: &Due, today: &str, may: bool) -> DueRow {
    let text = desk.text;
    let extent = if due.whole { "whole" } else { "personal" };
    let erased = matches!(due.data.then(), Then::Erase | Then::SumUp);
    let erase = (erased && may && due.locked.is_none()).then(|| {
        format!(
            "/records/{}/erase?extent={extent}&ground=retention&on={today}",
            due.record
        )
    });
    let told = (!erased).then(|| text.t(then_key(due.data.then())));
    let locked = due.locked.as_ref();
    DueRow {
        href: format!("/records/{}", due.record),
        title: due.title.lines().next().unwrap_or_default().to_owned(),
        ledger: ledger(&due.ledger).map_or_else(|| due.ledger.clone(), |ledger| say::ledger(&text, ledger)),
        org: say::org_since(&text, &desk.directory, &due.owner),
        rule: setting(due.data.setting()).map_or_else(String::new, |own| settings::name(&text, own, "")),
        ended: say::stated_line(&text, &due.ended),
        since: say::stated_line(&text, &due.since),
        locked: locked.map(|locked| {
            text.t1(
                "retention-locked",
                "until",
                say::stated_line(&text, &locked.until),
            )
        }),
        erase,
        told,
    }
}

fn then_key(then: Then) -> &'static str {
    match then {
        Then::Erase => key!("retention-then-erase"),
        Then::GivenUp => key!("retention-then-given-up"),
        Then::Paper => key!("retention-then-paper"),
        Then::TakeOut => key!("retention-then-take-out"),
        Then::Seal => key!("retention-then-seal"),
        Then::SumUp => key!("retention-then-sum-up"),
    }
}
