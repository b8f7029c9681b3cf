//! Who holds what until when: the tree of orgs with the posts of one of them, or what a search finds in all.

use std::collections::{BTreeMap, BTreeSet};

use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use lianzhan_protocol::id::OrgId;
use lianzhan_protocol::trust::Purpose;
use serde::Deserialize;

use super::answer::{Desk, Fault, Page, show};
use super::career::Careers;
use super::invitations::may_invite;
use super::office_view::{is_alert, is_past, row};
use super::page::{AppointmentsPage, Choice, OrgNode, Pager, Section, key};
use super::request::{Signed, escape};
use super::visits::pager;
use super::{WebState, say};
use crate::services::ServiceError;
use crate::services::office::{Office, OfficeFilter, Standing};

/// Rows of a page of what was found.
const PAGE: u64 = 50;
/// Levels of orgs that are shown; more than there are.
const DEPTH_MAX: usize = 16;
/// Fewest digits of a key by which it is searched for.
const KEY_MIN: usize = 6;

pub(super) fn router() -> Router<WebState> {
    Router::new().route("/appointments", get(list))
}

impl Page for AppointmentsPage {}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Filters {
    org: String,
    q: String,
    state: String,
    page: u64,
}

impl Filters {
    fn any(&self) -> bool {
        !(self.q.trim().is_empty() && self.state.is_empty())
    }

    fn link(&self, page: u64) -> String {
        let (q, state) = (escape(&self.q), escape(&self.state));
        format!("/appointments?q={q}&state={state}&page={page}")
    }
}

/// The states by which appointments are searched for, as the address has them, with their words.
const STATES: [(&str, &str); 6] = [
    ("expiring", key!("office-expiring")),
    ("expired", key!("office-expired")),
    ("revoked", key!("office-revoked")),
    ("contested", key!("office-contested")),
    ("not_yet", key!("office-not-yet")),
    ("in_force", key!("office-in-force")),
];

fn is_in(office: &Office, state: &str) -> bool {
    match (state, &office.standing) {
        ("", _) => true,
        ("expiring", _) => office.ends_soon(),
        ("in_force", Standing::InForce | Standing::Expiring { .. }) => true,
        ("expired", Standing::Expired) => !office.renewed,
        ("revoked", Standing::Revoked { .. })
        | ("contested", Standing::Contested { .. })
        | ("not_yet", Standing::NotYet) => true,
        _ => false,
    }
}

async fn list(State(state): State<WebState>, who: Signed, Query(filters): Query<Filters>) -> Response {
    show(state, who, move |desk| page(desk, &filters)).await
}

fn page(desk: &Desk, filters: &Filters) -> Result<AppointmentsPage, Fault> {
    let text = desk.text;
    let offices = desk.node.offices(&OfficeFilter::default())?;
    let own = desk.node.org_id();
    let ours = |office: &&Office| desk.directory.is_at_or_above(&own, &office.org);
    let states = STATES.iter().map(|(value, words)| Choice {
        value: (*value).to_owned(),
        label: text.t(words),
        chosen: *value == filters.state,
    });
    let mut page = AppointmentsPage {
        text,
        shell: desk.shell(Section::Appointments)?,
        q: filters.q.clone(),
        states: say::with_empty(text.t("filter-all"), states.collect()),
        tree: None,
        org: String::new(),
        rows: Vec::new(),
        past: Vec::new(),
        pager: Pager::default(),
        serving: offices
            .iter()
            .filter(ours)
            .filter(|office| office.serves())
            .count() as u64,
        ending: offices
            .iter()
            .filter(ours)
            .filter(|office| office.ends_soon())
            .count() as u64,
        contested: desk.node.contested_count()?,
        invite: may_invite(desk),
    };
    if filters.any() {
        found(desk, &offices, filters, &mut page);
        return Ok(page);
    }
    let org = match filters.org.as_str() {
        "" => own,
        asked => {
            let org = desk.node.parse_org(asked)?;
            desk.directory.org(&org).ok_or(ServiceError::UnknownOrg(org))?.id
        }
    };
    page.tree = Some(Tree::new(desk, &offices, org).node(&desk.directory.root(), 0));
    page.org = desk
        .directory
        .org(&org)
        .map(|org| say::org(&text, org))
        .unwrap_or_default();
    let careers = Careers::of(&offices);
    for office in offices.iter().filter(|office| office.org == org) {
        let shown = row(desk, &careers, office, false);
        if is_past(office) {
            page.past.push(shown);
        } else {
            page.rows.push(shown);
        }
    }
    Ok(page)
}

