//! A made-up week of work for `spendtop demo`: transcripts as Claude Code writes them. What one
//! [`Thread`] writes serves `doctor --selftest`, too.
//!
//! Pure: everything follows from the time it is asked for. The records go through the same reader,
//! prices and ledger as real ones. Depends on `model` only.

mod record;
mod registration;
mod story;
mod tool;

use std::collections::BTreeMap;

pub use self::record::{Thread, Tokens};
pub use self::registration::Registration;
pub use self::tool::Tool;
use crate::model::{Millis, PicoUsd};

/// What the demo's developer may spend on a day; the runaway subagent breaks it in the minutes that
/// are still to come.
pub const DAILY_CAP: PicoUsd = PicoUsd::from_dollars(20);

/// How long the made-up work goes on after now.
pub const AHEAD: i64 = 10 * 60_000;

/// How long a session stays open after its last answer.
const COFFEE: i64 = 30 * 60_000;

/// A line of a transcript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoLine {
    /// When it is written.
    pub at: Millis,
    /// The session that it is of.
    pub session_id: String,
    /// Where that works.
    pub folder: String,
    /// The transcript, as a path below Claude Code's `projects` folder.
    pub file: String,
    /// The record, without a line end.
    pub line: String,
}

/// The lines of the seven days up to `now` and of the ten minutes after it, in the order of time.
pub fn script(now: Millis) -> Vec<DemoLine> {
    let end = now.plus(AHEAD);
    let mut lines = Vec::new();
    for plot in story::PLOTS {
        plot.tell(now, end, &mut lines);
    }
    lines.sort_by_key(|line| line.at);
    lines
}

/// A session that is open at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenSession {
    /// Its id.
    pub session_id: String,
    /// Where it works.
    pub folder: String,
    /// It goes on, and is not at its prompt.
    pub is_busy: bool,
}

/// The sessions that are open at a moment: those that go on, and those whose person has only gone
/// for a coffee.
pub fn open_sessions(lines: &[DemoLine], now: Millis) -> Vec<OpenSession> {
    let mut last: BTreeMap<&str, &DemoLine> = BTreeMap::new();
    for line in lines {
        last.insert(&line.session_id, line);
    }
    let open = last.into_values().filter(|line| now.since(line.at) < COFFEE);
    open.map(|line| OpenSession {
        session_id: line.session_id.clone(),
        folder: line.folder.clone(),
        is_busy: line.at > now,
    })
    .collect()
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
    fn one_goes_on_and_one_is_idle() {
        let lines = script(NOW);
        let mut open = open_sessions(&lines, NOW);
        open.sort_by_key(|session| session.is_busy);
        let told: Vec<_> = open.iter().map(|one| (&*one.folder, one.is_busy)).collect();
        assert_eq!(told, [("/home/demo/code/docs", false), ("/home/demo/code/shop", true)]);
    }

    #[test]
    fn nine_sessions_and_three_subagents() {
        let files: BTreeSet<String> = script(NOW).into_iter().map(|line| line.file).collect();
        let (agents, sessions): (Vec<_>, Vec<_>) =
            files.iter().partition(|file| file.contains("/subagents/agent-"));
        assert_eq!((sessions.len(), agents.len()), (9, 3));
    }
}
