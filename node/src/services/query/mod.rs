//! Questions: lists, one record with its proof, the state of the node.

mod detail;
mod status;

use std::collections::BTreeMap;

use lianzhan_protocol::id::OrgId;
use lianzhan_protocol::trust::Org;
use serde::{Deserialize, Serialize};

use super::lineage::{by_heir, named};
use super::{Node, ServiceError};
use crate::store::{RecordRow, RowFilter};
use crate::views;

pub use detail::{AnnexDetail, ChainLink, ChangeDetail, RecordDetail, Witnessing, chain};
pub use status::{LogStatus, PeerStatus, Status};

/// A view as rows of JSON values.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Table {
    /// Its name.
    pub view: String,
    /// For each log held, how much of it the rows cover: two nodes with the same give the same rows.
    pub as_of: BTreeMap<String, u64>,
    /// Column names.
    pub columns: Vec<String>,
    /// Rows in total order.
    pub rows: Vec<Vec<serde_json::Value>>,
}

impl Node {
    /// Names of the views that [`Node::table`] knows.
    pub fn view_names(&self) -> Vec<&'static str> {
        let sealed = [
            super::visit::SUBJECT,
            super::visit::SENSITIVE,
            "deputy_private",
            "deputy_sensitive",
        ];
        let registry = self.registry();
        let ledgers = registry.ledgers().iter().map(|ledger| ledger.id.as_str());
        ledgers
            .filter(|id| !sealed.contains(id))
            .chain(["visits_by_station", "logs"])
            .collect()
    }

    /// A view as a table.
    pub fn table(&self, view: &str) -> Result<Table, ServiceError> {
        let known = self.view_names();
        if !known.contains(&view) {
            let (name, known) = (view.to_owned(), known.join(", "));
            return Err(ServiceError::UnknownView { name, known });
        }
        let directory = self.directory();
        let name_of = |org: &OrgId| {
            directory
                .org(org)
                .map_or_else(|| org.to_string(), |org| org.name_zh.clone())
        };
        let (columns, rows) = match view {
            "visits_by_station" => {
                let counts = self.count_by_heir(super::visit::LEDGER)?;
                let rows = counts
                    .into_iter()
                    .map(|(org, count)| vec![org.to_string().into(), name_of(&org).into(), count.into()])
                    .collect();
                (vec!["owner".into(), "name".into(), "visits".into()], rows)
            }
            "logs" => {
                let columns = [
                    "origin",
                    "audience",
                    "owner",
                    "org",
                    "own",
                    "size",
                    "receipted",
                    "halted",
                ];
                // Stored in order of arrival, which differs from node to node.
                let mut logs = self.log_status()?;
                logs.sort_by(|a, b| a.origin.cmp(&b.origin));
                let rows = logs
                    .into_iter()
                    .map(|log| {
                        vec![
                            log.origin.into(),
                            log.audience.into(),
                            log.owner.into(),
                            log.org.into(),
                            log.own.into(),
                            log.size.into(),
                            log.receipted.into(),
                            log.halted.into(),
                        ]
                    })
                    .collect();
                (columns.map(String::from).to_vec(), rows)
            }
            ledger => self.store.read(|reader| reader.table(ledger))?,
        };
        let logs = self.store.read(|reader| reader.logs())?;
        let as_of = logs
            .into_iter()
            .map(|log| (log.origin.to_string(), log.size.0))
            .collect();
        Ok(Table {
            view: view.to_owned(),
            as_of,
            columns,
            rows,
        })
    }

    /// Rows of a ledger for lists.
    pub fn rows(&self, ledger: &str, filter: &RowFilter) -> Result<(Vec<RecordRow>, u64), ServiceError> {
        self.ledger(ledger)?;
        Ok(self.store.read(|reader| reader.rows(ledger, filter))?)
    }

    /// The same with what was typed into a search box.
    pub fn search(
        &self,
        ledger: &str,
        typed: &str,
        filter: RowFilter,
    ) -> Result<(Vec<RecordRow>, u64), ServiceError> {
        self.rows(
            ledger,
            &RowFilter {
                matches: views::query_expression(typed),
                ..filter
            },
        )
    }

    /// Records of a ledger, counted by owner, with the owners' names; by division code. Those of orgs that ended count with
    /// whom they are found.
    pub fn count_by_owner(&self, ledger: &str) -> Result<Vec<(Org, u64)>, ServiceError> {
        Ok(named(&self.directory(), self.count_by_heir(ledger)?))
    }

    fn count_by_heir(&self, ledger: &str) -> Result<BTreeMap<OrgId, u64>, ServiceError> {
        let counts = self.store.read(|reader| reader.count_by_owner(ledger))?;
        Ok(by_heir(&self.directory(), counts))
    }
}
