//! Sessions over wires that break: what two nodes say to each other, byte by byte.

use anyhow::bail;
use lianzhan_node::env;
use lianzhan_node::net::frame;
use lianzhan_node::services::conduct::Moment;
use lianzhan_node::services::session;
use lianzhan_protocol::id::Hash;
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::sync::{CloseReason, Effect, Input, Mark, Misbehaviour, Offence};
use tokio::sync::broadcast::error::TryRecvError;

use crate::cunning::as_it_is;
use crate::hostile::{Liar, flood, twisted};
use crate::link::{Deaf, End, Link};
use crate::privy::Rights;
use crate::wire::framed;
use crate::world::{Event, World};

/// How long an answer may take: some hours, for what is slow here is far slower than any line. Who is avoided is so for as
/// long as a real node avoids it.
const PATIENCE: u64 = 4 * 3_600_000;

/// The longest pause before another dial: far longer than that of a real node, for nights pass here.
const PAUSE_MAX: i64 = 1_800_000;

/// What a narrow line carries, in bytes a second.
const RATES: [i64; 3] = [1_000, 8_000, 64_000];

impl World {
    /// A side of a connection, as long as it is there.
    pub(crate) fn end(&mut self, link: u64, side: usize) -> Option<&mut End> {
        self.links.get_mut(&link)?.ends[side].as_mut()
    }

    pub(crate) fn bytes(&mut self, link: u64, to: usize, bytes: &[u8]) -> anyhow::Result<()> {
        if let Some(end) = self.end(link, to) {
            end.incoming.feed(bytes);
            end.received += bytes.len() as u64;
            self.read(link, to)?;
        }
        Ok(())
    }

    /// Reads what came, as long as there is somebody to read it.
    pub(crate) fn read(&mut self, link: u64, side: usize) -> anyhow::Result<()> {
        let now = self.now();
        while let Some(end) = self.end(link, side) {
            match end.waiting.is_deaf(now) {
                Deaf::No => {}
                Deaf::Still => return Ok(()),
                Deaf::Until(at, news) => {
                    self.tally.deaf += u64::from(news);
                    self.put(at, Event::Relief { link, side });
                    return Ok(());
                }
            }
            let Some(end) = self.end(link, side) else {
                return Ok(());
            };
            match end.incoming.next() {
                None => return Ok(()),
                Some(Ok(Some(frame))) => {
                    let site = end.site;
                    let frame = match self.sites[site].node() {
                        Some(node) if self.lies(site) && self.plan.faults.cunning => as_it_is(node, frame),
                        _ => frame,
                    };
                    let (len, hash) = (frame.len(), Hash::plain(&frame));
                    self.say(&format!(
                        "{} {link}: a frame of {len} bytes, {hash}",
                        self.name(site)
                    ));
                    self.tally.frames += 1;
                    self.handle(link, side, vec![Input::Frame(frame)])?;
                }
                Some(Ok(None)) => self.drop_end(link, side),
                Some(Err(error)) => match frame::offence(&error) {
                    Some(offence) => self.broke_the_frame(link, side, offence)?,
                    None => self.drop_end(link, side),
                },
            }
        }
        Ok(())
    }

    /// Reads again what came meanwhile, if enough has left.
    pub(crate) fn relieved(&mut self, link: u64, side: usize) -> anyhow::Result<()> {
        if let Some(end) = self.end(link, side) {
            end.waiting.looks();
            self.read(link, side)?;
            self.watch_time(link, side);
        }
        Ok(())
    }

    /// What came is no frame, or not all of one: the session ends by it, as that of a real stream does.
    fn broke_the_frame(&mut self, link: u64, side: usize, offence: Offence) -> anyhow::Result<()> {
        let Some(end) = self.end(link, side) else {
            return Ok(());
        };
        let (mute, mut effects) = (end.mute, end.session.handle(Input::Misbehaved(offence)));
        // A line that broke carries no farewell.
        effects.retain(|effect| !mute || !matches!(effect, Effect::Send(_)));
        self.perform(link, side, effects)
    }

    /// Hands inputs to a session, and performs what it wants done.
    pub(crate) fn handle(&mut self, link: u64, side: usize, inputs: Vec<Input>) -> anyhow::Result<()> {
        for input in inputs {
            self.tick(link, side)?;
            let Some(end) = self.end(link, side) else {
                return Ok(());
            };
            if let Input::Directory { directory, .. } = &input {
                end.rights.change(directory.clone());
            }
            let effects = end.session.handle(input);
            self.perform(link, side, effects)?;
        }
        self.watch_time(link, side);
        Ok(())
    }

