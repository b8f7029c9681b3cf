//! Any ledger by its definition: all of them, the list of one, and the form of a record.

use askama::Template;

use super::{Choice, Link, Mark, Pager, Shell, Suspects, Tag, key};
use crate::web::i18n::Text;

/// `GET /ledgers`: every ledger that this node's org keeps or holds.
#[derive(Template)]
#[template(path = "ledgers.html")]
pub struct LedgersPage {
    /// The words.
    pub text: Text,
    /// What surrounds the page.
    pub shell: Shell,
    /// Groups, the one this person writes first.
    pub groups: Vec<BookGroup>,
    /// Records with several values, if there are any.
    pub conflicts: Option<Link>,
    /// What this person has not sent yet.
    pub typing: Vec<TypingRow>,
}

impl LedgersPage {
    fn title(&self) -> String {
        let rows = || self.groups.iter().flat_map(|group| &group.rows);
        let incomplete: u64 = rows().map(|row| row.incomplete).sum();
        match incomplete {
            0 => self.text.n("ledgers-title", rows().count()),
            incomplete => self
                .text
                .t2("ledgers-title-open", "count", rows().count(), "open", incomplete),
        }
    }
}

/// Ledgers that belong together.
#[derive(Debug, Clone, Default)]
pub struct BookGroup {
    /// What they have in common.
    pub label: String,
    /// A line about it.
    pub hint: String,
    /// Each of them.
    pub rows: Vec<BookRow>,
}

/// A ledger in the list of ledgers.
#[derive(Debug, Clone, Default)]
pub struct BookRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its list.
    pub href: String,
    /// Records held here.
    pub records: u64,
    /// Those of this org.
    pub own: u64,
    /// Of those, how many lack something.
    pub incomplete: u64,
    /// Lists those.
    pub incomplete_href: String,
    /// The empty form, for whoever may write.
    pub new: Option<String>,
}

/// Something that was typed and not sent.
#[derive(Debug, Clone, Default)]
pub struct TypingRow {
    /// Its name.
    pub id: String,
    /// Goes on with it.
    pub href: String,
    /// What it is about, or the ledger alone.
    pub title: String,
    /// The ledger.
    pub ledger: String,
    /// When it was kept, in words.
    pub kept: String,
}

/// `GET /ledgers/{ledger}`: the list of a ledger.
#[derive(Template)]
#[template(path = "ledger.html")]
pub struct LedgerPage {
    /// The words.
    pub text: Text,
    /// What surrounds the page.
    pub shell: Shell,
    /// The ledger's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its address.
    pub path: String,
    /// The filters that stand in the open.
    pub filters: Vec<Filter>,
    /// Those that are asked for less often.
    pub more: Vec<Filter>,
    /// Whether they stand open.
    pub more_open: bool,
    /// What is carried along by the form: order and columns.
    pub carried: Vec<(String, String)>,
    /// `sort`.
    pub sorts: Vec<Choice>,
    /// What stands above the titles.
    pub subject: String,
    /// What stands above the dates, if it has any.
    pub when: Option<String>,
    /// The columns.
    pub columns: Vec<Column>,
    /// Whether rows come from more than one org.
    pub merged: bool,
    /// The rows.
    pub rows: Vec<LedgerRow>,
    /// Whether filters are set.
    pub filtered: bool,
    /// Where the list is cut.
    pub pager: Pager,
    /// Whether there are more than are counted.
    pub many: bool,
    /// How many of these lack something.
    pub incomplete: u64,
    /// Shows all columns, or few.
    pub all: Link,
    /// Whether all columns are shown.
    pub wide: bool,
    /// The empty form, for whoever may write.
    pub new: Option<String>,
    /// Downloads what fits as a table.
    pub table: Option<TableForm>,
    /// Takes a spreadsheet in, for whoever may write.
    pub import: Option<String>,
    /// Whether somebody who may write it has no joint space to write it into.
    pub lacks_joint: bool,
    /// What this person has not sent yet.
    pub typing: Vec<TypingRow>,
}

impl LedgerPage {
    fn title(&self) -> String {
        let text = self.text;
        let name = self.name.as_str();
        match (self.pager.total, self.incomplete) {
            (0, _) if self.filtered => text.t("visits-title-none"),
            (0, _) => text.t1("ledger-title-empty", "name", name),
            _ if self.many => text.t1("ledger-title-many", "name", name),
            (total, 0) => text.t2("ledger-title", "name", name, "count", total),
            (total, open) => text.with(
                "ledger-title-open",
                &[("name", &name), ("count", &total), ("open", &open)],
            ),
        }
    }

