//! A form that was sent: kept, read, written, or shown again with what is wrong with it.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use lianzhan_protocol::id::RecordId;
use lianzhan_protocol::trust::Space;

use super::{KEPT, Of, Sheet, form_here, page, record_of, space_of};
use crate::services::attachment::Received;
use crate::services::ledger::{Amendment, DraftId, NewEntry, Part, Values, faults_of, read, suspicions_of};
use crate::services::screen::{Cleared, travels};
use crate::services::{Node, ServiceError};
use crate::web::answer::{self, Fault, show_as};
use crate::web::filed::Filed;
use crate::web::page::{Notice, Tone};
use crate::web::request::Signed;
use crate::web::session::Session;
use crate::web::suspicions;
use crate::web::{WebState, live, say};

pub(super) async fn enter(State(state): State<WebState>, Path(id): Path<String>, filed: Filed) -> Response {
    match form_here(&state.node, &id) {
        Ok(ledger) => sent(state, Of::New(ledger), filed).await,
        Err(error) => answer::refuse(state, filed.who.visitor, Fault::Service(error)).await,
    }
}

pub(super) async fn amend(State(state): State<WebState>, Path(id): Path<String>, filed: Filed) -> Response {
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
    for annex in super::annexes(node, session, of, &space) {
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
