//! How values are written for people: days and times at +08:00, names of orgs, levels, roles and options, and the value of
//! any field by its definition. Knows no page and no rule.

use jiff::Zoned;
use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};
use lianzhan_protocol::id::{OrgId, SpaceId};
use lianzhan_protocol::personal::Kind;
use lianzhan_protocol::record::Value;
use lianzhan_protocol::record::ledger::{Choice as Option_, Field, FieldKind, Ledger};
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::{Audience, Directory, Level, Org, Role, Space};

use super::i18n::{Lang, Text};
use super::page::{Choice, Moment};
use crate::env;
use crate::services::exchange::Words;
use crate::services::ledger::{kind_en, kind_zh};
use crate::services::lineage::Owner;

/// An instant on the clocks of China.
pub(super) fn zoned(time: Timestamp) -> Zoned {
    let instant = jiff::Timestamp::from_millisecond(time.0).unwrap_or_default();
    instant.to_zoned(TimeZone::fixed(Offset::constant(8)))
}

/// Now, and today.
pub(super) fn now() -> Zoned {
    zoned(env::now())
}

/// What the store noted of a log.
pub(super) fn noted(text: &Text, words: &str) -> String {
    match text.lang {
        Lang::Zh => crate::words::noted(words),
        Lang::En => words.to_owned(),
    }
}

/// A day, with its year when that is not the present one.
pub(super) fn day(text: &Text, date: Date) -> String {
    if date.year() == now().year() {
        text.day(date.month(), date.day())
    } else {
        text.date(date.year(), date.month(), date.day())
    }
}

fn time(at: DateTime) -> String {
    format!("{:02}:{:02}", at.hour(), at.minute())
}

/// An instant: the time alone when it is today.
pub(super) fn clock(text: &Text, at: Timestamp) -> String {
    let at = zoned(at).datetime();
    if at.date() == now().date() {
        time(at)
    } else {
        format!("{} {}", day(text, at.date()), time(at))
    }
}

/// An instant with its year, where nobody can tell what day it was read on.
pub(super) fn instant(text: &Text, at: Timestamp) -> String {
    let at = zoned(at).datetime();
    let day = text.date(at.date().year(), at.date().month(), at.date().day());
    format!("{day} {}", time(at))
}

/// An instant in two lines.
pub(super) fn moment(text: &Text, at: Timestamp) -> Moment {
    let at = zoned(at).datetime();
    Moment {
        day: day(text, at.date()),
        time: time(at),
    }
}

/// Reads a stated time: a date, or an instant with offset.
pub(super) fn parse(stated: &str) -> Option<DateTime> {
    let date: Date = stated.get(..10)?.parse().ok()?;
    match stated.parse::<jiff::Timestamp>() {
        Ok(instant) => Some(instant.to_zoned(TimeZone::fixed(Offset::constant(8))).datetime()),
        Err(_) => Some(date.at(0, 0, 0, 0)),
    }
}

/// A stated time in two lines; midnight is how a ledger writes that only the day is known.
pub(super) fn stated(text: &Text, stated: &str) -> Moment {
    parse(stated).map_or_else(Moment::default, |at| {
        let whole_day = (at.hour(), at.minute()) == (0, 0);
        Moment {
            day: day(text, at.date()),
            time: if whole_day { String::new() } else { time(at) },
        }
    })
}

/// A stated time in one line.
pub(super) fn stated_line(text: &Text, when: &str) -> String {
    let at = stated(text, when);
    if at.time.is_empty() {
        at.day
    } else {
        format!("{} {}", at.day, at.time)
    }
}

/// A stated time in a list: the time alone when it is today.
pub(super) fn stated_short(text: &Text, when: &str) -> String {
    match parse(when) {
        Some(at) if at.date() == now().date() => stated(text, when).time,
        _ => stated_line(text, when),
    }
}

