//! Which processes are Gemini CLI, and how one runs.

use std::ffi::OsString;
use std::path::Path;

use crate::agents::process;

/// The program of the npm package, and of older versions.
const SCRIPTS: [&str; 2] =
    ["@google/gemini-cli/bundle/gemini.js", "@google/gemini-cli/dist/index.js"];
/// Its name where it was installed.
const NAME: &str = "gemini";

/// By the executable and never by the name that a process gives itself.
pub(super) fn is_executable(exe: &Path, argv: &[OsString]) -> bool {
    process::is_script(exe, argv, NAME, &SCRIPTS)
}

/// Started to answer one prompt. What is not recognised runs in a terminal.
pub(super) fn is_headless(argv: &[OsString]) -> bool {
    process::has_option(argv, "-p", "--prompt")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argv(words: &str) -> Vec<OsString> {
        words.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn the_executable_decides_what_is_the_agent() {
        let script = "/usr/lib/node_modules/@google/gemini-cli/bundle/gemini.js";
        for (exe, arguments, is_it) in [
            ("/usr/bin/node", format!("node {script} -p hi"), true),
            ("/usr/bin/node", format!("node --no-warnings {script}"), true),
            ("/usr/bin/node", "node /home/dev/app/node_modules/.bin/gemini".to_owned(), true),
            ("/usr/bin/node", "gemini".to_owned(), false),
            ("/usr/bin/node", format!("node server.js {script}"), false),
            ("/usr/bin/node", "node /home/dev/gemini".to_owned(), false),
            ("/usr/bin/vim", format!("vim {script}"), false),
        ] {
            assert_eq!(
                is_executable(Path::new(exe), &argv(&arguments)),
                is_it,
                "{exe} {arguments}"
            );
        }
    }

    #[test]
    fn headless_is_an_option() {
        for (words, is_it) in [
            ("node gemini -y -p hi", true),
            ("node gemini --prompt=hi", true),
            ("node gemini", false),
            ("node gemini --prompt-interactive hi", false),
        ] {
            assert_eq!(is_headless(&argv(words)), is_it, "{words}");
        }
    }
}
