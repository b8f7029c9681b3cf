//! Keys at rest. Persons' and authorities' keys are age files (scrypt passphrase) that hold a PKCS#8 PEM, so that a stock
//! `age -d` and `openssl pkey` recover them; a node's own keys are PEM files that only their owner may read. Annex keys
//! lie in a file of their own, outside of the database and its backups. Nothing secret is in SQLite or in logs.

use std::collections::BTreeMap;
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use age::secrecy::{ExposeSecret, SecretString};
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey, KeypairBytes};
use lianzhan_protocol::id::{Hash, RecordId};
use lianzhan_protocol::keys::SecretKey;
use lianzhan_protocol::record::AnnexKey;
use sha2::{Digest, Sha256};

use crate::env;

/// Why a key cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file system.
    #[error("{path}: {error}")]
    Disk {
        /// Which file.
        path: PathBuf,
        /// What happened.
        error: std::io::Error,
    },
    /// The passphrase is not the one that the file was locked with.
    #[error("the passphrase does not open {0}")]
    Passphrase(PathBuf),
    /// Not a key file of ours.
    #[error(
        "{0} is no key file, or damaged; put it back from a backup, or the whole node with `lianzhan restore`"
    )]
    Format(PathBuf),
    /// A passphrase that is no protection.
    #[error("the passphrase has fewer than {min} characters; choose a longer one", min = PASSPHRASE_MIN)]
    Weak,
    /// There is a key already.
    #[error("{0} is there already; it is not overwritten")]
    Exists(PathBuf),
}

/// Fewest characters of a passphrase.
pub const PASSPHRASE_MIN: usize = 8;

fn disk(path: &Path) -> impl Fn(std::io::Error) -> KeyFileError + '_ {
    move |error| KeyFileError::Disk {
        path: path.to_owned(),
        error,
    }
}

/// A fresh key.
pub fn generate() -> SecretKey {
    SecretKey::from_seed(env::random())
}

fn to_pem(key: &SecretKey, path: &Path) -> Result<SecretString, KeyFileError> {
    // Without the public key, which is PKCS#8 version 1: OpenSSL 3 reads no other.
    let pair = KeypairBytes {
        secret_key: *key.seed(),
        public_key: None,
    };
    let pem = pair
        .to_pkcs8_pem(LineEnding::LF)
        .map_err(|_| KeyFileError::Format(path.to_owned()))?;
    Ok(SecretString::from(pem.as_str().to_owned()))
}

fn from_pem(pem: &str, path: &Path) -> Result<SecretKey, KeyFileError> {
    let key = SigningKey::from_pkcs8_pem(pem).map_err(|_| KeyFileError::Format(path.to_owned()))?;
    Ok(SecretKey::from_seed(key.to_bytes()))
}

/// Writes a node's own key, readable by its owner alone.
pub fn write_plain(path: &Path, key: &SecretKey) -> Result<(), KeyFileError> {
    if path.exists() {
        return Err(KeyFileError::Exists(path.to_owned()));
    }
    env::write_private(path, to_pem(key, path)?.expose_secret().as_bytes()).map_err(disk(path))
}

/// Writes a node's own key in the place of another, whole or not at all.
pub fn replace_plain(path: &Path, key: &SecretKey) -> Result<(), KeyFileError> {
    env::write_private(path, to_pem(key, path)?.expose_secret().as_bytes()).map_err(disk(path))
}

/// Reads a node's own key.
pub fn read_plain(path: &Path) -> Result<SecretKey, KeyFileError> {
    let pem = SecretString::from(std::fs::read_to_string(path).map_err(disk(path))?);
    from_pem(pem.expose_secret(), path)
}

/// The most work (2 to that power) that a key file may ask of scrypt: a GiB of memory.
pub const WORK_FACTOR_MAX: u8 = 20;

/// Locks a key with a passphrase. `log_n` is scrypt's work factor (2 to that power), at most [`WORK_FACTOR_MAX`].
pub fn lock(path: &Path, key: &SecretKey, passphrase: &SecretString, log_n: u8) -> Result<(), KeyFileError> {
    if passphrase.expose_secret().chars().count() < PASSPHRASE_MIN {
        return Err(KeyFileError::Weak);
    }
    if path.exists() {
        return Err(KeyFileError::Exists(path.to_owned()));
    }
    let mut recipient = age::scrypt::Recipient::new(passphrase.clone());
    recipient.set_work_factor(log_n);
    let sealed = age::encrypt(&recipient, to_pem(key, path)?.expose_secret().as_bytes())
        .map_err(|_| KeyFileError::Format(path.to_owned()))?;
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(disk(parent))?;
    }
    env::write_private(path, &sealed).map_err(disk(path))
}

