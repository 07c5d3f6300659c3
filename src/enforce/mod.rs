//! From a decision to steps on a process: which process a session lives in, and how it is ended.
//!
//! Nothing here is signalled unless pid **and** start time match at that moment, the process is
//! ours, runs that agent's executable and is neither pid 1, ourselves nor an ancestor of ours.
//! At less than that a session is blocked and the person told, never signalled. A process that runs
//! several sessions is not ended for one of them: it is told to interrupt that one.

mod case;
mod demand;
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
mod tail;
mod tools;
mod witness;

pub use demand::{Demand, Relocate, Step};
pub use guard::Guard;
#[cfg(target_os = "linux")]
pub use linux::{Kernel, Orders};
pub use locate::{How, Located, Search, locate};
#[cfg(not(target_os = "linux"))]
pub use other::{Kernel, Orders};
pub use present::{Present, Roll, roll_call};
pub use stop::{AgentStop, INTERRUPTED, Means, run as run_agent_stop};
pub use table::{Process, ProcessTable, Refused, Signal, agent_ancestor};
pub use tail::tail_of;
