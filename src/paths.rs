//! Where things are: the only reader of the environment.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use directories::BaseDirs;

/// Variables that say where things are: a service has to be given them, since it is not started
/// from the shell that sets them.
const WHERE: [&str; 4] = ["SPENDTOP_CONFIG", "SPENDTOP_DB", "XDG_CONFIG_HOME", "XDG_DATA_HOME"];

/// The environment, as far as spendtop cares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paths {
    home: Option<PathBuf>,
    config_home: Option<PathBuf>,
    data_home: Option<PathBuf>,
    spendtop_config: Option<PathBuf>,
    spendtop_db: Option<PathBuf>,
    notify_socket: Option<OsString>,
    has_session_bus: bool,
    set: Vec<(&'static str, OsString)>,
    user: Option<String>,
    zone: Option<String>,
    no_color: bool,
    dumb_terminal: bool,
}

impl Paths {
    /// Reads the process's environment, with the variables that say where agents keep their files.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn from_env(of_agents: &[&'static str]) -> Self {
        let dirs = BaseDirs::new();
        let data_home = dirs.as_ref().map(|dirs| dirs.data_dir().to_owned());
        // Services run without HOME, too: then it is the one that the system has for the user, for
        // the transcripts and the config as for the ledger.
        let home = dirs.as_ref().map(|dirs| dirs.home_dir().as_os_str().to_owned());
        let paths = Self::new(data_home, of_agents, |name| {
            let set = std::env::var_os(name).filter(|value| !value.is_empty());
            set.or_else(|| home.clone().filter(|_| name == "HOME"))
        });
        // Not what the environment says, where the system knows: whoever starts an agent with
        // another USER must not pass the cap by it.
        let user = login_name().or(paths.user);
        Self { user, ..paths }
    }

    /// An environment that has a home, and nothing else.
    pub fn of_home(home: &Path) -> Self {
        Self::new(None, &[], |name| (name == "HOME").then(|| home.as_os_str().to_owned()))
    }

    /// Reads an environment; an empty variable counts as unset.
    fn new(
        data_home: Option<PathBuf>,
        of_agents: &[&'static str],
        get: impl Fn(&str) -> Option<OsString>,
    ) -> Self {
        let get = |name: &str| get(name).filter(|value| !value.is_empty());
        let path = |name: &str| get(name).map(PathBuf::from);
        // The XDG specification: a relative path there is to be ignored.
        let xdg = |name: &str| path(name).filter(|path| path.is_absolute());
        let home = path("HOME");
        Self {
            config_home: xdg("XDG_CONFIG_HOME")
                .or_else(|| home.as_ref().map(|home| home.join(".config"))),
            data_home: xdg("XDG_DATA_HOME").or(data_home),
            home,
            spendtop_config: path("SPENDTOP_CONFIG"),
            spendtop_db: path("SPENDTOP_DB"),
            notify_socket: get("NOTIFY_SOCKET"),
            has_session_bus: get("DBUS_SESSION_BUS_ADDRESS").is_some(),
            set: WHERE
                .iter()
                .chain(of_agents)
                .filter_map(|name| Some((*name, get(name)?)))
                .collect(),
            user: ["USER", "LOGNAME"].iter().find_map(|name| get(name)?.into_string().ok()),
            zone: get("TZ").map(|zone| zone.to_string_lossy().into_owned()),
            no_color: get("NO_COLOR").is_some(),
            dumb_terminal: get("TERM").is_some_and(|term| term == "dumb"),
        }
    }

    /// The user's home.
    pub fn home(&self) -> Option<&Path> {
        self.home.as_deref()
    }

    /// The login name, for lack of a configured developer.
    pub fn user(&self) -> &str {
        self.user.as_deref().unwrap_or("unknown")
    }

    /// Where systemd wants to hear that the daemon is ready.
    pub fn notify_socket(&self) -> Option<&OsStr> {
        self.notify_socket.as_deref()
    }

    /// The environment names a session bus (D-Bus). Without that it may still be in its usual place.
    pub fn has_session_bus(&self) -> bool {
        self.has_session_bus
    }

    /// The variables that say where things are, as far as they are set: for a service.
    pub fn set(&self) -> &[(&'static str, OsString)] {
        &self.set
    }

    /// The user's systemd units.
    pub fn systemd_units(&self) -> Option<PathBuf> {
        Some(self.config_home.as_ref()?.join("systemd/user"))
    }

    /// The user's launchd agents.
    pub fn launch_agents(&self) -> Option<PathBuf> {
        Some(self.home.as_ref()?.join("Library/LaunchAgents"))
    }

    /// The time zone that the environment names in place of the machine's own (`TZ`).
    pub fn zone(&self) -> Option<&str> {
        self.zone.as_deref()
    }

    /// `NO_COLOR` is set, or the terminal knows no colours.
    pub fn no_color(&self) -> bool {
        self.no_color || self.dumb_terminal
    }

    /// The terminal can only be written to line by line.
    pub fn is_dumb_terminal(&self) -> bool {
        self.dumb_terminal
    }

    /// The config file: what was asked for, `SPENDTOP_CONFIG`, or the user's. The flag tells that
    /// it was named, so it must exist.
    pub fn config_file(&self, asked: Option<&Path>) -> Option<(PathBuf, bool)> {
        asked
            .map(Path::to_owned)
            .or_else(|| self.spendtop_config.clone())
            .map(|path| (path, true))
            .or_else(|| Some((self.config_home.as_ref()?.join("spendtop/config.toml"), false)))
    }

    /// The ledger: what was asked for, `SPENDTOP_DB`, or the user's.
    pub fn ledger(&self, asked: Option<&Path>) -> Option<PathBuf> {
        asked
            .map(Path::to_owned)
            .or_else(|| self.spendtop_db.clone())
            .or_else(|| Some(self.data_home.as_ref()?.join("spendtop/ledger.db")))
    }

    /// A variable that says where things are, if it is set.
    pub fn variable(&self, name: &str) -> Option<&OsStr> {
        self.set.iter().find(|(set, _)| *set == name).map(|(_, value)| value.as_os_str())
    }

    /// `$XDG_CONFIG_HOME`, or `~/.config`.
    pub fn config_home(&self) -> Option<&Path> {
        self.config_home.as_deref()
    }

    /// Resolves a leading `~`.
    pub fn expand(&self, path: &Path) -> PathBuf {
        match (path.strip_prefix("~"), &self.home) {
            (Ok(rest), Some(home)) => home.join(rest),
            _ => path.to_owned(),
        }
    }

    /// Shortens the home to `~`, for reading.
    pub fn shorten(&self, path: &Path) -> String {
        let below = self.home.as_ref().and_then(|home| path.strip_prefix(home).ok());
        below.map_or_else(|| path.display().to_string(), |below| format!("~/{}", below.display()))
    }
}

/// The login name of the process's user. Services run without `USER`, and it can be set to
/// anything: the same person must not be two developers.
fn login_name() -> Option<String> {
    let uid = rustix::process::getuid().as_raw().to_string();
    let passwd = std::fs::read_to_string("/etc/passwd").ok()?;
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == uid).then(|| name.to_owned())
    })
}

