//! Where Codex keeps its rollouts, and what their names say.

use std::path::{Path, PathBuf};

use crate::agents::{Source, Surroundings};

/// Names its config folder.
pub(super) const VARIABLE: &str = "CODEX_HOME";

/// Rollouts in use, by day, and those that were put away.
const FOLDERS: [&str; 2] = ["sessions", "archived_sessions"];

/// Where it says who is logged in.
const ACCOUNT: &str = "auth.json";

/// Every config folder that may hold rollouts: a shell may set another one than the daemon has.
pub(super) fn homes(surroundings: &Surroundings<'_>) -> Vec<PathBuf> {
    surroundings.folder(VARIABLE).into_iter().chain(surroundings.below_home(".codex")).collect()
}

/// The folders of rollouts in a config folder; one of them is taken as it is.
pub(super) fn roots(home: &Path) -> Vec<PathBuf> {
    if home.file_name().is_some_and(|name| FOLDERS.iter().any(|folder| name == *folder)) {
        return vec![home.to_owned()];
    }
    FOLDERS.iter().map(|folder| home.join(folder)).collect()
}

/// The account of the config folder that is in use.
pub(super) fn account_files(surroundings: &Surroundings<'_>) -> Vec<PathBuf> {
    homes(surroundings).into_iter().take(1).map(|home| home.join(ACCOUNT)).collect()
}

/// `rollout-….jsonl`, and the same compressed when it was idle for a week.
pub(super) fn source(path: &Path) -> Option<Source> {
    let name = path.file_name()?.to_str()?.strip_prefix("rollout-")?;
    match name.strip_suffix(".zst") {
        Some(name) => name.strip_suffix(".jsonl").map(|_| Source::ZstdLines),
        None => name.strip_suffix(".jsonl").map(|_| Source::Lines),
    }
}

/// The thread of `rollout-<YYYY-MM-DDThh-mm-ss>-<thread>[_<rollout>].jsonl[.zst]`.
pub(super) fn thread_of(path: &Path) -> Option<&str> {
    const TIME: usize = "2026-11-23T16-31-40-".len();
    let name = path.file_name()?.to_str()?.strip_prefix("rollout-")?;
    let name = name.strip_suffix(".zst").unwrap_or(name).strip_suffix(".jsonl")?;
    // A copy under a name of somebody's own.
    let rest = name.get(TIME..).unwrap_or(name);
    let thread = rest.split('_').next()?;
    (!thread.is_empty()).then_some(thread)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_rollouts() {
        const ID: &str = "01a2093f-b750-7ad0-a7be-b88f30a0bcb5";
        let name = format!("/h/2026/11/23/rollout-2026-11-23T16-31-40-{ID}");
        for (path, kind) in [
            (format!("{name}.jsonl"), Some(Source::Lines)),
            (format!("{name}.jsonl.zst"), Some(Source::ZstdLines)),
            (format!("{name}_01a2093f-ffff.jsonl"), Some(Source::Lines)),
            (format!("{name}.jsonl.tmp"), None),
            ("/h/history.jsonl".to_owned(), None),
            ("/h/session_index.jsonl".to_owned(), None),
        ] {
            assert_eq!(source(Path::new(&path)), kind, "{path}");
            if kind.is_some() {
                assert_eq!(thread_of(Path::new(&path)), Some(ID), "{path}");
            }
        }
        assert_eq!(thread_of(Path::new("rollout-x.jsonl")), Some("x"));
        assert_eq!(thread_of(Path::new("rollout-.jsonl")), None);
    }

    #[test]
    fn active_and_archived_rollouts_of_both_homes() {
        let surroundings = Surroundings {
            home: Some(Path::new("/h")),
            config_home: None,
            data_home: None,
            variable: &|name| (name == VARIABLE).then(|| "~/other".into()),
        };
        assert_eq!(homes(&surroundings), ["/h/other", "/h/.codex"].map(PathBuf::from));
        assert_eq!(account_files(&surroundings), [PathBuf::from("/h/other/auth.json")]);
        assert_eq!(
            roots(Path::new("/h/.codex")),
            ["/h/.codex/sessions", "/h/.codex/archived_sessions"].map(PathBuf::from)
        );
        assert_eq!(roots(Path::new("/x/sessions")), [PathBuf::from("/x/sessions")]);
    }
}
