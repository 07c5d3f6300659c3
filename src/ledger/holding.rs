//! One place that holds a call: a row of the `call` table, in memory.

use std::ops::Range;
use std::sync::Arc;

use rusqlite::{Connection, Row, params};

use super::LedgerError;
use super::names::{Names, Who};
use super::terms::Terms;
use crate::model::{
    AgentId, Call, CallId, CallKind, Cost, Millis, PicoUsd, Qualifiers, TokenUsage,
};

/// Whether a row counts, and if not, why. The number is stored: never reuse one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// This row is the call.
    Counted = 0,
    /// Another session has the call: this one is a fork, resume or background copy.
    Copy = 1,
    /// Another thread of the same session has it.
    OtherThread = 2,
    /// An aside repeated the main thread's answer under a new request.
    Replay = 3,
}

impl Standing {
    pub(super) fn from_number(number: i64) -> Self {
        match number {
            0 => Self::Counted,
            1 => Self::Copy,
            2 => Self::OtherThread,
            _ => Self::Replay,
        }
    }
}

/// Bits of the `flags` column.
pub(super) mod flag {
    pub const FINAL: i64 = 1;
    pub const SIDECHAIN: i64 = 2;
    pub const ECHO: i64 = 4;
    pub const BACKGROUND: i64 = 8;
    /// A class beyond what one call can use; an index is built on this number.
    pub const IMPLAUSIBLE: i64 = 16;
}

/// A charge with its price row as the ledger numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StoredCharge {
    pub amount: Option<PicoUsd>,
    /// A `CostStatus`, or the negative of an `UnpricedReason`.
    pub status: i64,
    pub price_row: Option<i64>,
    pub multiplier_ppm: u32,
}

impl StoredCharge {
    pub(super) fn new(cost: &Cost, price_row: Option<i64>) -> Self {
        match cost {
            Cost::Priced(charge) => Self {
                amount: Some(charge.amount),
                status: charge.status as i64,
                price_row,
                multiplier_ppm: charge.multiplier_ppm,
            },
            Cost::Unpriced(reason) => Self {
                amount: None,
                status: -(*reason as i64),
                price_row: None,
                multiplier_ppm: 1_000_000,
            },
        }
    }
}

/// What a row adds to the sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Contribution {
    pub quarter: i64,
    pub attribution: i64,
    pub usage: TokenUsage,
    pub amount: Option<PicoUsd>,
    pub is_final: bool,
}

/// A row of the `call` table.
#[derive(Clone, Debug)]
pub(super) struct Holding {
    pub row: Option<i64>,
    pub call_id: CallId,
    pub kind: CallKind,
    pub agent: AgentId,
    /// Number of the session in the ledger, and its id.
    pub session: i64,
    pub session_id: Arc<str>,
    pub agent_id: Option<Arc<str>>,
    pub model: Option<Arc<str>>,
    pub project: Option<Arc<str>>,
    pub branch: Option<Arc<str>>,
    pub developer: Arc<str>,
    pub at: Millis,
    pub usage: TokenUsage,
    pub qualifiers: Qualifiers,
    pub reported_cost: Option<PicoUsd>,
    pub is_final: bool,
    pub is_sidechain: bool,
    pub is_echo: bool,
    pub is_background: bool,
    pub source: i64,
    pub offset: u64,
    pub standing: Standing,
    pub shared: bool,
    /// What the records of this place say, where the call's other rows say more: if it turns out
    /// to be another call than theirs, it has its own terms back.
    pub own: Option<Box<Terms>>,
    /// None: to be priced (again).
    pub charge: Option<StoredCharge>,
    /// The row differs from what the database has.
    pub changed: bool,
    /// What the sums have of this row.
    pub contributed: Option<Contribution>,
}

impl Holding {
    pub(super) fn new(call: Call, session: i64, developer: Arc<str>, source: i64) -> Self {
        Self {
            row: None,
            call_id: call.call_id,
            kind: call.kind,
            agent: call.agent,
            session,
            session_id: call.session_id,
            agent_id: call.agent_id,
            model: call.model,
            project: call.project,
            branch: call.git_branch,
            developer,
            at: call.timestamp,
            usage: call.usage,
            qualifiers: call.qualifiers,
            reported_cost: call.reported_cost,
            is_final: call.is_final,
            is_sidechain: call.is_sidechain,
            is_echo: call.is_echo,
            is_background: call.is_background,
            source,
            offset: call.offset,
            standing: Standing::Counted,
            shared: false,
            own: None,
            charge: None,
            changed: true,
            contributed: None,
        }
    }

    /// Whether a record belongs to this row: same response, same request, same place.
    pub(super) fn is_place_of(&self, call: &Call) -> bool {
        self.call_id == call.call_id
            && self.session_id == call.session_id
            && self.agent_id == call.agent_id
            && self.is_sidechain == call.is_sidechain
            && self.is_echo == call.is_echo
            && self.is_background == call.is_background
            && self.agent == call.agent
    }

