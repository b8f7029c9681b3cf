//! Labels, values, levels and instants as people read them.

use super::Both;
use crate::codec::hex;
use crate::record::ledger::{Field, FieldKind, Ledger};
use crate::record::{ANNEX_KEY, Value};
use crate::time::Timestamp;
use crate::trust::Level;

/// The label of a key; of a member of a set, with the member.
pub(in crate::bundle) fn label(ledger: Option<&Ledger>, key: &str) -> Both {
    if key.starts_with(ANNEX_KEY) {
        return ("附册（承诺值）".into(), "Annex (commitment)".into());
    }
    match ledger.and_then(|ledger| ledger.resolve(key)) {
        Some((field, None)) => (field.zh.clone(), field.en.clone()),
        Some((field, Some(member))) => (
            format!("{}〔{member}〕", field.zh),
            format!("{} [{member}]", field.en),
        ),
        None => (key.to_owned(), key.to_owned()),
    }
}

/// A value as a reader expects it.
pub(in crate::bundle) fn shown(ledger: Option<&Ledger>, key: &str, value: &Value) -> Both {
    let field = ledger
        .and_then(|ledger| ledger.resolve(key))
        .map(|(field, _)| field);
    let same = |text: String| (text.clone(), text);
    match value {
        Value::Null => ("（空）".into(), "(empty)".into()),
        Value::Bool(true) => ("是".into(), "yes".into()),
        Value::Bool(false) => ("否".into(), "no".into()),
        Value::Int(number) => same(decimal(*number, field)),
        Value::Bytes(bytes) => same(hex(bytes)),
        Value::Text(text) => match field.and_then(|field| field.choice(text)) {
            Some(choice) => (choice.zh.clone(), choice.en.clone()),
            None => same(text.clone()),
        },
    }
}

fn decimal(number: i64, field: Option<&Field>) -> String {
    let Some(FieldKind::Dec { scale }) = field.map(|field| &field.kind).filter(|_| number != i64::MIN) else {
        return number.to_string();
    };
    let scale = usize::from(*scale);
    let digits = format!("{:0>width$}", number.unsigned_abs(), width = scale + 1);
    let (whole, part) = digits.split_at(digits.len() - scale);
    let sign = if number < 0 { "-" } else { "" };
    if scale == 0 {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{part}")
    }
}

/// A level in Chinese.
pub(super) fn level_zh(level: Level) -> &'static str {
    match level {
        Level::National => "全国",
        Level::Province => "省",
        Level::City => "市（州）",
        Level::County => "县（区）",
        Level::Township => "乡镇",
        Level::Street => "街道",
        Level::Station => "联络站",
    }
}

/// A level in English.
pub(super) fn level_en(level: Level) -> &'static str {
    level.as_str()
}

/// An instant as a Chinese office reads it: UTC+8, whole seconds.
pub(in crate::bundle) fn local(time: Timestamp) -> String {
    let seconds = time.0.div_euclid(1000).saturating_add(8 * 3600);
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    format!(
        "{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02} +08:00",
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

/// The date that lies `days` after 1970-01-01 (Gregorian, by 400-year cycles that begin on March 1).
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days.saturating_add(719_468);
    let (cycle, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (
        year + cycle * 400 + i64::from(month <= 2),
        month,
        of_year - (153 * shifted + 2) / 5 + 1,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::ledger::ledger;

    #[test]
    fn instants_read_as_in_an_office() {
        for (ms, text) in [
            (0, "1970-01-01 08:00:00 +08:00"),
            (1_767_196_800_000, "2026-01-01 00:00:00 +08:00"),
            (1_709_136_000_000 + 57_600_000, "2024-02-29 16:00:00 +08:00"),
            (-1, "1970-01-01 07:59:59 +08:00"),
        ] {
            assert_eq!(local(Timestamp(ms)), text);
        }
        for ms in [i64::MIN, i64::MAX] {
            assert!(!local(Timestamp(ms)).is_empty(), "no overflow");
        }
    }

    #[test]
    fn decimals_have_their_point() {
        let field = |scale| Field {
            kind: FieldKind::Dec { scale },
            ..ledger("activity").unwrap().fields[0].clone()
        };
        assert_eq!(decimal(-5, Some(&field(2))), "-0.05");
        assert_eq!(decimal(1234, Some(&field(2))), "12.34");
        assert_eq!(decimal(7, Some(&field(0))), "7");
        assert_eq!(decimal(7, None), "7");
    }
}
