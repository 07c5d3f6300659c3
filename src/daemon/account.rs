//! Whether dollars are money spent, or the worth of what a plan covers.

use std::fs;
use std::path::PathBuf;

use crate::agents::claude;
use crate::config::Account;

/// Whether calls are covered by a plan: as the config says, else as the agents' own files do.
///
/// `files` are the `.claude.json` of this user; one that is absent, unreadable or half-written says
/// nothing.
pub fn is_on_plan(account: Account, files: &[PathBuf]) -> bool {
    match account {
        Account::Api => false,
        Account::Subscription => true,
        Account::Auto => files.iter().any(|file| {
            fs::read(file).is_ok_and(|text| claude::is_on_plan(&text).unwrap_or(false))
        }),
    }
}
