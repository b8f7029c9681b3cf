//! Names of people on the roster of subjects. Who holds a public office may be named; somebody who is called like a part of
//! a public name is not meant where that name stands.

use std::collections::BTreeMap;

use super::letters::Letters;
use super::{Finding, Kind};

/// Longest name that is looked for, in letters.
const LONGEST: usize = 40;
/// Latin letters that a name needs at least: “Li” is a syllable of many words.
const LATIN_MIN: usize = 4;
/// What clerks write where nobody gave a name.
const NOBODY: [&str; 18] = [
    "匿名",
    "不详",
    "未知",
    "群众",
    "村民",
    "居民",
    "市民",
    "选民",
    "来访人",
    "来电人",
    "来信人",
    "无名",
    "不愿透露",
    "保密",
    "本人",
    "代办",
    "家属",
    "业主",
];

/// The names to look for, by their first two letters: with whom many letters begin alike, the rest tells as quickly.
#[derive(Debug, Clone, Default)]
pub struct Names {
    by_start: BTreeMap<[char; 2], BTreeMap<Vec<char>, Carriers>>,
}

/// How many carry a name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Carriers {
    subjects: u32,
    public: u32,
}

impl Names {
    /// The names of `subjects`, of whom nothing may be said further up.
    pub fn of<'n>(subjects: impl IntoIterator<Item = &'n str>) -> Self {
        let mut names = Names::default();
        for name in subjects {
            names.add(name);
        }
        names
    }

    /// One more person is called so.
    pub fn add(&mut self, name: &str) {
        self.count(name, |name| name.subjects = name.subjects.saturating_add(1));
    }

    /// One less is.
    pub fn remove(&mut self, name: &str) {
        self.count(name, |name| name.subjects = name.subjects.saturating_sub(1));
    }

    /// Somebody who may be named is called so.
    pub fn add_public(&mut self, name: &str) {
        self.count(name, |name| name.public = name.public.saturating_add(1));
    }

    /// One less is.
    pub fn remove_public(&mut self, name: &str) {
        self.count(name, |name| name.public = name.public.saturating_sub(1));
    }

    fn count(&mut self, name: &str, change: impl FnOnce(&mut Carriers)) {
        let Some(letters) = sought(name) else { return };
        let [first, second, ..] = letters.as_slice() else {
            return;
        };
        let start = [*first, *second];
        let names = self.by_start.entry(start).or_default();
        let carriers = names.entry(letters.clone()).or_default();
        change(carriers);
        if *carriers == Carriers::default() {
            names.remove(&letters);
        }
        if names.is_empty() {
            self.by_start.remove(&start);
        }
    }

    /// Whether nobody is looked for.
    pub fn is_empty(&self) -> bool {
        let mut names = self.by_start.values().flat_map(BTreeMap::values);
        names.all(|carriers| carriers.public > 0)
    }
}

/// A name as it is looked for; none if it is nobody's, or too short to be told from other words.
fn sought(name: &str) -> Option<Vec<char>> {
    let name = name.trim();
    let letters: Vec<char> = Letters::of(name).0.iter().map(|letter| fold(letter.is)).collect();
    let han = letters.iter().any(|c| !c.is_ascii());
    let least = if han { 2 } else { LATIN_MIN };
    let fits = (least..=LONGEST).contains(&letters.len()) && letters.iter().any(|c| c.is_alphabetic());
    (fits && !NOBODY.contains(&name)).then_some(letters)
}

fn fold(c: char) -> char {
    c.to_ascii_lowercase()
}

pub(super) fn find(letters: &Letters, lists: &[&Names]) -> Vec<Finding> {
    let mut found = Vec::new();
    let at = |place: usize| letters.at(place).map(fold);
    let mut place = 0;
    while let (Some(first), Some(second)) = (at(place), at(place + 1)) {
        let candidates: Vec<_> = lists
            .iter()
            .filter_map(|names| names.by_start.get(&[first, second]))
            .collect();
        let most = if candidates.is_empty() { 0 } else { LONGEST };
        let ahead: Vec<char> = (place..place + most).map_while(at).collect();
        // The longest is meant; of two who are called the same, the one who may be named.
        let meant = (2..=ahead.len()).rev().find_map(|len| {
            let carriers = candidates.iter().filter_map(|names| names.get(&ahead[..len]));
            let public = carriers.map(|carriers| carriers.public).max()?;
            stands_alone(letters, place, len).then_some((len, public))
        });
        match meant {
            Some((len, public)) => {
                let to = place + len;
                if let (0, Some((start, end))) = (public, letters.bytes(place, to)) {
                    found.push(Finding {
                        start,
                        end,
                        kind: Kind::Name,
                    });
                }
                place = to;
            }
            None => place += 1,
        }
    }
    found
}

/// Whether a name with a Latin end is not a part of a longer word there.
fn stands_alone(letters: &Letters, from: usize, len: usize) -> bool {
    let latin = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let begins = !(latin(letters.at(from)) && latin(letters.before(from)));
    let ends = !(latin(letters.at(from + len - 1)) && latin(letters.at(from + len)));
    begins && ends
}
