//! Posts a notice to a URL: as spendtop's JSON, to a Slack incoming webhook or an ntfy topic.
//!
//! The URL is often a secret: no message of an error names more of it than the host.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use ureq::Agent;
use ureq::http::Uri;

use super::{Notifier, payload};
use crate::config::{self, WebhookPreset};
use crate::format::printable;
use crate::model::Notice;

/// The channel's name.
pub(super) const CHANNEL: &str = "webhook";

/// A place to post to.
pub(super) struct Webhook {
    url: String,
    preset: WebhookPreset,
    limit: Duration,
}

/// What is sent.
#[derive(Debug, PartialEq, Eq)]
struct Post {
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Webhook {
    pub(super) fn new(config: &config::Webhook, limit: Duration) -> Self {
        Self { url: config.url.clone(), preset: config.preset, limit }
    }

    /// One connection for one notice. Proxies of the environment are left aside: the program is
    /// started from agents' environments too, where a proxy is the agent's.
    fn agent(&self) -> Agent {
        Agent::config_builder()
            .timeout_global(Some(self.limit))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .proxy(None)
            .user_agent(concat!("spendtop/", env!("CARGO_PKG_VERSION")))
            .build()
            .into()
    }
}

impl Notifier for Webhook {
    fn channel(&self) -> &'static str {
        CHANNEL
    }

    fn tell(&self, notice: &Notice) -> Result<(), String> {
        let host = host(&self.url)?;
        let post = post(self.preset, notice);
        let mut request = self.agent().post(&self.url);
        for (name, value) in post.headers {
            request = request.header(name, value);
        }
        // The answer's body is never read, however long it is.
        let status = match request.send(post.body) {
            Ok(response) => response.status(),
            Err(error) => return Err(format!("{host}: {}", explain(&error))),
        };
        if status.is_success() {
            Ok(())
        } else if status.is_redirection() {
            Err(format!("{host} answered {}: redirects are not followed", status.as_u16()))
        } else {
            Err(format!("{host} answered {}", status.as_u16()))
        }
    }
}

/// The host of a URL that can be posted to.
fn host(url: &str) -> Result<String, String> {
    let uri: Uri = url.trim().parse().map_err(|_| "the webhook's URL is not one".to_owned())?;
    let scheme = uri.scheme_str().unwrap_or_default();
    match uri.host() {
        Some(host) if matches!(scheme, "http" | "https") => Ok(printable(host).into_owned()),
        _ => Err("the webhook's URL must begin with http:// or https://".to_owned()),
    }
}

/// What went wrong. Errors that hold a URL are told without it.
fn explain(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Timeout(_) => "did not answer in time".to_owned(),
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => "cannot be asked that way".to_owned(),
        other => printable(&other.to_string()).into_owned(),
    }
}

/// The request of a preset: pure.
fn post(preset: WebhookPreset, notice: &Notice) -> Post {
    let json_type = ("content-type", "application/json".to_owned());
    match preset {
        WebhookPreset::Json => Post { headers: vec![json_type], body: payload::json(notice) },
        WebhookPreset::Slack => {
            // Slack reads `<!channel>` and links where these three are not escaped.
            let escape =
                |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            let text = format!("*{}*\n{}", escape(&notice.title), escape(&notice.body));
            let body = json!({ "text": text.trim_end() }).to_string();
            Post { headers: vec![json_type], body }
        }
        WebhookPreset::Ntfy => {
            let priority = if notice.urgent { "high" } else { "default" };
            let headers = vec![
                ("content-type", "text/plain; charset=utf-8".to_owned()),
                ("title", header_text(&notice.title)),
                ("priority", priority.to_owned()),
                ("tags", "money_with_wings".to_owned()),
            ];
            // ntfy calls an empty message "triggered".
            let body = if notice.body.is_empty() { &notice.title } else { &notice.body };
            Post { headers, body: body.clone() }
        }
    }
}

/// A text as a header's value: RFC 2047 where it is more than plain ASCII, so nothing in it can
/// end the header.
fn header_text(text: &str) -> String {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) && !text.starts_with("=?") {
        text.to_owned()
    } else {
        format!("=?UTF-8?B?{}?=", STANDARD.encode(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Millis;

    #[test]
    fn no_text_of_a_notice_can_end_a_header() {
        assert_eq!(header_text("$16.02 of $20.00 (80 %)"), "$16.02 of $20.00 (80 %)");
        for text in ["a\r\nX-Evil: 1", "日本", "=?UTF-8?B?eA==?=", "a\0b"] {
            let value = header_text(text);
            assert!(value.starts_with("=?UTF-8?B?") && value.is_ascii(), "{value}");
            assert!(!value.contains(['\r', '\n', '\0']), "{value}");
        }
    }

    #[test]
    fn slack_gets_no_commands() {
        let notice = Notice {
            key: "k".into(),
            at: Millis(0),
            title: "<!channel> & co".into(),
            body: String::new(),
            urgent: false,
        };
        let body = post(WebhookPreset::Slack, &notice).body;
        assert_eq!(body, r#"{"text":"*&lt;!channel&gt; &amp; co*"}"#);
    }

    #[test]
    fn only_http_is_spoken_and_only_the_host_is_named() {
        assert_eq!(host("https://hooks.example.org/T1/secret"), Ok("hooks.example.org".into()));
        for url in ["file:///etc/passwd", "/etc/passwd", "ftp://x/y", "", "no url", "http://"] {
            let error = host(url).unwrap_err();
            assert!(error.starts_with("the webhook's URL"), "{url}: {error}");
        }
    }
}
