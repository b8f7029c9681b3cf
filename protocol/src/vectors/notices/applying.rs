//! Records of settings and definitions: what they say, which value applies to whom on which day, and what is judged by what
//! was added.

use std::collections::BTreeMap;

use super::added::river;
use super::*;
use crate::codec::encode;
use crate::id::{ChangeId, Hash, RecordId};
use crate::log::{LogStart, LogStatement, Receipt};
use crate::record::ledger::added::Added;
use crate::record::ledger::definitions::{self, Defined, Definitions};
use crate::record::ledger::ledger;
use crate::record::{Held, JudgeContext, Put, RecordState, Value as Scalar, fold, judge as judged};
use crate::settings::{self, Day, SettingValue, Settings, Stated};
use crate::testing::{CITY, FENGDU, Federation, Person, SHIQIAO, TestLog};
use crate::trust::{Body, Directory, Ground, Space};
use crate::vectors::directory;
use crate::vectors::records::{held, log};

/// Logs of several orgs, and the people who write into them.
struct World {
    federation: Federation,
    logs: Vec<(TestLog, Vec<Receipt>)>,
}

impl World {
    fn new() -> Self {
        World {
            federation: Federation::new(),
            logs: Vec::new(),
        }
    }

    fn office(&mut self, code: &str) -> Person {
        self.federation
            .person(org(code), "主任", &[Role::DeputiesOffice], None)
    }

    /// A log of the node of `node` in a space of `owner`, for records by a definition.
    fn begin(&mut self, node: &str, owner: &str, audience: Audience, definition: Hash) -> usize {
        let epoch = u8::try_from(self.logs.len() + 1).expect("few logs");
        let mut log = self
            .federation
            .log(org(node), &Space::of(org(owner), audience), epoch);
        log.definition = definition;
        self.logs.push((log, Vec::new()));
        self.logs.len() - 1
    }

    /// The log of an org in its notices, for settings or definitions.
    fn notices(&mut self, code: &str, of: &str) -> usize {
        self.begin(code, code, Audience::Notice, present(of))
    }

    fn write(&mut self, log: usize, by: &Person, n: u8, puts: Vec<Put>) -> ChangeId {
        let log = &mut self.logs[log].0;
        let record = log.record(n);
        log.append_change(by, record, &[], puts).id
    }

    fn witness(&mut self) {
        for (log, receipts) in &mut self.logs {
            let receipt = self.federation.receipt(log);
            log.append_statement(&LogStatement::Receipt(receipt.clone()));
            receipts.push(receipt);
        }
    }

    fn vector(mut self, name: &str, asks: Value) -> Vector {
        self.witness();
        let known = Federation::new().statements().len();
        let more = self.federation.statements()[known..].iter();
        let more: Vec<Value> = more.map(|s| hex(s.bytes())).collect();
        let mut changes = Vec::new();
        let mut logs = Vec::new();
        for (log, receipts) in &self.logs {
            for (n, entry) in log.entries.iter().enumerate() {
                if entry.header().record.is_some() {
                    let (entry, payload) = (hex(&entry.to_bytes()), hex(&log.payloads[n]));
                    changes.push(json!({"entry": entry, "payload": payload, "index": n}));
                }
            }
            let start = hex(&LogStatement::Start(log.start.clone()).to_bytes());
            let receipts: Vec<Value> = receipts.iter().map(|receipt| hex(&encode(receipt))).collect();
            logs.push(json!({"start": start, "receipts": receipts}));
        }
        good(
            name,
            json!({"more": more, "logs": logs, "changes": changes, "asks": asks}),
        )
    }
}

fn present(id: &str) -> Hash {
    ledger(id).expect("built in").hash()
}

/// What is put of a setting.
pub(in crate::vectors) fn said(
    setting: &str,
    value: Option<&str>,
    valid_from: &str,
    version: i64,
) -> Vec<Put> {
    let mut puts = vec![
        Put::field("setting", setting.into()),
        Put::field("version", Scalar::Int(version)),
        Put::field("valid_from", valid_from.into()),
        Put::field("basis", "主任会议决定".into()),
    ];
    puts.extend(value.map(|value| Put::field("value", value.into())));
    puts
}

/// What is put of a definition.
pub(in crate::vectors) fn defining(added: &Added, version: i64) -> Vec<Put> {
    vec![
        Put::field("ledger", "见定义".into()),
        Put::field("name_zh", "见定义".into()),
        Put::field("name_en", "see there".into()),
        Put::field("version", Scalar::Int(version)),
        Put::field("body", Scalar::Bytes(added.to_bytes())),
        Put::field("basis", "县人大办公室通知".into()),
    ]
}

