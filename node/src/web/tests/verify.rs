//! The page of the verifier, where it was built and where it was not.

use axum::http::{StatusCode, header};

use super::{Browser, Station};

const MODULE: &str = "/verify/lianzhan_verify.wasm";

impl Station {
    /// The same station, of a program that was built with this verifier or without.
    fn with_verifier(mut self, verifier: Option<&'static [u8]>) -> Self {
        self.state.verifier = verifier;
        self.pages = crate::web::router(self.state.clone());
        self
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn anybody_gets_the_verifier_and_what_this_node_trusts() {
    let station = Station::new().with_verifier(Some(b"\0asm\x01\0\0\0"));
    let mut browser = Browser::default();
    let page = browser.get(&station, "/verify").await;
    assert_eq!(page.status, StatusCode::OK);
    let founding = station.node.directory().founding().clone();
    let id = crate::web::say::grouped(&founding.id().to_string());
    assert!(page.body.contains(&id) && page.body.contains("核验证据包") && !page.body.contains('⟦'));
    assert!(page.body.contains("/assets/verify.js?v=") && !page.body.contains("id=\"unbuilt\""));
    assert!(!page.body.contains("data-live"), "the page stays silent");

    let policy = page.header(header::CONTENT_SECURITY_POLICY);
    assert!(
        policy.contains("script-src 'self' 'wasm-unsafe-eval';"),
        "{policy}"
    );
    assert!(policy.starts_with("default-src 'none'") && policy.contains("form-action 'none'"));
    let login = browser.get(&station, "/login").await;
    assert!(!login.header(header::CONTENT_SECURITY_POLICY).contains("unsafe"));

    let at = page.body.find(MODULE).unwrap();
    let path = page.body[at..].split('"').next().unwrap();
    let module = browser.get(&station, path).await;
    assert_eq!(module.header(header::CONTENT_TYPE), "application/wasm");
    assert!(module.header(header::CACHE_CONTROL).contains("immutable"));
    let kept = browser.get(&station, "/verify/founding.cose").await;
    assert_eq!(kept.status, StatusCode::OK);
    assert!(kept.header(header::CONTENT_DISPOSITION).contains("founding.cose"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_was_built_without_says_so_and_what_to_do() {
    let station = Station::new().with_verifier(None);
    let mut browser = Browser::default();
    for (path, word) in [
        ("/verify", "没有带上浏览器核验程序"),
        ("/verify?lang=en", "built without the verifier"),
        ("/verify?lang=fr", "没有带上浏览器核验程序"),
    ] {
        let page = browser.get(&station, path).await;
        assert_eq!(page.status, StatusCode::OK);
        for part in [
            word,
            "tools/verify-wasm/build",
            "lianzhan-audit verify",
            "/verify/founding.cose",
        ] {
            assert!(page.body.contains(part), "{path} does not say {part}");
        }
        assert!(!page.body.contains("verify.js") && !page.body.contains("type=\"file\""));
    }
    assert_eq!(browser.get(&station, MODULE).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_signed_in_gets_the_same_page() {
    let station = Station::new().with_verifier(None);
    let mut lin = Browser::signed_in(&station, "lin").await;
    let page = lin.get(&station, "/verify").await;
    assert_eq!(page.body, Browser::default().get(&station, "/verify").await.body);
}
