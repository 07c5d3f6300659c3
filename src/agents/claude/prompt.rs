//! What a `user` record is: a person's prompt, another's, a command, or text that the client put
//! there in the user's name. Every other file asks here.

use super::record::{Body, Record};
use crate::agents::json::TextOrObjects;
use crate::model::TurnSource;

/// What a text in the user's name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// A prompt.
    Prompt,
    /// Another agent's words.
    Peer,
    /// A slash command. It may ask the model something, or not.
    Command,
    /// Something has come to an end in the background; the model reads it.
    Notification,
    /// What a command of the client's own printed, or what the editor shows: the model is not
    /// asked for anything.
    Local,
    /// The person stopped the turn.
    Interruption,
}

/// How text begins that is no prompt.
const OPENINGS: [(&str, Said); 9] = [
    ("<command-name>", Said::Command),
    ("<command-message>", Said::Command),
    ("<local-command-", Said::Local),
    ("<bash-input>", Said::Local),
    ("<bash-stdout>", Said::Local),
    ("<bash-stderr>", Said::Local),
    ("<task-notification>", Said::Notification),
    ("<cross-session-message", Said::Peer),
    ("[Request interrupted", Said::Interruption),
];

/// How the words begin with which a hook sends the agent on that was about to stop. The client
/// marks them as its own.
const SENT_ON: &str = "Stop hook feedback:";

/// What the editor shows may be put before a prompt.
const EDITOR: [(&str, &str); 2] =
    [("<ide_opened_file>", "</ide_opened_file>"), ("<ide_selection>", "</ide_selection>")];

/// What a text is, by how it begins.
pub(super) fn said(text: &str) -> Said {
    let mut text = text.trim_start();
    let whole = text;
    while let Some((_, end)) = EDITOR.iter().find(|(opening, _)| text.starts_with(opening)) {
        text = text.split_once(end).map_or("", |(_, rest)| rest.trim_start());
    }
    if text.is_empty() && !whole.is_empty() {
        return Said::Local;
    }
    let opening = OPENINGS.iter().find(|(opening, _)| text.starts_with(opening));
    opening.map_or(Said::Prompt, |(_, said)| *said)
}

/// Whether a text of the client's own sends the agent on.
pub(super) fn sends_on(text: &str) -> bool {
    text.trim_start().starts_with(SENT_ON)
}

/// Whether an answer with this reason is its turn's last. Versions that write while the answer
/// streams give no reason yet.
pub(super) fn is_last(stop_reason: Option<&str>) -> bool {
    stop_reason.is_some_and(|reason| !matches!(reason, "tool_use" | "pause_turn"))
}

/// A beginning of a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beginning {
    /// The model is asked for something.
    Turn(TurnSource),
    /// A hook sends the agent on. The record bears the name of the prompt before.
    SentOn,
    /// It may be: a turn begins if it answers.
    Perhaps(TurnSource),
}

/// What tells who gave a prompt; empty where a record does not say.
#[derive(Debug, Default)]
pub(super) struct Signs<'a> {
    pub prompt_source: &'a str,
    pub entrypoint: &'a str,
    pub turn_origin: &'a str,
    pub origin: &'a str,
}

impl Signs<'_> {
    pub(super) fn source(&self, is_subagent: bool) -> TurnSource {
        let by_program = is_subagent
            || matches!(self.prompt_source, "sdk" | "system")
            || (self.prompt_source.is_empty() && self.entrypoint.starts_with("sdk-"))
            || self.turn_origin == "peer"
            || matches!(self.origin, "coordinator" | "peer");
        if by_program { TurnSource::Automated } else { TurnSource::Human }
    }
}

/// Whether a record is a prompt that a person (or a script in their place) gave.
pub(super) fn is_prompt(record: &Record<'_>, body: &Body<'_>) -> bool {
    !is_hidden(record, body)
        && !record.is_sidechain.0
        && record.agent_id.non_empty().is_none()
        && !body.prompt_source.is("system")
        && texts(body).any(|said| said == Said::Prompt)
}

/// The turn that a record begins in its thread.
pub(super) fn beginning(
    record: &Record<'_>,
    body: &Body<'_>,
    is_subagent: bool,
) -> Option<Beginning> {
    // A side thread in the main one's file has no turns of its own.
    if record.is_sidechain.0 && !is_subagent {
        return None;
    }
    if is_hidden(record, body) {
        return is_sent_on(record, body).then_some(Beginning::SentOn);
    }
    let signs = Signs {
        prompt_source: body.prompt_source.as_deref().unwrap_or_default(),
        entrypoint: body.entrypoint.as_deref().unwrap_or_default(),
        turn_origin: body.turn_origin.as_deref().unwrap_or_default(),
        origin: body.origin.0.as_ref().map_or("", |o| o.kind.as_deref().unwrap_or_default()),
    };
    let source = signs.source(is_subagent);
    texts(body).find_map(|said| match said {
        Said::Prompt => Some(Beginning::Turn(source)),
        Said::Peer => Some(Beginning::Turn(TurnSource::Automated)),
        Said::Command => Some(Beginning::Perhaps(source)),
        Said::Notification | Said::Local | Said::Interruption => None,
    })
}

fn is_sent_on(record: &Record<'_>, body: &Body<'_>) -> bool {
    let text = match body.message.0.as_ref().map(|said| &said.content) {
        Some(TextOrObjects::Text(text)) => text,
        _ => body.blocks().first().and_then(|block| block.text.as_deref()).unwrap_or_default(),
    };
    record.kind.is("user") && body.is_meta.0 && sends_on(text)
}

/// The person stopped what was going on.
pub(super) fn is_interruption(record: &Record<'_>, body: &Body<'_>) -> bool {
    !is_hidden(record, body) && texts(body).any(|said| said == Said::Interruption)
}

/// Not said to the model, or not by anybody.
fn is_hidden(record: &Record<'_>, body: &Body<'_>) -> bool {
    !record.kind.is("user")
        || body.is_meta.0
        || body.is_compact_summary.0
        || body.is_visible_in_transcript_only.0
}

/// What each of a record's texts is; an image is one, too.
fn texts<'a>(body: &'a Body<'_>) -> impl Iterator<Item = Said> + use<'a> {
    let text = match body.message.0.as_ref().map(|said| &said.content) {
        Some(TextOrObjects::Text(text)) => Some(said(text)),
        _ => None,
    };
    let blocks = body.blocks().iter().filter(|block| !block.kind.is("tool_result"));
    text.into_iter().chain(blocks.map(|block| block.text.as_deref().map_or(Said::Prompt, said)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_told_by_how_it_begins() {
        let file = "<ide_opened_file>The user opened /a.rs</ide_opened_file>";
        for (text, is) in [
            ("fix the build", Said::Prompt),
            ("", Said::Prompt),
            ("  <command-name>/compact</command-name>", Said::Command),
            ("<command-message>review is running…</command-message>", Said::Command),
            ("<local-command-stdout>ok</local-command-stdout>", Said::Local),
            ("<bash-input>ls</bash-input>", Said::Local),
            ("<task-notification><task-id>7</task-id>", Said::Notification),
            ("<cross-session-message from=\"b\">hi", Said::Peer),
            ("[Request interrupted by user for tool use]", Said::Interruption),
            (file, Said::Local),
            ("<ide_selection>never closed", Said::Local),
            (&format!("{file}\n<ide_selection>x</ide_selection> fix it"), Said::Prompt),
            (&format!("{file}<command-name>/clear</command-name>"), Said::Command),
        ] {
            assert_eq!(said(text), is, "{text}");
        }
    }
}
