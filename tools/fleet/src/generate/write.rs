//! Writing: week after week each node writes what fell into the week, as its people do who write on Friday what they kept on
//! paper; then some of it is changed, confirmed or corrected.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use anyhow::Context;
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use lianzhan_node::services::Author;
use lianzhan_node::services::ledger::{NewEntry, Part, Values};
use lianzhan_protocol::id::RecordId;
use lianzhan_protocol::record::ledger::Ledger;

use super::Options;
use super::fill::{Desk, Needs, filled};
use super::found::Site;
use super::words::{About, Words};
use crate::dice::Dice;
use crate::machine::{START_MS, Time};

/// Records that are signed before their commit is awaited.
const BATCH: usize = 200;
/// The deputies of a place are there before anything that names them.
const ROSTER: &str = "deputy_roster";

/// A record that is to be written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Planned {
    pub(super) day: Date,
    pub(super) ledger: String,
}

/// A record that was written this week.
#[derive(Debug, Clone)]
pub(super) struct Fresh {
    pub(super) record: RecordId,
    pub(super) ledger: String,
    /// Who wrote it, among the people of the site.
    pub(super) who: usize,
}

/// The prefecture while it is being written.
pub(super) struct Writing<'a> {
    pub(super) options: &'a Options,
    pub(super) sites: Vec<Site>,
    pub(super) dice: Dice,
    time: Time,
    runtime: tokio::runtime::Runtime,
    /// By person.
    waiting: BTreeMap<usize, Vec<NewEntry>>,
    pub(super) fresh: Vec<Fresh>,
    /// Records by ledger.
    pub(super) written: BTreeMap<String, u64>,
    /// Acts on records by what was done.
    pub(super) acts: BTreeMap<&'static str, u64>,
    serial: usize,
}

impl<'a> Writing<'a> {
    pub(super) fn new(
        options: &'a Options,
        sites: Vec<Site>,
        dice: Dice,
        time: Time,
    ) -> anyhow::Result<Self> {
        Ok(Writing {
            options,
            sites,
            dice,
            time,
            runtime: tokio::runtime::Builder::new_current_thread().build()?,
            waiting: BTreeMap::new(),
            fresh: Vec::new(),
            written: BTreeMap::new(),
            acts: BTreeMap::new(),
            serial: 0,
        })
    }

    /// The clocks say that it is so late on a day, by the time of China.
    pub(super) fn set_clock(&self, day: Date, hour: i8, minute: i8) -> anyhow::Result<()> {
        let china = TimeZone::fixed(Offset::constant(8));
        let at = day.at(hour, minute, 0, 0).to_zoned(china)?;
        self.time
            .store(at.timestamp().as_millisecond() - START_MS, Ordering::Relaxed);
        Ok(())
    }

    pub(super) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    pub(super) fn author(&self, at: usize, who: usize) -> Author {
        self.sites[at].people[who].author.clone()
    }

    pub(super) fn about(&self, at: usize, day: Date, category: String) -> About {
        let site = &self.sites[at];
        About {
            org: site.name.clone(),
            code: site.code.clone(),
            day,
            category,
            serial: self.serial,
        }
    }

    /// Everything that a site writes in a week.
    pub(super) fn week(&mut self, at: usize, planned: &[Planned], evening: Date) -> anyhow::Result<()> {
        if planned.is_empty() {
            return Ok(());
        }
        self.set_clock(evening, 17, 30)?;
        self.fresh.clear();
        for planned in planned {
            self.enter(at, &planned.ledger, planned.day, &mut Vec::new())
                .with_context(|| format!("{} at {}", planned.ledger, self.sites[at].name))?;
            if self.waiting.values().map(Vec::len).sum::<usize>() >= BATCH {
                self.flush(at)?;
            }
        }
        self.flush(at)?;
        self.set_clock(evening, 18, 30)?;
        self.go_on(at, evening)
    }

