//! What waits for an adoption: statements of a revoked authority, and entries that no witness saw in time.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use lianzhan_protocol::id::RecordId;
use lianzhan_protocol::record::EventKind;
use lianzhan_protocol::trust::Appointment;
use serde::Deserialize;

use super::answer::{Desk, Fault, Page, show};
use super::authority::may_act;
use super::page::{ContestedChange, ContestedPage, ContestedRecord, ContestedStatement, Link, Section};
use super::request::Signed;
use super::revoke::{statement, statement_href};
use super::visits::pager;
use super::{WebState, adopt, proof, say, timeline};
use crate::services::adopt as service;

/// Records of a page.
const PAGE: u64 = 50;

pub(super) fn router() -> Router<WebState> {
    Router::new()
        .route("/contested", get(contested))
        .merge(adopt::router())
}

impl Page for ContestedPage {}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Shown {
    all: String,
    page: u64,
}

async fn contested(State(state): State<WebState>, who: Signed, Query(shown): Query<Shown>) -> Response {
    show(state, who, move |desk| page(desk, &shown)).await
}

fn page(desk: &Desk, shown: &Shown) -> Result<ContestedPage, Fault> {
    let text = desk.text;
    let waiting = desk.node.contested()?;
    let number = shown.page.clamp(1, 1_000_000);
    let all = !shown.all.is_empty();
    let views = Views::new(desk)?;
    let statements: Vec<ContestedStatement> = waiting
        .statements
        .iter()
        .map(|one| views.statement(one))
        .collect();
    let records = views.records(waiting.changes.iter());
    let total = records.len() as u64;
    let passed = usize::try_from((number - 1) * PAGE).unwrap_or(usize::MAX);
    let records: Vec<ContestedRecord> = records
        .into_iter()
        .skip(passed)
        .take(usize::try_from(PAGE).unwrap_or(usize::MAX))
        .collect();
    let link = |page: u64, all: bool| match all {
        true => format!("/contested?page={page}&all=yes"),
        false => format!("/contested?page={page}"),
    };
    let own = records
        .iter()
        .flat_map(|record| &record.changes)
        .any(|change| change.own);
    Ok(ContestedPage {
        text,
        shell: desk.shell(Section::Appointments)?,
        hint: (!views.acts && !own).then(|| text.t("contested-hint")),
        pager: pager(number, PAGE, total, records.len() as u64, |page| link(page, all)),
        entries: waiting.changes.len() as u64,
        statements,
        records,
        more: waiting.more,
        all,
        toggle: link(number, !all),
    })
}

/// What waits, as this person sees it.
pub(super) struct Views<'a> {
    desk: &'a Desk,
    card: Appointment,
    /// Whether this person is offered acts of the org.
    pub(super) acts: bool,
}

impl<'a> Views<'a> {
    pub(super) fn new(desk: &'a Desk) -> Result<Self, Fault> {
        Ok(Views {
            desk,
            card: desk.node.card(desk.author())?,
            acts: may_act(desk),
        })
    }

    /// A statement that waits.
    pub(super) fn statement(&self, one: &service::ContestedStatement) -> ContestedStatement {
        let (desk, text) = (self.desk, &self.desk.text);
        let issuer = desk
            .directory
            .statement(&one.statement)
            .map(|found| found.issuer().org);
        let by = desk
            .directory
            .statement(&one.contested_by)
            .map(|found| found.issuer().org);
        let name = |org| say::org_by_id(text, &desk.directory, &org);
        ContestedStatement {
            id: one.statement.to_string(),
            what: Link {
                href: statement_href(desk, &one.statement),
                label: statement(desk, &one.statement),
            },
            org: issuer
                .map(|org| text.t1("contested-issued", "org", name(org)))
                .unwrap_or_default(),
            why: text.t1("contested-authority", "by", by.map(name).unwrap_or_default()),
            may: self.acts
                && issuer.is_some_and(|org| desk.directory.is_at_or_above(&desk.node.org_id(), &org)),
        }
    }

    /// Entries that wait, by record, in the order in which the records come.
    pub(super) fn records<'b>(
        &self,
        changes: impl Iterator<Item = &'b service::ContestedChange>,
    ) -> Vec<ContestedRecord> {
        let mut places: BTreeMap<RecordId, usize> = BTreeMap::new();
        let mut records: Vec<ContestedRecord> = Vec::new();
        for change in changes {
            let place = *places.entry(change.record).or_insert_with(|| {
                records.push(self.record(change));
                records.len() - 1
            });
            if let Some(record) = records.get_mut(place) {
                record.changes.push(self.change(change));
            }
        }
        records
    }

    fn record(&self, change: &service::ContestedChange) -> ContestedRecord {
        let (desk, text) = (self.desk, &self.desk.text);
        let known = desk.node.ledger(&change.ledger).ok();
        let name = known.map_or_else(String::new, |ledger| say::ledger(text, ledger));
        let owner = say::org_by_id(text, &desk.directory, &change.owner);
        let untitled = || {
            text.t1(
                "contested-untitled",
                "id",
                say::short_hex(&change.record.to_string()),
            )
        };
        ContestedRecord {
            record: Link {
                href: if change.sealed {
                    String::new()
                } else {
                    format!("/records/{}", change.record)
                },
                label: match change.title.as_str() {
                    "" if change.sealed => text.t("contested-sealed"),
                    "" => untitled(),
                    title => title.to_owned(),
                },
            },
            about: if name.is_empty() {
                owner
            } else {
                text.t2("space-of", "owner", owner, "space", name)
            },
            changes: Vec::new(),
        }
    }

    fn change(&self, change: &service::ContestedChange) -> ContestedChange {
        let (desk, text) = (self.desk, &self.desk.text);
        let event = change.events.first().and_then(|kind| EventKind::parse(kind));
        let what = match event {
            Some(event) => timeline::event(text, event),
            None if change.sealed => text.t("contested-sealed"),
            None => {
                let fields = change.fields.iter().map(String::as_str);
                timeline::changed(text, desk.node.ledger(&change.ledger).ok(), fields)
            }
        };
        let who = change.capacity.as_ref().map(|capacity| {
            let org = say::org_by_id(text, &desk.directory, &capacity.org);
            let role = say::role(text, &capacity.roles, capacity.seat);
            let role = text.t2("role-in", "org", org, "role", role);
            text.t2("change-who", "who", &capacity.name, "role", role)
        });
        ContestedChange {
            id: change.change.to_string(),
            what,
            who: who.unwrap_or_default(),
            recorded: say::clock(text, change.recorded),
            why: proof::contest(desk, &change.reason),
            own: self.is_own(change),
            may: self.acts
                && change.capacity.as_ref().is_some_and(|capacity| {
                    desk.directory.is_at_or_above(&desk.node.org_id(), &capacity.org)
                }),
        }
    }

    /// Whether this person holds the post of the author, and the entry is one that such a person adopts.
    pub(super) fn is_own(&self, change: &service::ContestedChange) -> bool {
        let same = change.capacity.as_ref().is_some_and(|author| {
            author.org == self.card.org && author.roles.iter().any(|role| self.card.roles.contains(role))
        });
        same && !change.sealed
    }

    /// The post of this person, in words.
    pub(super) fn post(&self) -> String {
        let (desk, text) = (self.desk, &self.desk.text);
        let org = say::org_by_id(text, &desk.directory, &self.card.org);
        let role = say::role(text, &self.card.roles, self.card.seat);
        text.t2("role-in", "org", org, "role", role)
    }
}
