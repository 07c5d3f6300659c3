//! How `OpenCode`'s user pays each provider: by the token, or by a plan.
//!
//! `auth.json` has a login for each provider. How it was made is read; the keys and tokens beside it
//! are nobody's business and passed over.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

#[derive(Deserialize)]
#[serde(untagged)]
enum Login {
    Known {
        #[serde(rename = "type")]
        kind: String,
    },
    Other(IgnoredAny),
}

/// Whether plans cover the calls: every login is of one. None where some are and some are not, or
/// the text does not say.
pub(super) fn is_on_plan(auth_json: &[u8]) -> Option<bool> {
    let logins: BTreeMap<String, Login> = serde_json::from_slice(auth_json).ok()?;
    let mut plans = logins.values().map(|login| match login {
        // A browser's login is a subscription's: Claude Pro, ChatGPT, Copilot.
        Login::Known { kind } if kind == "oauth" => Some(true),
        Login::Known { kind } if kind == "api" => Some(false),
        Login::Known { .. } | Login::Other(_) => None,
    });
    let first = plans.next()??;
    plans.all(|plan| plan == Some(first)).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_told_from_the_api() {
        for (text, plan) in [
            (r#"{"anthropic":{"type":"oauth","refresh":"x","access":"y"}}"#, Some(true)),
            (r#"{"openai":{"type":"api","key":"x"}}"#, Some(false)),
            (r#"{"openai":{"type":"api","key":"x"},"anthropic":{"type":"oauth"}}"#, None),
            (r#"{"corp":{"type":"wellknown","key":"x"}}"#, None),
            (r#"{"corp":7}"#, None),
            ("{}", None),
            ("{", None),
            ("", None),
        ] {
            assert_eq!(is_on_plan(text.as_bytes()), plan, "{text}");
        }
    }
}
