//! Adding a ledger or fields: put together in a form, looked at as the form that it comes to, then signed.

use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use lianzhan_protocol::record::ledger::{
    Choice as Choice_, Field as Defined, FieldKind, Ledger, Required, Sensitivity,
};
use lianzhan_protocol::trust::{Audience, Role};

use super::books::travels;
use super::form::{Maker, Typed};
use crate::services::definitions::{Adds, DefinitionDraft, DefinitionError, DefinitionPlan};
use crate::services::ledger::{Values, is_annex, is_stated};
use crate::services::{Node, ServiceError};
use crate::web::WebState;
use crate::web::answer::{self, Desk, Fault, Page, show, show_as};
use crate::web::i18n::Text;
use crate::web::page::{
    Choice, DefinePage, DefinitionRow, DefinitionsPage, Field, FieldRow, FormSection, Link, Notice, Section,
    Tone, key,
};
use crate::web::request::{Deed, Posted, Signed};
use crate::web::say;

/// Rows that the form begins with, and more of them each time.
const ROWS: usize = 4;
/// Most rows.
const ROWS_MAX: usize = 40;
/// Roles that are offered as writers, those of stations first.
const WRITERS: [Role; 7] = [
    Role::StationLiaison,
    Role::OpinionLiaison,
    Role::StationHead,
    Role::Deputy,
    Role::GroupLeader,
    Role::Secretary,
    Role::DeputiesOffice,
];

pub(super) fn router() -> Router<WebState> {
    Router::new()
        .route("/definitions", get(list).post(define))
        .route("/definitions/new", get(put_together))
}

impl Page for DefinitionsPage {}
impl Page for DefinePage {}

async fn list(State(state): State<WebState>, who: Signed) -> Response {
    show(state, who, |desk| {
        let (text, registry) = (desk.text, desk.node.registry());
        let mut known: Vec<_> = registry.definitions().all().collect();
        known.sort_by(|a, b| (&a.ledger.id, a.version).cmp(&(&b.ledger.id, b.version)));
        let row = |known: &&lianzhan_protocol::record::ledger::definitions::Known| {
            let base = known.base.and_then(|base| registry.definition(&base));
            let is_new = |field: &&Defined| base.is_none_or(|base| base.field(&field.id).is_none());
            let fields = known.ledger.fields.iter().filter(is_new);
            DefinitionRow {
                ledger: Link {
                    href: format!("/ledgers/{}", known.ledger.id),
                    label: say::ledger(&text, &known.ledger),
                },
                fields: say::list(&text, fields.map(|field| say::label(&text, field))),
                org: say::org_by_id(&text, &desk.directory, &known.org),
                href: format!("/records/{}", known.record),
            }
        };
        Ok(DefinitionsPage {
            text,
            shell: desk.shell(Section::Ledgers)?,
            rows: known.iter().map(row).collect(),
            ledgers: if desk.node.may_define(desk.author()) {
                extensible(&desk.node, &text)
            } else {
                Vec::new()
            },
        })
    })
    .await
}

/// The ledgers to which fields can be added.
fn extensible(node: &Node, text: &Text) -> Vec<Choice> {
    let registry = node.registry();
    let open = |ledger: &&&Ledger| !is_annex(&ledger.id) && !is_stated(&ledger.id);
    let all = registry.ledgers().iter().filter(open);
    all.map(|ledger| Choice {
        value: ledger.id.clone(),
        label: say::ledger(text, ledger),
        chosen: false,
    })
    .collect()
}

