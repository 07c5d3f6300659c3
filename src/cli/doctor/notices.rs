//! What could not be told, and whether a desktop notification could be.

use std::time::Duration;

use anyhow::Result;

use super::Finding;
use crate::cli::context::Context;
use crate::format::counted;
use crate::ledger::Reader;
use crate::notice::{call_within, desktop_service};

/// A service that takes longer than this hangs.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// Notices older than this are nobody's concern any more.
const RECENT_MS: i64 = 7 * 86_400_000;

/// Deliveries that are looked at.
const MOST: usize = 1000;

/// Notices of the last days that were tried and not told.
pub(super) fn of_outbox(
    context: &Context,
    reader: &Reader,
    findings: &mut Vec<Finding>,
) -> Result<()> {
    let mut untold = reader.untold(MOST)?;
    let now = context.now();
    untold.retain(|delivery| now.0.saturating_sub(delivery.at.0) < RECENT_MS);
    if untold.is_empty() {
        return Ok(());
    }
    let count = untold.len() as u64;
    let items = untold.iter().map(|delivery| {
        let tries = counted(u64::from(delivery.attempts), "attempt", "attempts");
        let after = if delivery.given_up { "given up after" } else { "still trying after" };
        let error = delivery.error.as_deref().unwrap_or("no reason is known");
        format!("{}: {}: {after} {tries}: {error}", delivery.channel, delivery.title)
    });
    let message = format!(
        "could not be told: {}; `spendtop notify test` tries each channel",
        counted(count, "notice", "notices")
    );
    findings.push(Finding::problem("untold_notice", message, items.collect()));
    Ok(())
}

/// The desktop's notification service, where one is to be used. A hint: a machine without a
/// desktop is no mistake, and a webhook or a command may do.
pub(super) fn of_desktop(context: &Context, findings: &mut Vec<Finding>) {
    if !context.config.notify.desktop {
        return;
    }
    if let Err(why) = call_within("desktop service", ANSWER_WITHIN, desktop_service) {
        let message = format!(
            "desktop notifications cannot be shown from here: {why}. A webhook or a command can \
             tell you, too: [notify] in the config"
        );
        findings.push(Finding::hint("notification_service", message, Vec::new()).counting(1));
    }
}
