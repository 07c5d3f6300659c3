//! Transcripts that are not there, cannot be read or are somebody else's.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use super::Finding;
use crate::cli::context::{Context, Freshness};
use crate::format::counted;

pub(super) fn of_files(freshness: &Freshness, findings: &mut Vec<Finding>) {
    match freshness {
        Freshness::CaughtUp(found) => {
            if found.files == 0 {
                let message = "no transcripts yet: use a coding agent, or name its config folder \
                               under [agents.<name>] roots in the config";
                findings.push(Finding::hint("no_transcripts", message, Vec::new()));
            }
            if !found.problems.is_empty() {
                let items: Vec<String> = found
                    .problems
                    .iter()
                    .map(|problem| format!("{}: {}", problem.path.display(), problem.what))
                    .collect();
                let files = counted(items.len() as u64, "file or folder", "files or folders");
                let message = format!("cannot be read, and what it holds is not counted: {files}");
                findings.push(Finding::problem("unreadable", message, items));
            }
        }
        Freshness::Collected(_) => {}
        Freshness::ReadOnly => {
            let message = "the ledger cannot be written, so new calls are not in it: make its \
                           folder and files writable, or set SPENDTOP_DB to another file";
            findings.push(Finding::problem("ledger", message, Vec::new()).counting(1));
        }
        Freshness::Behind => {
            let message = "another spendtop is still reading the transcripts";
            findings.push(Finding::hint("behind", message, Vec::new()).counting(1));
        }
    }
}

/// Another user's transcripts can be counted; their sessions are never signalled.
pub(super) fn of_roots(context: &Context, findings: &mut Vec<Finding>) {
    let us = rustix::process::getuid().as_raw();
    let foreign = |path: &PathBuf| std::fs::metadata(path).is_ok_and(|folder| folder.uid() != us);
    let items: Vec<String> = context
        .roots()
        .into_iter()
        .map(|root| root.path)
        .filter(foreign)
        .map(|path| path.display().to_string())
        .collect();
    if !items.is_empty() {
        let folders = counted(items.len() as u64, "folder", "folders");
        let message = format!(
            "of another user, so caps flag the sessions there and never stop them: {folders}"
        );
        findings.push(Finding::hint("foreign_root", message, items));
    }
}
