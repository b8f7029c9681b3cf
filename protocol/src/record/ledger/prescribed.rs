//! Holds the definitions against the prescribed ledgers as a table (`docs/domain/ledgers.csv`, `codes.csv`), row by row and
//! back. What differs on purpose is named here, and why in `docs/domain/README.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::*;

/// Fields that belong to no row: what an annex belongs to, and names that an import keeps until they are matched.
const OURS: [(&str, &str); 15] = [
    ("deputy_private", "of"),
    ("deputy_sensitive", "of"),
    ("assistance_sensitive", "of"),
    ("mass_rep_private", "of"),
    ("subject", "of"),
    ("subject", "subject_ref"),
    ("subject_sensitive", "of"),
    ("deputy_roster", "home_station_name"),
    ("deputy_roster", "group_name"),
    ("activity", "organiser_name"),
    ("activity", "group_name"),
    ("activity", "participants_names"),
    ("meeting_minutes", "chair_name"),
    ("meeting_minutes", "recorder_name"),
    ("letters_visits", "receiver_names"),
];
/// Ledgers that are none of the prescribed ones: what the program keeps for itself in this form.
const OF_THE_PROGRAM: [&str; 2] = ["setting", "ledger_definition"];
/// Rows that are fields of the annex `subject`, which is one of each visit and wish.
const IN_SUBJECT: [(&str, &str); 4] = [
    ("letters_visits", "subject"),
    ("letters_visits", "attachments_unchecked"),
    ("wish", "subject"),
    ("wish", "attachments_unchecked"),
];
/// Rows that are needed to save there and to be complete here.
const WEAKER: [(&str, &str); 8] = [
    ("deputy_roster", "seats/constituency"),
    ("deputy_roster", "seats/from"),
    ("deputy_roster", "seats/status"),
    ("letters_visits", "receiver"),
    ("activity", "participants"),
    ("activity", "participants/person"),
    ("activity", "participants/level"),
    ("activity", "participants/role"),
];
/// Clauses of rules that are no rule between fields of one record.
const NO_RULE: [(&str, &str); 1] = [("household_no", "unique per (household, station)")];
/// A greatest value from here on stands for none: the table has none either.
const UNBOUNDED: i64 = 9_999;

type Row = BTreeMap<String, String>;

/// The records of a file as RFC 4180 has them, by the names of its first line.
#[allow(clippy::disallowed_methods)] // a test that reads a file of the source tree
fn rows(name: &str) -> Vec<Row> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/domain");
    let text = std::fs::read_to_string(home.join(name)).expect("a table");
    let mut lines = text.lines().map(cells);
    let heading = lines.next().expect("a heading");
    lines
        .map(|cells| {
            assert_eq!(cells.len(), heading.len(), "{name}: {cells:?}");
            heading.iter().cloned().zip(cells).collect()
        })
        .collect()
}

fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, quoted) {
            ('"', true) if chars.next_if_eq(&'"').is_some() => cell.push('"'),
            ('"', _) => quoted = !quoted,
            (',', false) => cells.push(std::mem::take(&mut cell)),
            _ => cell.push(c),
        }
    }
    cells.push(cell);
    cells
}

/// The lists of `codes.csv`, each as options.
fn lists() -> BTreeMap<String, Vec<Row>> {
    let mut lists: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for row in rows("codes.csv") {
        lists.entry(row["list"].clone()).or_default().push(row);
    }
    lists
}

fn same(options: &[Choice], list: &[Row]) -> bool {
    let day = |day: &Option<String>| day.clone().unwrap_or_default();
    options.len() == list.len()
        && options.iter().zip(list).all(|(option, row)| {
            [&option.id, &option.zh, &option.en]
                .into_iter()
                .eq([&row["value"], &row["zh"], &row["en"]])
                && day(&option.valid_from) == row["valid_from"]
                && day(&option.valid_to) == row["valid_to"]
        })
}

