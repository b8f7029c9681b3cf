//! Framing: a length of four bytes, big-endian, then the frame. The length is checked before anything is allocated.

use futures::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use lianzhan_protocol::sync::{Misbehaviour, Offence};

/// Reads one frame of at most `max` bytes; `None` at a clean end of the stream.
pub async fn read<R: AsyncRead + Unpin>(stream: &mut R, max: usize) -> std::io::Result<Option<Vec<u8>>> {
    let mut head = [0; 4];
    if let Err(error) = stream.read_exact(&mut head).await {
        return match error.kind() {
            std::io::ErrorKind::UnexpectedEof => Ok(None),
            _ => Err(error),
        };
    }
    let len = u32::from_be_bytes(head) as usize;
    if len > max {
        return Err(std::io::Error::new(
            std::io::ErrorKind::InvalidData,
            format!("a frame of {len} bytes where at most {max} are allowed"),
        ));
    }
    let mut frame = vec![0; len];
    stream.read_exact(&mut frame).await?;
    Ok(Some(frame))
}

/// What the peer did if reading failed by its doing. A stream that ends within a frame may be a line that broke.
pub(super) fn offence(error: &std::io::Error) -> Option<Offence> {
    let kind = match error.kind() {
        std::io::ErrorKind::InvalidData => Misbehaviour::Oversized,
        std::io::ErrorKind::UnexpectedEof => Misbehaviour::Truncated,
        _ => return None,
    };
    Some(Offence::new(kind, error))
}

/// Writes one frame.
pub async fn write<W: AsyncWrite + Unpin>(stream: &mut W, frame: &[u8]) -> std::io::Result<()> {
    let len =
        u32::try_from(frame.len()).map_err(|_| std::io::Error::from(std::io::ErrorKind::InvalidInput))?;
    stream.write_all(&len.to_be_bytes()).await?;
    stream.write_all(frame).await?;
    stream.flush().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::executor::block_on;
    use futures::io::Cursor;

    #[test]
    fn a_frame_comes_back_and_a_long_one_is_refused_before_it_is_read() {
        block_on(async {
            let mut wire = Vec::new();
            write(&mut wire, b"frame").await.unwrap();
            let mut stream = Cursor::new(wire.clone());
            assert_eq!(
                read(&mut stream, 5).await.unwrap().as_deref(),
                Some(b"frame".as_slice())
            );
            assert_eq!(read(&mut stream, 5).await.unwrap(), None, "a clean end");
            assert!(read(&mut Cursor::new(wire), 4).await.is_err());
            assert!(read(&mut Cursor::new([0xff; 8]), 1 << 20).await.is_err());
        });
    }
}
