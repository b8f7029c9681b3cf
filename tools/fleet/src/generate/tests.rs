use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use lianzhan_node::config::Overrides;
use lianzhan_protocol::record::ledger::{Asked, Required, Values, ledgers};

use super::*;

fn options(dir: &Path, sync: bool) -> Options {
    Options {
        dir: dir.to_owned(),
        seed: 7,
        counties: 1,
        townships: 1,
        stations: 2,
        records: 60,
        years: (2025, 2025),
        ledgers: Vec::new(),
        sync,
    }
}

fn opened(outcome: &Outcome) -> Vec<std::sync::Arc<Node>> {
    let open =
        |node: &Generated| Node::open(&node.dir, &Overrides::default()).expect("a generated node opens");
    outcome.nodes.iter().map(open).collect()
}

/// What the rows of a ledger say of records, by record.
fn rows(node: &Node) -> BTreeMap<String, String> {
    let mut rows = BTreeMap::new();
    node.store()
        .read(|reader| {
            for id in reader.records_after(None, 100_000)? {
                if let Some(row) = reader.record(&id)?.filter(|row| !row.ledger.is_empty()) {
                    rows.insert(
                        id.to_string(),
                        format!("{} {} {}", row.ledger, row.title, row.happened),
                    );
                }
            }
            Ok(())
        })
        .expect("rows are read");
    rows
}

/// One prefecture of every ledger: what is written is whole, what the county holds says what its stations say, and everything
/// can be proved.
#[test]
fn a_prefecture_has_records_of_every_ledger_and_they_are_whole() {
    let dir = crate::template::scratch().unwrap();
    let outcome = generate(&options(dir.path(), true), |_| {}).unwrap();
    let all: BTreeSet<&str> = ledgers()
        .iter()
        .filter(|ledger| !is_annex(&ledger.id))
        .map(|ledger| ledger.id.as_str())
        .collect();
    let written: BTreeSet<&str> = outcome.written.keys().map(String::as_str).collect();
    let missing: Vec<_> = all.difference(&written).collect();
    assert!(
        missing.is_empty(),
        "ledgers of which there is nothing: {missing:?}"
    );
    for act in [
        "changed",
        "confirmed",
        "corrected",
        "lines written",
        "signed in",
        "sealed",
    ] {
        assert!(outcome.acts.contains_key(act), "{act}: {:?}", outcome.acts);
    }
    let nodes = opened(&outcome);
    let asked = Asked {
        as_of: Some("2026-01-01"),
        ..Asked::PLAIN
    };
    let mut lacking: BTreeMap<String, usize> = BTreeMap::new();
    for node in &nodes {
        for id in node
            .store()
            .read(|reader| reader.records_after(None, 100_000))
            .unwrap()
        {
            let (_, state) = node.state(&id).unwrap();
            let Some(ledger) = state.definition.and_then(|hash| node.definition(&hash)) else {
                continue;
            };
            let values: Values<'_> = state
                .fields
                .iter()
                .map(|(key, field)| (key.as_str(), &field.value))
                .collect();
            for fault in ledger.lacks(&values, Required::Complete, &asked) {
                *lacking
                    .entry(format!("{}.{}: {}", ledger.id, fault.field, fault.problem))
                    .or_default() += 1;
            }
        }
    }
    assert_eq!(lacking, BTreeMap::new());
    let county = rows(&nodes[1]);
    for (node, told) in nodes.iter().zip(&outcome.nodes) {
        let here = rows(node);
        let above: BTreeMap<_, _> = here.iter().filter(|(id, _)| county.contains_key(*id)).collect();
        assert!(
            above.len() > 10,
            "{}: {} records in common",
            told.name,
            above.len()
        );
        for (id, row) in above {
            assert_eq!(
                Some(row),
                county.get(id),
                "{} says the same as the county",
                told.name
            );
        }
        let report = node.check(|_| {}).unwrap();
        assert_eq!(report.faults, Vec::<String>::new(), "{}", told.name);
        assert!(report.attachments > 0 && report.documents > 0);
        let waiting = node.standing().unwrap().waiting;
        assert_eq!(waiting, 0, "{}: all is witnessed", told.name);
    }
}

#[test]
fn the_same_seed_gives_the_same_entries_and_another_seed_others() {
    let small = |seed: u64, name: &str, dir: &Path| {
        let options = Options {
            seed,
            records: 1,
            stations: 1,
            ..options(&dir.join(name), true)
        };
        generate(&options, |_| {}).unwrap().digest
    };
    let dir = crate::template::scratch().unwrap();
    let first = small(1, "a", dir.path());
    assert_eq!(first, small(1, "b", dir.path()));
    assert_ne!(first, small(2, "c", dir.path()));
}

#[test]
fn nothing_is_generated_into_what_is_there_and_what_cannot_be_is_refused() {
    let dir = crate::template::scratch().unwrap();
    std::fs::write(dir.path().join("x"), "x").unwrap();
    let refused = |options: Options| generate(&options, |_| {}).unwrap_err().to_string();
    assert!(refused(options(dir.path(), false)).contains("is not empty"));
    let fresh = options(&dir.path().join("fresh"), false);
    let years = |years| Options {
        years,
        ..fresh.clone()
    };
    assert!(refused(years((2025, 2024))).contains("--years"));
    assert!(refused(years((2000, 2025))).contains("--years"));
    let unknown = Options {
        ledgers: vec!["nonsense".into()],
        ..fresh
    };
    assert!(refused(unknown).contains("nonsense"));
    assert!(!dir.path().join("fresh").exists());
}
