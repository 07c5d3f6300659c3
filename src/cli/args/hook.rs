//! What the user can type about the hook.

use clap::builder::PossibleValue;
use clap::{Args, Subcommand, ValueEnum};

use crate::model::AgentId;

/// `hook`.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum HookCommand {
    /// Puts the hook into the agents' settings; everything else there stays byte for byte
    Install(HookArgs),
    /// Takes the hook out again
    Uninstall(HookArgs),
    /// Says where the hook is and whether it is called; exit code 5 where something is missing
    Status(HookStatusArgs),
    /// Answers an agent: an event as JSON on stdin, JSON or nothing on stdout; always exits 0
    Run {
        /// Which agent
        agent: Option<AgentId>,
    },
}

/// `hook install`, `hook uninstall`.
#[derive(Clone, Copy, Debug, Args)]
pub struct HookArgs {
    /// Which agent; without a name every one that is here and has hooks
    #[arg(value_enum)]
    pub agent: Option<AgentId>,

    /// Show what would change, change nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// `hook status`.
#[derive(Clone, Copy, Debug, Args)]
pub struct HookStatusArgs {
    /// Which agent; without a name every one that is here and has hooks
    #[arg(value_enum)]
    pub agent: Option<AgentId>,

    /// Print JSON
    #[arg(long, short)]
    pub json: bool,
}

impl ValueEnum for AgentId {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()).help(self.title()))
    }
}
