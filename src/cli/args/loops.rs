//! What the user can type about loops.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `loops`.
#[derive(Clone, Debug, Subcommand)]
pub enum LoopsCommand {
    /// How good the loop detectors are, measured on labelled threads
    Eval(EvalArgs),
}

/// `loops eval`.
#[derive(Clone, Debug, Args)]
pub struct EvalArgs {
    /// A folder of labelled threads, instead of those that come with the program
    #[arg(long, value_name = "DIR")]
    pub corpus: Option<PathBuf>,

    /// Print JSON
    #[arg(long, short, conflicts_with = "md")]
    pub json: bool,

    /// Print a Markdown table
    #[arg(long)]
    pub md: bool,
}
