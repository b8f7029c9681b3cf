//! The form of a record: empty, as it was kept, as it was typed; what is wrong with it, and what becomes of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use lianzhan_protocol::id::{ChangeId, RecordId};
use lianzhan_protocol::record::ledger::{FieldKind, Ledger};
use lianzhan_protocol::trust::Space;

use super::form::{Maker, Typed, summary};
use super::{books, typing};
use crate::services::access::{Purpose, Reason, Way};
use crate::services::attachment::{Received, takes_files};
use crate::services::ledger::{
    Amendment, DraftId, FieldFault, NewEntry, Part, TypingForm, Values, as_typed, faults_of, name_of, read,
    suspicions_of,
};
use crate::services::query::RecordDetail;
use crate::services::screen::{Cleared, travels};
use crate::services::{Author, Node, ServiceError, parse_record};
use crate::views;
use crate::web::answer::{self, Desk, Fault, Page, show, show_as};
use crate::web::filed::Filed;
use crate::web::page::{Choice, EntryForm, EntryPage, FilePlace, Link, Notice, Section, Tone};
use crate::web::record_view::{detail, words_of};
use crate::web::request::{Posted, Signed};
use crate::web::session::{self, Session};
use crate::web::suspicions::{self, Notes};
use crate::web::{WebState, live, say};

/// The part that says when what is typed was kept.
const KEPT: &str = "kept";
/// Files that are taken: the personal part keeps no videos.
const ACCEPT: &str = "image/jpeg,image/png,image/webp,application/pdf,video/mp4,video/quicktime";
const ACCEPT_PERSONAL: &str = "image/jpeg,image/png,image/webp,application/pdf";

