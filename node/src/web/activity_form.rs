//! The form that calls a joint activity: empty, as it was typed with what is wrong, and as fields of the ledger.

use jiff::civil::DateTime;
use lianzhan_protocol::record::Value;
use lianzhan_protocol::trust::Space;

use super::activity_view;
use super::answer::Desk;
use super::i18n::Text;
use super::page::{ActivityForm, Choice, Field};
use super::request::Posted;
use super::{say, session, suspicions};
use crate::services::activity::LEDGER;
use crate::services::ledger::FieldFault;

/// Joint spaces that this node's org owns and this person may write to.
pub(super) fn own_joint_spaces(desk: &Desk) -> Vec<Space> {
    let own = desk.node.org_id();
    let spaces = desk.directory.joint_spaces().filter(|space| space.owner == own);
    spaces
        .filter(|space| desk.node.may_put(desk.author(), LEDGER, space))
        .cloned()
        .collect()
}

fn choices(desk: &Desk, spaces: &[Space], chosen: &str) -> Vec<Choice> {
    let choice = |space: &Space| Choice {
        value: space.id().to_string(),
        label: say::audience(&desk.text, &desk.directory, space),
        chosen: space.id().to_string() == chosen,
    };
    spaces.iter().map(choice).collect()
}

/// The empty form.
pub(super) fn fresh(desk: &Desk, spaces: &[Space]) -> ActivityForm {
    let now = say::now().datetime();
    let first = spaces
        .first()
        .map(|space| space.id().to_string())
        .unwrap_or_default();
    ActivityForm {
        once: session::token(),
        kinds: say::options(&desk.text, LEDGER, "kind", "inspection"),
        from: Field::new(say::local_input(now)),
        to: Field::new(say::local_input(now.saturating_add(jiff::Span::new().hours(2)))),
        spaces: choices(desk, spaces, &first),
        ..ActivityForm::default()
    }
}

/// What was typed, with what is wrong.
pub(super) fn again(
    desk: &Desk,
    form: &Posted,
    wrong: &[(&str, String)],
    faults: &[FieldFault],
    whole: Option<String>,
) -> ActivityForm {
    let notes = suspicions::notes(form);
    let field = |name: &str| Field {
        value: form.get(name).to_owned(),
        error: wrong
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, say)| say.clone()),
    };
    ActivityForm {
        once: form.get("once").to_owned(),
        error: whole,
        topic: field("topic"),
        suspects: suspicions::shown(&desk.text, faults, &notes, |fault| input_of(fault).to_owned()),
        kinds: say::options(&desk.text, LEDGER, "kind", form.get("kind")),
        from: field("from"),
        to: field("to"),
        spaces: choices(desk, &own_joint_spaces(desk), form.get("space")),
        participants: field("participants"),
    }
}

/// The input of the form into which the words of a field are typed.
pub(super) fn input_of(fault: &FieldFault) -> &'static str {
    match fault.place().1 {
        "participants_names" => "participants",
        _ => "topic",
    }
}

/// Fields of the ledger, and what is wrong with fields of the form.
pub(super) type Read = (Vec<(String, Value)>, Vec<(&'static str, String)>);

/// The fields of the ledger from the form, and what is wrong with it.
pub(super) fn read(text: Text, form: &Posted) -> Read {
    let (mut fields, mut wrong) = (Vec::new(), Vec::new());
    let mut put = |name: &str, value: Value| fields.push((name.to_owned(), value));
    let topic = form.get("topic").trim();
    if topic.is_empty() {
        wrong.push(("topic", text.t("activity-topic-wrong")));
    }
    put("topic", Value::from(topic));
    put("kind", Value::from(form.get("kind")));
    match (
        say::from_local_input(form.get("from")),
        say::from_local_input(form.get("to")),
    ) {
        (Some((from, stated_from)), Some((to, stated_to))) if from <= to => {
            put("from", Value::Text(stated_from));
            put("to", Value::Text(stated_to));
            put("days", Value::Int(tenths_of_days(from, to)));
        }
        (Some(_), Some(_)) => wrong.push(("to", text.t("activity-to-wrong"))),
        (None, _) => wrong.push(("from", text.t("visit-received-wrong"))),
        (_, None) => wrong.push(("to", text.t("visit-received-wrong"))),
    }
    let names: Vec<&str> = activity_view::names(form.get("participants")).collect();
    if !names.is_empty() {
        put("participants_names", Value::Text(names.join("、")));
    }
    (fields, wrong)
}

/// The days from one time to another, both counted; a morning or an afternoon is half a day.
fn tenths_of_days(from: DateTime, to: DateTime) -> i64 {
    let days = from
        .date()
        .until(to.date())
        .map_or(0, |span| i64::from(span.get_days()));
    let hours = (to - from).total(jiff::Unit::Hour).unwrap_or_default();
    if days == 0 && hours > 0.0 && hours <= 4.0 {
        5
    } else {
        (days + 1) * 10
    }
}
