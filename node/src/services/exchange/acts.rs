//! Taking in a table of events. An event is a signed act of a person, and nobody signs for another: one that is held here is
//! recognised and adds nothing; one that is not becomes an act of whoever imports it, through the same door and with the same
//! checks as on the record's page. When it happened is what the table says; a line of a log keeps whose it was in its words,
//! and when it was recorded, and by whom, is what it is. What is an act over what others wrote (a seal, a confirmation, a
//! correction, …) comes from no table.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lianzhan_protocol::id::RecordId;
use lianzhan_protocol::record::{Event, EventKind, Proof, Put, RefusalReason};
use lianzhan_protocol::trust::{Appointment, Level, Space};

use super::Words;
use super::act_table::{EventTable, stated};
use super::columns::folded;
use super::events::{Says, effect_name, kind_called, kind_name, level_name, what};
use super::read::{bytes, normal};
use super::take::Begun;
use crate::import::Row;
use crate::services::import::{BATCH, BrokenRow, ImportReport, RowRead, RowState, Rows};
use crate::services::submit::Beside;
use crate::services::{Author, Draft, Node, RecordRow, ServiceError, files};

/// Before the name of the person whose line it was, behind the line.
const SAID_BY: &str = "（原记：";
const SAID_BY_END: &str = "）";

/// An event of a record that is here, as far as rows are compared with it.
struct Known {
    change: String,
    event: Event,
    has_effect: bool,
}

impl Known {
    /// The events of a record by its row.
    fn of(row: &RecordRow) -> Vec<Known> {
        let state: serde_json::Value = serde_json::from_str(&row.state).unwrap_or_default();
        let events = state["events"].as_array().into_iter().flatten();
        let known = events.filter_map(|event| {
            let body = bytes(event["body"].as_str()?)?;
            Some(Known {
                change: event["change"].as_str()?.to_owned(),
                event: Event::parse(&body).ok()?,
                has_effect: event["ineffective"].is_null(),
            })
        });
        known.collect()
    }
}

/// A record that rows are about.
struct Of {
    /// Its id here; none where it begins with the table of records before, which is only tried.
    record: Option<RecordId>,
    title: String,
    known: Vec<Known>,
}

/// What is the same of two events that say the same, whoever signed them.
fn content(event: &Event) -> (EventKind, String, String) {
    let happened = event.happened().map(plain_time).unwrap_or_default();
    let says = match event {
        Event::LogLine { text, .. } => without_name(text).to_owned(),
        Event::SignIn { deputy, level, .. } => format!("{deputy} {}", level.as_str()),
        _ => String::new(),
    };
    // Somebody is there once, and a matter is taken into the book once.
    let happened = if event.kind() == EventKind::LogLine {
        happened
    } else {
        String::new()
    };
    (event.kind(), happened, says)
}

/// A time as a workbook keeps it, in which midnight and a bare day are one.
fn plain_time(happened: &str) -> String {
    let day = happened.strip_suffix("T00:00:00+08:00");
    day.unwrap_or(happened).to_owned()
}

/// A line without the name that an import put behind it.
fn without_name(text: &str) -> &str {
    let named = text
        .strip_suffix(SAID_BY_END)
        .and_then(|text| text.rsplit_once(SAID_BY));
    named.map_or(text, |(line, _)| line)
}

/// What becomes of a row.
enum Outcome {
    Is(RowState),
    Writes(Event),
    Skipped,
    Broken(BrokenRow),
}

