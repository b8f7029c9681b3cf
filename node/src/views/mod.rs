//! Projections: from the folded state of a record to the rows of its ledger. Knows no pages and no network.

mod grams;
mod highlight;

mod registry;

pub use grams::{grams, query_expression};
pub use highlight::{Stretch, excerpt, highlight};
pub use registry::{Registry, built_in_hashes};

use std::collections::{BTreeMap, BTreeSet};

use lianzhan_protocol::codec::hex;
use lianzhan_protocol::id::{AttachmentId, ChangeId, Hash, RecordId};
use lianzhan_protocol::log::doubt;
use lianzhan_protocol::record::ledger::{Asked, Field, FieldKind, Ledger, Required, Values};
use lianzhan_protocol::record::{
    ANNEX_KEY, Capacity, Confirmation, Erased, Event, EventKind, FieldState, Held, HistoryItem, Ineffective,
    OpId, Put, RecordState, Value, ValueState, Verdict,
};
use lianzhan_protocol::trust::Space;
use serde::Serialize;

use crate::store::{Named, Projection};

/// Everything that is held of one record.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The record.
    pub id: RecordId,
    /// Its space.
    pub space: Space,
    /// Its changes.
    pub held: Vec<Held>,
    /// Whether it is an annex.
    pub sealed: bool,
    /// Changes that cannot be read here: without their payload, or sealed and without the key.
    pub closed: usize,
    /// That it is erased; then nothing of it is held.
    pub erased: Option<Erased>,
    /// Of an erased annex: the record that it belonged to, if that was known here.
    pub main: Option<RecordId>,
}

/// The columns of a ledger's table: one per field, `/` as `_`. A set is one column of JSON text, a set of structs one of
/// JSON objects beside those of its members; a single struct has its members' columns alone.
pub fn columns(ledger: &Ledger) -> Vec<String> {
    shown(ledger).map(|field| column(&field.id)).collect()
}

fn shown(ledger: &Ledger) -> impl Iterator<Item = &Field> {
    ledger
        .fields
        .iter()
        .filter(|field| field.set || field.kind != FieldKind::Struct)
}

/// What every table says of a record beside its fields.
const OF_ALL: [&str; 6] = ["record", "owner", "recorded", "unwitnessed", "pending", "refused"];

/// The column of a field; `_field` behind it where every table has one of that name already.
pub fn column(field: &str) -> String {
    let name = field.replace('/', "_");
    if OF_ALL.contains(&name.as_str()) {
        name + "_field"
    } else {
        name
    }
}

/// The field that tells what a record is about, where a ledger has one.
pub fn title_field(ledger: &Ledger) -> Option<&Field> {
    ledger.field(ledger.title.as_deref()?)
}

/// The field that says when it happened, where a ledger has one.
pub fn happened_field(ledger: &Ledger) -> Option<&Field> {
    ledger.field(ledger.happened.as_deref()?)
}

