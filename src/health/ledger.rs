//! What is wrong in the ledger, and in the transcripts that it was made from.

use super::Finding;
use super::agents::Sources;
use crate::agents::{adapter, spot};
use crate::format::counted;
use crate::ledger::{CallRow, LedgerError, Reader};
use crate::model::{AgentId, Cursor};

/// How closely a ledger is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Whether the file itself is whole, too: reads all of it.
    Whole,
    /// What can be asked again and again.
    Quick,
}

/// What is wrong in it. `sources` is how far it has read every transcript.
pub fn of_ledger(
    reader: &Reader,
    sources: &Sources,
    depth: Depth,
) -> Result<Vec<Finding>, LedgerError> {
    let mut findings = Vec::new();
    if depth == Depth::Whole {
        findings.extend(damage(reader)?);
    }
    findings.extend(unparsed(sources));
    findings.extend(oversized(sources));
    findings.extend(undated(sources));
    findings.extend(unpriced(reader)?);
    findings.extend(implausible(reader)?);
    Ok(findings)
}

fn damage(reader: &Reader) -> Result<Option<Finding>, LedgerError> {
    let problems = reader.integrity_problems()?;
    let message = "the ledger is damaged: move it away and run `spendtop ingest`";
    Ok((!problems.is_empty()).then(|| Finding::problem("ledger", message, problems)))
}

fn unparsed(sources: &Sources) -> Option<Finding> {
    let (count, items) = lines(sources, |cursor| cursor.unparsed);
    let lines = counted(count, "line", "lines");
    let message = format!("{lines} could not be read: a call in there is not counted");
    (count > 0).then(|| Finding::problem("unparsed_lines", message, items).counting(count))
}

fn oversized(sources: &Sources) -> Option<Finding> {
    let (count, items) = lines(sources, |cursor| cursor.oversized);
    let lines = counted(count, "line", "lines");
    let message = format!("skipped for their size (16 MiB a line, 64 MiB a document): {lines}");
    (count > 0).then(|| Finding::problem("oversized_lines", message, items).counting(count))
}

/// How many lines there are of a kind, and in which transcripts, the most first.
fn lines(sources: &Sources, count: impl Fn(&Cursor) -> u64) -> (u64, Vec<String>) {
    let mut items: Vec<(u64, String)> = sources
        .iter()
        .map(|(path, source)| (count(&source.cursor), path.display().to_string()))
        .filter(|(count, _)| *count > 0)
        .collect();
    items.sort_by(|a, b| b.cmp(a));
    let total = items.iter().map(|(count, _)| count).sum();
    (total, items.into_iter().map(|(count, path)| format!("{path}: {count}")).collect())
}

fn undated(sources: &Sources) -> Option<Finding> {
    let mut items: Vec<String> = sources
        .iter()
        .filter(|(path, source)| {
            // Another agent's state says nothing to an adapter.
            let state = source.cursor.state.as_deref();
            let tells = |agent: &AgentId| adapter(*agent).open(path, state).has_undated_total();
            state.is_some() && AgentId::ALL.iter().any(tells)
        })
        .map(|(path, _)| path.display().to_string())
        .collect();
    items.sort();
    let transcripts = counted(items.len() as u64, "transcript", "transcripts");
    let message = format!(
        "no record has a time, so the total that the agent states is left out: {transcripts}"
    );
    (!items.is_empty()).then(|| Finding::hint("undated_total", message, items))
}

fn unpriced(reader: &Reader) -> Result<Option<Finding>, LedgerError> {
    let models = reader.unpriced_models()?;
    let count = models.iter().map(|model| model.calls).sum();
    let message = format!(
        "no price for {}, so totals are floors (≥): `spendtop prices update`, or a [[prices.row]] \
         in the config, then `spendtop reprice`",
        counted(count, "call", "calls")
    );
    let items = models.iter().map(|m| format!("{}: {}", m.model, m.reason.words())).collect();
    let finding = || Finding::problem("unpriced_model", message, items).counting(count);
    Ok((!models.is_empty()).then(finding))
}

fn implausible(reader: &Reader) -> Result<Option<Finding>, LedgerError> {
    let calls = reader.implausible_calls()?;
    let message = format!(
        "more tokens than one call can use in {}: probably corrupt",
        counted(calls.len() as u64, "line", "lines")
    );
    let place = |row: &CallRow| {
        format!("{} {}", row.path.display(), spot(row.agent, &row.path, row.offset))
    };
    let items: Vec<String> = calls.iter().map(place).collect();
    Ok((!items.is_empty()).then(|| Finding::problem("implausible_call", message, items)))
}
