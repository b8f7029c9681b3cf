//! How often a passphrase may be tried. [`Attempts`] is the rule, with the time given; [`Door`] is the one place through
//! which pages and API let a passphrase be tried, so that both count together.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use age::secrecy::SecretString;
use lianzhan_protocol::time::Timestamp;
use tokio::sync::Semaphore;

use super::office::OfficeError;
use super::{Author, Node, ServiceError};
use crate::{env, keystore};

/// Failures that cost nothing.
const FREE: u32 = 5;
/// Longest wait, in seconds.
const WAIT_MAX_S: u64 = 60;
/// After so long without a failure, earlier ones are forgotten.
const FORGET_MS: i64 = 15 * 60 * 1000;
/// Most names that are remembered.
const NAMES_MAX: usize = 256;
/// Longest name that is remembered, in characters; no login is longer.
const NAME_MAX: usize = 64;
/// Passphrases tried at one time: each takes some 64 MiB.
const TURNS: usize = 2;

/// Failed attempts by name. After a few failures the next attempt waits 1 second, then twice as long each time.
#[derive(Debug, Default)]
pub struct Attempts {
    names: Mutex<BTreeMap<String, Failures>>,
}

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last: Timestamp,
}

impl Failures {
    fn wait_s(self) -> u64 {
        match self.count.checked_sub(FREE) {
            None => 0,
            Some(more) => 1u64.checked_shl(more).unwrap_or(WAIT_MAX_S).min(WAIT_MAX_S),
        }
    }

    fn forgotten(self, now: Timestamp) -> bool {
        now.0.saturating_sub(self.last.0) >= FORGET_MS
    }
}

impl Attempts {
    /// Whether `login` may be tried now; else the seconds to wait.
    pub fn check(&self, login: &str, now: Timestamp) -> Result<(), u64> {
        let Some(failures) = self.names().get(&name(login)).copied() else {
            return Ok(());
        };
        // A clock that was set back must lock nobody out for longer than the wait itself.
        let passed_ms = u64::try_from(now.0.saturating_sub(failures.last.0)).unwrap_or(0);
        match (failures.wait_s() * 1000).saturating_sub(passed_ms) {
            0 => Ok(()),
            left_ms => Err(left_ms.div_ceil(1000)),
        }
    }

    /// An attempt failed.
    pub fn failed(&self, login: &str, now: Timestamp) {
        let mut names = self.names();
        let key = name(login);
        if !names.contains_key(&key) && names.len() >= NAMES_MAX {
            make_room(&mut names, now);
        }
        let failures = names.entry(key).or_insert(Failures { count: 0, last: now });
        if failures.forgotten(now) {
            failures.count = 0;
        }
        failures.count = failures.count.saturating_add(1);
        failures.last = now;
    }

    /// An attempt succeeded.
    pub fn succeeded(&self, login: &str) {
        self.names().remove(&name(login));
    }

    fn names(&self) -> MutexGuard<'_, BTreeMap<String, Failures>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn name(login: &str) -> String {
    login.chars().take(NAME_MAX).collect()
}

/// Forgets what is old; where nothing is, the name with the fewest failures: whoever sends made-up names pushes out those
/// and not the one that is being guessed.
fn make_room(names: &mut BTreeMap<String, Failures>, now: Timestamp) {
    names.retain(|_, failures| !failures.forgotten(now));
    if names.len() < NAMES_MAX {
        return;
    }
    let fewest = names
        .iter()
        .min_by_key(|(_, failures)| (failures.count, failures.last))
        .map(|(name, _)| name.clone());
    if let Some(fewest) = fewest {
        names.remove(&fewest);
    }
}

/// Requests that anybody may make in a row.
const BURST: i64 = 120;
/// A further one is let through each so many milliseconds.
const REFILL_MS: i64 = 50;

/// How often what is open to everybody may be asked, by all together: a burst, then at a steady pace.
#[derive(Debug, Default)]
pub struct Pace {
    /// When all of the burst is there again, in milliseconds since 1970.
    full_at: Mutex<i64>,
}

impl Pace {
    /// Whether one more may be let through now; else the seconds to wait.
    pub fn step(&self, now: Timestamp) -> Result<(), u64> {
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back must not keep everybody out.
        let from = (*full_at).clamp(now.0, now.0.saturating_add(BURST * REFILL_MS));
        let then = from.saturating_add(REFILL_MS);
        let over_ms = then.saturating_sub(now.0).saturating_sub(BURST * REFILL_MS);
        match u64::try_from(over_ms) {
            Ok(over_ms) if over_ms > 0 => {
                *full_at = from;
                Err(over_ms.div_ceil(1000))
            }
            _ => {
                *full_at = then;
                Ok(())
            }
        }
    }
}

/// Why the door stayed shut.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// Too many failures.
    #[error("too many failed attempts; wait {0} s and try again")]
    Wait(u64),
    /// The attempt itself.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

/// Name under which attempts to open the org's authority key are counted; no login has a space.
const AUTHORITY: &str = "org authority";

/// Lets passphrases be tried, a few at a time and not too often. Cheap to clone; clones count together.
#[derive(Clone)]
pub struct Door {
    attempts: Arc<Attempts>,
    turns: Arc<Semaphore>,
}

