//! What all detectors are told besides the step: the time, the sums, whether there is progress.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::model::{Fingerprint, Millis, PicoUsd, ToolKind, ToolOutcome, ToolResult, ToolUse};

/// How much of a thread lies behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Scene {
    /// The time of what is seen.
    pub at: Millis,
    /// What the thread has cost.
    pub own: PicoUsd,
    /// What its subagents have.
    pub children: PicoUsd,
    /// Model calls.
    pub calls: u32,
    /// Uses of tools that have given a result.
    pub steps: u32,
    /// Edits that were never made before.
    pub edits: u32,
    /// Commands and the like that were never given before, and worked: each may have changed
    /// something.
    pub acts: u32,
    /// Time spent in tools.
    pub tool_millis: i64,
}

impl Scene {
    /// What thread and subagents have cost.
    pub fn all(&self) -> PicoUsd {
        self.own + self.children
    }
}

/// A moment of a thread, to measure from. Written down without names: there are many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(Millis, PicoUsd, i64)", into = "(Millis, PicoUsd, i64)")]
pub(super) struct Mark {
    pub at: Millis,
    pub own: PicoUsd,
    pub tool_millis: i64,
}

impl From<(Millis, PicoUsd, i64)> for Mark {
    fn from((at, own, tool_millis): (Millis, PicoUsd, i64)) -> Self {
        Self { at, own, tool_millis }
    }
}

impl From<Mark> for (Millis, PicoUsd, i64) {
    fn from(mark: Mark) -> Self {
        (mark.at, mark.own, mark.tool_millis)
    }
}

impl Mark {
    pub fn of(scene: &Scene) -> Self {
        Self { at: scene.at, own: scene.own, tool_millis: scene.tool_millis }
    }

    /// What the thread has cost since.
    pub fn cost(&self, scene: &Scene) -> PicoUsd {
        scene.own - self.own
    }

    /// The time that has passed, a time, between the first of so many times and the last.
    pub fn pace(&self, scene: &Scene, times: u32) -> i64 {
        scene.at.since(self.at) / gaps(times)
    }

    /// The same of the time spent in tools.
    pub fn tool_pace(&self, scene: &Scene, times: u32) -> i64 {
        scene.tool_millis.saturating_sub(self.tool_millis) / gaps(times)
    }
}

fn gaps(times: u32) -> i64 {
    i64::from(times.saturating_sub(1).max(1))
}

/// The same for what subagents have a part in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct WideMark {
    pub at: Millis,
    pub all: PicoUsd,
}

impl WideMark {
    pub fn of(scene: &Scene) -> Self {
        Self { at: scene.at, all: scene.all() }
    }

    /// What thread and subagents have cost since.
    pub fn cost(&self, scene: &Scene) -> PicoUsd {
        scene.all() - self.all
    }

    pub fn pace(&self, scene: &Scene, times: u32) -> i64 {
        scene.at.since(self.at) / gaps(times)
    }
}

/// A use of a tool with what came of it.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// Of tool and input: the same call.
    pub call: Fingerprint,
    pub asked: ToolUse,
    pub outcome: ToolOutcome,
    pub output: Fingerprint,
    pub error: Option<Fingerprint>,
}

impl Step {
    pub fn new(asked: ToolUse, result: &ToolResult) -> Self {
        Self {
            call: call(&asked),
            outcome: result.outcome,
            output: result.output,
            error: result.error,
            asked,
        }
    }

    pub fn kind(&self) -> ToolKind {
        self.asked.kind
    }

    pub fn is_done(&self) -> bool {
        self.outcome == ToolOutcome::Done
    }

    /// An edit that was made.
    pub fn is_edit(&self) -> bool {
        self.kind() == ToolKind::Edit && self.is_done()
    }

    /// Call and result, short.
    pub fn pair(&self) -> u32 {
        short(self.call.0 ^ self.output.0.rotate_left(32) ^ self.outcome as u64)
    }
}

/// The fingerprint of a tool and its input.
pub(super) fn call(asked: &ToolUse) -> Fingerprint {
    Fingerprint(xxh3_64_with_seed(asked.name.as_bytes(), asked.input.0))
}

/// The fingerprint of a tool.
pub(super) fn tool(name: &Arc<str>) -> u64 {
    xxh3_64_with_seed(name.as_bytes(), 0)
}

/// Half a hash, for what is only compared with a few others.
pub(super) fn short(hash: u64) -> u32 {
    (hash ^ (hash >> 32)) as u32
}
