//! What the user can type about turns: steps, tools, repetition.

use clap::{Args, Subcommand, ValueEnum};

use super::TimeArgs;

/// `turns`.
#[derive(Clone, Debug, Args)]
pub struct TurnsArgs {
    /// Only of this session; the first characters of its id will do
    #[arg(value_name = "SESSION")]
    pub session: Option<String>,

    /// The time in which they began
    #[command(flatten)]
    pub time: TimeArgs,

    /// At most this many
    #[arg(long, short = 'n', value_name = "COUNT")]
    pub limit: Option<usize>,

    /// Most of these first, instead of the newest
    #[arg(long, value_enum, value_name = "WHAT")]
    pub sort: Option<TurnSort>,

    /// Print JSON
    #[arg(long, short)]
    pub json: bool,
}

/// What turns are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TurnSort {
    /// Calls of the model
    Steps,
    /// Tools that it asked for
    Tools,
    /// The longest run of one and the same tool call
    Repeats,
    /// Tools and requests that failed
    Errors,
    /// Dollars
    Cost,
}

/// `metrics`.
#[derive(Clone, Debug, Subcommand)]
pub enum MetricsCommand {
    /// Steps per turn: how they are distributed by project, model and agent
    Loops(LoopsArgs),
}

/// `metrics loops`.
#[derive(Clone, Debug, Args)]
pub struct LoopsArgs {
    /// The time in which the turns began
    #[command(flatten)]
    pub time: TimeArgs,

    /// Print JSON
    #[arg(long, short)]
    pub json: bool,
}
