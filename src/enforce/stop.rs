//! Has an agent stop a session by its own means, where a signal is none: a background worker that is
//! signalled is started again, and a server runs other sessions too.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::Orders;
use crate::model::{ProcessKey, SessionKey};

const POLL: Duration = Duration::from_millis(20);

/// What became of a session that a server was told to interrupt.
pub const INTERRUPTED: &str = "interrupted";

/// A request to stop a session. [`run`] does it, on a thread: it takes a second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentStop {
    /// The session.
    pub session: SessionKey,
    /// The process that it lives in.
    pub process: ProcessKey,
    /// How.
    pub means: Means,
}

/// An agent's own means to stop a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Means {
    /// A command that stops a background worker.
    Command {
        /// The worker's own executable.
        exe: PathBuf,
        /// Its arguments: no shell reads them.
        arguments: Vec<OsString>,
        /// The whole environment, taken from the worker: its home decides which workers it finds.
        environment: Vec<(OsString, OsString)>,
    },
    /// Orders to the server that the session runs in.
    Orders {
        /// Where it takes them.
        socket: PathBuf,
        /// What it is told, in order.
        orders: Vec<Value>,
    },
}

impl AgentStop {
    /// The means, for the audit trail: a command, or the last order's name.
    pub fn words(&self) -> String {
        match &self.means {
            Means::Command { exe, arguments, .. } => {
                let name = exe.file_name().unwrap_or(exe.as_os_str());
                let words = std::iter::once(name).chain(arguments.iter().map(OsString::as_os_str));
                let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
                words.join(" ")
            }
            Means::Orders { orders, .. } => {
                let method = orders.last().and_then(|order| order["method"].as_str());
                method.unwrap_or_default().to_owned()
            }
        }
    }

    /// What became of the session if it succeeded.
    pub(super) fn outcome(&self) -> &'static str {
        match self.means {
            Means::Command { .. } => "stopped",
            Means::Orders { .. } => INTERRUPTED,
        }
    }
}

/// Has it stopped, for at most `limit`. What the agent says to that is not kept.
pub fn run(stop: &AgentStop, limit: Duration) -> Result<(), String> {
    match &stop.means {
        Means::Command { exe, arguments, environment } => {
            command(exe, arguments, environment, limit)
        }
        Means::Orders { socket, orders } => Orders { socket, orders }.give(&stop.process, limit),
    }
}

fn command(
    exe: &Path,
    arguments: &[OsString],
    environment: &[(OsString, OsString)],
    limit: Duration,
) -> Result<(), String> {
    let mut child = Command::new(exe)
        .args(arguments)
        .env_clear()
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())?;
    let mut waited = Duration::ZERO;
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(status.to_string()),
            Ok(None) if waited < limit => {
                thread::sleep(POLL);
                waited += POLL;
            }
            Ok(None) => {
                // Our own child, by its handle.
                let ended = child.kill().and_then(|()| child.wait());
                let word = ended.err().map_or(String::new(), |error| format!(" ({error})"));
                return Err(format!("no end after {} s{word}", limit.as_secs()));
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}
