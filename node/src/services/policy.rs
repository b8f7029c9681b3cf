//! The federation's policy on witnesses: which orgs above must witness a log beside the parent of its writer (design 5).

use lianzhan_protocol::id::StatementId;
use lianzhan_protocol::keys::SecretKey;
use lianzhan_protocol::trust::{Body, Level, Policy};

use super::office::OfficeError;
use super::{Node, ServiceError};

impl Node {
    /// States that beside its parent the orgs above a log's org at `levels` must witness it; none: the parent alone.
    /// Logs go by it that are started from now on: each node that learns of it starts new ones when it next writes.
    pub fn set_witness_policy(
        &self,
        authority: &SecretKey,
        mut levels: Vec<Level>,
    ) -> Result<StatementId, ServiceError> {
        let root = self.directory().root();
        if self.org != root {
            let issuer = self.name_of(&root);
            return Err(OfficeError::OutOfReach { issuer }.into());
        }
        levels.sort_by_key(|level| level.rank());
        levels.dedup();
        self.publish(authority, Body::Policy(Policy { levels }))
    }

    /// The levels of the policy that new logs follow, from the top.
    pub fn witness_policy(&self) -> Vec<Level> {
        let directory = self.directory();
        let policy = directory.policy();
        policy
            .and_then(|id| directory.policy_of(&id).map(|policy| policy.levels.clone()))
            .unwrap_or_default()
    }
}
