//! A made-up week of work for `spendtop demo`: transcripts as Claude Code writes them. What one
//! [`Thread`] writes serves `doctor --selftest`, too.
//!
//! Pure: everything follows from the time it is asked for. The records go through the same reader,
//! prices and ledger as real ones. Depends on `model` only.

mod record;
mod story;

pub use self::record::{Thread, Tokens};
use crate::model::{Millis, PicoUsd};

/// What the demo's developer may spend on a day; the runaway subagent breaks it in the minutes that
/// are still to come.
pub const DAILY_CAP: PicoUsd = PicoUsd::from_dollars(20);

/// How long the made-up work goes on after now.
pub const AHEAD: i64 = 10 * 60_000;

/// A line of a transcript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoLine {
    /// When it is written.
    pub at: Millis,
    /// The transcript, as a path below Claude Code's `projects` folder.
    pub file: String,
    /// The record, without a line end.
    pub line: String,
}

/// The lines of the seven days up to `now` and of the ten minutes after it, in the order of time.
pub fn script(now: Millis) -> Vec<DemoLine> {
    let end = Millis(now.0.saturating_add(AHEAD));
    let mut lines = Vec::new();
    for plot in story::PLOTS {
        plot.tell(now, end, &mut lines);
    }
    lines.sort_by_key(|line| line.at);
    lines
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const NOW: Millis = Millis(1_795_448_454_838);

    #[test]
    fn the_same_story_every_time() {
        assert_eq!(script(NOW), script(NOW));
    }

    #[test]
    fn a_week_up_to_now_and_some_minutes_more() {
        let lines = script(NOW);
        assert!(lines.is_sorted_by_key(|line| line.at));
        let week = 7 * 86_400_000;
        assert!(lines.iter().all(|line| (NOW.0 - week..=NOW.0 + AHEAD).contains(&line.at.0)));
        let ahead = lines.iter().filter(|line| line.at > NOW).count();
        assert!(ahead > 100, "{ahead} lines to come");
        assert!(lines.len() - ahead > 500);
    }

    #[test]
    fn nine_sessions_and_three_subagents() {
        let files: BTreeSet<String> = script(NOW).into_iter().map(|line| line.file).collect();
        let (agents, sessions): (Vec<_>, Vec<_>) =
            files.iter().partition(|file| file.contains("/subagents/agent-"));
        assert_eq!((sessions.len(), agents.len()), (9, 3));
    }
}
