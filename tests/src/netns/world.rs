//! Hosts in network namespaces, below a network of the kernel that is the test's alone and vanishes with it.

use std::fs::File;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::panic::resume_unwind;
use std::process::Command;
use std::sync::OnceLock;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::apart::{again, this};
use crate::process::{alone, measured, run, succeed};

/// No setting of the program, which a story may open within its own process.
const INSIDE: &str = "TESTS_WORLD";
/// What is done first within the new namespaces: named ones are kept below /run, where others' must not be seen.
const SETTLE: &str = r#"mount -t tmpfs none /run && mkdir /run/netns && ip link set lo up && exec "$0" "$@""#;
/// All that the stories need to be allowed.
const PROBE: &str = "ip netns add probe && ip link add probe type veth peer name eborp netns probe && \
    ip link add lan type bridge && nft list ruleset";
const PROGRAMS: [(&str, &str); 3] = [("unshare", "util-linux"), ("ip", "iproute2"), ("nft", "nftables")];

/// Runs `story` in a network of its own, in a process of its own. `test` is the full name of the test that calls this. Where
/// the system does not permit that, says so.
pub(crate) fn world(test: &str, story: impl FnOnce(&World)) {
    if std::env::var_os(INSIDE).is_some() {
        return story(&World(()));
    }
    let _lane = alone();
    if permitted() {
        again(within().arg(this()).env(INSIDE, "1"), test);
    } else {
        measured(&format!("{test}: NOT RUN"));
    }
}

/// Programs of administrators are found by everybody, too.
fn path() -> String {
    std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin"
}

/// A command in namespaces of its own: network, mounts, and processes, of which none outlives it.
fn within() -> Command {
    let mut command = Command::new("unshare");
    command.env("PATH", path());
    let uid = std::fs::metadata("/proc/self")
        .expect("Linux tells about a process")
        .uid();
    if uid != 0 {
        command.args(["--user", "--map-root-user"]);
    }
    command.args([
        "--net",
        "--mount",
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
    ]);
    command.args(["sh", "-c", SETTLE]);
    command
}

/// Whether hosts can be made here; if not, why is said once.
fn permitted() -> bool {
    static PERMITTED: OnceLock<bool> = OnceLock::new();
    *PERMITTED.get_or_init(|| {
        for (program, package) in PROGRAMS {
            let found = std::env::split_paths(&path()).any(|dir| dir.join(program).exists());
            assert!(
                found,
                "{program} is missing: install the Debian package {package}, or run `tests/run install`"
            );
        }
        let output = run(within().args(["sh", "-c", PROBE]));
        let words = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            measured(&format!(
                "hosts in network namespaces are not permitted here ({}): run these tests as root, or allow user \
                 namespaces (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone)",
                words.trim().replace('\n', "; ")
            ));
        }
        output.status.success()
    })
}

/// The kernel's network in which a story plays.
pub(crate) struct World(());

impl World {
    /// A host without cables.
    pub(crate) fn host(&self, name: &str) -> Host {
        succeed(Command::new("ip").args(["netns", "add", name]));
        let space = File::open(format!("/run/netns/{name}")).expect("a namespace that was just made");
        let host = Host {
            name: name.to_owned(),
            space,
        };
        host.ip("link set lo up");
        host
    }
}

/// A host.
pub(crate) struct Host {
    name: String,
    space: File,
}

impl Host {
    /// Does `work` on a thread that stands in this host: its sockets, and processes that it starts, are this host's.
    pub(crate) fn on<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| {
                self.enter();
                work()
            });
            thread.join().unwrap_or_else(|panic| resume_unwind(panic))
        })
    }

    /// Moves the calling thread, for good, into this host.
    fn enter(&self) {
        move_into_link_name_space(self.space.as_fd(), Some(LinkNameSpaceType::Network))
            .expect("who made a namespace may enter it");
    }

    /// The same, for threads that live longer than this.
    pub(crate) fn door(&self) -> impl FnOnce() + Send + 'static {
        let host = Host {
            name: self.name.clone(),
            space: self.space.try_clone().expect("a file can be opened twice"),
        };
        move || host.enter()
    }

    /// `ip ARGS` on this host.
    pub(crate) fn ip(&self, args: &str) {
        succeed(Command::new("ip").args(["-n", &self.name]).args(args.split(' ')));
    }

    /// Rules of its packet filter.
    pub(crate) fn nft(&self, rules: &str) {
        self.on(|| succeed(Command::new("nft").arg(rules)));
    }

    /// Whether packets that are for others go through it, as through a router.
    pub(crate) fn forward(&self) {
        self.on(|| std::fs::write("/proc/sys/net/ipv4/ip_forward", "1").expect("a sysctl of this host"));
    }

    /// A cable to another host, with the addresses of its two ends; none where an end is a port of a switch.
    pub(crate) fn cable(&self, own: Option<&str>, other: &Host, others: Option<&str>) {
        let (near, far) = (other.port(), self.port());
        let (this, that) = (&self.name, &other.name);
        succeed(Command::new("ip").args([
            "link", "add", &near, "netns", this, "type", "veth", "peer", "name", &far, "netns", that,
        ]));
        for (host, port, address) in [(self, near, own), (other, far, others)] {
            if let Some(address) = address {
                host.ip(&format!("addr add {address} dev {port}"));
            }
            host.ip(&format!("link set {port} up"));
        }
    }

    /// What the others' ends of cables to this host are called.
    pub(crate) fn port(&self) -> String {
        format!("to-{}", self.name)
    }
}
