//! Judge and fold: from verified changes to the facts of each record, with the ledgers that come with the program and those
//! of which the bundle has the definitions.

use std::collections::BTreeMap;

use super::check_entry::Checked;
use super::check_log::Log;
use super::facts::{Author, ChainLink, ChangeFacts, EventFacts, Names, RecordFacts};
use super::layout::entry_file;
use super::refusal::{Reason, Refusal};
use super::shared::Shared;
use super::summary::RecordSummary;
use crate::id::{RecordId, StatementId};
use crate::log::{EntryIndex, Origin, doubt};
use crate::record::activity::Activity;
use crate::record::ledger::by_hash;
use crate::record::ledger::definitions::{self, Defined, Definitions};
use crate::record::{
    Confirmed, Event, EventState, Graph, Held, JudgeContext, RecordState, Verdict, fold_graph, judge,
};
use crate::spread::{self, Spread};
use crate::trust::{Directory, Space};

/// The ledger of activities: its records have sign-ins, lines and seals.
const ACTIVITY: &str = "activity";

/// What the records are judged against.
struct Ground<'a> {
    directory: &'a Directory,
    names: &'a Names,
    logs: &'a BTreeMap<Origin, Log>,
    /// Who holds the appointments that changes name.
    authors: BTreeMap<StatementId, Option<Shared<Author>>>,
    /// What orgs added, as far as the records that say so are in the bundle.
    definitions: Definitions,
}

/// The facts of every record, by id.
pub(super) fn records(
    directory: &Directory,
    names: &Names,
    logs: &BTreeMap<Origin, Log>,
    entries: &[Checked<'_>],
    how: &impl Spread,
) -> Result<Vec<RecordSummary>, Refusal> {
    if let Some(entry) = at_a_place_taken(entries) {
        return Err(Refusal::new(entry_file(&entry.id, "entry"), Reason::SamePlace));
    }
    let mut authors = BTreeMap::new();
    for entry in entries {
        let appointment = entry.appointment;
        authors
            .entry(appointment)
            .or_insert_with(|| author(directory, names, &appointment).map(Shared::from));
    }
    if entries.is_empty() {
        return Err(Refusal::new("entries", Reason::Empty));
    }
    let mut ground = Ground {
        directory,
        names,
        logs,
        authors,
        definitions: Definitions::default(),
    };
    let mut sorted: Vec<&Checked<'_>> = entries.iter().collect();
    sorted.sort_by_key(|entry| entry.record);
    let by_record: Vec<&[&Checked<'_>]> = sorted.chunk_by(|one, two| one.record == two.record).collect();
    let defined = by_record
        .iter()
        .filter_map(|entries| defined(&ground, entries).transpose());
    ground.definitions = defined.collect::<Result<Definitions, _>>()?;
    spread::each(how, &by_record, |entries| record(&ground, entries))
        .into_iter()
        .collect()
}

/// The first entry at whose place another one stands before it.
fn at_a_place_taken<'e, 'a>(entries: &'e [Checked<'a>]) -> Option<&'e Checked<'a>> {
    let places = entries.iter().enumerate();
    let mut places: Vec<(EntryIndex, &Origin, usize)> = places
        .map(|(n, entry)| (entry.index, &entry.log.origin, n))
        .collect();
    places.sort_unstable();
    let taken = places.windows(2).filter_map(|pair| match pair {
        [one, two] if (one.0, one.1) == (two.0, two.1) => Some(two.2),
        _ => None,
    });
    taken.min().and_then(|n| entries.get(n))
}

/// What a record adds to the ledgers, if it is one of those that do and counts.
fn defined(ground: &Ground<'_>, entries: &[&Checked<'_>]) -> Result<Option<Defined>, Refusal> {
    let Some(id) = entries.first().map(|entry| entry.record) else {
        return Ok(None);
    };
    let entries = entries.iter().map(|entry| entry.held());
    let entries = &entries.collect::<Result<Vec<Held>, _>>()?;
    let is_definition = |held: &Held| {
        let ledger = by_hash(&held.change.definition);
        ledger.is_some_and(|ledger| ledger.id == definitions::LEDGER)
    };
    if !entries.iter().any(is_definition) {
        return Ok(None);
    }
    let space = one_space(ground.logs, id, entries)?;
    let graph = Graph::build(entries);
    let state = fold_graph(
        id,
        &space.id(),
        &graph,
        |held| verdict(ground, space, held),
        by_hash,
    );
    let mut all = state.beginnings(entries);
    Ok(all.find_map(|(held, verdict)| Defined::read(id, space.owner, &held.change, verdict)))
}

