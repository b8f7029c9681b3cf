//! A county adds a ledger and a field; its stations have them at once, and who lacks the definition keeps what it cannot read.

use std::collections::BTreeMap;

use lianzhan_protocol::id::RecordId;
use lianzhan_protocol::record::Verdict;
use lianzhan_protocol::trust::Space;

use super::*;
use crate::services::RowFilter;
use crate::services::ledger::{Amendment, NewEntry, Values};
use crate::services::test_line::{Line, carry, carry_without};

const WELLS: &str = r#"
id = "wells"
rev = 1
zh = "机井登记簿"
en = "Wells"
audience = "county"
writers = ["station_liaison"]
title = "place"
happened = "seen_on"
[[fields]]
id = "place"
zh = "地点"
en = "Place"
kind = "str"
required = "required"
sensitivity = "I"
[[fields]]
id = "seen_on"
zh = "查看日期"
en = "Seen on"
kind = "date"
required = "complete"
sensitivity = "I"
[[fields]]
id = "depth"
zh = "井深（米）"
en = "Depth, m"
kind = { dec = { scale = 1 } }
sensitivity = "I"
"#;
const RIVER: &str = r#"
[[fields]]
id = "river"
zh = "所在河段"
en = "Reach of the river"
kind = "str"
sensitivity = "I"
"#;

fn draft(adds: Result<Adds, DefinitionError>) -> DefinitionDraft {
    DefinitionDraft {
        adds: adds.unwrap(),
        basis: "县人大常委会办公室通知".into(),
    }
}

async fn define(node: &Node, adds: Result<Adds, DefinitionError>) {
    node.define(&Line::author(node), &draft(adds)).await.unwrap();
    node.catch_up(|_| {}).unwrap();
}

fn values(all: &[(&str, Value)]) -> Values {
    all.iter()
        .map(|(key, value)| ((*key).to_owned(), value.clone()))
        .collect()
}

async fn enter(node: &Node, ledger: &str, main: Values) -> RecordId {
    let space = node.own_space(node.book(ledger).unwrap().audience);
    let entry = NewEntry {
        ledger: ledger.into(),
        space,
        main,
        annexes: BTreeMap::new(),
        cleared: BTreeMap::new(),
    };
    let written = node.enter(&Line::author(node), entry, None).await.unwrap();
    node.catch_up(|_| {}).unwrap();
    written.record
}

fn title(node: &Node, ledger: &str) -> Vec<String> {
    let filter = RowFilter {
        limit: 10,
        ..RowFilter::default()
    };
    let (rows, _) = node.rows(ledger, &filter).unwrap();
    rows.into_iter().map(|row| row.title).collect()
}

