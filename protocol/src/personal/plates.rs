//! Number plates of vehicles (GA 36): a province, a letter, and five characters, or six of a new-energy one.

use super::letters::Letters;
use super::{Finding, Kind};

const PROVINCES: &str = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新";
/// What ends the plate of a vehicle with a task of its own, in the place of the last character.
const ENDS: &str = "学警挂港澳领试超";
/// Letters that say how a new-energy vehicle is driven.
const DRIVES: std::ops::RangeInclusive<char> = 'A'..='K';

pub(super) fn find(letters: &Letters) -> Vec<Finding> {
    let starts =
        (0..letters.0.len()).filter(|place| letters.at(*place).is_some_and(|c| PROVINCES.contains(c)));
    starts
        .filter_map(|from| {
            let (start, end) = letters.bytes(from, end_of(letters, from)?)?;
            Some(Finding {
                start,
                end,
                kind: Kind::Plate,
            })
        })
        .collect()
}

/// The place after the plate that begins at `from`, if one does.
fn end_of(letters: &Letters, from: usize) -> Option<usize> {
    // “更新 A12345” is no plate; of provinces that is the only one that is a common word.
    let spaced = letters.at(from) != Some('新');
    let mut place = from + 1;
    if spaced && letters.at(place) == Some(' ') {
        place += 1;
    }
    letters.at(place).map(upper).filter(char::is_ascii_uppercase)?;
    place += 1;
    if matches!(
        letters.at(place),
        Some(' ' | '-' | '·' | '•' | '.' | '‧' | '・' | '∙' | '･')
    ) {
        place += 1;
    }
    let serial: Vec<char> = (place..)
        .map_while(|place| letters.at(place).map(upper).filter(char::is_ascii_alphanumeric))
        .take(7)
        .collect();
    let after = place + serial.len();
    let ends = letters.at(after).is_some_and(|c| ENDS.contains(c));
    match serial.len() {
        4 if ends && is_ordinary(&serial) => Some(after + 1),
        5 if is_ordinary(&serial) => Some(after),
        6 if is_new_energy(&serial) => Some(after),
        _ => None,
    }
}

fn upper(c: char) -> char {
    c.to_ascii_uppercase()
}

/// Letters without I and O, and two of them at most.
fn is_ordinary(serial: &[char]) -> bool {
    let letters = serial.iter().filter(|c| c.is_ascii_alphabetic());
    letters.clone().count() <= 2 && letters.into_iter().all(|c| !matches!(c, 'I' | 'O'))
}

/// Small ones begin with how they are driven and maybe one more letter, large ones end with it.
fn is_new_energy(serial: &[char]) -> bool {
    let digits = |part: &[char]| part.iter().all(char::is_ascii_digit);
    let drives = |c: char| DRIVES.contains(&c) && c != 'I';
    match serial {
        [first, second, rest @ ..] if drives(*first) => !matches!(second, 'I' | 'O') && digits(rest),
        [rest @ .., last] => drives(*last) && digits(rest),
        [] => false,
    }
}
