//! Whether dollars are money spent, or the worth of what a plan covers.

use std::fs;
use std::path::PathBuf;

use crate::agents;
use crate::config::Account;
use crate::model::AgentId;

/// Whether calls are covered by a plan: as the config says, else as the agents' own files do.
///
/// `files` are those of this user; one that is absent, unreadable or half-written says nothing.
/// Where one agent is paid for by the token and another by a plan, it is money.
pub fn is_on_plan(account: Account, files: &[(AgentId, PathBuf)]) -> bool {
    match account {
        Account::Api => false,
        Account::Subscription => true,
        Account::Auto => {
            let mut told = files.iter().filter_map(|(agent, file)| {
                agents::adapter(*agent).is_on_plan(&fs::read(file).ok()?)
            });
            let first = told.next();
            first == Some(true) && told.all(|is_on_plan| is_on_plan)
        }
    }
}
