//! Orders to an agent's server: JSON-RPC in WebSocket messages over a Unix socket.
//!
//! Whoever may write the config folder may put another socket there, so the kernel is asked who is
//! at its other end: it must be the very process that writes the session's transcript.

use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::net::sockopt::socket_peercred;
use serde_json::Value;
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Error, HandshakeError, Message, WebSocket, client};

use super::Kernel;
use crate::enforce::table::ProcessTable;
use crate::model::ProcessKey;

/// A longer answer is none.
const LONGEST: usize = 4 << 20;
/// How long one read or write may take. The limit for all is looked at in between.
const STEP: Duration = Duration::from_millis(500);

/// What a server is to be told, and where.
#[derive(Clone, Copy, Debug)]
pub struct Orders<'a> {
    /// Its socket, or a link to it.
    pub socket: &'a Path,
    /// One after the other. One with an id is answered before the next is given.
    pub orders: &'a [Value],
}

impl Orders<'_> {
    /// Gives them to a process. An error for the audit trail where it is another that listens, or
    /// one of them was refused; those after it are not given.
    pub fn give(&self, process: &ProcessKey, limit: Duration) -> Result<(), String> {
        let until = Instant::now() + limit;
        let mut server = self.connect(process).map_err(|error| error.to_string())?;
        for order in self.orders {
            server.send(Message::text(order.to_string())).map_err(|error| error.to_string())?;
            if let Some(id) = order.get("id") {
                answer(&mut server, id, until)?;
            }
        }
        // It has done as it was told: whether it also hears that this is all does not matter.
        let _ = server.close(None);
        Ok(())
    }

    fn connect(&self, process: &ProcessKey) -> io::Result<WebSocket<UnixStream>> {
        // The path of a socket is short, so agents put a link where the real one would be too long.
        let stream = UnixStream::connect(self.socket.canonicalize()?)?;
        stream.set_read_timeout(Some(STEP))?;
        stream.set_write_timeout(Some(STEP))?;
        let peer = socket_peercred(&stream)?;
        let is_it = u32::try_from(peer.pid.as_raw_nonzero().get()) == Ok(process.pid);
        if !is_it || !Kernel::new().is_alive(process) {
            return Err(io::Error::other("another process listens there"));
        }
        let config = WebSocketConfig::default().max_message_size(Some(LONGEST));
        let shaken = client::client_with_config("ws://localhost/", stream, Some(config));
        shaken.map(|(server, _)| server).map_err(|error| match error {
            HandshakeError::Interrupted(_) => io::ErrorKind::TimedOut.into(),
            HandshakeError::Failure(error) => io::Error::other(error),
        })
    }
}

/// Waits for the answer to an order. What the server tells everybody meanwhile is passed over.
fn answer(server: &mut WebSocket<UnixStream>, id: &Value, until: Instant) -> Result<(), String> {
    while Instant::now() < until {
        let message = match server.read() {
            Ok(message) => message,
            Err(Error::Io(error)) if is_patience(&error) => continue,
            Err(error) => return Err(error.to_string()),
        };
        let Message::Text(text) = message else { continue };
        let Ok(reply) = serde_json::from_str::<Value>(&text) else { continue };
        if reply.get("id") != Some(id) || reply.get("method").is_some() {
            continue;
        }
        return match reply.get("error") {
            Some(error) => Err(refusal(error)),
            None => Ok(()),
        };
    }
    Err("no answer".to_owned())
}

fn is_patience(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

/// Its words are the agent's, for a row of the audit trail: short, and nothing invisible.
fn refusal(error: &Value) -> String {
    let words = error["message"].as_str().unwrap_or("refused");
    words.chars().filter(|c| !c.is_control()).take(200).collect()
}
