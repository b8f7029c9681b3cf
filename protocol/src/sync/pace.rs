//! How fast a conversation has to go. Time is what the driver says it is: milliseconds since the conversation began, in
//! which it could take what came.

/// How long an answer may take that is owed, in milliseconds. Generous: a county has to answer a thousand stations after
/// it was down, on an old machine, and a line may be a satellite's.
pub const PATIENCE_MS: u64 = 120_000;
/// The slowest that bytes may come where something is owed, in bytes a second: a quarter of the slowest line that is meant
/// to work, on which a range takes minutes. Who keeps this pace is waited for.
pub const PACE_MIN: u64 = 512;
/// A question is given up after so many times the patience, however fast other things come: the 8 MiB that an honest peer may
/// have queued before the answer take half of that on the slowest line.
const PATIENCES_MAX: u64 = 60;
/// Messages that need not be an answer, and cost nothing to send: how many may come at once. A county that begins with ten
/// thousand logs announces each.
const BURST: u64 = 16_384;
/// And how many a second, for as long as one likes: a county announces what a thousand busy stations write, some dozens.
const PER_SECOND: u64 = 256;
/// What is asked of a peer that may not have it: far within what anybody has to hear, beside all that is announced.
const QUESTIONS: (u64, u64) = (4_096, 64);

/// How far a conversation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mark {
    /// Milliseconds since it began.
    pub ms: u64,
    /// Bytes that came since then, of frames that are not whole among them.
    pub bytes: u64,
}

/// Whether bytes move fast enough. Who was fast has so much time to spare, up to the patience.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    last: Mark,
    until_ms: u64,
}

impl Pace {
    /// From now on, with all patience.
    pub fn new(now: Mark, patience_ms: u64) -> Self {
        let until_ms = now.ms.saturating_add(patience_ms);
        Pace { last: now, until_ms }
    }

    /// Takes note of what moved.
    pub fn advance(&mut self, now: Mark, patience_ms: u64) {
        let moved = now.bytes.saturating_sub(self.last.bytes);
        let earned = moved.saturating_mul(1000) / PACE_MIN;
        let from = self.until_ms.max(self.last.ms);
        self.until_ms = from
            .saturating_add(earned)
            .min(now.ms.saturating_add(patience_ms));
        self.last = now;
    }

    /// Whether it is too slow.
    pub fn is_behind(&self) -> bool {
        self.last.ms > self.until_ms
    }

    /// When something that is owed since `since_ms`, and may take `patience_ms`, is overdue if nothing moves any more.
    pub(super) fn overdue_at(&self, since_ms: u64, patience_ms: u64) -> u64 {
        let at_most = since_ms.saturating_add(patience_ms.saturating_mul(PATIENCES_MAX));
        let at_least = since_ms.saturating_add(patience_ms);
        self.until_ms.max(at_least).min(at_most)
    }
}

/// What one side may still say unasked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Allowance {
    left: u64,
    refilled_ms: u64,
    most: u64,
    per_second: u64,
}

impl Allowance {
    /// The peer's.
    pub(super) fn new() -> Self {
        Self::of(BURST, PER_SECOND)
    }

    /// Our own, for questions that the peer may not be able to answer.
    pub(super) fn questions(now_ms: u64) -> Self {
        let refilled_ms = now_ms;
        Allowance {
            refilled_ms,
            ..Self::of(QUESTIONS.0, QUESTIONS.1)
        }
    }

    fn of(most: u64, per_second: u64) -> Self {
        Allowance {
            left: most,
            refilled_ms: 0,
            most,
            per_second,
        }
    }

    pub(super) fn refill(&mut self, now_ms: u64) {
        let earned = now_ms
            .saturating_sub(self.refilled_ms)
            .saturating_mul(self.per_second)
            / 1000;
        if earned > 0 {
            self.left = self.left.saturating_add(earned).min(self.most);
            self.refilled_ms = now_ms;
        }
    }

    pub(super) fn is_spent(&self) -> bool {
        self.left == 0
    }

    /// Takes `cost`, if there is so much.
    #[must_use]
    pub(super) fn spend(&mut self, cost: u64) -> bool {
        let rest = self.left.checked_sub(cost);
        self.left = rest.unwrap_or(self.left);
        rest.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(seconds: u64, per_second: u64) -> Pace {
        let mut pace = Pace::new(Mark::default(), 10_000);
        for second in 1..=seconds {
            let now = Mark {
                ms: second * 1000,
                bytes: second * per_second,
            };
            pace.advance(now, 10_000);
        }
        pace
    }

    #[test]
    fn a_slow_line_is_waited_for_and_a_drip_is_not() {
        assert!(!run(3_600, 2_048).is_behind());
        assert!(!run(10, 1).is_behind(), "patience first");
        assert!(run(12, 1).is_behind());
        assert!(run(60, 400).is_behind());
    }

    #[test]
    fn who_was_fast_may_pause_no_longer_than_anybody() {
        let mut pace = run(60, 1_000_000);
        let at = |ms| Mark {
            ms,
            bytes: 60_000_000,
        };
        pace.advance(at(69_000), 10_000);
        assert!(!pace.is_behind());
        pace.advance(at(71_000), 10_000);
        assert!(pace.is_behind());
    }

    #[test]
    fn what_is_owed_is_overdue_once_its_time_is_over_and_little_comes() {
        let pace = run(60, 2_048);
        assert_eq!(pace.overdue_at(55_000, 10_000), 70_000);
        assert_eq!(pace.overdue_at(10_000, 10_000), 70_000, "bytes come");
        assert_eq!(pace.overdue_at(0, 1_000), 60_000, "but not for ever");
        assert!(run(60, 0).overdue_at(10_000, 10_000) < 60_000, "nothing comes");
    }

    #[test]
    fn an_allowance_fills_again_and_not_beyond() {
        let mut allowance = Allowance::new();
        assert!(allowance.spend(BURST) && !allowance.spend(1));
        allowance.refill(3);
        assert!(!allowance.spend(1));
        allowance.refill(1_000);
        assert!(allowance.spend(PER_SECOND) && !allowance.spend(1));
        allowance.refill(1_000_000_000);
        assert!(!allowance.spend(BURST + 1) && allowance.spend(BURST));
    }
}
