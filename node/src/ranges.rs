//! Parts of what is served: which bytes a `Range` header asks for (RFC 9110 section 14), and these bytes as they are read.

use std::io::{self, SeekFrom};

use futures::Stream;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use crate::services::attachment::Source;

/// Bytes read at a time.
const PIECE: u64 = 64 * 1024;

/// A part of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Its first byte.
    pub from: u64,
    /// How many bytes.
    pub len: u64,
}

/// Nothing stands where a range asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unsatisfiable;

/// What a `Range` header asks for of `size` bytes; none if it asks for all, or for what is not understood, several parts
/// among it.
pub fn asked(header: &str, size: u64) -> Result<Option<Part>, Unsatisfiable> {
    let Some((first, last)) = header
        .trim()
        .strip_prefix("bytes=")
        .and_then(|range| range.trim().split_once('-'))
    else {
        return Ok(None);
    };
    let number = |text: &str| -> Option<u64> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().unwrap_or(u64::MAX))
    };
    let part = match (number(first), number(last)) {
        (Some(first), None) if last.is_empty() => (first, size.saturating_sub(1)),
        (Some(first), Some(last)) if first <= last => (first, last.min(size.saturating_sub(1))),
        (None, Some(count)) if first.is_empty() => (
            size.saturating_sub(count),
            size.saturating_sub(u64::from(count > 0)),
        ),
        _ => return Ok(None),
    };
    let (from, to) = part;
    if from >= size || to < from {
        return Err(Unsatisfiable);
    }
    Ok(Some(Part {
        from,
        len: to - from + 1,
    }))
}

/// The bytes of a part.
pub fn bytes(source: Source, part: Part) -> impl Stream<Item = io::Result<Vec<u8>>> + Send {
    enum At {
        File(tokio::fs::File, bool),
        Bytes(Vec<u8>),
    }
    let at = match source {
        Source::File(file) => At::File(tokio::fs::File::from_std(file), false),
        Source::Bytes(bytes) => At::Bytes(bytes),
    };
    futures::stream::try_unfold((at, part), |(at, part)| async move {
        if part.len == 0 {
            return Ok(None);
        }
        let now = part.len.min(PIECE);
        let rest = Part {
            from: part.from + now,
            len: part.len - now,
        };
        let len = usize::try_from(now).unwrap_or(usize::MAX);
        match at {
            At::File(mut file, placed) => {
                if !placed {
                    file.seek(SeekFrom::Start(part.from)).await?;
                }
                let mut piece = vec![0; len];
                file.read_exact(&mut piece).await?;
                Ok(Some((piece, (At::File(file, true), rest))))
            }
            At::Bytes(bytes) => {
                let from = usize::try_from(part.from).unwrap_or(usize::MAX);
                let piece = bytes.get(from..from.saturating_add(len));
                let piece = piece.ok_or(io::ErrorKind::UnexpectedEof)?.to_vec();
                Ok(Some((piece, (At::Bytes(bytes), rest))))
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt;

    use super::*;

    #[test]
    fn a_range_asks_for_a_part() {
        let part = |from, len| Ok(Some(Part { from, len }));
        assert_eq!(asked("bytes=0-", 10), part(0, 10));
        assert_eq!(asked("bytes=3-5", 10), part(3, 3));
        assert_eq!(asked("bytes=3-99999999999999999999999", 10), part(3, 7));
        assert_eq!(asked("bytes=-4", 10), part(6, 4));
        assert_eq!(asked("bytes=-40", 10), part(0, 10));
        for none in [
            "bytes=",
            "bytes=5-3",
            "bytes=0-1,3-4",
            "items=0-1",
            "bytes=a-b",
            "bytes=-",
            "",
        ] {
            assert_eq!(asked(none, 10), Ok(None), "{none}");
        }
        for beyond in ["bytes=10-", "bytes=10-20", "bytes=-0"] {
            assert_eq!(asked(beyond, 10), Err(Unsatisfiable), "{beyond}");
        }
    }

    #[tokio::test]
    async fn a_part_comes_from_a_file_as_from_memory() {
        let whole: Vec<u8> = (0..200_000u32).map(|n| n as u8).collect();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &whole).unwrap();
        let part = Part {
            from: 70_001,
            len: 129_000,
        };
        for source in [Source::Bytes(whole.clone()), Source::File(file.reopen().unwrap())] {
            let read: Vec<Vec<u8>> = bytes(source, part).try_collect().await.unwrap();
            assert!(read.concat() == whole[70_001..199_001]);
        }
    }
}
