//! The form of a definition: its sections, inputs and choices, with what was typed and what is wrong.

use std::collections::BTreeMap;

use lianzhan_protocol::record::ledger::{Field, FieldKind, Keys, Ledger, Required};
use lianzhan_protocol::trust::{Audience, Space};

use super::list::choices_at;
use crate::services::ServiceError;
use crate::services::ledger::{
    Candidate, FieldFault, KEY, NEW, Part, Slot, Values, key_field, layout, name_of, shown,
};
use crate::web::answer::Desk;
use crate::web::i18n::{Lang, Text};
use crate::web::page::{Bounds, Choice, Control, FormItem, FormRow, FormSection, Input, Link, Need};
use crate::web::say;

/// An enum with so many options or fewer shows all of them.
const SEGMENTS: usize = 6;
/// So many things that may be named are listed; more are found as they are typed.
const LISTED: usize = 60;

/// What a form is made of.
pub(super) struct Typed<'t> {
    /// Names and texts of inputs.
    pub(super) pairs: &'t [(String, String)],
    /// What is wrong.
    pub(super) faults: &'t [FieldFault],
    /// The set to which one more is added.
    pub(super) more: &'t str,
    /// What the record holds already, by part: what is fixed once is not asked for again.
    pub(super) base: &'t Values,
}

/// Makes the sections of a form.
pub(super) struct Maker<'m> {
    desk: &'m Desk,
    typed: &'m Typed<'m>,
    /// What fields may name, by field.
    known: BTreeMap<String, (Vec<Candidate>, bool)>,
    focused: bool,
    /// Whether the section says of all its fields what they are needed for.
    said: bool,
}

impl<'m> Maker<'m> {
    pub(super) fn new(desk: &'m Desk, typed: &'m Typed<'m>) -> Self {
        Maker {
            desk,
            typed,
            known: BTreeMap::new(),
            focused: false,
            said: false,
        }
    }

    /// The sections of the record itself: what must be there, what makes it complete, and the rest.
    pub(super) fn main(&mut self, ledger: &Ledger) -> Result<Vec<FormSection>, ServiceError> {
        let text = self.desk.text;
        let mut sections = Vec::new();
        for (id, need, label, hint) in [
            ("must", Required::Required, text.t("entry-must"), String::new()),
            (
                "complete",
                Required::Complete,
                text.t("entry-for-complete"),
                text.t("entry-for-complete-hint"),
            ),
            ("rest", Required::Optional, text.t("entry-rest"), String::new()),
        ] {
            let slots = layout(ledger);
            let slots: Vec<Slot<'_>> = slots
                .into_iter()
                .filter(|slot| slot.required(ledger) == need)
                .collect();
            self.said = need == Required::Complete;
            let items = self.items(ledger, Part::Main, &slots)?;
            self.said = false;
            let open = self.is_filled(Part::Main, &slots);
            if !items.is_empty() {
                sections.push(FormSection {
                    id: format!("part-{id}"),
                    label,
                    hint,
                    stays: false,
                    folded: (need == Required::Optional && items.len() > 3).then_some(open),
                    items,
                });
            }
        }
        Ok(sections)
    }

    /// The section of an annex, with who holds it.
    pub(super) fn annex(
        &mut self,
        annex: &Ledger,
        space: &Space,
    ) -> Result<Option<FormSection>, ServiceError> {
        let text = self.desk.text;
        let slots = layout(annex);
        let items = self.items(annex, Part::Annex(&annex.id), &slots)?;
        let open = self.is_filled(Part::Annex(&annex.id), &slots);
        let narrow = self.desk.directory.space_beside(space, annex.audience);
        let who = say::audience(&text, &self.desk.directory, &narrow);
        Ok((!items.is_empty()).then(|| FormSection {
            id: format!("part-{}", annex.id),
            label: say::ledger(&text, annex),
            hint: text.t1("private-audience", "who", who),
            stays: true,
            folded: (annex.audience == Audience::Local).then_some(open),
            items,
        }))
    }

