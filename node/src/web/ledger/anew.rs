//! The form that issues a record anew: what may stay is edited, then everything that would come of it is shown, and only then
//! it is signed. What is typed here is not kept on the way: it is of a record that is to go.

mod draft;
mod preview;

use std::collections::BTreeSet;

use age::secrecy::SecretString;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use lianzhan_protocol::id::{AttachmentId, ChangeId, RecordId};
use lianzhan_protocol::record::ledger::Ledger;
use lianzhan_protocol::trust::Space;

use super::entry::record_link;
use super::form::{Maker, Typed, summary};
use crate::services::ledger::{FieldFault, Part, Values, annexes_of, as_typed};
use crate::services::limit::DoorError;
use crate::services::reissue::{AnewDraft, AnewPlan, Stays, files_among};
use crate::services::{ServiceError, parse_record};
use crate::web::answer::{self, Desk, Fault, Page, show, show_as};
use crate::web::authority::Refusal;
use crate::web::page::{AnewForm, AnewPage, Choice, Field, Link, Notice, Section, Tone};
use crate::web::record_view::{detail, words_of};
use crate::web::request::{Deed, Posted, Signed};
use crate::web::suspicions::{self, Notes};
use crate::web::{WebState, attachments, confirm, erase, live, say, timeline};
use draft::draft;
use preview::preview;

pub(super) fn router() -> Router<WebState> {
    Router::new().route("/records/{id}/anew", get(fresh).post(sent))
}

impl Page for AnewPage {}

/// The form as it is sent or shown.
#[derive(Clone, Default)]
struct Sheet {
    pairs: Vec<(String, String)>,
    notes: Notes,
    /// Personal parts that the form asked for, by ledger.
    shown: BTreeSet<String>,
    /// Closed ones for which it asked whether they come along.
    offered: BTreeSet<String>,
    /// Closed personal parts that come along, by ledger.
    carry: BTreeSet<String>,
    /// Attachments that do.
    keep: BTreeSet<String>,
    on: String,
    seen: String,
    more: String,
    faults: Vec<FieldFault>,
    error: Option<String>,
}

impl Sheet {
    fn posted(form: &Posted) -> Self {
        let inputs = form
            .pairs()
            .filter(|(name, _)| name.starts_with("f:") || name.starts_with("a:"));
        let set = |name| form.all(name).map(str::to_owned).collect();
        Sheet {
            pairs: inputs
                .map(|(name, text)| (name.to_owned(), text.to_owned()))
                .collect(),
            notes: suspicions::notes(form),
            shown: set("shown"),
            offered: set("offered"),
            carry: set("carry"),
            keep: set("keep"),
            on: form.get("on").trim().to_owned(),
            seen: form.get("seen").to_owned(),
            ..Sheet::default()
        }
    }

    /// The record as it is: all of it comes along.
    fn of(desk: &Desk, plan: &AnewPlan) -> Self {
        let mut pairs = as_typed(plan.ledger, Part::Main, &plan.main);
        let mut keep: BTreeSet<String> = ids(files_among(plan.ledger, &plan.main));
        for annex in annexes_of(plan.ledger) {
            if let Some(values) = plan.annexes.get(&annex.id) {
                keep.extend(ids(files_among(annex, values)));
                if desk.who.session.has_opened(&plan.detail.id) {
                    pairs.extend(as_typed(annex, Part::Annex(&annex.id), values));
                }
            }
        }
        Sheet {
            pairs,
            shown: open_parts(desk, plan)
                .iter()
                .map(|annex| annex.id.clone())
                .collect(),
            carry: plan.annexes.keys().cloned().collect(),
            keep,
            on: desk.node.today(),
            seen: words_of(&plan.seen),
            ..Sheet::default()
        }
    }

    fn seen(&self) -> Vec<ChangeId> {
        self.seen.split(' ').filter_map(ChangeId::parse).collect()
    }

