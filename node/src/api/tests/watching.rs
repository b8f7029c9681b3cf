use super::*;

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

#[tokio::test]
async fn the_figures_are_open_metrics_behind_the_token() {
    let api = Api::new();
    api.register().await;
    let open = Request::builder().uri("/api/v1/metrics");
    assert_eq!(
        api.send(open, Body::empty()).await.status,
        StatusCode::UNAUTHORIZED
    );
    let answer = api.get("/api/v1/metrics").await;
    assert_eq!(
        answer.headers["content-type"],
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    let text = String::from_utf8(answer.body).unwrap();
    let line = |start: &str| {
        text.lines()
            .find(|line| line.starts_with(start))
            .unwrap_or_else(|| panic!("{start}: {text}"))
    };
    let status = api.get("/api/v1/status").await.json();
    let entries = format!("lianzhan_entries {}", status["entries"]);
    assert_eq!(line("lianzhan_entries "), entries);
    assert_eq!(line("lianzhan_alarms "), "lianzhan_alarms 0");
    let flood = "lianzhan_peer_misbehaviour_total{kind=\"flood\"} 0";
    assert_eq!(line("lianzhan_peer_misbehaviour_total{kind=\"flood\""), flood);
    assert!(line("lianzhan_peers_avoided ").ends_with(" 0"));
    assert_eq!(
        api.get("/api/v1/network").await.json()["misconduct"],
        status["misconduct"]
    );
    assert!(line("lianzhan_build_info").contains(env!("CARGO_PKG_VERSION")));
    assert!(line("lianzhan_log_entries{").contains("own=\"true\""));
    assert!(text.ends_with("# EOF\n"));
}

#[tokio::test]
async fn long_work_is_followed_under_the_name_that_it_was_given() {
    let api = Api::new();
    let name = "0123456789abcdef0123456789abcdef";
    let named = |name: &str| {
        Request::builder()
            .method("POST")
            .uri("/api/v1/check")
            .header("authorization", format!("Bearer {}", api.token))
            .header(crate::api::progress::HEADER, name)
    };
    let checked = api.send(named(name), Body::empty()).await;
    assert_eq!(checked.status, StatusCode::OK, "{:?}", checked.json());
    let after = api.get(&format!("/api/v1/progress/{name}")).await;
    assert_eq!(after.status, StatusCode::NOT_FOUND, "it is answered");
    let wrong = api.send(named("../../etc/passwd"), Body::empty()).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
}
