//! What people type into the form of a definition, and the values it stands for. Every input has a name: `f:` and the key
//! of a field, or `a:`, the annex's ledger, `:` and the key. A member that is new stands as `~0`, `~1` in the name until
//! it is read.

use lianzhan_protocol::codec::hex;
use lianzhan_protocol::id::{Hash, RecordId};
use lianzhan_protocol::record::Value;
use lianzhan_protocol::record::ledger::{Field, FieldKind, Ledger, Problem, Required};

use super::{FieldFault, Values};
use crate::services::visit::personal_data;
use crate::env;

/// The fields that name what an annex belongs to: the program fills them in.
const OF: &str = "of";
/// How the name of a member begins that is not there yet; no member of a record is called so.
const NEW: char = '~';
/// Most members that one form adds to a set.
const NEW_MAX: usize = 200;

/// A part of a record, as a form holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// The record itself.
    Main,
    /// The annex of this ledger.
    Annex(&'a str),
}

/// The name of the input of a key.
pub fn name_of(part: Part<'_>, key: &str) -> String {
    match part {
        Part::Main => format!("f:{key}"),
        Part::Annex(ledger) => format!("a:{ledger}:{key}"),
    }
}

/// The key of an input of a part; none if it is of another one.
fn key_of<'n>(part: Part<'_>, name: &'n str) -> Option<&'n str> {
    match part {
        Part::Main => name.strip_prefix("f:"),
        Part::Annex(ledger) => name.strip_prefix("a:")?.strip_prefix(ledger)?.strip_prefix(':'),
    }
}

/// How a form asks for a field, or for several that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Slot<'l> {
    /// One value.
    One(&'l Field),
    /// A set of options: each is ticked or not.
    Ticks(&'l Field),
    /// A set of values: an input each.
    Many(&'l Field),
    /// A set of structs: a row each.
    Rows {
        /// The set's name, before the slash.
        head: &'l str,
        /// Members of the struct.
        fields: Vec<&'l Field>,
    },
}

impl<'l> Slot<'l> {
    /// The field that stands for the slot: of rows, the one that asks for most.
    pub fn field(&self) -> &'l Field {
        match self {
            Slot::One(field) | Slot::Ticks(field) | Slot::Many(field) => field,
            Slot::Rows { fields, .. } => fields
                .iter()
                .min_by_key(|field| need(field))
                .unwrap_or(&fields[0]),
        }
    }
}

fn need(field: &Field) -> u8 {
    match field.required {
        Required::Required => 0,
        Required::Complete => 1,
        Required::Optional => 2,
    }
}

/// The slots of a ledger in the order of its definition.
pub type Layout<'l> = Vec<Slot<'l>>;

/// How the form of a ledger asks for its fields. What the program fills in is not asked for, nor what is sent as a file.
pub fn layout(ledger: &Ledger) -> Layout<'_> {
    let mut slots: Layout<'_> = Vec::new();
    for field in ledger.fields.iter().filter(|field| is_typed(field)) {
        match (field.set, field.id.split_once('/'), &field.kind) {
            (false, ..) => slots.push(Slot::One(field)),
            (true, None, FieldKind::Enum) => slots.push(Slot::Ticks(field)),
            (true, None, _) => slots.push(Slot::Many(field)),
            (true, Some((head, _)), _) => {
                let known = slots.iter_mut().find_map(|slot| match slot {
                    Slot::Rows { head: known, fields } if *known == head => Some(fields),
                    _ => None,
                });
                match known {
                    Some(fields) => fields.push(field),
                    None => slots.push(Slot::Rows {
                        head,
                        fields: vec![field],
                    }),
                }
            }
        }
    }
    slots
}

/// Whether a form asks for a field at all.
fn is_typed(field: &Field) -> bool {
    !field.auto && field.id != OF && field.kind != FieldKind::Blob
}

/// A value as an input holds it.
pub fn shown(field: &Field, value: &Value) -> String {
    match (&field.kind, value) {
        (_, Value::Null) => String::new(),
        (FieldKind::Ts, Value::Text(text)) => {
            let local = text.strip_suffix("+08:00").unwrap_or(text);
            local.strip_suffix(":00").filter(|rest| rest.len() == 16).unwrap_or(local).to_owned()
        }
        (FieldKind::Dec { scale }, Value::Int(units)) => decimal(*units, *scale),
        (_, Value::Text(text)) => text.clone(),
        (_, Value::Int(number)) => number.to_string(),
        (_, Value::Bool(yes)) => yes.to_string(),
        (_, Value::Bytes(bytes)) => hex(bytes),
    }
}

