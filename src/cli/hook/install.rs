//! `hook install`, `hook uninstall` and `hook status`.

use std::io::Write;

use anyhow::{Result, bail};
use serde::Serialize;

use super::super::args::{HookArgs, HookStatusArgs};
use super::super::context::{Context, show};
use super::super::{Outcome, inside};
use super::homes::{self, Home, State};
use crate::format::printable;
use crate::hook::Moment;
use crate::hook::settings::{Backup, Change, SettingsFile, Unfit};

/// A way to change settings: the file, the command, and whether only to look.
type Way = fn(&SettingsFile, &str, bool) -> Result<(Vec<Change>, Backup), Unfit>;

pub(super) fn install(context: &Context, args: HookArgs, out: &mut dyn Write) -> Result<Outcome> {
    if !args.dry_run && (context.global.db.is_some() || context.global.config.is_some()) {
        inside::refuse("have the hook look elsewhere")?;
    }
    let outcome = change(context, args, SettingsFile::install, out)?;
    if !args.dry_run && outcome == Outcome::Done {
        writeln!(
            out,
            "Sessions that run without a terminal have the hook from their next start on."
        )?;
    }
    if let Some(path) = homes::managed_only() {
        writeln!(out, "! {path} allows no hooks but its own: this one will not be called.")?;
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
    let command = homes::command(context)?;
    let homes = homes::homes(context);
    if homes.is_empty() {
        bail!("no config folder of Claude Code: start it once, or name its folder in the config");
    }
    let mut failed = false;
    for home in &homes {
        let settings = show(&context.paths, &home.settings);
        if home.is_foreign {
            writeln!(out, "{settings}: another user's, left alone")?;
            continue;
        }
        let file = SettingsFile::read(&home.settings);
        match file.and_then(|file| way(&file, &command, args.dry_run).map(|done| (file, done))) {
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
    homes: Vec<HomeJson>,
    managed_only: Option<&'static str>,
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
    let command = homes::command(context)?;
    let seen = homes::seen(context)?;
    let managed = homes::managed_only();
    let homes: Vec<(Home, State)> = homes::homes(context)
        .into_iter()
        .filter(|home| !home.is_foreign)
        .map(|home| {
            let state = homes::state(&home, &command, &seen);
            (home, state)
        })
        .collect();
    let ok = managed.is_none()
        && !homes.is_empty()
        && homes.iter().all(|(_, state)| state.problems.is_empty());
    if args.json {
        let homes = homes.iter().map(|(home, state)| home_json(home, state)).collect();
        let schema = "spendtop.hook/1";
        let json = StatusJson { schema, ok, command, homes, managed_only: managed };
        serde_json::to_writer(&mut *out, &json)?;
        writeln!(out)?;
    } else {
        if homes.is_empty() {
            writeln!(out, "no config folder of Claude Code")?;
        }
        for (home, state) in &homes {
            say(context, home, state, out)?;
        }
        if let Some(path) = managed {
            writeln!(out, "! {path} allows no hooks but its own")?;
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

fn home_json(home: &Home, state: &State) -> HomeJson {
    let event = |moment: Moment| EventJson {
        event: moment.name(),
        command: state
            .commands
            .iter()
            .find(|(there, _)| *there == moment)
            .map(|(_, command)| command.clone()),
    };
    HomeJson {
        home: home.folder.display().to_string(),
        settings: home.settings.display().to_string(),
        ok: state.problems.is_empty(),
        events: Moment::ALL.into_iter().map(event).collect(),
        disable_all_hooks: state.is_disabled,
        last_seen_at: state.last_seen.map(|at| at.timestamp().to_string()),
        problems: state.problems.clone(),
    }
}
