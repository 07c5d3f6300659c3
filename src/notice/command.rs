//! A program of the user's own: the notice as JSON on its stdin.

use std::io::{self, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{self, Child, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::{Notifier, payload};
use crate::model::Notice;

/// The channel's name.
pub(super) const CHANNEL: &str = "command";

/// How often to look whether it has ended.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// A program with its arguments, started without a shell.
pub(super) struct Command {
    words: Vec<String>,
    limit: Duration,
}

impl Command {
    pub(super) fn new(words: &[String], limit: Duration) -> Self {
        Self { words: words.to_owned(), limit }
    }
}

impl Notifier for Command {
    fn channel(&self) -> &'static str {
        CHANNEL
    }

    fn tell(&self, notice: &Notice) -> Result<(), String> {
        let Some((program, arguments)) = self.words.split_first() else {
            return Err("no command is set".to_owned());
        };
        let mut child = process::Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Of its own group, so that what it starts can be ended with it.
            .process_group(0)
            .spawn()
            .map_err(|error| format!("cannot start {program}: {error}"))?;
        feed(&mut child, payload::json(notice));
        let status = wait(&mut child, self.limit).map_err(|error| format!("{program}: {error}"))?;
        match (status, status.and_then(|status| status.code())) {
            (_, Some(0)) => Ok(()),
            (_, Some(code)) => Err(format!("{program} ended with exit code {code}")),
            (Some(status), None) => {
                let signal = status.signal().unwrap_or_default();
                Err(format!("{program} was ended by signal {signal}"))
            }
            (None, None) => {
                let seconds = self.limit.as_secs_f64();
                Err(format!("{program} was killed: it had not ended within {seconds} s"))
            }
        }
    }
}

/// Writes on a thread of its own: a program that never reads must not hold us up.
fn feed(child: &mut Child, mut text: String) {
    let Some(mut stdin) = child.stdin.take() else { return };
    text.push('\n');
    // A program that does not want to know closes its stdin, which is its right.
    let write = move || drop(stdin.write_all(text.as_bytes()));
    let _ = thread::Builder::new().name("command stdin".to_owned()).spawn(write);
}

/// Waits for its end; none if it had to be killed.
fn wait(child: &mut Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    let start = Instant::now();
    while start.elapsed() < limit {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        thread::sleep(LOOK_EVERY);
    }
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    // It has not been waited for, so its number is still its own.
    if group.is_none_or(|group| kill_process_group(group, Signal::KILL).is_err()) {
        child.kill()?;
    }
    child.wait()?;
    Ok(None)
}
