//! Pictures without what cameras write beside them: place, time, owner, serial number, a second picture. Of each format only
//! the parts that draw the picture are copied; what is unknown is left out, and so is whatever follows the end.

/// A picture that is not put together as its format says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Broken;

/// A JPEG with the segments that it takes to draw it, and its colour profile.
pub(super) fn jpeg(bytes: &[u8]) -> Result<Vec<u8>, Broken> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes.strip_prefix(b"\xff\xd8").ok_or(Broken)?;
    out.extend_from_slice(b"\xff\xd8");
    loop {
        let [0xff, marker, after @ ..] = rest else {
            return Err(Broken);
        };
        match marker {
            // Fill bytes may stand before a marker.
            0xff => rest = &rest[1..],
            0xd9 => {
                out.extend_from_slice(b"\xff\xd9");
                return Ok(out);
            }
            0xd8 | 0x00 | 0x01 | 0xd0..=0xd7 => return Err(Broken),
            _ => {
                let (len, _) = after.split_first_chunk::<2>().ok_or(Broken)?;
                let len = usize::from(u16::from_be_bytes(*len));
                let segment = after.get(2..len).ok_or(Broken)?;
                if jpeg_keeps(*marker, segment) {
                    out.extend_from_slice(&rest[..2 + len]);
                }
                rest = &after[len..];
                if *marker == 0xda {
                    let end = scan_end(rest)?;
                    out.extend_from_slice(&rest[..end]);
                    rest = &rest[end..];
                }
            }
        }
    }
}

fn jpeg_keeps(marker: u8, segment: &[u8]) -> bool {
    match marker {
        // Frames, tables, scans, restart intervals, number of lines.
        0xc0..=0xcf | 0xda..=0xdf => true,
        0xe0 => segment.starts_with(b"JFIF\0") && segment.len() == 14,
        0xe2 => segment.starts_with(b"ICC_PROFILE\0"),
        0xee => segment.starts_with(b"Adobe"),
        _ => false,
    }
}

/// Where the entropy-coded bytes end: at the first marker that is neither stuffed nor a restart.
fn scan_end(bytes: &[u8]) -> Result<usize, Broken> {
    let ends = |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xd0..=0xd7 | 0xff);
    bytes.windows(2).position(ends).ok_or(Broken)
}

/// A PNG with the chunks that it takes to draw it.
pub(super) fn png(bytes: &[u8]) -> Result<Vec<u8>, Broken> {
    const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes.strip_prefix(SIGNATURE).ok_or(Broken)?;
    out.extend_from_slice(SIGNATURE);
    loop {
        let (len, after) = rest.split_first_chunk::<4>().ok_or(Broken)?;
        let len = usize::try_from(u32::from_be_bytes(*len)).map_err(|_| Broken)?;
        let kind = after.get(..4).ok_or(Broken)?;
        let whole = len.checked_add(12).ok_or(Broken)?;
        let chunk = rest.get(..whole).ok_or(Broken)?;
        let keeps = matches!(
            kind,
            b"IHDR"
                | b"PLTE"
                | b"IDAT"
                | b"IEND"
                | b"tRNS"
                | b"gAMA"
                | b"cHRM"
                | b"sRGB"
                | b"iCCP"
                | b"sBIT"
                | b"pHYs"
                | b"bKGD"
        );
        if keeps {
            out.extend_from_slice(chunk);
        }
        if kind == b"IEND" {
            return Ok(out);
        }
        rest = &rest[whole..];
    }
}

