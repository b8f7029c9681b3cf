//! Pictures: read within bounds, turned upright, made small. One at a time: a large one takes much memory while it is open.

use std::io::Cursor;
use std::sync::{Mutex, PoisonError};

use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use super::media::Media;
use super::strip;

/// Longest side, in pixels.
const SIDE_MAX: u32 = 20_000;
/// Most pixels; more than phones take.
const PIXELS_MAX: u64 = 120_000_000;
/// Most memory that opening one may take.
const MEMORY_MAX: u64 = 512 * 1024 * 1024;
/// Longest side of a small picture.
const SMALL: u32 = 320;
/// How well a picture is kept that was turned.
const QUALITY: u8 = 92;
const SMALL_QUALITY: u8 = 80;

static OPEN: Mutex<()> = Mutex::new(());

/// Why a picture is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It cannot be drawn.
    Broken,
    /// Opening it would take too much memory.
    TooManyPixels,
}

impl From<strip::Broken> for Fault {
    fn from(_: strip::Broken) -> Self {
        Fault::Broken
    }
}

/// A picture as it is kept, and small.
pub(super) struct Cleaned {
    pub(super) bytes: Vec<u8>,
    pub(super) small: Vec<u8>,
}

/// Takes everything out of a picture that does not draw it. One that lies on its side is drawn anew, upright.
pub(super) fn clean(media: Media, bytes: &[u8]) -> Result<Cleaned, Fault> {
    let (mut picture, orientation) = open(media, bytes)?;
    let bytes = if orientation == Orientation::NoTransforms {
        match media {
            Media::Png => strip::png(bytes)?,
            Media::WebP => strip::webp(bytes)?,
            _ => strip::jpeg(bytes)?,
        }
    } else {
        picture.apply_orientation(orientation);
        jpeg(&picture, QUALITY)?
    };
    let small = shrink(&picture)?;
    Ok(Cleaned { bytes, small })
}

/// A small picture of one that is kept.
pub(super) fn small(media: Media, bytes: &[u8]) -> Result<Vec<u8>, Fault> {
    shrink(&open(media, bytes)?.0)
}

fn open(media: Media, bytes: &[u8]) -> Result<(DynamicImage, Orientation), Fault> {
    let _alone = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    let format = match media {
        Media::Png => ImageFormat::Png,
        Media::WebP => ImageFormat::WebP,
        _ => ImageFormat::Jpeg,
    };
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    limits.max_alloc = Some(MEMORY_MAX);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|error| fault(&error))?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > PIXELS_MAX || decoder.total_bytes() > MEMORY_MAX {
        return Err(Fault::TooManyPixels);
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let picture = DynamicImage::from_decoder(decoder).map_err(|error| fault(&error))?;
    Ok((picture, orientation))
}

fn fault(error: &image::ImageError) -> Fault {
    match error {
        image::ImageError::Limits(_) => Fault::TooManyPixels,
        _ => Fault::Broken,
    }
}

fn shrink(picture: &DynamicImage) -> Result<Vec<u8>, Fault> {
    let small = if picture.width() > SMALL || picture.height() > SMALL {
        picture.thumbnail(SMALL, SMALL)
    } else {
        picture.clone()
    };
    jpeg(&small, SMALL_QUALITY)
}

/// Without transparency, which would come out black: on white.
fn jpeg(picture: &DynamicImage, quality: u8) -> Result<Vec<u8>, Fault> {
    let flat = if picture.color().has_alpha() {
        let mut flat = picture.to_rgba8();
        for pixel in flat.pixels_mut() {
            let alpha = u32::from(pixel.0[3]);
            for channel in &mut pixel.0[..3] {
                *channel = ((u32::from(*channel) * alpha + 255 * (255 - alpha)) / 255) as u8;
            }
        }
        DynamicImage::ImageRgba8(flat).to_rgb8()
    } else {
        picture.to_rgb8()
    };
    let mut out = Vec::new();
    JpegEncoder::new_with_quality(&mut out, quality)
        .encode_image(&flat)
        .map_err(|error| fault(&error))?;
    Ok(out)
}