pub(super) fn router() -> Router<WebState> {
    Router::new()
        .route("/ledgers/{ledger}/new", get(fresh).post(enter))
        .route("/records/{id}/edit", get(edit).post(amend))
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

fn record_link(desk: &Desk, detail: &RecordDetail, ledger: &Ledger) -> Link {
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

async fn enter(State(state): State<WebState>, Path(id): Path<String>, filed: Filed) -> Response {
    match form_here(&state.node, &id) {
        Ok(ledger) => sent(state, Of::New(ledger), filed).await,
        Err(error) => answer::refuse(state, filed.who.visitor, Fault::Service(error)).await,
    }
}

async fn amend(State(state): State<WebState>, Path(id): Path<String>, filed: Filed) -> Response {
    let node = state.node.clone();
    match answer::work(move || record_of(&node, &id)).await {
        Ok(of) => sent(state, of, filed).await,
        Err(error) => answer::refuse(state, filed.who.visitor, Fault::Service(error)).await,
    }
}

/// What was asked of a form that was sent.
async fn sent(state: WebState, of: Of, filed: Filed) -> Response {
    let Filed { who, form, files } = filed;
    let mut sheet = Sheet::posted(&form);
    let deed = form.get("do").to_owned();
    if deed == "keep" {
        return keep(state, who, of, sheet).await;
    }
    if let Some(more) = deed.strip_prefix("more:") {
        more.clone_into(&mut sheet.more);
        return again(StatusCode::OK, state, who, of, sheet).await;
    }
    if let Some(less) = deed.strip_prefix("less:") {
        let row = format!("{less}/");
        sheet.pairs.retain(|(name, _)| !name.starts_with(&row));
        return again(StatusCode::OK, state, who, of, sheet).await;
    }
    let files = match files {
        Ok(files) => files,
        Err(error) => {
            sheet.error = Some(answer::tell(&who.visitor.text, &error));
            return again(StatusCode::UNPROCESSABLE_ENTITY, state, who, of, sheet).await;
        }
    };
    write(state, who, of, sheet, files).await
}

async fn again(status: StatusCode, state: WebState, mut who: Signed, of: Of, sheet: Sheet) -> Response {
    who.visitor.here = of.action();
    show_as(status, state, who, move |desk| page(desk, &of, sheet)).await
}

/// Keeps what was typed: of itself while somebody types, or when they ask for it.
async fn keep(state: WebState, who: Signed, of: Of, mut sheet: Sheet) -> Response {
    let text = who.visitor.text;
    // A form that is typed into is no empty desk.
    who.session.touch();
    // What is done is not kept once more.
    if who.session.once(&sheet.once).get().is_some() {
        return answer::part(KEPT, String::new());
    }
    let id = sheet.draft.unwrap_or_else(DraftId::mint);
    let (node, author, typing) = (state.node.clone(), who.session.author.clone(), sheet.typing(&of));
    let kept = answer::work(move || node.keep_draft(&author, id, &typing)).await;
    match kept {
        Ok(at) if who.visitor.fragment.as_deref() == Some(KEPT) => {
            answer::part(KEPT, text.t1("entry-kept", "time", say::clock(&text, at)))
        }
        Ok(_) => {
            who.session.say(Notice {
                tone: Tone::Good,
                say: text.t("typing-kept"),
                link: None,
            });
            answer::onward(&format!("{}?draft={id}", of.action()))
        }
        Err(error) if error.is_callers() => {
            sheet.error = Some(answer::tell(&text, &error));
            again(StatusCode::UNPROCESSABLE_ENTITY, state, who, of, sheet).await
        }
        Err(error) => answer::refuse(state, who.visitor, Fault::Service(error)).await,
    }
}

/// What was read of a whole form.
struct Whole {
    space: Space,
    main: Values,
    annexes: BTreeMap<String, Values>,
    cleared: Cleared,
}

/// Reads a form. What is wrong is told of all fields at once.
fn whole(
    node: &Node,
    session: &Session,
    of: &Of,
    sheet: &Sheet,
    files: &[Received],
) -> Result<Whole, ServiceError> {
    let space = space_of(node, &session.author, of, &sheet.space)?;
    let (base, base_annexes) = match of {
        Of::New(_) => (Values::new(), BTreeMap::new()),
        Of::Record(detail, _) => node.values_of(detail, &sheet.seen()),
    };
    let resolve =
        |field: &lianzhan_protocol::record::ledger::Field, typed: &str| node.reference(field, typed);
    let main = read(of.ledger(), Part::Main, &sheet.pairs, &base, &resolve);
    let mut faults = faults_of(of.ledger(), &main);
    let mut annexes = BTreeMap::new();
    for annex in self::annexes(node, session, of, &space) {
        let empty = Values::new();
        let base = base_annexes.get(&annex.id).unwrap_or(&empty);
        let part = read(annex, Part::Annex(&annex.id), &sheet.pairs, base, &resolve);
        faults.extend(part.faults);
        if !part.values.is_empty() || base_annexes.contains_key(&annex.id) {
            annexes.insert(annex.id.clone(), part.values);
        }
    }
    let mut cleared = Cleared::new();
    if travels(&space) {
        let screen = node.screen(annexes.iter().map(|(id, values)| (id.as_str(), values)))?;
        for (key, fault) in suspicions_of(of.ledger(), &main, &screen) {
            let stood = key
                .strip_prefix("f:")
                .and_then(|name| Some((name, base.get(name)?)));
            let note = fault
                .suspicion
                .as_ref()
                .and_then(|it| suspicions::note_for(&sheet.notes, it));
            match (stood, note) {
                // What the record says already is not written again.
                (Some((name, value)), _) if main.values.get(name) == Some(value) => {}
                (_, Some(note)) if screen.is_fit(note) => drop(cleared.insert(key, note.to_owned())),
                (_, Some(_)) => faults.push(fault.badly_noted()),
                (_, None) => faults.push(fault),
            }
        }
    }
    let mut values = main.values;
    for one in files {
        let (annex, key, value) = node.place_of(of.ledger(), one)?;
        match annex {
            Some(annex) => annexes.entry(annex.to_owned()).or_default().insert(key, value),
            None => values.insert(key, value),
        };
    }
    match faults.is_empty() {
        true => Ok(Whole {
            space,
            main: values,
            annexes,
            cleared,
        }),
        false => Err(ServiceError::Fields(faults)),
    }
}

async fn write(state: WebState, who: Signed, of: Of, mut sheet: Sheet, files: Vec<Received>) -> Response {
    let text = who.visitor.text;
    let (node, session, watch) = (state.node.clone(), who.session.clone(), live::Watch::new(&state));
    let (author, kept, seen) = (session.author.clone(), of.clone(), sheet.seen());
    let draft = sheet.draft;
    let (late_node, late_author) = (node.clone(), author.clone());
    let read = {
        let (node, session) = (node.clone(), session.clone());
        let (of, back) = (of.clone(), std::mem::take(&mut sheet));
        answer::work(move || Ok((whole(&node, &session, &of, &back, &files), back))).await
    };
    let read = match read {
        Ok((read, back)) => {
            sheet = back;
            read
        }
        Err(error) => Err(error),
    };
    let done = match read {
        Err(error) => Err(error),
        Ok(Whole {
            space,
            main,
            annexes,
            cleared,
        }) => {
            answer::once(&who.session, &sheet.once, async move {
                let runtime = tokio::runtime::Handle::current();
                let ledger = kept.ledger().id.clone();
                let record = answer::work(move || {
                    let written = match &kept {
                        Of::New(_) => {
                            let entry = NewEntry {
                                ledger,
                                space,
                                main,
                                annexes,
                                cleared,
                            };
                            Some(runtime.block_on(node.enter(&author, entry, draft))?.record)
                        }
                        Of::Record(detail, _) => {
                            let amendment = Amendment {
                                seen,
                                main,
                                annexes,
                                cleared,
                            };
                            let done = runtime.block_on(node.amend(&author, detail, amendment, draft))?;
                            done.map(|written| written.record)
                        }
                    };
                    Ok((written, kept))
                })
                .await?;
                let (written, of) = record;
                if let (Some(record), Of::New(_)) = (written, &of) {
                    // Who typed its personal parts just now need not say what for.
                    session.open(record);
                }
                let place = written.or(of.record()).unwrap_or(RecordId([0; 16]));
                if let Some(record) = written {
                    watch.until_shown(&record).await;
                }
                // What the page kept by itself a moment before it was sent may have come after it.
                if let Some(id) = draft {
                    answer::work(move || late_node.drop_draft(&late_author, id)).await?;
                }
                session.say(Notice {
                    tone: if written.is_some() {
                        Tone::Good
                    } else {
                        Tone::Plain
                    },
                    say: match (written, &of) {
                        (None, _) => text.t("entry-same"),
                        (Some(_), Of::New(_)) => text.t("entry-done"),
                        (Some(_), Of::Record(..)) => text.t("change-done"),
                    },
                    link: None,
                });
                Ok(format!("/records/{place}"))
            })
            .await
        }
    };
    match done {
        Ok(onward) => answer::onward(&onward),
        Err(ServiceError::Fields(faults)) => {
            sheet.faults = faults;
            again(StatusCode::UNPROCESSABLE_ENTITY, state, who, of, sheet).await
        }
        Err(error) if error.is_callers() || error.halted().is_some() => {
            sheet.error = Some(answer::tell(&text, &error));
            again(StatusCode::UNPROCESSABLE_ENTITY, state, who, of, sheet).await
        }
        Err(error) => answer::refuse(state, who.visitor, Fault::Service(error)).await,
    }
}
