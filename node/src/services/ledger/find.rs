//! References both ways: what a field may name, what was typed for it, what a record names and what names it.

use lianzhan_protocol::id::{OrgId, RecordId};
use lianzhan_protocol::record::RecordState;
use lianzhan_protocol::record::ledger::{Field, Problem};
use lianzhan_protocol::trust::Org;

use crate::services::{Node, ServiceError};
use crate::store::{NamingRow, RecordRow, TitleRow};
use crate::views::{self, Registry};

/// Things of the directory that are orgs. Of the others nothing is stated yet, and ids are typed as they are.
const ORGS: [&str; 3] = ["org", "site", "body"];
/// A reference into any ledger.
const ANY: &str = "*";
/// Digits of an id by which records with one title are told apart.
const TAIL: usize = 8;
/// Records with one title that are looked through.
const SAME_TITLE: u64 = 64;

/// Something that a field may name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its id, which the field holds.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// Whether it is an org.
    pub org: Option<OrgId>,
}

impl Candidate {
    /// What an input holds for it: its title, and the digits that tell it from others of that title.
    pub fn typed(&self) -> String {
        format!("{} #{}", self.title, &self.id[self.id.len() - TAIL..])
    }

    fn of(row: TitleRow) -> Self {
        let title = match row.title.is_empty() {
            true => row.happened.get(..10).unwrap_or(&row.ledger).to_owned(),
            false => first_line(&row.title),
        };
        Candidate {
            id: row.record.to_string(),
            title,
            org: None,
        }
    }

    fn of_org(org: &Org) -> Self {
        Candidate {
            id: org.id.to_string(),
            title: org.name_zh.clone(),
            org: Some(org.id),
        }
    }
}

/// A title in an input has one line, and is not the whole of a long text.
fn first_line(title: &str) -> String {
    title
        .lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(60)
        .collect()
}

/// A record that a field names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedRecord {
    /// Its id.
    pub id: RecordId,
    /// Its ledger.
    pub ledger: String,
    /// What it is called; empty where it has no words of its own.
    pub title: String,
    /// When, as stated.
    pub happened: String,
}

/// A record that names the one that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedBy {
    /// Its row.
    pub row: RecordRow,
    /// The field that names.
    pub field: String,
}

/// The ledgers with records of their own into which a field may point.
fn ledgers_of<'f>(registry: &Registry, field: &'f Field) -> Vec<&'f str> {
    let any = field.kind.targets().any(|target| target == ANY);
    let named = field
        .kind
        .targets()
        .filter(move |target| !any && registry.ledger(target).is_some());
    let all = registry.ledgers().iter().map(|ledger| ledger.id.as_str());
    named
        .chain(all.filter(move |id| any && !super::is_annex(id)))
        .collect()
}

impl Node {
    /// What a field may name: what was typed is found in it, or the first if nothing was. At most `limit`, and whether there
    /// may be more. Orgs that are no more are named by old records, and by new ones no longer: `ended` asks for them, too.
    pub fn candidates(
        &self,
        field: &Field,
        typed: &str,
        ended: bool,
        limit: usize,
    ) -> Result<(Vec<Candidate>, bool), ServiceError> {
        let words = typed.rsplit_once(" #").map_or(typed, |(words, _)| words).trim();
        let matches = views::query_expression(words);
        let mut all = Vec::new();
        let asked = (limit + 1) as u64;
        for target in ledgers_of(&self.registry(), field) {
            // What may be of any ledger is offered once it is looked for.
            if matches.is_none() && field.kind.targets().any(|target| target == ANY) {
                return Ok((Vec::new(), true));
            }
            let rows = self
                .store
                .read(|reader| reader.titles(target, matches.as_deref(), asked))?;
            all.extend(rows.into_iter().map(Candidate::of));
            if all.len() > limit {
                break;
            }
        }
        if field.kind.targets().any(|target| ORGS.contains(&target)) {
            all.extend(self.near_orgs(words, ended));
        }
        let more = all.len() > limit;
        all.truncate(limit);
        Ok((all, more))
    }

    /// Orgs of the line upward and below, whose names hold `words`; by division code. Those that are no more come last, and
    /// only if they are asked for.
    fn near_orgs(&self, words: &str, ended: bool) -> Vec<Candidate> {
        let directory = self.directory();
        let mut near: Vec<&Org> = directory
            .orgs()
            .filter(|org| {
                directory.is_at_or_above(&self.org, &org.id) || directory.is_at_or_above(&org.id, &self.org)
            })
            .filter(|org| ended || directory.ended(&org.id).is_none())
            .filter(|org| org.name_zh.contains(words) || org.name_en.contains(words))
            .collect();
        near.sort_by_key(|org| (directory.ended(&org.id).is_some(), &org.code, org.id));
        near.into_iter().map(Candidate::of_org).collect()
    }

    /// Whether there is anything to choose from: a field may name what no ledger of this program holds.
    pub fn has_candidates(&self, field: &Field) -> bool {
        !ledgers_of(&self.registry(), field).is_empty()
            || field.kind.targets().any(|target| ORGS.contains(&target))
    }

