//! Which names are known, and as what.

use crate::pricing::{PriceBook, normalise};

fn canonical(name: &str) -> Option<&'static str> {
    PriceBook::embedded().canonical(name).map(|entry| &*entry.model)
}

#[test]
fn names_that_are_known() {
    for (name, model) in [
        ("claude-opus-5-5[1m]", "claude-opus-5-5"),
        (" Claude-Opus-5-5 ", "claude-opus-5-5"),
        ("claude-opus-5.5", "claude-opus-5-5"),
        ("anthropic/claude-opus-4.5", "claude-opus-4-5"),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5"),
        ("us-gov.anthropic.claude-haiku-5-5", "claude-haiku-5-5"),
        ("global.anthropic.claude-opus-4-6-v1", "claude-opus-4-6"),
        ("claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5"),
        ("us.anthropic.claude-sonnet-4-20250514-v1:0[1m]", "claude-sonnet-4-0"),
        (
            "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-opus-5-5",
            "claude-opus-5-5",
        ),
        ("claude-haiku-4-5@20251001", "claude-haiku-4-5"),
        ("claude-opus-4-6@default", "claude-opus-4-6"),
        ("publishers/anthropic/models/claude-opus-5-5", "claude-opus-5-5"),
        ("claude-opus-4-20250514", "claude-opus-4-0"),
        ("claude-opus-4-1-20250805", "claude-opus-4-1"),
        ("claude-3-5-haiku-20241022", "claude-3-5-haiku"),
        ("claude-3-7-sonnet-latest", "claude-3-7-sonnet"),
        ("gpt-5-codex", "gpt-5"),
        ("gpt-5.4-2026-03-05", "gpt-5.4"),
        ("gpt-4o-2024-11-20", "gpt-4o"),
        ("gpt-4o-2024-05-13", "gpt-4o-2024-05-13"),
        ("openai/gpt-6-astra", "gpt-6-astra"),
        ("models/gemini-2.5-pro", "gemini-2.5-pro"),
    ] {
        assert_eq!(canonical(name), Some(model), "{name}");
    }
}

#[test]
fn names_that_are_not() {
    for name in [
        "",
        "<synthetic>",
        "claude-opus-4-10",
        "claude-fantastic-9",
        "claude-opus-5-5-fast",
        "my-claude-opus-5-5",
        "claude-opus-5-5-20260922-20260923",
        "claude-opus-5-5[beta]",
        "claude-opus-5-5@tomorrow",
        "opus",
        "sonnet",
        "haiku",
        "default",
        "claude-opus-latest",
        "gemini-flash-latest",
        "gpt-chat-latest",
        "gpt-5-4o",
        "gpt-5.9",
        "cheap-relay/claude-opus-5-5",
        "mars.anthropic.claude-opus-5-5",
        "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3d4e5f6",
        "ft:gpt-4o-2024-08-06:acme::id",
    ] {
        assert_eq!(canonical(name), None, "{name}");
    }
}

#[test]
fn normalising_survives_anything() {
    for name in ["[", "]", "[1m]", "@", "/", ".", "-v1:0", "anthropic.", "é[1m]", "-20250101"] {
        let _ = normalise(name);
        assert_eq!(canonical(name), None, "{name}");
    }
}