    /// Whether anything was typed into these, or is wrong with them.
    fn is_filled(&self, part: Part<'_>, slots: &[Slot<'_>]) -> bool {
        let heads = slots.iter().map(|slot| name_of(part, &slot.field().id));
        let heads: Vec<String> = heads.collect();
        let of = |name: &str| {
            heads
                .iter()
                .any(|head| name == head || name.starts_with(&format!("{head}/")))
        };
        let typed = self.typed.pairs.iter();
        typed
            .into_iter()
            .any(|(name, text)| !text.trim().is_empty() && of(name))
            || self.typed.faults.iter().any(|fault| of(&fault.name))
            || of(self.typed.more)
    }

    fn items(
        &mut self,
        ledger: &Ledger,
        part: Part<'_>,
        slots: &[Slot<'_>],
    ) -> Result<Vec<FormItem>, ServiceError> {
        let mut items = Vec::new();
        for slot in slots {
            items.push(match slot {
                Slot::One(field) => FormItem::One(self.one(ledger, part, field)?),
                Slot::Ticks(field) => self.ticks(part, field),
                Slot::Many(field) => self.many(ledger, part, field)?,
                Slot::Rows { of, fields } => self.rows(ledger, part, of, fields)?,
            });
        }
        Ok(items)
    }

    fn one(&mut self, ledger: &Ledger, part: Part<'_>, field: &Field) -> Result<Input, ServiceError> {
        let name = name_of(part, &field.id);
        let typed = self.all(&name).next().unwrap_or_default().to_owned();
        let mut input = self.input(field, &name, &name);
        // A single struct has no frame of its own: its name stands before its members.
        if let Some(of) = field.parent().and_then(|id| ledger.field(id)) {
            input.need = match (of.required.max(field.required), input.need) {
                (Required::Required, need) => need,
                (Required::Complete, Need::Said) => Need::Said,
                (Required::Complete, _) => Need::Complete,
                (Required::Optional, _) => Need::Optional,
            };
            let of = say::label(&self.desk.text, of);
            if !input.label.starts_with(&of) {
                input.label = format!("{of}{}{}", self.desk.text.t("colon"), input.label);
            }
        }
        if let (true, Some(value)) = (
            self.is_fixed(ledger, field, &field.id),
            self.typed.base.get(&field.id),
        ) {
            return Ok(Input {
                value: shown(field, value),
                control: Control::Fixed,
                ..input
            });
        }
        self.filled(ledger, field, input, &typed, false)
    }

    fn ticks(&mut self, part: Part<'_>, field: &Field) -> FormItem {
        let name = name_of(part, &field.id);
        let ticked: Vec<&str> = self.all(&name).collect();
        let choices = field
            .options
            .iter()
            .map(|option| Choice {
                value: option.id.clone(),
                label: say::option(&self.desk.text, option),
                chosen: ticked.contains(&option.id.as_str()),
            })
            .collect();
        FormItem::Ticks(self.input(field, &name, &name), choices)
    }

    fn many(&mut self, ledger: &Ledger, part: Part<'_>, field: &Field) -> Result<FormItem, ServiceError> {
        let name = name_of(part, &field.id);
        let mut typed: Vec<String> = self
            .all(&name)
            .filter(|text| !text.trim().is_empty())
            .map(str::to_owned)
            .collect();
        if typed.is_empty() || self.typed.more == name {
            typed.push(String::new());
        }
        let mut inputs = Vec::new();
        for (n, text) in typed.iter().enumerate() {
            let id = if n == 0 {
                name.clone()
            } else {
                format!("{name}{NEW}{n}")
            };
            let input = Input {
                error: None,
                hint: String::new(),
                need: Need::Optional,
                label: self.desk.text.t2(
                    "entry-nth",
                    "field",
                    say::label(&self.desk.text, field),
                    "n",
                    n + 1,
                ),
                focus: false,
                ..self.plain(field, &name, &id)
            };
            inputs.push(self.filled(ledger, field, input, text, true)?);
        }
        Ok(FormItem::Many(self.input(field, &name, &name), inputs))
    }

    fn rows(
        &mut self,
        ledger: &Ledger,
        part: Part<'_>,
        of: &Field,
        fields: &[&Field],
    ) -> Result<FormItem, ServiceError> {
        let name = name_of(part, &of.id);
        let prefix = format!("{name}/");
        let mut members: Vec<String> = match &of.keys {
            Some(Keys::Choice { options }) => options.iter().map(|option| option.id.clone()).collect(),
            _ => Vec::new(),
        };
        let named = !members.is_empty();
        for (known, text) in self.typed.pairs {
            let member = known
                .strip_prefix(&prefix)
                .and_then(|rest| rest.split('/').next());
            if let Some(member) = member
                && (!text.trim().is_empty() || self.is_wrong(&format!("{prefix}{member}")))
                && !members.iter().any(|known| known == member)
            {
                members.push(member.to_owned());
            }
        }
        if members.is_empty() || self.typed.more == name {
            let free = (0..)
                .map(|n| format!("{NEW}{n}"))
                .find(|member| !members.contains(member));
            members.extend(free);
        }
        let mut rows = Vec::new();
        for (n, member) in members.iter().enumerate() {
            let mut inputs = Vec::new();
            for field in fields {
                inputs.extend(self.in_row(ledger, part, field, member)?);
            }
            rows.push(FormRow {
                name: format!("{prefix}{member}"),
                number: n + 1,
                key: self.key(ledger, part, of, member)?,
                label: self.member_label(of, member),
                inputs,
            });
        }
        Ok(FormItem::Rows(self.input(of, &name, &name), rows, !named))
    }

    /// The inputs of a field in one row: several where the field is a set itself.
    fn in_row(
        &mut self,
        ledger: &Ledger,
        part: Part<'_>,
        field: &Field,
        member: &str,
    ) -> Result<Vec<Input>, ServiceError> {
        let key = field.key(Some(member));
        let name = name_of(part, &key);
        let mut typed: Vec<String> = self.all(&name).map(str::to_owned).collect();
        if field.many {
            typed.retain(|text| !text.trim().is_empty());
            typed.push(String::new());
        }
        typed.truncate(if field.many { usize::MAX } else { 1 });
        if typed.is_empty() {
            typed.push(String::new());
        }
        let fixed = self.is_fixed(ledger, field, &key);
        let row = format!("{}/{member}", field.parent().unwrap_or(&field.id));
        let begun = self.typed.base.keys().any(|known| known.starts_with(&row));
        let mut inputs = Vec::new();
        for (n, text) in typed.iter().enumerate() {
            let id = if n == 0 {
                name.clone()
            } else {
                format!("{name}{NEW}{n}")
            };
            let mut input = self.input(field, &name, &id);
            if n > 0 {
                input.error = None;
                input.label = self.desk.text.t2("entry-nth", "field", &input.label, "n", n + 1);
            }
            // What a row lacks is told once the row is there; until then it may stay empty.
            if (!begun || n > 0) && input.need == Need::Required {
                input.need = Need::Row;
            }
            inputs.push(match fixed {
                true => Input {
                    value: text.clone(),
                    control: Control::Fixed,
                    ..input
                },
                false => self.filled(ledger, field, input, text, true)?,
            });
        }
        Ok(inputs)
    }

    /// The input of a new member's own name, where that is chosen.
    fn key(
        &mut self,
        ledger: &Ledger,
        part: Part<'_>,
        of: &Field,
        member: &str,
    ) -> Result<Option<Input>, ServiceError> {
        let Some(field) = key_field(of).filter(|_| member.starts_with(NEW)) else {
            return Ok(None);
        };
        let name = name_of(part, &format!("{}/{member}/{KEY}", of.id));
        let typed = self.all(&name).next().unwrap_or_default().to_owned();
        let input = Input {
            label: self.desk.text.t("entry-member"),
            need: Need::Complete,
            ..self.input(&field, &name, &name)
        };
        self.filled(ledger, &field, input, &typed, true).map(Some)
    }

    /// What a member is called that has a name which was chosen.
    fn member_label(&self, of: &Field, member: &str) -> String {
        match &of.keys {
            Some(Keys::Choice { options }) => options.iter().find(|option| option.id == member).map_or_else(
                || member.to_owned(),
                |option| say::option(&self.desk.text, option),
            ),
            Some(Keys::Record { .. }) if !member.starts_with(NEW) => {
                let typed = self.desk.node.reference_typed(member);
                typed
                    .rsplit_once(" #")
                    .map_or_else(|| typed.clone(), |(title, _)| title.to_owned())
            }
            Some(Keys::Code | Keys::Item) if !member.starts_with(NEW) => member.to_owned(),
            _ => String::new(),
        }
    }

    /// Whether the first value stands, and is there.
    fn is_fixed(&self, ledger: &Ledger, field: &Field, key: &str) -> bool {
        let of = field.parent().and_then(|id| ledger.field(id));
        (field.once || of.is_some_and(|of| of.once)) && self.typed.base.contains_key(key)
    }

    fn is_wrong(&self, prefix: &str) -> bool {
        self.typed
            .faults
            .iter()
            .any(|fault| fault.name.starts_with(prefix))
    }

    fn plain(&self, field: &Field, name: &str, id: &str) -> Input {
        Input {
            name: name.to_owned(),
            id: id.to_owned(),
            label: say::label(&self.desk.text, field),
            hint: hint(&self.desk.text, field),
            need: match need(field) {
                Need::Complete if self.said => Need::Said,
                need => need,
            },
            ..Input::default()
        }
    }

    /// An input with what is wrong with it; the first that is wrong has the focus.
    fn input(&mut self, field: &Field, name: &str, id: &str) -> Input {
        let fault = self.typed.faults.iter().find(|fault| fault.name == name);
        let error = fault.map(|fault| match self.desk.text.lang {
            Lang::Zh => fault.zh.clone(),
            Lang::En => fault.en.clone(),
        });
        let focus = error.is_some() && !self.focused;
        self.focused |= focus;
        Input {
            error,
            focus,
            ..self.plain(field, name, id)
        }
    }

    /// The input with its control and what was typed into it.
    fn filled(
        &mut self,
        ledger: &Ledger,
        field: &Field,
        input: Input,
        typed: &str,
        compact: bool,
    ) -> Result<Input, ServiceError> {
        let text = self.desk.text;
        let required = input.need.is_required();
        let choose = |options: Vec<Choice>, few: bool| {
            let blank = if few {
                text.t("entry-blank")
            } else {
                text.t("entry-choose")
            };
            let options = match required && few {
                true => options,
                false => say::with_empty(blank, options),
            };
            if few {
                Control::Segments(options)
            } else {
                Control::Select(options)
            }
        };
        let mut value = typed.to_owned();
        let control = match &field.kind {
            FieldKind::Text => Control::Area,
            FieldKind::Int { min, max } => Control::Number(Bounds {
                min: min.to_string(),
                max: max.to_string(),
                step: "1".into(),
            }),
            FieldKind::Dec { scale } => Control::Number(Bounds {
                step: step(*scale),
                ..Bounds::default()
            }),
            FieldKind::Bool => {
                let options = [("true", text.t("yes")), ("false", text.t("no"))];
                let options = options.map(|(value, label)| Choice {
                    value: value.into(),
                    label,
                    chosen: value == typed,
                });
                choose(options.to_vec(), !compact)
            }
            FieldKind::Date => Control::Day,
            FieldKind::Month => Control::Typed("month"),
            FieldKind::Week => Control::Typed("week"),
            FieldKind::Ts => Control::Instant,
            FieldKind::Enum => {
                let today = say::now().date().to_string();
                let offered = |option: &&lianzhan_protocol::record::ledger::Choice| {
                    option.id == typed || option.is_valid_on(&today)
                };
                let options = field.options.iter().filter(offered).map(|option| Choice {
                    value: option.id.clone(),
                    label: say::option(&text, option),
                    chosen: option.id == typed,
                });
                choose(options.collect(), !compact && field.options.len() <= SEGMENTS)
            }
            FieldKind::Ref { .. } => {
                let (known, more) = self.candidates(field)?;
                match (known.is_empty(), more) {
                    (false, false) => {
                        let id = self.desk.node.reference(field, typed).ok().flatten();
                        let id = id.map(|id| self.desk.node.stands_as(id));
                        Control::Select(say::with_empty(
                            text.t("entry-choose"),
                            self.listed(&known, id.as_deref()),
                        ))
                    }
                    _ => {
                        value = self.desk.node.reference_typed(typed.trim());
                        let more = if more {
                            choices_at(&ledger.id, field)
                        } else {
                            String::new()
                        };
                        Control::Reference(known.iter().map(Candidate::typed).collect(), more)
                    }
                }
            }
            FieldKind::Code => Control::Code,
            _ => Control::Typed("text"),
        };
        Ok(Input {
            value,
            control,
            ..input
        })
    }

    /// What may be named, with the one that is; also one that is not among them.
    fn listed(&self, known: &[Candidate], id: Option<&str>) -> Vec<Choice> {
        let label = |one: &Candidate| match one.org.and_then(|id| self.desk.directory.org(&id).cloned()) {
            Some(org) => say::org_short(&self.desk.text, &self.desk.directory, &org),
            None => one.title.clone(),
        };
        let mut choices: Vec<Choice> = known
            .iter()
            .map(|one| Choice {
                value: one.id.clone(),
                label: label(one),
                chosen: Some(one.id.as_str()) == id,
            })
            .collect();
        if let Some(id) = id.filter(|id| !known.iter().any(|one| one.id == *id)) {
            choices.push(Choice {
                value: id.to_owned(),
                label: self.desk.node.reference_typed(id),
                chosen: true,
            });
        }
        choices
    }

    fn candidates(&mut self, field: &Field) -> Result<(Vec<Candidate>, bool), ServiceError> {
        if let Some(known) = self.known.get(&field.id) {
            return Ok(known.clone());
        }
        let found = self.desk.node.candidates(field, "", false, LISTED)?;
        self.known.insert(field.id.clone(), found.clone());
        Ok(found)
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let pairs = self.typed.pairs.iter();
        pairs
            .filter(move |(known, _)| known == name)
            .map(|(_, text)| text.as_str())
    }
}

