//! Tools: what they are for, the fingerprints of what they are asked to do, and of what they give.

use std::borrow::Cow;

use super::record::{Data, State};
use crate::agents::compact::Compact;
use crate::agents::fingerprint::{canonical, compact, of_error, value_of, whole};
use crate::agents::json::RawText;
use crate::model::{Fingerprint, ToolKind, ToolOutcome, ToolResult, ToolUse};

/// Fields that do not change what is done.
const VOLATILE: [&[u8]; 2] = [b"description", b"timeout"];

/// How the client says that a person or a rule did not let a tool run, or ended it.
const DENIALS: [&str; 4] = [
    "The user rejected",
    "The user has specified a rule",
    "The user dismissed",
    "Tool execution aborted",
];

/// What a tool is for, by its name.
fn kind(name: &str) -> ToolKind {
    match name {
        "bash" | "shell" => ToolKind::Run,
        "edit" | "multiedit" | "write" | "patch" | "apply_patch" => ToolKind::Edit,
        "read" | "grep" | "glob" | "list" | "ls" | "codesearch" => ToolKind::Read,
        "task" | "subagent" => ToolKind::Spawn,
        _ => ToolKind::Other,
    }
}

/// A use of a tool; none if the part is of something else, or was not asked for in full.
pub(super) fn used(part: &Data<'_>) -> Option<ToolUse> {
    let state = part.state.0.as_ref().filter(|_| part.kind.is("tool"))?;
    let id = part.call_id.non_empty().or(part.id.non_empty())?;
    let name = part.tool.non_empty().or(part.name.non_empty())?;
    let input = state.input.0.filter(|_| !state.status.is("pending"))?;
    let mut used = ToolUse {
        id: Fingerprint::of(id.as_bytes()),
        name: name.into(),
        kind: kind(name),
        input: Fingerprint(0),
        target: None,
        edit: None,
    };
    let input = compact(input);
    used.input =
        whole(&input, |json| read_fields(json, &mut used)).unwrap_or_else(|| value_of(&input));
    Some(used)
}

fn read_fields(json: &mut Compact<'_>, used: &mut ToolUse) -> Option<Fingerprint> {
    let mut sum = 0_u64;
    let (mut old, mut new) = (None, None);
    json.object(|json, key| {
        let is_text = json.peek()? == b'"';
        let value = canonical(json, 1)?;
        if !VOLATILE.contains(&key) {
            sum = sum.wrapping_add(value.named(Fingerprint::of(key)).0);
        }
        let has_path = matches!(used.kind, ToolKind::Read | ToolKind::Edit);
        match key {
            b"filePath" | b"file_path" | b"path" if is_text && has_path => {
                used.target = Some(value);
            }
            b"oldString" if is_text => old = Some(value),
            b"newString" if is_text => new = Some(value),
            _ => {}
        }
        Some(())
    })?;
    used.edit = old.zip(new).filter(|_| used.kind == ToolKind::Edit);
    Some(Fingerprint(sum))
}

/// What came of it; none if it has not ended.
pub(super) fn result(part: &Data<'_>) -> Option<ToolResult> {
    let state = part.state.0.as_ref()?;
    let id = part.call_id.non_empty().or(part.id.non_empty())?;
    let id = Fingerprint::of(id.as_bytes());
    let exit = state.metadata.0.as_ref().and_then(|about| about.exit.0).unwrap_or_default();
    let failed = |why: RawText<'_>| {
        let why = text_of(why.0.unwrap_or_default());
        let is_denied = DENIALS.iter().any(|denial| why.contains(denial));
        let outcome = if is_denied { ToolOutcome::Denied } else { ToolOutcome::Failed };
        let output = Fingerprint::of(why.as_bytes());
        ToolResult { id, outcome, output, error: Some(of_error(&why)) }
    };
    match state.status.as_deref() {
        Some("completed") if exit > 0 => Some(failed(output(state))),
        Some("completed") => Some(ToolResult {
            id,
            outcome: ToolOutcome::Done,
            output: value_of(&compact(output(state).0.unwrap_or_default())),
            error: None,
        }),
        Some("error") => Some(failed(state.error)),
        _ => None,
    }
}

fn output<'a>(state: &State<'a>) -> RawText<'a> {
    if state.output.0.is_some() { state.output } else { state.content }
}

/// A text as it was before it was JSON; anything else as it is written.
fn text_of(value: &str) -> Cow<'_, str> {
    serde_json::from_str::<String>(value).map_or(Cow::Borrowed(value), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(tool: &str, state: &str) -> String {
        format!(r#"{{"type":"tool","callID":"c","tool":"{tool}","state":{state}}}"#)
    }

    fn parsed(text: &str) -> Data<'_> {
        serde_json::from_str(text).unwrap()
    }

    fn use_of(tool: &str, input: &str) -> ToolUse {
        let text = part(tool, &format!(r#"{{"status":"completed","input":{input}}}"#));
        used(&parsed(&text)).unwrap()
    }

    fn result_of(state: &str) -> ToolResult {
        result(&parsed(&part("bash", state))).unwrap()
    }

    #[test]
    fn what_changes_nothing_is_left_out() {
        let one = use_of("bash", r#"{"command":"ls","description":"Lists"}"#);
        let two = use_of("bash", r#"{ "timeout": 9, "description": "Looks", "command": "ls" }"#);
        assert_eq!((one.call(), one.kind), (two.call(), ToolKind::Run));
        assert_ne!(one.call(), use_of("bash", r#"{"command":"ls -l"}"#).call());
        assert_ne!(one.call(), use_of("list", r#"{"command":"ls"}"#).call());
    }

    #[test]
    fn an_edit_and_its_reverse() {
        let there = use_of("edit", r#"{"filePath":"/a.rs","oldString":"1","newString":"2"}"#);
        let back = use_of("edit", r#"{"filePath":"/a.rs","oldString":"2","newString":"1"}"#);
        let (old, new) = there.edit.unwrap();
        assert_eq!((back.edit, back.target), (Some((new, old)), there.target));
        assert!(use_of("write", r#"{"filePath":"/a.rs","content":"x"}"#).target.is_some());
        assert_eq!(use_of("todowrite", r#"{"todos":[]}"#).kind, ToolKind::Other);
        assert_eq!(use_of("task", r#"{"prompt":"x"}"#).kind, ToolKind::Spawn);
    }

    #[test]
    fn how_it_went() {
        let done = result_of(r#"{"status":"completed","output":"one\n","metadata":{"exit":0}}"#);
        assert_eq!((done.outcome, done.error), (ToolOutcome::Done, None));
        let failed = result_of(r#"{"status":"completed","output":"E 12","metadata":{"exit":1}}"#);
        let again = result_of(r#"{"status":"error","error":"E 99"}"#);
        assert_eq!((failed.outcome, failed.error), (ToolOutcome::Failed, again.error));
        let why = "The user rejected permission to use this specific tool call.";
        let denied = result_of(&format!(r#"{{"status":"error","error":"{why}"}}"#));
        assert_eq!(denied.outcome, ToolOutcome::Denied);
        assert!(result(&parsed(&part("bash", r#"{"status":"running","input":{}}"#))).is_none());
        assert!(used(&parsed(&part("bash", r#"{"status":"pending","input":{}}"#))).is_none());
    }
}
