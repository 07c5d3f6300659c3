//! Recognises a line that is written like the line before, and reads what differs alone.
//!
//! A response is written as one line for each content block, and the next response the same way:
//! they differ in the block, in ids, time and counts. All else are the same bytes, and reads like
//! the line before by construction: the same bytes up to a value leave a parser where they left it
//! before, the value is read as the parser reads it, and from there the same bytes are read the
//! same way.

use super::blocks::{self, Uses};
use super::quick::{Places, Value};
use super::usage::Counts;
use crate::agents::compact::Compact;

/// A line that told of a call, without the values that may differ.
#[derive(Clone, Debug, Default)]
pub(super) struct Pattern {
    /// The rest of the line.
    text: Vec<u8>,
    /// The values that may differ: where in the rest they stand, in the order of the line.
    gaps: Vec<(usize, Value)>,
}

/// What a line says in place of those values; absent as the value is.
#[derive(Debug, Default)]
pub(super) struct Values<'a> {
    pub time: Option<&'a str>,
    pub id: Option<&'a str>,
    pub request: Option<&'a str>,
    pub stop: Option<&'a str>,
    pub iterations: &'a str,
    pub counts: Counts,
    pub uses: Uses<'a>,
}

impl Pattern {
    /// The pattern of a line.
    pub(super) fn set(&mut self, line: &[u8], places: &Places<'_>) {
        self.forget();
        let mut from = 0;
        for (place, value) in &places.values {
            self.text.extend_from_slice(&line[from..place.start]);
            self.gaps.push((self.text.len(), *value));
            from = place.end;
        }
        self.text.extend_from_slice(&line[from..]);
    }

    /// No line is like it until there is another pattern.
    pub(super) fn forget(&mut self) {
        self.text.clear();
        self.gaps.clear();
    }

    /// What a line says that is otherwise the pattern's.
    pub(super) fn matched<'a>(&self, line: &'a [u8]) -> Option<Values<'a>> {
        let mut json = Compact::new(line);
        let mut values = Values::default();
        let mut from = 0;
        for (at, value) in &self.gaps {
            json.literal(&self.text[from..*at])?;
            match value {
                Value::Unread => {
                    json.skip()?;
                }
                Value::Content => blocks::read(&mut json, &mut values.uses)?,
                Value::Time => text(&mut json, &mut values.time)?,
                Value::Id => text(&mut json, &mut values.id)?,
                Value::Request => text(&mut json, &mut values.request)?,
                Value::Stop => text(&mut json, &mut values.stop)?,
                Value::Iterations => values.iterations = json.raw()?.0.unwrap_or_default(),
                Value::Count(count) => *count(&mut values.counts) = json.count()?,
            }
            from = *at;
        }
        json.literal(&self.text[from..])?;
        json.end()?;
        Some(values)
    }
}

