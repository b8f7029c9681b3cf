//! The table of divisions that this node was given: what a code was called on a day, and what it has become since. It is a
//! file of the node's directory, told to nobody: each node is given the table of its place.

use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::time::SystemTime;

use lianzhan_protocol::division::{Code, Divisions};
use serde::{Deserialize, Serialize};

use super::{Node, ServiceError, files};
use crate::import::{RowRemark, read_divisions, read_sheet};

/// The table as it was last read, and when its file was written.
pub(super) type Kept = (Option<SystemTime>, Arc<Divisions>);

/// What came of a table.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Given {
    /// Codes that can be used.
    pub codes: usize,
    /// What is remarkable, by row.
    pub remarks: Vec<RowRemark>,
}

/// What a table says of a code.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Place {
    /// The code in its shortest form.
    pub code: String,
    /// Its name on the day asked.
    pub name: String,
    /// The same with the names above it.
    pub full_name: String,
    /// What it is at the later day asked: itself, or the codes that came after it, with their full names.
    pub becomes: Vec<(String, String)>,
}

/// Checks a table and keeps it in a node's directory. A node that runs takes it up at once. Nothing is kept of a table of
/// which no code can be used.
pub fn give(dir: &Path, file_name: &str, bytes: &[u8]) -> Result<Given, ServiceError> {
    Node::is_in(dir)?;
    let table = read_divisions(&read_sheet(file_name, bytes)?)?;
    let given = Given {
        codes: table.divisions.len(),
        remarks: table.remarks,
    };
    if given.codes > 0 {
        let path = dir.join(files::DIVISIONS);
        let text = written(&table.divisions);
        crate::env::write_private(&path, &text).map_err(|error| ServiceError::Disk { path, error })?;
    }
    Ok(given)
}

fn written(divisions: &Divisions) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let heading = ["code", "name", "parent", "valid_from", "valid_to", "successors"];
    let rows = divisions.all().map(|division| {
        let successors: Vec<&str> = division.successors.iter().map(Code::as_str).collect();
        [
            division.code.as_str().to_owned(),
            division.name.clone(),
            division
                .parent
                .as_ref()
                .map_or_else(String::new, |code| code.as_str().to_owned()),
            division.valid_from.clone(),
            division.valid_to.clone().unwrap_or_default(),
            successors.join(" "),
        ]
    });
    // Writing to memory does not fail, and every row has as many cells as the heading.
    writer.write_record(heading).expect("written to memory");
    for row in rows {
        writer.write_record(row).expect("written to memory");
    }
    writer.into_inner().expect("written to memory")
}

impl Node {
    /// The table of divisions; an empty one before there is any.
    pub fn divisions(&self) -> Result<Arc<Divisions>, ServiceError> {
        let path = self.dir.join(files::DIVISIONS);
        let written = match std::fs::metadata(&path).and_then(|file| file.modified()) {
            Ok(time) => Some(time),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(ServiceError::Disk { path, error }),
        };
        let mut kept = self.divisions.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.0 != written {
            let divisions = match written {
                None => Divisions::default(),
                Some(_) => read_divisions(&read_sheet(files::DIVISIONS, &super::read(&path)?)?)?.divisions,
            };
            *kept = (written, Arc::new(divisions));
        }
        Ok(kept.1.clone())
    }

    /// What the table says of a code on a day, and what it has become by a later one; none if it does not know it.
    pub fn place(&self, code: &str, day: &str, later: &str) -> Result<Option<Place>, ServiceError> {
        let divisions = self.divisions()?;
        let Some(code) = Code::parse(code) else {
            return Ok(None);
        };
        let full = |code: &Code, day: &str| divisions.full_name(code, day).unwrap_or_default();
        Ok(divisions.on(&code, day).map(|division| Place {
            code: code.as_str().to_owned(),
            name: division.name.clone(),
            full_name: full(&code, day),
            becomes: divisions
                .by(&code, day, later)
                .into_iter()
                .map(|one| (one.code.as_str().to_owned(), full(&one.code, later)))
                .collect(),
        }))
    }
}
