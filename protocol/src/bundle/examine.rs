//! The order of examination: founding statement, statements, logs, entries, records. Writer and verifier go through the
//! same, so what is written verifies. The manifest and the summary are not looked at here.

use std::collections::{BTreeMap, BTreeSet};

use super::archive::View;
use super::facts::Names;
use super::layout::{
    ENTRIES, FOUNDING_FILE, LOGS, README, README_FILE, STATEMENTS, log_folder, statement_file,
};
use super::refusal::{At, Reason, Refusal};
use super::summary::Summary;
use super::{check_entry, check_log, conclude, rules};
use crate::id::StatementId;
use crate::log::{EntryIndex, Origin};
use crate::spread::{self, Spread};
use crate::trust::{Directory, FoundingStatement, SignedStatement};

/// Takes a file out of those not yet used.
pub(super) fn take<'a>(files: &mut View<'a>, path: &str) -> Result<&'a [u8], Refusal> {
    files
        .remove(path)
        .ok_or_else(|| Refusal::new(path, Reason::Missing))
}

/// As [`take`], for a text.
pub(super) fn take_text<'a>(files: &mut View<'a>, path: &str) -> Result<&'a str, Refusal> {
    text(take(files, path)?, path)
}

/// The text that a file is.
pub(super) fn text<'a>(bytes: &'a [u8], path: &str) -> Result<&'a str, Refusal> {
    let not_text = |_| {
        Refusal::new(
            path,
            Reason::Codec(crate::codec::CodecError::Malformed("not UTF-8".into())),
        )
    };
    std::str::from_utf8(bytes).map_err(not_text)
}

/// Verifies the files and says what follows from them; uses each of them.
pub(super) fn examine(
    mut files: View<'_>,
    trusted: &FoundingStatement,
    how: &(impl Spread + Sync),
) -> Result<Summary, Refusal> {
    let files = &mut files;
    if take(files, README_FILE)? != README.as_bytes() {
        return Err(Refusal::new(README_FILE, Reason::Readme));
    }
    let founding = FoundingStatement::open(take(files, FOUNDING_FILE)?).at(FOUNDING_FILE)?;
    if founding.id() != trusted.id() {
        let reason = Reason::OtherFounding {
            trusted: trusted.id(),
            found: founding.id(),
        };
        return Err(Refusal::new(FOUNDING_FILE, reason));
    }
    let directory = statements(files, founding)?;

    let mut logs: BTreeMap<Origin, check_log::Log> = BTreeMap::new();
    for folder in names(files, LOGS, '/') {
        let log = check_log::check(files, &format!("{LOGS}{folder}/"), &directory)?;
        logs.insert(log.origin.clone(), log);
    }
    let items = entries(files);
    let mut entries = Vec::with_capacity(items.len());
    for checked in spread::each(how, &items, |item| check_entry::check(item, &logs)) {
        match checked {
            Ok(entry) => entries.push(entry),
            Err(refusal) => return Err(check_entry::unreadable(&entries).unwrap_or(refusal)),
        }
    }
    let mut shown = Shown::default();
    entries.iter().for_each(|entry| shown.note(entry));
    // A missing dependency is the cause where a dropped change leaves its appointment unused.
    let names = Names::of(&directory);
    let records = conclude::records(&directory, &names, &logs, &entries, how)
        .map_err(|refusal| check_entry::unreadable(&entries).unwrap_or(refusal))?;
    all_used(files, &directory, &logs, &shown)?;
    let root = directory.root();
    Ok(Summary {
        founding: directory.founding().id(),
        root: names.get(&root),
        statements: directory.statements().map(SignedStatement::id).collect(),
        logs: logs.values().map(|log| log.horizon(&names)).collect(),
        names,
        records,
    })
}

/// Takes out the files of changes. They lie side by side, and there may be very many: none is looked for by its path.
fn entries<'a>(files: &mut View<'a>) -> Vec<check_entry::Item<'a>> {
    let mut items: Vec<check_entry::Item<'_>> = Vec::new();
    for (path, bytes) in files.split_off(ENTRIES) {
        let taken = check_entry::named(path).is_some_and(|(id, ending)| {
            if items.last().is_none_or(|item| item.id() != id) {
                items.push(check_entry::Item::new(id));
            }
            items.last_mut().is_some_and(|item| item.take(ending, bytes))
        });
        if !taken {
            files.insert(path, bytes);
        }
    }
    items
}

