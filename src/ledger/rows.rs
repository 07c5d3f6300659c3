//! Rows of the `call` table: how they are read and written.

use std::borrow::Borrow;
use std::sync::{Arc, LazyLock};

use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, Connection, Params, Row};

use super::LedgerError;
use super::holding::{Holding, Standing, StoredCharge, flag};
use super::names::Names;
use super::terms::Terms;
use super::tools::Tools;
use crate::model::{Call, CallId, CallKind, Millis, PicoUsd, Qualifiers, TokenUsage};

/// The columns of a row, in the order that `read` expects.
const COLUMNS: &str = "call.id, call_id, request_id, run, kind, attribution, standing, shared, \
     flags, at, source, \"offset\", input_tokens, output_tokens, cache_read_tokens, \
     cache_write_5m_tokens, cache_write_1h_tokens, web_searches, reasoning_tokens, \
     longest_prompt, qualifiers, call.reported_pico, cost_pico, cost_status, price_row, \
     multiplier_ppm, own, tools";

/// The columns of a row, in the order that `bind` gives them.
const STORED: [&str; 28] = [
    "group_key",
    "call_id",
    "request_id",
    "run",
    "kind",
    "attribution",
    "standing",
    "shared",
    "flags",
    "at",
    "source",
    "\"offset\"",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
    "web_searches",
    "reasoning_tokens",
    "longest_prompt",
    "qualifiers",
    "reported_pico",
    "cost_pico",
    "cost_status",
    "price_row",
    "multiplier_ppm",
    "own",
    "tools",
];

/// New rows that one statement stores. Running a statement costs as much as three rows.
const PER_INSERT: usize = 32;

/// Shows every row that counts and has no price, with what it is charged to; `which` says which of
/// them, by `at` or `attribution`.
pub(super) fn each_unpriced(
    db: &Connection,
    which: &str,
    values: impl Params,
    show: &mut dyn FnMut(i64, &Call),
) -> Result<(), LedgerError> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM call WHERE cost_pico IS NULL AND standing = 0 AND {which}"
    ))?;
    let mut names = Names::default();
    let mut rows = statement.query(values)?;
    while let Some(row) = rows.next()? {
        let holding = read(db, &mut names, row)?;
        if holding.call.usage.is_plausible() {
            show(holding.attribution, &holding.call);
        }
    }
    Ok(())
}

/// Loads every row of a group.
pub(super) fn load_group(
    db: &Connection,
    names: &mut Names,
    group_key: i64,
) -> Result<Vec<Holding>, LedgerError> {
    let mut statement =
        db.prepare_cached(&format!("SELECT {COLUMNS} FROM call WHERE group_key = ?1 ORDER BY id"))?;
    let mut rows = statement.query([group_key])?;
    let mut group = Vec::new();
    while let Some(row) = rows.next()? {
        group.push(read(db, names, row)?);
    }
    Ok(group)
}

/// Loads one row and the group it belongs to.
pub(super) fn load_row(
    db: &Connection,
    names: &mut Names,
    id: i64,
) -> Result<Option<(i64, Holding)>, LedgerError> {
    let mut statement =
        db.prepare_cached(&format!("SELECT {COLUMNS} FROM call WHERE call.id = ?1"))?;
    let mut rows = statement.query([id])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let holding = read(db, names, row)?;
    Ok(Some((holding.call.call_id.group_key(), holding)))
}