fn decimal(units: i64, scale: u8) -> String {
    let digits = usize::from(scale);
    let sign = if units < 0 { "-" } else { "" };
    let text = format!("{:0width$}", units.unsigned_abs(), width = digits + 1);
    let (whole, part) = text.split_at(text.len() - digits);
    let part = part.trim_end_matches('0');
    if part.is_empty() {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{part}")
    }
}

fn units(text: &str, scale: u8) -> Option<i64> {
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let part = part.trim_end_matches('0');
    let fits = !whole.is_empty() && digits(whole) && digits(part) && part.len() <= usize::from(scale);
    let all = fits.then(|| format!("{whole}{part:0<width$}", width = usize::from(scale)))?;
    all.parse::<i64>().ok()?.checked_mul(sign)
}

/// The value that was typed; none where nothing was. It fits the field.
pub fn value_of(field: &Field, typed: &str) -> Result<Option<Value>, Problem> {
    let typed = typed.replace("\r\n", "\n");
    let text = typed.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let value = match &field.kind {
        FieldKind::Int { min, max } => Value::Int(text.parse().map_err(|_| Problem::Range {
            min: *min,
            max: *max,
        })?),
        FieldKind::Dec { scale } => {
            Value::Int(units(text, *scale).ok_or(Problem::Type("a number with its decimals"))?)
        }
        FieldKind::Bool => match text {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => return Err(Problem::Type("yes or no")),
        },
        FieldKind::Ts => Value::Text(instant(text)),
        FieldKind::Blob => Value::Bytes(
            lianzhan_protocol::codec::unhex::<32>(text)
                .ok_or(Problem::Blob)?
                .to_vec(),
        ),
        _ => Value::Text(text.to_owned()),
    };
    match field.check(&value) {
        Ok(()) => Ok(Some(value)),
        Err(error) => Err(error.problem),
    }
}

/// An instant as records state it, from what a browser's field holds: a day, or a day and a time of China.
fn instant(text: &str) -> String {
    match text.len() {
        10 => format!("{text}T00:00:00+08:00"),
        16 => format!("{}:00+08:00", text.replace(' ', "T")),
        19 => format!("{}+08:00", text.replace(' ', "T")),
        _ => text.to_owned(),
    }
}

/// The member under which a set keeps a value that was not there before: the same value everywhere, so that two nodes that
/// add it add one.
pub(super) fn member_of(field: &Field, value: &Value) -> String {
    match (&field.kind, value) {
        (FieldKind::Enum, Value::Text(id)) => id.clone(),
        (FieldKind::Ref { .. }, Value::Text(id)) => id.clone(),
        (FieldKind::Blob, Value::Bytes(bytes)) => hex(bytes.get(..16).unwrap_or(bytes)),
        (_, value) => {
            let text = shown(field, value);
            hex(&Hash::of("lianzhan/member/v1", &[text.as_bytes()]).0[..8])
        }
    }
}

/// A member for the `n`-th row that a form adds: rows stand in the order in which they were added.
pub(super) fn fresh_member(n: usize) -> String {
    let at = u64::try_from(env::now().0).unwrap_or_default();
    format!("{at:012x}{:02x}{}", n.min(255), hex(&env::random::<3>()))
}

/// What was read of a part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Read {
    /// Values by key.
    pub values: Values,
    /// What is wrong.
    pub faults: Vec<FieldFault>,
}

/// Finds what a reference names, from what was typed: its id in hex.
pub(super) type Resolve<'r> = &'r dyn Fn(&Field, &str) -> Result<Option<String>, Problem>;

/// Reads a part of a form. `base` is what the record had when the form was made; members that are still there keep their
/// keys.
pub fn read(ledger: &Ledger, part: Part<'_>, pairs: &[(String, String)], base: &Values, resolve: Resolve<'_>) -> Read {
    let typed: Vec<(&str, &str)> = pairs
        .iter()
        .filter_map(|(name, text)| Some((key_of(part, name)?, text.as_str())))
        .collect();
    let mut reading = Reading {
        part,
        typed: &typed,
        base,
        resolve,
        read: Read::default(),
    };
    for slot in layout(ledger) {
        reading.slot(&slot);
    }
    reading.read
}

