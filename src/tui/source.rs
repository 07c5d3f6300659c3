//! What a screen's data is read from: one consistent state of the ledger, the sums that are kept
//! between two looks at it, and which sessions run.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::checkups::Checkups;
use super::history::History;
use super::screens::live::Memory;
use super::screens::session::Kept;
use super::sums::Sums;
use crate::enforce::Roll;
use crate::health::{Checkup, Setup};
use crate::ledger::{LedgerError, Reader};
use crate::model::{AgentId, Millis, Sighting};
use crate::policy::Cap;
use crate::pricing::PriceBook;

/// What is read, and with what; another only where the config or the prices change.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The ledger. It may not exist yet.
    pub db: PathBuf,
    /// The file whose time of change is the collector's heartbeat.
    pub lock: PathBuf,
    /// Whose day it is, as the ledger names who pays.
    pub developer: Arc<str>,
    /// The zone that days begin in.
    pub zone: TimeZone,
    /// The caps.
    pub caps: Vec<Arc<Cap>>,
    /// What agents say they spent beyond their transcripts counts too.
    pub include_unlogged: bool,
    /// The prices, for what to set aside for calls without one.
    pub book: Arc<PriceBook>,
    /// The roots of transcripts, by agent.
    pub roots: Vec<(AgentId, PathBuf)>,
    /// What the Health screen looks at.
    pub setup: Arc<Setup>,
}

/// What a screen's data is read from.
#[derive(Debug)]
pub struct Source<'a> {
    /// The ledger, at one moment.
    pub reader: &'a Reader,
    /// What it is read with.
    pub facts: &'a Facts,
    /// The sums of that moment.
    pub sums: &'a Sums,
    /// Those of other days, for whom asks; see [`each_day`](Self::each_day).
    pub history: &'a mut History,
    /// The sessions as they were read last, for the Live screen.
    pub memory: &'a mut Memory,
    /// The calls of one session as they were read last, for the Session screen.
    pub calls: &'a mut Kept,
    /// How all is, for whom asks; see [`checkup`](Self::checkup).
    pub checkups: &'a mut Checkups,
    /// Which sessions run.
    pub roll: &'a Roll,
    /// What hooks saw since the machine was started, the newest first.
    pub sightings: &'a [Sighting],
    /// The time.
    pub now: Millis,
}

impl Source<'_> {
    /// The instants of today.
    pub fn today(&self) -> &Range<Millis> {
        &self.sums.day
    }

    /// How all is, or was a moment ago.
    pub fn checkup(&mut self) -> Result<Arc<Checkup>, LedgerError> {
        self.checkups.take(self.facts, self.reader, self.now)
    }
}
