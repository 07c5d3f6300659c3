//! What a detector says: what repeats, how often, since when, and what it has cost.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::scene::Step;
use crate::model::{Fingerprint, Millis, PicoUsd, ToolKind};

/// What kind of repetition a detector looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Detector {
    /// The same call with the same result.
    SameResult,
    /// Asking how something stands, without end.
    Polling,
    /// The same error of the same tool, or one failure that no fix changes.
    SameError,
    /// A few calls that come round again.
    Cycle,
    /// An edit, undone and made again.
    EditRevert,
    /// Reading what was read and has not changed.
    Reread,
    /// More subagents than anybody asked for.
    Subagents,
    /// Summing up, over and over, with next to nothing in between.
    Compaction,
    /// Sent on again and again with no person there.
    Unattended,
}

impl Detector {
    /// Every detector, those with the tightest description of a repetition first.
    pub const ALL: [Self; 9] = [
        Self::EditRevert,
        Self::SameResult,
        Self::SameError,
        Self::Polling,
        Self::Reread,
        Self::Cycle,
        Self::Subagents,
        Self::Compaction,
        Self::Unattended,
    ];

    /// The word in JSON and in the corpus.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SameResult => "same_result",
            Self::Polling => "polling",
            Self::SameError => "same_error",
            Self::Cycle => "cycle",
            Self::EditRevert => "edit_revert",
            Self::Reread => "reread",
            Self::Subagents => "subagents",
            Self::Compaction => "compaction",
            Self::Unattended => "unattended",
        }
    }

    /// The detector with a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|detector| detector.name() == name)
    }

    /// What repeats, as a person says it.
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::SameResult => "the same call with the same result",
            Self::Polling => "asking how something stands",
            Self::SameError => "the same error",
            Self::Cycle => "a few calls that come round again",
            Self::EditRevert => "an edit that is undone and made again",
            Self::Reread => "reading what has not changed",
            Self::Subagents => "subagents that are started",
            Self::Compaction => "compactions with next to nothing in between",
            Self::Unattended => "rounds with no person there",
        }
    }

    /// What one loop is about: of detectors that see the same steps, one speaks.
    pub(super) const fn subject(self) -> usize {
        match self {
            Self::SameResult
            | Self::Polling
            | Self::SameError
            | Self::Cycle
            | Self::EditRevert
            | Self::Reread => 0,
            Self::Subagents => 1,
            Self::Compaction => 2,
            Self::Unattended => 3,
        }
    }
}

impl fmt::Display for Detector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How bad it is.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Nothing repeats that should not.
    #[default]
    None,
    /// It begins to look like one: for the screen, not for a notice.
    Watch,
    /// A careful person would say: this is a loop now.
    Loop,
    /// It has gone on for long, or has become dear.
    Runaway,
}

impl Level {
    /// The word in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Watch => "watch",
            Self::Loop => "loop",
            Self::Runaway => "runaway",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A loop, as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// Who says so.
    pub detector: Detector,
    /// How bad it is.
    pub level: Level,
    /// What repeats: the call's fingerprint, an error's, a file's; none where no tool does.
    pub what: Option<Fingerprint>,
    /// The tool.
    pub tool: Option<Arc<str>>,
    /// What the tool is for.
    pub kind: Option<ToolKind>,
    /// How often it has come, the first time among them.
    pub count: u32,
    /// When it came first.
    pub since: Millis,
    /// When it came last.
    pub at: Millis,
    /// What was spent after the first time: by the thread, and where subagents or the whole
    /// thread are the matter, by its subagents too.
    pub cost: PicoUsd,
}

/// What a detector has found, before it is known how bad that is.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    pub detector: Detector,
    pub what: Option<Fingerprint>,
    pub tool: Option<Arc<str>>,
    pub kind: Option<ToolKind>,
    pub count: u32,
    /// The count that makes it a loop.
    pub limit: u32,
    pub since: Millis,
    pub cost: PicoUsd,
}

impl Finding {
    /// About the call of a step, to be filled in.
    pub fn about(detector: Detector, step: &Step) -> Self {
        Self {
            detector,
            what: Some(step.call),
            tool: Some(Arc::clone(&step.asked.name)),
            kind: Some(step.kind()),
            count: 1,
            limit: u32::MAX,
            since: Millis::default(),
            cost: PicoUsd::ZERO,
        }
    }

    /// How much of the limit is reached, in thousandths.
    pub fn share(&self) -> u64 {
        u64::from(self.count) * 1000 / u64::from(self.limit.max(1))
    }
}
