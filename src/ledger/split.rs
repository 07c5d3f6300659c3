//! What a charge was made of: the price rows in use, and the calls that were charged by them.

use rusqlite::params;

use super::{LedgerError, Reader};
use crate::model::{Millis, TokenUsage};
use std::ops::Range;

/// What one call used, and what it was charged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChargedBy {
    /// Number of the price row.
    pub price_row: i64,
    /// Factor on the token amounts, in parts per million.
    pub multiplier_ppm: u32,
    /// What was used.
    pub usage: TokenUsage,
}

impl Reader {
    /// The JSON of every price row that a charge was ever made by, with its number.
    pub fn every_price_row(&self) -> Result<Vec<(i64, String)>, LedgerError> {
        let mut statement =
            self.db.prepare_cached("SELECT id, content FROM price_row ORDER BY id")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The counted calls of a time that are charged to this and were charged by a price row.
    pub fn charged_by(
        &self,
        charged: i64,
        time: &Range<Millis>,
    ) -> Result<Vec<ChargedBy>, LedgerError> {
        let mut statement = self.db.prepare_cached(
            "SELECT price_row, multiplier_ppm, input_tokens, output_tokens, cache_read_tokens,
                 cache_write_5m_tokens, cache_write_1h_tokens
             FROM call WHERE attribution = ?1 AND standing = 0 AND at >= ?2 AND at < ?3
                 AND price_row IS NOT NULL AND cost_pico IS NOT NULL",
        )?;
        let rows = statement.query_map(params![charged, time.start.0, time.end.0], |row| {
            let count = |column: usize| row.get::<_, i64>(column).map(i64::cast_unsigned);
            Ok(ChargedBy {
                price_row: row.get(0)?,
                multiplier_ppm: row.get(1)?,
                usage: TokenUsage {
                    input_tokens: count(2)?,
                    output_tokens: count(3)?,
                    cache_read_input_tokens: count(4)?,
                    cache_creation_5m_input_tokens: count(5)?,
                    cache_creation_1h_input_tokens: count(6)?,
                    ..TokenUsage::default()
                },
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
