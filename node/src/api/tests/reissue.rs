//! Issuing a record anew as programs ask for it, at a station and its township.

use super::*;
use crate::services::erase::tests::World;
use crate::services::reissue::tests::CLEAN;

const SECRET: &str = "correct horse battery";

fn anew(login: &str, annexes: Value) -> Value {
    json!({ "login": login, "passphrase": SECRET, "fields": { "gist": CLEAN }, "annexes": annexes })
}

#[test]
fn a_personal_part_that_is_none_of_the_record_or_is_not_theirs_to_write_is_refused_by_its_name() {
    let world = World::new();
    let _within = world.runtime.enter();
    let old = world.spoken();
    world.above();
    let path = format!("/api/v1/records/{old}/anew");
    let station = Api::over(world.station().clone());
    let township = Api::over(world.township().clone());
    let run = |api: &Api, body: Value, status, kind: &str| {
        world.runtime.block_on(api.refused(&path, body, status, kind))
    };
    for none in ["deputy_private", "nobody_knows"] {
        let problem = run(
            &station,
            anew("lin", json!({ none: { "name": "许知微" } })),
            422,
            "input",
        );
        let said = problem["detail"].as_str().unwrap();
        assert!(
            said.contains(none) && said.contains("letters_visits"),
            "{problem}"
        );
    }
    // What never leaves the station is written there alone.
    let theirs = json!({ "subject_sensitive": { "health": "尘肺病" } });
    let problem = run(&township, anew("wen", theirs), 403, "not-allowed");
    let said = problem["detail"].as_str().unwrap();
    assert!(said.contains("subject_sensitive"), "{problem}");
    assert!(
        problem["detail_zh"]
            .as_str()
            .unwrap()
            .contains("附册 subject_sensitive"),
        "{problem}"
    );
    // A field of a part is named with its part.
    let wrong = json!({ "subject": { "shoe_size": "42" } });
    let problem = run(&station, anew("lin", wrong), 422, "fields");
    assert_eq!(problem["errors"][0]["annex"], "subject", "{problem}");
    for node in [world.station(), world.township()] {
        assert!(node.erasures_of(&old).unwrap().is_empty());
    }
    // The same without it goes through.
    let done = world
        .runtime
        .block_on(station.state(&path, anew("lin", json!({}))));
    assert_eq!(done["written"], true);
}

#[test]
fn what_named_the_old_record_leads_to_the_new_one_and_the_new_one_to_it() {
    let world = World::new();
    let _within = world.runtime.enter();
    let old = world.spoken();
    let citing = world.citing(&old).to_string();
    let done = world.anew(&old, world.clean(&world.plan(&old))).unwrap();
    world.talk();
    world.talk();
    let new = done.new.to_string();
    for node in [world.station(), world.township()] {
        let api = Api::over(node.clone());
        let get = |path: String| world.runtime.block_on(api.get(&path)).json();
        for made_anew in [false, true] {
            if made_anew {
                node.reindex(|_| {}).unwrap();
            }
            let sheet = get(format!("/api/v1/records/{citing}/sheet"));
            assert_eq!(sheet["names"][0]["record"], new.as_str(), "{sheet}");
            assert_eq!(sheet["names"][0]["title"], CLEAN);
            let sheet = get(format!("/api/v1/records/{new}/sheet"));
            assert_eq!(sheet["named_by"][0]["record"], citing.as_str(), "{sheet}");
            let old = get(format!("/api/v1/records/{old}"));
            assert_eq!(old["reissued_as"], new.as_str());
            let found = get(format!("/api/v1/records/{new}"));
            assert_eq!(found["reissued_from"], json!([old["id"]]));
        }
    }
}
