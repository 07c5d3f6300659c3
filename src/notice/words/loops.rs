//! What is said of an agent that goes round and round: what repeats (a tool's name, nothing of what
//! it was asked), how often, since when, and what that has cost.

use jiff::tz::TimeZone;

use super::{name, notice, place, session_note};
use crate::format::{fit, money_fixed, printable, thousands};
use crate::model::{Millis, Notice, SessionKey, UsdTotal};
use crate::policy::loops::{Alarm, Detector, Level};

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

/// `Bash ×14`, or `14 rounds` where no tool is the matter.
fn times(alarm: &Alarm) -> String {
    let count = thousands(u64::from(alarm.count));
    match &alarm.tool {
        Some(tool) => format!("{} ×{count}", fit(&printable(tool), TOOL)),
        None => match alarm.detector {
            Detector::Compaction => format!("{count} compactions"),
            Detector::Unattended => format!("{count} rounds"),
            _ => format!("×{count}"),
        },
    }
}

fn clock(at: Millis, zone: &TimeZone) -> String {
    at.timestamp().to_zoned_datetime(zone.clone()).strftime("%H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PicoUsd;

    #[test]
    fn what_repeats_has_a_name_whether_or_not_it_is_a_tool() {
        let of = |detector, tool: Option<&str>| {
            times(&Alarm {
                detector,
                level: Level::Loop,
                what: None,
                tool: tool.map(Into::into),
                kind: None,
                count: 1_028,
                since: Millis(0),
                at: Millis(0),
                cost: PicoUsd::ZERO,
            })
        };
        assert_eq!(of(Detector::SameResult, Some("Bash")), "Bash ×1,028");
        assert_eq!(of(Detector::Unattended, None), "1,028 rounds");
        assert_eq!(of(Detector::Compaction, None), "1,028 compactions");
        assert_eq!(of(Detector::Cycle, None), "×1,028");
    }
}