    /// A live part alone.
    pub(crate) fn part(&self, id: &str) -> Option<askama::Result<String>> {
        match id {
            "title" => Some(Ok(self.title())),
            "rows" => Some(LedgerRowsPart { page: self }.render()),
            _ => None,
        }
    }
}

/// How a list is asked for as a table: `GET` with `form`, `rows` and `personal`.
#[derive(Debug, Clone, Default)]
pub struct TableForm {
    /// Where it is asked for.
    pub action: String,
    /// The filters of the list.
    pub carried: Vec<(String, String)>,
    /// Whether this person may see personal parts.
    pub personal: bool,
}

/// The live part `rows` alone.
#[derive(Template)]
#[template(path = "live/ledger.html")]
pub struct LedgerRowsPart<'a> {
    /// The page it is of.
    pub page: &'a LedgerPage,
}

/// One filter of a list.
#[derive(Debug, Clone)]
pub struct Filter {
    /// The name in the address; also the id of the control.
    pub name: String,
    /// Its label.
    pub label: String,
    /// How it is asked for.
    pub kind: FilterKind,
}

/// How a filter is asked for.
#[derive(Debug, Clone)]
pub enum FilterKind {
    /// Words.
    Words(String),
    /// One of several.
    Choose(Vec<Choice>),
    /// A day.
    Day(String),
    /// A value typed, with what may be meant.
    Typed(String),
    /// A reference: what was typed, and where what may be meant is asked for.
    Reference(String, String),
}

/// The head of a column.
#[derive(Debug, Clone, Default)]
pub struct Column {
    /// Its label.
    pub label: String,
    /// Sorts by it, or the other way round.
    pub href: Option<String>,
    /// Whether the list is sorted by it, and which way.
    pub sorted: Option<bool>,
    /// Whether numbers stand in it.
    pub right: bool,
}

impl Column {
    fn aria(&self) -> &'static str {
        match self.sorted {
            None => "none",
            Some(true) => "descending",
            Some(false) => "ascending",
        }
    }
}

/// A record in a list.
#[derive(Debug, Clone, Default)]
pub struct LedgerRow {
    /// The record's id.
    pub id: String,
    /// Its page.
    pub href: String,
    /// What it is about.
    pub title: String,
    /// When, as stated.
    pub time: String,
    /// The owner's short name.
    pub owner: String,
    /// Its values by column.
    pub cells: Vec<Cell>,
    /// How many fields it lacks.
    pub missing: u64,
    /// How it stands as to confirmations; none while nobody confirmed it.
    pub confirmed: Option<Tag>,
    /// Whether fields of it have several values.
    pub split: bool,
    /// How far it may be trusted.
    pub mark: Mark,
}

/// A value in a list.
#[derive(Debug, Clone, Default)]
pub struct Cell {
    /// The column's label, which a phone shows beside it.
    pub label: String,
    /// The value, ready to read.
    pub value: String,
    /// Whether it is a number.
    pub right: bool,
}

impl Cell {
    /// Whether it is a word or two, which no line has to break.
    pub(super) fn is_short(&self) -> bool {
        self.value.chars().count() <= CELL_SHORT
    }
}

/// Signs of a cell that is not broken.
const CELL_SHORT: usize = 8;

/// `GET /ledgers/{ledger}/new`, `GET /records/{id}/edit`: the form of a record.
#[derive(Template)]
#[template(path = "ledger_form.html")]
pub struct EntryPage {
    /// The words.
    pub text: Text,
    /// What surrounds the page.
    pub shell: Shell,
    /// The ledger's list.
    pub ledger: Link,
    /// The record that is being changed.
    pub record: Option<Link>,
    /// The form.
    pub form: EntryForm,
    /// What this person has not sent yet of this ledger.
    pub typing: Vec<TypingRow>,
}

impl EntryPage {
    fn title(&self) -> String {
        match &self.record {
            None => self.text.t1("entry-title", "name", &self.ledger.label),
            Some(record) => self.text.t1("entry-title-edit", "name", &record.label),
        }
    }
}

/// The form: `POST` to where it was asked for, with `csrf`, `once`, `draft`, `seen` and the inputs of fields.
#[derive(Debug, Clone, Default)]
pub struct EntryForm {
    /// Where it is sent.
    pub action: String,
    /// Sent back as `once`.
    pub once: String,
    /// `draft`: the name under which it is kept while it is typed.
    pub draft: String,
    /// `seen`: the heads that the person saw.
    pub seen: String,
    /// When what is typed was kept last, in words; empty if it was not.
    pub kept: String,
    /// What is wrong with the whole.
    pub error: Option<String>,
    /// The fields that are wrong, as links to them.
    pub wrong: Vec<Link>,
    /// What is held back because it looks like personal data.
    pub suspects: Suspects,
    /// `space`: where a new record is to stand; nothing to choose if there is but one place.
    pub places: Vec<Choice>,
    /// Who holds the record, in words.
    pub travels: String,
    /// The fields.
    pub sections: Vec<FormSection>,
    /// Where files may go: the record itself, and its personal part.
    pub files: Vec<FilePlace>,
}