fn issue(river: &str, x: &str) -> Values {
    let mut main = values(&[
        ("gist", "护坡塌了一段".into()),
        ("nature", "problem".into()),
        ("category", "urban_environment".into()),
        ("division", "990121103201".into()),
        ("found_on", "2026-05-01".into()),
        ("source/m1", "00112233445566778899aabbccddeeff".into()),
    ]);
    if !river.is_empty() {
        main.insert(x.to_owned(), river.into());
    }
    main
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_of_the_county_is_kept_by_its_stations_without_a_restart() {
    let line = Line::new();
    define(&line.county, Adds::ledger_of_toml(WELLS)).await;
    line.sync();
    let id = id_of(&line.county.org_id(), "wells");
    let well = enter(
        &line.station,
        &id,
        values(&[
            ("place", "北坡组".into()),
            ("seen_on", "2026-05-01".into()),
            ("depth", Value::Int(125)),
        ]),
    )
    .await;
    line.sync();
    for node in [&line.station, &line.township, &line.county] {
        assert_eq!(title(node, &id), ["北坡组"]);
        let row = node.store().read(|reader| reader.record(&well)).unwrap().unwrap();
        assert_eq!(
            (row.happened.as_str(), row.missing, row.pending),
            ("2026-05-01", 0, 0)
        );
        assert!(node.check(|_| ()).unwrap().faults.is_empty());
    }
    assert!(
        line.city.ledger(&id).is_ok(),
        "the city has the definition, and holds no such record"
    );
    assert!(title(&line.city, &id).is_empty());
    // After a restart it is there at once.
    let line = line.reopen_station();
    assert_eq!(title(&line.station, &id), ["北坡组"]);
    assert!(line.station.reindex(|_| ()).unwrap() > 0);
    assert_eq!(title(&line.station, &id), ["北坡组"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_of_the_county_stands_beside_those_of_the_program_up_to_the_city() {
    let line = Line::new();
    let before = enter(&line.station, "issue", issue("", "")).await;
    define(&line.county, Adds::fields_of_toml("issue", RIVER)).await;
    line.sync();
    let x = id_of(&line.county.org_id(), "river");
    let record = enter(&line.station, "issue", issue("清江上游", &x)).await;
    // What began before gets the field, too.
    let detail = line.station.record_detail(&before).unwrap();
    let (mut main, _) = line.station.values_of(&detail, &[]);
    main.insert(x.clone(), "清江下游".into());
    let amendment = Amendment {
        seen: detail.state.heads.clone(),
        main,
        annexes: BTreeMap::new(),
        cleared: BTreeMap::new(),
    };
    line.station
        .amend(&Line::author(&line.station), &detail, amendment, None)
        .await
        .unwrap()
        .unwrap();
    line.station.catch_up(|_| {}).unwrap();
    line.sync();
    for node in [&line.station, &line.county, &line.city] {
        for (record, river) in [(record, "清江上游"), (before, "清江下游")] {
            assert_eq!(node.state(&record).unwrap().1.text(&x), river);
        }
        let filter = RowFilter {
            equals: vec![(crate::views::column(&x), "清江上游".into())],
            limit: 10,
            ..RowFilter::default()
        };
        let (rows, _) = node.rows("issue", &filter).unwrap();
        assert_eq!(
            rows.iter().map(|row| row.record).collect::<Vec<_>>(),
            [record],
            "it is a column of the list"
        );
        assert!(node.check(|_| ()).unwrap().faults.is_empty());
    }
    // What has only fields of the program names its definition, and is understood by everybody.
    let plain = enter(&line.station, "issue", issue("", "")).await;
    let definition = line.station.state(&plain).unwrap().1.definition;
    assert_eq!(
        definition,
        Some(crate::services::definition_hash("issue").unwrap())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_lacks_the_definition_keeps_passes_on_and_reads_it_once_it_comes() {
    let line = Line::new();
    define(&line.county, Adds::fields_of_toml("issue", RIVER)).await;
    // The township lacks the county's notices; the station has them from the county itself.
    let notices = |space: &Space| {
        space.owner == line.county.org_id() && matches!(space.audience, Audience::Notice | Audience::City)
    };
    carry_without(&line.county, &line.township, notices);
    carry(&line.county, &line.station);
    let x = id_of(&line.county.org_id(), "river");
    let record = enter(&line.station, "issue", issue("清江上游", &x)).await;
    carry_without(&line.station, &line.township, notices);
    let (loaded, state) = line.township.state(&record).unwrap();
    assert_eq!(loaded.held.len(), 1, "it is kept");
    assert!(
        matches!(state.history[0].verdict, Verdict::Pending { .. }),
        "{:?}",
        state.history
    );
    assert!(line.township.check(|_| ()).unwrap().faults.is_empty());
    // It is passed on all the same.
    carry(&line.township, &line.county);
    assert_eq!(line.county.state(&record).unwrap().1.text(&x), "清江上游");
    carry(&line.county, &line.township);
    assert_eq!(line.township.state(&record).unwrap().1.text(&x), "清江上游");
    let row = line
        .township
        .store()
        .read(|reader| reader.record(&record))
        .unwrap()
        .unwrap();
    assert_eq!(
        (row.ledger.as_str(), row.pending),
        ("issue", 0),
        "judged again, without a restart"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_deputies_office_of_a_county_or_city_adds_and_only_what_holds() {
    let line = Line::new();
    let refused = |node: &Node, adds: Result<Adds, DefinitionError>| {
        let error = node
            .plan_definition(&Line::author(node), &draft(adds))
            .unwrap_err();
        let ServiceError::Definition(error) = error else {
            panic!("{error}")
        };
        assert!(!error.zh().is_empty());
        error
    };
    for node in [&line.station, &line.township] {
        assert_eq!(
            refused(node, Adds::ledger_of_toml(WELLS)),
            DefinitionError::NotYours
        );
    }
    define(&line.county, Adds::ledger_of_toml(WELLS)).await;
    assert!(matches!(
        refused(&line.county, Adds::ledger_of_toml(WELLS)),
        DefinitionError::Exists(_)
    ));
    for closed in ["setting", "ledger_definition"] {
        assert!(matches!(
            refused(&line.county, Adds::fields_of_toml(closed, RIVER)),
            DefinitionError::Closed(_)
        ));
    }
    let wrong = RIVER.replace("\"river\"", "\"River bank\"");
    assert!(matches!(
        refused(&line.county, Adds::fields_of_toml("issue", &wrong)),
        DefinitionError::Fault(_)
    ));
    let personal = RIVER.replace("\"I\"", "\"D\"");
    assert!(matches!(
        refused(&line.county, Adds::fields_of_toml("issue", &personal)),
        DefinitionError::Fault(_)
    ));
    define(&line.county, Adds::fields_of_toml("issue", RIVER)).await;
    assert!(
        matches!(
            refused(&line.county, Adds::fields_of_toml("issue", RIVER)),
            DefinitionError::Fault(_)
        ),
        "once"
    );
    assert!(Adds::ledger_of_toml("nonsense").is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_county_adds_means_nothing_outside_of_it() {
    let line = Line::new();
    define(&line.county, Adds::fields_of_toml("issue", RIVER)).await;
    line.sync();
    let x = id_of(&line.county.org_id(), "river");
    // The city shows the column, and has no such field in a form of its own.
    assert!(line.city.ledger("issue").unwrap().field(&x).is_some());
    let own = line.city.own_space(Audience::City);
    assert!(line.city.form_of("issue", &own).unwrap().field(&x).is_none());
    let hash = line.city.registry().definitions().all().next().unwrap().hash;
    let judging = |node: &Node, owner| {
        node.registry()
            .judging(&hash, &node.directory(), &owner)
            .is_some()
    };
    assert!(judging(&line.city, line.station.org_id()) && judging(&line.city, line.county.org_id()));
    assert!(
        !judging(&line.city, line.city.org_id()),
        "no record of the city is of it"
    );
}
