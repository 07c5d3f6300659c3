//! The parts that this program plays in its own selftest, demo and tests, started with an argument
//! that is in no help: an agent, the daemon's start, and a screen that fails.

use std::ffi::OsString;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use super::demo;
use super::doctor::selftest_agent;
use super::live::{FAULTY, fail};
use crate::paths;

const DEMO: &str = "__demo-agent";
const AGENT: &str = "__selftest-agent";
const DAEMON: &str = "__selftest-daemon";
const FAULT: &str = "__fault";

/// A part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// An agent of the demo.
    Demo,
    /// The agent of the selftest.
    Agent,
    /// The daemon, which is to end with the process of this number.
    Daemon(u32),
    /// The screen, which fails on the thread of this name.
    Fault(&'static str),
}

impl Part {
    /// The part that the arguments name. They begin with the program.
    pub(super) fn read(mut args: impl Iterator<Item = OsString>) -> Option<Self> {
        match args.nth(1)?.to_str()? {
            DEMO => Some(Self::Demo),
            AGENT => Some(Self::Agent),
            DAEMON => Some(Self::Daemon(args.next()?.to_str()?.parse().ok()?)),
            FAULT => {
                let thread = args.next()?;
                FAULTY.into_iter().find(|name| thread == *name).map(Self::Fault)
            }
            _ => None,
        }
    }

    /// The arguments that name it.
    pub(super) fn arguments(self) -> Vec<String> {
        match self {
            Self::Demo => vec![DEMO.into()],
            Self::Agent => vec![AGENT.into()],
            Self::Daemon(parent) => vec![DAEMON.into(), parent.to_string()],
            Self::Fault(thread) => vec![FAULT.into(), thread.into()],
        }
    }

    /// Plays it to its end.
    pub(super) fn play(self) -> ExitCode {
        let why = match self {
            Self::Demo => return demo::play_agent(),
            Self::Agent => match selftest_agent() {
                Ok(()) => return ExitCode::SUCCESS,
                Err(why) => why,
            },
            Self::Daemon(parent) => become_daemon(parent).to_string(),
            Self::Fault(thread) => match fail(thread) {
                Ok(()) => return ExitCode::SUCCESS,
                Err(why) => format!("{why:#}"),
            },
        };
        // Nobody may listen any more.
        let _ = writeln!(io::stderr(), "spendtop: {why}");
        ExitCode::FAILURE
    }
}

/// Turns into the daemon, as anybody starts it, but that it ends with its parent. Only comes back
/// with an error.
fn become_daemon(parent: u32) -> io::Error {
    if let Err(error) = end_with(parent) {
        return error;
    }
    match paths::program() {
        Ok(program) => Command::new(program).arg("daemon").exec(),
        Err(error) => error,
    }
}

/// Has the kernel end this process when its parent ends, however that comes about.
#[cfg(target_os = "linux")]
fn end_with(parent: u32) -> io::Result<()> {
    use rustix::process::{Signal, getppid, set_parent_process_death_signal};
    set_parent_process_death_signal(Some(Signal::TERM))?;
    let now = getppid().map(|pid| pid.as_raw_nonzero().get().cast_unsigned());
    // It may have ended before the kernel was asked.
    if now == Some(parent) { Ok(()) } else { Err(io::Error::other("the selftest has ended")) }
}

#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "as on Linux")]
fn end_with(_: u32) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_named_by_the_first_argument_alone() {
        let read = |words: &[&str]| Part::read(words.iter().map(OsString::from));
        for part in [Part::Demo, Part::Agent, Part::Daemon(42), Part::Fault("main")] {
            let words: Vec<String> =
                std::iter::once("spendtop".to_owned()).chain(part.arguments()).collect();
            assert_eq!(read(&words.iter().map(String::as_str).collect::<Vec<_>>()), Some(part));
        }
        for words in [
            &["spendtop"][..],
            &["spendtop", "daemon"],
            &["spendtop", "report", AGENT],
            &["spendtop", DAEMON],
            &["spendtop", DAEMON, "-1"],
            &["spendtop", FAULT, "elsewhere"],
            &[AGENT],
        ] {
            assert_eq!(read(words), None, "{words:?}");
        }
    }
}
