//! What a session's turn is at: how many steps it has taken, how often its newest tool call was made
//! in a row, and whether that is a loop.

use std::collections::HashMap;

use crate::ledger::{self, LedgerError, LoopLevel, LoopOf};
use crate::model::{Millis, SessionKey};
use crate::tui::source::Source;

/// Threads are asked for that did something since. A screen of ten thousand sessions has few.
const RECENT_MS: i64 = 3_600_000;

/// What a turn is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TurnNow {
    /// Steps of the main thread in this turn.
    pub steps: u32,
    /// How often the newest tool call was made in a row, itself included; of a loop, how often what
    /// repeats has come. Of several threads the worst.
    pub repeats: u32,
    /// It is a loop, as the detectors have it.
    pub is_loop: bool,
    /// The turn is not over.
    pub in_turn: bool,
}

/// The turn of every session that did something lately, by the session's number.
pub(super) fn read(source: &Source<'_>) -> Result<HashMap<i64, TurnNow>, LedgerError> {
    let since = Millis(source.now.0 - RECENT_MS);
    let mut sessions: HashMap<i64, TurnNow> = HashMap::new();
    let threads = source.reader.turns_now(since)?;
    let is_looping = threads.iter().any(|turn| turn.level >= LoopLevel::Loop);
    let always = since..Millis(i64::MAX);
    let loops = if is_looping { source.reader.loops(&always)? } else { Vec::new() };
    for turn in &threads {
        let own = of_thread(turn, &loops);
        let is_main = turn.thread.subagent.is_empty();
        let session = sessions.entry(turn.thread.session).or_insert(TurnNow {
            repeats: 0,
            is_loop: false,
            ..own
        });
        if is_main {
            (session.steps, session.in_turn) = (own.steps, own.in_turn);
        }
        if (own.is_loop, own.repeats) > (session.is_loop, session.repeats) {
            (session.is_loop, session.repeats) = (own.is_loop, own.repeats);
        }
    }
    Ok(sessions)
}

fn of_thread(turn: &ledger::TurnNow, loops: &[LoopOf]) -> TurnNow {
    let number = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    let is_loop = turn.level >= LoopLevel::Loop;
    let began = turn.began.map_or(Millis(i64::MIN), |(at, _)| at);
    let session =
        SessionKey { agent: turn.thread.agent, session_id: turn.thread.session_id.clone() };
    let of_turn = |found: &&LoopOf| {
        found.session == session
            && found.subagent == turn.thread.subagent
            && found.found.at >= began
    };
    let found = loops.iter().filter(of_turn).filter(|_| is_loop);
    let count = found.map(|found| found.found.count).max();
    TurnNow {
        steps: number(turn.deeds.steps),
        repeats: number(count.unwrap_or(turn.repeats)),
        is_loop,
        in_turn: turn.is_open,
    }
}
