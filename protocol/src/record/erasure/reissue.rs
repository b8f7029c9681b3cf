//! A record issued anew: the remark of the erasure names the new one, in words that older programs read as any remark. A field
//! would make them refuse the erasure, and they would go on holding what was to go.

use super::{Erased, Erasure};
use crate::codec::hex;
use crate::id::RecordId;

/// What the remark begins with.
const WORDS: &str = "重新登记为 ";
/// Digits that stand together, as ids are shown.
const GROUP: usize = 4;

impl Erasure {
    /// The remark of an erasure whose record was issued anew as `new`.
    pub fn reissue_note(new: &RecordId) -> String {
        let digits = hex(&new.0);
        let mut note = WORDS.to_owned();
        for (n, digit) in digits.chars().enumerate() {
            if n > 0 && n % GROUP == 0 {
                note.push(' ');
            }
            note.push(digit);
        }
        note
    }

    /// The record that a remark names as the new one, if it is written as [`Erasure::reissue_note`] writes it and in no other
    /// way. Whether that is so of these two is the reader's to see: they live in one space, and are of one ledger.
    pub fn reissued_as(note: &str) -> Option<RecordId> {
        let digits: String = note.strip_prefix(WORDS)?.split(' ').collect();
        RecordId::parse(&digits).filter(|new| Self::reissue_note(new) == note)
    }
}

impl Erased {
    /// The record that the remark names as the new one ([`Erasure::reissued_as`]).
    pub fn reissued_as(&self) -> Option<RecordId> {
        self.note.as_deref().and_then(Erasure::reissued_as)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::check_note;
    use super::*;

    #[test]
    fn the_remark_reads_as_people_see_ids() {
        let id = RecordId::parse("0196b2c3d4e5f60718293a4b5c6d7e8f").expect("32 digits");
        let note = Erasure::reissue_note(&id);
        assert_eq!(note, "重新登记为 0196 b2c3 d4e5 f607 1829 3a4b 5c6d 7e8f");
        assert_eq!(Erasure::reissued_as(&note), Some(id));
    }

    #[test]
    fn what_somebody_typed_is_no_link() {
        for note in [
            "",
            "重新登记为",
            "重新登记为 ",
            "重新登记为 0196b2c3d4e5f60718293a4b5c6d7e8f",
            "重新登记为  0196 b2c3 d4e5 f607 1829 3a4b 5c6d 7e8f",
            "重新登记为 0196 B2C3 d4e5 f607 1829 3a4b 5c6d 7e8f",
            "重新登记为 0196 b2c3 d4e5 f607 1829 3a4b 5c6d 7e8f ",
            "重新登记为 0196 b2c3 d4e5 f607 1829 3a4b 5c6d 7e8f。",
            "重新登记为 0196 b2c3 d4e5 f607 1829 3a4b 5c6d",
            "重新登记为 ０１９６ b2c3 d4e5 f607 1829 3a4b 5c6d 7e8f",
            "已重新登记为 0196 b2c3 d4e5 f607 1829 3a4b 5c6d 7e8f",
            "本人书面申请",
        ] {
            assert_eq!(Erasure::reissued_as(note), None, "{note}");
        }
    }

    proptest! {
        #[test]
        fn every_id_is_found_again_in_a_remark_that_may_stay(id in any::<[u8; 16]>()) {
            let id = RecordId(id);
            let note = Erasure::reissue_note(&id);
            prop_assert_eq!(check_note(&note), Ok(()));
            prop_assert_eq!(Erasure::reissued_as(&note), Some(id));
        }

        #[test]
        fn one_id_has_one_remark(id in any::<[u8; 16]>(), at in 0usize..60, put in any::<char>()) {
            let note = Erasure::reissue_note(&RecordId(id));
            let mut other: Vec<char> = note.chars().collect();
            let at = at.min(other.len());
            other.insert(at, put);
            let other: String = other.into_iter().collect();
            prop_assert_eq!(Erasure::reissued_as(&other), None);
        }

        #[test]
        fn what_is_read_is_written_the_same(rest in "[0-9a-fA-F ]{0,45}", text in ".{0,60}") {
            for note in [format!("{WORDS}{rest}"), text] {
                if let Some(id) = Erasure::reissued_as(&note) {
                    prop_assert_eq!(Erasure::reissue_note(&id), note);
                }
            }
        }
    }
}
