//! Where the time comes from: injected everywhere, so that tests and screenshots choose it.

use crate::model::Millis;

/// A source of the present time.
pub trait Clock: Send + Sync {
    /// The present.
    fn now(&self) -> Millis;
}

/// The machine's clock: the one place that reads it.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that everything else is given"
    )]
    fn now(&self) -> Millis {
        Millis::from(jiff::Timestamp::now())
    }
}

/// A clock that stands still (`--now`).
#[derive(Clone, Copy, Debug)]
pub struct FixedClock(pub Millis);

impl Clock for FixedClock {
    fn now(&self) -> Millis {
        self.0
    }
}
