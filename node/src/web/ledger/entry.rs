//! The form of a record: empty, as it was kept, as it was typed; what is wrong with it, and what becomes of it.

mod sent;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::get;
use lianzhan_protocol::id::{ChangeId, RecordId};
use lianzhan_protocol::record::ledger::{FieldKind, Ledger};
use lianzhan_protocol::trust::Space;

use super::form::{Maker, Typed, summary};
use super::{books, typing};
use crate::services::access::{Purpose, Reason, Way};
use crate::services::attachment::takes_files;
use crate::services::ledger::{DraftId, FieldFault, Part, TypingForm, Values, as_typed, name_of};
use crate::services::query::RecordDetail;
use crate::services::{Author, Node, ServiceError, parse_record};
use crate::views;
use crate::web::answer::{Desk, Fault, Page, show};
use crate::web::page::{Choice, EntryForm, EntryPage, FilePlace, Link, Section};
use crate::web::record_view::{detail, words_of};
use crate::web::request::{Posted, Signed};
use crate::web::session::{self, Session};
use crate::web::suspicions::{self, Notes};
use crate::web::{WebState, say};

/// The part that says when what is typed was kept.
const KEPT: &str = "kept";
/// Files that are taken: the personal part keeps no videos.
const ACCEPT: &str = "image/jpeg,image/png,image/webp,application/pdf,video/mp4,video/quicktime";
const ACCEPT_PERSONAL: &str = "image/jpeg,image/png,image/webp,application/pdf";

pub(super) fn router() -> Router<WebState> {
    Router::new()
        .route("/ledgers/{ledger}/new", get(fresh).post(sent::enter))
        .route("/records/{id}/edit", get(edit).post(sent::amend))
}

impl Page for EntryPage {}

/// What the form is of.
#[derive(Clone)]
enum Of {
    /// A record that is to begin, in this ledger.
    New(&'static Ledger),
    /// One that is there.
    Record(Arc<RecordDetail>, &'static Ledger),
}

impl Of {
    fn ledger(&self) -> &'static Ledger {
        match self {
            Of::New(ledger) | Of::Record(_, ledger) => ledger,
        }
    }

    fn action(&self) -> String {
        match self {
            Of::New(ledger) => format!("/ledgers/{}/new", ledger.id),
            Of::Record(detail, _) => format!("/records/{}/edit", detail.id),
        }
    }

    fn record(&self) -> Option<RecordId> {
        match self {
            Of::New(_) => None,
            Of::Record(detail, _) => Some(detail.id),
        }
    }
}

/// A form as it is sent or shown.
#[derive(Default)]
struct Sheet {
    pairs: Vec<(String, String)>,
    faults: Vec<FieldFault>,
    notes: Notes,
    error: Option<String>,
    more: String,
    once: String,
    draft: Option<DraftId>,
    seen: String,
    space: String,
    kept: String,
}

impl Sheet {
    fn posted(form: &Posted) -> Self {
        let inputs = form
            .pairs()
            .filter(|(name, _)| name.starts_with("f:") || name.starts_with("a:"));
        Sheet {
            pairs: inputs
                .map(|(name, text)| (name.to_owned(), text.to_owned()))
                .collect(),
            notes: suspicions::notes(form),
            once: form.get("once").to_owned(),
            draft: DraftId::parse(form.get("draft")),
            seen: form.get("seen").to_owned(),
            space: form.get("space").to_owned(),
            ..Sheet::default()
        }
    }

    fn seen(&self) -> Vec<ChangeId> {
        self.seen.split(' ').filter_map(ChangeId::parse).collect()
    }

    /// What is kept while it is typed.
    fn typing(&self, of: &Of) -> TypingForm {
        let mut pairs = self.pairs.clone();
        pairs.retain(|(_, text)| !text.trim().is_empty());
        if !self.space.is_empty() {
            pairs.push(("space".into(), self.space.clone()));
        }
        TypingForm {
            ledger: of.ledger().id.clone(),
            record: of.record(),
            seen: self.seen.clone(),
            pairs,
        }
    }
}

fn record_of(node: &Node, id: &str) -> Result<Of, ServiceError> {
    let detail = detail(node, &parse_record(id)?)?;
    let ledger = node.form_of(&detail.ledger, &detail.space)?;
    Ok(Of::Record(Arc::new(detail), ledger))
}

/// What a new record of this node's own org asks for.
fn form_here(node: &Node, id: &str) -> Result<&'static Ledger, ServiceError> {
    let audience = node.book(id)?.audience;
    node.form_of(id, &node.own_space(audience))
}

