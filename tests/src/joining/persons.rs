//! Invitations that appoint a person: with the node of an org, or at a node that is there.

use lianzhan_node::env;
use lianzhan_node::services::invite::{INVITE_DAYS, InviteDraft, InvitedPerson, Invitee};
use lianzhan_node::services::join::{PersonChoice, join_person};
use lianzhan_node::services::office::OfficeError;
use lianzhan_protocol::trust::{Purpose, Role};

use super::*;

const OWN: &str = "another long passphrase";

fn own() -> SecretString {
    SecretString::from(OWN.to_owned())
}

fn choice(login: &str, name: &str) -> PersonChoice {
    PersonChoice {
        login: login.into(),
        name: name.into(),
        passphrase: own(),
    }
}

fn post(role: Role, name: Option<&str>) -> InvitedPerson {
    InvitedPerson {
        roles: vec![role],
        seat: None,
        name: name.map(str::to_owned),
        until: None,
    }
}

impl World {
    async fn invite_person(&self, org: Invitee, person: InvitedPerson) -> Result<Invitation, ServiceError> {
        let draft = InviteDraft {
            org,
            person: Some(person),
            addresses: self.township.addresses(),
            days: INVITE_DAYS,
        };
        let node = self.node();
        work(move || node.invite_with(draft, &secret())).await
    }

    async fn join_with(
        &self,
        machine: &str,
        code: &str,
        person: Option<PersonChoice>,
    ) -> Result<Arc<Node>, ServiceError> {
        join(
            &self.machine(machine),
            code,
            secret(),
            person,
            config(),
            net::join,
            |_| (),
        )
        .await
    }
}

/// What somebody holds who signs in.
async fn roles(node: &Arc<Node>, login: &'static str) -> Vec<Role> {
    let node = node.clone();
    work(move || {
        let author = node.sign_in(login, &own()).unwrap();
        let directory = node.directory();
        directory.appointment(&author.appointment).unwrap().roles.clone()
    })
    .await
}

async fn refused(node: &Arc<Node>, code: &str, choice: PersonChoice) -> ServiceError {
    join_person(node, code, choice, net::join).await.unwrap_err()
}

#[test]
fn a_node_joins_with_its_first_person_by_one_code() {
    run(async |world| {
        let org = Invitee::New(draft(Level::Station, STATION, CODE));
        let invitation = world
            .invite_person(org, post(Role::StationHead, None))
            .await
            .unwrap();
        let code = invitation.to_code();
        let open = world.node().invitations().unwrap();
        assert_eq!(
            (open.len(), open[0].roles.as_slice()),
            (1, ["station_head".to_owned()].as_slice())
        );
        // Without the person the code is not used up.
        let lacking = world.join_with("station", &code, None).await.map(|_| ());
        assert!(matches!(
            lacking,
            Err(ServiceError::Invitation(InviteError::NoPerson))
        ));
        let nameless = world
            .join_with("station", &code, Some(choice("xin", " ")))
            .await
            .map(|_| ());
        assert!(matches!(
            nameless,
            Err(ServiceError::Invitation(InviteError::NoPerson))
        ));
        let node = world
            .join_with("station", &code, Some(choice("xin", "辛桥")))
            .await
            .unwrap();
        assert_eq!(roles(&node, "xin").await, [Role::StationHead]);
        // The node above knows of both.
        let directory = world.node().directory();
        let of_station = |purpose| {
            let posts = directory.statements().filter_map(|one| one.appointment());
            posts
                .filter(|post| post.org == invitation.org && post.purpose == purpose)
                .count()
        };
        assert_eq!(
            (of_station(Purpose::Authority), of_station(Purpose::Person)),
            (1, 1)
        );
        assert!(world.node().invitations().unwrap().is_empty());
        let replayed = world
            .join_with("refused", &code, Some(choice("mo", "莫")))
            .await
            .map(|_| ());
        assert!(
            matches!(replayed, Err(ServiceError::Invitation(InviteError::Used(_)))),
            "{replayed:?}"
        );
    });
}