/// Opens a locked key.
pub fn unlock(path: &Path, passphrase: &SecretString) -> Result<SecretKey, KeyFileError> {
    let sealed = std::fs::read(path).map_err(disk(path))?;
    let mut identity = age::scrypt::Identity::new(passphrase.clone());
    identity.set_max_work_factor(WORK_FACTOR_MAX);
    let pem = age::decrypt(&identity, &sealed).map_err(|_| KeyFileError::Passphrase(path.to_owned()))?;
    let pem = SecretString::from(String::from_utf8(pem).map_err(|_| KeyFileError::Format(path.to_owned()))?);
    from_pem(pem.expose_secret(), path)
}

/// The path of a person's key in a node's directory. `login` must be a [`valid_login`].
pub fn person_path(dir: &Path, login: &str) -> PathBuf {
    dir.join("people").join(format!("{login}.age"))
}

/// Whether a login name is one that we make files for: 1 to 32 lowercase letters, digits, `-` or `_`.
pub fn valid_login(login: &str) -> bool {
    (1..=32).contains(&login.len())
        && login
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
}

/// What somebody typed as a login: the login itself, and, after a slash, the post they want to act under.
pub fn split_post(typed: &str) -> (&str, Option<&str>) {
    match typed.split_once('/') {
        Some((login, post)) => (login, Some(post)),
        None => (typed, None),
    }
}

/// The keys of annex documents: an append-only file of records of 64 bytes (record id 16, key 32, checksum 16), synced
/// before any entry names the record. A torn last record is dropped at start.
pub struct AnnexKeys {
    inner: Mutex<Inner>,
}

struct Inner {
    path: PathBuf,
    file: std::fs::File,
    /// Whether the file has keys that may not be on the disk yet.
    unsynced: bool,
    keys: BTreeMap<RecordId, AnnexKey>,
}

const RECORD: usize = ANNEX_RECORD;
/// Length of a record of the file, in bytes: an annex, its key, and what both come to.
pub const ANNEX_RECORD: usize = 64;

/// Whether bytes have a key of an annex as a file of them has it, whatever became of others in it.
pub fn is_keys(bytes: &[u8]) -> bool {
    let mut records = bytes.chunks_exact(RECORD);
    records.any(|record| checksum(&record[..48]) == record[48..])
}

impl AnnexKeys {
    /// Opens or creates the file.
    pub fn open(path: &Path) -> Result<Self, KeyFileError> {
        if !path.exists() {
            env::write_private(path, &[]).map_err(disk(path))?;
        }
        // What an erasure that was broken off left beside it.
        match std::fs::remove_file(fresh(path)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(disk(path)(error)),
            _ => {}
        }
        let mut file = std::fs::OpenOptions::new()
            .read(true)
            .append(true)
            .open(path)
            .map_err(disk(path))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(disk(path))?;
        let mut keys = BTreeMap::new();
        let whole = bytes.len() - bytes.len() % RECORD;
        for record in bytes[..whole].chunks_exact(RECORD) {
            if checksum(&record[..48]) == record[48..] {
                let (mut id, mut key) = ([0; 16], [0; 32]);
                id.copy_from_slice(&record[..16]);
                key.copy_from_slice(&record[16..48]);
                keys.insert(RecordId(id), AnnexKey(key));
            }
        }
        if whole < bytes.len() {
            file.set_len(whole as u64)
                .and_then(|()| file.sync_all())
                .map_err(disk(path))?;
        }
        Ok(AnnexKeys {
            inner: Mutex::new(Inner {
                path: path.to_owned(),
                file,
                unsynced: false,
                keys,
            }),
        })
    }

    /// Keeps keys; durable when this returns. A key that is held already is left as it is.
    pub fn keep(&self, keys: &[(RecordId, AnnexKey)]) -> Result<(), KeyFileError> {
        self.add(keys)?;
        self.sync()
    }

