//! The thresholds of loops as the config file means them.

use super::caps::{Mistake, positive};
use super::file::{Count, LoopsTable};
use crate::policy::loops::Thresholds;

/// What the table says, and the defaults of what it does not.
pub(super) fn resolve(table: &LoopsTable) -> Result<Thresholds, Mistake> {
    let mut limits = Thresholds::default();
    for (name, least, said, limit) in [
        ("same_result", 2, &table.same_result, &mut limits.same_result),
        ("same_answer", 2, &table.same_answer, &mut limits.same_answer),
        ("polling", 2, &table.polling, &mut limits.polling),
        ("waiting", 2, &table.waiting, &mut limits.waiting),
        ("same_error", 2, &table.same_error, &mut limits.same_error),
        ("failed_fixes", 2, &table.failed_fixes, &mut limits.failed_fixes),
        ("cycle", 2, &table.cycle, &mut limits.cycle),
        ("changing_cycle", 2, &table.changing_cycle, &mut limits.changing_cycle),
        ("edit_revert", 2, &table.edit_revert, &mut limits.edit_revert),
        ("rounds", 1, &table.rounds, &mut limits.rounds),
        ("subagents", 2, &table.subagents, &mut limits.subagents),
        ("nested_subagents", 1, &table.nested_subagents, &mut limits.nested_subagents),
        ("same_brief", 2, &table.same_brief, &mut limits.same_brief),
        ("compaction", 2, &table.compaction, &mut limits.compaction),
        ("sent_on", 2, &table.sent_on, &mut limits.sent_on),
        ("woken", 2, &table.woken, &mut limits.woken),
        ("unattended_turns", 2, &table.unattended_turns, &mut limits.unattended_turns),
    ] {
        set(name, least, said, limit)?;
    }
    for (name, said, limit) in [
        ("unattended_usd", &table.unattended_usd, &mut limits.unattended_usd),
        ("runaway_usd", &table.runaway_usd, &mut limits.runaway_usd),
    ] {
        if let Some(amount) = said {
            *limit = positive(amount, name)?;
        }
    }
    Ok(limits)
}

/// Once is no repetition.
fn set(name: &str, least: u32, said: &Count, limit: &mut u32) -> Result<(), Mistake> {
    let Some(count) = said else { return Ok(()) };
    if *count.get_ref() < least {
        return Err(Mistake {
            span: count.span(),
            what: format!("{name} must be {least} or more"),
        });
    }
    *limit = *count.get_ref();
    Ok(())
}
