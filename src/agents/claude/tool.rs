//! Tools: what they are for, and the fingerprints of what they are asked to do.

use std::borrow::Cow;
use std::sync::Arc;

use crate::agents::compact::Compact;
use crate::model::{Fingerprint, ToolKind, ToolUse};

/// Fields of the client's own tools that do not change what is done.
const VOLATILE: [&[u8]; 4] =
    [b"description", b"timeout", b"run_in_background", b"dangerouslyDisableSandbox"];

/// Objects within objects beyond which a value is taken as it is written.
const MAX_DEPTH: u32 = 16;

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

/// The fingerprint of a value as it is written without blanks; the order of an object's fields
/// does not matter.
pub(super) fn value_of(value: &[u8]) -> Fingerprint {
    whole(value, |json| canonical(json, 0)).unwrap_or_else(|| Fingerprint::of(value))
}

/// A value without blanks, which is how it is compared.
pub(super) fn compact(value: &str) -> Cow<'_, [u8]> {
    if value.is_empty() || whole(value.as_bytes(), |json| json.skip().map(|_| ())).is_some() {
        return Cow::Borrowed(value.as_bytes());
    }
    // Written by somebody else, or in a way that the quick reader leaves to the real parser.
    match serde_json::from_str::<serde_json::Value>(value) {
        Ok(value) => Cow::Owned(value.to_string().into_bytes()),
        Err(_) => Cow::Borrowed(value.as_bytes()),
    }
}

fn whole<T>(value: &[u8], read: impl FnOnce(&mut Compact<'_>) -> Option<T>) -> Option<T> {
    let mut json = Compact::new(value);
    let found = read(&mut json)?;
    json.end()?;
    Some(found)
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

fn canonical(json: &mut Compact<'_>, depth: u32) -> Option<Fingerprint> {
    match json.peek()? {
        b'{' if depth < MAX_DEPTH => {
            let mut sum = 0_u64;
            json.object(|json, key| {
                let value = canonical(json, depth + 1)?;
                sum = sum.wrapping_add(value.named(Fingerprint::of(key)).0);
                Some(())
            })?;
            // An empty object is something else than an absent one.
            Some(Fingerprint(sum).named(Fingerprint::of(b"{}")))
        }
        b'[' if depth < MAX_DEPTH => {
            let mut all = Fingerprint::of(b"[]");
            json.expect(b'[')?;
            if json.accept(b']') {
                return Some(all);
            }
            loop {
                all = canonical(json, depth + 1)?.named(all);
                if !json.accept(b',') {
                    json.expect(b']')?;
                    return Some(all);
                }
            }
        }
        // The value is known to be well-formed.
        b'"' => json.quoted().map(Fingerprint::of),
        _ => json.skip().map(Fingerprint::of),
    }
}
