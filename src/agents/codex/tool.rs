//! Tools: what they are for, and the fingerprints of what they are asked to do.

use serde_json::Value;

use crate::agents::compact::Compact;
use crate::agents::fingerprint::{canonical, compact, value_of, whole};
use crate::model::{Fingerprint, ToolKind, ToolUse};

/// Fields that do not change what is done.
const VOLATILE: [&[u8]; 8] = [
    b"yield_time_ms",
    b"max_output_tokens",
    b"timeout_ms",
    b"timeout",
    b"justification",
    b"sandbox_permissions",
    b"with_escalated_permissions",
    b"login",
];

/// How a patch begins, whichever tool it is handed to: older models run it as a command.
const PATCH: &str = "*** Begin Patch";

/// What a tool is for, by its name.
fn kind(name: &str) -> ToolKind {
    match name {
        "exec_command" | "shell" | "shell_command" | "local_shell" | "container.exec" | "exec" => {
            ToolKind::Run
        }
        "apply_patch" => ToolKind::Edit,
        "view_image" | "read_file" | "list_dir" | "grep_files" => ToolKind::Read,
        "wait" | "wait_agent" | "list_agents" => ToolKind::Poll,
        "spawn_agent" => ToolKind::Spawn,
        _ => match name.rsplit("__").next() {
            Some(tool) if tool != name && tool.starts_with("wait_") => ToolKind::Poll,
            _ => ToolKind::Other,
        },
    }
}

/// A use of a tool whose input is JSON within a string.
pub(super) fn called(id: &str, namespace: Option<&str>, name: &str, arguments: &str) -> ToolUse {
    let mut used = ToolUse {
        id: Fingerprint::of(id.as_bytes()),
        name: namespace.map_or_else(|| name.into(), |space| format!("{space}.{name}").into()),
        kind: kind(name),
        input: Fingerprint(0),
        target: None,
        edit: None,
    };
    let arguments = compact(arguments);
    // Nothing typed into a running command: how does it stand?
    let mut is_typed = name != "write_stdin";
    let read = whole(&arguments, |json| read_fields(json, &mut used, &mut is_typed));
    used.input = read.unwrap_or_else(|| value_of(&arguments));
    if name == "write_stdin" {
        used.kind = if is_typed { ToolKind::Run } else { ToolKind::Poll };
    }
    if matches!(used.kind, ToolKind::Run | ToolKind::Edit)
        && memchr::memmem::find(&arguments, PATCH.as_bytes()).is_some()
        && let Ok(arguments) = serde_json::from_slice::<Value>(&arguments)
        && let Some(patch) = patch_in(&arguments)
    {
        return patched(used, patch);
    }
    used
}

/// A use of a tool that takes text as it is.
pub(super) fn handed(id: &str, name: &str, input: &str) -> ToolUse {
    let used = ToolUse {
        id: Fingerprint::of(id.as_bytes()),
        name: name.into(),
        kind: kind(name),
        input: Fingerprint::of(input.as_bytes()),
        target: None,
        edit: None,
    };
    if input.contains(PATCH) { patched(used, input) } else { used }
}

fn read_fields(
    json: &mut Compact<'_>,
    used: &mut ToolUse,
    is_typed: &mut bool,
) -> Option<Fingerprint> {
    let mut sum = 0_u64;
    json.object(|json, key| {
        let is_text = json.peek()? == b'"';
        if key == b"chars" {
            *is_typed |= !json.rest().starts_with(b"\"\"");
        }
        let value = canonical(json, 1)?;
        if !VOLATILE.contains(&key) {
            sum = sum.wrapping_add(value.named(Fingerprint::of(key)).0);
        }
        let is_path = matches!(key, b"path" | b"file_path" | b"dir_path");
        if is_text && is_path && used.kind == ToolKind::Read {
            used.target = Some(value);
        }
        Some(())
    })?;
    Some(Fingerprint(sum))
}

