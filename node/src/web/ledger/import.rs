//! A spreadsheet into a ledger: sent, read and shown, and written once a person says so. The file is in memory alone, with
//! the session of whoever sent it; it may hold names and telephone numbers.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Multipart, Path, Request, State};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use lianzhan_protocol::record::ledger::Ledger;
use lianzhan_protocol::trust::{Audience, Space};
use tokio::sync::OwnedSemaphorePermit;

use crate::import::FILE_MAX;
use crate::services::ServiceError;
use crate::services::import::{ImportReport, Importing, RowState};
use crate::services::joint::year;
use crate::web::answer::{self, Desk, Fault, Page, show, show_as};
use crate::web::i18n::{Lang, Text};
use crate::web::page::{Choice, ImportPage, ImportStage, ImportWhat, ImportedRow, Link, Section, WrongCell};
use crate::web::request::{Deed, Signed};
use crate::web::session::Import;
use crate::web::{WebState, guard, say};

/// What a form says beside its file.
const FORM_MAX: usize = 64 * 1024;
/// Broken cells that a page lists.
const WRONG_MAX: usize = 200;

pub(super) fn router() -> Router<WebState> {
    Router::new()
        .route("/ledgers/{ledger}/import", get(shown).post(send))
        .route("/ledgers/{ledger}/import/write", post(write))
        .route("/ledgers/{ledger}/import/drop", post(give_up))
        .layer(DefaultBodyLimit::max(FILE_MAX + FORM_MAX))
}

impl Page for ImportPage {}

/// A file that somebody imports, and how far that is.
pub(in crate::web) struct Job {
    ledger: String,
    name: String,
    bytes: Arc<Vec<u8>>,
    /// The joint space that new records go to.
    into: Option<Space>,
    stage: Mutex<Stage>,
    /// Few files are held at the same time.
    _held: OwnedSemaphorePermit,
}

#[derive(Clone)]
enum Stage {
    Reading(u64, u64),
    Read(Arc<ImportReport>),
    Writing(u64, u64),
    Written(Arc<ImportReport>),
    /// What went wrong, in both languages.
    Failed(String, String),
}

impl Job {
    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the file, or writes what it says, on a thread of its own; the page asks meanwhile how far it is.
    fn work(self: Arc<Self>, state: &WebState, author: crate::services::Author, dry_run: bool) {
        let (node, runtime) = (state.node.clone(), tokio::runtime::Handle::current());
        tokio::task::spawn_blocking(move || {
            let told = |done, all| {
                *self.stage() = match dry_run {
                    true => Stage::Reading(done, all),
                    false => Stage::Writing(done, all),
                };
            };
            let importing = Importing {
                into: self.into.as_ref(),
                ..Importing::new(&self.ledger, &self.name, &self.bytes, dry_run)
            };
            let done = runtime.block_on(node.import(&author, importing, told));
            let stage = match done {
                Ok(report) if dry_run => Stage::Read(Arc::new(report)),
                Ok(report) => Stage::Written(Arc::new(report)),
                Err(error) => {
                    if !error.is_callers() {
                        tracing::error!(%error, ledger = %self.ledger, "an import broke off");
                    }
                    Stage::Failed(crate::words::zh(&error), error.to_string())
                }
            };
            *self.stage() = stage;
        });
    }
}

/// The import of a session that is about this ledger.
fn job(who: &Signed, ledger: &str) -> Option<Import> {
    who.session.import().filter(|job| job.ledger == ledger)
}

async fn shown(State(state): State<WebState>, who: Signed, Path(id): Path<String>) -> Response {
    let stage = job(&who, &id).map(|job| job.stage().clone());
    let again = matches!(stage, Some(Stage::Reading(..) | Stage::Writing(..)));
    let mut response = show(state, who, move |desk| page(desk, &id, stage, None)).await;
    if again {
        // Without script, too, the page goes on by itself.
        response
            .headers_mut()
            .insert("refresh", HeaderValue::from_static("1"));
    }
    response
}

