//! What is said of an agent that goes round and round: what repeats (a tool's name, nothing of what
//! it was asked), how often, since when, and what that has cost.

use jiff::tz::TimeZone;

use super::{name, notice, place, session_note};
use crate::format::{fit, money_fixed, printable, thousands};
use crate::model::{Millis, Notice, SessionKey, UsdTotal};
use crate::policy::loops::{Alarm, Level};

/// Cells of a tool's name.
const TOOL: usize = 40;

/// A loop was found, or has become a runaway: told once of each.
pub fn of_loop(
    session: &SessionKey,
    subagent: &str,
    project: &str,
    since: Millis,
    alarm: &Alarm,
    zone: &TimeZone,
    now: Millis,
) -> Notice {
    let cost = money_fixed(UsdTotal::from(alarm.cost), 2);
    let what = if alarm.level >= Level::Runaway { "runs away" } else { "goes round and round" };
    let title = format!("an agent {what}{}: {}, {cost} so far", place(project), times(alarm));
    let who = if subagent.is_empty() { "" } else { "a subagent of " };
    let begin = clock(since, zone);
    let lines = [
        format!("It is {}, since {begin}.", alarm.detector.phrase()),
        format!("This is in {who}session {}. Look with `spendtop`.", name(session)),
    ];
    let more = format!("{subagent}/{}/{}/{}", alarm.detector, since.0, alarm.level);
    notice(session_note("loop", session, &more), now, &title, &lines, false)
}

/// The same for the audit trail.
pub fn loop_evidence(since: Millis, alarm: &Alarm, zone: &TimeZone) -> String {
    let cost = money_fixed(UsdTotal::from(alarm.cost), 2);
    format!(
        "{}: {}, {}, since {}, {cost}",
        alarm.level,
        times(alarm),
        alarm.detector.phrase(),
        clock(since, zone)
    )
}

/// `Bash ×14`, or `×14` where no tool is the matter.
fn times(alarm: &Alarm) -> String {
    let count = thousands(u64::from(alarm.count));
    match &alarm.tool {
        Some(tool) => format!("{} ×{count}", fit(&printable(tool), TOOL)),
        None => format!("×{count}"),
    }
}

fn clock(at: Millis, zone: &TimeZone) -> String {
    at.timestamp().to_zoned_datetime(zone.clone()).strftime("%H:%M").to_string()
}