async fn put_together(
    State(state): State<WebState>,
    who: Signed,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Response {
    show(state, who, move |desk| page(desk, pairs)).await
}

/// A definition as it was put together.
struct Sheet(Posted);

impl Sheet {
    fn get(&self, name: &str) -> &str {
        self.0.get(name).trim()
    }

    fn count(&self) -> usize {
        let asked = self.get("count").parse().unwrap_or(ROWS).clamp(ROWS, ROWS_MAX);
        match self.get("do") {
            "more" => (asked + ROWS).min(ROWS_MAX),
            _ => asked,
        }
    }

    fn of(&self, name: &str, number: usize) -> &str {
        self.get(&format!("{name}{number}"))
    }

    /// The fields that have a label.
    fn fields(&self) -> Vec<Defined> {
        let filled = (1..=self.count()).filter(|number| !self.of("zh", *number).is_empty());
        let mut fields: Vec<Defined> = Vec::new();
        for number in filled {
            let en = match self.of("en", number) {
                "" => self.of("zh", number),
                en => en,
            };
            let kind = kind(self.of("kind", number));
            let mut id = named(self.of("en", number), &format!("field_{number}"));
            if fields.iter().any(|field| field.id == id) {
                id = format!("field_{number}");
            }
            fields.push(Defined {
                id,
                zh: self.of("zh", number).to_owned(),
                en: en.to_owned(),
                required: match self.of("need", number) {
                    "required" => Required::Required,
                    "complete" => Required::Complete,
                    _ => Required::Optional,
                },
                sensitivity: match self.of("see", number) {
                    "P" => Sensitivity::P,
                    _ => Sensitivity::I,
                },
                options: match kind {
                    FieldKind::Enum => options(self.of("options", number)),
                    _ => Vec::new(),
                },
                set: kind == FieldKind::Blob,
                kind,
                once: false,
                auto: false,
                when: None,
                max: None,
                keys: None,
                many: false,
                hint_zh: None,
                hint_en: None,
                synonyms: Vec::new(),
            });
        }
        fields
    }

    fn draft(&self) -> DefinitionDraft {
        let fields = self.fields();
        let adds = match self.get("ledger") {
            "" => Adds::Ledger(Box::new(self.ledger(fields))),
            ledger => Adds::Fields {
                ledger: ledger.to_owned(),
                fields,
            },
        };
        DefinitionDraft {
            adds,
            basis: self.get("basis").to_owned(),
        }
    }

    /// The first line of text says what a record is about, the first day when it happened.
    fn ledger(&self, fields: Vec<Defined>) -> Ledger {
        let first = |fits: fn(&FieldKind) -> bool| {
            let found = fields.iter().find(|field| fits(&field.kind));
            found.map(|field| field.id.clone())
        };
        let writers = self.0.all("writer").filter_map(Role::parse);
        Ledger {
            id: named(self.get("en"), "ledger"),
            rev: 1,
            zh: self.get("zh").to_owned(),
            en: self.get("en").to_owned(),
            audience: Audience::parse(self.get("audience")).unwrap_or(Audience::County),
            annexes: Vec::new(),
            writers: writers.collect(),
            title: first(|kind| matches!(kind, FieldKind::Str | FieldKind::Text)),
            happened: first(|kind| matches!(kind, FieldKind::Date | FieldKind::Ts | FieldKind::Month)),
            fields,
            events: Vec::new(),
            rules: Vec::new(),
            also: Vec::new(),
            travel: None,
        }
    }
}

/// A name made of English words; another one where nothing of them can stand in a name.
fn named(words: &str, otherwise: &str) -> String {
    let lower = words.to_ascii_lowercase();
    let parts = lower
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|part| !part.is_empty());
    let name: String = parts.collect::<Vec<_>>().join("_").chars().take(24).collect();
    match name.starts_with(|c: char| c.is_ascii_lowercase()) {
        true => name,
        false => otherwise.to_owned(),
    }
}

/// Options as they are typed: `旱井/dry；出水井/wet`.
fn options(typed: &str) -> Vec<Choice_> {
    let parts = typed
        .split(['；', ';', '、', ',', '，'])
        .map(str::trim)
        .filter(|part| !part.is_empty());
    parts
        .enumerate()
        .map(|(n, part)| {
            let (zh, en) = part.split_once('/').unwrap_or((part, ""));
            let en = if en.trim().is_empty() {
                zh.trim()
            } else {
                en.trim()
            };
            Choice_ {
                id: named(en, &format!("option_{}", n + 1)),
                zh: zh.trim().to_owned(),
                en: en.to_owned(),
                valid_from: None,
                valid_to: None,
                synonyms: Vec::new(),
                authority: None,
            }
        })
        .collect()
}

/// What values a field can be made to take, by the name in the form.
const KINDS: [(&str, &str); 11] = [
    ("str", key!("define-kind-str")),
    ("text", key!("define-kind-text")),
    ("int", key!("define-kind-int")),
    ("dec", key!("define-kind-dec")),
    ("bool", key!("define-kind-bool")),
    ("date", key!("define-kind-date")),
    ("ts", key!("define-kind-ts")),
    ("month", key!("define-kind-month")),
    ("enum", key!("define-kind-enum")),
    ("code", key!("define-kind-code")),
    ("blob", key!("define-kind-blob")),
];

fn kind(name: &str) -> FieldKind {
    match name {
        "text" => FieldKind::Text,
        "int" => FieldKind::Int {
            min: 0,
            max: 1_000_000_000,
        },
        "dec" => FieldKind::Dec { scale: 2 },
        "bool" => FieldKind::Bool,
        "date" => FieldKind::Date,
        "ts" => FieldKind::Ts,
        "month" => FieldKind::Month,
        "enum" => FieldKind::Enum,
        "code" => FieldKind::Code,
        "blob" => FieldKind::Blob,
        _ => FieldKind::Str,
    }
}

