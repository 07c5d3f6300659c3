//! What keeps Claude Code from calling the hooks in its settings.

use serde_json::Value;

use crate::agents::HookSetting;

/// Settings that an administrator makes, which win over the user's.
pub(super) const MANAGED: [&str; 2] = [
    "/etc/claude-code/managed-settings.json",
    "/Library/Application Support/ClaudeCode/managed-settings.json",
];

/// Why the hooks in the settings are not called.
pub(super) fn problems(setting: &HookSetting<'_>) -> Vec<String> {
    let mut problems = Vec::new();
    let own: Value = serde_json::from_str(setting.text).unwrap_or_default();
    if own["disableAllHooks"] == true {
        problems.push("\"disableAllHooks\" is set: no hook is called".to_owned());
    }
    for (path, text) in MANAGED.iter().zip(setting.beside) {
        let managed: Value = serde_json::from_str(text).unwrap_or_default();
        if managed["allowManagedHooksOnly"] == true || managed["disableAllHooks"] == true {
            problems.push(format!("{path} allows no hooks but its own"));
        }
    }
    problems
}
