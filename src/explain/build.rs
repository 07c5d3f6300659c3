//! Makes the explanation of what the ledger and the transcripts say: pure.

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;

use super::Found;
use super::lines::{Line, Lines};
use super::shape::{
    Charge, Class, Dropped, Explained, ExplainedCall, NotCounted, Part, Place, SCHEMA,
};
use crate::agents;
use crate::ledger::{CallRow, ChargeRow, Charged, Standing, Totals, Unlogged};
use crate::model::{CallKind, Geo, PicoUsd, Speed, TokenUsage, UsdTotal};
use crate::pricing::{AuditRow, TokenClass};

pub(super) fn build(
    found: &Found,
    rows: &[CallRow],
    charged: &HashMap<i64, Charged, impl BuildHasher>,
    lines: &Lines,
    unlogged: Vec<Unlogged>,
) -> Explained {
    let (session, session_id) = match found {
        Found::Session(one) => (Some(one.number), Some(one.key.session_id.to_string())),
        Found::Calls => (None, None),
    };
    let agent = match found {
        Found::Session(one) => Some(one.key.agent),
        Found::Calls => None,
    };
    let unlogged = unlogged.into_iter().find(|unlogged| Some(unlogged.session) == session);
    let unlogged_usd = unlogged.as_ref().map_or(UsdTotal::ZERO, |of| of.amount.into());
    let mut explained = Explained {
        schema: SCHEMA,
        session_id,
        agent,
        leaves_out: agent.map(|agent| agents::adapter(agent).leaves_out()),
        account: "",
        cost_usd: String::new(),
        unpriced_calls: 0,
        not_final_calls: 0,
        unlogged_usd: session.map(|_| unlogged_usd.to_decimal()),
        threads: Vec::new(),
        models: Vec::new(),
        loops: Vec::new(),
        calls: Vec::new(),
        not_counted: Vec::new(),
        gone: lines.gone.iter().map(|path| path.display().to_string()).collect(),
        total: Totals::default(),
        unlogged,
    };
    let mut threads: BTreeMap<String, Totals> = BTreeMap::new();
    let mut models: BTreeMap<String, Totals> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.standing == Standing::Counted) {
        let Some(to) = charged.get(&row.charged) else { continue };
        if session.is_some_and(|session| session != to.session) {
            continue;
        }
        let amount = row.charge.amount.ok().map(|(amount, _)| amount);
        let totals = Totals::of_call(row.usage, amount, row.is_final);
        explained.total += totals;
        let thread =
            if to.subagent.is_empty() { "main".into() } else { format!("agent {}", to.subagent) };
        *threads.entry(thread).or_default() += totals;
        *models.entry(to.model.to_string()).or_default() += totals;
        explained.calls.push(explain_call(row, rows, to, charged, lines));
    }
    let held = |row: &&CallRow| {
        row.standing != Standing::Counted
            && charged.get(&row.charged).is_some_and(|to| Some(to.session) == session)
    };
    explained.not_counted = rows
        .iter()
        .filter(held)
        .map(|row| NotCounted {
            call_id: row.call_id.id.to_string(),
            file: row.path.display().to_string(),
            spot: agents::spot(row.agent, &row.path, row.offset),
            reason: of_standing(row.standing),
        })
        .collect();
    explained.cost_usd = explained.total.cost.to_decimal();
    explained.unpriced_calls = explained.total.unpriced_calls;
    explained.not_final_calls = explained.total.not_final_calls;
    explained.threads = parts(threads);
    explained.models = parts(models);
    explained
}

fn parts(sums: BTreeMap<String, Totals>) -> Vec<Part> {
    let part = |(name, totals): (String, Totals)| Part {
        name,
        calls: totals.calls,
        cost_usd: totals.cost.to_decimal(),
        totals,
    };
    sums.into_iter().map(part).collect()
}

fn explain_call(
    row: &CallRow,
    rows: &[CallRow],
    to: &Charged,
    charged: &HashMap<i64, Charged, impl BuildHasher>,
    lines: &Lines,
) -> ExplainedCall {
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    ExplainedCall {
        call_id: row.call_id.id.to_string(),
        request_id: row.call_id.request_id.as_deref().map(str::to_owned),
        kind: match row.kind {
            CallKind::Message => "message",
            CallKind::Advisor => "advisor",
            CallKind::FallbackAttempt => "fallback_attempt",
            CallKind::Compaction => "compaction",
        },
        session_id: to.session_id.to_string(),
        subagent: some(&to.subagent),
        project: to.project.to_string(),
        branch: to.branch.to_string(),
        model: some(&to.model),
        timestamp: row.at.timestamp().to_string(),
        is_final: row.is_final,
        speed: match row.qualifiers.speed {
            Speed::Standard => "standard",
            Speed::Fast => "fast",
            Speed::Other => "other",
        },
        inference_geo: match row.qualifiers.inference_geo {
            Geo::Unstated => "not_available",
            Geo::Global => "global",
            Geo::Us => "us",
            Geo::Other => "other",
        },
        kept: Place {
            file: row.path.display().to_string(),
            spot: agents::spot(row.agent, &row.path, row.offset),
        },
        dropped: dropped(row, rows, charged, lines),
        charge: charge(&row.charge, &row.usage),
        superseded: row.superseded.iter().map(|old| charge(old, &row.usage)).collect(),
        at: row.at,
    }
}

