//! Values that many facts share.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::Serialize;

/// One value behind many facts: a name or an author stands in each of a bundle's changes, and is held once.
#[derive(Debug, PartialEq, Eq)]
pub struct Shared<T: ?Sized>(Arc<T>);

impl<T> From<T> for Shared<T> {
    fn from(value: T) -> Self {
        Shared(Arc::new(value))
    }
}

impl From<&str> for Shared<str> {
    fn from(text: &str) -> Self {
        Shared(text.into())
    }
}

impl<T: ?Sized> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Shared(Arc::clone(&self.0))
    }
}

impl<T: ?Sized> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: ?Sized + Serialize> Serialize for Shared<T> {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(s)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
