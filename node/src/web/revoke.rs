//! Revoking an appointment: what it would do is shown before anybody signs it.

use age::secrecy::SecretString;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::get;
use lianzhan_protocol::id::StatementId;
use lianzhan_protocol::trust::{Body, Purpose, SignedStatement};

use super::answer::{self, Desk, Fault, Page, show};
use super::authority::{Refusal, must_act};
use super::i18n::Text;
use super::office_view::who;
use super::page::{Choice, Link, Notice, RevokePage, RevokePreview, Section, Tone, key};
use super::request::{Deed, Posted, Signed};
use super::{WebState, say};
use crate::services::ServiceError;
use crate::services::limit::DoorError;
use crate::services::office::{Office, OfficeError};
use crate::services::revoke::{Keep, Preview, RevocationDraft, parse_ground};

/// Statements of an authority that are offered one by one.
const OFFERED: usize = 200;
/// Longest reason, in bytes.
const WORDS_MAX: usize = lianzhan_protocol::trust::Revocation::WORDS_MAX;

pub(super) fn router() -> Router<WebState> {
    Router::new().route("/appointments/{id}/revoke", get(plan).post(revoke))
}

impl Page for RevokePage {}

/// A revocation as it was asked for.
#[derive(Clone)]
struct Asked {
    ground: String,
    since: String,
    reason: String,
    keep: String,
    kept: Vec<String>,
    /// Whether anything was asked for yet.
    begun: bool,
}

impl Asked {
    fn read(form: &Posted) -> Self {
        Asked {
            ground: form.get("ground").to_owned(),
            since: form.get("since").trim().to_owned(),
            reason: form.get("reason").trim().to_owned(),
            keep: form.get("keep").to_owned(),
            kept: form.all("kept").map(str::to_owned).collect(),
            begun: !form.get("ground").is_empty(),
        }
    }

    /// The draft, or what is wrong with it.
    fn draft(&self, text: &Text, office: &Office) -> Result<RevocationDraft, Refusal> {
        let hard = self.ground == "hard";
        if self.reason.is_empty() {
            return Err(Refusal::at("reason", text.t("revoke-reason-missing")));
        }
        if self.reason.len() > WORDS_MAX {
            return Err(Refusal::at("reason", text.t("revoke-reason-long")));
        }
        if !hard && !self.since.is_empty() {
            return Err(Refusal::at("since", text.t("revoke-since-soft")));
        }
        let since = (!self.since.is_empty()).then_some(self.since.as_str());
        // Without a time everything waits: the form says so, and the preview shows it before anybody signs.
        let ground = parse_ground(hard, since, hard && since.is_none())
            .map_err(|_| Refusal::at("since", text.t("revoke-since-wrong")))?;
        let keep = match (office.purpose, self.keep.as_str()) {
            (Purpose::Authority, "all") => Some(Keep::All),
            (Purpose::Authority, "none") => Some(Keep::None),
            (Purpose::Authority, "only") => {
                let ids = self.kept.iter().map(|id| StatementId::parse(id));
                let ids: Option<Vec<StatementId>> = ids.collect();
                Some(Keep::Only(
                    ids.ok_or_else(|| Refusal::at("", text.t("revoke-kept-wrong")))?,
                ))
            }
            _ => None,
        };
        Ok(RevocationDraft {
            appointment: office.id,
            ground,
            words: self.reason.clone(),
            keep,
            also: Vec::new(),
        })
    }

    /// What the form that signs sends again.
    fn sends(&self) -> Vec<(String, String)> {
        let one = |name: &str, value: &String| (name.to_owned(), value.clone());
        let mut sends = vec![
            one("ground", &self.ground),
            one("since", &self.since),
            one("reason", &self.reason),
            one("keep", &self.keep),
        ];
        sends.extend(self.kept.iter().map(|id| one("kept", id)));
        sends
    }
}

async fn plan(
    State(state): State<WebState>,
    who: Signed,
    Path(id): Path<String>,
    Query(asked): Query<Vec<(String, String)>>,
) -> Response {
    let asked = Asked::read(&Posted::asked(asked));
    show(state, who, move |desk| page(desk, &id, &asked, None)).await
}