    /// Takes in another record of the same place.
    pub(super) fn absorb(&mut self, call: &Call, source: i64) {
        let mut own = self.own_terms();
        if own.absorb(&Terms::of(call)) {
            self.source = source;
            self.offset = call.offset;
            self.changed = true;
        }
        self.set_own(own);
    }

    /// Credits web searches that were told elsewhere.
    pub(super) fn raise_searches(&mut self, searches: u64) {
        let mut own = self.own_terms();
        own.usage.web_search_requests = own.usage.web_search_requests.max(searches);
        self.set_own(own);
    }

    /// What the records of this place say.
    pub(super) fn own_terms(&self) -> Terms {
        self.own.as_deref().cloned().unwrap_or_else(|| self.terms())
    }

    /// Takes over what all rows of a call have in common.
    pub(super) fn take(&mut self, terms: &Terms) {
        let own = Some(self.own_terms()).filter(|own| own != terms).map(Box::new);
        self.changed |= self.own != own;
        self.own = own;
        self.set_terms(terms);
    }

    fn set_own(&mut self, own: Terms) {
        match &mut self.own {
            None => self.set_terms(&own),
            Some(kept) if **kept == own => {}
            Some(kept) => {
                **kept = own;
                self.changed = true;
            }
        }
    }

    fn terms(&self) -> Terms {
        Terms {
            model: self.model.clone(),
            at: self.at,
            usage: self.usage,
            qualifiers: self.qualifiers,
            reported_cost: self.reported_cost,
            is_final: self.is_final,
        }
    }

    fn set_terms(&mut self, terms: &Terms) {
        let now = self.terms();
        if now == *terms {
            return;
        }
        self.changed = true;
        if now != (Terms { is_final: now.is_final, ..terms.clone() }) {
            self.charge = None;
        }
        self.model.clone_from(&terms.model);
        self.at = terms.at;
        self.usage = terms.usage;
        self.qualifiers = terms.qualifiers;
        self.reported_cost = terms.reported_cost;
        self.is_final = terms.is_final;
    }

    pub(super) fn set_standing(&mut self, standing: Standing) {
        self.changed |= self.standing != standing;
        self.standing = standing;
    }

    pub(super) fn set_shared(&mut self, shared: bool) {
        self.changed |= self.shared != shared;
        self.shared = shared;
    }

    /// The row as a call, for the price.
    pub(super) fn to_call(&self) -> Call {
        Call {
            call_id: self.call_id.clone(),
            kind: self.kind,
            agent: self.agent,
            session_id: Arc::clone(&self.session_id),
            agent_id: self.agent_id.clone(),
            model: self.model.clone(),
            timestamp: self.at,
            usage: self.usage,
            qualifiers: self.qualifiers,
            cwd: None,
            project: self.project.clone(),
            git_branch: self.branch.clone(),
            is_final: self.is_final,
            is_sidechain: self.is_sidechain,
            is_echo: self.is_echo,
            is_background: self.is_background,
            reported_cost: self.reported_cost,
            offset: self.offset,
        }
    }

    fn who(&self) -> Who {
        Who {
            session: self.session,
            subagent: self.agent_id.clone(),
            project: self.project.clone(),
            branch: self.branch.clone(),
            model: self.model.clone(),
            developer: Arc::clone(&self.developer),
        }
    }

    fn contribution(&self, attribution: i64, charge: &StoredCharge) -> Option<Contribution> {
        (self.standing == Standing::Counted && self.usage.is_plausible()).then_some(Contribution {
            quarter: self.at.quarter(),
            attribution,
            usage: self.usage,
            amount: charge.amount,
            is_final: self.is_final,
        })
    }
}

/// The columns of a row, in the order that `read` expects.
const COLUMNS: &str = "call.id, call_id, request_id, run, kind, attribution, standing, shared, \
     flags, at, source, \"offset\", input_tokens, output_tokens, cache_read_tokens, \
     cache_write_5m_tokens, cache_write_1h_tokens, web_searches, reasoning_tokens, \
     longest_prompt, qualifiers, call.reported_pico, cost_pico, cost_status, price_row, \
     multiplier_ppm, own";

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
    Ok(Some((holding.call_id.group_key(), holding)))
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

