//! Single calls and sessions, with everything that explains their amounts.

use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::{Row, params_from_iter};

use super::holding::{Standing, flag};
use super::{LedgerError, Reader};
use crate::model::{
    AgentId, CallId, CallKind, CostStatus, Millis, PicoUsd, Qualifiers, SessionKey, TokenUsage,
    UnpricedReason,
};

/// One place that holds a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRow {
    /// Number in the ledger.
    pub number: i64,
    /// The response's identity.
    pub call_id: CallId,
    /// Which part of the response.
    pub kind: CallKind,
    /// Index into [`Reader::charged`]'s result.
    pub charged: i64,
    /// Whether it counts, and if not, why.
    pub standing: Standing,
    /// Earliest time seen on the call.
    pub at: Millis,
    /// What was used.
    pub usage: TokenUsage,
    /// What else decides the price.
    pub qualifiers: Qualifiers,
    /// The last usage has been seen.
    pub is_final: bool,
    /// The transcript, and whose it is.
    pub path: PathBuf,
    /// Whose transcript it is.
    pub agent: AgentId,
    /// Byte offset of the line that is kept.
    pub offset: u64,
    /// The charge in force.
    pub charge: ChargeRow,
    /// Charges that a reprice replaced, oldest first.
    pub superseded: Vec<ChargeRow>,
}

/// A charge, with the price row it was computed from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChargeRow {
    /// The amount, or why there is none.
    pub amount: Result<(PicoUsd, CostStatus), UnpricedReason>,
    /// The price row as JSON.
    pub price_row: Option<Arc<str>>,
    /// The book of the row.
    pub book: Option<Arc<str>>,
    /// Factor on the token amounts, in parts per million.
    pub multiplier_ppm: u32,
}

/// A session that was looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundSession {
    /// Number in the ledger.
    pub number: i64,
    /// Whose, and its id.
    pub key: SessionKey,
    /// The whole id was given.
    pub is_whole: bool,
}

/// The one of them that was meant: the only one whose id was given whole, or the only one.
pub fn the_one(found: &[FoundSession]) -> Option<&FoundSession> {
    let mut whole = found.iter().filter(|one| one.is_whole);
    match (whole.next(), whole.next(), found) {
        (Some(one), None, _) | (None, None, [one]) => Some(one),
        _ => None,
    }
}

/// A model that has calls without a price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnpricedModel {
    /// Its name, or empty.
    pub model: String,
    /// Why its calls have no price.
    pub reason: UnpricedReason,
    /// How many.
    pub calls: u64,
    /// The latest.
    pub last: Millis,
}

const SELECT: &str = "SELECT call.id, call_id, request_id, run, kind, attribution, standing, at,
         input_tokens, output_tokens, cache_read_tokens, cache_write_5m_tokens,
         cache_write_1h_tokens, web_searches, reasoning_tokens, longest_prompt, qualifiers, flags,
         source.path, source.agent, call.\"offset\",
         cost_pico, cost_status, price_row.content, price_book.source, multiplier_ppm
     FROM call
     JOIN source ON source.id = call.source
     LEFT JOIN price_row ON price_row.id = call.price_row
     LEFT JOIN price_book ON price_book.id = price_row.book";