fn page(desk: &Desk, id: &str, asked: &Asked, refused: Option<Refusal>) -> Result<RevokePage, Fault> {
    must_act(desk)?;
    let text = desk.text;
    let office = desk.node.office(&desk.node.find_office(id)?)?;
    let planned = match asked.begun {
        false => None,
        true => Some(plan_of(desk, &office, asked)?),
    };
    let (preview, wrong) = match planned {
        None => (None, None),
        Some(Ok(preview)) => (Some(preview), None),
        Some(Err(refusal)) => (None, Some(refusal)),
    };
    let wrong = wrong.as_ref();
    let preview = preview.map(|preview| RevokePreview {
        sends: asked.sends(),
        passphrase: Refusal::field(refused.as_ref(), "passphrase", ""),
        ..told(desk, &office, &preview)
    });
    let authority = office.purpose == Purpose::Authority;
    let choice = |value: &str, label: &str, chosen: &str| Choice {
        value: value.to_owned(),
        label: text.t(label),
        chosen: value == chosen,
    };
    let ground = if asked.begun {
        asked.ground.as_str()
    } else {
        "soft"
    };
    let keep = if asked.keep.is_empty() {
        "auto"
    } else {
        asked.keep.as_str()
    };
    let keeps = [
        ("auto", key!("revoke-keep-auto")),
        ("all", key!("revoke-keep-all")),
        ("none", key!("revoke-keep-none")),
        ("only", key!("revoke-keep-only")),
    ];
    Ok(RevokePage {
        text,
        shell: desk.shell(Section::Appointments)?,
        id: office.id.to_string(),
        who: who(desk, &office),
        grounds: vec![
            choice("soft", key!("revoke-soft"), ground),
            choice("hard", key!("revoke-hard"), ground),
        ],
        since: Refusal::field(wrong, "since", &asked.since),
        reason: Refusal::field(wrong, "reason", &asked.reason),
        keeps: if authority {
            keeps
                .iter()
                .map(|(value, label)| choice(value, label, keep))
                .collect()
        } else {
            Vec::new()
        },
        kept: if authority {
            kept(desk, &office, asked)
        } else {
            Vec::new()
        },
        error: Refusal::whole(wrong).or_else(|| Refusal::whole(refused.as_ref())),
        preview,
    })
}

/// What the revocation that was asked for would do, or why it cannot be.
fn plan_of(desk: &Desk, office: &Office, asked: &Asked) -> Result<Result<Preview, Refusal>, Fault> {
    let draft = match asked.draft(&desk.text, office) {
        Ok(draft) => draft,
        Err(refusal) => return Ok(Err(refusal)),
    };
    match desk.node.waits_after(&draft) {
        Ok(preview) => Ok(Ok(preview)),
        Err(error) => Refusal::of(&desk.text, DoorError::Service(error)).map(Err),
    }
}

/// The statements of an authority, to choose from.
fn kept(desk: &Desk, office: &Office, asked: &Asked) -> Vec<Choice> {
    let issued = desk
        .directory
        .statements()
        .filter(|statement| statement.issuer().appointment == Some(office.id))
        .map(SignedStatement::id)
        .filter(|id| !desk.directory.faults().contains_key(id));
    issued
        .take(OFFERED)
        .map(|id| Choice {
            value: id.to_string(),
            label: statement(desk, &id),
            chosen: asked.kept.contains(&id.to_string()),
        })
        .collect()
}

/// What a statement of trust says, in a few words.
pub(super) fn statement(desk: &Desk, id: &StatementId) -> String {
    let text = &desk.text;
    let known = desk.directory.statement(id).map(SignedStatement::body);
    match known {
        Some(Body::Appointment(_)) => match desk.node.office(id) {
            Ok(office) => who(desk, &office),
            Err(_) => other(text, id),
        },
        Some(Body::Org(org)) => text.t1("statement-org", "org", say::org(text, org)),
        Some(Body::Revocation(revocation)) => match desk.node.office(&revocation.appointment) {
            Ok(office) => text.t1("revoke-title", "who", who(desk, &office)),
            Err(_) => other(text, id),
        },
        Some(Body::Adoption(adoption)) => {
            text.n("adopt-title", adoption.changes.len() + adoption.statements.len())
        }
        Some(Body::JointSpace(_)) => text.t("space-joint"),
        Some(Body::OrgChange(change)) => {
            let org = desk.directory.org(&change.org);
            text.t1(
                "statement-org-change",
                "org",
                org.map(|org| say::org(text, org)).unwrap_or_default(),
            )
        }
        Some(Body::RootWitnesses(_) | Body::Policy(_)) => text.t("statement-policy"),
        Some(Body::Succession(_)) | None => other(text, id),
    }
}

