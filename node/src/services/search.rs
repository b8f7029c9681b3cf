//! Search over all ledgers that are held here: ranked, and with the places where what was looked for stands.

use lianzhan_protocol::record::ledger::{Field, FieldKind};
use serde::{Deserialize, Serialize};

use super::desk::RowState;
use super::{Node, ServiceError};
use crate::store::RecordRow;
use crate::views::{self, Registry, Stretch};

/// Places that are shown of one record.
const PLACES: usize = 3;

/// What was found, best first.
#[derive(Debug, Clone)]
pub struct Findings {
    /// The records asked for.
    pub records: Vec<Finding>,
    /// How many there are in each ledger, most first; of more than 10,000 the newest are counted and ranked.
    pub ledgers: Vec<(String, u64)>,
    /// How many there are in what was asked for.
    pub total: u64,
}

/// A record that was found.
#[derive(Debug, Clone)]
pub struct Finding {
    /// It.
    pub row: RecordRow,
    /// Its title, with what was looked for in it.
    pub title: Vec<Stretch>,
    /// Where else it stands, in the order of the definition.
    pub places: Vec<Place>,
}

/// Where what was looked for stands in a record.
#[derive(Debug, Clone)]
pub struct Place {
    /// The field's Chinese label.
    pub zh: String,
    /// The field's English label.
    pub en: String,
    /// Around the first finding.
    pub text: Vec<Stretch>,
}

/// What programs read of a search.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FindingsJson {
    /// How many there are in what was asked for; of more than 10,000 the newest are counted and ranked.
    pub total: u64,
    /// How many there are in each ledger.
    pub ledgers: Vec<LedgerCount>,
    /// The records asked for, best first.
    pub records: Vec<FindingJson>,
}

/// How many of a ledger were found.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LedgerCount {
    /// Its id.
    pub ledger: String,
    /// So many.
    pub records: u64,
}

/// A record that was found, for programs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FindingJson {
    /// Its id.
    pub id: String,
    /// Its ledger.
    pub ledger: String,
    /// What it is about.
    pub title: String,
    /// When, as stated.
    pub happened: String,
    /// Where else than in the title it stands.
    pub places: Vec<PlaceJson>,
}

/// Where it stands in a record, for programs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PlaceJson {
    /// The field, in Chinese.
    pub zh: String,
    /// The field, in English.
    pub en: String,
    /// Around the first finding, in stretches: those with odd indices are what was looked for.
    pub text: Vec<String>,
}

impl Node {
    /// Records of all ledgers held here, or of one, in which everything stands that was typed, with one, two or more
    /// characters. Nothing typed finds nothing. Personal parts are in no index.
    pub fn find(
        &self,
        typed: &str,
        ledger: Option<&str>,
        offset: u64,
        limit: u64,
    ) -> Result<Findings, ServiceError> {
        if let Some(ledger) = ledger {
            self.book(ledger)?;
        }
        let Some(matches) = views::query_expression(typed) else {
            return Ok(Findings {
                records: Vec::new(),
                ledgers: Vec::new(),
                total: 0,
            });
        };
        let found = self
            .store
            .read(|reader| reader.found(&matches, typed.trim(), ledger, (offset, limit)))?;
        let registry = self.registry();
        let wanted = found
            .ledgers
            .iter()
            .filter(|(id, _)| ledger.is_none_or(|wanted| wanted == id));
        Ok(Findings {
            total: wanted.map(|(_, count)| count).sum(),
            records: found
                .rows
                .into_iter()
                .map(|row| finding(&registry, row, typed))
                .collect(),
            ledgers: found.ledgers,
        })
    }
}

fn finding(registry: &Registry, row: RecordRow, typed: &str) -> Finding {
    let state = RowState::of(&row);
    let definition = registry.ledger(&row.ledger);
    let title_field = definition.and_then(|ledger| ledger.title.clone());
    let fields = definition.map_or(&[][..], |ledger| &ledger.fields);
    let worded = |field: &&Field| {
        Some(&field.id) != title_field.as_ref() && !matches!(field.kind, FieldKind::Ref { .. })
    };
    let places = fields.iter().filter(worded).flat_map(|field| {
        let values = state.values(field).into_iter();
        values.filter_map(|value| {
            Some(Place {
                zh: field.zh.clone(),
                en: field.en.clone(),
                text: views::excerpt(value.as_text()?, typed)?,
            })
        })
    });
    Finding {
        title: views::excerpt(&row.title, typed).unwrap_or_else(|| views::highlight(&row.title, typed)),
        places: places.take(PLACES).collect(),
        row,
    }
}

impl From<Findings> for FindingsJson {
    fn from(found: Findings) -> Self {
        let count = |(ledger, records)| LedgerCount { ledger, records };
        FindingsJson {
            total: found.total,
            ledgers: found.ledgers.into_iter().map(count).collect(),
            records: found.records.into_iter().map(FindingJson::from).collect(),
        }
    }
}

impl From<Finding> for FindingJson {
    fn from(found: Finding) -> Self {
        let place = |place: Place| PlaceJson {
            zh: place.zh,
            en: place.en,
            text: alternating(place.text),
        };
        FindingJson {
            id: found.row.record.to_string(),
            ledger: found.row.ledger,
            title: found.row.title,
            happened: found.row.happened,
            places: found.places.into_iter().map(place).collect(),
        }
    }
}

/// Stretches without and with a finding in turn, beginning with one without.
fn alternating(stretches: Vec<Stretch>) -> Vec<String> {
    let mut all: Vec<String> = Vec::with_capacity(stretches.len() + 1);
    for stretch in stretches {
        let is_next = (all.len() % 2 == 1) == stretch.hit;
        match all.last_mut() {
            Some(last) if !is_next => last.push_str(&stretch.text),
            None if stretch.hit => all.extend([String::new(), stretch.text]),
            _ => all.push(stretch.text),
        }
    }
    all
}
