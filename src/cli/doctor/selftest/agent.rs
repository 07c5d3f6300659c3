//! The selftest's agent: a process that looks to spendtop as Claude Code does. It registers its
//! session, writes made-up calls into a transcript, and asks the hook in its settings.
//!
//! It does what the selftest tells it, a line at a time, and ends with the pipe that the lines come
//! by, or when its time is over: nothing can leave it behind.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::lines::{Lines, Look};
use super::scratch::Scratch;
use crate::clock::{Clock, SystemClock};
use crate::demo::{Registration, Thread, Tokens, Tool};
use crate::enforce::{Kernel, ProcessTable};
use crate::model::Millis;
use crate::paths;

/// The longest that it lives.
const LIFE: Duration = Duration::from_secs(20);

/// Between two calls of a session that goes on.
const EVERY: Duration = Duration::from_millis(200);

/// What its hook may take. The real agent gives it longer, but spendtop promises milliseconds.
const HOOK_LIMIT: Duration = Duration::from_secs(3);

const STEP: Duration = Duration::from_millis(1);

/// About two cents a call.
const MODEL: &str = "claude-opus-5-5";
const TOKENS: Tokens = Tokens { fresh: 2_000, output: 200 };

/// What it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Order {
    /// Make a call.
    Call,
    /// Ask the hook as before a tool.
    AskBeforeTool,
    /// Ask the hook as before a prompt.
    AskBeforePrompt,
    /// Make calls until somebody ends it.
    GoOn,
}

/// What it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Said {
    /// It is in this session.
    Ready(String),
    /// It has made a call, at this time.
    Called(Millis),
    /// What the hook answered; empty where it has nothing against going on.
    Answered(String),
    /// Why the hook gave no answer.
    Unanswered(String),
}

struct Agent {
    scratch: Scratch,
    thread: Thread,
    has_begun: bool,
}

/// Plays the agent to its end.
pub(in crate::cli) fn play() -> Result<(), String> {
    let begun = Instant::now();
    let exe = paths::program().map_err(|error| error.to_string())?;
    let scratch = Scratch::of_agent(&exe).ok_or("only `doctor --selftest` starts this")?;
    let mut agent = Agent::new(scratch);
    let registered = agent.register().map_err(|error| error.to_string())?;
    let played = agent.follow(begun + LIFE);
    // The real one does so, too, where it is not killed.
    let _ = fs::remove_file(registered);
    played.map_err(|error| error.to_string())
}

impl Agent {
    fn new(scratch: Scratch) -> Self {
        let work = scratch.work().to_string_lossy().into_owned();
        let name = format!("{work} {} {}", std::process::id(), SystemClock.now().0);
        Self { scratch, thread: Thread::new(&work, "", MODEL, &name), has_begun: false }
    }

    fn follow(&mut self, until: Instant) -> io::Result<()> {
        let orders: Lines<Order> = Lines::of(io::stdin())?;
        say(&Said::Ready(self.thread.session_id.clone()))?;
        let mut goes_on = false;
        while Instant::now() < until {
            match orders.look_for(EVERY) {
                Look::Line(Order::Call) => say(&Said::Called(self.call()?))?,
                Look::Line(Order::AskBeforeTool) => say(&self.ask("PreToolUse"))?,
                Look::Line(Order::AskBeforePrompt) => say(&self.ask("UserPromptSubmit"))?,
                Look::Line(Order::GoOn) => goes_on = true,
                Look::Nothing => {}
                Look::End => return Ok(()),
            }
            if goes_on {
                say(&Said::Called(self.call()?))?;
            }
        }
        Ok(())
    }

    /// Writes what the agent keeps of a running session.
    fn register(&self) -> io::Result<PathBuf> {
        let key = Kernel::new().own();
        let file = self.scratch.claude().join(format!("sessions/{}.json", key.pid));
        let work = self.scratch.work();
        let about = Registration {
            pid: key.pid,
            start_time: key.start_time,
            session_id: &self.thread.session_id,
            cwd: &work.to_string_lossy(),
            started_at: SystemClock.now(),
            is_busy: true,
        };
        write(&file, about.json().as_bytes())?;
        Ok(file)
    }

    fn transcript(&self) -> PathBuf {
        self.scratch.claude().join("projects").join(self.thread.file())
    }

    fn call(&mut self) -> io::Result<Millis> {
        let at = SystemClock.now();
        let mut lines = Vec::new();
        if !std::mem::replace(&mut self.has_begun, true) {
            self.thread.prompt(at, "Try out spendtop", &mut lines);
        }
        self.thread.call(at, TOKENS, &Tool::run("make", "ok"), &mut lines);
        let text: String = lines.iter().flat_map(|line| [line.line.as_str(), "\n"]).collect();
        let file = self.transcript();
        if let Some(folder) = file.parent() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        write(&file, text.as_bytes())?;
        Ok(at)
    }

