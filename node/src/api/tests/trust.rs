use super::*;

const WRONG: &str = "not the passphrase";
const UNKNOWN: &str = "00000000000000000000000000000000000000000000000000000000000000ff";

/// A record whose only change is contested: its author's key was stolen.
async fn contested(api: &Api) -> (String, String) {
    let record = api.register().await;
    let stolen = json!({"passphrase": AUTHORITY, "appointment": "lin", "reason": "失窃", "hard": true, "everything": true});
    api.state("/api/v1/revoke", stolen).await;
    api.node.catch_up(|_| {}).unwrap();
    let waits = api.get("/api/v1/contested").await.json();
    let changes = waits["changes"].as_array().unwrap();
    let main = changes.iter().find(|change| change["sealed"] == false).unwrap();
    assert_eq!(main["record"], record.as_str());
    (record, main["change"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn an_authority_adopts_what_a_revocation_contests() {
    let api = Api::new();
    let path = "/api/v1/adopt";
    let nothing = json!({"passphrase": AUTHORITY, "changes": []});
    api.refused(path, nothing, 409, "state").await;
    let (record, change) = contested(&api).await;
    let adopt = json!({"passphrase": AUTHORITY, "changes": [change]});
    for (more, status, kind) in [
        (json!({"passphrase": WRONG}), 403, "sign-in"),
        (json!({"changes": ["zz"]}), 422, "input"),
        (json!({"statements": [UNKNOWN]}), 409, "state"),
        (json!({"changes": [UNKNOWN]}), 404, "not-here"),
    ] {
        api.refused(path, with(&adopt, more), status, kind).await;
    }
    let stated = api.state(path, adopt.clone()).await;
    assert_eq!(stated["statements"].as_array().unwrap().len(), 1);
    let shown = api.get(&format!("/api/v1/records/{record}")).await.json();
    assert_eq!(shown["changes"][0]["verdict"]["verdict"], "counts", "{shown}");
    // Adopted, it is contested no more.
    api.node.catch_up(|_| {}).unwrap();
    let waits = api.get("/api/v1/contested").await.json();
    let main = |change: &&Value| change["sealed"] == false;
    assert_eq!(
        waits["changes"].as_array().unwrap().iter().filter(main).count(),
        0
    );
}

#[tokio::test]
async fn a_holder_of_the_same_post_adopts_in_the_record() {
    let api = Api::new();
    let (record, change) = contested(&api).await;
    let appoint = |login: &str, role: &str| {
        json!({
            "passphrase": AUTHORITY, "login": login, "name": login, "roles": [role], "person_passphrase": CLERK,
        })
    };
    api.state("/api/v1/appoint", appoint("song", "opinion_liaison"))
        .await;
    api.state("/api/v1/appoint", appoint("wang", "publicist")).await;
    let path = format!("/api/v1/records/{record}/adopt");
    let adopt = json!({"login": "song", "passphrase": CLERK, "changes": [change]});
    for (more, status, kind) in [
        (json!({"passphrase": WRONG}), 403, "sign-in"),
        (json!({"login": "nobody"}), 403, "sign-in"),
        (json!({"login": "lin"}), 403, "not-allowed"),
        (json!({"login": "wang"}), 403, "not-allowed"),
        (json!({"changes": [UNKNOWN]}), 409, "state"),
        (json!({"changes": []}), 409, "state"),
        (json!({"changes": ["x"]}), 422, "input"),
    ] {
        api.refused(&path, with(&adopt, more), status, kind).await;
    }
    api.state(&path, adopt.clone()).await;
    api.refused(&path, adopt, 409, "state").await;
}

#[tokio::test]
async fn founders_name_a_successor_and_a_draft_is_good_once() {
    let api = Api::new();
    let new = "继任-2026-人大办";
    let path = "/api/v1/succession/draft";
    let draft = json!({"passphrase": new});
    for (more, status, kind) in [
        (json!({"threshold": 4}), 422, "input"),
        (json!({"threshold": 0}), 422, "input"),
        (json!({"founders": ["abc"]}), 422, "input"),
    ] {
        api.refused(path, with(&draft, more), status, kind).await;
    }
    let drafted = api.state(path, draft).await;
    let publish = "/api/v1/succession/publish";
    let unsigned = json!({"passphrase": new, "file": drafted});
    api.refused(publish, unsigned, 422, "input").await;
    let mut file: crate::services::succession::SuccessionFile = serde_json::from_value(drafted).unwrap();
    let secret = SecretString::from(AUTHORITY.to_owned());
    let founder = |n: u8| api.node.dir().join(format!("founders/{n}.age"));
    file.sign(&founder(1), &secret).unwrap();
    let one = serde_json::to_value(&file).unwrap();
    api.refused(publish, json!({"passphrase": new, "file": one}), 409, "state")
        .await;
    file.sign(&founder(3), &secret).unwrap();
    let two = serde_json::to_value(&file).unwrap();
    api.refused(publish, json!({"passphrase": WRONG, "file": two}), 403, "sign-in")
        .await;
    let mut other = two.clone();
    other["form"] = json!("lianzhan-succession-9");
    api.refused(publish, json!({"passphrase": new, "file": other}), 422, "input")
        .await;
    let stated = api.state(publish, json!({"passphrase": new, "file": two})).await;
    assert_eq!(
        api.state(publish, json!({"passphrase": new, "file": two})).await,
        stated,
        "done again it is the same"
    );
    let person = |passphrase: &str| {
        json!({
            "passphrase": passphrase, "login": "he", "name": "何", "roles": ["publicist"], "person_passphrase": CLERK,
        })
    };
    api.refused("/api/v1/appoint", person(AUTHORITY), 403, "sign-in")
        .await;
    api.state("/api/v1/appoint", person(new)).await;
    // An older draft comes too late.
    let late = api
        .state(
            "/api/v1/succession/draft",
            json!({"passphrase": new, "same_key": true}),
        )
        .await;
    let mut late: crate::services::succession::SuccessionFile = serde_json::from_value(late).unwrap();
    let newer = api
        .state(
            "/api/v1/succession/draft",
            json!({"passphrase": new, "same_key": true, "threshold": 3}),
        )
        .await;
    let mut newer: crate::services::succession::SuccessionFile = serde_json::from_value(newer).unwrap();
    for file in [&mut late, &mut newer] {
        file.sign(&founder(1), &secret).unwrap();
        file.sign(&founder(2), &secret).unwrap();
    }
    api.state(publish, json!({"passphrase": new, "file": newer}))
        .await;
    api.refused(
        publish,
        json!({"passphrase": new, "file": late}),
        403,
        "not-allowed",
    )
    .await;
    // Only the root has founders.
    let county = child_with(&api, new);
    let refused = county.draft_succession(&Default::default(), &secret);
    assert!(refused.is_err());
}

fn child_with(api: &Api, passphrase: &str) -> Arc<Node> {
    let secret = SecretString::from(passphrase.to_owned());
    let draft = OrgDraft {
        level: Level::County,
        name_zh: "澄川县".into(),
        name_en: "Chengchuan".into(),
        code: "990121".into(),
    };
    let invitation = api.node.invite(draft, &secret, Vec::new()).unwrap();
    let joining = Joining::begin(&invitation.to_code()).unwrap();
    let reply = api.node.answer_join(&joining.request());
    let config = Config {
        scrypt_log_n: 4,
        ..Config::default()
    };
    joining
        .finish(&api._dir.path().join("county"), reply, &secret, config)
        .unwrap()
}

#[tokio::test]
async fn the_root_states_who_must_witness() {
    let api = Api::new();
    let path = "/api/v1/policy";
    let policy = json!({"passphrase": AUTHORITY, "levels": ["county", "city"]});
    api.refused(path, with(&policy, json!({"passphrase": WRONG})), 403, "sign-in")
        .await;
    api.refused(path, with(&policy, json!({"levels": ["planet"]})), 422, "input")
        .await;
    api.refused(path, with(&policy, json!({"level": "city"})), 400, "request")
        .await;
    api.state(path, policy).await;
    let status = api.get("/api/v1/status").await.json();
    assert_eq!(status["policy"], json!(["city", "county"]), "from the top");
    api.state(path, json!({"passphrase": AUTHORITY, "levels": []}))
        .await;
    assert_eq!(api.get("/api/v1/status").await.json()["policy"], json!([]));
    let renewed = api
        .state("/api/v1/witness/renew", json!({"passphrase": AUTHORITY}))
        .await;
    assert_eq!(
        api.appointment(renewed["appointment"].as_str().unwrap()).await["purpose"],
        "witness"
    );
    api.refused(
        "/api/v1/witness/renew",
        json!({"passphrase": WRONG}),
        403,
        "sign-in",
    )
    .await;
}
