//! The only clock, the only randomness, and the few things about files that must be said once.

use std::cell::RefCell;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use lianzhan_protocol::time::Timestamp;

/// What a simulated machine has in place of clock, randomness and a disk that works.
pub trait Machine: Send + Sync {
    /// What its clock says.
    fn now(&self) -> Timestamp;
    /// Its randomness.
    fn fill(&self, bytes: &mut [u8]);
    /// Whether its disk works at this point.
    fn disk(&self, point: DiskPoint) -> std::io::Result<()>;
}

/// Where a disk fails, or the machine ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskPoint {
    /// A transaction is about to be committed.
    Commit,
    /// It is durable, and the high-water file is about to say so.
    Mark,
}

thread_local! {
    static MACHINE: RefCell<Option<Arc<dyn Machine>>> = const { RefCell::new(None) };
}

/// Does `work` on a simulated machine. Threads that it starts for good must be handed the machine by hand.
pub fn simulated<T>(machine: Arc<dyn Machine>, work: impl FnOnce() -> T) -> T {
    on(Some(machine), work)
}

/// The simulated machine that this thread works on; none in earnest.
pub(crate) fn machine() -> Option<Arc<dyn Machine>> {
    MACHINE.with_borrow(Clone::clone)
}

/// Does `work` on the machine that [`machine`] told.
pub(crate) fn on<T>(machine: Option<Arc<dyn Machine>>, work: impl FnOnce() -> T) -> T {
    /// Puts back what was before, also when unwinding.
    struct Before(Option<Arc<dyn Machine>>);
    impl Drop for Before {
        fn drop(&mut self) {
            MACHINE.set(self.0.take());
        }
    }
    let _before = Before(MACHINE.replace(machine));
    work()
}

/// Now, by this machine's clock.
pub fn now() -> Timestamp {
    if let Some(machine) = machine() {
        return machine.now();
    }
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Milliseconds since this was first asked, by a clock that nobody sets.
pub fn uptime_ms() -> u64 {
    static START: OnceLock<std::time::Instant> = OnceLock::new();
    let start = START.get_or_init(std::time::Instant::now);
    u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Random bytes from the operating system.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    match machine() {
        Some(machine) => machine.fill(&mut bytes),
        None => getrandom::fill(&mut bytes).expect("the operating system gives random bytes"),
    }
    bytes
}

/// Nothing in earnest: there the disk itself says whether it works.
pub(crate) fn disk(point: DiskPoint) -> std::io::Result<()> {
    machine().map_or(Ok(()), |machine| machine.disk(point))
}

/// Bytes that may still be written to the disk on which `path` lies, and bytes in all; none where the system does not tell.
pub fn disk_room(path: &Path) -> Option<(u64, u64)> {
    if machine().is_some() {
        return None;
    }
    #[cfg(unix)]
    {
        let room = rustix::fs::statvfs(path).ok()?;
        let bytes = |blocks: u64| blocks.saturating_mul(room.f_frsize);
        Some((bytes(room.f_bavail), bytes(room.f_blocks)))
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

/// Syncs the directory that holds `path`, so that a created or renamed file survives a crash.
pub fn sync_dir(path: &Path) -> std::io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => std::fs::File::open(parent)?.sync_all(),
        _ => Ok(()),
    }
}

/// Writes a file that only its owner may read, whole or not at all, durable when this returns.
pub fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let fresh = begun(path);
    let mut file = create_private(&fresh)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&fresh, path)?;
    sync_dir(path)
}

/// Whether [`write_private`] can write there: fails as it would, and changes nothing.
pub fn try_private(path: &Path) -> std::io::Result<()> {
    let fresh = begun(path);
    if std::fs::symlink_metadata(&fresh).is_ok() {
        return std::fs::OpenOptions::new().append(true).open(&fresh).map(drop);
    }
    drop(create_private(&fresh)?);
    std::fs::remove_file(&fresh)
}

/// Where [`write_private`] has what is not whole yet: whoever is killed there leaves it behind.
pub fn begun(path: &Path) -> std::path::PathBuf {
    path.with_extension("new")
}

/// Begins a file that only its owner may read, in place of one that is there.
pub fn create_private(path: &Path) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Makes a directory, and those above it, that only its owner may look into: the database in it is nobody else's.
pub fn create_private_dir(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