    /// What the form that signs sends again.
    fn sends(&self) -> Vec<(String, String)> {
        let one = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut sends = vec![one("on", &self.on), one("seen", &self.seen)];
        sends.extend(
            self.pairs
                .iter()
                .filter(|(_, text)| !text.trim().is_empty())
                .cloned(),
        );
        sends.extend(self.shown.iter().map(|id| one("shown", id)));
        sends.extend(self.offered.iter().map(|id| one("offered", id)));
        sends.extend(self.carry.iter().map(|id| one("carry", id)));
        sends.extend(self.keep.iter().map(|id| one("keep", id)));
        sends.extend(suspicions::sends(&self.notes));
        sends
    }
}

fn ids(files: Vec<(String, AttachmentId)>) -> BTreeSet<String> {
    files.into_iter().map(|(_, id)| id.to_string()).collect()
}

/// What issuing it anew would do, for whoever may sign all of it.
fn plan_of(desk: &Desk, id: &str) -> Result<AnewPlan, ServiceError> {
    let record = parse_record(id)?;
    detail(&desk.node, &record)?;
    if !erase::may_erase(desk) {
        return Err(ServiceError::NotAllowed(desk.text.t("erase-not-yours")));
    }
    desk.node.anew_plan(Some(desk.author()), &record)
}

async fn fresh(State(state): State<WebState>, who: Signed, Path(id): Path<String>) -> Response {
    show(state, who, move |desk| {
        let plan = plan_of(desk, &id)?;
        let sheet = Sheet::of(desk, &plan);
        match plan.begun {
            Some(_) => preview(desk, &plan, &sheet, None, None),
            None => form(desk, &plan, &sheet),
        }
    })
    .await
}

async fn sent(State(state): State<WebState>, Path(id): Path<String>, deed: Deed) -> Response {
    let Deed { who, mut form } = deed;
    let deed = form.get("do").to_owned();
    let passphrase = SecretString::from(form.take("passphrase"));
    let mut sheet = Sheet::posted(&form);
    if deed == "edit" {
        return again(StatusCode::OK, state, who, id, sheet).await;
    }
    if let Some(more) = deed.strip_prefix("more:") {
        more.clone_into(&mut sheet.more);
        return again(StatusCode::OK, state, who, id, sheet).await;
    }
    if let Some(less) = deed.strip_prefix("less:") {
        let row = format!("{less}/");
        sheet.pairs.retain(|(name, _)| !name.starts_with(&row));
        return again(StatusCode::OK, state, who, id, sheet).await;
    }
    let (read, asked) = (sheet.clone(), id.clone());
    let ready = answer::desk(state.clone(), who.clone(), move |desk| {
        let plan = plan_of(desk, &asked)?;
        let draft = match plan.begun {
            // Its words are signed.
            Some(_) => Ok(AnewDraft {
                seen: read.seen(),
                on: read.on.clone(),
                ..AnewDraft::default()
            }),
            None => draft(desk, &plan, &read),
        };
        Ok((plan, draft, desk.node.login_of(desk.author())?))
    });
    let (plan, draft, login) = match ready.await {
        Ok((plan, Ok(draft), Some(login))) => (plan, draft, login),
        Ok((_, Err(ServiceError::Fields(faults)), _)) => {
            sheet.faults = faults;
            return again(StatusCode::UNPROCESSABLE_ENTITY, state, who, id, sheet).await;
        }
        Ok((plan, Err(error), _)) if error.is_callers() => {
            if matches!(error, ServiceError::Moved) {
                sheet.seen = words_of(&plan.seen);
            }
            sheet.error = Some(answer::tell(&who.visitor.text, &error));
            return again(StatusCode::UNPROCESSABLE_ENTITY, state, who, id, sheet).await;
        }
        Ok((_, Err(error), _)) => return answer::refuse(state, who.visitor, Fault::Service(error)).await,
        Ok((_, _, None)) => {
            return answer::refuse(state, who.visitor, Fault::Service(ServiceError::SignIn)).await;
        }
        Err(fault) => return answer::refuse(state, who.visitor, fault).await,
    };
    if deed != "sign" {
        let mut who = who;
        who.visitor.here = format!("/records/{id}/anew");
        return show(state, who, move |desk| {
            preview(desk, &plan, &sheet, Some(&draft), None)
        })
        .await;
    }
    sign(state, who, (id, sheet), plan, draft, (login, passphrase)).await
}

