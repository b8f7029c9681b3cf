//! A cell becomes the value of a field. Every value that leaves here passed the field's own check,
//! but the names of other records, which are still to be found.

use jiff::civil::DateTime;
use lianzhan_protocol::record::Value;
use lianzhan_protocol::record::ledger::{Choice, Field, FieldKind, Problem, Sensitivity};

use super::dates;
use super::sheet::CellValue;
use super::words::{fold, is_nothing, is_withheld, line, lines, members};

/// Longest text of a cell that a reason repeats.
const SHOWN_MAX: usize = 20;

/// What to do about a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

impl Reason {
    /// What to do, in both languages.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Reason {
            zh: zh.into(),
            en: en.into(),
        }
    }

    /// What to do about a problem of a field.
    pub fn of(problem: &Problem) -> Self {
        Reason::new(problem.zh(), problem.to_string())
    }
}

/// What a cell says of one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The value.
    pub value: Value,
    /// The text of the cell, where the value keeps only part of it.
    pub rest: Option<String>,
}

/// Reads the values of one cell as clerks write them: none if nothing stands there, several only for a set.
pub fn read(field: &Field, cell: &CellValue, default_year: i16) -> Result<Vec<Reading>, Reason> {
    match cell {
        CellValue::TooLong => {
            return Err(Reason::new(
                "数字超过 15 位，表格只保留了前 15 位；请把单元格设为文本后重新填写",
                "the number has more than 15 digits and the spreadsheet kept only 15; format the cell as text and enter it again",
            ));
        }
        CellValue::Fault(_) => {
            return Err(Reason::new(
                "公式出错，请改为填写内容",
                "the formula failed; enter the content instead",
            ));
        }
        _ => {}
    }
    if is_blank(field, cell) {
        return Ok(Vec::new());
    }
    let cells = match (field.set, cell) {
        (true, CellValue::Text(text)) => members(text).into_iter().map(CellValue::Text).collect(),
        _ => vec![cell.clone()],
    };
    cells
        .iter()
        .map(|cell| read_one(field, cell, default_year))
        .collect()
}

fn is_blank(field: &Field, cell: &CellValue) -> bool {
    match cell {
        CellValue::Empty => true,
        CellValue::Text(text) => {
            is_nothing(text) || (field.sensitivity >= Sensitivity::D && is_withheld(text))
        }
        _ => false,
    }
}

fn read_one(field: &Field, cell: &CellValue, default_year: i16) -> Result<Reading, Reason> {
    let mut rest = None;
    let value = match &field.kind {
        FieldKind::Str => Value::Text(phone(field, line(&cell.to_text()))?),
        FieldKind::Text => Value::Text(lines(&cell.to_text())),
        FieldKind::Int { .. } => Value::Int(whole(cell).ok_or_else(|| number_reason(field, cell))?),
        FieldKind::Dec { scale } => {
            Value::Int(scaled(cell, *scale).ok_or_else(|| number_reason(field, cell))?)
        }
        FieldKind::Bool => Value::Bool(yes_or_no(cell).ok_or_else(|| {
            Reason::new(
                format!("{}请填写“是”或“否”", shown_zh(field, cell)),
                format!("{}enter yes or no", shown_en(field, cell)),
            )
        })?),
        FieldKind::Date => Value::Text(
            dates::read(cell, default_year)
                .ok_or_else(|| date_reason(field, cell))?
                .date()
                .to_string(),
        ),
        FieldKind::Ts => Value::Text(instant(
            dates::read(cell, default_year).ok_or_else(|| date_reason(field, cell))?,
        )),
        FieldKind::Enum => {
            let (choice, more) = choose(field, &cell.to_text()).ok_or_else(|| {
                let problem = field.choices();
                Reason::new(
                    format!("{}{}", shown_zh(field, cell), problem.zh()),
                    format!("{}{problem}", shown_en(field, cell)),
                )
            })?;
            rest = more;
            Value::Text(choice.id.clone())
        }
        FieldKind::Code => Value::Text(fold(&cell.to_text())),
        FieldKind::Month | FieldKind::Week => Value::Text(fold(&cell.to_text()).to_uppercase()),
        // Whoever knows the records looks for it.
        FieldKind::Ref { .. } => {
            return Ok(Reading {
                value: Value::Text(line(&cell.to_text())),
                rest: None,
            });
        }
        // No column is mapped to these.
        FieldKind::Blob | FieldKind::Struct | FieldKind::Geo | FieldKind::Rid | FieldKind::Data => {
            return Err(Reason::new(
                "此项不能从表格导入",
                "this cannot be imported from a sheet",
            ));
        }
    };
    field.check(&value).map_err(|error| Reason::of(&error.problem))?;
    Ok(Reading { value, rest })
}