fn page(desk: &Desk, id: &str, stage: Option<Stage>, error: Option<String>) -> Result<ImportPage, Fault> {
    let (text, ledger) = (desk.text, desk.node.book(id)?);
    if !desk.node.may_enter(desk.author(), ledger) {
        return Err(Fault::Service(ServiceError::NotAllowed(
            "your post does not write this ledger at this node".into(),
        )));
    }
    let path = format!("/ledgers/{id}");
    Ok(ImportPage {
        text,
        shell: desk.shell(Section::Ledgers)?,
        blank: format!("{path}/table?rows=none"),
        ledger: Link {
            href: path.clone(),
            label: say::ledger(&text, ledger),
        },
        path: format!("{path}/import"),
        personal: (!ledger.annexes.is_empty()).then(|| personal(&text, ledger)),
        places: places(desk, ledger),
        stage: stage.map_or(ImportStage::Choose, |stage| self::stage(&text, stage)),
        error,
    })
}

/// Where new rows may go, if there is a choice or it is not this org's own space.
fn places(desk: &Desk, ledger: &Ledger) -> Vec<Choice> {
    let text = &desk.text;
    let joint = desk.node.joint_offered(desk.author(), ledger);
    if joint.is_empty() {
        return Vec::new();
    }
    let own = Choice {
        value: String::new(),
        label: text.t("import-space-own"),
        chosen: true,
    };
    let own = (ledger.audience != Audience::Joint).then_some(own);
    let joint = joint.iter().map(|space| Choice {
        value: space.id().to_string(),
        label: text.t2(
            "import-space-joint",
            "who",
            say::audience(text, &desk.directory, space),
            "year",
            year(space).to_string(),
        ),
        chosen: false,
    });
    own.into_iter().chain(joint).collect()
}

/// The names of the ledgers that hold personal parts.
fn personal(text: &Text, ledger: &Ledger) -> String {
    let annexes = crate::services::ledger::annexes_of(ledger);
    say::list(text, annexes.map(|annex| say::ledger(text, annex)))
}

fn stage(text: &Text, stage: Stage) -> ImportStage {
    let in_words = |zh: &str, en: &str| match text.lang {
        Lang::Zh => zh.to_owned(),
        Lang::En => en.to_owned(),
    };
    let what = |report: &ImportReport| ImportWhat {
        new: report.imported,
        changed: report.changed,
        known: report.known,
        skipped: report.skipped,
        wrong: report.errors.len() as u64 + report.more_errors,
        columns: say::list(text, report.columns.iter().map(|(zh, en)| in_words(zh, en))),
        unmapped: say::list(text, report.unmapped.iter().cloned()),
        rows: report
            .rows
            .iter()
            .map(|row| ImportedRow {
                row: row.row,
                state: match row.state {
                    RowState::New => text.t("import-new"),
                    RowState::Changed => text.t("import-changed"),
                    RowState::Known => text.t("import-known"),
                },
                title: row.title.clone(),
            })
            .collect(),
        cells: report
            .errors
            .iter()
            .take(WRONG_MAX)
            .map(|wrong| WrongCell {
                row: wrong.row,
                cell: wrong.cell.clone(),
                say: in_words(&wrong.zh, &wrong.en),
            })
            .collect(),
    };
    match stage {
        Stage::Reading(done, all) => ImportStage::Reading(done, all.max(1)),
        Stage::Read(report) => ImportStage::Read(what(&report)),
        Stage::Writing(done, all) => ImportStage::Writing(done, all.max(1)),
        Stage::Written(report) => ImportStage::Written(what(&report)),
        Stage::Failed(zh, en) => ImportStage::Failed(in_words(&zh, &en)),
    }
}

/// A file that was sent by a page of this node.
struct Sent {
    who: Signed,
    /// The id of the joint space that is chosen.
    space: String,
    name: String,
    bytes: Vec<u8>,
}

impl FromRequest<WebState> for Sent {
    type Rejection = Response;

