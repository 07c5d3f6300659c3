//! The quick reader reads the same as the real parser, or nothing.

use proptest::prelude::*;

use super::*;
use crate::agents::json::Objects;

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

const STEPS: [&str; 4] = [
    r#"[{"input_tokens":5,"output_tokens":264,"cache_read_input_tokens":29126,"cache_creation_input_tokens":1033,"cache_creation":{"ephemeral_1h_input_tokens":1033,"ephemeral_5m_input_tokens":0},"type":"message"}]"#,
    r#"[{"type":"message","model":null,"input_tokens":"2"},7,{"type":"advisor_message","model":"m","stop_details":{"category":"bio"}}]"#,
    "[]",
    r#"{"type":"message"}"#,
];

fn agrees_on_steps(text: &str) -> bool {
    let Some(quick) = iterations(text) else { return false };
    let parsed: Objects<Iteration<'_>> = serde_json::from_str(text).unwrap();
    assert_eq!(format!("{quick:?}"), format!("{:?}", parsed.0), "{text}");
    true
}

#[test]
fn reads_steps() {
    assert!(STEPS.iter().all(|steps| agrees_on_steps(steps)));
    assert!(!agrees_on_steps("[{}") && !agrees_on_steps(r#"[{"type":1,"type":2}]"#));
}

proptest! {
    #[test]
    fn agrees_on_broken_steps(
        which in 0..STEPS.len(),
        at in any::<prop::sample::Index>(),
        with in "[\\{}\"\\[\\],:0-9a-z]{0,2}",
    ) {
        let mut text = STEPS[which].to_owned();
        let at = at.index(text.len());
        text.replace_range(at..=at, &with);
        agrees_on_steps(&text);
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
