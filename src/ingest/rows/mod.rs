//! Reads what is new in an agent's database: rows that were added, and rows that were written again.
//!
//! The cursor's offset and anchor say nothing here. How far each table was read is in its state, so
//! that it is stored in the same transaction as what the rows came to.

mod cursor;
mod database;
mod table;

use std::io;
use std::path::Path;
use std::sync::Arc;

use self::cursor::{Progress, Read};
use self::database::{Database, WRITTEN_MEANWHILE};
pub(super) use self::database::{database_of, stat_of};
use self::table::{Found, Queries};
use super::discover::SourceFile;
use super::read::{BATCH_DEEDS, BATCH_EVENTS};
use crate::agents::{self, Parser, Table, Unparsed, place_of_row};
use crate::model::{Batch, Cursor, Event, FileStat, StoredSource};

/// How often a database is read anew that somebody began to write meanwhile.
const TRIES: u32 = 3;

/// Reads a database from where `stored` left off, and hands over each batch. Stops early when `sink`
/// says so with `false`.
pub(super) fn read(
    source: &SourceFile,
    tables: &'static [Table],
    stored: Option<&StoredSource>,
    sink: &mut dyn FnMut(Batch) -> bool,
) -> io::Result<()> {
    let stat = stat_of(&source.path, &std::fs::metadata(&source.path)?);
    // Another file has other rows under the same numbers.
    let is_same =
        |stored: &&StoredSource| (stored.stat.dev, stored.stat.ino) == (stat.dev, stat.ino);
    let cursor = stored.filter(is_same).map(|stored| stored.cursor.clone()).unwrap_or_default();
    let mut reading = Reading {
        progress: Progress::load(cursor.state.as_deref()),
        parser: agents::adapter(source.agent).open(&source.path, None),
        source,
        stat,
        cursor,
        events: Vec::new(),
        bytes: 0,
        sink,
    };
    match reading.read_tables(tables) {
        Ok(Some(is_broken)) => reading.progress.is_broken = is_broken,
        Ok(None) => return Ok(()),
        // Damaged, and it stays so until somebody writes it anew.
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            reading.progress.is_broken = true;
        }
        Err(error) => return Err(error),
    }
    reading.hand_over(true);
    Ok(())
}

/// A database that is being read.
struct Reading<'a> {
    source: &'a SourceFile,
    /// Its stat before it was opened.
    stat: FileStat,
    cursor: Cursor,
    progress: Progress,
    parser: Box<dyn Parser>,
    events: Vec<Event>,
    /// Bytes of the records since the last batch.
    bytes: u64,
    sink: &'a mut dyn FnMut(Batch) -> bool,
}

