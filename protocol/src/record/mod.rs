//! Records: changes, ledger definitions, the judge and the fold. Knows nothing of Automerge, of signatures and of
//! where a log is stored.

mod acted;
pub mod activity;
mod change;
mod erasure;
mod event;
mod fold;
mod graph;
mod guard;
mod judge;
pub mod ledger;
mod seal;
mod sealed;
mod settle;
mod verdict;

pub use acted::folded_name;
pub use change::{Actor, Change, ChangeError, OpId, Put, Value, limits};
pub use erasure::{
    Erased, Erasure, ErasureError, ErasureFault, ErasureGround, SignedErasure, first_erased, holders_of,
    judge_erasure,
};
pub use event::{Confirmed, Event, EventError, EventKind, OfficeHolder, Proof, Right};
pub use fold::{
    Confirmation, ConfirmedBy, EventState, FieldState, HistoryItem, Ineffective, Notes, RecordState,
    ValueState, event_id, fold, fold_graph,
};
pub use graph::{Graph, Held};
pub use judge::{ANNEX_KEY, JudgeContext, judge, may_sign};
pub use seal::seal_digest;
pub use sealed::{AnnexKey, SealError, open_sealed, seal_change};
pub use verdict::{AdoptedBy, Capacity, ContestReason, PendingReason, RefusalReason, Verdict};

#[cfg(test)]
mod tests;
