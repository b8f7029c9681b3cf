//! What the peer owes, and for how long it may: a conversation in which one side waits for ever holds up nobody but that
//! side, and it must not be for the other one to say how long.

use super::super::misbehaviour::Misbehaviour;
use super::super::pace::{Mark, Pace};
use super::{CloseReason, Phase, Session};

/// A hello comes within this part of the patience: whoever dials has it at hand.
pub(super) const HELLO_PART: u64 = 4;
/// To be witnessed may take so many times the patience: the peer keeps the request until its directory names it as our
/// witness (Y-9b).
const WITNESS_TIMES: u64 = 10;

/// Something that the peer owes.
struct Debt {
    since_ms: u64,
    patience_ms: u64,
    kind: Misbehaviour,
    what: &'static str,
}

impl Session {
    /// With another patience than [`super::super::PATIENCE_MS`].
    #[must_use]
    pub fn with_patience(mut self, patience_ms: u64) -> Self {
        self.patience_ms = patience_ms;
        self.pace = Pace::new(self.now, patience_ms / HELLO_PART);
        self
    }

    /// When the driver has to say what time it is at the latest, in milliseconds since the beginning: something is overdue
    /// then if nothing comes. None while nothing is owed.
    pub fn deadline_ms(&self) -> Option<u64> {
        let overdue_at = |debt: Debt| self.overdue_at(&debt);
        self.debts().map(overdue_at).min().map(|at| at.saturating_add(1))
    }

    /// When what is owed is overdue. Who is not established has the patience and no more, however fast other things come:
    /// strangers share few places.
    fn overdue_at(&self, debt: &Debt) -> u64 {
        let at = self.pace.overdue_at(debt.since_ms, debt.patience_ms);
        match &self.phase {
            Phase::Open(_) => at,
            _ => at.min(debt.since_ms.saturating_add(self.patience_ms)),
        }
    }

    pub(super) fn tick(&mut self, now: Mark) -> Result<(), CloseReason> {
        self.now = now;
        self.pace.advance(now, self.patience_ms);
        self.allowance.refill(now.ms);
        if let Phase::Open(open) = &mut self.phase {
            open.questions.refill(now.ms);
        }
        let is_overdue = |debt: &Debt| self.overdue_at(debt) < now.ms;
        match self.debts().find(is_overdue) {
            Some(Debt { kind, what, .. }) => {
                Err(CloseReason::of(kind, format!("{what} did not come in time")))
            }
            None => Ok(()),
        }
    }

    fn debts(&self) -> impl Iterator<Item = Debt> {
        let patience_ms = self.patience_ms;
        let debt = |since: Option<u64>, kind, what, patience_ms| {
            since.map(|since_ms| Debt {
                since_ms,
                patience_ms,
                kind,
                what,
            })
        };
        let stalled = Misbehaviour::Stalled;
        let debts = match &self.phase {
            Phase::Opening { .. } => [
                debt(
                    Some(0),
                    Misbehaviour::NoHello,
                    "a hello",
                    patience_ms / HELLO_PART,
                ),
                None,
                None,
                None,
                None,
                None,
                None,
                None,
                None,
            ],
            Phase::Learning(_) | Phase::Closed => [const { None }; 9],
            Phase::Open(open) => [
                debt(
                    open.pull.unlisted_since(),
                    stalled,
                    "the list of spaces",
                    patience_ms,
                ),
                debt(
                    open.pull.asked_since(),
                    stalled,
                    "the logs of a space",
                    patience_ms,
                ),
                debt(
                    open.pull.wanted_since(),
                    Misbehaviour::Withheld,
                    "a range",
                    patience_ms,
                ),
                debt(
                    open.forks.asked_since(),
                    Misbehaviour::Withheld,
                    "a range of another branch",
                    patience_ms,
                ),
                debt(open.joining.asked_since(), stalled, "joint spaces", patience_ms),
                debt(open.keyring.asked_since(), stalled, "keys", patience_ms),
                debt(open.repair.asked_since(), stalled, "payloads", patience_ms),
                debt(
                    open.attaching.asked_since(),
                    stalled,
                    "a piece of an attachment",
                    patience_ms,
                ),
                debt(
                    open.witnessing.asked_since(),
                    stalled,
                    "a word on a log to witness",
                    patience_ms.saturating_mul(WITNESS_TIMES),
                ),
            ],
        };
        let chain = debt(
            self.chain_asked,
            Misbehaviour::NoHello,
            "the chain of appointments",
            patience_ms / HELLO_PART,
        );
        debts.into_iter().chain([chain]).flatten()
    }
}