/// Which ledger of the table a definition belongs to.
fn prescribed(ledger: &Ledger) -> &str {
    match ledger.id.as_str() {
        "deputy_private" | "deputy_sensitive" => "deputy_roster",
        "assistance_sensitive" => "assistance_roster",
        "subject_sensitive" => "subject",
        "mass_rep_private" => "mass_rep",
        id => id,
    }
}

/// What events carry or what is computed from them: named in the table, never a field.
fn is_absent(row: &Row) -> bool {
    row["derived"] == "yes" || ["app", "event", "fsm", "derived", "max"].contains(&row["merge"].as_str())
}

/// The name of the list that the options are, as the row names it; `?` if they are not.
fn list_of(options: &[Choice], row: &Row, lists: &BTreeMap<String, Vec<Row>>) -> String {
    let named = lists
        .iter()
        .filter(|(name, list)| row["type"].contains(&format!("enum({name})")) && same(options, list))
        .map(|(name, _)| name.clone());
    named.max().unwrap_or_else(|| "?".into())
}

/// The type of a field as the table writes it.
fn type_of(field: &Field, row: &Row, lists: &BTreeMap<String, Vec<Row>>) -> String {
    let item = match &field.kind {
        FieldKind::Str => field.max.map_or("str".into(), |max| format!("str({max})")),
        FieldKind::Text => "text".into(),
        FieldKind::Int { min, max } if *min < 0 => {
            assert_eq!(-min, *max);
            "int".into()
        }
        FieldKind::Int { min, max } if *max >= UNBOUNDED => format!("int({min}..)"),
        FieldKind::Int { min, max } => format!("int({min}..{max})"),
        FieldKind::Dec { scale } => format!("dec({scale})"),
        FieldKind::Enum => format!("enum({})", list_of(&field.options, row, lists)),
        FieldKind::Ref { ledger } => format!("ref({})", ledger.replace(',', "|")),
        FieldKind::Data => "any".into(),
        kind => format!("{kind:?}").to_lowercase(),
    };
    if field.many {
        return format!("set({item})");
    }
    match &field.keys {
        _ if !field.set || field.parent().is_some() => item,
        None if field.kind == FieldKind::Blob => format!("list({item})"),
        None => format!("set({item})"),
        Some(Keys::Order) => format!("list({item})"),
        Some(Keys::Choice { options }) => format!("map(enum({}),{item})", list_of(options, row, lists)),
        Some(Keys::Record { ledger }) => format!("map(ref({ledger}),{item})"),
        Some(Keys::Code) => format!("map(code,{item})"),
        Some(Keys::Item) => format!("map(str,{item})"),
        Some(Keys::Log) => "vector".into(),
    }
}

fn required_of(field: &Field) -> String {
    let word = match field.required {
        Required::Required => "yes",
        Required::Complete => "complete",
        Required::Optional => "no",
    };
    let Some(when) = &field.when else {
        return word.into();
    };
    let (name, values) = (&when.field, when.is.join("|"));
    let condition = match (when.test, when.not) {
        (Some(Test::Empty), false) => format!("{name} empty"),
        (Some(Test::Past), false) => format!("past({name})"),
        (None, false) if name == "planned" => name.clone(),
        (None, false) => format!("{name}={values}"),
        (None, true) => format!("{name}!={values}"),
        (Some(_), true) => panic!("a condition that the table has no words for"),
    };
    format!("{word} if {condition}")
}

/// What the row asks for here: an empty set cannot be told from none, and the directory does not state everything yet.
fn required_here(row: &Row) -> String {
    let asked = &row["required"];
    let is_stated = |list: &str| list.split('|').all(|id| FieldKind::DIRECTORY.contains(&id));
    let targets = row["type"]
        .split_once("ref(")
        .and_then(|(_, rest)| rest.split(')').next());
    let named = WEAKER.contains(&(row["ledger"].as_str(), row["field"].as_str()));
    if row["rule"].contains("may be empty") {
        "no".into()
    } else if named || targets.is_some_and(is_stated) {
        asked.replacen("yes", "complete", 1)
    } else {
        asked.clone()
    }
}

