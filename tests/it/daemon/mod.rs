//! The real daemon: a process in a scratch home, real transcripts that grow, the system's clock.
//!
//! Nothing sleeps for a fixed time: what is to happen is waited for, up to a deadline.

mod caps;
#[cfg(target_os = "linux")]
mod codex;
mod config;
mod copilot;
#[cfg(target_os = "linux")]
pub mod kill;
#[cfg(target_os = "linux")]
mod kill_again;
mod life;
pub mod loops;
mod stop;

use std::fs;
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::claude_lines::Line;
use super::cli_home::{Home, Ran, call, ran, write_script};
use spendtop::clock::{Clock, SystemClock};

/// How long anything may take, on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Waits until something is so.
#[track_caller]
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "never came: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The present: the daemon under test has the machine's clock.
pub fn now() -> jiff::Timestamp {
    SystemClock.now().timestamp()
}

/// The present as transcripts write it.
pub fn present() -> String {
    now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// A call of this moment, $4.02 (see `call`), the last of its turn.
pub fn spent(id: &str, session: &str) -> Line {
    call(id, session, "claude-opus-5-5").at(&present()).with("cwd", &"/home/dev/proj".into())
}

/// The same in mid-turn: a tool is to run next.
pub fn spending(id: &str, session: &str) -> Line {
    spent(id, session).stop("tool_use")
}

/// A home whose notices go to a file, and not to the desktop.
pub fn home(config: &str) -> Home {
    let home = Home::new();
    fs::create_dir_all(home.projects()).unwrap();
    let script =
        "#!/bin/sh\ncat >>\"$(dirname \"$0\")/notices\"\necho >>\"$(dirname \"$0\")/notices\"\n";
    write_script(&home.path("tell.sh"), script);
    configure(&home, config);
    home
}

/// Writes the config at once, as an editor does: nobody sees half of it.
pub fn configure(home: &Home, config: &str) {
    let tell = home.path("tell.sh");
    let text = format!("{config}\n[notify]\ndesktop = false\ncommand = [\"{}\"]\n", tell.display());
    let new = home.path("new.toml");
    fs::write(&new, text).unwrap();
    fs::create_dir_all(home.config().parent().unwrap()).unwrap();
    fs::rename(new, home.config()).unwrap();
}

/// A daemon; it ends with the value, by its own handle.
pub struct Daemon {
    child: Child,
    said: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Daemon {
    /// Starts one and waits until it is ready.
    #[track_caller]
    pub fn start(home: &Home) -> Self {
        let daemon = Self::spawn(home.command_now(&["daemon"]));
        until("ready", || daemon.said().contains("spendtop daemon: ready"));
        daemon
    }

    fn spawn(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let reader = listen(child.stderr.take().unwrap(), Arc::clone(&said));
        Self { child, said, reader: Some(reader) }
    }

    /// What it said so far.
    pub fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().cast_signed()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Ends it by a signal; how it ended.
    #[track_caller]
    pub fn end(&mut self, signal: Signal) -> (Option<i32>, String) {
        self.signal(signal);
        let mut status = None;
        until("the daemon's end", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        let status = status.unwrap();
        assert_eq!(status.signal(), None, "{}", self.said());
        self.reader.take().unwrap().join().unwrap();
        (status.code(), self.said())
    }
}

fn listen(mut stderr: ChildStderr, said: Arc<Mutex<String>>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(count) = stderr.read(&mut bytes) {
            if count == 0 {
                break;
            }
            said.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
    })
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !std::thread::panicking() {
            assert!(!self.said().contains("panicked"), "{}", self.said());
        }
    }
}

/// Runs a command now; whatever it exits with.
pub fn run_now(home: &Home, args: &[&str]) -> Ran {
    ran(home.command_now(args))
}

/// The JSON that a command prints now.
#[track_caller]
pub fn json_now(home: &Home, args: &[&str]) -> Value {
    let ran = run_now(home, args);
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

/// Rows of the audit trail, the oldest first.
pub fn actions(home: &Home) -> Vec<Value> {
    let mut rows = json_now(home, &["actions", "--json"])["rows"].as_array().unwrap().clone();
    rows.reverse();
    rows
}

/// Rows of one kind.
pub fn actions_of(home: &Home, kind: &str) -> Vec<Value> {
    actions(home).into_iter().filter(|row| row["kind"] == kind).collect()
}

/// Titles of the notices that were told.
pub fn notices(home: &Home) -> Vec<String> {
    let text = fs::read_to_string(home.path("notices")).unwrap_or_default();
    let title = |line: &str| {
        let notice: Value = serde_json::from_str(line).ok()?;
        Some(notice["title"].as_str()?.to_owned())
    };
    text.lines().filter_map(title).collect()
}

/// Waits for a notice whose title contains this.
#[track_caller]
pub fn told(home: &Home, what: &str) {
    until(&format!("the notice {what:?}, beside {:?}", notices(home)), || {
        notices(home).iter().any(|title| title.contains(what))
    });
}

/// How many notices there were whose title contains this.
pub fn times_told(home: &Home, what: &str) -> usize {
    notices(home).iter().filter(|title| title.contains(what)).count()
}

/// Waits until the ledger has this many calls.
#[track_caller]
pub fn counted(home: &Home, calls: u64) {
    until(&format!("{calls} calls"), || {
        let total = json_now(home, &["report", "--json"])["total"]["calls"].as_u64();
        total.unwrap() == calls
    });
}
