//! Proofs that logs say two things, and what a witness has seen that makes one.

use std::collections::BTreeMap;

use lianzhan_protocol::codec;
use lianzhan_protocol::id::Hash;
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::log::{Equivocation, Evidence, Origin, STATEMENT_MAX};

use lianzhan_protocol::sync::Standing;

use super::super::error::StoreError;
use super::super::reader::Reader;
use super::super::writer::{StoreEvent, Writer};

impl Reader<'_> {
    /// Proofs of equivocation held, by the log they are about.
    pub fn forks(&self) -> Result<Vec<(String, Equivocation)>, StoreError> {
        let mut select = self
            .tx
            .prepare_cached("SELECT origin, proof FROM forks ORDER BY origin, digest")?;
        let rows = select.query_map([], |row| Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?)))?;
        let mut forks = Vec::new();
        for row in rows {
            let (origin, bytes) = row?;
            forks.push((origin, read(&bytes)?));
        }
        Ok(forks)
    }

    /// When the first proof about each log came here, in milliseconds since 1970.
    pub fn forks_found(&self) -> Result<BTreeMap<String, i64>, StoreError> {
        let mut select = self
            .tx
            .prepare_cached("SELECT origin, min(found) FROM forks GROUP BY origin")?;
        let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Proofs of equivocation held about one log.
    pub fn forks_of(&self, origin: &Origin) -> Result<Vec<Equivocation>, StoreError> {
        let mut select = self
            .tx
            .prepare_cached("SELECT proof FROM forks WHERE origin = ? ORDER BY digest")?;
        let rows = select.query_map([origin.as_str()], |row| row.get::<_, Vec<u8>>(0))?;
        rows.map(|bytes| read(&bytes?)).collect()
    }

    /// What logs showed this node, their witness, against what they had had witnessed, where no proof about the log is
    /// held yet.
    pub fn contradictions(&self) -> Result<Vec<(Origin, Evidence)>, StoreError> {
        let mut select = self.tx.prepare_cached(
            "SELECT origin, evidence FROM contradictions c
             WHERE NOT EXISTS (SELECT 1 FROM forks f WHERE f.origin = c.origin) ORDER BY origin",
        )?;
        let rows = select.query_map([], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?))
        })?;
        let mut found = Vec::new();
        for row in rows {
            let (origin, bytes) = row?;
            let corrupt = |error: &dyn std::fmt::Display| {
                StoreError::Corrupt(format!("what {origin} showed its witness: {error}"))
            };
            found.push((
                Origin::parse(&origin).map_err(|error| corrupt(&error))?,
                codec::decode(&bytes, STATEMENT_MAX).map_err(|error| corrupt(&error))?,
            ));
        }
        Ok(found)
    }
}

fn read(bytes: &[u8]) -> Result<Equivocation, StoreError> {
    codec::decode(bytes, STATEMENT_MAX)
        .map_err(|error| StoreError::Corrupt(format!("proof of equivocation: {error}")))
}

impl Writer<'_> {
    /// Keeps a proof of equivocation. Returns whether it is the first about its log.
    pub fn keep_fork(&mut self, proof: &Equivocation) -> Result<bool, StoreError> {
        let origin = proof.origin();
        let bytes = codec::encode(proof);
        let known: bool = self
            .tx
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM forks WHERE origin = ?)")?
            .query_row([origin.as_str()], |row| row.get(0))?;
        self.tx.execute(
            "INSERT OR IGNORE INTO forks (origin, digest, proof, found) VALUES (?,?,?,?)",
            (
                origin.as_str(),
                Hash::plain(&bytes).0,
                &bytes,
                crate::env::now().0,
            ),
        )?;
        if !known {
            self.raise_alarm(
                "fork",
                origin.as_str(),
                "this log says two things: two of its checkpoints, signed with the key of its node, do not fit together",
            )?;
        }
        if let Ok(head) = self.head(&origin) {
            let space = head.space;
            self.close_contradicted(&origin, proof)?;
            self.events.push(StoreEvent::ForkKnown { space, origin });
        }
        Ok(!known)
    }

    /// An own log is gone on with no more once something is shown that this node signed and that is no part of it: this copy
    /// was put back once, or somebody else has the node's key.
    fn close_contradicted(&mut self, origin: &Origin, proof: &Equivocation) -> Result<(), StoreError> {
        for tree in proof.evidence.trees() {
            if self.root_at(origin, tree.size)? != Some(tree.root) {
                let signed = Standing {
                    size: tree.size,
                    root: tree.root,
                };
                let reason = "a proof shows that this node signed another history of this log";
                self.close_log(origin, reason, signed)?;
            }
        }
        Ok(())
    }

    /// Keeps what a log showed this node, its witness, against what it had had witnessed: the first such thing, so that a
    /// log cannot fill the database with more.
    pub fn keep_contradiction(
        &mut self,
        origin: &Origin,
        node: &PublicKey,
        evidence: &Evidence,
    ) -> Result<(), StoreError> {
        self.tx.execute(
            "INSERT OR IGNORE INTO contradictions (origin, node, evidence, found) VALUES (?,?,?,?)",
            (
                origin.as_str(),
                node.ed25519_bytes(),
                codec::encode(evidence),
                crate::env::now().0,
            ),
        )?;
        self.raise_alarm(
            "fork",
            origin.as_str(),
            "this log says two things: it showed this node, its witness, a signed checkpoint that contradicts the one that \
             was witnessed before; both are kept",
        )
    }
}
