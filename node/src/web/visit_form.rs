//! The form of a visit: empty, as it was typed with what is wrong, and as the draft that the service takes.

use jiff::civil::Date;
use lianzhan_protocol::personal::scan;
use lianzhan_protocol::record::{EventKind, Value};
use lianzhan_protocol::trust::{Level, Role};

use super::answer::Desk;
use super::i18n::{Lang, Text};
use super::page::{Field, VisitForm};
use super::request::Posted;
use super::suspicions::{self, Notes};
use super::{say, session};
use crate::services::RowFilter;
use crate::services::ledger::FieldFault;
use crate::services::screen::Cleared;
use crate::services::visit::{LEDGER, VisitDraft};
use crate::services::{Node, ServiceError};
use crate::words;

/// Names of deputies that are offered.
const OFFERED: u64 = 60;

/// Whether this person may register visits here.
pub(super) fn may_register(desk: &Desk) -> bool {
    let node: &Node = &desk.node;
    node.home_space(LEDGER).is_ok_and(|space| {
        node.may_put(desk.author(), LEDGER, &space)
            && node.may_sign(desk.author(), EventKind::Register, &space)
    })
}

/// The empty form.
pub(super) fn fresh(desk: &Desk) -> Result<VisitForm, ServiceError> {
    let text = &desk.text;
    let card = desk.node.card(desk.author())?;
    let deputy = card.roles.contains(&Role::Deputy);
    let mut form = surrounds(desk)?;
    form.once = session::token();
    form.channels = say::options(text, LEDGER, "channel", "visit");
    form.natures = say::options(text, LEDGER, "nature", "problem");
    form.triages = triages(text, "");
    form.persons = Field::new("1");
    form.received_at = Field::new(say::local_input(say::now().datetime()));
    form.receiver = Field::new(if deputy { card.name } else { String::new() });
    Ok(form)
}

/// What was typed, to be shown again.
pub(super) fn again(desk: &Desk, typed: &Typed) -> Result<VisitForm, ServiceError> {
    let text = &desk.text;
    let field = |name: &str| Field {
        value: typed.get(name).to_owned(),
        error: typed
            .errors
            .iter()
            .find(|(wrong, _)| *wrong == name)
            .map(|(_, say)| say.clone()),
    };
    let mut form = surrounds(desk)?;
    form.once = typed.get("once").to_owned();
    form.channels = say::options(text, LEDGER, "channel", typed.get("channel"));
    form.natures = say::options(text, LEDGER, "nature", typed.get("nature"));
    form.triages = triages(text, typed.get("triage"));
    form.error = typed.whole.clone();
    form.gist = field("gist");
    form.suspects = suspicions::shown(text, &typed.faults, &typed.notes, |fault| {
        shown(fault.place().1).unwrap_or_default().to_owned()
    });
    form.persons = field("persons");
    form.received_at = field("received_at");
    form.receiver = field("receiver");
    form.told_person_on = field("told_person_on");
    form.name = field("name");
    form.phone = field("phone");
    form.address = field("address");
    form.health = field("health");
    form.hardship = field("hardship");
    Ok(form)
}

fn surrounds(desk: &Desk) -> Result<VisitForm, ServiceError> {
    let own = desk.node.org_id();
    let filter = RowFilter {
        limit: OFFERED,
        ..RowFilter::default()
    };
    let mut receivers: Vec<String> = desk
        .node
        .rows("deputy_roster", &filter)?
        .0
        .into_iter()
        .map(|row| row.title)
        .collect();
    receivers.sort();
    receivers.dedup();
    let station = say::org_by_id(&desk.text, &desk.directory, &own);
    let township = desk.directory.at_rank(&own, Level::Township);
    Ok(VisitForm {
        receivers,
        township: township.map_or_else(
            || station.clone(),
            |org| say::org_short(&desk.text, &desk.directory, org),
        ),
        station,
        ..VisitForm::default()
    })
}

/// The options of the triage, the first being that there is none.
pub(super) fn triages(text: &Text, chosen: &str) -> Vec<super::page::Choice> {
    say::with_empty(
        text.t("triage-none"),
        say::options(text, LEDGER, "triage", chosen),
    )
}

