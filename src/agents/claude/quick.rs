//! Reads records in the form that Claude Code itself writes them: the same as the derived
//! `Deserialize` of [`Record`], or not at all.

use std::ops::Range;

use super::blocks::{self, Uses};
use super::record::{
    CacheCreation, FallbackCredit, Message, Nested, OutputDetails, Progress, Record, ServerToolUse,
    StopDetails, Typed, Usage,
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LINES: [&str; 6] = [
        r#"{"parentUuid":null,"isSidechain":false,"message":{"id":"msg_01a","type":"message","role":"assistant","model":"claude-opus-5","content":[{"type":"text","text":"a \"b\" \\ \u00e9 {[,"},{"a":[[],{},[{}],-0.5,0,true,false,null]}],"stop_reason":"tool_use","stop_details":null,"usage":{"input_tokens":8,"cache_creation_input_tokens":189,"cache_read_input_tokens":14570,"output_tokens":14,"server_tool_use":{"web_search_requests":2},"service_tier":"standard","cache_creation":{"ephemeral_1h_input_tokens":0,"ephemeral_5m_input_tokens":189},"output_tokens_details":{"thinking_tokens":3},"inference_geo":"us","iterations":[{"type":"message","input_tokens":8}],"speed":"fast","fallback_credit":{"status":{"type":"redeemed"}}}},"requestId":"req_1","type":"assistant","uuid":"ea5aa200","timestamp":"2026-11-18T10:41:45.771Z","cwd":"C:\\dev","sessionId":"5126","gitBranch":"main"}"#,
        r#"{"type":"progress","data":{"agentId":"a1","message":{"uuid":"u","requestId":"r","timestamp":"2026-11-18T10:41:45Z","message":{"id":"msg_01b","model":"m","usage":{"output_tokens":1}}}},"uuid":"v"}"#,
        r#"{"type":"cost-state","totalCostUSD":1.25,"sessionId":"s","timestamp":"t"}"#,
        r#"{"type":"assistant","costUSD":null,"isApiErrorMessage":true,"apiErrorStatus":529,"message":{"model":"<synthetic>","usage":{"input_tokens":"12","output_tokens":-3,"iterations":null}}}"#,
        r#"{"type":7,"uuid":null,"cwd":[],"gitBranch":{},"message":[{"usage":{}}],"data":"text","agentId":true}"#,
        "{}",
    ];

    /// Whether the quick reader read it, and if so, as the real parser does.
    fn agrees(line: &[u8]) -> bool {
        let Some((quick, _)) = record(line) else { return false };
        let text = String::from_utf8_lossy(line);
        let parsed: Record<'_> = serde_json::from_str(&text).unwrap();
        assert_eq!(format!("{quick:?}"), format!("{parsed:?}"), "{text}");
        true
    }

    #[test]
    fn reads_what_claude_code_writes() {
        for line in LINES {
            assert!(agrees(line.as_bytes()), "{line}");
        }
    }

    #[test]
    fn leaves_the_rest_to_the_real_parser() {
        for line in [
            r#"{"type":"a","type":"b"}"#,
            r#"{ "type":"a"}"#,
            r#"{"type":"a",}"#,
            r#"{"x":"\q"}"#,
            r#"{"x":"\u12g4"}"#,
            r#"{"x":01}"#,
            r#"{"x":1.}"#,
            r#"{"x":[1,]}"#,
            r#"{"x":{"a"}}"#,
            r#"{"x":tru}"#,
            r#"{"uuid":"\ud83d"}"#,
            "{\"x\":\"\u{1}\"}",
            r#"{"x":1}}"#,
            r#"{"x":[1}}"#,
            r#"{"x":"a"#,
            "",
        ] {
            assert!(record(line.as_bytes()).is_none(), "{line}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn agrees_on_broken_lines(
            line in 0..LINES.len(),
            edits in prop::collection::vec((any::<prop::sample::Index>(), 0..4, any::<u8>()), 0..4),
            copied in any::<(prop::sample::Index, prop::sample::Index)>(),
        ) {
            let mut bytes = LINES[line].as_bytes().to_vec();
            for (at, kind, byte) in edits {
                let at = at.index(bytes.len().max(1)).min(bytes.len());
                // Mostly the bytes that matter to JSON.
                let marks = b"\"\\{}[],:0-.e tu";
                let byte = if byte < 200 { marks[usize::from(byte) % marks.len()] } else { byte };
                match kind {
                    0 => bytes.insert(at, byte),
                    1 if at < bytes.len() => { bytes.remove(at); }
                    2 if at < bytes.len() => bytes[at] = byte,
                    // A piece comes twice, as a key might.
                    _ if !bytes.is_empty() => {
                        let (a, b) = (copied.0.index(bytes.len()), copied.1.index(bytes.len()));
                        let piece = bytes[a.min(b)..a.max(b)].to_vec();
                        bytes.splice(at..at, piece);
                    }
                    _ => {}
                }
            }
            agrees(&bytes);
        }
    }
}
