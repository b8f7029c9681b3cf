//! What an invitation brings along of those above the parent: the statements on which the new node's appointment rests, and
//! where the nodes listen that must witness it, too.

use lianzhan_protocol::codec;
use lianzhan_protocol::trust::{Audience, Body, SignedStatement};

use super::*;
use crate::services::ServiceError;
use crate::services::invite::{Invitation, InviteDraft, InviteError, Invitee, JoinReply};
use crate::services::select::SelectError;

fn invited(world: &World, code: &str) -> Invitation {
    let address = vec!["/ip4/127.0.0.1/tcp/7611".to_owned()];
    let township = &world.nodes[TOWNSHIP];
    let invitation = township.invite(draft(Level::Station, code), &secret(), address);
    Invitation::from_code(&invitation.unwrap().to_code()).unwrap()
}

#[test]
fn who_joins_knows_whom_it_stands_below_and_where_the_next_above_listens() {
    let world = World::new();
    let authority = world.nodes[CITY].unlock_authority(&secret()).unwrap();
    let before = invited(&world, "990121103202");
    assert_eq!(before.above, None, "the parent alone witnesses");
    world.nodes[CITY]
        .set_witness_policy(&authority, vec![Level::County, Level::City])
        .unwrap();
    world.tell();
    let invitation = invited(&world, "990121103203");
    // Of those that must witness, the township dials the county alone.
    let above: Vec<_> = invitation
        .above
        .iter()
        .flatten()
        .map(|above| above.node)
        .collect();
    assert_eq!(above, [world.nodes[COUNTY].node_key().public()]);

    let joining = Joining::begin(&invitation.to_code()).unwrap();
    let reply = world.nodes[TOWNSHIP].answer_join(&joining.request());
    let dir = world.dir.path().join("new");
    let station = joining.finish(&dir, reply, &secret(), config()).unwrap();
    let dialled: Vec<_> = station
        .config
        .parents
        .iter()
        .map(|parent| parent.node.clone())
        .collect();
    let hex = |n: usize| codec::hex(world.nodes[n].node_key().public().ed25519_bytes());
    assert_eq!(dialled, [hex(TOWNSHIP), hex(COUNTY)]);
    // Offline, on the first day: all above are described, its own chain stands to the founding statement, and the parent's
    // node is known as such.
    let directory = station.directory();
    let line: Vec<_> = directory.upward(&station.org_id()).map(|org| org.id).collect();
    let expected = [TOWNSHIP, COUNTY, CITY].map(|n| world.nodes[n].org_id());
    assert_eq!(line[1..], expected);
    assert!(directory.faults().is_empty(), "{:?}", directory.faults());
    let of_township = world.nodes[TOWNSHIP].node_key().public();
    assert_eq!(directory.node_org(&of_township), Some(expected[0]));
    // The policy comes with the first session; the log that is begun after it names it.
    let space = station.own_space(Audience::County);
    assert_eq!(station.witness_policy(), []);
    let statements: Vec<_> = world.nodes[TOWNSHIP].directory().statements().cloned().collect();
    station.learn(&statements);
    let log = station.ensure_log(&space).unwrap();
    let start = station
        .store
        .read(|reader| reader.log(&log))
        .unwrap()
        .unwrap()
        .start;
    assert_eq!(start.policy, station.directory().policy());
    assert!(start.policy.is_some());
}

#[test]
fn an_org_in_service_is_not_stated_twice() {
    let world = World::new();
    let township = &world.nodes[TOWNSHIP];
    let station = world.nodes[STATION].org().unwrap();
    let stated = township.directory().orgs().count();
    let invite = |name: &str, code: &str| {
        let draft = OrgDraft {
            name_zh: name.into(),
            ..draft(Level::Station, code)
        };
        township.invite(draft, &secret(), vec!["/ip4/127.0.0.1/tcp/7611".to_owned()])
    };
    for code in [station.code.as_str(), "990121103209"] {
        let name = station.name_zh.as_str();
        let refused = invite(name, code);
        assert!(
            matches!(&refused, Err(ServiceError::Invitation(InviteError::HasNode(named))) if named.contains(&station.name_zh)),
            "{name} {code}: {refused:?}"
        );
    }
    assert_eq!(township.directory().orgs().count(), stated, "nothing was stated");
    for code in ["99", "9901", "99012", "九九"] {
        let refused = invite("柳林站", code);
        let expected = matches!(
            refused,
            Err(ServiceError::CodeOfLevel { .. } | ServiceError::DivisionCode(_))
        );
        assert!(expected, "{code}: {refused:?}");
    }
    for code in ["880121102201", "990121104201", "990121", "990122103"] {
        let refused = invite("柳林站", code);
        let expected = matches!(
            &refused,
            Err(ServiceError::Invitation(InviteError::CodeElsewhere { area, .. })) if area == "990121103"
        );
        assert!(expected, "{code}: {refused:?}");
    }
    assert_eq!(township.directory().orgs().count(), stated, "nothing was stated");
    // A second station of one division has another name, and two that wait for their nodes may be called the same: whoever names one of them is asked which.
    invite("柳林站", "990121103208").unwrap();
    invite("青石站", "990121103208").unwrap();
    let known = InviteDraft {
        org: Invitee::Known("990121103208".into()),
        person: None,
        addresses: vec!["/ip4/127.0.0.1/tcp/7611".to_owned()],
        days: 7,
    };
    let refused = township.invite_with(known, &secret());
    assert!(
        matches!(&refused, Err(ServiceError::Select(SelectError::SeveralOrgs { orgs, .. })) if orgs.len() == 2),
        "{refused:?}"
    );
}

