//! Webhooks against a loopback server: what is sent, and what no server can make of it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use spendtop::config::{Notify, Webhook, WebhookPreset};
use spendtop::model::{Millis, Notice};
use spendtop::notice::{notifiers, tell_within};

use super::cli_home::{Home, ran};

/// Longer than any test.
const PATIENT: Duration = Duration::from_secs(20);

/// A request as it came.
#[derive(Debug)]
struct Request {
    line: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Request {
    fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }
}

/// Answers every request with these bytes, endlessly if asked to; keeps the requests.
struct Server {
    address: String,
    requests: Receiver<Request>,
}

impl Server {
    fn new(answer: &str, endless: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (send, requests) = mpsc::channel();
        let answer = answer.to_owned();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let _ = stream.and_then(|stream| serve(stream, &answer, endless, &send));
            }
        });
        Self { address, requests }
    }

    fn status(status: &str) -> Self {
        Self::new(&format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n"), false)
    }

    fn url(&self) -> String {
        format!("http://{}/T1/secret-token", self.address)
    }
}

fn serve(
    mut stream: TcpStream,
    answer: &str,
    endless: bool,
    send: &Sender<Request>,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? <= 2 {
            break;
        }
        head.push(line.trim_end().to_owned());
    }
    let headers: Vec<_> = head[1..]
        .iter()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let mut request = Request { line: head[0].clone(), headers, body: String::new() };
    let length = request.header("content-length").parse().unwrap_or(0);
    reader.take(length).read_to_string(&mut request.body)?;
    send.send(request).map_err(std::io::Error::other)?;
    stream.write_all(answer.as_bytes())?;
    if endless {
        let body = vec![b'x'; 65_536];
        loop {
            stream.write_all(&body)?;
        }
    }
    Ok(())
}

fn notice() -> Notice {
    Notice {
        key: "cap/daily/maya/0/1000/1".into(),
        at: Millis::parse("2026-11-23T14:41:00Z").unwrap(),
        title: "spendtop: $20.01 of $20.00 today (limit reached)".into(),
        body: "Sessions are blocked.\nCrossed in <shop> & co.".into(),
        urgent: true,
    }
}

fn tell(url: &str, preset: WebhookPreset, notice: &Notice, limit: Duration) -> Result<(), String> {
    let config = Notify {
        desktop: false,
        webhook: Some(Webhook { url: url.to_owned(), preset }),
        command: Vec::new(),
    };
    let all = notifiers(&config, limit);
    assert_eq!(all.len(), 1);
    tell_within(&all[0], notice, PATIENT)
}

/// Tells by a preset and gives the request that came.
fn sent(preset: WebhookPreset, notice: &Notice) -> Request {
    let server = Server::status("200 OK");
    tell(&server.url(), preset, notice, PATIENT).unwrap();
    let request = server.requests.recv_timeout(PATIENT).unwrap();
    assert_eq!(request.line, "POST /T1/secret-token HTTP/1.1");
    assert!(request.header("user-agent").starts_with("spendtop/"));
    request
}

#[test]
fn json_is_spendtops_own() {
    let request = sent(WebhookPreset::Json, &notice());
    assert_eq!(request.header("content-type"), "application/json");
    let body: Value = serde_json::from_str(&request.body).unwrap();
    let expected = json!({
        "schema": "spendtop.notice/1",
        "key": "cap/daily/maya/0/1000/1",
        "at": "2026-11-23T14:41:00Z",
        "title": "spendtop: $20.01 of $20.00 today (limit reached)",
        "body": "Sessions are blocked.\nCrossed in <shop> & co.",
        "urgent": true,
    });
    assert_eq!(body, expected);
}

#[test]
fn slack_gets_a_text_without_markup_of_others() {
    let request = sent(WebhookPreset::Slack, &notice());
    let body: Value = serde_json::from_str(&request.body).unwrap();
    let text = "*spendtop: $20.01 of $20.00 today (limit reached)*\n\
                Sessions are blocked.\nCrossed in &lt;shop&gt; &amp; co.";
    assert_eq!(body, json!({ "text": text }));
}

