//! `doctor`: what is wrong, and what to do about it.

mod agents;
mod hooks;
mod notices;

use std::io::Write;
use std::os::unix::fs::MetadataExt;

use anyhow::Result;
use serde::Serialize;

use super::Outcome;
use super::args::JsonArg;
use super::context::{Context, Freshness, show};
use crate::agents::adapter;
use crate::format;
use crate::ledger::{LedgerError, Reader};
use crate::model::AgentId;

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

pub(super) fn run(context: &Context, args: JsonArg, out: &mut dyn Write) -> Result<Outcome> {
    let mut findings = Vec::new();
    if let Err(error) = examine(context, &mut findings) {
        // A ledger that cannot be used is what this command is for; anything else is an error.
        let Some(why) = error.downcast_ref::<LedgerError>() else { return Err(error) };
        // What was found before stands; a damaged ledger may be found so twice.
        if findings.iter().all(|finding| finding.kind != "ledger") {
            findings.push(Finding {
                kind: "ledger",
                count: 1,
                message: why.to_string(),
                items: Vec::new(),
                is_problem: true,
            });
        }
    }
    let ok = findings.iter().all(|finding| !finding.is_problem);
    let agents = agents::Agents::read(context);
    if args.json {
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
    } else {
        agents.write(context, out)?;
        writeln!(out, "ledger  {}", show(&context.paths, &context.ledger))?;
        for finding in &findings {
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
    }
    Ok(if ok { Outcome::Done } else { Outcome::Problems })
}

fn examine(context: &Context, findings: &mut Vec<Finding>) -> Result<()> {
    let freshness = context.freshen()?;
    of_files(&freshness, findings);
    of_roots(context, findings);
    let reader = Reader::open(&context.ledger)?;
    if let Some(reader) = &reader {
        of_ledger(reader, findings)?;
        notices::of_outbox(context, reader, findings)?;
    }
    hooks::of_failures(context, reader.as_ref(), findings)?;
    hooks::of_homes(context, findings)?;
    notices::of_desktop(context, findings);
    of_book(context, findings)
}

fn of_files(freshness: &Freshness, findings: &mut Vec<Finding>) {
    match freshness {
        Freshness::CaughtUp(found) => {
            if found.files == 0 {
                findings.push(Finding {
                    kind: "no_transcripts",
                    count: 0,
                    message:
                        "no transcripts yet: use a coding agent, or name its config folder under \
                              [agents.<name>] roots in the config"
                            .into(),
                    items: Vec::new(),
                    is_problem: false,
                });
            }
            if !found.problems.is_empty() {
                let items: Vec<String> = found
                    .problems
                    .iter()
                    .map(|problem| format!("{}: {}", problem.path.display(), problem.what))
                    .collect();
                findings.push(Finding {
                    kind: "unreadable",
                    count: items.len() as u64,
                    message: format!(
                        "cannot be read, and what it holds is not counted: {}",
                        format::counted(items.len() as u64, "file or folder", "files or folders")
                    ),
                    items,
                    is_problem: true,
                });
            }
        }
        Freshness::Collected(_) => {}
        Freshness::ReadOnly => findings.push(Finding {
            kind: "ledger",
            count: 1,
            message:
                "the ledger cannot be written, so new calls are not in it: make its folder and \
                      files writable, or set SPENDTOP_DB to another file"
                    .into(),
            items: Vec::new(),
            is_problem: true,
        }),
        Freshness::Behind => findings.push(Finding {
            kind: "behind",
            count: 1,
            message: "another spendtop is still reading the transcripts".into(),
            items: Vec::new(),
            is_problem: false,
        }),
    }
}

/// Another user's transcripts can be counted; their sessions are never signalled.
fn of_roots(context: &Context, findings: &mut Vec<Finding>) {
    let us = rustix::process::getuid().as_raw();
    let foreign =
        |path: &std::path::PathBuf| std::fs::metadata(path).is_ok_and(|folder| folder.uid() != us);
    let items: Vec<String> = context
        .roots()
        .into_iter()
        .map(|root| root.path)
        .filter(foreign)
        .map(|path| path.display().to_string())
        .collect();
    if !items.is_empty() {
        let folders = format::counted(items.len() as u64, "folder", "folders");
        findings.push(Finding {
            kind: "foreign_root",
            count: items.len() as u64,
            message: format!(
                "of another user, so caps flag the sessions there and never stop them: {folders}"
            ),
            items,
            is_problem: false,
        });
    }
}

fn of_ledger(reader: &Reader, findings: &mut Vec<Finding>) -> Result<()> {
    let problems = reader.integrity_problems()?;
    if !problems.is_empty() {
        findings.push(Finding {
            kind: "ledger",
            count: problems.len() as u64,
            message: "the ledger is damaged: move it away and run `spendtop ingest`".into(),
            items: problems,
            is_problem: true,
        });
    }
    let sources = reader.sources()?;
    let unparsed = |count: &dyn Fn(&crate::model::Cursor) -> u64| {
        let mut items: Vec<(u64, String)> = sources
            .iter()
            .map(|(path, source)| (count(&source.cursor), path.display().to_string()))
            .filter(|(count, _)| *count > 0)
            .collect();
        items.sort_by(|a, b| b.cmp(a));
        let total: u64 = items.iter().map(|(count, _)| count).sum();
        (total, items.into_iter().map(|(count, path)| format!("{path}: {count}")).collect())
    };
    let (count, items): (u64, Vec<String>) = unparsed(&|cursor| cursor.unparsed);
    if count > 0 {
        let lines = format::counted(count, "line", "lines");
        let message = format!("{lines} could not be read: a call in there is not counted");
        findings.push(Finding { kind: "unparsed_lines", count, message, items, is_problem: true });
    }
    let (count, items): (u64, Vec<String>) = unparsed(&|cursor| cursor.oversized);
    if count > 0 {
        let message = format!(
            "skipped for being longer than 16 MiB: {}",
            format::counted(count, "line", "lines")
        );
        findings.push(Finding { kind: "oversized_lines", count, message, items, is_problem: true });
    }
    let mut undated: Vec<String> = sources
        .iter()
        .filter(|(path, source)| {
            // Another agent's state says nothing to an adapter.
            let state = source.cursor.state.as_deref();
            let tells = |agent: &AgentId| adapter(*agent).open(path, state).has_undated_total();
            state.is_some() && AgentId::ALL.iter().any(tells)
        })
        .map(|(path, _)| path.display().to_string())
        .collect();
    undated.sort();
    if !undated.is_empty() {
        findings.push(Finding {
            kind: "undated_total",
            count: undated.len() as u64,
            message: format!(
                "no record has a time, so the total that the agent states is left out: {}",
                format::counted(undated.len() as u64, "transcript", "transcripts")
            ),
            items: undated,
            is_problem: false,
        });
    }
    let unpriced = reader.unpriced_models()?;
    if !unpriced.is_empty() {
        let count = unpriced.iter().map(|model| model.calls).sum();
        findings.push(Finding {
            kind: "unpriced_model",
            count,
            message: format!(
                "no price for {}, so totals are floors (≥): `spendtop prices update`, or a \
                 [[prices.row]] in the config, then `spendtop reprice`",
                format::counted(count, "call", "calls")
            ),
            items: unpriced.iter().map(|m| format!("{}: {}", m.model, m.reason.words())).collect(),
            is_problem: true,
        });
    }
    let implausible = reader.implausible_calls()?;
    if !implausible.is_empty() {
        findings.push(Finding {
            kind: "implausible_call",
            count: implausible.len() as u64,
            message: format!(
                "more tokens than one call can use in {}: probably corrupt",
                format::counted(implausible.len() as u64, "line", "lines")
            ),
            items: implausible
                .iter()
                .map(|row| format!("{} @ {}", row.path.display(), row.offset))
                .collect(),
            is_problem: true,
        });
    }
    Ok(())
}

fn of_book(context: &Context, findings: &mut Vec<Finding>) -> Result<()> {
    let book = context.book()?;
    let Some(checked) = book.book().checked() else { return Ok(()) };
    let days = (context.now().0 - checked.0) / 86_400_000;
    if days > BOOK_IS_OLD_AFTER_DAYS {
        findings.push(Finding {
            kind: "price_book_age",
            count: days.cast_unsigned(),
            message: format!(
                "the price book was checked {days} days ago: `spendtop prices update`"
            ),
            items: Vec::new(),
            is_problem: false,
        });
    }
    Ok(())
}
