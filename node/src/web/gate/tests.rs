//! Pages and API through real sockets.

use axum::routing::{get, post};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::Instant;
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

fn apps() -> [fn() -> Router; 2] {
    [
        || Router::new().route("/", get(async || "pages")),
        || Router::new().route("/healthz", get(async || "ok")),
    ]
}

const SHORT: Duration = Duration::from_millis(300);
/// The head of a request without its end.
const HALF: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n";

/// A socket with limits that a test can reach, what serves it, and how that is ended.
fn limited(limits: Limits) -> (SocketAddr, JoinHandle<()>, watch::Sender<bool>) {
    let app = Router::new()
        .route("/healthz", get(async || "ok"))
        .route(
            "/long",
            get(async || {
                tokio::time::sleep(SHORT * 3).await;
                "at last"
            }),
        )
        .route("/upload", post(async |body: String| body));
    let socket = socket();
    let bound = socket.local_addr().unwrap();
    let listener = TcpListener::from_std(socket).unwrap();
    let (stop, mut stopped) = watch::channel(false);
    let serving = tokio::spawn(async move {
        let ended = async move {
            let _ = stopped.wait_for(|stop| *stop).await;
        };
        serve(listener, None, || app.clone(), limits, ended).await;
    });
    (bound, serving, stop)
}

async fn half_sent(bound: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(bound).await.unwrap();
    stream.write_all(HALF).await.unwrap();
    stream
}

/// After how long the other side closes, if it does.
async fn closed(stream: &mut TcpStream) -> Option<Duration> {
    let begun = Instant::now();
    let mut rest = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut rest));
    read.await.is_ok().then(|| begun.elapsed())
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
    let [pages, api] = apps();
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

#[tokio::test]
async fn requests_that_do_not_end_fill_no_place_for_good() {
    let limits = Limits {
        connections: 8,
        ..Limits::default()
    };
    let (bound, serving, stop) = limited(limits);
    let mut open = Vec::new();
    for _ in 0..20 {
        open.push(half_sent(bound).await);
    }
    let mut asking = TcpStream::connect(bound).await.unwrap();
    let answer = tokio::time::timeout(Duration::from_secs(5), ask(&mut asking, "/healthz")).await;
    assert!(answer.unwrap().ends_with("ok"));
    assert!(closed(&mut open[0]).await.is_some(), "the oldest gave way");

    stop.send_replace(true);
    let ended = tokio::time::timeout(Duration::from_secs(3), serving).await;
    ended.expect("nobody waits for what does not come").unwrap();
}

#[tokio::test]
async fn a_head_that_does_not_end_is_closed_and_so_is_who_asks_nothing_more() {
    let limits = Limits {
        head: SHORT,
        ..Limits::default()
    };
    let (bound, _serving, _stop) = limited(limits);
    let (mut half, mut silent) = (half_sent(bound).await, TcpStream::connect(bound).await.unwrap());
    let mut kept = half_sent(bound).await;
    kept.write_all(b"\r\n").await.unwrap();
    let mut dripping = half_sent(bound).await;
    let (drip, half, silent, kept) = tokio::join!(
        async {
            for _ in 0..10 {
                tokio::time::sleep(SHORT / 3).await;
                if dripping.write_all(b"x-more: y\r\n").await.is_err() {
                    return true;
                }
            }
            false
        },
        closed(&mut half),
        closed(&mut silent),
        closed(&mut kept)
    );
    assert!(drip, "a drop now and then is no head");
    for closed in [half, silent, kept] {
        assert!(closed.unwrap() < Duration::from_secs(3));
    }
}

#[tokio::test]
async fn long_answers_and_slow_uploads_take_longer_than_a_head_may() {
    let limits = Limits {
        head: SHORT,
        stalled: SHORT,
        ..Limits::default()
    };
    let (bound, _serving, _stop) = limited(limits);
    let mut long = TcpStream::connect(bound).await.unwrap();
    let mut slow = TcpStream::connect(bound).await.unwrap();
    let mut none = TcpStream::connect(bound).await.unwrap();
    let head = b"POST /upload HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 10\r\n\r\n";
    let upload = async {
        slow.write_all(head).await.unwrap();
        for _ in 0..10 {
            tokio::time::sleep(SHORT / 3).await;
            slow.write_all(b"x").await.unwrap();
        }
        let mut answer = String::new();
        slow.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let stalled = async {
        none.write_all(head).await.unwrap();
        closed(&mut none).await
    };
    let (long, slow, stalled) = tokio::join!(ask(&mut long, "/long"), upload, stalled);
    assert!(long.ends_with("at last"), "{long}");
    assert!(slow.ends_with("xxxxxxxxxx"), "{slow}");
    assert!(stalled.is_some(), "an upload of which nothing comes is over");
}
