//! Tools: what they are for, the fingerprints of what they are asked to do, and what came of it.

use std::borrow::Cow;

use serde::Deserialize;

use super::record::ToolCall;
use crate::agents::fingerprint::{compact, of_error, value_of};
use crate::agents::json::{Object, RawText, Text, TextOrObjects};
use crate::model::{Fingerprint, Millis, ToolKind, ToolOutcome, ToolResult, ToolUse};

/// How the lines of a command's result begin that are others every time.
const ABOUT: [&str; 2] = ["Process Group PGID: ", "Background PIDs: "];

/// A part of a message.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::agents) struct Part<'a> {
    #[serde(borrow, default)]
    pub text: Text<'a>,
    #[serde(borrow, default)]
    pub function_response: Object<Response<'a>>,
    #[serde(borrow, default)]
    pub function_call: Object<Asked<'a>>,
}

/// What a tool is asked for.
#[derive(Debug, Default, Deserialize)]
pub(in crate::agents) struct Asked<'a> {
    #[serde(borrow, default)]
    pub id: Text<'a>,
    #[serde(borrow, default)]
    pub name: Text<'a>,
    #[serde(borrow, default)]
    pub args: RawText<'a>,
}

/// What a tool gave.
#[derive(Debug, Default, Deserialize)]
pub(in crate::agents) struct Response<'a> {
    #[serde(borrow, default)]
    response: Object<Given<'a>>,
}

#[derive(Debug, Default, Deserialize)]
struct Given<'a> {
    #[serde(borrow, default)]
    output: Text<'a>,
    #[serde(borrow, default)]
    error: Text<'a>,
}

/// The parts of a message or of a result.
pub(in crate::agents) fn parts(content: RawText<'_>) -> TextOrObjects<'_, Part<'_>> {
    content.0.and_then(|content| serde_json::from_str(content).ok()).unwrap_or_default()
}

/// What a tool is for, by its name.
fn kind(name: &str) -> ToolKind {
    match name {
        "run_shell_command" => ToolKind::Run,
        "replace" | "write_file" | "edit" | "notebook_edit" => ToolKind::Edit,
        "read_file"
        | "read_many_files"
        | "list_directory"
        | "glob"
        | "search_file_content"
        | "grep_search" => ToolKind::Read,
        "invoke_agent" | "delegate_to_agent" | "codebase_investigator" | "task" | "agent" => {
            ToolKind::Spawn
        }
        "read_background_output" | "list_background_processes" => ToolKind::Poll,
        _ => ToolKind::Other,
    }
}

/// A use of a tool.
pub(super) fn called(call: &ToolCall<'_>) -> Option<ToolUse> {
    let name = call.name.as_deref().unwrap_or_default();
    Some(used(call.id.non_empty()?, name, call.args))
}

/// A use of a tool, by what it is asked for.
pub(in crate::agents) fn used(id: &str, name: &str, args: RawText<'_>) -> ToolUse {
    crate::agents::tool::used(id, name, kind(name), args)
}

/// What came of it, and when; none while it is not done.
pub(super) fn result_of(call: &ToolCall<'_>) -> Option<(Option<Millis>, ToolResult)> {
    let result = result(call.id.non_empty()?, call.status.as_deref()?, call.result)?;
    Some((call.timestamp.as_deref().and_then(Millis::parse), result))
}

/// What came of a use of a tool, by how it stands and the parts that it gave.
pub(in crate::agents) fn result(id: &str, status: &str, given: RawText<'_>) -> Option<ToolResult> {
    let outcome = match status {
        "success" => ToolOutcome::Done,
        "error" => ToolOutcome::Failed,
        "cancelled" => ToolOutcome::Denied,
        _ => return None,
    };
    let (text, written) = (text_of(given), given.0.unwrap_or_default());
    let output = match &text {
        Some(text) => Fingerprint::of(without_about(text).as_bytes()),
        // Pictures and the like.
        None => value_of(&compact(written)),
    };
    let error = text.as_deref().unwrap_or(written);
    let error = (outcome != ToolOutcome::Done).then(|| of_error(error));
    Some(ToolResult { id: Fingerprint::of(id.as_bytes()), outcome, output, error })
}

/// The texts of a result, which are among ids that are others every time.
fn text_of(result: RawText<'_>) -> Option<String> {
    let TextOrObjects::Objects(parts) = parts(result) else { return None };
    let given = |part: &Part<'_>| {
        let given = part.function_response.0.as_ref()?.response.0.as_ref()?;
        given.error.non_empty().or(given.output.as_deref()).map(str::to_owned)
    };
    let texts: Vec<String> = parts.iter().filter_map(given).collect();
    (!texts.is_empty()).then(|| texts.join("\n"))
}

fn without_about(text: &str) -> Cow<'_, str> {
    if !ABOUT.iter().any(|about| text.contains(about)) {
        return Cow::Borrowed(text);
    }
    let is_told = |line: &&str| !ABOUT.iter().any(|about| line.starts_with(about));
    text.lines().filter(is_told).flat_map(|line| [line, "\n"]).collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIVEN: &str =
        r#"[{"functionResponse":{"id":"ID","name":"t","response":{"KEY":"TEXT"}}}]"#;

    fn gave(status: &str, given: &str) -> Option<ToolResult> {
        result("c1", status, RawText(Some(given)))
    }

    #[test]
    fn the_same_output_is_the_same_whatever_ids_it_has() {
        let text = |id: &str, pgid: u32| {
            let said = format!("Output: a\\nProcess Group PGID: {pgid}\\n");
            GIVEN.replace("ID", id).replace("KEY", "output").replace("TEXT", &said)
        };
        let one = gave("success", &text("a", 1)).unwrap();
        assert_eq!(one.output, gave("success", &text("b", 2)).unwrap().output);
        assert_eq!((one.outcome, one.error), (ToolOutcome::Done, None));
        let error = GIVEN.replace("KEY", "error").replace("TEXT", "line 12: bad");
        let failed = gave("error", &error).unwrap();
        assert_eq!(failed.outcome, ToolOutcome::Failed);
        assert_eq!(failed.error, gave("error", &error.replace("12", "99")).unwrap().error);
        assert_eq!(gave("cancelled", "null").unwrap().outcome, ToolOutcome::Denied);
        assert_eq!(gave("executing", "null"), None);
        assert!(gave("success", r#"[{"inlineData":{}}]"#).is_some());
    }
}
