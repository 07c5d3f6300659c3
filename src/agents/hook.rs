//! What agents' hooks are called at, and what they can stop.

use std::path::Path;

use serde_json::Value;

/// The moments at which an agent calls its hook, as far as spendtop answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Moment {
    /// A session begins, or is taken up again.
    SessionStart,
    /// A person has typed something, and the model is about to be called.
    UserPromptSubmit,
    /// A tool is about to run.
    PreToolUse,
    /// A tool has run, and the model is about to be called with its result.
    PostToolUse,
}

impl Moment {
    /// Every moment, in the order of a session.
    pub const ALL: [Self; 4] =
        [Self::SessionStart, Self::UserPromptSubmit, Self::PreToolUse, Self::PostToolUse];
}

/// An agent's words for its hooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    /// Its names of the moments, in the order of [`Moment::ALL`].
    pub moments: [&'static str; 4],
    /// How long a second is in its time limits.
    pub second: u64,
}

impl Words {
    /// Claude Code's, which others took over.
    pub const CLAUDE: Self = Self {
        moments: ["SessionStart", "UserPromptSubmit", "PreToolUse", "PostToolUse"],
        second: 1,
    };

    /// The agent's word.
    pub const fn name(&self, moment: Moment) -> &'static str {
        self.moments[moment as usize]
    }
}

/// What can be done by an agent's hooks, which its settings name in the form
/// `{"hooks": {"<moment>": [{"hooks": [{"type": "command", "command": "…"}]}]}}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hook {
    /// The settings, in the agent's config folder.
    pub file: &'static str,
    /// How it calls them.
    pub words: Words,
    /// The moments that are worth a call, in the order of a session.
    pub moments: &'static [Moment],
    /// It stops a turn that is under way. Else it only keeps the next one from beginning, and the
    /// guard need not wait for it.
    pub stops_turn: bool,
    /// Sessions in a terminal read their settings again when those change. Else all of them have
    /// the hook from their next start on.
    pub reloads: bool,
    /// Further files that decide whether hooks are called: absolute, or in the config folder.
    pub beside: &'static [&'static str],
    /// Of an agent that calls a hook only once a person has consented to it: how it is until then.
    pub consent: Option<&'static str>,
}

/// A hook of ours as it is in an agent's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// When it is called.
    pub moment: Moment,
    /// Which group of the moment's it is in, and which of the group's hooks it is.
    pub place: (usize, usize),
    /// The command.
    pub command: String,
    /// What its group is called for.
    pub matcher: Option<String>,
    /// The whole entry.
    pub entry: Value,
}

/// What decides whether the hooks in an agent's settings are called.
#[derive(Clone, Copy, Debug)]
pub struct HookSetting<'a> {
    /// Where the settings are.
    pub path: &'a Path,
    /// What is in them.
    pub text: &'a str,
    /// Our hooks in there.
    pub placed: &'a [Placed],
    /// The text of each file that [`Hook::beside`] names; empty for one that is not there.
    pub beside: &'a [String],
}
