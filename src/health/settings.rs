//! The settings in force, and where each comes from.

use std::fmt;

use super::Setup;
use crate::config::{Account, Config, OnError};
use crate::format::{money_fixed, printable};

/// Where a setting comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said otherwise.
    Default,
    /// The config file.
    Config,
    /// The agents' own files.
    Agents,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Default => "default",
            Self::Config => "config",
            Self::Agents => "as the agents say",
        })
    }
}

/// A setting. Its texts are safe to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingLine {
    /// Its name in the config, or nearly.
    pub name: &'static str,
    /// What it is.
    pub value: String,
    /// Where that comes from.
    pub origin: Origin,
}

/// Every setting that a person may wonder about, in the order of the config.
pub fn settings(setup: &Setup) -> Vec<SettingLine> {
    let (config, default) = (&setup.config, Config::default());
    let mut lines = Vec::new();
    let mut add = |name, value: String, is_said: bool| {
        let origin = match (is_said, name) {
            (true, _) => Origin::Config,
            (false, "account") => Origin::Agents,
            (false, _) => Origin::Default,
        };
        lines.push(SettingLine { name, value: printable(&value).into_owned(), origin });
    };
    let cap = config.daily_cap.map_or_else(|| "none".to_owned(), |cap| money_fixed(cap, 2));
    add("daily_cap", cap, config.daily_cap.is_some());
    for cap in &config.caps {
        add("cap", format!("{}: {}", cap.name, cap.meaning()), true);
    }
    let account = if setup.on_plan { "subscription" } else { "api" };
    add("account", account.to_owned(), config.account != Account::Auto);
    let zone = config.zone();
    let zone = zone.iana_name().unwrap_or("UTC").to_owned();
    add("timezone", zone, config.timezone.is_some());
    add("developer", setup.developer().to_owned(), config.developer.is_some());
    let counts = if config.include_unlogged { "counts" } else { "does not count" };
    let unlogged = format!("what agents say beyond their calls {counts} towards caps");
    add("unlogged", unlogged, config.include_unlogged);
    let alert = format!("you are told of one over {}", money_fixed(config.session_alert, 2));
    add("session", alert, config.session_alert != default.session_alert);
    let is_default = config.loops == default.loops;
    add("loops", if is_default { "as usual" } else { "with other limits" }.to_owned(), !is_default);
    add("notify", notify(config), config.notify != default.notify);
    let on_error = match config.on_hook_error {
        OnError::Allow => "where it fails, the agent goes on",
        OnError::Block => "where it fails, the agent is stopped",
    };
    add("hook", on_error.to_owned(), config.on_hook_error != default.on_hook_error);
    let theme = config.screen.theme.as_ref().map_or("default", |theme| theme.get_ref());
    add("theme", theme.to_owned(), config.screen.theme.is_some());
    let keys = match config.keys.len() {
        0 => "as usual".to_owned(),
        1 => "1 command has others".to_owned(),
        count => format!("{count} commands have others"),
    };
    add("keys", keys, !config.keys.is_empty());
    let prices = if config.prices == default.prices { "as listed" } else { "with your own" };
    add("prices", prices.to_owned(), config.prices != default.prices);
    lines
}

/// The channels that notices are told by. A webhook's address may be a secret: it is not shown.
fn notify(config: &Config) -> String {
    let notify = &config.notify;
    let mut channels = Vec::new();
    if notify.desktop {
        channels.push("desktop".to_owned());
    }
    if notify.webhook.is_some() {
        channels.push("webhook".to_owned());
    }
    if let Some(program) = notify.command.first() {
        channels.push(format!("command {program}"));
    }
    if channels.is_empty() { "nobody is told".to_owned() } else { channels.join(", ") }
}
