//! The guard on real processes: every one that a test signals is one that it started.
//!
//! An agent is a copy of the shell under the name of the agent's executable, so that the kernel's
//! link says so. Time is injected; only a child's death is waited for.

mod arguments;
mod background;
mod clear;
pub mod codex;
mod codex_server;
mod hostile;
mod innocents;
mod stopping;
mod table;
mod tools;
mod turns;

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::iter;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Once};
use std::thread;
use std::time::{Duration, Instant};

use signal_hook::consts::SIGINT;
use spendtop::agents::adapter;
use spendtop::enforce::{
    Demand, Guard, Kernel, Located, Process, ProcessTable, Search, Step, locate, run_agent_stop,
};
use spendtop::model::{
    Action, ActionKind, AgentId, Millis, PicoUsd, ProcessKey, SessionKey, Sighting,
};
use tempfile::TempDir;

use crate::harness::copy_program;

/// Who runs the tests in the background of a script has them, and all that they start, ignore SIGINT.
/// What is handled here is not ignored there.
fn heed_interrupts() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let always = Arc::new(AtomicBool::new(true));
        signal_hook::flag::register_conditional_shutdown(SIGINT, 130, always).unwrap();
    });
}

/// Says that it is there and waits until its standard input ends.
pub const WAITS: &str = "echo ready; read _";
/// The same, and neither signal ends it.
pub const IGNORES: &str = "trap '' TERM INT; echo ready; while read _; do :; done";
pub const STARTED_AT: Millis = Millis(1_000_000);

/// A process that the test started; it ends with the test, by its own handle.
pub struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// What it and all that it starts wait on: they end when it closes.
    stdin: Option<ChildStdin>,
    pub key: ProcessKey,
}

impl Running {
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }

    /// Lets its `read` go on.
    pub fn go_on(&mut self) {
        self.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
    }

    pub fn pid(&self) -> u32 {
        self.key.pid
    }

    pub fn is_alive(&self) -> bool {
        Kernel::new().is_alive(&self.key)
    }

    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A home with agents. One of them is beside the point in every test, in the same folder, and must
/// be alive at its end.
pub struct Scratch {
    pub folder: TempDir,
    pub kernel: Kernel,
    agent: AgentId,
    innocent: Option<Running>,
}

impl Scratch {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for sub in ["bin", "home/.claude/sessions", "home/.claude/projects", "work"] {
            fs::create_dir_all(folder.path().join(sub)).unwrap();
        }
        copy_program(Path::new("/bin/bash"), &folder.path().join("bin/claude"));
        let mut scratch = Self::bare(folder, AgentId::Claude);
        let innocent = scratch.agent(WAITS, &[]);
        scratch.register(&innocent, "innocent", "");
        scratch.innocent = Some(innocent);
        scratch
    }

    /// Without agents.
    fn bare(folder: TempDir, agent: AgentId) -> Self {
        Self { folder, kernel: Kernel::new(), agent, innocent: None }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn command(&self, exe: &Path, script: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(exe);
        command.args(["-c", script, "agent"]).args(arguments).current_dir(self.path("work"));
        command
    }

    pub fn agent(&self, script: &str, arguments: &[&str]) -> Running {
        self.start(&mut self.command(&self.path("bin/claude"), script, arguments))
    }

    /// Starts a program and waits for its first line.
    pub fn start(&self, command: &mut Command) -> Running {
        self.start_with(command, "")
    }

    /// The same of one that is first told something.
    pub fn start_with(&self, command: &mut Command, input: &str) -> Running {
        heed_interrupts();
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = loop {
            match command.spawn() {
                // Another test started a program while this one's was being copied.
                Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => {
                    thread::sleep(Duration::from_millis(5));
                }
                spawned => break spawned.unwrap(),
            }
        };
        let key = self.kernel.process(child.id()).unwrap().key;
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut stdin = child.stdin.take();
        stdin.as_mut().unwrap().write_all(input.as_bytes()).unwrap();
        let mut running = Running { child, stdout, stdin, key };
        // A test that is run as a program says first that it is one.
        let first = iter::repeat_with(|| running.line());
        let mut first = first.skip_while(|line| line.is_empty() || line.starts_with("running "));
        assert_eq!(first.next().as_deref(), Some("ready"));
        drop(first);
        running
    }

    pub fn claim(&self, pid: &str, start: u64, session: &str, more: &str) -> String {
        let cwd = self.path("work");
        let cwd = cwd.display();
        format!(
            r#"{{"pid":{pid},"sessionId":"{session}","cwd":"{cwd}","procStart":"{start}"{more}}}"#
        )
    }

    pub fn write_claim(&self, file: &str, text: &str) -> PathBuf {
        let path = self.path("home/.claude/sessions").join(file);
        fs::write(&path, text).unwrap();
        path
    }

    /// The agent's own word that a process is in a session.
    pub fn register(&self, agent: &Running, session: &str, more: &str) -> PathBuf {
        let key = &agent.key;
        let claim = self.claim(&key.pid.to_string(), key.start_time, session, more);
        self.write_claim(&format!("{}.json", key.pid), &claim)
    }

    pub fn roots(&self) -> Vec<PathBuf> {
        adapter(self.agent).roots(&self.path(&format!("home/.{}", self.agent)))
    }

    fn key(&self, session: &str) -> SessionKey {
        SessionKey { agent: self.agent, session_id: session.into() }
    }

    pub fn locate(&self, session: &str, sightings: &[Sighting]) -> Vec<Located> {
        self.look_for(session, sightings, &[])
    }

    pub fn look_for(
        &self,
        session: &str,
        sightings: &[Sighting],
        known: &[ProcessKey],
    ) -> Vec<Located> {
        let (session, roots) = (self.key(session), self.roots());
        locate(&self.kernel, &Search { session: &session, sightings, known, roots: &roots })
    }

    pub fn demand(&self, session: &str) -> Demand {
        Demand {
            session: self.key(session),
            cap: Some("daily".into()),
            person: None,
            grace: Duration::from_secs(3),
            with_hook: false,
            hook_stops_turn: true,
            in_turn: true,
            evidence: "$20.02 of $20.00".to_owned(),
            overshoot: Some(PicoUsd(20_000_000_000)),
            breached_at: STARTED_AT,
            resume: Some(format!("claude --resume {session}")),
            located: self.locate(session, &[]),
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !thread::panicking() {
            assert!(self.innocent.as_ref().is_some_and(Running::is_alive), "the innocent died");
        }
    }
}

pub fn key(session: &str) -> SessionKey {
    SessionKey { agent: AgentId::Claude, session_id: session.into() }
}

pub fn sighting(session: &str, process: &Running, at: i64) -> Sighting {
    Sighting {
        session: key(session),
        process: process.key.clone(),
        exe: PathBuf::from("/usr/bin/claude"),
        transcript: None,
        at: Millis(at),
    }
}

/// The guard with its clock.
pub struct Driver<'a> {
    pub scratch: &'a Scratch,
    pub guard: Guard,
    pub now: Millis,
    pub rows: Vec<Action>,
}