fn page(desk: &Desk, pairs: Vec<(String, String)>) -> Result<DefinePage, Fault> {
    let text = desk.text;
    if !desk.node.may_define(desk.author()) {
        return Err(ServiceError::Definition(DefinitionError::NotYours).into());
    }
    let sends = pairs.clone();
    let sheet = Sheet(Posted::asked(pairs));
    let extended = match sheet.get("ledger") {
        "" => None,
        id => Some(desk.node.book(id)?),
    };
    let (mut plan, mut refused) = (None, None);
    if !sheet.get("ask").is_empty() && sheet.get("do") != "more" {
        match desk.node.plan_definition(desk.author(), &sheet.draft()) {
            Ok(made) => plan = Some(made),
            Err(ServiceError::Definition(error)) => refused = Some(error),
            Err(error) => return Err(error.into()),
        }
    }
    let words = refused.map(|error| answer::tell(&text, &ServiceError::Definition(error)));
    let choice = |value: &str, label: String, chosen: bool| Choice {
        value: value.to_owned(),
        label,
        chosen,
    };
    let asked = sheet.get("audience");
    let audiences = [
        Audience::County,
        Audience::City,
        Audience::Township,
        Audience::Local,
    ];
    let chosen: Vec<&str> = sheet.0.all("writer").collect();
    let is_chosen =
        |role: &Role| chosen.contains(&role.as_str()) || (chosen.is_empty() && *role == Role::StationLiaison);
    Ok(DefinePage {
        text,
        shell: desk.shell(Section::Ledgers)?,
        ledger: extended.map(|ledger| Link {
            href: ledger.id.clone(),
            label: say::ledger(&text, ledger),
        }),
        zh: Field::new(sheet.get("zh")),
        en: Field::new(sheet.get("en")),
        audiences: audiences
            .map(|audience| {
                choice(
                    audience.as_str(),
                    travels(&text, audience),
                    audience.as_str() == asked,
                )
            })
            .to_vec(),
        writers: WRITERS
            .map(|role| choice(role.as_str(), say::role(&text, &[role], None), is_chosen(&role)))
            .to_vec(),
        basis: Field::new(sheet.get("basis")),
        fields: (1..=sheet.count())
            .map(|number| row(&text, &sheet, number, extended.is_some()))
            .collect(),
        error: words,
        preview: plan.map(|plan| preview(desk, &plan)).transpose()?,
        sends,
    })
}

fn row(text: &Text, sheet: &Sheet, number: usize, later: bool) -> FieldRow {
    let choices = |all: &[(&str, String)], chosen: &str| {
        let all = all.iter().map(|(value, label)| Choice {
            value: (*value).to_owned(),
            label: label.clone(),
            chosen: *value == chosen,
        });
        all.collect::<Vec<_>>()
    };
    let kinds = KINDS.map(|(value, label)| (value, text.t(label)));
    let mut needs = vec![
        ("optional", text.t("define-need-optional")),
        ("complete", text.t("define-need-complete")),
    ];
    if !later {
        needs.push(("required", text.t("define-need-required")));
    }
    let sees = [
        ("I", text.t("define-see-internal")),
        ("P", text.t("define-see-public")),
    ];
    FieldRow {
        number,
        zh: Field::new(sheet.of("zh", number)),
        en: sheet.of("en", number).to_owned(),
        kinds: choices(&kinds, sheet.of("kind", number)),
        options: sheet.of("options", number).to_owned(),
        needs: choices(&needs, sheet.of("need", number)),
        sees: choices(&sees, sheet.of("see", number)),
    }
}

/// The form that it comes to: of fields that are added, these alone.
fn preview(desk: &Desk, plan: &DefinitionPlan) -> Result<Vec<FormSection>, Fault> {
    let mut ledger = plan.ledger.clone();
    ledger.fields.retain(|field| plan.new.contains(&field.id));
    let base = Values::new();
    let typed = Typed {
        pairs: &[],
        faults: &[],
        more: "",
        base: &base,
    };
    Ok(Maker::new(desk, &typed).main(&ledger)?)
}

async fn define(State(state): State<WebState>, deed: Deed) -> Response {
    let Deed { mut who, form } = deed;
    let text = who.visitor.text;
    let pairs: Vec<(String, String)> = form
        .pairs()
        .filter(|(name, _)| *name != "csrf")
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let draft = Sheet(form).draft();
    let (node, author) = (state.node.clone(), who.session.author.clone());
    let runtime = tokio::runtime::Handle::current();
    let written = answer::work(move || runtime.block_on(node.define(&author, &draft))).await;
    match written {
        Ok(_) => {
            who.session.say(Notice {
                tone: Tone::Good,
                say: text.t("define-done"),
                link: None,
            });
            answer::onward("/definitions")
        }
        Err(ServiceError::Definition(_)) => {
            who.visitor.here = "/definitions/new".into();
            show_as(StatusCode::UNPROCESSABLE_ENTITY, state, who, move |desk| {
                page(desk, pairs)
            })
            .await
        }
        Err(error) => answer::refuse(state, who.visitor, Fault::Service(error)).await,
    }
}
