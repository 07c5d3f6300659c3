//! The agents' config folders, and the hook's state in each.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::super::context::Context;
use crate::hook::Moment;
use crate::hook::settings::{self, SettingsFile};
use crate::ledger::{Inbox, Reader};
use crate::model::Millis;
use crate::paths;

/// Settings that an administrator makes, which win over the user's.
const MANAGED: [&str; 2] = [
    "/etc/claude-code/managed-settings.json",
    "/Library/Application Support/ClaudeCode/managed-settings.json",
];

/// An agent's config folder.
#[derive(Debug)]
pub(in crate::cli) struct Home {
    pub folder: PathBuf,
    pub settings: PathBuf,
    /// It belongs to another user.
    pub is_foreign: bool,
}

/// The hook in a home.
#[derive(Debug, Default)]
pub(in crate::cli) struct State {
    /// The commands that are there, by moment.
    pub commands: Vec<(Moment, String)>,
    pub is_disabled: bool,
    /// Why the settings cannot be used.
    pub unfit: Option<String>,
    /// What is wrong, in words.
    pub problems: Vec<String>,
    pub last_seen: Option<Millis>,
}

/// Every config folder that is there.
pub(in crate::cli) fn homes(context: &Context) -> Vec<Home> {
    let mut homes: Vec<Home> = Vec::new();
    for root in context.roots() {
        let Some(folder) = root.path.parent() else { continue };
        let Ok(metadata) = fs::metadata(folder) else { continue };
        // One folder by two names is one.
        let is_known =
            |home: &Home| fs::canonicalize(&home.folder).ok() == fs::canonicalize(folder).ok();
        if metadata.is_dir() && !homes.iter().any(is_known) {
            homes.push(Home {
                folder: folder.to_owned(),
                settings: folder.join("settings.json"),
                is_foreign: metadata.uid() != rustix::process::geteuid().as_raw(),
            });
        }
    }
    homes
}

/// The command that calls this very program.
pub(in crate::cli) fn command(context: &Context) -> Result<String> {
    let program = std::env::current_exe().context("cannot tell where this program is")?;
    let here = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
    let config = context.global.config.as_ref().map(here);
    let db = context.global.db.as_ref().map(here);
    let options: Vec<(&str, &Path)> = [("--config", &config), ("--db", &db)]
        .into_iter()
        .filter_map(|(name, path)| Some((name, path.as_deref()?)))
        .collect();
    Ok(settings::command(&program, &options))
}

/// How the hook is in a home.
pub(in crate::cli) fn state(
    home: &Home,
    command: &str,
    seen: &[(Option<PathBuf>, Millis)],
) -> State {
    let mut state = State {
        last_seen: seen
            .iter()
            .filter(|(transcript, _)| {
                transcript.as_ref().is_none_or(|path| path.starts_with(&home.folder))
            })
            .map(|(_, at)| *at)
            .max(),
        ..State::default()
    };
    let installed = SettingsFile::read(&home.settings)
        .and_then(|file| settings::installed(file.text(), command));
    match installed {
        Err(why) => state.unfit = Some(why.to_string()),
        Ok(installed) => {
            state.commands = installed.commands;
            state.is_disabled = installed.is_disabled;
        }
    }
    if let Some(why) = &state.unfit {
        state.problems.push(format!("the settings cannot be used: {why}"));
        return state;
    }
    if state.commands.is_empty() {
        state.problems.push("not installed: `spendtop hook install`".to_owned());
        return state;
    }
    let is_missing = |moment: &Moment| !state.commands.iter().any(|(there, _)| there == moment);
    let missing: Vec<&str> = Moment::ALL
        .iter()
        .filter(|moment| is_missing(moment))
        .map(|moment| moment.name())
        .collect();
    if !missing.is_empty() {
        let missing = missing.join(", ");
        state.problems.push(format!("not at every step ({missing}): `spendtop hook install`"));
    }
    if let Some((_, other)) = state.commands.iter().find(|(_, line)| line != command) {
        let program = settings::program(other).unwrap_or_default();
        state.problems.push(if is_executable(Path::new(&program)) {
            format!("it calls {program}, not this program: `spendtop hook install`")
        } else {
            format!("it calls {program}, which is not there: `spendtop hook install`")
        });
    }
    if state.is_disabled {
        state.problems.push("\"disableAllHooks\" is set: no hook is called".to_owned());
    }
    state
}

/// An administrator allows no hooks but managed ones.
pub(in crate::cli) fn managed_only() -> Option<&'static str> {
    MANAGED.into_iter().find(|path| {
        let text = fs::read_to_string(path).unwrap_or_default();
        let json: Value = serde_json::from_str(&text).unwrap_or_default();
        json["allowManagedHooksOnly"] == true || json["disableAllHooks"] == true
    })
}

/// When hooks were seen, and in which transcripts' sessions.
pub(in crate::cli) fn seen(context: &Context) -> Result<Vec<(Option<PathBuf>, Millis)>> {
    let mut seen = match Reader::open(&context.ledger)? {
        Some(reader) => reader.hooks_seen()?,
        None => Vec::new(),
    };
    if let Some(inbox) = Inbox::open_quickly(&paths::inbox_of(&context.ledger))? {
        let pending = inbox.pending()?.sightings;
        seen.extend(pending.into_iter().map(|sighting| (sighting.transcript, sighting.at)));
    }
    Ok(seen)
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}
