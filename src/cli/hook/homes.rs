//! The agents' config folders, and the hook's state in each.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::super::context::Context;
use crate::agents::{self, Hook, HookSetting, Moment, Placed};
use crate::hook::settings::{self, SettingsFile, Unfit};
use crate::ledger::{Inbox, Reader};
use crate::model::{AgentId, Millis};
use crate::paths;
use anyhow::{Context as _, Result};

/// An agent's config folder.
#[derive(Debug)]
pub(in crate::cli) struct Home {
    pub agent: AgentId,
    pub folder: PathBuf,
    pub settings: PathBuf,
    /// It belongs to another user.
    pub is_foreign: bool,
}

/// The hook in a home.
#[derive(Debug, Default)]
pub(in crate::cli) struct State {
    /// Those that are there.
    pub placed: Vec<Placed>,
    pub is_disabled: bool,
    /// Why the settings cannot be used.
    pub unfit: Option<String>,
    /// What is wrong, in words.
    pub problems: Vec<String>,
    pub last_seen: Option<Millis>,
}

/// An agent's config folders, but for those of other users, and the hook's state in each.
pub(in crate::cli) fn states(
    context: &Context,
    agent: AgentId,
    hook: &Hook,
) -> Result<Vec<(Home, State)>> {
    let (command, seen) = (command(context, agent)?, seen(context, agent)?);
    let homes = homes(context, agent, hook).into_iter().filter(|home| !home.is_foreign);
    let with_state = homes.map(|home| {
        let state = state(&home, hook, &command, &seen);
        (home, state)
    });
    Ok(with_state.collect())
}

/// Every config folder of an agent that is there.
pub(super) fn homes(context: &Context, agent: AgentId, hook: &Hook) -> Vec<Home> {
    let adapter = agents::adapter(agent);
    let mut homes: Vec<Home> = Vec::new();
    for root in context.roots().iter().filter(|root| root.agent == agent) {
        let Some(folder) = adapter.home_of(&root.path) else { continue };
        let Ok(metadata) = fs::metadata(folder) else { continue };
        // One folder by two names is one.
        let is_known =
            |home: &Home| fs::canonicalize(&home.folder).ok() == fs::canonicalize(folder).ok();
        let is_new = metadata.is_dir() && !homes.iter().any(is_known);
        if is_new && is_of(context, agent, folder) {
            homes.push(Home {
                agent,
                folder: folder.to_owned(),
                settings: folder.join(hook.file),
                is_foreign: metadata.uid() != rustix::process::geteuid().as_raw(),
            });
        }
    }
    homes
}

/// A developer's folder may be any agent's. It is of the one that usually calls its folder so; with
/// another name, of those whose transcripts are in there.
fn is_of(context: &Context, agent: AgentId, folder: &Path) -> bool {
    let is_root = |agent: AgentId| {
        let roots = context.roots().into_iter().filter(move |root| root.agent == agent);
        roots.into_iter().any(|root| agents::adapter(agent).home_of(&root.path) == Some(folder))
    };
    let is_usual = |agent: AgentId| {
        let homes = context.with_surroundings(|known| agents::adapter(agent).homes(known));
        homes.iter().any(|home| home.file_name() == folder.file_name())
    };
    let rivals: Vec<AgentId> =
        AgentId::ALL.into_iter().filter(|other| *other != agent && is_root(*other)).collect();
    if rivals.is_empty() || is_usual(agent) {
        return true;
    }
    let is_there = agents::adapter(agent).roots(folder).iter().any(|root| root.is_dir());
    is_there && !rivals.into_iter().any(is_usual)
}

/// The command that calls this very program.
pub(in crate::cli) fn command(context: &Context, agent: AgentId) -> Result<String> {
    let program = std::env::current_exe().context("cannot tell where this program is")?;
    let here = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
    let config = context.global.config.as_ref().map(here);
    let db = context.global.db.as_ref().map(here);
    let options: Vec<(&str, &Path)> = [("--config", &config), ("--db", &db)]
        .into_iter()
        .filter_map(|(name, path)| Some((name, path.as_deref()?)))
        .collect();
    Ok(settings::command(&program, agent, &options))
}

/// How the hook is in a home.
fn state(home: &Home, hook: &Hook, command: &str, seen: &[(Option<PathBuf>, Millis)]) -> State {
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
    let install = format!("`spendtop hook install {}`", home.agent);
    let file = match SettingsFile::read(&home.settings) {
        Ok(file) => file,
        Err(why) => return unfit(state, &why),
    };
    match settings::installed(file.text(), command) {
        Err(why) => return unfit(state, &why),
        Ok(installed) => {
            state.placed = installed.placed;
            state.is_disabled = installed.is_disabled;
        }
    }
    if state.placed.is_empty() {
        state.problems.push(format!("not installed: {install}"));
        return state;
    }
    let is_missing = |moment: &&Moment| !state.placed.iter().any(|one| one.moment == **moment);
    let missing: Vec<&str> =
        hook.moments.iter().filter(is_missing).map(|moment| moment.name()).collect();
    if !missing.is_empty() {
        let missing = missing.join(", ");
        state.problems.push(format!("not at every step ({missing}): {install}"));
    }
    if let Some(other) = state.placed.iter().find(|one| one.command != command) {
        let program = settings::program(&other.command).unwrap_or_default();
        state.problems.push(if is_executable(Path::new(&program)) {
            format!("it calls {program}, not this program: {install}")
        } else {
            format!("it calls {program}, which is not there: {install}")
        });
    }
    let beside = hook.beside.iter().map(|path| home.folder.join(path));
    let beside: Vec<String> =
        beside.map(|path| fs::read_to_string(path).unwrap_or_default()).collect();
    state.problems.extend(agents::adapter(home.agent).hook_problems(&HookSetting {
        path: &home.settings,
        text: file.text(),
        placed: &state.placed,
        beside: &beside,
    }));
    state
}

fn unfit(mut state: State, why: &Unfit) -> State {
    state.unfit = Some(why.to_string());
    state.problems.push(format!("the settings cannot be used: {why}"));
    state
}

/// When hooks were seen, and in which transcripts' sessions.
fn seen(context: &Context, agent: AgentId) -> Result<Vec<(Option<PathBuf>, Millis)>> {
    let mut seen = match Reader::open(&context.ledger)? {
        Some(reader) => reader.hooks_seen(agent)?,
        None => Vec::new(),
    };
    if let Some(inbox) = Inbox::open_quickly(&paths::inbox_of(&context.ledger))? {
        let pending = inbox.pending()?.sightings;
        let pending = pending.into_iter().filter(|sighting| sighting.session.agent == agent);
        seen.extend(pending.map(|sighting| (sighting.transcript, sighting.at)));
    }
    Ok(seen)
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}
