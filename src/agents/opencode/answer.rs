//! The calls: a step of an answer each.
//!
//! A fork copies messages under new ids, and a new version of the client copies all of them into
//! other tables, some of what they hold left out. What every copy keeps is when the message was
//! made, its model and its counts: they are a call's name.

use super::record::{Data, Row};
use super::rows::Rows;
use super::tokens::Counts;
use crate::agents::Unparsed;
use crate::model::{AgentId, Call, CallId, Event, Millis, PicoUsd, Qualifiers};

/// Providers at whose own prices a model is sold under its own name. What others charge for it is
/// another price.
const AT_LIST_PRICE: [&str; 9] = [
    "anthropic",
    "openai",
    "google",
    "google-vertex",
    "google-vertex-anthropic",
    "amazon-bedrock",
    "azure",
    "azure-cognitive-services",
    "alibaba",
];

/// A step that ended.
pub(super) struct Step<'a> {
    pub row: &'a Row<'a>,
    /// The answer.
    pub message: &'a Data<'a>,
    /// What has the counts and the cost: the answer, or the step's end.
    pub told_by: &'a Data<'a>,
    /// When it ended.
    pub at: Option<Millis>,
    /// Reasoning is never in the output.
    pub reasoning_is_apart: bool,
}

impl Rows {
    /// Tells of the call; what names it, or none if there has been none yet.
    pub(super) fn tell_call(
        &mut self,
        step: &Step<'_>,
        offset: u64,
        events: &mut Vec<Event>,
    ) -> Result<Option<CallId>, Unparsed> {
        let Some(counts) = step.told_by.tokens.0.as_ref().map(Counts::from) else {
            return Ok(None);
        };
        if counts.is_nothing() {
            return Ok(None);
        }
        let at = step.at.ok_or(Unparsed::NoTimestamp)?;
        let model = model_of(step.message).map(|model| self.models.share(&model));
        let (usage, assumed) = counts.usage(step.reasoning_is_apart);
        let thread = self.place(step.row);
        let folder = step.message.path.0.as_ref().and_then(|path| path.cwd.non_empty());
        let folder = folder.or(step.row.directory.non_empty());
        let call_id = name(step, &counts, model.as_deref());
        events.push(Event::Call(Box::new(Call {
            model,
            qualifiers: Qualifiers { assumed, ..Qualifiers::default() },
            cwd: folder.map(|folder| self.folders.share(folder)),
            // A message in a file of its own has the counts of its last step alone.
            is_final: step.row.table.0.is_some(),
            reported_cost: step.told_by.cost.0.and_then(cost),
            offset,
            ..Call::told(AgentId::OpenCode, thread, call_id.clone(), at, usage)
        })));
        Ok(Some(call_id))
    }
}

fn name(step: &Step<'_>, counts: &Counts, model: Option<&str>) -> CallId {
    let made = made(step.message).or(step.row.created.0).unwrap_or_default();
    let Counts { input, output, reasoning, read, write, .. } = counts;
    let model = model.unwrap_or_default();
    let id = format!("{model}@{made}:{input}/{output}/{reasoning}/{read}/{write}");
    CallId::of(id)
}

/// When a message was made, in milliseconds. Copies keep it.
pub(super) fn made(message: &Data<'_>) -> Option<u64> {
    message.time.0.map(|time| time.created.0).filter(|made| *made > 0)
}

pub(super) fn millis(count: Option<u64>) -> Option<Millis> {
    count.filter(|count| *count > 0).and_then(|count| i64::try_from(count).ok()).map(Millis)
}

/// The model, with the provider before it unless that is one of those that made it.
fn model_of(message: &Data<'_>) -> Option<String> {
    let of_2 = message.model_of_2.0.as_ref();
    let model = message.model.non_empty().or(of_2.and_then(|model| model.id.non_empty()))?;
    let provider =
        message.provider.non_empty().or(of_2.and_then(|model| model.provider.non_empty()));
    Some(match provider {
        Some(provider) if !AT_LIST_PRICE.contains(&provider) => format!("{provider}/{model}"),
        _ => model.to_owned(),
    })
}

/// What the client says the call cost, by the prices that it knows. Nothing is what it says of
/// models whose price it does not know, and of plans.
fn cost(text: &str) -> Option<PicoUsd> {
    PicoUsd::parse_rounded(text).ok().filter(|cost| *cost > PicoUsd::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_its_makers_or_its_sellers() {
        let of = |text: &str| model_of(&serde_json::from_str::<Data<'_>>(text).unwrap());
        for (provider, model, expected) in [
            ("anthropic", "claude-sonnet-4-5", "claude-sonnet-4-5"),
            ("openai", "gpt-5", "gpt-5"),
            (
                "amazon-bedrock",
                "us.anthropic.claude-opus-5-v1:0",
                "us.anthropic.claude-opus-5-v1:0",
            ),
            ("openrouter", "anthropic/claude-opus-5", "openrouter/anthropic/claude-opus-5"),
            ("github-copilot", "gpt-5", "github-copilot/gpt-5"),
            ("ollama", "qwen3", "ollama/qwen3"),
        ] {
            let of_1 = format!(r#"{{"providerID":"{provider}","modelID":"{model}"}}"#);
            let of_2 = format!(r#"{{"model":{{"providerID":"{provider}","id":"{model}"}}}}"#);
            assert_eq!((of(&of_1), of(&of_2)), (Some(expected.into()), Some(expected.into())));
        }
        assert_eq!(of(r#"{"providerID":"x"}"#), None);
        assert_eq!(of(r#"{"modelID":"m"}"#), Some("m".into()));
    }

    #[test]
    fn a_cost_of_nothing_is_not_told() {
        assert_eq!(cost("0.00477"), Some(PicoUsd(4_770_000_000)));
        for text in ["0", "0.0", "-1", "\"1\"", "1e300", "{}"] {
            assert_eq!(cost(text), None, "{text}");
        }
    }
}
