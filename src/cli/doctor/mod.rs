//! `doctor`: what is wrong, and what to do about it.

mod agents;
mod selftest;

use std::io::Write;

use anyhow::Result;
use serde::Serialize;

use self::agents::Agents;
pub(super) use self::selftest::{agent as selftest_agent, run as selftest};
use super::Outcome;
use super::args::DoctorArgs;
use super::context::{Context, Freshness, show};
use crate::format;
use crate::health::{self, Depth, Finding};
use crate::ledger::{LedgerError, Reader};

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
        agents: agents.json(),
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
    let setup = context.setup();
    findings.extend(of_freshness(&context.freshen()?));
    findings.extend(health::foreign_roots(&setup));
    let reader = Reader::open(&context.ledger)?;
    if let Some(reader) = &reader {
        findings.extend(health::of_ledger(reader, &reader.sources()?, Depth::Whole)?);
        findings.extend(health::untold(reader, context.now())?);
    }
    findings.extend(health::hook_failures(&setup, reader.as_ref(), context.now())?);
    findings.extend(health::missing_hooks(&setup, &health::hooks(&setup, reader.as_ref())?));
    if context.config.notify.desktop {
        findings.extend(health::desktop());
    }
    findings.extend(health::old_book(context.book()?.book(), context.now()));
    Ok(())
}

/// What came of bringing the ledger up to date.
fn of_freshness(freshness: &Freshness) -> Vec<Finding> {
    match freshness {
        Freshness::CaughtUp(found) => {
            let nothing = (found.files == 0).then(health::no_transcripts);
            nothing.into_iter().chain(health::unreadable(&found.problems)).collect()
        }
        Freshness::Collected(_) => Vec::new(),
        Freshness::ReadOnly => {
            let message = "the ledger cannot be written, so new calls are not in it: make its \
                           folder and files writable, or set SPENDTOP_DB to another file";
            vec![Finding::problem("ledger", message, Vec::new()).counting(1)]
        }
        Freshness::Behind => {
            let message = "another spendtop is still reading the transcripts";
            vec![Finding::hint("behind", message, Vec::new()).counting(1)]
        }
    }
}
