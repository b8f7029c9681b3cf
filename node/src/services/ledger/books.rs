//! Which ledgers this node's org keeps or holds, in figures.

use lianzhan_protocol::record::ledger::Ledger;
use lianzhan_protocol::trust::{Audience, Level};

use super::{is_annex, is_stated};
use crate::services::{Author, Node, ServiceError};
use crate::store::LedgerFigures;

/// A ledger as this node has it.
#[derive(Debug, Clone)]
pub struct Book {
    /// Its definition.
    pub ledger: &'static Ledger,
    /// Its figures.
    pub figures: LedgerFigures,
    /// Whether the person who asks may begin records of it here.
    pub writes: bool,
}

impl Node {
    /// The ledgers that this node's org keeps or holds, in the order of the definitions.
    pub fn books(&self, author: &Author) -> Result<Vec<Book>, ServiceError> {
        let level = self.org()?.level;
        let figures = self.ledger_figures()?;
        let registry = self.registry();
        let books = registry
            .ledgers()
            .iter()
            .filter(|ledger| !is_annex(&ledger.id) && !is_stated(&ledger.id));
        let books = books.map(|ledger| {
            let known = figures.iter().find(|figures| figures.ledger == ledger.id);
            Book {
                ledger,
                figures: known.cloned().unwrap_or_else(|| LedgerFigures {
                    ledger: ledger.id.clone(),
                    records: 0,
                    own: 0,
                    incomplete: 0,
                }),
                writes: self.may_enter(author, ledger),
            }
        });
        Ok(books
            .filter(|book| book.writes || book.figures.records > 0 || reaches(book.ledger.audience, level))
            .collect())
    }

    /// Figures of every ledger with records here.
    pub fn ledger_figures(&self) -> Result<Vec<LedgerFigures>, ServiceError> {
        let own = self.owners(&self.org);
        Ok(self.store.read(|reader| reader.ledger_figures(&own))?)
    }
}

/// Whether records of stations come to an org of this level.
fn reaches(audience: Audience, level: Level) -> bool {
    let up_to = |most: &[Level]| most.contains(&level);
    match audience {
        Audience::Local => up_to(&[Level::Station]),
        Audience::Township => up_to(&[Level::Station, Level::Township, Level::Street]),
        Audience::County => up_to(&[Level::Station, Level::Township, Level::Street, Level::County]),
        Audience::City | Audience::Joint => up_to(&[
            Level::Station,
            Level::Township,
            Level::Street,
            Level::County,
            Level::City,
        ]),
        Audience::Notice | Audience::Summary | Audience::Directory => true,
    }
}
