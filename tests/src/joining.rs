//! Invitations over real connections, of TCP and of QUIC: each that is to be refused is, by its own error and words, and a join that broke off
//! goes on with the key that was appointed before.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lianzhan_node::config::Config;
use lianzhan_node::net;
use lianzhan_node::runtime::Running;
use lianzhan_node::services::found::{OrgDraft, found};
use lianzhan_node::services::invite::{Invitation, InviteError, Joining};
use lianzhan_node::services::join::{begun, join};
use lianzhan_node::services::{Node, ServiceError};
use lianzhan_node::words;
use lianzhan_protocol::id::OrgId;
use lianzhan_protocol::keys::SecretKey;
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::Level;
use secrecy::SecretString;

use super::process::{PASSPHRASE, beside};

mod persons;

const STATION: &str = "石桥站";
const CODE: &str = "990121103201";

fn secret() -> SecretString {
    SecretString::from(PASSPHRASE.to_owned())
}

fn config() -> Config {
    listening(LINES[0])
}

/// Addresses of one kind each.
const LINES: [&str; 2] = ["/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/udp/0/quic-v1"];

fn listening(at: &str) -> Config {
    Config {
        web: SocketAddr::from(([127, 0, 0, 1], 0)),
        listen: vec![at.into()],
        quic: at.contains("quic"),
        scrypt_log_n: 2,
        ..Config::default()
    }
}

fn draft(level: Level, name: &str, code: &str) -> OrgDraft {
    OrgDraft {
        level,
        name_zh: name.into(),
        name_en: name.into(),
        code: code.into(),
    }
}

/// A township that runs, and room for machines that join it.
struct World {
    dir: tempfile::TempDir,
    township: Running,
}

impl World {
    async fn new(line: &str) -> World {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("township");
        let town = draft(Level::Township, "枫渡镇", "990121103");
        let config = listening(line);
        let node = work(move || found(&place, town, &secret(), config).unwrap()).await;
        let township = Running::start(node).await.unwrap();
        World { dir, township }
    }

    fn node(&self) -> Arc<Node> {
        self.township.node().clone()
    }

    async fn invite(&self, name: &'static str, code: &'static str) -> Invitation {
        let (node, addresses) = (self.node(), self.township.addresses());
        let org = draft(Level::Station, name, code);
        work(move || node.invite(org, &secret(), addresses).unwrap()).await
    }

    fn machine(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Joins on a machine of its own.
    async fn join(&self, machine: &str, code: &str) -> Result<Arc<Node>, ServiceError> {
        join(
            &self.machine(machine),
            code,
            secret(),
            None,
            config(),
            net::join,
            |_| (),
        )
        .await
    }

    /// How joining is refused, after which nothing has been set up.
    async fn refused(&self, invitation: &Invitation) -> InviteError {
        self.refused_code(&invitation.to_code()).await
    }

    async fn refused_code(&self, code: &str) -> InviteError {
        let refused = self.join("refused", code).await;
        assert!(!self.machine("refused").exists(), "nothing is set up");
        if let Err(ServiceError::Invitation(why)) = &refused {
            let kept = self.machine("refused.joining").exists();
            assert!(!(kept && why.is_final()), "a dead code is kept nowhere: {why}");
        }
        match refused.map(|_| ()) {
            Err(ServiceError::Invitation(why)) => why,
            other => panic!("{other:?}"),
        }
    }

    fn grant(&self, org: &OrgId) -> PathBuf {
        self.node().dir().join("invites").join(format!("{org}.grant"))
    }
}

async fn work<T: Send + 'static>(what: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(what).await.unwrap()
}

fn run(story: impl AsyncFn(World)) {
    let _lane = beside();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        for line in LINES {
            story(World::new(line).await).await;
        }
    });
}

/// The error in the words of a clerk.
fn zh(why: InviteError) -> String {
    words::zh(&ServiceError::Invitation(why))
}

#[test]
fn an_invitation_is_good_once() {
    run(async |world| {
        let invitation = world.invite(STATION, CODE).await;
        let open = world.node().invitations().unwrap();
        assert_eq!((open.len(), open[0].name_zh.as_str()), (1, STATION));
        let node = world.join("station", &invitation.to_code()).await.unwrap();
        assert_eq!(node.org().unwrap().name_zh, STATION);
        assert!(
            begun(&world.machine("station")).is_none(),
            "nothing is left half done"
        );
        assert!(!world.grant(&invitation.org).exists());
        assert!(world.node().invitations().unwrap().is_empty());
        let replayed = world.refused(&invitation).await;
        assert!(matches!(replayed, InviteError::Used(_)), "{replayed:?}");
        assert!(zh(replayed).contains("用过"));
    });
}

#[test]
fn a_withdrawn_or_replaced_invitation_is_good_for_nothing() {
    run(async |world| {
        let first = world.invite(STATION, CODE).await;
        let second = world.invite(STATION, CODE).await;
        let replaced = world.refused(&first).await;
        assert!(matches!(replaced, InviteError::Replaced(_)), "{replaced:?}");
        assert!(zh(replaced).contains("另发了新的"));
        let node = world.node();
        let gone = work(move || node.withdraw_invitation(CODE)).await.unwrap();
        assert_eq!(gone.name_zh, STATION);
        let withdrawn = world.refused(&second).await;
        assert!(matches!(withdrawn, InviteError::Withdrawn(_)), "{withdrawn:?}");
        assert!(zh(withdrawn).contains("撤回"));
        // Whoever invites is told what is open, not to ask whoever invited.
        let Err(ServiceError::Invitation(again)) = world.node().withdraw_invitation(CODE) else {
            panic!("it was withdrawn before");
        };
        assert_eq!(again, InviteError::NotOpen(CODE.into()));
        assert!(!zh(again).contains("邀请方"));
        let third = world.invite(STATION, CODE).await;
        assert!(world.join("station", &third.to_code()).await.is_ok());
    });
}

