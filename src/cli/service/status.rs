//! `service status`: is the unit there, does it run, and does anybody write the ledger.

use std::io::Write;

use anyhow::Result;
use serde::Serialize;

use super::tool::{self, Ran};
use super::unit::{self, System};
use super::{Service, paths};
use crate::cli::Outcome;
use crate::cli::args::JsonArg;
use crate::cli::context::{Context, show};
use crate::daemon::{Holder, holder};
use crate::format::printable;

#[derive(Serialize)]
struct StatusJson {
    schema: &'static str,
    unit: String,
    installed: bool,
    /// Written by `service install`, and what it would write now.
    up_to_date: bool,
    /// `enabled`, `disabled`, …; none where the system does not say.
    enabled: Option<String>,
    /// `active`, `inactive`, `failed`, …
    active: Option<String>,
    /// Some process holds the ledger's lock.
    ledger_held: bool,
    /// Who, by its own word.
    holder: Option<Holder>,
}

pub(super) fn run(
    context: &Context,
    service: &Service,
    args: JsonArg,
    out: &mut dyn Write,
) -> Result<Outcome> {
    let text = service.text()?;
    let wanted = unit::render(service.system, &service.job).ok();
    let (ledger_held, holder) = holder(&paths::lock_of(&context.ledger));
    let (enabled, active) = match service.system {
        System::Systemd => (ask("is-enabled"), ask("is-active")),
        System::Launchd => (None, loaded()),
    };
    let status = StatusJson {
        schema: "spendtop.service/1",
        unit: service.file.display().to_string(),
        installed: text.is_some(),
        up_to_date: text.is_some() && text == wanted,
        enabled,
        active,
        ledger_held,
        holder,
    };
    if args.json {
        serde_json::to_writer(&mut *out, &status)?;
        writeln!(out)?;
        return Ok(Outcome::Done);
    }
    let file = show(&context.paths, &service.file);
    let unit = match (&text, status.up_to_date) {
        (None, _) => "not installed".to_owned(),
        (Some(_), true) => file,
        (Some(text), false) if unit::is_ours(text) => {
            format!("{file} (not what `service install` would write now)")
        }
        (Some(_), false) => format!("{file} (not by `service install`)"),
    };
    writeln!(out, "unit     {unit}")?;
    writeln!(out, "enabled  {}", status.enabled.as_deref().unwrap_or("unknown"))?;
    writeln!(out, "active   {}", status.active.as_deref().unwrap_or("unknown"))?;
    let who = match (&status.holder, status.ledger_held) {
        (_, false) => "nobody follows the transcripts".to_owned(),
        (None, true) => "held by a process that has not said who it is".to_owned(),
        (Some(holder), true) => {
            let still = if holder.caught_up { "" } else { ", still reading" };
            format!("held by pid {}, version {}{still}", holder.pid, printable(&holder.version))
        }
    };
    writeln!(out, "ledger   {who}")?;
    Ok(Outcome::Done)
}

/// What systemd says of the unit, in its one word.
fn ask(what: &str) -> Option<String> {
    match tool::run(&["systemctl", "--user", what, "spendtop.service"]) {
        Ok(Ran::Ended { out, .. }) if !out.is_empty() => Some(printable(&out).into_owned()),
        _ => None,
    }
}

/// launchd knows the agent, or does not.
fn loaded() -> Option<String> {
    let name = format!("gui/{}/io.github.spendtop", paths::user_number());
    match tool::run(&["launchctl", "print", &name]) {
        Ok(Ran::Ended { well, .. }) => Some(if well { "active" } else { "inactive" }.to_owned()),
        _ => None,
    }
}
