//! Reads records in the form that Claude Code itself writes them: the same as the derived
//! `Deserialize` of [`Record`], or not at all.

use std::ops::Range;

use super::blocks::{self, Uses};
use super::record::{
    CacheCreation, FallbackCredit, Iteration, Message, Nested, OutputDetails, Progress, Record,
    ServerToolUse, StopDetails, Typed, Usage,
};
use crate::agents::compact::Compact;

/// Reads an object's fields, each at most once, and passes over all others.
macro_rules! fields {
    ($json:ident, $to:ident, { $($fields:tt)* }) => {
        fields!($json, $to, { $($fields)* }, |json, _| skip(json))
    };
    ($json:ident, $to:ident, { $($key:literal => $field:ident: $read:expr,)* }, $other:expr) => {{
        $(let mut $field = false;)*
        $json.object(|json, key| {
            match key {
                $($key => {
                    if std::mem::replace(&mut $field, true) {
                        return None;
                    }
                    $to.$field = $read(json)?;
                })*
                _ => $other(json, key)?,
            }
            Some(())
        })
    }};
}

/// Where a record's values stand that change from line to line of one response, and what of them
/// counts.
#[derive(Debug, Default)]
pub(super) struct Places<'a> {
    pub uses: Uses<'a>,
    pub parent: Option<Range<usize>>,
    pub content: Option<Range<usize>>,
    pub uuid: Option<Range<usize>>,
    pub timestamp: Option<Range<usize>>,
}

/// Reads a record; none if the real parser has to.
pub(super) fn record(line: &[u8]) -> Option<(Record<'_>, Places<'_>)> {
    let mut json = Compact::new(line);
    let mut record = Record::default();
    let mut places = Places::default();
    read_record(&mut json, &mut record, &mut places)?;
    json.end()?;
    Some((record, places))
}

/// Reads the provider's steps; none if the real parser has to.
pub(super) fn iterations(text: &str) -> Option<Vec<Iteration<'_>>> {
    let mut json = Compact::new(text.as_bytes());
    let mut steps = Vec::new();
    json.objects(|json| {
        let mut step = Iteration::default();
        read_iteration(json, &mut step)?;
        steps.push(step);
        Some(())
    })?;
    json.end()?;
    Some(steps)
}

fn read_iteration<'a>(json: &mut Compact<'a>, to: &mut Iteration<'a>) -> Option<()> {
    fields!(json, to, {
        b"type" => kind: Compact::text,
        b"model" => model: Compact::text,
        b"input_tokens" => input_tokens: Compact::count,
        b"output_tokens" => output_tokens: Compact::count,
        b"cache_read_input_tokens" => cache_read_input_tokens: Compact::count,
        b"cache_creation_input_tokens" => cache_creation_input_tokens: Compact::count,
        b"cache_creation" => cache_creation: |json: &mut Compact<'a>| json.object_of(read_split),
        b"stop_details" => stop_details: |json: &mut Compact<'a>| json.object_of(read_stop),
    })
}

/// Notes where a value stands.
fn placed<'a, T>(
    json: &mut Compact<'a>,
    place: &mut Option<Range<usize>>,
    read: impl FnOnce(&mut Compact<'a>) -> Option<T>,
) -> Option<T> {
    let start = json.position();
    let value = read(json)?;
    *place = Some(start..json.position());
    Some(value)
}

fn skip(json: &mut Compact<'_>) -> Option<()> {
    json.skip().map(|_| ())
}

fn read_record<'a>(
    json: &mut Compact<'a>,
    to: &mut Record<'a>,
    places: &mut Places<'a>,
) -> Option<()> {
    let Places { parent, content, uuid: uuid_place, timestamp: time_place, uses } = places;
    let mut other = |json: &mut Compact<'a>, key: &[u8]| match key {
        b"parentUuid" => placed(json, parent, skip),
        _ => skip(json),
    };
    let mut read_message =
        |json: &mut Compact<'a>| json.object_of(|json, to| read_message(json, to, content, uses));
    fields!(json, to, {
        b"type" => kind: Compact::text,
        b"uuid" => uuid: |json: &mut Compact<'a>| placed(json, uuid_place, Compact::text),
        b"requestId" => request_id: Compact::text,
        b"sessionId" => session_id: Compact::text,
        b"timestamp" => timestamp: |json: &mut Compact<'a>| placed(json, time_place, Compact::text),
        b"cwd" => cwd: Compact::text,
        b"gitBranch" => git_branch: Compact::text,
        b"agentId" => agent_id: Compact::text,
        b"sessionKind" => session_kind: Compact::text,
        b"isSidechain" => is_sidechain: Compact::flag,
        b"isApiErrorMessage" => is_api_error: Compact::flag,
        b"apiErrorStatus" => api_error_status: Compact::count,
        b"costUSD" => cost_usd: Compact::raw,
        b"message" => message: read_message,
        b"data" => data: |json: &mut Compact<'a>| json.object_of(read_progress),
        b"totalCostUSD" => total_cost_usd: Compact::raw,
    }, other)
}

