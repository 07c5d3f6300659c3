//! From a decision to steps on a process: which process a session lives in, and how it is ended.
//!
//! Nothing here is signalled unless pid **and** start time match at that moment, the process is
//! ours, runs that agent's executable and is neither pid 1, ourselves nor an ancestor of ours.
//! At less than that a session is blocked and the person told, never signalled.

mod case;
mod guard;
#[cfg(target_os = "linux")]
mod linux;
mod locate;
#[cfg(not(target_os = "linux"))]
mod other;
mod plan;
mod present;
mod stop;
mod table;
mod tools;
mod witness;

pub use guard::{Demand, Guard, Relocate, Step};
#[cfg(target_os = "linux")]
pub use linux::Kernel;
pub use locate::{How, Located, Search, locate};
#[cfg(not(target_os = "linux"))]
pub use other::Kernel;
pub use present::{Present, Roll, roll_call};
pub use stop::{AgentStop, run as run_agent_stop};
pub use table::{Process, ProcessTable, Refused, Signal, agent_ancestor};