fn ask(of: &str, setting: &str, on: &str) -> Value {
    let part = if setting == "calendar" { &on[..4] } else { "" };
    json!({"org": org(of), "setting": setting, "part": part, "on": on})
}

pub(super) fn vectors() -> Vec<Vector> {
    vec![
        line(),
        calendar(),
        not_theirs(),
        twice(),
        defined(),
        undefined(),
        revoked(),
    ]
}

/// What city, county and township state of the same.
fn line() -> Vector {
    let mut world = World::new();
    let (city, county) = (world.office(CITY), world.office(COUNTY));
    let town = world
        .federation
        .person(org(FENGDU), "书记", &[Role::Secretary], None);
    let of_city = world.notices(CITY, settings::LEDGER);
    let of_county = world.notices(COUNTY, settings::LEDGER);
    let copies = world.begin(COUNTY, COUNTY, Audience::City, present(settings::LEDGER));
    let of_town = world.notices(FENGDU, settings::LEDGER);
    let mut n = 0;
    let mut say = |log: usize, by: &Person, setting: &str, value: Option<&str>, from: &str, version: i64| {
        n += 1;
        world.write(log, by, n, said(setting, value, from, version));
    };
    let second = "deadline.second_reply";
    say(of_city, &city, second, Some("40 days"), "2026-01-01", 1);
    say(of_city, &city, second, Some("2 months"), "2026-02-01", 2);
    say(of_county, &county, second, Some("1 months"), "2026-03-01", 1);
    say(copies, &county, second, Some("1 months"), "2026-03-01", 1);
    say(of_county, &county, second, None, "2026-06-01", 2);
    // Of one day: the higher version, then the greater text.
    say(
        of_county,
        &county,
        "deadline.assign",
        Some("5 working_days"),
        "2026-01-01",
        2,
    );
    say(
        of_county,
        &county,
        "deadline.assign",
        Some("9 working_days"),
        "2026-01-01",
        1,
    );
    say(
        of_county,
        &county,
        "deadline.assign",
        Some("6 working_days"),
        "2026-01-01",
        2,
    );
    // A township may say this of itself, and not that.
    say(of_county, &county, "friday_monday", Some("on"), "2026-01-01", 1);
    say(of_town, &town, "friday_monday", Some("off"), "2026-01-01", 1);
    say(of_town, &town, "deadline.assign", Some("1 days"), "2026-01-01", 1);
    // The highest decides, as far as it can be read.
    say(
        of_city,
        &city,
        "deadline.reply",
        Some("4 months"),
        "2026-01-01",
        1,
    );
    say(
        of_county,
        &county,
        "deadline.reply",
        Some("1 months"),
        "2026-01-01",
        1,
    );
    say(
        of_city,
        &city,
        "deadline.reply",
        Some("2 months"),
        "2026-03-01",
        2,
    );
    say(
        of_county,
        &county,
        "deadline.of_tomorrow",
        Some("1 days"),
        "2026-01-01",
        1,
    );
    let asks: Vec<Value> = [
        (SHIQIAO, second, "2025-12-31"),
        (SHIQIAO, second, "2026-02-28"),
        (SHIQIAO, second, "2026-03-01"),
        (SHIQIAO, second, "2026-06-01"),
        (CITY, second, "2026-03-01"),
        (FENGDU, "deadline.assign", "2026-04-30"),
        (SHIQIAO, "friday_monday", "2026-05-01"),
        (COUNTY, "friday_monday", "2026-05-01"),
        (SHIQIAO, "deadline.reply", "2026-02-28"),
        (SHIQIAO, "deadline.reply", "2026-11-30"),
        (SHIQIAO, "deadline.of_tomorrow", "2026-05-01"),
        (SHIQIAO, "template.eight_haves", "2026-05-01"),
        (SHIQIAO, "calendar", "2026-05-01"),
    ]
    .map(|(of, setting, on)| ask(of, setting, on))
    .into();
    world.vector("what a line of orgs states", asks.into())
}

