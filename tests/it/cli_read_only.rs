//! Folders that cannot be written and files that cannot be read, by a user whom permissions bind:
//! said in words, and what is there can still be read.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::cli_home::{Home, Ran, call, ran};
use super::harness::require;

/// Who runs the program where the tests are run by root, who may do everything.
const NOBODY: u32 = 65534;

/// A home of somebody without privileges.
struct Guest {
    home: Home,
    program: PathBuf,
    is_root: bool,
}

impl Guest {
    /// None where privileges cannot be dropped.
    fn of(home: Home) -> Option<Self> {
        let is_root = rustix::process::geteuid().is_root();
        let can_drop = || drop_privileges().arg("true").status().is_ok_and(|ended| ended.success());
        if !require("setpriv to drop root's privileges", !is_root || can_drop()) {
            return None;
        }
        // Beside the home: the build may lie where only root may look.
        let program = home.path("spendtop");
        let built = env!("CARGO_BIN_EXE_spendtop");
        fs::hard_link(built, &program).or_else(|_| fs::copy(built, &program).map(|_| ())).unwrap();
        set_mode(home.folder.path(), 0o755);
        let guest = Self { home, program, is_root };
        guest.hand_over(&guest.home.path("home"));
        Some(guest)
    }

    /// Gives the guest what the test has made.
    fn hand_over(&self, path: &Path) {
        if !self.is_root {
            return;
        }
        chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
        if path.is_dir() {
            for entry in fs::read_dir(path).unwrap() {
                self.hand_over(&entry.unwrap().path());
            }
        }
    }

    fn run(&self, args: &[&str]) -> Ran {
        let plain = self.home.command(args);
        let mut command = if self.is_root {
            let mut command = drop_privileges();
            command.arg(&self.program);
            command
        } else {
            Command::new(&self.program)
        };
        command.env_clear().envs(plain.get_envs().filter_map(|(key, value)| Some((key, value?))));
        command.current_dir(self.home.folder.path()).stdin(Stdio::null()).args(plain.get_args());
        ran(command)
    }

    #[track_caller]
    fn expect(&self, code: i32, args: &[&str]) -> Ran {
        let ran = self.run(args);
        assert_eq!(ran.code, code, "spendtop {}\n{}\n{}", args.join(" "), ran.out, ran.err);
        ran
    }

    #[track_caller]
    fn json(&self, code: i32, args: &[&str]) -> Value {
        serde_json::from_str(&self.expect(code, args).out).unwrap()
    }

    fn calls(&self) -> u64 {
        self.json(0, &["report", "--json"])["total"]["calls"].as_u64().unwrap()
    }

    fn db_folder(&self) -> PathBuf {
        self.home.db().parent().unwrap().to_owned()
    }
}

