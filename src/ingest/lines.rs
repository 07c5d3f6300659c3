//! A rolling buffer that yields whole lines with their offsets, in bounded memory.

use std::io::{self, Read};

use memchr::memchr;

/// The longest line that is read. A longer one is skipped to its end and counted.
pub const MAX_LINE: usize = 16 << 20;

/// What one read asks for; larger ones were not faster.
const CHUNK: usize = 256 << 10;

/// Consumed bytes that are kept at least, where the file has them: see [`LineBuffer::before`].
const KEPT: usize = 64 << 10;

/// A reused buffer over a file's bytes.
#[derive(Debug)]
pub struct LineBuffer {
    bytes: Vec<u8>,
    /// Unconsumed bytes are `bytes[start..end]`; those before were consumed last.
    start: usize,
    end: usize,
    /// File offset of `bytes[start]`.
    offset: u64,
    max_line: usize,
}

/// A step through a file.
#[derive(Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// A whole line without its line end, and its offset.
    Line(u64, &'a [u8]),
    /// A line that was too long; its end has been passed.
    Oversized,
    /// No further whole line is there (yet).
    End,
}

impl Default for LineBuffer {
    fn default() -> Self {
        Self::with_max_line(MAX_LINE)
    }
}

impl LineBuffer {
    /// A buffer with another limit on the length of a line.
    pub fn with_max_line(max_line: usize) -> Self {
        Self { bytes: Vec::new(), start: 0, end: 0, offset: 0, max_line }
    }

    /// Starts on another file, which the reader has been positioned in at `offset`.
    pub fn reset(&mut self, offset: u64) {
        self.start = 0;
        self.end = 0;
        self.offset = offset;
        // One monstrous line must not hold its memory for the rest of the day.
        if self.bytes.len() > 4 * CHUNK {
            self.bytes = Vec::new();
        }
    }

    /// Offset just after the last line given out: where to go on after a restart.
    pub fn consumed(&self) -> u64 {
        self.offset
    }

    /// The last consumed bytes, unless they are no longer here.
    pub fn before(&self, length: usize) -> Option<&[u8]> {
        self.start.checked_sub(length).map(|from| &self.bytes[from..self.start])
    }

    /// The next whole line. At the end of the file a partial line stays unconsumed.
    pub fn next(&mut self, file: &mut impl Read) -> io::Result<Step<'_>> {
        let mut searched = 0;
        loop {
            if let Some(at) = memchr(b'\n', &self.bytes[self.start + searched..self.end]) {
                let (from, to) = (self.start, self.start + searched + at);
                let offset = self.offset;
                self.start = to + 1;
                self.offset += (self.start - from) as u64;
                return Ok(if to - from > self.max_line {
                    Step::Oversized
                } else {
                    Step::Line(offset, &self.bytes[from..to])
                });
            }
            searched = self.end - self.start;
            if searched > self.max_line {
                return self.skip_line(file);
            }
            if self.fill(file)? == 0 {
                return Ok(Step::End);
            }
        }
    }

    /// Passes the end of a line that is too long without keeping it. The offset moves only when
    /// the end is there: until then a restart must find the line's start.
    fn skip_line(&mut self, file: &mut impl Read) -> io::Result<Step<'_>> {
        let mut skipped = (self.end - self.start) as u64;
        loop {
            self.start = 0;
            self.end = 0;
            if self.fill(file)? == 0 {
                return Ok(Step::End);
            }
            if let Some(at) = memchr(b'\n', &self.bytes[..self.end]) {
                self.start = at + 1;
                self.offset += skipped + self.start as u64;
                return Ok(Step::Oversized);
            }
            skipped += self.end as u64;
        }
    }

    fn fill(&mut self, file: &mut impl Read) -> io::Result<usize> {
        if self.bytes.len() < self.end + CHUNK {
            let from = self.start.saturating_sub(KEPT);
            self.bytes.copy_within(from..self.end, 0);
            self.start -= from;
            self.end -= from;
            let wanted = (self.end + CHUNK).max(3 * CHUNK);
            if self.bytes.is_empty() {
                // Zeros of the system's, which cost nothing where a short file never gets to.
                self.bytes = vec![0; wanted];
            } else if self.bytes.len() < wanted {
                self.bytes.resize(wanted, 0);
            }
        }
        let read = file.read(&mut self.bytes[self.end..self.end + CHUNK])?;
        self.end += read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads at most `step` bytes at a time.
    struct Dribble<'a>(&'a [u8], usize);

    impl Read for Dribble<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = self.1.min(self.0.len()).min(buffer.len());
            buffer[..length].copy_from_slice(&self.0[..length]);
            self.0 = &self.0[length..];
            Ok(length)
        }
    }

    fn lines(bytes: &[u8], step: usize, max_line: usize) -> (Vec<(u64, String)>, u64, u64) {
        let mut buffer = LineBuffer::with_max_line(max_line);
        let mut file = Dribble(bytes, step);
        let (mut lines, mut oversized) = (Vec::new(), 0);
        loop {
            match buffer.next(&mut file).unwrap() {
                Step::Line(at, line) => lines.push((at, String::from_utf8(line.to_vec()).unwrap())),
                Step::Oversized => oversized += 1,
                Step::End => return (lines, oversized, buffer.consumed()),
            }
        }
    }

    #[test]
    fn a_torn_last_line_stays_unconsumed() {
        for step in 1..9 {
            let (read, oversized, consumed) = lines(b"ab\n\ncd\ne", step, 100);
            let expected = vec![(0, "ab".into()), (3, String::new()), (4, "cd".into())];
            assert_eq!((read, oversized, consumed), (expected, 0, 7));
        }
    }

    #[test]
    fn a_line_over_the_limit_is_skipped_to_its_end() {
        let bytes = b"ab\n0123456789\ncd\n";
        for step in 1..20 {
            let (read, oversized, consumed) = lines(bytes, step, 4);
            assert_eq!(read, vec![(0, "ab".into()), (14, "cd".into())], "step {step}");
            assert_eq!((oversized, consumed), (1, 17), "step {step}");
        }
    }

    #[test]
    fn what_was_consumed_last_is_kept() {
        let line = [b"x".repeat(999), b"\n".to_vec()].concat();
        let bytes = line.repeat(3 * CHUNK / 500);
        let mut buffer = LineBuffer::default();
        let mut file = Dribble(&bytes, usize::MAX);
        while buffer.next(&mut file).unwrap() != Step::End {
            let consumed = buffer.consumed() as usize;
            let kept = KEPT.min(consumed);
            assert_eq!(buffer.before(kept), Some(&bytes[consumed - kept..consumed]));
        }
        assert_eq!(buffer.before(4 * CHUNK), None);
        buffer.reset(0);
        assert_eq!(buffer.before(1), None);
    }

    #[test]
    fn an_endless_line_is_found_again_after_a_restart() {
        let (read, oversized, consumed) = lines(b"ab\n0123456789", 3, 4);
        assert_eq!((read, oversized, consumed), (vec![(0, "ab".into())], 0, 3));
    }
}
