//! Loops: whether an agent goes round and round, told by what it does again and again; pure.
//!
//! A [`Watcher`] sees what one thread does, as [`Deed`]s and the cost of its calls, and says when
//! that has become a loop. What each detector catches and misses is said at the head of its file.
//! How good they are is measured by [`eval`] on a labelled [`corpus`].
//!
//! | kind of loop | file |
//! |---|---|
//! | the same call, the same result | `repeat`; whatever is asked: `answers` |
//! | asking how something stands | `poll` |
//! | the same error; a failure that no fix changes | `errors` |
//! | calls that come round again | `cycle` |
//! | an edit, undone and made again | `revert`, which also tells new edits |
//! | reading what has not changed | `reread` |
//! | a storm of subagents | `subagents` |
//! | compaction over and over | `compactions` |
//! | sent on with no person there | `unattended` |
//!
//! A person's prompt begins everything anew, an automated one what is counted of repeated calls; a
//! compaction nothing. Of detectors that see the same steps one speaks, once for each level.
//!
//! [`Deed`]: crate::model::Deed

mod alarm;
mod answers;
mod calls;
mod circle;
mod compactions;
pub mod corpus;
mod cycle;
mod errors;
pub mod eval;
mod poll;
mod repeat;
mod reread;
mod revert;
mod scene;
mod subagents;
mod thresholds;
mod unattended;
mod watcher;

pub use alarm::{Alarm, Detector, Level};
pub use thresholds::Thresholds;
pub use watcher::{Seen, Watcher};

#[cfg(test)]
mod tests;
