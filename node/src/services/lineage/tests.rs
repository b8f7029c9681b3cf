//! A county with two townships and the stations of one: a station is merged, split, moved, and what is asked for by org or by
//! division code goes on finding what was written before.

use std::path::Path;

use lianzhan_protocol::id::RecordId;
use serde_json::json;

use super::*;
use crate::services::exchange::Export;
use crate::services::ledger::{Asked, RecordBrief};
use crate::services::orgs::Becoming;
use crate::services::orgs::tests::{COUNTY, FENGDU, LIULIN, QINGYA, SHIQIAO, World};
use crate::services::select::Selection;
use crate::services::visit::LEDGER;

const DEEDS: &str = "good_deeds";

fn asked(pairs: &[(&str, &str)]) -> Asked {
    Asked::new(
        pairs
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect(),
    )
}

/// What a list of a ledger shows.
fn listed(node: &Node, ledger: &str, pairs: &[(&str, &str)]) -> Vec<RecordId> {
    let ledger = node.book(ledger).unwrap();
    let (rows, count) = node.list(ledger, &asked(pairs), 0, 50).unwrap();
    assert_eq!(rows.len() as u64, count);
    rows.into_iter().map(|row| row.record).collect()
}

fn owner(node: &Node, record: &RecordId) -> String {
    let row = node
        .store()
        .read(|reader| reader.record(record))
        .unwrap()
        .unwrap();
    let owner = Owner::of(&node.directory(), &row.owner, &row.space).unwrap();
    owner.words(Words::Zh, |org| org.name_zh.clone())
}

fn table(node: &Node, ledger: &str, words: Words) -> String {
    let mut out = Vec::new();
    let pairs = vec![("form".to_owned(), "csv".to_owned())];
    let export = Export::asked(ledger, pairs, words).unwrap();
    node.export(None, &export, &mut out, |_, _| {}).unwrap();
    String::from_utf8(out).unwrap()
}

fn merged() -> (World, RecordId) {
    let world = World::new();
    let visit = world.visit();
    let liulin = world.org(LIULIN);
    world
        .states(FENGDU, SHIQIAO, Becoming::Succeeded(vec![liulin]))
        .unwrap();
    world.adopts(FENGDU, &visit);
    world.nodes[SHIQIAO].catch_up(|_| {}).unwrap();
    (world, visit.record)
}

#[test]
fn whoever_asks_for_a_station_finds_the_records_of_one_that_was_merged_into_it() {
    let (world, record) = merged();
    let node = &world.nodes[SHIQIAO];
    let (old, new) = (world.org(SHIQIAO).to_string(), world.org(LIULIN).to_string());
    for owner in [new.as_str(), "990121103202", old.as_str()] {
        assert_eq!(listed(node, LEDGER, &[("owner", owner)]), [record], "{owner}");
    }
    assert!(listed(node, LEDGER, &[("owner", &world.org(QINGYA).to_string())]).is_empty());
    let quarter = Selection::Station {
        station: new.clone(),
        quarter: "2026Q2".into(),
    };
    assert_eq!(node.select(&quarter, &mut |_| {}).unwrap(), [record]);
    let counted = node.visit_figures().unwrap();
    assert_eq!(counted.len(), 1);
    assert_eq!((counted[0].0.id, counted[0].1.records), (world.org(LIULIN), 1));
    let view = node.table("visits_by_station").unwrap();
    assert_eq!(view.rows, [[json!(new), json!("990121103202"), json!(1)]]);
    let stations: Vec<_> = world.nodes[FENGDU].stations().iter().map(|org| org.id).collect();
    assert_eq!(stations, [world.org(LIULIN)]);
}

#[test]
fn a_record_says_beside_its_org_what_that_was() {
    let (world, record) = merged();
    let node = &world.nodes[SHIQIAO];
    assert_eq!(owner(node, &record), "990121103202（原990121103201）");
    assert!(table(node, LEDGER, Words::Zh).contains("990121103202（原990121103201）"));
    assert!(table(node, LEDGER, Words::En).contains("990121103202 (formerly 990121103201)"));
    let row = node
        .store()
        .read(|reader| reader.record(&record))
        .unwrap()
        .unwrap();
    let brief = RecordBrief::of(node, &row);
    assert_eq!(brief.owner, "990121103201", "the record stays where it is");
    assert_eq!(brief.heir.as_deref(), Some("990121103202"));
    let detail = node.record_detail(&record).unwrap();
    assert_eq!(detail.owner.map(|org| org.id), Some(world.org(SHIQIAO)));
    assert_eq!(detail.heir.map(|org| org.id), Some(world.org(LIULIN)));
}

