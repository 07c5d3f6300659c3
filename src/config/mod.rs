//! The config: what the user wrote (`file`) becomes what it means (`Config`).

mod caps;
mod error;
mod file;
mod loops;
mod screen;
pub mod zone;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::tz::TimeZone;

pub use self::error::ConfigError;
pub use self::file::{
    AccountWord as Account, ConfigFile, NotifyTable as Notify, OnError, WebhookPreset,
    WebhookTable as Webhook,
};
pub use self::screen::{KeyNames, KeysTable, ScreenTable};
use crate::model::{AgentId, PicoUsd};
use crate::paths::Paths;
use crate::policy::loops::Thresholds;
use crate::policy::{Cap, Scope};
use crate::pricing::UserPrices;

/// The commented default, which says what it is by being it.
pub const TEMPLATE: &str = include_str!("../../assets/config.toml");

/// What the config means.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Dollars per developer and day.
    pub daily_cap: Option<PicoUsd>,
    /// Every cap, `daily_cap`'s among them, in the order of the file.
    pub caps: Vec<Arc<Cap>>,
    /// How calls are paid for.
    pub account: Account,
    /// What agents say they spent beyond their transcripts counts towards daily caps.
    pub include_unlogged: bool,
    /// Tell the person of a session that costs more.
    pub session_alert: PicoUsd,
    /// From which count on what an agent repeats is a loop.
    pub loops: Thresholds,
    /// What a hook that fails answers.
    pub on_hook_error: OnError,
    /// How the person is told.
    pub notify: Notify,
    /// The screen's looks.
    pub screen: ScreenTable,
    /// Other keys than the usual ones.
    pub keys: KeysTable,
    /// Developers with roots of their own.
    pub developers: Vec<Developer>,
    /// The zone that days begin in; none: the system's.
    pub timezone: Option<TimeZone>,
    /// Name in the ledger; none: the login name.
    pub developer: Option<String>,
    /// Agents' config folders beside the usual ones.
    pub agent_roots: Vec<(AgentId, PathBuf)>,
    /// The user's own prices.
    pub prices: UserPrices,
    /// The file all this was read from.
    pub origin: Option<PathBuf>,
    /// Its text, for the lines in messages.
    pub text: String,
}

/// A developer with agents' folders of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Developer {
    /// Name in the ledger.
    pub id: String,
    /// Agents' config folders.
    pub roots: Vec<PathBuf>,
}

/// A session over this many dollars is told of.
const SESSION_ALERT: PicoUsd = PicoUsd::from_dollars(20);

impl Default for Config {
    fn default() -> Self {
        Self {
            daily_cap: None,
            caps: Vec::new(),
            account: Account::Auto,
            include_unlogged: false,
            session_alert: SESSION_ALERT,
            loops: Thresholds::default(),
            on_hook_error: OnError::Allow,
            notify: Notify::default(),
            screen: ScreenTable::default(),
            keys: KeysTable::new(),
            developers: Vec::new(),
            timezone: None,
            developer: None,
            agent_roots: Vec::new(),
            prices: UserPrices::default(),
            origin: None,
            text: String::new(),
        }
    }
}

impl Config {
    /// Reads the config file. Without one everything is as by default, unless it was named.
    pub fn load(paths: &Paths, asked: Option<&Path>) -> Result<Self, ConfigError> {
        let Some((path, named)) = paths.config_file(asked) else { return Ok(Self::default()) };
        match fs::read_to_string(&path) {
            Ok(text) => {
                let config = Self::parse(&text, &path)?;
                let config = Self { origin: Some(path), text, ..config };
                Ok(config.with_home(paths))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !named => {
                Ok(Self::default())
            }
            Err(error) => Err(ConfigError::unreadable(&path, &error)),
        }
    }

    /// Resolves the `~` of patterns that name folders.
    fn with_home(mut self, paths: &Paths) -> Self {
        for cap in &mut self.caps {
            let names_folders = matches!(cap.scope, Scope::Project | Scope::Branch);
            if names_folders && (&*cap.pattern == "~" || cap.pattern.starts_with("~/")) {
                let pattern = paths.expand(Path::new(&*cap.pattern)).to_string_lossy().into();
                *cap = Arc::new(Cap { pattern, ..Cap::clone(cap) });
            }
        }
        self
    }

    /// Reads a config's text; `path` is for messages.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let file: ConfigFile =
            toml::from_str(text).map_err(|error| ConfigError::syntax(path, text, &error))?;
        let at = |span, what: String| ConfigError::at(path, text, span, what);
        let caps = caps::resolve(&file).map_err(|mistake| at(mistake.span, mistake.what))?;
        let loops =
            loops::resolve(&file.loops).map_err(|mistake| at(mistake.span, mistake.what))?;
        let session_alert = match &file.session_alert_usd {
            Some(amount) if amount.get_ref().0 <= PicoUsd::ZERO => {
                return Err(at(amount.span(), "session_alert_usd must be more than 0".into()));
            }
            Some(amount) => amount.get_ref().0,
            None => SESSION_ALERT,
        };
        let timezone = match &file.timezone {
            Some(name) if name.get_ref() != "system" => {
                let unknown = || {
                    let what = format!(
                        "unknown timezone {:?}: use \"system\" or an IANA name such as \
                         \"Europe/Berlin\"",
                        name.get_ref()
                    );
                    at(name.span(), what)
                };
                Some(zone::named(name.get_ref()).ok_or_else(unknown)?)
            }
            _ => None,
        };
        Ok(Self {
            daily_cap: file.daily_cap.map(|cap| cap.get_ref().0),
            caps,
            account: file.account,
            include_unlogged: file.include_unlogged,
            session_alert,
            loops,
            on_hook_error: file.hook.on_error,
            notify: file.notify,
            screen: file.screen,
            keys: file.keys,
            developers: caps::developers_with_roots(&file.developer.0),
            timezone,
            developer: caps::default_developer(&file.developer.0),
            agent_roots: file.agents.into_roots(),
            prices: file.prices,
            ..Self::default()
        })
    }

    /// The zone that days begin in.
    pub fn zone(&self) -> TimeZone {
        self.timezone.clone().unwrap_or_else(TimeZone::system)
    }
}

/// The JSON schema of the config file, for editors.
pub fn json_schema() -> String {
    let schema = schemars::schema_for!(ConfigFile);
    serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
}

#[cfg(test)]
mod tests;
