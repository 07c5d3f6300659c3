//! The vocabulary every other module speaks; depends on nothing in the crate.
//!
//! Names follow the providers' usage objects and OpenTelemetry's generative AI terms. Nothing here does
//! I/O, reads a clock or an environment.

pub mod call;
pub mod cost;
pub mod deed;
pub mod deed_log;
pub mod event;
pub mod guard;
pub mod ids;
pub mod money;
pub mod source;
pub mod time;
pub mod usage;

pub use call::{Call, CallKind, Geo, Qualifiers, Refusal, ServiceTier, Speed};
pub use cost::{Charge, Cost, CostStatus, UnpricedReason};
pub use deed::{
    Deed, Fingerprint, ThreadDeed, ToolKind, ToolOutcome, ToolResult, ToolUse, TurnSource,
};
pub use deed_log::{DeedLog, DeedOf, ThreadDeeds, ToldDeed};
pub use event::Event;
pub use guard::{
    Action, ActionKind, CapAction, LIMIT, Latch, Lift, LiftBy, Mark, Note, Notice, Permille,
    ProcessKey, SessionKey, Sighting,
};
pub(crate) use ids::list_of_agents;
pub use ids::{AgentId, CallId, CallPlace};
pub use money::{ParseUsdError, PicoUsd, UsdTotal};
pub use source::{Batch, Cursor, FileStat, StoredSource};
pub use time::Millis;
pub use usage::TokenUsage;
