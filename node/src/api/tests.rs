//! The API as a program uses it, on a node founded for the test: a city's, which holds every ledger itself.

mod activities;
mod confirmations;
mod door;
mod imports;
mod keys;
mod ledgers;
mod openapi;
mod posts;
mod recorded;
mod records;
mod reissue;
mod trust;
mod watching;

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
use crate::services::invite::Joining;
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
        Api::serving(dir, node)
    }

    /// The API of a node that is there.
    fn over(node: Arc<Node>) -> Self {
        Api::serving(tempfile::tempdir().unwrap(), node)
    }

    fn serving(dir: tempfile::TempDir, node: Arc<Node>) -> Self {
        let state = ApiState {
            node: node.clone(),
            peers: Arc::new(Vec::new),
            ask: crate::services::join::nobody(),
            addresses: Arc::new(|| vec!["/ip4/127.0.0.1/tcp/7611".into()]),
            door: Door::default(),
            progress: super::progress::Board::default(),
        };
        let token = node.api_token().unwrap();
        let router = router(state, &token);
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

    /// Posts what must succeed, and gives what was stated.
    async fn state(&self, path: &str, body: Value) -> Value {
        let answer = self.post(path, body.clone()).await;
        let said = String::from_utf8_lossy(&answer.body);
        assert_eq!(answer.status, StatusCode::CREATED, "{path} {body}: {said}");
        answer.json()
    }

    /// Posts what must be refused with this status and kind of problem.
    async fn refused(&self, path: &str, body: Value, status: u16, kind: &str) -> Value {
        let answer = self.post(path, body.clone()).await;
        let said = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!(answer.status.as_u16(), status, "{path} {body}: {said}");
        let problem = answer.problem(path);
        let kind = format!("urn:lianzhan:problem:{kind}");
        assert_eq!(problem["type"], kind.as_str(), "{path} {body}: {said}");
        problem
    }

    async fn appointment(&self, id: &str) -> Value {
        self.get(&format!("/api/v1/appointments/{id}")).await.json()
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

/// A body with some members more, or others.
fn with(body: &Value, more: Value) -> Value {
    let mut body = body.clone();
    let (Some(members), Value::Object(more)) = (body.as_object_mut(), more) else {
        panic!("objects")
    };
    members.extend(more);
    body
}

/// The node of an org directly below, joined for the test.
fn child(api: &Api, level: Level, name: &str, code: &str) -> Arc<Node> {
    let draft = OrgDraft {
        level,
        name_zh: name.into(),
        name_en: name.into(),
        code: code.into(),
    };
    let authority = SecretString::from(AUTHORITY.to_owned());
    let invitation = api.node.invite(draft, &authority, Vec::new()).unwrap();
    let joining = Joining::begin(&invitation.to_code()).unwrap();
    let reply = api.node.answer_join(&joining.request());
    let config = Config {
        scrypt_log_n: 4,
        ..Config::default()
    };
    joining
        .finish(&api._dir.path().join(code), reply, &authority, config)
        .unwrap()
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
