//! How Claude Code's user pays: by the token, or by a plan.
//!
//! `.claude.json` names the account that is logged in. Nothing but the kind of its billing is read;
//! keys and tokens are in there and elsewhere too, and are nobody's business.

use serde::Deserialize;

/// `.claude.json`, as far as it matters.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClaudeJson {
    oauth_account: Option<OauthAccount>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OauthAccount {
    billing_type: Option<String>,
    organization_type: Option<String>,
}

/// Plans by the names that the client has for them.
const PLANS: [&str; 4] = ["claude_pro", "claude_max", "claude_team", "subscription"];

/// Whether the account in a `.claude.json` is on a plan. None if the text cannot be read: the
/// client writes the file often, and not in one step.
pub fn is_on_plan(claude_json: &[u8]) -> Option<bool> {
    let parsed: ClaudeJson = serde_json::from_slice(claude_json).ok()?;
    // With a key of the API there is no such account.
    let Some(account) = parsed.oauth_account else { return Some(false) };
    let kinds = [account.billing_type, account.organization_type];
    let is_plan = |kind: &String| PLANS.contains(&kind.as_str()) || kind.ends_with("_subscription");
    Some(kinds.iter().flatten().any(is_plan))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_told_from_the_api() {
        for (text, plan) in [
            (r#"{"oauthAccount":{"billingType":"stripe_subscription"}}"#, Some(true)),
            (r#"{"oauthAccount":{"billingType":"claude_max","x":1}}"#, Some(true)),
            (r#"{"oauthAccount":{"organizationType":"claude_pro"},"numStartups":3}"#, Some(true)),
            (r#"{"oauthAccount":{"billingType":"prepaid"}}"#, Some(false)),
            (r#"{"oauthAccount":{}}"#, Some(false)),
            (r#"{"oauthAccount":null}"#, Some(false)),
            (r#"{"primaryApiKey":"secret"}"#, Some(false)),
            (r#"{"oauthAccount":{"billingType":"stripe_sub"#, None),
            ("", None),
        ] {
            assert_eq!(is_on_plan(text.as_bytes()), plan, "{text}");
        }
    }
}
