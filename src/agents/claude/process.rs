//! Which processes are Claude Code, and how one is spoken to.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use crate::agents::process::INTERPRETERS;

/// The script of the npm package, which earlier versions were.
const SCRIPT: &str = "@anthropic-ai/claude-code/cli.js";

/// By the executable and never by the name that a process gives itself: a native installation, or
/// an interpreter with the package's script.
pub(super) fn is_executable(exe: &Path, argv: &[OsString]) -> bool {
    let Some(name) = exe.file_name().and_then(OsStr::to_str) else { return false };
    matches!(name, "claude" | "claude.exe") || is_native(exe, name) || is_script(name, argv)
}

/// `…/claude/versions/<version>`, where the native installer puts it.
fn is_native(exe: &Path, name: &str) -> bool {
    let folder = exe.parent();
    let parent = folder.and_then(Path::parent);
    name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b".-+".contains(&b))
        && folder.and_then(Path::file_name) == Some(OsStr::new("versions"))
        && parent.and_then(Path::file_name) == Some(OsStr::new("claude"))
}

fn is_script(interpreter: &str, argv: &[OsString]) -> bool {
    INTERPRETERS.contains(&interpreter) && script_at(argv).is_some()
}

/// Where the package's script stands among an interpreter's arguments: the first that is no
/// option. An option with a value of its own hides it, which is safe.
fn script_at(argv: &[OsString]) -> Option<usize> {
    let is_option = |argument: &OsString| argument.as_encoded_bytes().starts_with(b"-");
    let at = 1 + argv.iter().skip(1).position(|argument| !is_option(argument))?;
    let script = Path::new(&argv[at]);
    let folder = script.parent().and_then(Path::file_name);
    let in_bin = folder.is_some_and(|folder| folder == "bin" || folder == ".bin");
    let is_launcher = in_bin && script.file_name() == Some(OsStr::new("claude"));
    (script.ends_with(SCRIPT) || is_launcher).then_some(at)
}

/// The agent's own arguments: without the program, or the interpreter and its script.
fn own_arguments<'a>(exe: &Path, argv: &'a [OsString]) -> &'a [OsString] {
    let name = exe.file_name().and_then(OsStr::to_str).unwrap_or_default();
    let first = if INTERPRETERS.contains(&name) { script_at(argv).unwrap_or(0) } else { 0 };
    argv.get(first + 1..).unwrap_or_default()
}

/// Started without a screen, to answer one prompt. What follows `--` is the prompt.
pub(super) fn is_headless(exe: &Path, argv: &[OsString]) -> bool {
    own_arguments(exe, argv)
        .iter()
        .take_while(|argument| *argument != "--")
        .any(|argument| argument == "-p" || argument == "--print")
}

/// The arguments with which the same program stops one of its background workers.
pub(super) fn stop_arguments(exe: &Path, argv: &[OsString], job_id: &str) -> Vec<OsString> {
    let before = argv.len() - own_arguments(exe, argv).len();
    let launcher = argv.get(1..before).unwrap_or_default();
    launcher.iter().cloned().chain(["stop".into(), job_id.into()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argv(words: &str) -> Vec<OsString> {
        words.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn the_executable_decides_what_is_the_agent() {
        let lib = "/usr/lib/node_modules/@anthropic-ai/claude-code";
        let node_script = format!("node --no-warnings {lib}/cli.js -p hi");
        for (exe, arguments) in [
            (&*format!("{lib}/bin/claude.exe"), "claude -p hi"),
            ("/home/dev/.local/bin/claude", "anything"),
            ("/home/dev/.local/share/claude/versions/2.1.197", "claude"),
            ("/usr/bin/node", &node_script),
            ("/usr/bin/node", "node /usr/local/bin/claude"),
            ("/usr/bin/bun", "bun /home/dev/app/node_modules/.bin/claude"),
        ] {
            assert!(is_executable(Path::new(exe), &argv(arguments)), "{exe} {arguments}");
        }
        for (exe, arguments) in [
            ("/usr/bin/sleep", "claude 60"),
            ("/usr/bin/tmux", "claude"),
            ("/usr/bin/node", "claude"),
            ("/usr/bin/node", "node server.js @anthropic-ai/claude-code/cli.js"),
            ("/usr/bin/node", "node /home/dev/claude"),
            ("/usr/bin/node", "node /srv/x@anthropic-ai/claude-code/cli.js"),
            ("/usr/bin/vim", "vim /usr/local/bin/claude"),
            ("/home/dev/claude/versions/sleep", "claude"),
            ("/home/dev/versions/2.1.197", "claude"),
            ("/home/dev/bin/claude-monitor", "claude"),
            ("/", "claude"),
        ] {
            assert!(!is_executable(Path::new(exe), &argv(arguments)), "{exe} {arguments}");
        }
    }

    #[test]
    fn headless_is_an_argument_of_the_agent_itself() {
        let native = Path::new("/usr/bin/claude");
        let node = Path::new("/usr/bin/node");
        assert!(is_headless(native, &argv("claude --model x -p hi")));
        assert!(is_headless(node, &argv("node /usr/bin/claude --print hi")));
        assert!(!is_headless(node, &argv("node -p /usr/bin/claude")));
        assert!(!is_headless(native, &argv("claude -- -p")));
        assert!(!is_headless(native, &[]));
    }

    #[test]
    fn a_worker_is_stopped_by_the_same_program() {
        let stop =
            |exe: &str, words: &str| stop_arguments(Path::new(exe), &argv(words), "0a1b2c3d");
        assert_eq!(stop("/bin/claude", "claude --session-id x"), argv("stop 0a1b2c3d"));
        let by_node = stop("/bin/node", "node /bin/claude --resume x");
        assert_eq!(by_node, argv("/bin/claude stop 0a1b2c3d"));
        assert_eq!(stop_arguments(Path::new("/bin/claude"), &[], "j"), argv("stop j"));
    }
}
