//! The letters of a text as they are read, with the bytes where each stands: full-width forms are their narrow ones, and
//! what nobody sees is left out.

/// A letter.
#[derive(Debug, Clone, Copy)]
pub(super) struct Letter {
    /// As it is read.
    pub(super) is: char,
    /// Its first byte in the text.
    pub(super) start: usize,
    /// The byte after it.
    pub(super) end: usize,
}

/// The letters of a text.
pub(super) struct Letters(pub(super) Vec<Letter>);

impl Letters {
    pub(super) fn of(text: &str) -> Self {
        let letters = text.char_indices().filter_map(|(start, c)| {
            Some(Letter {
                is: narrow(c)?,
                start,
                end: start + c.len_utf8(),
            })
        });
        Letters(letters.collect())
    }

    /// The letter at a place, if there is one.
    pub(super) fn at(&self, place: usize) -> Option<char> {
        self.0.get(place).map(|letter| letter.is)
    }

    /// The letter before a place.
    pub(super) fn before(&self, place: usize) -> Option<char> {
        self.at(place.checked_sub(1)?)
    }

    /// The bytes of the letters from `from` to before `to`; none if there are none.
    pub(super) fn bytes(&self, from: usize, to: usize) -> Option<(usize, usize)> {
        let (first, last) = (self.0.get(from)?, self.0.get(to.checked_sub(1)?)?);
        Some((first.start, last.end))
    }
}

/// A letter as it is read: full-width and styled digits are digits, every dash is one; nothing where none is seen.
fn narrow(c: char) -> Option<char> {
    let code = u32::from(c);
    match c {
        '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{ad}' => None,
        '\u{3000}' | '\u{a0}' | '\u{2002}'..='\u{200a}' | '\u{202f}' | '\t' => Some(' '),
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(code - 0xfee0),
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' => Some('-'),
        '\u{1d7ce}'..='\u{1d7ff}' => char::from_digit((code - 0x1d7ce) % 10, 10),
        c => Some(c),
    }
}
