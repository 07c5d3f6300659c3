//! What is read quickly is told as the real parser tells it.

use std::path::Path;

use proptest::prelude::*;
use proptest::sample::select;

use crate::agents::claude::State;
use crate::agents::{Parser, Unparsed};
use crate::model::{DeedLog, Event};

const ANSWER: &str = r#"{"parentUuid":null,"message":{"id":"msg_01a","model":"m","content":[],"stop_reason":"tool_use","usage":{"output_tokens":1}},"requestId":"r","type":"assistant","uuid":"a","timestamp":"2026-11-18T10:41:45.000Z","sessionId":"s"}"#;

/// The form in which the client writes its records.
const RESULT: &str = r#"{"parentUuid":"7d0374a8","isSidechain":false,"promptId":"ae87fad5","type":"user","message":{"role":"user","content":[{"tool_use_id":"toolu_01","type":"tool_result","content":"a \"b\" \\ \n c\\","is_error":false}]},"uuid":"79967ccf","timestamp":"2026-11-23T16:11:31.144Z","toolUseResult":{"stdout":"}],\"sessionId\":\"no\"","sessionId":"no"},"sourceToolAssistantUUID":"7d0374a8","userType":"external","entrypoint":"cli","cwd":"/w","sessionId":"s1","version":"2.1.197","gitBranch":"HEAD"}"#;

type Told = (Result<(), Unparsed>, Vec<Event>, DeedLog, Option<String>, bool);

/// Reads a record after an answer; the real parser reads one with a blank in it. Tells whether
/// it was read quickly.
fn read(record: &str, before: &str) -> Told {
    let mut state = State::open(Path::new("/p/s.jsonl"), None);
    let mut events = Vec::new();
    for line in [ANSWER, before] {
        state.parse(line.as_bytes(), 0, &mut events).unwrap();
    }
    let is_quick = state.clone().hear_quickly(record.as_bytes());
    let (_, mut events) = (state.take_deeds(), Vec::new());
    let result = state.parse(record.as_bytes(), 0, &mut events);
    (result, events, state.take_deeds(), state.save(), is_quick)
}

/// Whether a record is read quickly, which must make no difference.
fn is_quick(record: &str, before: &str) -> bool {
    let quick = read(record, before);
    let slow = read(&record.replacen('{', "{ ", 1), before);
    assert!(!slow.4);
    assert_eq!((&quick.0, &quick.1, &quick.2, &quick.3), (&slow.0, &slow.1, &slow.2, &slow.3));
    quick.4
}

#[test]
fn the_usual_is_read_quickly() {
    let prompt = r#"{"parentUuid":"2793c85d","isSidechain":false,"promptId":"8caa9e2c","type":"user","message":{"role":"user","content":"fix \"it\"\n"},"uuid":"58d15b57","timestamp":"2026-10-17T18:25:29.361Z","permissionMode":"acceptEdits","origin":{"kind":"human"},"promptSource":"typed","userType":"external","entrypoint":"cli","cwd":"/w","sessionId":"s1","version":"2.1.257","gitBranch":"main"}"#;
    let of_subagent = r#"{"parentUuid":"81d11382","isSidechain":true,"promptId":"4a9ccc","agentId":"ad26","type":"user","message":{"role":"user","content":[{"tool_use_id":"toolu_2","type":"tool_result","content":"one","is_error":false}]},"uuid":"b5bb","timestamp":"2026-11-23T16:11:13.426Z","sourceToolAssistantUUID":"81d1","userType":"external","entrypoint":"cli","cwd":"/w","sessionId":"s1","version":"2.1.197","gitBranch":"HEAD"}"#;
    let older = r#"{"parentUuid":"p","isSidechain":false,"userType":"external","cwd":"/w","sessionId":"s1","version":"2.0.1","gitBranch":"","type":"user","message":{"role":"user","content":[{"tool_use_id":"toolu_3","type":"tool_result","content":[{"type":"text","text":"x"}]}]},"uuid":"u","timestamp":"2026-01-01T00:00:00.000Z","toolUseResult":{"agentId":"a"}}"#;
    for record in [RESULT, prompt, of_subagent, older] {
        assert!(is_quick(record, RESULT), "{record}");
    }
    // The session is not the one that the notes name.
    let deeds = read(RESULT, ANSWER).2;
    assert_eq!(deeds.iter().map(|told| told.session_id).collect::<Vec<_>>(), ["s1".into()]);
}

