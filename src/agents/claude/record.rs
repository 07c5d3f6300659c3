//! The shapes of Claude Code's records: one struct per JSON object, only the fields that count.

use serde::Deserialize;

use crate::agents::json::{Count, Flag, Object, RawText, Text, TextOrObjects};

/// One line of a transcript.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Record<'a> {
    #[serde(borrow, default, rename = "type")]
    pub kind: Text<'a>,
    #[serde(borrow, default)]
    pub uuid: Text<'a>,
    #[serde(borrow, default, rename = "requestId")]
    pub request_id: Text<'a>,
    #[serde(borrow, default, rename = "sessionId")]
    pub session_id: Text<'a>,
    #[serde(borrow, default)]
    pub timestamp: Text<'a>,
    #[serde(borrow, default)]
    pub cwd: Text<'a>,
    #[serde(borrow, default, rename = "gitBranch")]
    pub git_branch: Text<'a>,
    #[serde(borrow, default, rename = "agentId")]
    pub agent_id: Text<'a>,
    /// `bg` in the copy that a background worker makes of a session.
    #[serde(borrow, default, rename = "sessionKind")]
    pub session_kind: Text<'a>,
    #[serde(default, rename = "isSidechain")]
    pub is_sidechain: Flag,
    #[serde(default, rename = "isApiErrorMessage")]
    pub is_api_error: Flag,
    #[serde(default, rename = "apiErrorStatus")]
    pub api_error_status: Count,
    /// The client's own figure, in versions before about 1.0.9.
    #[serde(borrow, default, rename = "costUSD")]
    pub cost_usd: RawText<'a>,
    #[serde(borrow, default)]
    pub message: Object<Message<'a>>,
    /// The echo of a subagent's line in a `progress` record.
    #[serde(borrow, default)]
    pub data: Object<Progress<'a>>,
    /// `cost-state` records: the client's total for the session so far.
    #[serde(borrow, default, rename = "totalCostUSD")]
    pub total_cost_usd: RawText<'a>,
}

/// What a line says beside its counts: read only where it matters, for it is most of the bytes.
#[derive(Debug, Deserialize)]
pub(super) struct Body<'a> {
    #[serde(default, rename = "isMeta")]
    pub is_meta: Flag,
    #[serde(default, rename = "isCompactSummary")]
    pub is_compact_summary: Flag,
    #[serde(default, rename = "isVisibleInTranscriptOnly")]
    pub is_visible_in_transcript_only: Flag,
    /// `typed`, `queued`, `sdk` or `system`.
    #[serde(borrow, default, rename = "promptSource")]
    pub prompt_source: Text<'a>,
    /// The same for all records of one prompt.
    #[serde(borrow, default, rename = "promptId")]
    pub prompt_id: Text<'a>,
    #[serde(borrow, default)]
    pub entrypoint: Text<'a>,
    #[serde(borrow, default)]
    pub origin: Object<Origin<'a>>,
    #[serde(borrow, default, rename = "turnOrigin")]
    pub turn_origin: Text<'a>,
    #[serde(borrow, default)]
    pub message: Object<Content<'a>>,
    /// What a tool returned: an object, or what went wrong.
    #[serde(borrow, default, rename = "toolUseResult")]
    pub tool_use_result: RawText<'a>,
    /// Why a tool was not let run.
    #[serde(borrow, default, rename = "toolDenialKind")]
    pub tool_denial_kind: Text<'a>,
}

/// Who gave a prompt: `human`, `coordinator` or `peer`.
#[derive(Debug, Deserialize)]
pub(super) struct Origin<'a> {
    #[serde(borrow, default)]
    pub kind: Text<'a>,
}

/// What a `system` record says of the thread.
#[derive(Debug, Deserialize)]
pub(super) struct System<'a> {
    #[serde(borrow, default)]
    pub subtype: Text<'a>,
    #[serde(borrow, default, rename = "compactMetadata")]
    pub compact_metadata: Object<CompactMetadata<'a>>,
    #[serde(default, rename = "pendingBackgroundAgentCount")]
    pub pending_agents: Count,
    #[serde(default, rename = "pendingWorkflowCount")]
    pub pending_workflows: Count,
}

#[derive(Debug, Deserialize)]
pub(super) struct CompactMetadata<'a> {
    /// `manual` or `auto`.
    #[serde(borrow, default)]
    pub trigger: Text<'a>,
}

/// A message's content: a string or blocks.
#[derive(Debug, Deserialize)]
pub(super) struct Content<'a> {
    #[serde(borrow, default)]
    pub content: TextOrObjects<'a, Block<'a>>,
}

