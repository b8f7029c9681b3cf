//! When nodes were last heard of, told upward along the line of orgs, so that people above see who is silent.

use super::super::bounded::{List, Text};
use super::super::message::{Message, SEEN_MAX, Sighting};
use super::{Effect, send};
use crate::id::OrgId;
use crate::trust::Directory;

/// Tells a peer above of nodes in our org's branch; others are not told.
pub(super) fn tell(
    directory: &Directory,
    own: &OrgId,
    peer: &OrgId,
    sightings: &[Sighting],
    out: &mut Vec<Effect>,
) {
    if !is_above(directory, peer, own) {
        return;
    }
    let mut below = sightings
        .iter()
        .filter(|seen| in_branch(directory, own, seen))
        .cloned();
    loop {
        let some: List<Sighting, SEEN_MAX> = List::take_from(&mut below);
        if some.is_empty() {
            return;
        }
        send(out, &Message::Seen(some));
    }
}

/// Takes what a peer below says of its branch. The rest is passed over.
pub(super) fn take(
    directory: &Directory,
    own: &OrgId,
    peer: &OrgId,
    mut sightings: Vec<Sighting>,
    out: &mut Vec<Effect>,
) {
    if !is_above(directory, own, peer) {
        return;
    }
    sightings.retain(|seen| in_branch(directory, peer, seen));
    for seen in &mut sightings {
        seen.software = seen
            .software
            .as_deref()
            .map(|software| Text::cut(&plain(software)));
    }
    if !sightings.is_empty() {
        out.push(Effect::Seen(sightings));
    }
}

/// Text of a peer as it may stand on a screen: without control characters.
pub(super) fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

fn is_above(directory: &Directory, above: &OrgId, below: &OrgId) -> bool {
    above != below && directory.is_at_or_above(above, below)
}

/// Whether the node serves an org below `head`, as far as is known: its appointment may come later than it is heard of.
fn in_branch(directory: &Directory, head: &OrgId, seen: &Sighting) -> bool {
    let org = directory.node_org(&seen.node);
    org.is_none_or(|org| is_above(directory, head, &org))
}

#[cfg(test)]
mod tests {
    use super::super::super::sim::Node;
    use super::super::super::talk::{ALL, FEDERATION, say, sent};
    use super::super::{Input, Session};
    use super::*;
    use crate::testing::{COUNTY, FENGDU, SHIQIAO, org};
    use crate::time::Timestamp;

    fn node(of: &str) -> Node {
        let mut node = Node::new(&FEDERATION, org(of));
        node.directory = ALL.clone();
        node
    }

    /// A session of one node with another, established.
    fn opened(own: &Node, peer: &Node) -> Session {
        let mut session = own.session(peer);
        session.start();
        let hello = sent(&peer.session(own).start()).remove(0);
        let effects = say(&mut session, hello);
        assert!(
            effects
                .iter()
                .any(|effect| matches!(effect, Effect::Established { .. }))
        );
        session
    }

    fn sighting(node: &Node, software: &str) -> Sighting {
        Sighting {
            node: node.node.public(),
            at: Timestamp(1),
            connected: true,
            software: Some(Text::cut(software)),
        }
    }

    fn told(effects: &[Effect]) -> Vec<Sighting> {
        let seen = |message| match message {
            Message::Seen(seen) => seen.into_vec(),
            _ => Vec::new(),
        };
        sent(effects).into_iter().flat_map(seen).collect()
    }

    #[test]
    fn a_branch_is_told_of_to_those_above_alone() {
        let (county, township, station) = (node(COUNTY), node(FENGDU), node(SHIQIAO));
        let all = vec![
            sighting(&station, "x"),
            sighting(&township, "x"),
            sighting(&county, "x"),
        ];
        let mut up = opened(&township, &county);
        let effects = up.handle(Input::Seen(all.clone()));
        assert_eq!(told(&effects), [sighting(&station, "x")], "its own branch alone");
        let mut down = opened(&township, &station);
        assert!(told(&down.handle(Input::Seen(all))).is_empty());
    }

    #[test]
    fn only_what_is_said_of_ones_own_branch_is_taken() {
        let (county, township, station) = (node(COUNTY), node(FENGDU), node(SHIQIAO));
        let all = [sighting(&station, "a\u{1b}[2Jb"), sighting(&county, "x")];
        let message = || Message::Seen(List::take_from(&mut all.iter().cloned()));
        let mut session = opened(&county, &township);
        let effects = say(&mut session, message());
        assert_eq!(effects, [Effect::Seen(vec![sighting(&station, "a[2Jb")])]);
        // Of a node whose appointment is not here yet it is kept.
        let early = Sighting {
            node: crate::testing::key("early").public(),
            ..sighting(&station, "x")
        };
        let one = List::take_from(&mut std::iter::once(early.clone()));
        assert_eq!(say(&mut session, Message::Seen(one)), [Effect::Seen(vec![early])]);
        // From above nothing is taken, and nobody is turned away for it.
        let mut session = opened(&township, &county);
        assert!(say(&mut session, message()).is_empty());
    }
}
