//! Web searches of the client's own `WebSearch` tool.
//!
//! The search runs in a side call that no transcript holds, and the usage counter stays zero;
//! only the tool's result tells how many searches were made. They are credited to the call that
//! used the tool.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::record::{Body, SearchResult};
use crate::agents::json::Object;
use crate::model::CallId;

/// Results follow their call closely; what is older than this many tool uses is forgotten.
const REMEMBERED_TOOL_USES: usize = 64;

/// `WebSearch` tool uses of one file and what their results told.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Searches(VecDeque<Search>);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Search {
    tool_use_id: Arc<str>,
    id: Arc<str>,
    request_id: Option<Arc<str>>,
    run: Option<Arc<str>>,
    searches: u64,
}

impl Searches {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Notes the `WebSearch` uses in an answer's content.
    pub(super) fn note_uses(&mut self, call: &CallId, body: &Body<'_>) {
        for block in body.blocks() {
            let (true, Some(id)) = (block.name.is("WebSearch"), block.id.non_empty()) else {
                continue;
            };
            if self.0.iter().any(|search| *search.tool_use_id == *id) {
                continue;
            }
            if self.0.len() == REMEMBERED_TOOL_USES {
                self.0.pop_front();
            }
            self.0.push_back(Search {
                tool_use_id: Arc::from(id),
                id: Arc::clone(&call.id),
                request_id: call.request_id.clone(),
                run: call.run.clone(),
                searches: 0,
            });
        }
    }

    /// Takes in a tool's result; gives the call it belongs to and the searches of all the call's
    /// tools so far.
    pub(super) fn note_result(&mut self, body: &Body<'_>) -> Option<(CallId, u64)> {
        let notes: Object<SearchResult> = serde_json::from_str(body.tool_use_result.0?).ok()?;
        let searches = notes.0?.search_count.0?;
        let answered = body.blocks().iter().find_map(|block| block.tool_use_id.non_empty())?;
        let search = self.0.iter_mut().find(|search| *search.tool_use_id == *answered)?;
        search.searches = searches;
        let call = CallId {
            id: Arc::clone(&search.id),
            request_id: search.request_id.clone(),
            run: search.run.clone(),
        };
        let of_call = |search: &&Search| {
            search.id == call.id && search.request_id == call.request_id && search.run == call.run
        };
        let total =
            self.0.iter().filter(of_call).fold(0_u64, |sum, s| sum.saturating_add(s.searches));
        Some((call, total))
    }
}
