//! The bytes of attachments: files beside the database, named by their hashes. A file that has its name is whole, was
//! checked and is durable; what is on its way lies apart until it is. Which attachments are here is said by the rows in the
//! database alone: a crash can leave a file without a row, and never a row without its file.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use lianzhan_protocol::attachment::{PIECE_BYTES, PieceHashes, Tree};
use lianzhan_protocol::codec::hex;
use lianzhan_protocol::id::AttachmentId;

use crate::env;

/// Name of the directory within a node's.
pub const ATTACHMENTS: &str = "attachments";
/// What a person is sending.
const COMING: &str = "coming";
/// What peers are sending, by hash.
const PARTIAL: &str = "partial";
/// Small pictures, made from what is here and made again where they lack.
const THUMBS: &str = "thumbs";
/// Bytes that are read at a time.
const BUFFER: usize = 64 * 1024;

/// The files of one node.
#[derive(Debug)]
pub struct Blobs {
    dir: PathBuf,
    /// Held while files get or lose their names, so that what is forgotten was not taken up again meanwhile; with the
    /// hashes of what peers are sending, as far as they were made.
    coming: Mutex<BTreeMap<AttachmentId, PieceHashes>>,
}

/// Where files are named and forgotten, one at a time.
pub struct Naming<'a> {
    blobs: &'a Blobs,
    coming: MutexGuard<'a, BTreeMap<AttachmentId, PieceHashes>>,
}

/// What a person is sending. Dropped before it is kept, it leaves nothing.
#[derive(Debug)]
pub struct Coming {
    path: PathBuf,
    file: File,
    hashes: PieceHashes,
}

impl Drop for Coming {
    fn drop(&mut self) {
        // It was renamed, or there is nobody left who wants it.
        let _ = fs::remove_file(&self.path);
    }
}

impl Coming {
    /// The next bytes.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hashes.update(bytes);
        self.file.write_all(bytes)
    }

    /// Bytes so far.
    pub fn size(&self) -> u64 {
        self.hashes.size()
    }

    /// The file as it is so far, to be looked at and changed in place; what was hashed is hashed again.
    pub fn rework(&mut self, change: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
        change(&mut self.file)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.hashes = hash(&mut self.file)?;
        Ok(())
    }
}

/// What became of a piece.
#[derive(Debug)]
pub enum Grown {
    /// So many bytes are here.
    To(u64),
    /// All of it is, under its name.
    Whole(Tree),
    /// What was here before is not what it was, and is gone: it begins anew.
    Lost,
}

