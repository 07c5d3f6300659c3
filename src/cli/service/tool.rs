//! Runs the system's own service tool, which may be missing, refuse, or hang.

use std::io::{self, Read};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// A tool that takes longer is killed.
const LIMIT: Duration = Duration::from_secs(20);

const LOOK_EVERY: Duration = Duration::from_millis(10);

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ran {
    /// There is no such program.
    Missing,
    /// It ended well, or not, and printed this.
    Ended { well: bool, out: String, err: String },
    /// It had to be killed.
    Hung,
}

/// Runs a command line to its end.
pub(super) fn run(words: &[&str]) -> io::Result<Ran> {
    let Some((program, arguments)) = words.split_first() else { return Ok(Ran::Missing) };
    let started = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match started {
        Ok(child) => child,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Ran::Missing),
        Err(error) => return Err(error),
    };
    let start = Instant::now();
    // It prints a line or two, which the pipes hold.
    let status = loop {
        match child.try_wait()? {
            Some(status) => break status,
            None if start.elapsed() < LIMIT => thread::sleep(LOOK_EVERY),
            None => {
                child.kill()?;
                child.wait()?;
                return Ok(Ran::Hung);
            }
        }
    };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    if let Some(mut pipe) = child.stdout.take() {
        pipe.read_to_end(&mut out)?;
    }
    if let Some(mut pipe) = child.stderr.take() {
        pipe.read_to_end(&mut err)?;
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    Ok(Ran::Ended { well: status.success(), out: text(&out), err: text(&err) })
}