    /// The id that was meant by what was typed: an id, a title with the digits behind it, or a title that only one has.
    pub fn reference(&self, field: &Field, typed: &str) -> Result<Option<String>, Problem> {
        let typed = typed.trim();
        if typed.is_empty() {
            return Ok(None);
        }
        if RecordId::parse(typed).is_some() {
            return Ok(Some(typed.to_owned()));
        }
        let (title, tail) = typed.rsplit_once(" #").unwrap_or((typed, ""));
        let fitting = |candidate: &Candidate| candidate.title == title && candidate.id.ends_with(tail);
        let mut found: Vec<Candidate> = Vec::new();
        for target in ledgers_of(&self.registry(), field) {
            found.extend(self.titled(target, title).into_iter().filter(fitting));
        }
        if field.kind.targets().any(|target| ORGS.contains(&target)) {
            let orgs = self.near_orgs(title, true).into_iter().filter(fitting);
            let directory = self.directory();
            // One that is no more is meant where no other fits.
            let (now, ended): (Vec<_>, Vec<_>) =
                orgs.partition(|one| one.org.is_none_or(|org| directory.ended(&org).is_none()));
            found.extend(if now.is_empty() { ended } else { now });
        }
        found.dedup_by(|a, b| a.id == b.id);
        match found.as_slice() {
            [one] => Ok(Some(one.id.clone())),
            _ => Err(Problem::Reference),
        }
    }

    /// Records of a ledger that are shown under a title: one that was cut short is found by its words.
    fn titled(&self, ledger: &str, title: &str) -> Vec<Candidate> {
        let exact = self.store.read(|reader| reader.titled(ledger, title, SAME_TITLE));
        let mut rows = exact.unwrap_or_default();
        if rows.is_empty() {
            let words = views::query_expression(title);
            let found = self
                .store
                .read(|reader| reader.titles(ledger, words.as_deref(), SAME_TITLE));
            rows = found.unwrap_or_default();
        }
        rows.into_iter().map(Candidate::of).collect()
    }

    /// What an input holds for the id that a record has.
    pub fn reference_typed(&self, id: &str) -> String {
        if let Some(org) = OrgId::parse(id).and_then(|id| self.directory().org(&id).cloned()) {
            return Candidate::of_org(&org).typed();
        }
        let row = RecordId::parse(id).and_then(|id| self.title_of(&id).ok().flatten());
        match row {
            Some(row) if !row.ledger.is_empty() => Candidate::of(row).typed(),
            _ => id.to_owned(),
        }
    }

    /// The record of this id, if it is here and has a page; of an erased one that was issued anew the new one.
    pub fn named_record(&self, id: &RecordId) -> Result<Option<NamedRecord>, ServiceError> {
        let row = self.title_of(id)?;
        Ok(row.filter(|row| !row.ledger.is_empty()).map(|row| NamedRecord {
            id: row.record,
            ledger: row.ledger,
            title: first_line(&row.title),
            happened: row.happened,
        }))
    }

    /// The id that a form chooses for one that a field holds: that of an erased record is the one as which it was issued anew.
    pub fn stands_as(&self, id: String) -> String {
        let new = RecordId::parse(&id).and_then(|old| self.reissued_as(&old).ok().flatten());
        new.map_or(id, |new| new.to_string())
    }

    fn title_of(&self, id: &RecordId) -> Result<Option<TitleRow>, ServiceError> {
        let row = self.store.read(|reader| reader.title(id))?;
        match row {
            Some(row) if row.ledger.is_empty() => match self.reissued_as(id)? {
                Some(new) => Ok(self.store.read(|reader| reader.title(&new))?),
                None => Ok(Some(row)),
            },
            row => Ok(row),
        }
    }

    /// The records that the fields of a record name and that are here, by field.
    pub fn names(&self, state: &RecordState) -> Result<Vec<(String, NamedRecord)>, ServiceError> {
        let Some(definition) = state.definition.and_then(|hash| self.definition(&hash)) else {
            return Ok(Vec::new());
        };
        let mut all = Vec::new();
        for (field, id) in views::refs(definition, state) {
            all.extend(self.named_record(&id)?.map(|found| (field, found)));
        }
        Ok(all)
    }

    /// Records of which a field names this one, by ledger, the newest of each first; at most `limit`, and how many in all.
    /// Those that name an erased one for which this was issued stand behind them.
    pub fn named_by(&self, id: &RecordId, limit: u64) -> Result<(Vec<NamedBy>, u64), ServiceError> {
        let mut named = vec![*id];
        named.extend(self.reissued_from(id)?);
        let (mut all, mut total) = (Vec::new(), 0);
        for id in &named {
            let left = limit.saturating_sub(all.len() as u64);
            let (rows, count) = self.store.read(|reader| reader.naming(id, left))?;
            total += count;
            all.extend(
                rows.into_iter()
                    .map(|NamingRow { row, field }| NamedBy { row, field }),
            );
        }
        Ok((all, total))
    }
}