/// From one day to another.
pub(super) fn period(text: &Text, from: Timestamp, to: Timestamp) -> String {
    let whole = |at: Timestamp| {
        let date = zoned(at).date();
        text.date(date.year(), date.month(), date.day())
    };
    text.t2("period", "from", whole(from), "to", whole(to))
}

/// What a field `datetime-local` sends and shows.
pub(super) fn local_input(at: DateTime) -> String {
    format!("{}T{}", at.date(), time(at))
}

/// An instant as records state it, from what `datetime-local` sent.
pub(super) fn from_local_input(typed: &str) -> Option<(DateTime, String)> {
    let at: DateTime = typed.trim().parse().ok()?;
    Some((
        at,
        format!(
            "{}T{:02}:{:02}:{:02}+08:00",
            at.date(),
            at.hour(),
            at.minute(),
            at.second()
        ),
    ))
}

/// An org's name.
pub(super) fn org(text: &Text, org: &Org) -> String {
    match text.lang {
        Lang::Zh => org.name_zh.clone(),
        Lang::En => org.name_en.clone(),
    }
}

/// An org's name as its neighbours call it: without its parent's place and without what all have in their names.
pub(super) fn org_short(text: &Text, directory: &Directory, org: &Org) -> String {
    let name = self::org(text, org);
    if text.lang == Lang::En {
        return name.split(',').next().unwrap_or_default().trim().to_owned();
    }
    let parents = directory
        .upward(&org.id)
        .skip(1)
        .filter_map(|parent| place(&parent.name_zh));
    let mut short = name.as_str();
    for place in parents {
        short = short
            .strip_prefix(place)
            .filter(|rest| rest.chars().count() > 1)
            .unwrap_or(short);
    }
    let short = short.replace("人大代表联络站", "联络站");
    if short.is_empty() { name } else { short }
}

/// The place in an org's Chinese name, up to the sign of its level.
fn place(name: &str) -> Option<&str> {
    let signs = ['镇', '乡', '县', '区', '市', '州'];
    let at = name
        .char_indices()
        .skip(1)
        .find(|(_, c)| signs.contains(c))
        .map(|(at, c)| at + c.len_utf8());
    at.or_else(|| name.find("街道").map(|at| at + "街道".len()))
        .map(|end| &name[..end])
}

/// An org's short name by its id; its id where it is not known.
pub(super) fn org_by_id(text: &Text, directory: &Directory, id: &OrgId) -> String {
    directory.org(id).map_or_else(
        || id.to_string()[..8].to_owned(),
        |org| org_short(text, directory, org),
    )
}

/// The owner of a record with what became of it since, by short names; its id where it is not known.
pub(super) fn owner(text: &Text, directory: &Directory, owner: &OrgId, space: &SpaceId) -> String {
    since(text, directory, owner, Owner::of(directory, owner, space))
}

/// An org with what became of it since, by short names.
pub(super) fn org_since(text: &Text, directory: &Directory, org: &OrgId) -> String {
    since(text, directory, org, Owner::named(directory, org))
}

fn since(text: &Text, directory: &Directory, org: &OrgId, found: Option<Owner>) -> String {
    match found {
        Some(found) => found.words(words(text), |org| org_short(text, directory, org)),
        None => org_by_id(text, directory, org),
    }
}

/// Orgs to choose from, each with what became of it; the chosen one also where it is not among them.
pub(super) fn owners(
    text: &Text,
    directory: &Directory,
    orgs: impl IntoIterator<Item = OrgId>,
    chosen: &str,
) -> Vec<Choice> {
    let choice = |org: &OrgId| Choice {
        value: org.to_string(),
        label: org_since(text, directory, org),
        chosen: org.to_string() == chosen,
    };
    let mut all: Vec<Choice> = orgs.into_iter().map(|org| choice(&org)).collect();
    let other = OrgId::parse(chosen).filter(|org| !all.iter().any(|known| known.value == org.to_string()));
    all.extend(
        other
            .filter(|org| directory.org(org).is_some())
            .map(|org| choice(&org)),
    );
    all
}

