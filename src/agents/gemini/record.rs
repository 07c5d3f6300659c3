//! The shapes of a chat, as far as they count. The first line of a chat, a message, a change of
//! either and a whole document are one struct: they share their fields, and what one of them does
//! not have is absent.

use serde::Deserialize;

use super::tokens::Tokens;
use crate::agents::json::{Object, Objects, RawText, Text};

/// One line, message or document.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record<'a> {
    // Of a chat.
    #[serde(borrow, default)]
    pub session_id: Text<'a>,
    #[serde(borrow, default)]
    pub start_time: Text<'a>,
    /// Where a subagent may work; the first is where it begins.
    #[serde(borrow, default)]
    pub directories: RawText<'a>,
    #[serde(borrow, default)]
    pub messages: Objects<Record<'a>>,

    /// A change of the chat's own fields.
    #[serde(borrow, default, rename = "$set")]
    pub set: Object<Box<Record<'a>>>,

    // Of a message.
    #[serde(borrow, default)]
    pub id: Text<'a>,
    #[serde(borrow, default)]
    pub timestamp: Text<'a>,
    #[serde(borrow, default, rename = "type")]
    pub kind: Text<'a>,
    #[serde(borrow, default)]
    pub model: Text<'a>,
    #[serde(default)]
    pub tokens: Object<Tokens>,
    /// Parts, or text.
    #[serde(borrow, default)]
    pub content: RawText<'a>,
    #[serde(borrow, default)]
    pub tool_calls: Objects<ToolCall<'a>>,
}

/// A tool that a model asked for, and what came of it: told when it is done.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ToolCall<'a> {
    #[serde(borrow, default)]
    pub id: Text<'a>,
    #[serde(borrow, default)]
    pub name: Text<'a>,
    #[serde(borrow, default)]
    pub args: RawText<'a>,
    #[serde(borrow, default)]
    pub result: RawText<'a>,
    #[serde(borrow, default)]
    pub status: Text<'a>,
    /// When it was done.
    #[serde(borrow, default)]
    pub timestamp: Text<'a>,
}
