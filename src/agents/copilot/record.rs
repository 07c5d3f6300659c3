//! The shapes of a session's events, as far as they count. What is told of them is one struct for
//! all kinds: what a kind does not have is absent.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::meter::Counts;
use crate::agents::json::{Count, Flag, Object, Objects, RawText, Text};

/// One line.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Line<'a> {
    #[serde(borrow, default, rename = "type")]
    pub kind: Text<'a>,
    #[serde(borrow, default)]
    pub id: Text<'a>,
    #[serde(borrow, default)]
    pub timestamp: Text<'a>,
    /// The subagent whose event it is.
    #[serde(borrow, default)]
    pub agent_id: Text<'a>,
    #[serde(borrow, default)]
    pub data: Object<Data<'a>>,
}

/// What an event tells.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Data<'a> {
    // `session.start` and `session.resume`; in `session.context_changed` without the context.
    #[serde(borrow, default)]
    pub session_id: Text<'a>,
    #[serde(borrow, default)]
    pub context: Object<Context<'a>>,
    #[serde(borrow, default)]
    pub cwd: Text<'a>,
    #[serde(borrow, default)]
    pub branch: Text<'a>,

    // `session.usage_record`.
    #[serde(borrow, default)]
    pub usage: Object<Usage<'a>>,

    // `session.shutdown` and `session.usage_checkpoint`: of the session so far.
    #[serde(default)]
    pub model_metrics: Metrics,
    #[serde(default)]
    pub accounting_snapshot: Object<Accounts>,
    #[serde(default)]
    pub total_nano_aiu: Count,

    // `assistant.message`.
    #[serde(borrow, default)]
    pub message_id: Text<'a>,
    #[serde(borrow, default)]
    pub api_call_id: Text<'a>,
    #[serde(borrow, default)]
    pub model: Text<'a>,
    #[serde(default)]
    pub output_tokens: Count,
    #[serde(borrow, default)]
    pub tool_requests: Objects<ToolRequest<'a>>,

    // `user.message`: where it comes from, if not from a person.
    #[serde(borrow, default)]
    pub source: Text<'a>,
    #[serde(default)]
    pub is_autopilot_continuation: Flag,

    // `tool.execution_complete`.
    #[serde(borrow, default)]
    pub tool_call_id: Text<'a>,
    #[serde(default)]
    pub success: Flag,
    #[serde(borrow, default)]
    pub result: Object<Given<'a>>,
    #[serde(borrow, default)]
    pub error: Object<Failure<'a>>,

    // `session.error`.
    #[serde(default)]
    pub status_code: Count,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Context<'a> {
    #[serde(borrow, default)]
    pub cwd: Text<'a>,
    #[serde(borrow, default)]
    pub branch: Text<'a>,
}

/// An answer.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Usage<'a> {
    #[serde(borrow, default)]
    pub model: Text<'a>,
    /// The provider's id of it.
    #[serde(borrow, default)]
    pub api_call_id: Text<'a>,
    #[serde(default, rename = "copilotUsage")]
    pub credits: Object<Credits>,
    #[serde(flatten)]
    pub counts: Counts,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Credits {
    #[serde(default)]
    pub total_nano_aiu: Count,
}

/// What each model has used.
pub(super) type Metrics = Object<BTreeMap<String, Object<Metric>>>;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Metric {
    #[serde(default)]
    pub usage: Object<Counts>,
    #[serde(default)]
    pub requests: Object<Requests>,
    #[serde(default)]
    pub total_nano_aiu: Count,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Requests {
    #[serde(default)]
    pub count: Count,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Accounts {
    #[serde(default)]
    pub model_metrics: Metrics,
    #[serde(default)]
    pub total_nano_aiu: Count,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToolRequest<'a> {
    #[serde(borrow, default)]
    pub tool_call_id: Text<'a>,
    #[serde(borrow, default)]
    pub name: Text<'a>,
    #[serde(borrow, default)]
    pub arguments: RawText<'a>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Given<'a> {
    #[serde(borrow, default)]
    pub content: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Failure<'a> {
    #[serde(borrow, default)]
    pub message: Text<'a>,
    #[serde(borrow, default)]
    pub code: Text<'a>,
}
