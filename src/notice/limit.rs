//! A hard time limit on calls that may hang: a notification service that never answers must delay
//! nobody.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use super::{Notifier, clean};
use crate::model::Notice;

/// Calls on a thread of its own, and leaves it behind where it takes longer than `limit`. The
/// thread ends when the call does; the process does not wait for it.
pub fn call_within<T: Send + 'static>(
    name: &str,
    limit: Duration,
    call: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    let (done, outcome) = mpsc::sync_channel(1);
    let started = thread::Builder::new().name(name.to_owned()).spawn(move || {
        // Nobody listens any more where the limit has passed.
        let _ = done.send(call());
    });
    if let Err(error) = started {
        return Err(format!("cannot start a thread: {error}"));
    }
    match outcome.recv_timeout(limit) {
        Ok(outcome) => outcome,
        Err(RecvTimeoutError::Timeout) => {
            Err(format!("did not answer within {} s", limit.as_secs_f64()))
        }
        Err(RecvTimeoutError::Disconnected) => Err("failed inside".to_owned()),
    }
}

/// Tells by one channel, within `limit` whatever the channel does.
pub fn tell_within(
    notifier: &Arc<dyn Notifier>,
    notice: &Notice,
    limit: Duration,
) -> Result<(), String> {
    let (notifier, notice) = (Arc::clone(notifier), clean(notice));
    call_within(notifier.channel(), limit, move || notifier.tell(&notice))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_hangs_or_panics_is_a_failure_in_words() {
        let (hold, gate) = mpsc::channel::<()>();
        let hang = move || gate.recv().map_err(|error| error.to_string());
        let outcome = call_within("hangs", Duration::from_millis(50), hang);
        assert_eq!(outcome, Err("did not answer within 0.05 s".into()));
        drop(hold);
        let outcome =
            call_within::<()>("panics", Duration::from_secs(10), || panic!("in a notifier"));
        assert_eq!(outcome, Err("failed inside".into()));
        assert_eq!(call_within("works", Duration::from_secs(10), || Ok(1)), Ok(1));
    }
}
