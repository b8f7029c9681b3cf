//! Joint spaces that the peer knows of and we do not. Their statements stand in directories that we may hold only once we
//! know of them, so the peer is asked for them: by the time all else is level, and once for all spaces it named.

use super::super::bounded::List;
use super::super::message::{JOINT_STATEMENTS_MAX, Message};
use super::shared::Shared;
use super::{CloseReason, Effect, send};
use crate::trust::{Directory, SignedStatement};

#[derive(Debug, Default)]
pub(super) struct Joining {
    /// The answer so far, while one is awaited.
    answer: Option<Vec<SignedStatement>>,
    since_ms: u64,
    /// Statements are on their way into the directory.
    learning: bool,
}

impl Joining {
    /// Whether something is still to come of a question.
    pub(super) fn is_open(&self) -> bool {
        self.answer.is_some() || self.learning
    }

    pub(super) fn ask(&mut self, now_ms: u64, out: &mut Vec<Effect>) {
        self.since_ms = now_ms;
        self.answer = Some(Vec::new());
        send(out, &Message::AskJoint);
    }

    /// Since when the peer owes its answer.
    pub(super) fn asked_since(&self) -> Option<u64> {
        self.answer.as_ref().map(|_| self.since_ms)
    }

    /// The directory changed.
    pub(super) fn learnt(&mut self) {
        self.learning = false;
    }

    /// The peer answers. Only what stands, with all that we know, is learnt.
    pub(super) fn answer(
        &mut self,
        directory: &Directory,
        statements: &[minicbor::bytes::ByteVec],
        more: bool,
        out: &mut Vec<Effect>,
    ) -> Result<(), CloseReason> {
        let mut answer = self
            .answer
            .take()
            .ok_or(CloseReason::unasked("joint spaces that nobody asked for"))?;
        if answer.len() + statements.len() > JOINT_STATEMENTS_MAX {
            return Err(CloseReason::too_much("too many statements of joint spaces"));
        }
        for bytes in statements {
            let statement = SignedStatement::open(bytes)
                .map_err(|error| CloseReason::statement("of a joint space", &error))?;
            if directory.statement(&statement.id()).is_none() {
                answer.push(statement);
            }
        }
        if more {
            self.answer = Some(answer);
            return Ok(());
        }
        if !answer.is_empty() {
            let mut with = directory.clone();
            with.extend(answer.iter().cloned());
            answer.retain(|statement| !with.faults().contains_key(&statement.id()));
        }
        if !answer.is_empty() {
            self.learning = true;
            out.push(Effect::Learn(answer));
        }
        Ok(())
    }
}

/// Tells the peer of the joint spaces that both may hold.
pub(super) fn tell(directory: &Directory, shared: &Shared, out: &mut Vec<Effect>) {
    let told = directory.telling_of_joint(|space| shared.contains(space), JOINT_STATEMENTS_MAX);
    let bytes = told
        .into_iter()
        .map(|statement| statement.bytes().to_vec().into());
    let mut bytes = bytes.peekable();
    loop {
        let statements = List::take_from(&mut bytes);
        let more = bytes.peek().is_some();
        send(out, &Message::Joint { statements, more });
        if !more {
            return;
        }
    }
}
