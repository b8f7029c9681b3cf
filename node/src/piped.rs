//! What a thread that may block writes, as a stream for an answer: never more than a few pieces wait, and nothing is on
//! disk meanwhile.

use std::io::{self, Write};

use futures::Stream;
use futures::stream::unfold;
use tokio::sync::mpsc;

/// Bytes of a piece.
const PIECE: usize = 64 * 1024;
/// Pieces that wait for a slow reader.
const WAITING: usize = 4;

/// Where the thread writes to.
pub struct Pipe {
    pieces: mpsc::Sender<io::Result<Vec<u8>>>,
    piece: Vec<u8>,
    begun: bool,
}

impl Pipe {
    fn send(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        self.begun = true;
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE));
        let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
        self.pieces.blocking_send(Ok(piece)).map_err(gone)
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.send()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Runs `work` on a thread that may block. What goes wrong before anything was written is the error; later the stream
/// breaks off.
pub async fn piped<E: std::fmt::Display + Send + 'static>(
    work: impl FnOnce(&mut Pipe) -> Result<(), E> + Send + 'static,
    broke_off: impl FnOnce(String) -> E,
) -> Result<impl Stream<Item = io::Result<Vec<u8>>> + Send + 'static, E> {
    let (pieces, mut coming) = mpsc::channel(WAITING);
    let thread = tokio::task::spawn_blocking(move || {
        let mut pipe = Pipe {
            pieces,
            piece: Vec::new(),
            begun: false,
        };
        match work(&mut pipe) {
            // A reader that is gone needs no end.
            Ok(()) => {
                let _ = pipe.send();
                Ok(())
            }
            Err(error) if pipe.begun => {
                let _ = pipe
                    .pieces
                    .blocking_send(Err(io::Error::other(error.to_string())));
                Ok(())
            }
            Err(error) => Err(error),
        }
    });
    let first = coming.recv().await;
    if first.is_none() {
        thread
            .await
            .unwrap_or_else(|error| Err(broke_off(error.to_string())))?;
    }
    Ok(unfold((first, coming), |(first, mut coming)| async move {
        let piece = match first {
            Some(piece) => piece,
            None => coming.recv().await?,
        };
        Some((piece, (None, coming)))
    }))
}

#[cfg(test)]
mod tests {
    use futures::StreamExt;

    use super::*;

    async fn read(
        work: impl FnOnce(&mut Pipe) -> Result<(), String> + Send + 'static,
    ) -> Result<Vec<io::Result<Vec<u8>>>, String> {
        Ok(Box::pin(piped(work, |error| error).await?).collect().await)
    }

    #[tokio::test]
    async fn what_is_written_comes_in_pieces() {
        let pieces = read(|pipe| {
            pipe.write_all(&vec![7; 3 * PIECE + 1])
                .map_err(|error| error.to_string())
        })
        .await
        .unwrap();
        let bytes: Vec<u8> = pieces.into_iter().flat_map(Result::unwrap).collect();
        assert_eq!(bytes, vec![7; 3 * PIECE + 1]);
        assert!(read(|_| Ok(())).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn an_early_error_is_one_and_a_late_one_breaks_off() {
        assert_eq!(read(|_| Err("no".into())).await.unwrap_err(), "no");
        let pieces = read(|pipe| {
            pipe.write_all(&vec![7; PIECE])
                .map_err(|error| error.to_string())?;
            Err("late".into())
        })
        .await
        .unwrap();
        assert!(pieces[0].is_ok() && pieces[1].is_err() && pieces.len() == 2);
    }
}