#[test]
fn an_org_that_joined_a_moment_ago_is_not_invited_twice() {
    let world = World::new();
    let township = &world.nodes[TOWNSHIP];
    let invite = || {
        let address = vec!["/ip4/127.0.0.1/tcp/7611".to_owned()];
        township.invite(draft(Level::Station, "990121103205"), &secret(), address)
    };
    let replaced = invite().unwrap();
    let invitation = invite().unwrap();
    assert_eq!(
        replaced.org, invitation.org,
        "nobody joined yet: it is the same org"
    );
    let joining = Joining::begin(&invitation.to_code()).unwrap();
    let reply = township.answer_join(&joining.request());
    // The node is set up and was never run: the township has not heard of it.
    joining
        .finish(&world.dir.path().join("new"), reply, &secret(), config())
        .unwrap();
    let refused = invite();
    assert!(
        matches!(&refused, Err(ServiceError::Invitation(InviteError::HasNode(_)))),
        "{refused:?}"
    );
    assert!(township.invitations().unwrap().is_empty());
}

#[test]
fn what_is_no_address_is_refused_before_anybody_is_invited() {
    let world = World::new();
    let township = &world.nodes[TOWNSHIP];
    let stated = township.directory().orgs().count();
    for wrong in ["foo", "/ip4/192.0.2.1", "192.0.2.1:7611"] {
        let addresses = vec!["/ip4/192.0.2.1/tcp/7611".to_owned(), wrong.to_owned()];
        let refused = township.invite(draft(Level::Station, "990121103202"), &secret(), addresses);
        assert!(
            matches!(&refused, Err(ServiceError::Invitation(InviteError::NoAddress(named))) if named == wrong),
            "{refused:?}"
        );
    }
    assert_eq!(township.directory().orgs().count(), stated);
    assert!(township.invitations().unwrap().is_empty());
}

#[test]
fn an_answer_that_leaves_out_what_stands_above_is_no_welcome() {
    let world = World::new();
    let asked = |n: usize| {
        let invitation = invited(&world, &format!("9901211032{n:02}"));
        let joining = Joining::begin(&invitation.to_code()).unwrap();
        match world.nodes[TOWNSHIP].answer_join(&joining.request()) {
            JoinReply::Welcome {
                appointment,
                statements,
                ..
            } => (joining, appointment, statements),
            refused => panic!("{refused:?}"),
        }
    };
    // What the appointment rests on: the descriptions of the orgs above, and the authorities that speak for them.
    let above = |appointment, bytes: &[u8]| {
        let statement = SignedStatement::open(bytes).unwrap();
        let chain = world.nodes[TOWNSHIP]
            .directory()
            .chain(&appointment)
            .unwrap()
            .links;
        matches!(statement.body(), Body::Org(_)) || chain.contains(&statement.id())
    };
    let (joining, appointment, statements) = asked(10);
    let count = statements.iter().filter(|s| above(appointment, s)).count();
    assert!(
        count >= 5,
        "three orgs below the city, and the authorities: {count}"
    );
    let whole = JoinReply::Welcome {
        appointment,
        statements,
        person: None,
    };
    joining
        .finish(&world.dir.path().join("whole"), whole, &secret(), config())
        .unwrap();
    for n in 0..count {
        let (joining, appointment, mut statements) = asked(20 + n);
        let places = statements.iter().enumerate();
        let mut places = places.filter(|(_, s)| above(appointment, s)).map(|(at, _)| at);
        let at = places.nth(n).unwrap();
        statements.remove(at);
        let dir = world.dir.path().join(format!("short-{n}"));
        let reply = JoinReply::Welcome {
            appointment,
            statements,
            person: None,
        };
        let refused = joining.finish(&dir, reply, &secret(), config());
        assert!(matches!(refused, Err(ServiceError::Invitation(_))), "{n}");
        assert!(!dir.exists(), "{n}: nothing is left behind");
    }
}
