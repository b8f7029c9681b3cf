//! How many independent checks are done: one after another here, which knows no threads, or as a caller likes.

/// Does the same work for each of many items that do not depend on each other.
pub trait Spread {
    /// What `work` gives for each item, in order.
    fn each<T: Sync, R: Send>(&self, items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R>;
}

/// One after another.
#[derive(Debug, Clone, Copy, Default)]
pub struct OneByOne;

impl Spread for OneByOne {
    fn each<T: Sync, R: Send>(&self, items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
        items.iter().map(work).collect()
    }
}

/// As [`Spread::each`], and nothing is passed over: an implementation that loses an item is not believed.
pub(crate) fn each<T: Sync, R: Send>(
    spread: &impl Spread,
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let done = spread.each(items, &work);
    if done.len() == items.len() {
        done
    } else {
        OneByOne.each(items, work)
    }
}
