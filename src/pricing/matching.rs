//! Model names: what a transcript writes, reduced to the names a price book lists.
//!
//! Exact after normalising. A name that is not listed is unknown: nothing is guessed from a
//! prefix, because `claude-opus-4-10` is not `claude-opus-4-1`.

use super::row::Endpoint;

/// What the form of a model name tells about where the model was called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// Nothing.
    #[default]
    Plain,
    /// An Amazon Bedrock id; the prefix names the endpoint.
    Bedrock(Endpoint),
    /// A Vertex AI id; only a full resource path names the endpoint.
    Vertex(Option<Endpoint>),
}

/// Where a model name was found in a book. Worth keeping: finding it costs more than pricing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ModelMatch {
    /// Index of the model at its own vendor.
    pub(super) first_party: Option<u32>,
    /// Index of the model on Bedrock.
    pub(super) aws: Option<u32>,
    /// Index of a Claude model on Vertex.
    pub(super) vertex: Option<u32>,
    pub(super) form: Form,
    /// The name is unknown and the user chose another model to price it as.
    pub(super) stand_in: bool,
}

impl ModelMatch {
    /// The name is in the book, at some provider.
    pub const fn is_known(&self) -> bool {
        !self.stand_in
            && (self.first_party.is_some() || self.aws.is_some() || self.vertex.is_some())
    }
}

/// A name without its platform's wrapping, in lower case, and what the wrapping told.
///
/// ```
/// # use spendtop::pricing::normalise;
/// assert_eq!(normalise("us.anthropic.claude-sonnet-4-5-20250929-v1:0").0, "claude-sonnet-4-5-20250929");
/// assert_eq!(normalise(" Claude-Opus-5.5[1m] ").0, "claude-opus-5-5");
/// ```
pub fn normalise(model: &str) -> (String, Form) {
    let lower = model.trim().to_ascii_lowercase();
    let mut name = without_context_suffix(&lower);
    let mut form = Form::Plain;

    if let Some((resource, tail)) = name.split_once("publishers/anthropic/models/") {
        let location = resource.split_once("locations/").map(|(_, rest)| rest);
        let endpoint = location.and_then(|rest| rest.split('/').next()).map(vertex_endpoint);
        form = Form::Vertex(endpoint);
        name = tail;
    } else if let Some((resource, tail)) = name.rsplit_once('/') {
        let known = ["models", "anthropic", "openai", "google", "publishers/google/models"];
        if resource.starts_with("arn:") || known.contains(&resource) {
            name = tail;
        }
    }
    if let Some(tail) = bedrock_tail(name) {
        form = Form::Bedrock(tail.1);
        name = tail.0;
    }
    if let Some((base, date)) = name.split_once('@') {
        let pinned = date == "default" || (date.len() == 8 && all_digits(date));
        if base.starts_with("claude-") && pinned {
            name = base;
            form = if form == Form::Plain { Form::Vertex(None) } else { form };
        }
    }
    let name = if name.starts_with("claude-") { name.replace('.', "-") } else { name.to_owned() };
    (name, form)
}

/// The endpoint that a Vertex location stands for.
pub(super) fn vertex_endpoint(location: &str) -> Endpoint {
    if location == "global" { Endpoint::Global } else { Endpoint::Regional }
}

/// Cuts a `[1m]`: the client's mark of the context window, not a part of the name.
fn without_context_suffix(name: &str) -> &str {
    let marked = name.strip_suffix(']').and_then(|rest| rest.rsplit_once('['));
    match marked {
        Some((base, mark)) => {
            let size = mark.strip_suffix(['k', 'm']).unwrap_or_default();
            if !size.is_empty() && all_digits(size) { base } else { name }
        }
        None => name,
    }
}

/// The model and endpoint of a Bedrock id; none if it is not one.
fn bedrock_tail(name: &str) -> Option<(&str, Endpoint)> {
    const REGIONS: [&str; 7] = ["us", "eu", "jp", "au", "apac", "in", "us-gov"];
    let (endpoint, id) = match name.split_once('.') {
        Some(("global", id)) => (Endpoint::Global, id),
        Some((region, id)) if REGIONS.contains(&region) => (Endpoint::Regional, id),
        _ => (Endpoint::Regional, name),
    };
    if let Some(model) = id.strip_prefix("anthropic.") {
        return Some((without_version(model, false), endpoint));
    }
    // Without the vendor's name only the version with its colon marks a Bedrock id.
    let model = without_version(name, true);
    (model.len() < name.len() && name.starts_with("claude-")).then_some((model, endpoint))
}

/// Cuts the `-v1:0` of a Bedrock id.
fn without_version(id: &str, colon_needed: bool) -> &str {
    let Some((base, version)) = id.rsplit_once("-v") else { return id };
    let cut = match version.split_once(':') {
        Some((major, minor)) => all_digits(major) && all_digits(minor),
        None => all_digits(version) && !colon_needed,
    };
    if cut { base } else { id }
}

/// Cuts one release date, `-20250929` or `-2025-09-29`.
pub(super) fn without_date(name: &str) -> Option<&str> {
    let shape = |text: &str| -> String {
        text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect()
    };
    ["-00000000", "-0000-00-00"].iter().find_map(|date| {
        let at = name.len().checked_sub(date.len())?;
        let (base, tail) = (name.get(..at)?, name.get(at..)?);
        (!base.is_empty() && shape(tail) == *date).then_some(base)
    })
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}
