use super::*;
use crate::services::rekey::KeyChangeState;

const WRONG: &str = "not the passphrase";
const NEW: &str = "另一把-2026-人大办";

#[tokio::test]
async fn an_org_below_gets_another_authority_key() {
    let api = Api::new();
    // The root has founders instead.
    let ask = json!({"passphrase": AUTHORITY, "new_passphrase": NEW});
    api.refused("/api/v1/authority/ask", ask, 403, "not-allowed")
        .await;
    let county = child(&api, Level::County, "澄川县", "990121");
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
    let path = "/api/v1/authority/ask";
    let ask = json!({"passphrase": AUTHORITY, "new_passphrase": NEW});
    below
        .refused(path, with(&ask, json!({"passphrase": WRONG})), 403, "sign-in")
        .await;
    below
        .refused(path, with(&ask, json!({"new_passphrase": "short"})), 422, "input")
        .await;
    let lost = below.state(path, json!({"new_passphrase": NEW})).await;
    assert_eq!(lost["confirmed"], false);
    let asked = below.state(path, ask.clone()).await;
    assert_eq!(
        (&asked["confirmed"], &asked["fingerprint"]),
        (&json!(true), &lost["fingerprint"])
    );
    below
        .refused(
            path,
            with(&ask, json!({"new_passphrase": "some other words"})),
            409,
            "state",
        )
        .await;
    assert_eq!(below.node.key_changes(), [KeyChangeState::AuthorityAsked]);
    assert_eq!(
        below.get("/api/v1/status").await.json()["key_changes"],
        json!(["authority_asked"])
    );

    let path = "/api/v1/authority/grant";
    let grant = json!({"passphrase": AUTHORITY, "code": asked["code"], "reason": "换届"});
    for (more, status, kind) in [
        (json!({"passphrase": WRONG}), 403, "sign-in"),
        (json!({"code": "lianzhan-authority-1.AAAA"}), 422, "input"),
        (json!({"code": lost["code"]}), 403, "not-allowed"),
        (json!({"reason": ""}), 422, "input"),
        (json!({"since": "2026-11-20"}), 422, "input"),
        (json!({"loss": "mislaid"}), 400, "request"),
        (json!({"keep": "some"}), 422, "input"),
        (json!({"until": "2099-01-01"}), 422, "input"),
    ] {
        api.refused(path, with(&grant, more), status, kind).await;
    }
    below.refused(path, grant.clone(), 403, "not-allowed").await;
    let granted = api.state(path, grant.clone()).await;
    assert_eq!(granted["revoked"].as_array().unwrap().len(), 1);
    assert_eq!(
        api.appointment(granted["appointment"].as_str().unwrap()).await["purpose"],
        "authority"
    );
    let again = api.state(path, grant).await;
    assert_eq!(
        (&again["appointment"], &again["revoked"]),
        (&granted["appointment"], &json!([]))
    );
    // It reaches the org below, which goes on with the new key.
    let statements = api.node.store().read(|reader| reader.statements()).unwrap();
    below.node.learn(&statements);
    let person = |passphrase: &str| {
        json!({
            "passphrase": passphrase, "login": "he", "name": "何", "roles": ["publicist"], "person_passphrase": CLERK,
        })
    };
    below
        .refused("/api/v1/appoint", person(AUTHORITY), 403, "sign-in")
        .await;
    below.state("/api/v1/appoint", person(NEW)).await;
}

#[tokio::test]
async fn a_running_node_takes_its_new_key_up_when_it_is_started_anew() {
    let api = Api::new();
    let path = "/api/v1/node/renew";
    let renew = json!({"passphrase": AUTHORITY, "reason": "换主机"});
    for (more, status, kind) in [
        (json!({"passphrase": WRONG}), 403, "sign-in"),
        (json!({"since": "2026-11-20"}), 422, "input"),
        (json!({"hard": true, "since": "soon"}), 422, "input"),
    ] {
        api.refused(path, with(&renew, more), status, kind).await;
    }
    let staged = api.state(path, renew.clone()).await;
    assert_eq!(
        (&staged["restart"], &staged["revoked"]),
        (&json!(true), &json!([]))
    );
    assert_eq!(api.state(path, renew).await, staged, "done again it is the same");
    assert_eq!(
        api.get("/api/v1/status").await.json()["key_changes"],
        json!(["node_waits"])
    );
}

#[tokio::test]
async fn an_org_whose_machine_is_lost_is_invited_again() {
    let api = Api::new();
    let county = child(&api, Level::County, "澄川县", "990121");
    let old = county.node_key().public();
    let statements = county.store().read(|reader| reader.statements()).unwrap();
    api.node.learn(&statements);
    let path = "/api/v1/invite/again";
    let again = json!({"passphrase": AUTHORITY, "org": "990121", "reason": "主机损坏"});
    for (more, status, kind) in [
        (json!({"passphrase": WRONG}), 403, "sign-in"),
        (json!({"org": "990122"}), 404, "not-here"),
        (json!({"reason": " "}), 422, "input"),
        (json!({"loss": "stolen", "since": "then"}), 422, "input"),
    ] {
        api.refused(path, with(&again, more), status, kind).await;
    }
    assert!(
        api.node.directory().node_org(&old).is_some(),
        "nothing was revoked by what was refused"
    );
    let invited = api.state(path, again).await;
    assert_eq!(invited["revoked"].as_array().unwrap().len(), 3);
    assert_eq!(api.node.directory().node_org(&old), None);
    let joining = Joining::begin(invited["code"].as_str().unwrap()).unwrap();
    let reply = api.node.answer_join(&joining.request());
    assert!(matches!(
        reply,
        crate::services::invite::JoinReply::Welcome { .. }
    ));
}
