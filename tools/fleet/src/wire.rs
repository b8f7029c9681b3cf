//! Bytes on their way: the real framing, fed any number of bytes at a time.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use futures::io::AsyncRead;
use lianzhan_node::net::frame;
use lianzhan_protocol::sync::FRAME_MAX;

/// What came and was not read yet.
#[derive(Default)]
struct Pipe {
    bytes: VecDeque<u8>,
    ended: bool,
}

type Shared = Arc<Mutex<Pipe>>;
type Reading = Pin<Box<dyn Future<Output = std::io::Result<Option<Vec<u8>>>> + Send>>;

/// The end of a stream at which frames are read.
pub(crate) struct Incoming {
    pipe: Shared,
    reading: Reading,
}

impl Incoming {
    pub(crate) fn new() -> Self {
        let pipe = Shared::default();
        Incoming {
            reading: read(&pipe),
            pipe,
        }
    }

    /// Bytes arrive.
    pub(crate) fn feed(&self, bytes: &[u8]) {
        let mut pipe = self.pipe.lock().unwrap_or_else(PoisonError::into_inner);
        pipe.bytes.extend(bytes);
    }

    /// Nothing arrives any more.
    pub(crate) fn end(&self) {
        self.pipe.lock().unwrap_or_else(PoisonError::into_inner).ended = true;
    }

    /// The next frame, or how the stream ended; none while more bytes are awaited.
    pub(crate) fn next(&mut self) -> Option<std::io::Result<Option<Vec<u8>>>> {
        let mut context = Context::from_waker(Waker::noop());
        match self.reading.as_mut().poll(&mut context) {
            Poll::Pending => None,
            Poll::Ready(read_now) => {
                self.reading = read(&self.pipe);
                Some(read_now)
            }
        }
    }
}

fn read(pipe: &Shared) -> Reading {
    let mut reader = Reader(pipe.clone());
    Box::pin(async move { frame::read_packed(&mut reader, FRAME_MAX).await })
}

struct Reader(Shared);

impl AsyncRead for Reader {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<std::io::Result<usize>> {
        let mut pipe = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if pipe.bytes.is_empty() && !pipe.ended {
            return Poll::Pending;
        }
        let count = buffer.len().min(pipe.bytes.len());
        for (place, byte) in buffer.iter_mut().zip(pipe.bytes.drain(..count)) {
            *place = byte;
        }
        Poll::Ready(Ok(count))
    }
}

/// A frame as it goes over the wire.
pub(crate) fn framed(bytes: &[u8]) -> Vec<u8> {
    let mut wire = futures::io::Cursor::new(Vec::with_capacity(bytes.len() + 4));
    let mut context = Context::from_waker(Waker::noop());
    let mut writing = Box::pin(frame::write_packed(&mut wire, bytes));
    // Memory is always ready.
    let written = writing.as_mut().poll(&mut context);
    drop(writing);
    debug_assert!(matches!(written, Poll::Ready(Ok(()))));
    wire.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_whole_from_any_pieces_and_a_cut_one_does_not_come() {
        let wire: Vec<u8> = [b"one".as_slice(), b"", b"three"]
            .iter()
            .flat_map(|f| framed(f))
            .collect();
        for piece in 1..wire.len() {
            let mut incoming = Incoming::new();
            let mut frames = Vec::new();
            for bytes in wire.chunks(piece) {
                incoming.feed(bytes);
                while let Some(frame) = incoming.next() {
                    frames.push(frame.unwrap().unwrap());
                }
            }
            assert_eq!(frames, [b"one".to_vec(), vec![], b"three".to_vec()]);
            incoming.feed(&framed(b"cut")[..6]);
            assert!(incoming.next().is_none());
            incoming.end();
            assert!(incoming.next().unwrap().is_err());
        }
    }
}
