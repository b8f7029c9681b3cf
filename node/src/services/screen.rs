//! Words are looked through for personal data before anything is signed: once it is signed it can be left out of no log, so
//! what is found is held back here, where it was typed. A person takes it out, or clears it with a note that is signed with
//! the words and does not repeat them ([`Event::Clear`]).

mod roster;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use lianzhan_protocol::id::Hash;
use lianzhan_protocol::personal::{Finding, Kind, Names, digest};
use lianzhan_protocol::record::ledger::{FieldKind, Ledger};
use lianzhan_protocol::record::{Event, Put, RecordState, Value};
use lianzhan_protocol::trust::{Audience, Space};

pub(in crate::services) use roster::Roster;

use super::ledger::{FieldFault, Values, kind_en, kind_zh};
use super::{Draft, Node, ServiceError};

/// Notes of what may stand though it looks like personal data, by the key of the put: `f:` and a field, or `e:`.
pub type Cleared = BTreeMap<String, String>;

/// Words in which something was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspicion {
    /// The words.
    pub words: String,
    /// What was found in them, in their order.
    pub found: Vec<Finding>,
    /// Names them and the place where they stand: a form that clears them says so.
    pub digest: Hash,
}

impl Suspicion {
    /// What was found, each kind once.
    pub fn kinds(&self) -> Vec<Kind> {
        kinds(&self.found)
    }
}

/// Whether what is in a space goes further than the township: there words must be free of personal data.
pub fn travels(space: &Space) -> bool {
    !matches!(space.audience, Audience::Local | Audience::Township)
}

/// The words of a field that somebody chose freely.
pub fn free_words<'v>(ledger: &Ledger, key: &str, value: &'v Value) -> Option<&'v str> {
    let (field, _) = ledger.resolve(key)?;
    // What the program draws at random is nobody's number.
    let free = !field.auto && matches!(field.kind, FieldKind::Str | FieldKind::Text);
    value.as_text().filter(|_| free)
}

/// The free words that a put writes, with its key.
fn words_of(ledger: &Ledger, put: &Put) -> Vec<(String, String)> {
    let words: Vec<String> = match (put.field_name(), &put.value) {
        (Some(name), value) => free_words(ledger, name, value)
            .map(str::to_owned)
            .into_iter()
            .collect(),
        (None, Value::Bytes(body)) => Event::parse(body).map_or_else(
            |_| Vec::new(),
            |event| event.words().into_iter().map(str::to_owned).collect(),
        ),
        (None, _) => Vec::new(),
    };
    words.into_iter().map(|words| (put.key.clone(), words)).collect()
}

fn kinds(found: &[Finding]) -> Vec<Kind> {
    let mut kinds: Vec<Kind> = found.iter().map(|finding| finding.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

/// Looks through words with the names that are known here.
pub struct Screen<'n> {
    node: &'n Node,
    own: Names,
}

impl Node {
    /// Looks through words of a record with these annexes: whom they name is looked for, too.
    pub fn screen<'a>(
        &self,
        annexes: impl IntoIterator<Item = (&'a str, &'a Values)>,
    ) -> Result<Screen<'_>, ServiceError> {
        let names = annexes
            .into_iter()
            .flat_map(|(ledger, values)| values.iter().filter(move |(key, _)| roster::is_name(ledger, key)));
        let own = Names::of(names.filter_map(|(_, value)| value.as_text()));
        self.roster.fill(self)?;
        Ok(Screen { node: self, own })
    }

    /// Reads the roster, so that who saves first does not wait for it: it takes a second for ten thousand annexes.
    pub fn know_roster(&self) -> Result<(), ServiceError> {
        self.roster.fill(self)
    }

    /// Refuses words of a statement that look like personal data: it goes to everybody below and above, and stays when all
    /// else is gone.
    pub(super) fn refuse_persons(&self, words: &str) -> Result<(), ServiceError> {
        let found = kinds(&self.screen([])?.look(words));
        if found.is_empty() {
            return Ok(());
        }
        let zh: Vec<&str> = found.iter().map(|kind| kind_zh(*kind)).collect();
        let en: Vec<&str> = found.iter().map(|kind| kind_en(*kind)).collect();
        Err(ServiceError::Bad(format!(
            "these words look like {} and stay for ever; take it out 这段话里像有{}，而它会一直保留，请删去",
            en.join(", "),
            zh.join("、"),
        )))
    }

    /// Refuses a draft in whose words something was found that nobody cleared.
    pub(super) fn screen_draft(&self, draft: &Draft) -> Result<(), ServiceError> {
        if !travels(&draft.space) {
            return Ok(());
        }
        let ledger = self.form_of(&draft.ledger, &draft.space)?;
        let annexes: Vec<(&str, Values)> = draft
            .annexes
            .iter()
            .map(|annex| (annex.ledger.as_str(), annex.fields.iter().cloned().collect()))
            .collect();
        let screen = self.screen(annexes.iter().map(|(ledger, values)| (*ledger, values)))?;
        let cleared = cleared_in(&draft.puts);
        let mut faults = Vec::new();
        for (key, words) in draft.puts.iter().flat_map(|put| words_of(ledger, put)) {
            let found = screen.look(&words);
            let named = digest(&key, &words);
            if found.is_empty()
                || cleared.contains(&(key.clone(), named))
                || self.was_cleared(draft, &key, &words)?
            {
                continue;
            }
            let suspicion = Suspicion {
                words,
                found,
                digest: named,
            };
            faults.push(FieldFault::suspected(&key, ledger, suspicion));
        }
        match faults.is_empty() {
            true => Ok(()),
            false => Err(ServiceError::Fields(faults)),
        }
    }

    /// Whether the record cleared these very words before: they were put once more.
    fn was_cleared(&self, draft: &Draft, key: &str, words: &str) -> Result<bool, ServiceError> {
        match draft.begins {
            Some(_) => Ok(false),
            None => Ok(self.state(&draft.record)?.1.is_cleared(key, words)),
        }
    }
}