fn drop_privileges() -> Command {
    let mut command = Command::new("setpriv");
    let nobody = NOBODY.to_string();
    command.args(["--reuid", &nobody, "--regid", &nobody, "--clear-groups", "--"]);
    command
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn names_in(folder: &Path) -> Vec<String> {
    let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name();
    let names = fs::read_dir(folder).unwrap().map(name);
    let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

/// Reads what is there, and says that it may be old; then catches up.
#[track_caller]
fn reads_what_is_there(guest: &Guest, make_writable: impl FnOnce()) {
    let report = guest.expect(0, &["report", "--json"]);
    assert!(report.err.contains("ledger.db cannot be written"), "{}", report.err);
    assert_eq!(report.err.lines().count(), 1, "{}", report.err);
    assert_eq!(guest.calls(), 3);
    for args in [&["sessions"][..], &["explain", "A"], &["reprice", "--dry-run"]] {
        guest.expect(0, args);
    }
    guest.expect(10, &["prices", "missing"]);
    assert!(guest.expect(1, &["ingest"]).err.contains("cannot be written"));
    assert_eq!(guest.json(1, &["ingest", "--json"])["state"], "read_only");
    let doctor = guest.json(5, &["doctor", "--json"]);
    assert_eq!(doctor["findings"][0]["kind"], "ledger");
    let said = doctor["findings"][0]["message"].as_str().unwrap();
    assert!(said.contains("cannot be written"), "{said}");
    make_writable();
    assert_eq!(guest.calls(), 4);
}

#[test]
fn a_ledger_in_a_folder_that_cannot_be_written() {
    let Some(guest) = Guest::of(Home::small()) else { return };
    assert_eq!(guest.calls(), 3);
    guest.home.append("atlas/A.jsonl", &[call("a9", "A", "claude-opus-5-5")]);
    let folder = guest.db_folder();
    let before = names_in(&folder);
    set_mode(&folder, 0o555);
    reads_what_is_there(&guest, || {
        assert_eq!(names_in(&folder), before);
        set_mode(&folder, 0o755);
    });
}

#[test]
fn a_ledger_whose_files_cannot_be_written() {
    // As if root had run the program once.
    for name in ["ledger.db", "ledger.db.lock"] {
        let Some(guest) = Guest::of(Home::small()) else { return };
        assert_eq!(guest.calls(), 3);
        guest.home.append("atlas/A.jsonl", &[call("a9", "A", "claude-opus-5-5")]);
        let file = guest.home.db().with_file_name(name);
        set_mode(&file, 0o400);
        reads_what_is_there(&guest, || set_mode(&file, 0o600));
    }
}

#[test]
fn a_home_that_cannot_be_written() {
    let Some(guest) = Guest::of(Home::small()) else { return };
    let home = guest.home.path("home");
    set_mode(&home, 0o555);
    for args in [&["report"][..], &["sessions", "--json"], &["ingest"], &["explain", "A"]] {
        let ran = guest.expect(1, args);
        assert_eq!((&*ran.out, ran.err.lines().count()), ("", 1), "{args:?}: {}", ran.err);
        assert!(ran.err.contains("cannot write the ledger "), "{args:?}: {}", ran.err);
        assert!(ran.err.contains("ermission denied"), "{args:?}: {}", ran.err);
    }
    assert!(guest.expect(5, &["doctor"]).out.contains("! cannot write the ledger "));
    let ran = guest.expect(1, &["config", "init"]);
    assert!(ran.err.contains("cannot make ") && ran.err.contains(".config/spendtop"), "{ran:?}");
    // What needs no place of its own works.
    for args in [&["prices", "list"][..], &["config", "check"], &["config", "show"], &["man"]] {
        guest.expect(0, args);
    }
    // And so does everything with a ledger elsewhere.
    let elsewhere = guest.home.path("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    guest.hand_over(&elsewhere);
    let db = elsewhere.join("ledger.db");
    let report = guest.json(0, &["report", "--json", "--db", db.to_str().unwrap()]);
    assert_eq!(report["total"]["calls"], 3);
    set_mode(&home, 0o755);
}

#[test]
fn a_config_that_cannot_be_written_or_read() {
    let Some(guest) = Guest::of(Home::small()) else { return };
    let config = guest.home.config();
    let folder = config.parent().unwrap();
    fs::create_dir_all(folder).unwrap();
    guest.hand_over(&guest.home.path("home/.config"));
    set_mode(folder, 0o555);
    let ran = guest.expect(1, &["config", "init"]);
    assert!(ran.err.contains("cannot write ") && ran.err.contains("config.toml"), "{ran:?}");
    assert!(!config.exists());
    set_mode(folder, 0o755);

    guest.home.write_config("daily_cap = 20\n");
    guest.hand_over(folder);
    set_mode(&config, 0o000);
    for args in [&["report"][..], &["config", "check"], &["config", "show"]] {
        let ran = guest.expect(2, args);
        assert!(ran.err.contains("config.toml: cannot read the config: "), "{args:?}: {ran:?}");
    }
    set_mode(&config, 0o400);
    guest.expect(0, &["config", "check"]);
    assert!(guest.expect(1, &["config", "init", "--force"]).err.contains("cannot write "));
    assert_eq!(fs::read_to_string(&config).unwrap(), "daily_cap = 20\n");
}

#[test]
fn a_ledger_that_cannot_be_read() {
    let Some(guest) = Guest::of(Home::small()) else { return };
    assert_eq!(guest.calls(), 3);
    set_mode(&guest.home.db(), 0o000);
    for args in [&["report"][..], &["sessions"], &["ingest"], &["prices", "list"]] {
        let ran = guest.expect(1, args);
        assert!(ran.err.contains("ledger.db"), "{args:?}: {}", ran.err);
    }
    guest.expect(5, &["doctor"]);
    set_mode(&guest.home.db(), 0o600);
    assert_eq!(guest.calls(), 3);
}

#[test]
fn transcripts_that_cannot_be_read_are_named_by_doctor() {
    let Some(guest) = Guest::of(Home::small()) else { return };
    let file = guest.home.projects().join("atlas/A.jsonl");
    let folder = guest.home.projects().join("billing");
    set_mode(&file, 0o000);
    set_mode(&folder, 0o000);
    guest.expect(10, &["report"]);
    let doctor = guest.json(5, &["doctor", "--json"]);
    let finding = &doctor["findings"][0];
    assert_eq!((&finding["kind"], &finding["count"]), (&"unreadable".into(), &2.into()));
    for path in [&file, &folder] {
        let said = finding["items"].to_string();
        assert!(said.contains(&format!("{}: Permission denied", path.display())), "{said}");
    }
    set_mode(&file, 0o600);
    set_mode(&folder, 0o700);
    assert_eq!(guest.calls(), 3);
}
