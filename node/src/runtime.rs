//! Joins the parts of a running node and stops them: projector, network, pages and API.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::config::{Config, Overrides};
use crate::services::found::FreshDir;
use crate::services::limit::Door;
use crate::services::{Node, ServiceError, attachment, files, join, neighbours, project, witness};
use crate::{api, env, net, web};

/// Name of the file that tells other programs how to reach a running node.
pub const RUNNING: &str = "running.json";

/// What [`RUNNING`] says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunningFile {
    /// Where pages and API are.
    pub web: SocketAddr,
    /// Where programs of this machine reach the API by plain HTTP.
    pub local: SocketAddr,
    /// The process.
    pub pid: u32,
    /// Where peers reach it, by TCP and by QUIC.
    #[serde(default)]
    pub peers: Vec<String>,
}

/// A running node.
pub struct Running {
    node: Arc<Node>,
    net: net::Handle,
    web: SocketAddr,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Running {
    /// Starts everything that `node` does while it runs.
    pub async fn start(node: Arc<Node>) -> anyhow::Result<Self> {
        let listener = listen(node.config().web)?;
        Self::start_at(node, listener).await
    }

    /// The same, with pages at an address that is held already.
    async fn start_at(node: Arc<Node>, listener: std::net::TcpListener) -> anyhow::Result<Self> {
        let (stop, stopped) = watch::channel(false);
        let gate = web::gate::Gate::open(listener, node.config(), node.dir()).await?;
        let (web, local) = (gate.bound(), gate.local());
        let net = net::start(node.clone(), stopped.clone()).await?;
        let peers: Arc<dyn Fn() -> Vec<crate::services::query::PeerStatus> + Send + Sync> = {
            let peers = net.peers.clone();
            Arc::new(move || peers.list())
        };
        let addresses: Arc<dyn Fn() -> Vec<String> + Send + Sync> = {
            let net = net.clone();
            Arc::new(move || net.addresses())
        };
        let door = Door::default();
        let pages = web::state(node.clone(), peers.clone(), gate.site(), stopped.clone())
            .through(door.clone())
            .asking(ask())
            .reached(addresses.clone());
        let token = node.api_token()?;
        let api = api::ApiState {
            node: node.clone(),
            peers,
            ask: ask(),
            addresses,
            door,
            progress: api::progress::Board::default(),
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(project::run(node.clone(), stopped.clone()));
        tasks.spawn(witness::keep_fresh(node.clone(), stopped.clone()));
        tasks.spawn(attachment::keep_swept(node.clone(), stopped.clone()));
        tasks.spawn(neighbours::keep_alive(node.clone(), stopped.clone()));
        tasks.spawn(renew(gate.certificate(), stopped.clone())?);
        let site = gate.site().address();
        let (pages, api) = (move || web::router(pages), move || api::router(api, &token));
        tasks.spawn(gate.serve(pages, api, move || {
            let mut end = stopped.clone();
            async move {
                // An error means that the sender is gone: that is the end, too.
                let _ = end.wait_for(|stop| *stop).await;
            }
        }));
        let file = RunningFile {
            web,
            local,
            pid: std::process::id(),
            peers: net.addresses(),
        };
        let path = node.dir().join(RUNNING);
        env::write_private(&path, &serde_json::to_vec(&file)?)
            .with_context(|| format!("{} cannot be written", path.display()))?;
        tracing::info!(web = site, addresses = ?net.addresses(), node = node.org()?.name_en, "running");
        Ok(Running {
            node,
            net,
            web,
            stop,
            tasks,
        })
    }

    /// The node.
    pub fn node(&self) -> &Arc<Node> {
        &self.node
    }

    /// Where pages and API are.
    pub fn web(&self) -> SocketAddr {
        self.web
    }

    /// Where peers reach it.
    pub fn addresses(&self) -> Vec<String> {
        self.net.addresses()
    }

    /// Stops accepting, lets what is under way finish, closes the store.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let finish = async {
            self.net.ended().await;
            while self.tasks.join_next().await.is_some() {}
        };
        if tokio::time::timeout(Duration::from_secs(5), finish)
            .await
            .is_err()
        {
            self.tasks.abort_all();
        }
        let _ = std::fs::remove_file(self.node.dir().join(RUNNING));
    }
}

/// Runs the node in `dir` until it is told to stop (Ctrl-C, or SIGTERM).
pub fn run(dir: &Path, overrides: &Overrides) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        // Listened for before anybody is told that the node runs: who asks it to end at once gets an orderly end, too.
        let mut ending = Ending::listen()?;
        join::tidy(dir);
        let running = if dir.join(files::FOUNDING).exists() {
            Running::start(Node::open(dir, overrides)?).await?
        } else {
            let fresh = first(dir, overrides);
            tokio::select! {
                running = fresh => running?,
                () = ending.wait() => return Ok(()),
            }
        };
        ending.wait().await;
        running.stop().await;
        anyhow::Ok(())
    })
}