impl<'a> Driver<'a> {
    pub fn new(scratch: &'a Scratch) -> Self {
        Self { scratch, guard: Guard::new(), now: STARTED_AT, rows: Vec::new() }
    }

    /// A guard that was given one demand.
    pub fn with(scratch: &'a Scratch, demand: Demand) -> Self {
        let mut driver = Self::new(scratch);
        driver.demand(demand);
        driver
    }

    pub fn demand(&mut self, demand: Demand) {
        self.guard.demand(demand, self.now);
    }

    /// One tick, and what it asks for is done.
    pub fn tick(&mut self) {
        let scratch = self.scratch;
        let steps = self.guard.tick(self.now, &scratch.kernel, &mut |session, known| {
            scratch.look_for(&session.session_id, &[], known)
        });
        for step in steps {
            match step {
                Step::Row(row) => self.rows.push(row),
                Step::Stop(stop) => {
                    let result = run_agent_stop(&stop, Duration::from_secs(5));
                    self.guard.agent_stop_done(&stop, &result, self.now);
                }
            }
        }
    }

    /// Goes from deadline to deadline until a time, or until nothing is due any more.
    pub fn run_for(&mut self, ms: i64) {
        let until = Millis(self.now.0 + ms);
        let patience = Instant::now() + Duration::from_secs(20);
        loop {
            self.tick();
            let Some(next) = self.guard.deadline().filter(|next| *next <= until) else { break };
            assert!(Instant::now() < patience, "no end: {:?}", self.outcomes());
            if next > self.now {
                thread::sleep(Duration::from_millis(10));
            }
            self.now = self.now.max(next);
        }
        self.now = until;
    }

    /// Signals and their outcomes, in order, `SIGTERM sent`.
    pub fn outcomes(&self) -> Vec<String> {
        let word = |row: &Action| {
            let signal = row.signal.clone().map(|signal| signal + " ").unwrap_or_default();
            format!("{signal}{}", row.outcome)
        };
        self.rows.iter().map(word).collect()
    }

    pub fn count(&self, kind: ActionKind) -> usize {
        self.rows.iter().filter(|row| row.kind == kind).count()
    }
}

/// A process by its number, for what an agent started.
pub fn process(pid: &str) -> Process {
    Kernel::new().process(pid.parse().unwrap()).unwrap()
}