fn verdict(ground: &Ground<'_>, space: &Space, held: &Held) -> Verdict {
    let log = ground.logs.get(&held.origin);
    let context = JudgeContext {
        directory: ground.directory,
        space,
        node: log.map(|log| (log.start.node, log.start.org)),
        ledger: &|hash| ground.definitions.judging(hash, ground.directory, &space.owner),
    };
    judge(&context, held)
}

fn record(ground: &Ground<'_>, entries: &[&Checked<'_>]) -> Result<RecordSummary, Refusal> {
    let Some(id) = entries.first().map(|entry| entry.record) else {
        return Err(Refusal::new("entries", Reason::Empty));
    };
    let entries = entries.iter().map(|entry| entry.held());
    let entries = &entries.collect::<Result<Vec<Held>, _>>()?;
    let Ground {
        names,
        logs,
        authors,
        definitions,
        ..
    } = ground;
    let space = one_space(logs, id, entries)?;
    let graph = Graph::build(entries);
    if let Some((change, missing)) = graph.waiting().first() {
        return Err(Refusal::new(
            entry_file(&change.id, "payload"),
            Reason::MissingDependency(*missing),
        ));
    }
    let ledger = |hash: &_| definitions.ledger(hash);
    let mut state = fold_graph(
        id,
        &space.id(),
        &graph,
        |held| verdict(ground, space, held),
        ledger,
    );
    let mut by_id: Vec<&Held> = entries.iter().collect();
    by_id.sort_unstable_by_key(|held| held.id);
    let changes = std::mem::take(&mut state.history)
        .into_iter()
        .filter_map(|item| {
            let at = by_id.binary_search_by_key(&item.change, |held| held.id).ok()?;
            let held = by_id.get(at)?;
            let log = logs.get(&held.origin)?;
            Some(ChangeFacts {
                id: item.change,
                log: log.name.clone(),
                index: held.index.0,
                author: authors.get(&held.appointment).cloned().flatten(),
                recorded: held.recorded,
                witnessed: log.witnessed_change(names, held),
                doubt: doubt(held.recorded, &held.covered),
                verdict: item.verdict,
            })
        })
        .collect();
    Ok(RecordSummary {
        record: facts(ground, space, &graph, state),
        changes,
    })
}

/// The space in which all changes of a record lie.
fn one_space<'l>(
    logs: &'l BTreeMap<Origin, Log>,
    id: RecordId,
    entries: &[Held],
) -> Result<&'l Space, Refusal> {
    let mut spaces = entries
        .iter()
        .filter_map(|held| logs.get(&held.origin))
        .map(|log| &log.start.space);
    let first = spaces
        .next()
        .ok_or_else(|| Refusal::new("entries", Reason::Empty))?;
    if spaces.all(|space| space == first) {
        Ok(first)
    } else {
        Err(Refusal::new(format!("record {id}"), Reason::SeveralSpaces(id)))
    }
}

