//! Framing: a length of four bytes, big-endian, then the frame. The length is checked before anything is allocated. In
//! sessions the highest bit of the length says that the frame is deflated (RFC 1951); what comes of it has the same limit.

use std::io::{Error, ErrorKind, Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use futures::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use lianzhan_protocol::sync::{Misbehaviour, Offence};

/// The bit of the length that says that a frame is deflated.
const DEFLATED: u32 = 1 << 31;
/// Shorter frames go as they are.
const DEFLATE_MIN: usize = 512;

/// Reads one frame of at most `max` bytes; `None` at a clean end of the stream.
pub async fn read<R: AsyncRead + Unpin>(stream: &mut R, max: usize) -> std::io::Result<Option<Vec<u8>>> {
    let Some(len) = read_length(stream).await? else {
        return Ok(None);
    };
    read_body(stream, len, max).await.map(Some)
}

/// As [`read`], also of a deflated frame; neither what came nor what comes of it is longer than `max`.
pub async fn read_packed<R: AsyncRead + Unpin>(
    stream: &mut R,
    max: usize,
) -> std::io::Result<Option<Vec<u8>>> {
    let Some(len) = read_length(stream).await? else {
        return Ok(None);
    };
    let body = read_body(stream, len & !DEFLATED, max).await?;
    if len & DEFLATED == 0 {
        return Ok(Some(body));
    }
    let mut frame = Vec::with_capacity(max.min(body.len() * 3));
    let mut inflated = DeflateDecoder::new(body.as_slice()).take(max as u64 + 1);
    inflated.read_to_end(&mut frame).map_err(|error| {
        Error::new(
            ErrorKind::InvalidData,
            format!("a frame that cannot be inflated: {error}"),
        )
    })?;
    if frame.len() > max {
        return Err(too_long(frame.len(), max));
    }
    Ok(Some(frame))
}

async fn read_length<R: AsyncRead + Unpin>(stream: &mut R) -> std::io::Result<Option<u32>> {
    let mut head = [0; 4];
    match stream.read_exact(&mut head).await {
        Ok(()) => Ok(Some(u32::from_be_bytes(head))),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

async fn read_body<R: AsyncRead + Unpin>(stream: &mut R, len: u32, max: usize) -> std::io::Result<Vec<u8>> {
    let len = len as usize;
    if len > max {
        return Err(too_long(len, max));
    }
    let mut frame = vec![0; len];
    stream.read_exact(&mut frame).await?;
    Ok(frame)
}

fn too_long(len: usize, max: usize) -> Error {
    Error::new(
        ErrorKind::InvalidData,
        format!("a frame of {len} bytes where at most {max} are allowed"),
    )
}

/// What the peer did if reading failed by its doing. A stream that ends within a frame may be a line that broke.
pub fn offence(error: &std::io::Error) -> Option<Offence> {
    let kind = match error.kind() {
        std::io::ErrorKind::InvalidData => Misbehaviour::Oversized,
        std::io::ErrorKind::UnexpectedEof => Misbehaviour::Truncated,
        _ => return None,
    };
    Some(Offence::new(kind, error))
}

/// Writes one frame.
pub async fn write<W: AsyncWrite + Unpin>(stream: &mut W, frame: &[u8]) -> std::io::Result<()> {
    write_with(stream, frame, 0).await
}

/// Writes one frame, deflated where that makes it shorter. Lines are slower than processors: what is deflated well is an
/// eighth shorter than what is deflated quickly.
pub async fn write_packed<W: AsyncWrite + Unpin>(stream: &mut W, frame: &[u8]) -> std::io::Result<()> {
    if frame.len() >= DEFLATE_MIN {
        let mut deflated = DeflateEncoder::new(Vec::with_capacity(frame.len() / 2), Compression::default());
        deflated.write_all(frame)?;
        let deflated = deflated.finish()?;
        if deflated.len() < frame.len() {
            return write_with(stream, &deflated, DEFLATED).await;
        }
    }
    write_with(stream, frame, 0).await
}

async fn write_with<W: AsyncWrite + Unpin>(stream: &mut W, body: &[u8], mark: u32) -> std::io::Result<()> {
    let len = u32::try_from(body.len()).ok().filter(|len| len & DEFLATED == 0);
    let len = len.ok_or_else(|| Error::from(ErrorKind::InvalidInput))?;
    stream.write_all(&(len | mark).to_be_bytes()).await?;
    stream.write_all(body).await?;
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

    #[test]
    fn a_long_frame_goes_deflated_and_comes_back_within_its_limit_alone() {
        block_on(async {
            let (plain, noise): (Vec<u8>, Vec<u8>) = (
                "路灯不亮".repeat(500).into_bytes(),
                (0..3000_u32).map(|n| ((n * n) >> 5) as u8).collect(),
            );
            for frame in [plain.as_slice(), &noise, b"short", b""] {
                let mut wire = Vec::new();
                write_packed(&mut wire, frame).await.unwrap();
                assert!(wire.len() <= frame.len() + 4);
                let back = read_packed(&mut Cursor::new(&wire), frame.len()).await.unwrap();
                assert_eq!(back.as_deref(), Some(frame));
            }
            let mut wire = Vec::new();
            write_packed(&mut wire, &plain).await.unwrap();
            assert!(wire.len() < 200, "what repeats goes short: {} bytes", wire.len());
            let short = read_packed(&mut Cursor::new(&wire), plain.len() - 1)
                .await
                .unwrap_err();
            assert_eq!(short.kind(), ErrorKind::InvalidData, "a bomb is refused: {short}");
            assert!(
                read(&mut Cursor::new(&wire), 1 << 20).await.is_err(),
                "outside of sessions nothing is deflated"
            );
            wire.truncate(8);
            wire[..4].copy_from_slice(&(DEFLATED | 4).to_be_bytes());
            let broken = read_packed(&mut Cursor::new(&wire), 1 << 20).await.unwrap_err();
            assert_eq!(broken.kind(), ErrorKind::InvalidData, "{broken}");
        });
    }
}
