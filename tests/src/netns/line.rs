//! Lines with weather: a proxy for TCP and UDP between two hosts, which delays, loses and holds what goes over it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::future::pending;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc as threads};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::world::Host;
use crate::dice::Dice;

/// How long TCP waits before it sends again what was lost.
const SENT_AGAIN: Duration = Duration::from_millis(300);
/// Most bytes at once, and most such pieces under way in one direction of a connection.
const PIECE: usize = 16 * 1024;
const UNDER_WAY: usize = 64;

/// What a line does to what goes over it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weather {
    /// How long everything takes, at least.
    pub(crate) latency: Duration,
    /// And by chance up to so much longer.
    pub(crate) jitter: Duration,
    /// Of a thousand datagrams, or pieces of a connection, so many are lost.
    pub(crate) loss: usize,
    /// Nothing goes through: datagrams are lost, connections stall, new ones hear nothing.
    pub(crate) parted: bool,
    /// Whether UDP is let through, and TCP.
    pub(crate) udp: bool,
    /// See above.
    pub(crate) tcp: bool,
}

impl Weather {
    /// As between towns on a bad day.
    pub(crate) const ROUGH: Weather = Weather {
        latency: Duration::from_millis(40),
        jitter: Duration::from_millis(20),
        loss: 20,
        parted: false,
        udp: true,
        tcp: true,
    };
}

/// A line, until it is dropped.
pub(crate) struct Line {
    weather: watch::Sender<Weather>,
    breaks: watch::Sender<()>,
    carried: Arc<Carried>,
}

/// How many bytes went over a line.
#[derive(Default)]
struct Carried {
    udp: AtomicUsize,
    tcp: AtomicUsize,
}

impl Line {
    /// A line that begins `at` an address of `host`, where TCP and UDP are answered, and leads `to` another host.
    pub(crate) fn open(host: &Host, at: SocketAddr, to: SocketAddr, weather: Weather, seed: u64) -> Line {
        let (weather, forecast) = watch::channel(weather);
        let (breaks, broken) = watch::channel(());
        let door = host.door();
        let (ready, opened) = threads::channel();
        let carried = Arc::new(Carried::default());
        let count = carried.clone();
        std::thread::spawn(move || {
            door();
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                let tcp = TcpListener::bind(at).await.expect("a free port");
                let udp = UdpSocket::bind(at).await.expect("a free port");
                // The test waits for it.
                let _ = ready.send(());
                let dice = Arc::new(Mutex::new(Dice::new(seed)));
                let sky = Sky {
                    forecast,
                    dice,
                    count,
                };
                tokio::select! {
                    () = connections(tcp, to, sky.clone(), broken.clone()) => {}
                    () = datagrams(Arc::new(udp), to, sky.clone(), broken) => {}
                    () = sky.ends() => {}
                }
            });
        });
        opened.recv().expect("the line is open");
        Line {
            weather,
            breaks,
            carried,
        }
    }

    /// How many bytes went over it by UDP, and by TCP.
    pub(crate) fn carried(&self) -> [usize; 2] {
        [&self.carried.udp, &self.carried.tcp].map(|count| count.load(Ordering::Relaxed))
    }

    /// Changes the weather.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Weather)) {
        self.weather.send_modify(change);
    }

    /// Ends every connection, and forgets who spoke by which port.
    pub(crate) fn break_off(&self) {
        self.breaks.send_replace(());
    }
}

/// The weather and its chances.
#[derive(Clone)]
struct Sky {
    forecast: watch::Receiver<Weather>,
    dice: Arc<Mutex<Dice>>,
    count: Arc<Carried>,
}

impl Sky {
    fn now(&self) -> Weather {
        *self.forecast.borrow()
    }

    fn below(&self, most: usize) -> usize {
        let mut dice = self.dice.lock().unwrap_or_else(PoisonError::into_inner);
        dice.below(most.max(1))
    }

    fn delay(&self) -> Duration {
        let weather = self.now();
        let jitter = u64::try_from(self.below(weather.jitter.as_micros() as usize));
        weather.latency + Duration::from_micros(jitter.unwrap_or_default())
    }

    fn is_lost(&self) -> bool {
        self.below(1000) < self.now().loss
    }

    async fn clears_up(&mut self) {
        if self.forecast.wait_for(|weather| !weather.parted).await.is_err() {
            // The line is being taken down.
            pending::<()>().await;
        }
    }