/// How a node that invited is reached.
fn ask() -> join::Ask {
    Arc::new(|invitation, request| Box::pin(async move { net::join(&invitation, request).await }))
}

/// How often a directory is looked at that may get its node from a command beside this process.
const LOOK: Duration = Duration::from_secs(1);

/// Serves the page of a machine that holds no node until it has joined, and goes on as the node at the same address.
async fn first(dir: &Path, overrides: &Overrides) -> anyhow::Result<Running> {
    let config = Config::load(dir, overrides)?;
    if !config.is_plain() {
        // Whoever opens that page first says which federation this machine joins.
        return Err(ServiceError::NoNode(dir.to_owned()).into());
    }
    FreshDir::check(dir)?;
    let listener = listen(config.web)?;
    let web = listener.local_addr()?;
    let page = web::first::First::new(dir.to_owned(), config, web, ask());
    let (stop, stopped) = watch::channel(false);
    let serving = {
        let listener = tokio::net::TcpListener::from_std(listener.try_clone()?)?;
        let app = web::first::router(page.clone());
        let mut end = stopped;
        tokio::spawn(async move {
            let ended = async move {
                let _ = end.wait_for(|stop| *stop).await;
            };
            web::gate::serve(
                listener,
                None,
                move || app.clone(),
                web::gate::Limits::default(),
                ended,
            )
            .await;
        })
    };
    tracing::info!(%web, "there is no node here yet: open this address in a browser of this machine to join");
    let node = tokio::select! {
        node = page.joined() => node,
        node = beside(dir, overrides) => node?,
    };
    page.let_go();
    stop.send_replace(true);
    // Connections that came meanwhile wait for the node: its pages take the same socket over.
    serving.await?;
    Running::start_at(node, listener).await
}

/// The node, once a command beside this process has made it: `found`, `join` or `restore`.
async fn beside(dir: &Path, overrides: &Overrides) -> Result<Arc<Node>, ServiceError> {
    loop {
        tokio::time::sleep(LOOK).await;
        if dir.join(files::FOUNDING).exists() {
            let (dir, overrides) = (dir.to_owned(), overrides.clone());
            let opened = tokio::task::spawn_blocking(move || Node::open(&dir, &overrides)).await;
            match opened.unwrap_or_else(|error| Err(ServiceError::Damaged(error.to_string()))) {
                // The command still works with it.
                Err(ServiceError::Busy(_)) => {}
                done => return done,
            }
        }
    }
}

fn listen(web: SocketAddr) -> anyhow::Result<std::net::TcpListener> {
    let listener =
        std::net::TcpListener::bind(web).map_err(|error| web::gate::GateError::Address { web, error })?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Reads the certificate again whenever SIGHUP says that it was renewed. Where there is none the signal does nothing.
fn renew(
    certificate: Option<web::tls::Certificate>,
    mut stop: watch::Receiver<bool>,
) -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    #[cfg(unix)]
    let mut told = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup())?;
    Ok(async move {
        #[cfg(unix)]
        loop {
            tokio::select! {
                _ = stop.changed() => return,
                _ = told.recv() => match certificate.as_ref().map(web::tls::Certificate::reread) {
                    Some(Ok(())) => tracing::info!("the renewed certificate is served"),
                    Some(Err(error)) => tracing::error!(%error, "the certificate of before is still served"),
                    None => tracing::info!("SIGHUP: there is no certificate to be read again"),
                },
            }
        }
        #[cfg(not(unix))]
        {
            let _ = (certificate, stop.changed().await);
        }
    })
}

/// Requests that this process end (Ctrl-C, or SIGTERM), from the moment on that this was made.
pub struct Ending {
    #[cfg(unix)]
    signals: [tokio::signal::unix::Signal; 2],
}

impl Ending {
    /// Listens from now on; the requests no longer end the process by themselves.
    pub fn listen() -> std::io::Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            Ok(Ending {
                signals: [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?],
            })
        }
        #[cfg(not(unix))]
        Ok(Ending {})
    }

    /// Until the first request.
    pub async fn wait(&mut self) {
        #[cfg(unix)]
        {
            let [interrupted, terminated] = &mut self.signals;
            tokio::select! {
                _ = interrupted.recv() => {}
                _ = terminated.recv() => {}
            }
        }
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_err() {
            // Nobody can ask: the process is ended from outside.
            std::future::pending::<()>().await;
        }
    }
}
