//! Who is signed in. A person's key is kept in memory for the session alone: until they sign out, or until nothing was
//! asked for some time. Owns tokens and cookies; knows no page.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use lianzhan_protocol::codec::hex;
use lianzhan_protocol::id::{Hash, RecordId};
use tokio::sync::{OnceCell, watch};
use tokio::time::Instant;

use super::page::Notice;
use crate::env;
use crate::services::Author;

/// Most sessions at one time; who was idle longest makes room.
const SESSIONS_MAX: usize = 256;
/// Form tokens that a session remembers.
const ONCE_MAX: usize = 64;
/// Longest form token.
const ONCE_LEN_MAX: usize = 64;

/// A person at work.
pub(super) struct Session {
    /// Who signs, with the unlocked key.
    pub(super) author: Author,
    /// What every form of this session carries.
    pub(super) csrf: String,
    place: Hash,
    used: Mutex<Instant>,
    gone: watch::Sender<bool>,
    notice: Mutex<Option<Notice>>,
    slip: Mutex<Option<String>>,
    import: Mutex<Option<Import>>,
    once: Mutex<VecDeque<(String, Deed)>>,
    opened: Mutex<BTreeSet<RecordId>>,
}

/// A file that is being imported.
pub(super) type Import = Arc<super::ledger::Job>;

/// A deed that is done once however often it is asked for; says where its answer is.
pub(super) type Deed = Arc<OnceCell<String>>;

impl Session {
    /// Becomes true when the session ends. Holding it does not keep the key.
    pub(super) fn gone(&self) -> watch::Receiver<bool> {
        self.gone.subscribe()
    }

    /// Keeps the session for another while.
    pub(super) fn touch(&self) {
        *lock(&self.used) = Instant::now();
    }

    /// What the next page says first.
    pub(super) fn say(&self, notice: Notice) {
        *lock(&self.notice) = Some(notice);
    }

    /// Takes what the last deed left to say.
    pub(super) fn notice(&self) -> Option<Notice> {
        lock(&self.notice).take()
    }

    /// Keeps the code of an invitation as long as the session, in place of the one before.
    pub(super) fn keep_slip(&self, code: String) {
        *lock(&self.slip) = Some(code);
    }

    /// The code that was kept.
    pub(super) fn slip(&self) -> Option<String> {
        lock(&self.slip).clone()
    }

    /// Keeps a file that is being imported, in place of the one before.
    pub(super) fn keep_import(&self, job: Option<Import>) {
        *lock(&self.import) = job;
    }

    /// The file that is being imported.
    pub(super) fn import(&self) -> Option<Import> {
        lock(&self.import).clone()
    }

    /// The deed of a form's token. A form without a token is a deed of its own.
    pub(super) fn once(&self, token: &str) -> Deed {
        let mut known = lock(&self.once);
        if token.is_empty() || token.len() > ONCE_LEN_MAX {
            return Deed::default();
        }
        if let Some((_, deed)) = known.iter().find(|(name, _)| name == token) {
            return deed.clone();
        }
        if known.len() >= ONCE_MAX {
            known.pop_front();
        }
        let deed = Deed::default();
        known.push_back((token.to_owned(), deed.clone()));
        deed
    }

    /// The personal parts of a record are open to this session from now on: what for was said, or its person typed them.
    pub(super) fn open(&self, record: RecordId) {
        lock(&self.opened).insert(record);
    }

    /// Whether they are.
    pub(super) fn has_opened(&self, record: &RecordId) -> bool {
        lock(&self.opened).contains(record)
    }

    /// Whether a token from a form is this session's.
    pub(super) fn is_own(&self, csrf: &str) -> bool {
        same(&self.csrf, csrf)
    }
}

/// Everybody who is signed in.
pub(super) struct Sessions {
    open: Mutex<HashMap<Hash, Arc<Session>>>,
    idle: Duration,
    cookie: String,
    door_cookie: String,
    attributes: &'static str,
}

impl Sessions {
    /// Sessions that end after `idle`. Cookies know no ports, so nodes on one machine keep theirs apart by `name`. Over HTTPS
    /// (`secure`) they go back by nothing else.
    pub(super) fn new(idle: Duration, name: &str, secure: bool) -> Self {
        Sessions {
            open: Mutex::default(),
            idle,
            cookie: format!("lianzhan_{name}"),
            door_cookie: format!("lianzhan_door_{name}"),
            attributes: match secure {
                true => "HttpOnly; SameSite=Strict; Secure",
                false => "HttpOnly; SameSite=Strict",
            },
        }
    }

