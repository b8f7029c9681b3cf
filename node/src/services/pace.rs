//! When the derived side works: soon after a commit that somebody may be looking at, and rarely while peers send much at once,
//! so that what they send is durable sooner and a record that changes again and again is derived once.

use std::time::Duration;

use tokio::time::Instant;

/// After a calm time the first commit is hardly waited for: somebody may be looking at a page that shows it.
const FIRST: Duration = Duration::from_millis(4);
/// A burst of commits is let pass until nothing came for so long; but views never wait longer than [`PATIENCE`] for its end.
const QUIET: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_millis(400);
/// So many records marked within a second are no burst but a flood: a first sync, an import, the receipt over either.
const FLOOD: f64 = 2_000.0;
/// The same two for a flood. Between two ranges of a fast line passes less than its quiet time.
const FLOOD_QUIET: Duration = Duration::from_millis(120);
const FLOOD_PATIENCE: Duration = Duration::from_secs(5);
/// The quiet time for a flood of receipts alone, which change nothing of what records say.
const WITNESSED_QUIET: Duration = Duration::from_secs(2);
/// Such rows are made a batch at a time, with so many times as long between two as the last one took: nobody waits for them,
/// and whoever works at this machine, or is sent something, would.
const LEISURE: u32 = 3;
/// Documents wait for a quiet moment, but not for ever.
const DOCUMENT_PATIENCE: Duration = Duration::from_secs(10);
/// After a round that failed: a disk that was full may have room again.
const AGAIN: Duration = Duration::from_secs(10);

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
    /// Whether the last round left something that was marked.
    behind: bool,
    /// When the round began that runs, and whether it is one at leisure.
    began_at: Instant,
    at_leisure: bool,
    /// How long to wait for the next of those.
    leisure: Duration,
    /// A bucket of marked records that leaks [`FLOOD`] of them a second, as it was when the last were marked. It holds no
    /// more than twice that: a flood is over a second after its end.
    flow: f64,
    flowed_at: Instant,
    /// Ranges given to peers, as far as they are known.
    given: u64,
}

/// What a round is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum For {
    /// What was there before, which waits for nothing.
    Rest,
    /// Records marked since.
    Burst,
    /// So many of them that what peers send and are given goes first.
    Flood,
    /// So many of which it is known now who witnessed them, and nothing else.
    Witnessed,
    /// What is left of those.
    Leisure,
    /// What failed.
    Again,
}

#[derive(Debug)]
struct Due {
    since: Instant,
    newest: Instant,
    of: For,
}

