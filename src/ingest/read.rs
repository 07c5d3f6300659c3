//! Reads what is new in one line file.
//!
//! A file that did not grow, or is another one, or whose bytes just before the old end or at its
//! beginning are others, is read anew from its start: that changes nothing of what is known and
//! finds what is new. One rewrite is not noticed: more than 64 KiB before the old end, byte for
//! byte as long as what it replaces, in a file that grew as well before it was looked at. To notice
//! it, every append would have to read the whole file again; what had been read stays counted, and
//! so does what was appended.

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use xxhash_rust::xxh3::Xxh3;

use super::discover::SourceFile;
use super::lines::{LineBuffer, Step};
use super::project::Projects;
use crate::agents::{self, Agent, State, Unparsed};
use crate::model::{AgentId, Batch, Cursor, Event, FileStat, StoredSource};

/// How many bytes before the offset must be unchanged for reading to go on there: as far back as
/// the client itself takes records out of a transcript.
const ANCHOR_BYTES: u64 = 64 << 10;

/// How many bytes of the file's beginning must be unchanged, too: they tell another file that ends
/// the same way.
const HEAD_BYTES: usize = 512;

/// Events of one batch; bounds memory, and the work that a crash repeats.
const BATCH_EVENTS: usize = 512;

/// The same for what was done in threads, in the measure of [`State::waiting_deeds`].
const BATCH_DEEDS: usize = 1024;

/// Reads files one after the other with one buffer.
#[derive(Debug, Default)]
pub struct Reader {
    lines: LineBuffer,
    projects: Projects,
}

impl Reader {
    /// Reads a file from where `stored` left off, or from its start if it was replaced, cut or
    /// rewritten, and hands over each batch. Stops early when `sink` says so with `false`.
    pub fn read(
        &mut self,
        source: &SourceFile,
        stored: Option<&StoredSource>,
        sink: &mut dyn FnMut(Batch) -> bool,
    ) -> io::Result<()> {
        let mut file = File::open(&source.path)?;
        let before = FileStat::from(&file.metadata()?);
        let adapter = agents::adapter(source.agent);
        let mut cursor = resume_point(&file, &before, stored)?.unwrap_or_default();
        let mut state = adapter.open(&source.path, cursor.state.as_deref());
        file.seek(SeekFrom::Start(cursor.offset))?;
        self.lines.reset(cursor.offset);

        let mut events = Vec::new();
        loop {
            let at_end =
                self.read_lines(&mut file, adapter, &mut state, &mut cursor, &mut events)?;
            self.set_projects(&mut events);
            let new_bytes = self.lines.consumed() - cursor.offset;
            cursor.offset = self.lines.consumed();
            cursor.anchor = match self.lines.before(anchored(cursor.offset)) {
                Some(last) => hash(&file, cursor.offset, last)?,
                None => anchor(&file, cursor.offset)?,
            };
            cursor.state = state.save();
            let stat = if at_end {
                before
            } else {
                // Not read to its end: must never look unchanged.
                FileStat { size: cursor.offset, mtime_ns: 0, ctime_ns: 0, ..before }
            };
            let batch = Batch {
                path: source.path.clone(),
                agent: source.agent,
                developer: Arc::clone(&source.developer),
                stat,
                cursor: cursor.clone(),
                new_bytes,
                events: std::mem::take(&mut events),
                deeds: state.take_deeds(),
            };
            if !sink(batch) || at_end {
                return Ok(());
            }
        }
    }

    /// Fills one batch; tells whether the file's end was reached.
    fn read_lines(
        &mut self,
        file: &mut File,
        adapter: &dyn Agent,
        state: &mut State,
        cursor: &mut Cursor,
        events: &mut Vec<Event>,
    ) -> io::Result<bool> {
        while events.len() < BATCH_EVENTS && state.waiting_deeds() < BATCH_DEEDS {
            match self.lines.next(file)? {
                Step::Line(offset, line) => {
                    if adapter.parse(line, offset, state, events).is_err() {
                        cursor.unparsed += 1;
                    }
                }
                Step::Oversized => cursor.oversized += 1,
                Step::End => return Ok(true),
            }
        }
        Ok(false)
    }

    fn set_projects(&mut self, events: &mut [Event]) {
        for event in events {
            if let Event::Call(call) = event {
                call.project = call.cwd.as_ref().map(|cwd| self.projects.of(cwd));
            }
        }
    }
}

/// Reads a whole file anew and shows every record's events, repeats included. For `explain`.
pub fn replay(
    path: &Path,
    agent: AgentId,
    mut show: impl FnMut(u64, Result<&[Event], Unparsed>),
) -> io::Result<()> {
    let mut file = File::open(path)?;
    let adapter = agents::adapter(agent);
    let mut state = adapter.open(path, None).with_repeats();
    let mut lines = LineBuffer::default();
    let mut events = Vec::new();
    loop {
        match lines.next(&mut file)? {
            Step::Line(offset, line) => {
                events.clear();
                let parsed = adapter.parse(line, offset, &mut state, &mut events);
                // Nobody wants them here, and a file has many.
                let _ = state.take_deeds();
                show(offset, parsed.map(|()| events.as_slice()));
            }
            Step::Oversized => {}
            Step::End => return Ok(()),
        }
    }
}

/// The stored cursor, if the file still begins with what was read.
fn resume_point(
    file: &File,
    stat: &FileStat,
    stored: Option<&StoredSource>,
) -> io::Result<Option<Cursor>> {
    let Some(stored) = stored else { return Ok(None) };
    let same_file = stored.stat.dev == stat.dev && stored.stat.ino == stat.ino;
    // Touched without growing: whatever was done to it, it was not appended to.
    let grown = stat.size > stored.cursor.offset || stat == &stored.stat;
    if same_file && grown && anchor(file, stored.cursor.offset)? == stored.cursor.anchor {
        return Ok(Some(stored.cursor.clone()));
    }
    Ok(None)
}

/// How many bytes just before an offset must be unchanged.
fn anchored(offset: u64) -> usize {
    offset.min(ANCHOR_BYTES) as usize
}

/// Hash of the bytes just before an offset and of the file's first.
fn anchor(file: &File, offset: u64) -> io::Result<i64> {
    let mut last = vec![0; anchored(offset)];
    let from = offset - last.len() as u64;
    match file.read_exact_at(&mut last, from) {
        Ok(()) => hash(file, offset, &last),
        Err(error) => no_anchor(error),
    }
}

/// The same, where the last bytes before the offset are known.
fn hash(file: &File, offset: u64, last: &[u8]) -> io::Result<i64> {
    let mut first = [0; HEAD_BYTES];
    let first = &mut first[..HEAD_BYTES.min((offset as usize).saturating_sub(last.len()))];
    if let Err(error) = file.read_exact_at(first, 0) {
        return no_anchor(error);
    }
    let mut hasher = Xxh3::new();
    hasher.update(first);
    hasher.update(last);
    Ok(hasher.digest().cast_signed())
}

/// Shorter than the offset: cut meanwhile. No stored anchor is this one's.
fn no_anchor(error: io::Error) -> io::Result<i64> {
    if error.kind() == io::ErrorKind::UnexpectedEof { Ok(!0) } else { Err(error) }
}
