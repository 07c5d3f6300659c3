//! What is read of each agent, as JSON and in words.

use std::io::Write;

use anyhow::Result;
use serde::Serialize;

use crate::agents;
use crate::cli::context::{Context, show};
use crate::format::counted;
use crate::health::{self, AgentState, HookState, RootState};
use crate::ledger::Reader;
use crate::model::AgentId;

/// A folder that transcripts are looked for in.
#[derive(Debug, Serialize)]
pub(super) struct RootJson {
    agent: AgentId,
    path: String,
    exists: bool,
}

/// An agent.
#[derive(Debug, Serialize)]
pub(super) struct AgentJson {
    agent: AgentId,
    /// Folders of transcripts that are there.
    roots_found: usize,
    files: u64,
    calls: u64,
    unparsed_lines: u64,
    oversized_lines: u64,
    /// `in_place`, `not_in_place`, `no_home`, or `none` for an agent without hooks.
    hook: &'static str,
}

/// What is read of every agent, and its hooks.
#[derive(Debug)]
pub(super) struct Agents {
    states: Vec<AgentState>,
    hooks: Vec<HookState>,
}

impl Agents {
    /// A ledger that cannot be read, or is not there yet, has nothing of anybody.
    pub(super) fn read(context: &Context) -> Self {
        let setup = context.setup();
        let reader = Reader::open(&context.ledger).ok().flatten();
        let sources = reader.as_ref().and_then(|reader| reader.sources().ok()).unwrap_or_default();
        let read = health::agents(&setup, reader.as_ref(), &sources);
        let states = read.or_else(|_| health::agents(&setup, None, &sources)).unwrap_or_default();
        let hooks = health::hooks(&setup, reader.as_ref()).unwrap_or_default();
        Self { states, hooks }
    }

    pub(super) fn roots_json(&self) -> Vec<RootJson> {
        let of_agent = |state: &AgentState| {
            let agent = state.row.agent;
            let json = |root: &RootState| RootJson {
                agent,
                path: root.path.display().to_string(),
                exists: root.exists,
            };
            state.roots.iter().map(json).collect::<Vec<_>>()
        };
        self.states.iter().flat_map(of_agent).collect()
    }

    pub(super) fn json(&self) -> Vec<AgentJson> {
        let json = |state: &AgentState| AgentJson {
            agent: state.row.agent,
            roots_found: state.found().count(),
            files: state.row.files,
            calls: state.row.calls,
            unparsed_lines: state.row.unparsed,
            oversized_lines: state.row.oversized,
            hook: self.hook_of(state.row.agent).map_or("none", |homes| match homes {
                (0, _) => "no_home",
                (_, 0) => "in_place",
                _ => "not_in_place",
            }),
        };
        self.states.iter().map(json).collect()
    }

    /// In how many config folders an agent's hook would have to be, and in how many it is not, or is
    /// not called; none for an agent without hooks.
    fn hook_of(&self, agent: AgentId) -> Option<(usize, usize)> {
        agents::adapter(agent).hook()?;
        let own: Vec<&HookState> = self.hooks.iter().filter(|hook| hook.agent == agent).collect();
        let lacking = own.iter().filter(|hook| !hook.problems.is_empty()).count();
        Some((own.len(), lacking))
    }

    /// For a person: an agent that is not there takes one line.
    pub(super) fn write(&self, context: &Context, out: &mut dyn Write) -> Result<()> {
        for state in &self.states {
            let row = &state.row;
            let is_there = state.found().next().is_some();
            let mut words = Vec::new();
            if !is_there {
                words.push("no folder".to_owned());
            }
            if row.files > 0 || is_there {
                words.push(counted(row.files, "transcript", "transcripts"));
                words.push(counted(row.calls, "call", "calls"));
            }
            if row.unparsed + row.oversized > 0 {
                let lines = counted(row.unparsed + row.oversized, "line", "lines");
                words.push(format!("{lines} not read"));
            }
            match self.hook_of(row.agent) {
                None | Some((0, _)) => {}
                Some((_, 0)) => words.push("hook in place".to_owned()),
                Some(_) => words.push("hook not in place (`spendtop hook status`)".to_owned()),
            }
            writeln!(out, "{:<10}{}", row.agent.name(), words.join(", "))?;
            for root in state.found() {
                writeln!(out, "          {}", show(&context.paths, &root.path))?;
            }
            // What the user named is meant to be there; what is looked for by itself may be.
            let named = context.config.agent_roots.iter().filter(|(agent, _)| *agent == row.agent);
            let named = named.map(|(_, root)| context.paths.expand(root));
            for root in named.filter(|root| !root.exists()) {
                let (root, name) = (show(&context.paths, &root), row.agent.name());
                writeln!(
                    out,
                    "        ! {root} is not there ([agents.{name}] roots in the config)"
                )?;
            }
        }
        Ok(())
    }
}
