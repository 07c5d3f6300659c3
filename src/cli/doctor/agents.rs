//! What is read of each agent: its folders, transcripts, calls, and what could not be read.

use std::io::Write;

use anyhow::Result;
use serde::Serialize;

use crate::agents;
use crate::cli::context::{Context, show};
use crate::cli::hook::homes;
use crate::format::counted;
use crate::ingest::Root;
use crate::ledger::{AgentRow, Reader};
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

/// What is read of every agent.
#[derive(Debug)]
pub(super) struct Agents {
    roots: Vec<Root>,
    rows: Vec<AgentRow>,
}

impl Agents {
    /// A ledger that cannot be read, or is not there yet, has nothing of anybody.
    pub(super) fn read(context: &Context) -> Self {
        let reader = Reader::open(&context.ledger).ok().flatten();
        let rows = reader.and_then(|reader| reader.agents().ok());
        let none = |agent| AgentRow { agent, files: 0, calls: 0, unparsed: 0, oversized: 0 };
        let rows = rows.unwrap_or_else(|| AgentId::ALL.into_iter().map(none).collect());
        Self { roots: context.roots(), rows }
    }

    pub(super) fn roots_json(&self) -> Vec<RootJson> {
        let json = |root: &Root| RootJson {
            agent: root.agent,
            path: root.path.display().to_string(),
            exists: root.path.is_dir(),
        };
        self.roots.iter().map(json).collect()
    }

    pub(super) fn json(&self, context: &Context) -> Vec<AgentJson> {
        let json = |row: &AgentRow| AgentJson {
            agent: row.agent,
            roots_found: self.roots_of(row.agent).filter(|root| root.path.is_dir()).count(),
            files: row.files,
            calls: row.calls,
            unparsed_lines: row.unparsed,
            oversized_lines: row.oversized,
            hook: hook_of(context, row.agent).map_or("none", |homes| match homes {
                (0, _) => "no_home",
                (_, 0) => "in_place",
                _ => "not_in_place",
            }),
        };
        self.rows.iter().map(json).collect()
    }

    fn roots_of(&self, agent: AgentId) -> impl Iterator<Item = &Root> {
        self.roots.iter().filter(move |root| root.agent == agent)
    }

    /// For a person: an agent that is not there takes one line.
    pub(super) fn write(&self, context: &Context, out: &mut dyn Write) -> Result<()> {
        for row in &self.rows {
            let there: Vec<&Root> =
                self.roots_of(row.agent).filter(|root| root.path.is_dir()).collect();
            let mut words = match there.len() {
                0 => vec!["no folder".to_owned()],
                _ => Vec::new(),
            };
            if row.files > 0 || !there.is_empty() {
                words.push(counted(row.files, "transcript", "transcripts"));
                words.push(counted(row.calls, "call", "calls"));
            }
            if row.unparsed + row.oversized > 0 {
                let lines = counted(row.unparsed + row.oversized, "line", "lines");
                words.push(format!("{lines} not read"));
            }
            match hook_of(context, row.agent) {
                None | Some((0, _)) => {}
                Some((_, 0)) => words.push("hook in place".to_owned()),
                Some(_) => words.push("hook not in place (`spendtop hook status`)".to_owned()),
            }
            writeln!(out, "{:<10}{}", row.agent.name(), words.join(", "))?;
            for root in there {
                writeln!(out, "          {}", show(&context.paths, &root.path))?;
            }
        }
        Ok(())
    }
}

/// In how many config folders an agent's hook would have to be, and in how many it is not, or is not
/// called; none for an agent without hooks.
fn hook_of(context: &Context, agent: AgentId) -> Option<(usize, usize)> {
    let hook = agents::adapter(agent).hook()?;
    let states = homes::states(context, agent, &hook).ok()?;
    let lacking = states.iter().filter(|(_, state)| !state.problems.is_empty()).count();
    Some((states.len(), lacking))
}
