//! `doctor`: what is wrong, and what to do about it.

mod agents;
mod files;
mod hooks;
mod ledger;
mod notices;
mod selftest;

use std::io::Write;

use anyhow::Result;
use serde::Serialize;

use self::agents::Agents;
pub(super) use self::selftest::{agent as selftest_agent, run as selftest};
use super::Outcome;
use super::args::DoctorArgs;
use super::context::{Context, show};
use crate::format;
use crate::ledger::{LedgerError, Reader};

/// Days after which a price book should be looked at.
const BOOK_IS_OLD_AFTER_DAYS: i64 = 45;

/// Transcripts or models that a finding names at most; the JSON form has them all.
const EXAMPLES: usize = 5;

#[derive(Serialize)]
struct DoctorJson {
    schema: &'static str,
    ok: bool,
    agents: Vec<agents::AgentJson>,
    roots: Vec<agents::RootJson>,
    ledger: String,
    findings: Vec<Finding>,
}

/// Something that is not as it should be.
#[derive(Debug, Serialize)]
struct Finding {
    /// What kind: `unreadable`, `unparsed_lines`, `oversized_lines`, `unpriced_model`,
    /// `implausible_call`, `undated_total`, `ledger`, `price_book_age`, `no_transcripts`, `behind`,
    /// `foreign_root`, `untold_notice`, `notification_service`, `hook_failure`, `hook`.
    kind: &'static str,
    /// How many.
    count: u64,
    /// What, and what to do.
    message: String,
    /// Files or ids.
    items: Vec<String>,
    /// It may make a total wrong; a hint does not change the exit code.
    is_problem: bool,
}

impl Finding {
    /// Something that may make a total wrong. There is as much of it as there are items.
    fn problem(kind: &'static str, message: impl Into<String>, items: Vec<String>) -> Self {
        let count = items.len() as u64;
        Self { kind, count, message: message.into(), items, is_problem: true }
    }

    /// Something to know, which changes no exit code.
    fn hint(kind: &'static str, message: impl Into<String>, items: Vec<String>) -> Self {
        Self { is_problem: false, ..Self::problem(kind, message, items) }
    }

    /// The same of so many.
    fn counting(self, count: u64) -> Self {
        Self { count, ..self }
    }
}

pub(super) fn run(context: &Context, args: DoctorArgs, out: &mut dyn Write) -> Result<Outcome> {
    let mut findings = Vec::new();
    if let Err(error) = examine(context, &mut findings) {
        // A ledger that cannot be used is what this command is for; anything else is an error.
        let Some(why) = error.downcast_ref::<LedgerError>() else { return Err(error) };
        // What was found before stands; a damaged ledger may be found so twice.
        if findings.iter().all(|finding| finding.kind != "ledger") {
            findings.push(Finding::problem("ledger", why.to_string(), Vec::new()).counting(1));
        }
    }
    let ok = findings.iter().all(|finding| !finding.is_problem);
    if args.json {
        write_json(context, ok, findings, out)?;
    } else {
        write_text(context, ok, &findings, out)?;
    }
    Ok(if ok { Outcome::Done } else { Outcome::Problems })
}

fn write_json(
    context: &Context,
    ok: bool,
    findings: Vec<Finding>,
    out: &mut dyn Write,
) -> Result<()> {
    let agents = Agents::read(context);
    let json = DoctorJson {
        schema: "spendtop.doctor/1",
        ok,
        agents: agents.json(context),
        roots: agents.roots_json(),
        ledger: context.ledger.display().to_string(),
        findings,
    };
    serde_json::to_writer(&mut *out, &json)?;
    writeln!(out)?;
    Ok(())
}

fn write_text(
    context: &Context,
    ok: bool,
    findings: &[Finding],
    out: &mut dyn Write,
) -> Result<()> {
    Agents::read(context).write(context, out)?;
    writeln!(out, "ledger  {}", show(&context.paths, &context.ledger))?;
    for finding in findings {
        let mark = if finding.is_problem { "!" } else { "·" };
        writeln!(out, "{mark} {}", finding.message)?;
        for item in finding.items.iter().take(EXAMPLES) {
            writeln!(out, "    {}", format::printable(item))?;
        }
        if finding.items.len() > EXAMPLES {
            writeln!(out, "    and {} more", finding.items.len() - EXAMPLES)?;
        }
    }
    if ok {
        writeln!(out, "All is well.")?;
    }
    Ok(())
}

fn examine(context: &Context, findings: &mut Vec<Finding>) -> Result<()> {
    let freshness = context.freshen()?;
    files::of_files(&freshness, findings);
    files::of_roots(context, findings);
    let reader = Reader::open(&context.ledger)?;
    if let Some(reader) = &reader {
        ledger::of_ledger(reader, findings)?;
        notices::of_outbox(context, reader, findings)?;
    }
    hooks::of_failures(context, reader.as_ref(), findings)?;
    hooks::of_homes(context, findings)?;
    notices::of_desktop(context, findings);
    of_book(context, findings)
}

fn of_book(context: &Context, findings: &mut Vec<Finding>) -> Result<()> {
    let book = context.book()?;
    let Some(checked) = book.book().checked() else { return Ok(()) };
    let days = (context.now().0 - checked.0) / 86_400_000;
    if days > BOOK_IS_OLD_AFTER_DAYS {
        let message =
            format!("the price book was checked {days} days ago: `spendtop prices update`");
        let finding = Finding::hint("price_book_age", message, Vec::new());
        findings.push(finding.counting(days.cast_unsigned()));
    }
    Ok(())
}