/// The language of what the services word themselves.
pub(super) fn words(text: &Text) -> Words {
    match text.lang {
        Lang::Zh => Words::Zh,
        Lang::En => Words::En,
    }
}

/// A level.
pub(super) fn level(text: &Text, level: Level) -> String {
    match level {
        Level::National => text.t("level-national"),
        Level::Province => text.t("level-province"),
        Level::City => text.t("level-city"),
        Level::County => text.t("level-county"),
        Level::Township => text.t("level-township"),
        Level::Street => text.t("level-street"),
        Level::Station => text.t("level-station"),
    }
}

/// The roles of an appointment. A deputy's has the level of the seat.
pub(super) fn role(text: &Text, roles: &[Role], seat: Option<Level>) -> String {
    let one = |role: &Role| match (role, seat) {
        (Role::Deputy, Some(seat)) => text.t1("role-deputy", "level", level(text, seat)),
        (role, _) if text.lang == Lang::Zh => role.zh().to_owned(),
        (role, _) => role.en().to_owned(),
    };
    list(text, roles.iter().map(one))
}

/// What something looks like that was found in words.
pub(super) fn personal(text: &Text, kind: Kind) -> String {
    match text.lang {
        Lang::Zh => kind_zh(kind).into(),
        Lang::En => kind_en(kind).into(),
    }
}

/// Several, with the comma of lists.
pub(super) fn list(text: &Text, all: impl IntoIterator<Item = String>) -> String {
    all.into_iter().collect::<Vec<_>>().join(&text.t("comma"))
}

/// Who holds a space.
pub(super) fn audience(text: &Text, directory: &Directory, space: &Space) -> String {
    let held = |level| {
        directory
            .at_rank(&space.owner, level)
            .map(|org| org_short(text, directory, org))
    };
    let owner = org_by_id(text, directory, &space.owner);
    match space.audience {
        Audience::Local => owner,
        Audience::Township => list(text, [Some(owner), held(Level::Township)].into_iter().flatten()),
        Audience::County => text.t("audience-county"),
        Audience::City => text.t("audience-city"),
        Audience::Summary => text.t("audience-summary"),
        Audience::Notice => text.t("audience-notice"),
        Audience::Directory => text.t("audience-directory"),
        Audience::Joint => list(
            text,
            space
                .joint
                .iter()
                .flat_map(|joint| &joint.orgs)
                .map(|org| org_by_id(text, directory, org)),
        ),
    }
}

/// A field's label.
pub(super) fn label(text: &Text, field: &Field) -> String {
    match text.lang {
        Lang::Zh => field.zh.clone(),
        Lang::En => field.en.clone(),
    }
}

/// A ledger's name.
pub(super) fn ledger(text: &Text, ledger: &Ledger) -> String {
    match text.lang {
        Lang::Zh => ledger.zh.clone(),
        Lang::En => ledger.en.clone(),
    }
}

/// An option's label.
pub(super) fn option(text: &Text, option: &Option_) -> String {
    match text.lang {
        Lang::Zh => option.zh.clone(),
        Lang::En => option.en.clone(),
    }
}

/// The label of an option of a ledger's field by its id; the id itself where there is none.
pub(super) fn option_of(text: &Text, ledger: &str, field: &str, id: &str) -> String {
    lianzhan_protocol::record::ledger::ledger(ledger)
        .and_then(|ledger| ledger.field(field))
        .and_then(|field| field.choice(id))
        .map_or_else(|| id.to_owned(), |found| option(text, found))
}

/// The options of a field to choose from.
pub(super) fn options(text: &Text, ledger: &str, field: &str, chosen: &str) -> Vec<Choice> {
    let field = lianzhan_protocol::record::ledger::ledger(ledger).and_then(|ledger| ledger.field(field));
    let all = field.into_iter().flat_map(|field| &field.options);
    all.map(|found| Choice {
        value: found.id.clone(),
        label: option(text, found),
        chosen: found.id == chosen,
    })
    .collect()
}