impl Node {
    /// Takes in a table of events, after the table of records that `begun` tells of.
    pub(in crate::services) async fn import_events(
        &self,
        author: &Author,
        table: EventTable,
        home: &Space,
        begun: &Begun,
        dry_run: bool,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<ImportReport, ServiceError> {
        self.settle_views()?;
        let mut taking = Taking {
            node: self,
            author,
            card: self.card(author)?,
            secret: self.kept_secret(files::IMPORT_SECRET)?,
            home: home.clone(),
            table: &table,
            begun,
            records: BTreeMap::new(),
            told: BTreeMap::new(),
        };
        let mut report = ImportReport {
            dry_run,
            unmapped: table.unmapped.clone(),
            columns: table.headings(),
            ..ImportReport::default()
        };
        let rows = table.rows();
        let all = rows.len() as u64;
        let mut writing = Rows::new(self, author);
        // An act stands on what its author wrote before; that must be here.
        let mut under_way: BTreeSet<RecordId> = BTreeSet::new();
        for (done, row) in (1_u64..).zip(rows) {
            if table.is_blank(row) {
                report.skipped += 1;
            } else {
                let of = taking.record(row)?;
                let outcome = match &of {
                    Some(of) => taking.row(row, of),
                    None => Outcome::Broken(table.broken(row, Says::Record, NO_RECORD)),
                };
                let read = |state| RowRead {
                    row: row.number,
                    state,
                    title: of.as_ref().map(|of| of.title.clone()).unwrap_or_default(),
                };
                match outcome {
                    Outcome::Is(state) => writing.push((read(state), None), None),
                    Outcome::Skipped => report.skipped += 1,
                    Outcome::Broken(fault) => report.tell(fault),
                    Outcome::Writes(event) => {
                        let record = of.as_ref().and_then(|of| of.record);
                        if record.is_some_and(|record| !under_way.insert(record)) && !dry_run {
                            let told = |row, refused| taking.told(&mut report, row, refused);
                            writing.hand_over(done - 1, told).await?;
                            writing.settle().await?;
                            under_way.clear();
                            under_way.extend(record);
                        }
                        match taking.draft(record, &event, dry_run) {
                            Ok(draft) => {
                                let writes = draft.map(|draft| (draft, Beside::default()));
                                writing.push((read(RowState::New), Some((row, event))), writes);
                            }
                            Err(error) if error.is_callers() => {
                                report.tell(taking.refused(row, &event, &error));
                            }
                            Err(error) => return Err(error),
                        }
                    }
                }
            }
            if done.is_multiple_of(BATCH as u64) || done == all {
                let told = |row, refused| taking.told(&mut report, row, refused);
                progress(writing.hand_over(done, told).await?, all);
            }
        }
        writing.settle().await?;
        progress(all, all);
        report.end();
        Ok(report)
    }
}

const NO_RECORD: (&str, &str) = (
    "这本台账里没有这条记录。请先导入记录的表，再导入事件",
    "this ledger has no such record; import the table of records first",
);

/// One import of events that is under way.
struct Taking<'t> {
    node: &'t Node,
    author: &'t Author,
    card: Appointment,
    secret: String,
    home: Space,
    table: &'t EventTable,
    begun: &'t Begun,
    /// Records by the id that the table names, as they were before.
    records: BTreeMap<String, Option<Arc<Of>>>,
    /// How many rows of each record have said the same so far.
    told: BTreeMap<(String, EventKind, String, String), usize>,
}

