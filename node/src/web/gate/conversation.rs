//! One connection: what it may not leave half done for long.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::Request;
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;
use tokio::time::Sleep;

use super::Limits;
use crate::places::{Answering, Place};
use crate::source::Source;

/// How long a request that is on its way may take to become whole once the node ends.
const LAST: Duration = Duration::from_secs(1);

/// Answers what comes over `stream` until either side has had enough.
pub(super) async fn answer(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    app: Router,
    limits: Limits,
    place: Arc<Place<Source>>,
    mut stop: watch::Receiver<bool>,
) {
    let app = TowerToHyperService::new(app);
    let asked = place.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let answering = asked.answering();
        let answer = app.call(request.map(|body| Coming {
            body,
            patience: Patience::new(limits.stalled),
        }));
        async move {
            answer.await.map(|answer| {
                answer.map(|body| Going {
                    body,
                    _answering: answering,
                })
            })
        }
    });
    let stream = TokioIo::new(Taken {
        stream,
        patience: Patience::new(limits.stalled),
    });
    let conversation = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .serve_connection(stream, service);
    tokio::pin!(conversation);
    let ended = |ended: hyper::Result<()>| {
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection to the pages broke");
        }
    };
    tokio::select! {
        done = conversation.as_mut() => return ended(done),
        // An error means that the sender is gone: that is the end, too.
        _ = stop.wait_for(|stop| *stop) => conversation.as_mut().graceful_shutdown(),
    }
    loop {
        tokio::select! {
            done = conversation.as_mut() => return ended(done),
            () = tokio::time::sleep(LAST) => if !place.is_answering() { return },
        }
    }
}

/// Time that passes while nothing moves.
struct Patience {
    most: Duration,
    left: Option<Pin<Box<Sleep>>>,
}

impl Patience {
    fn new(most: Duration) -> Self {
        Patience { most, left: None }
    }

    /// What came of a try to move something; an error if nothing has moved for too long.
    fn check<T>(&mut self, cx: &mut Context<'_>, tried: Poll<T>) -> Poll<Result<T, io::Error>> {
        match tried {
            Poll::Ready(moved) => {
                self.left = None;
                Poll::Ready(Ok(moved))
            }
            Poll::Pending => {
                let most = self.most;
                let left = self
                    .left
                    .get_or_insert_with(|| Box::pin(tokio::time::sleep(most)));
                left.as_mut()
                    .poll(cx)
                    .map(|()| Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }
}

/// A stream whose other end has to take what it asked for.
struct Taken<S> {
    stream: S,
    patience: Patience,
}

impl<S: AsyncRead + Unpin> AsyncRead for Taken<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, into)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Taken<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let tried = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.patience.check(cx, tried).map(Result::flatten)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let tried = Pin::new(&mut self.stream).poll_flush(cx);
        self.patience.check(cx, tried).map(Result::flatten)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let tried = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.patience.check(cx, tried).map(Result::flatten)
    }
}

/// What is sent to us: it has to go on coming while somebody reads it.
struct Coming {
    body: Incoming,
    patience: Patience,
}

impl HttpBody for Coming {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        let tried = Pin::new(&mut self.body).poll_frame(cx);
        self.patience.check(cx, tried).map(|come| match come {
            Ok(frame) => frame.map(|frame| frame.map_err(Into::into)),
            Err(error) => Some(Err(error.into())),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer: while it goes, its connection keeps its place.
struct Going {
    body: Body,
    _answering: Answering<Source>,
}

impl HttpBody for Going {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
