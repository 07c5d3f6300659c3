//! Which project a working directory belongs to.
//!
//! A subfolder or a worktree is the same project as its repository, else a `cd` would start a
//! fresh budget. The answer is stored with the call, because the folder may vanish.

use std::collections::HashMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::discover::SourceFile;
use crate::agents;

/// Longer than any path that a system takes.
const LONGEST_PATH: u64 = 64 << 10;

/// Answers by working directory, each looked up once.
#[derive(Debug, Default)]
pub struct Projects(HashMap<Arc<str>, Arc<str>>);

impl Projects {
    /// The top of the repository that holds `cwd`, or else `cwd`.
    pub fn of(&mut self, cwd: &Arc<str>) -> Arc<str> {
        if let Some(project) = self.0.get(cwd) {
            return Arc::clone(project);
        }
        let project = project_of(cwd);
        self.0.insert(Arc::clone(cwd), Arc::clone(&project));
        project
    }
}

/// The working directory of a transcript whose records do not tell it, by the file that does.
pub(super) fn cwd_beside(source: &SourceFile) -> Option<Arc<str>> {
    let file = agents::adapter(source.agent).cwd_file(&source.path)?;
    let mut path = String::new();
    fs::File::open(file).ok()?.take(LONGEST_PATH).read_to_string(&mut path).ok()?;
    let path = path.trim_end_matches(['\r', '\n']);
    Path::new(path).is_absolute().then(|| Arc::from(path))
}

fn project_of(cwd: &str) -> Arc<str> {
    // Claude Code's own worktrees are told by their path alone: they vanish with the branch.
    if let Some((repository, _)) = cwd.split_once("/.claude/worktrees/") {
        return Arc::from(repository);
    }
    let top = Path::new(cwd).ancestors().find_map(|folder| {
        let git = folder.join(".git");
        let metadata = fs::metadata(&git).ok()?;
        if metadata.is_dir() {
            Some(folder.to_owned())
        } else {
            main_worktree(&git).or(Some(folder.to_owned()))
        }
    });
    top.map_or_else(|| Arc::from(cwd), |top| Arc::from(&*top.to_string_lossy()))
}

/// In a linked worktree `.git` is a file that names `<repository>/.git/worktrees/<name>`.
fn main_worktree(git_file: &Path) -> Option<PathBuf> {
    let text = fs::read_to_string(git_file).ok()?;
    let git_dir = Path::new(text.trim().strip_prefix("gitdir:")?.trim());
    let worktrees = git_dir.parent()?;
    let common = worktrees.parent()?;
    let linked = worktrees.file_name()? == "worktrees" && common.file_name()? == ".git";
    if linked { common.parent().map(Path::to_owned) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subfolders_and_worktrees_belong_to_their_repository() {
        let folder = tempfile::tempdir().unwrap();
        let repository = folder.path().join("shop");
        let worktree = folder.path().join("shop-fix");
        fs::create_dir_all(repository.join(".git/worktrees/fix")).unwrap();
        fs::create_dir_all(repository.join("src/deep")).unwrap();
        fs::create_dir_all(worktree.join("src")).unwrap();
        let link = format!("gitdir: {}/.git/worktrees/fix\n", repository.display());
        fs::write(worktree.join(".git"), link.replace("\\\n", "\n")).unwrap();
        let mut projects = Projects::default();
        let mut of = |path: PathBuf| projects.of(&Arc::from(&*path.to_string_lossy()));
        let shop = &*repository.to_string_lossy();
        assert_eq!(&*of(repository.clone()), shop);
        assert_eq!(&*of(repository.join("src/deep")), shop);
        assert_eq!(&*of(repository.join("src/gone/away")), shop);
        assert_eq!(&*of(worktree.join("src")), shop);
        assert_eq!(&*of(repository.join(".claude/worktrees/idea/src")), shop);
        assert_eq!(&*of(PathBuf::from("/nowhere/at/all")), "/nowhere/at/all");
    }
}