/// Places and digests that puts clear.
fn cleared_in(puts: &[Put]) -> Vec<(String, Hash)> {
    let events = puts.iter().filter(|put| put.is_event());
    let cleared = events.filter_map(|put| match &put.value {
        Value::Bytes(body) => match Event::parse(body) {
            Ok(Event::Clear { key, digest, .. }) => Some((key, digest)),
            _ => None,
        },
        _ => None,
    });
    cleared.collect()
}

impl Screen<'_> {
    /// What looks like personal data.
    pub fn look(&self, words: &str) -> Vec<Finding> {
        let found = self.node.roster.look(words, &self.own);
        self.node.without_office(words, found)
    }

    /// Values in whose words something is found, by key.
    pub fn suspects(&self, ledger: &Ledger, values: &Values) -> Vec<(String, Suspicion)> {
        let words = values
            .iter()
            .filter_map(|(key, value)| Some((key, free_words(ledger, key, value)?)));
        let suspects = words.filter_map(|(key, words)| {
            let found = self.look(words);
            let put = format!("f:{key}");
            (!found.is_empty()).then(|| {
                let suspicion = Suspicion {
                    digest: digest(&put, words),
                    words: words.to_owned(),
                    found,
                };
                (put, suspicion)
            })
        });
        suspects.collect()
    }

    /// Whether a note may stay for ever: it is in order and holds nothing that it would clear.
    pub fn is_fit(&self, note: &str) -> bool {
        let note = note.trim();
        Event::is_fit_note(note) && self.look(note).is_empty()
    }

    /// The clearing notes for what `puts` write, where one was given and something is found.
    pub(super) fn notes(
        &self,
        ledger: &Ledger,
        puts: &[Put],
        cleared: &Cleared,
    ) -> Result<Vec<Put>, ServiceError> {
        let noted = puts.iter().flat_map(|put| words_of(ledger, put));
        let noted = noted.filter(|(key, _)| cleared.contains_key(key));
        let suspects = noted.filter_map(|(key, words)| {
            let suspicion = Suspicion {
                found: self.look(&words),
                digest: digest(&key, &words),
                words,
            };
            (!suspicion.found.is_empty()).then_some((key, suspicion))
        });
        self.notes_for(ledger, suspects.collect(), cleared)
    }

    /// The clearing notes for what is suspected, where one was given. A note that may not stay is told at its field.
    pub(super) fn notes_for(
        &self,
        ledger: &Ledger,
        suspects: Vec<(String, Suspicion)>,
        cleared: &Cleared,
    ) -> Result<Vec<Put>, ServiceError> {
        let mut notes = Vec::new();
        for (key, suspicion) in suspects {
            let Some(note) = cleared.get(&key) else { continue };
            if !self.is_fit(note) {
                let fault = FieldFault::suspected(&key, ledger, suspicion);
                return Err(ServiceError::Fields(vec![fault.badly_noted()]));
            }
            notes.push(Put::event(&Event::Clear {
                kinds: suspicion.kinds(),
                digest: digest(&key, &suspicion.words),
                note: note.trim().to_owned(),
                key,
            }));
        }
        Ok(notes)
    }
}

/// What is found in words of a record that is signed already and that nobody cleared.
pub(super) fn uncleared(
    screen: &Screen<'_>,
    ledger: &Ledger,
    state: &RecordState,
) -> Vec<(String, Suspicion)> {
    let values = state.fields.iter();
    let values: Values = values
        .map(|(key, field)| (key.clone(), field.value.clone()))
        .collect();
    let mut found = screen.suspects(ledger, &values);
    for words in state.events.iter().flat_map(|event| event.event.words()) {
        let suspected = screen.look(words);
        if !suspected.is_empty() {
            let suspicion = Suspicion {
                words: words.to_owned(),
                found: suspected,
                digest: digest(Put::EVENT, words),
            };
            found.push((Put::EVENT.to_owned(), suspicion));
        }
    }
    found.retain(|(key, suspicion)| !state.is_cleared(key, &suspicion.words));
    found
}