/// Opens all statements and judges them; every one must stand, but for those by which others are judged all
/// the same.
fn statements(files: &mut View<'_>, founding: FoundingStatement) -> Result<Directory, Refusal> {
    let mut opened = Vec::new();
    for name in names(files, STATEMENTS, '.') {
        let path = format!("{STATEMENTS}{name}.cose");
        let statement = SignedStatement::open(take(files, &path)?).at(&path)?;
        if statement.id().to_string() != name {
            return Err(Refusal::new(path, Reason::OtherName(statement.id().to_string())));
        }
        opened.push(statement);
    }
    let mut directory = Directory::new(founding);
    directory.extend(opened);
    // The cause before what rests on it, so that the thing named is the one to look at.
    let tolerated = directory.bearing();
    let faults = || {
        let faults = directory.faults().iter();
        faults.filter(|(id, _)| !tolerated.contains(*id))
    };
    let rests = |fault: &crate::trust::StatementFault| {
        fault.is_pending() || matches!(fault, crate::trust::StatementFault::Issuer(_))
    };
    match faults()
        .find(|(_, fault)| !rests(fault))
        .or_else(|| faults().next())
    {
        Some((id, fault)) => Err(Refusal::new(
            statement_file(id),
            Reason::DoesNotStand(fault.clone()),
        )),
        None => Ok(directory),
    }
}

/// What is in the bundle of changes: their places by log, and what they name.
#[derive(Default)]
struct Shown {
    places: BTreeMap<Origin, Vec<EntryIndex>>,
    changes: Vec<rules::Named>,
}

impl Shown {
    fn note(&mut self, entry: &check_entry::Checked<'_>) {
        let origin = &entry.log.origin;
        match self.places.get_mut(origin) {
            Some(places) => places.push(entry.index),
            None => drop(self.places.insert(origin.clone(), vec![entry.index])),
        }
        self.changes.push((entry.id, entry.appointment));
    }
}

/// Nothing lies in the bundle that no proof needs: no file, statement, log or receipt.
fn all_used(
    files: &View<'_>,
    directory: &Directory,
    logs: &BTreeMap<Origin, check_log::Log>,
    shown: &Shown,
) -> Result<(), Refusal> {
    if let Some(path) = files.keys().next() {
        return Err(Refusal::new(*path, Reason::Unused));
    }
    for log in logs.values() {
        let folder = log_folder(&log.origin).unwrap_or_default();
        let Some(here) = shown.places.get(&log.origin) else {
            return Err(Refusal::new(folder, Reason::Unused));
        };
        let used = rules::in_use(&log.receipts, here.iter().copied());
        if let Some(n) = (0..log.receipts.len()).find(|n| !used.contains(n)) {
            return Err(Refusal::new(
                super::layout::receipt_file(&folder, n + 1, "receipt"),
                Reason::Unused,
            ));
        }
    }
    let evidence: Vec<rules::Needs<'_>> = logs
        .values()
        .map(|log| rules::Needs {
            start: &log.start,
            receipts: &log.receipts,
        })
        .collect();
    let needed: BTreeSet<StatementId> = rules::needed(directory, &evidence, &shown.changes)
        .into_iter()
        .map(SignedStatement::id)
        .collect();
    match directory
        .statements()
        .find(|statement| !needed.contains(&statement.id()))
    {
        Some(statement) => Err(Refusal::new(statement_file(&statement.id()), Reason::Unused)),
        None => Ok(()),
    }
}

/// The different names that follow `prefix` up to `end` or the path's end, in order.
fn names<'a>(files: &View<'a>, prefix: &str, end: char) -> Vec<&'a str> {
    let mut names: Vec<&str> = files
        .keys()
        .filter_map(|path| path.strip_prefix(prefix))
        .map(|rest| rest.split(end).next().unwrap_or(rest))
        .collect();
    names.dedup();
    names
}
