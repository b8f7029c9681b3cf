//! Raises the prefecture: founds the root, and lets every other node join by an invitation of its parent. What is there
//! from an earlier start is opened as it is; what an earlier start left half done is done again.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use age::secrecy::SecretString;
use anyhow::Context;
use indicatif::ProgressBar;
use lianzhan_protocol::id::OrgId;
use lianzhan_protocol::trust::Purpose;

use super::cast::{PASSPHRASE, Place};
use super::joint::wait;
use crate::config::{Config, Overrides};
use crate::net;
use crate::runtime::Running;
use crate::services::appoint::{AppointmentRequest, PersonDraft};
use crate::services::found::found;
use crate::services::join;
use crate::services::{Author, Node, files};

/// Keys of the demo are no secret; their files are cheap to open.
const SCRYPT_LOG_N: u8 = 10;

/// The running nodes.
pub(super) struct Prefecture {
    running: BTreeMap<Place, Running>,
}

pub(super) fn passphrase() -> SecretString {
    SecretString::from(PASSPHRASE.to_owned())
}

impl Prefecture {
    pub(super) async fn raise(dir: &Path, bar: &ProgressBar) -> anyhow::Result<Self> {
        let mut prefecture = Prefecture {
            running: BTreeMap::new(),
        };
        bar.set_length(Place::ALL.len() as u64);
        for place in Place::ALL {
            bar.set_message(format!("starting {}", place.dir()));
            let target = dir.join(place.dir());
            let node = if target.join(files::FOUNDING).exists() {
                join::tidy(&target);
                let path = target.clone();
                tokio::task::spawn_blocking(move || Node::open(&path, &Overrides::default())).await??
            } else {
                let ports = [Port::free()?, Port::free()?];
                prefecture.make(*place, &target, &ports).await?
            };
            let running = Running::start(node.clone())
                .await
                .with_context(|| place.dir().to_owned())?;
            prefecture.running.insert(*place, running);
            let above = place.parent().map(|parent| prefecture.node(parent).clone());
            appoint_people(&node, above.as_ref(), *place).await?;
            bar.inc(1);
        }
        prefecture.name_root_witness().await?;
        Ok(prefecture)
    }

    /// Makes the node that is to serve and to listen at `ports`.
    async fn make(&self, place: Place, target: &Path, [web, peers]: &[Port; 2]) -> anyhow::Result<Arc<Node>> {
        let config = Config {
            web: SocketAddr::from(([127, 0, 0, 1], web.number)),
            listen: vec![format!("/ip4/127.0.0.1/tcp/{}", peers.number)],
            scrypt_log_n: SCRYPT_LOG_N,
            ..Config::default()
        };
        let target = target.to_owned();
        let Some(parent) = place.parent() else {
            let node =
                tokio::task::spawn_blocking(move || found(&target, place.draft(), &passphrase(), config));
            return Ok(node.await??);
        };
        let above = self.running.get(&parent).context("parents are raised first")?;
        let (node, addresses) = (above.node().clone(), above.addresses());
        let invited =
            tokio::task::spawn_blocking(move || node.invite(place.draft(), &passphrase(), addresses)).await?;
        let invitation = match (invited, join::begun(&target)) {
            (Ok(invitation), _) => invitation,
            // Appointed already, when an earlier start was killed.
            (Err(_), Some(begun)) => begun,
            (Err(error), None) => return Err(error.into()),
        };
        let code = invitation.to_code();
        Ok(join::join(&target, &code, passphrase(), None, config, net::join, |_| ()).await?)
    }

    /// The root has no parent: its child witnesses it.
    async fn name_root_witness(&self) -> anyhow::Result<()> {
        let (root, county) = (self.node(Place::City).clone(), self.node(Place::County).org_id());
        tokio::task::spawn_blocking(move || {
            if !root.directory().required_witnesses(&root.org_id()).is_empty() {
                return Ok(());
            }
            let authority = root.unlock_authority(&passphrase())?;
            root.name_root_witnesses(&authority, vec![county])
        })
        .await??;
        Ok(())
    }

    pub(super) fn node(&self, place: Place) -> &Arc<Node> {
        self.running
            .get(&place)
            .expect("all places run once the prefecture is raised")
            .node()
    }

    pub(super) fn org(&self, place: Place) -> OrgId {
        self.node(place).org_id()
    }

    pub(super) fn running(&self) -> impl Iterator<Item = (&Place, &Running)> {
        self.running.iter()
    }

    /// Signs in as one of the place's people.
    pub(super) fn author(&self, place: Place, login: &str) -> anyhow::Result<Author> {
        self.node(place)
            .sign_in(login, &passphrase())
            .with_context(|| format!("{login} at {}", place.dir()))
    }

    /// Stops all nodes, stations first.
    pub(super) async fn stop(&mut self) {
        for (_, running) in std::mem::take(&mut self.running).into_iter().rev() {
            running.stop().await;
        }
    }
}

/// Appoints the place's people. Who holds a seat above the place's own level is appointed by the place above, which is
/// asked with a code and answers through sync.
async fn appoint_people(node: &Arc<Node>, above: Option<&Arc<Node>>, place: Place) -> anyhow::Result<()> {
    let (own, above) = (node.clone(), above.cloned());
    let keys = tokio::task::spawn_blocking(move || {
        let mut keys = Vec::new();
        for person in place.people() {
            let draft = PersonDraft {
                login: person.login.into(),
                name: person.name.into(),
                roles: person.roles.to_vec(),
                seat: person.seat,
                ..PersonDraft::default()
            };
            let stated_above = person.seat.is_some_and(|seat| seat.rank() < place.level().rank());
            match (&above, stated_above) {
                (Some(above), true) => {
                    let request = own.ask_appointment(draft, &passphrase())?;
                    if above
                        .directory()
                        .appointments_of(&request.key, Purpose::Person)
                        .next()
                        .is_none()
                    {
                        let code = request.to_code();
                        above.grant_appointment(
                            &passphrase(),
                            &AppointmentRequest::from_code(&code)?,
                            None,
                        )?;
                    }
                    keys.push(request.key);
                }
                _ if own.is_appointed(person.login)? => {}
                _ => drop(own.appoint_person(&passphrase(), draft, &passphrase())?),
            }
        }
        anyhow::Ok(keys)
    })
    .await??;
    for key in keys {
        wait("an appointment from above", || {
            Ok(node
                .directory()
                .appointments_of(&key, Purpose::Person)
                .next()
                .is_some())
        })
        .await?;
    }
    Ok(())
}

/// Ports that systems, as they come, give to no outgoing connection: one could take it before the node does.
const PORTS: std::ops::Range<u16> = 24_000..32_000;

/// A port that nobody else can take for as long as this is held; its number is written into the node's configuration and kept.
struct Port {
    number: u16,
    _held: TcpListener,
}

impl Port {
    /// One that nobody uses now.
    fn free() -> anyhow::Result<Port> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        // Another demo that starts now looks elsewhere.
        let first = std::process::id().wrapping_mul(101);
        let count = u32::from(PORTS.end - PORTS.start);
        for _ in 0..count {
            let next = first.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % count;
            let number = PORTS.start + u16::try_from(next)?;
            if let Ok(held) = TcpListener::bind(("127.0.0.1", number)) {
                return Ok(Port { number, _held: held });
            }
        }
        anyhow::bail!(
            "no port from {} to {} is free on 127.0.0.1",
            PORTS.start,
            PORTS.end - 1
        )
    }
}
