//! What an agent does in a thread, as far as steps and loops are told by it: fingerprints, no text.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::Millis;

/// Something done in a thread: a session's main one, or a subagent's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadDeed {
    /// The session.
    pub session_id: Arc<str>,
    /// The subagent; none in the main thread.
    pub agent_id: Option<Arc<str>>,
    /// When.
    pub timestamp: Millis,
    /// What.
    pub deed: Deed,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// A prompt came: a turn begins, and with it every count of steps and repetitions.
    Turn(TurnSource),
    /// The model asked for a tool.
    ToolUse(ToolUse),
    /// A tool gave its result.
    ToolResult(ToolResult),
    /// The conversation was summed up to go on with less.
    Compaction {
        /// By itself, and not because a person asked for it.
        is_auto: bool,
    },
}

/// Who wrote a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TurnSource {
    /// A person.
    Human,
    /// A schedule, another agent, a program.
    Automated,
}

/// A hash of text that is not kept: equal texts have equal fingerprints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(pub u64);

impl Fingerprint {
    /// The fingerprint of a text.
    pub fn of(text: &[u8]) -> Self {
        Self(xxh3_64(text))
    }

    /// The fingerprint of one thing under the name of another.
    #[must_use]
    pub fn named(self, name: Self) -> Self {
        // As hashes are mixed (MurmurHash3): both are hashes already.
        let mut mixed = (self.0 ^ name.0.rotate_left(32)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        mixed = (mixed ^ mixed >> 33).wrapping_add(name.0).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        Self(mixed ^ mixed >> 33)
    }
}

/// A tool asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolUse {
    /// Of the provider's id of this use; copies of a record have the same.
    pub id: Fingerprint,
    /// The tool, as the agent calls it.
    pub name: Arc<str>,
    /// What it is for.
    pub kind: ToolKind,
    /// Of its input, without what changes nothing: descriptions, time limits.
    pub input: Fingerprint,
    /// Of the path it reads or changes, if it is one.
    pub target: Option<Fingerprint>,
    /// Of the texts that an edit takes out and puts in; the same two the other way round take it
    /// back.
    pub edit: Option<(Fingerprint, Fingerprint)>,
}

/// What a tool is for, as far as repetition means something else by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolKind {
    /// Reads a file, or searches in files.
    Read,
    /// Changes a file.
    Edit,
    /// Runs a command.
    Run,
    /// Asks how something stands; to ask again is its use.
    Poll,
    /// Starts a subagent.
    Spawn,
    /// Anything else.
    Other,
}

impl ToolUse {
    /// What makes two uses the same call again: tool and input.
    pub fn call(&self) -> Fingerprint {
        self.input.named(Fingerprint::of(self.name.as_bytes()))
    }
}

/// What came of a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolResult {
    /// Of the id of the use it answers.
    pub id: Fingerprint,
    /// How it went.
    pub outcome: ToolOutcome,
    /// Of all it gave.
    pub output: Fingerprint,
    /// Of how an error begins, numbers and addresses left out; none without an error.
    pub error: Option<Fingerprint>,
}

/// How a tool went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ToolOutcome {
    /// It did what it was asked for.
    Done,
    /// It failed.
    Failed,
    /// A person or a rule did not let it run.
    Denied,
}