#[test]
fn ntfy_gets_title_and_priority_as_headers() {
    let request = sent(WebhookPreset::Ntfy, &notice());
    assert_eq!(request.header("title"), "spendtop: $20.01 of $20.00 today (limit reached)");
    assert_eq!(request.header("priority"), "high");
    assert_eq!(request.body, notice().body);
    let evil = Notice { title: "x\r\nX-Evil: 1\r\n\r\nbody".into(), urgent: false, ..notice() };
    let request = sent(WebhookPreset::Ntfy, &evil);
    assert_eq!(request.header("x-evil"), "");
    assert!(request.header("title").starts_with("=?UTF-8?B?"), "{request:?}");
    assert_eq!((request.header("priority"), &request.body), ("default", &evil.body));
}

#[test]
fn no_redirect_is_followed() {
    let other = Server::status("200 OK");
    for target in [other.url(), "file:///etc/passwd".into(), "/elsewhere".into()] {
        for status in ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"] {
            let answer =
                format!("HTTP/1.1 {status}\r\nlocation: {target}\r\ncontent-length: 0\r\n\r\n");
            let server = Server::new(&answer, false);
            let error = tell(&server.url(), WebhookPreset::Json, &notice(), PATIENT).unwrap_err();
            assert!(error.contains("redirects are not followed"), "{error}");
            server.requests.recv_timeout(PATIENT).unwrap();
            assert!(server.requests.try_recv().is_err(), "asked again");
        }
    }
    assert!(other.requests.try_recv().is_err(), "followed");
}

#[test]
fn whatever_a_server_does_is_a_failure_in_words_without_the_secret() {
    let cut = "HTTP/1.1 200 OK\r\ncontent-le";
    let long = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(1 << 20));
    for (answer, says) in [
        ("HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n", "answered 500"),
        ("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", "answered 404"),
        ("HTTP/1.1 429 Slow Down\r\ncontent-length: 0\r\n\r\n", "answered 429"),
        ("\x1b[2Jnot http\r\n\r\n", ""),
        (cut, ""),
        (&long, ""),
        ("", ""),
    ] {
        let server = Server::new(answer, false);
        let error = tell(&server.url(), WebhookPreset::Json, &notice(), PATIENT).unwrap_err();
        assert!(error.starts_with("127.0.0.1") && error.contains(says), "{error}");
        assert!(!error.contains("secret") && !error.contains('\x1b'), "{error}");
        assert!(error.len() < 300, "{error}");
    }
    for url in ["file:///etc/passwd", "gopher://secret", "secret", "http://127.0.0.1:1/secret"] {
        let error = tell(url, WebhookPreset::Json, &notice(), PATIENT).unwrap_err();
        assert!(!error.contains("secret"), "{error}");
    }
}

#[test]
fn an_endless_answer_is_not_read_and_a_hanging_server_given_up() {
    let server = Server::new("HTTP/1.1 200 OK\r\n\r\n", true);
    let start = Instant::now();
    tell(&server.url(), WebhookPreset::Json, &notice(), PATIENT).unwrap();
    assert!(start.elapsed() < Duration::from_secs(10));

    // Accepts, reads, and never answers.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/secret", listener.local_addr().unwrap());
    let limit = Duration::from_millis(300);
    let start = Instant::now();
    let error = tell(&url, WebhookPreset::Slack, &notice(), limit).unwrap_err();
    assert_eq!(error, "127.0.0.1: did not answer in time");
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn the_program_posts_past_a_proxy_of_its_environment() {
    let (server, proxy) = (Server::status("204 No Content"), Server::status("200 OK"));
    let home = Home::new();
    let url = server.url();
    home.write_config(&format!(
        "[notify]\ndesktop = false\n[notify.webhook]\nurl = \"{url}\"\npreset = \"ntfy\"\n"
    ));
    let mut command = home.command(&["notify", "test"]);
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"] {
        command.env(name, format!("http://{}", proxy.address));
    }
    let ran = ran(command);
    assert_eq!((ran.code, &*ran.out, &*ran.err), (0, "webhook  told\n", ""));
    let request = server.requests.recv_timeout(PATIENT).unwrap();
    assert_eq!(request.header("title"), "spendtop: this is a test");
    assert!(proxy.requests.try_recv().is_err());
}
