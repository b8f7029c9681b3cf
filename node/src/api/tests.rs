//! The API as a program uses it, on a node founded for the test: a city's, which holds every ledger itself.

use std::sync::Arc;

use age::secrecy::SecretString;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use lianzhan_protocol::trust::{Level, Role};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{ApiState, router};
use crate::config::Config;
use crate::services::appoint::PersonDraft;
use crate::services::found::{OrgDraft, found};
use crate::services::limit::Door;
use crate::services::{Node, files};

const AUTHORITY: &str = "澜州-2026-人大办";
const CLERK: &str = "长江七号-来访登记";

struct Api {
    _dir: tempfile::TempDir,
    node: Arc<Node>,
    router: Router,
    token: String,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    /// The problem details, checked for what every one of them has.
    fn problem(&self, instance: &str) -> Value {
        assert_eq!(self.headers["content-type"], "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16());
        assert_eq!(problem["instance"], instance);
        for member in ["type", "title", "detail"] {
            assert!(
                problem[member].as_str().is_some_and(|text| !text.is_empty()),
                "{problem}"
            );
        }
        problem
    }
}

impl Api {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = Config {
            scrypt_log_n: 4,
            ..Config::default()
        };
        let root = OrgDraft {
            level: Level::City,
            name_zh: "澜州市".into(),
            name_en: "Lanzhou".into(),
            code: "990100".into(),
        };
        let authority = SecretString::from(AUTHORITY.to_owned());
        let node = found(&dir.path().join("node"), root, &authority, config).unwrap();
        let person = PersonDraft {
            login: "lin".into(),
            name: "林晓".into(),
            roles: vec![Role::OpinionLiaison],
            ..PersonDraft::default()
        };
        node.appoint_person(&authority, person, &SecretString::from(CLERK.to_owned()))
            .unwrap();
        let state = ApiState {
            node: node.clone(),
            peers: Arc::new(Vec::new),
            addresses: Arc::new(|| vec!["/ip4/127.0.0.1/tcp/7611".into()]),
            door: Door::default(),
        };
        let router = router(state).unwrap();
        let token = node.api_token().unwrap();
        Api {
            _dir: dir,
            node,
            router,
            token,
        }
    }

    async fn send(&self, request: axum::http::request::Builder, body: impl Into<Body>) -> Answer {
        let response = self
            .router
            .clone()
            .oneshot(request.body(body.into()).unwrap())
            .await
            .unwrap();
        Answer {
            status: response.status(),
            headers: response.headers().clone(),
            body: to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec(),
        }
    }

    fn request(&self, method: &str, path: &str) -> axum::http::request::Builder {
        Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {}", self.token))
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(self.request("GET", path), Body::empty()).await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        let request = self
            .request("POST", path)
            .header("content-type", "application/json");
        self.send(request, body.to_string()).await
    }

    async fn import(&self, file: &str, dry_run: bool) -> Answer {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../docs/samples")
            .join(file);
        let uri = format!("/api/v1/import?ledger=letters_visits&file={file}&dry_run={dry_run}");
        let encoded: String = CLERK.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let request = self
            .request("POST", &uri)
            .header("x-lianzhan-login", "lin")
            .header("x-lianzhan-passphrase", encoded);
        self.send(request, std::fs::read(path).unwrap()).await
    }

    async fn register(&self) -> String {
        let answer = self.post("/api/v1/visits", visit()).await;
        assert_eq!(
            answer.status,
            StatusCode::CREATED,
            "{}",
            String::from_utf8_lossy(&answer.body)
        );
        let record = answer.json()["record"].as_str().unwrap().to_owned();
        assert_eq!(answer.headers["location"], format!("/api/v1/records/{record}"));
        record
    }
}

fn visit() -> Value {
    json!({
        "login": "lin", "passphrase": CLERK,
        "fields": {
            "received_at": "2026-04-16T09:30:00+08:00", "channel": "visit", "persons": 2, "nature": "problem",
            "gist": "老街路灯坏了两盏，晚上看不清台阶。", "note": "",
        },
        "subject": { "name": "赵某某", "phone": "13900000016" },
    })
}

