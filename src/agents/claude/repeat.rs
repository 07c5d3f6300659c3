//! Recognises a line that only repeats the call of the line before, without reading it.
//!
//! A response is written as one line for each content block; mostly they differ in the block, the
//! line's own ids and its time alone. Such a line reads like the one before by construction: the
//! same bytes up to the content leave a parser where they left it before, a well-formed value
//! brings it to the content's end, and from there the same bytes are read the same way.

use std::ops::Range;

use super::blocks::{self, Uses};
use super::quick::Places;
use crate::agents::compact::Compact;

/// A line that told of a call, without the values that may differ.
#[derive(Clone, Debug, Default)]
pub(super) struct Pattern {
    /// The rest of the line.
    text: Vec<u8>,
    /// The values that may differ: where in the rest they stand, in the order of the line.
    gaps: Vec<(usize, Gap)>,
}

/// What may stand in place of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gap {
    /// Any value, which nobody reads.
    Unread,
    /// The content, which may use tools.
    Content,
    /// The time of the line.
    Time,
}

impl Pattern {
    /// The pattern of a line; none if it does not tell its time.
    pub(super) fn set(&mut self, line: &[u8], places: &Places<'_>) {
        self.forget();
        let Some(time) = &places.timestamp else { return };
        let gap = |place: &Option<Range<usize>>, gap| place.clone().map(|place| (place, gap));
        let mut gaps = [
            Some((time.clone(), Gap::Time)),
            gap(&places.parent, Gap::Unread),
            gap(&places.content, Gap::Content),
            gap(&places.uuid, Gap::Unread),
        ];
        gaps.sort_unstable_by_key(|gap| gap.as_ref().map(|(place, _)| place.start));
        let mut from = 0;
        for (place, gap) in gaps.into_iter().flatten() {
            self.text.extend_from_slice(&line[from..place.start]);
            self.gaps.push((self.text.len(), gap));
            from = place.end;
        }
        self.text.extend_from_slice(&line[from..]);
    }

    /// No line repeats until there is another pattern.
    pub(super) fn forget(&mut self) {
        self.text.clear();
        self.gaps.clear();
    }

    /// The time of a line that otherwise says what the pattern's line said, and the tools it uses.
    pub(super) fn matched<'a>(&self, line: &'a [u8]) -> Option<(&'a str, Uses<'a>)> {
        let mut json = Compact::new(line);
        let (mut time, mut uses) = (None, Uses::default());
        let mut from = 0;
        for (at, gap) in &self.gaps {
            json.literal(&self.text[from..*at])?;
            match gap {
                Gap::Unread => {
                    json.skip()?;
                }
                Gap::Content => blocks::read(&mut json, &mut uses)?,
                Gap::Time => time = Some(json.plain_text()?),
            }
            from = *at;
        }
        json.literal(&self.text[from..])?;
        json.end()?;
        Some((time?, uses))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use crate::agents::claude::State;
    use crate::agents::{Parser, Unparsed};
    use crate::model::{DeedLog, Event};

    fn line(parent: &str, content: &str, tail: &str, uuid: &str, time: &str) -> String {
        format!(
            r#"{{"parentUuid":{parent},"message":{{"id":"msg_01a","model":"m","content":{content},"stop_reason":"end_turn","usage":{{"input_tokens":8,"output_tokens":{tail}}}}},"requestId":"r","type":"assistant","uuid":"{uuid}","timestamp":"2026-11-18T10:41:{time}Z","sessionId":"s"}}"#
        )
    }

    type Outcome = (Vec<Result<(), Unparsed>>, Vec<Event>, Option<String>, DeedLog);

    /// Reads lines one after the other, with or without what is told here; counts the repeats.
    fn read(lines: &[Vec<u8>], with_pattern: bool) -> (Outcome, usize) {
        let mut state = State::open(Path::new("/p/s.jsonl"), None);
        let (mut results, mut events, mut repeats) = (Vec::new(), Vec::new(), 0);
        for (at, line) in lines.iter().enumerate() {
            if !with_pattern {
                state.pattern.forget();
            }
            repeats += usize::from(state.clone().repeats(line));
            results.push(state.parse(line, at as u64, &mut events));
        }
        ((results, events, state.save(), state.take_deeds()), repeats)
    }

    #[test]
    fn a_later_line_of_the_same_response_repeats() {
        let first = line("null", "[]", "1", "u1", "45").into_bytes();
        let other = r#"[{"type":"text","text":"\"usage\":{},\"timestamp\":\"x\""}]"#;
        let cases = [
            (line("\"u1\"", other, "1", "u2", "46.5"), true),
            (line("\"u1\"", other, "2", "u2", "46"), false),
            (line("\"u1\"", other, "1", "u2", "44"), false),
            (line("\"u1\"", r#"[{"name":"WebSearch","id":"t"}]"#, "1", "u2", "46"), false),
            (line("\"u1\"", r#"[],"usage":{}"#, "1", "u2", "46"), false),
            (line("\"u1\"", other, "1", "u2\",\"cwd\":\"/", "46"), false),
        ];
        for (second, repeats) in cases {
            let lines = [first.clone(), second.clone().into_bytes()];
            assert_eq!(read(&lines, true).1, usize::from(repeats), "{second}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]
        #[test]
        fn nothing_changes_by_it(
            lines in prop::collection::vec((0..3_usize, 0..5_usize, 0..9_u8, 0..3_usize, 40..44_u8), 2..6),
            edits in prop::collection::vec((any::<(prop::sample::Index, prop::sample::Index)>(), any::<u8>()), 0..3),
        ) {
            let texts = [
                r#"[{"type":"text","text":"a\n"}]"#,
                "[]",
                r#"[{"name":"WebSearch","id":"t"}]"#,
                r#"[{"type":"tool_use","id":"t1","name":"Bash","input":{"command":"a","timeout":9}}]"#,
                r#"[{"type":"text"},{"input":[1],"type":"tool_use","id":"t2","name":"\u0042"}]"#,
            ];
            let mut lines: Vec<Vec<u8>> = lines
                .into_iter()
                .map(|(parent, content, tail, uuid, time)| {
                    let tail = if tail < 8 { "1" } else { "22" };
                    let parent = ["null", "\"u\"", "\"v\""][parent];
                    line(parent, texts[content], tail, ["a", "b", ""][uuid], &time.to_string())
                        .into_bytes()
                })
                .collect();
            for ((at, place), byte) in edits {
                let at = at.index(lines.len());
                let place = place.index(lines[at].len());
                lines[at][place] = if byte < 200 { b"\"\\{}[],:0x "[usize::from(byte) % 11] } else { byte };
            }
            prop_assert_eq!(read(&lines, true).0, read(&lines, false).0);
        }
    }
}
