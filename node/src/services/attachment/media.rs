//! What kinds of attachments there are. Told by their bytes, never by their names: a name is what somebody typed.

/// Bytes from the start that tell the kind.
pub(super) const HEAD: usize = 32;
const MIB: u64 = 1024 * 1024;

/// What an attachment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Media {
    /// A photo.
    Jpeg,
    /// A picture or a scan.
    Png,
    /// A picture.
    WebP,
    /// A document.
    Pdf,
    /// A video.
    Mp4,
    /// A video as phones of one maker write it.
    QuickTime,
}

/// What a file is that is not taken, where that can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreign {
    /// A photo in a form that most browsers do not show.
    Heic,
    /// Anything else.
    Other,
}

impl Media {
    /// Tells the kind by the first bytes.
    pub fn of(head: &[u8]) -> Result<Self, Foreign> {
        match head {
            [0xff, 0xd8, 0xff, ..] => Ok(Media::Jpeg),
            [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Ok(Media::Png),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Ok(Media::WebP),
            [b'%', b'P', b'D', b'F', b'-', ..] => Ok(Media::Pdf),
            [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..] => match brand.get(..4) {
                Some(b"qt  ") => Ok(Media::QuickTime),
                Some(
                    b"heic" | b"heix" | b"hevc" | b"hevx" | b"heim" | b"heis" | b"mif1" | b"msf1" | b"avif",
                ) => Err(Foreign::Heic),
                Some(
                    b"isom" | b"iso2" | b"iso4" | b"iso5" | b"iso6" | b"mp41" | b"mp42" | b"avc1" | b"M4V "
                    | b"MSNV" | b"dash" | b"3gp4" | b"3gp5",
                ) => Ok(Media::Mp4),
                _ => Err(Foreign::Other),
            },
            _ => Err(Foreign::Other),
        }
    }

    /// Its name in HTTP.
    pub fn mime(self) -> &'static str {
        match self {
            Media::Jpeg => "image/jpeg",
            Media::Png => "image/png",
            Media::WebP => "image/webp",
            Media::Pdf => "application/pdf",
            Media::Mp4 => "video/mp4",
            Media::QuickTime => "video/quicktime",
        }
    }

    /// The ending of a file of it.
    pub fn ending(self) -> &'static str {
        match self {
            Media::Jpeg => "jpg",
            Media::Png => "png",
            Media::WebP => "webp",
            Media::Pdf => "pdf",
            Media::Mp4 => "mp4",
            Media::QuickTime => "mov",
        }
    }

    /// Whether it is a picture.
    pub fn is_picture(self) -> bool {
        matches!(self, Media::Jpeg | Media::Png | Media::WebP)
    }

    /// Whether it is a video.
    pub fn is_video(self) -> bool {
        matches!(self, Media::Mp4 | Media::QuickTime)
    }

    /// The most bytes that a person may enter of it.
    pub fn max(self) -> u64 {
        match self {
            Media::Jpeg | Media::Png | Media::WebP => 20 * MIB,
            Media::Pdf => 50 * MIB,
            Media::Mp4 | Media::QuickTime => 200 * MIB,
        }
    }
}

/// The most bytes of any attachment that a person may enter.
pub const ENTRY_MAX: u64 = 200 * MIB;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_tell_the_kind() {
        assert_eq!(Media::of(b"\xff\xd8\xff\xe1"), Ok(Media::Jpeg));
        assert_eq!(Media::of(b"%PDF-1.7"), Ok(Media::Pdf));
        assert_eq!(Media::of(b"\0\0\0\x18ftypisom"), Ok(Media::Mp4));
        assert_eq!(Media::of(b"\0\0\0\x18ftypqt  "), Ok(Media::QuickTime));
        assert_eq!(Media::of(b"\0\0\0\x18ftypheic"), Err(Foreign::Heic));
        for other in [
            &b""[..],
            b"<html>",
            b"<svg xmlns=",
            b"MZ\x90",
            b"PK\x03\x04",
            b"GIF89a",
            b"\0\0\0\x18ftyp",
        ] {
            assert_eq!(Media::of(other), Err(Foreign::Other));
        }
    }
}
