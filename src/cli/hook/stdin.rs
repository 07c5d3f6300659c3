//! Stdin that is not waited for beyond a time: an agent that never ends what it says must not
//! hang its own hook.

use std::io::{self, Read};
use std::os::fd::AsFd;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// A reader with a deadline.
pub(super) struct Patient<R> {
    input: R,
    until: Instant,
}

impl<R: Read + AsFd> Patient<R> {
    pub(super) fn new(input: R, until: Instant) -> Self {
        Self { input, until }
    }
}

impl<R: Read + AsFd> Read for Patient<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // What never ends is no better than what never comes.
        let Some(left) = self.until.checked_duration_since(Instant::now()) else {
            return Err(io::ErrorKind::TimedOut.into());
        };
        let limit =
            Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() };
        let mut fds = [PollFd::new(&self.input, PollFlags::IN)];
        // A zero means that the time was up; an interrupted call asks again by the standard
        // library's own rule.
        if poll(&mut fds, Some(&limit))? == 0 {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.input.read(buffer)
    }
}
