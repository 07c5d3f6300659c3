//! What a session's next call will be charged to, as far as can be told before it is made.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::event::Event;
use super::tail::LastCalls;
use crate::ingest::Projects;
use crate::ledger::{LedgerError, Reader};
use crate::model::{PicoUsd, SessionKey};
use crate::policy::{Cap, Decision, Scope, Who};

/// What a session's next call counts towards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whose {
    developer: Arc<str>,
    project: Arc<str>,
    branch: Arc<str>,
    model: Arc<str>,
    session: SessionKey,
}

/// What the latest call of a thread was.
#[derive(Clone, Debug, Default)]
pub struct Latest {
    project: Arc<str>,
    branch: Arc<str>,
    model: Arc<str>,
    /// What it cost, if the ledger has it.
    pub cost: Option<PicoUsd>,
}

impl Latest {
    /// The latest call of the thread that calls the hook, or of the session's main thread where
    /// that has none yet.
    pub fn find(
        ledger: Option<&Reader>,
        last: &LastCalls,
        session: &SessionKey,
        subagent: Option<&str>,
    ) -> Result<Option<Self>, LedgerError> {
        let threads = [subagent, None];
        let threads = if subagent.is_some() { &threads[..] } else { &threads[1..] };
        for &thread in threads {
            if let Some(call) = last.of(thread) {
                let text = |text: &Option<Arc<str>>| text.clone().unwrap_or_default();
                return Ok(Some(Self {
                    project: text(&call.project),
                    branch: text(&call.git_branch),
                    model: text(&call.model),
                    cost: None,
                }));
            }
            if let Some(ledger) = ledger
                && let Some((to, cost)) = ledger.last_call(session, thread.unwrap_or_default())?
            {
                let (project, branch, model) = (to.project, to.branch, to.model);
                return Ok(Some(Self { project, branch, model, cost }));
            }
        }
        Ok(None)
    }
}

impl Whose {
    /// By what the agent says, what the repository says, and what the latest call was.
    pub fn of(
        event: &Event,
        session: SessionKey,
        developer: &Arc<str>,
        latest: Option<&Latest>,
        caps: &[Arc<Cap>],
    ) -> Self {
        let latest = latest.cloned().unwrap_or_default();
        let project = event.cwd.as_ref().map(|cwd| Projects::default().of(cwd));
        // The agent states its model with a note on the context's length.
        let stated = event.model.as_deref().and_then(|model| model.split('[').next());
        let model = Some(latest.model).filter(|model| !model.is_empty());
        let has_branches = caps.iter().any(|cap| cap.scope == Scope::Branch);
        let branch = event.cwd.as_deref().filter(|_| has_branches).and_then(checked_out);
        Self {
            developer: Arc::clone(developer),
            project: project.unwrap_or(latest.project),
            branch: branch.map_or(latest.branch, Arc::from),
            model: model.or_else(|| stated.map(Arc::from)).unwrap_or_default(),
            session,
        }
    }

    /// As caps see it.
    pub fn who(&self) -> Who<'_> {
        Who {
            developer: &self.developer,
            project: &self.project,
            branch: &self.branch,
            model: &self.model,
            agent: Some(self.session.agent),
            session_id: &self.session.session_id,
        }
    }

    /// The repository, or empty.
    pub fn project(&self) -> &str {
        &self.project
    }

    /// A decision is about what the next call counts towards.
    pub fn concerns(&self, decision: &Decision) -> bool {
        let name = self.who().in_scope(decision.cap.scope);
        name.is_some_and(|name| *name == *decision.subject)
    }
}

/// The branch that is checked out where an agent works, named as the agent names it.
fn checked_out(cwd: &str) -> Option<String> {
    let git = Path::new(cwd)
        .ancestors()
        .map(|folder| folder.join(".git"))
        .find(|git| git.exists())
        .and_then(|git| if git.is_dir() { Some(git) } else { linked(&git) })?;
    let head = fs::read_to_string(git.join("HEAD")).ok()?;
    let branch = head.trim().strip_prefix("ref:").map(str::trim);
    // Of no branch: what git calls that, and the agent with it.
    Some(branch.map_or("HEAD", |name| name.strip_prefix("refs/heads/").unwrap_or(name)).to_owned())
}

/// In a linked worktree `.git` is a file that names the folder.
fn linked(git_file: &Path) -> Option<PathBuf> {
    let text = fs::read_to_string(git_file).ok()?;
    let folder = Path::new(text.trim().strip_prefix("gitdir:")?.trim());
    Some(git_file.parent()?.join(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_branch_is_the_one_checked_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = |below: &str| folder.path().join(below);
        let branch = |below: &str| checked_out(&path(below).to_string_lossy());
        fs::create_dir_all(path("shop/.git/worktrees/fix")).unwrap();
        fs::create_dir_all(path("shop/src")).unwrap();
        fs::create_dir_all(path("shop-fix")).unwrap();
        fs::write(path("shop/.git/HEAD"), "ref: refs/heads/feature/cart\n").unwrap();
        fs::write(path("shop/.git/worktrees/fix/HEAD"), "0123abcd\n").unwrap();
        fs::write(path("shop-fix/.git"), "gitdir: ../shop/.git/worktrees/fix\n").unwrap();
        assert_eq!(branch("shop/src").as_deref(), Some("feature/cart"));
        assert_eq!(branch("shop-fix").as_deref(), Some("HEAD"));
        assert_eq!(branch("nowhere"), None);
    }
}
