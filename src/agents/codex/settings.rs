//! What keeps Codex from calling the hooks in its `hooks.json`.
//!
//! A hook is called only after the person has reviewed it: Codex keeps a hash of what was reviewed
//! in its `config.toml`, under the hook's place, and silently passes over a hook whose hash it does
//! not find. That is the person's word, so it is looked for here and never written.

use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::agents::{HookSetting, Moment, Placed, Words};

/// The settings that hold hooks.
pub(super) const FILE: &str = "hooks.json";

/// Where the rest is set.
const CONFIG: &str = "config.toml";

/// Where an administrator sets it.
const MANAGED: &str = "/etc/codex/requirements.toml";

/// What decides whether hooks are called, beside [`FILE`].
pub(super) const BESIDE: [&str; 2] = [CONFIG, MANAGED];

/// Seconds that a hook has where its entry does not say.
const TIMEOUT: u64 = 600;

/// Why the hooks in the settings are not called.
pub(super) fn problems(setting: &HookSetting<'_>) -> Vec<String> {
    let config = setting.beside.first().map_or("", String::as_str);
    let Ok(config) = config.parse::<toml::Table>() else {
        return vec![format!("{CONFIG} beside it is not TOML: no hook is called")];
    };
    let mut problems = Vec::new();
    let managed = setting.beside.get(1).and_then(|text| text.parse::<toml::Table>().ok());
    let is_theirs_alone = managed.as_ref().and_then(|table| table.get("allow_managed_hooks_only"));
    if is_theirs_alone.and_then(toml::Value::as_bool) == Some(true) {
        problems.push(format!("{MANAGED} allows no hooks but its own"));
    }
    let features = config.get("features").and_then(toml::Value::as_table);
    // The second name is the older one.
    let is_off = |name: &str| {
        features.and_then(|table| table.get(name)).and_then(toml::Value::as_bool) == Some(false)
    };
    if is_off("hooks") || is_off("codex_hooks") {
        problems.push(format!("hooks are turned off in {CONFIG} ([features])"));
    }
    let state = config.get("hooks").and_then(|hooks| hooks.get("state"));
    let of = |placed: &Placed| state?.get(key(setting.path, placed))?.as_table();
    let is_disabled = |placed: &&Placed| {
        of(placed).and_then(|state| state.get("enabled")).and_then(toml::Value::as_bool)
            == Some(false)
    };
    let is_trusted = |placed: &&Placed| {
        let trusted = of(placed).and_then(|state| state.get("trusted_hash"));
        trusted.and_then(toml::Value::as_str) == Some(&*hash(placed))
    };
    let name = |placed: &Placed| Words::CLAUDE.name(placed.moment);
    let disabled: Vec<&str> = setting.placed.iter().filter(is_disabled).map(name).collect();
    if !disabled.is_empty() {
        problems.push(format!("turned off in Codex ({}): /hooks there", disabled.join(", ")));
    }
    let untrusted: Vec<&str> =
        setting.placed.iter().filter(|placed| !is_trusted(placed)).map(name).collect();
    if !untrusted.is_empty() {
        problems.push(format!(
            "not trusted, so Codex passes over it without a word ({}): start `codex`, which asks, \
             or type /hooks there",
            untrusted.join(", ")
        ));
    }
    problems
}

/// The name of a hook's place, as Codex has it.
fn key(settings: &Path, placed: &Placed) -> String {
    let (group, hook) = placed.place;
    format!("{}:{}:{group}:{hook}", settings.display(), snake(placed.moment))
}

fn snake(moment: Moment) -> &'static str {
    match moment {
        Moment::SessionStart => "session_start",
        Moment::UserPromptSubmit => "user_prompt_submit",
        Moment::PreToolUse => "pre_tool_use",
        Moment::PostToolUse => "post_tool_use",
    }
}

/// What Codex remembers of a hook that was reviewed: its moment and entry with what is left out
/// filled in, as JSON without blanks, the keys in order.
fn hash(placed: &Placed) -> String {
    let of = |name: &str, otherwise: Value| match &placed.entry[name] {
        Value::Null => otherwise,
        value => value.clone(),
    };
    let mut hook = json!({
        "async": of("async", json!(false)),
        "command": placed.command,
        "timeout": of("timeout", json!(TIMEOUT)),
        "type": "command",
    });
    if let Value::String(message) = &placed.entry["statusMessage"] {
        hook["statusMessage"] = json!(message);
    }
    let mut identity = json!({ "event_name": snake(placed.moment), "hooks": [hook] });
    // A prompt has no matcher, whatever is written there.
    if let Some(matcher) = placed.matcher.as_deref().filter(|_| has_matcher(placed.moment)) {
        identity["matcher"] = json!(matcher);
    }
    let digest = Sha256::digest(identity.to_string());
    digest.iter().fold("sha256:".to_owned(), |hex, byte| format!("{hex}{byte:02x}"))
}

fn has_matcher(moment: Moment) -> bool {
    moment != Moment::UserPromptSubmit
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMAND: &str = "cat >> /var/tmp/cx/runs/x1796055882/hook.log; echo >> \
                           /var/tmp/cx/runs/x1796055882/hook.log";

    fn placed(moment: Moment, timeout: u64) -> Placed {
        Placed {
            moment,
            place: (0, 0),
            command: COMMAND.to_owned(),
            matcher: None,
            entry: json!({"type": "command", "command": COMMAND, "timeout": timeout}),
        }
    }

    /// What Codex 0.169 wrote when its user trusted two hooks.
    #[test]
    fn a_hook_that_was_trusted_is_recognised_by_what_the_agent_remembers() {
        let config = r#"
[hooks.state."/h/hooks.json:session_start:0:0"]
trusted_hash = "sha256:eb40581a8c8f6af8f71400a084b3ee9306b3789ae0d78cb0958a79c23a214318"
[hooks.state."/h/hooks.json:user_prompt_submit:0:0"]
trusted_hash = "sha256:794156cba27f4942a02d28d21bbaf17b6193960432e4472b992f19790bac776b"
"#;
        let problems = |path: &str, timeout: u64, managed: &str| {
            let moments = [Moment::SessionStart, Moment::UserPromptSubmit];
            super::problems(&HookSetting {
                path: Path::new(path),
                text: "",
                placed: &moments.map(|moment| placed(moment, timeout)),
                beside: &[config.to_owned(), managed.to_owned()],
            })
        };
        assert_eq!(problems("/h/hooks.json", 10, ""), Vec::<String>::new());
        assert_eq!(problems("/h/hooks.json", 10, "allow_managed_hooks_only = false").len(), 0);
        let managed = problems("/h/hooks.json", 10, "allow_managed_hooks_only = true");
        assert!(managed[0].ends_with("allows no hooks but its own"), "{managed:?}");
        // Another entry, or the same in another file, is another hook.
        for (path, timeout) in [("/h/hooks.json", 11), ("/g/hooks.json", 10)] {
            let problems = problems(path, timeout, "");
            assert!(problems[0].contains("(SessionStart, UserPromptSubmit)"), "{problems:?}");
        }
    }
}
