//! From a decision to steps on a process: which process a session lives in, and how it is ended.
//!
//! Nothing here is signalled unless pid **and** start time match at that moment, the process is
//! ours, runs that agent's executable and is neither pid 1, ourselves nor an ancestor of ours.
//! At less than that a session is blocked and the person told, never signalled.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;
mod table;

#[cfg(target_os = "linux")]
pub use linux::Kernel;
#[cfg(not(target_os = "linux"))]
pub use other::Kernel;
pub use table::{Process, ProcessTable, Refused, Signal, agent_ancestor};
