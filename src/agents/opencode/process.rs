//! Which processes are `OpenCode`, and how one runs.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::sync::Arc;

use crate::agents::is_session_id;

/// Options before the subcommand that take their value from the next argument.
const WITH_VALUE: [&str; 1] = ["--log-level"];

/// By the executable and never by the name that a process gives itself. The npm package's program
/// has a Windows name on every system.
pub(super) fn is_executable(exe: &Path) -> bool {
    let name = exe.file_name().and_then(OsStr::to_str);
    name.is_some_and(|name| name == "opencode" || name == "opencode.exe")
}

/// Started without a screen, to answer one prompt.
pub(super) fn is_headless(argv: &[OsString]) -> bool {
    let mut arguments = argv.iter().skip(1).map(|argument| argument.to_string_lossy());
    while let Some(argument) = arguments.next() {
        if WITH_VALUE.contains(&&*argument) {
            arguments.next();
        } else if !argument.starts_with('-') {
            return argument == "run";
        }
    }
    false
}

/// What makes it unknown which session a process is in: a fork has an id of its own, a server that
/// is attached to does the work in another process, and a screen can be led to another session.
const ELSEWHERE: [&str; 5] = ["--fork", "--attach", "--interactive", "-i", "--continue"];

/// The session that a process without a screen was started for. Most are started without saying it.
pub(super) fn session_of(argv: &[OsString]) -> Option<Arc<str>> {
    if !is_headless(argv) {
        return None;
    }
    let mut named = None;
    let mut arguments = argv.iter().skip(1).map(|argument| argument.to_str());
    while let Some(argument) = arguments.next() {
        let argument = argument?;
        let (option, value) = argument.split_once('=').unwrap_or((argument, ""));
        match option {
            "--" => break,
            "--session" | "-s" => {
                let value = if argument == option { arguments.next()?? } else { value };
                // Named twice, it is for the client to say which is meant.
                if named.replace(value).is_some() {
                    return None;
                }
            }
            _ if ELSEWHERE.contains(&option) || is_short_flags(option) => return None,
            _ => {}
        }
    }
    let id = named.filter(|id| id.starts_with("ses_") && is_session_id(id))?;
    Some(Arc::from(id))
}

/// Several options in one argument, any of which may be one that matters.
fn is_short_flags(option: &str) -> bool {
    option.len() > 2 && option.starts_with('-') && !option.starts_with("--")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_executable_decides_what_is_the_agent() {
        for exe in [
            "/usr/lib/node_modules/opencode-ai/bin/opencode.exe",
            "/usr/lib/node_modules/opencode-linux-x64/bin/opencode",
            "/home/dev/.opencode/bin/opencode",
        ] {
            assert!(is_executable(Path::new(exe)), "{exe}");
        }
        for exe in ["/usr/bin/node", "/usr/bin/opencode-monitor", "/opt/opencode/bin/other", "/"] {
            assert!(!is_executable(Path::new(exe)), "{exe}");
        }
    }

    #[test]
    fn headless_is_a_subcommand() {
        let is = |words: &str| {
            is_headless(&words.split(' ').map(OsString::from).collect::<Vec<OsString>>())
        };
        for words in ["opencode run hi", "opencode --print-logs --log-level DEBUG run -s x hi"] {
            assert!(is(words), "{words}");
        }
        for words in
            ["opencode", "opencode serve", "opencode /home/dev/run", "opencode --log-level run"]
        {
            assert!(!is(words), "{words}");
        }
    }

    #[test]
    fn a_session_is_told_only_where_there_can_be_no_other() {
        let of = |words: &str| {
            session_of(&words.split(' ').map(OsString::from).collect::<Vec<OsString>>())
        };
        for words in [
            "opencode run --session ses_a1 go on",
            "opencode run -s ses_a1 go",
            "opencode.exe run --model lab/x --session=ses_a1 go -- --fork",
        ] {
            assert_eq!(of(words).as_deref(), Some("ses_a1"), "{words}");
        }
        for words in [
            "opencode run go",
            "opencode --session ses_a1",
            "opencode run -s ses_a1 --fork go",
            "opencode run -s ses_a1 --attach=http://localhost:4096 go",
            "opencode run -is ses_a1 go",
            "opencode run -s ses_a1 -s ses_b2 go",
            "opencode run go -- -s ses_a1",
            "opencode run -s",
            "opencode run -s $(reboot) go",
            "opencode run --continue go",
        ] {
            assert_eq!(of(words), None, "{words}");
        }
    }
}
