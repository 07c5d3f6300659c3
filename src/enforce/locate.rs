//! Which processes a session lives in, and whether that is certain.
//!
//! Four witnesses: a hook that saw its own ancestor, the file that the agent keeps of each running
//! session, the transcript that its process holds open for writing, and the session that its process
//! was started for. None is believed by itself: the kernel must know the process under that number
//! and start time, as ours, and running that agent's executable. Where the witnesses disagree on the
//! session, nobody is certain; nor where a signal would end other sessions in the same process, unless
//! this is the only one at work.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::table::{Process, ProcessTable, Refused};
use super::witness::{named_in_arguments, open_transcripts, read_registry, telling_processes};
use crate::agents::{self, Live, LiveKind, Status};
use crate::model::{AgentId, ProcessKey, SessionKey, Sighting};

/// Why a process must not be signalled for one session's sake.
pub(super) const SHARED: &str = "other sessions run in the same process";

/// Who told of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum How {
    /// A hook, by its own ancestors.
    Hook,
    /// The agent's file of running sessions.
    Registry,
    /// The transcript that the process writes.
    OpenTranscript,
    /// What the process was started for; it ends with the turn.
    Arguments,
}

/// A process that a session may live in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// The process.
    pub process: Process,
    /// Who told of it.
    pub how: How,
    /// Why it is not certain; none: it is, and may be signalled.
    pub why_not: Option<String>,
    /// How the session runs in it.
    pub kind: LiveKind,
    /// What it does, where the agent says so.
    pub status: Option<Status>,
}

impl Located {
    /// It may be signalled; or spoken to, if it is a server.
    pub const fn is_certain(&self) -> bool {
        self.why_not.is_none()
    }

    /// It is a server, and may not be signalled for one session's sake.
    pub const fn is_hosted(&self) -> bool {
        matches!(self.kind, LiveKind::Hosted { .. })
    }
}

/// What is known of a session's whereabouts.
#[derive(Clone, Copy, Debug)]
pub struct Search<'a> {
    /// The session.
    pub session: &'a SessionKey,
    /// What hooks saw. Those of other sessions help: the newest word on a process counts.
    pub sightings: &'a [Sighting],
    /// Processes located before, to be judged again though nobody names them any more: an agent
    /// removes its file early when it ends.
    pub known: &'a [ProcessKey],
    /// The roots of the agent's transcripts.
    pub roots: &'a [PathBuf],
}

/// Every process that the session lives in: two that resumed one session both count. Processes
/// that have ended are left out.
pub fn locate(table: &dyn ProcessTable, search: &Search<'_>) -> Vec<Located> {
    let agent = search.session.agent;
    let mut claims: Vec<Claim> = Vec::new();
    for root in search.roots {
        let lives = read_registry(agent, root, table.uid());
        claims.extend(lives.into_iter().map(|live| (How::Registry, live)));
    }
    let running = telling_processes(table, &[agent]);
    let open = open_transcripts(table, &running, agent, search.roots);
    claims.extend(open.into_iter().map(|live| (How::OpenTranscript, live)));
    let named = running.iter().filter_map(named_in_arguments);
    claims.extend(named.map(|live| (How::Arguments, live)));
    claims.dedup();
    judge(table, search, &claims)
}

/// Which session a process is in, and who says so.
type Claim = (How, Live);

