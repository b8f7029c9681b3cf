//! Confirming, correcting and settling as programs do it.

use super::*;

const SECOND: &str = "mei";

/// A node with two liaisons, and a visit that the first registered.
async fn begun() -> (Api, String) {
    let api = Api::new();
    let person = PersonDraft {
        login: SECOND.into(),
        name: "梅知远".into(),
        roles: vec![Role::OpinionLiaison],
        ..PersonDraft::default()
    };
    let (authority, own) = (
        SecretString::from(AUTHORITY.to_owned()),
        SecretString::from(CLERK.to_owned()),
    );
    api.node.appoint_person(&authority, person, &own).unwrap();
    let record = api.register().await;
    (api, record)
}

fn by(login: &str, more: Value) -> Value {
    with(&json!({ "login": login, "passphrase": CLERK }), more)
}

async fn sheet(api: &Api, record: &str) -> Value {
    api.get(&format!("/api/v1/records/{record}/sheet")).await.json()
}

async fn change(api: &Api, record: &str, login: &str, seen: &Value, fields: Value) {
    let request = api
        .request("PATCH", &format!("/api/v1/records/{record}"))
        .header("content-type", "application/json");
    let body = by(login, json!({ "fields": fields, "seen": seen }));
    assert_eq!(api.send(request, body.to_string()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_record_is_confirmed_by_another_person_and_shows_what_came_after() {
    let (api, record) = begun().await;
    let path = format!("/api/v1/records/{record}/confirm");
    assert_eq!(sheet(&api, &record).await["confirmed"], "no");
    api.refused(&path, by("lin", json!({})), 409, "state").await;
    api.state(&path, by(SECOND, json!({}))).await;
    api.refused(&path, by(SECOND, json!({})), 409, "state").await;
    let told = sheet(&api, &record).await;
    assert_eq!(told["confirmed"], "yes");
    assert_eq!(told["events"][1]["kind"], "confirm");
    let seen = told["seen"].clone();
    change(&api, &record, "lin", &seen, json!({ "persons": 3 })).await;
    assert_eq!(sheet(&api, &record).await["confirmed"], "changed");
    let history = api.get(&format!("/api/v1/records/{record}/history")).await.json();
    assert_eq!(history[0]["by"], "林晓");
    assert_eq!(
        history[0]["wrote"],
        json!([{ "key": "persons", "zh": "人数", "en": "Persons", "was": 2, "now": 3 }])
    );
    assert_eq!(history[1]["events"][0]["kind"], "confirm");
    assert_eq!(history[2]["wrote"][0]["was"], Value::Null);
    // What was read before is not confirmed as it is now.
    api.refused(&path, by(SECOND, json!({ "seen": seen })), 409, "state")
        .await;
    api.refused(&path, by(SECOND, json!({ "seen": ["x"] })), 422, "input")
        .await;
    api.state(&path, by(SECOND, json!({}))).await;
    api.node.catch_up(|_| {}).unwrap();
    for (standing, total) in [("yes", 1), ("changed", 0), ("no", 0)] {
        let path = format!("/api/v1/ledgers/letters_visits/records?confirmed={standing}");
        let found = api.get(&path).await.json();
        assert_eq!(found["total"], total, "{standing}: {found}");
    }
}

#[tokio::test]
async fn an_event_is_corrected_and_stays_as_it_was_signed() {
    let (api, record) = begun().await;
    let (path, told) = (
        format!("/api/v1/records/{record}/correct"),
        sheet(&api, &record).await,
    );
    let event = told["events"][0]["id"].clone();
    let correct = |login: &str, more: Value| {
        by(
            login,
            with(&json!({ "event": event, "reason": "记错了一天" }), more),
        )
    };
    for (more, status, kind) in [
        (json!({ "reason": " " }), 422, "field"),
        (json!({ "reason": "打过 13900000016" }), 422, "field"),
        (json!({ "happened": "昨天" }), 422, "field"),
        (json!({}), 422, "field"),
        (json!({ "text": "不是一条记录" }), 409, "state"),
        (json!({ "event": "00" }), 422, "input"),
        (json!({ "event": "00".repeat(32) }), 409, "state"),
    ] {
        api.refused(&path, correct("lin", more), status, kind).await;
    }
    let right = "2026-04-15T09:30:00+08:00";
    api.state(&path, correct("lin", json!({ "happened": right })))
        .await;
    let told = sheet(&api, &record).await;
    assert_eq!(told["events"][0]["happened"], "2026-04-16T09:30:00+08:00");
    assert_eq!(told["events"][0]["right"]["happened"], right);
    assert_eq!(told["events"][1]["of"], event);
    // A colleague of the same post may, too; the last is in force.
    api.state(&path, correct(SECOND, json!({ "take_back": true })))
        .await;
    let told = sheet(&api, &record).await;
    assert_eq!(told["events"][0]["right"]["taken_back"], true);
    assert_eq!(told["events"][0]["right"]["by"], "梅知远");
    assert_eq!(
        told["events"].as_array().unwrap().len(),
        3,
        "nothing was lost: {told}"
    );
    // An event is confirmed as corrected, by who took no part in it.
    let path = format!("/api/v1/records/{record}/confirm");
    api.refused(&path, by(SECOND, json!({ "event": event })), 409, "state")
        .await;
}

#[tokio::test]
async fn what_stands_side_by_side_is_listed_and_settled() {
    let (api, record) = begun().await;
    let seen = sheet(&api, &record).await["seen"].clone();
    for (login, fields) in [
        ("lin", json!({ "triage": "petition", "persons": 3 })),
        (
            SECOND,
            json!({ "triage": "hotline", "persons": 3, "gist": "老街路灯坏了三盏。" }),
        ),
    ] {
        change(&api, &record, login, &seen, fields).await;
    }
    let listed = api.get("/api/v1/conflicts").await.json();
    assert_eq!(listed["total"], 1);
    let found = &listed["records"][0];
    assert_eq!(found["record"], record.as_str());
    let fields = found["fields"].as_array().unwrap();
    assert_eq!(fields.len(), 1, "what both wrote alike is no conflict: {found}");
    let values = fields[0]["values"].as_array().unwrap();
    let who: Vec<&str> = values.iter().map(|side| side["by"].as_str().unwrap()).collect();
    assert_eq!((fields[0]["key"].as_str(), who.len()), (Some("triage"), 2));
    assert!(who.contains(&"林晓") && who.contains(&"梅知远"), "{who:?}");
    let path = format!("/api/v1/records/{record}/settle");
    let settle = |more: Value| by("lin", with(&json!({ "field": "triage" }), more));
    for (more, status, kind) in [
        (json!({}), 422, "input"),
        (
            json!({ "change": values[0]["change"], "value": "issue" }),
            422,
            "input",
        ),
        (json!({ "value": "pigeon" }), 422, "fields"),
        (json!({ "change": "00".repeat(32) }), 409, "state"),
        (
            json!({ "change": values[0]["change"], "seen": seen }),
            409,
            "state",
        ),
        (json!({ "field": "persons", "value": "4" }), 409, "state"),
    ] {
        api.refused(&path, settle(more), status, kind).await;
    }
    let chosen = settle(json!({ "change": values[1]["change"], "seen": found["seen"] }));
    let written = api.state(&path, chosen.clone()).await;
    let listed = api.get("/api/v1/conflicts").await.json();
    assert_eq!(listed["total"], 0, "{listed}");
    let shown = api.get(&format!("/api/v1/records/{record}")).await.json();
    let triage = &shown["state"]["fields"]["triage"];
    assert_eq!(triage["value"], values[1]["value"]);
    assert_eq!(triage["candidates"].as_array().unwrap().len(), 1);
    assert_eq!(shown["state"]["heads"], json!([written["change"]]), "it saw both");
    assert_eq!(
        shown["changes"].as_array().unwrap().len(),
        4,
        "both stay in the history"
    );
    api.refused(&path, chosen, 409, "state").await;
}
