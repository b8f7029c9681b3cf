//! Pages and API through real sockets.

use axum::routing::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::watch;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

use super::*;
use crate::web::tls::tests::{issued, written};

async fn ask(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

fn socket() -> std::net::TcpListener {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    listener
}

fn apps() -> (Router, Router) {
    (
        Router::new().route("/", get(async || "pages")),
        Router::new().route("/healthz", get(async || "ok")),
    )
}

#[tokio::test]
async fn pages_are_served_over_tls_and_the_api_also_to_this_machine() {
    let dir = tempfile::tempdir().unwrap();
    let issued = issued(&["localhost"]);
    written(dir.path(), &issued);
    let config = Config {
        tls_certificate: Some("tls.pem".into()),
        tls_key: Some("tls.key".into()),
        ..Config::default()
    };
    let gate = Gate::open(socket(), &config, dir.path()).await.unwrap();
    let (bound, local) = (gate.bound(), gate.local());
    assert!(bound != local && local.ip().is_loopback() && gate.site().is_secure());
    let (stop, stopped) = watch::channel(false);
    let (pages, api) = apps();
    let serving = tokio::spawn(gate.serve(pages, api, move || {
        let mut stopped = stopped.clone();
        async move {
            let _ = stopped.wait_for(|stop| *stop).await;
        }
    }));

    let mut roots = RootCertStore::empty();
    roots.add(issued.cert.der().clone()).unwrap();
    let client = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(client));
    for (path, words) in [("/", "pages"), ("/healthz", "ok")] {
        // One that says nothing keeps nobody waiting.
        let _silent = TcpStream::connect(bound).await.unwrap();
        let plain = TcpStream::connect(bound).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let mut stream = connector.connect(name, plain).await.unwrap();
        assert!(ask(&mut stream, path).await.ends_with(words));
    }
    let mut plain = TcpStream::connect(local).await.unwrap();
    assert!(ask(&mut plain, "/healthz").await.ends_with("ok"));
    let mut plain = TcpStream::connect(local).await.unwrap();
    let answer = ask(&mut plain, "/").await;
    assert!(
        answer.starts_with("HTTP/1.1 404"),
        "no pages beside TLS: {answer}"
    );

    stop.send_replace(true);
    serving.await.unwrap();
    assert!(TcpStream::connect(bound).await.is_err());
}

#[tokio::test]
async fn plain_pages_need_no_second_socket() {
    let dir = tempfile::tempdir().unwrap();
    let gate = Gate::open(socket(), &Config::default(), dir.path())
        .await
        .unwrap();
    assert_eq!(gate.bound(), gate.local());
    assert!(!gate.site().is_secure());
}
