//! Posts from appointment to adoption, on a township and its station that exchange what they wrote in one thread.

use std::sync::Arc;

use age::secrecy::SecretString;
use lianzhan_protocol::id::{RecordId, StatementId};
use lianzhan_protocol::log::TreeSize;
use lianzhan_protocol::record::{AdoptedBy, Value, Verdict};

use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::{Ground, Level, Purpose, Role};

use super::adopt::AdoptDraft;
use super::appoint::{AppointmentRequest, PersonDraft};
use super::found::{OrgDraft, found};
use super::ingest::Ingested;
use super::invite::Joining;
use super::office::{Office, OfficeError, OfficeFilter, Standing, WARN_DAYS};
use super::renew::{parse_since, parse_until};
use super::revoke::{Keep, RevocationDraft};
use super::succession::{SuccessionDraft, SuccessionFile};
use super::visit::VisitDraft;
use super::{Author, Node, ServiceError};
use crate::config::Config;
use crate::env;
use crate::services::witness::CosignRequest;

const DAY_MS: i64 = 24 * 3600 * 1000;

struct Two {
    _dir: tempfile::TempDir,
    township: Arc<Node>,
    station: Arc<Node>,
    runtime: tokio::runtime::Runtime,
}

fn secret() -> SecretString {
    SecretString::from("correct horse battery".to_owned())
}

fn config() -> Config {
    Config {
        scrypt_log_n: 2,
        ..Config::default()
    }
}

fn org(level: Level, name: &str, code: &str) -> OrgDraft {
    OrgDraft {
        level,
        name_zh: name.into(),
        name_en: name.into(),
        code: code.into(),
    }
}

fn clerk(login: &str) -> PersonDraft {
    PersonDraft {
        login: login.into(),
        name: format!("{login} 的名字"),
        roles: vec![Role::OpinionLiaison],
        ..PersonDraft::default()
    }
}

fn in_days(days: i64) -> Timestamp {
    Timestamp(env::now().0 + days * DAY_MS)
}

fn soft(id: StatementId) -> RevocationDraft {
    RevocationDraft::soft(id, "调离本站")
}

impl Two {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let township = found(
            &dir.path().join("township"),
            org(Level::Township, "枫渡镇", "990121103"),
            &secret(),
            config(),
        )
        .unwrap();
        let code = township
            .invite(
                org(Level::Station, "石桥站", "990121103201"),
                &secret(),
                vec!["/ip4/127.0.0.1/tcp/7611".into()],
            )
            .unwrap()
            .to_code();
        let joining = Joining::begin(&code).unwrap();
        let reply = township.answer_join(&joining.request());
        let station = joining
            .finish(&dir.path().join("station"), reply, &secret(), config())
            .unwrap();
        Two {
            _dir: dir,
            township,
            station,
            runtime: tokio::runtime::Builder::new_current_thread().build().unwrap(),
        }
    }

    /// Each gets what it lacks; the township witnesses what the station wrote.
    fn talk(&self) {
        carry(&self.station, &self.township);
        for (_, origin) in own_logs(&self.station) {
            let now = crate::env::now();
            let asked = self
                .station
                .prepare_witness(&origin, &self.township.org_id(), None, now);
            if let Some(asked) = asked.unwrap() {
                let request = CosignRequest {
                    peer: self.station.node_key().public(),
                    old: asked.old,
                    checkpoint: asked.checkpoint,
                    proof: asked.proof,
                    shown: asked.shown,
                };
                let receipt = self.township.cosign(request, now).unwrap().unwrap();
                self.station.store_receipt(&origin, receipt).unwrap();
            }
        }
        carry(&self.station, &self.township);
        carry(&self.township, &self.station);
    }

    fn appoint(&self, draft: PersonDraft) -> StatementId {
        self.station.appoint_person(&secret(), draft, &secret()).unwrap()
    }

    fn sign_in(&self, login: &str) -> Result<Author, ServiceError> {
        self.station.sign_in(login, &secret())
    }

    fn visit(&self, login: &str) -> RecordId {
        let text = |name: &str, value: &str| (name.to_owned(), Value::Text(value.to_owned()));
        let draft = VisitDraft {
            fields: vec![
                text("received_at", "2026-04-01T09:30:00+08:00"),
                text("channel", "visit"),
                ("persons".into(), Value::Int(1)),
                text("nature", "problem"),
                text("gist", "老街路灯坏了。"),
            ],
            subject: vec![text("name", "来访人")],
            sensitive: Vec::new(),
        };
        let author = self.sign_in(login).unwrap();
        let written = self.runtime.block_on(self.station.register_visit(&author, draft));
        written.unwrap().record
    }

    fn office(&self, id: &StatementId) -> Office {
        self.station.office(id).unwrap()
    }
}

