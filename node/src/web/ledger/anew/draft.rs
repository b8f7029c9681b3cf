//! What would be signed, read from the form.

use std::collections::BTreeMap;

use lianzhan_protocol::id::AttachmentId;
use lianzhan_protocol::record::Erasure;
use lianzhan_protocol::record::ledger::{Field as Definition, Ledger};

use super::{Sheet, open_parts};
use crate::services::ledger::{Part, Values, annexes_of, faults_of, read, suspicions_of};
use crate::services::reissue::{AnewDraft, AnewPlan, asked, unasked};
use crate::services::screen::{Cleared, travels};
use crate::services::{Node, ServiceError};
use crate::web::answer::Desk;
use crate::web::suspicions;

/// What would be signed, or what is wrong with it: of all fields at once.
pub(super) fn draft(desk: &Desk, plan: &AnewPlan, sheet: &Sheet) -> Result<AnewDraft, ServiceError> {
    let node: &Node = &desk.node;
    let resolve = |field: &Definition, typed: &str| node.reference(field, typed);
    let keep = |id: &AttachmentId| sheet.keep.contains(&id.to_string());
    let main = read(
        plan.ledger,
        Part::Main,
        &sheet.pairs,
        &asked(plan.ledger, &plan.main),
        &resolve,
    );
    let mut faults = faults_of(plan.ledger, &main);
    let mut annexes: BTreeMap<String, Values> = BTreeMap::new();
    let open = open_parts(desk, plan);
    for annex in annexes_of(plan.ledger) {
        let none = Values::new();
        let known = plan.annexes.get(&annex.id).unwrap_or(&none);
        let shown = sheet.shown.contains(&annex.id);
        let values: Values = if shown && open.iter().any(|part| part.id == annex.id) {
            let part = read(
                annex,
                Part::Annex(&annex.id),
                &sheet.pairs,
                &asked(annex, known),
                &resolve,
            );
            faults.extend(part.faults);
            let mut values = part.values;
            values.extend(unasked(annex, known, keep));
            values
        } else if sheet.carry.contains(&annex.id) {
            asked(annex, known)
                .into_iter()
                .chain(fixed(annex, known))
                // The form has no attachments of closed parts: they come with their part.
                .chain(unasked(annex, known, |_| true))
                .collect()
        } else if plan.annexes.contains_key(&annex.id) && !sheet.offered.contains(&annex.id) {
            // It was open when the form was made, or not there: nobody said that it is left out.
            return Err(ServiceError::Moved);
        } else {
            continue;
        };
        if !values.is_empty() {
            annexes.insert(annex.id.clone(), values);
        }
    }
    let mut cleared = Cleared::new();
    if travels(&plan.detail.space) {
        let screen = node.screen(annexes.iter().map(|(id, values)| (id.as_str(), values)))?;
        for (key, fault) in suspicions_of(plan.ledger, &main, &screen) {
            let suspicion = fault.suspicion.as_ref();
            match suspicion.and_then(|it| suspicions::note_for(&sheet.notes, it)) {
                Some(note) if screen.is_fit(note) => drop(cleared.insert(key, note.to_owned())),
                Some(_) => faults.push(fault.badly_noted()),
                None => faults.push(fault),
            }
        }
    }
    if !faults.is_empty() {
        return Err(ServiceError::Fields(faults));
    }
    Erasure::check_words(&sheet.on, None)?;
    let mut values = main.values;
    values.extend(unasked(plan.ledger, &plan.main, keep));
    Ok(AnewDraft {
        seen: sheet.seen(),
        main: values,
        annexes,
        cleared,
        on: sheet.on.clone(),
    })
}

/// What stands once it was written, and that a form asks for.
fn fixed(ledger: &Ledger, values: &Values) -> Values {
    let (may, no) = (asked(ledger, values), unasked(ledger, values, |_| true));
    let values = values.iter();
    values
        .filter(|(key, _)| !may.contains_key(*key) && !no.contains_key(*key))
        .filter(|(key, _)| crate::services::ledger::is_asked(ledger, key))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}
