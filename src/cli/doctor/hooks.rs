//! Hooks that failed, and caps that need a hook which is not there.

use anyhow::Result;

use super::Finding;
use crate::agents;
use crate::cli::context::{Context, show};
use crate::cli::hook::homes;
use crate::format::counted;
use crate::ledger::{Inbox, Reader};
use crate::model::Millis;
use crate::paths;

/// Failures older than this are nobody's concern any more.
const RECENT_MS: i64 = 7 * 86_400_000;

/// Hooks that failed in the last days, stored or not.
pub(super) fn of_failures(
    context: &Context,
    reader: Option<&Reader>,
    findings: &mut Vec<Finding>,
) -> Result<()> {
    let since = Millis(context.now().0.saturating_sub(RECENT_MS));
    let (mut count, mut last) = match reader {
        Some(reader) => reader.hook_failures(since)?,
        None => (0, None),
    };
    if let Some(inbox) = Inbox::open_quickly(&paths::inbox_of(&context.ledger))? {
        let (more, latest) = inbox.failures(since)?;
        count += more;
        last = latest.or(last);
    }
    if count > 0 {
        let message = format!(
            "the hook failed {} in the last 7 days and {}; last:",
            counted(count, "time", "times"),
            if context.config.on_hook_error == crate::config::OnError::Block {
                "stopped the agent"
            } else {
                "let the agent go on"
            }
        );
        let items = last.into_iter().collect();
        findings.push(Finding::problem("hook_failure", message, items).counting(count));
    }
    Ok(())
}

/// A cap that is to stop sessions, and a home without the hook. A hint for caps that also kill.
pub(super) fn of_homes(context: &Context, findings: &mut Vec<Finding>) -> Result<()> {
    if !context.config.caps.iter().any(|cap| cap.action.stops()) {
        return Ok(());
    }
    let mut items = Vec::new();
    for adapter in agents::all() {
        let Some(hook) = adapter.hook() else { continue };
        for (home, state) in homes::states(context, adapter.id(), &hook)? {
            let settings = show(&context.paths, &home.settings);
            items.extend(state.problems.iter().map(|problem| format!("{settings}: {problem}")));
        }
    }
    if !items.is_empty() {
        let message = "a cap is to stop sessions, and the hook that does so is not in place";
        findings.push(Finding::problem("hook", message, items));
    }
    Ok(())
}
