//! The main test: whole federations in which everything goes wrong, each from a seed. What goes wrong, and what must hold
//! all the same, is in `tools/fleet`.

use std::sync::OnceLock;
use std::time::Instant;

use lianzhan_fleet::{Plan, Template, many, simulate};
use lianzhan_protocol::sync::Misbehaviour;

use super::process::{alone, measured};

/// Seeds of every run; `TEST_SEED` has others begin.
const SEEDS: u64 = 2_000;

fn template() -> &'static Template {
    static TEMPLATE: OnceLock<Template> = OnceLock::new();
    TEMPLATE.get_or_init(|| Template::found().expect("a federation is founded"))
}

#[test]
fn whatever_goes_wrong_all_holders_agree_in_the_end() {
    // It takes all cores for minutes; processes and browsers beside it would wait beyond their patience.
    let _lane = alone();
    let from = std::env::var("TEST_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(0);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let template = template();
    let started = Instant::now();
    let (tally, failures) = many(template, Plan::of_seed, from..from + SEEDS, threads, |_| {});
    // How long that takes is the machine's affair, too: said, and not asserted.
    let seconds = started.elapsed().as_secs();
    measured(&format!(
        "simulation: seeds from {from} in {seconds} s on {threads} threads: {tally:?}"
    ));
    let words: Vec<String> = failures.iter().map(ToString::to_string).collect();
    assert!(words.is_empty(), "{}", words.join("\n\n"));
    let unseen: Vec<_> = FOUND_OUT
        .iter()
        .filter(|kind| !tally.kinds.contains_key(*kind))
        .collect();
    assert!(unseen.is_empty(), "no liar was found out by {unseen:?}");
    assert!(tally.beside > 0 && tally.deaf > 0 && tally.alike > 0 && tally.late > 0);
}

/// What liars do in so many seeds, each at least once.
const FOUND_OUT: [Misbehaviour; 17] = [
    Misbehaviour::WrongRoot,
    Misbehaviour::BadSignature,
    Misbehaviour::BadEntry,
    Misbehaviour::OutsideSpace,
    Misbehaviour::Rewind,
    Misbehaviour::StaleDirectory,
    Misbehaviour::FalseName,
    Misbehaviour::Unreadable,
    Misbehaviour::Oversized,
    Misbehaviour::Unasked,
    Misbehaviour::OutOfTurn,
    Misbehaviour::TooMuch,
    Misbehaviour::Flood,
    Misbehaviour::NoHello,
    Misbehaviour::Stalled,
    Misbehaviour::Withheld,
    Misbehaviour::OtherFederation,
];

/// Seeds that once found something, with what it was. What a seed does changes whenever the simulation learns something new;
/// of these faults only the payloads that were withheld have a plain test, too.
const FOUND: [(u64, &str); 10] = [
    (
        15,
        "a high-water file that could not be written kept what was committed from everybody for good",
    ),
    (158, "the key of an annex came before the payload that it opens"),
    (
        1117,
        "a receipt over a log that was closed meanwhile ended the session",
    ),
    (
        1238,
        "the same at a node that was put back with its high-water file",
    ),
    (1304, "a payload that a peer withheld was never asked for again"),
    (
        1433,
        "a log that was read while its branches had not parted yet was not read again when they had",
    ),
    (
        1666,
        "what the root wrote stayed witnessed in views when the witness below it, put back from an old copy, got another key",
    ),
    (
        1787,
        "a revocation that could not be saved was shown to peers all the same",
    ),
    (
        1830,
        "a branch of an own log that came while the node wrote on was passed over and never looked at",
    ),
    (1923, "a withheld payload kept what follows it waiting"),
];

/// The same of seeds in which orgs may change.
const FOUND_IN_CHANGES: [(u64, &str); 5] = [
    (
        1830,
        "a revocation on a branch that does not stand was known to those alone who wrote or read it while it stood",
    ),
    (
        1729,
        "what two nodes may share changed, and keys that were not given before were not asked for again",
    ),
    (
        181,
        "what was handed over by a change of orgs that a higher one replaced was taken for ill-gotten",
    ),
    (
        263,
        "who holds the spaces of an org that was merged could not judge what its people signed there",
    ),
    (
        341,
        "the same, of an org that moved before the other one was merged into it",
    ),
];

/// The same of seeds in which nodes and authorities get other keys.
const FOUND_IN_REKEYS: [(u64, &str); 3] = [
    (
        73,
        "a node took another key while its authority was being replaced, and nobody told it why it was refused",
    ),
    (115, "a peer that knew that it is no node any more was waited for"),
    (
        226,
        "the same, with an authority that was revoked before its new one was appointed, by a parent that is none any more",
    ),
];

/// And of seeds in which records name attachments.
const FOUND_IN_ATTACHMENTS: [(u64, &str); 1] = [(
    252,
    "an attachment that came while a peer asked for it was told as not there, and never again",
)];

/// And of the normal run.
const FOUND_SINCE: [(u64, &str); 4] = [
    (
        173,
        "rows and documents of orgs that a succession dropped said what they had said before",
    ),
    (
        932,
        "who had asked for an attachment in vain was told of it, which was there for a record that it may not hold",
    ),
    (
        3466,
        "honest nodes beside a liar were compared before one had taken note of what it had just stored",
    ),
    (
        4038,
        "a range was stored that waited when its receiver heard that it may hold the space no more",
    ),
];

#[test]
fn seeds_that_found_something_find_nothing_any_more() {
    let plain = FOUND.map(|(seed, what)| (Plan::unchanging(seed), what));
    let changing = FOUND_IN_CHANGES.map(|(seed, what)| (Plan::plain(seed), what));
    let rekeys = FOUND_IN_REKEYS.map(|(seed, what)| (Plan::with_rekeys(seed), what));
    let attached = FOUND_IN_ATTACHMENTS.map(|(seed, what)| (Plan::with_attachments(seed), what));
    let since = FOUND_SINCE.map(|(seed, what)| (Plan::of_seed(seed), what));
    let plans = plain
        .into_iter()
        .chain(changing)
        .chain(rekeys)
        .chain(attached)
        .chain(since);
    for (plan, what) in plans {
        if let Err(failure) = simulate(template(), &plan, false) {
            panic!("{what}: {failure}");
        }
    }
}

#[test]
fn a_seed_gives_the_same_again() {
    for seed in [7, 10, 3] {
        let run = || simulate(template(), &Plan::of_seed(seed), false);
        let [first, second] = [run(), run()].map(|run| run.expect("all is well"));
        assert_eq!(
            (first.digest, first.tally),
            (second.digest, second.tally),
            "seed {seed}"
        );
    }
}