/// Working days, and periods of months that end on a day of rest.
fn calendar() -> Vector {
    let mut world = World::new();
    let (city, county) = (world.office(CITY), world.office(COUNTY));
    let of_city = world.notices(CITY, settings::LEDGER);
    let of_county = world.notices(COUNTY, settings::LEDGER);
    let days = |text: &str, from: &str, version| {
        let mut puts = said("calendar", Some(text), from, version);
        puts.push(Put::field("part", "2026".into()));
        puts
    };
    let may = "2026-05-01 off 劳动节\n2026-05-04 off\n2026-05-09 work";
    world.write(of_city, &city, 1, days(may, "2026-01-01", 1));
    world.write(
        of_county,
        &county,
        2,
        days("2026-05-07 off 三月三", "2026-05-06", 1),
    );
    world.write(
        of_city,
        &city,
        3,
        said("deadline.rest_day", Some("moves"), "2026-08-01", 1),
    );
    let asks: Vec<Value> = [
        (COUNTY, "deadline.sign_for", "2026-04-29"),
        (COUNTY, "deadline.assign", "2026-04-29"),
        (CITY, "deadline.assign", "2026-04-29"),
        (COUNTY, "deadline.reply", "2026-02-02"),
        (COUNTY, "deadline.reply", "2026-11-30"),
        (COUNTY, "deadline.reply", "2027-11-30"),
        (COUNTY, "deadline.petition_done", "2026-03-03"),
        (COUNTY, "retention.attendance", "2028-02-29"),
        (COUNTY, "calendar", "2026-05-05"),
        (COUNTY, "calendar", "2026-05-06"),
    ]
    .map(|(of, setting, on)| ask(of, setting, on))
    .into();
    world.vector("working days of two calendars", asks.into())
}

/// Who holds the notices may write there, and states nothing.
fn not_theirs() -> Vector {
    let mut world = World::new();
    let town = world
        .federation
        .person(org(FENGDU), "书记", &[Role::Secretary], None);
    let secretary = world
        .federation
        .person(org(COUNTY), "秘书", &[Role::Secretary], None);
    let station = world
        .federation
        .person(org(SHIQIAO), "站长", &[Role::Secretary], None);
    let office = world
        .federation
        .person(org(FENGDU), "工委", &[Role::DeputiesOffice], None);
    let below = world.begin(FENGDU, COUNTY, Audience::Notice, present(settings::LEDGER));
    let of_county = world.notices(COUNTY, settings::LEDGER);
    let of_station = world.notices(SHIQIAO, settings::LEDGER);
    let defines = world.notices(FENGDU, definitions::LEDGER);
    let monday = |value| said("friday_monday", Some(value), "2026-01-01", 1);
    world.write(below, &town, 1, monday("off"));
    world.write(of_county, &secretary, 2, monday("off"));
    world.write(of_station, &station, 3, monday("off"));
    let mut wells = wells();
    wells.id = id_of(&org(FENGDU), "wells");
    world.write(defines, &office, 4, defining(&Added::Ledger(wells), 1));
    let asks = vec![ask(SHIQIAO, "friday_monday", "2026-05-01")];
    world.vector("who may not say it", asks.into())
}

/// A record says what it began with, and of two beginnings the one that comes first.
fn twice() -> Vector {
    let mut world = World::new();
    let county = world.office(COUNTY);
    let log = world.notices(COUNTY, settings::LEDGER);
    let first = world.write(
        log,
        &county,
        1,
        said("friday_monday", Some("off"), "2026-01-01", 1),
    );
    let record = world.logs[log].0.record(1);
    let later = vec![Put::field("value", "on".into())];
    world.logs[log].0.append_change(&county, record, &[first], later);
    // In the order of the graph the log with the smaller actor comes first; of these two one is the first of the record.
    let other = world.begin(FENGDU, COUNTY, Audience::Notice, present(settings::LEDGER));
    world.write(
        log,
        &county,
        2,
        said("voter_evaluation", Some("on"), "2026-01-01", 1),
    );
    world.write(
        other,
        &county,
        2,
        said("voter_evaluation", Some("off"), "2026-02-01", 2),
    );
    // Whoever holds the notices may begin it as well, and takes no word away.
    let town = world
        .federation
        .person(org(FENGDU), "书记", &[Role::Secretary], None);
    world.write(
        other,
        &town,
        3,
        said("completed_means", Some("replied"), "2026-01-01", 1),
    );
    world.write(
        log,
        &county,
        3,
        said("completed_means", Some("fulfilled"), "2026-01-01", 1),
    );
    let asks = ["friday_monday", "voter_evaluation", "completed_means"];
    let asks: Vec<Value> = asks.map(|id| ask(SHIQIAO, id, "2026-05-01")).into();
    world.vector("records that were begun twice", asks.into())
}

