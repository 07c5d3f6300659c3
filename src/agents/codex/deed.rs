//! What a rollout tells beside its calls: prompts, tools, results, compactions, requests that failed.
//!
//! A model's tools stand before the count of its answer, so they wait for it. Lines that are
//! another thread's, or may be, tell nothing here.

use serde::{Deserialize, Serialize};

use super::history::History;
use super::record::Payload;
use super::thread::Thread;
use super::{result, tool};
use crate::model::{
    CallId, Deed, DeedOf, Event, Fingerprint, Millis, ThreadDeeds, ToolUse, TurnSource,
};

/// More tools than any answer asks for: a file without counts must not fill the memory.
const MOST_USES: usize = 256;

/// What has been begun and waits for a later line.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Doing {
    /// Tools whose answer has not been counted yet.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    uses: Vec<(Millis, ToolUse)>,
    /// A compaction before any prompt of the turn. If none comes, it was the prompt.
    #[serde(skip_serializing_if = "Option::is_none")]
    compacted: Option<Millis>,
    /// When the turn began, until its first prompt comes.
    #[serde(skip_serializing_if = "Option::is_none")]
    began: Option<Millis>,
    /// The turn has a prompt.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_prompted: bool,
}

impl Doing {
    pub(super) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl Thread {
    /// The line is the thread's own, without a doubt.
    fn is_own(&self) -> bool {
        matches!(self.saved.history, History::Own | History::Paused(_)) && !self.saved.turn_is_older
    }

    fn is_subagent(&self) -> bool {
        self.saved.who.as_ref().is_some_and(|who| who.is_subagent)
    }

    fn told(&mut self) -> &mut ThreadDeeds {
        let (session_id, agent_id) = self.place();
        self.deeds.thread(&session_id, agent_id.as_deref())
    }

    fn turn_key(&self, at: Millis) -> Fingerprint {
        let turn = self.saved.turn.as_deref().unwrap_or_default();
        Fingerprint::of(turn.as_bytes()).named(Fingerprint::of(&at.0.to_le_bytes()))
    }

    /// A turn began.
    pub(super) fn tell_start(&mut self, event: &Payload<'_>, at: Option<Millis>) {
        let Some(at) = at.filter(|_| self.is_own()) else { return };
        self.tell_waiting_compaction(true);
        let initiator = event.turn_attribution.0.as_ref();
        let initiator = initiator.and_then(|by| by.initiating_agent_path.non_empty());
        let by_agent = self.is_subagent() || initiator.is_some();
        self.saved.doing = Doing { began: Some(at), is_prompted: by_agent, ..Doing::default() };
        let key = self.turn_key(at);
        let told = self.told();
        if by_agent {
            told.tell(at, Deed::Turn(TurnSource::Automated), DeedOf::Line(key));
        } else {
            told.hear(at, false);
        }
    }

    /// A turn ended, however it did.
    pub(super) fn tell_end(
        &mut self,
        event: &Payload<'_>,
        at: Option<Millis>,
        events: &mut Vec<Event>,
    ) {
        let Some(at) = at.filter(|_| self.is_own()) else { return };
        self.tell_waiting_compaction(false);
        self.saved.doing = Doing::default();
        self.told().hear(at, true);
        if event.error.0.is_some() {
            let (session_id, agent_id) = self.place();
            let (timestamp, key) = (Some(at), self.turn_key(at));
            events.push(Event::ApiError { session_id, agent_id, timestamp, key, status: None });
        }
    }

    /// An event that may be a person's prompt: at the beginning of a turn, or while it goes on.
    pub(super) fn tell_prompt(&mut self, event: &Payload<'_>, at: Option<Millis>) {
        let item = event.item.0.as_ref();
        let is_prompt =
            event.kind.is("user_message") || item.is_some_and(|item| item.kind.is("UserMessage"));
        let Some(at) = at.filter(|_| is_prompt && self.is_own()) else { return };
        self.tell_waiting_compaction(true);
        self.saved.doing.is_prompted = true;
        // What another agent says has been told at the turn's beginning.
        if self.is_subagent() {
            return;
        }
        let key = match item.and_then(|item| item.id.non_empty()) {
            Some(id) => Fingerprint::of(id.as_bytes()),
            None => self.turn_key(at),
        };
        // What was done before the prompt was written down was done for it.
        let began = self.saved.doing.began.take().unwrap_or(at);
        let told = self.told();
        told.tell(began, Deed::Turn(TurnSource::Human), DeedOf::Line(key));
        told.hear(at, false);
    }

    /// What a model said or asked for, or what came of it.
    pub(super) fn tell_item(&mut self, item: &Payload<'_>, at: Option<Millis>) {
        let Some(at) = at.filter(|_| self.is_own()) else { return };
        let Some(id) = item.call_id.non_empty() else { return };
        let name = item.name.as_deref().unwrap_or_default();
        let used = match item.kind.as_deref() {
            Some("function_call") => {
                let arguments = item.arguments.as_deref().unwrap_or_default();
                tool::called(id, item.namespace.non_empty(), name, arguments)
            }
            Some("custom_tool_call") => {
                tool::handed(id, name, item.input.as_deref().unwrap_or_default())
            }
            Some("local_shell_call") => {
                tool::called(id, None, "local_shell", item.action.0.unwrap_or_default())
            }
            Some(kind) if kind.ends_with("_call_output") => {
                let result = Deed::ToolResult(result::of(id, item.output));
                self.told().tell(at, result, DeedOf::Use);
                return;
            }
            _ => return,
        };
        if self.saved.doing.uses.len() < MOST_USES {
            self.saved.doing.uses.push((at, used));
        }
    }

    /// The thread's answer, which the tools before it belong to.
    pub(super) fn tell_call(&mut self, call_id: &CallId, at: Millis) {
        let place = call_id.place(self.is_subagent());
        let uses = std::mem::take(&mut self.saved.doing.uses);
        let told = self.told();
        told.hear(at, false);
        for (at, used) in uses {
            told.tell(at, Deed::ToolUse(used), DeedOf::Call(place));
        }
    }

    /// The conversation was summed up.
    pub(super) fn tell_compaction(&mut self, at: Option<Millis>) {
        let Some(at) = at.filter(|_| self.is_own()) else { return };
        self.tell_waiting_compaction(true);
        self.saved.doing.compacted = Some(at);
        if self.saved.doing.is_prompted {
            self.tell_waiting_compaction(true);
        }
    }

    fn tell_waiting_compaction(&mut self, is_auto: bool) {
        let Some(at) = self.saved.doing.compacted.take() else { return };
        let key = self.turn_key(at);
        let (deed, of) = (Deed::Compaction { is_auto }, DeedOf::Line(key));
        self.told().tell_aside(at, deed, of);
    }
}
