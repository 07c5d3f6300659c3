//! Reads what is new in one file: of lines, compressed or not, or a whole document. Databases are
//! read by [`super::rows`].
//!
//! A file of lines that did not grow, or is another one, or whose bytes just before the old end or at its
//! beginning are others, is read anew from its start: that changes nothing of what is known and
//! finds what is new. One rewrite is not noticed: more than 64 KiB before the old end, byte for
//! byte as long as what it replaces, in a file that grew as well before it was looked at. To notice
//! it, every append would have to read the whole file again; what had been read stays counted, and
//! so does what was appended.

use std::cell::OnceCell;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use xxhash_rust::xxh3::Xxh3;

use super::discover::SourceFile;
use super::document::Document;
use super::lines::{LineBuffer, Step};
use super::project::{Projects, cwd_beside};
use super::rows;
use super::zstd::Frames;
use crate::agents::{self, Parser, Source, Unparsed};
use crate::model::{AgentId, Batch, Cursor, Event, FileStat, StoredSource};

/// How many bytes before the offset must be unchanged for reading to go on there: as far back as
/// the client itself takes records out of a transcript.
const ANCHOR_BYTES: u64 = 64 << 10;

/// How many bytes of the file's beginning must be unchanged, too: they tell another file that ends
/// the same way.
const HEAD_BYTES: usize = 512;

/// Events of one batch; bounds memory, and the work that a crash repeats.
pub(super) const BATCH_EVENTS: usize = 512;

/// The same for what was done in threads, in the measure of [`agents::Parser::waiting_deeds`].
pub(super) const BATCH_DEEDS: usize = 1024;

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
        let adapter = agents::adapter(source.agent);
        let kind = adapter.source(&source.path);
        if let Some(Source::Rows(tables)) = kind {
            return rows::read(source, tables, stored, &mut |mut batch| {
                self.set_projects(source, &mut batch.events);
                sink(batch)
            });
        }
        let mut file = File::open(&source.path)?;
        let before = FileStat::from(&file.metadata()?);
        match kind {
            Some(Source::Lines) => {
                let cursor = resume_point(&file, &before, stored)?.unwrap_or_default();
                let parser = adapter.open(&source.path, cursor.state.as_deref());
                file.seek(SeekFrom::Start(cursor.offset))?;
                let mut text = Plain(file);
                self.read_batches(Open { source, before, cursor, parser }, &mut text, sink)
            }
            Some(Source::ZstdLines) => {
                let (cursor, parser) = (Cursor::default(), adapter.open(&source.path, None));
                let mut text = Compressed(Frames::new(file));
                self.read_batches(Open { source, before, cursor, parser }, &mut text, sink)
            }
            Some(Source::Document) => {
                let (cursor, parser) = (Cursor::default(), adapter.open(&source.path, None));
                self.read_document(Open { source, before, cursor, parser }, &mut file, sink)
            }
            Some(Source::Rows(_)) | None => Ok(()),
        }
    }

    fn read_batches<T: Text>(
        &mut self,
        mut open: Open<'_>,
        text: &mut T,
        sink: &mut dyn FnMut(Batch) -> bool,
    ) -> io::Result<()> {
        self.lines.reset(open.cursor.offset);
        let mut events = Vec::new();
        loop {
            let at_end = self.read_lines(text, &mut open, &mut events)?;
            self.set_projects(open.source, &mut events);
            let cursor = &mut open.cursor;
            let new_bytes = self.lines.consumed() - cursor.offset;
            cursor.offset = self.lines.consumed();
            cursor.anchor = text.anchor(&self.lines)?;
            cursor.state = open.parser.save();
            let stat = if at_end {
                open.before
            } else {
                // Not read to its end: must never look unchanged.
                FileStat { size: cursor.offset, mtime_ns: 0, ctime_ns: 0, ..open.before }
            };
            let new_bytes = text.read_of_file(new_bytes, at_end, &open.before);
            let batch = open.batch(stat, new_bytes, std::mem::take(&mut events));
            if !sink(batch) || at_end {
                return Ok(());
            }
        }
    }

    /// All of it is one batch: there is no place within it to go on from.
    fn read_document(
        &mut self,
        mut open: Open<'_>,
        file: &mut File,
        sink: &mut dyn FnMut(Batch) -> bool,
    ) -> io::Result<()> {
        let mut events = Vec::new();
        let document = Document::read(file, open.before.size)?;
        open.cursor = document.parse(&mut *open.parser, &mut events);
        self.set_projects(open.source, &mut events);
        let (stat, new_bytes) = (open.before, open.cursor.offset);
        sink(open.batch(stat, new_bytes, events));
        Ok(())
    }

    /// Fills one batch; tells whether the text's end was reached.
    fn read_lines(
        &mut self,
        text: &mut impl Text,
        open: &mut Open<'_>,
        events: &mut Vec<Event>,
    ) -> io::Result<bool> {
        while events.len() < BATCH_EVENTS && open.parser.waiting_deeds() < BATCH_DEEDS {
            match self.lines.next(text) {
                Ok(Step::Line(offset, line)) => {
                    if open.parser.parse(line, offset, events).is_err() {
                        open.cursor.unparsed += 1;
                    }
                }
                Ok(Step::Oversized) => open.cursor.oversized += 1,
                Ok(Step::End) => return Ok(true),
                // Broken, and it stays so until somebody writes it anew.
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    open.cursor.unparsed += 1;
                    return Ok(true);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    fn set_projects(&mut self, source: &SourceFile, events: &mut [Event]) {
        let beside = OnceCell::new();
        for event in events {
            if let Event::Call(call) = event {
                if call.cwd.is_none() {
                    call.cwd.clone_from(beside.get_or_init(|| cwd_beside(source)));
                }
                call.project = call.cwd.as_ref().map(|cwd| self.projects.of(cwd));
            }
        }
    }
}

/// A file that is being read.
struct Open<'a> {
    source: &'a SourceFile,
    /// Its stat before the first byte was read.
    before: FileStat,
    cursor: Cursor,
    parser: Box<dyn Parser>,
}

impl Open<'_> {
    /// What was found up to the cursor.
    fn batch(&mut self, stat: FileStat, new_bytes: u64, events: Vec<Event>) -> Batch {
        Batch {
            path: self.source.path.clone(),
            agent: self.source.agent,
            developer: Arc::clone(&self.source.developer),
            stat,
            cursor: self.cursor.clone(),
            new_bytes,
            events,
            deeds: self.parser.take_deeds(),
        }
    }
}

