//! One program at a time works in a directory.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use super::{ServiceError, files};

/// Holds a directory until it is dropped, or the process ends.
#[derive(Debug)]
pub(super) struct DirLock(File);

impl DirLock {
    /// Takes the directory.
    ///
    /// # Errors
    /// [`ServiceError::Busy`] where another program, or another part of this one, holds it; [`ServiceError::Disk`].
    pub(super) fn take(dir: &Path) -> Result<Self, ServiceError> {
        let path = dir.join(files::LOCK);
        let disk = |error| ServiceError::Disk {
            path: path.clone(),
            error,
        };
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(disk)?;
        match file.try_lock() {
            Ok(()) => Ok(DirLock(file)),
            Err(TryLockError::WouldBlock) => Err(ServiceError::Busy(dir.to_owned())),
            Err(TryLockError::Error(error)) => Err(disk(error)),
        }
    }
}

impl Drop for DirLock {
    fn drop(&mut self) {
        // Closing is not enough: a child process that is being started has our open files for a moment, and a lock is held
        // as long as one of them is open. Unlocking ends it for all. Where it fails, closing is what is left.
        let _ = self.0.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_held_once() {
        let dir = tempfile::tempdir().expect("a directory");
        let lock = DirLock::take(dir.path()).expect("it is free");
        assert!(matches!(DirLock::take(dir.path()), Err(ServiceError::Busy(_))));
        drop(lock);
        DirLock::take(dir.path()).expect("it is free again");
    }

    #[test]
    fn it_is_free_though_a_child_process_still_has_the_file() {
        let dir = tempfile::tempdir().expect("a directory");
        let lock = DirLock::take(dir.path()).expect("it is free");
        let of_the_child = lock.0.try_clone().expect("as a fork copies it");
        drop(lock);
        DirLock::take(dir.path()).expect("it is free again");
        drop(of_the_child);
    }
}
