//! `cap check`: what each cap means, in a sentence, and whether one is near or over its limit.

use std::io::Write;

use anyhow::Result;
use serde::Serialize;

use crate::cli::Outcome;
use crate::cli::context::Context;
use crate::cli::standing::Standing;
use crate::format::printable;
use crate::model::UsdTotal;
use crate::policy::{Cap, Measure};

#[derive(Serialize)]
struct CheckJson<'a> {
    schema: &'static str,
    /// `ok`, `warning` or `over`.
    level: &'static str,
    caps: Vec<CapJson<'a>>,
}

/// A cap as the config means it.
#[derive(Serialize)]
pub(in crate::cli) struct CapJson<'a> {
    name: &'a str,
    scope: &'static str,
    pattern: &'a str,
    except: Vec<&'a str>,
    period: &'static str,
    /// What is held against the limit: `limit` (spend), `loop_usd` or `loop_count`.
    measure: &'static str,
    limit_usd: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit_count: Option<u64>,
    warn_at: Vec<f64>,
    action: &'static str,
    grace_seconds: f64,
    meaning: String,
}

impl<'a> CapJson<'a> {
    pub(in crate::cli) fn of(cap: &'a Cap) -> Self {
        let is_count = cap.measure == Measure::LoopCount;
        Self {
            name: &cap.name,
            scope: cap.scope.name(),
            pattern: &cap.pattern,
            except: cap.except.iter().map(|name| &**name).collect(),
            period: cap.period.name(),
            measure: cap.measure.name(),
            limit_usd: if is_count { UsdTotal::ZERO } else { cap.limit.into() }.to_decimal(),
            limit_count: is_count.then(|| Measure::count(cap.limit.into())),
            warn_at: cap.warn_at.iter().map(|level| f64::from(*level) / 1000.0).collect(),
            action: cap.action.name(),
            grace_seconds: cap.grace.as_secs_f64(),
            meaning: cap.meaning(),
        }
    }
}

pub(super) fn run(context: &Context, json: bool, out: &mut dyn Write) -> Result<Outcome> {
    let reader = context.fresh_reader()?;
    let standing = match &reader {
        Some(reader) => reader.snapshot(|reader| Standing::read(context, Some(reader)))?,
        None => Standing::read(context, None)?,
    };
    let caps = &context.config.caps;
    if json {
        let caps = caps.iter().map(|cap| CapJson::of(cap)).collect();
        let json = CheckJson { schema: "spendtop.cap-check/1", level: standing.level_name(), caps };
        serde_json::to_writer(&mut *out, &json)?;
        writeln!(out)?;
        return Ok(standing.outcome());
    }
    if caps.is_empty() {
        super::none(context, out)?;
    }
    for cap in caps {
        writeln!(out, "{}: {}.", printable(&cap.name), cap.meaning())?;
        let decisions = standing.decisions.iter().filter(|decision| decision.cap == *cap);
        for decision in decisions.filter(|decision| decision.level.is_some()) {
            let level = if decision.is_breach() { "OVER" } else { "near" };
            let subject = printable(&decision.subject);
            writeln!(out, "    {level}: {subject}, {}", decision.amounts())?;
        }
    }
    Ok(standing.outcome())
}
