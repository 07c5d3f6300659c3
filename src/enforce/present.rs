//! Which sessions run now, all of them at once: for a screen, which looks every second.
//!
//! Tells what [`locate`](super::locate()) would find, without its judgement of whether a process may
//! be signalled: that is asked for the one session that somebody is about to act on.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::locate::How;
use super::table::ProcessTable;
use super::witness::{named_in_arguments, open_transcripts, read_registry, telling_processes};
use crate::agents::{self, LiveKind, Status};
use crate::model::{AgentId, ProcessKey, SessionKey, Sighting};

/// A session that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Present {
    /// The process it was seen in.
    pub pid: u32,
    /// Who told of the process.
    pub how: How,
    /// How it runs, where the agent says so.
    pub kind: Option<LiveKind>,
    /// What it does, where the agent says so.
    pub status: Option<Status>,
}

/// Who answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roll {
    /// The sessions that run.
    pub present: BTreeMap<SessionKey, Present>,
    /// Agents that keep files of their running sessions, or transcripts open: what is not among
    /// them has ended.
    pub telling: Vec<AgentId>,
}

/// Asks the agents' own files, the transcripts that processes write, and what hooks saw; the kernel has the last word on whether a
/// process is there. `sightings` come newest first.
pub fn roll_call(
    table: &dyn ProcessTable,
    roots: &[(AgentId, PathBuf)],
    sightings: &[Sighting],
) -> Roll {
    let boot_id = table.own().boot_id;
    let mut roll = Roll::default();
    // The session that each process is in now, by the newest word on it.
    let mut in_process: BTreeMap<ProcessKey, SessionKey> = BTreeMap::new();
    for (agent, root) in roots {
        let registry = agents::adapter(*agent).registry(root);
        if registry.is_some_and(|folder| folder.is_dir()) && !roll.telling.contains(agent) {
            roll.telling.push(*agent);
        }
        for live in read_registry(*agent, root, table.uid()) {
            let process =
                ProcessKey { boot_id: boot_id.clone(), pid: live.pid, start_time: live.proc_start };
            if !table.is_alive(&process) {
                continue;
            }
            let session = SessionKey { agent: *agent, session_id: live.session_id };
            in_process.insert(process, session.clone());
            let present = Present {
                pid: live.pid,
                how: How::Registry,
                kind: Some(live.kind),
                status: live.status,
            };
            roll.add(session, present);
        }
    }
    let there = roots.iter().filter(|(_, root)| root.is_dir());
    let agents: BTreeSet<AgentId> = there.map(|(agent, _)| *agent).collect();
    let agents: Vec<AgentId> = agents.into_iter().collect();
    let running = telling_processes(table, &agents);
    for agent in writing_agents(table, &agents) {
        roll.telling.push(agent);
        let of_agent = roots.iter().filter(|(of, _)| *of == agent);
        let of_agent: Vec<PathBuf> = of_agent.map(|(_, root)| root.clone()).collect();
        for live in open_transcripts(table, &running, agent, &of_agent) {
            let process =
                ProcessKey { boot_id: boot_id.clone(), pid: live.pid, start_time: live.proc_start };
            let session = SessionKey { agent, session_id: live.session_id };
            in_process.insert(process, session.clone());
            let how = How::OpenTranscript;
            roll.add(session, Present { pid: live.pid, how, kind: None, status: None });
        }
    }
    for (of_agent, live) in running.iter().filter_map(|one| Some((one, named_in_arguments(one)?))) {
        let session = SessionKey { agent: of_agent.0, session_id: live.session_id };
        in_process.insert(of_agent.1.key.clone(), session.clone());
        let (how, kind) = (How::Arguments, Some(live.kind));
        roll.add(session, Present { pid: live.pid, how, kind, status: None });
    }
    for seen in sightings.iter().filter(|seen| seen.process.boot_id == boot_id) {
        if in_process.contains_key(&seen.process) {
            continue;
        }
        in_process.insert(seen.process.clone(), seen.session.clone());
        if table.is_alive(&seen.process) {
            let present =
                Present { pid: seen.process.pid, how: How::Hook, kind: None, status: None };
            roll.add(seen.session.clone(), present);
        }
    }
    roll
}

/// Those of these agents that keep transcripts open; none where the system does not tell of open
/// files.
fn writing_agents(table: &dyn ProcessTable, agents: &[AgentId]) -> Vec<AgentId> {
    let holds_open = |agent: &AgentId| agents::adapter(*agent).holds_transcripts_open();
    let is_told = !table.own().boot_id.is_empty();
    agents.iter().copied().filter(|agent| is_told && holds_open(agent)).collect()
}

impl Roll {
    /// Two processes may have taken up one session: the busy one is what matters.
    fn add(&mut self, session: SessionKey, present: Present) {
        let rank = |present: &Present| match present.status {
            Some(Status::Busy) => 3,
            Some(Status::Asking) => 2,
            Some(Status::Idle) => 1,
            None => 0,
        };
        match self.present.get(&session) {
            Some(known) if rank(known) >= rank(&present) => {}
            _ => {
                self.present.insert(session, present);
            }
        }
    }
}
