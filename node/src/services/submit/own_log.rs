//! The log of this node in a space, and what the node itself says in it.

use lianzhan_protocol::id::Hash;
use lianzhan_protocol::log::{
    Earlier, Entry, Header, LogStart, LogStatement, Origin, PROTOCOL_VERSION, PayloadKind,
};
use lianzhan_protocol::trust::Space;

use crate::env;
use crate::services::{Node, ServiceError};
use crate::store::{LogRules, OwnEntry};

impl Node {
    /// This node's log in a space, started if it is not there.
    pub fn ensure_log(&self, space: &Space) -> Result<Origin, ServiceError> {
        let id = space.id();
        let follows = self.log_rules();
        let own = self.store.read(|reader| reader.own_logs(&id))?;
        let current = own
            .into_iter()
            .find(|log| (log.start.required_parent, log.start.policy) == follows);
        if let Some(log) = current {
            return match log.halted {
                None => Ok(log.origin),
                Some(reason) => Err(crate::store::StoreError::Halted {
                    origin: log.origin,
                    reason,
                }
                .into()),
            };
        }
        let directory = self.directory();
        if !directory.may_hold(&self.org, space) {
            return Err(ServiceError::NotAllowed(
                "this node's org does not hold that space; write at a node that does".into(),
            ));
        }
        let (parent, policy) = follows;
        let earlier = self.store.read(|reader| reader.closed_logs(&id))?;
        let earlier: Vec<Earlier> = earlier
            .into_iter()
            .filter(|log| log.start.node == self.node_key.public())
            .filter_map(|log| {
                let signed = log.closed?.signed;
                Some(Earlier {
                    origin: log.origin,
                    size: signed.size,
                    root: signed.root,
                })
            })
            .take(LogStart::EARLIER_MAX)
            .collect();
        let start = LogStart {
            policy,
            earlier: (!earlier.is_empty()).then_some(earlier),
            ..LogStart::new(
                space.clone(),
                self.node_key.public(),
                self.org,
                env::random(),
                parent,
            )
        };
        let own = self.node_entry(&start.origin(), space, &LogStatement::Start(start.clone()))?;
        // Two that arrive here at once: the writer starts one log, and the second finds it.
        let origin = self
            .store
            .write_blocking(move |writer| match writer.own_log_of(&id, &follows)? {
                Some(origin) => Ok(origin),
                None => writer.start_log(&start, own),
            })?;
        Ok(origin)
    }

    /// Who must witness a log that this node starts now: a log that says otherwise is written no more, and a new one goes
    /// on (design 5).
    fn log_rules(&self) -> LogRules {
        let directory = self.directory();
        let parent = directory.org(&self.org).and_then(|org| org.parent);
        (parent, directory.policy())
    }

    /// An entry in which the node itself speaks.
    pub(in crate::services) fn node_entry(
        &self,
        origin: &Origin,
        space: &Space,
        statement: &LogStatement,
    ) -> Result<OwnEntry, ServiceError> {
        let payload = statement.to_bytes();
        let header = Header {
            version: PROTOCOL_VERSION,
            origin: origin.clone(),
            space: space.id(),
            kind: PayloadKind::Statement,
            record: None,
            author: self.node_key.public(),
            appointment: None,
            recorded: env::now(),
            payload: Hash::plain(&payload),
            size: u32::try_from(payload.len()).unwrap_or(u32::MAX),
            key_commitment: None,
        };
        let entry =
            Entry::sign(header, &self.node_key).map_err(|error| ServiceError::Bad(error.to_string()))?;
        Ok(OwnEntry { entry, payload })
    }
}