    /// Keeps keys that are durable once [`AnnexKeys::sync`] has returned, so that many share one wait for the disk.
    pub fn add(&self, keys: &[(RecordId, AnnexKey)]) -> Result<(), KeyFileError> {
        let mut inner = self.inner();
        let mut bytes = zeroize::Zeroizing::new(Vec::with_capacity(keys.len() * RECORD));
        for (record, key) in keys.iter().filter(|(record, _)| !inner.keys.contains_key(record)) {
            let start = bytes.len();
            bytes.extend_from_slice(&record.0);
            bytes.extend_from_slice(&key.0);
            let sum = checksum(&bytes[start..]);
            bytes.extend_from_slice(&sum);
        }
        if !bytes.is_empty() {
            inner.unsynced = true;
            let path = inner.path.clone();
            inner.file.write_all(&bytes).map_err(disk(&path))?;
        }
        for (record, key) in keys {
            inner.keys.entry(*record).or_insert_with(|| key.clone());
        }
        Ok(())
    }

    /// Returns when all keys that were added are on the disk; at once if they are.
    pub fn sync(&self) -> Result<(), KeyFileError> {
        let mut inner = self.inner();
        if inner.unsynced {
            inner.file.sync_data().map_err(disk(&inner.path))?;
            inner.unsynced = false;
        }
        Ok(())
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Destroys keys: when this returns, no file of this node has them, nor has the place where they stood. The file is
    /// written anew beside the old one; then they are overwritten in that, too; then it is replaced. Who is killed in between
    /// has either file, each whole but for these keys. Returns how many there were.
    pub fn destroy(&self, records: &[RecordId]) -> Result<usize, KeyFileError> {
        let mut inner = self.inner();
        let path = inner.path.clone();
        let disk = disk(&path);
        let bytes = zeroize::Zeroizing::new(std::fs::read(&path).map_err(&disk)?);
        let goes = |chunk: &[u8]| {
            let whole = chunk.len() == RECORD && checksum(&chunk[..48]) == chunk[48..];
            !whole || records.iter().any(|record| record.0 == chunk[..16])
        };
        let gone: Vec<usize> = (0..)
            .zip(bytes.chunks(RECORD))
            .filter_map(|(n, chunk)| goes(chunk).then_some(n * RECORD))
            .collect();
        if !gone.is_empty() {
            let kept = bytes.chunks(RECORD).filter(|chunk| !goes(chunk));
            let kept = zeroize::Zeroizing::new(kept.flatten().copied().collect::<Vec<u8>>());
            let fresh = fresh(&path);
            write_synced(&fresh, &kept).map_err(&disk)?;
            overwrite(&path, &gone, bytes.len()).map_err(&disk)?;
            std::fs::rename(&fresh, &path)
                .and_then(|()| env::sync_dir(&path))
                .map_err(&disk)?;
            inner.file = std::fs::OpenOptions::new()
                .read(true)
                .append(true)
                .open(&path)
                .map_err(&disk)?;
            inner.unsynced = false;
        }
        let held = records
            .iter()
            .filter(|record| inner.keys.remove(record).is_some());
        Ok(held.count())
    }

    /// The annexes whose keys are held.
    pub fn records(&self) -> Vec<RecordId> {
        let inner = self.inner();
        inner.keys.keys().copied().collect()
    }

    /// The key of an annex, if held.
    pub fn get(&self, record: &RecordId) -> Option<AnnexKey> {
        let inner = self.inner();
        inner.keys.get(record).cloned()
    }

    /// Whether the key is held and is the one that `commitment` names.
    pub fn holds(&self, record: &RecordId, commitment: &Hash) -> bool {
        self.get(record)
            .is_some_and(|key| key.commitment() == *commitment)
    }
}

fn fresh(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    name.into()
}

fn write_synced(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Puts zeros over the records that begin at these places of a file of `len` bytes.
fn overwrite(path: &Path, places: &[usize], len: usize) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new().write(true).open(path)?;
    for place in places {
        file.seek(std::io::SeekFrom::Start(*place as u64))?;
        file.write_all(&[0; RECORD][..RECORD.min(len - place)])?;
    }
    file.sync_all()
}

fn checksum(bytes: &[u8]) -> [u8; 16] {
    let mut sum = [0; 16];
    sum.copy_from_slice(&Sha256::digest(bytes)[..16]);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locked_key_opens_with_its_passphrase_alone_and_is_never_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = person_path(dir.path(), "lin");
        let key = generate();
        let right = SecretString::from("长江七号-来访登记".to_owned());
        lock(&path, &key, &right, 4).unwrap();
        assert_eq!(unlock(&path, &right).unwrap().public(), key.public());
        let wrong = SecretString::from("another one".to_owned());
        assert!(matches!(unlock(&path, &wrong), Err(KeyFileError::Passphrase(_))));
        assert!(matches!(
            lock(&path, &key, &right, 4),
            Err(KeyFileError::Exists(_))
        ));
        let short = SecretString::from("short".to_owned());
        assert!(matches!(
            lock(&dir.path().join("x.age"), &key, &short, 4),
            Err(KeyFileError::Weak)
        ));
    }