/// Shows every row of a time that counts and has no price, with what it is charged to.
pub(super) fn each_unpriced(
    db: &Connection,
    names: &mut Names,
    time: &Range<Millis>,
    show: &mut dyn FnMut(i64, &Call),
) -> Result<(), LedgerError> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM call INDEXED BY call_unpriced
         WHERE cost_pico IS NULL AND standing = 0 AND at >= ?1 AND at < ?2"
    ))?;
    let mut rows = statement.query([time.start.0, time.end.0])?;
    while let Some(row) = rows.next()? {
        let attribution = row.get(5)?;
        let holding = read(db, names, row)?;
        if holding.usage.is_plausible() {
            show(attribution, &holding.to_call());
        }
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
        call_id: CallId { id: row.get(1)?, request_id: text(2)?, run: text(3)? },
        kind: CallKind::from_number(row.get(4)?),
        agent: who.agent,
        session: who.session,
        session_id: who.session_id,
        agent_id: who.subagent,
        model: who.model,
        project: who.project,
        branch: who.branch,
        developer: who.developer,
        at: Millis(row.get(9)?),
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
        reported_cost: row.get::<_, Option<i64>>(21)?.map(PicoUsd),
        is_final: flags & flag::FINAL != 0,
        is_sidechain: flags & flag::SIDECHAIN != 0,
        is_echo: flags & flag::ECHO != 0,
        is_background: flags & flag::BACKGROUND != 0,
        source: row.get(10)?,
        offset: count(11)?,
        standing: Standing::from_number(row.get(6)?),
        shared: row.get(7)?,
        own: text(26)?.as_deref().and_then(Terms::from_text).map(Box::new),
        charge: Some(charge),
        changed: false,
        contributed: None,
    };
    holding.contributed = holding.contribution(attribution, &charge);
    Ok(holding)
}

/// Writes a changed row. Returns what it added to the sums before and what it adds now.
pub(super) fn store(
    db: &Connection,
    names: &mut Names,
    group_key: i64,
    holding: &mut Holding,
    charge: StoredCharge,
) -> Result<(Option<Contribution>, Option<Contribution>), LedgerError> {
    let attribution = names.attribution_id(db, &holding.who())?;
    let usage = &holding.usage;
    let mut flags = 0;
    for (set, bit) in [
        (holding.is_final, flag::FINAL),
        (holding.is_sidechain, flag::SIDECHAIN),
        (holding.is_echo, flag::ECHO),
        (holding.is_background, flag::BACKGROUND),
        (!usage.is_plausible(), flag::IMPLAUSIBLE),
    ] {
        flags |= if set { bit } else { 0 };
    }
    // Two statements rather than an upsert: that would keep a journal of its own for every row.
    let sql = if holding.row.is_none() {
        "INSERT INTO call (id, group_key, call_id, request_id, run, kind, attribution, standing,
             shared, flags, at, source, \"offset\", input_tokens, output_tokens, cache_read_tokens,
             cache_write_5m_tokens, cache_write_1h_tokens, web_searches, reasoning_tokens,
             longest_prompt, qualifiers, reported_pico, cost_pico, cost_status, price_row,
             multiplier_ppm, own)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,
             ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28)"
    } else {
        "UPDATE call SET group_key = ?2, call_id = ?3, request_id = ?4, run = ?5, kind = ?6,
             attribution = ?7, standing = ?8, shared = ?9, flags = ?10, at = ?11, source = ?12,
             \"offset\" = ?13, input_tokens = ?14, output_tokens = ?15, cache_read_tokens = ?16,
             cache_write_5m_tokens = ?17, cache_write_1h_tokens = ?18, web_searches = ?19,
             reasoning_tokens = ?20, longest_prompt = ?21, qualifiers = ?22, reported_pico = ?23,
             cost_pico = ?24, cost_status = ?25, price_row = ?26, multiplier_ppm = ?27,
             own = ?28
         WHERE id = ?1"
    };
    db.prepare_cached(sql)?.execute(params![
        holding.row,
        group_key,
        holding.call_id.id,
        holding.call_id.request_id,
        holding.call_id.run,
        holding.kind as i64,
        attribution,
        holding.standing as i64,
        holding.shared,
        flags,
        holding.at.0,
        holding.source,
        holding.offset.cast_signed(),
        usage.input_tokens.cast_signed(),
        usage.output_tokens.cast_signed(),
        usage.cache_read_input_tokens.cast_signed(),
        usage.cache_creation_5m_input_tokens.cast_signed(),
        usage.cache_creation_1h_input_tokens.cast_signed(),
        usage.web_search_requests.cast_signed(),
        usage.reasoning_output_tokens.cast_signed(),
        holding.qualifiers.longest_prompt.cast_signed(),
        holding.qualifiers.to_bits(),
        holding.reported_cost.map(|amount| amount.0),
        charge.amount.map(|amount| amount.0),
        charge.status,
        charge.price_row,
        charge.multiplier_ppm,
        holding.own.as_ref().and_then(|own| own.to_text()),
    ])?;
    if holding.row.is_none() {
        holding.row = Some(db.last_insert_rowid());
    }
    let now = holding.contribution(attribution, &charge);
    let before = std::mem::replace(&mut holding.contributed, now);
    holding.charge = Some(charge);
    holding.changed = false;
    Ok((before, now))
}
