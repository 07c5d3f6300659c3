//! What the session's threads are at: read from the ends of their transcripts when it is looked
//! at, and kept no longer than it is shown.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::PathBuf;

use crate::agents::{self, Latest, ToolCall};
use crate::format::printable;
use crate::ingest::LatestRecords;
use crate::ledger::{LedgerError, LoopLevel, SessionCall};
use crate::tui::screens::live::{self, Session, Turn};
use crate::tui::source::Source;

/// Threads that are looked at: those that called last.
const MOST_THREADS: usize = 6;

/// Characters that are kept of what a tool was asked for.
const MOST_ARGUMENTS: usize = 400;

/// What a thread is at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadNow {
    /// The subagent's id, safe to show; empty: the main thread.
    pub thread: String,
    /// What it is at; a tool's name and arguments are made safe to show.
    pub now: Latest,
    /// What the ledger tells of its turn: the same figures as on every screen.
    pub turn: Option<Turn>,
}

impl ThreadNow {
    /// How often in a row its newest tool call was made.
    pub fn repeats(&self) -> u64 {
        let read = || self.now.tool.as_ref().map_or(0, |tool| tool.in_a_row.into());
        self.turn.map_or_else(read, |turn| turn.repeats)
    }

    /// Steps in this turn, and whether they may be more.
    pub fn steps(&self) -> (u64, bool) {
        let read = (self.now.steps.into(), !self.now.is_whole);
        self.turn.map_or(read, |turn| (turn.steps, false))
    }

    /// How seriously it looks like a loop.
    pub fn level(&self) -> LoopLevel {
        self.turn.map_or(LoopLevel::None, |turn| turn.level)
    }
}

/// Reads what the threads are at that called last; the one that repeats most is first. `calls` are
/// sorted newest first.
pub(super) fn read(
    source: &Source<'_>,
    number: i64,
    session: &Session,
    calls: &[SessionCall],
) -> Result<Vec<ThreadNow>, LedgerError> {
    let agent = session.key.agent;
    let mut threads: Vec<(&str, i64)> = Vec::new();
    for call in calls {
        let Some(who) = source.sums.charged.get(&call.charged) else { continue };
        if threads.len() < MOST_THREADS && threads.iter().all(|(id, _)| *id != &*who.subagent) {
            threads.push((&who.subagent, call.source));
        }
    }
    let main = live::main_turn(source, number)?;
    // A database is all threads' transcript.
    let mut ends: HashMap<i64, Option<(LatestRecords, PathBuf)>> = HashMap::new();
    let mut latest = Vec::new();
    for (thread, transcript) in threads {
        let end = match ends.entry(transcript) {
            Entry::Occupied(read) => read.into_mut(),
            Entry::Vacant(unread) => {
                let path = source.reader.source_path(transcript)?;
                unread.insert(
                    path.and_then(|path| Some((LatestRecords::read(agent, &path).ok()?, path))),
                )
            }
        };
        // Of a transcript that is gone nothing is to be told.
        let Some((end, path)) = end else { continue };
        let own = if thread.is_empty() { &session.key.session_id } else { thread };
        let mut now = agents::latest(agent, path, &end.records, end.is_whole, own);
        now.tool = now.tool.map(|tool| ToolCall {
            name: safe(&tool.name),
            arguments: safe(&tool.arguments),
            ..tool
        });
        let id = printable(thread).into_owned();
        let subagent = session.subagents.iter().find(|subagent| subagent.id == id);
        let turn = if id.is_empty() { main } else { subagent.and_then(|of| of.turn) };
        latest.push(ThreadNow { thread: id, now, turn });
    }
    // Stable: equals stay newest first.
    latest.sort_by_key(|thread| std::cmp::Reverse((thread.level(), thread.repeats())));
    Ok(latest)
}

/// On one line, short, and harmless.
fn safe(text: &str) -> String {
    let short: String = text.chars().take(MOST_ARGUMENTS).collect();
    printable(&short.split_whitespace().collect::<Vec<_>>().join(" ")).into_owned()
}
