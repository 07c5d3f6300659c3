//! `status`: today against each cap, who collects, and which sessions want attention.

mod text;

use std::io::Write;
use std::ops::Range;

use anyhow::Result;
use serde::Serialize;

use super::args::StatusArgs;
use super::context::{Context, Freshness};
use super::standing::{DecisionJson, Standing};
use super::{Outcome, when};
use crate::enforce::{Kernel, ProcessTable, roll_call};
use crate::health::{self, CollectorState};
use crate::ingest;
use crate::ledger::Reader;
use crate::model::{Mark, Millis, SessionKey};

/// A session that had a call within this time is taken for live.
const LIVE_MS: i64 = 15 * 60_000;

/// What `status` tells.
struct Status {
    standing: Standing,
    collector: CollectorState,
    /// Live sessions whose hook never called, while a cap is to stop sessions.
    unprotected: Vec<SessionKey>,
    /// Marks of sessions with spend today.
    marks: Vec<Mark>,
}

#[derive(Serialize)]
struct StatusJson<'a> {
    schema: &'static str,
    timezone: String,
    /// Whether dollars are money (`api`) or the worth of what a plan covers (`subscription`).
    account: &'static str,
    /// `ok`, `warning` or `over`.
    level: &'static str,
    spent_today_usd: String,
    caps: Vec<DecisionJson<'a>>,
    collector: &'a CollectorState,
    unprotected: Vec<&'a str>,
    marks: Vec<MarkJson<'a>>,
}

/// A session's mark.
#[derive(Serialize)]
struct MarkJson<'a> {
    session_id: &'a str,
    action: &'static str,
    cap: Option<&'a str>,
    reason: &'a str,
    by: &'a str,
    at: String,
}

pub(super) fn run(context: &Context, args: StatusArgs, out: &mut dyn Write) -> Result<Outcome> {
    let freshness = context.freshen()?;
    let reader = Reader::open(&context.ledger)?;
    let status = match &reader {
        Some(reader) => reader.snapshot(|reader| -> Result<Status> {
            let standing = Standing::read(context, Some(reader))?;
            let (unprotected, marks) = if args.short {
                (Vec::new(), Vec::new())
            } else {
                (unprotected(context, reader)?, marks(reader, &standing.today)?)
            };
            let collector = collector(context, &freshness, Some(reader), args.short)?;
            Ok(Status { standing, collector, unprotected, marks })
        })?,
        None => Status {
            standing: Standing::read(context, None)?,
            collector: collector(context, &freshness, None, args.short)?,
            unprotected: Vec::new(),
            marks: Vec::new(),
        },
    };
    if args.short {
        text::write_short(out, &status.standing)?;
    } else if args.json {
        write_json(context, out, &status)?;
    } else {
        text::write(context, out, &status)?;
    }
    Ok(status.standing.outcome())
}

fn write_json(context: &Context, out: &mut dyn Write, status: &Status) -> Result<()> {
    let standing = &status.standing;
    let json = StatusJson {
        schema: "spendtop.status/1",
        timezone: when::zone_name(&standing.zone),
        account: context.account_word(),
        level: standing.level_name(),
        spent_today_usd: standing.spent_today.to_decimal(),
        caps: standing.decisions.iter().map(DecisionJson::of).collect(),
        collector: &status.collector,
        unprotected: status.unprotected.iter().map(|session| &*session.session_id).collect(),
        marks: status.marks.iter().map(MarkJson::of).collect(),
    };
    serde_json::to_writer(&mut *out, &json)?;
    writeln!(out)?;
    Ok(())
}

impl<'a> MarkJson<'a> {
    fn of(mark: &'a Mark) -> Self {
        Self {
            session_id: &mark.session.session_id,
            action: mark.action.name(),
            cap: mark.cap.as_deref(),
            reason: &mark.reason,
            by: &mark.by,
            at: mark.at.timestamp().to_string(),
        }
    }
}

/// Who follows the transcripts, and unless only its being there matters, how far behind it is.
fn collector(
    context: &Context,
    freshness: &Freshness,
    reader: Option<&Reader>,
    short: bool,
) -> Result<CollectorState> {
    let Freshness::Collected(holder) = freshness else { return Ok(CollectorState::default()) };
    let unread = match reader.filter(|_| !short) {
        Some(reader) => ingest::scan(ingest::discover(&context.roots()), &mut reader.sources()?),
        None => Vec::new(),
    };
    Ok(health::collector(&context.ledger, holder.as_ref(), &unread, context.now()))
}

/// Sessions with a recent call that no hook was ever seen of, and that have not ended since, where
/// that can be told.
fn unprotected(context: &Context, reader: &Reader) -> Result<Vec<SessionKey>> {
    if !context.config.caps.iter().any(|cap| cap.action.stops()) {
        return Ok(Vec::new());
    }
    let now = context.now();
    let table = Kernel::new();
    let roots: Vec<_> = context.roots().into_iter().map(|root| (root.agent, root.path)).collect();
    let roll = roll_call(&table, &roots, &reader.sightings_of_boot(&table.own().boot_id)?);
    let has_ended = |session: &SessionKey| {
        roll.telling.contains(&session.agent) && !roll.present.contains_key(session)
    };
    let mut found = Vec::new();
    // Up to the end of the quarter of an hour that it is.
    let recent = now.minus(LIVE_MS)..Millis::of_quarter(now.quarter() + 1);
    for session in super::standing::sessions_of(reader, &recent)? {
        if !has_ended(&session) && reader.sightings(&session)?.is_empty() {
            found.push(session);
        }
    }
    Ok(found)
}

fn marks(reader: &Reader, today: &Range<Millis>) -> Result<Vec<Mark>> {
    let sessions = super::standing::sessions_of(reader, today)?;
    let mut marks = reader.marks()?;
    marks.retain(|mark| today.contains(&mark.at) || sessions.contains(&mark.session));
    Ok(marks)
}