    /// Has the hook in the settings answer, by a shell, as the agent does.
    fn ask(&self, moment: &str) -> Said {
        let event = json!({
            "session_id": self.thread.session_id,
            "transcript_path": self.transcript().to_string_lossy(),
            "cwd": self.scratch.work().to_string_lossy(),
            "hook_event_name": moment,
            "permission_mode": "default",
            "prompt": "Try out spendtop",
            "tool_name": "Bash",
            "tool_input": {"command": "make"},
            "tool_use_id": "toolu_01selftest",
        });
        let settings = fs::read(self.scratch.claude().join("settings.json")).unwrap_or_default();
        let Some(command) = command_of(&settings, moment) else {
            return Said::Unanswered(format!("the settings have no hook for {moment}"));
        };
        match run(&command, event.to_string().as_bytes()) {
            Ok(answer) => Said::Answered(answer.trim().to_owned()),
            Err(why) => Said::Unanswered(why),
        }
    }
}

/// The command of the first hook for a moment.
fn command_of(settings: &[u8], moment: &str) -> Option<String> {
    let settings: Value = serde_json::from_slice(settings).ok()?;
    let command = &settings["hooks"][moment][0]["hooks"][0]["command"];
    command.as_str().map(str::to_owned)
}

/// Runs a hook's command line to its end.
fn run(command: &str, event: &[u8]) -> Result<String, String> {
    let words = |error: io::Error| error.to_string();
    let mut child = Command::new("/bin/sh")
        .args(["-c", command])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(words)?;
    if let Some(mut stdin) = child.stdin.take() {
        // A hook that ends before it has read says why in its own way.
        let _ = stdin.write_all(event);
    }
    let begun = Instant::now();
    // It answers in a line, which the pipe holds.
    let status = loop {
        match child.try_wait().map_err(words)? {
            Some(status) => break status,
            None if begun.elapsed() < HOOK_LIMIT => thread::sleep(STEP),
            None => {
                child.kill().and_then(|()| child.wait()).map_err(words)?;
                return Err(format!("no answer within {} s", HOOK_LIMIT.as_secs()));
            }
        }
    };
    let mut answer = String::new();
    if let Some(mut stdout) = child.stdout.take() {
        stdout.read_to_string(&mut answer).map_err(words)?;
    }
    if status.success() { Ok(answer) } else { Err(format!("it ended with {status}")) }
}

/// One write, as the agent does it.
fn write(file: &std::path::Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).mode(0o600).open(file)?;
    file.write_all(bytes)
}

fn say(said: &Said) -> io::Result<()> {
    let mut line = serde_json::to_vec(said)?;
    line.push(b'\n');
    let mut stdout = io::stdout().lock();
    stdout.write_all(&line)?;
    stdout.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::{Live, LiveKind, Status, adapter};
    use crate::agents::{Moment, Words};
    use crate::hook::settings::Wanted;
    use crate::model::AgentId;

    fn agent() -> (tempfile::TempDir, Agent) {
        let folder = tempfile::tempdir().unwrap();
        let scratch = Scratch::new(folder.path());
        scratch.build(Millis(0)).unwrap();
        (folder, Agent::new(scratch))
    }

    #[test]
    fn its_word_on_itself_is_what_the_guard_reads() {
        let (_folder, agent) = agent();
        let file = agent.register().unwrap();
        let Live { pid, proc_start, session_id, kind, status, .. } =
            adapter(AgentId::Claude).parse_live(&fs::read(&file).unwrap()).unwrap();
        let own = Kernel::new().own();
        assert_eq!((pid, proc_start), (own.pid, own.start_time));
        assert_eq!(*session_id, *agent.thread.session_id);
        assert_eq!((kind, status), (LiveKind::Interactive, Some(Status::Busy)));
    }

    #[test]
    fn it_is_in_mid_turn_after_each_call() {
        let (_folder, mut agent) = agent();
        for _ in 0..3 {
            agent.call().unwrap();
            let text = fs::read(agent.transcript()).unwrap();
            assert_eq!(adapter(AgentId::Claude).in_turn(&text), Some(true));
        }
    }

    #[test]
    fn the_hook_is_the_one_in_the_settings() {
        let command = "'/home/maya/my bin/spendtop' hook run claude";
        let wanted = Wanted { command, moments: &Moment::ALL, words: Words::CLAUDE };
        let (settings, _) = crate::hook::settings::install("{}", &wanted).unwrap();
        for moment in ["PreToolUse", "UserPromptSubmit"] {
            assert_eq!(command_of(settings.as_bytes(), moment).as_deref(), Some(command));
        }
        assert_eq!(command_of(b"{}", "PreToolUse"), None);
    }

    #[test]
    fn what_a_hook_says_and_how_it_fails_is_told() {
        assert_eq!(run("cat", b"{}"), Ok("{}".into()));
        assert_eq!(run("true", b"{}"), Ok(String::new()));
        assert!(run("exit 3", b"{}").unwrap_err().contains('3'));
        let agent = agent().1;
        let Said::Unanswered(why) = agent.ask("PreToolUse") else { panic!("there is no hook") };
        assert_eq!(why, "the settings have no hook for PreToolUse");
    }
}
