//! Everything at once, for whoever shows it and looks again and again.

use std::sync::Arc;

use super::{
    AgentState, CollectorState, Depth, Finding, HookState, Setup, agents, collector, foreign_roots,
    hook_failures, hooks, missing_hooks, no_transcripts, of_ledger, old_book, unopened, unreadable,
    untold,
};
use crate::daemon::holder;
use crate::ingest;
use crate::ledger::{LedgerError, Reader};
use crate::model::Millis;
use crate::paths;
use crate::pricing::PriceBook;

/// How all is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checkup {
    /// What is wrong, the worst first.
    pub findings: Vec<Finding>,
    /// Who keeps the ledger up to date.
    pub collector: CollectorState,
    /// What is read of each agent.
    pub agents: Vec<AgentState>,
    /// The hook in each agent's folder.
    pub hooks: Vec<HookState>,
    /// Bytes of the ledger's file.
    pub ledger_bytes: u64,
}

/// Looks at all that can be looked at again and again: neither at every page of the ledger, nor for
/// the desktop's service, which may take its time.
pub fn checkup(
    setup: &Setup,
    reader: &Reader,
    book: &Arc<PriceBook>,
    now: Millis,
) -> Result<Checkup, LedgerError> {
    let sources = reader.sources()?;
    let agents = agents(setup, Some(reader), &sources)?;
    let hooks = hooks(setup, Some(reader))?;
    let mut findings = of_ledger(reader, &sources, Depth::Quick)?;
    let discovery = ingest::discover(&setup.roots);
    let (is_empty, mut problems) = (discovery.files.is_empty(), discovery.problems.clone());
    let mut sources = sources;
    let unread = ingest::scan(discovery, &mut sources);
    problems.extend(unopened(&unread));
    findings.extend(unreadable(&problems));
    findings.extend((is_empty && problems.is_empty()).then(no_transcripts));
    findings.extend(missing_hooks(setup, &hooks));
    findings.extend(hook_failures(setup, Some(reader), now)?);
    findings.extend(untold(reader, now)?);
    findings.extend(old_book(book, now));
    findings.extend(foreign_roots(setup));
    findings.sort_by_key(|finding| !finding.is_problem);
    let collector = match holder(&paths::lock_of(&setup.ledger)) {
        (true, holder) => collector(&setup.ledger, holder.as_ref(), &unread, now),
        (false, _) => CollectorState::default(),
    };
    let ledger_bytes = std::fs::metadata(&setup.ledger).map_or(0, |file| file.len());
    Ok(Checkup { findings, collector, agents, hooks, ledger_bytes })
}
