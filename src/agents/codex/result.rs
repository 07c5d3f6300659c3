//! What a tool gave, and whether it went well. Codex tells both in one text: a few lines about the
//! command, some of which change every time, then what it printed.

use std::borrow::Cow;

use serde::Deserialize;

use crate::agents::fingerprint::{compact, of_error, value_of};
use crate::agents::json::{Object, RawText, Text};
use crate::model::{Fingerprint, ToolOutcome, ToolResult};

/// How the lines begin that are about the command, up to `Output:`.
const ABOUT: [&str; 7] = [
    "Chunk ID: ",
    "Wall time: ",
    EXITED,
    RUNNING,
    "Original token count: ",
    "Total output lines: ",
    OLDER_EXITED,
];
const EXITED: &str = "Process exited with code ";
const RUNNING: &str = "Process running with session ID ";
const OLDER_EXITED: &str = "Exit code: ";

/// How the client begins to tell that a tool did not run as it should.
const ERRORS: [&str; 14] = [
    "unsupported call",
    "unsupported custom tool call",
    "failed to parse function arguments",
    "apply_patch verification failed",
    "patch failed",
    "exec_command failed",
    "write_stdin failed",
    "execution error",
    "failed in sandbox",
    "command timed out",
    "unable to ",
    "tool call error",
    "tool call failed",
    "Error: ",
];

/// How it begins to tell that a person or a rule did not let it.
const DENIALS: [&str; 5] = [
    "exec command rejected by user",
    "patch rejected by user",
    "rejected by user",
    "approval policy is ",
    "aborted",
];

/// A result, by what it answers and gave.
pub(super) fn of(id: &str, output: RawText<'_>) -> ToolResult {
    let output = output.0.unwrap_or_default();
    let id = Fingerprint::of(id.as_bytes());
    let Ok(text) = serde_json::from_str::<Cow<'_, str>>(output) else {
        // Pictures and the like.
        let output = value_of(&compact(output));
        return ToolResult { id, outcome: ToolOutcome::Done, output, error: None };
    };
    let told = Told::of(&text);
    let outcome = told.outcome();
    let error = (outcome != ToolOutcome::Done).then(|| of_error(&told.printed));
    let printed = Fingerprint::of(told.printed.as_bytes());
    let output = match (told.is_running, told.exit_code) {
        (true, _) => printed.named(Fingerprint::of(RUNNING.as_bytes())),
        (_, Some(code)) => printed.named(Fingerprint::of(&code.to_le_bytes())),
        _ => printed,
    };
    ToolResult { id, outcome, output, error }
}

/// What the text tells.
struct Told<'a> {
    printed: Cow<'a, str>,
    exit_code: Option<i64>,
    is_running: bool,
}

impl<'a> Told<'a> {
    fn of(text: &'a str) -> Self {
        Self::of_json(text).or_else(|| Self::of_lines(text)).unwrap_or(Self {
            printed: Cow::Borrowed(text),
            exit_code: None,
            is_running: false,
        })
    }

    fn of_lines(text: &'a str) -> Option<Self> {
        let (mut exit_code, mut is_running) = (None, false);
        let mut rest = text;
        while let Some((line, after)) = rest.split_once('\n') {
            rest = after;
            if line == "Output:" {
                return Some(Self { printed: Cow::Borrowed(rest), exit_code, is_running });
            }
            if !ABOUT.iter().any(|about| line.starts_with(about)) {
                return None;
            }
            let code = line.strip_prefix(EXITED).or(line.strip_prefix(OLDER_EXITED));
            exit_code = code.and_then(|code| code.trim().parse().ok()).or(exit_code);
            is_running |= line.starts_with(RUNNING);
        }
        None
    }

    /// As older clients wrote it.
    fn of_json(text: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Older<'a> {
            #[serde(borrow)]
            output: Text<'a>,
            metadata: Object<Metadata>,
        }
        #[derive(Deserialize)]
        struct Metadata {
            exit_code: Option<i64>,
        }
        let text = text.trim_end();
        if !(text.starts_with('{') && text.ends_with('}') && text.contains("\"exit_code\"")) {
            return None;
        }
        let older: Older<'_> = serde_json::from_str(text).ok()?;
        Some(Self {
            printed: Cow::Owned(older.output.0?.into_owned()),
            exit_code: older.metadata.0?.exit_code,
            is_running: false,
        })
    }

    fn outcome(&self) -> ToolOutcome {
        let begins = |words: &[&str]| words.iter().any(|word| self.printed.starts_with(word));
        match self.exit_code {
            Some(0) => ToolOutcome::Done,
            Some(_) => ToolOutcome::Failed,
            None if self.is_running => ToolOutcome::Done,
            None if begins(&DENIALS) => ToolOutcome::Denied,
            None if begins(&ERRORS) => ToolOutcome::Failed,
            None => ToolOutcome::Done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(text: &str) -> ToolResult {
        let json = serde_json::to_string(text).unwrap();
        of("call_1", RawText(Some(&json)))
    }

    fn printed(code: i64, chunk: &str, text: &str) -> String {
        format!(
            "Chunk ID: {chunk}\nWall time: 0.{chunk} seconds\nProcess exited with code {code}\n\
             Original token count: 3\nOutput:\n{text}"
        )
    }

    #[test]
    fn the_same_output_is_the_same_however_long_it_took() {
        let one = result(&printed(0, "704288", "step-one\n"));
        assert_eq!(one, result(&printed(0, "1", "step-one\n")));
        assert_ne!(one.output, result(&printed(0, "1", "step-two\n")).output);
        let older = r#"{"output":"step-one\n","metadata":{"exit_code":0,"duration_seconds":0.1}}"#;
        assert_eq!(one, result(older));
        assert_eq!(one, result("Exit code: 0\nWall time: 0.1 seconds\nOutput:\nstep-one\n"));
    }

    #[test]
    fn how_it_went_is_told_by_the_exit_code_or_by_what_the_client_says() {
        assert_eq!(result(&printed(0, "1", "Error: none")).outcome, ToolOutcome::Done);
        let failed = result(&printed(3, "1", "line 12: bad"));
        assert_eq!(failed.outcome, ToolOutcome::Failed);
        assert_eq!(failed.error, result(&printed(3, "2", "line 99: bad")).error);
        assert_ne!(failed.output, result(&printed(4, "1", "line 12: bad")).output);
        let running = "Wall time: 0.2 seconds\nProcess running with session ID 48659\nOutput:\n";
        assert_eq!(result(running).outcome, ToolOutcome::Done);
        for (text, outcome) in [
            ("unsupported call: nonsense", ToolOutcome::Failed),
            ("unable to locate image at `/nope.png`: No such file", ToolOutcome::Failed),
            ("exec command rejected by user", ToolOutcome::Denied),
            ("approval policy is Never; reject command", ToolOutcome::Denied),
            ("all is well", ToolOutcome::Done),
            ("", ToolOutcome::Done),
        ] {
            let result = result(text);
            assert_eq!(result.outcome, outcome, "{text}");
            assert_eq!(result.error.is_some(), outcome != ToolOutcome::Done, "{text}");
        }
    }

    #[test]
    fn what_is_no_text_is_compared_without_blanks() {
        let one = of("a", RawText(Some(r#"[{"type":"input_image","image_url":"x"}]"#)));
        let two = of("a", RawText(Some(r#"[ {"type": "input_image", "image_url": "x"} ]"#)));
        assert_eq!(one, two);
        assert_eq!(one.outcome, ToolOutcome::Done);
    }
}
