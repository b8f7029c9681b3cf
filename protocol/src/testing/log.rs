//! A log of the test federation, with all of its entries, payloads and tree nodes.

use super::{Person, START, first_salt, first16, record};
use crate::id::{ChangeId, Hash, OrgId, RecordId, StatementId};
use crate::keys::SecretKey;
use crate::log::{
    Checkpoint, Covered, Entry, EntryIndex, Frontier, Header, LogStart, LogStatement, Origin,
    PROTOCOL_VERSION, PayloadKind,
};
use crate::record::{Change, Held, Put, ledger};
use crate::time::Timestamp;
use crate::trust::Space;

/// One log of one node, in memory.
pub(crate) struct TestLog {
    pub(crate) start: LogStart,
    pub(crate) origin: Origin,
    pub(crate) node: SecretKey,
    /// The definition that changes name; `activity` unless set.
    pub(crate) definition: Hash,
    /// The author's clock; a minute passes with every entry.
    pub(crate) clock: Timestamp,
    pub(crate) entries: Vec<Entry>,
    pub(crate) payloads: Vec<Vec<u8>>,
    /// Tree nodes by stored index.
    pub(crate) nodes: Vec<Hash>,
    frontier: Frontier,
}

impl TestLog {
    pub(super) fn new(
        node: SecretKey,
        org: OrgId,
        space: Space,
        epoch: [u8; 16],
        required_parent: Option<OrgId>,
    ) -> Self {
        let start = LogStart::new(space, node.public(), org, epoch, required_parent);
        Self::begin(node, start)
    }

    /// A log that begins with `start`.
    pub(crate) fn begin(node: SecretKey, start: LogStart) -> Self {
        let mut log = TestLog {
            origin: start.origin(),
            start: start.clone(),
            node,
            definition: ledger::ledger("activity").expect("a built-in ledger").hash(),
            clock: START,
            entries: Vec::new(),
            payloads: Vec::new(),
            nodes: Vec::new(),
            frontier: Frontier::new(),
        };
        log.append_statement(&LogStatement::Start(start));
        log
    }

    /// The node writes a statement.
    pub(crate) fn append_statement(&mut self, statement: &LogStatement) -> EntryIndex {
        let node = self.node.clone();
        self.append(PayloadKind::Statement, None, &node, None, statement.to_bytes())
    }

    /// Record `n` of the log's space by the definition that changes name.
    pub(crate) fn record(&self, n: u8) -> RecordId {
        record(n, &self.start.space.id(), &self.definition)
    }

    /// `author` changes `record`, having seen `deps`. Who saw nothing begins the record, with the salt for which it was
    /// minted, if it was by [`record`].
    pub(crate) fn append_change(
        &mut self,
        author: &Person,
        record: RecordId,
        deps: &[ChangeId],
        puts: Vec<Put>,
    ) -> Held {
        let space = self.start.space.id();
        let mut firsts = (0..=u8::MAX).map(first_salt);
        let first =
            firsts.find(|salt| deps.is_empty() && record.is_minted_for(&space, &self.definition, salt));
        let salt = first.unwrap_or_else(|| self.next_salt());
        self.append_salted(author, record, salt, deps, puts)
    }

    /// The salt of a change that begins no record, from its place.
    pub(crate) fn next_salt(&self) -> [u8; 16] {
        first16(&Hash::of(
            "test salt",
            &[
                self.origin.as_str().as_bytes(),
                &self.frontier.size().0.to_be_bytes(),
            ],
        ))
    }

    /// As [`TestLog::append_change`], with a salt of the caller's choice.
    pub(crate) fn append_salted(
        &mut self,
        author: &Person,
        record: RecordId,
        salt: [u8; 16],
        deps: &[ChangeId],
        puts: Vec<Put>,
    ) -> Held {
        let mut deps = deps.to_vec();
        deps.sort_unstable();
        deps.dedup();
        let change = Change {
            salt: salt.to_vec(),
            deps,
            definition: self.definition,
            puts,
        };
        change.check().expect("a change within the bounds");
        let (key, appointment) = author;
        let index = self.append(
            PayloadKind::Change,
            Some(record),
            key,
            Some(*appointment),
            change.to_bytes(),
        );
        Held {
            id: self.entries[index.0 as usize].change_id(),
            origin: self.origin.clone(),
            index,
            author: key.public(),
            appointment: *appointment,
            recorded: self.clock,
            covered: Covered::default(),
            change,
        }
    }

    fn append(
        &mut self,
        kind: PayloadKind,
        record: Option<RecordId>,
        key: &SecretKey,
        appointment: Option<StatementId>,
        payload: Vec<u8>,
    ) -> EntryIndex {
        self.clock.0 += 60_000;
        let header = Header {
            version: PROTOCOL_VERSION,
            origin: self.origin.clone(),
            space: self.start.space.id(),
            kind,
            record,
            author: key.public(),
            appointment,
            recorded: self.clock,
            payload: Hash::plain(&payload),
            size: payload.len() as u32,
            key_commitment: None,
        };
        let entry = Entry::sign(header, key).expect("a header that fits").into_inner();
        let index = EntryIndex(self.frontier.size().0);
        self.nodes
            .extend(self.frontier.push(entry.leaf()).into_iter().map(|(_, hash)| hash));
        self.entries.push(entry);
        self.payloads.push(payload);
        index
    }

    /// Size and root as they are now.
    pub(crate) fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            origin: self.origin.clone(),
            size: self.frontier.size(),
            root: self.frontier.root(),
        }
    }
}
