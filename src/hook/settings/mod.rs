//! The hook's entries in an agent's settings: put in, found, taken out, and nothing else touched.

mod disk;
mod json;

use std::ops::Range;
use std::path::Path;

use serde_json::{Value, json};

pub use self::disk::{Backup, SettingsFile};
use self::json::Text;
use crate::agents::{self, Moment, Placed, Words};
use crate::model::AgentId;

/// Seconds after which the agent gives up on its hook. It needs a few thousandths of one.
const TIMEOUT_SECONDS: u64 = 10;

/// Why settings are left as they are.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Not JSON.
    #[error("it is not JSON: {0}")]
    NotJson(String),
    /// Something else than an object where one has to be.
    #[error("{0} is not what the agent expects there")]
    WrongType(String),
    /// It cannot be read or written.
    #[error("{0}")]
    Disk(String),
}

/// A change to settings, for the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A hook was put in.
    Added(Moment),
    /// A hook had another command.
    Updated(Moment, String),
    /// A hook was taken out.
    Removed(Moment, String),
}

/// What is to be in an agent's settings.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The command line of the hook.
    pub command: &'a str,
    /// When it is to be called.
    pub moments: &'a [Moment],
    /// How the agent calls that.
    pub words: Words,
}

/// The hooks in some settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Installed {
    /// Those of ours that are called for everything.
    pub placed: Vec<Placed>,
    /// The settings turn every hook off.
    pub is_disabled: bool,
}

/// An entry of ours: where it is, and its command.
struct Entry {
    moment: Moment,
    /// What the moment is called there.
    name: &'static str,
    /// The moment's array, the group within, its array of hooks, and the hook within.
    groups: Range<usize>,
    group: usize,
    hooks: Range<usize>,
    hook: usize,
    command: Range<usize>,
    text: String,
    matcher: Option<String>,
    json: Value,
    /// It is called for every tool.
    for_all: bool,
}

/// The command line of the hook, for a shell.
pub fn command(program: &Path, agent: AgentId, options: &[(&str, &Path)]) -> String {
    let options = options
        .iter()
        .flat_map(|(option, value)| [(*option).to_owned(), quoted(&value.to_string_lossy())]);
    let words = [quoted(&program.to_string_lossy()), format!("hook run {agent}")];
    words.into_iter().chain(options).collect::<Vec<_>>().join(" ")
}

/// A word as a shell reads it back.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@%:,=".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// The program of a command that calls our hook.
pub fn program(command: &str) -> Option<String> {
    let at = command.find(" hook run")?;
    let word = &command[..at];
    let program = match word.strip_prefix('\'').and_then(|word| word.strip_suffix('\'')) {
        Some(quoted) => quoted.replace(r"'\''", "'"),
        None => word.to_owned(),
    };
    let name = Path::new(&program).file_name()?.to_string_lossy().into_owned();
    name.starts_with("spendtop").then_some(program)
}

/// Puts the hook in; an older command of it is replaced. Tells what changed.
pub fn install(text: &str, wanted: &Wanted<'_>) -> Result<(String, Vec<Change>), Unfit> {
    let command = wanted.command;
    let mut text = checked(text)?;
    let mut changes = Vec::new();
    for &moment in wanted.moments {
        let ours: Vec<Entry> =
            entries(&text, command)?.into_iter().filter(|entry| entry.moment == moment).collect();
        let is_there = ours.iter().any(|entry| entry.for_all);
        // From the end, so that the spans before stay right.
        for entry in ours.iter().rev().filter(|entry| entry.text != command) {
            text.replace(&entry.command, &json!(command));
            changes.push(Change::Updated(moment, entry.text.clone()));
        }
        if !is_there {
            add(&mut text, moment, wanted)?;
            changes.push(Change::Added(moment));
        }
    }
    Ok((text.as_str().to_owned(), changes))
}

/// Takes the hook out, with everything that is then empty. Tells what changed.
pub fn uninstall(text: &str, command: &str) -> Result<(String, Vec<Change>), Unfit> {
    let mut text = checked(text)?;
    let mut changes = Vec::new();
    while let Some(entry) = entries(&text, command)?.pop() {
        take_out(&mut text, &entry)?;
        changes.push(Change::Removed(entry.moment, entry.text));
    }
    changes.reverse();
    Ok((text.as_str().to_owned(), changes))
}

/// What is there.
pub fn installed(text: &str, command: &str) -> Result<Installed, Unfit> {
    let text = checked(text)?;
    let is_disabled = text
        .member(&text.root(), "disableAllHooks")
        .is_some_and(|member| text.part(&member.value) == "true");
    let ours = entries(&text, command)?.into_iter().filter(|entry| entry.for_all);
    let placed = ours.map(|entry| Placed {
        moment: entry.moment,
        place: (entry.group, entry.hook),
        command: entry.text,
        matcher: entry.matcher,
        entry: entry.json,
    });
    Ok(Installed { placed: placed.collect(), is_disabled })
}

