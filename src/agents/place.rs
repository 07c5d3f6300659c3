//! Where agents keep what they write, as far as the environment decides it.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::table::{Table, row_at};

/// The environment, handed in by whoever may read it.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The user's home.
    pub home: Option<&'a Path>,
    /// `$XDG_CONFIG_HOME`, or `~/.config`.
    pub config_home: Option<&'a Path>,
    /// `$XDG_DATA_HOME`, or `~/.local/share`.
    pub data_home: Option<&'a Path>,
    /// One of the variables that [`super::Agent::variables`] names, if it is set.
    pub variable: &'a dyn Fn(&str) -> Option<OsString>,
}

impl Surroundings<'_> {
    /// Resolves a leading `~`.
    pub fn expand(&self, path: &Path) -> PathBuf {
        match (path.strip_prefix("~"), self.home) {
            (Ok(rest), Some(home)) => home.join(rest),
            _ => path.to_owned(),
        }
    }

    /// The folder that a variable names.
    pub fn folder(&self, variable: &str) -> Option<PathBuf> {
        (self.variable)(variable).map(|path| self.expand(Path::new(&path)))
    }

    /// The folders that a variable names, with commas between them.
    pub fn folders(&self, variable: &str) -> Option<Vec<PathBuf>> {
        let list = (self.variable)(variable)?;
        let list = list.to_string_lossy();
        let folders = list.split(',').map(str::trim).filter(|folder| !folder.is_empty());
        Some(folders.map(|folder| self.expand(Path::new(folder))).collect())
    }

    /// A folder below the home.
    pub fn below_home(&self, path: &str) -> Option<PathBuf> {
        self.home.map(|home| home.join(path))
    }
}

impl fmt::Debug for Surroundings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings").field("home", &self.home).finish_non_exhaustive()
    }
}

/// How the records of a transcript lie in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// One a line, appended to.
    Lines,
    /// The same, compressed with Zstandard: written once and never appended to.
    ZstdLines,
    /// The file is one JSON document, and one record: written anew as a whole.
    Document,
    /// Rows of an SQLite database.
    Rows(&'static [Table]),
}

/// Where a record is in its transcript.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Spot {
    /// In a file.
    Byte {
        /// The byte it begins at.
        offset: u64,
    },
    /// In a database.
    Row {
        /// The table.
        table: &'static str,
        /// The number of the row.
        row: u64,
    },
}

impl Source {
    /// Where the record is that a parser was told to be at this offset.
    pub fn spot(self, offset: u64) -> Spot {
        let (table, row) = row_at(offset);
        match self {
            Self::Rows(tables) if table < tables.len() => {
                Spot::Row { table: tables[table].name, row }
            }
            _ => Spot::Byte { offset },
        }
    }
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Byte { offset } => write!(f, "@ {offset}"),
            Self::Row { table, row } => write!(f, "@ {table} row {row}"),
        }
    }
}