fn merge_of(field: &Field) -> &'static str {
    let own_set = field.set && field.parent().is_none() && field.keys.is_none();
    if field.once {
        "once"
    } else if field.many || own_set && field.kind != FieldKind::Blob {
        "aw"
    } else {
        "lww"
    }
}

/// How far up records travel.
fn travel_of(ledger: &Ledger) -> &'static str {
    let level = ledger.travel.and_then(|level| Audience::parse(level.as_str()));
    let audiences = [ledger.audience]
        .into_iter()
        .chain(ledger.also.iter().copied())
        .chain(level);
    let travel = |audience: Audience| match audience {
        Audience::Local => Some("T0"),
        Audience::Township => Some("T1"),
        Audience::County => Some("T2"),
        Audience::City => Some("T3"),
        Audience::Summary => Some("T4"),
        Audience::Notice | Audience::Joint | Audience::Directory => None,
    };
    audiences.into_iter().find_map(travel).expect("a way up")
}

#[test]
fn every_row_of_the_table_is_a_field_and_every_field_a_row() {
    let lists = lists();
    let rows = rows("ledgers.csv");
    let mut left: BTreeMap<(&str, &str), &Row> = rows
        .iter()
        .map(|row| ((row["ledger"].as_str(), row["field"].as_str()), row))
        .collect();
    assert_eq!(left.len(), rows.len(), "a row stands twice");
    let mut wrong = Vec::new();
    let prescribed_ones = |ledger: &&Ledger| !OF_THE_PROGRAM.contains(&ledger.id.as_str());
    for ledger in ledgers().iter().filter(prescribed_ones) {
        for field in &ledger.fields {
            let name = format!("{}.{}", ledger.id, field.id);
            if OURS.contains(&(ledger.id.as_str(), field.id.as_str())) {
                continue;
            }
            let Some(row) = left.remove(&(prescribed(ledger), field.id.as_str())) else {
                wrong.push(format!("{name} stands in no row"));
                continue;
            };
            let mut differs = |what: &str, here: String, there: &str| {
                if here != there {
                    wrong.push(format!("{name}: {what} is {here}, in the table {there}"));
                }
            };
            differs("type", type_of(field, row, &lists), &row["type"]);
            differs("required", required_of(field), &required_here(row));
            differs(
                "sensitivity",
                format!("{:?}", field.sensitivity),
                &row["sensitivity"],
            );
            differs("travel", travel_of(ledger).into(), &row["travel"]);
            differs("merge", merge_of(field).into(), &row["merge"]);
            differs("zh", field.zh.clone(), &row["zh"]);
            differs("en", field.en.clone(), &row["en"]);
            differs("derived", String::new(), &row["derived"]);
        }
    }
    // A struct of which all is carried by events has no members here either.
    let absent =
        |(ledger, field): &(&str, &str), row: &Row| is_absent(row) || IN_SUBJECT.contains(&(ledger, field));
    wrong.extend(
        left.iter()
            .filter(|(name, row)| !absent(name, row))
            .map(|(name, _)| format!("{}.{} is no field", name.0, name.1)),
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
    for (ledger, field) in IN_SUBJECT.into_iter().chain(WEAKER) {
        assert!(
            rows.iter()
                .any(|row| row["ledger"] == ledger && row["field"] == field),
            "{ledger}.{field}"
        );
    }
}

#[test]
fn every_list_of_the_table_is_offered_or_kept_for_events() {
    let lists = lists();
    let mut left: BTreeSet<&str> = lists.keys().map(String::as_str).collect();
    for named in codes() {
        let list = lists
            .get(&named.id)
            .unwrap_or_else(|| panic!("no list {}", named.id));
        assert!(same(&named.options, list), "{}", named.id);
        for (option, row) in named.options.iter().zip(list) {
            let authority = option.authority.as_ref().unwrap_or(&named.authority);
            assert_eq!(*authority, row["authority"], "{}.{}", named.id, option.id);
        }
        left.remove(named.id.as_str());
    }
    // The rest are lists of one field: the other test holds them against the rows that name them.
    for field in ledgers()
        .iter()
        .flat_map(|ledger| &ledger.fields)
        .filter(|field| field.kind == FieldKind::Enum)
    {
        let of: Vec<&str> = left
            .iter()
            .copied()
            .filter(|name| same(&field.options, &lists[*name]))
            .collect();
        for name in of {
            left.remove(name);
        }
    }
    assert!(left.is_empty(), "{left:?}");
}

/// Rows that no definition holds, pinned as they are: a change is meant, and then this is the new digest.
const ABSENT: &str = "bf2b7b9c6013fdbfc926bd801a5cb153af6d08de2cb7a1308192e1df1dbf8672";

#[test]
fn what_is_absent_is_listed_and_stays_as_it_is() {
    let rows = rows("ledgers.csv");
    let absent: Vec<&Row> = rows.iter().filter(|row| is_absent(row)).collect();
    let cells = |row: &Row| row.values().cloned().collect::<Vec<_>>().join("\u{1f}");
    let text: Vec<String> = absent.iter().map(|row| cells(row)).collect();
    assert_eq!(Hash::plain(text.join("\n").as_bytes()).to_string(), ABSENT);
    let mut named = BTreeSet::new();
    for row in absent.iter().filter(|row| !row["field"].contains('/')) {
        let column = if row["derived"] == "yes" { 2 } else { 1 };
        named.insert((row["ledger"].clone(), column, row["field"].clone()));
    }
    assert_eq!(listed(), named);
}

/// What `derived.md` lists: ledger, column of its table, field.
#[allow(clippy::disallowed_methods)] // a test that reads a file of the source tree
fn listed() -> BTreeSet<(String, usize, String)> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/domain/derived.md");
    let text = std::fs::read_to_string(home).expect("a page");
    let quoted = |cell: &str| -> Vec<String> {
        // What stands in brackets is said, not listed.
        let said = cell
            .split('(')
            .map(|part| part.rsplit(')').next().unwrap_or_default());
        let plain: String = said.collect();
        plain.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    };
    let mut listed = BTreeSet::new();
    for line in text.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<Vec<String>> = line.trim_matches('|').split('|').map(quoted).collect();
        let ledger = &cells[0][0];
        for (column, names) in cells.iter().enumerate().skip(1) {
            listed.extend(names.iter().map(|name| (ledger.clone(), column, name.clone())));
        }
    }
    listed
}

