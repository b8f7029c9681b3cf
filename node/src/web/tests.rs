//! The pages as a browser asks for them, on a node founded for the test.

mod anew;
mod appointments;
mod attachments;
mod bundles;
mod confirm;
mod entrance;
mod erasing;
mod forks;
mod imports;
mod joint;
mod ledgers;
mod network;
mod org_changes;
mod pages;
mod paper;
mod privacy;
mod settings;
mod values;
mod verify;
mod visits;

use std::net::SocketAddr;
use std::sync::Arc;

use age::secrecy::SecretString;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use lianzhan_protocol::trust::{Level, Role};
use tokio::sync::watch;
use tower::ServiceExt;

use super::request::escape;
use super::site::Site;
use crate::config::Config;
use crate::services::Node;
use crate::services::appoint::PersonDraft;
use crate::services::found::{OrgDraft, found};

const HOST: &str = "127.0.0.1:7610";
const PASSPHRASE: &str = "路灯 水渠 樟树 lamps";
const PHONE: &str = "13900000016";

/// A station of its own with a clerk and a deputy, and its pages.
struct Station {
    node: Arc<Node>,
    state: super::WebState,
    pages: Router,
    _stop: watch::Sender<bool>,
    _dir: tempfile::TempDir,
}

impl Station {
    fn new() -> Self {
        Self::of(OrgDraft {
            level: Level::Station,
            name_zh: "石桥站".into(),
            name_en: "Shiqiao station".into(),
            code: "990121103201".into(),
        })
    }

    /// The same for another org.
    fn of(draft: OrgDraft) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let passphrase = SecretString::from(PASSPHRASE);
        let config = Config {
            scrypt_log_n: 4,
            ..Config::default()
        };
        let node = found(&dir.path().join("node"), draft, &passphrase, config).unwrap();
        let people = [
            ("lin", "林静禾", vec![Role::StationLiaison], None),
            ("luo", "罗定一", vec![Role::Deputy], Some(Level::Township)),
            ("audit", "核查员", vec![Role::Auditor], None),
            ("gu", "顾守一", vec![Role::Administrator], None),
        ];
        for (login, name, roles, seat) in people {
            let person = PersonDraft {
                login: login.into(),
                name: name.into(),
                roles,
                seat,
                ..PersonDraft::default()
            };
            node.appoint_person(&passphrase, person, &passphrase).unwrap();
        }
        Self::serving(dir, node)
    }

    /// The pages of a node that is there.
    fn over(node: Arc<Node>) -> Self {
        Self::serving(tempfile::tempdir().unwrap(), node)
    }

    fn serving(dir: tempfile::TempDir, node: Arc<Node>) -> Self {
        let (stop, stopped) = watch::channel(false);
        let bound: SocketAddr = HOST.parse().unwrap();
        let state = super::state(node.clone(), Arc::new(Vec::new), Site::plain(bound), stopped);
        let pages = super::router(state.clone());
        Station {
            node,
            state,
            pages,
            _stop: stop,
            _dir: dir,
        }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.pages.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 24).await.unwrap();
        let body = String::from_utf8_lossy(&bytes).into_owned();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The value of a hidden field.
    fn hidden(&self, name: &str) -> String {
        let mark = format!("name=\"{name}\" value=\"");
        let at = self.body.find(&mark).unwrap_or_else(|| panic!("no field {name}")) + mark.len();
        self.body[at..].split('"').next().unwrap().to_owned()
    }
}

/// A browser: it keeps cookies and sends what browsers send.
#[derive(Default)]
struct Browser {
    cookies: Vec<(String, String)>,
}

impl Browser {
    fn keep(&mut self, answer: &Answer) {
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            self.cookies.push((name.into(), value.into()));
        }
    }

    fn request(&self, method: &str, path: &str) -> axum::http::request::Builder {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, HOST)
            .header(header::COOKIE, cookies.join("; "))
    }

    async fn get(&mut self, station: &Station, path: &str) -> Answer {
        let answer = station
            .send(self.request("GET", path).body(Body::empty()).unwrap())
            .await;
        self.keep(&answer);
        answer
    }

    async fn post(&mut self, station: &Station, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.post_from(station, path, fields, &format!("http://{HOST}"))
            .await
    }

    async fn post_from(
        &mut self,
        station: &Station,
        path: &str,
        fields: &[(&str, &str)],
        origin: &str,
    ) -> Answer {
        let typed: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{name}={}", escape(value)))
            .collect();
        let request = self
            .request("POST", path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ORIGIN, origin)
            .body(Body::from(typed.join("&")))
            .unwrap();
        let answer = station.send(request).await;
        self.keep(&answer);
        answer
    }

    async fn try_sign_in(&mut self, station: &Station, login: &str, passphrase: &str) -> Answer {
        let door = self.get(station, "/login").await;
        let csrf = door.hidden("csrf");
        let fields = [
            ("csrf", csrf.as_str()),
            ("name", login),
            ("passphrase", passphrase),
            ("back", "/visits"),
        ];
        self.post(station, "/login", &fields).await
    }

    async fn signed_in(station: &Station, login: &str) -> Browser {
        let mut browser = Browser::default();
        let answer = browser.try_sign_in(station, login, PASSPHRASE).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        browser
    }

    /// Registers a visit and returns the record's address.
    async fn register(&mut self, station: &Station, more: &[(&str, &str)]) -> (Answer, Option<String>) {
        let home = self.get(station, "/").await;
        let (csrf, once) = (home.hidden("csrf"), home.hidden("once"));
        let mut fields = vec![
            ("csrf", csrf.as_str()),
            ("once", once.as_str()),
            ("gist", "北坡组到镇中学的路灯坏了十一盏"),
            ("channel", "visit"),
            ("nature", "problem"),
            ("persons", "2"),
            ("receiver", "罗定一"),
            ("received_at", "2026-01-16T09:52"),
            ("triage", ""),
            ("told_person_on", ""),
        ];
        fields.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
        fields.extend(more);
        let answer = self.post(station, "/visits", &fields).await;
        station.node.catch_up(|_| {}).unwrap();
        let list = self.get(station, "/visits").await;
        let record = list
            .body
            .split("href=\"/records/")
            .nth(1)
            .map(|rest| rest[..32].to_owned());
        (answer, record.map(|id| format!("/records/{id}")))
    }
}
