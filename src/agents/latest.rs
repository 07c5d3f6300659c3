//! What a thread is at, as the end of its transcript tells: for the eyes of the person, and kept
//! nowhere.

use std::fmt;

/// What a thread is at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Latest {
    /// Answers of the model in this turn.
    pub steps: u32,
    /// The newest tool call of this turn.
    pub tool: Option<ToolCall>,
    /// The turn's beginning was seen: else counts are at least what they say.
    pub is_whole: bool,
}

/// A tool call. What it was asked for is for the screen alone: nothing prints it by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct ToolCall {
    /// The tool.
    pub name: String,
    /// What it was asked for, as the transcript has it: unsafe to show.
    pub arguments: String,
    /// How often in a row it was made, itself included.
    pub in_a_row: u32,
}

impl fmt::Debug for ToolCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolCall")
            .field("name", &self.name)
            .field("in_a_row", &self.in_a_row)
            .finish_non_exhaustive()
    }
}