fn own_logs(node: &Node) -> Vec<(lianzhan_protocol::id::SpaceId, lianzhan_protocol::id::Origin)> {
    let standings = node.store().read(|reader| reader.standings()).unwrap();
    let own = standings.into_iter().filter(|(.., own)| *own);
    own.map(|(space, origin, ..)| (space, origin)).collect()
}

fn carry(from: &Node, to: &Node) {
    for (space, origin) in own_logs(from) {
        if to.space(&space).is_none() {
            continue;
        }
        loop {
            let log = to.store().read(|reader| reader.log(&origin)).unwrap();
            let held = log.map_or(TreeSize::EMPTY, |log| log.size);
            let Some(range) = from.read_range(&origin, held, usize::MAX).unwrap() else {
                break;
            };
            assert!(matches!(to.ingest(&space, &range), Ingested::Stored(_)));
        }
    }
    let statements = to.store().read(|reader| reader.statements()).unwrap();
    to.learn(&statements);
    to.store()
        .write_blocking(|writer| writer.mark_unsettled())
        .unwrap();
    to.mark_revised().unwrap();
    let keys = from.find_keys(&to.lacking_keys().unwrap()).unwrap();
    to.keep_keys(keys.into_iter().map(|found| (found.record, found.key)).collect())
        .unwrap();
    to.catch_up(|_| {}).unwrap();
}

