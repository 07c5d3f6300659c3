//! Which upstream models we price, under which ids, and by which other names.
//!
//! `assets/prices/build.py` has the same rules.

use serde_json::Value;

use super::matching::without_date;
use super::row::{Endpoint, Provider};

/// Not text in, text out; or open weights listed at some host's price.
const SKIP: [&str; 22] = [
    "audio",
    "banana",
    "computer-use",
    "embed",
    "gemma",
    "gpt-oss",
    "image",
    "instruct",
    "live",
    "moderation",
    "omni",
    "realtime",
    "robotics",
    "search",
    "transcribe",
    "tts",
    "vision",
    "whisper",
    ":",
    ".ft-",
    "babbage",
    "curie",
];

/// Names that move from model to model as the vendor likes.
const MOVING: [&str; 6] = [
    "chat-latest",
    "claude-opus-5-latest",
    "gemini-flash-latest",
    "gemini-flash-lite-latest",
    "gemini-pro-latest",
    "gpt-chat-latest",
];

/// Our ids of an upstream model, none if it is not one we price; and the endpoint its id names.
pub(super) fn canonical_ids(provider: Provider, id: &str) -> (Vec<String>, Option<Endpoint>) {
    let (mut name, mut endpoint) = (id, None);
    if provider == Provider::Aws {
        let (scope, rest) = match id.split_once(".anthropic.") {
            Some(("global", rest)) => (Endpoint::Global, rest),
            Some(("regional", rest)) => (Endpoint::Regional, rest),
            _ => return (Vec::new(), None),
        };
        endpoint = Some(scope);
        name = match rest.rsplit_once("-v") {
            Some((base, version)) if version.bytes().all(|b| b.is_ascii_digit() || b == b':') => {
                base
            }
            _ => rest,
        };
    } else if SKIP.iter().any(|word| id.contains(word))
        || MOVING.contains(&id)
        || ["ada", "davinci"].iter().any(|old| id == *old || id.contains("davinci"))
    {
        return (Vec::new(), None);
    }
    if !name.starts_with("claude-") {
        let ids = if provider == Provider::Aws { Vec::new() } else { vec![name.to_owned()] };
        return (ids, endpoint);
    }
    let name = name.replace('.', "-");
    let name = name.strip_suffix("-latest").unwrap_or(&name);
    let ids = match without_date(name).unwrap_or(name) {
        "claude-4-opus" => vec!["claude-opus-4-0", "claude-opus-4-1"],
        "claude-opus-4" => vec!["claude-opus-4-0"],
        "claude-4-sonnet" | "claude-sonnet-4" => vec!["claude-sonnet-4-0"],
        other => vec![other],
    };
    (ids.into_iter().map(str::to_owned).collect(), endpoint)
}

/// Names that a match clause spells out and that mean the model, beyond its ids.
pub(super) fn alias_names(provider: Provider, clause: &Value, ids: &[String]) -> Vec<String> {
    let is_claude = ids.iter().any(|id| id.starts_with("claude"));
    if provider == Provider::Aws || (provider == Provider::Google && is_claude) {
        return Vec::new(); // the names of Claude models are the first party's
    }
    let mut spelled = Vec::new();
    spelled_out(clause, &mut spelled);
    let mut aliases: Vec<String> = spelled
        .into_iter()
        .filter(|name| !ids.iter().any(|id| id == name))
        .filter_map(|name| {
            let name = name.trim_end_matches(['@', '-']);
            let dashed =
                if name.starts_with("claude") { name.replace('.', "-") } else { name.to_owned() };
            let alias = without_date(&dashed).unwrap_or(&dashed).to_owned();
            let plain =
                |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-');
            let usable = !alias.is_empty()
                && alias.len() <= 100
                && alias.bytes().all(plain)
                && !alias.ends_with("-2025")
                && !MOVING.contains(&alias.as_str())
                && !ids.contains(&alias);
            usable.then_some(alias)
        })
        .collect();
    aliases.sort();
    aliases.dedup();
    aliases
}

/// The parser bounds the depth.
fn spelled_out<'a>(clause: &'a Value, names: &mut Vec<&'a str>) {
    let Value::Object(clause) = clause else { return };
    for (key, value) in clause {
        match (key.as_str(), value) {
            ("or" | "and", Value::Array(parts)) => {
                for part in parts {
                    spelled_out(part, names);
                }
            }
            ("equals" | "starts_with", Value::String(name)) => names.push(name),
            _ => {}
        }
    }
}
