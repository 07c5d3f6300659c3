//! What could not be told, and whether a desktop notification could be.

use std::time::Duration;

use super::Finding;
use crate::format::counted;
use crate::ledger::{LedgerError, Reader};
use crate::model::Millis;
use crate::notice::{call_within, desktop_service};

/// A service that takes longer than this hangs.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// Notices older than this are nobody's concern any more.
const RECENT_MS: i64 = 7 * 86_400_000;

/// Deliveries that are looked at.
const MOST: usize = 1000;

/// Notices of the last days that were tried and not told.
pub fn untold(reader: &Reader, now: Millis) -> Result<Option<Finding>, LedgerError> {
    let mut untold = reader.untold(MOST)?;
    untold.retain(|delivery| now.since(delivery.at) < RECENT_MS);
    if untold.is_empty() {
        return Ok(None);
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
    Ok(Some(Finding::problem("untold_notice", message, items.collect())))
}

/// The desktop's notification service, where one is to be used. A hint: a machine without a
/// desktop is no mistake, and a webhook or a command may do. Takes two seconds at the most.
pub fn desktop() -> Option<Finding> {
    let why = call_within("desktop service", ANSWER_WITHIN, desktop_service).err()?;
    let message = format!(
        "desktop notifications cannot be shown from here: {why}. A webhook or a command can tell \
         you, too: [notify] in the config"
    );
    Some(Finding::hint("notification_service", message, Vec::new()).counting(1))
}