fn other(text: &Text, id: &StatementId) -> String {
    text.t1("statement-other", "id", say::short_hex(&id.to_string()))
}

/// Where a statement of trust is shown; empty for what has no page.
pub(super) fn statement_href(desk: &Desk, id: &StatementId) -> String {
    let office = desk.node.office(id);
    office.map_or_else(|_| String::new(), |office| format!("/appointments/{}", office.id))
}

fn told(desk: &Desk, office: &Office, preview: &Preview) -> RevokePreview {
    let text = &desk.text;
    let mut says = Vec::new();
    if office.purpose == Purpose::Authority {
        says.push(text.t2(
            "revoke-says-statements",
            "kept",
            preview.kept,
            "waiting",
            preview.statements.len(),
        ));
    }
    if office.purpose == Purpose::Witness {
        says.push(text.t("revoke-says-witness"));
    } else if preview.entries == 0 {
        says.push(text.n("revoke-says-none", preview.good));
    } else {
        if preview.good > 0 {
            says.push(text.n("revoke-says-good", preview.good));
        }
        says.push(text.t2(
            "revoke-says-waiting",
            "entries",
            preview.entries,
            "records",
            preview.records,
        ));
    }
    if office.purpose == Purpose::Node {
        says.push(text.t("revoke-says-node"));
    }
    if office.purpose == Purpose::Person {
        says.push(text.t("revoke-says-person"));
    }
    let records: Vec<(Link, u64)> = preview
        .named
        .iter()
        .map(|one| {
            let link = Link {
                href: format!("/records/{}", one.record),
                label: one.title.clone(),
            };
            (link, one.entries)
        })
        .collect();
    let statements = preview.statements.iter().take(OFFERED);
    RevokePreview {
        says,
        more: preview.records.saturating_sub(records.len() as u64),
        records,
        statements: statements
            .map(|id| Link {
                href: statement_href(desk, id),
                label: statement(desk, id),
            })
            .collect(),
        ..RevokePreview::default()
    }
}

async fn revoke(State(state): State<WebState>, Path(id): Path<String>, deed: Deed) -> Response {
    let Deed { who, mut form } = deed;
    let text = who.visitor.text;
    let passphrase = SecretString::from(form.take("passphrase"));
    let asked = Asked::read(&form);
    let (wanted, again) = (asked.clone(), id.clone());
    let draft = answer::desk(state.clone(), who.clone(), move |desk| {
        must_act(desk)?;
        let office = desk.node.office(&desk.node.find_office(&again)?)?;
        Ok(wanted.draft(&desk.text, &office))
    });
    let draft = match draft.await {
        Ok(Ok(draft)) => draft,
        Ok(Err(refusal)) => return back(state, who, id, asked, refusal).await,
        Err(fault) => return answer::refuse(state, who.visitor, fault).await,
    };
    let node = state.node.clone();
    let stated = state
        .door
        .with_authority(move || node.revoke(&passphrase, &draft));
    match stated.await {
        Ok(_) => {
            who.session.say(Notice {
                tone: Tone::Good,
                say: text.t("revoke-done"),
                link: Some(Link {
                    href: "/contested".into(),
                    label: text.t("contested"),
                }),
            });
            answer::onward(&format!("/appointments/{id}"))
        }
        Err(DoorError::Service(error @ ServiceError::Office(OfficeError::Unknown(_)))) => {
            answer::refuse(state, who.visitor, Fault::Service(error)).await
        }
        Err(error) => match Refusal::of(&text, error) {
            Ok(refusal) => back(state, who, id, asked, refusal).await,
            Err(fault) => answer::refuse(state, who.visitor, fault).await,
        },
    }
}

async fn back(state: WebState, who: Signed, id: String, asked: Asked, refusal: Refusal) -> Response {
    let here = format!("/appointments/{id}/revoke");
    let shown = move |desk: &Desk, told| page(desk, &id, &asked, Some(told));
    refusal.back(state, who, here, shown).await
}
