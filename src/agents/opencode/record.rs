//! The shapes of the records, as far as they count: a row of a table, and the JSON in it.

use serde::Deserialize;

use crate::agents::json::{Count, Flag, Object, Objects, RawText, Text};

/// A row, with what the query added from other tables.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Row<'a> {
    #[serde(borrow, default)]
    pub table: Text<'a>,
    /// The session at the root of its tree.
    #[serde(borrow, default)]
    pub session: Text<'a>,
    /// The session itself, if that is a subagent's.
    #[serde(borrow, default)]
    pub subagent: Text<'a>,
    /// When the session began, in milliseconds.
    #[serde(default)]
    pub began: Count,
    #[serde(borrow, default)]
    pub directory: Text<'a>,
    #[serde(borrow, default)]
    pub id: Text<'a>,
    /// When the row was made, and last written, in milliseconds.
    #[serde(default)]
    pub created: Count,
    #[serde(default)]
    pub written: Count,
    #[serde(borrow, default)]
    pub data: Object<Data<'a>>,

    // Of a part.
    #[serde(borrow, default)]
    pub message: Object<Data<'a>>,
    /// Of a step's end: the tools of the step.
    #[serde(borrow, default)]
    pub tools: Objects<Data<'a>>,

    // Of a message: its steps are told by their ends.
    #[serde(default)]
    pub has_steps: Count,

    // Of version 2.
    #[serde(borrow, default, rename = "type")]
    pub kind: Text<'a>,
}

/// What a row holds. One struct for every kind: what a kind does not have is absent.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Data<'a> {
    /// Of a part, and of what an answer of version 2 is made of.
    #[serde(borrow, default, rename = "type")]
    pub kind: Text<'a>,
    #[serde(default)]
    pub time: Object<Time>,
    #[serde(borrow, default, rename = "providerID")]
    pub provider: Text<'a>,
    /// A name; of version 2, and of a prompt, an object.
    #[serde(borrow, default, rename = "modelID")]
    pub model: Text<'a>,
    #[serde(borrow, default, rename = "model")]
    pub model_of_2: Object<Model<'a>>,
    #[serde(borrow, default)]
    pub path: Object<Folder<'a>>,
    #[serde(default)]
    pub tokens: Object<Tokens>,
    #[serde(borrow, default)]
    pub cost: RawText<'a>,
    /// Why a step ended.
    #[serde(borrow, default)]
    pub reason: Text<'a>,
    #[serde(borrow, default)]
    pub finish: Text<'a>,
    #[serde(borrow, default)]
    pub error: Object<Failure<'a>>,
    /// Of words: the client's own, and no person's.
    #[serde(default)]
    pub synthetic: Flag,
    /// Of a compaction: nobody asked for it.
    #[serde(default)]
    pub auto: Flag,

    /// Of a message in a file of its own: whose it is.
    #[serde(borrow, default, rename = "sessionID")]
    pub session: Text<'a>,

    // A tool.
    #[serde(borrow, default, rename = "callID")]
    pub call_id: Text<'a>,
    #[serde(borrow, default)]
    pub tool: Text<'a>,
    #[serde(borrow, default)]
    pub state: Object<State<'a>>,
    /// The same of version 2; the message's, of one in a file of its own.
    #[serde(borrow, default)]
    pub id: Text<'a>,
    #[serde(borrow, default)]
    pub name: Text<'a>,
    #[serde(borrow, default)]
    pub content: Objects<Data<'a>>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) struct Time {
    #[serde(default)]
    pub created: At,
    #[serde(default)]
    pub completed: At,
    #[serde(default)]
    pub start: At,
    #[serde(default)]
    pub end: At,
}

/// In milliseconds since the epoch; zero where it is not told.
///
/// No `Option`: of one within the absent object around it, an optimising compiler (rustc 1.95) was
/// seen to read which of two it is before it had asked whether the object is there.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(from = "Count")]
pub(super) struct At(pub u64);

impl From<Count> for At {
    fn from(count: Count) -> Self {
        Self(count.or_zero())
    }
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Model<'a> {
    #[serde(borrow, default)]
    pub id: Text<'a>,
    #[serde(borrow, default, rename = "providerID")]
    pub provider: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Folder<'a> {
    #[serde(borrow, default)]
    pub cwd: Text<'a>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Tokens {
    /// Of everything, where it is told.
    #[serde(default)]
    pub total: Count,
    #[serde(default)]
    pub input: Count,
    #[serde(default)]
    pub output: Count,
    #[serde(default)]
    pub reasoning: Count,
    #[serde(default)]
    pub cache: Object<Cache>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) struct Cache {
    #[serde(default)]
    pub read: Count,
    #[serde(default)]
    pub write: Count,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Failure<'a> {
    /// Of which kind.
    #[serde(borrow, default)]
    pub name: Text<'a>,
    /// The same of version 2.
    #[serde(borrow, default, rename = "type")]
    pub kind: Text<'a>,
    #[serde(default)]
    pub data: Object<FailureData>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct FailureData {
    #[serde(default, rename = "statusCode")]
    pub status: Count,
}

/// How a tool stands.
#[derive(Debug, Default, Deserialize)]
pub(super) struct State<'a> {
    #[serde(borrow, default)]
    pub status: Text<'a>,
    #[serde(borrow, default)]
    pub input: RawText<'a>,
    #[serde(borrow, default)]
    pub output: RawText<'a>,
    /// The same of version 2.
    #[serde(borrow, default)]
    pub content: RawText<'a>,
    #[serde(borrow, default)]
    pub error: RawText<'a>,
    #[serde(default)]
    pub metadata: Object<ToolMetadata>,
    #[serde(default)]
    pub time: Object<Time>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct ToolMetadata {
    /// What a command ended with.
    #[serde(default)]
    pub exit: Count,
}