#[test]
fn an_expired_invitation_is_refused_on_both_sides() {
    run(async |world| {
        let invitation = world.invite(STATION, CODE).await;
        let past = Timestamp(invitation.expires.0 - 30 * 86_400_000);
        let here = world
            .refused(&Invitation {
                expires: past,
                ..invitation.clone()
            })
            .await;
        assert!(matches!(here, InviteError::Expired(_)), "{here:?}");
        // The parent goes by its own note, whatever the code says.
        let note = world.grant(&invitation.org);
        let number = |at: Timestamp| at.0.to_be_bytes();
        let mut bytes = std::fs::read(&note).unwrap();
        let at = bytes
            .windows(8)
            .position(|part| part == number(invitation.expires))
            .unwrap();
        bytes[at..at + 8].copy_from_slice(&number(past));
        std::fs::write(&note, bytes).unwrap();
        assert!(world.node().invitations().unwrap()[0].expired);
        let there = world.refused(&invitation).await;
        assert!(matches!(there, InviteError::Expired(_)), "{there:?}");
        assert!(zh(there).contains("过期"));
    });
}

#[test]
fn a_code_for_another_org_or_node_is_refused() {
    run(async |world| {
        let invitation = world.invite(STATION, CODE).await;
        let sister = world.invite("柳林站", "990121103202").await;
        let with = |org: OrgId| Invitation {
            org,
            ..invitation.clone()
        };
        let wrong = world.refused(&with(sister.org)).await;
        assert_eq!(wrong, InviteError::WrongCode, "another org's grant does not open");
        let wrong = world.refused(&with(world.node().org_id())).await;
        assert_eq!(wrong, InviteError::OtherOrg("枫渡镇".into()));
        assert!(zh(wrong).contains("不是枫渡镇的直接下级"));
        let wrong = world.refused(&with(OrgId([7; 16]))).await;
        assert_eq!(wrong, InviteError::Unknown);
        // Another node at the same address is not the one that invited.
        let wrong = world
            .refused(&Invitation {
                parent: SecretKey::from_seed([7; 32]).public(),
                ..invitation.clone()
            })
            .await;
        assert!(matches!(wrong, InviteError::Unreachable { .. }), "{wrong:?}");
        assert!(zh(wrong).contains("邀请码仍有效"));
        assert!(world.join("station", &invitation.to_code()).await.is_ok());
    });
}

#[test]
fn a_tampered_code_is_refused() {
    run(async |world| {
        let invitation = world.invite(STATION, CODE).await;
        let mut other = invitation.clone();
        other.secret[0] ^= 1;
        let wrong = world.refused(&other).await;
        assert_eq!(wrong, InviteError::WrongCode);
        let code = invitation.to_code();
        for bad in [&code[..code.len() - 9], &code[1..], "", "https://example.org/"] {
            let wrong = world.refused_code(bad).await;
            assert_eq!(wrong, InviteError::NoCode, "{bad}");
            assert!(zh(wrong).contains("不是完整的邀请码"));
        }
        let mut founding = invitation.clone();
        let last = founding.founding.len() - 1;
        founding.founding[last] ^= 1;
        let wrong = world.join("refused", &founding.to_code()).await;
        assert!(
            matches!(wrong.map(|_| ()), Err(ServiceError::Founding(_))),
            "another root of trust is none"
        );
        // Mail programs break lines, and people copy them so.
        let broken: Vec<String> = code
            .as_bytes()
            .chunks(60)
            .map(|part| String::from_utf8_lossy(part).into_owned())
            .collect();
        assert!(world.join("station", &broken.join("\r\n  ")).await.is_ok());
    });
}

#[test]
fn a_join_that_broke_off_goes_on_with_its_key_and_nobody_elses() {
    run(async |world| {
        let invitation = world.invite(STATION, CODE).await;
        let (code, place) = (invitation.to_code(), world.machine("station"));
        let asked = {
            let (code, place) = (code.clone(), place.clone());
            work(move || Joining::begin_in(&place, &code, &secret(), 2).unwrap()).await
        };
        // Appointed, and ended before the answer was written.
        let lost = net::join(asked.invitation(), asked.request()).await.unwrap();
        drop((lost, asked));
        assert!(!place.exists() && begun(&place) == Some(invitation.clone()));
        let stranger = world.refused(&invitation).await;
        assert!(matches!(stranger, InviteError::Used(_)), "{stranger:?}");
        let other = SecretString::from("another long passphrase".to_owned());
        let wrong = join(&place, &code, other, None, config(), net::join, |_| ()).await;
        assert!(matches!(
            wrong.map(|_| ()),
            Err(ServiceError::Invitation(InviteError::OtherPassphrase))
        ));
        let node = world.join("station", &code).await.unwrap();
        let authorities = |node: &Node| {
            let directory = node.directory();
            let posts = directory
                .statements()
                .filter_map(|one| one.appointment().cloned());
            posts
                .filter(|post| {
                    post.org == invitation.org && post.name == STATION && post.may_appoint.is_some()
                })
                .count()
        };
        assert_eq!((authorities(&node), authorities(&world.node())), (1, 1));
        assert!(begun(&place).is_none() && is_empty(world.dir.path(), ".joining"));
    });
}

fn is_empty(dir: &Path, ending: &str) -> bool {
    let mut names = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    !names.any(|name| name.to_string_lossy().ends_with(ending) && name != "refused.joining")
}
