//! The command that takes a stopped session up again, for a person to paste into a shell.

/// Longer than any agent's session id.
const LONGEST_ID: usize = 128;

/// The form of a session id. Also what makes one safe in a command line.
pub fn is_session_id(id: &str) -> bool {
    id.len() <= LONGEST_ID
        && id.starts_with(|c: char| c.is_ascii_alphanumeric())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// `cd <folder> && <words> <id>`. Both come from a transcript, which anything may have written: an
/// id that is none is left out, and so is a folder that a terminal could not show.
pub(super) fn command(words: &str, session_id: &str, cwd: Option<&str>) -> String {
    let folder = cwd.filter(|cwd| cwd.starts_with('/') && !cwd.chars().any(is_invisible));
    let go = folder.map(|folder| format!("cd {} && ", quoted(folder))).unwrap_or_default();
    let id = if is_session_id(session_id) { format!(" {session_id}") } else { String::new() };
    format!("{go}{words}{id}")
}

/// Control characters, and those that turn the direction of text or hide in it.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{61c}')
}

/// One word of a POSIX shell.
fn quoted(text: &str) -> String {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"/._-+,@:".contains(&b);
    if text.bytes().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    fn command(session_id: &str, cwd: Option<&str>) -> String {
        super::command("claude --resume", session_id, cwd)
    }

    #[test]
    fn the_command_is_one_that_may_be_pasted() {
        let id = "b2f442e0-dfa8-4977-aea4-8486b672fa6a";
        let at = |cwd| command(id, Some(cwd));
        assert_eq!(at("/home/dev/proj"), format!("cd /home/dev/proj && claude --resume {id}"));
        assert_eq!(at("/a b"), format!("cd '/a b' && claude --resume {id}"));
        assert_eq!(
            at("/it's $(reboot)"),
            format!(r"cd '/it'\''s $(reboot)' && claude --resume {id}")
        );
        for hidden in ["/a\nreboot", "/a\u{1b}[2J", "/a\u{202e}x", "relative", "-", ""] {
            assert_eq!(at(hidden), format!("claude --resume {id}"), "{hidden:?}");
        }
        for bad in ["", "-x", "a;b", "a b", "a\u{7}", "$(x)"] {
            assert_eq!(command(bad, None), "claude --resume", "{bad:?}");
        }
    }
}
