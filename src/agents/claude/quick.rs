//! Reads records in the form that Claude Code itself writes them: the same as the derived
//! `Deserialize` of [`Record`], or not at all.

use std::ops::Range;

use super::blocks::{self, Uses};
use super::record::{
    CacheCreation, FallbackCredit, Iteration, Message, Nested, OutputDetails, Progress, Record,
    ServerToolUse, StopDetails, Typed, Usage,
};
use super::usage::Counts;
use crate::agents::compact::Compact;
use crate::agents::json::Count;

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

/// Where an answer's values stand that change from line to line, and the tools that it uses.
#[derive(Debug, Default)]
pub(super) struct Places<'a> {
    pub uses: Uses<'a>,
    /// In the order of the line.
    pub values: Vec<(Range<usize>, Value)>,
}

/// A value that changes from line to line.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value {
    /// Any that nobody reads.
    Unread,
    /// The content, which may use tools.
    Content,
    /// The time of the line.
    Time,
    /// The response's id.
    Id,
    /// The request's id.
    Request,
    /// Why the answer ended.
    Stop,
    /// The provider's steps.
    Iterations,
    /// One of the counts.
    Count(fn(&mut Counts) -> &mut Count),
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
    places: &mut Places<'a>,
    what: Value,
    read: impl FnOnce(&mut Compact<'a>) -> Option<T>,
) -> Option<T> {
    let start = json.position();
    let value = read(json)?;
    places.values.push((start..json.position(), what));
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
    fields!(json, to, {
        b"type" => kind: Compact::text,
        b"uuid" => uuid:
            |json: &mut Compact<'a>| placed(json, places, Value::Unread, Compact::text),
        b"requestId" => request_id:
            |json: &mut Compact<'a>| placed(json, places, Value::Request, Compact::text),
        b"sessionId" => session_id: Compact::text,
        b"timestamp" => timestamp:
            |json: &mut Compact<'a>| placed(json, places, Value::Time, Compact::text),
        b"cwd" => cwd: Compact::text,
        b"gitBranch" => git_branch: Compact::text,
        b"agentId" => agent_id: Compact::text,
        b"sessionKind" => session_kind: Compact::text,
        b"isSidechain" => is_sidechain: Compact::flag,
        b"isApiErrorMessage" => is_api_error: Compact::flag,
        b"apiErrorStatus" => api_error_status: Compact::count,
        b"costUSD" => cost_usd: Compact::raw,
        b"message" => message:
            |json: &mut Compact<'a>| json.object_of(|json, to| read_message(json, to, places)),
        b"data" => data: |json: &mut Compact<'a>| json.object_of(read_progress),
        b"totalCostUSD" => total_cost_usd: Compact::raw,
    }, |json: &mut Compact<'a>, key: &[u8]| match key {
        b"parentUuid" => placed(json, places, Value::Unread, skip),
        _ => skip(json),
    })
}

fn read_message<'a>(
    json: &mut Compact<'a>,
    to: &mut Message<'a>,
    places: &mut Places<'a>,
) -> Option<()> {
    fields!(json, to, {
        b"id" => id: |json: &mut Compact<'a>| placed(json, places, Value::Id, Compact::text),
        b"model" => model: Compact::text,
        b"stop_reason" => stop_reason:
            |json: &mut Compact<'a>| placed(json, places, Value::Stop, Compact::text),
        b"stop_details" => stop_details: |json: &mut Compact<'a>| json.object_of(read_stop),
        b"usage" => usage:
            |json: &mut Compact<'a>| json.object_of(|json, to| read_usage(json, to, places)),
    }, |json: &mut Compact<'a>, key: &[u8]| match key {
        b"content" => read_content(json, places),
        _ => skip(json),
    })
}

fn read_content<'a>(json: &mut Compact<'a>, places: &mut Places<'a>) -> Option<()> {
    let start = json.position();
    blocks::read(json, &mut places.uses)?;
    places.values.push((start..json.position(), Value::Content));
    Some(())
}

/// Reads a count and notes where it stands.
macro_rules! count {
    ($places:ident, $count:ident) => {
        |json: &mut Compact<'_>| {
            let start = json.position();
            let value = json.count()?;
            let place = start..json.position();
            $places.values.push((place, Value::Count(|counts| &mut counts.$count)));
            Some(value)
        }
    };
}

fn read_stop<'a>(json: &mut Compact<'a>, to: &mut StopDetails<'a>) -> Option<()> {
    fields!(json, to, { b"category" => category: Compact::text, })
}

fn read_usage<'a>(
    json: &mut Compact<'a>,
    to: &mut Usage<'a>,
    places: &mut Places<'a>,
) -> Option<()> {
    fields!(json, to, {
        b"input_tokens" => input_tokens: count!(places, input),
        b"output_tokens" => output_tokens: count!(places, output),
        b"cache_read_input_tokens" => cache_read_input_tokens: count!(places, read),
        b"cache_creation_input_tokens" => cache_creation_input_tokens: count!(places, written),
        b"cache_creation" => cache_creation:
            |json: &mut Compact<'a>| json.object_of(|json, to| place_split(json, to, places)),
        b"output_tokens_details" => output_tokens_details:
            |json: &mut Compact<'a>| json.object_of(|json, to| read_details(json, to, places)),
        b"server_tool_use" => server_tool_use:
            |json: &mut Compact<'a>| json.object_of(|json, to| read_tools(json, to, places)),
        b"service_tier" => service_tier: Compact::text,
        b"speed" => speed: Compact::text,
        b"inference_geo" => inference_geo: Compact::text,
        b"iterations" => iterations:
            |json: &mut Compact<'a>| placed(json, places, Value::Iterations, Compact::raw),
        b"fallback_credit" => fallback_credit: |json: &mut Compact<'a>| json.object_of(read_credit),
    })
}

fn read_split(json: &mut Compact<'_>, to: &mut CacheCreation) -> Option<()> {
    fields!(json, to, {
        b"ephemeral_5m_input_tokens" => ephemeral_5m_input_tokens: Compact::count,
        b"ephemeral_1h_input_tokens" => ephemeral_1h_input_tokens: Compact::count,
    })
}

fn place_split(
    json: &mut Compact<'_>,
    to: &mut CacheCreation,
    places: &mut Places<'_>,
) -> Option<()> {
    fields!(json, to, {
        b"ephemeral_5m_input_tokens" => ephemeral_5m_input_tokens: count!(places, five_minutes),
        b"ephemeral_1h_input_tokens" => ephemeral_1h_input_tokens: count!(places, one_hour),
    })
}

fn read_details(
    json: &mut Compact<'_>,
    to: &mut OutputDetails,
    places: &mut Places<'_>,
) -> Option<()> {
    fields!(json, to, { b"thinking_tokens" => thinking_tokens: count!(places, thinking), })
}

fn read_tools(
    json: &mut Compact<'_>,
    to: &mut ServerToolUse,
    places: &mut Places<'_>,
) -> Option<()> {
    fields!(json, to, { b"web_search_requests" => web_search_requests: count!(places, searches), })
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
            json.object_of(|json, to| read_message(json, to, &mut Places::default()))
        },
    })
}

#[cfg(test)]
mod tests;
