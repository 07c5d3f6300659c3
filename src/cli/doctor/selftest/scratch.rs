//! The selftest's own folder: an agent's home, a config, a ledger, and processes that see nothing
//! else.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::format::printable;
use crate::model::Millis;

/// How the folder's name begins.
pub(super) const PREFIX: &str = "spendtop-selftest-";

/// A call of the agent costs two cents: the first stays below the cap, the second breaks it.
const CONFIG: &str = r#"# Written by `spendtop doctor --selftest`.
daily_cap = 0.03
warn_at = []
action = "kill"
grace = 1
account = "api"
session_alert_usd = 1000
timezone = "ZONE"

[developer]
id = "selftest"

# The selftest itself tries the desktop.
[notify]
desktop = false
"#;

/// Where everything of the selftest is.
#[derive(Clone, Debug)]
pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// The files of a folder.
    pub(super) fn new(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    /// The folder of the agent's executable; none where that is no agent of a selftest.
    pub(super) fn of_agent(exe: &Path) -> Option<Self> {
        let folder = exe.parent()?.parent()?;
        let name = folder.file_name()?.to_str()?;
        let scratch = Self::new(folder);
        (name.starts_with(PREFIX) && scratch.agent() == exe).then_some(scratch)
    }

    /// The folder that the scratch folder was made in.
    pub(super) fn place(&self) -> String {
        self.0.parent().unwrap_or(&self.0).display().to_string()
    }

    /// The agent's executable, named as Claude Code's is.
    pub(super) fn agent(&self) -> PathBuf {
        self.0.join("bin/claude")
    }

    fn home(&self) -> PathBuf {
        self.0.join("home")
    }

    /// The agent's config folder.
    pub(super) fn claude(&self) -> PathBuf {
        self.home().join(".claude")
    }

    /// Where the agent works.
    pub(super) fn work(&self) -> PathBuf {
        self.0.join("work")
    }

    /// Where spendtop keeps its ledger with this home.
    pub(super) fn ledger(&self) -> PathBuf {
        self.home().join(".local/share/spendtop/ledger.db")
    }

    /// What a process says.
    pub(super) fn log(&self, of: &str) -> PathBuf {
        self.0.join(of).with_extension("log")
    }

    /// Makes the folders and the config.
    pub(super) fn build(&self, now: Millis) -> io::Result<()> {
        let config = self.home().join(".config/spendtop");
        let (projects, sessions) = (self.claude().join("projects"), self.claude().join("sessions"));
        for folder in [self.0.join("bin"), self.work(), projects, sessions, config.clone()] {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        fs::write(config.join("config.toml"), CONFIG.replace("ZONE", zone(now)))
    }

    /// A program that finds this home and nothing of the user's: no variable is handed on. It has a
    /// process group of its own, so that Ctrl-C reaches the selftest alone, which ends it.
    pub(super) fn command(&self, program: &Path) -> Command {
        let home = self.home();
        let mut command = Command::new(program);
        command.env_clear().env("HOME", &home).env("USER", "selftest").env("NO_COLOR", "1");
        for (name, below) in [
            ("XDG_CONFIG_HOME", ".config"),
            ("XDG_DATA_HOME", ".local/share"),
            ("XDG_STATE_HOME", ".local/state"),
            ("XDG_CACHE_HOME", ".cache"),
            ("XDG_RUNTIME_DIR", ".run"),
        ] {
            command.env(name, home.join(below));
        }
        command.env("TMPDIR", &self.0).current_dir(self.work()).process_group(0);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// The lines that a process said.
    pub(super) fn said(&self, by: &str) -> Vec<String> {
        let said = fs::read(self.log(by)).unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        let lines = said.lines().map(str::trim).filter(|line| !line.is_empty());
        lines.map(|line| printable(line).into_owned()).collect()
    }
}

/// A zone whose day does not end within the next minutes: that would lift the cap.
fn zone(now: Millis) -> &'static str {
    const HOUR: i64 = 3_600_000;
    if (HOUR..23 * HOUR).contains(&now.0.rem_euclid(24 * HOUR)) { "UTC" } else { "Etc/GMT+12" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn the_config_is_right_at_any_time_of_day_and_midnight_is_far() {
        let midnight = Millis::parse("2026-11-24T00:00:00Z").unwrap();
        for minutes in (-720..720).step_by(7) {
            let now = Millis(midnight.0 + minutes * 60_000);
            let folder = tempfile::tempdir().unwrap();
            let scratch = Scratch::new(folder.path());
            scratch.build(now).unwrap();
            let path = folder.path().join("home/.config/spendtop/config.toml");
            let config = Config::parse(&fs::read_to_string(&path).unwrap(), &path).unwrap();
            let day = crate::policy::window(config.caps[0].period, &config.zone(), now);
            assert!(day.end.since(now) > 30 * 60_000, "{minutes}");
            assert!(now.since(day.start) > 30 * 60_000, "{minutes}");
        }
    }

    #[test]
    fn only_an_executable_in_a_selftests_folder_is_its_agent() {
        let of = |exe: &str| Scratch::of_agent(Path::new(exe)).map(|scratch| scratch.0);
        let folder = "/tmp/spendtop-selftest-aB3";
        assert_eq!(of("/tmp/spendtop-selftest-aB3/bin/claude"), Some(folder.into()));
        for other in ["/usr/bin/claude", "/tmp/spendtop-selftest-a/bin/spendtop", "claude", "/"] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
