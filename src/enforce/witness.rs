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
use super::tail::tail_of;
use crate::agents::{self, Agent, Live, LiveKind, OpenThread, Status};
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

/// A process of an agent.
pub(super) type OfAgent = (AgentId, Process);

/// The processes that tell of sessions themselves: of those of these agents that keep their
/// transcripts open, or are started for one session. One look at the table for all of them, and only
/// at our own: of others the kernel does not tell.
pub(super) fn telling_processes(table: &dyn ProcessTable, agents: &[AgentId]) -> Vec<OfAgent> {
    let tells = |agent: &&AgentId| {
        let adapter = agents::adapter(**agent);
        adapter.holds_transcripts_open() || adapter.session_of_arguments().is_some()
    };
    let agents: Vec<AgentId> = agents.iter().filter(tells).copied().collect();
    if agents.is_empty() {
        return Vec::new();
    }
    // Without arguments none is an interpreter that runs it: those only wait for the program.
    let agent_of = |exe: &Path| {
        agents.iter().copied().find(|agent| agents::adapter(*agent).is_executable(exe, &[]))
    };
    let running = table.running(&|exe| agent_of(exe).is_some()).into_iter();
    let ours = running.filter(|process| process.uid == Some(table.uid()));
    ours.filter_map(|process| Some((agent_of(process.exe.as_deref()?)?, process))).collect()
}

/// The sessions whose transcripts an agent's processes hold open for writing, for agents that keep
/// them so.
pub(super) fn open_transcripts(
    table: &dyn ProcessTable,
    processes: &[OfAgent],
    agent: AgentId,
    roots: &[PathBuf],
) -> Vec<Live> {
    let adapter = agents::adapter(agent);
    if !adapter.holds_transcripts_open() {
        return Vec::new();
    }
    // The kernel tells of paths without links in them.
    let roots: Vec<PathBuf> = roots.iter().filter_map(|root| root.canonicalize().ok()).collect();
    let ours = processes.iter().filter(|(of, _)| *of == agent);
    ours.flat_map(|(_, process)| sessions_in(table, adapter, process, &roots)).collect()
}

/// The session that an agent's process was started for, for agents whose arguments tell.
pub(super) fn named_in_arguments((agent, process): &OfAgent) -> Option<Live> {
    let session_of = agents::adapter(*agent).session_of_arguments()?;
    Some(Live {
        pid: process.key.pid,
        proc_start: process.key.start_time,
        session_id: session_of(&process.argv)?,
        kind: LiveKind::Headless,
        status: None,
        cwd: None,
    })
}

/// A session's transcripts that one process holds open.
struct Open {
    session_id: Arc<str>,
    threads: Vec<Arc<str>>,
    paths: Vec<PathBuf>,
    root: PathBuf,
}

fn sessions_in(
    table: &dyn ProcessTable,
    adapter: &dyn Agent,
    process: &Process,
    roots: &[PathBuf],
) -> Vec<Live> {
    let mut sessions: Vec<Open> = Vec::new();
    for path in table.written_files(&process.key) {
        let Some(root) = roots.iter().find(|root| path.starts_with(root)) else { continue };
        let Some(thread) = thread_of(adapter, &path, table.uid()) else { continue };
        let is_known = |open: &Open| open.session_id == thread.session_id;
        let at = sessions.iter().position(is_known).unwrap_or_else(|| {
            let (session_id, root) = (thread.session_id, root.clone());
            sessions.push(Open { session_id, threads: Vec::new(), paths: Vec::new(), root });
            sessions.len() - 1
        });
        sessions[at].threads.push(thread.thread_id);
        sessions[at].paths.push(path);
    }
    let is_server = process.exe.as_ref().is_some_and(|exe| adapter.is_server(exe, &process.argv));
    let is_alone = sessions.len() == 1;
    let live = |open: Open| Live {
        pid: process.key.pid,
        proc_start: process.key.start_time,
        kind: adapter
            .home_of(&open.root)
            .and_then(|home| adapter.server_socket(home))
            .filter(|_| is_server)
            .map_or(LiveKind::Interactive, |socket| hosted(socket, &open, is_alone)),
        // Of several sessions in one screen, the one that is at work.
        status: if is_alone { None } else { status_of(adapter, &open.paths, table.uid()) },
        session_id: open.session_id,
        cwd: None,
    };
    sessions.into_iter().map(live).collect()
}

/// Its own thread first: interrupted later, it would be called with what a subagent has to say of
/// its own interruption.
fn hosted(socket: PathBuf, open: &Open, is_alone: bool) -> LiveKind {
    let mut threads = open.threads.clone();
    threads.sort_by_key(|thread| *thread != open.session_id);
    LiveKind::Hosted { socket, threads, is_alone }
}

/// Whether any of a session's threads is in mid-turn; none where that cannot be told of all.
fn status_of(adapter: &dyn Agent, paths: &[PathBuf], uid: u32) -> Option<Status> {
    let in_turn = |path: &PathBuf| adapter.in_turn(&tail_of(open(path, uid)?.0).ok()?);
    let words: Vec<Option<bool>> = paths.iter().map(in_turn).collect();
    if words.contains(&Some(true)) {
        return Some(Status::Busy);
    }
    words.iter().all(Option::is_some).then_some(Status::Idle)
}

fn thread_of(adapter: &dyn Agent, path: &Path, uid: u32) -> Option<OpenThread> {
    adapter.thread_of_open(path, &head_of(path, uid)?)
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
