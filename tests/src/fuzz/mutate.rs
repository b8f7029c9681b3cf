//! Mutations of bytes that keep most of a valid sample.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::archive;
use super::samples::{SHEET, workbook};
use crate::dice::Dice;

/// Numbers that lengths and sizes go wrong at, big-endian as CBOR and frames carry them.
const LENGTHS: [&[u8]; 8] = [
    &[0],
    &[0x17],
    &[0x18, 0xff],
    &[0x19, 0xff, 0xff],
    &[0x1a, 0x00, 0x01, 0x00, 0x00],
    &[0x1a, 0xff, 0xff, 0xff, 0xff],
    &[0x1b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    &[0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
];
const WORDS: [&str; 12] = [
    "\n",
    "\n\n",
    " ",
    "+",
    "\u{2014} ",
    "0",
    "00",
    "18446744073709551616",
    "AAAA",
    "=",
    "\u{0}",
    "级",
];

/// One to four mutations of one of `seeds`, or random bytes once in a while.
pub(super) fn of_bytes(seeds: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    if seeds.is_empty() || dice.once_in(20) {
        let len = dice.below(200);
        return dice.byte_vec(len);
    }
    let mut bytes = dice.pick(seeds).clone();
    for _ in 0..=dice.below(4) {
        one(&mut bytes, seeds, dice);
    }
    bytes
}

/// Mutations of the archive, and of files in it under a manifest that fits.
pub(super) fn of_bundle(seeds: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let whole = seeds.first().and_then(|seed| archive::files(seed));
    let Some(mut files) = whole.filter(|_| !dice.once_in(4)) else {
        return of_bytes(seeds, dice);
    };
    let all: Vec<Vec<u8>> = files.values().cloned().collect();
    let paths: Vec<String> = files.keys().cloned().collect();
    let path = dice.pick(&paths).clone();
    match dice.below(8) {
        0 => drop(files.remove(&path)),
        1 => drop(files.insert(format!("{path}.x"), all[0].clone())),
        2 => drop(files.insert(path, dice.pick(&all).clone())),
        _ => {
            let content = files.get_mut(&path).expect("one of its paths");
            one(content, &all, dice);
        }
    }
    archive::pack(files)
}

/// Mutations of the file, and of the sheet in a whole workbook.
pub(super) fn of_spreadsheet(seeds: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    if dice.once_in(2) {
        return of_bytes(seeds, dice);
    }
    workbook(of_bytes(&[SHEET.as_bytes().to_vec()], dice))
}

/// Mutations of a code, and of what it carries.
pub(super) fn of_code(seeds: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let seed: &Vec<u8> = dice.pick(seeds);
    let code = std::str::from_utf8(seed).ok();
    let inner = code
        .and_then(|code| code.split_once('.'))
        .and_then(|(prefix, text)| Some((prefix, URL_SAFE_NO_PAD.decode(text).ok()?)));
    match inner.filter(|_| !dice.once_in(3)) {
        Some((prefix, bytes)) => {
            let text = URL_SAFE_NO_PAD.encode(of_bytes(&[bytes], dice));
            format!("{prefix}.{text}").into_bytes()
        }
        None => of_bytes(seeds, dice),
    }
}

fn one(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], dice: &mut Dice) {
    let at = dice.below(bytes.len() + 1);
    let Some(byte) = bytes.get_mut(at) else {
        let len = dice.below(8);
        return bytes.extend(dice.byte_vec(len));
    };
    match dice.below(12) {
        0 | 1 => *byte ^= 1 << dice.below(8),
        2 => *byte = byte.wrapping_add(if dice.once_in(2) { 1 } else { 0xff }),
        3 => bytes.truncate(at),
        // Another length under the same major type of CBOR.
        4 | 5 => {
            let major = *byte & 0xe0;
            let mut head = dice.pick(&LENGTHS).to_vec();
            head[0] |= major;
            let end = at + 1 + dice.below(2).min(bytes.len() - at - 1);
            bytes.splice(at..end, head);
        }
        // A piece of another sample, or of this one, in the place of some bytes here.
        6 | 7 => {
            let other = dice.pick(seeds);
            let from = dice.below(other.len() + 1);
            let to = from + dice.below(other.len() - from + 1).min(64);
            let end = at + dice.below(bytes.len() - at + 1).min(64);
            bytes.splice(at..end, other[from..to].iter().copied());
        }
        8 => {
            let end = at + dice.below(bytes.len() - at + 1).min(40);
            bytes.drain(at..end);
        }
        9 => {
            let end = at + dice.below(bytes.len() - at + 1).min(40);
            let again = bytes[at..end].to_vec();
            bytes.splice(at..at, again);
        }
        10 => {
            let word = dice.pick(&WORDS).as_bytes();
            bytes.splice(at..at, word.iter().copied());
        }
        _ => {
            let fixed = *dice.pick(&[0x00, 0x7f, 0x80, 0x9f, 0xbf, 0xc0, 0xf6, 0xf9, 0xff]);
            bytes[at] = fixed;
        }
    }
}
