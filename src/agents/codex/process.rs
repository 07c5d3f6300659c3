//! Which processes are Codex, and how one runs.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use crate::agents::process::INTERPRETERS;

/// The launcher of the npm package, which only waits for the program itself.
const SCRIPT: &str = "@openai/codex/bin/codex.js";
/// Options of the program that take their value from the next argument.
const WITH_VALUE: [&str; 22] = [
    "-c",
    "--config",
    "-m",
    "--model",
    "-p",
    "--profile",
    "-s",
    "--sandbox",
    "-a",
    "--ask-for-approval",
    "-C",
    "--cd",
    "-i",
    "--image",
    "--enable",
    "--disable",
    "--add-dir",
    "--local-provider",
    "--remote",
    "--remote-auth-token-env",
    "--color",
    "--output-schema",
];
/// Subcommands that answer one prompt and end.
const HEADLESS: [&str; 3] = ["exec", "e", "review"];
/// The subcommand that runs sessions for others.
const SERVER: &str = "app-server";

/// By the executable and never by the name that a process gives itself: the program, or an
/// interpreter with the package's launcher.
pub(super) fn is_executable(exe: &Path, argv: &[OsString]) -> bool {
    let Some(name) = exe.file_name().and_then(OsStr::to_str) else { return false };
    name == "codex" || name == "codex.exe" || is_release(name) || is_launcher(name, argv)
}

/// As it comes from a release's archive: `codex-x86_64-unknown-linux-musl`.
fn is_release(name: &str) -> bool {
    name.strip_prefix("codex-").is_some_and(|target| {
        ["x86_64-", "aarch64-"].iter().any(|machine| target.starts_with(machine))
            && target.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    })
}

fn is_launcher(interpreter: &str, argv: &[OsString]) -> bool {
    let is_option = |argument: &&OsString| argument.as_encoded_bytes().starts_with(b"-");
    let script = argv.iter().skip(1).find(|argument| !is_option(argument)).map(Path::new);
    let Some(script) = script.filter(|_| INTERPRETERS.contains(&interpreter)) else { return false };
    let folder = script.parent().and_then(Path::file_name);
    let in_bin = folder.is_some_and(|folder| folder == "bin" || folder == ".bin");
    script.ends_with(SCRIPT) || (in_bin && script.file_name() == Some(OsStr::new("codex")))
}

/// Started without a screen. What is not recognised runs in a terminal, which is ended by a signal
/// that either kind obeys.
pub(super) fn is_headless(argv: &[OsString]) -> bool {
    subcommand(argv).is_some_and(|word| HEADLESS.contains(&&*word))
}

/// The server that several screens share.
pub(super) fn is_server(argv: &[OsString]) -> bool {
    subcommand(argv).is_some_and(|word| word == SERVER)
}

/// The first argument that is no option, and no option's value.
fn subcommand(argv: &[OsString]) -> Option<Cow<'_, str>> {
    let mut arguments = argv.iter().skip(1).map(|argument| argument.to_string_lossy());
    while let Some(argument) = arguments.next() {
        if WITH_VALUE.contains(&&*argument) {
            arguments.next();
        } else if !argument.starts_with('-') {
            return Some(argument);
        } else if argument == "--" {
            return None;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argv(words: &str) -> Vec<OsString> {
        words.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn the_executable_decides_what_is_the_agent() {
        let vendor = "@openai/codex-linux-x64/vendor/x86_64-unknown-linux-musl/bin/codex";
        let script = "node /usr/lib/node_modules/@openai/codex/bin/codex.js exec hi";
        for (exe, arguments) in [
            (&*format!("/usr/lib/node_modules/{vendor}"), "anything"),
            ("/usr/local/bin/codex", "codex"),
            ("/home/dev/bin/codex-x86_64-unknown-linux-musl", "codex"),
            ("/usr/bin/node", script),
            ("/usr/bin/node", "node /home/dev/app/node_modules/.bin/codex exec hi"),
        ] {
            assert!(is_executable(Path::new(exe), &argv(arguments)), "{exe} {arguments}");
        }
        for (exe, arguments) in [
            ("/usr/bin/sleep", "codex"),
            ("/usr/bin/vim", "vim /usr/local/bin/codex"),
            ("/usr/bin/node", "codex"),
            ("/usr/bin/node", "node server.js @openai/codex/bin/codex.js"),
            ("/usr/bin/node", "node /home/dev/codex"),
            ("/usr/bin/codex-monitor", "codex"),
            ("/usr/bin/codex-code-mode-host", "codex"),
            ("/usr/bin/codex-x86_64-$(reboot)", "codex"),
            ("/", "codex"),
        ] {
            assert!(!is_executable(Path::new(exe), &argv(arguments)), "{exe} {arguments}");
        }
    }

    #[test]
    fn headless_is_a_subcommand() {
        for words in [
            "codex exec hi",
            "codex e --json hi",
            "codex -c model=x --enable y exec resume --last",
            "codex --search -m gpt-5 review",
        ] {
            assert!(is_headless(&argv(words)), "{words}");
        }
        for words in
            ["codex", "codex fix exec", "codex resume exec", "codex -m exec", "codex -- exec"]
        {
            assert!(!is_headless(&argv(words)), "{words}");
        }
        assert!(!is_headless(&[]));
        assert!(is_server(&argv("codex app-server --listen unix:// --managed-daemon")));
        for words in ["codex", "codex exec app-server", "codex -- app-server"] {
            assert!(!is_server(&argv(words)), "{words}");
        }
    }
}
