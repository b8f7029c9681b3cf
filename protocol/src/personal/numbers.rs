//! Numbers of persons among the digits of a text. A group is digits that stand together; a number is one group, or several
//! in the way in which such numbers are written apart.

use super::letters::Letters;
use super::{Finding, Kind};
use crate::division::Code;
use crate::record::ledger::is_date;

/// Most groups of one number: an identity number written 6 2 2 2 2 2 2 has seven.
const GROUPS_MAX: usize = 7;
/// Hexadecimal letters and digits from so many on are an id or a digest.
const HEX_MIN: usize = 16;

/// Digits that stand together; the last may be the X of an identity number.
struct Group {
    /// The first letter's place.
    from: usize,
    /// The place after the last.
    to: usize,
    digits: Vec<u8>,
    /// What stands between it and the next one, if only that does: a space, a dash or a dot.
    joined: Option<char>,
}

pub(super) fn find(letters: &Letters) -> Vec<Finding> {
    let groups = groups(letters);
    let mut found = Vec::new();
    let mut at = 0;
    while at < groups.len() {
        match longest(letters, &groups, at) {
            Some((count, kind)) => {
                let bytes = letters.bytes(groups[at].from, groups[at + count - 1].to);
                found.extend(bytes.map(|(start, end)| Finding { start, end, kind }));
                at += count;
            }
            None => at += 1,
        }
    }
    found
}

/// The number that begins with the group at `at`: of how many groups it is, and of what kind.
fn longest(letters: &Letters, groups: &[Group], at: usize) -> Option<(usize, Kind)> {
    let reach = groups[at..]
        .iter()
        .take(GROUPS_MAX)
        .position(|group| group.joined.is_none())
        .map_or(GROUPS_MAX, |last| last + 1)
        .min(groups.len() - at);
    (1..=reach).rev().find_map(|count| {
        let run = &groups[at..at + count];
        let before = at.checked_sub(1).and_then(|before| groups[before].joined);
        let digits: Vec<u8> = run
            .iter()
            .flat_map(|group| group.digits.iter().copied())
            .collect();
        let kind = if is_identity(&digits) && !is_register_number(run, groups.get(at + count)) {
            Kind::Identity
        } else if is_card(run, &digits) {
            Kind::BankCard
        } else if is_mobile(run, &digits, before) && !is_amount(letters, run, before) {
            Kind::Mobile
        } else {
            return None;
        };
        Some((count, kind))
    })
}

/// Whether it is the number of a record (`990121103201-2026-15-01`) but for its last part: of some village codes twelve digits
/// and a year begin as a number of a person does.
fn is_register_number(run: &[Group], next: Option<&Group>) -> bool {
    let lengths: Vec<usize> = run.iter().map(|group| group.digits.len()).collect();
    lengths == [12, 4, 2]
        && run.iter().all(|group| group.joined.is_some())
        && next.is_some_and(|group| group.digits.len() == 2 && group.joined.is_none())
}

fn groups(letters: &Letters) -> Vec<Group> {
    let mut groups = Vec::new();
    let digit = |place: usize| letters.at(place).filter(char::is_ascii_digit);
    let mut place = 0;
    while place < letters.0.len() {
        if digit(place).is_none() {
            place += 1;
            continue;
        }
        let from = place;
        let mut digits = Vec::new();
        while let Some(c) = digit(place) {
            digits.push(c as u8);
            place += 1;
        }
        let alone = |place: usize| !letters.at(place).is_some_and(|c| c.is_ascii_alphanumeric());
        if matches!(letters.at(place), Some('x' | 'X')) && alone(place + 1) {
            digits.push(b'X');
            place += 1;
        }
        if !is_in_hex(letters, from, place) {
            groups.push(Group {
                from,
                to: place,
                digits,
                joined: joined(letters, place),
            });
        }
    }
    groups
}

/// What joins a group that ends at `place` with a next one.
fn joined(letters: &Letters, place: usize) -> Option<char> {
    let joins = |c: &char| matches!(c, ' ' | '-' | '.');
    let mut next = place;
    while next < place + 3 && letters.at(next).as_ref().is_some_and(joins) {
        next += 1;
    }
    let follows = next > place && letters.at(next).is_some_and(|c| c.is_ascii_digit());
    let between = (place..next).filter_map(|place| letters.at(place));
    follows.then(|| between.fold(' ', |kept, c| if c == ' ' { kept } else { c }))
}

/// Whether these digits are part of an id or a digest.
fn is_in_hex(letters: &Letters, mut from: usize, mut to: usize) -> bool {
    let word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    while word(letters.before(from)) {
        from -= 1;
    }
    while word(letters.at(to)) {
        to += 1;
    }
    let all = || (from..to).filter_map(|place| letters.at(place));
    to - from >= HEX_MIN && all().all(|c| c.is_ascii_hexdigit()) && all().any(|c| c.is_ascii_alphabetic())
}

