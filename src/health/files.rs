//! Transcripts that are not there, cannot be read or are somebody else's.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::{Finding, Setup};
use crate::format::counted;
use crate::ingest::{Problem, Scan};

/// There is nothing to read.
pub fn no_transcripts() -> Finding {
    let message = "no transcripts yet: use a coding agent, or name its config folder under \
                   [agents.<name>] roots in the config";
    Finding::hint("no_transcripts", message, Vec::new())
}

/// Folders and files that the system does not let us read.
pub fn unreadable(problems: &[Problem]) -> Option<Finding> {
    if problems.is_empty() {
        return None;
    }
    let item = |problem: &Problem| format!("{}: {}", problem.path.display(), problem.what);
    let items: Vec<String> = problems.iter().map(item).collect();
    let files = counted(items.len() as u64, "file or folder", "files or folders");
    let message = format!("cannot be read, and what it holds is not counted: {files}");
    Some(Finding::problem("unreadable", message, items))
}

/// Which of the transcripts that are still to be read cannot be opened.
pub fn unopened(unread: &[Scan]) -> Vec<Problem> {
    let open = |scan: &Scan| {
        let path = &scan.source.path;
        let why = File::open(path).err()?;
        Some(Problem { path: path.clone(), what: why.to_string() })
    };
    unread.iter().filter_map(open).collect()
}

/// Another user's transcripts can be counted; their sessions are never signalled.
pub fn foreign_roots(setup: &Setup) -> Option<Finding> {
    let us = rustix::process::getuid().as_raw();
    let foreign = |path: &&Path| fs::metadata(path).is_ok_and(|folder| folder.uid() != us);
    let roots = setup.roots.iter().map(|root| root.path.as_path()).filter(foreign);
    let items: Vec<String> = roots.map(|path| path.display().to_string()).collect();
    if items.is_empty() {
        return None;
    }
    let folders = counted(items.len() as u64, "folder", "folders");
    let message =
        format!("of another user, so caps flag the sessions there and never stop them: {folders}");
    Some(Finding::hint("foreign_root", message, items))
}
