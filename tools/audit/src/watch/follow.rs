//! One look at one node: each checkpoint against what was seen before.

use lianzhan_protocol::log::{Checkpoint, SignedCheckpoint, TreeSize, read_growth, verify_consistency};

use super::evidence;
use super::fetch::{Published, Source};
use super::state::{Seen, State};
use super::tell::{Told, What};

/// Looks at every log that a node publishes or published. What extends what was seen is remembered; what does not is told,
/// with both notes kept, and what was seen stays what is remembered.
pub(super) fn source(source: &Source, state: &mut State) -> Vec<Told> {
    let tell = |origin: Option<&str>, what| Told {
        url: source.url().to_owned(),
        origin: origin.map(str::to_owned),
        what,
        evidence: Vec::new(),
    };
    let logs = match source.list() {
        Ok(logs) => logs,
        Err(error) => {
            let why = format!("{error:#}");
            return vec![tell(None, What::Unreachable { why })];
        }
    };
    let mut all = Vec::new();
    for origin in state.origins(source.url()) {
        if !logs.iter().any(|log| log.origin.as_str() == origin) {
            all.push(tell(Some(&origin), What::Withdrawn));
        }
    }
    for log in &logs {
        let origin = log.origin.as_str();
        let seen = state.seen(source.url(), origin).cloned();
        let look = look(source, log, seen.as_ref());
        let mut told = tell(Some(origin), look.what);
        match (look.note, told.is_alarm()) {
            (Some(note), true) => {
                let old = seen.as_ref().map_or("", |seen| seen.note.as_str());
                let vkey = format!("{}\n", log.key);
                match evidence::keep(&state.evidence_dir(), origin, &vkey, old, &note) {
                    Ok(paths) => {
                        told.evidence = paths.iter().map(|path| path.display().to_string()).collect()
                    }
                    Err(error) => {
                        let why = format!("{error:#}");
                        all.push(tell(Some(origin), What::NotKept { why }));
                    }
                }
            }
            (Some(note), false) => {
                if let Some(checkpoint) = look.checkpoint {
                    let seen = Seen {
                        vkey: log.key.to_string(),
                        size: checkpoint.size.0,
                        root: checkpoint.root,
                        note,
                    };
                    state.keep(source.url(), origin, seen);
                }
            }
            (None, _) => {}
        }
        all.push(told);
    }
    all
}

/// What came of looking at one log.
struct Look {
    what: What,
    note: Option<String>,
    /// Verified.
    checkpoint: Option<Checkpoint>,
}

fn look(source: &Source, log: &Published, seen: Option<&Seen>) -> Look {
    let note = match source.checkpoint(&log.id) {
        Ok(note) => note,
        Err(error) => {
            let why = format!("{error:#}");
            return Look {
                what: What::Unreachable { why },
                note: None,
                checkpoint: None,
            };
        }
    };
    match SignedCheckpoint::open(&note, log.key.key(), &log.origin) {
        Ok(checkpoint) => Look {
            what: judge(source, log, seen, &checkpoint),
            note: Some(note),
            checkpoint: Some(checkpoint),
        },
        Err(error) => Look {
            what: What::BadCheckpoint {
                why: error.to_string(),
            },
            note: Some(note),
            checkpoint: None,
        },
    }
}

/// A verified checkpoint against what was seen.
fn judge(source: &Source, log: &Published, seen: Option<&Seen>, now: &Checkpoint) -> What {
    let to = now.size.0;
    let Some(seen) = seen else {
        return What::First { size: to };
    };
    if seen.vkey != log.key.to_string() {
        return What::OtherKey;
    }
    let from = seen.size;
    if to < from {
        return What::RolledBack { from, to };
    }
    if to == from {
        return if seen.root == now.root {
            What::Unchanged { size: to }
        } else {
            What::Fork { size: to }
        };
    }
    match grown(source, log, seen, now) {
        Ok(()) => What::Grew { from, to },
        Err(error) => What::NotExtended {
            from,
            to,
            why: format!("{error:#}"),
        },
    }
}

/// Asks for the proof and checks it. The proof must be against a checkpoint of the very tree that was shown.
fn grown(source: &Source, log: &Published, seen: &Seen, now: &Checkpoint) -> anyhow::Result<()> {
    let text = source.growth(&log.id, seen.size, now.size.0)?;
    let (_, note) = text
        .split_once("\n\n")
        .ok_or_else(|| anyhow::anyhow!("not the proof of a growth"))?;
    let signed = SignedCheckpoint::verify(note, log.key.key(), &log.origin)?;
    anyhow::ensure!(signed.checkpoint() == now, "the proof is for another tree");
    let hashes = read_growth(&text, seen.size, signed.note())
        .ok_or_else(|| anyhow::anyhow!("not the proof of a growth"))?;
    verify_consistency(TreeSize(seen.size), now.size, &seen.root, &now.root, &hashes)?;
    Ok(())
}
