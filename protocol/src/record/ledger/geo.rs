//! A place on the map.

use minicbor::{Decode, Encode};

use crate::codec;

/// A place, WGS-84, in units of 10^-6 degrees (a tenth of a metre): never a float, and never edited by halves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Geo {
    /// North of the equator, from -90 to 90 degrees.
    #[n(0)]
    pub lat: i32,
    /// East of Greenwich, from -180 to 180 degrees.
    #[n(1)]
    pub lon: i32,
}

impl Geo {
    /// Units of a degree.
    pub const DEGREE: i32 = 1_000_000;
    const BYTES_MAX: usize = 11;

    /// The bytes of a value.
    pub fn to_bytes(self) -> Vec<u8> {
        codec::encode(&self)
    }

    /// Reads the bytes of a value; none where they are no place.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let geo: Geo = codec::decode(bytes, Self::BYTES_MAX).ok()?;
        let within = |value: i32, degrees: u32| value.unsigned_abs() <= degrees * Self::DEGREE.unsigned_abs();
        (within(geo.lat, 90) && within(geo.lon, 180)).then_some(geo)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_one_form_and_bounds() {
        let square = Geo {
            lat: 30_272_111,
            lon: 109_486_099,
        };
        assert_eq!(Geo::parse(&square.to_bytes()), Some(square));
        assert_eq!(square.to_bytes().len(), Geo::BYTES_MAX);
        for (lat, lon) in [(90_000_001, 0), (0, -180_000_001), (i32::MIN + 1, 0)] {
            assert_eq!(Geo::parse(&Geo { lat, lon }.to_bytes()), None);
        }
        assert_eq!(Geo::parse(&[0x82, 0x18, 0x01, 0x02]), None, "not canonical");
        assert_eq!(Geo::parse(&[]), None);
    }
}