#[test]
fn what_went_wrong_is_looked_at_more_closely() {
    for (from, to) in [
        (r#""is_error":false"#, r#""is_error":true"#),
        (r#""toolUseResult":{"#, r#""toolDenialKind":"interrupted","toolUseResult":{"#),
        (r#","version""#, r#","toolDenialKind":"interrupted","version""#),
        (r#""content":"a "#, r#""content":"<tool_use_error>a "#),
        (r#""type":"tool_result""#, r#""type":"text""#),
        (r#","version""#, r#"},"version""#),
        (r#""timestamp":"2026-11-23"#, r#""timestamp":"yesterday"#),
    ] {
        let record = RESULT.replacen(from, to, 1);
        assert_ne!(record, RESULT);
        assert!(!read(&record, ANSWER).4, "{record}");
    }
}

/// A record of fields in the usual order or another, some of them missing.
fn record() -> impl Strategy<Value = String> {
    let one = |key: &'static str, values: &'static [&'static str]| {
        prop::option::weighted(0.8, select(values))
            .prop_map(move |value| value.map(|value| format!("\"{key}\":{value}")))
            .boxed()
    };
    let rare = |key: &'static str, values: &'static [&'static str]| {
        prop::option::weighted(0.06, select(values))
            .prop_map(move |value| value.map(|value| format!("\"{key}\":{value}")))
            .boxed()
    };
    let content = select(&[
        r#""do it""#,
        r#""  do it""#,
        r#""""#,
        r#""<command-name>/x</command-name>""#,
        r#""[Request interrupted by user]""#,
        r#""\u00e9t\u00e9""#,
        r#"[{"type":"text","text":"do it"}]"#,
        r#"[{"tool_use_id":"t1","type":"tool_result","content":"a\"b\\","is_error":false}]"#,
        r#"[{"type":"tool_result","content":"no","is_error":true,"tool_use_id":"t1"}]"#,
        r#"[{"tool_use_id":"t1","type":"tool_result"},{"tool_use_id":"t2","type":"tool_result","content":[{"type":"text","text":"<tool_use_error>x"}]}]"#,
        r#"[{"tool_use_id":"t1","type":"tool_result","content":"x","is_error":false},{"type":"text","text":"[Request interrupted by user for tool use]"}]"#,
        r#"[{"tool_use_id":"","type":"tool_result","content":"x","is_error":false}]"#,
        r#"[{"tool_use_id":"t\n1","type":"tool_result","content":7,"is_error":null}]"#,
        "[]",
        "null",
    ][..])
    .prop_map(|content| Some(format!(r#""message":{{"role":"user","content":{content}}}"#)));
    let fields = vec![
        one("parentUuid", &["null", "\"p\""]),
        one("isSidechain", &["false", "false", "true"]),
        one("promptId", &["\"p1\"", "\"\""]),
        rare("agentId", &["\"a1\""]),
        one("type", &["\"user\"", "\"user\"", "\"user\"", "\"system\""]),
        content.boxed(),
        rare("isMeta", &["true", "false"]),
        rare("isCompactSummary", &["true"]),
        one("uuid", &["\"u1\"", "null"]),
        one("timestamp", &["\"2026-11-23T16:11:31.144Z\"", "\"2026-11-23T17:11:31+01:00\""]),
        rare("origin", &[r#"{"kind":"human"}"#, r#"{"kind":"peer"}"#, r#"{"x":1}"#, "\"y\""]),
        rare("promptSource", &["\"sdk\"", "\"system\"", "\"typed\"", "7"]),
        rare("turnOrigin", &["\"peer\""]),
        one(
            "toolUseResult",
            &[
                r#"{"stdout":"x","sessionId":"no"}"#,
                r#"{"a":[{"sessionId":"no","version":"1"}]}"#,
                r#"[{"type":"text","text":"y"}]"#,
                "\"Error: no\"",
                "\"User rejected tool use\"",
                "null",
            ],
        ),
        rare("toolDenialKind", &["\"user-rejected\""]),
        one("entrypoint", &["\"cli\"", "\"sdk-cli\""]),
        one("cwd", &["\"/w\""]),
        one("sessionId", &["\"s1\"", "\"s2\"", "\"\""]),
        one("gitBranch", &["\"main\""]),
    ];
    (fields, any::<u64>(), prop::bool::weighted(0.3)).prop_map(|(fields, seed, is_shuffled)| {
        let mut fields: Vec<String> = fields.into_iter().flatten().collect();
        if is_shuffled {
            let by = (seed as usize) % fields.len();
            fields.rotate_left(by);
        }
        format!("{{{}}}", fields.join(","))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]
    #[test]
    fn any_record_is_told_as_the_real_parser_tells_it(record in record(), before in record()) {
        is_quick(&record, &before);
    }

    #[test]
    fn a_broken_record_is_no_harm(
        at in any::<prop::sample::Index>(),
        with in "[\\\\{}\"\\[\\],:0-9a-z]{0,3}",
    ) {
        let mut record = RESULT.to_owned();
        let at = at.index(record.len());
        record.replace_range(at..=at, &with);
        // Of what is no record, no more can be told than of one.
        prop_assert!(read(&record, RESULT).2.iter().count() <= 1);
    }
}