    /// Fills in a form and lets it wait for the others of its batch; what it has to name is written first. Tells whether
    /// that could be done here.
    fn enter(
        &mut self,
        at: usize,
        ledger: &str,
        day: Date,
        waiting: &mut Vec<String>,
    ) -> anyhow::Result<bool> {
        loop {
            let Some(desks) = self.sites[at].desks.get(ledger).filter(|desks| !desks.is_empty()) else {
                return Ok(false);
            };
            let (who, space) = self.dice.pick(desks).clone();
            let category = Words::known().category(&mut self.dice);
            self.serial += 1;
            let about = self.about(at, day, category);
            let site = &self.sites[at];
            let form = site.node.form_of(ledger, &space)?;
            let desk = Desk {
                node: &site.node,
                known: &site.known,
                about: &about,
                first: self.options.first(),
                waiting,
            };
            let needs = match filled(&desk, form, Part::Main, &mut self.dice)? {
                Ok(main) => {
                    let mut annexes = BTreeMap::new();
                    for annex in site.node.writable_annexes(&site.people[who].author, form, &space) {
                        if is_there(annex, &mut self.dice)
                            && let Ok(values) = filled(&desk, annex, Part::Annex(&annex.id), &mut self.dice)?
                        {
                            annexes.insert(annex.id.clone(), values);
                        }
                    }
                    self.hand_in(who, ledger, space, main, annexes);
                    return Ok(true);
                }
                Err(Needs(ledger)) => ledger,
            };
            // It may be among what waits.
            self.flush(at)?;
            if self.sites[at].known.own.contains_key(&needs) {
                continue;
            }
            let hopeless = self.sites[at].known.closed.contains(&needs) || waiting.contains(&needs);
            waiting.push(ledger.to_owned());
            let there = !hopeless && self.enter(at, &needs, day, waiting)?;
            waiting.pop();
            self.flush(at)?;
            if !there {
                // It could not be whole here: it is left to those who can.
                self.sites[at].known.closed.insert(needs);
                return Ok(false);
            }
        }
    }

    fn hand_in(
        &mut self,
        who: usize,
        ledger: &str,
        space: lianzhan_protocol::trust::Space,
        main: Values,
        annexes: BTreeMap<String, Values>,
    ) {
        self.waiting.entry(who).or_default().push(NewEntry {
            ledger: ledger.to_owned(),
            space,
            main,
            annexes,
            cleared: BTreeMap::new(),
        });
    }

    /// Signs what waits, and waits for the disk.
    fn flush(&mut self, at: usize) -> anyhow::Result<()> {
        for (who, entries) in std::mem::take(&mut self.waiting) {
            let ledgers: Vec<String> = entries.iter().map(|entry| entry.ledger.clone()).collect();
            let author = self.author(at, who);
            let node = self.sites[at].node.clone();
            let written = self
                .wait(node.enter_all(&author, entries))
                .with_context(|| ledgers.join(" "))?;
            for (ledger, written) in ledgers.into_iter().zip(written) {
                *self.written.entry(ledger.clone()).or_default() += 1;
                let own = &mut self.sites[at].known.own;
                own.entry(ledger.clone())
                    .or_default()
                    .push(written.record.to_string());
                self.fresh.push(Fresh {
                    record: written.record,
                    ledger,
                    who,
                });
            }
        }
        Ok(())
    }
}

/// Whether a record has this personal part.
fn is_there(annex: &Ledger, dice: &mut Dice) -> bool {
    match annex.id.as_str() {
        "subject" => !dice.once_in(4),
        "subject_sensitive" => dice.once_in(6),
        "deputy_sensitive" => dice.once_in(2),
        _ => true,
    }
}

/// What a site writes in all the years, by day.
pub(super) fn plan(site: &Site, options: &Options, dice: &mut Dice) -> Vec<Planned> {
    let words = Words::known();
    let (first, last) = (options.first(), options.last());
    let span = usize::try_from((last - first).get_days()).unwrap_or(0).max(1);
    let on = |n: usize| first.saturating_add(i64::try_from(n.min(span)).unwrap_or(0).days());
    let wanted = |ledger: &&String| options.ledgers.is_empty() || options.ledgers.contains(ledger);
    let ledgers: Vec<&String> = site.desks.keys().filter(wanted).collect();
    let Some(most) = ledgers.iter().map(|ledger| words.share(ledger)).max() else {
        return Vec::new();
    };
    let records = options.records_of(site.level).max(ledgers.len());
    let mut counts: BTreeMap<&str, usize> = ledgers.iter().map(|ledger| (ledger.as_str(), 1)).collect();
    if let Some(roster) = counts.get_mut(ROSTER) {
        *roster = (records / 40).clamp(4, 40);
    }
    let has_room = |ledger: &str, count: usize| {
        ledger != ROSTER
            && words
                .every(ledger)
                .is_none_or(|days| count < span / days as usize)
    };
    let mut left = records.saturating_sub(counts.values().sum());
    while left > 0 && counts.iter().any(|(ledger, count)| has_room(ledger, *count)) {
        let ledger = dice.pick(&ledgers).as_str();
        let drawn = dice.below(most as usize) < words.share(ledger) as usize;
        if let Some(count) = counts
            .get_mut(ledger)
            .filter(|count| drawn && has_room(ledger, **count))
        {
            *count += 1;
            left -= 1;
        }
    }
    let mut planned = Vec::new();
    for (ledger, count) in counts {
        for n in 0..count {
            let day = match words.every(ledger) {
                _ if ledger == ROSTER => on(n % 5),
                Some(_) => on((n + 1) * span / (count + 1)),
                None => on(5 + dice.below(span)),
            };
            planned.push(Planned {
                day,
                ledger: ledger.to_owned(),
            });
        }
    }
    planned.sort();
    planned
}