/// The lines of a file, wherever they come from.
trait Text: Read {
    /// What tells that the text before the place that `lines` have come to is still the same.
    fn anchor(&self, lines: &LineBuffer) -> io::Result<i64>;

    /// How much of the file was read, for this much of its text.
    fn read_of_file(&self, text: u64, at_end: bool, stat: &FileStat) -> u64;
}

struct Plain(File);

impl Read for Plain {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Text for Plain {
    fn anchor(&self, lines: &LineBuffer) -> io::Result<i64> {
        let offset = lines.consumed();
        match lines.before(anchored(offset)) {
            Some(last) => hash(&self.0, offset, last),
            None => anchor(&self.0, offset),
        }
    }

    fn read_of_file(&self, text: u64, _at_end: bool, _stat: &FileStat) -> u64 {
        text
    }
}

struct Compressed(Frames<File>);

impl Read for Compressed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Text for Compressed {
    /// It is never gone on with.
    fn anchor(&self, _lines: &LineBuffer) -> io::Result<i64> {
        Ok(0)
    }

    fn read_of_file(&self, _text: u64, at_end: bool, stat: &FileStat) -> u64 {
        if at_end { stat.size } else { 0 }
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
    let mut parser = adapter.open(path, None);
    parser.show_repeats();
    let mut events = Vec::new();
    let mut text: Box<dyn Read> = match adapter.source(path) {
        Some(Source::Rows(tables)) => return rows::replay(path, tables, &mut *parser, show),
        Some(Source::ZstdLines) => Box::new(Frames::new(file)),
        Some(Source::Lines) | None => Box::new(file),
        Some(Source::Document) => {
            let document = Document::read(&mut file, 0)?;
            let parsed = document.outcome(&mut *parser, &mut events);
            show(0, parsed.map(|()| events.as_slice()));
            return Ok(());
        }
    };
    let mut lines = LineBuffer::default();
    loop {
        match lines.next(&mut text)? {
            Step::Line(offset, line) => {
                events.clear();
                let parsed = parser.parse(line, offset, &mut events);
                // Nobody wants them here, and a file has many.
                let _ = parser.take_deeds();
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