#[tokio::test]
async fn only_health_is_open_all_else_needs_the_token() {
    let api = Api::new();
    let health = api.send(Request::builder().uri("/healthz"), Body::empty()).await;
    assert_eq!(
        (health.status, health.body.as_slice()),
        (StatusCode::OK, b"ok\n".as_slice())
    );
    for path in ["/api/v1/status", "/api/v1/views", "/api/v1/nowhere", "/api/v1"] {
        let none = api.send(Request::builder().uri(path), Body::empty()).await;
        assert_eq!(none.status, StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(none.headers["www-authenticate"], "Bearer");
        none.problem(path);
        let wrong = Request::builder().uri(path).header("authorization", "Bearer 00");
        assert_eq!(
            api.send(wrong, Body::empty()).await.status,
            StatusCode::UNAUTHORIZED,
            "{path}"
        );
    }
    let status = api.get("/api/v1/status").await;
    assert_eq!(status.headers["cache-control"], "no-store");
    assert_eq!(status.json()["name"], "澜州市");
    assert_eq!(api.get("/api/v1/nowhere").await.status, StatusCode::NOT_FOUND);
    let method = api.post("/api/v1/status", json!({})).await;
    assert_eq!(method.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(method.headers.contains_key("allow"));
    method.problem("/api/v1/status");
}

#[cfg(unix)]
#[test]
fn the_token_is_for_the_owner_of_the_directory_alone() {
    use std::os::unix::fs::PermissionsExt;
    let api = Api::new();
    let mode = std::fs::metadata(api.node.dir().join(files::API_TOKEN))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn a_visit_is_registered_and_read_back_without_the_persons_data() {
    let api = Api::new();
    let record = api.register().await;
    let answer = api.get(&format!("/api/v1/records/{record}")).await;
    let shown = answer.json();
    assert_eq!(shown["ledger"], "letters_visits");
    assert_eq!(shown["owner"]["name_zh"], "澜州市");
    assert_eq!(shown["state"]["fields"]["persons"]["value"], 2);
    assert_eq!(shown["annexes"], json!(["subject"]));
    let change = &shown["changes"][0];
    assert_eq!(change["author"], "林晓");
    assert_eq!(change["happened"], "2026-04-16T09:30:00+08:00");
    assert_eq!(change["verdict"]["verdict"], "counts");
    assert_eq!(change["witnessed"], Value::Null);
    assert_eq!(
        change["chain"].as_array().unwrap().last().unwrap()["holder"],
        "林晓"
    );
    let text = String::from_utf8(answer.body).unwrap();
    assert!(
        !text.contains("赵某某") && !text.contains("13900000016"),
        "annex contents stay out"
    );

    api.node.catch_up(|_| {}).unwrap();
    let table = api.get("/api/v1/views/letters_visits").await.json();
    assert_eq!(table["rows"].as_array().unwrap().len(), 1);
    let csv = api.get("/api/v1/views/letters_visits?format=csv").await;
    assert!(
        csv.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/csv")
    );
    let text = String::from_utf8(csv.body).unwrap();
    assert!(text.starts_with('\u{feff}') && text.ends_with("\r\n") && text.contains("路灯"));
    assert!(!text.contains("13900000016"));
}

#[tokio::test]
async fn the_annex_of_a_record_cannot_be_read_by_its_own_id() {
    let api = Api::new();
    api.register().await;
    let sealed = api.node.store().read(|reader| reader.sealed_records()).unwrap();
    assert_eq!(sealed.len(), 1);
    for id in sealed.keys() {
        let path = format!("/api/v1/records/{id}");
        let answer = api.get(&path).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        answer.problem(&path);
        let bundle = api.get(&format!("/api/v1/records/{id}/bundle")).await;
        assert_eq!(bundle.status, StatusCode::CONFLICT);
        let path = format!("/api/v1/records/{id}/automerge");
        let document = api.get(&path).await;
        assert_eq!(document.status, StatusCode::FORBIDDEN);
        document.problem(&path);
        let activity = api.get(&format!("/api/v1/activities/{id}")).await;
        assert_eq!(activity.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(
        api.get("/api/v1/views/subject").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let api = Api::new();
    let mut body = visit();
    body["fields"]["persons"] = json!("two");
    let answer = api.post("/api/v1/visits", body).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer.problem("/api/v1/visits")["field"], "persons");
    let mut body = visit();
    body["fields"]["gist"] = json!("请打 13900000016");
    let answer = api.post("/api/v1/visits", body).await;
    let problem = answer.problem("/api/v1/visits");
    assert_eq!(problem["field"], "gist");
    assert!(problem["detail_zh"].as_str().unwrap().contains("手机号"));
    let mut body = visit();
    body["fields"]["reg_no"] = json!("1");
    assert_eq!(
        api.post("/api/v1/visits", body).await.problem("/api/v1/visits")["field"],
        "reg_no"
    );
    let mut body = visit();
    body["fiedls"] = json!({});
    let answer = api.post("/api/v1/visits", body).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(
        answer.problem("/api/v1/visits")["detail"]
            .as_str()
            .unwrap()
            .contains("fiedls")
    );
    for path in ["/api/v1/records/zz", "/api/v1/activities/zz"] {
        let answer = api.get(path).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        answer.problem(path);
    }
    let unknown = "/api/v1/records/00000000000000000000000000000000";
    assert_eq!(api.get(unknown).await.status, StatusCode::NOT_FOUND);
    let large = json!({"records": ["0".repeat(2 << 20)]});
    let answer = api.post("/api/v1/bundle", large).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    answer.problem("/api/v1/bundle");
    assert_eq!(
        api.node.store().read(|reader| reader.record_count(None)).unwrap(),
        0
    );
}

#[tokio::test]
async fn a_bundle_verifies_against_the_founding_statement() {
    let api = Api::new();
    let record = api.register().await;
    let answer = api.get(&format!("/api/v1/records/{record}/bundle")).await;
    assert_eq!(answer.headers["content-type"], "application/x-tar");
    assert!(
        answer.headers["content-disposition"]
            .to_str()
            .unwrap()
            .contains(&record)
    );
    let founding = std::fs::read(api.node.dir().join(files::FOUNDING)).unwrap();
    let report = lianzhan_protocol::bundle::verify(&answer.body, &founding).unwrap();
    assert_eq!(report.records.len(), 1);
    let several = api
        .post("/api/v1/bundle", json!({"records": [record, record]}))
        .await;
    assert_eq!(several.body, answer.body);
    let case = api
        .get(&format!("/api/v1/records/{record}/bundle?cited=true"))
        .await;
    assert_eq!(case.body, answer.body, "it cites nothing that is here");
    let code = api.node.org().unwrap().code;
    // What was recorded, in the test, is recorded now.
    let year: i16 = crate::services::activity::now_stated()[..4].parse().unwrap();
    for (asked, status) in [
        (json!({"station": code, "quarter": "2026Q2"}), StatusCode::OK),
        (json!({"deputy": "lin", "year": year}), StatusCode::OK),
        (json!({"case": record}), StatusCode::OK),
        (
            json!({"station": code, "quarter": "2020Q1"}),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (
            json!({"station": code, "quarter": "2026"}),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (json!({"activity": record}), StatusCode::UNPROCESSABLE_ENTITY),
        (
            json!({"deputy": "nobody", "year": 2026}),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (json!({"year": 2026}), StatusCode::BAD_REQUEST),
    ] {
        let answer = api.post("/api/v1/bundle", asked.clone()).await;
        assert_eq!(answer.status, status, "{asked}");
        if status == StatusCode::OK {
            assert_eq!(answer.body, case.body, "{asked}");
        }
    }
}

#[tokio::test]
async fn importing_twice_adds_nothing_and_broken_rows_are_named() {
    let api = Api::new();
    let dry = api.import("visits-shiqiao.xlsx", true).await.json();
    assert_eq!((&dry["imported"], &dry["dry_run"]), (&json!(124), &json!(true)));
    let first = api.import("visits-shiqiao.xlsx", false).await.json();
    assert_eq!(
        (&first["imported"], &first["known"]),
        (&json!(124), &json!(0)),
        "{first}"
    );
    let again = api.import("visits-shiqiao.xlsx", false).await.json();
    assert_eq!((&again["imported"], &again["known"]), (&json!(0), &json!(124)));
    let broken = api.import("broken-visits.xlsx", false).await.json();
    let rows: Vec<_> = broken["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["row"].clone())
        .collect();
    assert_eq!(rows, [5, 7, 9, 11, 13]);
    assert!(
        broken["errors"][0]["zh"]
            .as_str()
            .is_some_and(|text| !text.is_empty())
    );
    let check = api.post("/api/v1/check", json!({})).await.json();
    assert_eq!(
        (&check["faults"], &check["documents"]),
        (&json!([]), &json!(130)),
        "{check}"
    );
    let reindexed = api.post("/api/v1/reindex", json!({})).await.json();
    assert!(
        reindexed["records"].as_u64().is_some_and(|count| count >= 130),
        "{reindexed}"
    );
}

#[tokio::test]
async fn no_book_of_personal_parts_is_imported() {
    let api = Api::new();
    let request = api
        .request("POST", "/api/v1/import?ledger=subject&file=a.csv")
        .header("x-lianzhan-login", "lin")
        .header(
            "x-lianzhan-passphrase",
            CLERK.bytes().map(|b| format!("%{b:02X}")).collect::<String>(),
        );
    let answer = api.send(request, "姓名\n赵某某\n").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn wrong_passphrases_soon_have_to_wait() {
    let api = Api::new();
    let try_with = |passphrase: &'static str| {
        api.post(
            "/api/v1/people/session",
            json!({"login": "lin", "passphrase": passphrase}),
        )
    };
    let right = try_with(CLERK).await;
    assert_eq!(
        (right.status, &right.json()["name"]),
        (StatusCode::OK, &json!("林晓"))
    );
    for _ in 0..5 {
        let wrong = try_with("guess").await;
        assert_eq!(wrong.status, StatusCode::FORBIDDEN);
        wrong.problem("/api/v1/people/session");
    }
    let held = try_with(CLERK).await;
    assert_eq!(held.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(held.headers.contains_key("retry-after"));
    let visit = api.post("/api/v1/visits", visit()).await;
    assert_eq!(
        visit.status,
        StatusCode::TOO_MANY_REQUESTS,
        "every door counts together"
    );
}

#[tokio::test]
async fn an_org_is_invited_a_person_appointed_and_a_joint_activity_held() {
    let api = Api::new();
    let invite = json!({
        "passphrase": AUTHORITY, "name_zh": "澄川县", "name_en": "Chengchuan", "level": "county", "code": "990121",
    });
    let answer = api.post("/api/v1/invite", invite.clone()).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    let code = answer.json()["code"].as_str().unwrap().to_owned();
    let invitation = crate::services::invite::Invitation::from_code(&code).unwrap();
    assert_eq!(invitation.addresses, ["/ip4/127.0.0.1/tcp/7611"]);
    let mut wrong = invite;
    wrong["passphrase"] = json!("not the passphrase");
    assert_eq!(
        api.post("/api/v1/invite", wrong).await.status,
        StatusCode::FORBIDDEN
    );

    let appoint = |login: &str, role: &str, seat: Option<&str>| {
        json!({
            "passphrase": AUTHORITY, "login": login, "name": login, "roles": [role], "seat": seat,
            "person_passphrase": CLERK,
        })
    };
    let answer = api
        .post("/api/v1/appoint", appoint("zhao", "deputy", Some("city")))
        .await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert_eq!(
        api.post("/api/v1/appoint", appoint("zhao", "deputy", Some("city")))
            .await
            .status,
        StatusCode::CONFLICT
    );
    let answer = api
        .post("/api/v1/appoint", appoint("org", "organiser", None))
        .await;
    assert_eq!(answer.status, StatusCode::CREATED);
    let answer = api.post("/api/v1/appoint", appoint("x", "king", None)).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);

    let authority = api
        .node
        .unlock_authority(&SecretString::from(AUTHORITY.to_owned()))
        .unwrap();
    let space = api
        .node
        .open_joint_space(&authority, &[invitation.org], Level::City, 2026)
        .unwrap();
    let call = json!({
        "login": "org", "passphrase": CLERK, "space": space.id(),
        "fields": {
            "topic": "老街消防联合检查", "from": "2026-05-08T09:00:00+08:00", "to": "2026-05-08T11:00:00+08:00",
        },
    });
    let answer = api.post("/api/v1/activities", call).await;
    assert_eq!(
        answer.status,
        StatusCode::CREATED,
        "{}",
        String::from_utf8_lossy(&answer.body)
    );
    let record = answer.json()["record"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/activities/{record}");
    let by = |login: &str| json!({"login": login, "passphrase": CLERK});
    let sign_in = format!("{path}/sign-in");
    assert_eq!(api.post(&sign_in, by("zhao")).await.status, StatusCode::CREATED);
    assert_eq!(
        api.post(&sign_in, by("zhao")).await.status,
        StatusCode::CONFLICT,
        "once"
    );
    assert_eq!(
        api.post(&sign_in, by("org")).await.status,
        StatusCode::FORBIDDEN,
        "deputies alone"
    );
    let mut line = by("zhao");
    line["text"] = json!("三号楼灭火器过期");
    assert_eq!(
        api.post(&format!("{path}/lines"), line).await.status,
        StatusCode::CREATED
    );
    assert_eq!(
        api.post(&format!("{path}/seal"), by("org")).await.status,
        StatusCode::CREATED
    );
    let activity = api.get(&path).await.json();
    assert_eq!(activity["signed_in"][0]["deputy"], "zhao");
    assert_eq!(activity["lines"][0]["text"], "三号楼灭火器过期");
    assert_eq!(activity["seals"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&activity["required"], &activity["sealed"]),
        (&json!(["city"]), &json!(true)),
        "{activity}"
    );
    assert_eq!(activity["orgs"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn whoever_watches_gets_checkpoints_and_proofs_without_a_token() {
    use lianzhan_protocol::id::Hash;
    use lianzhan_protocol::log::{
        Origin, SignedCheckpoint, TreeSize, VerifierKey, read_growth, verify_consistency,
    };
    let api = Api::new();
    // The first visit starts the log of visits.
    api.register().await;
    let open = async |path: String| api.send(Request::builder().uri(path), Body::empty()).await;
    let list = open("/monitor".into()).await;
    assert_eq!(list.status, StatusCode::OK);
    let logs = list.json()["logs"].as_array().unwrap().clone();
    assert_eq!(logs.last().unwrap()["kind"], "witness_log");
    assert!(logs.len() >= 2);
    let mut seen = Vec::new();
    for log in &logs {
        let origin = Origin::parse(log["origin"].as_str().unwrap()).unwrap();
        let id = Hash::plain(origin.as_str().as_bytes()).to_string();
        assert_eq!(log["id"], id.as_str());
        let key = VerifierKey::parse(log["vkey"].as_str().unwrap()).unwrap();
        let note = open(format!("/monitor/{id}/checkpoint")).await;
        assert_eq!(note.headers["content-type"], "text/plain; charset=utf-8");
        let note = String::from_utf8(note.body).unwrap();
        let checkpoint = SignedCheckpoint::open(&note, key.key(), &origin).unwrap();
        seen.push((origin, key, id, checkpoint));
    }
    api.register().await;
    let mut grew = 0;
    for (origin, key, id, old) in &seen {
        let note = open(format!("/monitor/{id}/checkpoint")).await.body;
        let note = String::from_utf8(note).unwrap();
        let now = SignedCheckpoint::verify(&note, key.key(), origin).unwrap();
        let (from, to) = (old.size.0, now.checkpoint().size.0);
        let text = open(format!("/monitor/{id}/consistency/{from}/{to}")).await.body;
        let hashes = read_growth(std::str::from_utf8(&text).unwrap(), from, now.note()).unwrap();
        let checked = verify_consistency(old.size, TreeSize(to), &old.root, &now.checkpoint().root, &hashes);
        assert_eq!(checked, Ok(()));
        grew += to - from;
        let beyond = format!("/monitor/{id}/consistency/{from}/{}", to + 1);
        let answer = open(beyond.clone()).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        answer.problem(&beyond);
        let back = open(format!("/monitor/{id}/consistency/{}/{to}", to + 1)).await;
        assert_eq!(back.status, StatusCode::NOT_FOUND);
    }
    assert!(grew > 0, "a visit was registered");
    let unknown = format!("/monitor/{}/checkpoint", Hash([0; 32]));
    assert_eq!(open(unknown).await.status, StatusCode::NOT_FOUND);
    let id = &seen[0].2;
    let unread = open(format!("/monitor/{id}/consistency/x/2")).await;
    assert_eq!(unread.status, StatusCode::UNPROCESSABLE_ENTITY);
    let witnessed = open(format!("/monitor/{id}/witnessed")).await;
    assert_eq!(
        witnessed.status,
        StatusCode::NOT_FOUND,
        "nobody is there to witness it"
    );
    // All who ask share one pace.
    let mut last = StatusCode::OK;
    for _ in 0..400 {
        last = open("/monitor/x/checkpoint".into()).await.status;
        if last == StatusCode::TOO_MANY_REQUESTS {
            break;
        }
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
}