    /// Tells a session what time it is.
    pub(crate) fn tick(&mut self, link: u64, side: usize) -> anyhow::Result<()> {
        let Some(since) = self.links.get(&link).map(|link| link.since) else {
            return Ok(());
        };
        let now = self.now();
        if let Some(end) = self.end(link, side) {
            let ms = u64::try_from(now - since - end.waiting.deaf_ms(now)).unwrap_or(0);
            let now = Mark {
                ms,
                bytes: end.received,
            };
            let effects = end.session.handle(Input::Tick(now));
            self.perform(link, side, effects)?;
        }
        Ok(())
    }

    /// A session is told the time when something that it waits for is overdue.
    pub(crate) fn watch_time(&mut self, link: u64, side: usize) {
        let Some(since) = self.links.get(&link).map(|link| link.since) else {
            return;
        };
        let now = self.now();
        let Some(end) = self.end(link, side).filter(|end| end.waiting.reads()) else {
            return;
        };
        let Some(due) = end.session.deadline_ms() else {
            return;
        };
        let at = since + end.waiting.deaf_ms(now) + i64::try_from(due).unwrap_or(i64::MAX / 2);
        if end.tick_at.is_none_or(|before| before > at) {
            end.tick_at = Some(at);
            self.put(at, Event::Tick { link, side });
        }
    }

