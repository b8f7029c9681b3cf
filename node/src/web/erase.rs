//! Erasing a record or its personal part: what it would do is shown before anybody signs it.

use age::secrecy::SecretString;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::get;
use lianzhan_protocol::id::RecordId;
use lianzhan_protocol::record::{Erasure, ErasureError, ErasureGround};
use lianzhan_protocol::trust::Audience;

use super::answer::{self, Desk, Fault, Page, show};
use super::authority::Refusal;
use super::i18n::Text;
use super::page::{Choice, ErasePage, Notice, Section, Tone, key};
use super::request::{Deed, Posted, Signed};
use super::{WebState, say};
use crate::services::erase::{Doomed, ErasureDraft, ErasureStatus, Extent};
use crate::services::limit::DoorError;
use crate::services::{ServiceError, parse_record};

pub(super) fn router() -> Router<WebState> {
    Router::new().route("/records/{id}/erase", get(plan).post(erase))
}

impl Page for ErasePage {}

/// Whether this person is offered to erase.
pub(super) fn may_erase(desk: &Desk) -> bool {
    let card = desk.node.card(desk.author());
    card.is_ok_and(|card| card.roles.iter().any(|role| Erasure::ROLES.contains(role)))
}

/// The name of a ground.
fn ground_key(ground: ErasureGround) -> &'static str {
    match ground {
        ErasureGround::Retention => key!("erase-ground-retention"),
        ErasureGround::Request => key!("erase-ground-request"),
        ErasureGround::Consent => key!("erase-ground-consent"),
        ErasureGround::Misplaced => key!("erase-ground-misplaced"),
        ErasureGround::Unlawful => key!("erase-ground-unlawful"),
    }
}

/// Since when it is erased, by whom, on what ground, and at how many holders.
pub(super) fn erased_words(desk: &Desk, status: &ErasureStatus) -> String {
    let text = &desk.text;
    let Some(erased) = &status.erased else {
        return text.t("erased-waits");
    };
    text.with(
        "erased-words",
        &[
            ("since", &say::clock(text, erased.since)),
            ("who", &erased.by.name),
            ("on", &say::stated_line(text, &erased.on)),
            ("ground", &text.t(ground_key(erased.ground))),
            ("done", &status.erased_at()),
            ("of", &status.holders.len()),
        ],
    )
}

/// What a record's page says on top: that it is erased, or that an erasure of it or of a part waits.
pub(super) fn told(desk: &Desk, record: &RecordId, all: &[ErasureStatus]) -> Vec<String> {
    let text = &desk.text;
    let says = all.iter().filter_map(|status| {
        let words = erased_words(desk, status);
        match (status.erased.is_some(), status.record == *record) {
            (true, true) => Some(text.t1("private-erased", "how", words)),
            (true, false) => None,
            (false, _) => Some(words),
        }
    });
    let mut says: Vec<String> = says.collect();
    says.dedup();
    says
}

/// An erasure as it was asked for.
#[derive(Clone)]
struct Asked {
    ground: String,
    on: String,
    note: String,
    whole: bool,
    /// Whether anything was asked for yet.
    begun: bool,
}

impl Asked {
    fn read(form: &Posted) -> Self {
        Asked {
            ground: form.get("ground").to_owned(),
            on: form.get("on").trim().to_owned(),
            note: form.get("note").trim().to_owned(),
            whole: form.get("extent") == "whole",
            begun: !form.get("ground").is_empty(),
        }
    }

    fn extent(&self) -> Extent {
        match self.whole {
            true => Extent::Whole,
            false => Extent::Personal,
        }
    }

    /// The draft, or what is wrong with it.
    fn draft(&self, text: &Text, today: &str, record: RecordId) -> Result<ErasureDraft, Refusal> {
        let ground = ErasureGround::parse(&self.ground)
            .ok_or_else(|| Refusal::at("", text.t("erase-ground-missing")))?;
        let note = (!self.note.is_empty()).then(|| self.note.clone());
        let told = |error: ErasureError| answer::tell(text, &ServiceError::Erasure(error));
        match Erasure::check_words(&self.on, note.as_deref()) {
            Err(error @ ErasureError::Date) => return Err(Refusal::at("on", told(error))),
            Err(error) => return Err(Refusal::at("note", told(error))),
            Ok(()) if self.on.as_str() > today => return Err(Refusal::at("on", text.t("erase-on-future"))),
            Ok(()) => {}
        }
        Ok(ErasureDraft {
            record,
            extent: self.extent(),
            ground,
            on: self.on.clone(),
            note,
        })
    }