fn read_message<'a>(
    json: &mut Compact<'a>,
    to: &mut Message<'a>,
    content: &mut Option<Range<usize>>,
    uses: &mut Uses<'a>,
) -> Option<()> {
    let mut other = |json: &mut Compact<'a>, key: &[u8]| match key {
        b"content" => placed(json, content, |json| blocks::read(json, uses)),
        _ => skip(json),
    };
    fields!(json, to, {
        b"id" => id: Compact::text,
        b"model" => model: Compact::text,
        b"stop_reason" => stop_reason: Compact::text,
        b"stop_details" => stop_details: |json: &mut Compact<'a>| json.object_of(read_stop),
        b"usage" => usage: |json: &mut Compact<'a>| json.object_of(read_usage),
    }, other)
}

fn read_stop<'a>(json: &mut Compact<'a>, to: &mut StopDetails<'a>) -> Option<()> {
    fields!(json, to, { b"category" => category: Compact::text, })
}

fn read_usage<'a>(json: &mut Compact<'a>, to: &mut Usage<'a>) -> Option<()> {
    fields!(json, to, {
        b"input_tokens" => input_tokens: Compact::count,
        b"output_tokens" => output_tokens: Compact::count,
        b"cache_read_input_tokens" => cache_read_input_tokens: Compact::count,
        b"cache_creation_input_tokens" => cache_creation_input_tokens: Compact::count,
        b"cache_creation" => cache_creation: |json: &mut Compact<'a>| json.object_of(read_split),
        b"output_tokens_details" =>
            output_tokens_details: |json: &mut Compact<'a>| json.object_of(read_details),
        b"server_tool_use" => server_tool_use: |json: &mut Compact<'a>| json.object_of(read_tools),
        b"service_tier" => service_tier: Compact::text,
        b"speed" => speed: Compact::text,
        b"inference_geo" => inference_geo: Compact::text,
        b"iterations" => iterations: Compact::raw,
        b"fallback_credit" => fallback_credit: |json: &mut Compact<'a>| json.object_of(read_credit),
    })
}

fn read_split(json: &mut Compact<'_>, to: &mut CacheCreation) -> Option<()> {
    fields!(json, to, {
        b"ephemeral_5m_input_tokens" => ephemeral_5m_input_tokens: Compact::count,
        b"ephemeral_1h_input_tokens" => ephemeral_1h_input_tokens: Compact::count,
    })
}

fn read_details(json: &mut Compact<'_>, to: &mut OutputDetails) -> Option<()> {
    fields!(json, to, { b"thinking_tokens" => thinking_tokens: Compact::count, })
}

fn read_tools(json: &mut Compact<'_>, to: &mut ServerToolUse) -> Option<()> {
    fields!(json, to, { b"web_search_requests" => web_search_requests: Compact::count, })
}

fn read_credit<'a>(json: &mut Compact<'a>, to: &mut FallbackCredit<'a>) -> Option<()> {
    fields!(json, to, { b"status" => status: |json: &mut Compact<'a>| json.object_of(read_typed), })
}

fn read_typed<'a>(json: &mut Compact<'a>, to: &mut Typed<'a>) -> Option<()> {
    fields!(json, to, { b"type" => kind: Compact::text, })
}

fn read_progress<'a>(json: &mut Compact<'a>, to: &mut Progress<'a>) -> Option<()> {
    fields!(json, to, {
        b"agentId" => agent_id: Compact::text,
        b"message" => message: |json: &mut Compact<'a>| json.object_of(read_nested),
    })
}

fn read_nested<'a>(json: &mut Compact<'a>, to: &mut Nested<'a>) -> Option<()> {
    fields!(json, to, {
        b"uuid" => uuid: Compact::text,
        b"requestId" => request_id: Compact::text,
        b"timestamp" => timestamp: Compact::text,
        b"message" => message: |json: &mut Compact<'a>| {
            json.object_of(|json, to| read_message(json, to, &mut None, &mut Uses::default()))
        },
    })
}

#[cfg(test)]
mod tests;
