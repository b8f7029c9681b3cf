//! Lists, texts and bytes whose bound is part of their type. The bound is checked on the length that the bytes claim, before
//! anything is allocated.

use minicbor::{Decode, Encode, decode, encode};
use std::ops::{Deref, DerefMut};

/// More items, or bytes of text, than the type allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{len} where at most {max} are allowed")]
pub struct OutOfBounds {
    /// What was given.
    pub len: usize,
    /// What is allowed.
    pub max: usize,
}

fn bounded(len: usize, max: usize) -> Result<(), OutOfBounds> {
    if len > max {
        Err(OutOfBounds { len, max })
    } else {
        Ok(())
    }
}

/// At most `MAX` items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<T, const MAX: usize>(Vec<T>);

impl<T, const MAX: usize> List<T, MAX> {
    /// The list of `items`, if they are not too many.
    pub fn new(items: Vec<T>) -> Result<Self, OutOfBounds> {
        bounded(items.len(), MAX).map(|()| List(items))
    }

    /// The first `MAX` of `items`; the rest stays in the iterator.
    pub fn take_from(items: &mut impl Iterator<Item = T>) -> Self {
        List(items.take(MAX).collect())
    }

    /// The items.
    pub fn into_vec(self) -> Vec<T> {
        self.0
    }
}

impl<T, const MAX: usize> Deref for List<T, MAX> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<C, T: Encode<C>, const MAX: usize> Encode<C> for List<T, MAX> {
    fn encode<W: encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        ctx: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        self.0.encode(e, ctx)
    }
}

impl<'b, C, T: Decode<'b, C>, const MAX: usize> Decode<'b, C> for List<T, MAX> {
    fn decode(d: &mut minicbor::Decoder<'b>, ctx: &mut C) -> Result<Self, decode::Error> {
        let len = d
            .array()?
            .ok_or_else(|| decode::Error::message("expected a definite length"))?;
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        bounded(len, MAX).map_err(decode::Error::message)?;
        // Not reserved: the claim costs three bytes, the items do not exist yet.
        let mut items = Vec::new();
        for _ in 0..len {
            items.push(T::decode(d, ctx)?);
        }
        Ok(List(items))
    }
}

/// Text of at most `MAX` bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> Text<MAX> {
    /// The text, if it is not too long.
    pub fn new(text: String) -> Result<Self, OutOfBounds> {
        bounded(text.len(), MAX).map(|()| Text(text))
    }

    /// As much of `text` as fits, cut between two characters.
    pub fn cut(text: &str) -> Self {
        let end = (0..=text.len().min(MAX))
            .rev()
            .find(|end| text.is_char_boundary(*end))
            .unwrap_or(0);
        Text(text[..end].to_owned())
    }
}

impl<const MAX: usize> Deref for Text<MAX> {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl<C, const MAX: usize> Encode<C> for Text<MAX> {
    fn encode<W: encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.str(&self.0)?;
        Ok(())
    }
}

impl<'b, C, const MAX: usize> Decode<'b, C> for Text<MAX> {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        let text = d.str()?;
        bounded(text.len(), MAX).map_err(decode::Error::message)?;
        Ok(Text(text.to_owned()))
    }
}

/// At most `MAX` bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob<const MAX: usize>(Vec<u8>);

impl<const MAX: usize> Blob<MAX> {
    /// The bytes, if they are not too many.
    pub fn new(bytes: Vec<u8>) -> Result<Self, OutOfBounds> {
        bounded(bytes.len(), MAX).map(|()| Blob(bytes))
    }

    /// The bytes.
    pub fn into_vec(self) -> Vec<u8> {
        self.0
    }
}

impl<const MAX: usize> Deref for Blob<MAX> {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl<const MAX: usize> DerefMut for Blob<MAX> {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

impl<C, const MAX: usize> Encode<C> for Blob<MAX> {
    fn encode<W: encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.bytes(&self.0)?;
        Ok(())
    }
}

impl<'b, C, const MAX: usize> Decode<'b, C> for Blob<MAX> {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        let bytes = d.bytes()?;
        bounded(bytes.len(), MAX).map_err(decode::Error::message)?;
        Ok(Blob(bytes.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec;

    #[test]
    fn what_is_too_long_is_refused_before_it_is_read() {
        let list = List::<u64, 3>::new(vec![1, 2, 3]).unwrap();
        assert_eq!(codec::decode::<List<u64, 3>>(&codec::encode(&list), 99), Ok(list));
        assert!(List::<u64, 3>::new(vec![0; 4]).is_err());
        let claim = [0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
        let error = codec::decode::<List<u64, 3>>(&claim, 99).unwrap_err();
        assert!(error.to_string().contains("at most 3"), "{error}");
        assert!(codec::decode::<List<u64, 3>>(&[0x9f, 0xff], 99).is_err());
        assert!(codec::decode::<Text<3>>(b"\x64abcd", 99).is_err());
        assert!(codec::decode::<Blob<3>>(b"\x44abcd", 99).is_err());
        let blob = Blob::<3>::new(vec![1, 2, 3]).unwrap();
        assert_eq!(codec::decode::<Blob<3>>(&codec::encode(&blob), 99), Ok(blob));
        assert_eq!(&*Text::<4>::cut("联站"), "联");
        assert_eq!(&*Text::<9>::cut("联站"), "联站");
    }
}
