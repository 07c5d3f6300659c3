//! What a chat tells beside its calls: prompts, tools, results, requests that failed.

use super::chat::Chat;
use super::record::Record;
use super::tool;
use crate::agents::json::TextOrObjects;
use crate::model::{Deed, DeedOf, Event, Fingerprint, ToolOutcome, TurnSource};

/// How the client's own words begin, in a message that is written as the person's.
const OWN_WORDS: [&str; 2] = ["<session_context>", "<hook_context>"];

/// How it begins to show that the API refused.
const API_ERROR: &str = "[API Error";

impl Chat {
    /// A message.
    pub(super) fn tell(&mut self, message: &Record<'_>, events: &mut Vec<Event>) {
        let Some(at) = Self::time_of(message) else { return };
        let id = message.id.as_deref().unwrap_or_default();
        let key = Fingerprint::of(id.as_bytes()).named(Fingerprint::of(&at.0.to_le_bytes()));
        let (session_id, agent_id) = self.place();
        match message.kind.as_deref() {
            Some("gemini") => self.tell_answer(message),
            Some("user") => {
                let told = self.deeds.thread(&session_id, agent_id.as_deref());
                let by = if agent_id.is_some() { TurnSource::Automated } else { TurnSource::Human };
                if is_prompt(message) {
                    told.tell(at, Deed::Turn(by), DeedOf::Line(key));
                } else {
                    told.hear(at, false);
                }
            }
            Some("error") => {
                self.deeds.thread(&session_id, agent_id.as_deref()).hear(at, true);
                let text = tool::parts(message.content);
                if matches!(text, TextOrObjects::Text(text) if text.starts_with(API_ERROR)) {
                    let timestamp = Some(at);
                    events.push(Event::ApiError {
                        session_id,
                        agent_id,
                        timestamp,
                        key,
                        status: None,
                    });
                }
            }
            _ => {}
        }
    }

    fn tell_answer(&mut self, message: &Record<'_>) {
        let (Some(at), Some(call_id)) = (Self::time_of(message), self.call_id(message)) else {
            return;
        };
        let (session_id, agent_id) = self.place();
        let place = call_id.place(agent_id.is_some());
        let told = self.deeds.thread(&session_id, agent_id.as_deref());
        // Its tools are told when they are done: until then nothing tells it from a last answer.
        // If a person let none of them run, the model is not called again for them.
        let (mut goes_on, mut latest) = (false, at);
        for call in &message.tool_calls.0 {
            let Some(used) = tool::called(call) else { continue };
            told.tell(at, Deed::ToolUse(used), DeedOf::Call(place));
            let result = tool::result_of(call);
            goes_on |= result.as_ref().is_none_or(|(_, r)| r.outcome != ToolOutcome::Denied);
            if let Some((done_at, result)) = result {
                let done_at = done_at.unwrap_or(at);
                told.tell(done_at, Deed::ToolResult(result), DeedOf::Use);
                latest = latest.max(done_at);
            }
        }
        told.hear(latest, !goes_on);
    }
}

/// Somebody asks for something. What tools gave is sent in a message of the same kind.
fn is_prompt(message: &Record<'_>) -> bool {
    let is_asked = |text: &str| {
        let text = text.trim_start();
        !text.is_empty() && !OWN_WORDS.iter().any(|words| text.starts_with(words))
    };
    match tool::parts(message.content) {
        TextOrObjects::Text(text) => is_asked(&text),
        TextOrObjects::Objects(parts) => {
            let is_result = parts.iter().any(|part| part.function_response.0.is_some());
            let mut texts = parts.iter().filter_map(|part| part.text.as_deref());
            !is_result && texts.any(is_asked)
        }
        TextOrObjects::Neither => false,
    }
}
