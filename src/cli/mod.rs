//! The commands: one file each. The types of what can be typed are in `args`.

mod actions;
mod args;
mod cap;
mod config;
mod context;
mod daemon;
mod deeds;
mod demo;
mod doctor;
mod explain;
mod fetch;
mod hook;
mod ingest;
mod inside;
mod leave;
mod lift;
mod live;
mod loops;
mod mark;
mod metrics;
mod notify;
mod part;
mod plain;
mod prices;
mod report;
mod reprice;
mod service;
mod sessions;
mod shell;
mod standing;
mod status;
mod stop;
mod table;
mod turns;
mod when;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use self::args::{Cli, Command, NotifyCommand};
use self::context::Context;
use crate::config::ConfigError;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// As asked.
    Done,
    /// There was nothing to report.
    NoData,
    /// A cap is at a warning level.
    Warned,
    /// A cap is used up.
    Over,
    /// `doctor` or a check found something wrong.
    Problems,
    /// It did not work, and that was said.
    Failed,
}

/// Something in what the user typed or wrote is wrong; exit code 2, as clap's.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct UsageError(String);

/// Runs the program and tells its exit code: 0 fine, 1 an error, 2 wrong usage or config, 3 at
/// a warning level, 4 over a cap, 5 problems found, 10 nothing to report.
pub fn main() -> ExitCode {
    // An agent waits for this one, and must never be told of an error.
    if let Some(asked) = hook::Asked::read(std::env::args_os()) {
        return hook::answer(&asked);
    }
    if let Some(part) = part::Part::read(std::env::args_os()) {
        return part.play();
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors; a closed pipe is nobody's concern.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    match run(&cli) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Warned) => ExitCode::from(3),
        Ok(Outcome::Over) => ExitCode::from(4),
        Ok(Outcome::NoData) => ExitCode::from(10),
        Ok(Outcome::Problems) => ExitCode::from(5),
        Ok(Outcome::Failed) => ExitCode::from(1),
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "spendtop: {error:#}");
            ExitCode::from(if is_usage(&error) { 2 } else { 1 })
        }
    }
}

fn run(cli: &Cli) -> Result<Outcome> {
    // These must work whatever the config says.
    match &cli.command {
        Some(Command::Completions { shell }) => return shell::completions(*shell),
        Some(Command::Man) => return shell::man(),
        Some(Command::Config(command)) => return config::run(&cli.global, command),
        Some(Command::Notify(NotifyCommand::Deliver)) => return Ok(notify::deliver(&cli.global)),
        Some(Command::Doctor(args)) if args.selftest => {
            return doctor::selftest(&cli.global, *args, &mut io::stdout().lock());
        }
        _ => {}
    }
    let context = Context::new(&cli.global)?;
    let has_screen = matches!(cli.command, None | Some(Command::Demo(_))) && context.can_draw();
    // A log line would be written across the screen, which has its own place for trouble.
    if !has_screen {
        context.start_log();
    }
    // One buffer: a line-buffered terminal would be written to for every row.
    let mut out = io::BufWriter::new(io::stdout().lock());
    let outcome = match &cli.command {
        None if has_screen => {
            drop(out);
            return live::run(&context);
        }
        None => plain::run(&context, &mut out),
        Some(Command::Demo(args)) => {
            drop(out);
            return demo::run(&context, *args);
        }
        Some(Command::Report(args)) => report::run(&context, args, &mut out),
        Some(Command::Sessions(args)) => sessions::run(&context, args, &mut out),
        Some(Command::Turns(args)) => turns::run(&context, args, &mut out),
        Some(Command::Metrics(command)) => metrics::run(&context, command, &mut out),
        Some(Command::Status(args)) => status::run(&context, *args, &mut out),
        Some(Command::Cap(command)) => cap::run(&context, command, &mut out),
        Some(Command::Snooze(args)) => lift::snooze(&context, args, &mut out),
        Some(Command::Raise(args)) => lift::raise(&context, args, &mut out),
        Some(Command::Daemon) => {
            drop(out);
            return daemon::run(&context);
        }
        Some(Command::Actions(args)) => actions::run(&context, args, &mut out),
        Some(Command::Flag(args)) => mark::run(&context, mark::Deed::Flag, args, &mut out),
        Some(Command::Block(args)) => mark::run(&context, mark::Deed::Block, args, &mut out),
        Some(Command::Unblock(args)) => mark::run(&context, mark::Deed::Unblock, args, &mut out),
        Some(Command::Hook(command)) => hook::run(&context, *command, &mut out),
        Some(Command::Stop(args)) => stop::run(&context, args, &mut out),
        Some(Command::Explain(args)) => explain::run(&context, args, &mut out),
        Some(Command::Loops(command)) => loops::run(&context, command, &mut out),
        Some(Command::Ingest(args)) => ingest::run(&context, *args, &mut out),
        Some(Command::Prices(command)) => prices::run(&context, command, &mut out),
        Some(Command::Reprice(args)) => reprice::run(&context, *args, &mut out),
        Some(Command::Doctor(args)) => doctor::run(&context, *args, &mut out),
        Some(Command::Notify(NotifyCommand::Test(args))) => notify::test(&context, *args, &mut out),
        Some(Command::Service(command)) => service::run(&context, *command, &mut out),
        Some(
            Command::Config(_)
            | Command::Completions { .. }
            | Command::Man
            | Command::Notify(NotifyCommand::Deliver),
        ) => Ok(Outcome::Done),
    }?;
    out.flush()?;
    Ok(outcome)
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let broken = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
    error.chain().any(|cause| {
        cause.downcast_ref::<io::Error>().is_some_and(broken)
            || cause
                .downcast_ref::<serde_json::Error>()
                .is_some_and(|error| error.io_error_kind() == Some(io::ErrorKind::BrokenPipe))
            || cause.downcast_ref::<csv::Error>().is_some_and(
                |error| matches!(error.kind(), csv::ErrorKind::Io(error) if broken(error)),
            )
    })
}

fn is_usage(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| cause.is::<UsageError>() || cause.is::<ConfigError>())
}
