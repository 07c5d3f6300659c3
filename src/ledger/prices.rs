//! Price books and rows that charges name, and charging anew with another book.

use rusqlite::{OptionalExtension, params};

use super::writer::Writer;
use super::{LedgerError, Reader};
use crate::model::{Call, Cost, Millis};

/// The price book in use, as far as the ledger needs it.
pub struct Pricing<'a> {
    /// SHA-256 of the book's canonical bytes, in hexadecimal.
    pub sha256: String,
    /// Where the book came from.
    pub source: String,
    /// Prices a call.
    pub price: Box<dyn FnMut(&Call) -> Cost + 'a>,
    /// A row of the book as JSON, for the audit trail.
    pub row: Box<dyn Fn(u32) -> String + 'a>,
    /// The time now, for the audit trail.
    pub now: Millis,
}

/// A price book that was fetched and kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptBook {
    /// Where it came from.
    pub source: String,
    /// When.
    pub stored_at: Millis,
    /// Its canonical bytes.
    pub content: Vec<u8>,
}

impl Reader {
    /// The price book that was kept last.
    pub fn newest_book(&self) -> Result<Option<KeptBook>, LedgerError> {
        let book = self
            .db
            .prepare_cached(
                "SELECT source, stored_at, content FROM price_book WHERE content IS NOT NULL
                 ORDER BY stored_at DESC, id DESC LIMIT 1",
            )?
            .query_row([], |row| {
                Ok(KeptBook {
                    source: row.get(0)?,
                    stored_at: Millis(row.get(1)?),
                    content: row.get(2)?,
                })
            })
            .optional()?;
        Ok(book)
    }

    /// Its number; another one where another book was kept since.
    pub fn newest_book_number(&self) -> Result<Option<i64>, LedgerError> {
        let mut statement = self.db.prepare_cached(
            "SELECT id FROM price_book WHERE content IS NOT NULL
             ORDER BY stored_at DESC, id DESC LIMIT 1",
        )?;
        Ok(statement.query_row([], |row| row.get(0)).optional()?)
    }
}

impl std::fmt::Debug for Pricing<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pricing").field("sha256", &self.sha256).finish_non_exhaustive()
    }
}

impl Writer {
    /// The ledger's number of a row of the book in use.
    pub(super) fn price_row(
        &mut self,
        number: u32,
        pricing: &Pricing<'_>,
    ) -> Result<i64, LedgerError> {
        if let Some(&id) = self.price_rows.get(&number) {
            return Ok(id);
        }
        let book = self.book(pricing)?;
        let known = self
            .db
            .prepare_cached("SELECT id FROM price_row WHERE book = ?1 AND number = ?2")?
            .query_row([book, i64::from(number)], |row| row.get(0))
            .optional()?;
        let id = match known {
            Some(id) => id,
            None => self
                .db
                .prepare_cached(
                    "INSERT INTO price_row (book, number, content) VALUES (?1, ?2, ?3) RETURNING id",
                )?
                .query_row(params![book, number, (pricing.row)(number)], |row| row.get(0))?,
        };
        self.price_rows.insert(number, id);
        Ok(id)
    }

    fn book(&mut self, pricing: &Pricing<'_>) -> Result<i64, LedgerError> {
        if let Some(book) = self.book {
            return Ok(book);
        }
        let book = self.store_book(&pricing.sha256, &pricing.source, pricing.now, None)?;
        self.book = Some(book);
        Ok(book)
    }

    /// Call before charging with another book than before.
    pub fn forget_book(&mut self) {
        self.book = None;
        self.price_rows.clear();
    }

    /// Stores a price book, or finds it stored.
    pub(super) fn store_book(
        &self,
        sha256: &str,
        source: &str,
        stored_at: Millis,
        content: Option<&[u8]>,
    ) -> Result<i64, LedgerError> {
        let known = self
            .db
            .prepare_cached("SELECT id FROM price_book WHERE sha256 = ?1")?
            .query_row([sha256], |row| row.get(0))
            .optional()?;
        if let Some(book) = known {
            if content.is_some() {
                // The same book may have come with the program; kept from now on, and newest.
                self.db
                    .prepare_cached(
                        "UPDATE price_book SET content = ?2, stored_at = ?3 WHERE id = ?1",
                    )?
                    .execute(params![book, content, stored_at.0])?;
            }
            return Ok(book);
        }
        let mut insert = self.db.prepare_cached(
            "INSERT INTO price_book (sha256, source, stored_at, content)
             VALUES (?1, ?2, ?3, ?4) RETURNING id",
        )?;
        Ok(insert.query_row(params![sha256, source, stored_at.0, content], |row| row.get(0))?)
    }

    /// Keeps a fetched price book for good. The newest kept one is in use from then on.
    pub fn keep_book(
        &mut self,
        sha256: &str,
        source: &str,
        stored_at: Millis,
        content: &[u8],
    ) -> Result<(), LedgerError> {
        let kept = self.store_book(sha256, source, stored_at, Some(content)).map(|_| ());
        self.undo_on_error(kept)
    }
}
