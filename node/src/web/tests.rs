//! The pages as a browser asks for them, on a node founded for the test.

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
use crate::config::Config;
use crate::services::Node;
use crate::services::appoint::PersonDraft;
use crate::services::found::{OrgDraft, found};

const HOST: &str = "127.0.0.1:7610";
const PASSPHRASE: &str = "路灯与水渠";
const PHONE: &str = "13900000016";

/// A station of its own with a clerk and a deputy, and its pages.
struct Station {
    node: Arc<Node>,
    pages: Router,
    _stop: watch::Sender<bool>,
    _dir: tempfile::TempDir,
}

impl Station {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let passphrase = SecretString::from(PASSPHRASE);
        let draft = OrgDraft {
            level: Level::Station,
            name_zh: "石桥站".into(),
            name_en: "Shiqiao station".into(),
            code: "990121103201".into(),
        };
        let config = Config {
            scrypt_log_n: 4,
            ..Config::default()
        };
        let node = found(&dir.path().join("node"), draft, &passphrase, config).unwrap();
        let people = [
            ("lin", "林静禾", vec![Role::StationLiaison], None),
            ("luo", "罗定一", vec![Role::Deputy], Some(Level::Township)),
            ("audit", "核查员", vec![Role::Auditor], None),
        ];
        for (login, name, roles, seat) in people {
            let person = PersonDraft {
                login: login.into(),
                name: name.into(),
                roles,
                seat,
            };
            node.appoint_person(&passphrase, person, &passphrase).unwrap();
        }
        let (stop, stopped) = watch::channel(false);
        let bound: SocketAddr = HOST.parse().unwrap();
        let pages = super::router(super::state(node.clone(), Arc::new(Vec::new), bound, stopped));
        Station {
            node,
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

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_signed_in_sees_the_entrance_alone() {
    let station = Station::new();
    let mut browser = Browser::default();
    for path in [
        "/",
        "/visits",
        "/visits.csv",
        "/activities",
        "/deputies",
        "/network",
        "/records/00",
    ] {
        let answer = browser.get(&station, path).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
        assert_eq!(answer.header(header::LOCATION), format!("/login?back={path}"));
        assert!(answer.body.is_empty());
    }
    let part = browser
        .request("GET", "/")
        .header("x-fragment", "visits")
        .body(Body::empty())
        .unwrap();
    assert_eq!(station.send(part).await.status, StatusCode::UNAUTHORIZED);
    let stream = browser
        .request("GET", "/events")
        .header("accept", "text/event-stream")
        .body(Body::empty());
    assert_eq!(
        station.send(stream.unwrap()).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_and_out() {
    let station = Station::new();
    let mut browser = Browser::default();
    let door = browser.get(&station, "/login?back=/network").await;
    assert!(door.body.contains("登录名") && !door.body.contains("/logout"));
    let answer = browser.try_sign_in(&station, "lin", PASSPHRASE).await;
    assert_eq!(
        (answer.status, answer.header(header::LOCATION)),
        (StatusCode::SEE_OTHER, "/visits")
    );
    let cookie = answer.header(header::SET_COOKIE);
    assert!(cookie.contains("; HttpOnly; SameSite=Strict; Path=/"), "{cookie}");
    let home = browser.get(&station, "/").await;
    assert!(home.body.contains("林静禾") && home.body.contains("联络员") && home.body.contains("石桥站"));
    let out = browser
        .post(&station, "/logout", &[("csrf", &home.hidden("csrf"))])
        .await;
    assert_eq!(out.header(header::LOCATION), "/login");
    assert_eq!(browser.get(&station, "/").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_cookie_opens_nothing_after_signing_out() {
    let station = Station::new();
    let mut browser = Browser::signed_in(&station, "lin").await;
    let kept = Browser {
        cookies: browser.cookies.clone(),
    };
    let home = browser.get(&station, "/").await;
    browser
        .post(&station, "/logout", &[("csrf", &home.hidden("csrf"))])
        .await;
    let mut kept = kept;
    assert_eq!(kept.get(&station, "/").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_passphrase_is_told_and_too_many_must_wait() {
    let station = Station::new();
    let mut browser = Browser::default();
    for (login, passphrase) in [
        ("lin", "wrong"),
        ("nobody", PASSPHRASE),
        ("Lin Jinghe", PASSPHRASE),
    ] {
        let answer = browser.try_sign_in(&station, login, passphrase).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{login}");
        assert!(answer.body.contains("登录名或口令不对"));
        assert!(
            answer.body.contains(&format!("value=\"{login}\"")),
            "what was typed is still there"
        );
        assert!(!answer.body.contains(passphrase), "the passphrase is not");
    }
    for _ in 0..4 {
        browser.try_sign_in(&station, "lin", "wrong").await;
    }
    let answer = browser.try_sign_in(&station, "lin", PASSPHRASE).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.header(header::RETRY_AFTER), "1");
    assert!(answer.body.contains("等 1 秒"), "{}", answer.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_is_led_back_to_this_node_only() {
    let station = Station::new();
    let mut browser = Browser::default();
    let door = browser.get(&station, "/login?back=//evil.example/").await;
    assert_eq!(door.hidden("back"), "/");
    let csrf = door.hidden("csrf");
    let fields = [
        ("csrf", csrf.as_str()),
        ("name", "lin"),
        ("passphrase", PASSPHRASE),
        ("back", "https://evil.example/"),
    ];
    assert_eq!(
        browser
            .post(&station, "/login", &fields)
            .await
            .header(header::LOCATION),
        "/"
    );
    let answer = browser
        .get(&station, "/preferences?lang=en&back=//evil.example")
        .await;
    assert_eq!(answer.header(header::LOCATION), "/");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_another_page_is_refused() {
    let station = Station::new();
    let mut browser = Browser::signed_in(&station, "lin").await;
    let other = Browser::signed_in(&station, "luo").await;
    let csrf = browser.get(&station, "/").await.hidden("csrf");
    let foreign = Browser {
        cookies: other.cookies,
    }
    .get(&station, "/")
    .await
    .hidden("csrf");
    let visit = |csrf| {
        [
            ("csrf", csrf),
            ("gist", "伪造的一条"),
            ("channel", "visit"),
            ("nature", "problem"),
            ("persons", "1"),
            ("received_at", "2026-01-16T09:52"),
        ]
    };
    for token in ["", "0", foreign.as_str()] {
        let answer = browser.post(&station, "/visits", &visit(token)).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{token:?}");
    }
    for origin in ["https://evil.example", "null", "http://127.0.0.1:7611"] {
        let answer = browser
            .post_from(&station, "/visits", &visit(&csrf), origin)
            .await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{origin}");
    }
    for path in [
        "/logout",
        "/records/00",
        "/records/00/settle",
        "/activities",
        "/activities/00/lines",
    ] {
        assert_eq!(
            browser.post(&station, path, &[]).await.status,
            StatusCode::FORBIDDEN,
            "{path}"
        );
    }
    let mut stranger = Browser::default();
    let answer = stranger
        .post(&station, "/login", &[("name", "lin"), ("passphrase", PASSPHRASE)])
        .await;
    assert_eq!(
        answer.status,
        StatusCode::FORBIDDEN,
        "the entrance has a token, too"
    );
    station.node.catch_up(|_| {}).unwrap();
    assert!(!browser.get(&station, "/visits").await.body.contains("伪造"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_is_registered_once_and_its_personal_part_is_shown_where_it_is_held() {
    let station = Station::new();
    let mut browser = Browser::signed_in(&station, "lin").await;
    let home = browser.get(&station, "/").await;
    let (csrf, once) = (home.hidden("csrf"), home.hidden("once"));
    let fields = [
        ("csrf", csrf.as_str()),
        ("once", once.as_str()),
        ("gist", "水渠护栏断了 <b>三处</b>"),
        ("channel", "home_visit"),
        ("nature", "problem"),
        ("persons", "2"),
        ("receiver", "罗定一"),
        ("received_at", "2026-01-16T09:52"),
        ("name", "许知微"),
        ("phone", PHONE),
        ("hardship", "低保户"),
    ];
    let first = browser.post(&station, "/visits", &fields).await;
    assert_eq!(
        (first.status, first.header(header::LOCATION)),
        (StatusCode::SEE_OTHER, "/"),
        "{}",
        first.body
    );
    let second = browser.post(&station, "/visits", &fields).await;
    assert_eq!(second.status, StatusCode::SEE_OTHER, "pressed twice");
    station.node.catch_up(|_| {}).unwrap();
    let home = browser.get(&station, "/").await;
    assert!(
        home.body.contains("已登记，990121103201-2026-03-01"),
        "{}",
        home.body
    );
    assert!(
        !browser.get(&station, "/").await.body.contains("已登记，"),
        "said once"
    );
    let list = browser.get(&station, "/visits").await;
    assert_eq!(list.body.matches("水渠护栏断了").count(), 1, "registered once");
    assert!(
        list.body.contains("&#60;b&#62;三处"),
        "what people wrote is no markup"
    );
    assert!(list.body.contains("走访") && list.body.contains("还没分流"));
    let id = &list.body.split("href=\"/records/").nth(1).unwrap()[..32];
    let record = browser.get(&station, &format!("/records/{id}")).await;
    for words in [
        "许知微",
        PHONE,
        "低保户",
        "只留在石桥站",
        "990121103201-2026-03-01",
        "林静禾",
    ] {
        assert!(record.body.contains(words), "{words}");
    }
    // The list and the table that leave the station know nothing of the person.
    let table = browser.get(&station, "/visits.csv").await;
    assert!(table.body.starts_with('\u{feff}') && table.body.contains("水渠护栏断了"));
    for page in [&list, &table] {
        assert!(!page.body.contains("许知微") && !page.body.contains(PHONE));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_number_in_the_gist_gives_the_form_back() {
    let station = Station::new();
    let mut browser = Browser::signed_in(&station, "lin").await;
    let wrong = [
        ("gist", "护坡塌了，请打 139 0000 0016"),
        ("address", "石桥村二组 14 号"),
    ];
    let (answer, record) = browser.register(&station, &wrong).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        answer.body.contains("这里有一个手机号。请移到“联系电话”"),
        "{}",
        answer.body
    );
    assert!(answer.body.contains("填的内容还在"));
    assert!(answer.body.contains("护坡塌了，请打 139 0000 0016") && answer.body.contains("石桥村二组 14 号"));
    assert_eq!(record, None, "nothing was registered");
    // The same form, mended, goes through.
    let (answer, record) = browser
        .register(
            &station,
            &[("gist", "护坡塌了"), ("once", &answer.hidden("once"))],
        )
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert!(record.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_field_is_named_at_once() {
    let station = Station::new();
    let mut browser = Browser::signed_in(&station, "lin").await;
    let wrong = [
        ("persons", "0"),
        ("received_at", "yesterday"),
        ("told_person_on", "2026-02-30"),
        ("gist", PHONE),
    ];
    let (answer, _) = browser.register(&station, &wrong).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("有 4 处要改"), "{}", answer.body);
    assert_eq!(answer.body.matches("aria-invalid").count(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_is_triaged_and_its_proof_is_shown() {
    let station = Station::new();
    let mut browser = Browser::signed_in(&station, "lin").await;
    let record = browser.register(&station, &[]).await.1.unwrap();
    let page = browser.get(&station, &record).await;
    let (csrf, seen) = (page.hidden("csrf"), page.hidden("seen"));
    let triage = [
        ("csrf", csrf.as_str()),
        ("seen", &seen),
        ("triage", "petition"),
        ("told_person_on", ""),
    ];
    let answer = browser.post(&station, &record, &triage).await;
    assert_eq!(
        (answer.status, answer.header(header::LOCATION)),
        (StatusCode::SEE_OTHER, record.as_str())
    );
    let page = browser.get(&station, &record).await;
    assert!(
        page.body.contains("转信访，还要告知来访人") && page.body.contains("超期"),
        "{}",
        page.body
    );
    assert!(page.body.contains("改“分流”"));
    // From the page as it was: what this person left alone is not taken back.
    let told = [
        ("csrf", csrf.as_str()),
        ("seen", &seen),
        ("triage", ""),
        ("told_person_on", "2026-01-20"),
    ];
    browser.post(&station, &record, &told).await;
    let page = browser.get(&station, &record).await;
    assert!(page.body.contains("转信访，已告知来访人"), "{}", page.body);
    let change = page.body.split("?proof=").nth(1).unwrap()[..64].to_owned();
    let proof = browser.get(&station, &format!("{record}?proof={change}")).await;
    for words in [
        "签名与内容相符",
        "奠基声明",
        "还没有见证",
        "3 把根密钥之 2",
        "石桥站联络员",
    ] {
        assert!(proof.body.contains(words), "{words}");
    }
    let bundle = browser.get(&station, &format!("{record}/bundle")).await;
    assert_eq!(bundle.header(header::CONTENT_TYPE), "application/x-tar");
    assert!(bundle.header(header::CONTENT_DISPOSITION).contains(".tar"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_register_gets_no_form_and_no_way_around_it() {
    let station = Station::new();
    let mut browser = Browser::signed_in(&station, "audit").await;
    let home = browser.get(&station, "/").await;
    assert!(!home.body.contains("action=\"/visits\" data-main"));
    let fields = [
        ("csrf", home.hidden("csrf")),
        ("gist", "不该有的一条".into()),
        ("channel", "visit".into()),
        ("nature", "problem".into()),
        ("persons", "1".into()),
        ("received_at", "2026-01-16T09:52".into()),
    ];
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let answer = browser.post(&station, "/visits", &fields).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    station.node.catch_up(|_| {}).unwrap();
    assert!(!browser.get(&station, "/visits").await.body.contains("不该有"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_shown_in_both_languages_with_its_guards() {
    let station = Station::new();
    let mut browser = Browser::signed_in(&station, "lin").await;
    let record = browser.register(&station, &[]).await.1.unwrap();
    let pages = [
        "/",
        "/visits?q=路灯",
        "/activities",
        "/deputies",
        "/network",
        &record,
        "/nowhere",
    ];
    for (lang, word) in [("zh", "退出"), ("en", "Sign out")] {
        browser
            .get(&station, &format!("/preferences?lang={lang}&back=/"))
            .await;
        for path in pages {
            let answer = browser
                .get(&station, &path.replace("路灯", "%E8%B7%AF%E7%81%AF"))
                .await;
            let wanted = if path == "/nowhere" {
                StatusCode::NOT_FOUND
            } else {
                StatusCode::OK
            };
            assert_eq!(answer.status, wanted, "{path} {}", answer.body);
            assert!(answer.body.contains(word) && !answer.body.contains('⟦'), "{path}");
            let policy = answer.header(header::CONTENT_SECURITY_POLICY);
            assert!(
                policy.starts_with("default-src 'none'") && !policy.contains("unsafe"),
                "{policy}"
            );
            assert_eq!(answer.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
            assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
            for inline in ["<style", " style=", "javascript:", " onclick="] {
                assert!(!answer.body.contains(inline), "{path} holds {inline}");
            }
            assert_eq!(
                answer.body.matches("<script").count(),
                answer.body.matches("<script type=\"module\" src=").count()
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_alone_is_echoed_and_a_foreign_host_is_not_served() {
    let station = Station::new();
    let browser = Browser::signed_in(&station, "lin").await;
    for (path, id) in [
        ("/", "visits"),
        ("/sync", "sync"),
        ("/sync", "strip"),
        ("/network", "logs"),
    ] {
        let request = browser
            .request("GET", path)
            .header("x-fragment", id)
            .body(Body::empty())
            .unwrap();
        let part = station.send(request).await;
        assert_eq!(
            (part.status, part.headers["x-fragment"].to_str().unwrap()),
            (StatusCode::OK, id)
        );
        assert!(!part.body.contains("<html"), "{path} {id}");
    }
    let request = Request::builder()
        .uri("/login")
        .header(header::HOST, "evil.example:7610");
    let answer = station.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn assets_are_kept_by_their_version() {
    let station = Station::new();
    let mut browser = Browser::default();
    let door = browser.get(&station, "/login").await;
    for name in ["tokens.css", "app.css", "app.js", "favicon.svg"] {
        let at = door.body.find(&format!("/assets/{name}?v=")).unwrap();
        let path = door.body[at..].split('"').next().unwrap().to_owned();
        let asset = browser.get(&station, &path).await;
        assert_eq!(asset.status, StatusCode::OK, "{path}");
        assert!(asset.header(header::CACHE_CONTROL).contains("immutable"));
        let tag = asset.header(header::ETAG).to_owned();
        let again = browser
            .request("GET", &path)
            .header(header::IF_NONE_MATCH, tag)
            .body(Body::empty());
        assert_eq!(
            station.send(again.unwrap()).await.status,
            StatusCode::NOT_MODIFIED
        );
    }
    assert_eq!(
        browser.get(&station, "/assets/../Cargo.toml").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_too_long_is_refused() {
    let station = Station::new();
    let mut browser = Browser::signed_in(&station, "lin").await;
    let long = "长".repeat(super::BODY_MAX);
    let (answer, record) = browser.register(&station, &[("gist", &long)]).await;
    assert_eq!((answer.status, record), (StatusCode::PAYLOAD_TOO_LARGE, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_page_hears_what_has_changed() {
    use futures::StreamExt;
    let station = Station::new();
    let mut browser = Browser::signed_in(&station, "lin").await;
    let request = browser
        .request("GET", "/events")
        .header("accept", "text/event-stream")
        .body(Body::empty());
    let stream = station.pages.clone().oneshot(request.unwrap()).await.unwrap();
    assert_eq!(stream.headers()[header::CONTENT_TYPE], "text/event-stream");
    let mut messages = stream.into_body().into_data_stream();
    let record = browser.register(&station, &[]).await.1.unwrap();
    let topic = record.replace("/records/", "record:");
    let mut heard = String::new();
    while !(heard.contains(" visits") && heard.contains(&topic)) {
        heard.push_str(&String::from_utf8(messages.next().await.unwrap().unwrap().to_vec()).unwrap());
    }
    assert!(
        heard.contains("data: ") && !heard.contains("路灯"),
        "topics hold no data"
    );
    // It ends when the person signs out.
    let csrf = browser.get(&station, "/").await.hidden("csrf");
    browser.post(&station, "/logout", &[("csrf", &csrf)]).await;
    while let Some(message) = messages.next().await {
        message.unwrap();
    }
}
