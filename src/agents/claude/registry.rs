//! `<config>/sessions/<pid>.json`: Claude Code's own word on which session a process is in.
//!
//! Rewritten at once by `/clear`, left behind by SIGKILL, and writable by whatever runs as the
//! user: every field is held to its form, and one that is not makes the file worthless.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use crate::agents::live::{Live, LiveKind, Status};
use crate::agents::resume::is_session_id;

/// A real file has about half a kilobyte.
const LONGEST: usize = 64 * 1024;
/// Hex digits of a background worker's job id.
const JOB_DIGITS: usize = 8;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File<'a> {
    pid: i64,
    #[serde(borrow)]
    session_id: Cow<'a, str>,
    proc_start: Value,
    #[serde(default)]
    kind: Value,
    #[serde(default)]
    entrypoint: Value,
    #[serde(default)]
    status: Value,
    #[serde(default)]
    job_id: Value,
    #[serde(default)]
    cwd: Value,
}

/// Reads a file; none unless it names a session and a process that could be one's.
pub(super) fn parse(bytes: &[u8]) -> Option<Live> {
    if bytes.len() > LONGEST {
        return None;
    }
    let file: File<'_> = serde_json::from_slice(bytes).ok()?;
    let pid = u32::try_from(file.pid).ok().filter(|&pid| pid > 1 && i32::try_from(pid).is_ok())?;
    if !is_session_id(&file.session_id) {
        return None;
    }
    Some(Live {
        pid,
        proc_start: ticks(&file.proc_start)?,
        kind: kind(&file),
        status: match file.status.as_str() {
            Some("busy") => Some(Status::Busy),
            Some("idle") => Some(Status::Idle),
            Some("waiting") => Some(Status::Asking),
            _ => None,
        },
        cwd: file.cwd.as_str().filter(|cwd| !cwd.chars().any(char::is_control)).map(Arc::from),
        session_id: Arc::from(&*file.session_id),
    })
}

/// Written as a string; a number would do.
fn ticks(value: &Value) -> Option<u64> {
    match value {
        Value::String(text) if text.bytes().all(|b| b.is_ascii_digit()) => text.parse().ok(),
        Value::Number(number) => number.as_u64(),
        _ => None,
    }
}

fn kind(file: &File<'_>) -> LiveKind {
    if file.kind.as_str() == Some("bg") {
        let is_job = |job: &&str| {
            job.len() == JOB_DIGITS
                && job.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
                // It is the head of the session's own id: no file makes another job stop.
                && file.session_id.starts_with(*job)
        };
        return LiveKind::Background { job_id: file.job_id.as_str().filter(is_job).map(Arc::from) };
    }
    // `kind` says "interactive" of a headless one too.
    match file.entrypoint.as_str() {
        Some(entrypoint) if entrypoint.starts_with("sdk-") => LiveKind::Headless,
        _ => LiveKind::Interactive,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REAL: &str = r#"{"pid":29969,"sessionId":"b2f442e0-dfa8-4977-aea4-8486b672fa6a","cwd":"/home/dev/proj","startedAt":1795450662926,"procStart":"181843","version":"2.1.197","peerProtocol":1,"kind":"interactive","entrypoint":"cli","name":"proj-7a","nameSource":"derived","status":"idle","updatedAt":1795450666688}"#;

    fn with(from: &str, to: &str) -> Option<Live> {
        assert!(REAL.contains(from), "{from}");
        parse(REAL.replacen(from, to, 1).as_bytes())
    }

    #[test]
    fn a_real_file_is_read() {
        let live = parse(REAL.as_bytes()).unwrap();
        assert_eq!((live.pid, live.proc_start), (29969, 181_843));
        assert_eq!(&*live.session_id, "b2f442e0-dfa8-4977-aea4-8486b672fa6a");
        assert_eq!((live.kind, live.status), (LiveKind::Interactive, Some(Status::Idle)));
        assert_eq!(live.cwd.as_deref(), Some("/home/dev/proj"));
        let busy = with("\"idle\"", "\"busy\"").unwrap();
        assert_eq!(busy.status, Some(Status::Busy));
        let asking = with("\"idle\"", "\"waiting\"").unwrap();
        assert_eq!(asking.status, Some(Status::Asking));
        let headless = with("\"cli\"", "\"sdk-cli\"").unwrap();
        assert_eq!(headless.kind, LiveKind::Headless);
        let background = r#""bg","jobId":"b2f442e0""#;
        let live = with("\"interactive\"", background).unwrap();
        assert_eq!(live.kind, LiveKind::Background { job_id: Some("b2f442e0".into()) });
    }

    #[test]
    fn a_hostile_file_is_worth_nothing() {
        for pid in ["-1", "-29969", "0", "1", "2147483648", "4294967297", "1e5", "\"29969\"", "[2]"]
        {
            assert_eq!(with("29969", pid), None, "pid {pid}");
        }
        for start in ["\"\"", "\"-1\"", "\"+5\"", "\" 5\"", "-5", "1.5", "null", "{}"] {
            assert_eq!(with("\"181843\"", start), None, "procStart {start}");
        }
        let id = "b2f442e0-dfa8-4977-aea4-8486b672fa6a";
        for bad in ["", "../../x", "a b", "-rf", "x\\u001b[2J", "x\\n", "$(reboot)", "é"] {
            assert_eq!(with(id, bad), None, "session {bad}");
        }
        assert_eq!(with(id, &"a".repeat(129)), None);
        for text in ["", "null", "[]", "{}", "{\"pid\":5}", "\u{0}", &REAL[..200]] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
        assert_eq!(with("\"pid\":29969", "\"pid\":29969,\"pid\":1234"), None, "two words on one");
        let huge = format!("{}{}", REAL, " ".repeat(LONGEST));
        assert_eq!(parse(huge.as_bytes()), None);
        assert_eq!(parse("[".repeat(LONGEST).as_bytes()), None);
    }

    #[test]
    fn what_is_beside_the_point_may_be_wrong() {
        let live = with("\"idle\"", "7").unwrap();
        assert_eq!(live.status, None);
        assert_eq!(with("/home/dev/proj", "/home/\\u001b]0;x\\u0007").unwrap().cwd, None);
        for job in
            ["\"; reboot\"", "\"B2F442E0\"", "\"b2f442e\"", "\"0a1b2c3d\"", "12345678", "null"]
        {
            let live = with("\"interactive\"", &format!("\"bg\",\"jobId\":{job}")).unwrap();
            assert_eq!(live.kind, LiveKind::Background { job_id: None }, "{job}");
        }
    }
}
