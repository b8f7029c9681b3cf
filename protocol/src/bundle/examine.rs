//! The order of examination: founding statement, statements, logs, entries, records. Writer and verifier go through the
//! same, so what is written verifies. The manifest and the summary are not looked at here.

use std::collections::{BTreeMap, BTreeSet};

use super::archive::View;
use super::facts::Names;
use super::layout::{
    ENTRIES, FOUNDING_FILE, LOGS, README, README_FILE, STATEMENTS, log_folder, statement_file,
};
use super::refusal::{At, Reason, Refusal};
use super::spread::{self, Spread};
use super::summary::Summary;
use super::{check_entry, check_log, conclude, rules};
use crate::id::StatementId;
use crate::log::{EntryIndex, Origin};
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
    let entries = spread::each(how, &items, |item| check_entry::check(item, &logs))
        .into_iter()
        .collect::<Result<Vec<_>, _>>()?;
    let mut shown = Shown::default();
    entries.iter().for_each(|entry| shown.note(entry));
    // A missing dependency is the cause where a dropped change leaves its appointment unused.
    let names = Names::of(&directory);
    let records = conclude::records(&directory, &names, &logs, entries, how)?;
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
    let mut here = files.split_off(ENTRIES);
    here.retain(|path, bytes| {
        let Some((id, ending)) = check_entry::named(path) else {
            return true;
        };
        if items.last().is_none_or(|item| item.id() != id) {
            items.push(check_entry::Item::new(id));
        }
        items.last_mut().is_none_or(|item| !item.take(ending, bytes))
    });
    files.append(&mut here);
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
    fn note(&mut self, entry: &check_entry::Checked) {
        let held = &entry.held;
        match self.places.get_mut(&held.origin) {
            Some(places) => places.push(held.index),
            None => drop(self.places.insert(held.origin.clone(), vec![held.index])),
        }
        self.changes.push((held.id, held.appointment));
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
