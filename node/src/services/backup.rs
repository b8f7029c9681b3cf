//! Backup and restore of a node. A backup is an age file (passphrase) around a tar archive; the keys of annexes are a second
//! one, so that what is erased here does not live on in every old copy: whoever keeps the keys apart can destroy them apart.
//! The high-water file is in no backup (design 5): a node that was put back notices that it was, and goes on in new logs.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use age::secrecy::SecretString;
use lianzhan_protocol::attachment::ATTACHMENT_MAX;
use lianzhan_protocol::codec::hex;
use lianzhan_protocol::id::{OrgId, StatementId};
use lianzhan_protocol::trust::FoundingStatement;
use serde::{Deserialize, Serialize};

use super::found::FreshDir;
use super::{META_ORG, Node, ServiceError, files, leftovers, rekey};
use crate::config;
use crate::env;
use crate::keystore;
use crate::store::{self, DATABASE};

/// The identifier of this format.
const FORMAT: &str = "lianzhan-backup/1";
/// First in the archive.
const ABOUT: &str = "backup.json";
/// Longest file beside the database, in bytes.
const FILE_MAX: u64 = 1 << 20;
/// What scrypt may cost where a backup is opened (2 to that power).
const WORK_MAX: u8 = 20;

/// What is copied of a node's directory beside the database, where it is there, and people's keys. Not: the high-water
/// file, the keys of annexes, what is made anew when it lacks, pending invitations.
const COPIED: [&str; 10] = [
    files::FOUNDING,
    files::NODE_KEY,
    files::WITNESS_KEY,
    files::AUTHORITY_KEY,
    // Changes of keys that are not finished: the new key may be appointed already.
    files::AUTHORITY_NEXT,
    files::AUTHORITY_REQUEST,
    files::NODE_FRESH,
    files::NODE_NEXT,
    files::IMPORT_SECRET,
    config::FILE,
];
/// Only these must be there.
const NEEDED: [&str; 4] = [DATABASE, files::FOUNDING, files::NODE_KEY, files::WITNESS_KEY];

/// Why a backup is not made, or a node not put back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The node.
    #[error(transparent)]
    Node(#[from] ServiceError),
    /// A backup is never written over.
    #[error("{0} is there already, and a backup is never written over; choose another name")]
    Taken(PathBuf),
    /// Both in one file.
    #[error("{0} would be the backup and the file of keys at once; give --keys another name")]
    OneFile(PathBuf),
    /// A backup, or a file of keys, of which something is missing or changed.
    #[error("{0} is cut off or damaged; take another copy of it, or an earlier one")]
    Damaged(PathBuf),
    /// Another file.
    #[error("{path} is no backup of a node: {why}")]
    NotABackup {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The file of keys, where the backup was asked for.
    #[error("{0} is the file of keys; the backup is the other one: restore BACKUP --keys KEYS")]
    KeysAsBackup(PathBuf),
    /// The backup, where the file of keys was asked for.
    #[error("{0} is a backup; the file of keys is the other one: restore BACKUP --keys KEYS")]
    BackupAsKeys(PathBuf),
    /// Another file, where the file of keys was asked for.
    #[error("{0} is no file of keys of a node; name the one that `lianzhan backup --keys` wrote")]
    NotKeys(PathBuf),
    /// The passphrase, or a damaged file.
    #[error("{0} does not open with this passphrase")]
    Passphrase(PathBuf),
    /// A file cannot be read or written.
    #[error("{path}: {error}")]
    Disk {
        /// Which.
        path: PathBuf,
        /// What happened.
        error: io::Error,
    },
}

impl BackupError {
    /// In Chinese.
    pub fn zh(&self) -> String {
        match self {
            BackupError::Node(error) => crate::words::zh(error),
            BackupError::Taken(path) => {
                format!("{} 已存在；备份从不覆盖旧文件，请另取名字。", path.display())
            }
            BackupError::OneFile(path) => format!(
                "{} 不能既是备份又是密钥文件，请给 --keys 另取名字。",
                path.display()
            ),
            BackupError::Damaged(path) => format!(
                "{} 被截断或已损坏。请换用它的另一份副本，或更早的一份。",
                path.display()
            ),
            BackupError::NotABackup { path, why } => {
                format!("{} 不是节点的备份（{why}）。请换一个文件。", path.display())
            }
            BackupError::KeysAsBackup(path) => {
                format!(
                    "{} 是密钥文件，备份是另一个文件：restore 备份 --keys 密钥文件。",
                    path.display()
                )
            }
            BackupError::BackupAsKeys(path) => {
                format!(
                    "{} 是备份，密钥文件是另一个文件：restore 备份 --keys 密钥文件。",
                    path.display()
                )
            }
            BackupError::NotKeys(path) => format!(
                "{} 不是节点的密钥文件。请指定 lianzhan backup --keys 写出的那个文件。",
                path.display()
            ),
            BackupError::Passphrase(path) => format!("口令打不开 {}。请核对口令。", path.display()),
            BackupError::Disk { path, error } => {
                format!("{} 不能读写：{error}。请检查磁盘与权限。", path.display())
            }
        }
    }
}

/// What a backup is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Identifier of the format.
    pub format: String,
    /// Version of the program that made it.
    pub program: String,
    /// The federation.
    pub founding: StatementId,
    /// The org that the node serves.
    pub org: OrgId,
    /// Fingerprint of the node's key.
    pub node: String,
    /// When it was made, milliseconds since 1970.
    pub made: i64,
}

