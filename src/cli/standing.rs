//! How the caps stand, as `status` and `cap` tell it.

use std::ops::Range;
use std::sync::Arc;

use anyhow::Result;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::Outcome;
use super::context::Context;
use crate::agents;
use crate::daemon;
use crate::format;
use crate::guard::{self, Terms};
use crate::ledger::{FoundSession, Reader, the_one};
use crate::model::{LIMIT, Millis, SessionKey, UsdTotal};
use crate::policy::{self, Cap, Decision, Measure, Period, Scope, Tally, Who};

/// How the caps stand now.
pub(super) struct Standing {
    /// Every subject of every cap, in the order of the caps.
    pub decisions: Vec<Decision>,
    /// The zone that periods begin in.
    pub zone: TimeZone,
    /// The day that it is there.
    pub today: Range<Millis>,
    /// What was spent today, by everybody on everything.
    pub spent_today: UsdTotal,
    /// Dollars are the worth of what a plan covers.
    pub on_plan: bool,
}

impl Standing {
    /// Reads it, from a ledger that may not be there yet.
    pub(super) fn read(context: &Context, reader: Option<&Reader>) -> Result<Self> {
        let zone = context.config.zone();
        let now = context.now();
        let today = policy::window(Period::Day, &zone, now);
        let caps = &context.config.caps;
        let developers = context.developers();
        let mut spent_today = UsdTotal::ZERO;
        let decisions = if let Some(reader) = reader {
            let sessions = sessions_of(reader, &today)?;
            let spends = reader.spend(&today)?;
            spent_today = spends.iter().fold(spent_today, |sum, spend| sum + spend.spent);
            let include_unlogged = context.config.include_unlogged;
            let book = context.book()?;
            let terms = Terms { caps, zone: &zone, book: book.book(), include_unlogged };
            guard::stand(reader, &terms, &developers, &sessions, now)?
        } else {
            let mut tally = Tally::new(caps, &zone, now);
            for developer in &developers {
                tally.expect(&Who::developer_alone(developer));
            }
            policy::decide(&tally, &[], &[], now)
        };
        Ok(Self { decisions, zone, today, spent_today, on_plan: context.is_on_plan() })
    }

    /// The exit code's meaning: the highest level of any cap.
    pub(super) fn outcome(&self) -> Outcome {
        match self.decisions.iter().filter_map(|decision| decision.level).max() {
            None => Outcome::Done,
            Some(level) if level < LIMIT => Outcome::Warned,
            Some(_) => Outcome::Over,
        }
    }

    /// The word for it in JSON.
    pub(super) fn level_name(&self) -> &'static str {
        match self.outcome() {
            Outcome::Over => "over",
            Outcome::Warned => "warning",
            _ => "ok",
        }
    }

    /// How the daily cap of a developer stands.
    pub(super) fn daily(&self, developer: &str) -> Option<&Decision> {
        let is_daily = |decision: &&Decision| {
            let cap = &decision.cap;
            let is_spend = !cap.measure.is_loop() && *decision.subject == *developer;
            is_spend && cap.scope == Scope::Developer && cap.period == Period::Day
        };
        self.decisions.iter().find(is_daily)
    }

    /// The decision on spend that is nearest to its limit, the stricter of equals.
    pub(super) fn nearest(&self) -> Option<&Decision> {
        let key = |decision: &&Decision| {
            let limit = i128::from(decision.limit.0.max(1));
            (decision.level, decision.counted().0.saturating_mul(10_000) / limit)
        };
        let spend = |decision: &&Decision| !decision.cap.measure.is_loop();
        self.decisions.iter().filter(spend).rev().max_by_key(key)
    }
}

/// Sessions with spend in a time.
pub(super) fn sessions_of(reader: &Reader, time: &Range<Millis>) -> Result<Vec<SessionKey>> {
    let mut sessions = Vec::new();
    for spend in reader.spend(time)? {
        let to = reader.charged_to(spend.attribution)?;
        let session = SessionKey { agent: to.agent, session_id: to.session_id };
        if !sessions.contains(&session) {
            sessions.push(session);
        }
    }
    Ok(sessions)
}

impl Context {
    /// Everybody whose spend the config knows of.
    pub(super) fn developers(&self) -> Vec<Arc<str>> {
        let mut developers: Vec<Arc<str>> = vec![Arc::from(self.developer())];
        for developer in &self.config.developers {
            if !developers.iter().any(|known| **known == *developer.id) {
                developers.push(Arc::from(developer.id.as_str()));
            }
        }
        developers
    }

    /// What dollars are: money spent, or the worth of what a plan covers.
    pub(super) fn cost_word(&self) -> &'static str {
        if self.is_on_plan() { "value" } else { "cost" }
    }

    /// Dollars are the worth of what a plan covers, not money spent.
    pub(super) fn is_on_plan(&self) -> bool {
        let files = self.with_surroundings(|surroundings| {
            let files = agents::all().flat_map(|adapter| {
                let files = adapter.account_files(surroundings).into_iter();
                files.map(|file| (adapter.id(), file)).collect::<Vec<_>>()
            });
            files.collect::<Vec<_>>()
        });
        daemon::is_on_plan(self.config.account, &files)
    }

    /// The same as JSON has it.
    pub(super) fn account_word(&self) -> &'static str {
        if self.is_on_plan() { crate::explain::SUBSCRIPTION } else { "api" }
    }
}