/// The one form in which an instant is stored; registers are kept in China's time.
pub(super) fn instant(at: DateTime) -> String {
    format!("{}+08:00", at.strftime("%Y-%m-%dT%H:%M:%S"))
}

pub(super) fn date_reason(field: &Field, cell: &CellValue) -> Reason {
    Reason::new(
        format!(
            "{}请填写日历上有的日期，如 2026/4/3 或 2026年4月3日",
            shown_zh(field, cell)
        ),
        format!(
            "{}enter a date of the calendar, such as 2026/4/3",
            shown_en(field, cell)
        ),
    )
}

fn number_reason(field: &Field, cell: &CellValue) -> Reason {
    Reason::new(
        format!("{}请填写数字", shown_zh(field, cell)),
        format!("{}enter a number", shown_en(field, cell)),
    )
}

/// What stands in the cell, unless it is personal or long.
fn shown(field: &Field, cell: &CellValue) -> Option<String> {
    let text = line(&cell.to_text());
    let fits = field.sensitivity < Sensitivity::D && !text.is_empty() && text.chars().count() <= SHOWN_MAX;
    fits.then_some(text)
}

fn shown_zh(field: &Field, cell: &CellValue) -> String {
    shown(field, cell).map_or_else(String::new, |text| format!("“{text}”不能识别，"))
}

fn shown_en(field: &Field, cell: &CellValue) -> String {
    shown(field, cell).map_or_else(String::new, |text| format!("“{text}” is not understood; "))
}

/// A mobile number without the spaces and dashes that clerks put into it. A number that a spreadsheet cut short is
/// refused: its last digits are gone.
fn phone(field: &Field, text: String) -> Result<String, Reason> {
    if !matches!(field.id.as_str(), "phone" | "mobile") {
        return Ok(text);
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if text.to_ascii_uppercase().contains("E+") {
        return Err(Reason::new(
            "号码显示为科学计数法，末尾数字已丢失；请把单元格设为文本后重新填写",
            "the number stands in scientific notation and lost its last digits; format the cell as text and enter it again",
        ));
    }
    let only_number = text.chars().all(|c| c.is_ascii_digit() || c == ' ' || c == '-');
    Ok(if only_number && digits.len() == 11 && digits.starts_with('1') {
        digits
    } else {
        text
    })
}

/// Numbers with the measure words behind them.
fn digits(text: &str) -> String {
    const MEASURES: [char; 12] = [
        '人', '名', '户', '次', '位', '件', '个', '天', '岁', '年', '日', '余',
    ];
    fold(text).trim_end_matches(MEASURES).replace(',', "")
}

fn whole(cell: &CellValue) -> Option<i64> {
    match cell {
        CellValue::Int(number) => Some(*number),
        CellValue::Text(text) => digits(text).parse().ok(),
        _ => None,
    }
}

fn scaled(cell: &CellValue, scale: u8) -> Option<i64> {
    let unit = 10_i64.checked_pow(u32::from(scale))?;
    match cell {
        CellValue::Int(number) => number.checked_mul(unit),
        // `0.1 + 0.2` in a formula shows 0.3; its shortest decimal within the scale is meant.
        CellValue::Dec(number) => parse_scaled(format!("{number:.9}").trim_end_matches('0'), scale),
        CellValue::Text(text) => parse_scaled(&digits(text), scale),
        _ => None,
    }
}

fn parse_scaled(text: &str, scale: u8) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    if part.len() > usize::from(scale) || !part.bytes().all(|b| b.is_ascii_digit()) || whole.is_empty() {
        return None;
    }
    format!("{whole}{part:0<width$}", width = usize::from(scale))
        .parse()
        .ok()
}

fn yes_or_no(cell: &CellValue) -> Option<bool> {
    match cell {
        CellValue::Bool(value) => Some(*value),
        CellValue::Int(1) => Some(true),
        CellValue::Int(0) => Some(false),
        CellValue::Text(text) => match fold(text).as_str() {
            "是" | "有" | "同意" | "可" | "可以" | "√" | "✓" | "y" | "yes" | "true" | "1" => {
                Some(true)
            }
            "否" | "无" | "不同意" | "不可" | "不可以" | "不" | "×" | "x" | "n" | "no" | "false" | "0" => {
                Some(false)
            }
            _ => None,
        },
        _ => None,
    }
}

/// The option that a cell names, and the cell's whole text if it says more than that: `当场答复，已讲明政策`.
fn choose<'f>(field: &'f Field, text: &str) -> Option<(&'f Choice, Option<String>)> {
    if let Some(choice) = named(field, text) {
        return Some((choice, None));
    }
    let head = text
        .split(['，', ',', '。', '；', ';', '：', ':', '（', '(', '\n'])
        .next()?;
    named(field, head).map(|choice| (choice, Some(line(text))))
}

