//! Honest nodes beside one that still lies: what two of them may both hold they hold alike, whatever a third one says.

use std::sync::Arc;

use anyhow::bail;
use lianzhan_node::services::Node;

use crate::rest::tell;
use crate::world::World;

/// How often it is looked, in steps.
const LOOK: u64 = 100;
/// After so many steps they do not come to agree.
const STEPS_MAX: u64 = 60_000;

impl World {
    /// Lets everything happen, lies among it, until all pairs of honest nodes that talk to each other agree at one moment.
    pub(crate) fn agree_beside_liars(&mut self) -> anyhow::Result<()> {
        let pairs = self.pairs.iter().enumerate();
        let honest = |sites: [usize; 2]| sites.iter().all(|site| !self.sites[*site].hostile);
        let pairs: Vec<(usize, [usize; 2])> = pairs
            .map(|(pair, of)| (pair, of.sites))
            .filter(|(_, sites)| honest(*sites))
            .collect();
        let start = self.tally.steps;
        let mut rests = false;
        loop {
            for _ in 0..LOOK {
                rests = !self.step()?;
                if rests {
                    break;
                }
            }
            let mut lacks = None;
            for (pair, sites) in &pairs {
                lacks = lacks.or(self.differ(*pair, *sites)?);
            }
            match lacks {
                None => break,
                Some(words) if rests || self.tally.steps - start > STEPS_MAX => {
                    bail!("beside a liar: {words}")
                }
                Some(_) => {}
            }
        }
        self.say("honest nodes agree beside a liar");
        self.tally.beside += pairs.len() as u64;
        Ok(())
    }

    /// In what two nodes differ, or what they still do.
    fn differ(&mut self, pair: usize, sites: [usize; 2]) -> anyhow::Result<Option<String>> {
        let [a, b] = sites;
        let names = format!("{} and {}", self.name(a), self.name(b));
        if !self.is_level(pair) {
            return Ok(Some(format!(
                "{names} do not talk, or one lacks what the other has"
            )));
        }
        let (Some(here), Some(there)) = (self.sites[a].node().cloned(), self.sites[b].node().cloned()) else {
            return Ok(Some(format!("one of {names} is not up")));
        };
        // The directory may have news whose records are not marked yet.
        if sites.iter().any(|site| self.sites[*site].project_due) {
            return Ok(Some(format!(
                "one of {names} has heard what it has not taken note of"
            )));
        }
        let by = |node: &Node| node.directory().shared_spaces(&here.org_id(), &there.org_id());
        let (mut shared, theirs) = (by(&here), by(&there));
        // What one of them knows of a joint space, or of a change of orgs, may be in a log that the liar keeps back.
        shared.retain(|space, _| theirs.contains_key(space));
        let mut held = [Vec::new(), Vec::new()];
        for (node, held) in [&here, &there].into_iter().zip(&mut held) {
            if node.store().read(|reader| reader.lag())? != (0, 0) {
                return Ok(Some(format!("views of one of {names} lag")));
            }
            let mut standings = node.store().read(|reader| reader.standings())?;
            standings.retain(|(space, _, standing, _)| shared.contains_key(space) && standing.size.0 > 0);
            held.extend(
                standings
                    .into_iter()
                    .map(|(space, origin, standing, _)| (space, origin, standing)),
            );
            held.sort_by(|a, b| a.1.cmp(&b.1));
        }
        if held[0] != held[1] {
            return Ok(Some(format!("{names} hold {held:?}")));
        }
        let records = here
            .store()
            .read(|reader| reader.records_after(None, 1_000_000))?;
        for record in records {
            let known = |site: usize, node: &Arc<Node>| self.sites[site].machine.work(|| tell(node, &record));
            let (space, said) = known(a, &here)?;
            if shared.contains_key(&space.id()) && known(b, &there)? != (space, said) {
                return Ok(Some(format!("{names} differ about record {record}")));
            }
        }
        Ok(None)
    }
}
