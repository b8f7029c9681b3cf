//! What a person typed and did not send: shown where they would look for it, and given up.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::post;

use crate::services::ServiceError;
use crate::services::ledger::{DraftId, Typing};
use crate::web::WebState;
use crate::web::answer::{self, Desk, Fault};
use crate::web::page::{Notice, Tone, TypingRow};
use crate::web::request::{Deed, local_path};
use crate::web::say;

pub(super) fn router() -> Router<WebState> {
    Router::new().route("/typing/{id}/drop", post(give_up))
}

/// What this person has not sent yet, of one ledger or of all.
pub(in crate::web) fn rows(desk: &Desk, of: Option<&str>) -> Result<Vec<TypingRow>, ServiceError> {
    let drafts = desk.node.drafts(desk.author())?;
    let wanted = drafts
        .iter()
        .filter(|typing| of.is_none_or(|of| typing.form.ledger == of));
    Ok(wanted.filter_map(|typing| row(desk, typing)).collect())
}

fn row(desk: &Desk, typing: &Typing) -> Option<TypingRow> {
    let form = &typing.form;
    let ledger = desk.node.ledger(&form.ledger).ok()?;
    let first = crate::services::ledger::title_typed(ledger, &form.pairs);
    Some(TypingRow {
        id: typing.id.to_string(),
        href: match form.record {
            Some(record) => format!("/records/{record}/edit?draft={}", typing.id),
            None => format!("/ledgers/{}/new?draft={}", form.ledger, typing.id),
        },
        title: first.unwrap_or_else(|| desk.text.t("typing-untitled")),
        ledger: say::ledger(&desk.text, ledger),
        kept: say::clock(&desk.text, typing.kept),
    })
}

async fn give_up(State(state): State<WebState>, Path(id): Path<String>, deed: Deed) -> Response {
    let Deed { who, form } = deed;
    let back = local_path(form.get("back")).to_owned();
    let Some(id) = DraftId::parse(&id) else {
        return answer::refuse(state, who.visitor, Fault::Nowhere).await;
    };
    let (node, author) = (state.node.clone(), who.session.author.clone());
    match answer::work(move || node.drop_draft(&author, id)).await {
        Ok(()) => {
            who.session.say(Notice {
                tone: Tone::Good,
                say: who.visitor.text.t("typing-dropped"),
                link: None,
            });
            answer::onward(&back)
        }
        Err(error) => answer::refuse(state, who.visitor, Fault::Service(error)).await,
    }
}
