//! Has an agent stop its own background worker: a signalled one is started again.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::model::{ProcessKey, SessionKey};

const POLL: Duration = Duration::from_millis(20);

/// A request to run the agent's own command. [`run`] does it, on a thread: it takes a second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentStop {
    /// The session.
    pub session: SessionKey,
    /// The worker.
    pub process: ProcessKey,
    /// The worker's own executable.
    pub exe: PathBuf,
    /// Its arguments: no shell reads them.
    pub arguments: Vec<OsString>,
    /// The whole environment, taken from the worker: its home decides which workers it finds.
    pub environment: Vec<(OsString, OsString)>,
}

impl AgentStop {
    /// The command, for the audit trail.
    pub fn words(&self) -> String {
        let name = self.exe.file_name().unwrap_or(self.exe.as_os_str());
        let words = std::iter::once(name).chain(self.arguments.iter().map(OsString::as_os_str));
        let words: Vec<String> = words.map(|word| word.to_string_lossy().into_owned()).collect();
        words.join(" ")
    }
}

/// Runs the command for at most `limit`. What it prints is not kept.
pub fn run(stop: &AgentStop, limit: Duration) -> Result<(), String> {
    let mut child = Command::new(&stop.exe)
        .args(&stop.arguments)
        .env_clear()
        .envs(stop.environment.iter().map(|(name, value)| (name, value)))
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