/// Makes a backup of the node in `dir`, which may be running, in the new file `to`; with `keys` also of the keys of
/// annexes, in that file. `progress` is told pages of the database copied, of how many.
pub fn back_up(
    dir: &Path,
    to: &Path,
    keys: Option<&Path>,
    passphrase: &SecretString,
    work: u8,
    progress: impl FnMut(u64, u64),
) -> Result<About, BackupError> {
    if keys == Some(to) {
        return Err(BackupError::OneFile(to.to_owned()));
    }
    for path in [Some(to), keys].into_iter().flatten() {
        if path.exists() {
            return Err(BackupError::Taken(path.to_owned()));
        }
    }
    let founding = dir.join(files::FOUNDING);
    Node::is_in(dir)?;
    let founding = FoundingStatement::open(&std::fs::read(&founding).map_err(disk(&founding))?)
        .map_err(ServiceError::from)?;
    leftovers::sweep(dir);
    // The database first: every key that it names was in its file before.
    // A name of its own: two backups may be made at once.
    let (begin, end) = COPY;
    let copy = Scratch(dir.join(format!("{begin}{}{end}", hex(&env::random::<8>()))));
    store::snapshot(dir, &copy.0, progress).map_err(ServiceError::from)?;
    let about = About {
        format: FORMAT.to_owned(),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        founding: founding.id(),
        org: store::small_value(&copy.0, META_ORG)
            .map_err(ServiceError::from)?
            .and_then(|bytes| <[u8; 16]>::try_from(bytes).ok())
            .map(OrgId)
            .ok_or_else(|| ServiceError::Damaged("the database does not say which org it serves".into()))?,
        node: keystore::read_plain(&dir.join(files::NODE_KEY))
            .map_err(ServiceError::from)?
            .public()
            .fingerprint(),
        made: env::now().0,
    };
    sealed(to, passphrase, work, |out| {
        let mut archive = tar::Builder::new(out);
        put(&mut archive, ABOUT, &serde_json::to_vec_pretty(&about)?)?;
        for name in COPIED {
            put_file(&mut archive, &dir.join(name), name)?;
        }
        for name in rekey::former_files(dir)? {
            put_file(&mut archive, &dir.join(&name), &name)?;
        }
        for login in logins(dir)? {
            let name = format!("people/{login}.age");
            put_file(&mut archive, &dir.join(&name), &name)?;
        }
        put_file(&mut archive, &copy.0, DATABASE)?;
        // After the rows that say what is here: what came meanwhile is not missed, what went is found to lack at the start.
        for name in store::named_files(dir)? {
            put_file(&mut archive, &dir.join(&name), &name)?;
        }
        archive.into_inner()
    })?;
    if let Some(keys) = keys {
        let path = dir.join(files::ANNEX_KEYS);
        sealed(keys, passphrase, work, |mut out| {
            io::copy(&mut File::open(&path)?, &mut out)?;
            Ok(out)
        })
        // Without its keys it is not what was asked for, and would be in the way of the next try.
        .inspect_err(|_| drop(std::fs::remove_file(to)))?;
    }
    Ok(about)
}

