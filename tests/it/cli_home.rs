//! Runs the real program in a scratch home: no variable of the machine's own environment, no file
//! outside the home.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::claude_lines::{Line, answer, bytes, tokens};
use super::harness::{append_to, copy_folder};

/// The time it is in every run that does not say otherwise.
pub const NOW: &str = "2026-11-23T12:00:00Z";

/// A scratch home.
pub struct Home {
    pub folder: TempDir,
}

/// How a run ended.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Home {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// Who pays where the config does not say: the system's name of the user, whatever the
    /// environment's `USER` says.
    pub fn login() -> String {
        let ran = Command::new("id").arg("-un").output().unwrap();
        String::from_utf8(ran.stdout).unwrap().trim().to_owned()
    }

    /// A home with three priced calls: two models, two projects, two days of one week.
    pub fn small() -> Self {
        let home = Self::new();
        home.append(
            "atlas/A.jsonl",
            &[
                call("a1", "A", "claude-opus-5-5").at("2026-11-19T23:30:00.000Z"),
                call("a2", "A", "claude-haiku-5-5").at("2026-11-20T00:15:00.000Z"),
            ],
        );
        let other = call("b1", "B", "claude-opus-5-5").at("2026-11-20T09:00:00.000Z");
        let other = other.with("cwd", &"/home/dev/billing".into());
        home.append("billing/B.jsonl", &[other.with("gitBranch", &"fix/retry".into())]);
        home
    }

    pub fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    pub fn projects(&self) -> PathBuf {
        self.path("home/.claude/projects")
    }

    /// Where the ledger belongs by default.
    pub fn db(&self) -> PathBuf {
        self.path("home/.local/share/spendtop/ledger.db")
    }

    /// The config file; made by writing it.
    pub fn config(&self) -> PathBuf {
        self.path("home/.config/spendtop/config.toml")
    }

    pub fn write_config(&self, text: &str) {
        write(&self.config(), text);
    }

    /// Appends lines to a transcript, named by its path below `projects`.
    pub fn append(&self, file: &str, lines: &[Line]) {
        self.append_bytes(file, &bytes(lines));
    }

    pub fn append_bytes(&self, file: &str, bytes: &[u8]) {
        append_to(&self.projects().join(file), bytes);
    }

    /// Copies a real client's transcripts into the home.
    pub fn install(&self, scenario: &str) {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/claude");
        copy_folder(&fixtures.join(scenario).join("home"), &self.path("home"));
    }

    /// The program, about to be run here at [`NOW`].
    pub fn command<S: AsRef<OsStr>>(&self, args: &[S]) -> Command {
        let mut command = self.command_now(args);
        command.args(["--now", NOW]);
        command
    }

    /// The same with the clock of the machine.
    pub fn command_now<S: AsRef<OsStr>>(&self, args: &[S]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_spendtop"));
        command.env_clear().env("HOME", self.path("home")).env("USER", "dev").env("TZ", "UTC");
        command.current_dir(self.folder.path()).stdin(Stdio::null()).args(args);
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        ran(self.command(args))
    }

    /// Runs it and expects this exit code.
    #[track_caller]
    pub fn expect(&self, code: i32, args: &[&str]) -> Ran {
        let ran = self.run(args);
        assert_eq!(ran.code, code, "spendtop {}\n{}\n{}", args.join(" "), ran.out, ran.err);
        ran
    }

    /// What a successful run prints; it has nothing to complain about.
    #[track_caller]
    pub fn out(&self, args: &[&str]) -> String {
        let ran = self.expect(0, args);
        assert_eq!(ran.err, "", "spendtop {}", args.join(" "));
        ran.out
    }

    /// The JSON that a successful run prints.
    #[track_caller]
    pub fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.out(args)).unwrap()
    }

    /// What the ledger holds by now: calls and their cost.
    #[track_caller]
    pub fn total(&self) -> (u64, String) {
        let ran = self.run(&["report", "--json"]);
        assert!(matches!(ran.code, 0 | 10), "{ran:?}");
        let report: Value = serde_json::from_str(&ran.out).unwrap();
        let total = &report["total"];
        (total["calls"].as_u64().unwrap(), total["cost_usd"].as_str().unwrap().to_owned())
    }
}

/// Runs a command to its end. Whatever it says, it must not be a panic.
#[track_caller]
pub fn ran(mut command: Command) -> Ran {
    ended(&command.output().unwrap())
}

/// The same of one that has ended.
#[track_caller]
pub fn ended(output: &Output) -> Ran {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(!err.contains("panicked"), "{err}");
    Ran { code: output.status.code().unwrap_or(-1), out, err }
}

pub fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// Writes a program. By a process of its own: one that another thread starts meanwhile would
/// inherit the open file, and a file that is open for writing cannot be run.
pub fn write_script(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "printf '%s' \"$1\" >\"$0\" && chmod 755 \"$0\""]).arg(path).arg(text);
    assert!(command.status().unwrap().success());
}

/// A whole call: a million input tokens and a thousand output tokens.
pub fn call(id: &str, session: &str, model: &str) -> Line {
    answer(&format!("u-{id}"), &format!("msg_01{id}"))
        .request(&format!("req_{id}"))
        .session(session)
        .model(model)
        .usage(&tokens(1_000_000, 1_000, 0, 0, 0))
        .stop("end_turn")
}
