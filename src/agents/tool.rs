//! What a tool is asked for, where agents name the parts of it alike.

use super::compact::Compact;
use super::fingerprint::{canonical, compact, value_of, whole};
use super::json::RawText;
use crate::model::{Fingerprint, ToolKind, ToolUse};

/// Fields that do not change what is done.
const VOLATILE: [&[u8]; 4] = [b"description", b"instruction", b"wait_for_previous", b"timeout"];

/// A use of a tool. What an edit takes out and puts in, and the path that is read or changed, are
/// known by their names.
pub(super) fn used(id: &str, name: &str, kind: ToolKind, args: RawText<'_>) -> ToolUse {
    let arguments = compact(args.0.unwrap_or_default());
    let mut used = ToolUse {
        id: Fingerprint::of(id.as_bytes()),
        name: name.into(),
        kind,
        input: Fingerprint(0),
        target: None,
        edit: None,
    };
    let read = whole(&arguments, |json| read_fields(json, &mut used));
    used.input = read.unwrap_or_else(|| value_of(&arguments));
    used
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
        match key {
            b"file_path" | b"absolute_path" | b"path" | b"dir_path" if is_text => {
                used.target = Some(value);
            }
            b"old_string" | b"old_str" => old = Some(value),
            b"new_string" | b"new_str" => new = Some(value),
            _ => {}
        }
        Some(())
    })?;
    if used.kind == ToolKind::Edit {
        used.edit = old.zip(new);
    } else if used.kind != ToolKind::Read {
        used.target = None;
    }
    Some(Fingerprint(sum))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: ToolKind, args: &str) -> ToolUse {
        used("c1", "tool", kind, RawText(Some(args)))
    }

    #[test]
    fn what_changes_nothing_is_left_out() {
        let one = of(ToolKind::Read, r#"{"file_path":"a.rs","description":"x"}"#);
        let two = of(ToolKind::Read, r#"{ "description": "y", "file_path": "a.rs" }"#);
        assert_eq!((one.call(), one.target), (two.call(), two.target));
        let other = of(ToolKind::Read, r#"{"file_path":"b.rs"}"#);
        assert_ne!(one.call(), other.call());
        assert!(one.target.is_some() && one.target != other.target);
        assert_eq!(of(ToolKind::Run, r#"{"path":"a"}"#).target, None);
        // No object at all is what it is.
        assert_eq!(of(ToolKind::Other, "7").input, of(ToolKind::Other, " 7").input);
    }

    #[test]
    fn an_edit_that_takes_another_back() {
        let there = of(ToolKind::Edit, r#"{"path":"a","old_str":"1","new_str":"2","timeout":9}"#);
        let back = of(ToolKind::Edit, r#"{"path":"a","old_string":"2","new_string":"1"}"#);
        let (old, new) = there.edit.unwrap();
        assert_eq!((back.edit, back.target), (Some((new, old)), there.target));
    }
}
