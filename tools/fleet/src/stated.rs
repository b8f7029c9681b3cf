//! Settings that orgs state for themselves and those below, valid from some day, and the root's policy on witnesses; and that
//! whoever holds them reads the same from them.

use std::sync::Arc;

use anyhow::ensure;
use lianzhan_node::services::appoint::PersonDraft;
use lianzhan_node::services::settings::SettingDraft;
use lianzhan_node::services::{Author, Node};
use lianzhan_protocol::settings::{Kind, SETTINGS, Setting};
use lianzhan_protocol::trust::{Level, Role};

use crate::template::secret;
use crate::world::World;

/// Who states settings of a county or a city.
const OFFICE: &str = "office";
/// Days around today on which all must read the same.
const DAYS: [i32; 4] = [-8, 0, 3, 12];

impl World {
    /// An org states something, or the root what new logs need of witnesses.
    pub(crate) fn state(&mut self) -> anyhow::Result<()> {
        let up: Vec<usize> = (0..self.sites.len())
            .filter(|site| self.sites[*site].up.is_some())
            .collect();
        if up.is_empty() {
            return Ok(());
        }
        let site = *self.dice.pick(&up);
        let Some(node) = self.sites[site].node().cloned() else {
            return Ok(());
        };
        self.tally.acts += 1;
        let level = self.sites[site].place.level;
        match level {
            Level::City if self.dice.once_in(3) => self.policy(site, &node),
            Level::Station => Ok(()),
            _ => self.setting(site, &node, level),
        }
    }

    fn policy(&mut self, site: usize, node: &Arc<Node>) -> anyhow::Result<()> {
        let all = [Level::City, Level::County, Level::Township];
        let levels: Vec<_> = all.into_iter().filter(|_| self.dice.once_in(2)).collect();
        let stated = self.attempt(site, "a policy", |_| {
            let authority = node.unlock_authority(&secret())?;
            node.set_witness_policy(&authority, levels)
        })?;
        if let Some(id) = stated {
            self.stated(site, node, id);
            self.tally.settings += 1;
        }
        self.touched(site)
    }

    fn setting(&mut self, site: usize, node: &Arc<Node>, level: Level) -> anyhow::Result<()> {
        let Some(author) = self.official(site, node, level)? else {
            return self.touched(site);
        };
        let stated: Vec<&Setting> = SETTINGS
            .iter()
            .filter(|setting| setting.levels.contains(&level))
            .collect();
        let setting = *self.dice.pick(&stated);
        let value = match setting.kind {
            Kind::Switch => (*self.dice.pick(&["on", "off"])).to_owned(),
            Kind::Number { min, max, .. } => self.between(min, max.min(min + 9)).to_string(),
            Kind::Choice(named) => self.dice.pick(named).id.to_owned(),
            Kind::Period { units, .. } => format!("{} {}", 1 + self.dice.below(3), units[0].as_str()),
            Kind::Weekly => format!("friday {:02}:30", self.dice.below(24)),
            Kind::Text => format!("第{}版", self.tally.acts),
            Kind::Days | Kind::Rows(_) => return self.touched(site),
        };
        let value = (!self.dice.once_in(6)).then_some(value);
        let from = self.between(-4, 8) as i32;
        let what = format!("{} is {value:?} from day {from} on", setting.id);
        self.write(site, node, &what, |world, node| {
            let draft = SettingDraft {
                setting: setting.id.to_owned(),
                part: String::new(),
                value,
                valid_from: node.this_day().plus_days(from).to_string(),
                basis: "会议决定".into(),
            };
            world.runtime.block_on(node.state_setting(&author, &draft))
        })?;
        self.tally.settings += 1;
        Ok(())
    }

    /// Whoever may state settings here: above townships somebody of the office, who is appointed when there is none.
    fn official(&mut self, site: usize, node: &Arc<Node>, level: Level) -> anyhow::Result<Option<Author>> {
        let here = &self.sites[site].persons;
        if matches!(level, Level::Township | Level::Street) {
            if here.is_empty() {
                return Ok(None);
            }
            let who = self.dice.below(here.len());
            return Ok(Some(self.sites[site].persons[who].1.clone()));
        }
        if let Some((_, author)) = here.iter().find(|(login, _)| login == OFFICE) {
            return Ok(Some(author.clone()));
        }
        let draft = PersonDraft {
            login: OFFICE.into(),
            name: OFFICE.into(),
            roles: vec![Role::DeputiesOffice],
            ..PersonDraft::default()
        };
        let stated = self.attempt(site, "an appointment of the office", |_| {
            let id = node.appoint_person(&secret(), draft, &secret())?;
            Ok((id, node.sign_in(OFFICE, &secret())?))
        })?;
        let Some((id, author)) = stated else {
            return Ok(None);
        };
        self.stated(site, node, id);
        self.sites[site].persons.push((OFFICE.to_owned(), author.clone()));
        Ok(Some(author))
    }

    /// Whether whoever is above an org reads the same of its settings as it does itself, on every day.
    pub(crate) fn same_settings(&mut self) -> anyhow::Result<()> {
        let nodes: Vec<_> = self
            .sites
            .iter()
            .filter_map(|site| Some((site.place.name, site.machine.clone(), site.node()?.clone())))
            .collect();
        let Some(today) = nodes
            .first()
            .map(|(_, machine, node)| machine.work(|| node.this_day()))
        else {
            return Ok(());
        };
        for (below, machine, node) in &nodes {
            let org = node.org_id();
            let own = machine.work(|| node.settings())?;
            for (name, machine, other) in &nodes {
                if !other.directory().is_at_or_above(&other.org_id(), &org) {
                    continue;
                }
                let told = machine.work(|| other.settings())?;
                let (line, as_told) = (node.line_of(&org), other.line_of(&org));
                ensure!(
                    line == as_told,
                    "{name} takes {below} to be below {as_told:?}, and it is {line:?}"
                );
                for setting in SETTINGS {
                    for on in DAYS.map(|days| today.plus_days(days)) {
                        let here = own.at(&line, setting.id, "", on).value;
                        let there = told.at(&line, setting.id, "", on).value;
                        ensure!(
                            here == there,
                            "{} on {on} is {here:?} at {below}, and {there:?} for it at {name}",
                            setting.id
                        );
                        self.tally.compared += 1;
                    }
                }
            }
        }
        Ok(())
    }
}