/// Shows every row that counts.
pub(super) fn each_counted(
    db: &Connection,
    names: &mut Names,
    show: &mut dyn FnMut(&Holding),
) -> Result<(), LedgerError> {
    let mut statement =
        db.prepare_cached(&format!("SELECT {COLUMNS} FROM call WHERE standing = 0"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        show(&read(db, names, row)?);
    }
    Ok(())
}

fn read(db: &Connection, names: &mut Names, row: &Row<'_>) -> Result<Holding, LedgerError> {
    let attribution: i64 = row.get(5)?;
    let who = names.attribution(db, attribution)?;
    let flags: i64 = row.get(8)?;
    let count = |column: usize| row.get::<_, i64>(column).map(i64::cast_unsigned);
    let text = |column: usize| row.get::<_, Option<Arc<str>>>(column);
    let charge = StoredCharge {
        amount: row.get::<_, Option<i64>>(22)?.map(PicoUsd),
        status: row.get(23)?,
        price_row: row.get(24)?,
        multiplier_ppm: row.get(25)?,
    };
    let mut holding = Holding {
        row: Some(row.get(0)?),
        call: Box::new(Call {
            call_id: CallId { id: row.get(1)?, request_id: text(2)?, run: text(3)? },
            kind: CallKind::from_number(row.get(4)?),
            agent: who.agent,
            session_id: who.session_id,
            agent_id: who.subagent,
            model: who.model,
            timestamp: Millis(row.get(9)?),
            usage: TokenUsage {
                input_tokens: count(12)?,
                output_tokens: count(13)?,
                cache_read_input_tokens: count(14)?,
                cache_creation_5m_input_tokens: count(15)?,
                cache_creation_1h_input_tokens: count(16)?,
                web_search_requests: count(17)?,
                reasoning_output_tokens: count(18)?,
            },
            qualifiers: Qualifiers {
                longest_prompt: count(19)?,
                ..Qualifiers::from_bits(row.get(20)?)
            },
            cwd: None,
            project: who.project,
            git_branch: who.branch,
            is_final: flags & flag::FINAL != 0,
            is_sidechain: flags & flag::SIDECHAIN != 0,
            is_echo: flags & flag::ECHO != 0,
            is_background: flags & flag::BACKGROUND != 0,
            reported_cost: row.get::<_, Option<i64>>(21)?.map(PicoUsd),
            offset: count(11)?,
        }),
        session: who.session,
        developer: who.developer,
        source: row.get(10)?,
        standing: Standing::from_number(row.get(6)?),
        shared: row.get(7)?,
        tools: match row.get_ref(27)? {
            ValueRef::Blob(bytes) => Tools::from_bytes(bytes, Millis(row.get(9)?)),
            _ => Tools::default(),
        },
        own: text(26)?.as_deref().and_then(Terms::from_text).map(Box::new),
        attribution,
        charge: Some(charge),
        changed: false,
        contributed: None,
    };
    holding.contributed = holding.contribution();
    Ok(holding)
}

/// Adds rows to the table, each with the key of its group.
pub(super) fn insert(
    db: &Connection,
    rows: &[(i64, impl Borrow<Holding>)],
) -> Result<(), LedgerError> {
    let (many, few) = rows.split_at(rows.len() - rows.len() % PER_INSERT);
    for (rows, step, sql) in [(many, PER_INSERT, &INSERT_MANY), (few, 1, &INSERT_ONE)] {
        if rows.is_empty() {
            continue;
        }
        let mut statement = db.prepare_cached(sql)?;
        for rows in rows.chunks(step) {
            for (at, (key, row)) in rows.iter().enumerate() {
                bind(&mut statement, at * STORED.len(), *key, row.borrow())?;
            }
            statement.raw_execute()?;
        }
    }
    Ok(())
}

static INSERT_ONE: LazyLock<String> = LazyLock::new(|| insert_sql(1));
static INSERT_MANY: LazyLock<String> = LazyLock::new(|| insert_sql(PER_INSERT));

/// After an error the whole transaction is undone anyway. SQLite need not keep a journal of its
/// own for each statement when it knows that, and when the rows come without a number: that costs
/// a tenth of the time.
fn insert_sql(rows: usize) -> String {
    let row = format!("({})", vec!["?"; STORED.len()].join(","));
    let (columns, rows) = (STORED.join(","), vec![row; rows].join(","));
    format!("INSERT OR ROLLBACK INTO call ({columns}) VALUES {rows}")
}

/// Writes a row anew that the table has. What names it stays, and so need not be indexed again.
pub(super) fn update(db: &Connection, key: i64, row: &Holding) -> Result<(), LedgerError> {
    let mut statement = db.prepare_cached(
        "UPDATE call SET attribution = ?6, standing = ?7, shared = ?8, flags = ?9, at = ?10,
             source = ?11, \"offset\" = ?12, input_tokens = ?13, output_tokens = ?14,
             cache_read_tokens = ?15, cache_write_5m_tokens = ?16, cache_write_1h_tokens = ?17,
             web_searches = ?18, reasoning_tokens = ?19, longest_prompt = ?20, qualifiers = ?21,
             reported_pico = ?22, cost_pico = ?23, cost_status = ?24, price_row = ?25,
             multiplier_ppm = ?26, own = ?27, tools = ?28
         WHERE id = ?29",
    )?;
    bind(&mut statement, 0, key, row)?;
    statement.raw_bind_parameter(STORED.len() + 1, row.row)?;
    statement.raw_execute()?;
    Ok(())
}

/// Binds a row's columns, in the order of `STORED`, to the parameters after `before`.
fn bind(
    statement: &mut CachedStatement<'_>,
    before: usize,
    group_key: i64,
    row: &Holding,
) -> rusqlite::Result<()> {
    let call = &row.call;
    let usage = &call.usage;
    let mut flags = 0;
    for (set, bit) in [
        (call.is_final, flag::FINAL),
        (call.is_sidechain, flag::SIDECHAIN),
        (call.is_echo, flag::ECHO),
        (call.is_background, flag::BACKGROUND),
        (!usage.is_plausible(), flag::IMPLAUSIBLE),
    ] {
        flags |= if set { bit } else { 0 };
    }
    let mut parameter = before;
    // A list of `dyn ToSql` took as long to go through as the binding itself.
    macro_rules! bind {
        ($($value:expr),* $(,)?) => {
            $(parameter += 1; statement.raw_bind_parameter(parameter, $value)?;)*
        };
    }
    bind!(
        group_key,
        &*call.call_id.id,
        call.call_id.request_id.as_deref(),
        call.call_id.run.as_deref(),
        call.kind as i64,
        row.attribution,
        row.standing as i64,
        row.shared,
        flags,
        call.timestamp.0,
        row.source,
        call.offset.cast_signed(),
        usage.input_tokens.cast_signed(),
        usage.output_tokens.cast_signed(),
        usage.cache_read_input_tokens.cast_signed(),
        usage.cache_creation_5m_input_tokens.cast_signed(),
        usage.cache_creation_1h_input_tokens.cast_signed(),
        usage.web_search_requests.cast_signed(),
        usage.reasoning_output_tokens.cast_signed(),
        call.qualifiers.longest_prompt.cast_signed(),
        call.qualifiers.to_bits(),
        call.reported_cost.map(|amount| amount.0),
        row.charge.and_then(|charge| charge.amount).map(|amount| amount.0),
        row.charge.map(|charge| charge.status),
        row.charge.and_then(|charge| charge.price_row),
        row.charge.map(|charge| charge.multiplier_ppm),
        row.own.as_ref().and_then(|own| own.to_text()),
        row.tools.to_bytes(call.timestamp),
    );
    Ok(())
}
