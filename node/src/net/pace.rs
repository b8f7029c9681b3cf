//! Whether bytes move over a stream: counted as they do, and looked at now and then. What the peer owes beside that is the
//! session's to know.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures::io::{AsyncRead, AsyncWrite};
use lianzhan_protocol::sync::{Mark, Misbehaviour, Offence, Pace};

/// Half of a stream that counts what moves over it.
pub(super) struct Counted<S> {
    stream: S,
    moved: Arc<AtomicU64>,
}

impl<S> Counted<S> {
    pub(super) fn new(stream: S) -> Self {
        let moved = Arc::default();
        Counted { stream, moved }
    }

    /// How many bytes moved.
    pub(super) fn moved(&self) -> Arc<AtomicU64> {
        self.moved.clone()
    }

    fn count(&self, poll: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(bytes)) = poll {
            self.moved.fetch_add(bytes as u64, Ordering::Relaxed);
        }
        poll
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.count(read)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.count(wrote)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_close(context)
    }
}

/// Looks at a stream once in a step: whether a frame that began goes on, and whether what is to be written leaves.
pub(super) struct Watch {
    patience_ms: u64,
    ms: u64,
    /// Of them those in which the peer was listened to.
    heard_ms: u64,
    read: Arc<AtomicU64>,
    /// Bytes read when the last frame was whole.
    whole: Arc<AtomicU64>,
    written: Arc<AtomicU64>,
    queued: Arc<AtomicUsize>,
    /// The frame that is coming, by the bytes before it.
    frame: Option<(u64, Pace)>,
    writing: Option<Pace>,
}

impl Watch {
    pub(super) fn new(
        patience_ms: u64,
        read: Arc<AtomicU64>,
        written: Arc<AtomicU64>,
        queued: Arc<AtomicUsize>,
    ) -> Self {
        Watch {
            patience_ms,
            ms: 0,
            heard_ms: 0,
            read,
            whole: Arc::default(),
            written,
            queued,
            frame: None,
            writing: None,
        }
    }

    /// Where the reader says how many bytes it had read when a frame was whole.
    pub(super) fn whole(&self) -> Arc<AtomicU64> {
        self.whole.clone()
    }

    /// The time between two looks.
    pub(super) fn step(&self) -> Duration {
        Duration::from_millis(self.step_ms())
    }

    fn step_ms(&self) -> u64 {
        (self.patience_ms / 32).clamp(20, 1_000)
    }

    /// One step later: how far the conversation is, or what is wrong with the stream. Time in which nobody `listens` here is
    /// not the peer's.
    pub(super) fn look(&mut self, listens: bool) -> Result<Mark, Offence> {
        self.ms += self.step_ms();
        if listens {
            self.heard_ms += self.step_ms();
        }
        let whole = self.whole.load(Ordering::Relaxed);
        let now = Mark {
            ms: self.heard_ms,
            bytes: self.read.load(Ordering::Relaxed),
        };
        self.frame = self.frame.take().filter(|(begun, _)| *begun == whole);
        if now.bytes > whole {
            let (_, pace) = self
                .frame
                .get_or_insert_with(|| (whole, Pace::new(now, self.patience_ms)));
            pace.advance(now, self.patience_ms);
            if pace.is_behind() {
                return Err(Offence::new(
                    Misbehaviour::Stalled,
                    "a frame that began does not end",
                ));
            }
        }
        if self.queued.load(Ordering::Relaxed) == 0 {
            self.writing = None;
            return Ok(now);
        }
        let wrote = Mark {
            ms: self.ms,
            bytes: self.written.load(Ordering::Relaxed),
        };
        let pace = self
            .writing
            .get_or_insert_with(|| Pace::new(wrote, self.patience_ms));
        pace.advance(wrote, self.patience_ms);
        if pace.is_behind() {
            return Err(Offence::new(
                Misbehaviour::Stalled,
                "the peer does not take what it is sent",
            ));
        }
        Ok(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watch() -> (Watch, [Arc<AtomicU64>; 3], Arc<AtomicUsize>) {
        let (read, written, queued) = (Arc::default(), Arc::default(), Arc::default());
        let watch = Watch::new(
            32_000,
            Arc::clone(&read),
            Arc::clone(&written),
            Arc::clone(&queued),
        );
        let whole = watch.whole();
        (watch, [read, whole, written], queued)
    }

    /// After how many seconds the stream is given up, if it is; `step` moves bytes in each.
    fn given_up(watch: &mut Watch, step: impl Fn(u64)) -> Option<u64> {
        (1..600).find(|second| {
            step(*second);
            watch.look(true).is_err()
        })
    }

    #[test]
    fn a_frame_has_to_end_and_may_be_slow() {
        let (mut watch, [read, _, _], _) = watch();
        let drip = |_| {
            read.fetch_add(1, Ordering::Relaxed);
        };
        assert_eq!(given_up(&mut watch, drip), Some(34));
        let (mut slow, [read, _, _], _) = self::watch();
        let drip = |_| {
            read.fetch_add(2_048, Ordering::Relaxed);
        };
        assert_eq!(given_up(&mut slow, drip), None);
    }

    #[test]
    fn whole_frames_may_be_far_apart() {
        let (mut watch, [read, whole, _], _) = watch();
        let frames = |second: u64| {
            if second.is_multiple_of(100) {
                let bytes = read.fetch_add(50, Ordering::Relaxed) + 50;
                whole.store(bytes, Ordering::Relaxed);
            }
        };
        assert_eq!(given_up(&mut watch, frames), None);
    }

    #[test]
    fn what_is_sent_has_to_leave() {
        let (mut watch, [_, _, written], queued) = watch();
        assert_eq!(given_up(&mut watch, |_| {}), None, "there is nothing to write");
        queued.store(1 << 20, Ordering::Relaxed);
        assert_eq!(given_up(&mut watch, |_| {}), Some(34));
        let (mut watch, [_, _, slow], queued) = self::watch();
        queued.store(1 << 20, Ordering::Relaxed);
        drop(written);
        let takes = |_| {
            slow.fetch_add(2_048, Ordering::Relaxed);
        };
        assert_eq!(given_up(&mut watch, takes), None);
    }
}
