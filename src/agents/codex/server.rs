//! The server that Codex's screens share: `codex` in a terminal starts one for its config folder (as
//! of 0.169, without `--no-daemon`), and the sessions of all terminals run in there.
//!
//! It goes on when a screen is closed, ignores SIGINT, and at SIGTERM waits for the running turns.
//! What it does on `turn/interrupt` was measured: the turn ends within 20 ms, as by the Esc key, no
//! further request is made, and the session waits at its prompt.

use std::sync::Arc;

use serde_json::{Value, json};

/// Where it takes orders, in the config folder.
pub(super) const SOCKET: &str = "app-server-control/app-server-control.sock";

/// Says who we are, then has every thread interrupted. An empty turn is whichever runs, or none.
pub(super) fn interruption(threads: &[Arc<str>]) -> Vec<Value> {
    let client = json!({
        "name": "spendtop", "title": "spendtop", "version": env!("CARGO_PKG_VERSION"),
    });
    let mut orders = vec![
        json!({"id": 0, "method": "initialize", "params": {"clientInfo": client}}),
        json!({"method": "initialized"}),
    ];
    orders.extend(threads.iter().zip(1..).map(|(thread, id): (_, u64)| {
        let params = json!({"threadId": &**thread, "turnId": ""});
        json!({"id": id, "method": "turn/interrupt", "params": params})
    }));
    orders
}
