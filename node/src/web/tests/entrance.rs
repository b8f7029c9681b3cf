//! Who is let in, and whose forms are taken.

use axum::body::Body;
use axum::http::{StatusCode, header};

use super::{Browser, PASSPHRASE, Station};

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
        "/records/00/confirm",
        "/records/00/correct",
        "/activities",
        "/activities/00/lines",
        "/appointments/00/renew",
        "/appointments/00/revoke",
        "/contested/adopt",
        "/forks/00/anew",
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
async fn a_form_that_is_too_long_is_refused() {
    let station = Station::new();
    let mut browser = Browser::signed_in(&station, "lin").await;
    let long = "长".repeat(crate::web::BODY_MAX);
    let (answer, record) = browser.register(&station, &[("gist", &long)]).await;
    assert_eq!((answer.status, record), (StatusCode::PAYLOAD_TOO_LARGE, None));
}