/// What a list shows of a field, in Chinese: the words of an option, a number, a text.
fn listed(definition: &Ledger, field: &str, state: &RecordState) -> String {
    match (definition.field(field), state.value(field)) {
        (Some(field), Value::Text(id)) if field.kind == FieldKind::Enum => field
            .choice(id)
            .map_or_else(|| id.clone(), |choice| choice.zh.clone()),
        (_, Value::Text(text)) => text.clone(),
        (_, Value::Int(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// The rows of a record; none while nothing of it counts. Of a sealed record only its place is kept in rows: what it
/// says is opened when somebody entitled looks at it, so that erasing its key erases it.
pub fn project(registry: &Registry, loaded: &Loaded, state: &RecordState) -> Option<Projection> {
    let count =
        |of: fn(&Verdict) -> bool| state.history.iter().filter(|item| of(&item.verdict)).count() as u64;
    let pending = count(|v| matches!(v, Verdict::Pending { .. })) + loaded.closed as u64;
    let refused = count(|v| matches!(v, Verdict::Refused { .. }));
    let unwitnessed = count(|v| {
        matches!(
            v,
            Verdict::Counts {
                provisional: true,
                ..
            }
        )
    });
    let contested = count(|v| matches!(v, Verdict::Contested { .. }));
    let doubted = loaded
        .held
        .iter()
        .filter(|held| doubt(held.recorded, &held.covered).is_some());
    let doubted = doubted.count() as u64;
    let recorded = loaded.held.iter().map(|held| held.recorded.0);
    let counting = state
        .history
        .iter()
        .filter(|item| matches!(item.verdict, Verdict::Counts { .. }));
    let definition = state.definition.and_then(|hash| registry.definition(&hash));
    let mut projection = Projection {
        record: state.id,
        space: loaded.space.id(),
        owner: loaded.space.owner,
        ledger: String::new(),
        title: String::new(),
        happened: String::new(),
        recorded: recorded.clone().min().unwrap_or_default(),
        updated: recorded.max().unwrap_or_default(),
        pending,
        refused,
        unwitnessed,
        contested,
        doubted,
        missing: 0,
        confirmed: Confirmation::None,
        split: 0,
        main: None,
        state: String::new(),
        columns: Vec::new(),
        grams: String::new(),
        attachments: Vec::new(),
        refs: Vec::new(),
        counting: counting.map(|item| item.change).collect(),
        reissued: None,
    };
    if let Some(erased) = &loaded.erased {
        projection.main = loaded.main;
        projection.reissued = erased.reissued_as();
    }
    let Some(definition) = definition else {
        return Some(projection);
    };
    projection.attachments = named(definition, loaded, state);
    if loaded.sealed {
        projection.main = lianzhan_protocol::id::RecordId::parse(state.text("of"));
        return Some(projection);
    }
    // A record of another revision stands in the table of the present one.
    let definition = registry.ledger(&definition.id).unwrap_or(definition);
    projection.ledger.clone_from(&definition.id);
    let name = |field: &Option<String>| {
        let field = field.as_deref();
        field.map_or_else(String::new, |field| listed(definition, field, state))
    };
    projection.title = name(&definition.title);
    projection.happened = name(&definition.happened);
    projection.missing = missing_as(definition, state, &Asked::PLAIN).len() as u64;
    projection.confirmed = state.confirmation();
    projection.split = split(state).count() as u64;
    projection.refs = refs(definition, state);
    projection.state = json(state);
    projection.columns = shown(definition)
        .map(|field| (column(&field.id), cell(state, field)))
        .collect();
    projection.grams = searchable(definition, state);
    Some(projection)
}

/// Fields of which several values stand, that differ: somebody has to say which is right.
pub fn split(state: &RecordState) -> impl Iterator<Item = (&String, &FieldState)> {
    state.fields.iter().filter(|(key, field)| {
        let differs = |candidate: &ValueState| candidate.value != field.value;
        !key.starts_with(ANNEX_KEY) && field.candidates.iter().any(differs)
    })
}

/// The attachments that a record names: those of its fields as they stand, a conflict's both sides, and those of changes that
/// may come to count, and the scans that events name. Who was taken out of a field is not named any more.
fn named(ledger: &Ledger, loaded: &Loaded, state: &RecordState) -> Vec<Named> {
    let id = |key: &str, value: &Value| {
        let (field, _) = ledger.resolve(key)?;
        match value {
            Value::Bytes(bytes) if field.kind == FieldKind::Blob => {
                bytes.as_slice().try_into().ok().map(AttachmentId)
            }
            _ => None,
        }
    };
    let scan = |put: &Put| match &put.value {
        Value::Bytes(body) if put.is_event() => Event::parse(body).ok()?.scan(),
        _ => None,
    };
    let mut named: BTreeMap<AttachmentId, bool> = BTreeMap::new();
    let open = |verdict: &Verdict| matches!(verdict, Verdict::Pending { .. } | Verdict::Contested { .. });
    let waiting = state.history.iter().filter(|item| open(&item.verdict));
    for item in waiting {
        let held = loaded.held.iter().filter(|held| held.id == item.change);
        for put in held.flat_map(|held| &held.change.puts) {
            named.extend(
                put.field_name()
                    .and_then(|key| id(key, &put.value))
                    .or_else(|| scan(put))
                    .map(|id| (id, false)),
            );
        }
    }
    let scans = state.events.iter().filter_map(|event| event.event.scan());
    named.extend(scans.map(|id| (id, true)));
    for (key, field) in &state.fields {
        let values = field.candidates.iter().map(|candidate| &candidate.value);
        named.extend(values.filter_map(|value| id(key, value)).map(|id| (id, true)));
    }
    let named = named.into_iter();
    named.map(|(id, counts)| Named { id, counts }).collect()
}

fn cell(state: &RecordState, field: &Field) -> Value {
    if !field.set && !field.many {
        return state.value(&field.id).clone();
    }
    let text = if field.kind == FieldKind::Struct {
        structs(state, &field.id)
    } else {
        members(state, field)
    };
    text.map_or(Value::Null, Value::Text)
}

/// The members of a set as JSON; of a set of structs, what each of its members has in this field.
fn members(state: &RecordState, field: &Field) -> Option<String> {
    let prefix = format!(
        "{}/",
        if field.set {
            field.parent().unwrap_or(&field.id)
        } else {
            &field.id
        }
    );
    let part = field
        .id
        .split_once('/')
        .map(|(_, part)| part)
        .filter(|_| field.set);
    let values: Vec<&Value> = state
        .fields
        .range(prefix.clone()..)
        .take_while(|(key, _)| key.starts_with(&prefix))
        .filter(|(key, value)| {
            let mut segments = key[prefix.len()..].split('/');
            segments.next().is_some() && segments.next() == part && value.value != Value::Null
        })
        .map(|(_, field)| &field.value)
        .collect();
    (!values.is_empty())
        .then(|| serde_json::to_string(&values).ok())
        .flatten()
}

/// A set of structs as JSON: one object per member, in the order of their names, with the name as `_`. What is a set within
/// a struct is an object of its members.
fn structs(state: &RecordState, name: &str) -> Option<String> {
    let prefix = format!("{name}/");
    let mut members: BTreeMap<&str, serde_json::Map<String, serde_json::Value>> = BTreeMap::new();
    let there = state
        .fields
        .range(prefix.clone()..)
        .take_while(|(key, _)| key.starts_with(&prefix));
    for (key, field) in there.filter(|(_, field)| field.value != Value::Null) {
        let Some((member, part)) = key[prefix.len()..].split_once('/') else {
            continue;
        };
        let value = serde_json::to_value(&field.value).ok()?;
        let object = members.entry(member).or_default();
        object.entry("_").or_insert_with(|| member.into());
        match part.split_once('/') {
            None => {
                object.insert(part.to_owned(), value);
            }
            Some((part, of)) => {
                let within = object
                    .entry(part)
                    .or_insert_with(|| serde_json::Map::new().into());
                if let Some(within) = within.as_object_mut() {
                    within.insert(of.to_owned(), value);
                }
            }
        }
    }
    let members: Vec<_> = members.into_values().collect();
    (!members.is_empty())
        .then(|| serde_json::to_string(&members).ok())
        .flatten()
}

/// What the fields of a record name, by field; each side of a conflict. Sorted, each once.
pub fn refs(ledger: &Ledger, state: &RecordState) -> Vec<(String, RecordId)> {
    let mut refs = BTreeSet::new();
    for (key, found) in &state.fields {
        let Some((field, _)) = ledger.resolve(key) else {
            continue;
        };
        if matches!(field.kind, FieldKind::Ref { .. }) {
            let values = found.candidates.iter().filter_map(|one| one.value.as_text());
            refs.extend(values.filter_map(|id| Some((field.id.clone(), RecordId::parse(id)?))));
        }
    }
    refs.into_iter().collect()
}

/// All text of a record that somebody may look for, for the search index. Ids of other records are none.
fn searchable(ledger: &Ledger, state: &RecordState) -> String {
    let is_id = |key: &str| {
        ledger
            .resolve(key)
            .is_some_and(|(field, _)| matches!(field.kind, FieldKind::Ref { .. }))
    };
    let texts = state
        .fields
        .iter()
        .filter_map(|(key, field)| Some((key, field.value.as_text()?)));
    let wanted: Vec<&str> = texts
        .filter(|(key, _)| !is_id(key))
        .map(|(_, text)| text)
        .collect();
    grams(&wanted.join("\n"))
}

/// The folded state for lists: as [`RecordState::to_json`] says it, but of a field only the value unless it is in conflict,
/// since this stands in every row.
fn json(state: &RecordState) -> String {
    #[derive(Serialize)]
    struct Event<'a> {
        id: Hash,
        kind: EventKind,
        op: OpId,
        change: ChangeId,
        body: String,
        by: &'a Capacity,
        ineffective: Option<&'a Ineffective>,
    }
    #[derive(Serialize)]
    struct Field<'a> {
        value: &'a Value,
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        candidates: &'a [ValueState],
    }
    #[derive(Serialize)]
    struct State<'a> {
        id: RecordId,
        definition: Option<Hash>,
        fields: BTreeMap<&'a str, Field<'a>>,
        events: Vec<Event<'a>>,
        history: &'a [HistoryItem],
        heads: &'a [ChangeId],
    }
    let events = state.events.iter().map(|event| Event {
        id: event.id,
        kind: event.event.kind(),
        op: event.op,
        change: event.change,
        body: hex(&event.event.to_bytes()),
        by: &event.by,
        ineffective: event.effect.as_ref().err(),
    });
    let fields = state.fields.iter().map(|(key, field)| {
        let candidates = if field.candidates.len() > 1 {
            field.candidates.as_slice()
        } else {
            &[]
        };
        (
            key.as_str(),
            Field {
                value: &field.value,
                candidates,
            },
        )
    });
    let state = State {
        id: state.id,
        definition: state.definition,
        fields: fields.collect(),
        events: events.collect(),
        history: &state.history,
        heads: &state.heads,
    };
    serde_json::to_string(&state).expect("keys are text, and writing to memory does not fail")
}

/// Fields that a record lacks to be complete on a day, `YYYY-MM-DD`, by what the fields themselves say.
pub fn missing(registry: &Registry, state: &RecordState, as_of: &str) -> Vec<&'static Field> {
    let definition = state.definition.and_then(|hash| registry.definition(&hash));
    let Some(definition) = definition.and_then(|definition| registry.ledger(&definition.id)) else {
        return Vec::new();
    };
    let asked = Asked {
        as_of: Some(as_of),
        ..Asked::PLAIN
    };
    missing_as(definition, state, &asked)
}