#[test]
fn a_person_joins_at_a_node_that_is_there_and_nowhere_else() {
    run(async |world| {
        let code = world.invite(STATION, CODE).await.to_code();
        let station = world.join("station", &code).await.unwrap();
        let known = || Invitee::Known(CODE.into());
        let invitation = world
            .invite_person(known(), post(Role::OpinionLiaison, Some("林静禾")))
            .await
            .unwrap();
        let code = invitation.to_code();
        // Not as a node, not at another org's node.
        let as_node = world.join("refused", &code).await.map(|_| ());
        assert!(matches!(
            as_node,
            Err(ServiceError::Invitation(InviteError::AtItsNode(_)))
        ));
        let elsewhere = refused(&world.node(), &code, choice("lin", "")).await;
        assert!(matches!(
            elsewhere,
            ServiceError::Invitation(InviteError::AtItsNode(_))
        ));
        join_person(&station, &code, choice("lin", "别的名字"), net::join)
            .await
            .unwrap();
        assert_eq!(roles(&station, "lin").await, [Role::OpinionLiaison]);
        let card = world.node().directory();
        let names = card
            .statements()
            .filter_map(|one| one.appointment())
            .filter(|one| one.purpose == Purpose::Person);
        assert_eq!(
            names.map(|one| one.name.as_str()).collect::<Vec<_>>(),
            ["林静禾"],
            "the invitation has the name"
        );
        let replayed = refused(&station, &code, choice("mo", "莫")).await;
        assert!(
            matches!(replayed, ServiceError::Invitation(InviteError::Used(_))),
            "{replayed}"
        );
        // Of one org several may be open, each taken back by itself.
        let first = world
            .invite_person(known(), post(Role::OpinionLiaison, None))
            .await
            .unwrap();
        let second = world
            .invite_person(known(), post(Role::StationLiaison, None))
            .await
            .unwrap();
        let open = world.node().invitations().unwrap();
        assert_eq!(open.len(), 2);
        let one = open.iter().find(|one| one.roles == ["opinion_liaison"]).unwrap();
        let (node, id) = (world.node(), one.id.clone().unwrap());
        work(move || node.withdraw_invitation(&id)).await.unwrap();
        let withdrawn = refused(&station, &first.to_code(), choice("mo", "莫")).await;
        assert!(
            matches!(withdrawn, ServiceError::Invitation(InviteError::Withdrawn(_))),
            "{withdrawn}"
        );
        join_person(&station, &second.to_code(), choice("mo", "莫"), net::join)
            .await
            .unwrap();
        assert_eq!(roles(&station, "mo").await, [Role::StationLiaison]);
        let late = Invitation {
            expires: Timestamp(1),
            ..second
        };
        let late = refused(&station, &late.to_code(), choice("yi", "易")).await;
        assert!(
            matches!(late, ServiceError::Invitation(InviteError::Expired(_))),
            "{late}"
        );
    });
}

#[test]
fn a_person_of_the_own_org_needs_no_connection() {
    run(async |world| {
        let own = Invitee::Known("own".into());
        let invitation = world
            .invite_person(own, post(Role::Organiser, None))
            .await
            .unwrap();
        let nobody = async |_: &Invitation, _| panic!("nobody is asked");
        join_person(&world.node(), &invitation.to_code(), choice("he", "何"), nobody)
            .await
            .unwrap();
        assert_eq!(roles(&world.node(), "he").await, [Role::Organiser]);
    });
}

#[test]
fn nobody_is_invited_to_more_than_the_inviter_may_give() {
    run(async |world| {
        let code = world.invite(STATION, CODE).await.to_code();
        world.join("station", &code).await.unwrap();
        let seat = |seat| InvitedPerson {
            seat: Some(seat),
            ..post(Role::Deputy, Some("罗定一"))
        };
        let known = || Invitee::Known(CODE.into());
        let beyond = InvitedPerson {
            until: Some(Timestamp(env::now().0 + 20 * 366 * 86_400_000)),
            ..seat(Level::Township)
        };
        let beyond = world.invite_person(known(), beyond).await.map(|_| ());
        assert!(
            matches!(beyond, Err(ServiceError::Office(OfficeError::Beyond(_)))),
            "{beyond:?}"
        );
        // Nobody but a deputy has a seat.
        let clerk = InvitedPerson {
            roles: vec![Role::OpinionLiaison],
            ..seat(Level::Township)
        };
        assert!(matches!(
            world.invite_person(known(), clerk).await,
            Err(ServiceError::Bad(_))
        ));
        assert!(world.invite_person(known(), seat(Level::Township)).await.is_ok());
        assert_eq!(
            world.node().invitations().unwrap().len(),
            1,
            "what was refused is not open"
        );
        let strange = world
            .invite_person(Invitee::Known("990199".into()), seat(Level::Township))
            .await;
        let Err(ServiceError::Invitation(strange @ InviteError::NotOurs { .. })) = strange else {
            panic!("{:?}", strange.map(|_| ()));
        };
        // Whoever invites has no code: nothing is said of one.
        assert!(strange.zh().contains("“990199”不是枫渡镇") && !strange.zh().contains("邀请码"));
        let draft = InviteDraft {
            org: known(),
            person: None,
            addresses: Vec::new(),
            days: INVITE_DAYS,
        };
        let node = world.node();
        let twice = work(move || node.invite_with(draft, &secret())).await;
        assert!(matches!(
            twice,
            Err(ServiceError::Invitation(InviteError::HasNode(_)))
        ));
    });
}