/// The patch among what a command is given.
fn patch_in(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => text.contains(PATCH).then_some(text),
        Value::Array(values) => values.iter().find_map(patch_in),
        Value::Object(fields) => fields.values().find_map(patch_in),
        _ => None,
    }
}

/// What a patch changes: the first of its files, and the lines it takes out and puts in.
fn patched(used: ToolUse, text: &str) -> ToolUse {
    let (mut target, mut is_update) = (None, false);
    let (mut old, mut new) = (String::new(), String::new());
    for line in text.lines() {
        if let Some(header) = line.strip_prefix("*** ") {
            let Some((verb, path)) = header.split_once(" File: ") else { continue };
            is_update |= verb == "Update";
            target = target.or(Some(Fingerprint::of(path.trim_end().as_bytes())));
        } else if let Some(line) = line.strip_prefix('-') {
            old.push_str(line);
            old.push('\n');
        } else if let Some(line) = line.strip_prefix('+') {
            new.push_str(line);
            new.push('\n');
        }
    }
    let edit = (Fingerprint::of(old.as_bytes()), Fingerprint::of(new.as_bytes()));
    ToolUse { kind: ToolKind::Edit, target, edit: is_update.then_some(edit), ..used }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_nothing_is_left_out() {
        let one = called("a", None, "exec_command", r#"{"cmd": "ls", "yield_time_ms": 10}"#);
        let two = called("b", None, "exec_command", r#"{"max_output_tokens":9,"cmd":"ls"}"#);
        let other = called("c", None, "exec_command", r#"{"cmd":"ls -l"}"#);
        assert_eq!(one.call(), two.call());
        assert_ne!(one.call(), other.call());
        assert_ne!(one.id, two.id);
        assert_eq!(one.kind, ToolKind::Run);
        // No JSON at all is what it is.
        assert_ne!(called("a", None, "exec", "{").input, called("a", None, "exec", "[").input);
    }

    #[test]
    fn asking_how_a_command_stands_is_no_command() {
        let poll = r#"{"session_id":5,"chars":"","yield_time_ms":9}"#;
        assert_eq!(called("a", None, "write_stdin", poll).kind, ToolKind::Poll);
        assert_eq!(called("a", None, "write_stdin", r#"{"session_id":5}"#).kind, ToolKind::Poll);
        let typed = r#"{"session_id":5,"chars":"y\n"}"#;
        assert_eq!(called("a", None, "write_stdin", typed).kind, ToolKind::Run);
    }

    #[test]
    fn a_patch_is_the_same_edit_by_every_tool_and_its_reverse_is_told() {
        let patch = |old: &str, new: &str| {
            format!(
                "{PATCH}\n*** Update File: src/a.rs\n@@\n same\n-{old}\n+{new}\n*** End Patch\n"
            )
        };
        let (there, back) = (patch("one", "two"), patch("two", "one"));
        let handed = handed("a", "apply_patch", &there);
        let arguments = serde_json::json!({"command": ["apply_patch", there]}).to_string();
        let run = called("b", None, "shell", &arguments);
        let input = serde_json::json!({"input": back}).to_string();
        let back = called("c", None, "apply_patch", &input);
        for used in [&handed, &run, &back] {
            assert_eq!(used.kind, ToolKind::Edit);
            assert_eq!(used.target, Some(Fingerprint::of(b"src/a.rs")));
        }
        assert_eq!(handed.edit, run.edit);
        let (old, new) = handed.edit.unwrap();
        assert_eq!(back.edit, Some((new, old)));
    }

    #[test]
    fn tools_of_servers_have_their_servers_name() {
        let used = called("a", Some("mcp__files"), "search", "{}");
        assert_eq!((&*used.name, used.kind), ("mcp__files.search", ToolKind::Other));
        assert_eq!(called("a", None, "mcp__ci__wait_for", "{}").kind, ToolKind::Poll);
        assert_eq!(called("a", Some("multi_agent_v1"), "spawn_agent", "{}").kind, ToolKind::Spawn);
    }
}