struct Reading<'r> {
    part: Part<'r>,
    typed: &'r [(&'r str, &'r str)],
    base: &'r Values,
    resolve: Resolve<'r>,
    read: Read,
}

impl Reading<'_> {
    fn slot(&mut self, slot: &Slot<'_>) {
        match slot {
            // What is fixed once is not typed again.
            Slot::One(field) if field.once && self.base.contains_key(&field.id) => {
                let value = self.base.get(&field.id).cloned().unwrap_or(Value::Null);
                self.read.values.insert(field.id.clone(), value);
            }
            Slot::One(field) => {
                let typed = self.all(&field.id).next().unwrap_or_default().to_owned();
                self.put(field, &field.id, &typed);
            }
            Slot::Ticks(field) | Slot::Many(field) => {
                let typed: Vec<String> = self.all(&field.id).map(str::to_owned).collect();
                for text in typed.iter().take(NEW_MAX) {
                    match self.value(field, text) {
                        Ok(Some(value)) => {
                            let key = self.known_key(field, &value);
                            let key = key.unwrap_or_else(|| field.key(Some(&member_of(field, &value))));
                            self.read.values.insert(key, value);
                        }
                        Ok(None) => {}
                        Err(problem) => self.fault(field, &field.id, &problem),
                    }
                }
            }
            Slot::Rows { head, fields } => {
                for (n, member) in members(self.typed, head).into_iter().enumerate().take(NEW_MAX) {
                    self.row(fields, &member, n);
                }
            }
        }
    }

    fn row(&mut self, fields: &[&Field], member: &str, n: usize) {
        let inputs: Vec<(&Field, String, String)> = fields
            .iter()
            .map(|field| {
                let name = field.key(Some(member));
                let typed = self.all(&name).next().unwrap_or_default().to_owned();
                (*field, name, typed)
            })
            .collect();
        if inputs.iter().all(|(.., typed)| typed.trim().is_empty()) {
            return;
        }
        let kept = match member.starts_with(NEW) {
            true => fresh_member(n),
            false => member.to_owned(),
        };
        for (field, name, typed) in inputs {
            match self.value(field, &typed) {
                Ok(Some(value)) => drop(self.read.values.insert(field.key(Some(&kept)), value)),
                Ok(None) if field.required == Required::Required => {
                    self.fault(field, &name, &Problem::Empty);
                }
                Ok(None) => {}
                Err(problem) => self.fault(field, &name, &problem),
            }
        }
    }

    fn put(&mut self, field: &Field, key: &str, typed: &str) {
        match self.value(field, typed) {
            Ok(Some(value)) => drop(self.read.values.insert(key.to_owned(), value)),
            Ok(None) => {}
            Err(problem) => self.fault(field, key, &problem),
        }
    }

    fn value(&self, field: &Field, typed: &str) -> Result<Option<Value>, Problem> {
        match &field.kind {
            FieldKind::Ref { .. } => Ok((self.resolve)(field, typed)?.map(Value::Text)),
            _ => value_of(field, typed),
        }
    }

    /// The key under which the record had this value already.
    fn known_key(&self, field: &Field, value: &Value) -> Option<String> {
        let prefix = format!("{}/", field.id);
        let mut known = self.base.iter();
        known
            .find(|(key, known)| key.starts_with(&prefix) && *known == value)
            .map(|(key, _)| key.clone())
    }

    fn fault(&mut self, field: &Field, key: &str, problem: &Problem) {
        self.read
            .faults
            .push(FieldFault::of(self.part, key, field, problem));
    }

    fn all(&self, key: &str) -> impl Iterator<Item = &str> {
        let key = key.to_owned();
        self.typed
            .iter()
            .filter(move |(known, _)| *known == key)
            .map(|(_, text)| *text)
    }
}

/// The members of a set of structs that a form names, in its order; those that are new come last.
pub(super) fn members(typed: &[(&str, &str)], head: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for (key, _) in typed {
        let mut parts = key.split('/');
        if parts.next() == Some(head)
            && let Some(member) = parts.next()
            && parts.next().is_some()
            && !all.iter().any(|known| known == member)
        {
            all.push(member.to_owned());
        }
    }
    all
}

