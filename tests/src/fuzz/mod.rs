//! One body for each decoder of foreign bytes. `fuzz/` gives them to libFuzzer; the tests here give them valid samples
//! that are mutated by dice. A body panics when its decoder panics, takes more than one form of a value, or reads what it
//! wrote otherwise.

mod archive;
mod bodies;
mod mutate;
mod samples;
#[cfg(test)]
mod seeded;

pub use bodies::{
    appointment, bundle, carry, change, checkpoint, consistency, entry, event, founding, frame, invitation,
    join, ledger, line, media, note, packed, piece, proof, request, sealed, setting, spreadsheet, statement,
    statement_body, vkey,
};
pub use samples::Samples;

use crate::dice::Dice;

/// A decoder under attack.
pub struct Target {
    /// The name of its fuzz target, and of its folders of seeds and crashers.
    pub name: &'static str,
    /// What is done with bytes.
    pub body: fn(&[u8]),
    /// Valid bytes to start from.
    pub seeds: fn(&Samples) -> Vec<Vec<u8>>,
    /// How they are mutated.
    pub mutate: fn(&[Vec<u8>], &mut Dice) -> Vec<u8>,
    /// How many mutants the tests make: more where they are cheap.
    pub cases: usize,
}

/// All of them.
pub const TARGETS: [Target; 26] = [
    target("frame", frame, Samples::frames, mutate::of_bytes, 20_000),
    target("packed", packed, Samples::packed, mutate::of_bytes, 20_000),
    target("carry", carry, Samples::carry_files, mutate::of_bytes, 10_000),
    target("entry", entry, Samples::entries, mutate::of_bytes, 20_000),
    target("change", change, Samples::changes, mutate::of_bytes, 30_000),
    target("sealed", sealed, Samples::sealed, mutate::of_bytes, 10_000),
    target("event", event, Samples::events, mutate::of_bytes, 50_000),
    target(
        "statement",
        statement,
        Samples::statements,
        mutate::of_bytes,
        10_000,
    ),
    target(
        "appointment",
        appointment,
        Samples::appointments,
        mutate::of_bytes,
        10_000,
    ),
    target("founding", founding, Samples::foundings, mutate::of_bytes, 10_000),
    target("note", note, Samples::notes, mutate::of_bytes, 20_000),
    target("line", line, Samples::lines, mutate::of_bytes, 50_000),
    target("vkey", vkey, Samples::vkeys, mutate::of_bytes, 30_000),
    target(
        "checkpoint",
        checkpoint,
        Samples::checkpoints,
        mutate::of_bytes,
        50_000,
    ),
    target("proof", proof, Samples::proofs, mutate::of_bytes, 20_000),
    target(
        "consistency",
        consistency,
        Samples::consistencies,
        mutate::of_bytes,
        30_000,
    ),
    target("bundle", bundle, Samples::bundles, mutate::of_bundle, 1_000),
    target(
        "statement_body",
        statement_body,
        Samples::statement_bodies,
        mutate::of_bytes,
        20_000,
    ),
    target(
        "spreadsheet",
        spreadsheet,
        Samples::spreadsheets,
        mutate::of_spreadsheet,
        1_500,
    ),
    target(
        "invitation",
        invitation,
        Samples::invitations,
        mutate::of_code,
        10_000,
    ),
    target("request", request, Samples::requests, mutate::of_code, 10_000),
    target("join", join, Samples::joins, mutate::of_bytes, 20_000),
    target("media", media, Samples::media, mutate::of_bytes, 3_000),
    target("piece", piece, Samples::pieces, mutate::of_bytes, 20_000),
    target("setting", setting, Samples::settings, mutate::of_bytes, 30_000),
    target("ledger", ledger, Samples::ledgers, mutate::of_bytes, 5_000),
];

const fn target(
    name: &'static str,
    body: fn(&[u8]),
    seeds: fn(&Samples) -> Vec<Vec<u8>>,
    mutate: fn(&[Vec<u8>], &mut Dice) -> Vec<u8>,
    cases: usize,
) -> Target {
    Target {
        name,
        body,
        seeds,
        mutate,
        cases,
    }
}
