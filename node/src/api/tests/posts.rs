use super::*;

const WRONG: &str = "not the passphrase";
const UNKNOWN: &str = "00000000000000000000000000000000000000000000000000000000000000ff";

fn person(login: &str) -> Value {
    json!({
        "passphrase": AUTHORITY, "login": login, "name": login, "roles": ["publicist"], "person_passphrase": CLERK,
    })
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[tokio::test]
async fn a_person_is_appointed_and_given_a_further_post() {
    let api = Api::new();
    let path = "/api/v1/appoint";
    let first = api.state(path, person("wang")).await;
    let further = with(
        &person("wang"),
        json!({"roles": ["secretary"], "person": "wang", "until": "2030-06-30"}),
    );
    let further = api.state(path, further).await;
    let [first, further] = [&first, &further].map(|stated| text(&stated["appointment"]));
    let (one, two) = (api.appointment(first).await, api.appointment(further).await);
    assert_eq!((&one["person"], &one["key"]), (&two["person"], &two["key"]));
    assert_eq!(two["roles"], json!(["secretary"]));
    let of_person = api.get("/api/v1/appointments?person=wang").await.json();
    assert_eq!(of_person.as_array().unwrap().len(), 2);

    for (more, status, kind) in [
        (json!({"passphrase": WRONG}), 403, "sign-in"),
        (json!({}), 409, "state"),
        (json!({"login": "Wang"}), 422, "input"),
        (json!({"login": "x", "roles": []}), 422, "input"),
        (json!({"login": "x", "roles": ["king"]}), 422, "input"),
        (json!({"login": "x", "seat": "city"}), 422, "input"),
        (json!({"login": "x", "roles": ["deputy"]}), 422, "input"),
        (json!({"login": "x", "person_passphrase": "short"}), 422, "input"),
        (json!({"login": "x", "person": "nobody"}), 404, "not-here"),
        (json!({"login": "x", "until": "2030-02-30"}), 422, "input"),
        (json!({"login": "x", "until": "2099-01-01"}), 422, "input"),
        (json!({"login": "x", "unitl": "2030-01-01"}), 400, "request"),
        (json!({"login": "../x"}), 422, "input"),
    ] {
        let problem = api.refused(path, with(&person("wang"), more), status, kind).await;
        let shown = problem.to_string();
        assert!(!shown.contains(AUTHORITY) && !shown.contains(CLERK), "{shown}");
    }
    let (all, dir) = (
        api.get("/api/v1/appointments?org=own").await.json(),
        api.node.dir(),
    );
    let people = all
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["purpose"] == "person");
    assert_eq!(people.count(), 3, "nothing was written by what was refused");
    assert_eq!(std::fs::read_dir(dir.join("people")).unwrap().count(), 2);
}

#[tokio::test]
async fn a_post_of_the_org_above_is_asked_for_and_granted() {
    let api = Api::new();
    let county = child(&api, Level::County, "澄川县", "990121");
    let draft = PersonDraft {
        login: "zhao".into(),
        name: "赵".into(),
        roles: vec![Role::Deputy],
        seat: Some(Level::City),
        ..PersonDraft::default()
    };
    let asked = county.ask_appointment(draft, &SecretString::from(CLERK.to_owned()));
    let code = asked.unwrap().to_code();
    let path = "/api/v1/appoint/grant";
    let grant = json!({"passphrase": AUTHORITY, "code": code});
    for (more, status, kind) in [
        (json!({"passphrase": WRONG}), 403, "sign-in"),
        (json!({"code": "lianzhan-appoint-1.AAAA"}), 422, "input"),
        (json!({"code": &code[..code.len() - 4]}), 422, "input"),
        (json!({"until": "yesterday"}), 422, "input"),
    ] {
        api.refused(path, with(&grant, more), status, kind).await;
    }
    let stated = api.state(path, grant).await;
    let shown = api.appointment(text(&stated["appointment"])).await;
    assert_eq!(
        (&shown["org_name"], &shown["seat"]),
        (&json!("澄川县"), &json!("city"))
    );
    // At the node that asks: the same request again.
    let ask = json!({
        "login": "sun", "name": "孙", "roles": ["deputy"], "seat": "city", "person_passphrase": CLERK,
    });
    let one = api.state("/api/v1/appoint/ask", ask.clone()).await;
    assert_eq!(one, api.state("/api/v1/appoint/ask", ask).await);
    // A code of another federation.
    let other = Api::new();
    let foreign = json!({"passphrase": AUTHORITY, "code": code});
    other.refused(path, foreign, 422, "input").await;
}

