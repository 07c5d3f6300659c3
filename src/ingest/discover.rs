//! Finds transcripts below the roots of the agents.

use std::collections::HashSet;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use walkdir::WalkDir;

use super::rows::{database_of, stat_of};
use crate::agents::{self, Source};
use crate::model::{AgentId, FileStat};

/// Cowork nests transcripts up to eight levels deep; beyond this lies no transcript.
const MAX_DEPTH: usize = 24;

/// A folder that an agent writes transcripts into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// Whose.
    pub agent: AgentId,
    /// Where.
    pub path: PathBuf,
    /// Who pays for the calls below.
    pub developer: Arc<str>,
}

/// A transcript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Where.
    pub path: PathBuf,
    /// Whose.
    pub agent: AgentId,
    /// Who pays.
    pub developer: Arc<str>,
    /// As it was when found.
    pub stat: FileStat,
}

/// A folder or file that could not be read, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub path: PathBuf,
    /// The operating system's words.
    pub what: String,
}

/// What lies below the roots.
#[derive(Clone, Debug, Default)]
pub struct Discovery {
    /// Every transcript once, however many links lead to it.
    pub files: Vec<SourceFile>,
    /// What could not be looked at.
    pub problems: Vec<Problem>,
}

impl From<&Metadata> for FileStat {
    fn from(metadata: &Metadata) -> Self {
        let ns = |seconds: i64, ns: i64| seconds.saturating_mul(1_000_000_000).saturating_add(ns);
        Self {
            dev: metadata.dev(),
            ino: metadata.ino(),
            size: metadata.len(),
            mtime_ns: ns(metadata.mtime(), metadata.mtime_nsec()),
            ctime_ns: ns(metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

/// Walks the roots, following links. A root that does not exist is simply empty.
pub fn discover(roots: &[Root]) -> Discovery {
    let mut found = Discovery::default();
    let mut seen = HashSet::new();
    for root in roots {
        for place in places(root) {
            walk(root, &place, &mut seen, &mut found);
        }
    }
    found
}

/// A single file below a root, if it is a transcript that is there; or the transcript that it is a
/// part of.
pub fn source_file(root: &Root, path: &Path) -> Option<SourceFile> {
    let adapter = agents::adapter(root.agent);
    let database = database_of(path);
    let path = match &database {
        Some(database) if matches!(adapter.source(database), Some(Source::Rows(_))) => database,
        _ => path,
    };
    let source = adapter.source(path)?;
    let is_there = |place: &Place| match place.depth {
        1 => path.parent() == Some(&place.path),
        _ => path.starts_with(&place.path),
    };
    if !places(root).iter().any(is_there) {
        return None;
    }
    let metadata = std::fs::metadata(path).ok().filter(Metadata::is_file)?;
    Some(SourceFile {
        path: path.to_owned(),
        agent: root.agent,
        developer: Arc::clone(&root.developer),
        stat: stat(path, source, &metadata),
    })
}

fn stat(path: &Path, source: Source, metadata: &Metadata) -> FileStat {
    match source {
        Source::Rows(_) => stat_of(path, metadata),
        _ => FileStat::from(metadata),
    }
}

/// A folder that transcripts lie in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which.
    pub path: PathBuf,
    /// How deep in it; 1 is right in it.
    pub depth: usize,
}

/// The folders that the transcripts of a root lie in: the root, and it alone unless the agent knows
/// better.
pub fn places(root: &Root) -> Vec<Place> {
    let Some(folders) = agents::adapter(root.agent).folders(&root.path) else {
        return vec![Place { path: root.path.clone(), depth: MAX_DEPTH }];
    };
    let deep = folders.into_iter().map(|path| Place { path, depth: MAX_DEPTH });
    [Place { path: root.path.clone(), depth: 1 }].into_iter().chain(deep).collect()
}

fn walk(root: &Root, place: &Place, seen: &mut HashSet<(u64, u64)>, found: &mut Discovery) {
    let adapter = agents::adapter(root.agent);
    for entry in WalkDir::new(&place.path).follow_links(true).max_depth(place.depth) {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                found.problems.extend(problem(&root.path, &error));
                continue;
            }
        };
        if entry.file_type().is_dir() {
            continue;
        }
        let Some(source) = adapter.source(entry.path()) else { continue };
        // A named pipe or device would block the reader for ever.
        let metadata = match entry.metadata() {
            Ok(metadata) if metadata.is_file() => metadata,
            Ok(_) => continue,
            Err(error) => {
                found.problems.extend(problem(&root.path, &error));
                continue;
            }
        };
        let stat = stat(entry.path(), source, &metadata);
        if seen.insert((stat.dev, stat.ino)) {
            found.files.push(SourceFile {
                path: entry.into_path(),
                agent: root.agent,
                developer: Arc::clone(&root.developer),
                stat,
            });
        }
    }
}

/// What vanished between listing and looking, and links in a circle, are no problems: there is
/// nothing to read.
fn problem(root: &Path, error: &walkdir::Error) -> Option<Problem> {
    let io = error.io_error()?;
    if io.kind() == std::io::ErrorKind::NotFound {
        return None;
    }
    let path = error.path().unwrap_or(root).to_owned();
    Some(Problem { path, what: io.to_string() })
}
