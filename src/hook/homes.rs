//! The agents' config folders, and the hook's state in each.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::settings::{self, SettingsFile, Unfit};
use crate::agents::{self, Hook, HookSetting, Moment, Placed};
use crate::ingest::Root;
use crate::ledger::{Inbox, LedgerError, Reader};
use crate::model::{AgentId, Millis};
use crate::paths;

/// When hooks were called, and in which transcripts' sessions.
pub type Seen = [(Option<PathBuf>, Millis)];

/// What agents usually call their config folders.
pub type UsualNames = [(AgentId, OsString)];

/// An agent's config folder.
#[derive(Debug)]
pub struct Home {
    /// Whose.
    pub agent: AgentId,
    /// The folder.
    pub folder: PathBuf,
    /// The file that hooks are set in.
    pub settings: PathBuf,
    /// It belongs to another user.
    pub is_foreign: bool,
}

/// The hook in a home.
#[derive(Debug, Default)]
pub struct State {
    /// Those that are there.
    pub placed: Vec<Placed>,
    /// The settings turn every hook off.
    pub is_disabled: bool,
    /// Why the settings cannot be used.
    pub unfit: Option<String>,
    /// What is wrong, in words.
    pub problems: Vec<String>,
    /// When a session last called it.
    pub last_seen: Option<Millis>,
}

/// Those of this user, and the hook's state in each.
pub fn states(homes: Vec<Home>, hook: &Hook, command: &str, seen: &Seen) -> Vec<(Home, State)> {
    let own = homes.into_iter().filter(|home| !home.is_foreign);
    let with_state = own.map(|home| {
        let state = state(&home, hook, command, seen);
        (home, state)
    });
    with_state.collect()
}

/// Every config folder of an agent that is there.
pub fn homes(roots: &[Root], usual: &UsualNames, agent: AgentId, hook: &Hook) -> Vec<Home> {
    let adapter = agents::adapter(agent);
    let mut homes: Vec<Home> = Vec::new();
    for root in roots.iter().filter(|root| root.agent == agent) {
        let Some(folder) = adapter.home_of(&root.path) else { continue };
        let Ok(metadata) = fs::metadata(folder) else { continue };
        // One folder by two names is one.
        let is_known =
            |home: &Home| fs::canonicalize(&home.folder).ok() == fs::canonicalize(folder).ok();
        let is_new = metadata.is_dir() && !homes.iter().any(is_known);
        if is_new && is_of(roots, usual, agent, folder) {
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
fn is_of(roots: &[Root], usual: &UsualNames, agent: AgentId, folder: &Path) -> bool {
    let is_root = |agent: AgentId| {
        let mut own = roots.iter().filter(|root| root.agent == agent);
        own.any(|root| agents::adapter(agent).home_of(&root.path) == Some(folder))
    };
    let is_usual = |agent: AgentId| {
        usual.iter().any(|(of, name)| *of == agent && Some(name.as_os_str()) == folder.file_name())
    };
    let rivals: Vec<AgentId> =
        AgentId::ALL.into_iter().filter(|other| *other != agent && is_root(*other)).collect();
    if rivals.is_empty() || is_usual(agent) {
        return true;
    }
    let is_there = agents::adapter(agent).roots(folder).iter().any(|root| root.is_dir());
    is_there && !rivals.into_iter().any(is_usual)
}

/// The command that calls this very program, with the config and the ledger that it was given.
pub fn command(agent: AgentId, config: Option<&Path>, ledger: Option<&Path>) -> io::Result<String> {
    let program = paths::program()?;
    let here = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let (config, ledger) = (config.map(here), ledger.map(here));
    let options: Vec<(&str, &Path)> = [("--config", &config), ("--db", &ledger)]
        .into_iter()
        .filter_map(|(name, path)| Some((name, path.as_deref()?)))
        .collect();
    Ok(settings::command(&program, agent, &options))
}

/// How the hook is in a home.
fn state(home: &Home, hook: &Hook, command: &str, seen: &Seen) -> State {
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
        hook.moments.iter().filter(is_missing).map(|moment| hook.words.name(*moment)).collect();
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

/// When hooks were seen, and in which transcripts' sessions; stored or not.
pub fn seen(
    reader: Option<&Reader>,
    ledger: &Path,
    agent: AgentId,
) -> Result<Vec<(Option<PathBuf>, Millis)>, LedgerError> {
    let mut seen = match reader {
        Some(reader) => reader.hooks_seen(agent)?,
        None => Vec::new(),
    };
    if let Some(inbox) = Inbox::open_quickly(&paths::inbox_of(ledger))? {
        let pending = inbox.pending()?.sightings;
        let pending = pending.into_iter().filter(|sighting| sighting.session.agent == agent);
        seen.extend(pending.map(|sighting| (sighting.transcript, sighting.at)));
    }
    Ok(seen)
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}
