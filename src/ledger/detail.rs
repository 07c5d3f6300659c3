//! One session's calls, as a screen lists and sums them up: fewer columns than an explanation
//! needs, and nothing read once for each call.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::{OptionalExtension, params};

use super::holding::flag;
use super::{LedgerError, Reader};
use crate::model::{CallKind, Millis, PicoUsd, SessionKey, TokenUsage};

/// A call that counts in a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionCall {
    /// Number in the ledger.
    pub number: i64,
    /// The provider's id of the response.
    pub call_id: Arc<str>,
    /// Which part of the response.
    pub kind: CallKind,
    /// Index into [`Reader::charged`]'s result.
    pub charged: i64,
    /// When.
    pub at: Millis,
    /// What was used.
    pub usage: TokenUsage,
    /// What it cost, if it has a price.
    pub cost: Option<PicoUsd>,
    /// The last usage has been seen.
    pub is_final: bool,
    /// Number of the transcript that tells of it.
    pub source: i64,
    /// Number of the price row; see [`Reader::price_rows`].
    pub price_row: Option<i64>,
    /// Factor on the token amounts, in parts per million.
    pub multiplier_ppm: u32,
}

/// What an agent itself says that a session cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stated {
    /// The total.
    pub total: PicoUsd,
    /// When it said so.
    pub at: Millis,
    /// What of it no call explains.
    pub unlogged: PicoUsd,
}

impl Reader {
    /// The number of a session; none that the ledger does not know.
    pub fn session_number(&self, session: &SessionKey) -> Result<Option<i64>, LedgerError> {
        let mut statement = self
            .db
            .prepare_cached("SELECT id FROM session WHERE agent = ?1 AND session_id = ?2")?;
        let found = params![session.agent as i64, session.session_id];
        Ok(statement.query_row(found, |row| row.get(0)).optional()?)
    }

    /// The calls that count in a session and its subagents, the newest first.
    pub fn session_calls(&self, session: i64) -> Result<Vec<SessionCall>, LedgerError> {
        let mut statement = self.db.prepare_cached(
            "SELECT call.id, call_id, kind, attribution, at, input_tokens, output_tokens,
                 cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, web_searches,
                 reasoning_tokens, cost_pico, flags, source, price_row, multiplier_ppm
             FROM attribution JOIN call ON call.attribution = attribution.id
             WHERE attribution.session = ?1 AND standing = 0
             ORDER BY at DESC, call.id DESC",
        )?;
        let rows = statement.query_map([session], |row| {
            let count = |column: usize| row.get::<_, i64>(column).map(i64::cast_unsigned);
            Ok(SessionCall {
                number: row.get(0)?,
                call_id: row.get(1)?,
                kind: CallKind::from_number(row.get(2)?),
                charged: row.get(3)?,
                at: Millis(row.get(4)?),
                usage: TokenUsage {
                    input_tokens: count(5)?,
                    output_tokens: count(6)?,
                    cache_read_input_tokens: count(7)?,
                    cache_creation_5m_input_tokens: count(8)?,
                    cache_creation_1h_input_tokens: count(9)?,
                    web_search_requests: count(10)?,
                    reasoning_output_tokens: count(11)?,
                },
                cost: row.get::<_, Option<i64>>(12)?.map(PicoUsd),
                is_final: row.get::<_, i64>(13)? & flag::FINAL != 0,
                source: row.get(14)?,
                price_row: row.get(15)?,
                multiplier_ppm: row.get(16)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The JSON of price rows, by their numbers.
    pub fn price_rows(
        &self,
        numbers: impl IntoIterator<Item = i64>,
    ) -> Result<HashMap<i64, String>, LedgerError> {
        let mut statement =
            self.db.prepare_cached("SELECT content FROM price_row WHERE id = ?1")?;
        let mut contents = HashMap::new();
        for number in numbers {
            let content = statement.query_row([number], |row| row.get(0)).optional()?;
            contents.extend(content.map(|content| (number, content)));
        }
        Ok(contents)
    }

    /// Where a transcript is, by its number.
    pub fn source_path(&self, source: i64) -> Result<Option<PathBuf>, LedgerError> {
        let mut statement = self.db.prepare_cached("SELECT path FROM source WHERE id = ?1")?;
        let path = statement.query_row([source], |row| row.get::<_, String>(0)).optional()?;
        Ok(path.map(PathBuf::from))
    }

    /// What the agent itself says that a session cost, if it ever did.
    pub fn stated(&self, session: i64) -> Result<Option<Stated>, LedgerError> {
        let mut statement = self.db.prepare_cached(
            "SELECT reported_pico, reported_at, unlogged_pico FROM session
             WHERE id = ?1 AND reported_pico IS NOT NULL AND reported_at IS NOT NULL",
        )?;
        let stated = statement.query_row([session], |row| {
            Ok(Stated {
                total: PicoUsd(row.get(0)?),
                at: Millis(row.get(1)?),
                unlogged: PicoUsd(row.get(2)?),
            })
        });
        Ok(stated.optional()?)
    }
}
