//! Settings: the table, and what values each takes.

use super::*;
use crate::settings::{Cell, Kind, PeriodUnit, Reach, SETTINGS, setting};

/// The table, as far as it bears on what applies.
pub(super) fn table() -> Vec<Value> {
    let of = SETTINGS.iter().map(|setting| {
        let reach = match setting.reach {
            Reach::Nearest => "nearest",
            Reach::Highest => "highest",
        };
        let levels: Vec<_> = setting.levels.iter().map(|level| level.as_str()).collect();
        json!({
            "id": setting.id, "takes": kind(&setting.kind), "default": setting.default, "reach": reach, "levels": levels,
        })
    });
    of.collect()
}

fn kind(kind: &Kind) -> Value {
    match kind {
        Kind::Switch => json!({"switch": {}}),
        Kind::Number { min, max, .. } => json!({"number": {"min": min, "max": max}}),
        Kind::Choice(of) => json!({"choice": of.iter().map(|one| one.id).collect::<Vec<_>>()}),
        Kind::Period { units, most } => {
            let units: Vec<_> = units.iter().copied().map(PeriodUnit::as_str).collect();
            json!({"period": {"units": units, "most": most}})
        }
        Kind::Weekly => json!({"weekly": {}}),
        Kind::Text => json!({"text": {}}),
        Kind::Days => json!({"days": {}}),
        Kind::Rows(columns) => {
            let cells = columns.iter().map(|column| match column.cell {
                Cell::Id => "id",
                Cell::Words => "words",
                Cell::Number => "number",
                Cell::YesNo => "yes_no",
            });
            json!({"rows": cells.collect::<Vec<_>>()})
        }
    }
}

pub(super) fn judge(input: &Value) -> Found {
    let setting = setting(text_of(input, "setting")).ok_or("unknown")?;
    let value = setting
        .kind
        .parse(text_of(input, "part"), text_of(input, "value"));
    let value = value.map_err(|_| "value")?;
    Ok(json!({"value": value.to_string()}))
}

pub(super) fn vectors() -> Vec<Vector> {
    let mut vectors = Vec::new();
    let input = |(setting, value): (&str, &str)| {
        let part = if setting == "calendar" { "2027" } else { "" };
        json!({"setting": setting, "part": part, "value": value})
    };
    let name = |(setting, value): (&str, &str)| {
        let shown: String = value.chars().take(40).collect();
        format!("{setting}: {shown:?}")
    };
    let long = "字".repeat(5_333);
    let rows = (0..201)
        .map(|n| format!("i{n} | 甲 | a | no\n"))
        .collect::<String>();
    let words = format!("a | {} | a | no", "字".repeat(121));
    for case in [
        ("friday_monday", "on"),
        ("friday_monday", " off\n"),
        ("threshold.small_cell", "3"),
        ("threshold.small_cell", "0020"),
        ("result_scheme", "abcd_colour"),
        ("deadline.reply", "3 months"),
        ("deadline.second_reply", "2 months"),
        ("deadline.assign", "366 days"),
        ("deadline.assign", "1 years"),
        ("deadline.assign", "11 months"),
        ("deadline.friday_summary", "sunday 00:00"),
        ("deadline.friday_summary", "monday 23:59"),
        ("notice.board", long.as_str()),
        (
            "calendar",
            "2027-10-01 off 国庆节\n\n 2027-10-09 work \n2027-09-15 off  a b ",
        ),
        (
            "template.eight_haves",
            "a.1_b | 有 牌子 | sign | yes\n\nb|乙|b|no",
        ),
    ] {
        vectors.push(good(&name(case), input(case)));
    }
    for case in [
        ("friday_monday", "On"),
        ("friday_monday", "true"),
        ("threshold.small_cell", "2"),
        ("threshold.small_cell", "21"),
        ("threshold.small_cell", "+5"),
        ("threshold.small_cell", "0000000005"),
        ("threshold.small_cell", "５"),
        ("result_scheme", "abcde"),
        ("deadline.reply", "4 months"),
        ("deadline.reply", "90 days"),
        ("deadline.reply", "0 months"),
        ("deadline.reply", "2  months"),
        ("deadline.assign", "367 days"),
        ("deadline.assign", "12 months"),
        ("deadline.assign", "65536 days"),
        ("deadline.friday_summary", "friday 24:00"),
        ("deadline.friday_summary", "friday 9:00"),
        ("deadline.friday_summary", "Friday 09:00"),
        ("notice.board", &format!("{long}ab")),
        ("notice.board", " "),
        ("calendar", "2027-10-01"),
        ("calendar", "2027-10-01  off"),
        ("calendar", "2027-10-01 holiday"),
        ("calendar", "2026-10-01 off"),
        ("calendar", "2027-02-29 off"),
        ("calendar", "2027-10-01 off\n2027-10-01 work"),
        ("template.eight_haves", ""),
        ("template.eight_haves", "a | 有牌子 | sign"),
        ("template.eight_haves", "A | 有牌子 | sign | yes"),
        ("template.eight_haves", "a | 甲 | a | yes\na | 乙 | b | no"),
        ("template.eight_haves", "a | 甲 | a | maybe"),
        ("template.eight_haves", rows.as_str()),
        ("template.eight_haves", words.as_str()),
        ("template.assessment", "a | 甲 | 乙 | b | x | no"),
    ] {
        vectors.push(bad(&name(case), "value", input(case)));
    }
    for part in ["", "02027", "27", "1899", "2200"] {
        let calendar = json!({"setting": "calendar", "part": part, "value": "2027-10-01 off"});
        vectors.push(bad(&format!("a calendar of {part:?}"), "value", calendar));
    }
    vectors.push(bad(
        "a setting of tomorrow",
        "unknown",
        input(("deadline.of_tomorrow", "1 days")),
    ));
    vectors
}
