//! What holds for every page, its parts and its live stream.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use tower::ServiceExt;

use super::{Browser, Station};

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_shown_in_both_languages_with_its_guards() {
    let station = Station::new();
    let mut browser = Browser::signed_in(&station, "lin").await;
    let record = browser.register(&station, &[]).await.1.unwrap();
    let office = station.node.find_office("lin").unwrap();
    let appointment = format!("/appointments/{office}");
    let pages = [
        "/",
        "/visits?q=路灯",
        "/activities",
        "/deputies",
        "/network",
        "/appointments",
        "/forks",
        "/appointments?q=林&state=in_force",
        "/contested",
        &appointment,
        &record,
        "/nowhere",
    ];
    for (lang, word) in [("zh", "退出"), ("en", "Sign out")] {
        browser
            .get(&station, &format!("/preferences?lang={lang}&back=/"))
            .await;
        for path in pages {
            let answer = browser
                .get(
                    &station,
                    &path
                        .replace("路灯", "%E8%B7%AF%E7%81%AF")
                        .replace('林', "%E6%9E%97"),
                )
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
        heard.push_str(std::str::from_utf8(&messages.next().await.unwrap().unwrap()).unwrap());
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