/// The clauses, with the field in whose row they may stand, that say what a rule says.
fn clauses(rule: &Rule) -> Vec<(String, String)> {
    let short = |id: &str| id.rsplit('/').next().unwrap_or(id).to_owned();
    let row = |field: &str, clause: String| (field.to_owned(), clause);
    match rule {
        Rule::Order { least, most } => {
            let mut out = Vec::new();
            for (l, m) in [(least.clone(), most.clone()), (short(least), short(most))] {
                out.push(row(most, format!("{m} >= {l}")));
                out.push(row(least, format!("{l} <= {m}")));
                out.push(row(least, format!("<= {m}")));
                out.push(row(least, format!("0 <= {l} <= {m}")));
            }
            out
        }
        Rule::Sum { of, is } => {
            let parts: Vec<String> = of.iter().map(|id| short(id)).collect();
            of.iter()
                .map(|id| row(id, format!("{} = {is}", parts.join(" + "))))
                .collect()
        }
        Rule::Count {
            field,
            min,
            needed: Required::Complete,
        } => {
            vec![row(field, format!("count >= {min} to be complete"))]
        }
        Rule::Count { field, min, .. } => vec![row(field, format!("count >= {min}"))],
        Rule::Some { of, .. } => {
            let all: Vec<String> = of.iter().map(|id| format!("{} set", short(id))).collect();
            let clause = all.join(" or ");
            let complete = format!("2.7 Complete names a place: {clause}");
            of.iter()
                .flat_map(|id| [row(id, clause.clone()), row(id, complete.clone())])
                .collect()
        }
        Rule::Single { of } => {
            let all: Vec<String> = of.iter().map(|id| short(id)).collect();
            of.iter()
                .map(|id| row(id, format!("exactly one of {}", all.join(", "))))
                .collect()
        }
        Rule::Is { field, value } => vec![row(field, format!("= {value} (art. 59)"))],
        Rule::Exactly { field, when } => {
            vec![row(
                field,
                format!("set <=> {} = {}", when.field, when.is.join("|")),
            )]
        }
        Rule::Alike { map, list } => vec![row(map, format!("keys = {list}"))],
        Rule::Distinct { field } => vec![row(field, "unique within the plan".into())],
        Rule::Unique { of } => {
            let clause = if of.len() == 1 {
                "unique per site".into()
            } else {
                format!("unique per ({})", of.join(", "))
            };
            of.iter().map(|id| row(id, clause.clone())).collect()
        }
    }
}