/// A visit as it was typed, with what is wrong.
pub(super) struct Typed {
    form: Posted,
    text: Text,
    errors: Vec<(&'static str, String)>,
    faults: Vec<FieldFault>,
    notes: Notes,
    whole: Option<String>,
}

impl Typed {
    /// Reads the form. What cannot be read is named at its field.
    pub(super) fn read(text: Text, form: Posted) -> (Typed, Option<VisitDraft>) {
        let mut typed = Typed {
            notes: suspicions::notes(&form),
            form,
            text,
            errors: Vec::new(),
            faults: Vec::new(),
            whole: None,
        };
        let draft = typed.draft();
        let sound = typed.errors.is_empty();
        if !sound {
            // The service would name this only after the rest is mended.
            if !scan(typed.get("gist"), &[]).is_empty() {
                typed.errors.push(("gist", typed.text.t("visit-gist-person")));
            }
            typed.count();
        }
        (typed, sound.then_some(draft))
    }

    /// The token of the form.
    pub(super) fn token(&self) -> &str {
        self.get("once")
    }

    /// Takes in why the service refused.
    pub(super) fn refused(&mut self, error: &ServiceError) {
        match error {
            ServiceError::Field { field, words } if shown(field).is_some() => {
                self.wrong(shown(field).unwrap_or_default(), words.clone());
                self.count();
            }
            ServiceError::Fields(faults) if faults.iter().all(|fault| shown(fault.place().1).is_some()) => {
                for fault in faults {
                    let say = match self.text.lang {
                        Lang::Zh => fault.zh.clone(),
                        Lang::En => fault.en.clone(),
                    };
                    self.errors
                        .push((shown(fault.place().1).unwrap_or_default(), say));
                }
                self.faults.clone_from(faults);
                self.count();
            }
            error => self.whole = Some(super::answer::tell(&self.text, error)),
        }
    }

    /// The notes by which words of the form are cleared.
    pub(super) fn cleared(&self) -> Cleared {
        suspicions::cleared(
            &self.notes,
            [
                ("f:gist", self.get("gist")),
                ("f:receiver_names", self.get("receiver")),
            ],
        )
    }

    fn get(&self, name: &str) -> &str {
        self.form.get(name).trim()
    }

    fn wrong(&mut self, field: &'static str, words: String) {
        let say = match self.text.lang {
            Lang::Zh => words::field_words(&words),
            Lang::En => words,
        };
        self.errors.push((field, say));
    }

    fn count(&mut self) {
        self.whole = Some(self.text.n("form-wrong", self.errors.len()));
    }

    fn draft(&mut self) -> VisitDraft {
        let mut draft = VisitDraft::default();
        let mut put = |name: &str, value: Value| draft.fields.push((name.to_owned(), value));
        for (name, ledger_name) in [
            ("gist", "gist"),
            ("channel", "channel"),
            ("nature", "nature"),
            ("triage", "triage"),
            ("receiver", "receiver_names"),
        ] {
            if !self.get(name).is_empty() {
                put(ledger_name, Value::from(self.get(name)));
            }
        }
        match self.get("persons").parse::<i64>() {
            Ok(persons) if (1..=9999).contains(&persons) => put("persons", Value::Int(persons)),
            _ => self.errors.push(("persons", self.text.t("visit-persons-wrong"))),
        }
        match say::from_local_input(self.get("received_at")) {
            Some((at, _)) if at > say::now().datetime() => {
                self.errors
                    .push(("received_at", self.text.t("visit-received-future")));
            }
            Some((_, stated)) => put("received_at", Value::Text(stated)),
            None => self
                .errors
                .push(("received_at", self.text.t("visit-received-wrong"))),
        }
        let told = self.get("told_person_on");
        match (told.is_empty(), told.parse::<Date>()) {
            (true, _) => {}
            (false, Ok(day)) => put("told_person_on", Value::Text(day.to_string())),
            (false, Err(_)) => self
                .errors
                .push(("told_person_on", self.text.t("visit-told-wrong"))),
        }
        let part = |names: &[&str]| -> Vec<(String, Value)> {
            let filled = names.iter().filter(|name| !self.get(name).is_empty());
            filled
                .map(|name| ((*name).to_owned(), Value::from(self.get(name))))
                .collect()
        };
        draft.subject = part(&["name", "phone", "address"]);
        draft.sensitive = part(&["health", "hardship"]);
        draft
    }
}

/// The field of the form that shows a field of the ledger.
fn shown(field: &str) -> Option<&'static str> {
    let known = [
        "gist",
        "persons",
        "received_at",
        "told_person_on",
        "name",
        "phone",
        "address",
        "health",
        "hardship",
    ];
    match field {
        "receiver_names" => Some("receiver"),
        field => known.into_iter().find(|known| *known == field),
    }
}
