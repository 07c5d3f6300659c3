//! What is new in one table: rows that were not there, and rows that were written again.
//!
//! Times alone would not tell: clocks are set back, and many rows have one time. So new rows are
//! found by their numbers, whatever their times; rows that are expected to be written again are
//! looked at each time; and of the latest rows all that were written since. What was written to an
//! older row that was complete is not noticed, and nothing of it counts.

use std::io;

use rusqlite::types::ValueRef;
use rusqlite::{OptionalExtension, ToSql, named_params};

use super::cursor::{Known, Read};
use super::database::{Database, told};
use crate::agents::Table;
use crate::ingest::lines::MAX_LINE;

/// Rows back from the last one among which those that were written again are looked for.
const LATEST: i64 = 256;

/// Rows of a table that are shown to a person who looks at a session: those of all sessions are
/// among them.
const SHOWN: i64 = 256;

/// Rows of one look at a table: its read transaction lasts no longer than they take.
const PAGE: i64 = 256;

/// A table, and the query that its database understands.
pub(super) struct Queries {
    pub table: &'static Table,
    /// Which of the tables it is.
    pub number: usize,
    new: String,
    latest: String,
    changed: String,
    open: String,
}

/// What a look at a table found.
pub(super) struct Found<'a> {
    pub known: Known,
    /// None if it is too long.
    pub record: Option<&'a [u8]>,
}

impl Queries {
    /// None if the table is not there, or of a form that nobody has met.
    pub(super) fn of(database: &Database, number: usize, table: &'static Table) -> Option<Self> {
        let of = |query: String| Self {
            table,
            number,
            new: format!("{query} AND t.rowid > :last ORDER BY t.rowid LIMIT {PAGE}"),
            latest: format!("{query} ORDER BY t.rowid DESC LIMIT {SHOWN}"),
            changed: format!(
                "{query} AND t.rowid > :last - {LATEST} AND t.rowid <= :last AND written >= :time"
            ),
            open: format!("{query} AND t.rowid = :row"),
        };
        let understands = |queries: &Self| database.connection.prepare_cached(&queries.new).is_ok();
        let most = MAX_LINE.to_string();
        table.queries.iter().map(|query| of(query.replace(":most", &most))).find(understands)
    }

    /// Forgets how far the table was read if the last row that was read is not there any more.
    pub(super) fn check_last(&self, database: &Database, read: &mut Read) -> io::Result<()> {
        if read.row > 0 && self.id_of(database, read.row)? != read.id {
            *read = Read::default();
        }
        Ok(())
    }

    /// The id of a row; empty if there is none.
    pub(super) fn id_of(&self, database: &Database, row: i64) -> io::Result<String> {
        let sql = format!("SELECT CAST(id AS TEXT) FROM {} WHERE rowid = ?1", self.table.name);
        let prepared = database.connection.prepare_cached(&sql);
        let id = prepared.and_then(|mut statement| {
            statement.query_row([row], |row| row.get::<_, Option<String>>(0)).optional()
        });
        Ok(id.map_err(|why| told(&why))?.flatten().unwrap_or_default())
    }

    /// Hands over the next rows that were not there; tells whether there may be more.
    pub(super) fn new_rows(
        &self,
        database: &Database,
        last: i64,
        see: &mut dyn FnMut(Found<'_>),
    ) -> io::Result<bool> {
        Ok(run(database, &self.new, named_params! {":last": last}, see)? == PAGE)
    }

    /// Hands over the latest rows, the newest first.
    pub(super) fn latest_rows(
        &self,
        database: &Database,
        see: &mut dyn FnMut(Found<'_>),
    ) -> io::Result<()> {
        run(database, &self.latest, &[], see).map(|_| ())
    }

    /// Hands over the rows that were, or may have been, written again.
    pub(super) fn changed_rows(
        &self,
        database: &Database,
        read: &Read,
        see: &mut dyn FnMut(Found<'_>),
    ) -> io::Result<()> {
        let latest = named_params! {":last": read.row, ":time": read.time};
        run(database, &self.changed, latest, see)?;
        for row in read.open_rows() {
            run(database, &self.open, named_params! {":row": row}, see)?;
        }
        Ok(())
    }
}

fn run(
    database: &Database,
    sql: &str,
    named: &[(&str, &dyn ToSql)],
    see: &mut dyn FnMut(Found<'_>),
) -> io::Result<i64> {
    let mut count = 0;
    let mut look = || {
        let mut statement = database.connection.prepare_cached(sql)?;
        let mut rows = statement.query(named)?;
        while let Some(row) = rows.next()? {
            count += 1;
            // Whoever writes a database may write any type into it.
            let number = |column| -> rusqlite::Result<i64> {
                Ok(row.get_ref(column)?.as_i64().unwrap_or(0))
            };
            let (size, is_open) = (number(2)?, number(3)? != 0);
            let known = Known { row: number(0)?, time: number(1)?, size, is_open };
            let record = match row.get_ref(4)? {
                ValueRef::Text(text) => Some(text),
                _ => None,
            };
            see(Found { known, record });
        }
        Ok(())
    };
    look().map_err(|why: rusqlite::Error| told(&why))?;
    Ok(count)
}
