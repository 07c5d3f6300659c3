//! Where Copilot CLI keeps its sessions, what their paths say, and which processes it is.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::agents::{Source, Surroundings, is_session_id, process};

/// Names its config folder.
pub(super) const VARIABLE: &str = "COPILOT_HOME";

/// A folder for each session is in here; older versions have a file for each.
const FOLDER: &str = "session-state";

/// What was done in a session.
const EVENTS: &str = "events.jsonl";

/// The npm package's launcher, which only waits for the program, and the program of older versions.
const SCRIPTS: [&str; 2] = ["@github/copilot/npm-loader.js", "@github/copilot/index.js"];

/// Every config folder that may hold sessions: a shell may set another one than the daemon has.
pub(super) fn homes(surroundings: &Surroundings<'_>) -> Vec<PathBuf> {
    surroundings.folder(VARIABLE).into_iter().chain(surroundings.below_home(".copilot")).collect()
}

/// The folder of sessions in a config folder; such a one is taken as it is.
pub(super) fn roots(home: &Path) -> Vec<PathBuf> {
    if home.file_name().is_some_and(|name| name == FOLDER) {
        return vec![home.to_owned()];
    }
    vec![home.join(FOLDER)]
}

/// `<session>/events.jsonl`, or `<session>.jsonl` as older versions have it.
pub(super) fn source(path: &Path) -> Option<Source> {
    let is_events = path.file_name()? == EVENTS;
    let is_older = path.parent()?.file_name()? == FOLDER && path.extension()? == "jsonl";
    (is_events || is_older).then_some(Source::Lines)
}

/// The session, by the path.
pub(super) fn name(path: &Path) -> &str {
    let is_events = path.file_name().is_some_and(|name| name == EVENTS);
    let name = if is_events { path.parent().and_then(Path::file_name) } else { path.file_stem() };
    name.and_then(OsStr::to_str).unwrap_or_default()
}

/// The session of `session-state/<session>/inuse.<pid>.hold`, which its process keeps open.
pub(super) fn session_in_use(path: &Path) -> Option<Arc<str>> {
    let name = path.file_name()?.to_str()?;
    let pid = name.strip_prefix("inuse.")?.strip_suffix(".hold")?;
    let is_number = !pid.is_empty() && pid.bytes().all(|byte| byte.is_ascii_digit());
    let folder = path.parent().filter(|folder| folder.parent().is_some_and(is_root))?;
    let session = folder.file_name()?.to_str()?;
    (is_number && is_session_id(session)).then(|| Arc::from(session))
}

fn is_root(folder: &Path) -> bool {
    folder.file_name() == Some(OsStr::new(FOLDER))
}

/// By the executable and never by the name that a process gives itself.
pub(super) fn is_executable(exe: &Path, argv: &[OsString]) -> bool {
    exe.file_name() == Some(OsStr::new("copilot"))
        || process::is_script(exe, argv, "copilot", &SCRIPTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_by_their_paths() {
        for (path, kind, session) in [
            ("/h/.copilot/session-state/d3f5c882-1202/events.jsonl", true, "d3f5c882-1202"),
            ("/h/.copilot/session-state/d3f5c882-1202.jsonl", true, "d3f5c882-1202"),
            ("/h/.copilot/session-state/d3f5c882-1202/workspace.yaml", false, "workspace"),
            ("/h/.copilot/session-state/d3f5c882-1202/files/a.jsonl", false, "a"),
        ] {
            let path = Path::new(path);
            assert_eq!(source(path).is_some(), kind, "{path:?}");
            assert_eq!(name(path), session, "{path:?}");
        }
    }

    #[test]
    fn what_a_process_holds_tells_its_session() {
        let of = |path: &str| session_in_use(Path::new(path));
        assert_eq!(of("/h/session-state/d3f5-1/inuse.17.hold").as_deref(), Some("d3f5-1"));
        for path in [
            "/h/session-state/d3f5-1/events.jsonl",
            "/h/session-state/d3f5-1/inuse.x.hold",
            "/h/session-state/d3f5-1/inuse..hold",
            "/h/session-state/a b/inuse.17.hold",
            "/h/session-state/inuse.17.hold",
            "/h/pkg/1.0.102/inuse.17.hold",
        ] {
            assert_eq!(of(path), None, "{path}");
        }
    }

    #[test]
    fn the_executable_decides_what_is_the_agent() {
        let argv = |words: &str| words.split(' ').map(OsString::from).collect::<Vec<_>>();
        for (exe, words, is_it) in [
            ("/usr/lib/node_modules/@github/copilot-linux-x64/copilot", "anything", true),
            ("/usr/bin/node", "node /usr/lib/node_modules/@github/copilot/index.js -p hi", true),
            ("/usr/bin/node", "node /home/dev/copilot", false),
            ("/usr/bin/vim", "copilot", false),
        ] {
            assert_eq!(is_executable(Path::new(exe), &argv(words)), is_it, "{exe} {words}");
        }
    }

    #[test]
    fn both_homes() {
        let surroundings = Surroundings {
            home: Some(Path::new("/h")),
            config_home: None,
            data_home: None,
            variable: &|name| (name == VARIABLE).then(|| "~/other".into()),
        };
        assert_eq!(homes(&surroundings), ["/h/other", "/h/.copilot"].map(PathBuf::from));
        assert_eq!(roots(Path::new("/h/.copilot")), [PathBuf::from("/h/.copilot/session-state")]);
        assert_eq!(roots(Path::new("/x/session-state")), [PathBuf::from("/x/session-state")]);
    }
}
