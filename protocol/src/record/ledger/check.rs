//! Whether a value fits a field. Facts about one value alone; what must hold between fields is that of rules.

use super::problem::{BYTES, NUMBER, PARTS, TEXT, YES_NO};
use super::{Field, FieldError, FieldKind, Geo, Labels, Problem, Required};
use crate::record::Value;

/// Longest one-line text, in characters.
const STR_MAX: usize = 200;
/// Longest text of several lines, in bytes; below the bound of a value, so that its encoding fits too.
const TEXT_MAX: usize = 16_000;
/// Options that an error lists before it gives up.
const CHOICES_SHOWN: usize = 20;

impl Field {
    /// Whether `value` may be put at a key of this field. Null empties a field and fits every field that may be empty.
    pub fn check(&self, value: &Value) -> Result<(), FieldError> {
        self.problem(value)
            .map_or(Ok(()), |problem| Err(self.error(None, problem)))
    }

    fn problem(&self, value: &Value) -> Option<Problem> {
        match (&self.kind, value) {
            // A set is emptied member by member, whatever the field requires.
            (_, Value::Null) => self.must_stay().then_some(Problem::Empty),
            (FieldKind::Int { min, max }, Value::Int(n)) => {
                (!(min..=max).contains(&n)).then_some(Problem::Range { min: *min, max: *max })
            }
            (FieldKind::Int { .. } | FieldKind::Dec { .. }, other) => {
                (!matches!(other, Value::Int(_))).then_some(Problem::Type(NUMBER))
            }
            (FieldKind::Bool, other) => (!matches!(other, Value::Bool(_))).then_some(Problem::Type(YES_NO)),
            (FieldKind::Blob, Value::Bytes(bytes)) => (bytes.len() != 32).then_some(Problem::Blob),
            (FieldKind::Blob, _) => Some(Problem::Type(BYTES)),
            (FieldKind::Geo, Value::Bytes(bytes)) => Geo::parse(bytes).is_none().then_some(Problem::Geo),
            (FieldKind::Geo, _) => Some(Problem::Geo),
            (FieldKind::Data, Value::Bytes(bytes)) => bytes.is_empty().then_some(Problem::Empty),
            (FieldKind::Struct | FieldKind::Data, _) => Some(Problem::Type(PARTS)),
            (_, Value::Text(text)) => self.text_problem(text),
            _ => Some(Problem::Type(TEXT)),
        }
    }

    /// Whether it may not be emptied: what only some records must have, or a member of a set or struct, may.
    fn must_stay(&self) -> bool {
        let alone = !self.set && !self.many && self.parent().is_none();
        self.required == Required::Required && self.when.is_none() && alone
    }

    fn text_problem(&self, text: &str) -> Option<Problem> {
        if text.trim().is_empty() {
            return Some(Problem::EmptyText);
        }
        match &self.kind {
            FieldKind::Str if text.chars().count() > self.str_max() => Some(Problem::TooLong {
                max: self.str_max(),
                chars: true,
            }),
            FieldKind::Str => text.chars().any(char::is_control).then_some(Problem::Control),
            FieldKind::Text if text.len() > TEXT_MAX => Some(Problem::TooLong {
                max: TEXT_MAX,
                chars: false,
            }),
            FieldKind::Text => text
                .chars()
                .any(|c| c.is_control() && c != '\n' && c != '\t')
                .then_some(Problem::Control),
            FieldKind::Date => (!is_date(text)).then_some(Problem::Date),
            FieldKind::Ts => (!is_instant(text)).then_some(Problem::Instant),
            FieldKind::Enum => self.choice(text).is_none().then(|| self.choices()),
            FieldKind::Ref { .. } => crate::id::RecordId::parse(text)
                .is_none()
                .then_some(Problem::Reference),
            FieldKind::Code => (!is_code(text)).then_some(Problem::Code),
            FieldKind::Month => (!is_month(text)).then_some(Problem::Month),
            FieldKind::Week => (!is_week(text)).then_some(Problem::Week),
            FieldKind::Rid => crate::codec::unhex::<16>(text).is_none().then_some(Problem::Rid),
            // The caller sends no other kind here.
            FieldKind::Int { .. }
            | FieldKind::Dec { .. }
            | FieldKind::Bool
            | FieldKind::Blob
            | FieldKind::Struct
            | FieldKind::Geo
            | FieldKind::Data => None,
        }
    }

    /// Most characters of a line.
    fn str_max(&self) -> usize {
        self.max.map_or(STR_MAX, usize::from)
    }

    /// The problem of a value that is none of the options.
    pub fn choices(&self) -> Problem {
        let shown = || self.options.iter().take(CHOICES_SHOWN);
        let (more_zh, more_en) = if self.options.len() > CHOICES_SHOWN {
            ("等", ", …")
        } else {
            ("", "")
        };
        let zh: Vec<_> = shown().map(|choice| choice.zh.as_str()).collect();
        let en: Vec<_> = shown().map(|choice| choice.en.as_str()).collect();
        Problem::Choice(Box::new(Labels {
            zh: zh.join("、") + more_zh,
            en: en.join(", ") + more_en,
        }))
    }
}

