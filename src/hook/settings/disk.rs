//! A settings file on disk: read with care, written whole or not at all, with a copy beside it.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::{Change, Unfit, Wanted, install, uninstall};

/// Settings longer than this are none.
const MAX_BYTES: u64 = 16 << 20;

/// An agent's settings file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsFile {
    /// Where it is; of a link, where that leads.
    path: PathBuf,
    /// What is in it; none where there is no file.
    text: Option<String>,
}

/// What became of the copy beside the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backup {
    /// Made.
    Made,
    /// Not needed: nothing was changed, or it is there.
    Kept,
    /// The settings are again as it was, and it is gone.
    Restored,
}

impl SettingsFile {
    /// Reads an agent's settings.
    pub fn read(path: &Path) -> Result<Self, Unfit> {
        let unfit = |error: io::Error| Unfit::Disk(error.to_string());
        let path = match fs::symlink_metadata(path) {
            // A link without an end stays what it is: an error.
            Ok(_) => fs::canonicalize(path).map_err(unfit)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self { path: path.to_owned(), text: None });
            }
            Err(error) => return Err(unfit(error)),
        };
        let metadata = fs::metadata(&path).map_err(unfit)?;
        if !metadata.is_file() || metadata.len() > MAX_BYTES {
            return Err(Unfit::Disk("it is no settings file".to_owned()));
        }
        let bytes = fs::read(&path).map_err(unfit)?;
        let text = String::from_utf8(bytes).map_err(|_| Unfit::NotJson("no UTF-8".to_owned()))?;
        Ok(Self { path, text: Some(text) })
    }

    /// What is in it.
    pub fn text(&self) -> &str {
        self.text.as_deref().unwrap_or("{}")
    }

    /// Where the copy of the settings from before the hook is.
    pub fn backup(&self) -> PathBuf {
        let mut name = self.path.as_os_str().to_owned();
        name.push(".before-spendtop");
        name.into()
    }

    /// Puts the hook in.
    pub fn install(&self, wanted: &Wanted<'_>, dry: bool) -> Result<(Vec<Change>, Backup), Unfit> {
        let (text, changes) = install(self.text(), wanted)?;
        if changes.is_empty() {
            return Ok((changes, Backup::Kept));
        }
        self.check_writable()?;
        let is_first = !changes.iter().any(|change| matches!(change, Change::Updated(..)))
            && uninstall(self.text(), wanted.command)?.1.is_empty();
        if dry {
            return Ok((changes, Backup::Kept));
        }
        let backup = if is_first && self.back_up()? { Backup::Made } else { Backup::Kept };
        // A file that was not there ends in a line end, as an editor would write it.
        self.write(&if self.text.is_none() { text + "\n" } else { text })?;
        Ok((changes, backup))
    }

    /// Takes the hook out. Where nothing else was changed since, the settings are what they were
    /// before to the byte.
    pub fn uninstall(
        &self,
        wanted: &Wanted<'_>,
        dry: bool,
    ) -> Result<(Vec<Change>, Backup), Unfit> {
        let (text, changes) = uninstall(self.text(), wanted.command)?;
        if changes.is_empty() {
            return Ok((changes, Backup::Kept));
        }
        self.check_writable()?;
        if dry {
            return Ok((changes, Backup::Kept));
        }
        let with = changes.iter().find_map(|change| match change {
            Change::Removed(_, command) => Some(command.as_str()),
            _ => None,
        });
        let with = Wanted { command: with.unwrap_or(wanted.command), ..*wanted };
        let as_installed = |before: &str| install(before, &with).ok().map(|(text, _)| text);
        let backup = self.backup();
        let kept = fs::symlink_metadata(&backup).ok().filter(fs::Metadata::is_file);
        let before = kept.and_then(|_| fs::read_to_string(&backup).ok());
        if let Some(before) =
            before.filter(|before| as_installed(before).as_deref() == Some(self.text()))
        {
            self.write(&before)?;
            // It has done its work; one that stays does no harm.
            let _ = fs::remove_file(&backup);
            return Ok((changes, Backup::Restored));
        }
        if !backup.exists() && as_installed("{}").map(|text| text + "\n") == self.text {
            fs::remove_file(&self.path).map_err(|error| Unfit::Disk(error.to_string()))?;
            return Ok((changes, Backup::Restored));
        }
        self.write(&text)?;
        Ok((changes, Backup::Kept))
    }

    /// Copies the settings; tells whether there was anything to copy.
    fn back_up(&self) -> Result<bool, Unfit> {
        let backup = self.backup();
        let unfit = |error: io::Error| {
            Unfit::Disk(format!("cannot make the copy {}: {error}", backup.display()))
        };
        let Some(text) = &self.text else {
            // An older copy is not of these settings.
            match fs::remove_file(&backup) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(unfit(error)),
                _ => return Ok(false),
            }
        };
        let folder = backup.parent().unwrap_or(Path::new("."));
        let mut file = NamedTempFile::new_in(folder).map_err(unfit)?;
        file.write_all(text.as_bytes()).map_err(unfit)?;
        file.as_file().set_permissions(Permissions::from_mode(0o600)).map_err(unfit)?;
        file.persist(&backup).map_err(|error| unfit(error.error))?;
        Ok(true)
    }

    /// A file that its owner made read-only is to stay as it is, though it could be replaced.
    fn check_writable(&self) -> Result<(), Unfit> {
        let unfit = |what: &str| Err(Unfit::Disk(what.to_owned()));
        if self.text.is_none() {
            return Ok(());
        }
        let metadata = fs::metadata(&self.path).map_err(|error| Unfit::Disk(error.to_string()))?;
        if metadata.permissions().readonly() {
            return unfit("it is read-only");
        }
        if metadata.uid() != rustix::process::geteuid().as_raw() {
            return unfit("it is another user's");
        }
        match OpenOptions::new().write(true).open(&self.path) {
            Ok(_) => Ok(()),
            Err(error) => unfit(&error.to_string()),
        }
    }

    /// Writes beside and renames: an agent that reads meanwhile sees the one or the other.
    fn write(&self, text: &str) -> Result<(), Unfit> {
        let unfit = |error: io::Error| Unfit::Disk(format!("cannot write it: {error}"));
        let mode = match File::open(&self.path).and_then(|file| file.metadata()) {
            Ok(metadata) => metadata.permissions().mode() & 0o7777,
            Err(_) => 0o600,
        };
        let now = Self::read(&self.path)?;
        if now.text != self.text {
            return Err(Unfit::Disk("it was changed at this very moment: try again".to_owned()));
        }
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let mut file = NamedTempFile::new_in(folder).map_err(unfit)?;
        file.write_all(text.as_bytes()).map_err(unfit)?;
        file.as_file().set_permissions(Permissions::from_mode(mode)).map_err(unfit)?;
        file.as_file().sync_all().map_err(unfit)?;
        file.persist(&self.path).map_err(|error| unfit(error.error))?;
        Ok(())
    }
}
