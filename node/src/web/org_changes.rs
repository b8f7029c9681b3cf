//! Changes of orgs: those that were stated, and stating another after what it would do was shown.

use age::secrecy::SecretString;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use lianzhan_protocol::id::OrgId;
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::{Audience, Level, Org};
use serde::Deserialize;

use super::answer::{self, Desk, Fault, Page, show};
use super::authority::{Refusal, may_act, must_act};
use super::i18n::{Lang, Text};
use super::office_view::date;
use super::page::{
    Choice, ClosingRow, Link, Notice, OrgChangeEffects, OrgChangePage, OrgChangeRow, OrgChangesPage, Section,
    Tag, Tone, key,
};
use super::request::{Deed, Posted, Signed};
use super::visits::pager;
use super::{WebState, say};
use crate::services::ServiceError;
use crate::services::limit::DoorError;
use crate::services::orgs::{
    Becoming, ChangeStanding, OrgChangeDraft, OrgChangePreview, OrgChangeShown, parse_hands,
};
use crate::services::renew::parse_since;

/// Rows of a page.
const PAGE: u64 = 50;
/// Orgs that go along and are named one by one.
const ALONG: usize = 12;
/// Longest decision, in bytes.
const WORDS_MAX: usize = lianzhan_protocol::trust::Revocation::WORDS_MAX;

pub(super) fn router() -> Router<WebState> {
    Router::new()
        .route("/org-changes", get(list))
        .route("/org-changes/new", get(plan).post(state_one))
}

impl Page for OrgChangesPage {}
impl Page for OrgChangePage {}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Shown {
    page: u64,
}

async fn list(State(state): State<WebState>, who: Signed, Query(shown): Query<Shown>) -> Response {
    show(state, who, move |desk| all(desk, &shown)).await
}

fn all(desk: &Desk, shown: &Shown) -> Result<OrgChangesPage, Fault> {
    let number = shown.page.clamp(1, 1_000_000);
    let changes = desk.node.org_changes();
    let passed = usize::try_from((number - 1) * PAGE).unwrap_or(usize::MAX);
    let some = changes.iter().skip(passed);
    let some = some.take(usize::try_from(PAGE).unwrap_or(usize::MAX));
    let rows: Vec<OrgChangeRow> = some.map(|change| row(desk, change)).collect();
    Ok(OrgChangesPage {
        text: desk.text,
        shell: desk.shell(Section::Appointments)?,
        pager: pager(number, PAGE, changes.len() as u64, rows.len() as u64, |page| {
            format!("/org-changes?page={page}")
        }),
        rows,
        may: may_state(desk),
    })
}

/// Whether this person is offered to change an org: there is none below a station.
fn may_state(desk: &Desk) -> bool {
    may_act(desk) && desk.node.org().is_ok_and(|org| org.level != Level::Station)
}

fn row(desk: &Desk, change: &OrgChangeShown) -> OrgChangeRow {
    let text = &desk.text;
    let (label, tone) = match change.standing {
        ChangeStanding::Stands => (key!("org-change-stands"), Tone::Plain),
        ChangeStanding::Contested => (key!("office-contested"), Tone::Split),
        ChangeStanding::Pending => (key!("org-change-pending"), Tone::Soon),
        ChangeStanding::Refused => (key!("org-change-refused"), Tone::Late),
    };
    let why = change.fault.clone().map(ServiceError::WouldNotStand);
    OrgChangeRow {
        from: date(text, change.from),
        what: sentence(desk, change),
        words: change.words.clone(),
        org: say::org_by_id(text, &desk.directory, &change.stated_by),
        issued: date(text, change.issued),
        signed: change.appointment.map(|id| Link {
            href: format!("/appointments/{id}"),
            label: say::short_hex(&id.to_string()),
        }),
        tag: Tag {
            label: text.t(label),
            tone,
        },
        plain: change.standing == ChangeStanding::Stands,
        why: why.map(|error| answer::tell(text, &error)),
    }
}