/// Whether `text` is `YYYY-MM-DD` and a date of the calendar, from 1900 on.
pub fn is_date(text: &str) -> bool {
    let b = text.as_bytes();
    b.len() == 10
        && b[4] == b'-'
        && b[7] == b'-'
        && [0..4, 5..7, 8..10]
            .into_iter()
            .all(|range| b[range].iter().all(u8::is_ascii_digit))
        && {
            let (year, month, day) = (number(&b[0..4]), number(&b[5..7]), number(&b[8..10]));
            year >= 1900 && (1..=12).contains(&month) && (1..=days_of(year, month)).contains(&day)
        }
}

/// Whether `text` is `YYYY-MM-DDThh:mm:ss+08:00`, the one form in which an instant is stored.
pub fn is_instant(text: &str) -> bool {
    let b = text.as_bytes();
    b.len() == 25
        && text.is_ascii()
        && is_date(&text[..10])
        && b[10] == b'T'
        && b[13] == b':'
        && b[16] == b':'
        && &text[19..] == "+08:00"
        && [(11..13, 23), (14..16, 59), (17..19, 59)]
            .into_iter()
            .all(|(range, max)| b[range.clone()].iter().all(u8::is_ascii_digit) && number(&b[range]) <= max)
}

/// Whether `text` is `YYYY-MM`, from 1900 on.
pub fn is_month(text: &str) -> bool {
    text.len() == 7 && text.is_ascii() && is_date(&format!("{text}-01"))
}

/// Whether `text` is `YYYY-Www`, a week of ISO 8601, from 1900 on.
pub fn is_week(text: &str) -> bool {
    let b = text.as_bytes();
    b.len() == 8
        && text.is_ascii()
        && &b[4..6] == b"-W"
        && [0..4, 6..8]
            .into_iter()
            .all(|range| b[range].iter().all(u8::is_ascii_digit))
        && {
            let (year, week) = (number(&b[0..4]), number(&b[6..8]));
            year >= 1900 && (1..=weeks_of(year)).contains(&week)
        }
}

/// A year has 53 weeks if its last day, or the day before its first, is a Thursday.
fn weeks_of(year: u32) -> u32 {
    let last_day = |year: u32| (year + year / 4 - year / 100 + year / 400) % 7;
    if last_day(year) == 4 || last_day(year - 1) == 3 {
        53
    } else {
        52
    }
}

pub(super) fn is_code(text: &str) -> bool {
    matches!(text.len(), 2 | 4 | 6 | 9 | 12) && text.bytes().all(|b| b.is_ascii_digit())
}

fn number(digits: &[u8]) -> u32 {
    digits.iter().fold(0, |n, digit| n * 10 + u32::from(digit - b'0'))
}

fn days_of(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::super::ledger;
    use super::*;

    fn check(ledger_id: &str, field: &str, value: Value) -> Result<(), String> {
        let field = ledger(ledger_id)
            .and_then(|ledger| ledger.field(field))
            .expect("a known field");
        field.check(&value).map_err(|error| {
            assert!(error.message_zh().starts_with(&field.zh));
            error.to_string()
        })
    }

    fn text(text: &str) -> Value {
        Value::Text(text.into())
    }

    #[test]
    fn a_value_of_its_kind_fits() {
        for (field, value) in [
            ("received_at", text("2024-02-29T23:59:59+08:00")),
            ("channel", text("phone")),
            ("persons", Value::Int(1)),
            ("gist", text("路灯坏了。\n已有一周。")),
            ("told_person_on", text("2026-04-03")),
            ("issue", text("00112233445566778899aabbccddeeff")),
            ("note", Value::Null),
            ("attachments", Value::Bytes(vec![7; 32])),
        ] {
            assert_eq!(check("letters_visits", field, value), Ok(()), "{field}");
        }
        assert_eq!(check("issue", "division", text("990121103")), Ok(()));
        assert_eq!(
            check("deputy_roster", "is_office_holder", Value::Bool(true)),
            Ok(())
        );
        assert_eq!(check("activity", "days", Value::Int(15)), Ok(()));
    }

    #[test]
    fn another_value_is_refused_with_what_to_do() {
        for (field, value, says) in [
            (
                "received_at",
                text("2023-02-29T00:00:00+08:00"),
                "Received: enter a date and time",
            ),
            ("received_at", text("2026-04-03T24:00:00+08:00"), "date and time"),
            ("received_at", text("2026-04-03T00:00:00Z"), "date and time"),
            ("received_at", text("2026年04月03日T00:00:00"), "date and time"),
            ("received_at", Value::Null, "fill this in"),
            ("channel", text("pigeon"), "choose one of: Visit, Letter"),
            ("channel", Value::Int(1), "this takes text"),
            ("persons", Value::Int(0), "from 1 to"),
            ("persons", text("1"), "a whole number"),
            ("gist", text("  "), "empty"),
            ("gist", text("a\u{7}b"), "control"),
            ("gist", text(&"字".repeat(6000)), "16000 bytes"),
            ("reg_no", text("1\n2"), "line breaks"),
            ("reg_no", text(&"字".repeat(201)), "200 characters"),
            ("told_person_on", text("2026-4-3"), "YYYY-MM-DD"),
            ("issue", text("0011"), "choose a record"),
            ("attachments", Value::Bytes(vec![7; 31]), "32 bytes"),
            ("attachments", text("x"), "an attachment"),
        ] {
            let said = check("letters_visits", field, value).expect_err(field);
            assert!(said.contains(says), "{field}: {said}");
        }
        assert!(check("issue", "division", text("99012110")).is_err());
        assert!(check("deputy_roster", "is_office_holder", Value::Int(1)).is_err());
    }
}
