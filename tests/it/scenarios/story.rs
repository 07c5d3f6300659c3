//! How a story is written.

use serde::Deserialize;

/// A story.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Story {
    /// What it shows, for the reader.
    #[expect(dead_code, reason = "for the reader of the file")]
    pub about: String,
    /// The config file, in its own syntax.
    pub config: String,
    #[serde(default)]
    pub step: Vec<Step>,
}

/// Something happens, and this is how the caps stand then.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What the clock says, with an offset.
    pub at: String,
    /// The config file from now on.
    pub config: Option<String>,
    /// The daemon ends and starts.
    #[serde(default)]
    pub restart: bool,
    #[serde(default)]
    pub call: Vec<CallStep>,
    /// A person's prompt comes to this session.
    pub prompt: Option<String>,
    /// Loops as the detectors have them.
    #[serde(default)]
    pub looping: Vec<LoopStep>,
    /// An agent states its own total.
    pub total: Option<Total>,
    pub snooze: Option<SnoozeStep>,
    pub raise: Option<RaiseStep>,
    /// No cap is at any level.
    #[serde(default)]
    pub nothing: bool,
    #[serde(default)]
    pub expect: Vec<Expect>,
    #[serde(default)]
    pub verdict: Vec<VerdictExpect>,
}

/// A call, or a later record of one. The fields that are left out are the same in most stories.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallStep {
    /// Which response; a new one if left out.
    pub id: Option<String>,
    /// When, if that is not now.
    pub at: Option<String>,
    #[serde(default = "session")]
    pub session: String,
    #[serde(default = "project")]
    pub project: String,
    #[serde(default)]
    pub branch: String,
    #[serde(default = "model")]
    pub model: String,
    #[serde(default = "developer")]
    pub developer: String,
    pub subagent: Option<String>,
    /// What it costs; a call without is of `tokens`.
    pub usd: Option<String>,
    /// Output tokens.
    pub tokens: Option<u64>,
}

fn session() -> String {
    "s1".into()
}

fn project() -> String {
    "/home/dev/shop".into()
}

fn model() -> String {
    "claude-opus-5-5".into()
}

fn developer() -> String {
    "dev".into()
}

/// What a session's loop has come to.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoopStep {
    #[serde(default = "session")]
    pub session: String,
    pub count: u64,
    pub usd: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Total {
    pub session: String,
    pub usd: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SnoozeStep {
    pub cap: String,
    pub minutes: i64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RaiseStep {
    pub cap: String,
    pub usd: String,
}

/// How a subject of a cap stands; what is left out is not looked at.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    pub cap: String,
    pub subject: Option<String>,
    /// Of a cap on how often.
    pub count: Option<u64>,
    /// There is no such subject.
    #[serde(default)]
    pub absent: bool,
    pub spent: Option<String>,
    pub reserve: Option<String>,
    pub limit: Option<String>,
    /// `none`, `limit`, or as a person says it: `80 %`.
    pub level: Option<String>,
    /// `none`, or the action in force.
    pub action: Option<String>,
    pub latched: Option<bool>,
    pub snoozed: Option<bool>,
    /// Levels that are reached for the first time, as at [`Expect::level`].
    pub told: Option<Vec<String>>,
    /// When the period ends.
    pub resets: Option<String>,
}

/// What is to happen to a session.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerdictExpect {
    #[serde(default = "session")]
    pub session: String,
    #[serde(default = "project")]
    pub project: String,
    #[serde(default)]
    pub branch: String,
    #[serde(default = "model")]
    pub model: String,
    #[serde(default = "developer")]
    pub developer: String,
    /// `nothing`, or an action and its cap: `kill by daily`.
    pub is: String,
}
