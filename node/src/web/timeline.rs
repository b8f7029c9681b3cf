//! The history of a record: every change, newest first, with its three times and what it wrote.

use std::collections::BTreeSet;

use lianzhan_protocol::record::ledger::Ledger;
use lianzhan_protocol::record::{ANNEX_KEY, Confirmed, Event, EventKind, EventState, Held, Value};

use super::answer::Desk;
use super::i18n::Text;
use super::page::{Change, ChangeLine, EventNote, Link, Moment};
use super::proof::Panels;
use super::{confirm, paper, say};
use crate::services::ServiceError;
use crate::services::history::Before;
use crate::services::query::{ChangeDetail, RecordDetail};

/// A stated time that lies further back than this is marked as entered late.
const LATE_DAYS: i32 = 3;

/// The changes of a record.
pub(super) fn changes(
    desk: &Desk,
    detail: &RecordDetail,
    panels: &Panels<'_>,
) -> Result<Vec<Change>, ServiceError> {
    let ledger = desk.node.ledger(&detail.ledger).ok();
    let first = detail.state.history.first().map(|item| item.change);
    let held: Vec<Held> = detail.changes.iter().map(|change| change.held.clone()).collect();
    let before = Before::of(detail, &held);
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
            lines: lines(desk, ledger, detail, &events, change, &before, is_first),
            note: note(desk, detail, change),
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
    // A clearing goes with what it clears; alone it is what was done.
    let cleared = |event: &&Event| event.kind() == EventKind::Clear;
    if let Some(event) = events.iter().find(|event| !cleared(event)) {
        return self::event(&text, event.kind());
    }
    if is_first {
        return text.t("change-first");
    }
    let fields = fields(ledger, change);
    if let (true, Some(event)) = (fields.is_empty(), events.first()) {
        return self::event(&text, event.kind());
    }
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
        EventKind::Correct => text.t("event-correct"),
        EventKind::Confirm => text.t("event-confirm"),
        EventKind::Clear => text.t("event-clear"),
        EventKind::SignInFor => text.t("event-sign-in-for"),
        EventKind::ConfirmFor => text.t("event-confirm-for"),
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
    before: &Before<'_>,
    is_first: bool,
) -> Vec<ChangeLine> {
    let text = desk.text;
    let of_change = detail
        .state
        .events
        .iter()
        .filter(|event| event.change == change.held.id);
    let mut lines: Vec<ChangeLine> = match of_change.clone().next() {
        Some(_) => of_change.flat_map(|event| said(desk, detail, event)).collect(),
        None => events.iter().filter_map(|event| plain(&text, event)).collect(),
    };
    let Some(ledger) = ledger else {
        return lines;
    };
    let shown = |field, value: &Value| match super::ledger::words(desk, field, value) {
        words if words.is_empty() => text.t("value-empty"),
        words => words,
    };
    let written = fields(Some(ledger), change)
        .into_iter()
        .filter_map(|(name, value)| {
            // What the first change wrote and still holds stands under the facts.
            if is_first && detail.state.value(name) == value {
                return None;
            }
            let (field, _) = ledger.resolve(name)?;
            let was = before.value(&change.held.id, name).filter(|was| *was != value);
            Some(ChangeLine {
                label: say::label(&text, field),
                was: was.map(|was| shown(field, was)),
                now: shown(field, value),
                ..ChangeLine::default()
            })
        });
    lines.extend(written);
    lines
}

/// What an event says by itself.
fn plain(text: &Text, event: &Event) -> Option<ChangeLine> {
    match event {
        Event::LogLine { text, .. } => Some(ChangeLine::new(text)),
        Event::SignIn { deputy, .. } => Some(ChangeLine::new(deputy)),
        Event::Correct { reason, .. } => Some(ChangeLine {
            label: text.t("correct-reason"),
            ..ChangeLine::new(reason)
        }),
        event => paper::actor(text, event).map(ChangeLine::new),
    }
}

/// What an event says, and what was said of it.
fn said(desk: &Desk, detail: &RecordDetail, event: &EventState) -> Vec<ChangeLine> {
    let text = desk.text;
    let of = |id| {
        let of = detail.state.event(id);
        of.map(|of| confirm::said(&text, &of.event)).unwrap_or_default()
    };
    let mut lines: Vec<ChangeLine> = plain(&text, &event.event).into_iter().collect();
    match &event.event {
        Event::Correct { of: id, right, .. } => lines.push(ChangeLine {
            was: Some(of(id)),
            now: confirm::right(&text, right),
            ..ChangeLine::default()
        }),
        Event::Clear { key, kinds, note, .. } => {
            let ledger = lianzhan_protocol::record::ledger::ledger(&detail.ledger);
            let field = key.strip_prefix("f:").and_then(|key| ledger?.resolve(key));
            let place = field.map_or_else(|| text.t("cleared-line"), |(field, _)| say::label(&text, field));
            let kinds = say::list(&text, kinds.iter().map(|kind| say::personal(&text, *kind)));
            lines.push(ChangeLine::new(text.with(
                "cleared-words",
                &[("place", &place), ("kinds", &kinds), ("note", note)],
            )));
        }
        Event::Confirm { of: what } | Event::ConfirmFor { of: what, .. } => {
            lines.push(ChangeLine::new(match what {
                Confirmed::Event { event: id } => of(id),
                Confirmed::Record { .. } => text.t("confirm-all"),
            }));
        }
        _ => {}
    }
    if let Some(proof) = paper::proof(&text, detail, event) {
        lines.push(ChangeLine {
            scan: proof.scan,
            ..ChangeLine::new(proof.how)
        });
    }
    if let Some((by, reason, right)) = detail.state.correction(&event.id) {
        lines.iter_mut().for_each(|line| line.void = true);
        if lines.is_empty() {
            lines.push(ChangeLine {
                void: true,
                ..ChangeLine::new(confirm::said(&text, &event.event))
            });
        }
        lines.push(ChangeLine {
            label: text.t1("correct-by", "who", &by.by.name),
            ..ChangeLine::new(say::list(
                &text,
                [confirm::right(&text, right), reason.to_owned()],
            ))
        });
    }
    lines
}

/// What was said later of the event of a change, and the way there.
pub(super) fn note(desk: &Desk, detail: &RecordDetail, change: &ChangeDetail) -> Option<EventNote> {
    let (text, author) = (desk.text, desk.author());
    let mut events = detail.state.events.iter();
    let event = events.find(|event| {
        event.change == change.held.id && event.effect.is_ok() && event.event.kind().states()
    })?;
    let may =
        desk.node.may_correct(author, detail, event) || desk.node.may_confirm_event(author, detail, event);
    let told = detail.state.notes.contains_key(&event.id);
    let href = format!("/records/{}?event={}#event", detail.id, event.id);
    (may || told).then(|| EventNote {
        open: Link {
            href,
            label: match may {
                true => text.t("event-open"),
                false => text.t("event-look"),
            },
        },
        tag: confirm::tag(&text, confirm::standing(detail, &event.id)),
    })
}

fn late(stated: &str, change: &ChangeDetail) -> Option<u32> {
    let happened = say::parse(stated)?.date();
    let recorded = say::zoned(change.held.recorded).date();
    let days = happened.until(recorded).ok()?.get_days();
    u32::try_from(days).ok().filter(|_| days > LATE_DAYS)
}
