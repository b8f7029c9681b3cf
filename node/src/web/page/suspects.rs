//! What a form holds back because it looks like personal data.

use super::Field;

/// What is held back, and what is cleared already.
#[derive(Debug, Clone, Default)]
pub struct Suspects {
    /// Each with its place.
    pub list: Vec<Suspected>,
    /// Notes that were written before, sent again.
    pub kept: Vec<(String, String)>,
}

/// Words in which something was found.
#[derive(Debug, Clone, Default)]
pub struct Suspected {
    /// The input that they were typed into.
    pub href: String,
    /// Its label.
    pub label: String,
    /// What they look like, in words.
    pub kinds: String,
    /// The words, and whether a piece is what was found.
    pub pieces: Vec<(String, bool)>,
    /// The name of the input of the note.
    pub input: String,
    /// The note.
    pub note: Field,
}
