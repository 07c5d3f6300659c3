//! What the Live screen has read.

use std::sync::Arc;

use super::alerts::{self, Alert};
use super::memory;
use super::session::Session;
use crate::ledger::LedgerError;
use crate::model::UsdTotal;
use crate::tui::screens::Query;
use crate::tui::source::Source;
use crate::tui::sums::{Day, RECENT_MS};

/// Minutes of one column of the burn, in milliseconds.
const COLUMN_MS: i64 = 5 * 60_000;

/// Columns of the burn: the last hours.
const COLUMNS: usize = (RECENT_MS / COLUMN_MS) as usize;

/// Everything that the Live screen shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Everything;

/// What the ledger holds at one moment, and what runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Data {
    /// The developer's last days, today last.
    pub days: Vec<Day>,
    /// Every session, newest activity first.
    pub sessions: Vec<Arc<Session>>,
    /// What the developer spent in each five minutes of the last hours, the newest last.
    pub trend: Vec<UsdTotal>,
    /// What was told and done lately, newest first.
    pub alerts: Vec<Alert>,
    /// Transcripts that were read; counted only while there is no session.
    pub transcripts: usize,
}

impl Query for Everything {
    type Data = Data;

    fn read(&self, source: &mut Source<'_>) -> Result<Data, LedgerError> {
        let sessions = memory::read(source)?;
        let transcripts = if sessions.is_empty() { source.reader.sources()?.len() } else { 0 };
        Ok(Data {
            days: source.sums.days.clone(),
            trend: trend(source),
            alerts: alerts::read(source, &sessions)?,
            transcripts,
            sessions,
        })
    }
}

fn trend(source: &Source<'_>) -> Vec<UsdTotal> {
    let mut trend = vec![UsdTotal::ZERO; COLUMNS];
    // Columns stand still while time goes on within one.
    let end = source.now.0.div_euclid(COLUMN_MS) + 1;
    for call in &source.sums.recent {
        let who = source.sums.charged.get(&call.charged);
        if who.is_none_or(|who| who.developer != source.facts.developer) {
            continue;
        }
        let back = end - 1 - call.at.0.div_euclid(COLUMN_MS);
        let column = usize::try_from(back).ok().and_then(|back| COLUMNS.checked_sub(back + 1));
        if let (Some(column), Some(cost)) = (column, call.cost) {
            trend[column] += UsdTotal::from(cost);
        }
    }
    trend
}