impl Taking<'_> {
    /// The record that a row is about.
    fn record(&mut self, row: &Row) -> Result<Option<Arc<Of>>, ServiceError> {
        let id = self.table.text(row, Says::Record);
        if let Some(known) = self.records.get(&id) {
            return Ok(known.clone());
        }
        let found = match RecordId::parse(&id) {
            Some(named) => {
                let found = self
                    .node
                    .imported_as(&self.secret, self.table.ledger, &self.home, &named)?;
                let tried = || {
                    self.begun
                        .contains(&id)
                        .then(|| self.table.text(row, Says::Title))
                };
                match found.row {
                    Some(row) => (row.ledger == self.table.ledger.id).then(|| Of {
                        record: Some(row.record),
                        title: row.title.clone(),
                        known: Known::of(&row),
                    }),
                    None => tried().map(|title| Of {
                        record: None,
                        title,
                        known: Vec::new(),
                    }),
                }
            }
            None => None,
        };
        let found = found.map(Arc::new);
        self.records.insert(id, found.clone());
        Ok(found)
    }

    fn row(&mut self, row: &Row, of: &Of) -> Outcome {
        let table = self.table;
        let broken = |says, words| Outcome::Broken(table.broken(row, says, words));
        let named = table.text(row, Says::Kind);
        let Some(kind) = kind_called(&named) else {
            return broken(
                Says::Kind,
                (
                    "没有这种事件。可写：登记、签到、活动记录",
                    "there is no such event; write Registered, Signed in or Log",
                ),
            );
        };
        if let Some(outcome) = self.held(row, of, kind) {
            return outcome;
        }
        let effect = folded(&table.text(row, Says::Effect));
        if [Words::Zh, Words::En]
            .iter()
            .any(|words| effect == effect_name(false, *words))
        {
            return Outcome::Skipped;
        }
        let event = match self.event(row, kind) {
            Ok(event) => event,
            Err(fault) => return Outcome::Broken(fault),
        };
        let said = content(&event);
        let key = (
            table.text(row, Says::Record),
            said.0,
            said.1.clone(),
            said.2.clone(),
        );
        let before = *self.told.entry(key).and_modify(|n| *n += 1).or_insert(1) - 1;
        let equal = of
            .known
            .iter()
            .filter(|known| known.has_effect && content(&known.event) == said);
        let held = equal.count();
        let once = kind != EventKind::LogLine;
        if held > before || (once && (held > 0 || before > 0)) {
            return Outcome::Is(RowState::Known);
        }
        match self.fault(kind, &event) {
            Some((says, words)) => broken(says, words),
            None => Outcome::Writes(event),
        }
    }

    /// What becomes of a row whose event is held here, by its change.
    fn held(&mut self, row: &Row, of: &Of, kind: EventKind) -> Option<Outcome> {
        let change = self.table.text(row, Says::Change);
        let mut all = of
            .known
            .iter()
            .filter(|known| known.change == change && known.event.kind() == kind)
            .peekable();
        all.peek()?;
        if !kind.states() || kind.is_for_another() {
            return Some(Outcome::Is(RowState::Known));
        }
        let directory = self.node.directory();
        let says = self.table.text(row, Says::What);
        let happened = stated(&self.table.value(row, Says::Happened));
        let same = all.find(|known| {
            let words = [Words::Zh, Words::En].map(|words| what(&known.event, &directory, words));
            let at = known.event.happened().map(plain_time);
            words.iter().any(|own| normal(own).trim() == says) && at == happened
        });
        if let Some(known) = same {
            let (kind, happened, says) = content(&known.event);
            let key = (self.table.text(row, Says::Record), kind, happened, says);
            *self.told.entry(key).or_default() += 1;
            return Some(Outcome::Is(RowState::Known));
        }
        Some(Outcome::Broken(self.table.broken(
            row,
            Says::What,
            (
                "事件写下后不改，请保持原样；要更正的，在记录页面上更正",
                "an event stands as it was signed; leave it as it was, and correct it on the record's page",
            ),
        )))
    }

    /// The event that a row states.
    fn event(&self, row: &Row, kind: EventKind) -> Result<Event, BrokenRow> {
        let table = self.table;
        let fault = |says, words| table.broken(row, says, words);
        // What is recorded for another stands on a scan, which no table has.
        if !kind.states() || kind.is_for_another() {
            let (zh, en) = (
                format!(
                    "“{}”要本人在记录页面上办，不能从表格导入",
                    kind_name(kind, Words::Zh)
                ),
                format!(
                    "“{}” is given on the record's page by whoever answers for it, and comes from no table",
                    kind_name(kind, Words::En)
                ),
            );
            return Err(fault(Says::Kind, (&zh, &en)));
        }
        let happened = stated(&table.value(row, Says::Happened)).ok_or_else(|| {
            fault(
                Says::Happened,
                (
                    "请写发生的日期，或日期和时间，如 2026-04-16 09:30",
                    "write the day, or day and time, as 2026-04-16 09:30",
                ),
            )
        })?;
        let today = crate::services::activity::now_stated();
        if happened.get(..10) > today.get(..10) {
            return Err(fault(
                Says::Happened,
                ("这个日期还没有到", "this day has not come yet"),
            ));
        }
        let says = table.text(row, Says::What);
        match kind {
            EventKind::SignIn => self.sign_in(&says, happened).ok_or_else(|| {
                fault(
                    Says::What,
                    (
                        "请写代表姓名和席位层级，如：罗定一 县级",
                        "write the deputy's name and the level of the seat, as: 罗定一 county",
                    ),
                )
            }),
            EventKind::LogLine if says.is_empty() => Err(fault(
                Says::What,
                ("请写看到了什么、说了什么", "write what was seen or said"),
            )),
            EventKind::LogLine => {
                let by = table.text(row, Says::By);
                let text = match by.is_empty() || by == self.card.name || without_name(&says) != says {
                    true => says,
                    false => format!("{says}{SAID_BY}{by}{SAID_BY_END}"),
                };
                Ok(Event::LogLine { text, happened })
            }
            _ => Ok(Event::Register { happened }),
        }
    }

    /// A sign-in as a table has it: the name, and the level of the seat behind it.
    fn sign_in(&self, says: &str, happened: String) -> Option<Event> {
        let (deputy, level) = says.rsplit_once(char::is_whitespace)?;
        let level = Level::ALL.iter().copied().find(|known| {
            [Words::Zh, Words::En]
                .iter()
                .any(|words| folded(&level_name(*known, *words)) == folded(level))
        })?;
        let deputy = deputy.trim().to_owned();
        (!deputy.is_empty()).then_some(Event::SignIn {
            deputy,
            level,
            happened,
            proof: Proof::Key,
        })
    }

    /// What keeps whoever imports from signing an event.
    fn fault(&self, kind: EventKind, event: &Event) -> Option<(Says, (&'static str, &'static str))> {
        if !self
            .table
            .ledger
            .events
            .iter()
            .any(|known| known == kind.as_str())
        {
            let words = (
                "这本台账没有这种事件",
                "records of this ledger have no such event",
            );
            return Some((Says::Kind, words));
        }
        if let Event::SignIn { deputy, level, .. } = event
            && (*deputy != self.card.name || Some(*level) != self.card.seat)
        {
            let words = (
                "签到只由代表本人用自己的密钥签，别人不能代导",
                "a sign-in is the deputy's own, with the own key; nobody imports it for another",
            );
            return Some((Says::What, words));
        }
        None
    }

    /// What is written of an event. What is only tried is looked through for personal data all the same.
    fn draft(
        &self,
        record: Option<RecordId>,
        event: &Event,
        dry_run: bool,
    ) -> Result<Option<Draft>, ServiceError> {
        let ledger = self.table.ledger;
        let space = match record {
            Some(record) => self.node.loaded(&record)?.space,
            None => self.home.clone(),
        };
        if !self.node.may_sign(self.author, event.kind(), &space) {
            return Err(ServiceError::Refused(RefusalReason::RoleForEvent(event.kind())));
        }
        let draft = Draft {
            record: record.unwrap_or(RecordId([0; 16])),
            begins: None,
            ledger: ledger.id.clone(),
            space,
            puts: vec![Put::event(event)],
            annexes: Vec::new(),
        };
        if dry_run {
            self.node.screen_draft(&draft)?;
            return Ok(None);
        }
        Ok(Some(draft))
    }

    /// Counts a row that was written, or was here, or says why it was refused.
    fn told(
        &self,
        report: &mut ImportReport,
        (read, writes): (RowRead, Option<(&Row, Event)>),
        refused: Option<ServiceError>,
    ) {
        match (writes, refused) {
            (Some((row, event)), Some(error)) => report.tell(self.refused(row, &event, &error)),
            _ => report.count(read),
        }
    }

    /// An event that was refused, at the cell that says it.
    fn refused(&self, row: &Row, event: &Event, error: &ServiceError) -> BrokenRow {
        let says = match error {
            ServiceError::Refused(_) => Says::Kind,
            _ if event.words().is_empty() => Says::Kind,
            _ => Says::What,
        };
        match error {
            ServiceError::Fields(faults) if !faults.is_empty() => {
                let zh: Vec<&str> = faults.iter().map(|fault| fault.zh.as_str()).collect();
                let en: Vec<&str> = faults.iter().map(|fault| fault.en.as_str()).collect();
                self.table.broken(row, says, (&zh.join("；"), &en.join("; ")))
            }
            error => {
                let told = BrokenRow::refused(row.number, error);
                self.table.broken(row, says, (&told.zh, &told.en))
            }
        }
    }
}
