//! What a session tells beside its calls: prompts, tools, results, compactions, failed requests.

use std::sync::Arc;

use super::record::{Data, Line};
use super::session::Session;
use crate::agents::fingerprint::of_error;
use crate::agents::tool;
use crate::model::{
    CallId, Deed, DeedOf, Event, Fingerprint, Millis, ThreadDeeds, ToolKind, ToolOutcome,
    ToolResult, TurnSource,
};

/// How the last line of a command's output begins, which is another one every time.
const SHELL: &str = "<shellId: ";

/// Codes of what a person or a rule did not let a tool do.
const DENIALS: [&str; 3] = ["denied", "rejected", "user_rejected"];

impl Session {
    /// An event.
    pub(super) fn tell(&mut self, line: &Line<'_>, data: &Data<'_>, events: &mut Vec<Event>) {
        let Some(at) = Self::time_of(line) else { return };
        let key = Fingerprint::of(line.id.as_deref().unwrap_or_default().as_bytes());
        let of = DeedOf::Line(key);
        match line.kind.as_deref() {
            Some("user.message") => {
                let is_persons = data.source.as_deref().is_none_or(|s| s.is_empty() || s == "user")
                    && !data.is_autopilot_continuation.0
                    && line.agent_id.non_empty().is_none();
                let by = if is_persons { TurnSource::Human } else { TurnSource::Automated };
                self.told(line).tell(at, Deed::Turn(by), of);
            }
            Some("assistant.message") => self.tell_answer(line, data, at),
            Some("tool.execution_complete") => {
                if let Some(result) = result(data) {
                    self.told(line).tell(at, Deed::ToolResult(result), DeedOf::Use);
                }
            }
            Some("session.compaction_complete") if data.success.0 => {
                self.told(line).tell_aside(at, Deed::Compaction { is_auto: true }, of);
            }
            Some("session.shutdown" | "abort") => self.told(line).hear(at, true),
            Some("session.error") => {
                let status = data.status_code.0.and_then(|status| u16::try_from(status).ok());
                let (session_id, timestamp) = (self.session_id(), Some(at));
                let agent_id = line.agent_id.non_empty().map(Arc::from);
                events.push(Event::ApiError { session_id, agent_id, timestamp, key, status });
            }
            _ => {}
        }
    }

    fn told(&mut self, line: &Line<'_>) -> &mut ThreadDeeds {
        let session_id = self.session_id();
        self.deeds.thread(&session_id, line.agent_id.non_empty())
    }

    /// What the model said, and the tools that it asked for.
    fn tell_answer(&mut self, line: &Line<'_>, data: &Data<'_>, at: Millis) {
        let Some(name) = self.message_name(line, data) else { return };
        let is_sidechain = line.agent_id.non_empty().is_some();
        let of = DeedOf::Call(CallId::of(name).place(is_sidechain));
        let told = self.told(line);
        told.hear(at, data.tool_requests.0.is_empty());
        for request in &data.tool_requests.0 {
            let Some(id) = request.tool_call_id.non_empty() else { continue };
            let name = request.name.as_deref().unwrap_or_default();
            let used = tool::used(id, name, kind(name), request.arguments);
            told.tell(at, Deed::ToolUse(used), of);
        }
    }
}

/// What a tool is for, by its name.
fn kind(name: &str) -> ToolKind {
    match name {
        "bash" | "powershell" | "local_shell" | "write_bash" => ToolKind::Run,
        "edit" | "create" | "str_replace" | "str_replace_editor" | "apply_patch" => ToolKind::Edit,
        "view" | "grep" | "glob" | "rg" => ToolKind::Read,
        "read_bash" | "list_bash" | "read_agent" | "list_agents" => ToolKind::Poll,
        "task" => ToolKind::Spawn,
        _ => ToolKind::Other,
    }
}

/// What came of a tool.
fn result(data: &Data<'_>) -> Option<ToolResult> {
    let id = Fingerprint::of(data.tool_call_id.non_empty()?.as_bytes());
    let failure = data.error.0.as_ref().filter(|_| !data.success.0);
    let is_denied = |code: &str| DENIALS.contains(&code);
    let outcome = match failure.map(|failure| failure.code.as_deref()) {
        _ if data.success.0 => ToolOutcome::Done,
        Some(Some(code)) if is_denied(code) => ToolOutcome::Denied,
        _ => ToolOutcome::Failed,
    };
    let given = data.result.0.as_ref().and_then(|result| result.content.as_deref());
    let error = failure.and_then(|failure| failure.message.as_deref());
    let text = error.or(given).unwrap_or_default().trim_end();
    let printed = match text.rsplit_once('\n') {
        Some((printed, last)) if last.starts_with(SHELL) => printed,
        _ => text,
    };
    let output = Fingerprint::of(printed.as_bytes());
    let error = (outcome != ToolOutcome::Done).then(|| of_error(printed));
    Some(ToolResult { id, outcome, output, error })
}