/// What a form would hold for these values: pairs of names and texts.
pub fn as_typed(ledger: &Ledger, part: Part<'_>, values: &Values) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for (key, value) in values {
        let Some((field, member)) = ledger.resolve(key).filter(|(field, _)| is_typed(field)) else {
            continue;
        };
        let of_structs = field.id.contains('/');
        let name = match member {
            Some(_) if !of_structs => name_of(part, &field.id),
            _ => name_of(part, key),
        };
        pairs.push((name, shown(field, value)));
    }
    pairs
}

/// All that is wrong with what was read of a record's own form.
pub fn faults_of(ledger: &Ledger, read: &Read) -> Vec<FieldFault> {
    let mut faults = read.faults.clone();
    // What could not be read is not missing.
    let stem = |name: &str| name.split('/').next().unwrap_or_default().to_owned();
    let named = |fault: &FieldFault| read.faults.iter().any(|known| stem(&known.name) == stem(&fault.name));
    faults.extend(unsound(ledger, &read.values).into_iter().filter(|fault| !named(fault)));
    faults
}

/// What must be there before a record can be saved and is not, and personal data in words that travel.
pub(super) fn unsound(ledger: &Ledger, values: &Values) -> Vec<FieldFault> {
    let mut faults = Vec::new();
    let pairs = values.iter().map(|(key, value)| (key.as_str(), value));
    for field in crate::views::lacking(ledger, pairs) {
        let asked = is_typed(field) && !(field.set && field.id.contains('/') && rows_without(field, values));
        if field.required == Required::Required && asked {
            faults.push(FieldFault::of(Part::Main, &first_name(field), field, &Problem::Empty));
        }
    }
    if travels(ledger) {
        for (key, value) in values {
            let Some((field, _)) = ledger.resolve(key) else {
                continue;
            };
            // What the program draws at random is nobody's number.
            let words = !field.auto && matches!(field.kind, FieldKind::Str | FieldKind::Text);
            if let Some(found) = value.as_text().filter(|_| words).and_then(personal_data) {
                faults.push(FieldFault::personal(key, field, found));
            }
        }
    }
    faults
}

/// Whether rows were typed and this field of theirs was left out: each row says so by itself.
fn rows_without(field: &Field, values: &Values) -> bool {
    let head = field.id.split('/').next().unwrap_or_default();
    values
        .keys()
        .any(|key| key.strip_prefix(head).is_some_and(|rest| rest.starts_with('/')))
}

/// The key of the first input of a field in an empty form.
fn first_name(field: &Field) -> String {
    match (field.set, field.id.contains('/')) {
        (true, true) => field.key(Some("~0")),
        _ => field.id.clone(),
    }
}

fn travels(ledger: &Ledger) -> bool {
    use lianzhan_protocol::trust::Audience;
    !matches!(ledger.audience, Audience::Local | Audience::Township)
}

/// What a form changes: values that differ, and null for what was taken out. What a form does not ask for stays as it is.
pub(super) fn differences(ledger: &Ledger, base: &Values, values: &Values) -> Vec<(String, Value)> {
    let managed = |key: &str| {
        ledger
            .resolve(key)
            .is_some_and(|(field, _)| is_typed(field) && !(field.once && base.contains_key(key)))
    };
    let gone = base
        .iter()
        .filter(|(key, value)| **value != Value::Null && managed(key) && !values.contains_key(*key))
        .map(|(key, _)| (key.clone(), Value::Null));
    let new = values
        .iter()
        .filter(|(key, value)| managed(key) && base.get(*key) != Some(value))
        .map(|(key, value)| (key.clone(), value.clone()));
    gone.chain(new).collect()
}

/// Whether a text is the id of a record or an org.
pub(super) fn is_id(text: &str) -> bool {
    RecordId::parse(text).is_some()
}

/// What a form that is not sent yet is about: the title if it is typed, else the first words.
pub fn title_typed(ledger: &Ledger, pairs: &[(String, String)]) -> Option<String> {
    let title = crate::views::title_field(ledger).map(|field| name_of(Part::Main, &field.id));
    let filled = || pairs.iter().filter(|(name, text)| name.starts_with("f:") && !text.trim().is_empty());
    let found = filled()
        .find(|(name, _)| title.as_ref() == Some(name))
        .or_else(|| {
            filled().find(|(name, _)| {
                let field = key_of(Part::Main, name).and_then(|key| ledger.field(key));
                field.is_some_and(|field| matches!(field.kind, FieldKind::Str | FieldKind::Text))
            })
        })?;
    let line = found.1.trim().lines().next().unwrap_or_default();
    Some(line.chars().take(40).collect())
}
