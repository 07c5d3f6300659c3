//! What the session's threads are at: read from the ends of their transcripts when it is looked
//! at, and kept no longer than it is shown.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use crate::agents::{self, Latest, ToolCall};
use crate::format::printable;
use crate::ledger::{LedgerError, LoopLevel, SessionCall};
use crate::tui::screens::live::{self, Session, Turn};
use crate::tui::source::Source;

/// The end of a transcript that is read: some hundred steps.
const TAIL_BYTES: u64 = 256 << 10;

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
    let adapter = agents::adapter(session.key.agent);
    let mut threads: Vec<(&str, i64)> = Vec::new();
    for call in calls {
        let Some(who) = source.sums.charged.get(&call.charged) else { continue };
        if threads.len() < MOST_THREADS && threads.iter().all(|(id, _)| *id != &*who.subagent) {
            threads.push((&who.subagent, call.source));
        }
    }
    let main = live::main_turn(source, number)?;
    let mut latest = Vec::new();
    for (thread, transcript) in threads {
        // Of a transcript that is gone nothing is to be told.
        let Some(path) = source.reader.source_path(transcript)? else { continue };
        let Ok((tail, is_whole)) = tail(&path) else { continue };
        let mut now = adapter.latest(&tail, is_whole, !thread.is_empty());
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

/// The end of a file, and whether that is all of it.
fn tail(path: &Path) -> io::Result<(Vec<u8>, bool)> {
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let start = metadata.len().saturating_sub(TAIL_BYTES);
    file.seek(SeekFrom::Start(start))?;
    let mut tail = Vec::new();
    // It may grow meanwhile.
    file.take(TAIL_BYTES).read_to_end(&mut tail)?;
    Ok((tail, start == 0))
}

/// On one line, short, and harmless.
fn safe(text: &str) -> String {
    let short: String = text.chars().take(MOST_ARGUMENTS).collect();
    printable(&short.split_whitespace().collect::<Vec<_>>().join(" ")).into_owned()
}