    /// What the form that signs sends again.
    fn sends(&self) -> Vec<(String, String)> {
        let one = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        vec![
            one("ground", &self.ground),
            one("on", &self.on),
            one("note", &self.note),
            one("extent", if self.whole { "whole" } else { "personal" }),
        ]
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

fn must_erase(desk: &Desk) -> Result<(), Fault> {
    if may_erase(desk) {
        return Ok(());
    }
    Err(ServiceError::NotAllowed(desk.text.t("erase-not-yours")).into())
}

fn page(desk: &Desk, id: &str, asked: &Asked, refused: Option<Refusal>) -> Result<ErasePage, Fault> {
    must_erase(desk)?;
    let text = desk.text;
    let record = parse_record(id)?;
    let today = desk.node.today();
    let doomed = desk.node.preview_erasure(&record, asked.extent())?;
    let wrong = match asked.begun {
        true => asked.draft(&text, &today, record).err(),
        false => None,
    };
    let shown = refused.as_ref().or(wrong.as_ref());
    let choice = |value: &str, label: &str, chosen: bool| Choice {
        value: value.to_owned(),
        label: text.t(label),
        chosen,
    };
    let grounds = ErasureGround::ALL.map(|ground| {
        let id = ground.as_str();
        choice(id, ground_key(ground), asked.ground == id)
    });
    let on = if asked.on.is_empty() { &today } else { &asked.on };
    Ok(ErasePage {
        text,
        shell: desk.shell(Section::None)?,
        id: record.to_string(),
        extents: vec![
            choice("personal", key!("erase-personal"), !asked.whole),
            choice("whole", key!("erase-whole"), asked.whole),
        ],
        grounds: grounds.to_vec(),
        on: Refusal::field(shown, "on", on),
        note: Refusal::field(shown, "note", &asked.note),
        error: Refusal::whole(shown),
        says: doomed.iter().map(|part| says(desk, part)).collect(),
        sign: (asked.begun && wrong.is_none() && !doomed.is_empty())
            .then(|| (asked.sends(), Refusal::field(refused.as_ref(), "passphrase", ""))),
    })
}

/// What would go, of which part, and at whose nodes.
pub(super) fn says(desk: &Desk, part: &Doomed) -> String {
    let text = &desk.text;
    let what = match (part.personal, part.space.audience) {
        (true, Audience::Local) => text.t("private-sensitive"),
        (true, _) => text.t("private-personal"),
        (false, _) => text.t("erase-the-record"),
    };
    let holders = part
        .holders
        .iter()
        .map(|org| say::org_short(text, &desk.directory, org));
    text.with(
        "erase-says",
        &[
            ("what", &what),
            ("changes", &part.changes),
            ("attachments", &part.attachments),
            ("holders", &say::list(text, holders)),
        ],
    )
}

async fn erase(State(state): State<WebState>, Path(id): Path<String>, deed: Deed) -> Response {
    let Deed { who, mut form } = deed;
    let text = who.visitor.text;
    let passphrase = SecretString::from(form.take("passphrase"));
    let asked = Asked::read(&form);
    let (wanted, again) = (asked.clone(), id.clone());
    let ready = answer::desk(state.clone(), who.clone(), move |desk| {
        must_erase(desk)?;
        let record = parse_record(&again)?;
        let draft = wanted.draft(&desk.text, &desk.node.today(), record);
        Ok((draft, desk.node.login_of(desk.author())?))
    });
    let (draft, login) = match ready.await {
        Ok((Ok(draft), Some(login))) => (draft, login),
        Ok((Err(refusal), _)) => return back(state, who, id, asked, refusal).await,
        Ok((_, None)) => {
            return answer::refuse(state, who.visitor, Fault::Service(ServiceError::SignIn)).await;
        }
        Err(fault) => return answer::refuse(state, who.visitor, fault).await,
    };
    let node = state.node.clone();
    // The key is unlocked once more, by who knows its passphrase: a desk that was left open erases nothing.
    let signed = match state.door.sign_in(&node, &login, passphrase).await {
        Ok(author) => answer::work(move || node.erase(&author, &draft))
            .await
            .map_err(DoorError::Service),
        Err(error) => Err(error),
    };
    match signed {
        Ok(_) => {
            who.session.say(Notice {
                tone: Tone::Good,
                say: text.t("erase-done"),
                link: None,
            });
            answer::onward(&format!("/records/{id}"))
        }
        Err(error) => match Refusal::of(&text, error) {
            Ok(refusal) => back(state, who, id, asked, refusal).await,
            Err(fault) => answer::refuse(state, who.visitor, fault).await,
        },
    }
}

async fn back(state: WebState, who: Signed, id: String, asked: Asked, refusal: Refusal) -> Response {
    let here = format!("/records/{id}/erase");
    let shown = move |desk: &Desk, told| page(desk, &id, &asked, Some(told));
    refusal.back(state, who, here, shown).await
}
