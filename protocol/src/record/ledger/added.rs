//! What a county or city adds: a ledger, or fields of one that is there. It comes from others, so all of it is bounded and
//! checked before anything is made of it; what names it by its hash is then judged, shown and listed by it as by any other.
//!
//! An added ledger is `x_ORG_NAME`, an added field `x_ORG_NAME`, with the id of the org that adds it: nobody can take the
//! name of another's, nor of what a later version of the program brings.

use std::collections::BTreeSet;

use minicbor::{Decode, Encode};

use super::{Choice, Field, FieldKind, Ledger, Required, Sensitivity};
use crate::codec;
use crate::id::{Hash, OrgId};
use crate::trust::Audience;

/// Longest definition, in bytes: one value of a record, and room to spare.
pub const BODY_MAX: usize = 15 * 1024;
/// Most fields that one definition adds.
pub const FIELDS_MAX: usize = 40;
/// Most fields of a ledger with all that was added to it.
const FIELDS_OF_LEDGER_MAX: usize = 200;
/// Most options of a field.
const OPTIONS_MAX: usize = 60;
/// Longest name of a ledger, a field or an option, in bytes: with a member of a set it still is a key.
const NAME_MAX: usize = 24;
/// Longest label, in characters.
pub const LABEL_MAX: usize = 40;
/// Names that every table has already, or that keys of another kind begin with.
const TAKEN: [&str; 7] = [
    "record",
    "owner",
    "recorded",
    "unwitnessed",
    "pending",
    "refused",
    "annex",
];

/// What a definition adds.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[expect(
    clippy::large_enum_variant,
    reason = "there are few of them, and each is read once"
)]
pub enum Added {
    /// A ledger of its own.
    #[n(1)]
    Ledger(#[n(0)] Ledger),
    /// Fields of a ledger that is there.
    #[n(2)]
    Fields {
        /// The definition to which they are added.
        #[n(0)]
        base: Hash,
        /// The fields.
        #[n(1)]
        fields: Vec<Field>,
    },
}

/// Why a definition is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddedFault {
    /// Not the canonical bytes of one, or too many.
    #[error("not a definition of at most {BODY_MAX} bytes")]
    Bytes,
    /// An id that is not what this org may give.
    #[error(
        "{0}: a name has small letters, digits and _, begins with a letter, and has at most {NAME_MAX} characters"
    )]
    Name(String),
    /// A label that is empty, too long, or stands twice.
    #[error("{0}: give it a label of at most {LABEL_MAX} characters that no other field has")]
    Label(String),
    /// Too few or too many fields.
    #[error("a definition has 1 to {FIELDS_MAX} fields")]
    Count,
    /// What an added ledger or field cannot have.
    #[error("{0}: an added field cannot be of this kind")]
    Kind(String),
    /// Personal data, or a field that a record cannot be without although it began before.
    #[error("{0}: an added field holds no personal data, and a field that comes later cannot be required")]
    Reach(String),
    /// Who may write, or who holds it.
    #[error("say who writes the ledger and how far it travels")]
    Audience,
    /// The ledger to which it adds has too many fields, or has one of them.
    #[error("the ledger has one of these fields already, or too many")]
    Base,
}

impl AddedFault {
    /// The same in Chinese.
    pub fn zh(&self) -> String {
        match self {
            AddedFault::Bytes => format!("定义不完整，或超过 {BODY_MAX} 字节"),
            AddedFault::Name(name) => {
                format!("“{name}”：标识用小写字母开头，可含数字和下划线，最多 {NAME_MAX} 个字符")
            }
            AddedFault::Label(name) => {
                format!("“{name}”：请填写名称，最多 {LABEL_MAX} 字，不能与其他栏目相同")
            }
            AddedFault::Count => format!("一份定义有 1 到 {FIELDS_MAX} 个栏目"),
            AddedFault::Kind(name) => format!("“{name}”：不能用这种类型"),
            AddedFault::Reach(name) => format!("“{name}”：新增栏目不收集个人信息；后加的栏目不能是必填"),
            AddedFault::Audience => "请选择由谁登记、送到哪一级".into(),
            AddedFault::Base => "这本台账已有同样的栏目，或栏目太多".into(),
        }
    }
}

/// The id of a ledger or field that an org adds.
pub fn id_of(org: &OrgId, name: &str) -> String {
    format!("x_{org}_{name}")
}

impl Added {
    /// Reads what an org adds from canonical bytes, and checks all that can be checked of it alone.
    pub fn parse(bytes: &[u8], org: &OrgId) -> Result<Self, AddedFault> {
        let added: Added = codec::decode(bytes, BODY_MAX).map_err(|_| AddedFault::Bytes)?;
        added.check(org)?;
        Ok(added)
    }

    /// Its canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Whether an org may add it.
    pub fn check(&self, org: &OrgId) -> Result<(), AddedFault> {
        let fields = match self {
            Added::Ledger(ledger) => {
                check_ledger(ledger, org)?;
                &ledger.fields
            }
            Added::Fields { fields, .. } => fields,
        };
        if !(1..=FIELDS_MAX).contains(&fields.len()) {
            return Err(AddedFault::Count);
        }
        let mut seen = Seen::default();
        for field in fields {
            let name = match self {
                Added::Ledger(_) => Some(field.id.as_str()),
                Added::Fields { .. } => field.id.strip_prefix(&id_of(org, "")),
            };
            if !name.is_some_and(is_name) || TAKEN.contains(&field.id.as_str()) {
                return Err(AddedFault::Name(field.id.clone()));
            }
            check_field(field, matches!(self, Added::Fields { .. }))?;
            seen.take(field)?;
        }
        if codec::encode(self).len() > BODY_MAX {
            return Err(AddedFault::Bytes);
        }
        Ok(())
    }

