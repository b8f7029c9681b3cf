//! Videos without the place where they were made. Phones write it beside the video into boxes that no player needs; these
//! become empty space of the same length, so that nothing else moves.

use std::io::{self, Read, Seek, SeekFrom, Write};

/// Boxes that hold others.
const HOLDS: [&[u8; 4]; 2] = [b"moov", b"trak"];
/// Boxes of what is told about the video.
const TELLS: [&[u8; 4]; 4] = [b"udta", b"meta", b"uuid", b"XMP_"];
/// Boxes looked at: more has no video.
const BOXES_MAX: usize = 10_000;
const DEPTH_MAX: usize = 4;

/// Empties the boxes that tell about the video. A file that is not put together as it should be is an error.
pub(super) fn empty_tales<F: Read + Write + Seek>(file: &mut F) -> io::Result<()> {
    let end = file.seek(SeekFrom::End(0))?;
    let mut left = BOXES_MAX;
    walk(file, 0, end, 0, &mut left)
}

fn broken() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "the boxes of the video do not fit together",
    )
}

fn walk<F: Read + Write + Seek>(
    file: &mut F,
    mut at: u64,
    end: u64,
    depth: usize,
    left: &mut usize,
) -> io::Result<()> {
    while at < end {
        *left = left.checked_sub(1).ok_or_else(broken)?;
        file.seek(SeekFrom::Start(at))?;
        let mut head = [0; 8];
        // A last rest that is too short for a box stands at the end of some files.
        if end - at < 8 {
            return if depth == 0 { Ok(()) } else { Err(broken()) };
        }
        file.read_exact(&mut head)?;
        let ([size, kind], _) = head.as_chunks::<4>() else {
            return Err(broken());
        };
        let (len, body) = match u32::from_be_bytes(*size) {
            0 => (end - at, 8),
            1 => {
                let mut long = [0; 8];
                file.read_exact(&mut long)?;
                (u64::from_be_bytes(long), 16)
            }
            len => (u64::from(len), 8),
        };
        let next = at
            .checked_add(len)
            .filter(|next| len >= body && *next <= end)
            .ok_or_else(broken)?;
        if TELLS.contains(&kind) {
            file.seek(SeekFrom::Start(at + 4))?;
            file.write_all(b"free")?;
            file.seek(SeekFrom::Start(at + body))?;
            io::copy(&mut io::repeat(0).take(len - body), file)?;
        } else if HOLDS.contains(&kind) && depth < DEPTH_MAX {
            walk(file, at + body, next, depth + 1, left)?;
        }
        at = next;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
        [&(body.len() as u32 + 8).to_be_bytes()[..], kind, body].concat()
    }

    fn emptied(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut file = tempfile::tempfile()?;
        file.write_all(bytes)?;
        empty_tales(&mut file)?;
        let mut out = Vec::new();
        file.seek(SeekFrom::Start(0))?;
        file.read_to_end(&mut out)?;
        Ok(out)
    }

    #[test]
    fn the_place_goes_and_nothing_moves() {
        let place = boxed(b"udta", b"\xa9xyz+30.2722+109.4882/");
        let track = [
            boxed(b"tkhd", b"track"),
            boxed(b"meta", b"com.apple.quicktime.location"),
        ]
        .concat();
        let movie = [boxed(b"mvhd", b"head"), boxed(b"trak", &track), place].concat();
        let bytes = [
            boxed(b"ftyp", b"isom"),
            boxed(b"moov", &movie),
            boxed(b"mdat", b"udta is no box here"),
        ]
        .concat();
        let out = emptied(&bytes).expect("a video");
        assert_eq!(out.len(), bytes.len());
        let has = |needle: &[u8]| out.windows(needle.len()).any(|part| part == needle);
        assert!(!has(b"30.2722") && !has(b"location") && has(b"udta is no box here") && has(b"track"));
        assert_eq!(emptied(&out).expect("a video"), out);
    }

    #[test]
    fn a_box_longer_than_its_file_is_refused() {
        for bytes in [
            &b"\0\0\0\x99moov"[..],
            b"\0\0\0\x04moov",
            b"\0\0\0\x01moov\xff\xff\xff\xff\xff\xff\xff\xff",
        ] {
            assert!(emptied(bytes).is_err());
        }
    }
}
