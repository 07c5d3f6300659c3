//! How Codex's user pays: by the token, or by a plan of `ChatGPT`.
//!
//! `auth.json` names the way of the login beside keys and tokens, which are nobody's business: they
//! are passed over unread.

use serde::Deserialize;

#[derive(Deserialize)]
struct Auth {
    auth_mode: Option<String>,
}

/// Whether a login is a plan's. None if the text does not say.
pub(super) fn is_on_plan(auth_json: &[u8]) -> Option<bool> {
    let auth: Auth = serde_json::from_slice(auth_json).ok()?;
    match auth.auth_mode?.to_ascii_lowercase().as_str() {
        "chatgpt" | "chatgptauthtokens" => Some(true),
        "apikey" | "api_key" | "api" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_told_from_the_api() {
        for (text, plan) in [
            (r#"{"auth_mode":"chatgpt","tokens":{"access_token":"x"}}"#, Some(true)),
            (r#"{"auth_mode":"apikey","OPENAI_API_KEY":"x"}"#, Some(false)),
            (r#"{"OPENAI_API_KEY":"x"}"#, None),
            (r#"{"auth_mode":"something_new"}"#, None),
            (r#"{"auth_mode":"chatg"#, None),
            ("", None),
        ] {
            assert_eq!(is_on_plan(text.as_bytes()), plan, "{text}");
        }
    }
}