/// Reads a string without escapes; none if it is empty or null.
fn text<'a>(json: &mut Compact<'a>, to: &mut Option<&'a str>) -> Option<()> {
    *to = match json.literal(b"null") {
        Some(()) => None,
        None => Some(json.plain_text()?).filter(|text| !text.is_empty()),
    };
    Some(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use crate::agents::claude::State;
    use crate::agents::{Parser, Unparsed};
    use crate::model::{DeedLog, Event};

    /// What a line says; its choices are indices into what is written.
    #[derive(Clone, Copy, Debug, Default)]
    struct Says {
        parent: usize,
        id: usize,
        request: usize,
        content: usize,
        stop: usize,
        usage: usize,
        steps: usize,
        uuid: usize,
        second: u8,
    }

    const PARENTS: [&str; 3] = ["null", "\"u1\"", "\"u2\""];
    const IDS: [&str; 5] = ["\"msg_01a\"", "\"msg_01b\"", "\"relay\"", "\"\"", "null"];
    const REQUESTS: [&str; 4] = ["\"r1\"", "\"r2\"", "\"\"", "null"];
    const CONTENTS: [&str; 7] = [
        "[]",
        r#"[{"type":"text","text":"\"usage\":{},\"timestamp\":\"x\"\n"}]"#,
        r#"[{"name":"WebSearch","id":"t"}]"#,
        r#"[{"type":"tool_use","id":"t1","name":"Bash","input":{"command":"a","timeout":9}}]"#,
        r#"[{"type":"text"},{"input":[1],"type":"tool_use","id":"t2","name":"\u0042"}]"#,
        r#"[],"usage":{}"#,
        "\"text\"",
    ];
    const STOPS: [&str; 4] = ["\"end_turn\"", "null", "\"tool_use\"", "\"refusal\""];
    const USAGES: [&str; 6] = [
        r#""output_tokens":1,"cache_creation_input_tokens":7,"cache_creation":{"ephemeral_5m_input_tokens":7}"#,
        r#""output_tokens":22,"cache_creation_input_tokens":9,"cache_creation":{"ephemeral_5m_input_tokens":3}"#,
        r#""output_tokens":"3","cache_creation_input_tokens":0,"cache_creation":{"ephemeral_5m_input_tokens":null}"#,
        r#""output_tokens":1,"cache_creation_input_tokens":7,"cache_creation":null"#,
        r#""output_tokens":0,"server_tool_use":{"web_search_requests":2},"speed":"fast""#,
        r#""output_tokens":5,"server_tool_use":{"web_search_requests":0},"speed":"standard""#,
    ];
    const STEPS: [&str; 5] = [
        "[]",
        r#"[{"type":"message","output_tokens":1}]"#,
        r#"[{"type":"message","input_tokens":9},{"type":"message","input_tokens":8}]"#,
        r#"[{"type":"advisor_message","model":"n","output_tokens":4}]"#,
        "null",
    ];

    impl Says {
        fn line(&self) -> String {
            format!(
                r#"{{"parentUuid":{},"message":{{"id":{},"model":"m","content":{},"stop_reason":{},"usage":{{"input_tokens":8,{},"iterations":{}}}}},"requestId":{},"type":"assistant","uuid":"u{}","timestamp":"2026-11-18T10:41:{}Z","sessionId":"s"}}"#,
                PARENTS[self.parent],
                IDS[self.id],
                CONTENTS[self.content],
                STOPS[self.stop],
                USAGES[self.usage],
                STEPS[self.steps],
                REQUESTS[self.request],
                self.uuid,
                40 + self.second,
            )
        }
    }

    /// Mostly the first of what may be said, so that lines are alike.
    fn says() -> impl Strategy<Value = Says> {
        let mostly = |count: usize| prop_oneof![2 => 0..1_usize, 1 => 0..count];
        (
            (0..PARENTS.len(), mostly(IDS.len()), mostly(REQUESTS.len()), 0..CONTENTS.len()),
            (mostly(STOPS.len()), mostly(USAGES.len()), mostly(STEPS.len())),
            (0..3_usize, 0..5_u8),
        )
            .prop_map(
                |((parent, id, request, content), (stop, usage, steps), (uuid, second))| Says {
                    parent,
                    id,
                    request,
                    content,
                    stop,
                    usage,
                    steps,
                    uuid,
                    second,
                },
            )
    }

    type Outcome = (Vec<Result<(), Unparsed>>, Vec<Event>, Option<String>, DeedLog);

    /// Reads lines one after the other, with or without what is told here. Counts those that are
    /// alike, and those of them that only repeat.
    fn read(lines: &[Vec<u8>], with_pattern: bool) -> (Outcome, [usize; 2]) {
        let mut state = State::open(Path::new("/p/s.jsonl"), None);
        let (mut results, mut events, mut counts) = (Vec::new(), Vec::new(), [0; 2]);
        for (at, line) in lines.iter().enumerate() {
            if !with_pattern {
                state.pattern.forget();
            }
            let mut told = Vec::new();
            let is_alike = state.clone().reads_alike(line, at as u64, &mut told);
            counts[0] += usize::from(is_alike);
            counts[1] += usize::from(is_alike && told.is_empty());
            results.push(state.parse(line, at as u64, &mut events));
        }
        ((results, events, state.save(), state.take_deeds()), counts)
    }

    #[test]
    fn a_line_is_read_alike_or_left_to_the_parser() {
        let first = Says { second: 5, ..Says::default() };
        let later = Says { parent: 1, content: 1, uuid: 1, second: 6, ..first };
        for (second, counts) in [
            (later, [1, 1]),
            (Says { content: 3, ..later }, [1, 1]),
            // Earlier, another count, another response.
            (Says { second: 4, ..later }, [1, 0]),
            (Says { usage: 1, ..later }, [1, 0]),
            (Says { usage: 2, ..later }, [1, 0]),
            (Says { id: 1, request: 1, stop: 1, steps: 1, ..later }, [1, 0]),
            (Says { request: 3, ..later }, [1, 0]),
            // No response of its own, a refusal, parts, a search.
            (Says { id: 3, ..later }, [0, 0]),
            (Says { id: 2, request: 2, ..later }, [0, 0]),
            (Says { stop: 3, ..later }, [0, 0]),
            (Says { steps: 2, ..later }, [0, 0]),
            (Says { steps: 3, ..later }, [0, 0]),
            (Says { content: 2, ..later }, [0, 0]),
            // Written otherwise.
            (Says { usage: 3, ..later }, [0, 0]),
            (Says { usage: 5, ..later }, [0, 0]),
            (Says { content: 5, ..later }, [0, 0]),
        ] {
            let lines = [first.line().into_bytes(), second.line().into_bytes()];
            assert_eq!(read(&lines, true).1, counts, "{second:?}");
            assert_eq!(read(&lines, true).0, read(&lines, false).0, "{second:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]
        #[test]
        fn nothing_changes_by_it(
            lines in prop::collection::vec(says(), 2..7),
            edits in prop::collection::vec((any::<(prop::sample::Index, prop::sample::Index)>(), any::<u8>()), 0..3),
        ) {
            let mut lines: Vec<Vec<u8>> =
                lines.iter().map(|says| says.line().into_bytes()).collect();
            for ((at, place), byte) in edits {
                let at = at.index(lines.len());
                let place = place.index(lines[at].len());
                lines[at][place] = if byte < 200 { b"\"\\{}[],:0x "[usize::from(byte) % 11] } else { byte };
            }
            prop_assert_eq!(read(&lines, true).0, read(&lines, false).0);
        }
    }
}
