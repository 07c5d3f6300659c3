//! `hook`: what an agent calls before it spends, and how that gets into its settings.

mod install;
mod run;
mod stdin;

use std::io::Write;

use anyhow::Result;

pub(super) use self::run::{Asked, run as answer};
use super::Outcome;
use super::args::HookCommand;
use super::context::Context;

pub(super) fn run(context: &Context, command: HookCommand, out: &mut dyn Write) -> Result<Outcome> {
    match command {
        HookCommand::Install(args) => install::install(context, args, out),
        HookCommand::Uninstall(args) => install::uninstall(context, args, out),
        HookCommand::Status(args) => install::status(context, args, out),
        // Recognised before anything is parsed; here for the help alone.
        HookCommand::Run { .. } => Ok(Outcome::Done),
    }
}