/// Takes what was searched for, a page of it.
fn found(desk: &Desk, offices: &[Office], filters: &Filters, page: &mut AppointmentsPage) {
    let words = filters.q.trim().to_lowercase();
    let digits: String = words.chars().filter(|c| !c.is_whitespace()).collect();
    let hex = digits.len() >= KEY_MIN && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let names = |office: &Office| {
        let org = desk.directory.org(&office.org);
        let of_org = org.is_some_and(|org| {
            org.name_zh.contains(&words) || org.name_en.to_lowercase().contains(&words) || org.code == words
        });
        of_org
            || office.holder.to_lowercase().contains(&words)
            || office.login.as_deref() == Some(&words)
            || (hex
                && (office.key.fingerprint().starts_with(&digits)
                    || office.id.to_string().starts_with(&digits)))
    };
    let mut all: Vec<&Office> = offices
        .iter()
        .filter(|office| is_in(office, &filters.state) && (words.is_empty() || names(office)))
        .collect();
    if filters.state == "expiring" {
        all.sort_by_key(|office| office.not_after);
    }
    let number = filters.page.clamp(1, 1_000_000);
    let passed = usize::try_from((number - 1) * PAGE).unwrap_or(usize::MAX);
    let shown = all
        .iter()
        .skip(passed)
        .take(usize::try_from(PAGE).unwrap_or(usize::MAX));
    let careers = Careers::of(offices);
    page.rows = shown.map(|office| row(desk, &careers, office, true)).collect();
    page.pager = pager(number, PAGE, all.len() as u64, page.rows.len() as u64, |page| {
        filters.link(page)
    });
}

/// The orgs with the figures of their posts.
struct Tree<'a> {
    desk: &'a Desk,
    chosen: OrgId,
    /// The chosen org and those above it.
    path: BTreeSet<OrgId>,
    /// Keys of people who hold a post, and posts to look at, by org.
    figures: BTreeMap<OrgId, (BTreeSet<&'a [u8]>, u64)>,
}

impl<'a> Tree<'a> {
    fn new(desk: &'a Desk, offices: &'a [Office], chosen: OrgId) -> Self {
        let mut figures: BTreeMap<OrgId, (BTreeSet<&[u8]>, u64)> = BTreeMap::new();
        for office in offices {
            let (people, alert) = figures.entry(office.org).or_default();
            if office.purpose == Purpose::Person && office.serves() {
                people.insert(office.key.ed25519_bytes().as_slice());
            }
            *alert += u64::from(is_alert(office));
        }
        Tree {
            desk,
            chosen,
            path: desk.directory.upward(&chosen).map(|org| org.id).collect(),
            figures,
        }
    }

    fn node(&self, id: &OrgId, depth: usize) -> OrgNode {
        let (text, directory) = (self.desk.text, &self.desk.directory);
        let mut below: Vec<_> = if depth < DEPTH_MAX {
            directory.children(id).collect()
        } else {
            Vec::new()
        };
        below.sort_by(|a, b| (&a.code, a.id).cmp(&(&b.code, b.id)));
        let children: Vec<OrgNode> = below.iter().map(|org| self.node(&org.id, depth + 1)).collect();
        let own = self.desk.node.org_id();
        let (people, alert) = self
            .figures
            .get(id)
            .map_or((0, 0), |(people, alert)| (people.len() as u64, *alert));
        // Of orgs aside, who holds what comes only where something is shared.
        let known = directory.is_at_or_above(&own, id) || directory.is_at_or_above(id, &own);
        OrgNode {
            text,
            name: say::org_by_id(&text, directory, id),
            href: format!("/appointments?org={id}"),
            chosen: *id == self.chosen,
            own: *id == own,
            ended: ended(self.desk, id),
            people: (known || people > 0).then_some(people),
            alert,
            below: children.iter().map(|child| 1 + child.below).sum(),
            alert_below: children.iter().map(|child| child.alert + child.alert_below).sum(),
            open: self.path.contains(id),
            children,
        }
    }
}

/// What became of an org that is no more.
fn ended(desk: &Desk, org: &OrgId) -> Option<String> {
    let (text, end) = (&desk.text, desk.directory.ended(org)?);
    let by = end.successors();
    let into = say::list(
        text,
        by.iter()
            .map(|next| say::org_by_id(text, &desk.directory, &next.org)),
    );
    Some(match by.len() {
        1 => text.t1("org-ended-merged", "into", into),
        _ => text.t1("org-ended-split", "into", into),
    })
}
