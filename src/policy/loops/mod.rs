//! Loops: whether an agent goes round and round, told by what it does again and again; pure.
//!
//! A [`Watcher`] sees what one thread does, as [`Deed`]s and the cost of its calls, and says when
//! that has become a loop. What each detector catches and misses is said at the head of its file.
//! How good they are is measured by [`eval`] on a labelled [`corpus`]. A person's prompt begins
//! everything anew; a compaction does not.
//!
//! [`Deed`]: crate::model::Deed

mod alarm;
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