/// The same as it is asked; rows hold what does not depend on the day.
fn missing_as<'l>(definition: &'l Ledger, state: &RecordState, asked: &Asked<'_>) -> Vec<&'l Field> {
    let values: Values<'_> = state
        .fields
        .iter()
        .map(|(key, field)| (key.as_str(), &field.value))
        .collect();
    lacking(definition, &values, asked)
}

/// Whether a person can give what a field holds. What the program fills in, when the act comes that it follows from, is
/// asked of nobody.
fn is_given(field: &Field) -> bool {
    !field.auto && !matches!(field.kind, FieldKind::Data | FieldKind::Rid)
}

/// What values lack that a person can give. Names that an import keeps until they are matched (`receiver_names`) stand in
/// for what they name.
fn lacking<'l>(definition: &'l Ledger, values: &Values<'_>, asked: &Asked<'_>) -> Vec<&'l Field> {
    let named = |field: &Field| {
        let head = field.parent().unwrap_or(&field.id);
        let mut tails = ["_name", "_names"].iter();
        tails.any(|tail| {
            let field = definition.field(&format!("{head}{tail}"));
            field.is_some_and(|field| values.has(field, None))
        })
    };
    let mut missing: Vec<&Field> = Vec::new();
    for lacking in definition.lacks(values, Required::Complete, asked) {
        let field = definition.field(&lacking.field);
        let field = field.filter(|field| is_given(field) && !named(field));
        missing.extend(field.filter(|field| missing.iter().all(|other| other.id != field.id)));
    }
    missing
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use lianzhan_protocol::record::ledger::ledgers;

    use super::*;

    #[test]
    fn every_field_has_a_column_of_its_own() {
        for ledger in ledgers() {
            let columns = columns(ledger);
            let names: BTreeSet<&str> = columns.iter().map(String::as_str).chain(OF_ALL).collect();
            assert_eq!(names.len(), columns.len() + OF_ALL.len(), "{}", ledger.id);
        }
    }

    #[test]
    fn what_the_program_fills_in_is_asked_of_nobody() {
        let asked = Asked {
            as_of: Some("2026-04-16"),
            ..Asked::PLAIN
        };
        for ledger in ledgers() {
            let all = ledger.lacks(&Values::default(), Required::Complete, &asked);
            let missing = lacking(ledger, &Values::default(), &asked);
            for field in all.iter().filter_map(|error| ledger.field(&error.field)) {
                let told = missing.iter().any(|known| known.id == field.id);
                let shaped = [("rule_table", "rows"), ("ledger_definition", "body")];
                let made = field.auto
                    || field.id == "subject_ref"
                    || shaped.contains(&(ledger.id.as_str(), field.id.as_str()));
                assert_eq!(told, !made, "{}: {}", ledger.id, field.id);
            }
        }
    }
}
