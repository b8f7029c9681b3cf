//! Words that are held back though they are signed already, and clearing them.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;

use super::answer::{self, Desk, Fault, Page, show, show_as};
use super::i18n::Lang;
use super::page::{Field, HeldPage, HeldRow, Notice, Section, Suspected, Suspects, Tone};
use super::request::{Deed, Signed};
use super::suspicions::{self, Notes};
use super::{WebState, erase, live, say};
use crate::services::held::HeldRecord;
use crate::services::ledger::FieldFault;
use crate::services::{ServiceError, parse_record};

/// Records that a page lists.
const ROWS: usize = 50;

pub(super) fn router() -> Router<WebState> {
    Router::new().route("/held", get(list).post(clear))
}

impl Page for HeldPage {}

async fn list(State(state): State<WebState>, who: Signed) -> Response {
    show(state, who, |desk| page(desk, &Notes::new(), &[])).await
}

fn page(desk: &Desk, notes: &Notes, wrong: &[FieldFault]) -> Result<HeldPage, Fault> {
    let (held, more) = desk.node.held(ROWS)?;
    let rows = held.iter().map(|held| row(desk, held, notes, wrong));
    Ok(HeldPage {
        text: desk.text,
        shell: desk.shell(Section::Privacy)?,
        rows: rows.collect::<Result<_, ServiceError>>()?,
        more,
    })
}

fn row(desk: &Desk, held: &HeldRecord, notes: &Notes, wrong: &[FieldFault]) -> Result<HeldRow, ServiceError> {
    let text = desk.text;
    let faults: Vec<FieldFault> = held
        .words
        .iter()
        .map(|(key, suspicion)| {
            let bad = wrong
                .iter()
                .find(|fault| fault.suspicion.as_ref().map(|known| known.digest) == Some(suspicion.digest));
            bad.cloned()
                .unwrap_or_else(|| FieldFault::suspected(key, held.ledger, suspicion.clone()))
        })
        .collect();
    let href = format!("/records/{}", held.record);
    let shown = suspicions::shown(&text, &faults, notes, |_| String::new());
    let list = shown.list.into_iter().map(|one| Suspected {
        href: href.clone(),
        // What nobody refused is not wrong for having been typed.
        note: match wrong.is_empty() {
            true => Field::new(one.note.value),
            false => one.note,
        },
        ..one
    });
    let named = desk.node.named_record(&held.record)?;
    Ok(HeldRow {
        id: held.record.to_string(),
        title: named.map(|named| named.title).unwrap_or_default(),
        ledger: say::ledger(&text, held.ledger),
        suspects: Suspects {
            list: list.collect(),
            kept: Vec::new(),
        },
        edit: desk
            .node
            .may_put(
                desk.author(),
                &held.ledger.id,
                &desk.node.own_space(held.ledger.audience),
            )
            .then(|| format!("{href}/edit")),
        erase: erase::may_erase(desk).then(|| {
            let today = desk.node.today();
            format!("{href}/erase?extent=whole&ground=misplaced&on={today}")
        }),
        href,
    })
}

async fn clear(State(state): State<WebState>, deed: Deed) -> Response {
    let Deed { mut who, form } = deed;
    let notes = suspicions::notes(&form);
    let (node, author, watch) = (
        state.node.clone(),
        who.session.author.clone(),
        live::Watch::new(&state),
    );
    let (id, given) = (form.get("record").to_owned(), notes.clone());
    let runtime = tokio::runtime::Handle::current();
    let done = answer::work(move || {
        let record = parse_record(&id)?;
        let words = node.held_words(&record)?;
        let words = words
            .iter()
            .map(|(key, suspicion)| (key.as_str(), suspicion.words.as_str()));
        let cleared = suspicions::cleared(&given, words);
        runtime.block_on(node.clear(&author, &record, &cleared))
    });
    let text = who.visitor.text;
    match done.await {
        Ok(written) => {
            watch.until_shown(&written.record).await;
            who.session.say(Notice {
                tone: Tone::Good,
                say: text.t("held-done"),
                link: None,
            });
            answer::onward("/held")
        }
        Err(ServiceError::Fields(faults)) => {
            who.visitor.here = "/held".into();
            show_as(StatusCode::UNPROCESSABLE_ENTITY, state, who, move |desk| {
                page(desk, &notes, &faults)
            })
            .await
        }
        Err(error @ ServiceError::Bad(_)) => {
            who.session.say(Notice {
                tone: Tone::Late,
                say: match text.lang {
                    Lang::Zh => text.t("held-no-note"),
                    Lang::En => error.to_string(),
                },
                link: None,
            });
            answer::onward("/held")
        }
        Err(error) => answer::refuse(state, who.visitor, Fault::Service(error)).await,
    }
}
