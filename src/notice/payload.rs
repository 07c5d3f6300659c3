//! A notice as JSON, for webhooks and commands.

use serde::Serialize;

use crate::model::Notice;

/// The form's name; a change that breaks a reader changes it.
const SCHEMA: &str = "spendtop.notice/1";

#[derive(Serialize)]
struct Payload<'a> {
    schema: &'static str,
    key: &'a str,
    at: String,
    title: &'a str,
    body: &'a str,
    urgent: bool,
}

/// The notice in spendtop's own form, one line.
pub(super) fn json(notice: &Notice) -> String {
    let payload = Payload {
        schema: SCHEMA,
        key: &notice.key,
        at: notice.at.timestamp().to_string(),
        title: &notice.title,
        body: &notice.body,
        urgent: notice.urgent,
    };
    // Texts and a flag always serialise.
    serde_json::to_string(&payload).unwrap_or_default()
}
