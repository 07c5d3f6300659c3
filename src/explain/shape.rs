//! What `explain` says, as data: the JSON form `spendtop.explain/1`, which the text form prints.

use serde::Serialize;

use crate::agents::Spot;
use crate::ledger::{Loop, LoopOf, Totals, Unlogged};
use crate::model::{AgentId, Millis, UsdTotal};
use crate::pricing::AuditRow;

/// The name of the JSON form.
pub const SCHEMA: &str = "spendtop.explain/1";

/// An explanation of a session, or of one or more calls.
#[derive(Debug, Serialize)]
pub struct Explained {
    pub(super) schema: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) session_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) agent: Option<AgentId>,
    /// What the agent's transcripts are known to leave out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) leaves_out: Option<&'static str>,
    /// `api`: money spent. `subscription`: what it would be by list prices; a plan covers it.
    pub account: &'static str,
    pub(super) cost_usd: String,
    pub(super) unpriced_calls: u64,
    pub(super) not_final_calls: u64,
    /// What the agent's own total for the session says beyond these calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unlogged_usd: Option<String>,
    /// The session's own thread and its subagents, apart.
    pub(super) threads: Vec<Part>,
    pub(super) models: Vec<Part>,
    /// Loops of the session, the oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) loops: Vec<Looped>,
    /// Calls that count, oldest first.
    pub(super) calls: Vec<ExplainedCall>,
    /// Calls that the session holds but another one, or another thread, is charged with.
    pub(super) not_counted: Vec<NotCounted>,
    /// Transcripts that are not there any more.
    pub(super) gone: Vec<String>,
    #[serde(skip)]
    pub(super) total: Totals,
    /// The same as `unlogged_usd`, and when the agent said so; none where it is nothing.
    #[serde(skip)]
    pub(super) unlogged: Option<Unlogged>,
}

#[derive(Debug, Serialize)]
pub(super) struct Part {
    pub name: String,
    pub calls: u64,
    pub cost_usd: String,
    #[serde(skip)]
    pub totals: Totals,
}

/// A loop: what repeated, how often, and what that cost.
#[derive(Debug, Serialize)]
pub(super) struct Looped {
    /// When the turn began that it was found in.
    pub turn: String,
    pub level: &'static str,
    pub detector: String,
    pub tool: Option<String>,
    pub subagent: Option<String>,
    pub count: u64,
    pub since: String,
    pub until: String,
    pub cost_usd: String,
    #[serde(skip)]
    pub found: Loop,
}

impl Looped {
    pub(super) fn of(looped: LoopOf) -> Self {
        let LoopOf { subagent, found, .. } = looped;
        let instant = |at: Millis| at.timestamp().to_string();
        Self {
            turn: instant(found.turn),
            level: found.level.name(),
            detector: found.detector.to_string(),
            tool: found.tool.as_deref().map(str::to_owned),
            subagent: Some(subagent.to_string()).filter(|subagent| !subagent.is_empty()),
            count: found.count,
            since: instant(found.since),
            until: instant(found.at),
            cost_usd: UsdTotal::from(found.cost).to_decimal(),
            found,
        }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct ExplainedCall {
    pub call_id: String,
    pub request_id: Option<String>,
    pub kind: &'static str,
    pub session_id: String,
    pub subagent: Option<String>,
    pub project: String,
    pub branch: String,
    pub model: Option<String>,
    pub timestamp: String,
    pub is_final: bool,
    pub speed: &'static str,
    pub inference_geo: &'static str,
    pub kept: Place,
    pub dropped: Vec<Dropped>,
    pub charge: Charge,
    pub superseded: Vec<Charge>,
    #[serde(skip)]
    pub at: Millis,
}

/// A call that a session holds and is not charged with.
#[derive(Debug, Serialize)]
pub(super) struct NotCounted {
    pub call_id: String,
    pub file: String,
    #[serde(flatten)]
    pub spot: Spot,
    pub reason: &'static str,
}

/// A record of a transcript.
#[derive(Debug, Serialize)]
pub(super) struct Place {
    pub file: String,
    #[serde(flatten)]
    pub spot: Spot,
}

#[derive(Debug, Serialize)]
pub(super) struct Dropped {
    pub file: String,
    #[serde(flatten)]
    pub spot: Spot,
    pub session_id: String,
    pub output_tokens: u64,
    pub reason: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Charge {
    pub cost_usd: Option<String>,
    pub status: String,
    /// `tokens × rate × multiplier = amount`, by token class; of one without a rate the tokens alone.
    pub classes: Vec<Class>,
    pub web_search_requests: u64,
    pub web_search_usd: String,
    pub multiplier: String,
    pub price_row: Option<AuditRow>,
    pub book: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Class {
    #[serde(rename = "class")]
    pub name: &'static str,
    pub tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usd_per_million: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<String>,
}
