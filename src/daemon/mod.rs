//! The one loop that wires sources, prices and ledger together.

mod catch_up;
mod lock;

pub use catch_up::{CaughtUp, Progress, catch_up};
pub use lock::{Attempt, Holder, InstanceLock, Role};
