//! Bytes of one agent's format become events; pure, depends on `model` only.
//!
//! An adapter sees one record at a time with the state it left behind at the record before, so a
//! file can be read in any chunks and resumed after a restart.
//!
//! # How to add an agent
//!
//! 1. A line in `model::ids::list_of_agents!`: number, name, title, and who bills for its calls.
//! 2. `agents/<name>.rs`, or a folder, with a unit struct of the variant's name that is an
//!    [`Agent`], and `pub mod <name>;` below. What the trait does not ask for, no agent needs: the
//!    rest has defaults that say "it has none".
//! 3. `tests/fixtures/<name>/`, with a session in whose last turn a tool was called, and its line in
//!    `tests/it/contract.rs`, which holds every adapter to the same rules: any chunks, torn lines,
//!    reading again, a copy under another name, unknown fields, bad input of every kind, and buckets
//!    that add up to the provider's own total.
//!
//! What the trait asks, in the order in which it is worth answering:
//!
//! - **Where** ([`Agent::homes`], [`Agent::roots`], [`Agent::source`], [`Agent::folders`]): config
//!   folders by the environment that is handed in, the folders of transcripts in one, which files are
//!   transcripts, and how records lie in them: as lines, as a document, as rows of a database.
//! - **What** ([`Agent::open`], [`Parser`]): an [`Event::Call`] for every record that tells of a
//!   billed answer, however often it is told. The ledger decides which of them are one call: by
//!   [`crate::model::CallId`], which must be the same in every copy of a record and in no two
//!   answers. The token classes are disjoint: cached tokens are not in the input, reasoning is in the
//!   output. [`crate::model::Call::is_final`] is false where the counts are a lower bound; totals are
//!   then shown with `≥`, and `explain` says what [`Agent::leaves_out`] says.
//! - **Whose process** ([`Agent::is_executable`], then [`Agent::registry`],
//!   [`Agent::thread_of_open`] or [`Agent::session_of_arguments`]): without a link from a session to
//!   its process nothing is signalled; caps then block and tell. Where one process runs the sessions
//!   of several screens ([`Agent::is_server`]), it has to be told to interrupt one
//!   ([`Agent::interruption`]).
//! - **Hook** ([`Agent::hook`]): what it can stop decides how long the guard waits for it.
//!
//! What agents have in common is beside them: `json` reads fields of whatever type, `tool` and
//! `fingerprint` what tools are asked and give, `process` programs that an interpreter runs. What a
//! session is at ([`latest()`]) is found out with the parser, for every agent.
//!
//! Nothing else in the crate names an agent, but for its config table (`[agents.<name>]`, made of
//! the same list) and the price book, which knows providers.

pub mod claude;
pub mod codex;
mod compact;
pub mod copilot;
mod fingerprint;
pub mod gemini;
mod hook;
mod json;
mod latest;
mod live;
pub mod opencode;
mod place;
mod process;
pub mod qwen;
mod resume;
mod table;
mod tool;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use hook::{Hook, HookSetting, Moment, Placed, Words};
pub use latest::{Latest, ToolCall, latest};
pub use live::{Live, LiveKind, OpenThread, Status};
pub use place::{Source, Spot, Surroundings};
pub use resume::is_session_id;
pub use table::{Table, place_of_row};

use crate::model::{AgentId, DeedLog, Event, list_of_agents};

/// An adapter: where a coding agent's transcripts are, how their records read, and how its processes
/// and hooks are dealt with.
pub trait Agent: Sync {
    /// Which agent.
    fn id(&self) -> AgentId;

