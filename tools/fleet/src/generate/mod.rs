//! Synthetic prefectures: from a seed, of any size, written through the normal path at their own nodes. Places are of the
//! pseudo province 99 and persons invented; forms are filled in from the definitions of the ledgers, as a person fills them in.
//! The same seed and size give the same entries.

mod acts;
mod fill;
mod found;
mod level;
mod numbers;
mod rules;
mod stated;
mod sync;
#[cfg(test)]
mod tests;
mod words;
mod write;

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, ensure};
use jiff::ToSpan;
use jiff::civil::{Date, date};
use lianzhan_node::services::Node;
use lianzhan_node::services::attachment::Part;
use lianzhan_node::services::ledger::{is_annex, is_stated};
use lianzhan_protocol::codec::hex;
use lianzhan_protocol::id::Hash;
use lianzhan_protocol::trust::{Audience, Level};

use crate::dice::Dice;
use crate::machine::{Machine, Time};
use found::Site;
use write::Writing;

/// The passphrase of every key of a generated prefecture. No secret: it is printed.
pub const PASSPHRASE: &str = "lianzhan-generated";
/// Weeks after which nodes talk to each other.
const SYNC_WEEKS: usize = 4;
/// Years that one authority may hold, so that its nodes can still be used at the end.
const YEARS_MAX: u16 = 5;

/// What is to be generated.
#[derive(Debug, Clone)]
pub struct Options {
    /// A directory that is empty or not there: each node gets one in it, called by its division code.
    pub dir: PathBuf,
    /// What all chance comes from.
    pub seed: u64,
    /// Counties of the city.
    pub counties: usize,
    /// Townships of each county.
    pub townships: usize,
    /// Stations of each township.
    pub stations: usize,
    /// Records that each station writes; a place above writes a fifth of it. At least one of each ledger that it may write.
    pub records: usize,
    /// The years, both included.
    pub years: (u16, u16),
    /// Only these ledgers, and what they have to name; all if none are named.
    pub ledgers: Vec<String>,
    /// Whether the nodes talk to each other until all are level.
    pub sync: bool,
}

impl Options {
    fn first(&self) -> Date {
        date(i16::try_from(self.years.0).unwrap_or(i16::MAX), 1, 1)
    }

    fn last(&self) -> Date {
        date(i16::try_from(self.years.1).unwrap_or(i16::MAX), 12, 31)
    }

    fn records_of(&self, level: Level) -> usize {
        match level {
            Level::Station => self.records,
            _ => self.records / 5,
        }
    }

    fn check(&self) -> anyhow::Result<()> {
        let (from, to) = self.years;
        ensure!(
            (2000..=2099).contains(&from) && from <= to && to - from < YEARS_MAX,
            "--years A..B: at most {YEARS_MAX} years between 2000 and 2099"
        );
        ensure!(
            self.counties >= 1 && self.counties <= 70 && self.townships <= 800 && self.stations <= 700,
            "at least one county and at most 70, 800 townships of each, 700 stations of each of those"
        );
        for ledger in &self.ledgers {
            let known = lianzhan_node::services::ledger::book(ledger).is_ok() && !is_stated(ledger);
            ensure!(known, "there is no ledger {ledger} that people fill in");
        }
        let there = std::fs::read_dir(&self.dir).map(|mut items| items.next().is_some());
        ensure!(
            !there.unwrap_or(false),
            "{} is not empty: nothing is generated into what is there; name another directory, or remove it",
            self.dir.display()
        );
        Ok(())
    }
}

/// A node that was generated.
#[derive(Debug, Clone)]
pub struct Generated {
    /// Its directory.
    pub dir: PathBuf,
    /// The name of its org.
    pub name: String,
    /// Its level.
    pub level: Level,
    /// Logins with the names of the people.
    pub people: Vec<(String, String)>,
    /// Where its pages are once it runs.
    pub web: std::net::SocketAddr,
}

/// What was written.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Records by ledger.
    pub written: BTreeMap<String, u64>,
    /// What was done to records, and how often.
    pub acts: BTreeMap<&'static str, u64>,
    /// The nodes, from above downward.
    pub nodes: Vec<Generated>,
    /// Entries at their own nodes.
    pub entries: u64,
    /// Over the logs of all nodes: the same for the same seed and size.
    pub digest: Hash,
}

/// Generates a prefecture. `told` hears how far it is.
pub fn generate(options: &Options, mut told: impl FnMut(&str)) -> anyhow::Result<Outcome> {
    options.check()?;
    std::fs::create_dir_all(&options.dir)
        .with_context(|| format!("{} cannot be made", options.dir.display()))?;
    let time = Time::default();
    let machine = Machine::new(time.clone(), Dice::of_part(options.seed, 1));
    machine.work(|| {
        let mut dice = Dice::of_part(options.seed, 2);
        let mut writing = Writing::new(options, Vec::new(), Dice::of_part(options.seed, 3), time)?;
        writing.set_clock(options.first().saturating_sub(14.days()), 9, 0)?;
        let sites = found::raise(options, &mut dice, &mut told)?;
        writing.sites = sites;
        writing.state()?;
        found::hear(&writing.sites)?;
        for site in &writing.sites {
            site.node.settle_views()?;
        }
        equip(&mut writing.sites, &mut dice)?;
        let plans: Vec<_> = writing
            .sites
            .iter()
            .map(|site| write::plan(site, options, &mut dice))
            .collect();
        let all: usize = plans.iter().map(Vec::len).sum();
        told(&format!("{} nodes, {all} records to write", writing.sites.len()));
        let mut done = vec![0; plans.len()];
        let mut week = options.first();
        for n in 1.. {
            let end = week.saturating_add(6.days()).min(options.last());
            for (at, plan) in plans.iter().enumerate() {
                let until = plan.partition_point(|planned| planned.day <= end);
                writing.week(at, &plan[done[at]..until], end)?;
                done[at] = until;
            }
            if n % SYNC_WEEKS == 0 {
                if options.sync {
                    writing.sync(end)?;
                }
                told(&format!(
                    "{end}: {} of {all} records",
                    writing.written.values().sum::<u64>()
                ));
            }
            if end >= options.last() {
                break;
            }
            week = end.saturating_add(1.day());
        }
        if options.sync {
            told("the nodes talk until all are level");
            writing.sync_until_level(options.last())?;
        }
        told("views and documents are brought up to date");
        for site in &writing.sites {
            site.node.catch_up(|_| {})?;
        }
        outcome(writing)
    })
}

