//! Tools: what they are for, and the fingerprints of what they are asked to do.

use std::sync::Arc;

use crate::agents::compact::Compact;
use crate::agents::fingerprint::{canonical, value_of, whole};
use crate::model::{Fingerprint, ToolKind, ToolUse};

/// Fields of the client's own tools that do not change what is done.
const VOLATILE: [&[u8]; 4] =
    [b"description", b"timeout", b"run_in_background", b"dangerouslyDisableSandbox"];

/// Names that are kept to be shared.
const KEPT_NAMES: usize = 64;

/// What a tool is for, by its name.
fn kind(name: &str) -> ToolKind {
    match name {
        "Read" | "Grep" | "Glob" | "LS" | "NotebookRead" => ToolKind::Read,
        "Edit" | "MultiEdit" | "Write" | "NotebookEdit" => ToolKind::Edit,
        "Bash" | "PowerShell" => ToolKind::Run,
        "Monitor" | "BashOutput" | "TaskOutput" | "TaskList" | "ScheduleWakeup" => ToolKind::Poll,
        "Agent" | "Task" | "Workflow" => ToolKind::Spawn,
        _ => match name.strip_prefix("mcp__").and_then(|name| name.rsplit("__").next()) {
            Some(tool) if tool.starts_with("wait_") => ToolKind::Poll,
            // As the servers for files and editors name them that are in wide use.
            Some(
                "edit_file"
                | "write_file"
                | "create_file"
                | "insert_edit"
                | "apply_patch"
                | "replace_in_file"
                | "str_replace"
                | "str_replace_editor"
                | "replace_text_in_file"
                | "replace_file_text_by_path"
                | "create_text_file"
                | "replace_regex"
                | "replace_content"
                | "replace_symbol_body"
                | "insert_after_symbol"
                | "insert_before_symbol"
                | "insert_at_line"
                | "replace_lines"
                | "delete_lines",
            ) => ToolKind::Edit,
            _ => ToolKind::Other,
        },
    }
}

/// Names of tools, each allocated once.
#[derive(Clone, Debug, Default)]
pub(super) struct Tools(Vec<(Arc<str>, ToolKind)>);

impl Tools {
    fn of(&mut self, name: &str) -> (Arc<str>, ToolKind) {
        if let Some(known) = self.0.iter().find(|(known, _)| **known == *name) {
            return known.clone();
        }
        let new = (Arc::from(name), kind(name));
        if self.0.len() < KEPT_NAMES {
            self.0.push(new.clone());
        }
        new
    }

    /// A use of a tool, by its id, name and input as it is written without blanks.
    pub(super) fn used(&mut self, id: &str, name: &str, input: &[u8]) -> ToolUse {
        let (name, kind) = self.of(name);
        let mut facts = Facts::default();
        let fields = |json: &mut Compact<'_>| read_input(json, &name, kind, &mut facts);
        let read = whole(input, fields);
        // What is no object, or nothing that can be read, is what it is.
        let input = read.unwrap_or_else(|| value_of(input));
        let edit = facts.old.zip(facts.new).or_else(|| facts.edits.filter(|_| read.is_some()));
        let target = facts.target.filter(|_| read.is_some());
        let edit = edit.filter(|_| read.is_some());
        ToolUse { id: Fingerprint::of(id.as_bytes()), name, kind, input, target, edit }
    }
}

/// What an input says beside what makes it the same as another.
#[derive(Default)]
struct Facts {
    target: Option<Fingerprint>,
    old: Option<Fingerprint>,
    new: Option<Fingerprint>,
    /// Of several edits at once.
    edits: Option<(Fingerprint, Fingerprint)>,
}

fn read_input(
    json: &mut Compact<'_>,
    name: &str,
    kind: ToolKind,
    facts: &mut Facts,
) -> Option<Fingerprint> {
    let is_foreign = name.starts_with("mcp__");
    let is_file_tool = matches!(kind, ToolKind::Read | ToolKind::Edit);
    let mut sum = 0_u64;
    json.object(|json, key| {
        if is_file_tool && key == b"edits" {
            facts.edits = read_edits(&mut json.clone());
        }
        let is_text = json.peek()? == b'"';
        let value = canonical(json, 1)?;
        if is_foreign || !VOLATILE.contains(&key) {
            sum = sum.wrapping_add(value.named(Fingerprint::of(key)).0);
        }
        if is_file_tool && is_text {
            match key {
                b"file_path" | b"notebook_path" | b"path" | b"relative_path" => {
                    facts.target = Some(value);
                }
                b"old_string" | b"old_str" | b"old_text" => facts.old = Some(value),
                b"new_string" | b"new_str" | b"new_text" => facts.new = Some(value),
                _ => {}
            }
        }
        Some(())
    })?;
    Some(Fingerprint(sum))
}

/// What several edits at once take out and put in.
fn read_edits(json: &mut Compact<'_>) -> Option<(Fingerprint, Fingerprint)> {
    let (mut old, mut new) = (Fingerprint(0), Fingerprint(0));
    json.objects(|json| {
        json.object(|json, key| {
            let value = canonical(json, 2)?;
            match key {
                b"old_string" | b"oldText" => old = value.named(old),
                b"new_string" | b"newText" => new = value.named(new),
                _ => {}
            }
            Some(())
        })
    })?;
    Some((old, new))
}
