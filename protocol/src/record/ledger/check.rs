//! Whether a value fits a field. Facts about one value alone; what must hold between fields is the fold's.

use super::{Field, FieldKind, Required};
use crate::record::Value;

/// Longest one-line text, in characters.
const STR_MAX: usize = 200;
/// Longest text of several lines, in bytes; below the bound of a value, so that its encoding fits too.
const TEXT_MAX: usize = 16_000;
/// Options that an error lists before it gives up.
const CHOICES_SHOWN: usize = 20;

/// A value that does not fit its field, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{en}: {problem}")]
pub struct FieldError {
    /// The field's id.
    pub field: String,
    /// The field's Chinese label.
    pub zh: String,
    /// The field's English label.
    pub en: String,
    /// What is wrong.
    pub problem: Problem,
}

impl FieldError {
    /// The sentence for Chinese screens; `Display` gives the English one.
    pub fn message_zh(&self) -> String {
        format!("{}：{}", self.zh, self.problem.zh())
    }
}

/// What is wrong with a value. `Display` says in English what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A required field is empty.
    #[error("fill this in")]
    Empty,
    /// Text of no characters, where an empty field is null.
    #[error("leave the field empty instead of saving an empty text")]
    EmptyText,
    /// The value is of another type.
    #[error("this takes {0}")]
    Type(&'static str),
    /// Longer than a field may be.
    #[error("shorten this to at most {max} {unit}", unit = if *.chars { "characters" } else { "bytes" })]
    TooLong {
        /// Most that is allowed.
        max: usize,
        /// Whether `max` counts characters, else bytes.
        chars: bool,
    },
    /// A line break or another control character.
    #[error("remove line breaks and control characters")]
    Control,
    /// A number outside its bounds.
    #[error("enter a whole number from {min} to {max}")]
    Range {
        /// Smallest value allowed.
        min: i64,
        /// Greatest value allowed.
        max: i64,
    },
    /// No date of the calendar.
    #[error("enter a date of the calendar as YYYY-MM-DD")]
    Date,
    /// No instant in the one form that is stored.
    #[error("enter a date and time as YYYY-MM-DDThh:mm:ss+08:00")]
    Instant,
    /// None of the options.
    #[error("choose one of: {en}")]
    Choice {
        /// The Chinese labels of the options.
        zh: String,
        /// The English labels of the options.
        en: String,
    },
    /// No id of a record.
    #[error("choose a record; its id has 32 digits and letters a to f")]
    Reference,
    /// No division code.
    #[error("enter a division code of 2, 4, 6, 9 or 12 digits")]
    Code,
    /// No content hash.
    #[error("attach a file; its content hash has 32 bytes")]
    Blob,
}

impl Problem {
    /// What to do, in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Problem::Empty => "请填写此项".into(),
            Problem::EmptyText => "没有内容时请留空".into(),
            Problem::Type(expected) => format!("请填写{}", type_zh(expected)),
            Problem::TooLong { max, chars: true } => format!("请缩短到 {max} 个字以内"),
            Problem::TooLong { max, chars: false } => format!("请缩短到 {max} 字节以内"),
            Problem::Control => "请去掉换行和控制字符".into(),
            Problem::Range { min, max } => format!("请填写 {min} 到 {max} 之间的整数"),
            Problem::Date => "请按“年-月-日”填写日历上有的日期，如 2026-04-03".into(),
            Problem::Instant => "请填写日期和时间，如 2026-04-03T09:30:00+08:00".into(),
            Problem::Choice { zh, .. } => format!("请从下列选项中选一个：{zh}"),
            Problem::Reference => "请选择一条记录".into(),
            Problem::Code => "请填写 2、4、6、9 或 12 位行政区划代码".into(),
            Problem::Blob => "请选择一个附件".into(),
        }
    }
}

const TEXT: &str = "text";
const NUMBER: &str = "a whole number";
const YES_NO: &str = "yes or no";
const BYTES: &str = "an attachment";

fn type_zh(expected: &str) -> &'static str {
    match expected {
        NUMBER => "整数",
        YES_NO => "“是”或“否”",
        BYTES => "附件",
        _ => "文字",
    }
}

impl Field {
    /// Whether `value` may be put at a key of this field. Null empties a field and fits every field that may be empty.
    pub fn check(&self, value: &Value) -> Result<(), FieldError> {
        self.problem(value).map_or(Ok(()), |problem| {
            Err(FieldError {
                field: self.id.clone(),
                zh: self.zh.clone(),
                en: self.en.clone(),
                problem,
            })
        })
    }

    fn problem(&self, value: &Value) -> Option<Problem> {
        match (&self.kind, value) {
            // A set is emptied member by member, whatever the field requires.
            (_, Value::Null) => (self.required == Required::Required && !self.set).then_some(Problem::Empty),
            (FieldKind::Int { min, max }, Value::Int(n)) => {
                (!(min..=max).contains(&n)).then_some(Problem::Range { min: *min, max: *max })
            }
            (FieldKind::Int { .. } | FieldKind::Dec { .. }, other) => {
                (!matches!(other, Value::Int(_))).then_some(Problem::Type(NUMBER))
            }
            (FieldKind::Bool, other) => (!matches!(other, Value::Bool(_))).then_some(Problem::Type(YES_NO)),
            (FieldKind::Blob, Value::Bytes(bytes)) => (bytes.len() != 32).then_some(Problem::Blob),
            (FieldKind::Blob, _) => Some(Problem::Type(BYTES)),
            (_, Value::Text(text)) => self.text_problem(text),
            _ => Some(Problem::Type(TEXT)),
        }
    }

    fn text_problem(&self, text: &str) -> Option<Problem> {
        if text.trim().is_empty() {
            return Some(Problem::EmptyText);
        }
        match &self.kind {
            FieldKind::Str if text.chars().count() > STR_MAX => Some(Problem::TooLong {
                max: STR_MAX,
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
            // The caller sends no other kind here.
            FieldKind::Int { .. } | FieldKind::Dec { .. } | FieldKind::Bool | FieldKind::Blob => None,
        }
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
        Problem::Choice {
            zh: zh.join("、") + more_zh,
            en: en.join(", ") + more_en,
        }
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

fn is_code(text: &str) -> bool {
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
