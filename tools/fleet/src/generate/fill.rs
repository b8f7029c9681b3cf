//! A form filled in: the inputs that the definition of a ledger asks for, typed as a person types them and read as the page
//! reads them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::{Span, ToSpan};
use lianzhan_node::services::Node;
use lianzhan_node::services::ledger::{KEY, Part, Slot, Values, layout, name_of, read};
use lianzhan_protocol::codec::{encode, hex};
use lianzhan_protocol::id::{AttachmentId, Hash};
use lianzhan_protocol::record::Value;
use lianzhan_protocol::record::ledger::{Condition, Field, FieldKind, Keys, Ledger, Required, Rule, Test};

use super::numbers;
use super::rules;
use super::words::{About, Words};
use crate::dice::Dice;

/// Most days between two dates of one record.
const STEP_MAX: usize = 12;
/// The newest records of a ledger among which a reference chooses.
const NEAR: usize = 200;

/// What the forms of a node may name.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    /// Ids of orgs: stations, and those that act for a place.
    pub(super) sites: Vec<String>,
    pub(super) bodies: Vec<String>,
    /// Ids of persons with a post.
    pub(super) persons: Vec<String>,
    /// Records by ledger, those of this node and those that came from above.
    pub(super) own: BTreeMap<String, Vec<String>>,
    pub(super) above: BTreeMap<String, Vec<String>>,
    /// Ledgers of which nobody here can write any.
    pub(super) closed: BTreeSet<String>,
    /// Pictures and papers that were taken in.
    pub(super) files: Vec<AttachmentId>,
    /// The node's log, as lists that say up to where they counted name it.
    pub(super) log: String,
}

impl Known {
    fn of(&self, ledger: &str) -> &[String] {
        let found = self.own.get(ledger).filter(|own| !own.is_empty());
        let found = found.or_else(|| self.above.get(ledger));
        found.map_or(&[], |all| &all[all.len().saturating_sub(NEAR)..])
    }
}

/// A record of this ledger has to be there first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Needs(pub(super) String);

/// Where a form is filled in.
pub(super) struct Desk<'a> {
    pub(super) node: &'a Node,
    pub(super) known: &'a Known,
    pub(super) about: &'a About,
    /// No date lies before it.
    pub(super) first: Date,
    /// Ledgers of which a record is waiting for this one.
    pub(super) waiting: &'a [String],
}

/// The values of one part of a record, or what is needed before.
pub(super) fn filled(
    desk: &Desk<'_>,
    ledger: &Ledger,
    part: Part<'_>,
    dice: &mut Dice,
) -> anyhow::Result<Result<Values, Needs>> {
    let ranks = rules::ranks(ledger);
    let mut form = Form {
        desk,
        ledger,
        part,
        step: 1 + dice.below(STEP_MAX),
        settled: dice.once_in(2),
        last: ranks.values().copied().max().unwrap_or(0),
        ranks,
        coins: BTreeMap::new(),
        typed: Vec::new(),
        dice,
    };
    for slot in layout(ledger) {
        if let Err(needs) = form.slot(&slot) {
            return Ok(Err(needs));
        }
    }
    let by_node = |field: &Field, typed: &str| desk.node.reference(field, typed);
    let mut read = read(ledger, part, &form.typed, &Values::new(), &by_node);
    anyhow::ensure!(read.faults.is_empty(), "{}: {:?}", ledger.id, read.faults);
    if part == Part::Main {
        form.made(&mut read.values);
    }
    rules::keep(ledger, &mut read.values, form.dice);
    Ok(Ok(read.values))
}

struct Form<'a> {
    desk: &'a Desk<'a>,
    ledger: &'a Ledger,
    part: Part<'a>,
    /// Days between two dates.
    step: usize,
    /// Whether it says how it ended.
    settled: bool,
    ranks: BTreeMap<&'a str, u32>,
    last: u32,
    /// Which optional parts are there.
    coins: BTreeMap<String, bool>,
    typed: Vec<(String, String)>,
    dice: &'a mut Dice,
}

