//! What `spendtop` prints where no screen can be drawn: the newest sessions and today's total.

use std::io::Write;

use anyhow::Result;

use super::Outcome;
use super::args::{SessionsArgs, TimeArgs};
use super::context::Context;
use super::sessions;
use super::standing::Standing;
use crate::format::{counted, floor, money, money_fixed, percent};
use crate::ledger::{Reader, Totals};
use crate::model::UsdTotal;
use crate::policy::Decision;
use crate::tui::Sums;

/// As many sessions as fit on a small terminal.
const SESSIONS: usize = 16;

pub(super) fn run(context: &Context, out: &mut dyn Write) -> Result<Outcome> {
    let newest = SessionsArgs { time: TimeArgs::default(), limit: Some(SESSIONS), json: false };
    let outcome = sessions::run(context, &newest, out)?;
    if let Some(reader) = Reader::open(&context.ledger)? {
        let (zone, now) = (context.config.zone(), context.now());
        let mut sums = Sums::default();
        reader.snapshot(|reader| {
            let version = reader.data_version()?;
            sums.refresh(reader, version, context.developer(), &zone, now)
        })?;
        let standing = Standing::read(context, Some(&reader))?;
        let sentence = today(&sums.today(), standing.daily(context.developer()));
        writeln!(out, "\n{sentence}")?;
    }
    if !context.global.quiet {
        // Not for whoever takes the output further.
        writeln!(
            std::io::stderr(),
            "This is how it stands now; the live screen needs a terminal that can draw one. \
             `spendtop sessions` lists every session."
        )?;
    }
    Ok(outcome)
}

fn today(totals: &Totals, cap: Option<&Decision>) -> String {
    let is_floor = totals.is_floor();
    let calls = counted(totals.calls, "call", "calls");
    let Some(cap) = cap else {
        let spent = floor(money(totals.cost), is_floor);
        return format!(
            "Today: {spent} in {calls}, at list prices of the API; no daily cap is set."
        );
    };
    // The limit that is in force: it may have been raised.
    let limit = UsdTotal::from(cap.limit);
    let spent = floor(money_fixed(totals.cost, 2), is_floor);
    let share = floor(format!("{} %", percent(totals.cost, limit).unwrap_or(0)), is_floor);
    let limit = money_fixed(limit, 2);
    let reserve = match cap.used.reserve {
        UsdTotal::ZERO => String::new(),
        some => format!("; the cap sets {} aside for calls without a price", money(some)),
    };
    format!("Today: {spent} of {limit} ({share}) in {calls}, at list prices of the API{reserve}.")
}