    /// The ledger that it makes; of fields, with the definition to which they are added.
    pub fn over(&self, base: Option<&Ledger>) -> Result<Ledger, AddedFault> {
        match (self, base) {
            (Added::Ledger(ledger), _) => Ok(ledger.clone()),
            (Added::Fields { .. }, None) => Err(AddedFault::Base),
            (Added::Fields { fields, .. }, Some(base)) => {
                let mut ledger = base.clone();
                ledger.rev = base.rev.saturating_add(1);
                ledger.fields.extend(fields.iter().cloned());
                let mut seen = Seen::default();
                let alone = ledger.fields.iter().try_for_each(|field| seen.take_id(field));
                if alone.is_err() || ledger.fields.len() > FIELDS_OF_LEDGER_MAX {
                    return Err(AddedFault::Base);
                }
                Ok(ledger)
            }
        }
    }
}

/// Ids and labels that are there already.
#[derive(Default)]
struct Seen {
    ids: BTreeSet<String>,
    labels: BTreeSet<String>,
}

impl Seen {
    fn take_id(&mut self, field: &Field) -> Result<(), AddedFault> {
        match self.ids.insert(field.id.clone()) {
            true => Ok(()),
            false => Err(AddedFault::Name(field.id.clone())),
        }
    }

    /// Ids are told apart in tables, and labels are headings of spreadsheets.
    fn take(&mut self, field: &Field) -> Result<(), AddedFault> {
        self.take_id(field)?;
        match self.labels.insert(field.zh.clone()) {
            true => Ok(()),
            false => Err(AddedFault::Label(field.id.clone())),
        }
    }
}

fn check_ledger(ledger: &Ledger, org: &OrgId) -> Result<(), AddedFault> {
    let name = ledger.id.strip_prefix(&id_of(org, ""));
    if !name.is_some_and(is_name) || ledger.rev != 1 {
        return Err(AddedFault::Name(ledger.id.clone()));
    }
    if !is_label(&ledger.zh) || !is_label(&ledger.en) {
        return Err(AddedFault::Label(ledger.id.clone()));
    }
    let travels = matches!(
        ledger.audience,
        Audience::Local | Audience::Township | Audience::County | Audience::City
    );
    let writers: BTreeSet<_> = ledger.writers.iter().collect();
    if !travels || writers.is_empty() || writers.len() != ledger.writers.len() {
        return Err(AddedFault::Audience);
    }
    let plain = ledger.annexes.is_empty()
        && ledger.events.is_empty()
        && ledger.rules.is_empty()
        && ledger.also.is_empty()
        && ledger.travel.is_none();
    if plain {
        Ok(())
    } else {
        Err(AddedFault::Kind(ledger.id.clone()))
    }
}

fn check_field(field: &Field, later: bool) -> Result<(), AddedFault> {
    if !is_label(&field.zh) || !is_label(&field.en) {
        return Err(AddedFault::Label(field.id.clone()));
    }
    if matches!(field.sensitivity, Sensitivity::D | Sensitivity::S)
        || (later && field.required == Required::Required)
    {
        return Err(AddedFault::Reach(field.id.clone()));
    }
    let kind = || AddedFault::Kind(field.id.clone());
    let plain = !field.once && !field.auto && !field.many && field.when.is_none() && field.keys.is_none();
    let bounded = match &field.kind {
        FieldKind::Str => field.max.is_none_or(|max| (1..=200).contains(&max)),
        FieldKind::Int { min, max } => min <= max,
        FieldKind::Dec { scale } => *scale <= 6,
        FieldKind::Ref { .. } => is_target(&field.kind),
        FieldKind::Struct | FieldKind::Geo | FieldKind::Rid | FieldKind::Data => false,
        _ => true,
    };
    let options = match field.kind {
        FieldKind::Enum => are_options(&field.options),
        _ => field.options.is_empty(),
    };
    let max = field.max.is_none() || field.kind == FieldKind::Str;
    if plain && bounded && options && max {
        Ok(())
    } else {
        Err(kind())
    }
}

/// A few ledgers, or things of the directory.
fn is_target(kind: &FieldKind) -> bool {
    let all: Vec<&str> = kind.targets().collect();
    let known = |id: &&str| *id == "*" || (id.len() <= 64 && id.bytes().all(is_letter_or_digit));
    (1..=4).contains(&all.len()) && all.iter().all(known)
}

fn are_options(options: &[Choice]) -> bool {
    let mut seen = BTreeSet::new();
    (1..=OPTIONS_MAX).contains(&options.len())
        && options.iter().all(|option| {
            is_name(&option.id)
                && is_label(&option.zh)
                && is_label(&option.en)
                && option.valid_from.is_none()
                && option.valid_to.is_none()
                && seen.insert(&option.id)
        })
}

fn is_letter_or_digit(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'
}

/// Whether a text may be the name of a ledger, a field or an option.
pub fn is_name(text: &str) -> bool {
    text.len() <= NAME_MAX
        && text
            .bytes()
            .next()
            .is_some_and(|first| first.is_ascii_lowercase())
        && text.bytes().all(is_letter_or_digit)
}

fn is_label(text: &str) -> bool {
    let visible = |c: char| {
        !c.is_control() && !('\u{200b}'..='\u{200f}').contains(&c) && !('\u{202a}'..='\u{202e}').contains(&c)
    };
    !text.is_empty() && text.trim() == text && text.chars().count() <= LABEL_MAX && text.chars().all(visible)
}
