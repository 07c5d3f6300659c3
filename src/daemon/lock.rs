//! The instance lock: who holds it writes the ledger. Alive is the held lock, nothing else.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::model::Millis;

/// What a holder does with the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Brings the ledger up to date once and ends.
    Command,
    /// Follows the transcripts for as long as a screen is open.
    Collector,
    /// Follows them until it is told to stop.
    Daemon,
}

/// Who holds the lock, by its own word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// What for.
    pub role: Role,
    /// Process id.
    pub pid: u32,
    /// Version of spendtop.
    pub version: String,
    /// A collector has read everything there was when it started: the ledger is whole.
    #[serde(default)]
    pub caught_up: bool,
    /// Since when it runs.
    #[serde(default)]
    pub since: Option<Millis>,
}

/// The held lock; released when dropped, and by the kernel when the process ends however it ends.
#[derive(Debug)]
pub struct InstanceLock {
    file: File,
    holder: Holder,
}

/// What trying came to.
#[derive(Debug)]
pub enum Attempt {
    /// It is ours.
    Held(InstanceLock),
    /// Another process has it; none where it did not say who it is yet.
    Taken(Option<Holder>),
}

impl InstanceLock {
    /// Tries to take the lock, without waiting.
    pub fn try_take(path: &Path, role: Role) -> io::Result<Attempt> {
        if let Some(folder) = path.parent() {
            // Mostly the first to make the ledger's folder, which is nobody else's business.
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .mode(0o600)
            .open(path)?;
        match file.try_lock() {
            Ok(()) => {
                let holder = Holder {
                    role,
                    pid: std::process::id(),
                    version: env!("CARGO_PKG_VERSION").to_owned(),
                    caught_up: false,
                    since: None,
                };
                let mut lock = Self { file, holder };
                lock.say()?;
                Ok(Attempt::Held(lock))
            }
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                file.read_to_string(&mut text)?;
                Ok(Attempt::Taken(serde_json::from_str(&text).ok()))
            }
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Says that the ledger is whole from now on.
    pub fn set_caught_up(&mut self) -> io::Result<()> {
        self.holder.caught_up = true;
        self.say()
    }

    /// Says since when it is held.
    pub fn set_since(&mut self, now: Millis) -> io::Result<()> {
        self.holder.since = Some(now);
        self.say()
    }

    /// The heartbeat: moves the file's time of change, and nothing else.
    pub fn beat(&self, now: Millis) -> io::Result<()> {
        let now = u64::try_from(now.0).unwrap_or(0);
        self.file.set_modified(UNIX_EPOCH + Duration::from_millis(now))
    }

    fn say(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(&serde_json::to_vec(&self.holder)?)
    }
}

/// Whether some process holds the lock, and who, as far as it has said. For whoever does not want
/// the lock: looks without making the file, and lets go at once.
pub fn holder(path: &Path) -> (bool, Option<Holder>) {
    let Ok(mut file) = File::open(path) else { return (false, None) };
    // Shared, so that two who ask do not take each other for a holder.
    if !matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)) {
        return (false, None);
    }
    let mut text = String::new();
    let said = file.read_to_string(&mut text).ok();
    (true, said.and_then(|_| serde_json::from_str(&text).ok()))
}

/// A collector holds the lock: a daemon, or a screen that does its work.
pub fn is_collected(path: &Path) -> bool {
    let (is_held, holder) = holder(path);
    is_held && holder.is_none_or(|holder| holder.role != Role::Command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_daemon_collects_as_a_screen_does_and_a_command_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.db.lock");
        assert!(!is_collected(&path));
        for (role, collects) in
            [(Role::Daemon, true), (Role::Collector, true), (Role::Command, false)]
        {
            let Attempt::Held(lock) = InstanceLock::try_take(&path, role).unwrap() else {
                panic!("nobody else has it")
            };
            assert_eq!(is_collected(&path), collects, "{role:?}");
            drop(lock);
            assert!(!is_collected(&path));
        }
    }
}
