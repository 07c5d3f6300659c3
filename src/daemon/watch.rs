//! Tells which files changed, as far as the system says so.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::ingest::{self, Place, Root};
use crate::paths;

/// A change.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Of these files.
    Paths(Vec<PathBuf>),
    /// Of the config file.
    Config,
    /// Of an unknown number of files: events were lost.
    Everything,
}

/// Changes gathered over a moment.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    /// Look at everything.
    pub everything: bool,
    /// Else at these.
    pub paths: BTreeSet<PathBuf>,
    /// The config file was written.
    pub config: bool,
}

impl Changes {
    pub(super) fn everything() -> Self {
        Self { everything: true, ..Self::default() }
    }

    pub(super) fn extend(&mut self, change: Option<Change>) {
        match change {
            Some(Change::Paths(paths)) => self.paths.extend(paths),
            Some(Change::Config) => self.config = true,
            Some(Change::Everything) | None => self.everything = true,
        }
    }
}

/// A watch on every root, on the ledger's inbox and on the config.
pub(super) struct Watch {
    watcher: Option<RecommendedWatcher>,
    config: Option<PathBuf>,
    /// The folder of the config; while that is not there, the nearest one above it.
    config_folder: Option<PathBuf>,
    /// Each watched root, and which folder it was then: a replaced one must be watched anew.
    watched: BTreeMap<PathBuf, (u64, u64)>,
    trouble: Option<String>,
    /// What changed. Never ends while the watch lives.
    pub changes: UnboundedReceiver<Change>,
    _sender: UnboundedSender<Change>,
}

impl Watch {
    pub(super) fn new(ledger: &Path, config: Option<&Path>) -> Self {
        let (sender, changes) = unbounded_channel();
        let told = sender.clone();
        let filter = Filter::new(ledger, config);
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let change = match event {
                Ok(event) => filter.change(event),
                Err(_) => Some(Change::Everything),
            };
            if let Some(change) = change {
                // Nobody listens any more when the collector stops.
                let _ = told.send(change);
            }
        });
        let mut watch = Self {
            watcher: None,
            config: config.map(Path::to_owned),
            config_folder: None,
            watched: BTreeMap::new(),
            trouble: None,
            changes,
            _sender: sender,
        };
        match watcher {
            Ok(watcher) => watch.watcher = Some(watcher),
            Err(error) => watch.trouble = Some(format!("cannot watch for changes: {error}")),
        }
        if let Some(folder) = ledger.parent() {
            watch.add_folder(folder);
        }
        watch.add_config();
        watch
    }

    fn add_folder(&mut self, folder: &Path) {
        if let Some(watcher) = &mut self.watcher
            && let Err(error) = watcher.watch(folder, RecursiveMode::NonRecursive)
        {
            tracing::warn!("cannot watch {}: {error}", folder.display());
        }
    }

    /// Watches the config's folder, or what is there of the way to it.
    pub(super) fn add_config(&mut self) {
        // The folder and not the file: an editor replaces it.
        let Some(folder) =
            self.config.as_deref().and_then(|file| file.ancestors().skip(1).find(|up| up.is_dir()))
        else {
            return;
        };
        if self.config_folder.as_deref() != Some(folder) {
            let folder = folder.to_owned();
            // The one before stays watched: it is above, and may be the ledger's too.
            self.add_folder(&folder);
            self.config_folder = Some(folder);
        }
    }

    /// Watches every root that is there and not watched yet. Tells whether there was one.
    pub(super) fn add_roots(&mut self, roots: &[Root]) -> bool {
        let mut is_new = false;
        for Place { path, depth } in roots.iter().flat_map(ingest::places) {
            let Some(watcher) = &mut self.watcher else { return is_new };
            let Ok(metadata) = std::fs::metadata(&path) else { continue };
            let folder = (metadata.dev(), metadata.ino());
            if !metadata.is_dir() || self.watched.get(&path) == Some(&folder) {
                continue;
            }
            if self.watched.remove(&path).is_some() {
                // Of the folder that was there before; it may be gone with it.
                let _ = watcher.unwatch(&path);
            }
            let is_flat = depth == 1;
            let mode = if is_flat { RecursiveMode::NonRecursive } else { RecursiveMode::Recursive };
            if let Err(error) = watcher.watch(&path, mode) {
                // Mostly the limit on watches (fs.inotify.max_user_watches): half a watch would
                // be worse than none.
                self.trouble = Some(format!("cannot watch {}: {error}", path.display()));
                self.watcher = None;
                self.watched.clear();
                return is_new;
            }
            self.watched.insert(path, folder);
            is_new = true;
        }
        is_new
    }

    /// Why changes are not told, and have to be looked for.
    pub(super) fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }
}

