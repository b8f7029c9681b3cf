//! The history of a record: every change, newest first, with its three times and what it wrote.

use std::collections::BTreeSet;

use lianzhan_protocol::record::ledger::Ledger;
use lianzhan_protocol::record::{ANNEX_KEY, Event, EventKind, Value};

use super::answer::Desk;
use super::i18n::Text;
use super::page::{Change, Moment};
use super::proof::Panels;
use super::say;
use crate::services::ServiceError;
use crate::services::query::{ChangeDetail, RecordDetail};

/// A stated time that lies further back than this is marked as entered late.
const LATE_DAYS: i32 = 3;

/// The changes of a record.
pub(super) fn changes(
    desk: &Desk,
    detail: &RecordDetail,
    panels: &Panels<'_>,
) -> Result<Vec<Change>, ServiceError> {
    let ledger = lianzhan_protocol::record::ledger::ledger(&detail.ledger);
    let first = detail.state.history.first().map(|item| item.change);
    let made = detail.changes.iter().map(|change| {
        let events = events(change);
        let is_first = first == Some(change.held.id);
        let (mark, reason, proof) = panels.of(&detail.state, change)?;
        let stated = events.iter().find_map(Event::happened).unwrap_or_default();
        let org = change
            .author_org
            .as_ref()
            .map(|org| say::org_short(&desk.text, &desk.directory, org));
        Ok(Change {
            id: change.held.id.to_string(),
            what: what(desk, ledger, &events, change, is_first),
            who: desk.text.t2(
                "change-who",
                "who",
                change
                    .author
                    .clone()
                    .unwrap_or_else(|| change.held.author.fingerprint()),
                "role",
                super::proof::role_in(desk, &org.unwrap_or_default(), change),
            ),
            lines: lines(desk, ledger, detail, &events, change, is_first),
            reason,
            happened: if stated.is_empty() {
                Moment::default()
            } else {
                say::stated(&desk.text, stated)
            },
            recorded: say::moment(&desk.text, change.held.recorded),
            mark,
            entered_late: late(stated, change),
            after_seal: false,
            proof,
        })
    });
    made.collect()
}

fn events(change: &ChangeDetail) -> Vec<Event> {
    let events = change.held.change.puts.iter().filter(|put| put.is_event());
    events
        .filter_map(|put| match &put.value {
            Value::Bytes(body) => Event::parse(body).ok(),
            _ => None,
        })
        .collect()
}

/// Fields that a change puts, by their ids.
fn fields<'a>(ledger: Option<&'a Ledger>, change: &'a ChangeDetail) -> Vec<(&'a str, &'a Value)> {
    let puts = change.held.change.puts.iter();
    puts.filter_map(|put| put.field_name().map(|name| (name, &put.value)))
        .filter(|(name, _)| !name.starts_with(ANNEX_KEY))
        .filter(|(name, _)| {
            ledger.is_none_or(|ledger| ledger.resolve(name).is_none_or(|(field, _)| !field.auto))
        })
        .collect()
}

fn what(
    desk: &Desk,
    ledger: Option<&Ledger>,
    events: &[Event],
    change: &ChangeDetail,
    is_first: bool,
) -> String {
    let text = desk.text;
    if let Some(event) = events.first() {
        return self::event(&text, event.kind());
    }
    if is_first {
        return text.t("change-first");
    }
    let fields = fields(ledger, change);
    changed(&text, ledger, fields.iter().map(|(name, _)| *name))
}

/// An event in words.
pub(super) fn event(text: &Text, kind: EventKind) -> String {
    match kind {
        EventKind::Register => text.t("event-register"),
        EventKind::SignIn => text.t("event-sign-in"),
        EventKind::LogLine => text.t("event-log-line"),
        EventKind::Seal => text.t("event-seal"),
        EventKind::Adopt => text.t("event-adopt"),
    }
}

/// What a change of fields is called.
pub(super) fn changed<'a>(
    text: &Text,
    ledger: Option<&Ledger>,
    fields: impl Iterator<Item = &'a str>,
) -> String {
    let labels: BTreeSet<String> = fields
        .filter_map(|name| ledger?.resolve(name).map(|(field, _)| say::label(text, field)))
        .collect();
    match labels.len() {
        1 => text.t1(
            "change-field",
            "field",
            labels.first().cloned().unwrap_or_default(),
        ),
        count => text.n("change-fields", count),
    }
}

fn lines(
    desk: &Desk,
    ledger: Option<&Ledger>,
    detail: &RecordDetail,
    events: &[Event],
    change: &ChangeDetail,
    is_first: bool,
) -> Vec<String> {
    let text = desk.text;
    let said = events.iter().filter_map(|event| match event {
        Event::LogLine { text, .. } => Some(text.clone()),
        Event::SignIn { deputy, .. } => Some(deputy.clone()),
        _ => None,
    });
    let Some(ledger) = ledger else {
        return said.collect();
    };
    let written = fields(Some(ledger), change)
        .into_iter()
        .filter_map(|(name, value)| {
            // What the first change wrote and still holds stands under the facts.
            if is_first && detail.state.value(name) == value {
                return None;
            }
            let (field, _) = ledger.resolve(name)?;
            let value = say::value(&text, &desk.directory, field, value);
            let value = if value.is_empty() {
                text.t("value-empty")
            } else {
                value
            };
            Some(format!("{}{}{value}", say::label(&text, field), text.t("colon")))
        });
    said.chain(written).collect()
}

fn late(stated: &str, change: &ChangeDetail) -> Option<u32> {
    let happened = say::parse(stated)?.date();
    let recorded = say::zoned(change.held.recorded).date();
    let days = happened.until(recorded).ok()?.get_days();
    u32::try_from(days).ok().filter(|_| days > LATE_DAYS)
}