fn named<'f>(field: &'f Field, text: &str) -> Option<&'f Choice> {
    let find = |is: &dyn Fn(&str) -> bool| {
        field.options.iter().find(|choice| {
            [&choice.zh, &choice.id, &choice.en]
                .into_iter()
                .chain(&choice.synonyms)
                .any(|known| is(known))
        })
    };
    // Most cells hold the word itself, and folding every option of every row is what an import would spend its time on.
    find(&|known| known == text).or_else(|| {
        let word = fold(text);
        find(&|known| fold(known) == word)
    })
}

#[cfg(test)]
mod tests {
    use lianzhan_protocol::record::ledger::ledger;

    use super::*;

    fn field(of: &str, id: &str) -> &'static Field {
        ledger(of)
            .and_then(|ledger| ledger.field(id))
            .expect("a known field")
    }

    fn values(of: &str, id: &str, text: &str) -> Result<Vec<Value>, Reason> {
        read(field(of, id), &CellValue::Text(text.into()), 2026)
            .map(|readings| readings.into_iter().map(|reading| reading.value).collect())
    }

    #[test]
    fn options_by_label_identifier_and_synonym() {
        for word in ["来电", "电话", " 电 话", "Phone call", "PHONE", "来电（匿名）"] {
            assert_eq!(
                values("letters_visits", "channel", word),
                Ok(vec!["phone".into()]),
                "{word}"
            );
        }
        let reason = values("letters_visits", "channel", "飞鸽传书").expect_err("unknown");
        assert!(
            reason
                .zh
                .starts_with("“飞鸽传书”不能识别，请从下列选项中选一个：来访、来信"),
            "{}",
            reason.zh
        );
        assert!(
            reason.en.contains("choose one of: Visit, Letter"),
            "{}",
            reason.en
        );
    }

    #[test]
    fn more_than_an_option_is_kept() {
        let readings = read(
            field("letters_visits", "triage"),
            &CellValue::Text("当场答复，已讲明政策".into()),
            2026,
        );
        let reading = Reading {
            value: "answered_now".into(),
            rest: Some("当场答复，已讲明政策".into()),
        };
        assert_eq!(readings, Ok(vec![reading]));
    }

    #[test]
    fn sets_take_every_member() {
        assert_eq!(
            values("deputy_roster", "seats/level", "县、镇"),
            Ok(vec!["county".into(), "township".into()])
        );
        assert_eq!(
            values("deputy_roster", "skills", "法律调解，电商").map(|members| members.len()),
            Ok(2)
        );
    }

    #[test]
    fn numbers_with_their_measure_words() {
        for text in ["3", "３人", " 3 名"] {
            assert_eq!(
                values("letters_visits", "persons", text),
                Ok(vec![Value::Int(3)]),
                "{text}"
            );
        }
        for text in ["三", "-3", "0", "3.5"] {
            assert!(values("letters_visits", "persons", text).is_err(), "{text}");
        }
        let days = |cell| read(field("activity", "days"), &cell, 2026).map(|mut of| of.remove(0).value);
        assert_eq!(days(CellValue::Dec(0.1 + 0.4)), Ok(Value::Int(5)));
        assert_eq!(days(CellValue::Int(2)), Ok(Value::Int(20)));
        assert_eq!(days(CellValue::Text("1.5天".into())), Ok(Value::Int(15)));
        assert!(days(CellValue::Dec(0.25)).is_err());
    }

    #[test]
    fn phones_as_numbers_and_as_texts() {
        let phone = |cell| read(field("subject", "phone"), &cell, 2026).map(|mut of| of.remove(0).value);
        assert_eq!(phone(CellValue::Int(13_900_001_234)), Ok("13900001234".into()));
        assert_eq!(
            phone(CellValue::Text("139-0000 1234".into())),
            Ok("13900001234".into())
        );
        assert_eq!(
            phone(CellValue::Text("0990-0001234".into())),
            Ok("0990-0001234".into())
        );
        assert!(phone(CellValue::Text("1.39E+10".into())).is_err());
        assert!(phone(CellValue::TooLong).is_err());
        assert_eq!(values("subject", "name", "匿名"), Ok(vec![]));
        assert_eq!(values("subject", "phone", "/"), Ok(vec![]));
    }

    #[test]
    fn a_reason_never_repeats_what_is_personal() {
        let reason = values("subject", "may_be_called", "问他儿子").expect_err("no yes or no");
        assert_eq!(reason.zh, "请填写“是”或“否”");
    }
}