fn judge(table: &dyn ProcessTable, search: &Search<'_>, claims: &[Claim]) -> Vec<Located> {
    let boot_id = table.own().boot_id;
    let key = |live: &Live| ProcessKey {
        boot_id: boot_id.clone(),
        pid: live.pid,
        start_time: live.proc_start,
    };
    let mut candidates: BTreeMap<ProcessKey, How> = BTreeMap::new();
    candidates.extend(search.known.iter().map(|known| (known.clone(), How::Registry)));
    let ours = claims.iter().filter(|(_, live)| live.session_id == search.session.session_id);
    candidates.extend(ours.map(|(how, live)| (key(live), *how)));
    let seen = search.sightings.iter().filter(|sighting| sighting.session == *search.session);
    candidates.extend(seen.map(|sighting| (sighting.process.clone(), How::Hook)));
    let mut located = Vec::new();
    for (candidate, how) in candidates {
        // What was seen in an earlier boot is no process of this one.
        if candidate.boot_id != boot_id {
            continue;
        }
        let Some(process) = table.process(candidate.pid).filter(|found| found.is_alive) else {
            continue;
        };
        let is_ours =
            |live: &&Live| key(live) == candidate && live.session_id == search.session.session_id;
        let claim = claims.iter().map(|(_, live)| live).find(is_ours);
        let why_not = doubt(table, search.session.agent, &candidate, Some(&process))
            .or_else(|| elsewhere(search, &candidate, claims, &key))
            .or_else(|| put_away(search.session.agent, &process, claim));
        let is_same = process.key == candidate;
        // A hook's old sighting whose number went to another process is no news.
        if !is_same && how == How::Hook {
            continue;
        }
        located.push(Located {
            kind: kind(search.session.agent, &process, claim),
            status: claim.and_then(|live| live.status),
            process,
            how,
            why_not,
        });
    }
    located
}

/// Why a process must not be signalled as this agent's; none: it may be. `found` is what the
/// table has under its number.
pub(super) fn doubt(
    table: &dyn ProcessTable,
    agent: AgentId,
    key: &ProcessKey,
    found: Option<&Process>,
) -> Option<String> {
    let Some(found) = found else { return Some(Refused::Ended.to_string()) };
    if found.key == *key {
        let is_agent = found
            .exe
            .as_deref()
            .is_some_and(|exe| agents::adapter(agent).is_executable(exe, &found.argv));
        // Another user's executable cannot be read: say what is the matter.
        let is_ours = found.uid == Some(table.uid());
        if is_ours && !is_agent {
            return Some(format!("its executable is not {agent}'s"));
        }
    }
    if key.boot_id.is_empty() {
        return Some(Refused::Unsupported.to_string());
    }
    table.refusal_of(key, Some(found)).map(|refused| refused.to_string())
}

/// A witness says that the process is in another session by now (`/clear` gives it a new one), or in
/// others as well.
fn elsewhere(
    search: &Search<'_>,
    process: &ProcessKey,
    claims: &[Claim],
    key: &dyn Fn(&Live) -> ProcessKey,
) -> Option<String> {
    let of_process = || claims.iter().map(|(_, live)| live).filter(|live| key(live) == *process);
    let is_ours = |live: &Live| live.session_id == search.session.session_id;
    let by_claim = of_process().any(|live| !is_ours(live));
    if let Some(ours) = of_process().find(|live| is_ours(live)) {
        // What is done to a server concerns the one session.
        if let LiveKind::Hosted { .. } = ours.kind {
            return None;
        }
        if by_claim {
            // A screen keeps the sessions that it left: `/new` there is not the end of the last.
            let is_left = |live: &Live| is_ours(live) || live.status == Some(Status::Idle);
            let is_at_work = ours.status == Some(Status::Busy) && of_process().all(is_left);
            return (!is_at_work).then(|| SHARED.to_owned());
        }
    }
    let newest = search
        .sightings
        .iter()
        .filter(|sighting| sighting.process == *process)
        .max_by_key(|sighting| sighting.at);
    let by_hook = newest.is_some_and(|sighting| sighting.session != *search.session);
    (by_claim || by_hook).then(|| "the process is in another session now".to_owned())
}

/// A hook once saw the session in a server, which does not have it open any more.
fn put_away(agent: AgentId, process: &Process, claim: Option<&Live>) -> Option<String> {
    let exe = process.exe.as_deref()?;
    let is_server = agents::adapter(agent).is_server(exe, &process.argv);
    (is_server && claim.is_none()).then(|| "the session is not open in that server".to_owned())
}

fn kind(agent: AgentId, process: &Process, claim: Option<&Live>) -> LiveKind {
    let is_headless = || {
        process
            .exe
            .as_deref()
            .is_some_and(|exe| agents::adapter(agent).is_headless(exe, &process.argv))
    };
    match claim.map(|live| &live.kind) {
        Some(kind) if *kind != LiveKind::Interactive => kind.clone(),
        _ if is_headless() => LiveKind::Headless,
        _ => LiveKind::Interactive,
    }
}
