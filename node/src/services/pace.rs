//! When the derived side works: soon after a commit that somebody may be looking at, and rarely while peers send much at once,
//! so that what they send is durable sooner and a record that changes again and again is derived once.

use std::time::Duration;

use tokio::time::Instant;

use super::project::ROUND;

/// After a calm time the first commit is hardly waited for: somebody may be looking at a page that shows it.
const FIRST: Duration = Duration::from_millis(4);
/// A burst of commits is let pass until nothing came for so long; but views never wait longer than [`PATIENCE`] for its end.
const QUIET: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_millis(400);
/// So many records marked while views wait are no burst but a flood: a first sync, an import.
const FLOOD: usize = 2_000;
/// The same two for a flood. Between two ranges of a fast line passes less than its quiet time.
const FLOOD_QUIET: Duration = Duration::from_millis(200);
const FLOOD_PATIENCE: Duration = Duration::from_secs(5);
/// Documents wait for a quiet moment, but not for ever.
const DOCUMENT_PATIENCE: Duration = Duration::from_secs(10);

/// Decides when to work next, told of what happens. Holds no clock.
#[derive(Debug)]
pub(super) struct Pace {
    /// Why a round is due, if one is.
    due: Option<Due>,
    /// When something was derived last.
    worked_at: Instant,
    documented_at: Instant,
    /// Whether the round that runs builds documents, too.
    documents: bool,
    /// Whether the last round left more than it did.
    behind: bool,
}

#[derive(Debug)]
struct Due {
    since: Instant,
    newest: Instant,
    /// Records marked since then; 0 where only what was there before is left, which waits for nothing.
    marked: usize,
}

impl Due {
    fn is_flood(&self) -> bool {
        self.marked >= FLOOD
    }

    fn patience(&self) -> Duration {
        if self.is_flood() { FLOOD_PATIENCE } else { PATIENCE }
    }
}

impl Pace {
    /// Of a node that starts: a round is due.
    pub(super) fn new(now: Instant) -> Self {
        let mut pace = Pace {
            due: None,
            worked_at: now,
            documented_at: now,
            documents: false,
            behind: false,
        };
        pace.lags(now);
        pace
    }

    /// A commit marked so many records.
    pub(super) fn marked(&mut self, now: Instant, records: usize) {
        if records > 0 {
            let due = self.due(now);
            due.newest = now;
            due.marked = due.marked.saturating_add(records);
        }
    }

    /// Something lags that nobody waits for.
    pub(super) fn lags(&mut self, now: Instant) {
        self.due(now);
    }

    fn due(&mut self, now: Instant) -> &mut Due {
        self.due.get_or_insert(Due {
            since: now,
            newest: now,
            marked: 0,
        })
    }

    /// Whether what was marked just now would wait long for its turn.
    pub(super) fn is_behind(&self) -> bool {
        self.behind || self.due.as_ref().is_some_and(Due::is_flood)
    }

    /// When the next round is due, if one is.
    pub(super) fn next(&self) -> Option<Instant> {
        let due = self.due.as_ref()?;
        let quiet = if due.marked == 0 {
            Duration::ZERO
        } else if due.is_flood() {
            FLOOD_QUIET
        } else if due.newest.saturating_duration_since(self.worked_at) > PATIENCE {
            FIRST
        } else {
            QUIET
        };
        Some((due.newest + quiet).min(due.since + due.patience()))
    }

    /// A round begins. Says whether it also builds documents, where no view lags.
    pub(super) fn begin(&mut self, now: Instant) -> bool {
        let due = self.due.take();
        let calm = due.is_none_or(|due| now < due.since + due.patience());
        self.documents = calm || now.saturating_duration_since(self.documented_at) > DOCUMENT_PATIENCE;
        if self.documents {
            self.documented_at = now;
        }
        self.documents
    }

    /// It is over and derived so many; `None` where it failed: that is tried again after the next commit.
    pub(super) fn end(&mut self, now: Instant, count: Option<usize>) {
        self.behind = count.is_some_and(|count| count >= ROUND);
        match count {
            Some(0) if self.documents => {}
            Some(count) => {
                if count > 0 {
                    self.worked_at = now;
                }
                self.lags(now);
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// A node that has been idle for a minute, and the moment.
    fn idle() -> (Pace, Instant) {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        pace.begin(start);
        pace.end(start, Some(0));
        (pace, start + 60_000 * MS)
    }

    #[test]
    fn a_node_that_starts_works_at_once_until_nothing_lags() {
        let now = Instant::now();
        let mut pace = Pace::new(now);
        assert_eq!(pace.next(), Some(now));
        assert!(pace.begin(now));
        pace.end(now, Some(7));
        assert_eq!(pace.next(), Some(now));
        assert!(pace.begin(now));
        pace.end(now, Some(0));
        assert_eq!(pace.next(), None);
    }

    #[test]
    fn the_first_commit_after_a_calm_time_is_hardly_waited_for() {
        let (mut pace, now) = idle();
        pace.marked(now, 1);
        assert_eq!(pace.next(), Some(now + FIRST));
    }

    #[test]
    fn a_burst_is_let_pass_for_a_while() {
        let (mut pace, start) = idle();
        pace.marked(start, 1);
        pace.begin(start);
        pace.end(start, Some(1));
        pace.begin(start);
        pace.end(start, Some(0));
        for ms in (0..2_000).step_by(40) {
            let now = start + ms * MS;
            pace.marked(now, 1);
            let due = pace.next().expect("a round is due");
            assert!(due <= start + PATIENCE && due <= now + QUIET, "{ms}");
        }
        assert!(!pace.begin(start + PATIENCE), "documents wait for calm");
    }

    #[test]
    fn a_flood_is_let_pass_for_longer_and_not_for_ever() {
        let (mut pace, start) = idle();
        for second in 0..10 {
            pace.marked(start + 100 * second * MS, 500);
        }
        let now = start + 900 * MS;
        assert!(pace.is_behind());
        assert_eq!(pace.next(), Some(now + FLOOD_QUIET));
        for tenth in 10..100 {
            pace.marked(start + 100 * tenth * MS, 500);
        }
        assert_eq!(pace.next(), Some(start + FLOOD_PATIENCE));
    }

    #[test]
    fn what_a_full_round_left_is_worked_off_without_a_pause() {
        let (mut pace, now) = idle();
        pace.marked(now, ROUND * 3);
        pace.begin(now);
        pace.end(now, Some(ROUND));
        assert!(pace.is_behind());
        assert_eq!(pace.next(), Some(now));
        pace.begin(now);
        pace.end(now, Some(ROUND - 1));
        assert!(!pace.is_behind());
    }

    #[test]
    fn documents_wait_for_calm_but_not_for_ever() {
        let (mut pace, start) = idle();
        assert!(pace.begin(start));
        let mut built = 0;
        for round in 0..100_u32 {
            let now = start + round * PATIENCE;
            pace.marked(now, 1);
            let late = pace.next().expect("a round is due").max(now + PATIENCE);
            if pace.begin(late) {
                built += 1;
            }
            pace.end(late, Some(1));
        }
        assert!((2..=4).contains(&built), "{built}");
    }

    #[test]
    fn what_failed_is_tried_again_after_the_next_commit() {
        let (mut pace, now) = idle();
        pace.marked(now, 1);
        pace.begin(now);
        pace.end(now, None);
        assert_eq!(pace.next(), None);
        pace.marked(now, 1);
        assert!(pace.next().is_some());
    }
}
