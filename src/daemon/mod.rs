//! The one loop that wires sources, prices and ledger together.

mod catch_up;

pub use catch_up::{CaughtUp, Progress, catch_up};
