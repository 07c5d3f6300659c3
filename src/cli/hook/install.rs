//! `hook install`, `hook uninstall` and `hook status`.

use std::io::Write;

use anyhow::{Context as _, Result, bail};
use serde::Serialize;

use super::super::args::{HookArgs, HookStatusArgs};
use super::super::context::{Context, show};
use super::super::{Outcome, UsageError, inside};
use crate::agents::{self, Hook, Moment};
use crate::format::printable;
use crate::hook::homes::{self, Home, State};
use crate::hook::settings::{Backup, Change, SettingsFile, Unfit, Wanted};
use crate::ledger::Reader;
use crate::model::AgentId;

/// A way to change settings: the file, what is to be there, and whether only to look.
type Way = fn(&SettingsFile, &Wanted<'_>, bool) -> Result<(Vec<Change>, Backup), Unfit>;

/// The agents that are meant, and what their hooks can do: the one that is named, or those that have
/// a config folder here.
fn agents_meant(context: &Context, named: Option<AgentId>) -> Result<Vec<(AgentId, Hook)>> {
    if let Some(agent) = named {
        let hook = agents::adapter(agent).hook().ok_or_else(|| {
            UsageError(format!(
                "{} has no hook that could stop it: over a `kill` cap its process is ended, where \
                 that is known for certain, and else you are told",
                agent.title()
            ))
        })?;
        return Ok(vec![(agent, hook)]);
    }
    let hooks = agents::all().filter_map(|adapter| Some((adapter.id(), adapter.hook()?)));
    Ok(hooks.filter(|(agent, hook)| !homes_of(context, *agent, hook).is_empty()).collect())
}

/// The command that is to stand in the settings.
fn command(context: &Context, agent: AgentId) -> Result<String> {
    let (config, ledger) = (context.global.config.as_deref(), context.global.db.as_deref());
    homes::command(agent, config, ledger).context("cannot tell where this program is")
}

/// Every config folder of an agent that is there.
fn homes_of(context: &Context, agent: AgentId, hook: &Hook) -> Vec<Home> {
    homes::homes(&context.roots(), &context.usual_names(), agent, hook)
}

/// Those of this user, and the hook's state in each.
fn states(context: &Context, agent: AgentId, hook: &Hook) -> Result<Vec<(Home, State)>> {
    let reader = Reader::open(&context.ledger)?;
    let seen = homes::seen(reader.as_ref(), &context.ledger, agent)?;
    let homes = homes_of(context, agent, hook);
    Ok(homes::states(homes, hook, &command(context, agent)?, &seen))
}

pub(super) fn install(context: &Context, args: HookArgs, out: &mut dyn Write) -> Result<Outcome> {
    if !args.dry_run && (context.global.db.is_some() || context.global.config.is_some()) {
        inside::refuse("have the hook look elsewhere")?;
    }
    let outcome = change_all(context, args, SettingsFile::install, out)?;
    if args.dry_run {
        return Ok(outcome);
    }
    for (agent, hook) in agents_meant(context, args.agent)? {
        let states = states(context, agent, &hook)?;
        let mut is_called = true;
        for (home, state) in states.iter().filter(|(_, state)| state.unfit.is_none()) {
            let settings = show(&context.paths, &home.settings);
            for problem in &state.problems {
                writeln!(out, "! {settings}: {}", printable(problem))?;
                is_called = false;
            }
        }
        match hook.consent {
            Some(until_then) if !is_called => writeln!(out, "{until_then}")?,
            Some(_) => {}
            None => writeln!(
                out,
                "{} sessions {} have the hook from their next start on.",
                agent.title(),
                if hook.reloads { "without a terminal" } else { "that are running" }
            )?,
        }
    }
    Ok(outcome)
}

pub(super) fn uninstall(context: &Context, args: HookArgs, out: &mut dyn Write) -> Result<Outcome> {
    if !args.dry_run {
        inside::refuse("take the hook out")?;
    }
    change_all(context, args, SettingsFile::uninstall, out)
}

/// Does it for each agent that is meant. What cannot be done for one keeps no other from it.
fn change_all(context: &Context, args: HookArgs, way: Way, out: &mut dyn Write) -> Result<Outcome> {
    let mut is_done = true;
    let agents = agents_meant(context, args.agent)?;
    if agents.is_empty() {
        bail!(
            "no config folder of an agent with hooks: start the agent once, or name its folder in \
             the config"
        );
    }
    for (agent, hook) in agents {
        is_done &= change(context, (agent, &hook), args.dry_run, way, out)?;
    }
    Ok(if is_done { Outcome::Done } else { Outcome::Failed })
}

/// Tells whether all of an agent's settings could be changed.
fn change(
    context: &Context,
    (agent, hook): (AgentId, &Hook),
    dry_run: bool,
    way: Way,
    out: &mut dyn Write,
) -> Result<bool> {
    let command = command(context, agent)?;
    let wanted = Wanted { command: &command, moments: hook.moments, words: hook.words };
    let homes = homes_of(context, agent, hook);
    if homes.is_empty() {
        let title = agent.title();
        bail!("no config folder of {title}: start it once, or name its folder in the config");
    }
    let mut is_done = true;
    for home in &homes {
        let settings = show(&context.paths, &home.settings);
        if home.is_foreign {
            writeln!(out, "{settings}: another user's, left alone")?;
            continue;
        }
        let file = SettingsFile::read(&home.settings);
        match file.and_then(|file| way(&file, &wanted, dry_run).map(|done| (file, done))) {
            Ok((file, (changes, backup))) => {
                tell(out, &settings, &wanted, &changes, dry_run)?;
                if backup == Backup::Made {
                    let copy = show(&context.paths, &file.backup());
                    writeln!(out, "  (as it was: {copy})")?;
                }
            }
            Err(why) => {
                is_done = false;
                writeln!(out, "! {settings} is left as it is: {why}")?;
            }
        }
    }
    Ok(is_done)
}

fn tell(
    out: &mut dyn Write,
    settings: &str,
    wanted: &Wanted<'_>,
    changes: &[Change],
    dry: bool,
) -> Result<()> {
    if changes.is_empty() {
        writeln!(out, "{settings}: nothing to change")?;
        return Ok(());
    }
    writeln!(out, "{settings}{}", if dry { " (not changed: --dry-run)" } else { "" })?;
    let (command, word) = (wanted.command, |moment: &Moment| wanted.words.name(*moment));
    for change in changes {
        match change {
            Change::Added(moment) => writeln!(out, "  + {}: {command}", word(moment))?,
            Change::Removed(moment, old) => {
                writeln!(out, "  - {}: {}", word(moment), printable(old))?;
            }
            Change::Updated(moment, old) => {
                writeln!(out, "  - {}: {}", word(moment), printable(old))?;
                writeln!(out, "  + {}: {command}", word(moment))?;
            }
        }
    }
    Ok(())
}

#[derive(Serialize)]
struct StatusJson {
    schema: &'static str,
    ok: bool,
    homes: Vec<HomeJson>,
}

#[derive(Serialize)]
struct HomeJson {
    agent: AgentId,
    home: String,
    settings: String,
    /// What is to be called.
    command: String,
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
    let mut ok = true;
    let mut json = Vec::new();
    let agents = agents_meant(context, args.agent)?;
    let mut is_empty = true;
    for (agent, hook) in &agents {
        let states = states(context, *agent, hook)?;
        if states.is_empty() && !args.json {
            writeln!(out, "no config folder of {}", agent.title())?;
        }
        for (home, state) in &states {
            is_empty = false;
            ok &= state.problems.is_empty();
            if args.json {
                json.push(home_json(home, command(context, *agent)?, hook, state));
            } else {
                say(context, home, state, out)?;
            }
        }
    }
    ok &= !is_empty;
    if args.json {
        let json = StatusJson { schema: "spendtop.hook/1", ok, homes: json };
        serde_json::to_writer(&mut *out, &json)?;
        writeln!(out)?;
    } else if agents.is_empty() {
        writeln!(out, "no config folder of an agent with hooks")?;
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

fn home_json(home: &Home, command: String, hook: &Hook, state: &State) -> HomeJson {
    let event = |moment: Moment| EventJson {
        event: hook.words.name(moment),
        command: state
            .placed
            .iter()
            .find(|one| one.moment == moment)
            .map(|one| one.command.clone()),
    };
    HomeJson {
        agent: home.agent,
        command,
        home: home.folder.display().to_string(),
        settings: home.settings.display().to_string(),
        ok: state.problems.is_empty(),
        events: hook.moments.iter().copied().map(event).collect(),
        disable_all_hooks: state.is_disabled,
        last_seen_at: state.last_seen.map(|at| at.timestamp().to_string()),
        problems: state.problems.clone(),
    }
}