fn facts(ground: &Ground<'_>, space: &Space, graph: &Graph<'_>, state: RecordState) -> RecordFacts {
    let directory = ground.directory;
    let ledger = state.definition.and_then(|hash| ground.definitions.ledger(&hash));
    let organiser = directory.org(&space.owner).map(|org| org.level);
    let activity = organiser
        .filter(|_| ledger.is_some_and(|ledger| ledger.id == ACTIVITY))
        .map(|organiser| {
            Activity::of(&state, organiser, |heads, change| {
                let Some(change) = graph.position(change) else {
                    return false;
                };
                let mut heads = heads.iter().filter_map(|head| graph.position(head));
                heads.any(|head| head == change || graph.saw(head, change))
            })
        });
    RecordFacts {
        id: state.id,
        ledger: ledger.map(|ledger| ledger.id.clone()),
        definition: state.definition,
        space: space.id(),
        audience: space.audience.as_str(),
        owner: ground.names.get(&space.owner),
        events: state
            .events
            .iter()
            .map(|event| event_facts(ground.names, event))
            .collect(),
        confirmed: state.confirmed,
        confirmed_for: state.confirmed_for,
        notes: state.notes,
        fields: state.fields,
        activity,
        heads: state.heads,
    }
}

fn event_facts(names: &Names, state: &EventState) -> EventFacts {
    let (text, level, digest) = match &state.event {
        Event::SignIn { deputy, level, .. } => (Some(deputy.clone()), Some(*level), None),
        Event::SignInFor { actor, level, .. } => (Some(actor.name.clone()), Some(*level), None),
        Event::LogLine { text, .. } => (Some(text.clone()), None, None),
        Event::Seal { level, digest, .. } => (None, Some(*level), Some(*digest)),
        Event::Correct { reason, .. } => (Some(reason.clone()), None, None),
        Event::Confirm {
            of: Confirmed::Record { digest, .. },
        } => (None, None, Some(*digest)),
        Event::ConfirmFor { of, actor, .. } => {
            let digest = match of {
                Confirmed::Record { digest, .. } => Some(*digest),
                Confirmed::Event { .. } => None,
            };
            (Some(actor.name.clone()), None, digest)
        }
        Event::Clear { note, .. } => (Some(note.clone()), None, None),
        _ => (None, None, None),
    };
    let (of, right) = match &state.event {
        Event::Correct { of, right, .. } => (Some(*of), Some(right.clone())),
        Event::Confirm {
            of: Confirmed::Event { event },
        }
        | Event::ConfirmFor {
            of: Confirmed::Event { event },
            ..
        } => (Some(*event), None),
        _ => (None, None),
    };
    EventFacts {
        id: state.id,
        kind: state.event.kind(),
        change: state.change,
        by: state.by.name.clone(),
        org: names.get(&state.by.org),
        happened: state.event.happened().map(str::to_owned),
        text,
        level,
        digest,
        of,
        right,
        actor: state.event.for_another().map(|(actor, ..)| actor.clone()),
        proof: state.event.for_another().map(|(_, proof, _)| proof),
        evidence: state.event.for_another().map(|(.., evidence)| *evidence),
        ineffective: state.effect.as_ref().err().cloned(),
    }
}

/// Who holds the appointment, with the chain up to the founding statement.
fn author(directory: &Directory, names: &Names, id: &StatementId) -> Option<Author> {
    let appointment = directory.appointment(id).ok()?;
    let mut chain: Vec<ChainLink> = directory
        .chain(id)
        .ok()?
        .links
        .iter()
        .filter_map(|link| {
            directory
                .appointment(link)
                .ok()
                .map(|appointment| (link, appointment))
        })
        .map(|(link, appointment)| ChainLink {
            statement: *link,
            name: appointment.name.clone(),
            org: names.get(&appointment.org),
        })
        .collect();
    let root = names.get(&directory.root());
    chain.push(ChainLink {
        statement: directory.founding().id(),
        name: String::new(),
        org: root,
    });
    Some(Author {
        appointment: *id,
        name: appointment.name.clone(),
        org: names.get(&appointment.org),
        roles: appointment.roles.clone(),
        seat: appointment.seat,
        person: appointment.person,
        chain,
    })
}