fn office_error(result: Result<impl std::fmt::Debug, ServiceError>) -> OfficeError {
    match result {
        Err(ServiceError::Office(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_person_keeps_their_id_over_posts_and_keys() {
    let two = Two::new();
    let first = two.appoint(clerk("lin"));
    let person = two.office(&first).person.unwrap();
    let further = two.appoint(PersonDraft {
        roles: vec![Role::Publicist],
        person: Some("lin".into()),
        ..clerk("lin")
    });
    let other_key = two.appoint(PersonDraft {
        person: Some(person.to_string()),
        ..clerk("lin2")
    });
    let keys = [first, further, other_key].map(|id| {
        assert_eq!(two.office(&id).person, Some(person));
        two.office(&id).key
    });
    assert_eq!(keys[0], keys[1]);
    assert_ne!(keys[0], keys[2]);
    assert_ne!(two.office(&two.appoint(clerk("wang"))).person, Some(person));

    assert_eq!(
        two.sign_in("lin").unwrap().appointment,
        first,
        "the first that was given"
    );
    assert_eq!(two.sign_in("lin/publicist").unwrap().appointment, further);
    let by_id = format!("lin/{}", &further.to_string()[..8]);
    assert_eq!(two.sign_in(&by_id).unwrap().appointment, further);
    assert!(matches!(
        office_error(two.sign_in("lin/secretary").map(|author| author.name)),
        OfficeError::OtherPost(_)
    ));
    // Without a word that it is the same person, the login is taken.
    assert!(
        two.station
            .appoint_person(&secret(), clerk("lin"), &secret())
            .is_err()
    );
    let of_person = OfficeFilter {
        person: Some("lin".into()),
        ..OfficeFilter::default()
    };
    assert_eq!(two.station.offices(&of_person).unwrap().len(), 3);
}

#[test]
fn what_ends_soon_is_told_of_until_it_is_renewed() {
    let two = Two::new();
    let id = two.appoint(PersonDraft {
        until: Some(in_days(10)),
        ..clerk("lin")
    });
    assert!(matches!(
        two.office(&id).standing,
        Standing::Expiring { days: 9 | 10 }
    ));
    let ending = two.station.status(Vec::new()).unwrap().ending;
    assert_eq!(ending.iter().map(|office| office.id).collect::<Vec<_>>(), [id]);

    let earlier = two.station.renew(&secret(), &id, Some(in_days(5)));
    assert!(matches!(office_error(earlier), OfficeError::Earlier(_)));
    let beyond = two.station.renew(&secret(), &id, Some(in_days(100 * 366)));
    assert!(matches!(office_error(beyond), OfficeError::Beyond(_)));
    let renewed = two.station.renew(&secret(), &id, Some(in_days(400))).unwrap();
    let (old, new) = (two.office(&id), two.office(&renewed));
    assert!(old.renewed && !new.renewed);
    assert_eq!((old.key, old.person, old.roles), (new.key, new.person, new.roles));
    assert_eq!(new.standing, Standing::InForce);
    assert!(two.station.ending().unwrap().is_empty());
    assert_eq!(
        two.sign_in("lin").unwrap().appointment,
        renewed,
        "it takes over by itself"
    );
    let far = OfficeFilter {
        within_days: Some(WARN_DAYS * 20),
        ..OfficeFilter::default()
    };
    assert!(
        two.station
            .offices(&far)
            .unwrap()
            .iter()
            .any(|office| office.id == renewed)
    );
}

#[test]
fn an_authority_is_renewed_by_the_org_above_and_speaks_under_the_longer_appointment() {
    let two = Two::new();
    let directory = two.station.directory();
    let of_station = OfficeFilter {
        org: Some(two.station.org_id()),
        ..OfficeFilter::default()
    };
    let offices = two.station.offices(&of_station).unwrap();
    let authority = offices
        .iter()
        .find(|office| office.purpose == Purpose::Authority)
        .unwrap();
    assert!(matches!(
        office_error(two.station.renew(&secret(), &authority.id, None)),
        OfficeError::OtherOrg(name) if name == "枫渡镇"
    ));
    let node = offices
        .iter()
        .find(|office| office.purpose == Purpose::Node)
        .unwrap();
    assert!(matches!(
        office_error(two.station.renew(&secret(), &node.id, None)),
        OfficeError::Beyond(_)
    ));
    assert_eq!(directory.chain(&node.id).unwrap().links, node.chain);

    // The root's term is prolonged by its founders, then the station's by the root.
    let draft = SuccessionDraft {
        same_key: true,
        ..SuccessionDraft::default()
    };
    let mut file = two.township.draft_succession(&draft, &secret()).unwrap();
    for n in [1, 2] {
        let key = two.township.dir().join(format!("founders/{n}.age"));
        file.sign(&key, &secret()).unwrap();
    }
    two.township.publish_succession(&file, &secret()).unwrap();
    two.talk();
    let renewed = two.township.renew(&secret(), &authority.id, None).unwrap();
    two.talk();
    let longer = two.station.renew(&secret(), &node.id, None).unwrap();
    assert_eq!(two.office(&longer).chain, [longer, renewed]);
}

#[test]
fn a_changed_key_takes_over_and_the_old_one_signs_no_more() {
    let two = Two::new();
    let old = two.appoint(clerk("lin"));
    let before = two.sign_in("lin").unwrap();
    let changed = two
        .station
        .change_key(&secret(), "lin", &secret(), "换密钥")
        .unwrap();
    let [new] = changed.appointments[..] else {
        panic!("{changed:?}")
    };
    let after = two.sign_in("lin").unwrap();
    assert_eq!(after.appointment, new);
    assert_ne!(after.key.public(), before.key.public());
    assert_eq!(two.office(&new).person, two.office(&old).person);
    assert!(matches!(
        two.office(&old).standing,
        Standing::Revoked { ground: "soft", .. }
    ));
    let files = std::fs::read_dir(two.station.dir().join("people")).unwrap();
    let names: Vec<String> = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(names.iter().any(|name| name.ends_with(".old")), "{names:?}");
    assert!(!names.iter().any(|name| name.contains("next")), "{names:?}");
}

#[test]
fn a_post_that_the_org_above_gives_is_asked_for_when_the_key_changes() {
    let two = Two::new();
    let deputy = PersonDraft {
        roles: vec![Role::Deputy],
        seat: Some(Level::Township),
        ..clerk("luo")
    };
    let request = two.station.ask_appointment(deputy, &secret()).unwrap();
    let old = two.township.grant_appointment(&secret(), &request, None).unwrap();
    two.talk();
    assert_eq!(two.sign_in("luo").unwrap().appointment, old);
    assert!(matches!(
        office_error(two.station.revoke(&secret(), &soft(old))),
        OfficeError::OutOfReach { issuer } if issuer == "枫渡镇"
    ));
    let changed = two
        .station
        .change_key(&secret(), "luo", &secret(), "换密钥")
        .unwrap();
    assert!(changed.appointments.is_empty() && changed.revoked.is_empty());
    assert!(matches!(
        office_error(two.sign_in("luo").map(|author| author.name)),
        OfficeError::NotHere
    ));
    let [request] = &changed.requests[..] else {
        panic!("{changed:?}")
    };
    let request = AppointmentRequest::from_code(&request.to_code()).unwrap();
    let new = two.township.grant_appointment(&secret(), &request, None).unwrap();
    two.township.revoke(&secret(), &soft(old)).unwrap();
    two.talk();
    assert_eq!(two.sign_in("luo").unwrap().appointment, new);
    assert_eq!(two.office(&new).person, two.office(&old).person);
}

#[test]
fn a_soft_revocation_keeps_what_was_witnessed_and_contests_the_rest_until_a_successor_adopts_it() {
    let two = Two::new();
    let lin = two.appoint(clerk("lin"));
    let witnessed = two.visit("lin");
    two.talk();
    let unwitnessed = two.visit("lin");
    two.station.revoke(&secret(), &soft(lin)).unwrap();
    two.talk();

    let refused = office_error(two.sign_in("lin").map(|author| author.name));
    assert!(
        matches!(&refused, OfficeError::Revoked { by, words, .. } if by == "石桥站" && words == "调离本站"),
        "{refused}"
    );
    assert!(two.station.dir().join("people/lin.age").exists(), "the key stays");
    for node in [&two.station, &two.township] {
        let counts = |record: &RecordId| {
            let (_, state) = node.state(record).unwrap();
            state
                .history
                .iter()
                .all(|item| matches!(item.verdict, Verdict::Counts { .. }))
        };
        assert!(counts(&witnessed) && !counts(&unwitnessed));
        let contested = node.contested().unwrap();
        let main: Vec<_> = contested.changes.iter().filter(|change| !change.sealed).collect();
        assert_eq!(main.len(), 1);
        assert_eq!(
            (main[0].record, main[0].events.as_slice()),
            (unwitnessed, ["register"].as_slice())
        );
        assert!(node.status(Vec::new()).unwrap().contested > 0);
    }

    let change = two
        .station
        .contested()
        .unwrap()
        .changes
        .iter()
        .find(|change| !change.sealed)
        .unwrap()
        .change;
    two.appoint(PersonDraft {
        roles: vec![Role::Publicist],
        ..clerk("wang")
    });
    let wang = two.sign_in("wang").unwrap();
    let other = two
        .runtime
        .block_on(two.station.adopt_in(&wang, &unwitnessed, vec![change]));
    assert!(matches!(office_error(other), OfficeError::NotSamePost));
    two.appoint(clerk("song"));
    let song = two.sign_in("song").unwrap();
    let adopted = two
        .runtime
        .block_on(two.station.adopt_in(&song, &unwitnessed, vec![change]))
        .unwrap();
    let (_, state) = two.station.state(&unwitnessed).unwrap();
    let verdict = &state
        .history
        .iter()
        .find(|item| item.change == change)
        .unwrap()
        .verdict;
    assert!(matches!(
        verdict,
        Verdict::Counts { adopted: Some(AdoptedBy::Change(by)), .. } if *by == adopted.change
    ));
}

#[test]
fn what_a_stolen_key_signed_since_then_waits_for_the_authority() {
    let two = Two::new();
    let lin = two.appoint(clerk("lin"));
    let record = two.visit("lin");
    two.talk();
    let stolen = RevocationDraft {
        ground: Ground::Hard { since_s: None },
        ..soft(lin)
    };
    two.station.revoke(&secret(), &stolen).unwrap();
    assert!(matches!(
        office_error(two.station.revoke(&secret(), &stolen)),
        OfficeError::Already(_)
    ));
    two.talk();
    let contested = two.township.contested().unwrap().changes;
    assert!(contested.iter().any(|change| change.record == record));
    let draft = AdoptDraft {
        changes: contested.iter().map(|change| change.change).collect(),
        statements: Vec::new(),
    };
    two.township.adopt(&secret(), draft).unwrap();
    two.talk();
    for node in [&two.station, &two.township] {
        assert!(node.contested().unwrap().changes.is_empty());
    }

    // The person comes back under the same login with a new key, and is the same person.
    let again = two.appoint(PersonDraft {
        person: Some("lin".into()),
        ..clerk("lin")
    });
    assert_eq!(two.office(&again).person, two.office(&lin).person);
    assert_ne!(two.office(&again).key, two.office(&lin).key);
    assert_eq!(two.sign_in("lin").unwrap().appointment, again);
}

#[test]
fn a_revoked_authority_keeps_what_is_named_and_the_rest_is_adopted() {
    let two = Two::new();
    let lin = two.appoint(clerk("lin"));
    let wang = two.appoint(clerk("wang"));
    two.talk();
    let of_station = OfficeFilter {
        org: Some(two.station.org_id()),
        ..OfficeFilter::default()
    };
    let offices = two.township.offices(&of_station).unwrap();
    let authority = offices
        .iter()
        .find(|office| office.purpose == Purpose::Authority)
        .unwrap()
        .id;
    let all = two.township.plan_revocation(&soft(authority)).unwrap().0;
    assert_eq!(all.keeps.len(), 4, "node, witness and two clerks");
    assert!(all.cut.is_empty());
    let node = offices
        .iter()
        .filter(|office| matches!(office.purpose, Purpose::Node | Purpose::Witness));
    let keep: Vec<StatementId> = node.map(|office| office.id).chain([lin]).collect();
    let draft = RevocationDraft {
        keep: Some(Keep::Only(keep)),
        ..soft(authority)
    };
    two.township.revoke(&secret(), &draft).unwrap();
    two.talk();
    assert_eq!(two.office(&lin).standing, Standing::InForce);
    assert!(matches!(two.office(&wang).standing, Standing::Contested { .. }));
    let contested = two.township.contested().unwrap().statements;
    assert_eq!(
        contested.iter().map(|one| one.statement).collect::<Vec<_>>(),
        [wang]
    );
    let adopt = AdoptDraft {
        changes: Vec::new(),
        statements: vec![wang],
    };
    two.township.adopt(&secret(), adopt.clone()).unwrap();
    two.talk();
    assert_eq!(two.office(&wang).standing, Standing::InForce);
    assert!(matches!(
        office_error(two.township.adopt(&secret(), adopt)),
        OfficeError::NotContested
    ));
}

#[test]
fn a_node_that_is_revoked_knows_it_and_the_cut_covers_what_the_witness_saw() {
    let two = Two::new();
    two.appoint(clerk("lin"));
    two.visit("lin");
    two.talk();
    assert_eq!(two.station.node_revoked(), None);
    let key = two.station.node_key().public();
    let (id, _) = two
        .township
        .directory()
        .appointments_of(&key, Purpose::Node)
        .next()
        .map(|(id, a)| (id, a.clone()))
        .unwrap();
    let (planned, _) = two.township.plan_revocation(&soft(id)).unwrap();
    let [cut] = &planned.cut[..] else {
        panic!("{planned:?}")
    };
    let seen = two.township.store().read(|reader| reader.witness_size()).unwrap();
    assert_eq!(cut.index + 1, seen.0);
    two.township.revoke(&secret(), &soft(id)).unwrap();
    two.talk();
    assert!(
        matches!(two.station.node_revoked(), Some(Standing::Revoked { by_name, .. }) if by_name == "枫渡镇")
    );
    assert!(two.station.status(Vec::new()).unwrap().node_revoked.is_some());
}

#[test]
fn two_of_three_founders_name_a_successor_of_the_roots_key() {
    let two = Two::new();
    let root = &two.township;
    let new = SecretString::from("another long passphrase".to_owned());
    let refused = two.station.draft_succession(&SuccessionDraft::default(), &new);
    assert!(matches!(refused, Err(ServiceError::NotAllowed(_))));
    let mut file = root.draft_succession(&SuccessionDraft::default(), &new).unwrap();
    assert!(file.about().keeps >= 4, "{:?}", file.about());
    let founder = |n: u32| root.dir().join(format!("founders/{n}.age"));
    file.sign(&founder(1), &secret()).unwrap();
    file.sign(&founder(1), &secret()).unwrap();
    assert_eq!(file.signatures(), 1);
    assert!(matches!(
        root.publish_succession(&file, &new),
        Err(ServiceError::Founding(_))
    ));

    let path = two._dir.path().join("next.json");
    file.write(&path).unwrap();
    let mut file = SuccessionFile::read(&path).unwrap();
    file.sign(&founder(3), &secret()).unwrap();
    let stated = root.publish_succession(&file, &new).unwrap();
    assert_eq!(
        root.publish_succession(&file, &new).unwrap(),
        stated,
        "done again it is the same"
    );
    assert!(root.unlock_authority(&secret()).is_err());
    two.talk();
    assert_eq!(two.station.directory().root_authorities().len(), 2);
    // What stood stands, and the new key speaks.
    two.appoint(clerk("lin"));
    root.appoint_person(&new, clerk("he"), &secret()).unwrap();
    assert!(
        root.directory().faults().is_empty(),
        "{:?}",
        root.directory().faults()
    );
}

#[test]
fn days_and_times_are_those_of_this_country() {
    assert_eq!(parse_until("2027-06-30").unwrap(), Timestamp(1_814_371_200_000));
    assert_eq!(parse_since("2027-06-30").unwrap(), 1_814_284_800);
    assert_eq!(parse_since("2027-06-30T09:00").unwrap(), 1_814_317_200);
    assert!(parse_until("30.6.2027").is_err() && parse_since("bald").is_err());
}