    /// Begins a session and returns its cookie.
    pub(super) fn begin(self: &Arc<Self>, author: Author) -> String {
        let token = token();
        let place = place_of(&token);
        let session = Arc::new(Session {
            author,
            csrf: self::token(),
            place,
            used: Mutex::new(Instant::now()),
            gone: watch::Sender::new(false),
            notice: Mutex::default(),
            slip: Mutex::default(),
            import: Mutex::default(),
            once: Mutex::default(),
            opened: Mutex::default(),
        });
        tokio::spawn(watch_idle(
            Arc::downgrade(self),
            Arc::downgrade(&session),
            self.idle,
        ));
        let mut open = lock(&self.open);
        if open.len() >= SESSIONS_MAX {
            let longest = open
                .values()
                .min_by_key(|session| *lock(&session.used))
                .map(|session| session.place);
            if let Some(ended) = longest.and_then(|place| open.remove(&place)) {
                ended.gone.send_replace(true);
            }
        }
        open.insert(place, session);
        format!("{}={token}; {}; Path=/", self.cookie, self.attributes)
    }

    /// The session of a request's cookies.
    pub(super) fn of(&self, cookies: &Cookies) -> Option<Arc<Session>> {
        let session = lock(&self.open)
            .get(&place_of(cookies.get(&self.cookie)?))
            .cloned()?;
        let idle = lock(&session.used).elapsed();
        if idle >= self.idle {
            self.end(&session);
            return None;
        }
        Some(session)
    }

    /// Forgets a session and the key in it.
    pub(super) fn end(&self, session: &Session) {
        lock(&self.open).remove(&session.place);
        session.gone.send_replace(true);
    }

    /// The cookie that takes the session's away.
    pub(super) fn farewell(&self) -> String {
        format!("{}=; {}; Path=/; Max-Age=0", self.cookie, self.attributes)
    }

    /// The token of the sign-in form: the one that the browser has, else a fresh one with its cookie.
    pub(super) fn door(&self, cookies: &Cookies) -> (String, Option<String>) {
        match cookies.get(&self.door_cookie) {
            Some(known) if known.len() == 64 && known.bytes().all(|b| b.is_ascii_hexdigit()) => {
                (known.to_owned(), None)
            }
            _ => {
                let fresh = token();
                let cookie = format!("{}={fresh}; {}; Path=/login", self.door_cookie, self.attributes);
                (fresh, Some(cookie))
            }
        }
    }

    /// Whether the token of a sign-in form is the one in the browser's cookie.
    pub(super) fn came_through_door(&self, cookies: &Cookies, csrf: &str) -> bool {
        cookies
            .get(&self.door_cookie)
            .is_some_and(|known| known.len() == 64 && same(known, csrf))
    }
}

/// Ends a session when it was idle long enough, though nobody asks for it any more: its key must not stay.
async fn watch_idle(sessions: Weak<Sessions>, session: Weak<Session>, idle: Duration) {
    loop {
        let Some(until) = session.upgrade().map(|session| *lock(&session.used) + idle) else {
            return;
        };
        tokio::time::sleep_until(until).await;
        let (Some(sessions), Some(session)) = (sessions.upgrade(), session.upgrade()) else {
            return;
        };
        if lock(&session.used).elapsed() >= idle {
            sessions.end(&session);
            return;
        }
    }
}

/// The cookies of a request.
#[derive(Debug, Clone, Default)]
pub(super) struct Cookies(Vec<(String, String)>);

impl Cookies {
    /// Reads the header `Cookie`.
    pub(super) fn read(headers: &axum::http::HeaderMap) -> Self {
        let sent = headers.get_all(axum::http::header::COOKIE).iter();
        let pairs = sent
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'));
        let pairs = pairs.filter_map(|pair| pair.trim().split_once('='));
        Cookies(
            pairs
                .take(64)
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        )
    }

    /// The value of a cookie.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

/// 32 random bytes as text.
pub(super) fn token() -> String {
    hex(&env::random::<32>())
}

/// Where a session lies: by its token's hash, so that looking it up tells nothing about the token.
fn place_of(token: &str) -> Hash {
    Hash::of("lianzhan/session/v1", &[token.as_bytes()])
}

/// Compares secrets by their hashes: the time that it takes says nothing about them.
fn same(a: &str, b: &str) -> bool {
    Hash::plain(a.as_bytes()) == Hash::plain(b.as_bytes())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