/// Puts a node back from a backup into `dir`, which must not be there or be empty; with `keys` also the keys of annexes.
/// Nothing is in `dir` until all of it is.
pub fn restore(
    dir: &Path,
    from: &Path,
    keys: Option<&Path>,
    passphrase: &SecretString,
) -> Result<About, BackupError> {
    FreshDir::check(dir)?;
    // Beside it, also where the name was given with a slash behind.
    let mut name = dir.file_name().unwrap_or(dir.as_os_str()).to_owned();
    name.push(".restoring");
    let unfinished = Scratch(dir.with_file_name(name));
    unfinished.remove();
    env::create_private_dir(&unfinished.0.join("people")).map_err(disk(&unfinished.0))?;
    let archive = opened_backup(from, passphrase)?;
    let keys = keys.map(|keys| read_keys(keys, passphrase)).transpose()?;
    let about = unpack(&unfinished.0, archive, from)?;
    if let Some(bytes) = keys {
        let path = unfinished.0.join(files::ANNEX_KEYS);
        env::write_private(&path, &bytes).map_err(disk(&path))?;
    }
    for name in NEEDED {
        if !unfinished.0.join(name).exists() {
            return Err(refused(from, &format!("{name} is not in it")));
        }
    }
    // Rows of annexes were made with keys that may not be here.
    store::mark_sealed(&unfinished.0.join(DATABASE)).map_err(ServiceError::from)?;
    if dir.exists() {
        std::fs::remove_dir(dir).map_err(disk(dir))?;
    }
    std::fs::rename(&unfinished.0, dir)
        .and_then(|()| env::sync_dir(dir))
        .map_err(disk(dir))?;
    Ok(about)
}

/// A backup, opened, that is no file of keys.
fn opened_backup(from: &Path, passphrase: &SecretString) -> Result<impl Read + use<>, BackupError> {
    let mut archive = opened(from, passphrase)?;
    let head = head(&mut archive).map_err(unreadable(from))?;
    if keystore::is_keys(&head) {
        return Err(BackupError::KeysAsBackup(from.to_owned()));
    }
    Ok(io::Cursor::new(head).chain(archive))
}

/// What a file of keys says. It may be empty: of a node without personal parts.
fn read_keys(keys: &Path, passphrase: &SecretString) -> Result<zeroize::Zeroizing<Vec<u8>>, BackupError> {
    let mut file = opened(keys, passphrase)?;
    let mut bytes = zeroize::Zeroizing::new(head(&mut file).map_err(unreadable(keys))?);
    if bytes.starts_with(ABOUT.as_bytes()) {
        return Err(BackupError::BackupAsKeys(keys.to_owned()));
    }
    if !bytes.is_empty() && !keystore::is_keys(&bytes) {
        return Err(BackupError::NotKeys(keys.to_owned()));
    }
    file.read_to_end(&mut bytes).map_err(unreadable(keys))?;
    Ok(bytes)
}

/// As much of a file as tells what it is.
fn head(file: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    file.take(keystore::ANNEX_RECORD as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// Writes the files of an archive below `to`.
fn unpack(to: &Path, archive: impl Read, from: &Path) -> Result<About, BackupError> {
    let mut about = None;
    let mut archive = tar::Archive::new(archive);
    for entry in archive.entries().map_err(unreadable(from))? {
        let mut entry = entry.map_err(unreadable(from))?;
        let name = entry
            .path()
            .map_err(unreadable(from))?
            .to_string_lossy()
            .into_owned();
        let size = entry.header().size().map_err(unreadable(from))?;
        let attachment = store::is_named_file(&name);
        if (attachment && size > ATTACHMENT_MAX) || (!attachment && name != DATABASE && size > FILE_MAX) {
            return Err(refused(from, &format!("{name} is too long")));
        }
        if name == ABOUT {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).map_err(unreadable(from))?;
            let read: About = serde_json::from_slice(&bytes)
                .map_err(|error| refused(from, &format!("{ABOUT}: {error}")))?;
            if read.format != FORMAT {
                return Err(refused(
                    from,
                    &format!("its format is {:?}, not {FORMAT:?}", read.format),
                ));
            }
            about = Some(read);
            continue;
        }
        if about.is_none() || !(attachment || is_ours(&name)) {
            return Err(refused(from, &format!("{name:?} does not belong into it")));
        }
        let path = to.join(&name);
        if let Some(place) = path.parent().filter(|_| attachment) {
            env::create_private_dir(place).map_err(disk(place))?;
        }
        let mut file = env::create_private(&path).map_err(disk(&path))?;
        copy(&mut entry, &mut file, from, &path)?;
    }
    about.ok_or_else(|| refused(from, "there is nothing in it"))
}

/// Copies what comes of a backup into a file, and tells which of both failed.
fn copy(entry: &mut impl Read, file: &mut File, from: &Path, path: &Path) -> Result<(), BackupError> {
    let mut piece = vec![0; 1 << 16];
    loop {
        match entry.read(&mut piece).map_err(unreadable(from))? {
            0 => break,
            count => file.write_all(&piece[..count]).map_err(disk(path))?,
        }
    }
    file.sync_all().map_err(disk(path))
}

fn is_ours(name: &str) -> bool {
    let of_person = |name: &str| {
        let login = name
            .strip_prefix("people/")
            .and_then(|name| name.strip_suffix(".age"));
        login.is_some_and(keystore::valid_login)
    };
    name == DATABASE || COPIED.contains(&name) || rekey::is_former_file(name) || of_person(name)
}

/// Logins whose keys are here.
fn logins(dir: &Path) -> io::Result<Vec<String>> {
    let people = match std::fs::read_dir(dir.join("people")) {
        Ok(people) => people,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut logins = Vec::new();
    for file in people {
        let name = file?.file_name().to_string_lossy().into_owned();
        logins.extend(
            name.strip_suffix(".age")
                .filter(|login| keystore::valid_login(login))
                .map(str::to_owned),
        );
    }
    logins.sort();
    Ok(logins)
}

fn put(archive: &mut tar::Builder<impl Write>, name: &str, bytes: &[u8]) -> io::Result<()> {
    let mut header = tar::Header::new_ustar();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o600);
    archive.append_data(&mut header, name, bytes)
}

/// A file, where it is there.
fn put_file(archive: &mut tar::Builder<impl Write>, path: &Path, name: &str) -> io::Result<()> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    // Large sizes do not fit into the octal digits of ustar.
    let mut header = tar::Header::new_gnu();
    let size = file.metadata()?.len();
    header.set_size(size);
    header.set_mode(0o600);
    archive.append_data(&mut header, name, file.take(size))
}