impl Blobs {
    /// The files in the node's directory `dir`. What was on its way from a person when the node ended is removed.
    pub fn open(dir: &Path) -> io::Result<Self> {
        let dir = dir.join(ATTACHMENTS);
        match fs::remove_dir_all(dir.join(COMING)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        for part in [COMING, PARTIAL, THUMBS] {
            env::create_private_dir(&dir.join(part))?;
        }
        let coming = Mutex::default();
        Ok(Blobs { dir, coming })
    }

    /// Where the file of an attachment is, if it is here.
    pub fn path(&self, id: &AttachmentId) -> PathBuf {
        let name = hex(&id.0);
        self.dir.join(&name[..2]).join(name)
    }

    fn partial(&self, id: &AttachmentId) -> PathBuf {
        self.dir.join(PARTIAL).join(hex(&id.0))
    }

    /// Where the small picture of an attachment is.
    pub fn thumb(&self, id: &AttachmentId) -> PathBuf {
        self.dir.join(THUMBS).join(hex(&id.0))
    }

    /// Begins to take in what a person sends.
    pub fn begin(&self) -> io::Result<Coming> {
        let path = self.dir.join(COMING).join(hex(&env::random::<16>()));
        let file = private(OpenOptions::new().read(true).write(true).create_new(true)).open(&path)?;
        let hashes = PieceHashes::default();
        Ok(Coming { path, file, hashes })
    }

    /// Names and forgets files; nobody else does meanwhile.
    pub fn naming(&self) -> Naming<'_> {
        Naming {
            blobs: self,
            coming: self.coming.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// A part of an attachment that is here.
    pub fn read(&self, id: &AttachmentId, from: u64, len: u64) -> io::Result<Vec<u8>> {
        let mut file = File::open(self.path(id))?;
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = vec![0; usize::try_from(len).unwrap_or(usize::MAX)];
        file.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// Hashes a file that is here. None if it is empty or too long.
    pub fn rehash(&self, id: &AttachmentId) -> io::Result<Option<Tree>> {
        Ok(hash(&mut File::open(self.path(id))?)?.finish())
    }
}

impl Naming<'_> {
    /// Gives a file that came its name, durable when this returns. None of nothing.
    pub fn keep(&self, mut coming: Coming) -> io::Result<Option<Tree>> {
        let Some(tree) = std::mem::take(&mut coming.hashes).finish() else {
            return Ok(None);
        };
        coming.file.sync_all()?;
        self.name(&coming.path, &tree.id())?;
        Ok(Some(tree))
    }

    fn name(&self, from: &Path, id: &AttachmentId) -> io::Result<()> {
        let to = self.blobs.path(id);
        let place = to.parent().unwrap_or(&self.blobs.dir);
        if !place.exists() {
            env::create_private_dir(place)?;
            env::sync_dir(place)?;
        }
        fs::rename(from, &to)?;
        env::sync_dir(&to)
    }

    /// How many bytes of what a peer is to send are here already: whole pieces.
    pub fn come_so_far(&mut self, id: &AttachmentId) -> io::Result<u64> {
        if let Some(hashes) = self.coming.get(id) {
            return Ok(hashes.size());
        }
        let path = self.blobs.partial(id);
        let len = match fs::metadata(&path) {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            Err(error) => return Err(error),
        };
        // A node that ended in the middle of a piece leaves a part of it.
        let whole = len - len % PIECE_BYTES;
        let mut file = private(OpenOptions::new().read(true).write(true)).open(&path)?;
        file.set_len(whole)?;
        let hashes = hash(&mut file)?;
        self.coming.insert(*id, hashes);
        Ok(whole)
    }

    /// Adds a piece that was checked. One that is here already, or that begins elsewhere, adds nothing.
    pub fn grow(&mut self, id: &AttachmentId, size: u64, from: u64, data: &[u8]) -> io::Result<Grown> {
        let here = self.come_so_far(id)?;
        if here != from {
            return Ok(Grown::To(here));
        }
        let path = self.blobs.partial(id);
        let mut file = private(
            OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false),
        )
        .open(&path)?;
        file.seek(SeekFrom::Start(from))?;
        file.write_all(data)?;
        let hashes = self.coming.entry(*id).or_default();
        hashes.update(data);
        let here = hashes.size();
        if here < size {
            return Ok(Grown::To(here));
        }
        file.sync_all()?;
        let tree = self.coming.remove(id).and_then(PieceHashes::finish);
        // Each piece was checked as it came; what lay here over a loss of power may not be what was written.
        let Some(tree) = tree.filter(|tree| tree.id() == *id) else {
            fs::remove_file(&path)?;
            return Ok(Grown::Lost);
        };
        self.name(&path, id)?;
        Ok(Grown::Whole(tree))
    }

    /// Keeps the small picture of an attachment that is here. Of one that was removed meanwhile none is kept: whoever shrank
    /// it read it before.
    pub fn keep_small(&self, id: &AttachmentId, small: &[u8]) -> io::Result<()> {
        match self.blobs.path(id).exists() {
            true => env::write_private(&self.blobs.thumb(id), small),
            false => Ok(()),
        }
    }

    /// Removes a file, with its small picture and what a node that was killed had begun of that.
    pub fn remove(&mut self, id: &AttachmentId) -> io::Result<()> {
        let thumb = self.blobs.thumb(id);
        for path in [env::begun(&thumb), thumb, self.blobs.path(id)] {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Removes a file, and what a peer began to send of it.
    pub fn forget(&mut self, id: &AttachmentId) -> io::Result<()> {
        self.remove(id)?;
        self.coming.remove(id);
        match fs::remove_file(self.blobs.partial(id)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Removes what a peer began to send and nobody went on with for so long; and files that have a name and no row, by what
    /// `known` says, after that time. Returns how many.
    pub fn sweep(&mut self, age: Duration, known: impl Fn(&AttachmentId) -> bool) -> io::Result<usize> {
        let mut gone = 0;
        for entry in fs::read_dir(self.blobs.dir.join(PARTIAL))? {
            let entry = entry?;
            if is_old(&entry, age) {
                if let Some(id) = named(&entry) {
                    self.coming.remove(&id);
                }
                fs::remove_file(entry.path())?;
                gone += 1;
            }
        }
        for place in fs::read_dir(&self.blobs.dir)? {
            let place = place?;
            if place.file_name().len() != 2 {
                continue;
            }
            for entry in fs::read_dir(place.path())? {
                let entry = entry?;
                if let Some(id) = named(&entry)
                    && is_old(&entry, age)
                    && !known(&id)
                {
                    self.remove(&id)?;
                    gone += 1;
                }
            }
        }
        Ok(gone)
    }
}

/// The files of all attachments in a node's directory, by their names within it.
pub fn named_files(dir: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    let places = match fs::read_dir(dir.join(ATTACHMENTS)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(names),
        other => other?,
    };
    for place in places {
        let place = place?;
        if place.file_name().len() != 2 {
            continue;
        }
        for entry in fs::read_dir(place.path())? {
            names.extend(named(&entry?).map(|id| name_of(&id)));
        }
    }
    names.sort();
    Ok(names)
}

/// Whether a name is one of those.
pub fn is_named_file(name: &str) -> bool {
    let id = name.rsplit('/').next().and_then(AttachmentId::parse);
    id.is_some_and(|id| name_of(&id) == name)
}

fn name_of(id: &AttachmentId) -> String {
    let name = hex(&id.0);
    format!("{ATTACHMENTS}/{}/{name}", &name[..2])
}

fn named(entry: &fs::DirEntry) -> Option<AttachmentId> {
    entry.file_name().to_str().and_then(AttachmentId::parse)
}

/// Whether nothing was written to a file for so long. Of a file in the future nothing is known.
fn is_old(entry: &fs::DirEntry, age: Duration) -> bool {
    let changed = entry.metadata().and_then(|metadata| metadata.modified());
    let since = changed.map(|changed| changed.duration_since(UNIX_EPOCH).unwrap_or_default());
    let now = u64::try_from(env::now().0).unwrap_or_default();
    since.is_ok_and(|since| since + age <= Duration::from_millis(now))
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

fn hash(file: &mut File) -> io::Result<PieceHashes> {
    file.seek(SeekFrom::Start(0))?;
    let mut hashes = PieceHashes::default();
    let mut buffer = vec![0; BUFFER];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hashes),
            len => hashes.update(&buffer[..len]),
        }
    }
}

#[cfg(test)]
mod tests;
