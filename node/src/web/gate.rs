//! The sockets of pages and API: plain or TLS, with a bound on how many connections are open.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::site::Site;
use super::tls::{Certificate, TlsError};
use crate::config::Config;

/// Most connections at one time; more wait. A page that is open holds one or two.
const CONNECTIONS: usize = 1024;
/// How long the beginning of a TLS connection may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
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
}

/// Why it does not open.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// A socket.
    #[error("pages cannot be served: {0}")]
    Socket(#[from] io::Error),
    /// The certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
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
        Ok(Gate {
            listener,
            bound,
            site,
            certificate,
            local,
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

    /// Serves `pages` and `api` until `ended` is ready, and what is under way to its end.
    pub async fn serve<F, E>(self, pages: Router, api: Router, ended: F)
    where
        F: Fn() -> E,
        E: Future<Output = ()> + Send + 'static,
    {
        let main = axum::serve(
            Connections::accept(self.listener, self.bound, self.certificate),
            pages.merge(api.clone()),
        )
        .with_graceful_shutdown(ended());
        let local = async {
            match self.local {
                Some((listener, _)) => axum::serve(listener, api).with_graceful_shutdown(ended()).await,
                None => Ok(()),
            }
        };
        if let Err(error) = tokio::try_join!(main.into_future(), local) {
            tracing::error!(%error, "pages are no longer served");
        }
    }
}

/// Connections that are ready to be answered.
struct Connections {
    ready: mpsc::Receiver<(Connection, SocketAddr)>,
    bound: SocketAddr,
}

impl Connections {
    fn accept(listener: TcpListener, bound: SocketAddr, certificate: Option<Certificate>) -> Self {
        let (tell, ready) = mpsc::channel(1);
        tokio::spawn(accept(listener, certificate, tell));
        Connections { ready, bound }
    }
}

impl Listener for Connections {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        match self.ready.recv().await {
            Some(ready) => ready,
            // The acceptor ends only after this.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.bound)
    }
}

/// Accepts until nobody takes connections any more. A slow handshake holds up nobody else.
async fn accept(
    listener: TcpListener,
    certificate: Option<Certificate>,
    ready: mpsc::Sender<(Connection, SocketAddr)>,
) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let accepted = async {
            let place = places.clone().acquire_owned().await.map_err(io::Error::other)?;
            let (stream, from) = listener.accept().await?;
            io::Result::Ok((place, stream, from))
        };
        let (place, stream, from) = tokio::select! {
            () = ready.closed() => return,
            accepted = accepted => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection to the pages could not be accepted");
                    tokio::time::sleep(RELIEF).await;
                    continue;
                }
            },
        };
        let Some(certificate) = &certificate else {
            let stream = Stream::Plain(stream);
            if ready
                .send((
                    Connection {
                        stream,
                        _place: place,
                    },
                    from,
                ))
                .await
                .is_err()
            {
                return;
            }
            continue;
        };
        let acceptor = TlsAcceptor::from(certificate.server());
        let ready = ready.clone();
        tokio::spawn(async move {
            match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => {
                    let stream = Stream::Tls(Box::new(stream));
                    // If nobody takes it, the node is stopping.
                    let _ = ready
                        .send((
                            Connection {
                                stream,
                                _place: place,
                            },
                            from,
                        ))
                        .await;
                }
                Ok(Err(error)) => tracing::debug!(%from, %error, "no TLS connection"),
                Err(_) => tracing::debug!(%from, "a TLS connection was too slow to begin"),
            }
        });
    }
}

/// A connection, and its place among those that may be open.
struct Connection {
    stream: Stream,
    _place: OwnedSemaphorePermit,
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_read(cx, into),
            Stream::Tls(stream) => Pin::new(stream).poll_read(cx, into),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Stream::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
mod tests;