    #[test]
    fn keys_are_written_as_openssl_reads_them_and_read_as_they_once_were_written() {
        let dir = tempfile::tempdir().unwrap();
        let (now, before) = (dir.path().join("now.key"), dir.path().join("before.key"));
        let key = generate();
        write_plain(&now, &key).unwrap();
        let version_2 = SigningKey::from_bytes(&key.seed())
            .to_pkcs8_pem(LineEnding::LF)
            .unwrap();
        std::fs::write(&before, version_2.as_bytes()).unwrap();
        for path in [&now, &before] {
            assert_eq!(read_plain(path).unwrap().public(), key.public());
        }
        // A sequence of 46 bytes that begins with version 0, and nothing behind the key.
        let pem = std::fs::read_to_string(&now).unwrap();
        assert!(pem.contains("\nMC4CAQAw"), "PKCS#8 version 1");
    }

    #[cfg(unix)]
    #[test]
    fn key_files_are_for_their_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("node.key");
        write_plain(&path, &generate()).unwrap();
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let keys = dir.path().join("annex.keys");
        AnnexKeys::open(&keys).unwrap();
        assert_eq!(
            std::fs::metadata(&keys).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }

    #[test]
    fn a_destroyed_key_is_in_no_file_and_the_others_stay() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("annex.keys");
        let [a, b, c] = [1, 2, 3].map(|n| (RecordId([n; 16]), AnnexKey([n; 32])));
        let keys = AnnexKeys::open(&path).unwrap();
        keys.keep(&[a.clone(), b.clone()]).unwrap();
        let before = std::fs::File::open(&path).unwrap();
        assert_eq!(keys.destroy(&[b.0]).unwrap(), 1);
        assert_eq!(keys.destroy(&[b.0]).unwrap(), 0, "again");
        keys.keep(std::slice::from_ref(&c)).unwrap();
        let found = |bytes: &[u8], key: &AnnexKey| bytes.windows(32).any(|window| window == key.0);
        // The file that was replaced, as long as somebody has it open, too.
        let mut old = Vec::new();
        std::io::Read::read_to_end(&mut &before, &mut old).unwrap();
        assert!(found(&old, &a.1) && !found(&old, &b.1));
        for entry in std::fs::read_dir(dir.path()).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            assert!(found(&bytes, &a.1) && found(&bytes, &c.1) && !found(&bytes, &b.1));
        }
        drop(keys);
        std::fs::write(dir.path().join("annex.keys.new"), b.1.0).unwrap();
        let keys = AnnexKeys::open(&path).unwrap();
        assert!(!dir.path().join("annex.keys.new").exists());
        assert_eq!(
            (keys.get(&a.0), keys.get(&b.0), keys.get(&c.0)),
            (Some(a.1), None, Some(c.1))
        );
    }

    #[test]
    fn annex_keys_survive_a_torn_write() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("annex.keys");
        let (a, b) = (RecordId([1; 16]), RecordId([2; 16]));
        let keys = AnnexKeys::open(&path).unwrap();
        keys.keep(&[(a, AnnexKey([1; 32]))]).unwrap();
        keys.keep(&[(b, AnnexKey([2; 32]))]).unwrap();
        drop(keys);
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - 5]).unwrap();
        let keys = AnnexKeys::open(&path).unwrap();
        assert_eq!((keys.get(&a), keys.get(&b)), (Some(AnnexKey([1; 32])), None));
        keys.keep(&[(b, AnnexKey([3; 32]))]).unwrap();
        assert_eq!(AnnexKeys::open(&path).unwrap().get(&b), Some(AnnexKey([3; 32])));
    }
}
