//! How Gemini CLI's user pays: by the token with a key, or by the quota of a Google login. Qwen Code
//! has the same settings, and a quota of its own.

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Settings {
    #[serde(default)]
    security: Security,
    /// Where older versions have it.
    selected_auth_type: Option<String>,
}

#[derive(Default, Deserialize)]
struct Security {
    #[serde(default)]
    auth: Auth,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Auth {
    selected_type: Option<String>,
}

/// Whether a way of login is a quota's. None if the settings do not say.
pub(in crate::agents) fn is_on_plan(settings_json: &[u8]) -> Option<bool> {
    let settings: Settings = serde_json::from_slice(settings_json).ok()?;
    match &*settings.security.auth.selected_type.or(settings.selected_auth_type)? {
        "oauth-personal" | "cloud-shell" | "qwen-oauth" => Some(true),
        "gemini-api-key" | "gemini" | "vertex-ai" | "openai" | "anthropic" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_google_login_is_told_from_a_key() {
        for (text, plan) in [
            (r#"{"security":{"auth":{"selectedType":"oauth-personal"}},"ui":{}}"#, Some(true)),
            (r#"{"security":{"auth":{"selectedType":"gemini-api-key"}}}"#, Some(false)),
            (r#"{"selectedAuthType":"vertex-ai"}"#, Some(false)),
            (r#"{"security":{"auth":{"selectedType":"qwen-oauth"}}}"#, Some(true)),
            (r#"{"security":{"auth":{"selectedType":"openai"}}}"#, Some(false)),
            (r#"{"security":{"auth":{"selectedType":"tomorrows"}}}"#, None),
            (r#"{"security":{}}"#, None),
            (r#"{"security":7}"#, None),
            ("{", None),
        ] {
            assert_eq!(is_on_plan(text.as_bytes()), plan, "{text}");
        }
    }
}
