//! `cap`: how caps stand, what they mean, what one would have done.

mod check;
mod list;
mod simulate;

pub(super) use self::check::CapJson;

use std::io::Write;

use anyhow::Result;

use super::Outcome;
use super::args::CapCommand;
use super::context::Context;

pub(super) fn run(context: &Context, command: &CapCommand, out: &mut dyn Write) -> Result<Outcome> {
    match command {
        CapCommand::List(args) => list::run(context, args.json, out),
        CapCommand::Check(args) => check::run(context, args.json, out),
        CapCommand::Simulate(args) => simulate::run(context, args, out),
    }
}

/// Says that there is none, and how to set one.
fn none(context: &Context, out: &mut dyn Write) -> Result<()> {
    let file = context.paths.config_file(context.global.config.as_deref());
    let file = file.map_or_else(
        || "the config".to_owned(),
        |(path, _)| super::context::show(&context.paths, &path),
    );
    writeln!(out, "No cap is set: `daily_cap = 20` in {file} is one.")?;
    Ok(())
}
