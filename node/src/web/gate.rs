//! The sockets of pages and API: plain or TLS, with bounds on how many connections are open and on what they may
//! leave half done.

mod conversation;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::site::Site;
use super::tls::{Certificate, TlsError};
use crate::config::Config;
use crate::places::Places;
use crate::source::Source;

/// What strangers may take of a socket.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Most connections at one time; whoever comes then takes the place of one that asks nothing, or waits. A page that is
    /// open holds one or two.
    connections: usize,
    /// Most of them from one address, if addresses tell machines apart; this machine's own are not counted.
    of_one: Option<usize>,
    /// How long the beginning of a TLS connection may take.
    handshake: Duration,
    /// How long the head of a request may take, from the end of the answer before on: longer than the programs that ask this
    /// node keep a connection that they do not use, 15 s.
    head: Duration,
    /// How long nothing of a request may come, or nothing of an answer be taken.
    stalled: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            connections: 1024,
            of_one: Some(512),
            handshake: Duration::from_secs(10),
            head: Duration::from_secs(20),
            stalled: Duration::from_secs(120),
        }
    }
}

/// Pause after a connection could not be accepted, as where no file handle is left.
const RELIEF: Duration = Duration::from_millis(500);

/// Where pages and API are served.
pub struct Gate {
    listener: TcpListener,
    bound: SocketAddr,
    site: Site,
    certificate: Option<Certificate>,
    /// Where programs of this machine ask, if it is another place.
    local: Option<(TcpListener, SocketAddr)>,
    limits: Limits,
}

/// Why it does not open.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// The address that the configuration names.
    #[error("pages cannot be served at {web}: {error}; choose another address with --web")]
    Address {
        /// Which.
        web: SocketAddr,
        /// What happened.
        error: io::Error,
    },
    /// A socket.
    #[error("pages cannot be served: {0}")]
    Socket(#[from] io::Error),
    /// The certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl GateError {
    /// In Chinese.
    pub fn zh(&self) -> String {
        match self {
            GateError::Address { web, error } if error.kind() == io::ErrorKind::AddrInUse => {
                format!("网页地址 {web} 已有别的程序在用。请停下它，或用 --web 另选地址。")
            }
            GateError::Address { web, error } => {
                format!("网页不能设在 {web}（{error}）。请用 --web 另选地址。")
            }
            GateError::Socket(error) => format!("网页不能启动：{error}"),
            GateError::Tls(error) => error.zh(),
        }
    }
}

impl Gate {
    /// Serves through a socket that is held already as the configuration of the node in `dir` says. Where that socket does
    /// not speak plain HTTP on loopback, a second one does so for the API, which this machine's programs ask.
    pub async fn open(
        listener: std::net::TcpListener,
        config: &Config,
        dir: &Path,
    ) -> Result<Self, GateError> {
        let listener = TcpListener::from_std(listener)?;
        let bound = listener.local_addr()?;
        let certificate = match config.tls_files(dir) {
            Some((certificate, key)) => Some(Certificate::read(&certificate, &key)?),
            None => None,
        };
        let site = match (&config.proxy, &certificate) {
            (Some(origin), _) => Site::proxy(bound, origin),
            (None, Some(certificate)) => Site::tls(bound, certificate.clone()),
            (None, None) => Site::plain(bound),
        };
        let local = if certificate.is_some() || !bound.ip().is_loopback() {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
            let address = listener.local_addr()?;
            Some((listener, address))
        } else {
            None
        };
        // All that comes through a proxy comes from its address.
        let limits = Limits {
            of_one: Limits::default().of_one.filter(|_| config.proxy.is_none()),
            ..Limits::default()
        };
        Ok(Gate {
            listener,
            bound,
            site,
            certificate,
            local,
            limits,
        })
    }

    /// Where pages and API are.
    pub fn bound(&self) -> SocketAddr {
        self.bound
    }

    /// Where programs of this machine reach the API by plain HTTP.
    pub fn local(&self) -> SocketAddr {
        self.local.as_ref().map_or(self.bound, |(_, address)| *address)
    }

    /// How browsers reach the pages.
    pub fn site(&self) -> Site {
        self.site.clone()
    }

    /// The certificate, if this node shows one.
    pub fn certificate(&self) -> Option<Certificate> {
        self.certificate.clone()
    }

    /// Serves `pages` and `api` until `ended` is ready, and what is under way to its end. Routes are built for the first who
    /// asks: of many nodes in one process most are asked by nobody.
    pub async fn serve<P, A, F, E>(self, pages: P, api: A, ended: F)
    where
        P: FnOnce() -> Router + Send,
        A: FnOnce() -> Router + Send,
        F: Fn() -> E,
        E: Future<Output = ()> + Send + 'static,
    {
        let api = LazyLock::new(api);
        let all = LazyLock::new(|| pages().merge(Router::clone(&api)));
        let main = serve(
            self.listener,
            self.certificate,
            || Router::clone(&all),
            self.limits,
            ended(),
        );
        let local = async {
            if let Some((listener, _)) = self.local {
                serve(listener, None, || Router::clone(&api), self.limits, ended()).await;
            }
        };
        tokio::join!(main, local);
    }
}

/// Serves what `app` gives through a socket until `ended` is ready, and what is under way to its end. A slow handshake holds up nobody
/// else.
pub(crate) async fn serve(
    listener: TcpListener,
    certificate: Option<Certificate>,
    app: impl Fn() -> Router,
    limits: Limits,
    ended: impl Future<Output = ()>,
) {
    let places = Places::new(limits.connections, limits.of_one);
    let (stop, stopped) = watch::channel(false);
    let mut open = JoinSet::new();
    tokio::pin!(ended);
    loop {
        let entered = async {
            let (stream, from) = listener.accept().await?;
            let source = Some(Source::from(from.ip())).filter(|source| !source.is_here());
            let place = places.enter(source).await;
            io::Result::Ok((stream, from, place))
        };
        let (stream, from, place) = tokio::select! {
            () = &mut ended => break,
            entered = entered => match entered {
                Ok(entered) => entered,
                Err(error) => {
                    tracing::warn!(%error, "a connection to the pages could not be accepted");
                    tokio::time::sleep(RELIEF).await;
                    continue;
                }
            },
        };
        while open.try_join_next().is_some() {}
        let Some(place) = place.map(Arc::new) else {
            tracing::debug!(%from, "so many connections of one address are being answered that it gets no more");
            continue;
        };
        let (app, stop, mut stopping) = (app(), stopped.clone(), stopped.clone());
        let acceptor = certificate
            .as_ref()
            .map(|certificate| TlsAcceptor::from(certificate.server()));
        open.spawn(async move {
            let answered = async {
                let Some(acceptor) = acceptor else {
                    return conversation::answer(stream, app, limits, place.clone(), stop).await;
                };
                let begun = tokio::select! {
                    begun = tokio::time::timeout(limits.handshake, acceptor.accept(stream)) => begun,
                    _ = stopping.wait_for(|stop| *stop) => return,
                };
                match begun {
                    Ok(Ok(stream)) => {
                        conversation::answer(stream, app, limits, place.clone(), stop).await;
                    }
                    Ok(Err(error)) => tracing::debug!(%from, %error, "no TLS connection"),
                    Err(_) => tracing::debug!(%from, "a TLS connection was too slow to begin"),
                }
            };
            tokio::select! {
                () = answered => {}
                () = place.needed() => tracing::debug!(%from, "a connection that asks nothing gave way to another"),
            }
        });
    }
    drop(listener);
    stop.send_replace(true);
    while open.join_next().await.is_some() {}
}

#[cfg(test)]
mod tests;