impl Default for Door {
    fn default() -> Self {
        Door {
            attempts: Arc::default(),
            turns: Arc::new(Semaphore::new(TURNS)),
        }
    }
}

impl Door {
    /// [`Node::sign_in`].
    pub async fn sign_in(
        &self,
        node: &Arc<Node>,
        login: &str,
        passphrase: SecretString,
    ) -> Result<Author, DoorError> {
        let (account, _) = keystore::split_post(login);
        if !keystore::valid_login(account) {
            return Err(ServiceError::SignIn.into());
        }
        let (node, name) = (node.clone(), login.to_owned());
        self.try_once(account, move || node.sign_in(&name, &passphrase))
            .await
    }

    /// An act that opens the org's authority key.
    pub async fn with_authority<T: Send + 'static>(
        &self,
        act: impl FnOnce() -> Result<T, ServiceError> + Send + 'static,
    ) -> Result<T, DoorError> {
        self.try_once(AUTHORITY, act).await
    }

    async fn try_once<T: Send + 'static>(
        &self,
        name: &str,
        attempt: impl FnOnce() -> Result<T, ServiceError> + Send + 'static,
    ) -> Result<T, DoorError> {
        let turn = self.turns.clone().acquire_owned().await;
        let turn = turn.expect("the semaphore is never closed");
        let (attempts, name) = (self.attempts.clone(), name.to_owned());
        // Counted on the working thread: a caller that hangs up early is counted all the same.
        let tried = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            attempts.check(&name, env::now()).map_err(DoorError::Wait)?;
            let result = attempt();
            match &result {
                Ok(_) => attempts.succeeded(&name),
                Err(
                    ServiceError::SignIn
                    | ServiceError::Key(keystore::KeyFileError::Passphrase(_))
                    | ServiceError::Office(OfficeError::OpenRequest | OfficeError::NewPassphrase(_)),
                ) => {
                    attempts.failed(&name, env::now());
                }
                Err(_) => {}
            }
            Ok(result?)
        });
        match tried.await {
            Ok(result) => result,
            Err(error) => {
                Err(ServiceError::Damaged(format!("an attempt to sign in broke off: {error}")).into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1000;

    #[test]
    fn what_is_open_to_all_has_a_pace() {
        let pace = Pace::default();
        let at = |ms| Timestamp(1_000_000 + ms);
        for n in 0..BURST {
            assert_eq!(pace.step(at(0)), Ok(()), "{n}");
        }
        assert_eq!(pace.step(at(0)), Err(1));
        assert_eq!(pace.step(at(REFILL_MS)), Ok(()));
        assert_eq!(pace.step(at(REFILL_MS)), Err(1));
        assert_eq!(pace.step(at(-9_000_000)), Err(1), "a clock set back");
        assert_eq!(pace.step(at(-9_000_000 + REFILL_MS)), Ok(()));
        assert_eq!(pace.step(at(9_000_000)), Ok(()));
    }

    #[test]
    fn five_failures_are_free_then_the_wait_doubles_up_to_a_minute() {
        let attempts = Attempts::default();
        let mut now = Timestamp(1_000_000);
        let mut waits = Vec::new();
        for _ in 0..14 {
            let wait = attempts.check("lin", now).err().unwrap_or(0);
            waits.push(wait);
            now.0 += i64::try_from(wait).unwrap() * SECOND;
            assert_eq!(
                attempts.check("lin", now),
                Ok(()),
                "after the wait it may be tried"
            );
            attempts.failed("lin", now);
        }
        assert_eq!(waits, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(attempts.check("wang", now), Ok(()), "others are not held up");
    }

    #[test]
    fn success_and_time_clear_the_count() {
        let attempts = Attempts::default();
        let now = Timestamp(0);
        (0..6).for_each(|_| attempts.failed("lin", now));
        assert_eq!(attempts.check("lin", now), Err(2));
        attempts.succeeded("lin");
        assert_eq!(attempts.check("lin", now), Ok(()));
        (0..6).for_each(|_| attempts.failed("lin", now));
        let later = Timestamp(FORGET_MS);
        attempts.failed("lin", later);
        assert_eq!(
            attempts.check("lin", later),
            Ok(()),
            "one failure, the others are old"
        );
    }

    #[test]
    fn a_clock_set_back_locks_nobody_out() {
        let attempts = Attempts::default();
        (0..5).for_each(|_| attempts.failed("lin", Timestamp(1_000_000_000)));
        assert_eq!(attempts.check("lin", Timestamp(0)), Err(1));
    }

    #[test]
    fn memory_is_bounded_and_a_flood_of_names_does_not_free_the_one_that_is_guessed() {
        let attempts = Attempts::default();
        let now = Timestamp(0);
        (0..9).for_each(|_| attempts.failed("lin", now));
        for n in 0..10_000 {
            attempts.failed(&format!("{n}{}", "x".repeat(500)), now);
        }
        assert!(attempts.names().len() <= NAMES_MAX);
        assert!(
            attempts
                .names()
                .keys()
                .all(|name| name.chars().count() <= NAME_MAX)
        );
        assert_eq!(attempts.check("lin", now), Err(16));
    }
}