/// What changed, with the names of today; the one that the org gets stands behind.
fn sentence(desk: &Desk, change: &OrgChangeShown) -> String {
    let text = &desk.text;
    let name = |org: &OrgId| say::org_by_id(text, &desk.directory, org);
    let org = name(&change.org);
    let said = match (change.parent, change.before) {
        (Some(parent), before) if before == Some(parent) => {
            text.t2("org-change-says-along", "org", org, "parent", name(&parent))
        }
        (Some(parent), before) => text.with(
            "org-change-says-move",
            &[
                ("org", &org),
                ("from", &before.as_ref().map(name).unwrap_or_default()),
                ("to", &name(&parent)),
            ],
        ),
        (None, _) => {
            let into = say::list(text, change.successors.iter().map(name));
            match change.successors.len() {
                1 => text.t2("org-change-says-merge", "org", org, "into", into),
                _ => text.t2("org-change-says-split", "org", org, "into", into),
            }
        }
    };
    match &change.renamed {
        Some((zh, en)) => {
            let name = match text.lang {
                Lang::Zh => zh,
                Lang::En => en,
            };
            text.t2("org-change-says-renamed", "said", said, "name", name)
        }
        None => said,
    }
}

/// A change as it was asked for.
#[derive(Clone)]
struct Asked {
    kind: &'static str,
    org: String,
    parent: String,
    into: Vec<String>,
    code: String,
    name_zh: String,
    name_en: String,
    from: String,
    words: String,
    hands: Vec<String>,
    /// Whether anything was asked for yet.
    begun: bool,
}

/// The kinds of changes, as addresses have them, with their words.
const KINDS: [(&str, &str); 3] = [
    ("merge", key!("org-change-merge")),
    ("split", key!("org-change-split")),
    ("move", key!("org-change-move")),
];

impl Asked {
    fn read(form: &Posted) -> Self {
        let get = |name: &str| form.get(name).trim().to_owned();
        let all = |name: &str| -> Vec<String> {
            let filled = form.all(name).filter(|value| !value.is_empty());
            filled.map(str::to_owned).collect()
        };
        let kind = KINDS.iter().find(|(kind, _)| *kind == form.get("kind"));
        Asked {
            kind: kind.map_or(KINDS[0].0, |(kind, _)| kind),
            org: get("org"),
            parent: get("parent"),
            into: all("into"),
            code: get("code"),
            name_zh: get("name_zh"),
            name_en: get("name_en"),
            from: get("from"),
            words: get("words"),
            hands: all("hands"),
            begun: form.get("ask") == "1",
        }
    }

    /// The draft, or what is wrong with it.
    fn draft(&self, desk: &Desk) -> Result<OrgChangeDraft, Refusal> {
        let text = &desk.text;
        let known = |id: &str| OrgId::parse(id).filter(|id| desk.directory.org(id).is_some());
        let missing = |field| Refusal::at(field, text.t("org-change-choose"));
        let org = known(&self.org).ok_or_else(|| missing("org"))?;
        let given = |text: &String| (!text.is_empty()).then(|| text.clone());
        let becomes = match self.kind {
            "move" => Becoming::Moved {
                parent: known(&self.parent).ok_or_else(|| missing("target"))?,
                code: given(&self.code),
                name_zh: given(&self.name_zh),
                name_en: given(&self.name_en),
            },
            kind => {
                let into: Option<Vec<OrgId>> = self.into.iter().map(|id| known(id)).collect();
                let into = into
                    .filter(|into| !into.is_empty())
                    .ok_or_else(|| missing("target"))?;
                if kind == "split" && into.len() < 2 {
                    return Err(Refusal::at("target", text.t("org-change-parts-few")));
                }
                if into.contains(&org) {
                    return Err(Refusal::at("target", text.t("org-change-itself")));
                }
                Becoming::Succeeded(into)
            }
        };
        let from = parse_since(&self.from).map_err(|_| Refusal::at("from", text.t("org-change-day")))?;
        if self.words.is_empty() {
            return Err(Refusal::at("words", text.t("org-change-words-missing")));
        }
        if self.words.len() > WORDS_MAX {
            return Err(Refusal::at("words", text.t("revoke-reason-long")));
        }
        let hands: Result<Vec<Audience>, _> = self.hands.iter().map(|id| parse_hands(id)).collect();
        Ok(OrgChangeDraft {
            org,
            becomes,
            from: Timestamp::from_seconds(from),
            words: self.words.clone(),
            hands: hands.map_err(|_| Refusal::at("", text.t("org-change-hands-wrong")))?,
        })
    }

    /// What the form that signs sends again.
    fn sends(&self) -> Vec<(String, String)> {
        let one = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut sends = vec![
            one("ask", "1"),
            one("kind", self.kind),
            one("org", &self.org),
            one("parent", &self.parent),
            one("code", &self.code),
            one("name_zh", &self.name_zh),
            one("name_en", &self.name_en),
            one("from", &self.from),
            one("words", &self.words),
        ];
        sends.extend(self.into.iter().map(|id| one("into", id)));
        sends.extend(self.hands.iter().map(|id| one("hands", id)));
        sends
    }
}

