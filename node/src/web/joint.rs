//! Joint spaces: those that are held here, and opening another after whom it would be shared with was shown.

use age::secrecy::SecretString;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use lianzhan_protocol::id::OrgId;
use lianzhan_protocol::trust::Space;

use super::answer::{self, Desk, Fault, Page, show, show_as};
use super::authority::{Refusal, may_act, must_act};
use super::page::{Choice, JointPage, JointPreview, JointRow, Notice, Section, Tone};
use super::request::{Deed, Posted, Signed};
use super::{WebState, say};
use crate::services::joint::{JointDraft, JointError, TRAVELS, parse_travel, year};
use crate::services::limit::DoorError;

/// Spaces that the page lists.
const LISTED: usize = 200;

pub(super) fn router() -> Router<WebState> {
    Router::new().route("/joint-spaces", get(shown).post(open))
}

impl Page for JointPage {}

/// A joint space as it was asked for.
#[derive(Clone)]
struct Asked {
    with: Vec<String>,
    travel: String,
    year: String,
    /// Whether anything was asked for yet.
    begun: bool,
}

impl Asked {
    fn read(form: &Posted) -> Self {
        Asked {
            with: form.all("with").map(str::to_owned).collect(),
            travel: form.get("travel").to_owned(),
            year: form.get("year").trim().to_owned(),
            begun: form.get("ask") == "1",
        }
    }

    /// The draft, or what is wrong with it.
    fn draft(&self, desk: &Desk) -> Result<JointDraft, Refusal> {
        let told = |error: JointError| answer::tell(&desk.text, &error.into());
        let partners = self.with.iter().filter_map(|id| OrgId::parse(id));
        let partners: Vec<OrgId> = partners.filter(|id| *id != desk.node.org_id()).collect();
        if partners.is_empty() {
            return Err(Refusal::at("with", told(JointError::Partners)));
        }
        Ok(JointDraft {
            partners,
            travel: parse_travel(&self.travel).map_err(|error| Refusal::at("travel", told(error)))?,
            year: self
                .year
                .parse()
                .map_err(|_| Refusal::at("year", told(JointError::Year)))?,
        })
    }

    /// What the form that signs sends again.
    fn sends(&self) -> Vec<(String, String)> {
        let one = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut sends = vec![
            one("ask", "1"),
            one("travel", &self.travel),
            one("year", &self.year),
        ];
        sends.extend(self.with.iter().map(|id| one("with", id)));
        sends
    }
}

async fn shown(
    State(state): State<WebState>,
    who: Signed,
    Query(asked): Query<Vec<(String, String)>>,
) -> Response {
    let asked = Asked::read(&Posted::asked(asked));
    show(state, who, move |desk| page(desk, &asked, None)).await
}

fn page(desk: &Desk, asked: &Asked, refused: Option<Refusal>) -> Result<JointPage, Fault> {
    let (text, may) = (desk.text, may_act(desk));
    let (preview, wrong) = match asked.begun && may {
        false => (None, None),
        true => match preview(desk, asked)? {
            Ok(says) => (Some(says), None),
            Err(refusal) => (None, Some(refusal)),
        },
    };
    let wrong = wrong.as_ref();
    let this_year = say::now().year().to_string();
    let all = desk.node.joint_spaces();
    let spaces: Vec<&Space> = all.iter().take(LISTED).collect();
    Ok(JointPage {
        text,
        shell: desk.shell(Section::Ledgers)?,
        total: all.len() as u64,
        rows: spaces.into_iter().map(|space| row(desk, space)).collect(),
        may,
        orgs: match may {
            true => orgs(desk, &asked.with),
            false => Vec::new(),
        },
        with: Refusal::field(wrong, "with", ""),
        travels: TRAVELS
            .iter()
            .map(|level| Choice {
                value: level.as_str().to_owned(),
                label: say::level(&text, *level),
                chosen: match asked.travel.as_str() {
                    "" => level.as_str() == "county",
                    travel => level.as_str() == travel,
                },
            })
            .collect(),
        travel: Refusal::field(wrong, "travel", ""),
        year: Refusal::field(wrong, "year", if asked.begun { &asked.year } else { &this_year }),
        error: Refusal::whole(wrong).or_else(|| Refusal::whole(refused.as_ref())),
        preview: preview.map(|says| JointPreview {
            says,
            sends: asked.sends(),
            passphrase: Refusal::field(refused.as_ref(), "passphrase", ""),
        }),
    })
}

