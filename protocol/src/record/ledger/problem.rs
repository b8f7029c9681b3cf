//! What is wrong with a value, or with a record as a whole, with what to do about it in Chinese and English.

use super::{Field, FieldKind};

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
    /// The member of a set of structs in which it stands.
    pub member: Option<String>,
    /// What is wrong.
    pub problem: Problem,
}

impl FieldError {
    /// The sentence for Chinese screens; `Display` gives the English one.
    pub fn message_zh(&self) -> String {
        format!("{}：{}", self.zh, self.problem.zh())
    }
}

/// What a problem names beside its field: other fields, or a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labels {
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
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
    #[error("choose one of: {}", .0.en)]
    Choice(Box<Labels>),
    /// No id of a record.
    #[error("choose a record; its id has 32 digits and letters a to f")]
    Reference,
    /// No division code.
    #[error("enter a division code of 2, 4, 6, 9 or 12 digits")]
    Code,
    /// No content hash.
    #[error("attach a file; its content hash has 32 bytes")]
    Blob,
    /// No month.
    #[error("enter a month as YYYY-MM")]
    Month,
    /// No week of the calendar.
    #[error("enter a week of the calendar as YYYY-Www, as 2026-W07")]
    Week,
    /// No place on the map.
    #[error("enter latitude and longitude in degrees")]
    Geo,
    /// No random id.
    #[error("this is filled in by the program: 32 digits and letters a to f")]
    Rid,
    /// Earlier than another field.
    #[error("this must not lie before “{}”", .0.en)]
    Before(Box<Labels>),
    /// Less than another field.
    #[error("this must not be less than “{}”", .0.en)]
    Less(Box<Labels>),
    /// Not the sum of other fields.
    #[error("this must be the sum of “{}”", .0.en)]
    Sum(Box<Labels>),
    /// Too few members.
    #[error("name at least {min}")]
    Few {
        /// How many are needed.
        min: u32,
    },
    /// None of several fields is there.
    #[error("fill in at least one of “{}”", .0.en)]
    Some(Box<Labels>),
    /// More than one of several fields is there.
    #[error("fill in only one of “{}”", .0.en)]
    Single(Box<Labels>),
    /// Another value than the only one.
    #[error("this must be “{}”", .0.en)]
    Only(Box<Labels>),
    /// There, where it must be empty.
    #[error("leave this empty")]
    Needless,
    /// A map whose keys are not the members of a list.
    #[error("this must name just what stands under “{}”", .0.en)]
    Alike(Box<Labels>),
    /// The same as in another member.
    #[error("this stands twice")]
    Twice,
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
            Problem::Choice(of) => format!("请从下列选项中选一个：{}", of.zh),
            Problem::Reference => "请选择一条记录".into(),
            Problem::Code => "请填写 2、4、6、9 或 12 位行政区划代码".into(),
            Problem::Blob => "请选择一个附件".into(),
            Problem::Month => "请按“年-月”填写月份，如 2026-04".into(),
            Problem::Week => "请按“年-W周”填写日历上有的周次，如 2026-W07".into(),
            Problem::Geo => "请填写纬度和经度".into(),
            Problem::Rid => "由程序填写".into(),
            Problem::Before(of) => format!("不能早于“{}”", of.zh),
            Problem::Less(of) => format!("不能小于“{}”", of.zh),
            Problem::Sum(of) => format!("须等于“{}”之和", of.zh),
            Problem::Few { min } => format!("至少要有 {min} 项"),
            Problem::Some(of) => format!("“{}”至少填一项", of.zh),
            Problem::Single(of) => format!("“{}”只能填一项", of.zh),
            Problem::Only(of) => format!("须为“{}”", of.zh),
            Problem::Needless => "此项应当留空".into(),
            Problem::Alike(of) => format!("须与“{}”一一对应", of.zh),
            Problem::Twice => "与另一项重复".into(),
        }
    }
}

pub(super) const TEXT: &str = "text";
pub(super) const NUMBER: &str = "a whole number";
pub(super) const YES_NO: &str = "yes or no";
pub(super) const BYTES: &str = "an attachment";
pub(super) const PARTS: &str = "no value of its own";

fn type_zh(expected: &str) -> &'static str {
    match expected {
        NUMBER => "整数",
        YES_NO => "“是”或“否”",
        BYTES => "附件",
        PARTS => "各个分项",
        _ => "文字",
    }
}

impl Field {
    /// An error of this field.
    pub(super) fn error(&self, member: Option<&str>, problem: Problem) -> FieldError {
        FieldError {
            field: self.id.clone(),
            zh: self.zh.clone(),
            en: self.en.clone(),
            member: member.map(str::to_owned),
            problem,
        }
    }
}

/// The labels of fields, one after the other.
fn labels(fields: &[&Field]) -> Box<Labels> {
    let zh: Vec<_> = fields.iter().map(|field| field.zh.as_str()).collect();
    let en: Vec<_> = fields.iter().map(|field| field.en.as_str()).collect();
    Box::new(Labels {
        zh: zh.join("”“"),
        en: en.join("”, “"),
    })
}

impl Problem {
    pub(super) fn before(least: &Field, most: &Field) -> Self {
        let least = labels(&[least]);
        match most.kind {
            FieldKind::Int { .. } | FieldKind::Dec { .. } => Problem::Less(least),
            _ => Problem::Before(least),
        }
    }

    pub(super) fn sum(parts: &[&Field]) -> Self {
        Problem::Sum(labels(parts))
    }

    pub(super) fn some(fields: &[&Field]) -> Self {
        Problem::Some(labels(fields))
    }

    pub(super) fn single(fields: &[&Field]) -> Self {
        Problem::Single(labels(fields))
    }

    pub(super) fn alike(list: &Field) -> Self {
        Problem::Alike(labels(&[list]))
    }

    pub(super) fn only(field: &Field, value: &str) -> Self {
        let (zh, en) = match (value, field.choice(value)) {
            (_, Some(choice)) => (choice.zh.as_str(), choice.en.as_str()),
            ("true", None) => ("是", "yes"),
            ("false", None) => ("否", "no"),
            _ => (value, value),
        };
        Problem::Only(Box::new(Labels {
            zh: zh.into(),
            en: en.into(),
        }))
    }
}