/// A ledger that a county adds, and fields that city and county add one on top of the other.
fn defined() -> Vector {
    let mut world = World::new();
    let (city, county) = (world.office(CITY), world.office(COUNTY));
    let liaison = world
        .federation
        .person(org(SHIQIAO), "何苗", &[Role::StationLiaison], None);
    let of_city = world.notices(CITY, definitions::LEDGER);
    let of_county = world.notices(COUNTY, definitions::LEDGER);
    let issue = ledger("issue").expect("built in");
    let basin = river(&org(CITY), issue, "basin");
    let first = basin.over(Some(issue)).expect("a ledger");
    let river = river(&org(COUNTY), &first, "river");
    let second = river.over(Some(&first)).expect("a ledger");
    world.write(of_county, &county, 1, defining(&river, 1));
    world.write(of_city, &city, 2, defining(&basin, 1));
    world.write(of_county, &county, 3, defining(&Added::Ledger(wells()), 2));
    let copies = world.begin(COUNTY, COUNTY, Audience::City, present(definitions::LEDGER));
    world.write(copies, &county, 3, defining(&Added::Ledger(wells()), 2));
    let hash = wells().hash();
    let ours = world.begin(SHIQIAO, SHIQIAO, Audience::County, hash);
    world.write(
        ours,
        &liaison,
        4,
        vec![
            Put::field("place", "北坡组".into()),
            Put::field("depth", Scalar::Int(125)),
        ],
    );
    world.write(ours, &liaison, 5, vec![Put::field("well", "北坡组".into())]);
    // A space that the definition says nothing of, and one of an org that is not below.
    let aside = world.begin(SHIQIAO, SHIQIAO, Audience::City, hash);
    world.write(aside, &liaison, 6, vec![Put::field("place", "北坡组".into())]);
    let head = world
        .federation
        .person(org(CITY), "市站", &[Role::StationLiaison], None);
    let above = world.begin(CITY, CITY, Audience::County, hash);
    world.write(above, &head, 7, vec![Put::field("place", "市区".into())]);
    let issues = world.begin(SHIQIAO, SHIQIAO, issue.audience, second.hash());
    let fields = [(CITY, "basin"), (COUNTY, "river")].map(|(by, name)| id_of(&org(by), name));
    let mut puts = vec![Put::field("gist", "护坡塌了一段".into())];
    puts.extend(fields.iter().map(|field| Put::field(field, "清江上游".into())));
    let begun = world.write(issues, &liaison, 8, puts);
    // Another change of the record by the definition of the program, and one with a field that this lacks.
    let log = &mut world.logs[issues].0;
    let record = log.record(8);
    log.definition = issue.hash();
    let plain = log
        .append_change(
            &liaison,
            record,
            &[begun],
            vec![Put::field("gist", "护坡塌了两段".into())],
        )
        .id;
    log.append_change(
        &liaison,
        record,
        &[plain],
        vec![Put::field(&fields[0], "清江".into())],
    );
    world.vector("what a county and a city add", json!([]))
}

/// Definitions that define nothing here.
fn undefined() -> Vector {
    let mut world = World::new();
    let county = world.office(COUNTY);
    let liaison = world
        .federation
        .person(org(SHIQIAO), "何苗", &[Role::StationLiaison], None);
    let log = world.notices(COUNTY, definitions::LEDGER);
    let issue = ledger("issue").expect("built in");
    let first = river(&org(CITY), issue, "basin")
        .over(Some(issue))
        .expect("a ledger");
    let rests = river(&org(COUNTY), &first, "river");
    world.write(log, &county, 1, defining(&rests, 1));
    // The same field twice over, and bytes that are none.
    let once = river(&org(COUNTY), issue, "dam");
    let twice = river(&org(COUNTY), &once.over(Some(issue)).expect("a ledger"), "dam");
    world.write(log, &county, 2, defining(&once, 2));
    world.write(log, &county, 3, defining(&twice, 3));
    let mut puts = defining(&Added::Ledger(wells()), 4);
    puts[4] = Put::field("body", Scalar::Bytes(vec![0x80]));
    world.write(log, &county, 4, puts);
    let ours = world.begin(SHIQIAO, SHIQIAO, Audience::County, wells().hash());
    world.write(ours, &liaison, 5, vec![Put::field("place", "北坡组".into())]);
    world.vector("definitions without a base, and bytes that are none", json!([]))
}

/// What somebody defined and stated who was revoked since.
fn revoked() -> Vector {
    let mut world = World::new();
    let county = world.office(COUNTY);
    let liaison = world
        .federation
        .person(org(SHIQIAO), "何苗", &[Role::StationLiaison], None);
    let log = world.notices(COUNTY, definitions::LEDGER);
    world.write(log, &county, 1, defining(&Added::Ledger(wells()), 1));
    let log = world.notices(COUNTY, settings::LEDGER);
    world.write(
        log,
        &county,
        2,
        said("friday_monday", Some("off"), "2026-01-01", 1),
    );
    let ours = world.begin(SHIQIAO, SHIQIAO, Audience::County, wells().hash());
    world.write(ours, &liaison, 3, vec![Put::field("place", "北坡组".into())]);
    let made = directory::revocation(county.1, Ground::Soft);
    world.federation.state(org(CITY), Body::Revocation(made));
    let asks = vec![ask(SHIQIAO, "friday_monday", "2026-05-01")];
    world.vector("an author who was revoked", asks.into())
}

