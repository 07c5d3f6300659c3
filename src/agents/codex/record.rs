//! The shapes of a rollout's lines, as far as they count. The payload is one struct for all kinds:
//! they share most of their fields, and what a kind does not have is absent.

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny};

use super::tokens::Tokens;
use crate::agents::json::{Count, Flag, Object, RawText, Text};

/// One line.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Line<'a> {
    #[serde(borrow, default)]
    pub timestamp: Text<'a>,
    #[serde(default)]
    pub ordinal: Count,
    #[serde(borrow, default, rename = "type")]
    pub kind: Text<'a>,
    #[serde(borrow, default)]
    pub payload: Object<Payload<'a>>,
}

/// What a line says.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Payload<'a> {
    /// Of an `event_msg`: which.
    #[serde(borrow, default, rename = "type")]
    pub kind: Text<'a>,

    // `session_meta`.
    #[serde(borrow, default)]
    pub id: Text<'a>,
    /// Of the thread that everything below belongs to: the root's.
    #[serde(borrow, default)]
    pub session_id: Text<'a>,
    /// When the thread began.
    #[serde(borrow, default)]
    pub timestamp: Text<'a>,
    #[serde(borrow, default)]
    pub forked_from_id: Text<'a>,
    #[serde(borrow, default)]
    pub parent_thread_id: Text<'a>,
    /// A word, or an object for a subagent.
    #[serde(borrow, default)]
    pub source: Object<Origin<'a>>,
    /// The history before is not copied but referred to.
    #[serde(default)]
    pub history_base: Object<IgnoredAny>,
    /// Lines before it are copies.
    #[serde(default)]
    pub subagent_history_start_ordinal: Count,
    #[serde(borrow, default)]
    pub git: Object<Git<'a>>,

    // `turn_context`, and others of a turn.
    #[serde(borrow, default)]
    pub cwd: Text<'a>,
    #[serde(borrow, default)]
    pub model: Text<'a>,
    #[serde(borrow, default)]
    pub turn_id: Text<'a>,

    // `task_started`: seconds since the epoch.
    #[serde(default)]
    pub started_at: Count,
    #[serde(borrow, default)]
    pub turn_attribution: Object<Attribution<'a>>,

    // `task_complete`: if it ended so.
    #[serde(default)]
    pub error: Object<IgnoredAny>,

    // `item_completed`.
    #[serde(borrow, default)]
    pub item: Object<Item<'a>>,

    // `response_item`: what a model asked of a tool, and what came of it.
    #[serde(borrow, default)]
    pub call_id: Text<'a>,
    #[serde(borrow, default)]
    pub namespace: Text<'a>,
    #[serde(borrow, default)]
    pub name: Text<'a>,
    /// JSON within a string.
    #[serde(borrow, default)]
    pub arguments: Text<'a>,
    /// Of a custom tool.
    #[serde(borrow, default)]
    pub input: Text<'a>,
    /// Of a local shell.
    #[serde(borrow, default)]
    pub action: RawText<'a>,
    #[serde(borrow, default)]
    pub output: RawText<'a>,

    // `inter_agent_communication`.
    #[serde(default)]
    pub trigger_turn: Flag,

    // `thread_settings_applied`.
    #[serde(borrow, default)]
    pub thread_settings: Object<ThreadSettings<'a>>,

    // `token_usage_record`.
    #[serde(borrow, default)]
    pub response_id: Text<'a>,
    #[serde(borrow, default)]
    pub thread_id: Text<'a>,
    #[serde(default)]
    pub usage: Object<Tokens>,
    #[serde(default)]
    pub thread_token_usage: Object<Tokens>,

    // `token_count`: absent where it is about rate limits alone.
    #[serde(default)]
    pub info: Object<Info>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Attribution<'a> {
    /// The agent that gave the prompt; none if a person or a program did.
    #[serde(borrow, default)]
    pub initiating_agent_path: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Item<'a> {
    #[serde(borrow, default, rename = "type")]
    pub kind: Text<'a>,
    #[serde(borrow, default)]
    pub id: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Origin<'a> {
    #[serde(borrow, default)]
    pub subagent: Object<Subagent<'a>>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Subagent<'a> {
    #[serde(borrow, default)]
    pub thread_spawn: Object<Spawn<'a>>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Spawn<'a> {
    #[serde(borrow, default)]
    pub parent_thread_id: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Git<'a> {
    #[serde(borrow, default)]
    pub branch: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct ThreadSettings<'a> {
    /// None where the settings do not speak of it.
    #[serde(borrow, default, deserialize_with = "spoken_of")]
    pub service_tier: Option<RawText<'a>>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Info {
    /// Of the thread so far.
    #[serde(default)]
    pub total_token_usage: Object<Tokens>,
    /// Of the latest request.
    #[serde(default)]
    pub last_token_usage: Object<Tokens>,
}

/// Tells `null` from nothing.
fn spoken_of<'de: 'a, 'a, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<RawText<'a>>, D::Error> {
    RawText::deserialize(deserializer).map(Some)
}
