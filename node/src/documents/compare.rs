//! The second opinion: what the fold says against what Automerge says.

use std::collections::{BTreeMap, BTreeSet};

use lianzhan_protocol::codec::hex;
use lianzhan_protocol::record::{RecordState, Value};

/// Where state and document differ, one line each; nothing if they say the same. Compares the keys, of each field the
/// value in force and every candidate in its order, and of each event that it is there with the same body. Lines name
/// keys and no values: they end up in alarms and logs.
pub fn differences(state: &RecordState, document: &BTreeMap<String, Vec<Value>>) -> Vec<String> {
    let mut lines = Vec::new();
    let mut known: BTreeSet<String> = BTreeSet::new();
    for (name, field) in &state.fields {
        let key = format!("f:{name}");
        match document.get(&key) {
            None => lines.push(format!("{key}: not in the document")),
            Some(values) if values.first() != Some(&field.value) => {
                lines.push(format!("{key}: another value is in force in the document"));
            }
            Some(values)
                if !values
                    .iter()
                    .eq(field.candidates.iter().map(|candidate| &candidate.value)) =>
            {
                let (here, there) = (field.candidates.len(), values.len());
                lines.push(format!(
                    "{key}: {here} candidates in the state, others ({there}) in the document"
                ));
            }
            Some(_) => {}
        }
        known.insert(key);
    }
    for event in &state.events {
        let key = format!("e:{}", hex(&event.id.0));
        match document.get(&key).map(Vec::as_slice) {
            None => lines.push(format!("{key}: not in the document")),
            Some([Value::Bytes(body)]) if *body == event.event.to_bytes() => {}
            Some(_) => lines.push(format!("{key}: another body in the document")),
        }
        known.insert(key);
    }
    for (key, values) in document {
        // A field that everybody emptied: the fold leaves it out, Automerge keeps its nulls.
        let empty = key.starts_with("f:") && values.iter().all(|value| *value == Value::Null);
        if !known.contains(key) && !empty {
            lines.push(format!("{key}: not in the state"));
        }
    }
    lines
}