async fn sign(
    state: WebState,
    who: Signed,
    (id, sheet): (String, Sheet),
    plan: AnewPlan,
    draft: AnewDraft,
    (login, passphrase): (String, SecretString),
) -> Response {
    let text = who.visitor.text;
    let (node, old) = (state.node.clone(), plan.detail.id);
    let watch = live::Watch::new(&state);
    // The key is unlocked once more, by who knows its passphrase: a desk that was left open erases nothing.
    let signed = match state.door.sign_in(&node, &login, passphrase).await {
        Ok(author) => {
            let runtime = tokio::runtime::Handle::current();
            answer::work(move || runtime.block_on(node.issue_anew(&author, &old, draft)))
                .await
                .map_err(DoorError::Service)
        }
        Err(error) => Err(error),
    };
    match signed {
        Ok(done) => {
            // Nothing is noted as read where the new record was written before.
            if done.written || who.session.has_opened(&old) {
                who.session.open(done.new);
            }
            watch.until_shown(&done.new).await;
            who.session.say(Notice {
                tone: Tone::Good,
                say: text.t("anew-done"),
                link: None,
            });
            answer::onward(&format!("/records/{}", done.new))
        }
        Err(error) => {
            let moved = matches!(error, DoorError::Service(ServiceError::Moved));
            match Refusal::of(&text, error) {
                Ok(refusal) => {
                    let here = format!("/records/{id}/anew");
                    let shown = move |desk: &Desk, told| refused(desk, &id, sheet, moved, &told);
                    refusal.back(state, who, here, shown).await
                }
                Err(fault) => answer::refuse(state, who.visitor, fault).await,
            }
        }
    }
}

/// The preview of what would be signed now, with why it was not signed. What was changed meanwhile stands in it and counts as
/// seen, so that signing once more is of this.
fn refused(desk: &Desk, id: &str, mut sheet: Sheet, moved: bool, told: &Refusal) -> Result<AnewPage, Fault> {
    let plan = plan_of(desk, id)?;
    if moved {
        sheet.seen = words_of(&plan.seen);
    }
    if plan.begun.is_some() {
        return preview(desk, &plan, &sheet, None, Some(told));
    }
    match draft(desk, &plan, &sheet) {
        Ok(draft) => preview(desk, &plan, &sheet, Some(&draft), Some(told)),
        Err(ServiceError::Fields(faults)) => {
            sheet.faults = faults;
            form(desk, &plan, &sheet)
        }
        Err(error) if error.is_callers() => {
            sheet.error = Some(answer::tell(&desk.text, &error));
            form(desk, &plan, &sheet)
        }
        Err(error) => Err(error.into()),
    }
}

async fn again(status: StatusCode, state: WebState, mut who: Signed, id: String, sheet: Sheet) -> Response {
    who.visitor.here = format!("/records/{id}/anew");
    show_as(status, state, who, move |desk| {
        let plan = plan_of(desk, &id)?;
        form(desk, &plan, &sheet)
    })
    .await
}

/// The personal parts that the form asks for: open to this session, or not there yet.
fn open_parts(desk: &Desk, plan: &AnewPlan) -> Vec<&'static Ledger> {
    let opened = desk.who.session.has_opened(&plan.detail.id);
    let mut parts = desk
        .node
        .writable_annexes(desk.author(), plan.ledger, &plan.detail.space);
    parts.retain(|annex| {
        (opened && plan.annexes.contains_key(&annex.id)) || !plan.detail.annex_names.contains(&annex.id)
    });
    parts
}

fn page(desk: &Desk, plan: &AnewPlan) -> Result<AnewPage, Fault> {
    let text = desk.text;
    let begun = plan.begun.map(|new| Link {
        href: format!("/records/{new}"),
        label: say::grouped(&new.to_string()),
    });
    Ok(AnewPage {
        text,
        shell: desk.shell(Section::Ledgers)?,
        id: plan.detail.id.to_string(),
        ledger: Link {
            href: format!("/ledgers/{}", plan.ledger.id),
            label: say::ledger(&text, plan.ledger),
        },
        record: record_link(desk, &plan.detail, plan.ledger),
        begun,
        form: None,
        preview: None,
        stays: stays(desk, plan),
        erases: plan.doomed.iter().map(|part| erase::says(desk, part)).collect(),
    })
}

