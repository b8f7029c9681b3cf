//! Corrections and confirmations, with and without effect.

use super::*;
use crate::id::Hash;
use crate::record::{Confirmed, Graph, Right, event_id, seal_digest};

/// As confirmed over `heads`, by what the log of the world holds.
pub(super) fn confirm(world: &World, heads: &[ChangeId]) -> Put {
    let held = world.held();
    let graph = Graph::build(&held);
    let places: Vec<usize> = heads.iter().filter_map(|head| graph.position(head)).collect();
    Put::event(&Event::Confirm {
        of: Confirmed::Record {
            heads: heads.to_vec(),
            digest: seal_digest(&graph, &places),
        },
    })
}

fn of_event(event: Hash) -> Put {
    Put::event(&Event::Confirm {
        of: Confirmed::Event { event },
    })
}

pub(super) fn correct(of: Hash, right: Right) -> Put {
    Put::event(&Event::Correct {
        of,
        reason: "记错了。".into(),
        right,
    })
}

fn said(text: Option<&str>) -> Right {
    Right::Said {
        happened: "2026-02-28".into(),
        text: text.map(str::to_owned),
    }
}

/// A world with a topic and a line of the liaison, its head, the id of the line, and three more people: the head of the
/// station, a liaison of the same post, and one of the township.
pub(super) fn written() -> (World, ChangeId, Hash, [Person; 3]) {
    let (mut world, first) = World::begun();
    let line = world.write(&[first], vec![line("看了水厂。")]);
    let mut person =
        |code: &str, name: &str, role: Role| world.federation.person(org(code), name, &[role], None);
    let people = [
        person(SHIQIAO, "石站长", Role::StationHead),
        person(SHIQIAO, "另一位联络员", Role::StationLiaison),
        person(FENGDU, "秘书", Role::Secretary),
    ];
    (world, line, event_id(&line, 0), people)
}

pub(super) fn confirmed() -> Vec<Vector> {
    let (mut alone, head, _, [station_head, second, _]) = written();
    let own = alone.liaison.clone();
    let put = confirm(&alone, &[head]);
    let mut last = alone.write_as(&own, &[head], vec![put.clone()]);
    last = alone.write_as(&station_head, &[last], vec![put.clone()]);
    last = alone.write_as(&station_head, &[last], vec![put]);
    let later = confirm(&alone, &[last]);
    alone.write_as(&second, &[last], vec![later]);

    let (mut changed, head, _, [station_head, second, _]) = written();
    let put = confirm(&changed, &[head]);
    let last = changed.write_as(&station_head, &[head], vec![put]);
    let last = changed.write_as(&second, &[last], vec![topic("走访水厂")]);
    let put = confirm(&changed, &[last]);
    let last = changed.write_as(&second, &[last], vec![put]);
    let put = confirm(&changed, &[last]);
    changed.write_as(&station_head, &[last], vec![put]);

    let (mut other, head, _, [station_head, ..]) = written();
    for (heads, digest) in [
        (vec![head], Hash([1; 32])),
        (vec![ChangeId([1; 32])], Hash([1; 32])),
    ] {
        let put = Put::event(&Event::Confirm {
            of: Confirmed::Record { heads, digest },
        });
        other.write_as(&station_head, &[head], vec![put]);
    }
    let foreign = of_event(Hash([1; 32]));
    other.write_as(&station_head, &[head], vec![foreign]);

    let (mut stranger, head, _, _) = written();
    let auditor = stranger.appoint("核查人", |a| a.roles = vec![Role::Auditor]);
    let put = confirm(&stranger, &[head]);
    stranger.write_as(&auditor, &[head], vec![put]);
    vec![
        alone.vector("a confirmation by the author, by another, and once more"),
        changed.vector("a record that was changed after it was confirmed, and confirmed anew"),
        other.vector("confirmations of what is not there"),
        stranger.vector("no role that may confirm"),
    ]
}

pub(super) fn corrected() -> Vec<Vector> {
    let (mut chain, head, line, [station_head, second, secretary]) = written();
    let own = chain.liaison.clone();
    let put = of_event(line);
    let mut last = chain.write_as(&own, &[head], vec![put.clone()]);
    last = chain.write_as(&station_head, &[last], vec![put.clone()]);
    last = chain.write_as(&secretary, &[last], vec![correct(line, said(Some("看了泵房。")))]);
    last = chain.write_as(&own, &[last], vec![correct(line, said(None))]);
    last = chain.write_as(&own, &[last], vec![correct(line, said(Some("看了水厂和泵房。")))]);
    last = chain.write_as(&second, &[last], vec![correct(line, Right::Nothing)]);
    last = chain.write_as(&second, &[last], vec![put.clone()]);
    last = chain.write_as(&station_head, &[last], vec![put]);
    let seen = event_id(&last, 0);
    chain.write_as(&own, &[last], vec![correct(seen, Right::Nothing)]);

    let (mut beside, head, line, [station_head, second, _]) = written();
    beside.write_as(&second, &[head], vec![correct(line, said(Some("看了泵房。")))]);
    beside.write_as(&station_head, &[head], vec![correct(line, Right::Nothing)]);

    let (mut seat, first) = World::begun();
    let deputy = |world: &mut World, name: &str| {
        world
            .federation
            .person(org(SHIQIAO), name, &[Role::Deputy], Some(Level::Township))
    };
    let (lin, chen) = (deputy(&mut seat, "林秀兰"), deputy(&mut seat, "陈大山"));
    let put = Put::event(&Event::SignIn {
        deputy: "林秀兰".into(),
        level: Level::Township,
        happened: "2026-03-01".into(),
        proof: Proof::Key,
    });
    let there = seat.write_as(&lin, &[first], vec![put]);
    let sign_in = event_id(&there, 0);
    let last = seat.write_as(&chen, &[there], vec![correct(sign_in, Right::Nothing)]);
    let last = seat.write_as(&lin, &[last], vec![correct(sign_in, said(Some("到场")))]);
    seat.write_as(&lin, &[last], vec![correct(sign_in, said(None))]);
    vec![
        chain.vector("corrections of a line, and confirmations of it before and after"),
        beside.vector("two who correct one line at once"),
        seat.vector("a sign-in that others may not correct"),
    ]
}
