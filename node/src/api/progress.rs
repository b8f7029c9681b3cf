//! How far long work is. Whoever asks for it names it in a header, and meanwhile asks here under that name; once it is
//! answered, or broke off, the name is forgotten.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use super::{ApiState, Problem};

/// Header that names the work.
pub const HEADER: &str = "x-lianzhan-progress";
/// Digits of a name.
const NAME_LEN: usize = 32;
/// Most work that is followed at the same time; what is beyond is done all the same.
const FOLLOWED_MAX: usize = 64;

/// How far a piece of work is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// What is being done, where work has more than one part.
    #[serde(default)]
    pub part: Option<String>,
    /// How many things are done.
    pub done: u64,
    /// Of how many, where that is known before.
    #[serde(default)]
    pub all: Option<u64>,
}

/// The work that is followed now. Cheap to clone.
#[derive(Clone, Default)]
pub struct Board(Arc<Mutex<BTreeMap<String, Progress>>>);

impl Board {
    fn lines(&self) -> MutexGuard<'_, BTreeMap<String, Progress>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A piece of work, named or not. While it is there, its name tells how far it is.
pub(super) struct Work {
    board: Board,
    name: Option<String>,
}

impl Work {
    fn told(&self, tell: impl FnOnce(&mut Progress)) {
        let Some(name) = &self.name else { return };
        if let Some(line) = self.board.lines().get_mut(name) {
            tell(line);
        }
    }

    /// So many things are done.
    pub(super) fn done(&self, done: u64) {
        self.told(|line| line.done = done);
    }

    /// So many of so many.
    pub(super) fn done_of(&self, done: u64, all: u64) {
        self.told(|line| (line.done, line.all) = (done, Some(all)));
    }

    /// The next part begins.
    pub(super) fn part(&self, part: &str) {
        self.told(|line| line.part = Some(part.to_owned()));
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            self.board.lines().remove(name);
        }
    }
}

impl FromRequestParts<ApiState> for Work {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let board = state.progress.clone();
        let Some(value) = parts.headers.get(HEADER) else {
            return Ok(Work { board, name: None });
        };
        let wrong = || {
            Problem::request(format!(
                "send the header {HEADER} with {NAME_LEN} hexadecimal digits"
            ))
        };
        let name = value.to_str().map_err(|_| wrong())?.to_owned();
        if name.len() != NAME_LEN || !name.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        let name = {
            let mut lines = board.lines();
            let room = lines.len() < FOLLOWED_MAX && !lines.contains_key(&name);
            room.then(|| {
                lines.insert(name.clone(), Progress::default());
                name
            })
        };
        Ok(Work { board, name })
    }
}

pub(super) fn router() -> Router<ApiState> {
    Router::new().route("/progress/{name}", get(progress))
}

async fn progress(
    State(state): State<ApiState>,
    Path(name): Path<String>,
) -> Result<Json<Progress>, Problem> {
    let line = state.progress.lines().get(&name).cloned();
    line.map(Json).ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_FOUND,
            "not-here",
            "This node has no such thing",
            "no work of this name is under way; it has been answered, or was never begun",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_tells_how_far_it_is_until_it_is_done() {
        let board = Board::default();
        let name = "0123456789abcdef0123456789abcdef".to_owned();
        board.lines().insert(name.clone(), Progress::default());
        let work = Work {
            board: board.clone(),
            name: Some(name.clone()),
        };
        work.done_of(3, 7);
        work.part("writing");
        let told = board.lines().get(&name).cloned();
        let expected = Progress {
            part: Some("writing".into()),
            done: 3,
            all: Some(7),
        };
        assert_eq!(told, Some(expected));
        drop(work);
        assert!(board.lines().is_empty());
        Work { board, name: None }.done(1);
    }
}
