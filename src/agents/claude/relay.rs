//! Runs: telling the calls of a relay apart whose response ids are not unique.
//!
//! Some gateways give every response the same id and no request id; others repeat a proper id
//! only for the snapshots of one response. Neither the id alone nor a timestamp identifies a
//! call. A *run* does: neighbouring lines with one id, ended by whatever shows that a new request
//! was made. It is named after the uuid of its first line, which copies of the line keep.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::model::{Millis, TokenUsage};

/// Snapshots of one response come within seconds of each other.
const RUN_ENDS_AFTER_MS: i64 = 120_000;
/// How many lines back a repeated line is recognised.
const REMEMBERED_LINES: usize = 256;

/// The runs of one file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Runs {
    current: Option<Run>,
    /// Hash of a line's uuid, and the run it belongs to.
    lines: VecDeque<(u64, Arc<str>)>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Run {
    id: Arc<str>,
    name: Arc<str>,
    last: Millis,
    output_tokens: u64,
    input_side: [u64; 4],
}

impl Runs {
    /// The run that a line belongs to.
    pub(super) fn assign(
        &mut self,
        id: &str,
        line_uuid: &str,
        timestamp: Millis,
        usage: &TokenUsage,
    ) -> Arc<str> {
        let line = xxh3_64(line_uuid.as_bytes());
        // A line that was written again (a compaction keeps some) stays in its run.
        if let Some((_, name)) = self.lines.iter().find(|(known, _)| *known == line) {
            return Arc::clone(name);
        }
        let input_side = [
            usage.input_tokens,
            usage.cache_read_input_tokens,
            usage.cache_creation_5m_input_tokens,
            usage.cache_creation_1h_input_tokens,
        ];
        let continued = self.current.take().filter(|run| {
            *run.id == *id
                && timestamp.since(run.last) <= RUN_ENDS_AFTER_MS
                && !is_another_request(run, usage.output_tokens, input_side)
        });
        let name = continued.map_or_else(|| Arc::from(line_uuid), |run| run.name);
        self.current = Some(Run {
            id: Arc::from(id),
            name: Arc::clone(&name),
            last: timestamp,
            output_tokens: usage.output_tokens,
            input_side,
        });
        if self.lines.len() == REMEMBERED_LINES {
            self.lines.pop_front();
        }
        self.lines.push_back((line, Arc::clone(&name)));
        name
    }

    /// A human prompt, or a call with another identity, came in between.
    pub(super) fn end(&mut self) {
        self.current = None;
    }
}

/// The prompt of one request does not change. Some relays only know it at the end, though: until
/// then they say nothing of it.
fn is_another_request(run: &Run, output_tokens: u64, input_side: [u64; 4]) -> bool {
    let was_known = run.input_side.iter().any(|&count| count > 0);
    input_side != run.input_side && (was_known || output_tokens < run.output_tokens)
}
