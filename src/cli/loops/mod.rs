//! `loops`: whether agents go round and round, and how well that is seen.

mod eval;

use std::io::Write;

use anyhow::Result;

use super::Outcome;
use super::args::LoopsCommand;
use super::context::Context;

pub(super) fn run(
    context: &Context,
    command: &LoopsCommand,
    out: &mut dyn Write,
) -> Result<Outcome> {
    match command {
        LoopsCommand::Eval(args) => eval::run(context, args, out),
    }
}