fn checked(text: &str) -> Result<Text, Unfit> {
    let text = Text::parse(text).map_err(|error| Unfit::NotJson(error.to_string()))?;
    if text.members(&text.root()).is_none() {
        return Err(Unfit::WrongType("the whole file".to_owned()));
    }
    Ok(text)
}

/// `hooks`, if it is there.
fn hooks_of(text: &Text) -> Result<Option<Range<usize>>, Unfit> {
    let Some(hooks) = text.member(&text.root(), "hooks") else { return Ok(None) };
    match text.members(&hooks.value) {
        Some(_) => Ok(Some(hooks.value)),
        None => Err(Unfit::WrongType("\"hooks\"".to_owned())),
    }
}

fn entries(text: &Text, command: &str) -> Result<Vec<Entry>, Unfit> {
    let mut found = Vec::new();
    let Some(hooks) = hooks_of(text)? else { return Ok(found) };
    for (moment, name) in names() {
        let Some(groups) = text.member(&hooks, name).map(|member| member.value) else {
            continue;
        };
        let wrong = || Unfit::WrongType(format!("\"hooks\".\"{name}\""));
        for (group, span) in text.elements(&groups).ok_or_else(wrong)?.iter().enumerate() {
            let matcher = text.member(span, "matcher").map(|m| text.string(&m.value));
            let for_all = match &matcher {
                None => true,
                Some(matcher) => matcher.as_deref().is_some_and(|m| matches!(m, "" | "*" | ".*")),
            };
            let matcher = matcher.flatten();
            let Some(list) = text.member(span, "hooks").map(|member| member.value) else {
                continue;
            };
            for (hook, span) in text.elements(&list).unwrap_or_default().iter().enumerate() {
                let Some(line) = text.member(span, "command").map(|m| m.value) else { continue };
                let Some(said) = text.string(&line) else { continue };
                if said == command || program(&said).is_some() {
                    found.push(Entry {
                        moment,
                        name,
                        groups: groups.clone(),
                        group,
                        hooks: list.clone(),
                        hook,
                        command: line,
                        text: said,
                        matcher: matcher.clone(),
                        json: serde_json::from_str(text.part(span)).unwrap_or_default(),
                        for_all,
                    });
                }
            }
        }
    }
    // By place in the text, whatever the order of the moments there.
    found.sort_by_key(|entry| entry.command.start);
    Ok(found)
}

/// What the moments may be called in settings: whoever's they are, an entry of ours is ours.
fn names() -> Vec<(Moment, &'static str)> {
    let mut names = Vec::new();
    for words in agents::hook_words() {
        for name in Moment::ALL.map(|moment| (moment, words.name(moment))) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

fn add(text: &mut Text, moment: Moment, wanted: &Wanted<'_>) -> Result<(), Unfit> {
    let (name, timeout) = (wanted.words.name(moment), TIMEOUT_SECONDS * wanted.words.second);
    let hook = json!([{"type": "command", "command": wanted.command, "timeout": timeout}]);
    let group = match moment {
        Moment::PreToolUse | Moment::PostToolUse => json!({"matcher": "*", "hooks": hook}),
        Moment::SessionStart | Moment::UserPromptSubmit => json!({"hooks": hook}),
    };
    let Some(hooks) = hooks_of(text)? else {
        text.add_member(&text.root(), "hooks", &json!({name: [group]}));
        return Ok(());
    };
    match text.member(&hooks, name) {
        Some(groups) => text.add_element(&groups.value, &group),
        None => text.add_member(&hooks, name, &json!([group])),
    }
    Ok(())
}

fn take_out(text: &mut Text, entry: &Entry) -> Result<(), Unfit> {
    let hooks = text.elements(&entry.hooks).unwrap_or_default();
    if hooks.len() > 1 {
        text.remove(&entry.hooks, &hooks, entry.hook);
        return Ok(());
    }
    let groups = text.elements(&entry.groups).unwrap_or_default();
    if groups.len() > 1 {
        text.remove(&entry.groups, &groups, entry.group);
        return Ok(());
    }
    let Some(all) = hooks_of(text)? else { return Ok(()) };
    let (within, key) = match text.members(&all) {
        Some(moments) if moments.len() > 1 => (all, entry.name),
        _ => (text.root(), "hooks"),
    };
    let members = text.members(&within).unwrap_or_default();
    if let Some(index) = members.iter().rposition(|member| member.key == key) {
        let spans: Vec<_> = members.into_iter().map(|member| member.span).collect();
        text.remove(&within, &spans, index);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