    /// Variables of its own that say where it keeps its files.
    fn variables(&self) -> &'static [&'static str] {
        &[]
    }

    /// The config folders that the user has. One that does not exist does no harm; one that is left
    /// out hides spend.
    fn homes(&self, surroundings: &Surroundings<'_>) -> Vec<PathBuf>;

    /// The folders of transcripts in a config folder, or the folder itself if it is such a one.
    fn roots(&self, home: &Path) -> Vec<PathBuf>;

    /// The config folder that a folder of transcripts is in.
    fn home_of<'a>(&self, root: &'a Path) -> Option<&'a Path> {
        root.parent()
    }

    /// How the records lie in a file below one of the roots; none if it is no transcript.
    fn source(&self, path: &Path) -> Option<Source>;

    /// Folders below a root that transcripts lie in, at any depth, besides those that lie right in
    /// the root: what is in others is neither walked nor watched. None: any folder.
    fn folders(&self, _root: &Path) -> Option<Vec<PathBuf>> {
        None
    }

    /// A parser for the first record of a file, or for the record after `saved`.
    fn open(&self, path: &Path, saved: Option<&str>) -> Box<dyn Parser>;

    /// What of its spend its transcripts are known to leave out, for a person.
    fn leaves_out(&self) -> &'static str;

    /// The file that says where a transcript's agent works, where its records do not: a path and
    /// nothing else.
    fn cwd_file(&self, _transcript: &Path) -> Option<PathBuf> {
        None
    }

    /// The folder that further transcripts of a session are in, by the session's own.
    fn folder_of_session(&self, _transcript: &Path) -> Option<PathBuf> {
        None
    }

    /// The file name of a subagent's transcript in there.
    fn subagent_file(&self, _subagent: &str) -> Option<String> {
        None
    }

    /// The session's own transcript, by one that may be a subagent's.
    fn own_transcript(&self, path: &Path, _session_id: &str) -> PathBuf {
        path.to_owned()
    }

    /// Files that tell how the user pays for it.
    fn account_files(&self, _surroundings: &Surroundings<'_>) -> Vec<PathBuf> {
        Vec::new()
    }

    /// Whether such a file says that a plan covers the calls; none if it does not tell.
    fn is_on_plan(&self, _account_file: &[u8]) -> Option<bool> {
        None
    }

    /// Whether a process with this executable and these arguments is the agent. The name that a
    /// process gives itself does not count.
    fn is_executable(&self, exe: &Path, argv: &[OsString]) -> bool;

    /// Whether such a process was started without a screen, to answer one prompt.
    fn is_headless(&self, _exe: &Path, _argv: &[OsString]) -> bool {
        false
    }

    /// The arguments with which the same program stops one of its background workers, which would
    /// start again if they were only signalled.
    fn stop_arguments(&self, _exe: &Path, _argv: &[OsString], _job_id: &str) -> Vec<OsString> {
        Vec::new()
    }

    /// Where the agent keeps a file of each running session, `<pid>.json`, by the root of its
    /// transcripts.
    fn registry(&self, _root: &Path) -> Option<PathBuf> {
        None
    }

    /// What such a file says: a claim that the kernel has to confirm.
    fn parse_live(&self, _bytes: &[u8]) -> Option<Live> {
        None
    }

    /// Its processes keep the transcripts of their sessions open for writing, or another file that
    /// tells the session.
    fn holds_transcripts_open(&self) -> bool {
        false
    }

    /// Whose a file below a root is that a process holds open, by its path and its first bytes.
    fn thread_of_open(&self, _path: &Path, _head: &[u8]) -> Option<OpenThread> {
        None
    }

    /// How the arguments of a process tell which session it was started for, where it can be in no
    /// other and ends with the turn; none if they never do.
    fn session_of_arguments(&self) -> Option<SessionOfArguments> {
        None
    }

    /// Whether such a process is a server that runs the sessions of several screens.
    fn is_server(&self, _exe: &Path, _argv: &[OsString]) -> bool {
        false
    }

    /// Where such a server takes orders, in a config folder: a Unix socket for WebSocket messages.
    fn server_socket(&self, _home: &Path) -> Option<PathBuf> {
        None
    }

    /// The orders (JSON-RPC) after which a server has interrupted what some threads are doing. One
    /// with an id is answered before the next is given.
    fn interruption(&self, _threads: &[Arc<str>]) -> Vec<Value> {
        Vec::new()
    }

    /// Whether a session is in mid-turn, by the last records of its own transcript (not of a
    /// subagent's); none where they do not tell. The tail may begin and end within a record.
    /// Unless the agent knows better, it is what its records tell beside calls.
    fn in_turn(&self, tail: &[u8]) -> Option<bool> {
        latest::in_turn(self.open(Path::new(""), None), tail)
    }

    /// The words of the shell command that takes a session up again, before its id; none if there
    /// is no such command.
    fn resume_words(&self) -> Option<&'static str> {
        None
    }

    /// What its hooks can do; none if it has none.
    fn hook(&self) -> Option<Hook> {
        None
    }

    /// Why the hooks in its settings are not called, though they are there.
    fn hook_problems(&self, _setting: &HookSetting<'_>) -> Vec<String> {
        Vec::new()
    }
}