impl Reading<'_> {
    /// Reads everything that is new. Tells whether the database is of no form that is known; none
    /// if nobody wants to hear the rest.
    fn read_tables(&mut self, tables: &'static [Table]) -> io::Result<Option<bool>> {
        let mut tries = 1;
        loop {
            match self.try_tables(tables) {
                Err(error) if error.kind() == WRITTEN_MEANWHILE && tries < TRIES => tries += 1,
                outcome => return outcome,
            }
            // Nothing of it is believed that was not handed over.
            self.progress = Progress::load(self.cursor.state.as_deref());
            self.events.clear();
            let _ = self.parser.take_deeds();
        }
    }

    fn try_tables(&mut self, tables: &'static [Table]) -> io::Result<Option<bool>> {
        let database = Database::open(&self.source.path)?;
        let mut known = 0;
        for (number, table) in tables.iter().enumerate() {
            let Some(queries) = Queries::of(&database, number, table) else { continue };
            known += 1;
            if !self.read_table(&database, &queries)? {
                return Ok(None);
            }
        }
        database.check()?;
        // Of one without any table nothing is missed.
        Ok(Some(known == 0 && database.has_tables()?))
    }

    /// Tells whether anybody wants to hear more.
    fn read_table(&mut self, database: &Database, queries: &Queries) -> io::Result<bool> {
        let name = queries.table.name;
        let mut is_first = true;
        loop {
            let mut read = self.progress.tables.remove(name).unwrap_or_default();
            let page = self.read_page(database, queries, &mut read, is_first);
            self.progress.tables.insert(name.to_owned(), read);
            if !page? {
                return Ok(true);
            }
            database.check()?;
            if self.is_full() && !self.hand_over(false) {
                return Ok(false);
            }
            is_first = false;
        }
    }

    /// Reads some of what is new in a table, at first what was written again; tells whether there may
    /// be more.
    fn read_page(
        &mut self,
        database: &Database,
        queries: &Queries,
        read: &mut Read,
        is_first: bool,
    ) -> io::Result<bool> {
        if is_first {
            queries.check_last(database, read)?;
        }
        if is_first && queries.table.changes && read.row > 0 {
            let before = read.clone();
            queries.changed_rows(database, &before, &mut |found| {
                if !before.is_known(&found.known) {
                    self.see(queries, read, &found);
                }
            })?;
        }
        let last = read.row;
        let is_more = queries.new_rows(database, last, &mut |found| {
            self.see(queries, read, &found);
        })?;
        if read.row > last {
            read.id = queries.id_of(database, read.row)?;
        }
        Ok(is_more)
    }

    fn see(&mut self, queries: &Queries, read: &mut Read, found: &Found<'_>) {
        let offset = place_of_row(queries.number, found.known.row.unsigned_abs());
        self.bytes += found.known.size.unsigned_abs();
        read.note(found.known, queries.table.changes);
        match found.record {
            Some(record) => {
                let parsed = self.parser.parse(record, offset, &mut self.events);
                read.unparsed += u64::from(parsed.is_err());
            }
            None => read.oversized += 1,
        }
    }

    fn is_full(&self) -> bool {
        self.events.len() >= BATCH_EVENTS || self.parser.waiting_deeds() >= BATCH_DEEDS
    }

    fn hand_over(&mut self, at_end: bool) -> bool {
        // The size of the file is what there was to be read, whatever the rows take.
        let read = (self.cursor.offset + std::mem::take(&mut self.bytes)).min(self.stat.size);
        let offset = if at_end { self.stat.size } else { read };
        let new_bytes = offset.saturating_sub(self.cursor.offset);
        self.cursor = Cursor {
            offset,
            anchor: 0,
            unparsed: self.progress.unparsed(),
            oversized: self.progress.oversized(),
            state: self.progress.save(),
        };
        // Not read to its end: must never look unchanged.
        let unread = FileStat { mtime_ns: 0, ctime_ns: 0, ..self.stat };
        (self.sink)(Batch {
            path: self.source.path.clone(),
            agent: self.source.agent,
            developer: Arc::clone(&self.source.developer),
            stat: if at_end { self.stat } else { unread },
            cursor: self.cursor.clone(),
            new_bytes,
            events: std::mem::take(&mut self.events),
            deeds: self.parser.take_deeds(),
        })
    }
}

/// The latest records of each table, the oldest first.
pub(super) fn latest(path: &Path, tables: &'static [Table]) -> io::Result<Vec<Vec<u8>>> {
    let database = Database::open(path)?;
    let mut records = Vec::new();
    for (number, table) in tables.iter().enumerate() {
        let Some(queries) = Queries::of(&database, number, table) else { continue };
        let first = records.len();
        queries.latest_rows(&database, &mut |found| {
            records.extend(found.record.map(<[u8]>::to_vec));
        })?;
        records[first..].reverse();
    }
    database.check()?;
    Ok(records)
}

/// Reads a whole database anew and shows every row's events. For `explain`.
pub(super) fn replay(
    path: &Path,
    tables: &'static [Table],
    parser: &mut dyn Parser,
    mut show: impl FnMut(u64, Result<&[Event], Unparsed>),
) -> io::Result<()> {
    let database = Database::open(path)?;
    let mut events = Vec::new();
    for (number, table) in tables.iter().enumerate() {
        let Some(queries) = Queries::of(&database, number, table) else { continue };
        let mut last = 0;
        while queries.new_rows(&database, last, &mut |found| {
            last = found.known.row;
            let Some(record) = found.record else { return };
            events.clear();
            let place = place_of_row(number, found.known.row.unsigned_abs());
            let parsed = parser.parse(record, place, &mut events);
            // Nobody wants them here, and a database has many.
            let _ = parser.take_deeds();
            show(place, parsed.map(|()| events.as_slice()));
        })? {}
    }
    database.check()
}