#[test]
fn the_figures_of_a_node_count_what_was_of_those_that_went_on_in_its_org() {
    let (world, _) = merged();
    let node = &world.nodes[SHIQIAO];
    let liulin = node.owners(&world.org(LIULIN));
    let (own, figures) = node
        .store()
        .read(|reader| Ok((reader.record_count(&liulin)?, reader.ledger_figures(&liulin)?)))
        .unwrap();
    let visits = figures.iter().find(|figures| figures.ledger == LEDGER).unwrap();
    assert_eq!((own, visits.own), (1, 1));
    assert_eq!(node.open_visits(Some(world.org(LIULIN)), 5).unwrap().1, 1);
}

#[test]
fn records_of_a_station_that_was_split_stay_with_it() {
    let world = World::new();
    let visit = world.visit();
    let (record, node) = (visit.record, &world.nodes[SHIQIAO]);
    let fresh = world.joins(FENGDU, "990121103203");
    let parts = vec![world.org(LIULIN), fresh];
    world.states(FENGDU, SHIQIAO, Becoming::Succeeded(parts)).unwrap();
    world.adopts(FENGDU, &visit);
    node.catch_up(|_| {}).unwrap();
    let words = owner(node, &record);
    assert!(words.starts_with("990121103201（已分设为"), "{words}");
    assert!(
        words.contains("990121103202") && words.contains("990121103203"),
        "{words}"
    );
    assert!(listed(node, LEDGER, &[("owner", &world.org(LIULIN).to_string())]).is_empty());
    assert_eq!(
        listed(node, LEDGER, &[("owner", &world.org(SHIQIAO).to_string())]),
        [record]
    );
    assert_eq!(node.count_by_owner(LEDGER).unwrap()[0].0.id, world.org(SHIQIAO));
    let stations: Vec<_> = world.nodes[FENGDU].stations().iter().map(|org| org.id).collect();
    assert!(
        stations.contains(&world.org(SHIQIAO)),
        "its book can still be asked for"
    );
}

#[test]
fn a_station_that_moved_is_found_by_the_code_and_shown_with_the_name_that_it_had() {
    let world = World::new();
    let visit = world.visit();
    let old = visit.record;
    let becomes = Becoming::Moved {
        parent: world.org(QINGYA),
        code: Some("990121204203".into()),
        name_zh: Some("新桥站".into()),
        name_en: None,
    };
    world.states(COUNTY, SHIQIAO, becomes).unwrap();
    world.adopts(COUNTY, &visit);
    let new = world.visit().record;
    let node = &world.nodes[SHIQIAO];
    node.catch_up(|_| {}).unwrap();
    assert_eq!(owner(node, &old), "新桥站（原990121103201）");
    assert_eq!(owner(node, &new), "新桥站");
    for code in ["990121204203", "990121103201"] {
        assert_eq!(node.org_named(code).unwrap(), world.org(SHIQIAO), "{code}");
        assert_eq!(listed(node, LEDGER, &[("owner", code)]).len(), 2, "{code}");
    }
}

#[test]
fn a_code_means_the_org_that_has_it_now() {
    let (world, _) = merged();
    let again = world.joins(FENGDU, "990121103201");
    assert_eq!(world.nodes[FENGDU].org_named("990121103201").unwrap(), again);
}

#[test]
fn whoever_asks_for_a_division_finds_what_was_written_under_the_code_that_it_had() {
    let world = World::new();
    let node = &world.nodes[SHIQIAO];
    give(node.dir());
    let deed = |title: &str, day: &str, code: &str| {
        let sent = json!({ "fields": {
            "title": title, "done_on": day, "division": code, "class": "other", "form": "labour",
            "deputies": ["0123456789abcdef0123456789abcdef"],
        }});
        let sent = serde_json::from_value(sent).unwrap();
        let written = node.enter_sent(&world.liaison, DEEDS, sent);
        world.runtime.block_on(written).unwrap().record
    };
    let old = deed("修路", "2024-05-01", "990121103000");
    let new = deed("修桥", "2026-05-01", "990104101");
    let anew = deed("修渠", "2026-05-02", "990121103");
    node.catch_up(|_| {}).unwrap();
    let mut found = listed(node, DEEDS, &[("f.division", "990104101000")]);
    let mut both = vec![old, new];
    found.sort_unstable();
    both.sort_unstable();
    assert_eq!(found, both, "not what lies in the place that has the code now");
    assert_eq!(listed(node, DEEDS, &[("f.division", "990121103")]), [anew]);
}

/// A town became one of a district, and its code was given to another.
fn give(dir: &Path) {
    let table = "code,name,parent,valid_from,valid_to,successors\n\
                 99,试省,,,,\n\
                 9901,澜州市,99,,,\n\
                 990121,澄川县,9901,,,\n\
                 990104,澄川区,9901,2025-07-01,,\n\
                 990121103,枫渡镇,990121,,2025-06-30,990104101\n\
                 990121103,新镇,990121,2025-07-01,,\n\
                 990104101,枫渡镇,990104,2025-07-01,,\n";
    let given = crate::services::divisions::give(dir, "codes.csv", table.as_bytes()).unwrap();
    assert!(
        given.remarks.iter().all(|remark| !remark.left_out),
        "{:?}",
        given.remarks
    );
}
