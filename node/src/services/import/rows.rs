//! Rows of a table on their way to the disk.

use crate::services::submit::{Beside, Pending};
use crate::services::{Author, Draft, Node, ServiceError};

/// Rows that are read before what is to be written of them is signed and handed over.
pub(in crate::services) const BATCH: usize = 200;

/// Rows in the order of their table: those of a batch are signed beside each other and share a transaction, which is awaited
/// while the next ones are read.
pub(in crate::services) struct Rows<'a, R> {
    node: &'a Node,
    author: &'a Author,
    /// What was read, and beside each what is to be written.
    read: Vec<(R, Option<(Draft, Beside)>)>,
    /// What was handed over last, and how many rows of the table are done with it.
    writing: Option<(Pending<()>, u64)>,
    /// How many rows are done: what was to be written of them is durable.
    done: u64,
}

impl<'a, R> Rows<'a, R> {
    pub(in crate::services) fn new(node: &'a Node, author: &'a Author) -> Self {
        Rows {
            node,
            author,
            read: Vec::new(),
            writing: None,
            done: 0,
        }
    }

    /// Takes a row, and what is to be written of it. Nothing of a batch stands on another row of it.
    pub(in crate::services) fn push(&mut self, row: R, writes: Option<(Draft, Beside)>) {
        self.read.push((row, writes));
    }

    /// Signs and hands over what was read since, once `done` rows of the table were; what was before it is durable then.
    /// `tell` learns of each row in order, with why it was refused if it was. Returns how many rows are done.
    pub(in crate::services) async fn hand_over(
        &mut self,
        done: u64,
        mut tell: impl FnMut(R, Option<ServiceError>),
    ) -> Result<u64, ServiceError> {
        let (mut rows, mut drafts) = (Vec::with_capacity(self.read.len()), Vec::new());
        for (row, writes) in self.read.drain(..) {
            rows.push((row, writes.is_some()));
            drafts.extend(writes);
        }
        let mut results = self.node.sign_all(self.author, &drafts)?.into_iter();
        let mut signed = Vec::with_capacity(drafts.len());
        for (row, writes) in rows {
            match writes.then(|| results.next()).flatten() {
                None => tell(row, None),
                Some(Ok(one)) => {
                    signed.push(one);
                    tell(row, None);
                }
                Some(Err(error)) if error.is_callers() => tell(row, Some(error)),
                Some(Err(error)) => return Err(error),
            }
        }
        let next = match signed.is_empty() {
            true => None,
            false => Some(self.node.hand_over(signed, ())?),
        };
        self.settle().await?;
        match next {
            Some(next) => self.writing = Some((next, done)),
            None => self.done = done,
        }
        Ok(self.done)
    }

    /// Waits for what was handed over.
    pub(in crate::services) async fn settle(&mut self) -> Result<(), ServiceError> {
        if let Some((pending, done)) = self.writing.take() {
            pending.wait().await?;
            self.done = done;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use age::secrecy::SecretString;
    use lianzhan_protocol::log::Origin;
    use lianzhan_protocol::trust::{Level, Role};

    use super::*;
    use crate::config::Config;
    use crate::services::appoint::PersonDraft;
    use crate::services::found::{OrgDraft, found};
    use crate::services::import::Importing;
    use crate::services::visit::LEDGER;
    use crate::store::{RowFilter, StoreEvent};

    const ROWS: u64 = 450;

    /// A book of visits of every week of a year, in which one row says no date.
    fn book(broken: u64) -> String {
        let rows = (1..=ROWS).map(|n| match n == broken {
            true => format!("哪天,来访,1,问题,第 {n} 件,来访人之{n}\n"),
            false => format!(
                "2026/{}/{},来访,1,问题,第 {n} 件,来访人之{n}\n",
                n % 9 + 1,
                n % 28 + 1
            ),
        });
        std::iter::once("来访时间,渠道,人数,性质,反映内容,姓名\n".to_owned())
            .chain(rows)
            .collect()
    }

    fn station(dir: &std::path::Path) -> (std::sync::Arc<Node>, Author) {
        let secret = SecretString::from("correct horse battery".to_owned());
        let config = Config {
            scrypt_log_n: 2,
            ..Config::default()
        };
        let draft = OrgDraft {
            level: Level::Station,
            name_zh: "石桥站".into(),
            name_en: "Shiqiao station".into(),
            code: "990121103201".into(),
        };
        let node = found(&dir.join("node"), draft, &secret, config).unwrap();
        let person = PersonDraft {
            login: "lin".into(),
            name: "林静禾".into(),
            roles: vec![Role::StationLiaison],
            ..PersonDraft::default()
        };
        node.appoint_person(&secret, person, &secret).unwrap();
        let lin = node.sign_in("lin", &secret).unwrap();
        (node, lin)
    }

    #[test]
    fn a_batch_is_one_transaction_and_progress_tells_of_what_is_durable() {
        let dir = tempfile::tempdir().unwrap();
        let (node, lin) = station(dir.path());
        let held = || {
            let records = node.annex_keys().records();
            let durable = node.store().read(|reader| {
                let mut held = 0;
                for record in &records {
                    held += u64::from(reader.space_of(record)?.is_some());
                }
                Ok(held)
            });
            durable.unwrap()
        };
        let mut events = node.store().events();
        let mut told = Vec::new();
        let broken = 77;
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let report = runtime
            .block_on(node.import(
                &lin,
                Importing::new(LEDGER, "book.csv", book(broken).as_bytes(), false),
                |done, all| {
                    assert_eq!(all, ROWS - 1, "of the rows that can be read");
                    assert!(held() >= done, "{done}");
                    told.push(done);
                },
            ))
            .unwrap();
        assert_eq!((report.imported, report.known), (ROWS - 1, 0));
        assert_eq!(
            report.errors.first().map(|error| error.row),
            Some(broken as u32 + 1)
        );
        let rows: Vec<u32> = report.rows.iter().map(|read| read.row).collect();
        assert_eq!(rows, (2..22).collect::<Vec<u32>>(), "in the order of the book");
        assert!(told.is_sorted() && told.last() == Some(&(ROWS - 1)), "{told:?}");
        let mut grew: BTreeMap<Origin, usize> = BTreeMap::new();
        while let Ok(events) = events.try_recv() {
            for event in events.iter() {
                if let StoreEvent::Grew {
                    origin, own: true, ..
                } = event
                {
                    *grew.entry(origin.clone()).or_default() += 1;
                }
            }
        }
        // The log of the records and that of the personal parts: three batches, and what started them.
        assert_eq!(grew.len(), 2, "{grew:?}");
        assert!(grew.values().all(|times| (3..=4).contains(times)), "{grew:?}");
        let again = runtime
            .block_on(node.import(
                &lin,
                Importing::new(LEDGER, "book.csv", book(broken).as_bytes(), false),
                |_, _| {},
            ))
            .unwrap();
        assert_eq!((again.imported, again.known), (0, ROWS - 1));
        node.settle_views().unwrap();
        let all = RowFilter {
            limit: ROWS * 2,
            ..RowFilter::default()
        };
        assert_eq!(node.rows(LEDGER, &all).unwrap().0.len() as u64, ROWS - 1);
    }
}
