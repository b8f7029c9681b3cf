//! How much of a log goes into one range: little at first, so that a line that is cut again and again gets on; more as long as
//! the peer comes back for the next at once, since every range costs its receiver a commit.

use super::super::range::RANGE_BYTES;
use crate::log::Origin;

/// What the first range of a session carries, and what one carries at least.
const FIRST: usize = RANGE_BYTES / 3;
const LEAST: usize = RANGE_BYTES / 12;
/// Who comes back sooner gets twice as much, who comes back later half as much.
const QUICK_MS: u64 = 500;
const SLOW_MS: u64 = 4_000;

/// Bytes for the next range. Holds no clock.
#[derive(Debug)]
pub(super) struct Budget {
    bytes: usize,
    /// The log of which a range was sent last, and when.
    sent: Option<(Origin, u64)>,
}

impl Default for Budget {
    fn default() -> Self {
        Budget {
            bytes: FIRST,
            sent: None,
        }
    }
}

impl Budget {
    /// The peer asks for a range of this log. At least [`LEAST`], at most [`RANGE_BYTES`].
    pub(super) fn asked(&mut self, origin: &Origin, now_ms: u64) -> usize {
        if let Some((_, since)) = self.sent.take_if(|(of, _)| of == origin) {
            let took = now_ms.saturating_sub(since);
            self.bytes = match took {
                ..=QUICK_MS => self.bytes * 2,
                SLOW_MS.. => self.bytes / 2,
                _ => self.bytes,
            }
            .clamp(LEAST, RANGE_BYTES);
        }
        self.bytes
    }

    /// A range of this log goes out.
    pub(super) fn sent(&mut self, origin: Origin, now_ms: u64) {
        self.sent = Some((origin, now_ms));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_grows_on_a_quick_line_and_shrinks_on_a_slow_one_within_its_bounds() {
        let log = |n: u8| Origin::parse(&format!("lianzhan/witness-log/{n:02}")).unwrap();
        let mut budget = Budget::default();
        assert_eq!(budget.asked(&log(1), 0), FIRST);
        let ask_after = |budget: &mut Budget, ms: u64| {
            budget.sent(log(1), 1_000);
            budget.asked(&log(1), 1_000 + ms)
        };
        assert_eq!(ask_after(&mut budget, 20), FIRST * 2);
        assert_eq!(ask_after(&mut budget, QUICK_MS), RANGE_BYTES);
        assert_eq!(ask_after(&mut budget, 20), RANGE_BYTES);
        assert_eq!(ask_after(&mut budget, 1_000), RANGE_BYTES);
        for _ in 0..9 {
            ask_after(&mut budget, SLOW_MS);
        }
        assert_eq!(ask_after(&mut budget, SLOW_MS), LEAST);
        // What was asked of another log says nothing of how long this one took.
        budget.sent(log(1), 0);
        assert_eq!(budget.asked(&log(2), 5), LEAST);
    }
}
