//! Where Claude Code keeps its transcripts, and which of them are one session's.

use std::path::{Path, PathBuf};

use crate::agents::Surroundings;

/// Names its config folder: one, or several with commas between them.
pub(super) const VARIABLE: &str = "CLAUDE_CONFIG_DIR";

/// Where it says who is logged in.
const ACCOUNT: &str = ".claude.json";

/// Every config folder that may hold transcripts.
pub(super) fn homes(surroundings: &Surroundings<'_>) -> Vec<PathBuf> {
    let mut homes = surroundings.folders(VARIABLE).unwrap_or_default();
    homes.extend(surroundings.below_home(".claude"));
    homes.extend(surroundings.config_home.map(|config| config.join("claude")));
    homes
}

/// The transcripts of a config folder; the `projects` folder itself is taken as it is.
pub(super) fn projects(home: &Path) -> PathBuf {
    if home.file_name().is_some_and(|name| name == "projects") {
        home.to_owned()
    } else {
        home.join("projects")
    }
}

/// Beside the home's config folder, or in the one that the environment names.
pub(super) fn account_files(surroundings: &Surroundings<'_>) -> Vec<PathBuf> {
    match surroundings.folders(VARIABLE) {
        Some(folders) => folders.into_iter().map(|folder| folder.join(ACCOUNT)).collect(),
        None => surroundings.below_home(ACCOUNT).into_iter().collect(),
    }
}

/// The session's own transcript, where another one is of a subagent:
/// `<session>/subagents/…/agent-<id>.jsonl` lies beside `<session>.jsonl`.
pub(super) fn own_transcript(path: &Path, session_id: &str) -> PathBuf {
    let folder =
        path.ancestors().find(|folder| folder.file_name().is_some_and(|name| name == session_id));
    match folder {
        Some(folder) => folder.with_file_name(format!("{session_id}.jsonl")),
        None => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    #[test]
    fn every_config_folder_is_looked_at() {
        let variable = |name: &str| {
            (name == VARIABLE).then(|| OsString::from("/a, ~/b,/c/projects,/h/.claude"))
        };
        let surroundings = Surroundings {
            home: Some(Path::new("/h")),
            config_home: Some(Path::new("/x")),
            data_home: None,
            variable: &variable,
        };
        let roots: Vec<PathBuf> = homes(&surroundings).iter().map(|home| projects(home)).collect();
        let expected = [
            "/a/projects",
            "/h/b/projects",
            "/c/projects",
            "/h/.claude/projects",
            "/h/.claude/projects",
            "/x/claude/projects",
        ];
        assert_eq!(roots, expected.map(PathBuf::from));
        assert_eq!(account_files(&surroundings)[1], Path::new("/h/b/.claude.json"));
        let unset = Surroundings { variable: &|_| None, ..surroundings };
        assert_eq!(homes(&unset), ["/h/.claude", "/x/claude"].map(PathBuf::from));
        assert_eq!(account_files(&unset), [PathBuf::from("/h/.claude.json")]);
        assert!(homes(&Surroundings { home: None, config_home: None, ..unset }).is_empty());
    }

    #[test]
    fn a_subagents_transcript_lies_below_the_sessions() {
        let own = |path: &str| own_transcript(Path::new(path), "S");
        assert_eq!(own("/p/S/subagents/w/agent-a.jsonl"), Path::new("/p/S.jsonl"));
        assert_eq!(own("/p/S.jsonl"), Path::new("/p/S.jsonl"));
    }
}
