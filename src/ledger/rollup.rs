//! The sums by quarter of an hour, moved by the difference that each stored row makes, and those of
//! the days with them.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::LedgerError;
use super::days::{self, Moved};
use super::holding::Contribution;
use crate::model::{Millis, UsdTotal};

/// The cells of one transaction that changed, as differences: calls, the six counts in the order
/// of the columns, unpriced and not final calls; and money, which may pass 64 bits.
#[derive(Debug, Default)]
pub(super) struct Deltas(BTreeMap<(i64, i64), Delta>);

#[derive(Clone, Copy, Debug, Default)]
struct Delta {
    counts: [i64; 9],
    cost: UsdTotal,
    /// A call without a price came, went, or was raised.
    moves_reserve: bool,
}

/// How a commit moved the sum of one cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// First instant of the cell's quarter of an hour.
    pub at: Millis,
    /// Number of what it is charged to.
    pub attribution: i64,
    /// Priced spend more (or less) than before.
    pub spent: UsdTotal,
    /// Calls without a price more (or fewer) than before.
    pub unpriced_calls: i64,
    /// What is to be set aside for calls without a price changed, even if their number did not.
    pub moves_reserve: bool,
}

impl Deltas {
    pub(super) fn replace(&mut self, before: Option<Contribution>, now: Option<Contribution>) {
        if before == now {
            return;
        }
        for (contribution, sign) in [(before, -1), (now, 1)] {
            let Some(contribution) = contribution else { continue };
            let delta = self.0.entry((contribution.quarter, contribution.attribution)).or_default();
            let usage = &contribution.usage;
            // Plausible calls only: far from any overflow.
            let counts = [
                1,
                usage.input_tokens,
                usage.output_tokens,
                usage.cache_read_input_tokens,
                usage.cache_creation_5m_input_tokens,
                usage.cache_creation_1h_input_tokens,
                usage.web_search_requests,
                u64::from(contribution.amount.is_none()),
                u64::from(!contribution.is_final),
            ];
            for (sum, count) in delta.counts.iter_mut().zip(counts) {
                *sum += sign * count.cast_signed();
            }
            delta.moves_reserve |= contribution.amount.is_none();
            let amount = UsdTotal::from(contribution.amount.unwrap_or_default());
            delta.cost = if sign < 0 { delta.cost - amount } else { delta.cost + amount };
        }
    }

    /// What changed, for whoever keeps sums of their own.
    pub(super) fn changes(&self) -> impl Iterator<Item = Change> + '_ {
        self.0.iter().map(|(&(quarter, attribution), delta)| Change {
            at: Millis::of_quarter(quarter),
            attribution,
            spent: delta.cost,
            unpriced_calls: delta.counts[7],
            moves_reserve: delta.moves_reserve,
        })
    }

    pub(super) fn store(self, db: &Connection) -> Result<(), LedgerError> {
        let moved = |(&(quarter, attribution), delta): (&(i64, i64), &Delta)| Moved {
            quarter,
            attribution,
            calls: delta.counts[0],
            cost: delta.cost,
        };
        days::store(db, self.0.iter().map(moved))?;
        for ((quarter, attribution), delta) in self.0 {
            store_cell(db, quarter, attribution, &delta)?;
        }
        Ok(())
    }
}

fn store_cell(
    db: &Connection,
    quarter: i64,
    attribution: i64,
    delta: &Delta,
) -> Result<(), LedgerError> {
    let mut select = db.prepare_cached(
        "SELECT calls, input_tokens, output_tokens, cache_read_tokens, cache_write_5m_tokens,
             cache_write_1h_tokens, web_searches, unpriced_calls, not_final_calls, cost_usd,
             cost_pico
         FROM rollup WHERE quarter = ?1 AND attribution = ?2",
    )?;
    let mut cell = *delta;
    let stored = select
        .query_row([quarter, attribution], |row| {
            for (column, sum) in cell.counts.iter_mut().enumerate() {
                *sum += row.get::<_, i64>(column)?;
            }
            cell.cost += UsdTotal::of_whole(row.get(9)?, row.get(10)?);
            Ok(())
        })
        .optional()?;
    if cell.counts[0] == 0 {
        if stored.is_some() {
            db.prepare_cached("DELETE FROM rollup WHERE quarter = ?1 AND attribution = ?2")?
                .execute([quarter, attribution])?;
        }
        return Ok(());
    }
    let (dollars, rest) = cell.cost.whole_and_rest();
    let [calls, input, output, read, five_minutes, one_hour, searches, unpriced, not_final] =
        cell.counts;
    db.prepare_cached(
        "INSERT OR REPLACE INTO rollup (quarter, attribution, calls, input_tokens, output_tokens,
             cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, web_searches,
             cost_usd, cost_pico, unpriced_calls, not_final_calls)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )?
    .execute(params![
        quarter,
        attribution,
        calls,
        input,
        output,
        read,
        five_minutes,
        one_hour,
        searches,
        dollars,
        rest,
        unpriced,
        not_final,
    ])?;
    Ok(())
}