async fn fresh(
    State(state): State<WebState>,
    who: Signed,
    Path(id): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Response {
    show(state, who, move |desk| {
        let of = Of::New(form_here(&desk.node, &id)?);
        let sheet = match kept(desk, &pairs)? {
            Some(sheet) => sheet,
            None => Sheet {
                pairs: begun(of.ledger(), pairs),
                ..Sheet::default()
            },
        };
        page(desk, &of, sheet)
    })
    .await
}

async fn edit(
    State(state): State<WebState>,
    who: Signed,
    Path(id): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Response {
    show(state, who, move |desk| {
        let of = record_of(&desk.node, &id)?;
        let sheet = match kept(desk, &pairs)? {
            Some(sheet) => sheet,
            None => as_it_is(desk, &of),
        };
        page(desk, &of, sheet)
    })
    .await
}

/// The form as it was kept, if the address names one that is there.
fn kept(desk: &Desk, asked: &[(String, String)]) -> Result<Option<Sheet>, ServiceError> {
    let named = asked.iter().find(|(name, _)| name == "draft");
    let Some(id) = named.and_then(|(_, id)| DraftId::parse(id)) else {
        return Ok(None);
    };
    let Some(typing) = desk.node.draft(desk.author(), id)? else {
        return Ok(None);
    };
    let personal = typing.form.pairs.iter().any(|(name, _)| name.starts_with("a:"));
    if let Some(record) = typing.form.record.filter(|_| personal)
        && !desk.who.session.has_opened(&record)
    {
        // What they typed holds what the personal part said when they began.
        let reason = Reason {
            purpose: Purpose::Typing,
            words: String::new(),
        };
        let runtime = tokio::runtime::Handle::current();
        runtime.block_on(
            desk.node
                .note_access(desk.author(), &[record], Way::Open, &reason),
        )?;
        desk.who.session.open(record);
    }
    let made = |typing: crate::services::ledger::Typing| {
        let (space, pairs): (Vec<_>, Vec<_>) = typing
            .form
            .pairs
            .into_iter()
            .partition(|(name, _)| name == "space");
        Sheet {
            pairs,
            space: space
                .into_iter()
                .next()
                .map(|(_, space)| space)
                .unwrap_or_default(),
            seen: typing.form.seen,
            draft: Some(typing.id),
            kept: say::clock(&desk.text, typing.kept),
            ..Sheet::default()
        }
    };
    Ok(Some(made(typing)))
}

/// What a new form begins with: what its address says, and that it happens now.
fn begun(ledger: &Ledger, asked: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut pairs: Vec<(String, String)> = asked
        .into_iter()
        .filter(|(name, _)| name.starts_with("f:"))
        .collect();
    if let Some(field) = views::happened_field(ledger) {
        let name = name_of(Part::Main, &field.id);
        let now = say::now().datetime();
        if !pairs.iter().any(|(known, _)| *known == name) {
            let day = now.date().to_string();
            let typed = match field.kind {
                FieldKind::Ts => Some(say::local_input(now)),
                FieldKind::Date => Some(day),
                FieldKind::Month => day.get(..7).map(str::to_owned),
                _ => None,
            };
            // What is asked for only once something has come to its end is not now.
            let begins = field.required == lianzhan_protocol::record::ledger::Required::Required;
            pairs.extend(typed.filter(|_| begins).map(|typed| (name, typed)));
        }
    }
    pairs
}

/// The record as it is now.
fn as_it_is(desk: &Desk, of: &Of) -> Sheet {
    let Of::Record(detail, ledger) = of else {
        return Sheet::default();
    };
    let (main, annexes) = desk.node.values_of(detail, &[]);
    let mut pairs = as_typed(ledger, Part::Main, &main);
    for annex in crate::services::ledger::annexes_of(ledger) {
        if let Some(values) = annexes.get(&annex.id) {
            pairs.extend(as_typed(annex, Part::Annex(&annex.id), values));
        }
    }
    Sheet {
        pairs,
        seen: words_of(&detail.state.heads),
        ..Sheet::default()
    }
}

/// The annexes that a form asks for: those this person may write, and of a record those that are open to this session or not
/// there yet.
fn annexes(node: &Node, who: &Session, of: &Of, space: &Space) -> Vec<&'static Ledger> {
    let mut annexes = node.writable_annexes(&who.author, of.ledger(), space);
    if let Of::Record(detail, _) = of {
        let opened = who.has_opened(&detail.id);
        annexes.retain(|annex| {
            (opened && detail.annexes.iter().any(|held| held.ledger == annex.id))
                || !detail.annex_names.contains(&annex.id)
        });
    }
    annexes
}

/// Where the record stands, or is to stand.
fn space_of(node: &Node, author: &Author, of: &Of, chosen: &str) -> Result<Space, ServiceError> {
    if let Of::Record(detail, ledger) = of {
        return match node.may_put(author, &ledger.id, &detail.space) {
            true => Ok(detail.space.clone()),
            false => Err(not_yours()),
        };
    }
    let offered = node.offered_spaces(author, of.ledger());
    let found = offered
        .iter()
        .find(|offered| offered.space.id().to_string() == chosen)
        .or_else(|| offered.iter().find(|offered| offered.own && chosen.is_empty()))
        .or_else(|| offered.first().filter(|_| chosen.is_empty()));
    found.map(|offered| offered.space.clone()).ok_or_else(not_yours)
}

fn not_yours() -> ServiceError {
    ServiceError::NotAllowed("this ledger is written by holders of other posts".into())
}

fn page(desk: &Desk, of: &Of, sheet: Sheet) -> Result<EntryPage, Fault> {
    let (text, ledger) = (desk.text, of.ledger());
    let space = space_of(&desk.node, desk.author(), of, &sheet.space)?;
    let base = match of {
        Of::New(_) => Values::new(),
        Of::Record(detail, _) => desk.node.values_of(detail, &sheet.seen()).0,
    };
    let typed = Typed {
        pairs: &sheet.pairs,
        faults: &sheet.faults,
        more: &sheet.more,
        base: &base,
    };
    let mut maker = Maker::new(desk, &typed);
    let mut sections = maker.main(ledger)?;
    let annexes = annexes(&desk.node, &desk.who.session, of, &space);
    for annex in &annexes {
        sections.extend(maker.annex(annex, &space)?);
    }
    let places = match of {
        Of::Record(..) => Vec::new(),
        Of::New(_) => places(desk, ledger, &space),
    };
    let once = match sheet.once.is_empty() {
        true => session::token(),
        false => sheet.once,
    };
    let error = sheet.error.or_else(|| {
        let count = sheet.faults.len();
        (count > 0).then(|| text.n("entry-wrong", count))
    });
    Ok(EntryPage {
        text,
        shell: desk.shell(Section::Ledgers)?,
        ledger: Link {
            href: format!("/ledgers/{}", ledger.id),
            label: say::ledger(&text, ledger),
        },
        record: match of {
            Of::New(_) => None,
            Of::Record(detail, _) => Some(record_link(desk, detail, ledger)),
        },
        typing: match (of, sheet.kept.is_empty()) {
            (Of::New(_), true) => typing::rows(desk, Some(&ledger.id))?,
            _ => Vec::new(),
        },
        form: EntryForm {
            action: of.action(),
            once,
            draft: sheet.draft.unwrap_or_else(DraftId::mint).to_string(),
            seen: sheet.seen,
            kept: sheet.kept,
            error,
            wrong: summary(&text, &sheet.faults),
            suspects: suspicions::shown(&text, &sheet.faults, &sheet.notes, |fault| fault.name.clone()),
            travels: match places.is_empty() {
                true => say::audience(&text, &desk.directory, &space),
                false => books::travels(&text, ledger.audience),
            },
            places,
            sections,
            files: match of {
                Of::New(_) => file_places(desk, ledger, &annexes, &space),
                Of::Record(..) => Vec::new(),
            },
        },
    })
}

pub(super) fn record_link(desk: &Desk, detail: &RecordDetail, ledger: &Ledger) -> Link {
    let title = views::title_field(ledger).map_or("", |field| detail.state.text(&field.id));
    let line: String = title
        .lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(40)
        .collect();
    Link {
        href: format!("/records/{}", detail.id),
        label: if line.is_empty() {
            say::ledger(&desk.text, ledger)
        } else {
            line
        },
    }
}

/// Where a new record may stand, if there is a choice.
fn places(desk: &Desk, ledger: &Ledger, chosen: &Space) -> Vec<Choice> {
    let offered = desk.node.offered_spaces(desk.author(), ledger);
    if offered.len() < 2 {
        return Vec::new();
    }
    let several = !ledger.also.is_empty();
    let label = |space: &Space| {
        let org = say::org_by_id(&desk.text, &desk.directory, &space.owner);
        match (&space.joint, several) {
            (Some(_), _) => say::audience(&desk.text, &desk.directory, space),
            (None, false) => org,
            (None, true) => say::list(&desk.text, [org, books::travels(&desk.text, space.audience)]),
        }
    };
    offered
        .iter()
        .map(|offered| Choice {
            value: offered.space.id().to_string(),
            label: label(&offered.space),
            chosen: offered.space == *chosen,
        })
        .collect()
}

fn file_places(desk: &Desk, ledger: &Ledger, annexes: &[&'static Ledger], space: &Space) -> Vec<FilePlace> {
    let text = desk.text;
    let who = |space: &Space| say::audience(&text, &desk.directory, space);
    let mut places = Vec::new();
    if takes_files(ledger) {
        places.push(FilePlace {
            part: "shared",
            label: text.t1("attach-shared", "who", who(space)),
            accept: ACCEPT,
        });
    }
    if let Some(annex) = annexes.iter().find(|annex| takes_files(annex)) {
        let narrow = desk.directory.space_beside(space, annex.audience);
        places.push(FilePlace {
            part: "personal",
            label: text.t1("attach-personal", "who", who(&narrow)),
            accept: ACCEPT_PERSONAL,
        });
    }
    places
}