async fn plan(
    State(state): State<WebState>,
    who: Signed,
    Query(asked): Query<Vec<(String, String)>>,
) -> Response {
    let asked = Asked::read(&Posted::asked(asked));
    show(state, who, move |desk| page(desk, &asked, None)).await
}

fn page(desk: &Desk, asked: &Asked, refused: Option<Refusal>) -> Result<OrgChangePage, Fault> {
    must_act(desk)?;
    let text = desk.text;
    let (preview, wrong) = match asked.begun {
        false => (None, None),
        true => match preview_of(desk, asked)? {
            Ok(preview) => (Some(preview), None),
            Err(refusal) => (None, Some(refusal)),
        },
    };
    let wrong = wrong.as_ref();
    let preview = preview.map(|preview| OrgChangeEffects {
        sends: asked.sends(),
        passphrase: Refusal::field(refused.as_ref(), "passphrase", ""),
        ..told(desk, asked, &preview)
    });
    let orgs = orgs_below(desk);
    let level = OrgId::parse(&asked.org)
        .and_then(|id| desk.directory.org(&id))
        .map(|org| org.level.rank());
    let others = orgs
        .iter()
        .copied()
        .filter(|org| org.id.to_string() != asked.org && level.is_none_or(|level| org.level.rank() == level));
    let empty = |choices: Vec<Choice>| say::with_empty(text.t("entry-choose"), choices);
    let targets = match asked.kind {
        "move" => {
            let own = desk.node.org()?;
            let above = orgs.iter().copied().filter(|org| org.level != Level::Station);
            let all: Vec<&Org> = std::iter::once(&own).chain(above).collect();
            empty(choices(desk, all, std::slice::from_ref(&asked.parent)))
        }
        "merge" => empty(choices(desk, others.clone(), &asked.into)),
        _ => Vec::new(),
    };
    let vertical = [
        Audience::Township,
        Audience::County,
        Audience::City,
        Audience::Summary,
    ];
    let from = match asked.from.as_str() {
        "" if !asked.begun => say::now().date().to_string(),
        from => from.to_owned(),
    };
    Ok(OrgChangePage {
        text,
        shell: desk.shell(Section::Appointments)?,
        kinds: KINDS
            .iter()
            .map(|(kind, label)| {
                let link = Link {
                    href: format!("/org-changes/new?kind={kind}"),
                    label: text.t(label),
                };
                (link, *kind == asked.kind)
            })
            .collect(),
        kind: asked.kind,
        orgs: empty(choices(
            desk,
            orgs.iter().copied(),
            std::slice::from_ref(&asked.org),
        )),
        org: Refusal::field(wrong, "org", &asked.org),
        targets,
        parts: match asked.kind {
            "split" => choices(desk, others, &asked.into),
            _ => Vec::new(),
        },
        target: Refusal::field(wrong, "target", ""),
        code: Refusal::field(wrong, "code", &asked.code),
        name_zh: Refusal::field(wrong, "name_zh", &asked.name_zh),
        name_en: Refusal::field(wrong, "name_en", &asked.name_en),
        from: Refusal::field(wrong, "from", &from),
        words: Refusal::field(wrong, "words", &asked.words),
        hands: vertical
            .iter()
            .map(|audience| Choice {
                value: audience.as_str().to_owned(),
                label: space_name(&text, *audience),
                chosen: asked.hands.iter().any(|hand| hand == audience.as_str()),
            })
            .collect(),
        error: Refusal::whole(wrong).or_else(|| Refusal::whole(refused.as_ref())),
        preview,
    })
}

/// The orgs below this node's that are not ended, by division code.
fn orgs_below(desk: &Desk) -> Vec<&Org> {
    let own = desk.node.org_id();
    let mut orgs: Vec<&Org> = desk
        .directory
        .orgs()
        .filter(|org| org.id != own && desk.directory.is_at_or_above(&own, &org.id))
        .filter(|org| desk.directory.ended(&org.id).is_none())
        .collect();
    orgs.sort_by_key(|org| (&org.code, org.id));
    orgs
}

/// Orgs to choose from, with their parents: stations of several townships have the same short names.
fn choices<'o>(desk: &Desk, orgs: impl IntoIterator<Item = &'o Org>, chosen: &[String]) -> Vec<Choice> {
    let text = &desk.text;
    let label = |org: &Org| {
        let name = say::org_short(text, &desk.directory, org);
        match org.parent.filter(|_| org.level == Level::Station) {
            Some(parent) => {
                let parent = say::org_by_id(text, &desk.directory, &parent);
                text.t2("org-change-choice", "org", name, "parent", parent)
            }
            None => name,
        }
    };
    orgs.into_iter()
        .map(|org| Choice {
            value: org.id.to_string(),
            label: label(org),
            chosen: chosen.contains(&org.id.to_string()),
        })
        .collect()
}