impl Watch {
    /// Changes of some root will be told.
    pub(super) fn has_roots(&self) -> bool {
        self.watcher.is_some() && !self.watched.is_empty()
    }
}

/// Leaves out what we cause ourselves.
struct Filter {
    ledger_folder: Option<PathBuf>,
    inbox: PathBuf,
    config: Option<PathBuf>,
}

impl Filter {
    fn new(ledger: &Path, config: Option<&Path>) -> Self {
        Self {
            ledger_folder: ledger.parent().map(Path::to_owned),
            inbox: paths::inbox_of(ledger),
            config: config.map(Path::to_owned),
        }
    }

    fn change(&self, event: notify::Event) -> Option<Change> {
        if event.need_rescan() {
            return Some(Change::Everything);
        }
        let written = match event.kind {
            // Our own reading opens and closes files too.
            EventKind::Access(kind) => kind == AccessKind::Close(AccessMode::Write),
            _ => true,
        };
        // Or a folder on the way to it, which was not there before.
        let config = self.config.as_deref();
        if written
            && event.paths.iter().any(|path| config.is_some_and(|file| file.starts_with(path)))
        {
            return Some(Change::Config);
        }
        let paths: Vec<PathBuf> =
            event.paths.into_iter().filter(|path| written && self.is_foreign(path)).collect();
        (!paths.is_empty()).then_some(Change::Paths(paths))
    }

    /// Of the ledger's folder only the inbox is written by others, and the folders above the config
    /// are not watched for what else is in them.
    fn is_foreign(&self, path: &Path) -> bool {
        let inbox = self.inbox.as_os_str().as_encoded_bytes();
        let Some(folder) = path.parent() else { return false };
        let is_above = |config: &PathBuf| config.ancestors().skip(1).any(|above| above == folder);
        path.as_os_str().as_encoded_bytes().starts_with(inbox)
            || (Some(folder) != self.ledger_folder.as_deref()
                && !self.config.as_ref().is_some_and(is_above))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_reading_and_writing_is_no_change() {
        let filter = Filter::new(Path::new("/d/ledger.db"), None);
        let event = |kind, path: &str| notify::Event::new(kind).add_path(PathBuf::from(path));
        let modified = EventKind::Modify(notify::event::ModifyKind::Any);
        let read = EventKind::Access(AccessKind::Close(AccessMode::Read));
        assert_eq!(filter.change(event(modified, "/d/ledger.db-wal")), None);
        assert_eq!(filter.change(event(read, "/p/a.jsonl")), None);
        for path in ["/d/ledger.db.inbox-wal", "/p/a.jsonl"] {
            let change = filter.change(event(modified, path));
            assert_eq!(change, Some(Change::Paths(vec![path.into()])));
        }
    }

    #[test]
    fn of_the_folders_above_the_config_only_the_way_to_it_matters() {
        let filter = Filter::new(Path::new("/d/ledger.db"), Some(Path::new("/h/.c/s/config.toml")));
        let change = |path: &str| {
            let created = EventKind::Create(notify::event::CreateKind::Any);
            filter.change(notify::Event::new(created).add_path(PathBuf::from(path)))
        };
        for path in ["/h/.c", "/h/.c/s", "/h/.c/s/config.toml"] {
            assert_eq!(change(path), Some(Change::Config), "{path}");
        }
        for path in ["/h/notes.txt", "/h/.c/other.toml", "/h/.c/s/config.toml~"] {
            assert_eq!(change(path), None, "{path}");
        }
        assert!(change("/h/.claude/projects/p/a.jsonl").is_some());
    }
}
