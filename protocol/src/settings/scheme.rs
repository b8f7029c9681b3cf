//! Letters of results: how each scheme writes the normal forms (`domain.md` 3.3). The letters of two schemes contradict each
//! other, so that a bare letter means nothing.

/// A scheme of letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Three classes, 甲乙丙.
    Abc,
    /// Four classes.
    Abcd,
    /// Four colours, told every month.
    AbcdColour,
}

/// Normal forms with the letters of the three schemes, worst last.
const LETTERS: [(&str, char, char); 5] = [
    ("resolved", 'A', 'A'),
    ("in_progress", 'B', 'B'),
    ("planned", 'B', 'C'),
    ("unable", 'C', 'D'),
    ("beyond_powers", 'C', 'D'),
];

impl Scheme {
    /// The scheme that the setting `result_scheme` names.
    pub fn parse(id: &str) -> Option<Self> {
        match id {
            "abc" => Some(Scheme::Abc),
            "abcd" => Some(Scheme::Abcd),
            "abcd_colour" => Some(Scheme::AbcdColour),
            _ => None,
        }
    }

    /// The letter of a normal form, as `result_class` has it.
    pub fn letter(self, normal: &str) -> Option<char> {
        let (_, three, four) = LETTERS.iter().find(|(id, ..)| *id == normal)?;
        Some(if self == Scheme::Abc { *three } else { *four })
    }

    /// The normal forms that a letter may stand for: more than one where the letter says less.
    pub fn normal(self, letter: char) -> impl Iterator<Item = &'static str> {
        let is = move |id: &&'static str| self.letter(id) == Some(letter);
        LETTERS.iter().map(|(id, ..)| *id).filter(is)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::ledger::codes;
    use crate::settings::{Kind, setting};

    #[test]
    fn every_scheme_has_a_letter_for_every_class() {
        let classes = codes()
            .iter()
            .find(|list| list.id == "result_class")
            .expect("a list");
        let Kind::Choice(schemes) = setting("result_scheme").expect("a setting").kind else {
            panic!("a choice");
        };
        for scheme in schemes {
            let scheme = Scheme::parse(scheme.id).expect("a scheme");
            for class in &classes.options {
                let letter = scheme.letter(&class.id).expect(&class.id);
                assert!(scheme.normal(letter).any(|id| id == class.id));
            }
        }
        let unable = |scheme: Scheme| scheme.normal('C').collect::<Vec<_>>();
        assert_eq!(unable(Scheme::Abc), ["unable", "beyond_powers"]);
        assert_eq!(
            unable(Scheme::Abcd),
            ["planned"],
            "the same letter says another thing"
        );
    }
}
