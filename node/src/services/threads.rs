//! Independent checks, spread over the cores of this machine.

use lianzhan_protocol::spread::Spread;

/// Most threads that check: the rest of the node goes on meanwhile.
const THREADS_MAX: usize = 4;
/// Fewer items than that are not worth a thread.
const ITEMS_PER_THREAD: usize = 16;

/// Work that is divided among so many threads, this one included.
#[derive(Debug, Clone, Copy)]
pub struct Threads(usize);

impl Threads {
    /// At most `threads`, and at least one.
    pub fn new(threads: usize) -> Self {
        Threads(threads.max(1))
    }

    /// As many as this machine has cores.
    pub fn of_this_machine() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Threads::new(cores.min(THREADS_MAX))
    }
}

impl Spread for Threads {
    fn each<T: Sync, R: Send>(&self, items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
        let threads = self.0.min(items.len() / ITEMS_PER_THREAD).max(1);
        let mut parts = items.chunks(items.len().div_ceil(threads).max(1));
        let (own, work) = (parts.next().unwrap_or_default(), &work);
        std::thread::scope(|scope| {
            let others: Vec<_> = parts
                .map(|part| scope.spawn(move || part.iter().map(work).collect::<Vec<_>>()))
                .collect();
            let mut all: Vec<R> = own.iter().map(work).collect();
            for other in others {
                all.extend(
                    other
                        .join()
                        .unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                );
            }
            all
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_number_are_kept_by_any_number_of_threads() {
        for threads in [0, 1, 2, 3, 7] {
            for items in [0, 1, 15, 33, 1000] {
                let items: Vec<usize> = (0..items).collect();
                let doubled: Vec<usize> = items.iter().map(|n| n * 2).collect();
                assert_eq!(Threads::new(threads).each(&items, |n| n * 2), doubled);
            }
        }
    }
}