/// Where this program is: absolute, symbolic links resolved.
pub fn program() -> std::io::Result<PathBuf> {
    let path = std::env::current_exe()?;
    // What Linux adds where a newer program took the place of the running one.
    let text = path.to_string_lossy();
    Ok(text.strip_suffix(" (deleted)").map_or_else(|| path.clone(), PathBuf::from))
}

/// The number of the process's user, for launchd's names.
pub fn user_number() -> u32 {
    rustix::process::getuid().as_raw()
}

/// The file beside a ledger that other processes leave requests in.
pub fn inbox_of(ledger: &Path) -> PathBuf {
    beside(ledger, ".inbox")
}

/// The file beside a ledger whose lock says who writes it.
pub fn lock_of(ledger: &Path) -> PathBuf {
    beside(ledger, ".lock")
}

/// A name made of the whole file name, as SQLite makes those of its side files: `a.db` and
/// `a.sqlite` are two ledgers.
fn beside(ledger: &Path, suffix: &str) -> PathBuf {
    let mut name = ledger.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(vars: &[(&str, &str)]) -> Paths {
        Paths::new(None, &["AGENT_HOME", "EMPTY"], |name| {
            vars.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn variables_of_agents_are_read_as_far_as_they_are_set() {
        let paths = paths(&[("HOME", "/h"), ("AGENT_HOME", "/a"), ("OTHER", "/b"), ("EMPTY", "")]);
        assert_eq!(paths.variable("AGENT_HOME"), Some(OsStr::new("/a")));
        assert_eq!(paths.variable("OTHER"), None, "nobody asked for it");
        assert_eq!(paths.variable("EMPTY"), None);
        assert_eq!(paths.set(), [("AGENT_HOME", OsString::from("/a"))]);
        assert_eq!(paths.config_home(), Some(Path::new("/h/.config")));
    }

    #[test]
    fn two_ledgers_share_nothing() {
        assert_eq!(lock_of(Path::new("/d/a.db")), Path::new("/d/a.db.lock"));
        assert_eq!(lock_of(Path::new("/d/a.sqlite")), Path::new("/d/a.sqlite.lock"));
        assert_eq!(inbox_of(Path::new("/d/a.db")), Path::new("/d/a.db.inbox"));
        assert_eq!(inbox_of(Path::new("a")), Path::new("a.inbox"));
    }

    #[test]
    fn what_was_asked_for_wins() {
        let paths = paths(&[("HOME", "/h"), ("SPENDTOP_CONFIG", "/e.toml"), ("SPENDTOP_DB", "")]);
        assert_eq!(paths.config_file(None), Some((PathBuf::from("/e.toml"), true)));
        let asked = Path::new("/f.toml");
        assert_eq!(paths.config_file(Some(asked)), Some((asked.to_owned(), true)));
        assert_eq!(paths.ledger(None), None);
        let user = self::paths(&[("HOME", "/h"), ("XDG_DATA_HOME", "relative")]);
        assert_eq!(user.config_file(None), Some(("/h/.config/spendtop/config.toml".into(), false)));
        assert_eq!(user.ledger(None), None);
    }
}