/// Whether a clause says what a program can ask of the fields of a record.
fn is_for_programs(clause: &str) -> bool {
    let name = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b == b'_' || b == b'/')
    };
    let compared = [" >= ", " <= "].iter().any(|sign| {
        clause
            .split_once(sign)
            .is_some_and(|(a, b)| name(a) && name(b) || a == "0")
    });
    let sum = clause
        .split_once(" = ")
        .is_some_and(|(a, b)| a.contains(" + ") && name(b));
    let begins = [
        "count >= ",
        "<= ",
        "unique ",
        "set <=> ",
        "= true",
        "exactly one of",
        "keys = candidates",
    ];
    compared || sum || clause.contains(" set or ") || begins.iter().any(|begin| clause.starts_with(begin))
}

/// Whether conditions or `required` say it already: `a set or b set` as each being asked for while the other is empty,
/// `count >= 1` as being asked for at all.
fn is_asked_for(ledger: &Ledger, field: &Field, clause: &str) -> bool {
    let short = |id: &str| id.rsplit('/').next().unwrap_or(id).to_owned();
    let other_is_empty = |when: &Condition| {
        when.test == Some(Test::Empty) && {
            let pair = [short(&field.id), short(&when.field)];
            let said = |a: &str, b: &str| format!("{a} set or {b} set");
            clause == said(&pair[0], &pair[1])
                || clause == said(&pair[1], &pair[0])
                || clause == format!("exactly one of {}, {}", pair[0], pair[1])
                || clause == format!("exactly one of {}, {}", pair[1], pair[0])
        }
    };
    let is_counted = clause == "count >= 1" && field.required != Required::Optional;
    let is_own = clause == "count >= 1 or own_initiative = true"
        && field
            .when
            .as_ref()
            .is_some_and(|when| when.field == "own_initiative")
        && ledger
            .field("own_initiative")
            .is_some_and(|own| own.when.is_some());
    is_counted || is_own || field.when.as_ref().is_some_and(other_is_empty)
}

#[test]
fn every_clause_for_programs_is_a_rule_and_every_rule_a_clause() {
    let rows = rows("ledgers.csv");
    let mut wrong = Vec::new();
    for row in &rows {
        let definitions = || {
            ledgers()
                .iter()
                .filter(|ledger| prescribed(ledger) == row["ledger"])
        };
        let Some((ledger, field)) =
            definitions().find_map(|ledger| ledger.field(&row["field"]).map(|field| (ledger, field)))
        else {
            continue;
        };
        for clause in row["rule"].split("; ").filter(|clause| is_for_programs(clause)) {
            let said = |rule: &Rule| clauses(rule).contains(&(field.id.clone(), clause.to_owned()));
            let known = ledger.rules.iter().any(said)
                || is_asked_for(ledger, field, clause)
                || NO_RULE.contains(&(field.id.as_str(), clause));
            if !known {
                wrong.push(format!("{}.{}: no rule says {clause}", ledger.id, field.id));
            }
        }
    }
    for ledger in ledgers() {
        for rule in &ledger.rules {
            let stands = |(field, clause): &(String, String)| {
                rows.iter().any(|row| {
                    row["ledger"] == prescribed(ledger)
                        && row["field"] == *field
                        && row["rule"].split("; ").any(|said| said == clause)
                })
            };
            if !clauses(rule).iter().any(stands) {
                wrong.push(format!("{}: no row says {rule:?}", ledger.id));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
