//! Reads what agents leave on the disk of their running sessions, and trusts none of it.
//!
//! Only regular files that are ours, named after the process they tell of: no link, pipe or
//! device, nothing huge, nothing that everyone may write.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::OFlags;

use super::table::{Process, ProcessTable};
use crate::agents::{self, Agent, Live, LiveKind};
use crate::model::AgentId;

const LONGEST: u64 = 64 * 1024;
/// A transcript's first record is not longer: it may hold all of an agent's instructions.
const HEAD: u64 = 1 << 20;
/// Nobody runs more sessions than this at once; what is more is a heap of stale files.
const MOST: usize = 4096;

/// What the agent says of its running sessions, by the root of its transcripts.
pub(super) fn read_registry(agent: AgentId, root: &Path, uid: u32) -> Vec<Live> {
    let adapter = agents::adapter(agent);
    let Some(folder) = adapter.registry(root) else { return Vec::new() };
    let Ok(entries) = folder.read_dir() else { return Vec::new() };
    let named = entries.flatten().filter_map(|entry| {
        let name = entry.file_name();
        let pid: u32 = name.to_str()?.strip_suffix(".json")?.parse().ok()?;
        Some((pid, entry.path()))
    });
    let read = |(pid, path): (u32, std::path::PathBuf)| {
        let live = adapter.parse_live(&bytes_of(&path, uid)?)?;
        (live.pid == pid).then_some(live)
    };
    named.take(MOST).filter_map(read).collect()
}

/// The sessions whose transcripts an agent's processes hold open for writing, for agents that keep
/// them so. Only our own processes: of others the kernel does not tell.
pub(super) fn open_transcripts(
    table: &dyn ProcessTable,
    agent: AgentId,
    roots: &[PathBuf],
) -> Vec<Live> {
    let adapter = agents::adapter(agent);
    if !adapter.holds_transcripts_open() {
        return Vec::new();
    }
    // The kernel tells of paths without links in them.
    let roots: Vec<PathBuf> = roots.iter().filter_map(|root| root.canonicalize().ok()).collect();
    let mut lives = Vec::new();
    // Without arguments none is an interpreter that runs it: those only wait for the program.
    for process in table.running(&|exe| adapter.is_executable(exe, &[])) {
        if process.uid != Some(table.uid()) {
            continue;
        }
        let written = table.written_files(&process.key).into_iter();
        for path in written.filter(|path| roots.iter().any(|root| path.starts_with(root))) {
            lives.extend(session_of(adapter, &path, table.uid()).map(|session_id| Live {
                pid: process.key.pid,
                proc_start: process.key.start_time,
                session_id,
                kind: LiveKind::Interactive,
                status: None,
                cwd: None,
            }));
        }
    }
    lives
}

/// The sessions that an agent's processes were started for, for agents whose arguments tell.
pub(super) fn named_in_arguments(table: &dyn ProcessTable, agent: AgentId) -> Vec<Live> {
    let adapter = agents::adapter(agent);
    let Some(session_of) = adapter.session_of_arguments() else { return Vec::new() };
    let processes = table.running(&|exe| adapter.is_executable(exe, &[])).into_iter();
    let ours = processes.filter(|process| process.uid == Some(table.uid()));
    let live = |process: Process| {
        Some(Live {
            pid: process.key.pid,
            proc_start: process.key.start_time,
            session_id: session_of(&process.argv)?,
            kind: LiveKind::Headless,
            status: None,
            cwd: None,
        })
    };
    ours.filter_map(live).collect()
}

fn session_of(adapter: &dyn Agent, path: &Path, uid: u32) -> Option<Arc<str>> {
    adapter.session_of_open(path, &head_of(path, uid)?)
}

fn bytes_of(path: &Path, uid: u32) -> Option<Vec<u8>> {
    let (file, length) = open(path, uid)?;
    if length > LONGEST {
        return None;
    }
    let mut bytes = Vec::with_capacity(length as usize + 1);
    file.take(LONGEST).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// A transcript's first record.
fn head_of(path: &Path, uid: u32) -> Option<Vec<u8>> {
    let (file, _) = open(path, uid)?;
    let mut bytes = Vec::new();
    BufReader::new(file.take(HEAD)).read_until(b'\n', &mut bytes).ok()?;
    Some(bytes)
}

/// A regular file of ours that nobody else may write, and its length.
fn open(path: &Path, uid: u32) -> Option<(File, u64)> {
    // Without following a link, and without waiting for the other end of a pipe.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file: File =
        OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path).ok()?;
    let about = file.metadata().ok()?;
    let is_private = about.permissions().mode() & 0o002 == 0;
    let is_ours = about.is_file() && about.uid() == uid && is_private;
    is_ours.then_some((file, about.len()))
}