impl<'a> Body<'a> {
    pub(super) fn blocks(&self) -> &[Block<'a>] {
        match self.message.0.as_ref().map(|message| &message.content) {
            Some(TextOrObjects::Objects(blocks)) => blocks,
            _ => &[],
        }
    }
}

/// The provider's message object.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Message<'a> {
    #[serde(borrow, default)]
    pub id: Text<'a>,
    #[serde(borrow, default)]
    pub model: Text<'a>,
    #[serde(borrow, default)]
    pub stop_reason: Text<'a>,
    #[serde(borrow, default)]
    pub stop_details: Object<StopDetails<'a>>,
    #[serde(borrow, default)]
    pub usage: Object<Usage<'a>>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct StopDetails<'a> {
    #[serde(borrow, default)]
    pub category: Text<'a>,
}

/// `message.usage`, the provider's bill for one response.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Usage<'a> {
    #[serde(default)]
    pub input_tokens: Count,
    #[serde(default)]
    pub output_tokens: Count,
    #[serde(default)]
    pub cache_read_input_tokens: Count,
    #[serde(default)]
    pub cache_creation_input_tokens: Count,
    #[serde(default)]
    pub cache_creation: Object<CacheCreation>,
    #[serde(default)]
    pub output_tokens_details: Object<OutputDetails>,
    #[serde(default)]
    pub server_tool_use: Object<ServerToolUse>,
    #[serde(borrow, default)]
    pub service_tier: Text<'a>,
    #[serde(borrow, default)]
    pub speed: Text<'a>,
    #[serde(borrow, default)]
    pub inference_geo: Text<'a>,
    /// [`Iteration`]s; read on demand.
    #[serde(borrow, default)]
    pub iterations: RawText<'a>,
    #[serde(borrow, default)]
    pub fallback_credit: Object<FallbackCredit<'a>>,
}

/// Cache writes by lifetime.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) struct CacheCreation {
    #[serde(default)]
    pub ephemeral_5m_input_tokens: Count,
    #[serde(default)]
    pub ephemeral_1h_input_tokens: Count,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct OutputDetails {
    #[serde(default)]
    pub thinking_tokens: Count,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct ServerToolUse {
    #[serde(default)]
    pub web_search_requests: Count,
}

/// One sampling step on the provider's side. Its `type` decides whether the top-level counts
/// include it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Iteration<'a> {
    #[serde(borrow, default, rename = "type")]
    pub kind: Text<'a>,
    #[serde(borrow, default)]
    pub model: Text<'a>,
    #[serde(default)]
    pub input_tokens: Count,
    #[serde(default)]
    pub output_tokens: Count,
    #[serde(default)]
    pub cache_read_input_tokens: Count,
    #[serde(default)]
    pub cache_creation_input_tokens: Count,
    #[serde(default)]
    pub cache_creation: Object<CacheCreation>,
    #[serde(borrow, default)]
    pub stop_details: Object<StopDetails<'a>>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct FallbackCredit<'a> {
    #[serde(borrow, default)]
    pub status: Object<Typed<'a>>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Typed<'a> {
    #[serde(borrow, default, rename = "type")]
    pub kind: Text<'a>,
}

/// `progress.data`: a nested copy of a subagent's record.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Progress<'a> {
    #[serde(borrow, default, rename = "agentId")]
    pub agent_id: Text<'a>,
    #[serde(borrow, default)]
    pub message: Object<Nested<'a>>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Nested<'a> {
    #[serde(borrow, default)]
    pub uuid: Text<'a>,
    #[serde(borrow, default, rename = "requestId")]
    pub request_id: Text<'a>,
    #[serde(borrow, default)]
    pub timestamp: Text<'a>,
    #[serde(borrow, default)]
    pub message: Object<Message<'a>>,
}

/// A block of a message's content.
#[derive(Debug, Deserialize)]
pub(super) struct Block<'a> {
    #[serde(borrow, default, rename = "type")]
    pub kind: Text<'a>,
    #[serde(borrow, default)]
    pub id: Text<'a>,
    #[serde(borrow, default)]
    pub name: Text<'a>,
    #[serde(borrow, default)]
    pub tool_use_id: Text<'a>,
    #[serde(borrow, default)]
    pub text: Text<'a>,
    /// What a tool is asked to do.
    #[serde(borrow, default)]
    pub input: RawText<'a>,
    /// What a tool gave: a string or blocks.
    #[serde(borrow, default)]
    pub content: RawText<'a>,
    #[serde(default)]
    pub is_error: Flag,
}

/// What the client's own `WebSearch` tool returned.
#[derive(Debug, Deserialize)]
pub(super) struct SearchResult {
    #[serde(default, rename = "searchCount")]
    pub search_count: Count,
}