fn need(field: &Field) -> Need {
    match field.required {
        Required::Required if field.when.is_none() => Need::Required,
        Required::Required | Required::Complete => Need::Complete,
        Required::Optional => Need::Optional,
    }
}

fn step(scale: u8) -> String {
    match scale {
        0 => "1".into(),
        scale => format!("0.{:0>width$}", 1, width = usize::from(scale)),
    }
}

fn hint(text: &Text, field: &Field) -> String {
    let hint = match text.lang {
        Lang::Zh => &field.hint_zh,
        Lang::En => &field.hint_en,
    };
    match (hint, &field.kind) {
        (Some(hint), _) => hint.clone(),
        (None, FieldKind::Geo) => text.t("entry-geo"),
        (None, FieldKind::Ref { ledger }) if ledger == "*" => text.t("entry-any"),
        (None, _) => String::new(),
    }
}

/// The fields that are wrong, as links to their inputs.
pub(super) fn summary(text: &Text, faults: &[FieldFault]) -> Vec<Link> {
    faults
        .iter()
        .map(|fault| {
            let (label, say) = match text.lang {
                Lang::Zh => (&fault.label_zh, &fault.zh),
                Lang::En => (&fault.label_en, &fault.en),
            };
            Link {
                href: format!("#{}", fault.name),
                label: format!("{label}{}{say}", text.t("colon")),
            }
        })
        .collect()
}
