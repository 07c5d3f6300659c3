//! Bytes of one agent's format become events; pure, depends on `model` only.
//!
//! An adapter sees one record at a time with the state it left behind at the record before, so a
//! file can be read in any chunks and resumed after a restart.

pub mod claude;
mod compact;
mod json;
mod latest;
mod live;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use latest::{Latest, ToolCall};
pub use live::{Live, LiveKind, Status};

use crate::model::{AgentId, DeedLog, Event};

/// An adapter: what a coding agent's transcripts are called and how their records read.
pub trait Agent: Sync {
    /// Which agent.
    fn id(&self) -> AgentId;

    /// Whether a file below one of the agent's roots is a transcript.
    fn is_transcript(&self, path: &Path) -> bool;

    /// A state for the first record of a file, or for the record after `saved`.
    fn open(&self, path: &Path, saved: Option<&str>) -> State;

    /// Reads one record, without its line end, that starts at `offset` of the file.
    fn parse(
        &self,
        record: &[u8],
        offset: u64,
        state: &mut State,
        events: &mut Vec<Event>,
    ) -> Result<(), Unparsed>;

    /// Whether a process with this executable and these arguments is the agent. The name that a
    /// process gives itself does not count.
    fn is_executable(&self, exe: &Path, argv: &[OsString]) -> bool;

    /// Whether such a process was started without a screen, to answer one prompt.
    fn is_headless(&self, exe: &Path, argv: &[OsString]) -> bool;

    /// The arguments with which the same program stops one of its background workers, which would
    /// start again if they were only signalled.
    fn stop_arguments(&self, exe: &Path, argv: &[OsString], job_id: &str) -> Vec<OsString>;

    /// Where the agent keeps a file of each running session, `<pid>.json`, by the root of its
    /// transcripts.
    fn registry(&self, root: &Path) -> Option<PathBuf>;

    /// What such a file says: a claim that the kernel has to confirm.
    fn parse_live(&self, bytes: &[u8]) -> Option<Live>;

    /// Whether a session is in mid-turn, by the last records of its own transcript (not of a
    /// subagent's); none where they do not tell. The tail may begin and end within a record.
    fn in_turn(&self, tail: &[u8]) -> Option<bool>;

    /// What a thread is at, by the end of its own transcript. Of a tail that is not the whole file
    /// the first record is cut off.
    fn latest(&self, tail: &[u8], is_whole: bool, is_subagent: bool) -> Latest;

    /// The shell command that takes a session up again.
    fn resume_command(&self, session_id: &str, cwd: Option<&str>) -> String;
}

/// The adapter of an agent.
pub fn adapter(agent: AgentId) -> &'static dyn Agent {
    match agent {
        AgentId::Claude => &claude::Claude,
    }
}

/// What an adapter must remember between two records of a file.
#[derive(Clone, Debug)]
pub enum State {
    /// Claude Code's.
    Claude(claude::State),
}

impl State {
    /// The part that must survive a restart, as text for the cursor; none when it would say nothing.
    pub fn save(&self) -> Option<String> {
        match self {
            Self::Claude(state) => state.save(),
        }
    }

    /// What was done in threads, by the records read since this was last asked. Records tell it in
    /// passing, and more of it than of calls: it is taken in larger parts.
    #[must_use]
    pub fn take_deeds(&mut self) -> DeedLog {
        match self {
            Self::Claude(state) => state.take_deeds(),
        }
    }

    /// How much waits to be taken, counted in deeds.
    pub fn waiting_deeds(&self) -> usize {
        match self {
            Self::Claude(state) => state.deeds().weight(),
        }
    }

    /// The file states a total that nothing in it dates, so that it belongs to no day.
    pub fn has_undated_total(&self) -> bool {
        match self {
            Self::Claude(state) => state.has_undated_total(),
        }
    }

    /// Makes the adapter report records that add nothing to the one before. `explain` shows them;
    /// a ledger can do without.
    #[must_use]
    pub fn with_repeats(self) -> Self {
        match self {
            Self::Claude(state) => Self::Claude(state.with_repeats()),
        }
    }
}

/// A record that could not be read. It is counted, never an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
pub enum Unparsed {
    /// Not a JSON object.
    #[error("not a JSON object")]
    NotJson,
    /// A billed answer without a readable time.
    #[error("a model call without a timestamp")]
    NoTimestamp,
}

/// Shares one allocation between the equal strings of neighbouring records.
#[derive(Clone, Debug, Default)]
struct LastSeen(Option<Arc<str>>);

impl LastSeen {
    fn share(&mut self, text: &str) -> Arc<str> {
        match &self.0 {
            Some(last) if **last == *text => Arc::clone(last),
            _ => Arc::clone(self.0.insert(Arc::from(text))),
        }
    }
}