/// What does not come along, in sentences: alike ones once, with their count.
fn stays(desk: &Desk, plan: &AnewPlan) -> Vec<String> {
    let text = desk.text;
    let mut says: Vec<String> = Vec::new();
    for stays in &plan.stays {
        says.push(match stays {
            Stays::Event(event) => text.with(
                "anew-stays-event",
                &[
                    ("what", &timeline::event(&text, event.event.kind())),
                    ("who", &confirm::who(desk, event)),
                ],
            ),
            Stays::Annex { ledger, erased } => {
                let name = desk
                    .node
                    .ledger(ledger)
                    .map_or_else(|_| ledger.clone(), |annex| say::ledger(&text, annex));
                match erased {
                    true => text.t1("anew-stays-annex", "what", name),
                    false => text.t1("anew-stays-elsewhere", "what", name),
                }
            }
        });
    }
    says.push(text.t("anew-stays-history"));
    says
}

fn form(desk: &Desk, plan: &AnewPlan, sheet: &Sheet) -> Result<AnewPage, Fault> {
    let text = desk.text;
    let base = Values::new();
    let open = open_parts(desk, plan);
    let mut shows = sheet.clone();
    for annex in &open {
        // Opened since the form was made: it is asked for as it stands, unless it was to be left out.
        let left = sheet.offered.contains(&annex.id) && !sheet.carry.contains(&annex.id);
        if let Some(values) = plan.annexes.get(&annex.id)
            && !sheet.shown.contains(&annex.id)
            && !left
        {
            shows
                .pairs
                .extend(as_typed(annex, Part::Annex(&annex.id), values));
            shows.keep.extend(ids(files_among(annex, values)));
        }
    }
    let typed = Typed {
        pairs: &shows.pairs,
        faults: &sheet.faults,
        more: &sheet.more,
        base: &base,
    };
    let mut maker = Maker::new(desk, &typed);
    let mut sections = maker.main(plan.ledger)?;
    for annex in &open {
        sections.extend(maker.annex(annex, &plan.detail.space)?);
    }
    let closed = annexes_of(plan.ledger)
        .filter(|annex| plan.annexes.contains_key(&annex.id) && !open.iter().any(|part| part.id == annex.id));
    let parts = closed.map(|annex| Choice {
        value: annex.id.clone(),
        label: say::ledger(&text, annex),
        chosen: sheet.carry.contains(&annex.id) || sheet.shown.contains(&annex.id),
    });
    let parts: Vec<Choice> = parts.collect();
    let error = sheet.error.clone().or_else(|| {
        let count = sheet.faults.len();
        (count > 0).then(|| text.n("entry-wrong", count))
    });
    Ok(AnewPage {
        form: Some(AnewForm {
            seen: sheet.seen.clone(),
            error,
            wrong: summary(&text, &sheet.faults),
            suspects: suspicions::shown(&text, &sheet.faults, &sheet.notes, |fault| fault.name.clone()),
            sections,
            shown: open.iter().map(|annex| annex.id.clone()).collect(),
            parts,
            files: files(desk, plan, &shows)?,
            on: Field::new(sheet.on.clone()),
        }),
        ..page(desk, plan)?
    })
}

/// The attachments of the old one, as far as they may come along. Those of closed parts come with their part.
fn files(desk: &Desk, plan: &AnewPlan, sheet: &Sheet) -> Result<Vec<Choice>, ServiceError> {
    let opened = desk.who.session.has_opened(&plan.detail.id);
    let attached = desk.node.attached(&plan.detail.id)?.into_iter();
    let shown = attached.filter(|one| opened || !one.is_personal());
    Ok(shown
        .map(|one| Choice {
            value: one.id.to_string(),
            label: attachments::words(&desk.text, &one),
            chosen: sheet.keep.contains(&one.id.to_string()),
        })
        .collect())
}

/// Where a person issues this record anew, if they may sign all of it.
pub(in crate::web) fn offered(
    desk: &Desk,
    record: &RecordId,
    ledger: &Ledger,
    space: &Space,
) -> Option<String> {
    let may = erase::may_erase(desk)
        && !crate::services::ledger::is_stated(&ledger.id)
        && desk.node.may_put(desk.author(), &ledger.id, space);
    may.then(|| format!("/records/{record}/anew"))
}