/// Fields that belong together.
#[derive(Debug, Clone, Default)]
pub struct FormSection {
    /// Its id on the page.
    pub id: String,
    /// Its heading.
    pub label: String,
    /// A line about it.
    pub hint: String,
    /// Whether it stays closer than the record.
    pub stays: bool,
    /// Whether it can be folded away, and if so whether it stands open.
    pub folded: Option<bool>,
    /// The fields.
    pub items: Vec<FormItem>,
}

/// One field of a form, or a set.
#[derive(Debug, Clone)]
pub enum FormItem {
    /// One value.
    One(Input),
    /// Options that are ticked or not.
    Ticks(Input, Vec<Choice>),
    /// Several values of one field.
    Many(Input, Vec<Input>),
    /// Several rows of fields, and whether more may be added.
    Rows(Input, Vec<FormRow>, bool),
}

/// A row of a set of structs.
#[derive(Debug, Clone, Default)]
pub struct FormRow {
    /// Its name, by which it is taken out.
    pub name: String,
    /// Its number, from 1.
    pub number: usize,
    /// The input of its own name, where that is chosen and it has none yet.
    pub key: Option<Input>,
    /// What it is called, where it has a name.
    pub label: String,
    /// Its fields.
    pub inputs: Vec<Input>,
}

/// An input with its label.
#[derive(Debug, Clone, Default)]
pub struct Input {
    /// The name, and the id on the page.
    pub name: String,
    /// The id, where several inputs have one name.
    pub id: String,
    /// The label.
    pub label: String,
    /// A sentence under it.
    pub hint: String,
    /// What is wrong and the way out.
    pub error: Option<String>,
    /// How much it is asked for.
    pub need: Need,
    /// What stands in it.
    pub value: String,
    /// How it is typed.
    pub control: Control,
    /// Whether it is the first that is wrong.
    pub focus: bool,
}

impl Input {
    /// The attributes that say what is wrong with it and what is said about it.
    pub(super) fn described(&self) -> String {
        let mut ids: Vec<String> = Vec::new();
        if self.error.is_some() {
            ids.push(format!("{}-error", self.id));
        }
        if !self.hint.is_empty() {
            ids.push(format!("{}-hint", self.id));
        }
        ids.join(" ")
    }
}

/// How much a field is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Need {
    /// Nothing is saved without it.
    Required,
    /// The record is not complete without it.
    Complete,
    /// The same, and the section says so.
    Said,
    /// A row that is begun is not saved without it.
    Row,
    /// It may stay empty.
    #[default]
    Optional,
}

impl Need {
    pub(super) fn key(&self) -> &'static str {
        match self {
            Need::Required | Need::Said => "",
            Need::Complete => key!("entry-complete"),
            Need::Row => key!("entry-row"),
            Need::Optional => key!("optional"),
        }
    }

    /// Whether nothing is saved without it.
    pub(crate) fn is_required(&self) -> bool {
        *self == Need::Required
    }
}

/// How a value is typed.
#[derive(Debug, Clone, Default)]
pub enum Control {
    /// One line.
    #[default]
    Line,
    /// One line of a kind that browsers know: text, month, week.
    Typed(&'static str),
    /// Several lines.
    Area,
    /// A number.
    Number(Bounds),
    /// A day.
    Day,
    /// A day and a time.
    Instant,
    /// One of a few, all in sight.
    Segments(Vec<Choice>),
    /// One of many.
    Select(Vec<Choice>),
    /// A reference: what may be meant, and where more is asked for, if anywhere.
    Reference(Vec<String>, String),
    /// An administrative division code.
    Code,
    /// Shown, and not to be changed.
    Fixed,
}

/// Bounds of a number; empty where there is none.
#[derive(Debug, Clone, Default)]
pub struct Bounds {
    /// Smallest.
    pub min: String,
    /// Greatest.
    pub max: String,
    /// From one to the next.
    pub step: String,
}

/// Where files may go.
#[derive(Debug, Clone)]
pub struct FilePlace {
    /// `part`: `shared` or `personal`.
    pub part: &'static str,
    /// The label.
    pub label: String,
    /// What is taken.
    pub accept: &'static str,
}
