//! Tells the follower that something was committed to the ledger, so that it need not ask all the
//! time: half of what an idle screen cost.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Weak;
use std::sync::mpsc::Sender;

use notify::event::{EventKind, ModifyKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use super::follow::Wake;

/// A watch on the files that commits are written to.
pub(super) struct Commits {
    /// Gone once nobody asks the follower anything any more, which then ends.
    waker: Weak<Sender<Wake>>,
    watched: Option<(PathBuf, RecommendedWatcher)>,
}

impl Commits {
    pub(super) fn new(waker: Weak<Sender<Wake>>) -> Self {
        Self { waker, watched: None }
    }

    /// Watches a ledger from now on, if it is not watched yet; tells whether its commits will be
    /// told. Elsewhere than on Linux they come too late.
    pub(super) fn watch(&mut self, ledger: &Path) -> bool {
        if self.watched.as_ref().is_none_or(|(watched, _)| watched != ledger) {
            self.watched = self.start(ledger).map(|watcher| (ledger.to_owned(), watcher));
        }
        self.watched.is_some()
    }

    /// None where it cannot be watched, or not yet.
    fn start(&self, ledger: &Path) -> Option<RecommendedWatcher> {
        if !cfg!(target_os = "linux") || !ledger.is_file() {
            return None;
        }
        let waker = self.waker.clone();
        let names = names(ledger)?;
        let wake = move |event: notify::Result<notify::Event>| {
            let is_commit = event.is_ok_and(|event| {
                // Our own reading opens and closes files, too, and may change whose they are.
                matches!(event.kind, EventKind::Modify(ModifyKind::Data(_)) | EventKind::Create(_))
                    && event
                        .paths
                        .iter()
                        .filter_map(|path| path.file_name())
                        .any(|name| names.iter().any(|of_ledger| of_ledger == name))
            });
            if is_commit && let Some(waker) = waker.upgrade() {
                // Nobody listens any more at the end.
                let _ = waker.send(Wake::Commit);
            }
        };
        let mut watcher = notify::recommended_watcher(wake).ok()?;
        // The folder: the log comes and goes.
        watcher.watch(ledger.parent()?, RecursiveMode::NonRecursive).ok()?;
        Some(watcher)
    }
}

/// The database and its log.
fn names(ledger: &Path) -> Option<[OsString; 2]> {
    let database = ledger.file_name()?.to_owned();
    let mut log = database.clone();
    log.push("-wal");
    Some([database, log])
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc::{RecvTimeoutError, channel};
    use std::time::Duration;

    use super::*;
    use crate::ledger::{Reader, Writer};
    use crate::model::{AgentId, CapAction, Mark, Millis, SessionKey};

    #[test]
    fn a_commit_wakes_and_reading_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        let (waker, woken) = channel();
        let waker = Arc::new(waker);
        let mut commits = Commits::new(Arc::downgrade(&waker));
        assert!(!commits.watch(&path), "it is not there yet");
        let mut writer = Writer::open(&path).unwrap();
        assert!(commits.watch(&path));
        let reader = Reader::open(&path).unwrap().unwrap();
        assert_eq!(reader.marks().unwrap(), []);
        let quiet = woken.recv_timeout(Duration::from_millis(200));
        assert!(matches!(quiet, Err(RecvTimeoutError::Timeout)), "{quiet:?}");
        let session = SessionKey { agent: AgentId::Claude, session_id: "A".into() };
        let (reason, by) = (String::new(), "maya".to_owned());
        let mark = Mark { session, action: CapAction::Flag, cap: None, reason, by, at: Millis(1) };
        writer.mark(&mark).unwrap();
        let told = woken.recv_timeout(Duration::from_secs(10));
        assert!(matches!(told, Ok(Wake::Commit)), "{told:?}");
        assert_eq!(reader.marks().unwrap(), [mark]);
        // The watch keeps nobody waiting who is asked nothing any more.
        drop(waker);
        let gone = woken.iter().count();
        assert!(gone < 100, "it has an end: {gone}");
    }
}