/// A WebP with the chunks that it takes to draw it; its first chunk says no more that there are others.
pub(super) fn webp(bytes: &[u8]) -> Result<Vec<u8>, Broken> {
    const EXIF_AND_XMP: u8 = 0b0000_1100;
    let (header, _) = bytes.split_first_chunk::<12>().ok_or(Broken)?;
    let len = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
    let len = usize::try_from(len).map_err(|_| Broken)?;
    let mut rest = bytes.get(12..len.checked_add(8).ok_or(Broken)?).ok_or(Broken)?;
    let mut out = header.to_vec();
    while !rest.is_empty() {
        let (head, _) = rest.split_first_chunk::<8>().ok_or(Broken)?;
        let len = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
        let len = usize::try_from(len).map_err(|_| Broken)?;
        let padded = len.checked_add(8 + (len & 1)).ok_or(Broken)?;
        let chunk = rest.get(..padded).ok_or(Broken)?;
        match &head[..4] {
            b"VP8X" => {
                let at = out.len();
                out.extend_from_slice(chunk);
                *out.get_mut(at + 8).ok_or(Broken)? &= !EXIF_AND_XMP;
            }
            b"VP8 " | b"VP8L" | b"ALPH" | b"ICCP" | b"ANIM" | b"ANMF" => out.extend_from_slice(chunk),
            _ => {}
        }
        rest = &rest[padded..];
    }
    let len = u32::try_from(out.len() - 8).map_err(|_| Broken)?;
    out[4..8].copy_from_slice(&len.to_le_bytes());
    Ok(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn segment(marker: u8, body: &[u8]) -> Vec<u8> {
        let len = (body.len() as u16 + 2).to_be_bytes();
        [&[0xff, marker], &len[..], body].concat()
    }

    #[test]
    fn a_photo_keeps_what_draws_it() {
        let jfif = segment(0xe0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0");
        let colour = segment(0xe2, b"ICC_PROFILE\0\x01\x01profile");
        let scan = [segment(0xda, b"head"), b"\x12\xff\x00\x34\xff\xd0\x56".to_vec()].concat();
        let good = [
            &b"\xff\xd8"[..],
            &jfif,
            &colour,
            &segment(0xdb, b"q"),
            &scan,
            &scan,
            b"\xff\xd9",
        ]
        .concat();
        let with = [
            &b"\xff\xd8"[..],
            &jfif,
            &segment(0xe1, b"Exif\0\0GPS 30.27 109.48"),
            &segment(0xe1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>"),
            &colour,
            &segment(0xe2, b"MPF\0second picture"),
            &segment(0xed, b"Photoshop 3.0\0byline"),
            &segment(0xfe, b"a comment"),
            &segment(0xdb, b"q"),
            &scan,
            &scan,
            b"\xff\xd9",
            b"\xff\xd8 a second picture with its own place \xff\xd9",
        ]
        .concat();
        assert_eq!(jpeg(&with), Ok(good.clone()));
        assert_eq!(jpeg(&good), Ok(good.clone()));
        for cut in 0..good.len() {
            assert_eq!(jpeg(&good[..cut]), Err(Broken), "{cut}");
        }
    }

    #[test]
    fn a_scan_keeps_what_draws_it() {
        let chunk =
            |kind: &[u8], body: &[u8]| [&(body.len() as u32).to_be_bytes()[..], kind, body, b"crc!"].concat();
        let head = [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(b"IHDR", b"size")].concat();
        let tail = [chunk(b"IDAT", b"pixels"), chunk(b"IEND", b"")].concat();
        let noise = [
            chunk(b"eXIf", b"GPS"),
            chunk(b"tEXt", b"Author\0x"),
            chunk(b"iTXt", b"x"),
        ]
        .concat();
        let with = [&head[..], &noise, &tail, b"and more"].concat();
        assert_eq!(png(&with), Ok([head, tail].concat()));
        assert_eq!(png(&with[..40]), Err(Broken));
    }

    #[test]
    fn a_webp_says_no_more_what_it_has_no_more() {
        let chunk = |kind: &[u8], body: &[u8]| {
            let pad = vec![0; body.len() & 1];
            [kind, &(body.len() as u32).to_le_bytes()[..], body, &pad].concat()
        };
        let whole = |parts: &[u8]| {
            let len = (parts.len() as u32 + 4).to_le_bytes();
            [b"RIFF", &len[..], b"WEBP", parts].concat()
        };
        let picture = chunk(b"VP8 ", b"pix");
        let with = [
            chunk(b"VP8X", &[0b1100, 0, 0, 0]),
            picture.clone(),
            chunk(b"EXIF", b"GPS"),
            chunk(b"XMP ", b"x"),
        ];
        let without = [chunk(b"VP8X", &[0, 0, 0, 0]), picture];
        assert_eq!(webp(&whole(&with.concat())), Ok(whole(&without.concat())));
        assert_eq!(webp(b"RIFF\xff\xff\xff\xffWEBP"), Err(Broken));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = jpeg(&[b"\xff\xd8", &bytes[..]].concat());
            let _ = png(&[b"\x89PNG\r\n\x1a\n", &bytes[..]].concat());
            let _ = webp(&[b"RIFF", &bytes[..]].concat());
        }
    }
}
