//! `hook install`, `hook uninstall` and `hook status`.

use std::io::Write;

use anyhow::{Result, bail};
use serde::Serialize;

use super::super::args::{HookArgs, HookStatusArgs};
use super::super::context::{Context, show};
use super::super::{Outcome, UsageError, inside};
use super::homes::{self, Home, State};
use crate::agents::{self, Hook, Moment};
use crate::format::printable;
use crate::hook::settings::{Backup, Change, SettingsFile, Unfit, Wanted};
use crate::model::AgentId;

/// A way to change settings: the file, what is to be there, and whether only to look.
type Way = fn(&SettingsFile, &Wanted<'_>, bool) -> Result<(Vec<Change>, Backup), Unfit>;

/// What an agent's hook can do; an error for an agent without one.
fn hook_of(agent: AgentId) -> Result<Hook> {
    agents::adapter(agent).hook().ok_or_else(|| {
        let why = format!("{} has no hook that could stop it", agent.title());
        UsageError(why).into()
    })
}

pub(super) fn install(context: &Context, args: HookArgs, out: &mut dyn Write) -> Result<Outcome> {
    if !args.dry_run && (context.global.db.is_some() || context.global.config.is_some()) {
        inside::refuse("have the hook look elsewhere")?;
    }
    let outcome = change(context, args, SettingsFile::install, out)?;
    if args.dry_run || outcome != Outcome::Done {
        return Ok(outcome);
    }
    let hook = hook_of(args.agent)?;
    match hook.consent {
        Some(consent) => writeln!(out, "{consent}")?,
        None => writeln!(
            out,
            "Sessions that run without a terminal have the hook from their next start on."
        )?,
    }
    let command = homes::command(context, args.agent)?;
    for home in homes::homes(context, args.agent, &hook).iter().filter(|home| !home.is_foreign) {
        for problem in homes::state(home, &hook, &command, &[]).problems {
            writeln!(out, "! {}", printable(&problem))?;
        }
    }
    Ok(outcome)
}

pub(super) fn uninstall(context: &Context, args: HookArgs, out: &mut dyn Write) -> Result<Outcome> {
    if !args.dry_run {
        inside::refuse("take the hook out")?;
    }
    change(context, args, SettingsFile::uninstall, out)
}

fn change(context: &Context, args: HookArgs, way: Way, out: &mut dyn Write) -> Result<Outcome> {
    let hook = hook_of(args.agent)?;
    let command = homes::command(context, args.agent)?;
    let wanted = Wanted { command: &command, moments: hook.moments };
    let homes = homes::homes(context, args.agent, &hook);
    if homes.is_empty() {
        let title = args.agent.title();
        bail!("no config folder of {title}: start it once, or name its folder in the config");
    }
    let mut failed = false;
    for home in &homes {
        let settings = show(&context.paths, &home.settings);
        if home.is_foreign {
            writeln!(out, "{settings}: another user's, left alone")?;
            continue;
        }
        let file = SettingsFile::read(&home.settings);
        match file.and_then(|file| way(&file, &wanted, args.dry_run).map(|done| (file, done))) {
            Ok((file, (changes, backup))) => {
                tell(out, &settings, &command, &changes, args.dry_run)?;
                if backup == Backup::Made {
                    let copy = show(&context.paths, &file.backup());
                    writeln!(out, "  (as it was: {copy})")?;
                }
            }
            Err(why) => {
                failed = true;
                writeln!(out, "! {settings} is left as it is: {why}")?;
            }
        }
    }
    Ok(if failed { Outcome::Failed } else { Outcome::Done })
}

fn tell(
    out: &mut dyn Write,
    settings: &str,
    command: &str,
    changes: &[Change],
    dry: bool,
) -> Result<()> {
    if changes.is_empty() {
        writeln!(out, "{settings}: nothing to change")?;
        return Ok(());
    }
    writeln!(out, "{settings}{}", if dry { " (not changed: --dry-run)" } else { "" })?;
    for change in changes {
        match change {
            Change::Added(moment) => writeln!(out, "  + {}: {command}", moment.name())?,
            Change::Removed(moment, old) => {
                writeln!(out, "  - {}: {}", moment.name(), printable(old))?;
            }
            Change::Updated(moment, old) => {
                writeln!(out, "  - {}: {}", moment.name(), printable(old))?;
                writeln!(out, "  + {}: {command}", moment.name())?;
            }
        }
    }
    Ok(())
}

#[derive(Serialize)]
struct StatusJson {
    schema: &'static str,
    ok: bool,
    command: String,
    agent: AgentId,
    homes: Vec<HomeJson>,
}

#[derive(Serialize)]
struct HomeJson {
    home: String,
    settings: String,
    ok: bool,
    events: Vec<EventJson>,
    disable_all_hooks: bool,
    last_seen_at: Option<String>,
    problems: Vec<String>,
}

#[derive(Serialize)]
struct EventJson {
    event: &'static str,
    command: Option<String>,
}

pub(super) fn status(
    context: &Context,
    args: HookStatusArgs,
    out: &mut dyn Write,
) -> Result<Outcome> {
    let hook = hook_of(args.agent)?;
    let command = homes::command(context, args.agent)?;
    let seen = homes::seen(context, args.agent)?;
    let homes: Vec<(Home, State)> = homes::homes(context, args.agent, &hook)
        .into_iter()
        .filter(|home| !home.is_foreign)
        .map(|home| {
            let state = homes::state(&home, &hook, &command, &seen);
            (home, state)
        })
        .collect();
    let ok = !homes.is_empty() && homes.iter().all(|(_, state)| state.problems.is_empty());
    if args.json {
        let homes = homes.iter().map(|(home, state)| home_json(home, &hook, state)).collect();
        let schema = "spendtop.hook/1";
        let json = StatusJson { schema, ok, command, agent: args.agent, homes };
        serde_json::to_writer(&mut *out, &json)?;
        writeln!(out)?;
    } else {
        if homes.is_empty() {
            writeln!(out, "no config folder of {}", args.agent.title())?;
        }
        for (home, state) in &homes {
            say(context, home, state, out)?;
        }
    }
    Ok(if ok { Outcome::Done } else { Outcome::Problems })
}

fn say(context: &Context, home: &Home, state: &State, out: &mut dyn Write) -> Result<()> {
    let settings = show(&context.paths, &home.settings);
    let ok = state.problems.is_empty();
    writeln!(out, "{}{settings}", if ok { "installed  " } else { "!          " })?;
    for problem in &state.problems {
        writeln!(out, "           {}", printable(problem))?;
    }
    let seen = match state.last_seen {
        Some(at) => {
            let at = at.timestamp().to_zoned_datetime(context.config.zone());
            format!("a new session was last seen {}", at.strftime("%Y-%m-%d %H:%M"))
        }
        None => "not called yet".to_owned(),
    };
    writeln!(out, "           {seen}")?;
    Ok(())
}

fn home_json(home: &Home, hook: &Hook, state: &State) -> HomeJson {
    let event = |moment: Moment| EventJson {
        event: moment.name(),
        command: state
            .placed
            .iter()
            .find(|one| one.moment == moment)
            .map(|one| one.command.clone()),
    };
    HomeJson {
        home: home.folder.display().to_string(),
        settings: home.settings.display().to_string(),
        ok: state.problems.is_empty(),
        events: hook.moments.iter().copied().map(event).collect(),
        disable_all_hooks: state.is_disabled,
        last_seen_at: state.last_seen.map(|at| at.timestamp().to_string()),
        problems: state.problems.clone(),
    }
}