/// A record with the space in which it lies.
struct Shown {
    id: RecordId,
    space: Space,
    held: Vec<Held>,
}

pub(super) fn judge(base: &Value, input: &Value) -> Found {
    let directory = directory::of(base, input);
    let logs: Vec<(LogStart, Vec<Receipt>)> = list_of(input, "logs").iter().map(log).collect();
    let mut records: BTreeMap<RecordId, Shown> = BTreeMap::new();
    for change in list_of(input, "changes") {
        let held = held(&directory, &logs, change);
        let header = crate::log::Entry::parse(&bytes_of(change, "entry")).expect("an entry");
        let id = header.header().record.expect("of a change");
        let (start, _) = logs
            .iter()
            .find(|(start, _)| start.origin() == held.origin)
            .expect("its log");
        let of = || Shown {
            id,
            space: start.space.clone(),
            held: Vec::new(),
        };
        records.entry(id).or_insert_with(of).held.push(held);
    }
    let program = Definitions::default();
    let mut defined = Vec::new();
    let mut stated = Vec::new();
    for record in records.values() {
        let state = record.fold(&directory, &logs, &program);
        let owner = record.space.owner;
        let begun = || state.beginnings(&record.held);
        defined.extend(
            begun().find_map(|(first, verdict)| Defined::read(record.id, owner, &first.change, verdict)),
        );
        stated.extend(
            begun().find_map(|(first, verdict)| Stated::read(record.id, owner, &first.change, verdict)),
        );
    }
    let definitions: Definitions = defined.into_iter().collect();
    let states: Vec<Value> = records
        .values()
        .map(|record| record.fold(&directory, &logs, &definitions).to_json())
        .collect();
    let known: Vec<Value> = definitions
        .all()
        .map(|known| {
            json!({
                "definition": known.hash, "ledger": known.ledger.id, "rev": known.ledger.rev, "org": known.org,
                "version": known.version, "base": known.base,
            })
        })
        .collect();
    let said: Vec<Value> = stated.iter().map(shown).collect();
    let settings: Settings = stated.into_iter().collect();
    let answers: Vec<Value> = list_of(input, "asks")
        .iter()
        .map(|ask| answer(&directory, &settings, ask))
        .collect();
    Ok(json!({
        "settings": said, "definitions": known, "waiting": definitions.waiting(), "applies": answers, "states": states,
    }))
}

impl Shown {
    fn fold(
        &self,
        directory: &Directory,
        logs: &[(LogStart, Vec<Receipt>)],
        known: &Definitions,
    ) -> RecordState {
        let judged = |held: &Held| {
            let log = logs
                .iter()
                .find(|(start, _)| start.origin() == held.origin)
                .expect("its log");
            let context = JudgeContext {
                directory,
                space: &self.space,
                node: Some((log.0.node, log.0.org)),
                ledger: &|hash| known.judging(hash, directory, &self.space.owner),
            };
            judged(&context, held)
        };
        fold(self.id, &self.space.id(), &self.held, judged, |hash| {
            known.ledger(hash)
        })
    }
}

fn shown(one: &Stated) -> Value {
    json!({
        "record": one.record, "org": one.org, "level": one.level.as_str(), "setting": one.setting, "part": one.part,
        "value": one.value, "valid_from": one.valid_from.to_string(), "version": one.version,
    })
}

fn answer(directory: &Directory, settings: &Settings, ask: &Value) -> Value {
    let of = OrgId(array_of(ask, "org"));
    let line: Vec<OrgId> = directory.upward(&of).map(|org| org.id).collect();
    let on = Day::parse(text_of(ask, "on")).expect("a day");
    let (id, part) = (text_of(ask, "setting"), text_of(ask, "part"));
    let applies = settings.at(&line, id, part, on);
    let due = match &applies.value {
        Some(SettingValue::Period(_)) => settings.due(&line, id, on).map(|day| day.to_string()),
        _ => None,
    };
    let value = applies.value.as_ref().map(ToString::to_string);
    json!({"value": value, "by": applies.by.map(|by| by.record), "due": due})
}
