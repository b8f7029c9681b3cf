//! The pages: their words, their shape and, in time, their routes. Owns what a person sees and sends; knows services, and
//! neither store, Automerge nor keys.

pub mod i18n;
pub mod page;
