//! Personal data in free text (`domain.md` 6.2): mobile numbers, identity numbers, bank cards, number plates, and the names
//! of people who are on the station's roster of subjects. Words that travel further than the township are looked through
//! when they are saved and again before they leave; what is found waits for a person.
//!
//! A finding is a suspicion. Checksums, dates and known beginnings keep it from being one about dates, division codes,
//! numbers of records and amounts; what is left is for the person who can read.

mod letters;
mod names;
mod numbers;
mod plates;

#[cfg(test)]
mod tests;

use minicbor::{Decode, Encode};
use serde::Serialize;

pub use names::Names;

use crate::id::Hash;
use letters::Letters;

/// What kind of personal data was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// 手机号: 11 digits from 13 to 19.
    #[n(1)]
    Mobile,
    /// 身份证号: 18 characters of which the last one fits the others (GB 11643).
    #[n(2)]
    Identity,
    /// 银行卡号: 16 to 19 digits that fit a known issuer and Luhn's sum.
    #[n(3)]
    BankCard,
    /// 车牌号: of a vehicle (GA 36), new-energy ones too.
    #[n(4)]
    Plate,
    /// 姓名: of somebody who is on the roster of subjects.
    #[n(5)]
    Name,
}

impl Kind {
    /// All of them, by number.
    pub const ALL: [Kind; 5] = [
        Kind::Mobile,
        Kind::Identity,
        Kind::BankCard,
        Kind::Plate,
        Kind::Name,
    ];

    /// The identifier used in the API and in texts.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Mobile => "mobile",
            Kind::Identity => "identity",
            Kind::BankCard => "bank_card",
            Kind::Plate => "plate",
            Kind::Name => "name",
        }
    }
}

/// Something that looks like personal data, and where: bytes of the text from `start` to before `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Where it begins.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// What it looks like.
    pub kind: Kind,
}

/// Looks through a text for numbers, plates and the names of these lists. Findings stand in the order of the text and do not overlap; one that lies within another is left
/// out, and of two of the same place the kind with the stronger proof stands.
pub fn scan(text: &str, names: &[&Names]) -> Vec<Finding> {
    let letters = Letters::of(text);
    let mut found = numbers::find(&letters);
    found.extend(plates::find(&letters));
    found.extend(names::find(&letters, names));
    found.sort_unstable();
    let mut kept: Vec<Finding> = Vec::new();
    for finding in found {
        match kept.last_mut() {
            Some(last) if finding.start < last.end => last.end = last.end.max(finding.end),
            _ => kept.push(finding),
        }
    }
    kept
}

/// What a clearing note names of the words that it clears: a digest over their place and themselves, so that the note
/// clears these words there and no others, and says nothing of them where they are not.
pub fn digest(key: &str, text: &str) -> Hash {
    Hash::of("lianzhan/cleared/v1", &[key.as_bytes(), &[0], text.as_bytes()])
}
