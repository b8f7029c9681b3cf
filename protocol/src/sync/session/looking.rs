//! What is lacking here is looked for a batch at a time, in the spaces that the peer may hold and behind where it was looked
//! last: so that what nobody has, however much of it there is, keeps nothing else from being asked for.

use super::effect::Lacking;

/// Where more was asked for in vain than is remembered, all of it is looked at again no sooner than so many milliseconds
/// after it was begun last.
const PATIENT_MS: u64 = 600_000;

/// What may be lacking, and mostly is not, is looked for no sooner than so many milliseconds after the last look was begun: a look
/// goes through much.
const LEISURE_MS: u64 = 60_000;

/// A look through all that is lacking, from its beginning to its end.
#[derive(Debug)]
pub(super) struct Looking<C> {
    stage: Stage<C>,
    /// Since it began, more may have come to be lacking.
    due: bool,
    /// The same, but mostly nothing has.
    perhaps: bool,
    begun_ms: u64,
    /// What the peer does not have was not all remembered.
    forgot: bool,
}

#[derive(Debug)]
enum Stage<C> {
    Through,
    /// The store looks.
    Asked,
    /// It goes on behind this once what was found is asked for.
    Behind(C),
}

impl<C> Default for Looking<C> {
    fn default() -> Self {
        Looking {
            stage: Stage::Through,
            due: false,
            perhaps: false,
            begun_ms: 0,
            forgot: false,
        }
    }
}

impl<C> Looking<C> {
    /// Something may be lacking that was not, or was not asked of this peer.
    pub(super) fn due(&mut self) {
        self.due = true;
    }

    /// Something may be lacking, and mostly nothing is: it is looked for at leisure.
    pub(super) fn perhaps(&mut self) {
        self.perhaps = true;
    }

    /// The store looked. Gives what it found.
    pub(super) fn found<T>(&mut self, lacking: Lacking<T, C>) -> Vec<T> {
        let Lacking { found, next } = lacking;
        if matches!(self.stage, Stage::Asked) {
            self.stage = next.map_or(Stage::Through, Stage::Behind);
        }
        found
    }

    /// There was no room to remember what the peer does not have.
    pub(super) fn forgot(&mut self) {
        self.forgot = true;
    }

    /// Behind what the store is to look next, nothing for the beginning; if it is to look. Ask once nothing waits of what
    /// was found.
    pub(super) fn next(&mut self, now_ms: u64) -> Option<Option<C>> {
        let early = self.forgot && now_ms < self.begun_ms.saturating_add(PATIENT_MS);
        let due = self.due || self.perhaps && now_ms >= self.begun_ms.saturating_add(LEISURE_MS);
        match std::mem::replace(&mut self.stage, Stage::Asked) {
            Stage::Behind(place) => Some(Some(place)),
            Stage::Through if due && !early => {
                (self.due, self.perhaps, self.forgot, self.begun_ms) = (false, false, false, now_ms);
                Some(None)
            }
            stage => {
                self.stage = stage;
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(next: Option<u8>) -> Lacking<(), u8> {
        let found = Vec::new();
        Lacking { found, next }
    }

    #[test]
    fn it_goes_to_the_end_and_begins_again_only_for_news() {
        let mut looking = Looking::default();
        assert_eq!(looking.next(0), None);
        looking.due();
        assert_eq!(looking.next(0), Some(None));
        assert_eq!(looking.next(0), None, "one at a time");
        looking.found(found(Some(4)));
        looking.due();
        assert_eq!(looking.next(0), Some(Some(4)), "to the end first");
        looking.found(found(None));
        assert_eq!(looking.next(0), Some(None));
        looking.found(found(None));
        assert_eq!(looking.next(0), None);
    }

    #[test]
    fn what_mostly_lacks_nothing_is_looked_through_at_leisure() {
        let mut looking = Looking::default();
        looking.due();
        assert_eq!(looking.next(5_000), Some(None));
        looking.found(found(None));
        looking.perhaps();
        assert_eq!(looking.next(64_999), None);
        assert_eq!(looking.next(65_000), Some(None));
        looking.found(found(None));
        assert_eq!(looking.next(600_000), None);
    }

    #[test]
    fn what_could_not_be_remembered_is_not_asked_for_over_and_over() {
        let mut looking = Looking::default();
        looking.due();
        assert_eq!(looking.next(1_000), Some(None));
        looking.found(found(None));
        looking.forgot();
        looking.due();
        assert_eq!(looking.next(600_999), None);
        assert_eq!(looking.next(601_000), Some(None));
    }
}
