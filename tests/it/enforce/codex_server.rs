//! Codex's screens share a server: what a session does in there is interrupted, and no session of
//! another screen ends with it.

use std::io::Read;
use std::os::unix::net::UnixListener;

use serde_json::{Value, json};
use spendtop::enforce::INTERRUPTED;
use tungstenite::Message;

use super::codex::write;
use super::*;
use crate::codex_lines::{event, meta};

/// What a server does with an order to interrupt.
const DOES: &str = "does";
const REFUSES: &str = "refuses";
const IS_ANOTHER: &str = "is another";

/// Not a test of its own, but the server of the others: run under the name of Codex's executable, it
/// holds rollouts open and takes orders until its input ends.
#[test]
fn server() {
    if std::env::args().nth(1).as_deref() != Some("app-server") {
        return;
    }
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    let what: Value = serde_json::from_str(&line).unwrap();
    let paths = what["rollouts"].as_array().unwrap();
    let append = |path: &Value| fs::OpenOptions::new().append(true).open(path.as_str()?).ok();
    let rollouts: Vec<_> = paths.iter().filter_map(append).collect();
    assert_eq!(rollouts.len(), paths.len());
    if let Some(socket) = what["socket"].as_str() {
        let listener = UnixListener::bind(socket).unwrap();
        thread::spawn(move || serve(&listener, &what));
    }
    std::io::stdout().write_all(b"ready\n").unwrap();
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

fn serve(listener: &UnixListener, what: &Value) {
    let mut log = fs::File::create(what["log"].as_str().unwrap()).unwrap();
    for stream in listener.incoming() {
        let Ok(mut client) = tungstenite::accept(stream.unwrap()) else { continue };
        while let Ok(Message::Text(text)) = client.read() {
            let order: Value = serde_json::from_str(&text).unwrap();
            writeln!(log, "{} {}", order["method"], order["params"]["threadId"]).unwrap();
            let Some(id) = order.get("id") else { continue };
            // The server tells everybody of other things meanwhile, with ids of its own.
            for other in [json!({"method": "x/changed"}), json!({"id": id, "method": "x/ask"})] {
                client.send(Message::text(other.to_string())).unwrap();
            }
            let refuses = what["answer"] == REFUSES && order["method"] == "turn/interrupt";
            let reply = if refuses {
                json!({"id": id, "error": {"code": -32600, "message": "no \u{1b}[2J"}})
            } else {
                json!({"id": id, "result": {}})
            };
            client.send(Message::text(reply.to_string())).unwrap();
        }
    }
}

/// A server that runs some threads.
struct Server {
    running: Running,
    log: PathBuf,
}

impl Server {
    fn start(scratch: &Scratch, rollouts: &[PathBuf], answer: &str) -> Self {
        let exe = scratch.path("server/codex");
        fs::create_dir_all(exe.parent().unwrap()).unwrap();
        let test = std::env::current_exe().unwrap();
        // A link where the file system allows one: the file is large.
        if !exe.exists() && fs::hard_link(&test, &exe).is_err() {
            copy_program(&test, &exe);
        }
        let log = scratch.path("orders");
        let control = scratch.path("home/.codex/app-server-control");
        fs::create_dir_all(&control).unwrap();
        // As Codex has it: a link to a socket with a short path.
        let (socket, link) = (scratch.path("s"), control.join("app-server-control.sock"));
        symlink(&socket, link).unwrap();
        if answer == IS_ANOTHER {
            // It lives as long as the test's process does.
            std::mem::forget(UnixListener::bind(&socket).unwrap());
        }
        let socket = Some(socket).filter(|_| answer != IS_ANOTHER);
        let what = json!({"rollouts": rollouts, "socket": socket, "log": log, "answer": answer});
        let mut command = Command::new(exe);
        command.args(["app-server", "--exact", "enforce::codex_server::server", "--nocapture"]);
        let running = scratch.start_with(&mut command, &format!("{what}\n"));
        Self { running, log }
    }

    /// The orders it got, each with its thread.
    fn orders(&self) -> Vec<String> {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        text.lines().map(|line| line.replace('"', "")).collect()
    }
}

fn thread_of(scratch: &Scratch, id: &str, more: &Value) -> PathBuf {
    let began = event("09:00:01.000", "task_started", &json!({}));
    write(scratch, id, &[meta("09:00:00.000", id, more), began])
}

/// A session with a subagent, and another one.
fn three_threads(scratch: &Scratch) -> Vec<PathBuf> {
    let of_child = json!({"session_id": "over", "parent_thread_id": "over"});
    vec![
        thread_of(scratch, "child", &of_child),
        thread_of(scratch, "under", &json!({})),
        thread_of(scratch, "over", &json!({})),
    ]
}

#[test]
fn only_the_session_that_is_over_its_cap_is_interrupted() {
    let scratch = Scratch::of_codex();
    let server = Server::start(&scratch, &three_threads(&scratch), DOES);
    let mut driver = Driver::with(&scratch, scratch.demand("over"));
    driver.run_for(60_000);
    assert!(server.running.is_alive());
    let expected =
        ["initialize null", "initialized null", "turn/interrupt over", "turn/interrupt child"];
    assert_eq!(server.orders(), expected);
    assert_eq!(driver.outcomes(), [format!("turn/interrupt {INTERRUPTED}")]);
    let row = &driver.rows[0];
    assert_eq!(
        (row.kind, &row.process),
        (ActionKind::AgentStop, &Some(server.running.key.clone()))
    );
    // Its last line comes late. A new turn is interrupted anew.
    let late = Demand { in_turn: false, ..scratch.demand("over") };
    driver.demand(late);
    driver.run_for(1_000);
    assert_eq!(driver.rows.len(), 1);
    driver.demand(scratch.demand("over"));
    driver.run_for(1_000);
    assert_eq!(driver.rows.len(), 2, "{:?}", driver.outcomes());
    assert!(server.running.is_alive());
}

#[test]
fn an_idle_session_is_let_be_and_a_hooks_old_word_on_it_ends_nobody() {
    let scratch = Scratch::of_codex();
    let server = Server::start(&scratch, &three_threads(&scratch)[1..2], DOES);
    let idle = Demand { in_turn: false, with_hook: true, ..scratch.demand("under") };
    let mut driver = Driver::with(&scratch, idle);
    driver.run_for(600_000);
    assert!(driver.rows.is_empty() && server.orders().is_empty());
    // The session was closed in there since.
    let seen = Sighting { session: scratch.key("gone"), ..sighting("gone", &server.running, 9) };
    let found = scratch.locate("gone", &[seen]);
    assert!(!found[0].is_certain(), "{found:?}");
    // Where no session is open at all, too.
    let scratch = Scratch::of_codex();
    let server = Server::start(&scratch, &[], DOES);
    let seen = Sighting { session: scratch.key("gone"), ..sighting("gone", &server.running, 9) };
    let found = scratch.locate("gone", &[seen]);
    assert_eq!(found[0].why_not.as_deref(), Some("the session is not open in that server"));
}

#[test]
fn a_server_that_refuses_is_ended_only_where_it_runs_nothing_else() {
    for is_alone in [true, false] {
        let scratch = Scratch::of_codex();
        let mut rollouts = three_threads(&scratch);
        if is_alone {
            rollouts.remove(1);
        }
        let server = Server::start(&scratch, &rollouts, REFUSES);
        let mut driver = Driver::with(&scratch, scratch.demand("over"));
        driver.run_for(60_000);
        let outcomes = driver.outcomes();
        assert_eq!(outcomes[0], "turn/interrupt failed: no [2J");
        assert_eq!(server.running.is_alive(), !is_alone, "{outcomes:?}");
        if is_alone {
            assert_eq!(outcomes[1..], ["SIGTERM sent", "SIGTERM exited"]);
        } else {
            let shared = "SIGTERM refused: other sessions run in the same process";
            assert_eq!(outcomes[1..], [shared]);
        }
    }
}

#[test]
fn orders_go_to_nobody_but_the_process_that_writes_the_rollout() {
    let scratch = Scratch::of_codex();
    let server = Server::start(&scratch, &three_threads(&scratch), IS_ANOTHER);
    let mut driver = Driver::with(&scratch, scratch.demand("over"));
    driver.run_for(60_000);
    assert!(server.running.is_alive());
    assert_eq!(driver.outcomes()[0], "turn/interrupt failed: another process listens there");
    assert_eq!(driver.count(ActionKind::Signal), 1, "refused: {:?}", driver.outcomes());
    // Nor where nobody listens.
    let scratch = Scratch::of_codex();
    let server = Server::start(&scratch, &three_threads(&scratch), DOES);
    fs::remove_file(scratch.path("s")).unwrap();
    let mut driver = Driver::with(&scratch, scratch.demand("over"));
    driver.run_for(60_000);
    assert!(server.running.is_alive() && server.orders().is_empty());
    assert!(driver.outcomes()[0].starts_with("turn/interrupt failed: "));
}
