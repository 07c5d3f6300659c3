//! Where `OpenCode` keeps its databases, and which files are one.

use std::path::{Path, PathBuf};

use super::tables::TABLES;
use crate::agents::{Source, Surroundings};

/// Names its data folder.
const FOLDER: &str = "OPENCODE_DATA_DIR";

/// Names its database.
const DATABASE: &str = "OPENCODE_DB";

/// Variables that say where its data is.
pub(super) const VARIABLES: [&str; 2] = [FOLDER, DATABASE];

/// Where it keeps the keys and tokens of its logins.
const ACCOUNT: &str = "auth.json";

/// Words in the names of copies that somebody has put away.
const PUT_AWAY: [&str; 12] = [
    "backup", "bak", "copy", "old", "orig", "save", "snapshot", "before", "pre", "corrupt",
    "broken", "tmp",
];

/// More digits than the number of an issue has.
const DIGITS_OF_DATE: usize = 6;

/// Every data folder that may hold a database: a shell may set another one than the daemon has.
pub(super) fn homes(surroundings: &Surroundings<'_>) -> Vec<PathBuf> {
    let of_database = surroundings.folder(DATABASE).filter(|path| path.is_absolute());
    let of_database = of_database.and_then(|path| path.parent().map(Path::to_owned));
    let usual = surroundings.data_home.map(|data| data.join("opencode"));
    let mut homes: Vec<PathBuf> = Vec::new();
    for home in [surroundings.folder(FOLDER), of_database, usual].into_iter().flatten() {
        if !homes.contains(&home) {
            homes.push(home);
        }
    }
    homes
}

/// The logins of the data folder that is in use.
pub(super) fn account_files(surroundings: &Surroundings<'_>) -> Vec<PathBuf> {
    homes(surroundings).into_iter().take(1).map(|home| home.join(ACCOUNT)).collect()
}

/// Where clients of 2025 kept each message in a file, below the data folder: by session, then by
/// message.
pub(super) const MESSAGES: [&str; 2] = ["storage", "message"];

/// `opencode.db`, and `opencode-<channel>.db` of builds that are no release. A copy that was put
/// away has a name of the same form; it tells again what the database told. And the files of
/// messages from before there was a database.
pub(super) fn source(path: &Path) -> Option<Source> {
    let name = path.file_name()?.to_str()?;
    if name.strip_prefix("msg_").is_some_and(|id| id.strip_suffix(".json").is_some()) {
        let folder = path.parent()?.parent()?;
        return folder
            .ends_with(Path::new(MESSAGES[0]).join(MESSAGES[1]))
            .then_some(Source::Document);
    }
    let name = name.strip_suffix(".db")?.strip_prefix("opencode")?;
    let is_database = name.is_empty() || name.strip_prefix('-').is_some_and(is_channel);
    is_database.then_some(Source::Rows(&TABLES))
}

/// The name of a channel or a branch: no date, and no word for a copy.
fn is_channel(name: &str) -> bool {
    let mut digits = 0;
    let is_dated = name.bytes().filter(|byte| !b"-_.:T".contains(byte)).any(|byte| {
        digits = if byte.is_ascii_digit() { digits + 1 } else { 0 };
        digits >= DIGITS_OF_DATE
    });
    let is_put_away = |word: &str| PUT_AWAY.contains(&word.to_ascii_lowercase().as_str());
    let mut words = name.split(|c: char| !c.is_ascii_alphabetic());
    !name.is_empty() && !is_dated && !name.contains(' ') && !words.any(is_put_away)
}

#[cfg(test)]
mod tests {
    use std::slice;

    use super::*;

    #[test]
    fn databases_are_told_from_what_was_put_away() {
        for name in ["opencode.db", "opencode-dev.db", "opencode-pr-5123.db", "opencode-a_2.db"] {
            let source = source(Path::new("/d").join(name).as_path());
            assert_eq!(source, Some(Source::Rows(TABLES.as_slice())), "{name}");
        }
        let message = Path::new("/d/storage/message/ses_a/msg_1.json");
        assert_eq!(source(message), Some(Source::Document));
        for name in [
            "opencode.db-wal",
            "opencode.db-shm",
            "opencode.db.bak",
            "opencode.db.1",
            "opencode-backup.db",
            "opencode-dev.bak.db",
            "opencode-2026-09-14.db",
            "opencode-pre-v2.db",
            "opencode-1795451787912.db",
            "opencode copy.db",
            "opencode-.db",
            "opencode2.db",
            "other.db",
            "storage/message/ses_a/prt_1.json",
            "storage/part/msg_1/msg_1.json",
            "msg_1.json",
        ] {
            assert_eq!(source(Path::new("/d").join(name).as_path()), None, "{name}");
        }
    }

    #[test]
    fn every_folder_that_may_hold_a_database() {
        let homes_with = |name: &'static str, value: &'static str| {
            homes(&Surroundings {
                home: Some(Path::new("/h")),
                config_home: None,
                data_home: Some(Path::new("/h/.local/share")),
                variable: &|asked| (asked == name).then(|| value.into()),
            })
        };
        let usual = PathBuf::from("/h/.local/share/opencode");
        assert_eq!(homes_with("", ""), slice::from_ref(&usual));
        assert_eq!(homes_with(FOLDER, "~/x"), ["/h/x".into(), usual.clone()]);
        assert_eq!(homes_with(DATABASE, "/y/opencode-a.db"), ["/y".into(), usual.clone()]);
        // A name alone is in the data folder; in memory there is nothing to read.
        assert_eq!(homes_with(DATABASE, "opencode-a.db"), slice::from_ref(&usual));
        assert_eq!(homes_with(DATABASE, ":memory:"), [usual]);
    }
}