type Sealing = age::stream::StreamWriter<File>;

/// Writes a new age file, whole or not at all.
fn sealed(
    path: &Path,
    passphrase: &SecretString,
    work: u8,
    fill: impl FnOnce(Sealing) -> io::Result<Sealing>,
) -> Result<(), BackupError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let unfinished = Scratch(name.into());
    let file = env::create_private(&unfinished.0).map_err(disk(path))?;
    let mut recipient = age::scrypt::Recipient::new(passphrase.clone());
    recipient.set_work_factor(work);
    let sealing = age::Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient))
        .map_err(|error| refused(path, &error.to_string()))?;
    sealing
        .wrap_output(file)
        .and_then(fill)
        .and_then(Sealing::finish)
        .and_then(|file| file.sync_all())
        .map_err(disk(path))?;
    if path.exists() {
        return Err(BackupError::Taken(path.to_owned()));
    }
    std::fs::rename(&unfinished.0, path)
        .and_then(|()| env::sync_dir(path))
        .map_err(disk(path))
}

/// Reads an age file.
fn opened(path: &Path, passphrase: &SecretString) -> Result<impl Read + use<>, BackupError> {
    let file = io::BufReader::new(File::open(path).map_err(disk(path))?);
    let opening = age::Decryptor::new_buffered(file).map_err(|_| refused(path, "it is no age file"))?;
    let mut identity = age::scrypt::Identity::new(passphrase.clone());
    identity.set_max_work_factor(WORK_MAX);
    let stream = opening
        .decrypt(std::iter::once(&identity as &dyn age::Identity))
        .map_err(|_| BackupError::Passphrase(path.to_owned()))?;
    Ok(stream)
}

fn refused(path: &Path, why: &str) -> BackupError {
    BackupError::NotABackup {
        path: path.to_owned(),
        why: why.to_owned(),
    }
}

fn disk(path: &Path) -> impl Fn(io::Error) -> BackupError + use<> {
    let path = path.to_owned();
    move |error| BackupError::Disk {
        path: path.clone(),
        error,
    }
}

/// Reading what is in an age file: what the system does not say is said by the file.
fn unreadable(path: &Path) -> impl Fn(io::Error) -> BackupError + use<> {
    let path = path.to_owned();
    move |error| match error.raw_os_error() {
        Some(_) => disk(&path)(error),
        None => BackupError::Damaged(path.clone()),
    }
}

/// How the names of copies of the database begin and end, from which backups are made.
pub(super) const COPY: (&str, &str) = ("backup.", ".db.new");

/// Gone when the work is done or was given up.
struct Scratch(PathBuf);

impl Scratch {
    fn remove(&self) {
        // What is not there is removed already.
        let _ = std::fs::remove_file(&self.0);
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.remove();
    }
}

#[cfg(test)]
mod tests;