impl Due {
    fn patience(&self) -> Duration {
        match self.of {
            For::Rest | For::Burst => PATIENCE,
            For::Flood | For::Witnessed | For::Leisure => FLOOD_PATIENCE,
            For::Again => AGAIN,
        }
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
            began_at: now,
            at_leisure: false,
            leisure: Duration::ZERO,
            flow: 0.0,
            flowed_at: now,
            given: 0,
        };
        pace.lags(now);
        pace
    }

    /// A commit marked so many records.
    pub(super) fn marked(&mut self, now: Instant, records: usize) {
        if records > 0 {
            let of = if self.flows(now, records) {
                For::Flood
            } else {
                For::Burst
            };
            let due = self.due(now, of);
            (due.newest, due.of) = (now, of);
        }
    }

    /// A commit had receipts over so many records.
    pub(super) fn witnessed(&mut self, now: Instant, records: usize) {
        if records > 0 {
            let flood = self.flows(now, records);
            let of = match self.due.as_ref().map(|due| due.of) {
                // What was marked otherwise is not held up.
                Some(of @ (For::Burst | For::Flood | For::Leisure)) => of,
                Some(For::Rest) if self.behind => For::Rest,
                _ if flood => For::Witnessed,
                _ => For::Burst,
            };
            let due = self.due(now, of);
            (due.newest, due.of) = (now, of);
        }
    }

    /// So many more came: whether it is a flood now.
    fn flows(&mut self, now: Instant, records: usize) -> bool {
        let leaked = FLOOD * now.saturating_duration_since(self.flowed_at).as_secs_f64();
        self.flow = ((self.flow - leaked).max(0.0) + records as f64).min(2.0 * FLOOD);
        self.flowed_at = now;
        self.flow >= FLOOD
    }

    /// Something lags that nobody waits for.
    pub(super) fn lags(&mut self, now: Instant) {
        self.due(now, For::Rest);
    }

    /// So many ranges were given to peers by now. Whether a flood waits on since one more was: who receives is to have it
    /// before this processor and disk are at work for rows.
    pub(super) fn gave(&mut self, now: Instant, ranges: u64) -> bool {
        let more = std::mem::replace(&mut self.given, ranges) != ranges;
        match &mut self.due {
            Some(due) if more && matches!(due.of, For::Flood | For::Witnessed) => {
                due.newest = now;
                now < due.since + FLOOD_PATIENCE
            }
            _ => false,
        }
    }

    fn due(&mut self, now: Instant, of: For) -> &mut Due {
        self.due.get_or_insert(Due {
            since: now,
            newest: now,
            of,
        })
    }

    /// Whether what was marked just now would wait long for its turn.
    pub(super) fn is_behind(&self) -> bool {
        let flood = |due: &Due| matches!(due.of, For::Flood | For::Witnessed | For::Leisure);
        self.behind || self.due.as_ref().is_some_and(flood)
    }

    /// When the next round is due, if one is.
    pub(super) fn next(&self) -> Option<Instant> {
        let due = self.due.as_ref()?;
        let quiet = match due.of {
            For::Rest => Duration::ZERO,
            For::Flood => FLOOD_QUIET,
            For::Witnessed => WITNESSED_QUIET,
            For::Leisure => return Some(due.since + self.leisure),
            For::Burst if due.newest.saturating_duration_since(self.worked_at) > PATIENCE => FIRST,
            For::Burst => QUIET,
            For::Again => AGAIN,
        };
        Some((due.newest + quiet).min(due.since + due.patience()))
    }

    /// A round begins. Says whether it also builds documents, where no view lags.
    pub(super) fn begin(&mut self, now: Instant) -> bool {
        let due = self.due.take();
        self.began_at = now;
        self.at_leisure = due
            .as_ref()
            .is_some_and(|due| matches!(due.of, For::Witnessed | For::Leisure));
        let calm = due.is_none_or(|due| now < due.since + due.patience());
        self.documents = calm || now.saturating_duration_since(self.documented_at) > DOCUMENT_PATIENCE;
        if self.documents {
            self.documented_at = now;
        }
        self.documents
    }

    /// Whether the round that begins is one of a single batch.
    pub(super) fn is_at_leisure(&self) -> bool {
        self.at_leisure
    }

    /// It is over; `None` where it failed.
    pub(super) fn end(&mut self, now: Instant, round: Option<Round>) {
        self.behind = round.is_some_and(|round| round.left);
        match round {
            Some(Round { done: 0, .. }) if self.documents => {}
            Some(Round { left: true, .. }) if self.at_leisure => {
                self.worked_at = now;
                self.leisure = LEISURE * now.saturating_duration_since(self.began_at);
                self.due(now, For::Leisure);
            }
            Some(Round { done, .. }) => {
                if done > 0 {
                    self.worked_at = now;
                }
                self.lags(now);
            }
            None => drop(self.due(now, For::Again)),
        }
    }
}

