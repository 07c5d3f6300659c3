//! The processes of a selftest, and their end: whatever happens, none of them outlives it, and
//! nothing of its folder is left.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tempfile::TempDir;

use super::agent::{Order, Said};
use super::lines::Lines;
use super::scratch::{PREFIX, Scratch};
use crate::cli::part::Part;
use crate::ledger::Reader;
use crate::model::{AgentId, Millis, SessionKey};

/// How long the daemon has to end in good order.
const END_WITHIN: Duration = Duration::from_millis(700);

/// How long putting the hook in may take.
const INSTALL_WITHIN: Duration = Duration::from_secs(2);

const STEP: Duration = Duration::from_millis(2);

/// A folder, a daemon and an agent.
pub(super) struct Stage {
    pub scratch: Scratch,
    program: PathBuf,
    daemon: Option<Child>,
    pub actor: Option<Actor>,
    reader: Option<Reader>,
    /// What the hook answered below the cap.
    pub below: Option<Said>,
    /// Why there is no hook.
    pub no_hook: Option<String>,
    folder: Option<TempDir>,
}

/// The agent, from outside.
pub(super) struct Actor {
    pub child: Child,
    orders: ChildStdin,
    pub said: Lines<Said>,
    /// When it made its calls.
    pub calls: Vec<Millis>,
    pub session: Option<SessionKey>,
}

impl Stage {
    pub(super) fn new(program: PathBuf, now: Millis) -> Result<Self> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(PREFIX).permissions(Permissions::from_mode(0o700));
        let folder = builder.tempdir().context(
            "cannot make a folder for the selftest: set TMPDIR to one that can be written",
        )?;
        // As the kernel will name what runs in there.
        let path = fs::canonicalize(folder.path())?;
        let scratch = Scratch::new(&path);
        scratch.build(now).context("cannot write the selftest's files")?;
        Ok(Self {
            scratch,
            program,
            daemon: None,
            actor: None,
            reader: None,
            below: None,
            no_hook: None,
            folder: Some(folder),
        })
    }

    /// Starts the daemon; what it says goes to its log.
    pub(super) fn start_daemon(&mut self) -> io::Result<()> {
        let mut command = self.scratch.command(&self.program);
        command.args(Part::Daemon(std::process::id()).arguments());
        command.stderr(File::create(self.scratch.log("daemon"))?);
        self.daemon = Some(command.spawn()?);
        Ok(())
    }

    /// How the daemon ended, if it has.
    pub(super) fn daemon_end(&mut self) -> io::Result<Option<ExitStatus>> {
        self.daemon.as_mut().map_or(Ok(None), Child::try_wait)
    }

    /// Puts the hook into the agent's settings, by the command that does so for everybody.
    pub(super) fn install_hook(&mut self) {
        let mut command = self.scratch.command(&self.program);
        command.args(["hook", "install"]);
        let log = self.scratch.log("install");
        let ran = File::create(&log).and_then(|log| {
            command.stderr(log);
            run(&mut command, INSTALL_WITHIN)
        });
        self.no_hook = match ran {
            Ok(Some(status)) if status.success() => None,
            Ok(Some(status)) => {
                let why = self.scratch.said("install").pop();
                Some(why.unwrap_or_else(|| format!("`spendtop hook install`: {status}")))
            }
            Ok(None) => Some("`spendtop hook install` did not end".to_owned()),
            Err(error) => Some(format!("`spendtop hook install`: {error}")),
        };
    }

    /// Makes the agent's executable: this program, under the name of Claude Code's.
    pub(super) fn make_agent(&self) -> io::Result<()> {
        fs::copy(&self.program, self.scratch.agent()).map(|_| ())
    }

    /// Starts the agent.
    pub(super) fn start_agent(&mut self) -> io::Result<()> {
        let mut command = self.scratch.command(&self.scratch.agent());
        command.args(Part::Agent.arguments()).stdin(Stdio::piped()).stdout(Stdio::piped());
        command.stderr(File::create(self.scratch.log("agent"))?);
        let mut child = command.spawn()?;
        let pipes = (child.stdin.take(), child.stdout.take());
        let (Some(orders), Some(stdout)) = pipes else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let said = Lines::of(stdout)?;
        self.actor = Some(Actor { child, orders, said, calls: Vec::new(), session: None });
        Ok(())
    }

    /// The ledger, once there is one.
    pub(super) fn reader(&mut self) -> Result<Option<&Reader>> {
        if self.reader.is_none() {
            self.reader = Reader::open(&self.scratch.ledger())?;
        }
        Ok(self.reader.as_ref())
    }

    /// Ends everything and takes the folder away.
    pub(super) fn close(mut self) -> Result<()> {
        self.end();
        let Some(folder) = self.folder.take() else { return Ok(()) };
        let path = folder.path().to_owned();
        if let Err(error) = folder.close() {
            bail!("{} could not be taken away again: {error}", path.display());
        }
        Ok(())
    }

    fn end(&mut self) {
        self.reader = None;
        if let Some(mut actor) = self.actor.take() {
            actor.end();
        }
        if let Some(daemon) = self.daemon.take() {
            end_in_good_order(daemon);
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.end();
    }
}

impl Actor {
    pub(super) fn order(&mut self, order: Order) -> io::Result<()> {
        let mut line = serde_json::to_vec(&order)?;
        line.push(b'\n');
        self.orders.write_all(&line)
    }

    pub(super) fn is_in(&mut self, session_id: &str) {
        let session_id = Arc::from(session_id);
        self.session = Some(SessionKey { agent: AgentId::Claude, session_id });
    }

    /// Ends it, and a hook that it may be waiting for.
    fn end(&mut self) {
        // While it has not been waited for, its number, which is its group's, is nobody else's.
        if let (Ok(None), Some(group)) = (self.child.try_wait(), pid_of(&self.child)) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.child.wait();
    }
}

fn pid_of(child: &Child) -> Option<Pid> {
    Pid::from_raw(i32::try_from(child.id()).ok()?)
}

/// It writes what it has to write, and is killed if that takes long.
fn end_in_good_order(mut daemon: Child) {
    if let (Ok(None), Some(pid)) = (daemon.try_wait(), pid_of(&daemon)) {
        let _ = kill_process(pid, Signal::TERM);
    }
    let until = Instant::now() + END_WITHIN;
    while Instant::now() < until {
        if !matches!(daemon.try_wait(), Ok(None)) {
            return;
        }
        thread::sleep(STEP);
    }
    let _ = daemon.kill();
    let _ = daemon.wait();
}

/// Runs a program to its end; none where it had to be killed.
fn run(command: &mut Command, limit: Duration) -> io::Result<Option<ExitStatus>> {
    let mut child = command.spawn()?;
    let until = Instant::now() + limit;
    loop {
        match child.try_wait()? {
            Some(status) => return Ok(Some(status)),
            None if Instant::now() < until => thread::sleep(STEP),
            None => {
                child.kill()?;
                child.wait()?;
                return Ok(None);
            }
        }
    }
}
