//! What a county states and adds, between real processes: its stations go by it at once, in the processes that run.

use serde_json::{Value, json};

use super::process::{PASSPHRASE, Running, Site, beside, command, succeed, until};

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
"#;
const RIVER: &str = r#"
[[fields]]
id = "river"
zh = "所在河段"
en = "Reach of the river"
kind = "str"
sensitivity = "I"
"#;

/// What somebody sends, signed by their key.
fn signed(more: Value) -> Value {
    let mut body = json!({ "login": "lin", "passphrase": PASSPHRASE });
    if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
        body.extend(more);
    }
    body
}

/// The id of the ledger with this name, once a node has it.
fn ledger_called(node: &Running, zh: &str) -> Option<String> {
    let all = node.api.get("/ledgers");
    let found = all.as_array().unwrap().iter().find(|ledger| ledger["zh"] == zh)?;
    Some(found["id"].as_str().unwrap().to_owned())
}

/// The one record of a list, once it is there.
fn only_record(node: &Running, path: &str) -> Option<Value> {
    let list = node.api.ask(path).ok()?;
    (list["total"] == 1).then(|| list["records"][0].clone())
}

#[test]
fn what_a_county_states_and_adds_is_used_by_its_stations_without_a_restart() {
    let _lane = beside();
    let dir = tempfile::tempdir().unwrap();
    let [county, township, station] =
        ["county", "township", "station"].map(|name| Site::new(dir.path(), name));
    county.found("county", ["澄川县", "Chengchuan County"], "990121");
    let running = county.start();
    county.admit(&township, "township", ["枫渡镇", "Fengdu Town"], "990121103");
    let middle = township.start();
    township.admit(&station, "station", ["石桥站", "Shiqiao"], "990121103201");
    middle.stop();
    running.stop();
    county.succeed(&["appoint", "lin", "--name", "林静禾", "--role", "deputies_office"]);
    station.succeed(&["appoint", "lin", "--name", "罗定一", "--role", "station_liaison"]);
    let nodes = [county.start(), township.start(), station.start()];
    let [above, between, below] = &nodes;

    // A setting: what applies at the station changes from a day on.
    let second = "/settings/deadline.second_reply";
    assert_eq!(below.api.get(second)["value"], "1 months");
    let stated = signed(json!({
        "value": "2 months", "valid_from": "2026-01-01", "basis": "县人大常委会主任会议决定",
    }));
    above.api.post(second, &stated).unwrap();
    until("the station goes by it", || {
        (below.api.get(second)["value"] == "2 months").then_some(())
    });
    assert_eq!(
        below.api.get(&format!("{second}?on=2025-12-31"))["value"],
        "1 months"
    );

    // A ledger of its own.
    let wells = signed(json!({ "definition": WELLS, "basis": "县人大办公室通知" }));
    above.api.post("/definitions", &wells).unwrap();
    let id = until("the station has the ledger", || {
        ledger_called(below, "机井登记簿")
    });
    let records = format!("/ledgers/{id}/records");
    let well = signed(json!({ "fields": { "place": "北坡组", "seen_on": "2026-05-01" } }));
    below.api.post(&records, &well).unwrap();
    let seen = until("the county has the record", || only_record(above, &records));
    assert_eq!(
        (&seen["title"], &seen["happened"]),
        (&json!("北坡组"), &json!("2026-05-01"))
    );
    assert_eq!(seen["missing"], 0);

    // A field of a ledger of the program.
    let river = signed(json!({ "definition": RIVER, "basis": "县人大办公室通知" }));
    above.api.post("/definitions/issue/fields", &river).unwrap();
    let field = until("the station asks for the field", || {
        let schema = below.api.get("/ledgers/issue")["schema"]["properties"].clone();
        let mut names = schema.as_object().unwrap().keys();
        names.find(|name| name.ends_with("_river")).cloned()
    });
    let issue = signed(json!({
        "fields": {
            "gist": "护坡塌了一段", "nature": "problem", "category": "urban_environment", "division": "990121103201",
            "found_on": "2026-05-01", "source": ["00112233445566778899aabbccddeeff"], field.as_str(): "清江上游",
        },
    }));
    below.api.post("/ledgers/issue/records", &issue).unwrap();
    let query = format!("/ledgers/issue/records?f.{field}=清江上游");
    let query = query.replace("清江上游", "%E6%B8%85%E6%B1%9F%E4%B8%8A%E6%B8%B8");
    for node in [above, between] {
        let found = until("it is found by the field", || only_record(node, &query));
        assert_eq!(found["fields"][&field], "清江上游");
    }

    // Each copy proves itself to a program that knows no node.
    for node in nodes {
        node.stop();
    }
    for site in [&county, &township, &station] {
        let root = county.dir().join("founding.cose");
        succeed(
            command("lianzhan-audit")
                .arg("check")
                .arg(site.dir())
                .arg("--root")
                .arg(root),
        );
    }
}