    async fn from_request(request: Request, state: &WebState) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let who = Signed::from_request_parts(&mut parts, state).await?;
        let own_page = guard::from_own_page(&state.site, &parts.headers);
        let form = Multipart::from_request(Request::from_parts(parts, body), state).await;
        let read = match form {
            Ok(_) if !own_page => Err(Fault::Foreign),
            Ok(form) => read(&who, form).await,
            Err(error) => Err(Fault::Unread(error.status())),
        };
        match read {
            Ok((space, name, bytes)) => Ok(Sent {
                who,
                space,
                name,
                bytes,
            }),
            Err(fault) => Err(answer::refuse(state.clone(), who.visitor, fault).await),
        }
    }
}

/// Reads the form: its token stands before its file, and no file is read without it.
async fn read(who: &Signed, mut form: Multipart) -> Result<(String, String, Vec<u8>), Fault> {
    let unread = |error: axum::extract::multipart::MultipartError| Fault::Unread(error.status());
    let (mut own, mut file, mut space) = (false, None, String::new());
    while let Some(field) = form.next_field().await.map_err(unread)? {
        match field.name().unwrap_or_default() {
            "csrf" => own |= who.session.is_own(&field.text().await.map_err(unread)?),
            "space" if own => space = field.text().await.map_err(unread)?,
            "file" if own => {
                let name = field.file_name().unwrap_or_default().to_owned();
                file = Some((name, field.bytes().await.map_err(unread)?.to_vec()));
            }
            _ => {
                return Err(if own {
                    Fault::Unread(StatusCode::BAD_REQUEST)
                } else {
                    Fault::Foreign
                });
            }
        }
    }
    match (own, file) {
        (true, Some((name, bytes))) => Ok((space, name, bytes)),
        (true, None) => Ok((space, String::new(), Vec::new())),
        (false, _) => Err(Fault::Foreign),
    }
}

async fn send(State(state): State<WebState>, Path(id): Path<String>, sent: Sent) -> Response {
    let Sent {
        who,
        space,
        name,
        bytes,
    } = sent;
    let text = who.visitor.text;
    let named = (!space.is_empty()).then(|| state.node.joint_named(&space));
    let into = match state.node.book(&id).and_then(|_| named.transpose()) {
        Ok(into) => into,
        Err(error) => return answer::refuse(state, who.visitor, Fault::Service(error)).await,
    };
    let held = state.importing.clone().try_acquire_owned();
    let wrong = match (&held, bytes.is_empty()) {
        (_, true) => Some(text.t("import-no-file")),
        (Err(_), false) => Some(text.t("import-full")),
        (Ok(_), false) => None,
    };
    let (Ok(held), None) = (held, &wrong) else {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return show_as(status, state, who, move |desk| page(desk, &id, None, wrong)).await;
    };
    let job = Arc::new(Job {
        ledger: id.clone(),
        name,
        bytes: Arc::new(bytes),
        into,
        stage: Mutex::new(Stage::Reading(0, 0)),
        _held: held,
    });
    who.session.keep_import(Some(job.clone()));
    job.work(&state, who.session.author.clone(), true);
    answer::onward(&format!("/ledgers/{id}/import"))
}

/// Writes what was read.
async fn write(State(state): State<WebState>, Path(id): Path<String>, deed: Deed) -> Response {
    let who = deed.who;
    if let Some(job) = job(&who, &id) {
        let begins = {
            let mut stage = job.stage();
            let begins = matches!(*stage, Stage::Read(_));
            if begins {
                *stage = Stage::Writing(0, 0);
            }
            begins
        };
        // Sent twice it is written once.
        if begins {
            job.work(&state, who.session.author.clone(), false);
        }
    }
    answer::onward(&format!("/ledgers/{id}/import"))
}

/// Forgets the file; what was written of it stays.
async fn give_up(Path(id): Path<String>, deed: Deed) -> Response {
    let who = deed.who;
    let under_way = job(&who, &id).is_some_and(|job| matches!(*job.stage(), Stage::Writing(..)));
    if !under_way {
        who.session.keep_import(None);
    }
    answer::onward(&format!("/ledgers/{id}/import"))
}