/// Reads a session from a process's arguments.
pub type SessionOfArguments = fn(&[OsString]) -> Option<Arc<str>>;

/// What reads the records of one file, one after the other.
pub trait Parser {
    /// Reads one record, without its line end, that starts at `offset` of the file; of a database
    /// the offset is a [`place_of_row`].
    fn parse(
        &mut self,
        record: &[u8],
        offset: u64,
        events: &mut Vec<Event>,
    ) -> Result<(), Unparsed>;

    /// The part of the state that must survive a restart, as text for the cursor; none when it
    /// would say nothing.
    fn save(&self) -> Option<String>;

    /// What was done in threads, by the records read since this was last asked. Records tell it in
    /// passing, and more of it than of calls: it is taken in larger parts.
    #[must_use]
    fn take_deeds(&mut self) -> DeedLog {
        DeedLog::default()
    }

    /// How much waits to be taken, counted in deeds.
    fn waiting_deeds(&self) -> usize {
        0
    }

    /// The file states a total that nothing in it dates, so that it belongs to no day.
    fn has_undated_total(&self) -> bool {
        false
    }

    /// Has it report records that add nothing to the one before. `explain` shows them; a ledger can
    /// do without.
    fn show_repeats(&mut self) {}
}

macro_rules! adapters {
    ($($(#[$doc:meta])* $agent:ident = $number:literal, $name:ident, $($fact:literal),*;)*) => {
        /// The adapter of an agent.
        pub fn adapter(agent: AgentId) -> &'static dyn Agent {
            match agent {
                $(AgentId::$agent => &$name::$agent,)*
            }
        }
    };
}
list_of_agents!(adapters);

/// Every adapter.
pub fn all() -> impl Iterator<Item = &'static dyn Agent> {
    AgentId::ALL.into_iter().map(adapter)
}

/// Whether a process of this executable may be an agent; its arguments then tell.
pub fn may_be_run_by(exe: &Path) -> bool {
    let name = exe.file_name().and_then(OsStr::to_str).unwrap_or_default();
    process::INTERPRETERS.contains(&name) || all().any(|adapter| adapter.is_executable(exe, &[]))
}

/// The variables of all agents that say where they keep their files.
pub fn variables() -> Vec<&'static str> {
    all().flat_map(|adapter| adapter.variables().iter().copied()).collect()
}

/// Where a record is in an agent's transcript, by the offset that a parser was told.
pub fn spot(agent: AgentId, path: &Path, offset: u64) -> Spot {
    adapter(agent).source(path).unwrap_or(Source::Lines).spot(offset)
}

/// The words of all agents for their hooks.
pub fn hook_words() -> Vec<Words> {
    let mut words: Vec<Words> = Vec::new();
    for hook in all().filter_map(Agent::hook) {
        if !words.contains(&hook.words) {
            words.push(hook.words);
        }
    }
    words
}

/// The shell command that takes a session up again, if its agent has one.
pub fn resume_command(agent: AgentId, session_id: &str, cwd: Option<&str>) -> Option<String> {
    Some(resume::command(adapter(agent).resume_words()?, session_id, cwd))
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
