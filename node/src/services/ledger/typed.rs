//! What people type into the form of a definition, and the values it stands for. Every input has a name: `f:` and the key
//! of a field, or `a:`, the annex's ledger, `:` and the key. A member that is new stands as `~0`, `~1` in the name until
//! it is read; `/@` behind it is the input of its own name, where that is chosen.

use std::collections::BTreeMap;

use lianzhan_protocol::codec::{hex, unhex};
use lianzhan_protocol::id::Hash;
use lianzhan_protocol::personal;
use lianzhan_protocol::record::Value;
use lianzhan_protocol::record::ledger::{
    Asked, Field, FieldError, FieldKind, Geo, Keys, Ledger, Problem, Required,
};

use super::layout::{Layout, Slot, is_typed, key_field, layout};
use super::{FieldFault, Values};
use crate::env;
use crate::services::screen::{Screen, Suspicion};

/// How the name of a member begins that is not there yet; no member of a record is called so.
pub const NEW: char = '~';
/// Behind the name of a new member: the input of its own name.
pub const KEY: &str = "@";
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

/// A value as an input holds it.
pub fn shown(field: &Field, value: &Value) -> String {
    match (&field.kind, value) {
        (_, Value::Null) => String::new(),
        (FieldKind::Ts, Value::Text(text)) => {
            let local = text.strip_suffix("+08:00").unwrap_or(text);
            let minute = local.strip_suffix(":00").filter(|rest| rest.len() == 16);
            minute.unwrap_or(local).to_owned()
        }
        (FieldKind::Dec { scale }, Value::Int(units)) => decimal(*units, *scale),
        (FieldKind::Geo, Value::Bytes(bytes)) => Geo::parse(bytes).map_or_else(String::new, |geo| {
            let degrees = |units: i32| decimal(i64::from(units), GEO_SCALE);
            format!("{}, {}", degrees(geo.lat), degrees(geo.lon))
        }),
        (_, Value::Text(text)) => text.clone(),
        (_, Value::Int(number)) => number.to_string(),
        (_, Value::Bool(yes)) => yes.to_string(),
        (_, Value::Bytes(bytes)) => hex(bytes),
    }
}

/// Digits after the point of a degree.
const GEO_SCALE: u8 = 6;

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

fn place(text: &str) -> Option<Value> {
    let (lat, lon) = text.split_once([',', '，'])?;
    let degrees = |text: &str| i32::try_from(units(text.trim(), GEO_SCALE)?).ok();
    let geo = Geo {
        lat: degrees(lat)?,
        lon: degrees(lon)?,
    };
    Some(Value::Bytes(geo.to_bytes()))
}

