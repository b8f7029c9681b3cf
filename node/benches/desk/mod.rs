//! A station with its books, and somebody who looks at its pages.

pub(super) mod books;
pub(super) mod visitor;