/// Who would hold it, or why it cannot be opened.
fn preview(desk: &Desk, asked: &Asked) -> Result<Result<Vec<String>, Refusal>, Fault> {
    let text = &desk.text;
    let found = match asked.draft(desk) {
        Ok(draft) => desk.node.joint_preview(&draft),
        Err(refusal) => return Ok(Err(refusal)),
    };
    let (space, above) = match found {
        Ok(found) => found,
        Err(error) => return Refusal::of(text, DoorError::Service(error)).map(Err),
    };
    let mut says = vec![text.t1(
        "joint-does-orgs",
        "who",
        say::audience(text, &desk.directory, &space),
    )];
    let above = above.iter().map(|org| say::org_by_id(text, &desk.directory, org));
    let above: Vec<String> = above.collect();
    says.push(match above.is_empty() {
        true => text.t("joint-does-no-above"),
        false => text.t1("joint-does-above", "who", say::list(text, above)),
    });
    let books = desk.node.registry();
    let books = books
        .ledgers()
        .iter()
        .filter(|ledger| ledger.lives_in(&space) && !crate::services::ledger::is_annex(&ledger.id));
    says.push(text.t1(
        "joint-does-books",
        "names",
        say::list(text, books.map(|ledger| say::ledger(text, ledger))),
    ));
    says.push(text.t("joint-does-for-ever"));
    Ok(Ok(says))
}

fn row(desk: &Desk, space: &Space) -> JointRow {
    let text = &desk.text;
    JointRow {
        year: year(space).to_string(),
        orgs: say::audience(text, &desk.directory, space),
        travel: space
            .joint
            .as_ref()
            .map(|joint| say::level(text, joint.travel))
            .unwrap_or_default(),
        owner: say::org_by_id(text, &desk.directory, &space.owner),
        id: say::short_hex(&space.id().to_string()),
    }
}

/// The other orgs that are known and not ended, by division code.
fn orgs(desk: &Desk, chosen: &[String]) -> Vec<Choice> {
    let own = desk.node.org_id();
    let known = desk.directory.orgs();
    let mut orgs: Vec<_> = known
        .filter(|org| org.id != own && desk.directory.ended(&org.id).is_none())
        .collect();
    orgs.sort_by_key(|org| (&org.code, org.id));
    orgs.into_iter()
        .map(|org| Choice {
            value: org.id.to_string(),
            label: say::org_short(&desk.text, &desk.directory, org),
            chosen: chosen.contains(&org.id.to_string()),
        })
        .collect()
}

async fn open(State(state): State<WebState>, deed: Deed) -> Response {
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
    let opened = state.door.with_authority(move || {
        let authority = node.unlock_authority(&passphrase)?;
        node.open_joint(&authority, &draft)
    });
    match opened.await {
        Ok(_) => {
            who.session.say(Notice {
                tone: Tone::Good,
                say: text.t("joint-done"),
                link: None,
            });
            answer::onward("/joint-spaces")
        }
        Err(error) => match Refusal::of(&text, error) {
            Ok(refusal) => back(state, who, asked, refusal).await,
            Err(fault) => answer::refuse(state, who.visitor, fault).await,
        },
    }
}

async fn back(state: WebState, mut who: Signed, asked: Asked, refusal: Refusal) -> Response {
    who.visitor.here = "/joint-spaces".into();
    let told = refusal.clone();
    let response = show_as(refusal.status(), state, who, move |desk| {
        page(desk, &asked, Some(told))
    });
    refusal.dated(response.await)
}
