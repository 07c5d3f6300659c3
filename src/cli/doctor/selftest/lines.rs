//! Lines from a pipe, one JSON value each, that nobody has to wait for.

use std::io::{BufRead, BufReader, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError, channel};
use std::thread;
use std::time::Duration;

use serde::de::DeserializeOwned;

/// The values that come in; lines that are none are left out.
pub(super) struct Lines<T>(Receiver<T>);

/// What a look at them finds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Look<T> {
    /// One more.
    Line(T),
    /// None for now.
    Nothing,
    /// The other end is closed.
    End,
}

impl<T: DeserializeOwned + Send + 'static> Lines<T> {
    /// Reads on a thread of its own, which ends with the pipe.
    pub(super) fn of(pipe: impl Read + Send + 'static) -> std::io::Result<Self> {
        let (send, lines) = channel();
        thread::Builder::new().name("lines".into()).spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                let Ok(value) = serde_json::from_str(&line) else { continue };
                if send.send(value).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self(lines))
    }

    /// What is there.
    pub(super) fn look(&self) -> Look<T> {
        match self.0.try_recv() {
            Ok(line) => Look::Line(line),
            Err(TryRecvError::Empty) => Look::Nothing,
            Err(TryRecvError::Disconnected) => Look::End,
        }
    }

    /// The same, waiting for it.
    pub(super) fn look_for(&self, limit: Duration) -> Look<T> {
        match self.0.recv_timeout(limit) {
            Ok(line) => Look::Line(line),
            Err(RecvTimeoutError::Timeout) => Look::Nothing,
            Err(RecvTimeoutError::Disconnected) => Look::End,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_in_order_and_what_is_none_is_left_out() {
        let lines: Lines<u32> = Lines::of(&b"1\nhello\n2\n"[..]).unwrap();
        let next = || lines.look_for(Duration::from_secs(10));
        assert_eq!([next(), next(), next()], [Look::Line(1), Look::Line(2), Look::End]);
        assert_eq!(lines.look(), Look::End);
    }
}