/// What a space is called by who holds it.
fn space_name(text: &Text, audience: Audience) -> String {
    match audience {
        Audience::Local => text.t("audience-local"),
        Audience::Township => text.t("audience-township"),
        Audience::County => text.t("audience-county"),
        Audience::City => text.t("audience-city"),
        Audience::Summary => text.t("audience-summary"),
        Audience::Notice => text.t("audience-notice"),
        Audience::Joint => text.t("audience-joint"),
        Audience::Directory => text.t("audience-directory"),
    }
}

/// What the change that was asked for would do, or why it cannot be.
fn preview_of(desk: &Desk, asked: &Asked) -> Result<Result<OrgChangePreview, Refusal>, Fault> {
    let draft = match asked.draft(desk) {
        Ok(draft) => draft,
        Err(refusal) => return Ok(Err(refusal)),
    };
    match desk.node.org_change_preview(&draft) {
        Ok(preview) => Ok(Ok(preview)),
        Err(error) => Refusal::of(&desk.text, DoorError::Service(error)).map(Err),
    }
}

fn told(desk: &Desk, asked: &Asked, preview: &OrgChangePreview) -> OrgChangeEffects {
    let text = &desk.text;
    let name = |org: &OrgId| say::org_by_id(text, &desk.directory, org);
    let named = |id: &String| OrgId::parse(id).map(|id| name(&id)).unwrap_or_default();
    let mut says = vec![text.n("org-change-does-records", preview.records)];
    says.push(match asked.kind {
        "merge" => {
            let into = say::list(text, asked.into.iter().map(named));
            text.t2("org-change-does-merge", "into", into, "org", named(&asked.org))
        }
        "split" => text.t1("org-change-does-split", "org", named(&asked.org)),
        _ => text.t("org-change-does-move"),
    });
    if preview.unwitnessed > 0 {
        says.push(text.n("org-change-does-unwitnessed", preview.unwitnessed));
    }
    if preview.keeps > 0 {
        says.push(text.n("org-change-does-keeps", preview.keeps));
    }
    says.push(match asked.kind {
        "move" => text.t("org-change-does-node"),
        _ => text.t("org-change-does-ends"),
    });
    let all = |orgs: &[OrgId]| say::list(text, orgs.iter().map(name));
    OrgChangeEffects {
        says,
        spaces: preview
            .closes
            .iter()
            .map(|space| ClosingRow {
                name: space_name(text, space.audience),
                records: space.records,
                holders: all(&space.holders),
                next: all(&space.next),
                handed: space.handed,
            })
            .collect(),
        along: preview.along.iter().take(ALONG).map(name).collect(),
        along_more: preview.along.len().saturating_sub(ALONG),
        ..OrgChangeEffects::default()
    }
}

async fn state_one(State(state): State<WebState>, deed: Deed) -> Response {
    let Deed { who, mut form } = deed;
    let text = who.visitor.text;
    let passphrase = SecretString::from(form.take("passphrase"));
    let asked = Asked::read(&form);
    let wanted = asked.clone();
    let draft = answer::desk(state.clone(), who.clone(), move |desk| {
        must_act(desk)?;
        Ok(wanted.draft(desk))
    });
    let draft = match draft.await {
        Ok(Ok(draft)) => draft,
        Ok(Err(refusal)) => return back(state, who, asked, refusal).await,
        Err(fault) => return answer::refuse(state, who.visitor, fault).await,
    };
    let node = state.node.clone();
    let stated = state.door.with_authority(move || {
        let authority = node.unlock_authority(&passphrase)?;
        node.change_org(&authority, &draft)
    });
    match stated.await {
        Ok(_) => {
            who.session.say(Notice {
                tone: Tone::Good,
                say: text.t("org-change-done"),
                link: None,
            });
            answer::onward("/org-changes")
        }
        Err(error) => match Refusal::of(&text, error) {
            Ok(refusal) => back(state, who, asked, refusal).await,
            Err(fault) => answer::refuse(state, who.visitor, fault).await,
        },
    }
}

async fn back(state: WebState, who: Signed, asked: Asked, refusal: Refusal) -> Response {
    let here = "/org-changes/new".to_owned();
    let shown = move |desk: &Desk, told| page(desk, &asked, Some(told));
    refusal.back(state, who, here, shown).await
}
