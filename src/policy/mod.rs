//! Whether a cap is used up, and what is to happen: pure.
//!
//! [`Tally`] adds up what was spent by what each cap is about, [`decide()`] holds that against the
//! limits. Neither reads a clock, a ledger or a config: they are given the time, the sums, and
//! what is latched and lifted, and give back [`Decision`]s. [`loops`] tells whether an agent goes
//! round and round.

mod cap;
mod decide;
pub mod loops;
mod loosened;
mod meaning;
mod period;
mod simulate;
mod tally;
mod words;

pub use cap::{Cap, DEFAULT_GRACE, Measure, Period, Scope, Who, session_name};
pub use decide::{Decision, decide, verdict};
pub use loosened::loosened;
pub use period::window;
pub use simulate::{Hit, Made, Simulation, simulate};
pub use tally::{Looping, Tally, Used};
pub use words::notice_key;
