//! What a hook answers its agent: measured, not guessed.
//!
//! A prompt is stopped by a block, which gives it back to the person. A tool use is stopped by
//! `continue: false` alone: a denial has the model try again, and a denial beside `continue: false`
//! takes that back. Nothing stops the start of a session; there the model is told.

use serde_json::{Value, json};

use super::words::TELL;
use crate::agents::{Moment, Words};

/// An answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Answer {
    /// The agent goes on.
    #[default]
    Nothing,
    /// It goes on, and its model reads this.
    Context(String),
    /// It stops, for this reason.
    Stop(String),
}

impl Answer {
    /// The answer at a moment as the agent reads it, in its own words; none where there is nothing
    /// to say. At a moment that was not understood only the stop that suits every one of them helps.
    pub fn json(&self, moment: Option<Moment>, words: &Words) -> Option<Value> {
        let context = |moment, text: &str| {
            let name = words.name(moment);
            json!({"hookSpecificOutput": {"hookEventName": name, "additionalContext": text}})
        };
        match (self, moment) {
            (Self::Nothing, _) | (Self::Context(_), None | Some(Moment::PreToolUse)) => None,
            (Self::Context(text), Some(moment)) => Some(context(moment, text)),
            (Self::Stop(reason), Some(Moment::UserPromptSubmit)) => {
                Some(json!({"decision": "block", "reason": reason}))
            }
            (Self::Stop(reason), Some(Moment::SessionStart)) => {
                Some(context(Moment::SessionStart, &format!("{reason} {TELL}")))
            }
            (Self::Stop(reason), Some(Moment::PreToolUse | Moment::PostToolUse) | None) => {
                Some(json!({"continue": false, "stopReason": reason}))
            }
        }
    }
}

/// The model can be told something at this moment.
pub fn takes_context(moment: Moment) -> bool {
    moment != Moment::PreToolUse
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_answer_takes_its_own_stop_back() {
        for moment in Moment::ALL.into_iter().map(Some).chain([None]) {
            let stop = Answer::Stop("why".into()).json(moment, &Words::CLAUDE).unwrap();
            let text = stop.to_string();
            assert!(!text.contains("permission"), "{text}");
            assert!(text.contains("why"), "{text}");
            match moment {
                Some(Moment::UserPromptSubmit) => assert_eq!(stop["decision"], "block"),
                Some(Moment::SessionStart) => assert!(stop.get("continue").is_none()),
                _ => assert_eq!(stop["continue"], false),
            }
            assert_eq!(Answer::Nothing.json(moment, &Words::CLAUDE), None);
        }
    }
}
