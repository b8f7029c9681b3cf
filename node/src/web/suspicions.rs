//! What a form held back, and the notes by which a person clears it: an input `c:` and a digest, so that a note clears the very
//! words that it was written under and no others.

use std::collections::BTreeMap;

use lianzhan_protocol::codec::hex;
use lianzhan_protocol::personal::{Finding, digest};

use super::i18n::{Lang, Text};
use super::page::{Field, Suspected, Suspects};
use super::request::Posted;
use super::say;
use crate::services::ledger::FieldFault;
use crate::services::screen::{Cleared, Suspicion};

/// How the name of such an input begins.
const INPUT: &str = "c:";
/// Letters that are shown around what was found.
const AROUND: usize = 16;

/// Notes by the digest that they are about, in hex.
pub(super) type Notes = BTreeMap<String, String>;

/// The notes of a form.
pub(super) fn notes(form: &Posted) -> Notes {
    let notes = form.pairs().filter_map(|(name, note)| {
        let digest = name.strip_prefix(INPUT)?;
        let note = note.trim();
        (!note.is_empty()).then(|| (digest.to_owned(), note.to_owned()))
    });
    notes.collect()
}

/// Notes as a form sends them again.
pub(super) fn sends(notes: &Notes) -> impl Iterator<Item = (String, String)> {
    let notes = notes.iter();
    notes.map(|(digest, note)| (format!("{INPUT}{digest}"), note.clone()))
}

/// The note for a suspicion.
pub(super) fn note_for<'n>(notes: &'n Notes, suspicion: &Suspicion) -> Option<&'n str> {
    notes.get(&hex(suspicion.digest.as_bytes())).map(String::as_str)
}

/// The notes for words that stand at these keys of puts.
pub(super) fn cleared<'w>(notes: &Notes, words: impl IntoIterator<Item = (&'w str, &'w str)>) -> Cleared {
    let words = words.into_iter();
    let noted = words.filter_map(|(key, words)| {
        let note = notes.get(&hex(digest(key, words).as_bytes()))?;
        Some((key.to_owned(), note.clone()))
    });
    noted.collect()
}

/// What is held back, to be shown with the form. `at` says where the words are typed.
pub(super) fn shown(
    text: &Text,
    faults: &[FieldFault],
    notes: &Notes,
    at: impl Fn(&FieldFault) -> String,
) -> Suspects {
    let mut kept = notes.clone();
    let mut list = Vec::new();
    for fault in faults {
        let Some(suspicion) = &fault.suspicion else {
            continue;
        };
        let digest = hex(suspicion.digest.as_bytes());
        let note = kept.remove(&digest).unwrap_or_default();
        let (label, error) = match text.lang {
            Lang::Zh => (&fault.label_zh, &fault.zh),
            Lang::En => (&fault.label_en, &fault.en),
        };
        list.push(Suspected {
            href: format!("#{}", at(fault)),
            label: label.clone(),
            kinds: say::list(
                text,
                suspicion
                    .kinds()
                    .into_iter()
                    .map(|kind| say::personal(text, kind)),
            ),
            pieces: pieces(&suspicion.words, &suspicion.found),
            note: Field {
                error: (!note.is_empty()).then(|| error.clone()),
                value: note,
            },
            input: format!("{INPUT}{digest}"),
        });
    }
    Suspects {
        list,
        kept: kept
            .into_iter()
            .map(|(digest, note)| (format!("{INPUT}{digest}"), note))
            .collect(),
    }
}

/// Words cut at what was found, with whether each piece is that; what stands far from it is left out.
fn pieces(words: &str, found: &[Finding]) -> Vec<(String, bool)> {
    let mut pieces = Vec::new();
    let mut from = 0;
    for finding in found {
        let (between, is) = (
            words.get(from..finding.start),
            words.get(finding.start..finding.end),
        );
        pieces.push((short(between.unwrap_or_default(), from > 0, true), false));
        pieces.push((is.unwrap_or_default().to_owned(), true));
        from = finding.end;
    }
    pieces.push((
        short(words.get(from..).unwrap_or_default(), from > 0, false),
        false,
    ));
    pieces.retain(|(piece, _)| !piece.is_empty());
    pieces
}

/// The ends of a text that stand next to something that was found.
fn short(text: &str, after: bool, before: bool) -> String {
    let letters: Vec<char> = text.chars().collect();
    let kept = AROUND * (usize::from(after) + usize::from(before));
    if letters.len() <= kept {
        return text.to_owned();
    }
    let head: String = letters[..if after { AROUND } else { 0 }].iter().collect();
    let tail: String = letters[letters.len() - if before { AROUND } else { 0 }..]
        .iter()
        .collect();
    format!("{head}…{tail}")
}

#[cfg(test)]
mod tests {
    use lianzhan_protocol::personal::scan;

    use super::*;

    fn cut(words: &str) -> Vec<(String, bool)> {
        pieces(words, &scan(words, &[]))
    }

    fn piece(text: &str, is: bool) -> (String, bool) {
        (text.to_owned(), is)
    }

    #[test]
    fn what_was_found_is_shown_with_what_stands_around_it() {
        assert_eq!(
            cut("请打 13900000016。"),
            [
                piece("请打 ", false),
                piece("13900000016", true),
                piece("。", false)
            ]
        );
        let long = "字".repeat(100);
        let around = "字".repeat(AROUND);
        assert_eq!(
            cut(&format!("{long}，13900000016，{long}，13900000017")),
            [
                piece(&format!("…{}，", "字".repeat(AROUND - 1)), false),
                piece("13900000016", true),
                piece(
                    &format!("，{}…{}，", "字".repeat(AROUND - 1), "字".repeat(AROUND - 1)),
                    false
                ),
                piece("13900000017", true),
            ]
        );
        assert_eq!(cut("13900000016"), [piece("13900000016", true)]);
        assert_eq!(
            cut(&format!("13900000016{long}"))[1],
            piece(&format!("{around}…"), false)
        );
    }

    #[test]
    fn a_note_clears_the_words_that_it_was_written_under() {
        let named = hex(digest("f:gist", "总机 13900000016").as_bytes());
        let form = Posted::asked(vec![
            (format!("c:{named}"), " 单位总机 ".into()),
            ("c:00".into(), "  ".into()),
            ("gist".into(), "x".into()),
        ]);
        let notes = notes(&form);
        assert_eq!(notes.len(), 1);
        let of = |key, words| cleared(&notes, [(key, words)]);
        assert_eq!(
            of("f:gist", "总机 13900000016").get("f:gist").unwrap(),
            "单位总机"
        );
        assert!(of("f:gist", "总机 13900000017").is_empty() && of("f:note", "总机 13900000016").is_empty());
    }
}
