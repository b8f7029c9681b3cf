//! Joins the parts of a running node and stops them: projector, network, pages and API.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::config::Overrides;
use crate::services::limit::Door;
use crate::services::{Node, project, witness};
use crate::{api, env, net, web};

/// Name of the file that tells other programs how to reach a running node.
pub const RUNNING: &str = "running.json";

/// What [`RUNNING`] says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunningFile {
    /// Where pages and API are.
    pub web: SocketAddr,
    /// The process.
    pub pid: u32,
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
        let (stop, stopped) = watch::channel(false);
        let listener = tokio::net::TcpListener::bind(node.config().web)
            .await
            .with_context(|| {
                format!(
                    "pages cannot be served at {}: choose another address with --web",
                    node.config().web
                )
            })?;
        let web = listener.local_addr()?;
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
        let pages = web::state(node.clone(), peers.clone(), web, stopped.clone()).through(door.clone());
        let api = api::router(api::ApiState {
            node: node.clone(),
            peers,
            addresses,
            door,
            progress: api::progress::Board::default(),
        })?;
        let app = axum::Router::new().merge(api).merge(web::router(pages));
        let mut tasks = JoinSet::new();
        tasks.spawn(project::run(node.clone(), stopped.clone()));
        tasks.spawn(witness::keep_fresh(node.clone(), stopped.clone()));
        let mut end = stopped;
        tasks.spawn(async move {
            let ended = async move {
                // An error means that the sender is gone: that is the end, too.
                let _ = end.wait_for(|stop| *stop).await;
            };
            let serve = axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>());
            if let Err(error) = serve.with_graceful_shutdown(ended).await {
                tracing::error!(%error, "pages are no longer served");
            }
        });
        let file = RunningFile {
            web,
            pid: std::process::id(),
        };
        let path = node.dir().join(RUNNING);
        env::write_private(&path, &serde_json::to_vec(&file)?)
            .with_context(|| format!("{} cannot be written", path.display()))?;
        tracing::info!(%web, addresses = ?net.addresses(), node = node.org()?.name_en, "running");
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
        let finish = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(std::time::Duration::from_secs(5), finish)
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
        let ending = Ending::listen()?;
        let node = Node::open(dir, overrides)?;
        let running = Running::start(node).await?;
        ending.wait().await;
        running.stop().await;
        anyhow::Ok(())
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
    pub async fn wait(self) {
        #[cfg(unix)]
        {
            let [mut interrupted, mut terminated] = self.signals;
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
