//! Gemini CLI's hooks, as measured with version 0.61: `BeforeAgent` takes a block, and at a tool
//! `continue: false` ends the turn. A denial there has the model try again.

use serde::Deserialize;

use crate::agents::{HookSetting, Words};

/// The settings that hold hooks.
pub(super) const FILE: &str = "settings.json";

/// Its time limits are in milliseconds.
pub(super) const WORDS: Words =
    Words { moments: ["SessionStart", "BeforeAgent", "BeforeTool", "AfterTool"], second: 1000 };

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Settings {
    hooks_config: HooksConfig,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct HooksConfig {
    enabled: Option<bool>,
    /// Hooks by their names, or else their commands.
    disabled: Vec<String>,
}

/// Why the hooks in the settings are not called.
pub(super) fn problems(setting: &HookSetting<'_>) -> Vec<String> {
    let settings: Settings = serde_json::from_str(setting.text).unwrap_or_default();
    let HooksConfig { enabled, disabled } = settings.hooks_config;
    let mut problems = Vec::new();
    if enabled == Some(false) {
        problems.push("hooks are turned off (hooksConfig.enabled)".to_owned());
    }
    let is_off = |name: &String| setting.placed.iter().any(|placed| placed.command == *name);
    if disabled.iter().any(is_off) {
        problems.push("turned off in Gemini CLI (hooksConfig.disabled): /hooks there".to_owned());
    }
    problems
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::agents::{Moment, Placed};

    #[test]
    fn what_turns_a_hook_off() {
        let placed = Placed {
            moment: Moment::UserPromptSubmit,
            place: (0, 0),
            command: "spendtop hook run gemini".to_owned(),
            matcher: None,
            entry: serde_json::Value::Null,
        };
        let count = |text: &str| {
            let (path, placed) = (Path::new("settings.json"), &[placed.clone()][..]);
            problems(&HookSetting { path, text, placed, beside: &[] }).len()
        };
        for (text, expected) in [
            ("{}", 0),
            ("no json", 0),
            (r#"{"hooksConfig": {"enabled": true, "disabled": ["other"]}}"#, 0),
            (r#"{"hooksConfig": {"enabled": false}}"#, 1),
            (r#"{"hooksConfig": {"disabled": ["spendtop hook run gemini"]}}"#, 1),
        ] {
            assert_eq!(count(text), expected, "{text}");
        }
    }
}