/// What people at each site can name and where they write.
fn equip(sites: &mut [Site], dice: &mut Dice) -> anyhow::Result<()> {
    let ids: Vec<String> = sites.iter().map(|site| site.node.org_id().to_string()).collect();
    for at in 0..sites.len() {
        let line: Vec<usize> = std::iter::successors(Some(at), |at| sites[*at].above).collect();
        let below = |other: &usize| {
            std::iter::successors(Some(*other), |other| sites[*other].above).any(|above| above == at)
        };
        let stations = (0..sites.len())
            .filter(below)
            .filter(|other| sites[*other].level == Level::Station);
        let stations: Vec<String> = stations.map(|other| ids[other].clone()).collect();
        let mut known = std::mem::take(&mut sites[at].known);
        known.sites = stations;
        if known.sites.is_empty() {
            known.sites.push(ids[at].clone());
        }
        let acting = line.iter().filter(|above| sites[**above].level != Level::Station);
        known.bodies = acting.map(|above| ids[*above].clone()).collect();
        let site = &mut sites[at];
        let logs = site.node.store().read(|reader| reader.logs())?;
        let origin = logs.first().map(|log| log.origin.to_string()).unwrap_or_default();
        known.log = hex(&Hash::plain(origin.as_bytes()).0);
        for n in 0..3 {
            let mut upload = site.node.begin_attachment(Part::Shared);
            upload.write(&if n == 0 {
                paper(&site.name, dice)
            } else {
                picture(dice)?
            })?;
            known.files.push(upload.finish()?.id);
        }
        site.known = known;
        site.desks = desks(&site.node, site);
    }
    Ok(())
}

/// Who may begin records of which ledger where. A place writes for itself, and where a space is shared for all of it.
fn desks(node: &Node, site: &Site) -> BTreeMap<String, Vec<(usize, lianzhan_protocol::trust::Space)>> {
    let mut desks: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for ledger in node.registry().ledgers() {
        if is_annex(&ledger.id) || is_stated(&ledger.id) {
            continue;
        }
        for (who, person) in site.people.iter().enumerate() {
            let offered = node.offered_spaces(&person.author, ledger);
            let fits = |offered: &&lianzhan_node::services::ledger::Offered| {
                offered.own || offered.space.audience == Audience::Joint
            };
            if let Some(offered) = offered.iter().find(fits) {
                let desk = (who, offered.space.clone());
                desks.entry(ledger.id.clone()).or_default().push(desk);
            }
        }
    }
    desks
}

/// A picture of nothing, different each time.
fn picture(dice: &mut Dice) -> anyhow::Result<Vec<u8>> {
    let [r, g, b] = dice.bytes::<3>();
    let shade = |x: u32, y: u32| {
        let step = |base: u8, by: u32| base.wrapping_add(u8::try_from(by % 64).unwrap_or(0));
        image::Rgb([step(r, x / 4), step(g, y / 4), step(b, (x + y) / 8)])
    };
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_fn(240, 160, shade).write_to(&mut bytes, image::ImageFormat::Jpeg)?;
    Ok(bytes.into_inner())
}

/// A page that says whose it is.
fn paper(name: &str, dice: &mut Dice) -> Vec<u8> {
    let title = format!("{name} {:08x}", dice.next_u64() >> 32);
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>".to_owned(),
    ];
    let mut text = format!("%PDF-1.4\n% {title}\n");
    let mut places = Vec::new();
    for (n, object) in objects.iter().enumerate() {
        places.push(text.len());
        text.push_str(&format!("{} 0 obj\n{object}\nendobj\n", n + 1));
    }
    let table = text.len();
    text.push_str("xref\n0 4\n0000000000 65535 f \n");
    for place in places {
        text.push_str(&format!("{place:010} 00000 n \n"));
    }
    text.push_str(&format!(
        "trailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n"
    ));
    text.into_bytes()
}

fn outcome(writing: Writing<'_>) -> anyhow::Result<Outcome> {
    let mut entries = 0;
    let mut told = Vec::new();
    for site in &writing.sites {
        for (space, origin, standing, own) in site.node.store().read(|reader| reader.standings())? {
            entries += if own { standing.size.0 } else { 0 };
            told.push(format!(
                "{} {space} {origin} {} {}",
                site.code, standing.size, standing.root
            ));
        }
    }
    told.sort();
    let nodes = writing.sites.iter().map(|site| Generated {
        dir: site.dir.clone(),
        name: site.name.clone(),
        level: site.level,
        people: site
            .people
            .iter()
            .map(|person| (person.login.to_owned(), person.name.clone()))
            .collect(),
        web: site.web,
    });
    Ok(Outcome {
        nodes: nodes.collect(),
        entries,
        digest: Hash::plain(told.join("\n").as_bytes()),
        written: writing.written,
        acts: writing.acts,
    })
}