/// Every other line that tells of the call, and the rows of the same response that do not count.
fn dropped(
    kept: &CallRow,
    rows: &[CallRow],
    charged: &HashMap<i64, Charged, impl BuildHasher>,
    lines: &Lines,
) -> Vec<Dropped> {
    let mut dropped = Vec::new();
    let mut seen = Vec::new();
    for line in lines.by_call.get(&kept.call_id).into_iter().flatten() {
        seen.push((line.path.clone(), line.offset));
        if line.path == kept.path && line.offset == kept.offset {
            continue;
        }
        let of_row = |row: &&CallRow| {
            row.call_id == kept.call_id
                && row.path == line.path
                && charged.get(&row.charged).is_some_and(|to| *to.session_id == *line.session_id)
        };
        let standing = rows.iter().find(of_row).map_or(Standing::Counted, |row| row.standing);
        dropped.push(Dropped {
            file: line.path.display().to_string(),
            spot: agents::spot(kept.agent, &line.path, line.offset),
            session_id: line.session_id.clone(),
            output_tokens: line.usage.output_tokens,
            reason: reason(standing, line, kept),
        });
    }
    for row in rows.iter().filter(|row| row.standing != Standing::Counted) {
        let same_response =
            row.call_id.id == kept.call_id.id && row.call_id.run == kept.call_id.run;
        if same_response && !seen.contains(&(row.path.clone(), row.offset)) {
            let session_id = charged.get(&row.charged).map(|to| to.session_id.to_string());
            dropped.push(Dropped {
                file: row.path.display().to_string(),
                spot: agents::spot(row.agent, &row.path, row.offset),
                session_id: session_id.unwrap_or_default(),
                output_tokens: row.usage.output_tokens,
                reason: of_standing(row.standing).to_owned(),
            });
        }
    }
    dropped
}

fn of_standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Counted => "the same call",
        Standing::Copy => "a copy in another session: a fork, a resume or a background worker",
        Standing::OtherThread => "the same call, told again in another thread of the session",
        Standing::Replay => "an aside that repeats the main thread's answer under a new request",
    }
}

fn reason(standing: Standing, line: &Line, kept: &CallRow) -> String {
    if standing != Standing::Counted {
        return of_standing(standing).to_owned();
    }
    let (shown, billed) = (line.usage.output_tokens, kept.usage.output_tokens);
    if shown < billed {
        format!("an earlier snapshot: {shown} of {billed} output tokens")
    } else {
        "the same response again".to_owned()
    }
}

fn charge(charge: &ChargeRow, usage: &TokenUsage) -> Charge {
    let row =
        charge.price_row.as_deref().and_then(|json| serde_json::from_str::<AuditRow>(json).ok());
    let mut classes = Vec::new();
    for class in TokenClass::ALL {
        let tokens = class.count(usage);
        let rate =
            row.as_ref().and_then(|row| Some((row.rate(class)?, row.rate_per_token(class)?)));
        if tokens == 0 {
            continue;
        }
        let cost = rate.map(|(_, rate)| {
            let exact = i128::from(rate.0) * i128::from(tokens) * i128::from(charge.multiplier_ppm);
            UsdTotal(crate::model::money::div_half_even(exact, 1_000_000)).to_decimal()
        });
        classes.push(Class {
            name: class.name(),
            tokens,
            usd_per_million: rate.map(|(text, _)| text.to_owned()),
            cost_usd: cost,
        });
    }
    let billed_searches = if row.is_some() { usage.web_search_requests } else { 0 };
    let (cost_usd, status) = match charge.amount {
        Ok((amount, status)) => (Some(amount.to_string()), status.name().to_owned()),
        Err(reason) => (None, format!("unpriced: {}", reason.words())),
    };
    // A cent each, whatever the model and the terms.
    let searches = PicoUsd(10_000_000_000);
    Charge {
        cost_usd,
        status,
        classes,
        web_search_requests: billed_searches,
        web_search_usd: UsdTotal(i128::from(searches.0) * i128::from(billed_searches)).to_decimal(),
        multiplier: ppm(charge.multiplier_ppm),
        price_row: row,
        book: charge.book.as_deref().map(str::to_owned),
    }
}

fn ppm(multiplier: u32) -> String {
    let text = format!("{}.{:06}", multiplier / 1_000_000, multiplier % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
