//! What the turn of a session, or of one of its subagents, is at.

use std::collections::HashMap;

use crate::ledger::{LedgerError, LoopLevel, TurnNow};
use crate::tui::source::Source;

/// A thread that did nothing for so long is in no turn that matters.
const SINCE_MS: i64 = 2 * 3_600_000;

/// What a turn is at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// Steps in this turn.
    pub steps: u64,
    /// How often in a row the newest tool call was made, itself included.
    pub repeats: u64,
    /// The agent is at work, as far as the transcript tells.
    pub in_turn: bool,
    /// How seriously it looks like a loop.
    pub level: LoopLevel,
}

/// The turns of a session's threads.
#[derive(Clone, Debug, Default)]
pub(super) struct Turns {
    main: Option<Turn>,
    subagents: HashMap<String, Turn>,
}

impl Turns {
    /// The session's: its main thread's steps, and the worst of what is under way in any thread.
    pub(super) fn of_session(&self) -> Option<Turn> {
        let main = self.main;
        let open = self.subagents.values().filter(|turn| turn.in_turn);
        let mut all = main?;
        for turn in open {
            all.repeats = all.repeats.max(turn.repeats);
            all.level = all.level.max(turn.level);
            all.in_turn = true;
        }
        Some(all)
    }

    /// A subagent's.
    pub(super) fn of_subagent(&self, id: &str) -> Option<Turn> {
        self.subagents.get(id).copied()
    }
}

/// The main thread's turn of one session, without what its subagents are at.
pub(in crate::tui::screens) fn main_turn(
    source: &Source<'_>,
    session: i64,
) -> Result<Option<Turn>, LedgerError> {
    Ok(read(source)?.get(&session).and_then(|turns| turns.main))
}

/// The turns of every session that did something lately, by the session's number.
pub(super) fn read(source: &Source<'_>) -> Result<HashMap<i64, Turns>, LedgerError> {
    let mut turns: HashMap<i64, Turns> = HashMap::new();
    for now in source.reader.turns_now(source.now.minus(SINCE_MS))? {
        let session = turns.entry(now.thread.session).or_default();
        if now.thread.subagent.is_empty() {
            session.main = Some(Turn::of(&now));
        } else {
            session.subagents.insert(now.thread.subagent.to_string(), Turn::of(&now));
        }
    }
    Ok(turns)
}

impl Turn {
    fn of(now: &TurnNow) -> Self {
        Self {
            steps: now.deeds.steps,
            repeats: now.repeats,
            in_turn: now.is_open,
            level: now.level,
        }
    }
}
