//! The end of a transcript, which tells what its session is doing.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// How much of it tells whether a session is in mid-turn: the latest records, even where one holds
/// the output of a tool.
const TAIL: u64 = 1 << 20;

/// The end of a file, from the start of a line.
pub fn tail_of(mut file: File) -> io::Result<Vec<u8>> {
    let length = file.metadata()?.len();
    let from = length.saturating_sub(TAIL);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::with_capacity((length - from) as usize + 1);
    file.take(TAIL).read_to_end(&mut bytes)?;
    if from > 0 {
        let first = memchr::memchr(b'\n', &bytes).map_or(bytes.len(), |at| at + 1);
        bytes.drain(..first);
    }
    Ok(bytes)
}
