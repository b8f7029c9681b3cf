//! The form of a definition: its sections, inputs and choices, with what was typed and what is wrong.

use std::collections::BTreeMap;

use lianzhan_protocol::record::ledger::{Field, FieldKind, Ledger, Required};
use lianzhan_protocol::trust::{Audience, Space};

use super::list::choices_at;
use crate::services::ServiceError;
use crate::services::ledger::{Candidate, FieldFault, Part, Slot, Values, layout, name_of, shown};
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
}

impl<'m> Maker<'m> {
    pub(super) fn new(desk: &'m Desk, typed: &'m Typed<'m>) -> Self {
        Maker {
            desk,
            typed,
            known: BTreeMap::new(),
            focused: false,
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
                .filter(|slot| slot.field().required == need)
                .collect();
            let items = self.items(ledger, Part::Main, &slots)?;
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
    pub(super) fn annex(&mut self, annex: &Ledger, space: &Space) -> Result<Option<FormSection>, ServiceError> {
        let text = self.desk.text;
        let slots = layout(annex);
        let items = self.items(annex, Part::Annex(&annex.id), &slots)?;
        let open = self.is_filled(Part::Annex(&annex.id), &slots);
        let narrow = Space::of(space.owner, annex.audience);
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
        let heads = slots.iter().map(|slot| match slot {
            Slot::One(field) | Slot::Ticks(field) | Slot::Many(field) => name_of(part, &field.id),
            Slot::Rows { head, .. } => name_of(part, head),
        });
        let heads: Vec<String> = heads.collect();
        let of = |name: &str| {
            heads
                .iter()
                .any(|head| name == head || name.starts_with(&format!("{head}/")))
        };
        let typed = self.typed.pairs.iter();
        typed.into_iter().any(|(name, text)| !text.trim().is_empty() && of(name))
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
                Slot::Rows { head, fields } => self.rows(ledger, part, head, fields)?,
            });
        }
        Ok(items)
    }

    fn one(&mut self, ledger: &Ledger, part: Part<'_>, field: &Field) -> Result<Input, ServiceError> {
        let name = name_of(part, &field.id);
        let typed = self.all(&name).next().unwrap_or_default().to_owned();
        if let (true, Some(value)) = (field.once, self.typed.base.get(&field.id)) {
            return Ok(Input {
                value: shown(field, value),
                control: Control::Fixed,
                ..self.input(field, &name, &name)
            });
        }
        let input = self.input(field, &name, &name);
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
            let id = if n == 0 { name.clone() } else { format!("{name}~{n}") };
            let input = Input {
                error: None,
                hint: String::new(),
                need: Need::Optional,
                label: self
                    .desk
                    .text
                    .t2("entry-nth", "field", say::label(&self.desk.text, field), "n", n + 1),
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
        head: &str,
        fields: &[&Field],
    ) -> Result<FormItem, ServiceError> {
        let name = name_of(part, head);
        let prefix = format!("{name}/");
        let mut members: Vec<String> = Vec::new();
        for (known, text) in self.typed.pairs {
            let member = known.strip_prefix(&prefix).and_then(|rest| rest.split('/').next());
            if let Some(member) = member
                && (!text.trim().is_empty() || self.is_wrong(&format!("{prefix}{member}/")))
                && !members.iter().any(|known| known == member)
            {
                members.push(member.to_owned());
            }
        }
        if members.is_empty() || self.typed.more == name {
            let free = (0..).map(|n| format!("~{n}")).find(|member| !members.contains(member));
            members.extend(free);
        }
        let mut rows = Vec::new();
        for (n, member) in members.iter().enumerate() {
            let mut inputs = Vec::new();
            for field in fields {
                let name = name_of(part, &field.key(Some(member)));
                let typed = self.all(&name).next().unwrap_or_default().to_owned();
                let mut input = self.input(field, &name, &name);
                // A row may be left empty.
                input.need = if input.need == Need::Required { Need::Required } else { Need::Optional };
                inputs.push(self.filled(ledger, field, input, &typed, true)?);
            }
            rows.push(FormRow {
                name: format!("{prefix}{member}"),
                number: n + 1,
                inputs,
            });
        }
        let lead = fields
            .iter()
            .min_by_key(|field| field.required as u8)
            .copied()
            .unwrap_or(fields[0]);
        let of = Input {
            label: row_label(&self.desk.text, fields),
            hint: String::new(),
            error: None,
            focus: false,
            need: need(lead),
            ..self.plain(lead, &name, &name)
        };
        Ok(FormItem::Rows(of, rows))
    }

    fn is_wrong(&self, prefix: &str) -> bool {
        self.typed.faults.iter().any(|fault| fault.name.starts_with(prefix))
    }

    fn plain(&self, field: &Field, name: &str, id: &str) -> Input {
        Input {
            name: name.to_owned(),
            id: id.to_owned(),
            label: say::label(&self.desk.text, field),
            hint: hint(&self.desk.text, field),
            need: need(field),
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
            let blank = if few { text.t("entry-blank") } else { text.t("entry-choose") };
            let options = match required && few {
                true => options,
                false => say::with_empty(blank, options),
            };
            if few { Control::Segments(options) } else { Control::Select(options) }
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
            FieldKind::Ts => Control::Instant,
            FieldKind::Enum => {
                let options = field.options.iter().map(|option| Choice {
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
                        Control::Select(say::with_empty(text.t("entry-choose"), self.listed(&known, id.as_deref())))
                    }
                    _ => {
                        value = self.desk.node.reference_typed(typed.trim());
                        let more = if more { choices_at(&ledger.id, field) } else { String::new() };
                        Control::Reference(known.iter().map(Candidate::typed).collect(), more)
                    }
                }
            }
            FieldKind::Code => Control::Code,
            _ => Control::Line,
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
        let found = self.desk.node.candidates(field, "", LISTED)?;
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
    hint.clone().unwrap_or_default()
}

/// What a set of structs is called: what its members' labels begin with, up to the colon, or the first of them.
fn row_label(text: &Text, fields: &[&Field]) -> String {
    let labels: Vec<String> = fields.iter().map(|field| say::label(text, field)).collect();
    let head = |label: &str| label.split(['：', ':']).next().unwrap_or_default().trim().to_owned();
    let heads: Vec<String> = labels.iter().map(|label| head(label)).collect();
    let shared = heads
        .iter()
        .find(|head| labels.iter().any(|label| *label != **head && label.starts_with(head.as_str())));
    shared.cloned().unwrap_or_else(|| labels.first().cloned().unwrap_or_default())
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