/// The value that was typed; none where nothing was. It fits the field.
pub fn value_of(field: &Field, typed: &str) -> Result<Option<Value>, Problem> {
    let typed = typed.replace("\r\n", "\n");
    let text = typed.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let value = match &field.kind {
        FieldKind::Int { min, max } => Value::Int(
            text.parse()
                .map_err(|_| Problem::Range { min: *min, max: *max })?,
        ),
        FieldKind::Dec { scale } => {
            Value::Int(units(text, *scale).ok_or(Problem::Type("a number with its decimals"))?)
        }
        FieldKind::Bool => match text {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => return Err(Problem::Type("yes or no")),
        },
        FieldKind::Ts => Value::Text(instant(text)),
        FieldKind::Geo => place(text).ok_or(Problem::Geo)?,
        FieldKind::Blob => Value::Bytes(unhex::<32>(text).ok_or(Problem::Blob)?.to_vec()),
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
/// add it add one. A list has an order: its members come after those that are there.
pub(in crate::services) fn member_of(field: &Field, value: &Value, n: usize) -> String {
    if field.keys == Some(Keys::Order) && !field.many {
        return fresh_member(n);
    }
    match (&field.kind, value) {
        (FieldKind::Enum | FieldKind::Ref { .. }, Value::Text(id)) => id.clone(),
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
    /// Members that were named now, by the names that they had in the form.
    named: BTreeMap<String, String>,
}

/// Finds what a reference names, from what was typed: its id in hex.
pub(super) type Resolve<'r> = &'r dyn Fn(&Field, &str) -> Result<Option<String>, Problem>;

/// Reads a part of a form. `base` is what the record had when the form was made; members that are still there keep their
/// keys, and what is fixed once stays.
pub fn read(
    ledger: &Ledger,
    part: Part<'_>,
    pairs: &[(String, String)],
    base: &Values,
    resolve: Resolve<'_>,
) -> Read {
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
    let slots: Layout<'_> = layout(ledger);
    for slot in &slots {
        reading.slot(slot);
    }
    let mut read = reading.read;
    for (key, value) in base.iter().filter(|(key, _)| is_fixed(ledger, key)) {
        read.values.insert(key.clone(), value.clone());
    }
    read
}

impl Read {
    /// The key of the input into which the value of a key was typed.
    fn input_of(&self, ledger: &Ledger, key: &str) -> String {
        let Some(place) = ledger.place(key) else {
            return key.to_owned();
        };
        let field = place.field;
        match place.member {
            Some(member) if field.parent().is_some() => {
                let named = self.named.get(member).map_or(member, String::as_str);
                field.key(Some(named))
            }
            Some(_) => field.id.clone(),
            None => key.to_owned(),
        }
    }
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
            Slot::One(field) => {
                let typed = self.all(&field.id).next().unwrap_or_default().to_owned();
                self.put(field, &field.id, &typed);
            }
            Slot::Ticks(field) | Slot::Many(field) => self.set(field, &field.id),
            Slot::Rows { of, fields } => {
                for (n, member) in members(self.typed, &of.id).into_iter().enumerate().take(NEW_MAX) {
                    self.row(of, fields, &member, n);
                }
            }
        }
    }

    /// The members of a set below `head`, an input each.
    fn set(&mut self, field: &Field, head: &str) {
        let typed: Vec<String> = self.all(head).map(str::to_owned).collect();
        for (n, text) in typed.iter().enumerate().take(NEW_MAX) {
            match self.value(field, text) {
                Ok(Some(value)) => {
                    let key = self
                        .known_key(head, &value)
                        .unwrap_or_else(|| format!("{head}/{}", member_of(field, &value, n)));
                    self.read.values.insert(key, value);
                }
                Ok(None) => {}
                Err(problem) => self.fault(field, head, &problem),
            }
        }
    }

    fn row(&mut self, of: &Field, fields: &[&Field], member: &str, n: usize) {
        let chosen = self
            .all(&format!("{}/{member}/{KEY}", of.id))
            .next()
            .unwrap_or_default()
            .to_owned();
        let empty = |field: &&Field| {
            self.all(&field.key(Some(member)))
                .all(|text| text.trim().is_empty())
        };
        if fields.iter().all(empty) && chosen.trim().is_empty() {
            return;
        }
        let kept = match member.starts_with(NEW) {
            false => member.to_owned(),
            true => match self.name(of, &chosen, n) {
                Ok(kept) => kept,
                Err(problem) => {
                    let input = match of.keys {
                        None | Some(Keys::Order) => of.id.clone(),
                        _ => format!("{}/{member}/{KEY}", of.id),
                    };
                    return self.fault(of, &input, &problem);
                }
            },
        };
        self.read.named.insert(kept.clone(), member.to_owned());
        for field in fields {
            let name = field.key(Some(member));
            if field.many {
                let mut values = Values::new();
                std::mem::swap(&mut values, &mut self.read.values);
                self.set(field, &name);
                // Read under the name in the form, kept under the member's own.
                let (old, new) = (format!("{name}/"), format!("{}/", field.key(Some(&kept))));
                let read = std::mem::replace(&mut self.read.values, values);
                for (key, value) in read {
                    let key = key
                        .strip_prefix(&old)
                        .map_or_else(|| key.clone(), |rest| format!("{new}{rest}"));
                    self.read.values.insert(key, value);
                }
                continue;
            }
            let typed = self.all(&name).next().unwrap_or_default().to_owned();
            match self.value(field, &typed) {
                Ok(Some(value)) => drop(self.read.values.insert(field.key(Some(&kept)), value)),
                Ok(None) => {}
                Err(problem) => self.fault(field, &name, &problem),
            }
        }
    }

    /// The name of a new member, from what was chosen for it.
    fn name(&self, of: &Field, chosen: &str, n: usize) -> Result<String, Problem> {
        let Some(keys) = &of.keys else {
            return Ok(fresh_member(n));
        };
        let name = match keys {
            Keys::Order => return Ok(fresh_member(n)),
            Keys::Record { .. } => key_field(of)
                .map(|field| (self.resolve)(&field, chosen))
                .transpose()?
                .flatten()
                .ok_or(Problem::Reference)?,
            Keys::Choice { .. } | Keys::Code | Keys::Item | Keys::Log => chosen.trim().to_lowercase(),
        };
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        let fits = (1..=64).contains(&name.len()) && name.chars().all(plain) && keys.allow(&name);
        match fits {
            true => Ok(name),
            false if *keys == Keys::Code => Err(Problem::Code),
            false if name.is_empty() => Err(Problem::Empty),
            false => Err(Problem::Control),
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

    /// The key under which the record had this value already, and that no other input has taken.
    fn known_key(&self, head: &str, value: &Value) -> Option<String> {
        let prefix = format!("{head}/");
        let mut known = self.base.iter();
        known
            .find(|(key, known)| {
                key.starts_with(&prefix) && *known == value && !self.read.values.contains_key(*key)
            })
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

/// The members of a set that a form names below `head`, in its order.
fn members(typed: &[(&str, &str)], head: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for (key, _) in typed {
        let mut parts = key.split('/');
        if parts.next() == Some(head)
            && let Some(member) = parts.next()
            && !all.iter().any(|known| known == member)
        {
            all.push(member.to_owned());
        }
    }
    all
}

/// What a form would hold for these values: pairs of names and texts.
pub fn as_typed(ledger: &Ledger, part: Part<'_>, values: &Values) -> Vec<(String, String)> {
    let rows: Vec<String> = layout(ledger)
        .iter()
        .filter_map(|slot| match slot {
            Slot::Rows { of, .. } => Some(of.id.clone()),
            _ => None,
        })
        .collect();
    let mut pairs = Vec::new();
    for (key, value) in values {
        let Some(place) = ledger.place(key).filter(|place| is_typed(place.field)) else {
            continue;
        };
        let field = place.field;
        let in_rows = rows
            .iter()
            .any(|head| head == field.parent().unwrap_or(&field.id));
        let name = match (place.part, in_rows) {
            (Some(_), _) => field.key(place.member),
            (None, true) => key.clone(),
            (None, false) => field.id.clone(),
        };
        pairs.push((name_of(part, &name), shown(field, value)));
    }
    pairs
}

/// All that is wrong with what was read of a record's own form.
pub fn faults_of(ledger: &Ledger, read: &Read) -> Vec<FieldFault> {
    let mut faults = read.faults.clone();
    // What could not be read is not missing.
    let named = |fault: &FieldFault| read.faults.iter().any(|known| known.name == fault.name);
    let unsound = unsound_with(ledger, &read.values, &|member| {
        read.named
            .get(member)
            .map_or_else(|| member.to_owned(), Clone::clone)
    });
    faults.extend(unsound.into_iter().filter(|fault| !named(fault)));
    faults
}

/// What is found in the words of a record's own form, by the key of the put, with the name of the input that they were typed
/// into. The suspicion is named by that input: a member that is new has another key whenever it is read.
pub fn suspicions_of(ledger: &Ledger, read: &Read, screen: &Screen<'_>) -> Vec<(String, FieldFault)> {
    let suspects = screen.suspects(ledger, &read.values).into_iter();
    suspects
        .map(|(put, suspicion)| {
            let input = put.strip_prefix("f:").map(|key| read.input_of(ledger, key));
            let input = name_of(Part::Main, &input.unwrap_or_default());
            let suspicion = Suspicion {
                digest: personal::digest(&input, &suspicion.words),
                ..suspicion
            };
            let fault = FieldFault::suspected(&put, ledger, suspicion);
            (put, FieldFault { name: input, ..fault })
        })
        .collect()
}

/// What must hold before a record can be saved and does not.
pub(in crate::services) fn unsound(ledger: &Ledger, values: &Values) -> Vec<FieldFault> {
    unsound_with(ledger, values, &str::to_owned)
}

/// Of that, what is wrong with one key.
pub(in crate::services) fn faults_in(ledger: &Ledger, values: &Values, key: &str) -> Vec<FieldFault> {
    let name = name_of(Part::Main, key);
    let mut faults = unsound(ledger, values);
    faults.retain(|fault| fault.name == name);
    faults
}

fn unsound_with(ledger: &Ledger, values: &Values, named: &dyn Fn(&str) -> String) -> Vec<FieldFault> {
    let pairs = values.iter().map(|(key, value)| (key.as_str(), value));
    let lacks = ledger.lacks(&pairs.collect(), Required::Required, &Asked::PLAIN);
    let mut faults: Vec<FieldFault> = Vec::new();
    for error in lacks {
        let Some(field) = ledger.field(&error.field) else {
            continue;
        };
        // What the program fills in, or what is sent as a file, is not typed.
        if !(is_typed(field) || field.kind == FieldKind::Struct) || field.auto {
            continue;
        }
        let fault = FieldFault::of(
            Part::Main,
            &input_of(ledger, field, &error, named),
            field,
            &error.problem,
        );
        if !faults.iter().any(|known| known.name == fault.name) {
            faults.push(fault);
        }
    }
    faults
}

/// The key of the input at which an error of a field is told.
fn input_of(ledger: &Ledger, field: &Field, error: &FieldError, named: &dyn Fn(&str) -> String) -> String {
    let of_set = field.set
        || field
            .parent()
            .and_then(|id| ledger.field(id))
            .is_some_and(|of| of.set);
    match (&error.member, of_set, &field.kind) {
        (Some(member), true, _) => field.key(Some(&named(member))),
        (None, true, _) => field.parent().unwrap_or(&field.id).to_owned(),
        // A single struct has no input of its own; its first member stands for it.
        (_, false, FieldKind::Struct) => ledger
            .fields
            .iter()
            .find(|part| part.parent() == Some(&field.id) && is_typed(part))
            .map_or_else(|| field.id.clone(), |part| part.id.clone()),
        (_, false, _) => field.id.clone(),
    }
}

/// Whether what stands at a key may not be put again: the first value stands.
pub(in crate::services) fn is_fixed(ledger: &Ledger, key: &str) -> bool {
    ledger.resolve(key).is_some_and(|(field, _)| {
        let of = field.parent().and_then(|id| ledger.field(id));
        field.once || of.is_some_and(|of| of.once)
    })
}

/// What a form changes: values that differ, and null for what was taken out. What a form does not ask for stays as it is.
pub(super) fn differences(ledger: &Ledger, base: &Values, values: &Values) -> Vec<(String, Value)> {
    let managed = |key: &str| {
        ledger.resolve(key).is_some_and(|(field, _)| is_typed(field))
            && !(base.contains_key(key) && is_fixed(ledger, key))
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

/// What a form that is not sent yet is about: the title if it is typed, else the first words.
pub fn title_typed(ledger: &Ledger, pairs: &[(String, String)]) -> Option<String> {
    let words = |field: &Field| matches!(field.kind, FieldKind::Str | FieldKind::Text);
    let title = crate::views::title_field(ledger).filter(|field| words(field));
    let title = title.map(|field| name_of(Part::Main, &field.id));
    let filled = || {
        pairs
            .iter()
            .filter(|(name, text)| name.starts_with("f:") && !text.trim().is_empty())
    };
    let found = filled()
        .find(|(name, _)| title.as_ref() == Some(name))
        .or_else(|| {
            filled().find(|(name, _)| {
                let field = key_of(Part::Main, name).and_then(|key| ledger.resolve(key));
                field.is_some_and(|(field, _)| words(field))
            })
        })?;
    let line = found.1.trim().lines().next().unwrap_or_default();
    Some(line.chars().take(40).collect())
}