/// 11 digits from 13 to 19, together or in the groups in which they are told; with 86 in front, too.
fn is_mobile(run: &[Group], digits: &[u8], before: Option<char>) -> bool {
    let plain = |digits: &[u8]| {
        digits.len() == 11
            && digits[0] == b'1'
            && (b'3'..=b'9').contains(&digits[1])
            && digits.iter().all(u8::is_ascii_digit)
    };
    let lens: Vec<usize> = run.iter().map(|group| group.digits.len()).collect();
    if let [_] = lens.as_slice() {
        let abroad = |prefix: &[u8]| digits.strip_prefix(prefix).is_some_and(plain);
        return plain(digits) || abroad(b"86") || abroad(b"0086");
    }
    let told = match lens.as_slice() {
        [3, 4, 4] | [3, 8] | [7, 4] | [3, 3, 5] | [5, 3, 3] | [5, 6] | [3, 2, 2, 2, 2] => true,
        // 1998-2026-100 is a year and numbers.
        [4, 4, 3] | [4, 3, 4] => digits[1] < b'8',
        _ => false,
    };
    // Within a longer number with dashes it is a piece of that.
    let apart = |joint: Option<char>| !matches!(joint, Some('-' | '.'));
    let last = run.last().and_then(|group| group.joined);
    told && plain(digits) && apart(before) && apart(last)
}

/// Whether a group is an amount of money or a number with decimals.
fn is_amount(letters: &Letters, run: &[Group], before: Option<char>) -> bool {
    let [only] = run else { return false };
    let unit = letters.at(only.to);
    matches!(unit, Some('元' | '万' | '亿' | '%' | '¥'))
        || matches!(letters.before(only.from), Some('¥' | '$' | '￥'))
        || only.joined == Some('.')
        || before == Some('.')
}

/// 18 characters: a division, a day of birth, a number, and the check character over all of them (GB 11643).
fn is_identity(digits: &[u8]) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECKS: &[u8; 11] = b"10X98765432";
    let Some((first, last)) = digits.split_at_checked(17) else {
        return false;
    };
    let ([check], true) = (last, first.iter().all(u8::is_ascii_digit)) else {
        return false;
    };
    let sum: u32 = first
        .iter()
        .zip(WEIGHTS)
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    let Ok(text) = std::str::from_utf8(first) else {
        return false;
    };
    let born = format!("{}-{}-{}", &text[6..10], &text[10..12], &text[12..14]);
    CHECKS[(sum % 11) as usize] == *check
        && is_of_a_county(&text[..6])
        && is_date(&born)
        && born.as_str() < "2100"
}

/// Whether six digits may be those of a county: its province is one, or the pseudo province of examples.
fn is_of_a_county(code: &str) -> bool {
    let province: u8 = code[..2].parse().unwrap_or_default();
    let known = matches!(
        province,
        11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83 | 91 | 99
    );
    known && &code[2..4] != "00"
}

/// Beginnings of cards that are in use in China, with the lengths of their numbers.
const ISSUERS: [(&str, &str, &[usize]); 9] = [
    ("62", "62", &[16, 17, 18, 19]),
    ("81", "81", &[16, 17, 18, 19]),
    ("9558", "9559", &[19]),
    ("6013", "6013", &[19]),
    ("6033", "6033", &[18, 19]),
    ("4", "4", &[16, 19]),
    ("51", "55", &[16]),
    ("2221", "2720", &[16]),
    ("3528", "3589", &[16]),
];

/// 16 to 19 digits of a known issuer of which Luhn's sum fits, together or in fours.
fn is_card(run: &[Group], digits: &[u8]) -> bool {
    let lens: Vec<usize> = run.iter().map(|group| group.digits.len()).collect();
    let written = match lens.as_slice() {
        [_] | [6, _] => true,
        [fours @ .., last] => fours.len() >= 3 && fours.iter().all(|len| *len == 4) && (1..=7).contains(last),
        [] => false,
    };
    let Some(text) = std::str::from_utf8(digits)
        .ok()
        .filter(|text| written && text.bytes().all(|b| b.is_ascii_digit()))
    else {
        return false;
    };
    let issued = ISSUERS.iter().any(|(first, last, lens)| {
        let begin = text.get(..first.len()).unwrap_or_default();
        begin >= *first && begin <= *last && lens.contains(&text.len())
    });
    issued && luhn(digits) && !is_record_number(text)
}

fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(n, digit)| {
            let digit = u32::from(digit - b'0');
            match n % 2 {
                0 => digit,
                _ if digit > 4 => 2 * digit - 9,
                _ => 2 * digit,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Whether it begins with the code of a village or station and a year of now: numbers of records do.
fn is_record_number(text: &str) -> bool {
    let part = |range| text.get(range).unwrap_or_default();
    let within = |digits: &str| matches!(digits.parse::<u16>(), Ok(1..=599));
    ("2000".."2060").contains(&part(12..16))
        && Code::parse(part(0..12)).is_some()
        && is_of_a_county(part(0..6))
        && within(part(6..9))
        && within(part(9..12))
}
