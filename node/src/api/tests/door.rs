use super::*;

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