    async fn ends(mut self) {
        while self.forecast.changed().await.is_ok() {}
    }
}

async fn connections(listener: TcpListener, to: SocketAddr, sky: Sky, mut broken: watch::Receiver<()>) {
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            Ok(()) = broken.changed() => open.abort_all(),
            Some(_) = open.join_next() => {}
            Ok((near, _)) = listener.accept() => drop(open.spawn(through(near, to, sky.clone()))),
        }
    }
}

async fn through(near: TcpStream, to: SocketAddr, mut sky: Sky) {
    if !sky.now().tcp {
        return;
    }
    sky.clears_up().await;
    // Who does not answer there is, to the one who dials, a connection that ends at once.
    let Ok(far) = TcpStream::connect(to).await else {
        return;
    };
    for stream in [&near, &far] {
        stream.set_nodelay(true).expect("an option of every TCP socket");
    }
    let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
    tokio::join!(
        pour(near_in, far_out, sky.clone()),
        pour(far_in, near_out, sky.clone())
    );
}

/// One direction of a connection, in order.
async fn pour(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut into: tokio::net::tcp::OwnedWriteHalf,
    mut sky: Sky,
) {
    let (under_way, mut arriving) = mpsc::channel::<(Instant, Vec<u8>)>(UNDER_WAY);
    let chances = sky.clone();
    let read = async move {
        let mut piece = vec![0; PIECE];
        while let Ok(length @ 1..) = from.read(&mut piece).await {
            let lost = if chances.is_lost() {
                SENT_AGAIN
            } else {
                Duration::ZERO
            };
            let at = Instant::now() + chances.delay() + lost;
            if under_way.send((at, piece[..length].to_vec())).await.is_err() {
                return;
            }
        }
    };
    let write = async move {
        while let Some((at, piece)) = arriving.recv().await {
            tokio::time::sleep_until(at).await;
            sky.clears_up().await;
            if into.write_all(&piece).await.is_err() {
                return;
            }
            sky.count.tcp.fetch_add(piece.len(), Ordering::Relaxed);
        }
        // Who has hung up on the other side needs no farewell.
        let _ = into.shutdown().await;
    };
    tokio::join!(read, write);
}

async fn datagrams(near: Arc<UdpSocket>, to: SocketAddr, sky: Sky, mut broken: watch::Receiver<()>) {
    let mut ports: HashMap<SocketAddr, Arc<UdpSocket>> = HashMap::new();
    let mut answers = JoinSet::new();
    let mut datagram = vec![0; 1 << 16];
    loop {
        tokio::select! {
            Ok(()) = broken.changed() => {
                answers.abort_all();
                ports.clear();
            }
            Ok((length, from)) = near.recv_from(&mut datagram) => {
                if let Entry::Vacant(port) = ports.entry(from) {
                    let far = UdpSocket::bind("0.0.0.0:0").await.expect("a port that the system chooses");
                    far.connect(to).await.expect("an address of a host");
                    let far = port.insert(Arc::new(far));
                    answers.spawn(answer(far.clone(), near.clone(), from, sky.clone()));
                }
                carry(&ports[&from], None, &datagram[..length], &sky);
            }
        }
    }
}

async fn answer(far: Arc<UdpSocket>, near: Arc<UdpSocket>, to: SocketAddr, sky: Sky) {
    let mut datagram = vec![0; 1 << 16];
    loop {
        // An error says that nobody listens there now; somebody may again.
        if let Ok(length) = far.recv(&mut datagram).await {
            carry(&near, Some(to), &datagram[..length], &sky);
        }
    }
}

/// One datagram, which others may overtake.
fn carry(socket: &Arc<UdpSocket>, to: Option<SocketAddr>, datagram: &[u8], sky: &Sky) {
    let weather = sky.now();
    if weather.parted || !weather.udp || sky.is_lost() {
        return;
    }
    sky.count.udp.fetch_add(datagram.len(), Ordering::Relaxed);
    let (socket, datagram, at) = (socket.clone(), datagram.to_vec(), Instant::now() + sky.delay());
    tokio::spawn(async move {
        tokio::time::sleep_until(at).await;
        // A datagram that cannot be sent is a datagram that is lost.
        let _ = match to {
            Some(to) => socket.send_to(&datagram, to).await,
            None => socket.send(&datagram).await,
        };
    });
}
