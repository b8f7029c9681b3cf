//! The vocabulary: templates of sentences, and what stands in their gaps.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use jiff::civil::Date;
use lianzhan_protocol::record::ledger::{Field, FieldKind, Ledger};
use serde::Deserialize;

use crate::dice::Dice;

/// How deep a template may stand in templates.
const DEPTH: u8 = 5;

/// What `words.toml` holds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Words {
    heads: Vec<(String, String)>,
    tails: Vec<(String, String)>,
    surnames: String,
    given: Vec<String>,
    problems: BTreeMap<String, Vec<String>>,
    lists: BTreeMap<String, Vec<String>>,
    fields: BTreeMap<String, Vec<String>>,
    fallback: BTreeMap<String, Vec<String>>,
    acts: BTreeMap<String, Vec<String>>,
    shares: BTreeMap<String, u32>,
    every: BTreeMap<String, u32>,
}

/// What a sentence is about.
#[derive(Debug, Clone)]
pub(super) struct About {
    /// Name of the node's own org.
    pub(super) org: String,
    /// Its division code.
    pub(super) code: String,
    /// The day of the record.
    pub(super) day: Date,
    /// Category of the record: problems are of it.
    pub(super) category: String,
    /// Number of the record at its node.
    pub(super) serial: usize,
}

impl Words {
    /// Those of the program.
    pub(super) fn known() -> &'static Self {
        static WORDS: OnceLock<Words> = OnceLock::new();
        WORDS.get_or_init(|| {
            toml::from_str(include_str!("words.toml")).expect("the vocabulary is well formed")
        })
    }

    /// The `n`th name of a place, in Chinese and as it sounds; all differ.
    pub(super) fn place(&self, n: usize) -> (String, String) {
        let (heads, tails) = (self.heads.len(), self.tails.len());
        // Each head once before any comes again.
        let (head, round) = (n % heads, n / heads);
        let (tail, again) = ((head + round) % tails, round / tails);
        let ((zh, en), (zh_tail, en_tail)) = (&self.heads[head], &self.tails[tail]);
        match again {
            0 => (format!("{zh}{zh_tail}"), format!("{en}{en_tail}")),
            again => (
                format!("{zh}{zh_tail}{}", again + 1),
                format!("{en}{en_tail} {}", again + 1),
            ),
        }
    }

    /// A person's name.
    pub(super) fn person(&self, dice: &mut Dice) -> String {
        format!("{}{}", self.surname(dice), dice.pick(&self.given))
    }

    fn surname(&self, dice: &mut Dice) -> char {
        let all: Vec<char> = self.surnames.chars().collect();
        *dice.pick(&all)
    }

    /// How often a ledger is written beside others.
    pub(super) fn share(&self, ledger: &str) -> u32 {
        self.shares.get(ledger).copied().unwrap_or(1)
    }

    /// For how many days a place needs one record of a ledger, where that is so.
    pub(super) fn every(&self, ledger: &str) -> Option<u32> {
        self.every.get(ledger).copied()
    }

    /// A category of which there are problems.
    pub(super) fn category(&self, dice: &mut Dice) -> String {
        let all: Vec<&String> = self.problems.keys().collect();
        (*dice.pick(&all)).clone()
    }

    /// A text that fits a field.
    pub(super) fn of_field(
        &self,
        ledger: &Ledger,
        field: &Field,
        row: usize,
        about: &About,
        dice: &mut Dice,
    ) -> String {
        let last = field.id.rsplit('/').next().unwrap_or(&field.id);
        let names = [&format!("{}.{}", ledger.id, field.id), field.id.as_str(), last];
        let kind = match field.kind {
            FieldKind::Text => "text",
            _ => "str",
        };
        let found = names.iter().find_map(|name| self.fields.get(*name));
        let templates = found.or_else(|| self.fallback.get(kind));
        let template = templates.map_or("{label}", |templates| dice.pick(templates).as_str());
        let gaps = Gaps {
            words: self,
            about,
            label: &field.zh,
            row,
        };
        let text = gaps.filled(template, DEPTH, dice);
        let max = field.max.map_or(usize::MAX, usize::from);
        text.chars().take(max).collect()
    }

    /// What is said when something is done to a record.
    pub(super) fn of_act(&self, act: &str, about: &About, dice: &mut Dice) -> String {
        let template = self
            .acts
            .get(act)
            .map_or("{problem}", |all| dice.pick(all).as_str());
        let gaps = Gaps {
            words: self,
            about,
            label: "",
            row: 0,
        };
        gaps.filled(template, DEPTH, dice)
    }
}

struct Gaps<'a> {
    words: &'a Words,
    about: &'a About,
    label: &'a str,
    row: usize,
}

impl Gaps<'_> {
    fn filled(&self, template: &str, depth: u8, dice: &mut Dice) -> String {
        let mut text = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, behind) = after.split_once('}').unwrap_or((after, ""));
            text.push_str(before);
            text.push_str(&self.gap(name, depth, dice));
            rest = behind;
        }
        text.push_str(rest);
        text
    }

    fn gap(&self, name: &str, depth: u8, dice: &mut Dice) -> String {
        let about = self.about;
        let list = match name {
            "n" => return (2 + dice.below(8)).to_string(),
            "nn" => return (12 + dice.below(88)).to_string(),
            "year" => return about.day.year().to_string(),
            "month" => return about.day.month().to_string(),
            "day" => return about.day.day().to_string(),
            "person" => return self.words.person(dice),
            "somebody" => return format!("{}某", self.words.surname(dice)),
            "org" => return about.org.clone(),
            "code" => return about.code.clone(),
            "serial" => return format!("{:04}", about.serial),
            "row" => return (self.row + 1).to_string(),
            "label" => return self.label.to_owned(),
            "problem" => self.words.problems.get(&about.category),
            name => self.words.lists.get(name),
        };
        match list {
            Some(list) if depth > 0 => {
                let template: &String = dice.pick(list);
                self.filled(template, depth - 1, dice)
            }
            _ => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every gap of a template is one that is filled, and no list leads into itself.
    #[test]
    fn every_gap_is_filled() {
        let words = Words::known();
        let about = About {
            org: "石桥站".into(),
            code: "990121103201".into(),
            day: jiff::civil::date(2025, 4, 16),
            category: "other".into(),
            serial: 1,
        };
        let gaps = Gaps {
            words,
            about: &about,
            label: "名",
            row: 0,
        };
        let all = [&words.fields, &words.lists, &words.problems, &words.acts];
        let mut dice = Dice::new(1);
        for (key, templates) in all.into_iter().flatten() {
            for template in templates {
                for part in template.split('{').skip(1) {
                    let name = part.split('}').next().unwrap_or_default();
                    assert!(!gaps.gap(name, DEPTH, &mut dice).is_empty(), "{key}: {{{name}}}");
                }
                for _ in 0..20 {
                    let text = gaps.filled(template, DEPTH, &mut dice);
                    assert!(!text.contains('{') && !text.contains("，，"), "{key}: {text}");
                }
            }
        }
    }

    #[test]
    fn names_of_places_differ() {
        let words = Words::known();
        let names: std::collections::BTreeSet<String> = (0..2_000).map(|n| words.place(n).0).collect();
        assert_eq!(names.len(), 2_000);
    }
}