impl Reader {
    /// Every row of the calls whose message or request id begins with a text, in groups.
    pub fn find_calls(&self, prefix: &str) -> Result<Vec<CallRow>, LedgerError> {
        let sql = format!(
            "{SELECT} WHERE call.group_key IN (
                 SELECT group_key FROM call
                 WHERE substr(call_id, 1, length(?1)) = ?1
                     OR substr(request_id, 1, length(?1)) = ?1)
             ORDER BY at, call.id"
        );
        self.call_rows(&sql, &[&prefix])
    }

    /// Every row of the calls that a session holds, and the other rows of those calls.
    pub fn calls_of_session(&self, session: i64) -> Result<Vec<CallRow>, LedgerError> {
        let sql = format!(
            "{SELECT} WHERE call.group_key IN (
                 SELECT group_key FROM call WHERE attribution IN (
                     SELECT id FROM attribution WHERE session = ?1))
             ORDER BY at, call.id"
        );
        self.call_rows(&sql, &[&session])
    }

    /// Every row of the call that one row of a number is of.
    pub fn rows_of_call(&self, number: i64) -> Result<Vec<CallRow>, LedgerError> {
        let sql = format!(
            "{SELECT} WHERE call.group_key = (SELECT group_key FROM call WHERE id = ?1)
             ORDER BY at, call.id"
        );
        self.call_rows(&sql, &[&number])
    }

    /// Sessions whose id begins or ends with a text, which may name the agent first:
    /// `codex/01a2093f`. An end is longer than what may be any id's.
    pub fn find_sessions(&self, prefix: &str) -> Result<Vec<FoundSession>, LedgerError> {
        let named = prefix.split_once('/');
        let agent = named.and_then(|(name, _)| AgentId::from_name(name));
        let prefix = named.filter(|_| agent.is_some()).map_or(prefix, |(_, id)| id);
        let mut statement = self.db.prepare_cached(
            "SELECT id, agent, session_id FROM session
             WHERE ifnull(agent = ?2, TRUE) AND (substr(session_id, 1, length(?1)) = ?1
                 OR length(?1) >= 6 AND substr(session_id, -length(?1)) = ?1)
             ORDER BY session_id, agent",
        )?;
        let agent = agent.map(|agent| agent as i64);
        let found = statement.query_map(rusqlite::params![prefix, agent], |row| {
            let agent = AgentId::from_number(row.get(1)?);
            let key = SessionKey { agent, session_id: row.get(2)? };
            Ok(FoundSession {
                number: row.get(0)?,
                key,
                is_whole: *prefix == *row.get_ref(2)?.as_str()?,
            })
        })?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// Models with counted calls that have no price.
    pub fn unpriced_models(&self) -> Result<Vec<UnpricedModel>, LedgerError> {
        let mut statement = self.db.prepare_cached(
            "SELECT model.text, cost_status, count(*), max(at)
             FROM call
             JOIN attribution ON attribution.id = call.attribution
             JOIN name AS model ON model.id = attribution.model
             WHERE cost_pico IS NULL AND standing = 0
             GROUP BY model.text, cost_status ORDER BY count(*) DESC, model.text",
        )?;
        let rows = statement.query_map([], |row| {
            Ok(UnpricedModel {
                model: row.get(0)?,
                reason: UnpricedReason::from_number(-row.get::<_, i64>(1)?),
                calls: row.get::<_, i64>(2)?.cast_unsigned(),
                last: Millis(row.get(3)?),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Counted calls with more tokens of a class than one call can use.
    pub fn implausible_calls(&self) -> Result<Vec<CallRow>, LedgerError> {
        self.call_rows(&format!("{SELECT} WHERE flags & 16 AND standing = 0 ORDER BY at"), &[])
    }

    /// What SQLite finds wrong with the file, and references that lead nowhere; empty if all is
    /// well.
    pub fn integrity_problems(&self) -> Result<Vec<String>, LedgerError> {
        let mut problems = Vec::new();
        let mut statement = self.db.prepare("PRAGMA quick_check")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let text: String = row.get(0)?;
            if text != "ok" {
                problems.push(text);
            }
        }
        let mut statement = self.db.prepare("PRAGMA foreign_key_check")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
            problems.push(format!("a row of {table} refers to a missing row of {parent}"));
        }
        Ok(problems)
    }

    fn call_rows(
        &self,
        sql: &str,
        values: &[&dyn rusqlite::ToSql],
    ) -> Result<Vec<CallRow>, LedgerError> {
        let mut statement = self.db.prepare_cached(sql)?;
        let rows = statement.query_map(params_from_iter(values), read)?;
        let mut rows: Vec<CallRow> = rows.collect::<Result<_, _>>()?;
        for row in &mut rows {
            row.superseded = self.superseded(row.number)?;
        }
        Ok(rows)
    }

    fn superseded(&self, call: i64) -> Result<Vec<ChargeRow>, LedgerError> {
        let mut statement = self.db.prepare_cached(
            "SELECT cost_pico, cost_status, price_row.content, price_book.source, multiplier_ppm
             FROM superseded_charge
             LEFT JOIN price_row ON price_row.id = superseded_charge.price_row
             LEFT JOIN price_book ON price_book.id = price_row.book
             WHERE call = ?1 ORDER BY revision",
        )?;
        let rows = statement.query_map([call], |row| charge(row, 0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<CallRow> {
    let count = |column: usize| row.get::<_, i64>(column).map(i64::cast_unsigned);
    Ok(CallRow {
        number: row.get(0)?,
        call_id: CallId { id: row.get(1)?, request_id: row.get(2)?, run: row.get(3)? },
        kind: CallKind::from_number(row.get(4)?),
        charged: row.get(5)?,
        standing: Standing::from_number(row.get(6)?),
        at: Millis(row.get(7)?),
        usage: TokenUsage {
            input_tokens: count(8)?,
            output_tokens: count(9)?,
            cache_read_input_tokens: count(10)?,
            cache_creation_5m_input_tokens: count(11)?,
            cache_creation_1h_input_tokens: count(12)?,
            web_search_requests: count(13)?,
            reasoning_output_tokens: count(14)?,
        },
        qualifiers: Qualifiers {
            longest_prompt: count(15)?,
            ..Qualifiers::from_bits(row.get(16)?)
        },
        is_final: row.get::<_, i64>(17)? & flag::FINAL != 0,
        path: PathBuf::from(row.get::<_, String>(18)?),
        agent: AgentId::from_number(row.get(19)?),
        offset: count(20)?,
        charge: charge(row, 21)?,
        superseded: Vec::new(),
    })
}

fn charge(row: &Row<'_>, from: usize) -> rusqlite::Result<ChargeRow> {
    let status: i64 = row.get(from + 1)?;
    let amount = match row.get::<_, Option<i64>>(from)? {
        Some(pico) => Ok((PicoUsd(pico), CostStatus::from_number(status))),
        None => Err(UnpricedReason::from_number(-status)),
    };
    Ok(ChargeRow {
        amount,
        price_row: row.get(from + 2)?,
        book: row.get(from + 3)?,
        multiplier_ppm: row.get(from + 4)?,
    })
}
