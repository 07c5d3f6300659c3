//! `snooze` and `raise`: a person lifts a cap for a while, and says why.

use std::io::Write;
use std::sync::Arc;

use anyhow::Result;

use super::context::Context;
use super::{Outcome, UsageError, args, inside, leave, when};
use crate::format::{money_fixed, printable};
use crate::model::{Action, ActionKind, Lift, LiftBy, Millis, Note, PicoUsd};
use crate::policy::{self, Cap, Period};

pub(super) fn snooze(
    context: &Context,
    args: &args::SnoozeArgs,
    out: &mut dyn Write,
) -> Result<Outcome> {
    let cap = find(context, &args.cap)?;
    let now = context.now();
    let until = match (&args.span, &args.until) {
        (Some(span), _) => when::after(span, now)?,
        (None, Some(until)) => when::until(until, &context.config.zone(), now)?,
        (None, None) => return Err(UsageError("say for how long: --for 1h".into()).into()),
    };
    let done = format!("snoozed until {}", local(context, until));
    lift(context, &cap, LiftBy::Snooze { until }, &args.reason, &done, out)
}

pub(super) fn raise(
    context: &Context,
    args: &args::RaiseArgs,
    out: &mut dyn Write,
) -> Result<Outcome> {
    let cap = find(context, &args.cap)?;
    if cap.measure.is_loop() {
        let name = printable(&cap.name).into_owned();
        return Err(UsageError(format!(
            "{name} is on loops, which a person's prompt ends: snooze it, or change the config"
        ))
        .into());
    }
    let amount = dollars("raise", &args.dollars)?;
    let window = policy::window(cap.period, &context.config.zone(), context.now());
    let until = window.end;
    let by = money_fixed(amount, 2);
    let done = if cap.period == Period::Session {
        format!("raised by {by}, for good")
    } else {
        format!("raised by {by} until {}", local(context, until))
    };
    lift(context, &cap, LiftBy::Raise { amount, until }, &args.reason, &done, out)
}

fn lift(
    context: &Context,
    cap: &Arc<Cap>,
    what: LiftBy,
    reason: &str,
    done: &str,
    out: &mut dyn Write,
) -> Result<Outcome> {
    if reason.trim().is_empty() {
        return Err(UsageError("say why: --reason is kept with it".into()).into());
    }
    inside::refuse("lift a cap")?;
    let (at, by) = (context.now(), context.paths.user().to_owned());
    let kind = match what {
        LiftBy::Snooze { .. } => ActionKind::Snooze,
        LiftBy::Raise { .. } => ActionKind::Raise,
    };
    let action = Action {
        cap: Some(Arc::clone(&cap.name)),
        evidence: reason.to_owned(),
        outcome: done.to_owned(),
        ..Action::new(at, kind, &by)
    };
    let lift = Lift { cap: Arc::clone(&cap.name), what, at, reason: reason.to_owned(), by };
    leave::store(context, &[Note::Lift(lift), Note::Action(action)])?;
    writeln!(out, "{} is {done}.", printable(&cap.name))?;
    Ok(Outcome::Done)
}

/// The cap of a name; an error names the nearest.
fn find(context: &Context, name: &str) -> Result<Arc<Cap>> {
    let caps = &context.config.caps;
    if let Some(cap) = caps.iter().find(|cap| *cap.name == *name) {
        return Ok(Arc::clone(cap));
    }
    let likeness = |cap: &Arc<Cap>| strsim::jaro_winkler(name, &cap.name);
    let nearest = caps.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    Err(UsageError(match nearest {
        None => format!("there is no cap {name:?}: none is set in the config"),
        Some(nearest) if likeness(nearest) > 0.6 => {
            format!("there is no cap {name:?}; did you mean {:?}?", &*nearest.name)
        }
        Some(_) => format!("there is no cap {name:?}: `spendtop cap list` names them"),
    })
    .into())
}

/// A positive amount that was typed.
pub(super) fn dollars(what: &str, text: &str) -> Result<PicoUsd> {
    let amount = text.strip_prefix('$').unwrap_or(text).parse::<PicoUsd>();
    match amount {
        Ok(amount) if amount > PicoUsd::ZERO => Ok(amount),
        Ok(_) => Err(UsageError(format!("{what} {text:?}: must be more than 0 dollars")).into()),
        Err(why) => Err(UsageError(format!("{what} {text:?}: {why}")).into()),
    }
}

fn local(context: &Context, at: Millis) -> String {
    let local = at.timestamp().to_zoned_datetime(context.config.zone());
    local.strftime("%Y-%m-%d %H:%M").to_string()
}