impl<'a> Form<'a> {
    fn slot(&mut self, slot: &Slot<'a>) -> Result<(), Needs> {
        match slot {
            Slot::One(field) => {
                if self.is_wanted(field, None)
                    && let Some(text) = self.text(field, 0)?
                {
                    self.push(&field.id, text);
                }
            }
            Slot::Ticks(field) => {
                if self.is_wanted(field, None) {
                    let many = 1 + self.dice.below(field.options.len().min(3));
                    let mut options: Vec<&str> = self.options(field);
                    self.dice.shuffle(&mut options);
                    for option in options.into_iter().take(many) {
                        self.push(&field.id, option.to_owned());
                    }
                }
            }
            Slot::Many(field) => {
                if self.is_wanted(field, None) {
                    self.many(field, &field.id)?;
                }
            }
            Slot::Rows { of, fields } => {
                if self.is_wanted(of, None) {
                    for (n, member) in self.members(of)?.into_iter().enumerate() {
                        self.row(of, fields, n, &member)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn push(&mut self, key: &str, text: String) {
        self.typed.push((name_of(self.part, key), text));
    }

    /// Several values of a set, no two alike.
    fn many(&mut self, field: &'a Field, key: &str) -> Result<(), Needs> {
        let mut texts = BTreeSet::new();
        for n in 0..1 + self.dice.below(3) {
            texts.extend(self.text(field, n)?);
        }
        for text in texts {
            self.push(key, text);
        }
        Ok(())
    }

    /// Names of the rows of a set, with what is chosen for a row that is called so.
    fn members(&mut self, of: &'a Field) -> Result<Vec<(String, Option<String>)>, Needs> {
        let least = self.ledger.rules.iter().find_map(|rule| match rule {
            Rule::Count { field, min, .. } if *field == of.id => Some(*min as usize),
            _ => None,
        });
        let many = least.unwrap_or(1) + self.dice.below(3);
        let fresh = |n: usize| format!("~{n}");
        let chosen: Vec<String> = match &of.keys {
            None | Some(Keys::Order) => return Ok((0..many).map(|n| (fresh(n), None)).collect()),
            Some(Keys::Choice { options }) => {
                let all = options.iter().map(|option| (option.id.clone(), None));
                return Ok(all.collect());
            }
            Some(Keys::Record { ledger }) => {
                let list = self.ledger.rules.iter().find_map(|rule| match rule {
                    Rule::Alike { map, list } if *map == of.id => Some(name_of(self.part, list)),
                    _ => None,
                });
                match list {
                    Some(list) => self.answers(&list).map(str::to_owned).collect(),
                    None => self
                        .desk
                        .known
                        .of(ledger)
                        .iter()
                        .rev()
                        .take(many)
                        .cloned()
                        .collect(),
                }
            }
            Some(Keys::Code) => vec![self.desk.about.code.clone()],
            Some(Keys::Item) => (0..many).map(|n| format!("item-{}", n + 1)).collect(),
            Some(Keys::Log) => Vec::new(),
        };
        Ok((0..).map(fresh).zip(chosen.into_iter().map(Some)).collect())
    }

    fn row(
        &mut self,
        of: &Field,
        fields: &[&'a Field],
        n: usize,
        (member, chosen): &(String, Option<String>),
    ) -> Result<(), Needs> {
        if let Some(chosen) = chosen {
            self.push(&format!("{}/{member}/{KEY}", of.id), chosen.clone());
        }
        for field in fields {
            if !self.is_wanted(field, Some(member)) {
                continue;
            }
            let key = field.key(Some(member));
            if field.many {
                self.many(field, &key)?;
            } else if let Some(text) = self.text(field, n)? {
                self.push(&key, text);
            }
        }
        Ok(())
    }

    fn answers(&self, name: &str) -> impl Iterator<Item = &str> {
        let name = name.to_owned();
        let of = move |(known, _): &&(String, String)| *known == name;
        self.typed.iter().filter(of).map(|(_, text)| text.as_str())
    }

    fn has(&self, id: &str, member: Option<&str>) -> bool {
        let Some(field) = self.ledger.field(id) else {
            return false;
        };
        let name = name_of(self.part, &field.key(member.filter(|_| field.set)));
        self.typed
            .iter()
            .any(|(known, _)| *known == name || known.starts_with(&format!("{name}/")))
    }

    /// Whether an input is filled in: what is asked for is, and of the rest some.
    fn is_wanted(&mut self, field: &Field, member: Option<&str>) -> bool {
        if let Some(when) = &field.when
            && !self.holds(when, member)
        {
            return false;
        }
        let mut demanded = field.required != Required::Optional;
        for rule in &self.ledger.rules {
            match rule {
                Rule::Single { of }
                    if of.contains(&field.id) && of.iter().any(|other| self.has(other, member)) =>
                {
                    return false;
                }
                Rule::Some { of, .. } if of.contains(&field.id) => {
                    demanded |= !of.iter().any(|other| self.has(other, member));
                }
                Rule::Exactly { field: named, .. } => demanded |= *named == field.id,
                _ => {}
            }
        }
        // A struct is there or not as a whole.
        let whole = field
            .parent()
            .filter(|_| !field.set)
            .and_then(|id| self.ledger.field(id));
        if let Some(whole) = whole.filter(|whole| whole.required == Required::Optional) {
            return self.coin(&whole.id, 4);
        }
        demanded
            || self.coin(
                &format!("{}/{}", field.id, member.unwrap_or_default()),
                if field.id == "note" { 6 } else { 3 },
            )
    }

    fn coin(&mut self, name: &str, once_in: usize) -> bool {
        if let Some(known) = self.coins.get(name) {
            return *known;
        }
        let falls = self.dice.once_in(once_in);
        self.coins.insert(name.to_owned(), falls);
        falls
    }

    /// Whether a condition holds by what was typed so far; what stands further down is not known, and asked for.
    fn holds(&self, when: &Condition, member: Option<&str>) -> bool {
        let Some(field) = self.ledger.field(&when.field) else {
            return self.settled;
        };
        let name = name_of(self.part, &field.key(member.filter(|_| field.set)));
        let said: Vec<&str> = self.answers(&name).collect();
        match when.test {
            Some(Test::Empty) => said.is_empty() != when.not,
            Some(Test::Past) => true,
            None if said.is_empty() => true,
            None => said.iter().any(|text| when.is.iter().any(|is| is == text)) != when.not,
        }
    }

    /// The options that may be chosen on the day: not one that asks for a record of which there is none.
    fn options(&self, field: &'a Field) -> Vec<&'a str> {
        let day = self.desk.about.day.to_string();
        let is_asked = |by: &&Field| by.when.as_ref().is_some_and(|when| when.field == field.id);
        let lacks = |option: &str| {
            let mut asked = self.ledger.fields.iter().filter(is_asked);
            asked.any(|by| {
                let named = by
                    .when
                    .as_ref()
                    .is_some_and(|when| when.is.iter().any(|is| is == option));
                let mut targets = by.kind.targets().peekable();
                named
                    && targets.peek().is_some()
                    && targets.all(|ledger| self.desk.known.of(ledger).is_empty())
            })
        };
        let valid = field.options.iter().filter(|option| option.is_valid_on(&day));
        let all: Vec<&str> = valid.map(|option| option.id.as_str()).collect();
        let open: Vec<&str> = all.iter().copied().filter(|option| !lacks(option)).collect();
        if open.is_empty() { all } else { open }
    }

    /// What is typed for a field, in the `n`th row.
    fn text(&mut self, field: &'a Field, n: usize) -> Result<Option<String>, Needs> {
        let last = field.id.rsplit('/').next().unwrap_or(&field.id);
        let rank = self.ranks.get(field.id.as_str()).copied().unwrap_or(0);
        let day = self.day(rank);
        Ok(Some(match &field.kind {
            FieldKind::Str | FieldKind::Text => match last {
                "phone" | "mobile" => numbers::mobile(self.dice),
                "id_no" => numbers::identity(self.dice),
                _ => Words::known().of_field(self.ledger, field, n, self.desk.about, self.dice),
            },
            FieldKind::Int { min, max } => self.number(last, rank, *min, *max).to_string(),
            FieldKind::Dec { scale } => self.decimal(last, *scale),
            FieldKind::Bool => {
                let asked_for = field.when.is_some();
                (asked_for || !self.dice.once_in(4)).to_string()
            }
            FieldKind::Date => day.to_string(),
            FieldKind::Ts => {
                let hour = (8 + 2 * rank).min(22) + u32::try_from(self.dice.below(2)).unwrap_or(0);
                format!("{}T{hour:02}:{:02}", self.desk.about.day, self.dice.below(60))
            }
            FieldKind::Month => day.to_string().get(..7).unwrap_or_default().to_owned(),
            FieldKind::Week => {
                let week = self.desk.about.day.iso_week_date();
                format!("{}-W{:02}", week.year(), week.week())
            }
            FieldKind::Enum => {
                let options = self.options(field);
                match options
                    .iter()
                    .find(|option| last == "category" && **option == self.desk.about.category)
                {
                    Some(option) => (*option).to_owned(),
                    None => (*self.dice.pick(&options)).to_owned(),
                }
            }
            FieldKind::Ref { .. } => return self.named(field),
            FieldKind::Code => self.desk.about.code.clone(),
            FieldKind::Geo => format!(
                "30.{:06}, 109.{:06}",
                self.dice.below(1_000_000),
                self.dice.below(1_000_000)
            ),
            FieldKind::Blob | FieldKind::Struct | FieldKind::Rid | FieldKind::Data => return Ok(None),
        }))
    }

    /// Dates end on the day of the record and lie before it by their rank.
    fn day(&self, rank: u32) -> Date {
        let back = i64::from(self.last.saturating_sub(rank)) * i64::try_from(self.step).unwrap_or(1);
        let span: Span = back.days();
        let day = self.desk.about.day.checked_sub(span).unwrap_or(self.desk.first);
        day.max(self.desk.first)
    }

    fn number(&mut self, name: &str, rank: u32, min: i64, max: i64) -> i64 {
        let day = self.desk.about.day;
        let below = |dice: &mut Dice, bound| i64::try_from(dice.below(bound)).unwrap_or(0);
        let number = match name {
            "year" => day.year().into(),
            "quarter" => i64::from((day.month() - 1) / 3 + 1),
            "birth_year" => 1955 + below(self.dice, 45),
            "persons" => 1 + below(self.dice, 4),
            "places" => 1 + below(self.dice, 3),
            "max" => 10,
            "points" => below(self.dice, 20) - 5,
            _ => 3 + 12 * i64::from(rank) + below(self.dice, 12),
        };
        number.clamp(min, max)
    }

    fn decimal(&mut self, name: &str, scale: u8) -> String {
        match (name, scale) {
            ("days", _) => (*self.dice.pick(&["0.5", "1", "1.5", "2"])).to_owned(),
            ("hours", _) => (*self.dice.pick(&["2", "3.5", "4", "6"])).to_owned(),
            ("score", _) => format!("{}.5", 5 + self.dice.below(5)),
            (_, 2) => format!("{}00.00", 5 + self.dice.below(500)),
            _ => format!("{}.{}", 60 + self.dice.below(40), self.dice.below(10)),
        }
    }

    /// A record, or what the directory states, that a field may name.
    fn named(&mut self, field: &Field) -> Result<Option<String>, Needs> {
        let known = self.desk.known;
        let (mut missing, mut waits) = (None, false);
        let mut all: Vec<&[String]> = Vec::new();
        let anonymous: Vec<String>;
        for target in field.kind.targets() {
            match target {
                "site" => all.push(&known.sites),
                "body" | "org" => all.push(&known.bodies),
                "person" => all.push(&known.persons),
                "*" => all.extend(
                    known
                        .own
                        .values()
                        .map(Vec::as_slice)
                        .filter(|ids| !ids.is_empty()),
                ),
                "group" | "term" => {}
                ledger if known.of(ledger).is_empty() => {
                    // What names each other is not there before each other.
                    let circular =
                        ledger == self.ledger.id || self.desk.waiting.iter().any(|id| id == ledger);
                    waits |= circular;
                    if missing.is_none() && !circular && !known.closed.contains(ledger) {
                        missing = Some(ledger.to_owned());
                    }
                }
                ledger => all.push(known.of(ledger)),
            }
        }
        // Groups and terms are stated nowhere yet: an id that is the same in all records of the place.
        if field
            .kind
            .targets()
            .any(|target| target == "group" || target == "term")
        {
            let id = Hash::of(
                "lianzhan/generated-id",
                &[field.id.as_bytes(), self.desk.about.code.as_bytes()],
            );
            anonymous = vec![hex(&id.0[..16])];
            if all.is_empty() {
                all.push(&anonymous);
            }
        }
        all.retain(|ids| !ids.is_empty());
        if all.is_empty() {
            // Where nobody can write one, what has to name it is left to those who can.
            let demanded = match field.required {
                Required::Required => true,
                Required::Complete => !waits,
                Required::Optional => false,
            };
            let needed = missing.or_else(|| {
                field
                    .kind
                    .targets()
                    .next()
                    .filter(|_| demanded)
                    .map(str::to_owned)
            });
            return needed.map_or(Ok(None), |ledger| Err(Needs(ledger)));
        }
        let ids = *self.dice.pick(&all);
        Ok(Some(self.dice.pick(ids).clone()))
    }

    /// What a page takes in as a file, and what the program itself puts.
    fn made(&mut self, values: &mut Values) {
        let known = self.desk.known;
        for field in &self.ledger.fields {
            let demanded = field.required != Required::Optional
                && field.parent().is_none()
                && field.when.as_ref().is_none_or(|when| self.holds(when, None));
            let takes_file = field.kind == FieldKind::Blob
                && field.parent().is_none()
                && !known.files.is_empty()
                && (demanded || self.dice.once_in(8));
            match &field.kind {
                FieldKind::Blob if takes_file => {
                    let id = self.dice.pick(&known.files).0;
                    let key = match field.set {
                        true => format!("{}/{}", field.id, hex(&id[..16])),
                        false => field.id.clone(),
                    };
                    values.insert(key, Value::Bytes(id.to_vec()));
                }
                FieldKind::Data if demanded => {
                    for n in 0..1 + self.dice.below(3) {
                        let row = Words::known().of_act("line", self.desk.about, self.dice);
                        values.insert(
                            format!("{}/{n:04}", field.id),
                            Value::Bytes(encode(&Value::Text(row))),
                        );
                    }
                }
                FieldKind::Int { .. } if field.auto && field.keys == Some(Keys::Log) => {
                    let upto = i64::try_from(self.desk.about.serial).unwrap_or(0);
                    values.insert(format!("{}/{}", field.id, known.log), Value::Int(upto));
                }
                FieldKind::Str if field.auto && demanded && field.id == "no" => {
                    let about = self.desk.about;
                    let number = format!("{}-{}-{:04}", about.code, about.day.year(), about.serial);
                    values.insert(field.id.clone(), Value::Text(number));
                }
                FieldKind::Str if field.auto && demanded && field.id == "qr_token" => {
                    values.insert(field.id.clone(), Value::Text(hex(&self.dice.bytes::<8>())));
                }
                _ => {}
            }
        }
    }
}
