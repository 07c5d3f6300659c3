//! What the user can type about the hook.

use clap::{Args, Subcommand, ValueEnum};

/// `hook`.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum HookCommand {
    /// Puts the hook into the agent's settings; everything else there stays byte for byte
    Install(HookArgs),
    /// Takes the hook out again
    Uninstall(HookArgs),
    /// Says where the hook is and whether it is called; exit code 5 where something is missing
    Status(HookStatusArgs),
    /// Answers an agent: an event as JSON on stdin, JSON or nothing on stdout; always exits 0
    Run {
        /// Which agent
        agent: Option<HookAgent>,
    },
}

/// `hook install`, `hook uninstall`.
#[derive(Clone, Copy, Debug, Args)]
pub struct HookArgs {
    /// Which agent
    #[arg(value_enum, default_value = "claude")]
    pub agent: HookAgent,

    /// Show what would change, change nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// `hook status`.
#[derive(Clone, Copy, Debug, Args)]
pub struct HookStatusArgs {
    /// Which agent
    #[arg(value_enum, default_value = "claude")]
    pub agent: HookAgent,

    /// Print JSON
    #[arg(long, short)]
    pub json: bool,
}

/// An agent that has hooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum HookAgent {
    /// Claude Code
    Claude,
}
