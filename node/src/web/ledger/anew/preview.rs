//! What would be signed, shown before it is.

use lianzhan_protocol::record::ledger::{FieldKind, Ledger};

use super::{Sheet, page};
use crate::services::ledger::{Values, annexes_of};
use crate::services::reissue::{AnewDraft, AnewPlan, files_among};
use crate::web::answer::{Desk, Fault};
use crate::web::authority::Refusal;
use crate::web::ledger::words;
use crate::web::page::{AnewPage, AnewPreview, Fact};
use crate::web::say;

/// The page that asks for the passphrase; of a record whose new one is signed already there is no draft.
pub(super) fn preview(
    desk: &Desk,
    plan: &AnewPlan,
    sheet: &Sheet,
    draft: Option<&AnewDraft>,
    refused: Option<&Refusal>,
) -> Result<AnewPage, Fault> {
    let draft = draft.filter(|_| plan.begun.is_none());
    let (facts, differs) = draft.map(|draft| fields(desk, plan, draft)).unwrap_or_default();
    Ok(AnewPage {
        preview: Some(AnewPreview {
            sends: sheet.sends(),
            differs,
            facts,
            along: draft.map(|draft| along(desk, plan, draft)).unwrap_or_default(),
            error: Refusal::whole(refused),
            passphrase: Refusal::field(refused, "passphrase", ""),
        }),
        ..page(desk, plan)?
    })
}

/// What the new record says, and the labels of what differs from the old one.
fn fields(desk: &Desk, plan: &AnewPlan, draft: &AnewDraft) -> (Vec<Fact>, Vec<String>) {
    let text = desk.text;
    let (mut facts, mut differs) = (Vec::new(), Vec::new());
    for field in &plan.ledger.fields {
        if field.auto || field.kind == FieldKind::Blob {
            continue;
        }
        let of = |values: &Values| {
            let said = values
                .iter()
                .filter(|(key, _)| {
                    plan.ledger
                        .resolve(key)
                        .is_some_and(|(found, _)| found.id == field.id)
                })
                .map(|(_, value)| words(desk, field, value));
            say::list(&text, said.filter(|words| !words.is_empty()))
        };
        let (before, now) = (of(&plan.main), of(&draft.main));
        if before != now {
            differs.push(say::label(&text, field));
        }
        if !now.is_empty() {
            facts.push(Fact::new(say::label(&text, field), now));
        }
    }
    (facts, differs)
}

/// Sentences: the personal parts and attachments that come along, and those that do not.
fn along(desk: &Desk, plan: &AnewPlan, draft: &AnewDraft) -> Vec<String> {
    let text = desk.text;
    let mut along = Vec::new();
    for annex in annexes_of(plan.ledger) {
        let name = say::ledger(&text, annex);
        match (
            draft.annexes.contains_key(&annex.id),
            plan.annexes.contains_key(&annex.id),
        ) {
            (true, _) => along.push(text.t1("anew-along-annex", "what", name)),
            (false, true) => along.push(text.t1("anew-along-not", "what", name)),
            (false, false) => {}
        }
    }
    let of = |ledger: &Ledger, values: &Values| files_among(ledger, values).len();
    let personal = annexes_of(plan.ledger)
        .map(|annex| draft.annexes.get(&annex.id).map_or(0, |values| of(annex, values)))
        .sum::<usize>();
    let before = annexes_of(plan.ledger)
        .map(|annex| plan.annexes.get(&annex.id).map_or(0, |values| of(annex, values)))
        .sum::<usize>();
    let (kept, all) = (
        of(plan.ledger, &draft.main) + personal,
        of(plan.ledger, &plan.main) + before,
    );
    if all > 0 {
        along.push(text.t2("anew-along-files", "kept", kept, "all", all));
    }
    along
}
