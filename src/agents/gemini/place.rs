//! Where Gemini CLI keeps its chats, and what their paths say.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::agents::{Source, Surroundings};

/// Stands for the user's home.
pub(super) const VARIABLE: &str = "GEMINI_CLI_HOME";

/// The config folder, in the home.
const HOME: &str = ".gemini";

/// A folder for each project is in here.
const FOLDER: &str = "tmp";

/// The chats of a project.
const CHATS: &str = "chats";

/// Names the folder that a project is; older versions do not write it.
const PROJECT_ROOT: &str = ".project_root";

/// Where it says who pays.
const SETTINGS: &str = "settings.json";

/// Every config folder that may hold chats: a shell may set another one than the daemon has.
pub(super) fn homes(surroundings: &Surroundings<'_>) -> Vec<PathBuf> {
    let set = surroundings.folder(VARIABLE).map(|home| home.join(HOME));
    set.into_iter().chain(surroundings.below_home(HOME)).collect()
}

/// The folder of chats in a config folder; such a one is taken as it is.
pub(super) fn roots(home: &Path) -> Vec<PathBuf> {
    if home.file_name().is_some_and(|name| name == FOLDER) {
        return vec![home.to_owned()];
    }
    vec![home.join(FOLDER)]
}

/// The settings of the config folder that is in use.
pub(super) fn account_files(surroundings: &Surroundings<'_>) -> Vec<PathBuf> {
    homes(surroundings).into_iter().take(1).map(|home| home.join(SETTINGS)).collect()
}

/// A session's `chats/session-….jsonl`, or `.json` of older versions, and a subagent's
/// `chats/<session>/<subagent>.jsonl`. Beside the chats are logs, which hold no tokens.
pub(super) fn source(path: &Path) -> Option<Source> {
    folder_of_chats(path)?;
    match path.extension()?.to_str()? {
        "jsonl" => Some(Source::Lines),
        "json" => Some(Source::Document),
        _ => None,
    }
}

/// `<project>/chats` and, in a subagent's chat, the id of the session.
fn folder_of_chats(path: &Path) -> Option<(&Path, Option<&str>)> {
    let is_chats = |folder: &Path| folder.file_name() == Some(OsStr::new(CHATS));
    let folder = path.parent()?;
    if is_chats(folder) {
        return Some((folder, None));
    }
    let session = folder.file_name()?.to_str()?;
    folder.parent().filter(|above| is_chats(above)).map(|above| (above, Some(session)))
}

/// The session that a subagent's chat belongs to.
pub(super) fn session_of_subagent(path: &Path) -> Option<&str> {
    folder_of_chats(path)?.1
}

/// What a chat is called that does not say whose it is.
pub(super) fn name(path: &Path) -> &str {
    path.file_stem().and_then(OsStr::to_str).unwrap_or_default()
}

/// The file that names the folder which the chat's agent works in.
pub(super) fn cwd_file(path: &Path) -> Option<PathBuf> {
    Some(folder_of_chats(path)?.0.parent()?.join(PROJECT_ROOT))
}

#[cfg(test)]
mod tests {
    use std::path::Component;

    use super::*;

    #[test]
    fn chats_and_what_is_beside_them() {
        for (path, kind, session) in [
            ("/t/proj/chats/session-2026-11-23T16-45-be080b35.jsonl", Some(Source::Lines), None),
            ("/t/3fc/chats/session-2025-09-01T10-00-be080b35.json", Some(Source::Document), None),
            (
                "/t/proj/chats/be080b35-e7c6/abc123.jsonl",
                Some(Source::Lines),
                Some("be080b35-e7c6"),
            ),
            ("/t/proj/logs.json", None, None),
            ("/t/proj/checkpoints/2026-write_file.json", None, None),
            ("/t/proj/chats/session-a.jsonl.tmp-17", None, None),
            ("/t/proj/chats/session-a.jsonl.unreadable-17", None, None),
            ("/t/proj/chats/a/b/c.jsonl", None, None),
            ("/chats", None, None),
        ] {
            let path = Path::new(path);
            assert_eq!((source(path), session_of_subagent(path)), (kind, session), "{path:?}");
            let below = kind.and_then(|_| path.components().nth(2)).map(Component::as_os_str);
            let file = cwd_file(path).filter(|_| kind.is_some());
            let expected = below.map(|name| Path::new("/t").join(name).join(".project_root"));
            assert_eq!(file, expected, "{path:?}");
        }
    }

    #[test]
    fn the_folders_of_both_homes() {
        let surroundings = Surroundings {
            home: Some(Path::new("/h")),
            config_home: None,
            data_home: None,
            variable: &|name| (name == VARIABLE).then(|| "~/other".into()),
        };
        assert_eq!(homes(&surroundings), ["/h/other/.gemini", "/h/.gemini"].map(PathBuf::from));
        let settings = PathBuf::from("/h/other/.gemini/settings.json");
        assert_eq!(account_files(&surroundings), [settings]);
        assert_eq!(roots(Path::new("/h/.gemini")), [PathBuf::from("/h/.gemini/tmp")]);
        assert_eq!(roots(Path::new("/x/tmp")), [PathBuf::from("/x/tmp")]);
    }
}