/// A subject of a cap.
#[derive(Serialize)]
pub(super) struct DecisionJson<'a> {
    cap: &'a str,
    scope: &'static str,
    pattern: &'a str,
    period: &'static str,
    /// What is held against the limit: `limit` (spend), `loop_usd` or `loop_count`.
    measure: &'static str,
    action: &'static str,
    /// None: nothing of the kind has spent anything in the period.
    subject: Option<&'a str>,
    spent_usd: String,
    reserve_usd: String,
    counted_usd: String,
    limit_usd: String,
    /// The cap's own, where it is raised for a while.
    configured_limit_usd: String,
    /// Of a cap on how often: how often it was, and may be. The dollars are 0 then.
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit_count: Option<u64>,
    percent: u64,
    /// The highest level reached, as a part of the limit: 0.8, 1.
    level: Option<f64>,
    over: bool,
    latched: bool,
    snoozed_until: Option<String>,
    resets_at: Option<String>,
}

impl<'a> DecisionJson<'a> {
    pub(super) fn of(decision: &'a Decision) -> Self {
        let whole_life = decision.cap.period == Period::Session;
        if decision.cap.measure == Measure::LoopCount {
            return Self {
                subject: Some(&decision.subject),
                count: Some(Measure::count(decision.counted())),
                limit_count: Some(Measure::count(decision.limit.into())),
                percent: format::percent(decision.counted(), decision.limit.into()).unwrap_or(0),
                level: decision.level.map(|level| f64::from(level) / f64::from(LIMIT)),
                over: decision.is_breach(),
                latched: decision.latched,
                snoozed_until: decision.snoozed_until.map(|at| at.timestamp().to_string()),
                ..Self::unused(&decision.cap)
            };
        }
        Self {
            subject: Some(&decision.subject),
            spent_usd: decision.used.spent.to_decimal(),
            reserve_usd: decision.used.reserve.to_decimal(),
            counted_usd: decision.counted().to_decimal(),
            limit_usd: UsdTotal::from(decision.limit).to_decimal(),
            percent: format::percent(decision.counted(), decision.limit.into()).unwrap_or(0),
            level: decision.level.map(|level| f64::from(level) / f64::from(LIMIT)),
            over: decision.is_breach(),
            latched: decision.latched,
            snoozed_until: decision.snoozed_until.map(|at| at.timestamp().to_string()),
            resets_at: (!whole_life).then(|| decision.window.end.timestamp().to_string()),
            ..Self::unused(&decision.cap)
        }
    }

    /// A cap that nothing counts towards yet.
    pub(super) fn unused(cap: &'a Cap) -> Self {
        let nothing = UsdTotal::ZERO.to_decimal();
        let is_count = cap.measure == Measure::LoopCount;
        let limit = if is_count { UsdTotal::ZERO } else { cap.limit.into() }.to_decimal();
        Self {
            measure: cap.measure.name(),
            count: is_count.then_some(0),
            limit_count: is_count.then(|| Measure::count(cap.limit.into())),
            cap: &cap.name,
            scope: cap.scope.name(),
            pattern: &cap.pattern,
            period: cap.period.name(),
            action: cap.action.name(),
            subject: None,
            spent_usd: nothing.clone(),
            reserve_usd: nothing.clone(),
            counted_usd: nothing,
            limit_usd: limit.clone(),
            configured_limit_usd: limit,
            percent: 0,
            level: None,
            over: false,
            latched: false,
            snoozed_until: None,
            resets_at: None,
        }
    }
}

/// The session of an id, or of the only one that begins so.
pub(super) fn find_session(reader: Option<&Reader>, prefix: &str) -> Result<SessionKey> {
    let found = match reader {
        Some(reader) if !prefix.is_empty() => reader.find_sessions(prefix)?,
        _ => Vec::new(),
    };
    match the_one(&found) {
        Some(one) => Ok(one.key.clone()),
        None if found.is_empty() => Err(super::UsageError(format!(
            "no session begins with {prefix:?}: `spendtop sessions` lists them"
        ))
        .into()),
        None => Err(ambiguous(prefix, &found).into()),
    }
}

/// What is said where an id may mean several sessions.
pub(super) fn ambiguous(prefix: &str, found: &[FoundSession]) -> super::UsageError {
    // One id of two agents: naming the agent tells them apart.
    let is_one_id = found.iter().all(|one| one.key.session_id == found[0].key.session_id);
    let name = |one: &FoundSession| {
        let SessionKey { agent, session_id } = &one.key;
        if is_one_id { policy::session_name(*agent, session_id) } else { session_id.to_string() }
    };
    let names: Vec<String> = found.iter().take(5).map(name).collect();
    let names: Vec<_> = names.iter().map(|name| format::printable(name)).collect();
    let (count, names) = (found.len(), names.join(", "));
    super::UsageError(format!(
        "{prefix:?} is the beginning or end of {count} sessions, among them {names}: type more of it"
    ))
}