#[tokio::test]
async fn a_post_is_renewed_and_its_key_replaced() {
    let api = Api::new();
    let path = "/api/v1/renew";
    let short = with(&person("wang"), json!({"until": "2027-06-30"}));
    let first = api.state("/api/v1/appoint", short).await;
    let id = text(&first["appointment"]).to_owned();
    let renew = json!({"passphrase": AUTHORITY, "appointment": id, "until": "2028-06-30"});
    for (more, status, kind) in [
        (json!({"passphrase": WRONG}), 403, "sign-in"),
        (json!({"appointment": UNKNOWN}), 404, "not-here"),
        (json!({"appointment": &id[..4]}), 404, "not-here"),
        (json!({"until": "2027-01-01"}), 422, "input"),
        (json!({"until": "2090-01-01"}), 422, "input"),
    ] {
        api.refused(path, with(&renew, more), status, kind).await;
    }
    let renewed = api
        .state(path, with(&renew, json!({"appointment": &id[..12]})))
        .await;
    assert_eq!(api.appointment(&id).await["renewed"], true);
    let later = api.appointment(text(&renewed["appointment"])).await;
    assert_eq!(later["key"], api.appointment(&id).await["key"]);

    let path = "/api/v1/renew/key";
    let change = json!({
        "passphrase": AUTHORITY, "login": "wang", "person_passphrase": CLERK, "reason": "换密钥",
    });
    api.refused(path, with(&change, json!({"passphrase": WRONG})), 403, "sign-in")
        .await;
    api.refused(path, with(&change, json!({"login": "nobody"})), 404, "not-here")
        .await;
    api.refused(
        path,
        with(&change, json!({"person_passphrase": "short"})),
        422,
        "input",
    )
    .await;
    let changed = api.state(path, change).await;
    assert_eq!(changed["requests"], json!([]));
    let new = api.appointment(text(&changed["appointments"][0])).await;
    assert_ne!(new["key"], later["key"]);
    assert_eq!(new["person"], later["person"]);
    // What was revoked is not renewed.
    api.refused("/api/v1/renew", renew, 409, "state").await;
}

#[tokio::test]
async fn a_revocation_is_shown_first_and_is_final() {
    let api = Api::new();
    let path = "/api/v1/revoke";
    let id = api.state("/api/v1/appoint", person("wang")).await["appointment"].clone();
    let revoke = json!({"passphrase": AUTHORITY, "appointment": "wang", "reason": "调离"});
    let preview = json!({"appointment": "wang", "reason": "调离"});
    let shown = api.post("/api/v1/revoke/preview", preview.clone()).await;
    assert_eq!(shown.status, StatusCode::OK);
    let shown = shown.json();
    assert_eq!(
        (&shown["appointment"]["id"], &shown["ground"]),
        (&id, &json!("soft"))
    );
    assert_eq!(
        api.appointment(text(&id)).await["state"],
        "in_force",
        "nothing was signed"
    );
    for (more, status, kind) in [
        (json!({"passphrase": WRONG}), 403, "sign-in"),
        (json!({"appointment": "nobody"}), 404, "not-here"),
        (json!({"appointment": UNKNOWN}), 404, "not-here"),
        (json!({"reason": " "}), 422, "input"),
        (json!({"reason": "长".repeat(134)}), 422, "input"),
        (json!({"since": "2026-11-20"}), 422, "input"),
        (json!({"hard": true, "since": "soon"}), 422, "input"),
        (json!({"keep": "some"}), 422, "input"),
        (json!({"keep": [UNKNOWN]}), 422, "input"),
    ] {
        api.refused(path, with(&revoke, more), status, kind).await;
    }
    assert_eq!(
        api.state(path, revoke.clone()).await["statements"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let revoked = api.appointment(text(&id)).await;
    assert_eq!(
        (&revoked["state"], &revoked["ground"], &revoked["words"]),
        (&json!("revoked"), &json!("soft"), &json!("调离"))
    );
    api.refused(path, revoke.clone(), 409, "state").await;
    api.refused("/api/v1/revoke/preview", preview, 409, "state").await;
    // A harder word says something new, once.
    let hard = with(&revoke, json!({"hard": true, "since": "2026-01-01T09:00"}));
    api.state(path, hard.clone()).await;
    api.refused(path, hard, 409, "state").await;
    let listed = api.get("/api/v1/appointments?revoked=true").await.json();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    // What an org above gave is not this org's to take.
    let county = child(&api, Level::County, "澄川县", "990121");
    let listed = api.get("/api/v1/appointments").await.json();
    let of_county = |one: &&Value| one["purpose"] == "authority" && one["org_name"] == "澄川县";
    let authority = listed.as_array().unwrap().iter().find(of_county).unwrap()["id"].clone();
    let state = ApiState {
        node: county.clone(),
        peers: Arc::new(Vec::new),
        ask: crate::services::join::nobody(),
        addresses: Arc::new(Vec::new),
        door: Door::default(),
        progress: crate::api::progress::Board::default(),
    };
    let below = Api {
        _dir: tempfile::tempdir().unwrap(),
        router: router(state, &county.api_token().unwrap()),
        token: county.api_token().unwrap(),
        node: county,
    };
    let upward = json!({"passphrase": AUTHORITY, "appointment": authority, "reason": "试试"});
    below.refused(path, upward.clone(), 403, "not-allowed").await;
    below
        .refused(
            "/api/v1/renew",
            json!({"passphrase": AUTHORITY, "appointment": authority}),
            403,
            "not-allowed",
        )
        .await;
    api.state(path, upward).await;
}
