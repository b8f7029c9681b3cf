//! What people without a key did, as others recorded it, with and without effect.

use super::confirmed::{confirm, correct, written};
use super::*;
use crate::id::{Hash, PersonId};
use crate::record::{Confirmed, Right};

fn holder(name: &str, person: Option<PersonId>) -> OfficeHolder {
    OfficeHolder {
        name: name.into(),
        office: "镇人大主席".into(),
        person,
    }
}

fn id_of(world: &World, person: &Person) -> Option<PersonId> {
    let directory = world.federation.directory();
    directory.appointment(&person.1).ok()?.person
}

fn confirmed_for(of: Confirmed, actor: OfficeHolder) -> Put {
    Put::event(&Event::ConfirmFor {
        of,
        actor,
        happened: "2026-03-01".into(),
        proof: Proof::Paper,
        evidence: Hash([0xe1; 32]),
    })
}

/// As somebody confirmed on paper who read up to `heads`.
fn paper(world: &World, heads: &[ChangeId], actor: OfficeHolder) -> Put {
    let body = match confirm(world, heads).value {
        Scalar::Bytes(body) => Event::parse(&body).ok(),
        _ => None,
    };
    match body {
        Some(Event::Confirm { of }) => confirmed_for(of, actor),
        _ => unreachable!("a confirmation"),
    }
}

fn present(actor: OfficeHolder, level: Level) -> Put {
    Put::event(&Event::SignInFor {
        actor,
        level,
        happened: "2026-03-01T09:00:00+08:00".into(),
        proof: Proof::Token,
        evidence: Hash([0xe2; 32]),
    })
}

pub(super) fn recorded() -> Vec<Vector> {
    let he = || holder("何主席", None);
    let (mut alone, head, _, [station_head, second, _]) = written();
    let own = alone.liaison.clone();
    let (id, other) = (id_of(&alone, &own), id_of(&alone, &second));
    let mut last = head;
    for actor in [
        holder("何苗", id),
        holder("何苗", None),
        holder("另一位联络员", other),
        holder("何苗", Some(PersonId([7; 16]))),
        he(),
        he(),
    ] {
        let put = paper(&alone, &[last], actor);
        last = alone.write_as(&second, &[last], vec![put]);
    }
    let put = confirm(&alone, &[last]);
    last = alone.write_as(&station_head, &[last], vec![put]);
    let put = paper(&alone, &[last], holder("石站长", None));
    last = alone.write_as(&second, &[last], vec![put]);
    alone.write_as(&second, &[last], vec![topic("走访水厂")]);

    let (mut back, head, line, [_, second, _]) = written();
    let own = back.liaison.clone();
    let of = || Confirmed::Event { event: line };
    let mut last = back.write_as(&second, &[head], vec![confirmed_for(of(), holder("何苗", None))]);
    last = back.write_as(&second, &[last], vec![confirmed_for(of(), he())]);
    let event = crate::record::event_id(&last, 0);
    last = back.write_as(&own, &[last], vec![correct(event, Right::Nothing)]);
    last = back.write_as(&second, &[last], vec![confirmed_for(of(), he())]);
    let put = paper(&back, &[last], he());
    last = back.write_as(&own, &[last], vec![put]);
    let event = crate::record::event_id(&last, 0);
    back.write_as(&second, &[last], vec![correct(event, Right::Nothing)]);

    let (mut there, first) = World::begun();
    let deputy = there
        .federation
        .person(org(SHIQIAO), "林秀兰", &[Role::Deputy], Some(Level::Township));
    let id = id_of(&there, &deputy);
    let own = there.liaison.clone();
    let mut last = there.write_as(
        &own,
        &[first],
        vec![present(holder("林秀兰", id), Level::Township)],
    );
    let event = crate::record::event_id(&last, 0);
    last = there.write_as(
        &own,
        &[last],
        vec![present(holder("林秀兰", None), Level::Township)],
    );
    last = there.write_as(&own, &[last], vec![present(he(), Level::City)]);
    last = there.write_as(
        &deputy,
        &[last],
        vec![Put::event(&Event::SignIn {
            deputy: "林秀兰".into(),
            level: Level::Township,
            happened: "2026-03-01".into(),
            proof: Proof::Key,
        })],
    );
    there.write_as(&deputy, &[last], vec![correct(event, Right::Nothing)]);

    let (mut spaced, head, _, [_, second, _]) = written();
    let mut last = head;
    for name in ["何 苗", "何主席", "何\u{3000}主席", "另一位 联络员", "何主 任"] {
        let put = paper(&spaced, &[last], holder(name, None));
        last = spaced.write_as(&second, &[last], vec![put]);
    }

    let (mut stranger, head, _, [_, _, secretary]) = written();
    let deputy = stranger.appoint("代表", |a| {
        (a.roles, a.seat) = (vec![Role::Deputy], Some(Level::Township));
    });
    for by in [&deputy, &secretary] {
        let put = paper(&stranger, &[head], he());
        stranger.write_as(by, &[head], vec![put]);
        stranger.write_as(by, &[head], vec![present(he(), Level::Township)]);
    }
    vec![
        alone.vector("confirmations that are recorded for others, by whom and of whom"),
        back.vector("a recorded confirmation that is taken back, and one anew"),
        there.vector("sign-ins that are recorded, and one by key"),
        spaced.vector("names that are written with spaces, recorded for others"),
        stranger.vector("nobody who may record for others"),
    ]
}