    fn perform(&mut self, link: u64, side: usize, effects: Vec<Effect>) -> anyhow::Result<()> {
        for effect in effects {
            let Some(end) = self.end(link, side) else {
                return Ok(());
            };
            let (site, key, answers) = (end.site, end.peer, end.answers.clone());
            let Some(node) = self.sites[site].node().cloned() else {
                bail!("{} has a session and is not up", self.name(site));
            };
            let peer = self.peer_of(link, side);
            let machine = self.sites[site].machine.clone();
            match effect {
                Effect::Send(bytes) => {
                    if !self.lies(site) {
                        self.may_be_told(link, side, &bytes)?;
                    }
                    self.send(link, side, &bytes);
                }
                Effect::Close { reason } => {
                    self.say(&format!("{} {link}: closes: {reason}", self.name(site)));
                    self.closes((link, side), (peer, key), &reason)?;
                    if let Some(link) = self.links.get_mut(&link) {
                        link.failed |= reason.is_failure();
                    }
                    if let Some(kind) = reason.misbehaviour() {
                        let moment = Moment {
                            up_ms: u64::try_from(self.now()).unwrap_or(0),
                            wall: machine.work(env::now),
                        };
                        let dice = match kind {
                            // Nobody is avoided for a line that broke.
                            Misbehaviour::Truncated => 0,
                            _ => u16::from_le_bytes(self.dice.bytes()),
                        };
                        let patience_ms = node.config().patience_ms();
                        node.conduct().note(key, kind, moment, patience_ms, dice);
                    }
                    if reason.is_lie() {
                        let work = session::alarm(&node, &key, reason.to_string(), &answers);
                        self.soon(0, 20, Event::Work { site, work });
                    }
                    self.drop_end(link, side);
                    return Ok(());
                }
                effect => {
                    if let Effect::NotWitnessed { reason, origin, .. } = &effect {
                        self.tally.unwitnessed += 1;
                        self.say(&format!(
                            "{} {link}: {origin} not witnessed: {reason}",
                            self.name(site)
                        ));
                    }
                    let works = machine.work(|| session::work(&node, key, effect, &answers));
                    // Before it learns, a frame later, that it may not hold any more what it just stored.
                    if !self.sites[site].dies() {
                        self.look_at_news(site)?;
                    }
                    for work in works {
                        self.soon(0, 40, Event::Work { site, work });
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether a site lies just now.
    fn lies(&self, site: usize) -> bool {
        self.sites[site].hostile && !self.honest
    }

    pub(crate) fn peer_of(&self, link: u64, side: usize) -> usize {
        let pair = self.links.get(&link).map_or(0, |link| link.pair);
        self.pairs[pair].sites[1 - side]
    }

    /// A session closed: between honest nodes only for want of a disk.
    fn closes(
        &mut self,
        (link, side): (u64, usize),
        (peer, key): (usize, PublicKey),
        reason: &CloseReason,
    ) -> anyhow::Result<()> {
        let Some((site, mute)) = self.end(link, side).map(|end| (end.site, end.mute)) else {
            return Ok(());
        };
        let (here, there) = (&self.sites[site], &self.sites[peer]);
        if let Some(kind) = reason.misbehaviour().filter(|_| there.hostile) {
            *self.tally.kinds.entry(kind).or_default() += 1;
        }
        let lies = here.hostile || there.hostile;
        match reason {
            CloseReason::Bye(_) | CloseReason::Anew => self.tally.farewells += 1,
            CloseReason::Ours(words) => {
                self.tally.farewells += 1;
                if here.machine.hits() == 0 && !here.full {
                    bail!("{} failed although its disk works: {words}", here.place.name);
                }
            }
            reason if mute && reason.misbehaviour() == Some(Misbehaviour::Truncated) => {}
            _ if lies => self.tally.unmasked += 1,
            // A connection that nobody noticed the end of: the key at its other end was replaced meanwhile.
            _ if key != there.key => {}
            // Its key was appointed by an authority that was replaced meanwhile, and it does not know: it is told, and the
            // end shows whether it came back.
            reason
                if (self.plan.faults.rekeys || self.plan.faults.successions)
                    && matches!(
                        reason.misbehaviour(),
                        Some(Misbehaviour::StaleDirectory | Misbehaviour::NotANode)
                    ) =>
            {
                self.tally.outdated += 1;
            }
            reason => bail!(
                "{} closed on {}, and both are honest: {reason}",
                here.place.name,
                there.place.name
            ),
        }
        Ok(())
    }

    fn send(&mut self, link: u64, side: usize, frame: &[u8]) {
        let mut wire = match self.end(link, side).map(|end| (end.site, end.peer)) {
            Some((site, peer)) if self.lies(site) => {
                self.tally.lies += 1;
                let Some(node) = self.sites[site].node() else {
                    return;
                };
                let liar = Liar {
                    node,
                    key: node.node_key(),
                    peer,
                    cunning: self.plan.faults.cunning,
                };
                let floods = self.plan.faults.floods && !self.flooded;
                let flood = floods.then(|| flood(frame)).flatten();
                self.flooded |= flood.is_some();
                self.tally.floods += u64::from(flood.is_some());
                flood.unwrap_or_else(|| twisted(&mut self.dice, &liar, frame))
            }
            _ => framed(frame),
        };
        if wire.is_empty() {
            return;
        }
        let (latency, rate) = self
            .links
            .get(&link)
            .map_or(((0, 0), None), |link| (link.latency, link.rate));
        let travels = self.between(latency.0, latency.1);
        let now = self.now();
        let Some(end) = self.end(link, side).filter(|end| !end.mute) else {
            return;
        };
        let at = travels + rate.map_or(now, |rate| end.waiting.leaves(now, wire.len(), rate));
        end.sent_until = end.sent_until.max(at);
        let mut at = end.sent_until;
        while self.dice.once_in(4) && wire.len() > 1 {
            let rest = wire.split_off(1 + self.dice.below(wire.len() - 1));
            let bytes = std::mem::replace(&mut wire, rest);
            self.put(
                at,
                Event::Bytes {
                    link,
                    to: 1 - side,
                    bytes,
                },
            );
            at += self.between(0, latency.1);
        }
        self.put(
            at,
            Event::Bytes {
                link,
                to: 1 - side,
                bytes: wire,
            },
        );
        if let Some(end) = self.end(link, side) {
            end.sent_until = at;
        }
    }

    /// One side is gone. The other one notices, mostly.
    pub(crate) fn drop_end(&mut self, link: u64, side: usize) {
        let now = self.now();
        let Some(found) = self.links.get_mut(&link) else {
            return;
        };
        let Some(gone) = found.ends[side].take() else {
            return;
        };
        let (pair, latency) = (found.pair, found.latency);
        let lasted_well = !found.failed && now - found.since > 30_000;
        if let Some(other) = &mut found.ends[1 - side] {
            other.mute = true;
            let at = gone.sent_until.max(now) + latency.1;
            self.put(at, Event::Broken { link, side: 1 - side });
        } else {
            self.links.remove(&link);
        }
        if side == 0 {
            let pause = &mut self.pairs[pair].pause;
            *pause = if lasted_well {
                500
            } else {
                (*pause * 2).min(PAUSE_MAX)
            };
            let pause = *pause;
            self.redial(pair, pause / 2, pause);
        }
    }

    /// The connection breaks at any byte, and each side notices in its own time.
    pub(crate) fn cut(&mut self, link: u64) {
        self.lose(link);
        for side in 0..2 {
            if let Some(end) = self.end(link, side) {
                end.mute = true;
                self.soon(0, 20_000, Event::Broken { link, side });
            }
        }
    }

    /// Dials, if the other one is there; else it is tried again.
    pub(crate) fn dial(&mut self, pair: usize) -> anyhow::Result<()> {
        self.pairs[pair].dial_due = false;
        let [a, b] = self.pairs[pair].sites;
        if self.sites[a].up.is_none() {
            return Ok(());
        }
        let whole = |link: &Link| link.pair == pair && link.ends.iter().flatten().all(|end| !end.mute);
        if self.links.values().any(whole) && !(self.plan.faults.cuts && !self.calm && self.dice.once_in(8)) {
            return Ok(());
        }
        if let Some(left) = self.avoid_each_other(a, b) {
            self.redial(pair, left, left);
            return Ok(());
        }
        let severed = self.apart.as_ref().is_some_and(|sides| sides[a] != sides[b]);
        if severed || self.sites[b].up.is_none() {
            let pause = &mut self.pairs[pair].pause;
            *pause = (*pause * 2).min(PAUSE_MAX);
            let pause = *pause;
            self.redial(pair, pause / 2, pause);
            return Ok(());
        }
        let mut latency = self.plan.latency;
        if !self.calm && self.dice.once_in(8) {
            // A slow peer.
            latency = (latency.0 * 20, latency.1 * 20);
        }
        let narrow = self.plan.faults.narrow && !self.calm && self.dice.once_in(3);
        let rate = narrow.then(|| *self.dice.pick(&RATES));
        let id = self.next_link;
        self.next_link += 1;
        let ends = [self.open(a, b)?, self.open(b, a)?];
        self.links.insert(
            id,
            Link {
                pair,
                ends: ends.map(Some),
                latency,
                rate,
                since: self.now(),
                failed: false,
            },
        );
        self.tally.connections += 1;
        self.say(&format!(
            "{} and {} are connected by {id}",
            self.name(a),
            self.name(b)
        ));
        for side in 0..2 {
            if let Some(end) = self.end(id, side) {
                let effects = end.session.start();
                self.perform(id, side, effects)?;
            }
            self.watch_time(id, side);
        }
        Ok(())
    }

    /// For how long more one of two nodes avoids the other.
    fn avoid_each_other(&self, a: usize, b: usize) -> Option<i64> {
        let now = u64::try_from(self.now()).unwrap_or(0);
        let left = |site: usize, peer: usize| {
            let node = self.sites[site].node()?;
            node.conduct().avoided_ms(&self.sites[peer].key, now)
        };
        let left = left(a, b).max(left(b, a))?;
        i64::try_from(left).ok()
    }

    fn open(&self, site: usize, peer: usize) -> anyhow::Result<End> {
        let Some(node) = self.sites[site].node() else {
            bail!("{} is not up", self.name(site));
        };
        let news = node.store().events();
        let peer = self.sites[peer].key;
        let rights = Rights::new(node.directory(), node.org_id(), peer);
        let opened = self.sites[site].machine.work(|| session::open(node, peer));
        let session = opened.map_err(|words| anyhow::anyhow!("{}: {words}", self.name(site)))?;
        Ok(End::new(
            site,
            peer,
            session.with_patience(PATIENCE),
            news,
            rights,
        ))
    }

    /// A session hears of one commit.
    pub(crate) fn news(&mut self, link: u64, side: usize) -> anyhow::Result<()> {
        // Now and then it lags so far behind that it has lost some.
        let lags = self.plan.faults.cuts && !self.calm && self.dice.once_in(300);
        let Some(end) = self.end(link, side) else {
            return Ok(());
        };
        let (site, mut heard) = (end.site, end.news.try_recv());
        if lags && heard.is_ok() {
            heard = Err(TryRecvError::Lagged(1));
        }
        end.news_due = !end.news.is_empty();
        let more = end.news_due;
        let found = &self.sites[site];
        let (Some(node), machine) = (found.node().cloned(), found.machine.clone()) else {
            bail!("{} has a session and is not up", found.place.name);
        };
        let inputs = machine.work(|| match heard {
            Ok(batch) => session::news(&node, &batch),
            Err(TryRecvError::Lagged(_)) => vec![Input::Overtaken],
            Err(TryRecvError::Empty | TryRecvError::Closed) => Vec::new(),
        });
        if more {
            self.soon(0, 15, Event::News { link, side });
        }
        self.handle(link, side, inputs)
    }
}