/// What a round came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Round {
    /// Records derived.
    pub(super) done: usize,
    /// Whether it ended before it had come to the last one.
    pub(super) left: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn did(done: usize) -> Option<Round> {
        Some(Round { done, left: false })
    }

    /// A node that has been idle for a minute, and the moment.
    fn idle() -> (Pace, Instant) {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        pace.begin(start);
        pace.end(start, did(0));
        (pace, start + 60_000 * MS)
    }

    #[test]
    fn a_node_that_starts_works_at_once_until_nothing_lags() {
        let now = Instant::now();
        let mut pace = Pace::new(now);
        assert_eq!(pace.next(), Some(now));
        assert!(pace.begin(now));
        pace.end(now, did(7));
        assert_eq!(pace.next(), Some(now));
        assert!(pace.begin(now));
        pace.end(now, did(0));
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
        pace.end(start, did(1));
        pace.begin(start);
        pace.end(start, did(0));
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
        pace.marked(now, 10_000);
        pace.begin(now);
        pace.end(
            now,
            Some(Round {
                done: 4_000,
                left: true,
            }),
        );
        assert!(pace.is_behind());
        assert_eq!(pace.next(), Some(now));
        pace.begin(now);
        pace.end(now, did(1_000));
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
            pace.end(late, did(1));
        }
        assert!((2..=4).contains(&built), "{built}");
    }

    #[test]
    fn what_failed_is_tried_again_after_the_next_commit_and_without_one_too() {
        let (mut pace, now) = idle();
        pace.marked(now, 1);
        pace.begin(now);
        pace.end(now, None);
        assert_eq!(pace.next(), Some(now + AGAIN));
        pace.marked(now + MS, 1);
        assert_eq!(pace.next(), Some(now + MS + FIRST));
    }

    #[test]
    fn a_flood_that_goes_on_after_a_round_is_let_pass_as_well() {
        let (mut pace, start) = idle();
        pace.marked(start, 1_900);
        pace.begin(start + FIRST);
        pace.end(start + 50 * MS, did(1_900));
        for step in 3..10 {
            let now = start + 20 * step * MS;
            pace.marked(now, 300);
            assert_eq!(pace.next(), Some(now + FLOOD_QUIET), "{step}");
        }
        let later = start + 5_000 * MS;
        pace.begin(later);
        pace.end(later, did(2_100));
        pace.begin(later);
        pace.end(later, did(0));
        pace.marked(later + 1_000 * MS, 1);
        assert_eq!(pace.next(), Some(later + 1_000 * MS + FIRST), "the flood is over");
    }

    #[test]
    fn what_peers_are_given_goes_before_the_rows_of_a_flood_but_not_for_ever() {
        let (mut pace, start) = idle();
        pace.marked(start, 20_000);
        for tenth in 1..49_u32 {
            let now = start + 100 * tenth * MS;
            assert!(pace.gave(now, u64::from(tenth)));
            let due = (now + FLOOD_QUIET).min(start + FLOOD_PATIENCE);
            assert_eq!(pace.next(), Some(due), "{tenth}");
        }
        assert!(!pace.gave(start + 4_900 * MS, 48), "none was given since");
        assert!(!pace.gave(start + FLOOD_PATIENCE, 50));
    }

    #[test]
    fn receipts_over_a_whole_log_wait_for_longer_and_hold_up_nothing_else() {
        let (mut pace, start) = idle();
        pace.witnessed(start, 20_000);
        assert_eq!(pace.next(), Some(start + WITNESSED_QUIET));
        assert!(pace.is_behind(), "what somebody writes meanwhile comes first");
        pace.marked(start + MS, 5_000);
        pace.witnessed(start + 2 * MS, 5_000);
        assert_eq!(pace.next(), Some(start + 2 * MS + FLOOD_QUIET));
        pace.begin(start + 300 * MS);
        pace.end(
            start + 300 * MS,
            Some(Round {
                done: 8_000,
                left: true,
            }),
        );
        pace.witnessed(start + 300 * MS, 20_000);
        assert_eq!(pace.next(), Some(start + 300 * MS), "what is left is worked off");
    }

    #[test]
    fn rows_that_receipts_alone_change_are_made_at_leisure() {
        let (mut pace, start) = idle();
        pace.witnessed(start, 20_000);
        let begun = start + WITNESSED_QUIET;
        pace.begin(begun);
        assert!(pace.is_at_leisure());
        let left = || {
            Some(Round {
                done: 1_000,
                left: true,
            })
        };
        let over = begun + 100 * MS;
        pace.end(over, left());
        assert_eq!(pace.next(), Some(over + 300 * MS));
        pace.witnessed(over + MS, 3);
        assert_eq!(pace.next(), Some(over + 300 * MS), "a few more are no hurry");
        pace.begin(over + 300 * MS);
        assert!(pace.is_at_leisure());
        pace.end(over + 500 * MS, left());
        pace.marked(over + 501 * MS, 1);
        let due = pace.next().expect("a round is due");
        assert!(
            due <= over + 501 * MS + QUIET,
            "what says something new is not held up"
        );
        pace.begin(due);
        assert!(!pace.is_at_leisure());
        pace.end(due, left());
        assert_eq!(pace.next(), Some(due), "and what is left with it is worked off");
    }

    #[test]
    fn a_few_receipts_are_shown_as_soon_as_anything() {
        let (mut pace, now) = idle();
        pace.witnessed(now, 3);
        assert_eq!(pace.next(), Some(now + FIRST));
    }

    #[test]
    fn the_rows_of_a_burst_wait_for_nothing_that_peers_are_given() {
        let (mut pace, now) = idle();
        pace.marked(now, 20);
        assert!(!pace.gave(now, 1));
        assert_eq!(pace.next(), Some(now + FIRST));
    }
}