/// An empty value with a label of its own, then `rest`.
pub(super) fn with_empty(label: String, rest: Vec<Choice>) -> Vec<Choice> {
    let chosen = !rest.iter().any(|choice| choice.chosen);
    let mut all = vec![Choice {
        value: String::new(),
        label,
        chosen,
    }];
    all.extend(rest);
    all
}

/// The value of a field, ready to read.
pub(super) fn value(text: &Text, directory: &Directory, field: &Field, value: &Value) -> String {
    match (&field.kind, value) {
        (_, Value::Null) => String::new(),
        (FieldKind::Enum, Value::Text(id)) => field
            .choice(id)
            .map_or_else(|| id.clone(), |found| option(text, found)),
        (FieldKind::Date | FieldKind::Ts, Value::Text(when)) => stated_line(text, when),
        (FieldKind::Ref { .. }, Value::Text(id)) => reference(text, directory, id),
        (FieldKind::Dec { scale }, Value::Int(units)) => decimal(*units, *scale),
        (_, Value::Text(value)) => value.clone(),
        // A year keeps its thousands together; only its bounds tell it from a count.
        (FieldKind::Int { min, .. }, Value::Int(number)) if *min >= 1900 => number.to_string(),
        (_, Value::Int(number)) => text.figure(number),
        (_, Value::Bool(true)) => text.t("yes"),
        (_, Value::Bool(false)) => text.t("no"),
        (_, Value::Bytes(bytes)) => short_hex(&lianzhan_protocol::codec::hex(bytes)),
    }
}

fn reference(text: &Text, directory: &Directory, id: &str) -> String {
    match OrgId::parse(id).filter(|id| directory.org(id).is_some()) {
        Some(org) => org_since(text, directory, &org),
        None => short_hex(id),
    }
}

fn decimal(units: i64, scale: u8) -> String {
    let unit = 10_i64.checked_pow(u32::from(scale)).unwrap_or(1);
    let (whole, part) = (units / unit, (units % unit).unsigned_abs());
    if part == 0 {
        whole.to_string()
    } else {
        format!("{whole}.{part:0width$}", width = usize::from(scale))
    }
}

/// The first characters of a long name.
pub(super) fn short_hex(hex: &str) -> String {
    hex.chars().take(8).collect()
}

/// A fingerprint in groups of four.
pub(super) fn grouped(hex: &str) -> String {
    let chars: Vec<char> = hex.chars().collect();
    chars
        .chunks(4)
        .map(|group| group.iter().collect::<String>())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_has_its_point_where_the_scale_says() {
        assert_eq!(decimal(15, 1), "1.5");
        assert_eq!(decimal(10, 1), "1");
        assert_eq!(decimal(105, 2), "1.05");
    }

    #[test]
    fn what_is_typed_becomes_an_instant_of_china() {
        let (_, stated) = from_local_input("2026-04-16T09:52").unwrap();
        assert_eq!(stated, "2026-04-16T09:52:00+08:00");
        assert_eq!(from_local_input("yesterday"), None);
        assert_eq!(parse("2026-04-16T01:52:00Z").unwrap().hour(), 9);
        assert_eq!(
            stated_line(&Text::default(), "2020-04-16T00:00:00+08:00"),
            "2020\u{a0}年\u{a0}4\u{a0}月\u{a0}16\u{a0}日"
        );
    }

    #[test]
    fn a_place_ends_at_the_sign_of_its_level() {
        assert_eq!(place("枫渡镇人大主席团"), Some("枫渡镇"));
        assert_eq!(place("澄川县人大常委会"), Some("澄川县"));
        assert_eq!(place("龙田街道"), Some("龙田街道"));
        assert_eq!(place("区"), None);
    }
}
