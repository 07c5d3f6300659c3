//! An agent whose processes all hold one database open: only one that was started for a session is
//! known to be in it.

use spendtop::agents::LiveKind;
use spendtop::enforce::How;

use super::*;

const SESSION: &str = "ses_a1";

/// A process of `OpenCode` with these arguments, the first of which names the script in its folder.
fn opencode(scratch: &Scratch, arguments: &[&str]) -> Running {
    let exe = scratch.path("bin/opencode");
    if !exe.exists() {
        copy_program(Path::new("/bin/bash"), &exe);
        fs::write(scratch.path("work/run"), WAITS).unwrap();
    }
    let mut command = Command::new(exe);
    scratch.start(command.args(arguments).current_dir(scratch.path("work")))
}

fn find(scratch: &Scratch, session: &SessionKey, known: &[ProcessKey]) -> Vec<Located> {
    locate(&scratch.kernel, &Search { session, sightings: &[], known, roots: &[] })
}

#[test]
fn only_a_process_that_was_started_for_the_session_is_found_and_ended() {
    let scratch = Scratch::new();
    let session = SessionKey { agent: AgentId::OpenCode, session_id: SESSION.into() };
    let innocents = [
        opencode(&scratch, &["run", "go"]),
        opencode(&scratch, &["run", "--session", "ses_b2", "go"]),
        opencode(&scratch, &["run", "--session", SESSION, "--fork", "go"]),
    ];
    assert_eq!(find(&scratch, &session, &[]), []);
    let over = opencode(&scratch, &["run", "--session", SESSION, "go"]);
    let found = find(&scratch, &session, &[]);
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0].process.key, found[0].how), (&over.key, How::Arguments));
    assert_eq!((found[0].is_certain(), &found[0].kind), (true, &LiveKind::Headless));
    let (mut guard, mut now) = (Guard::new(), STARTED_AT);
    let demand = Demand { session: session.clone(), located: found, ..scratch.demand(SESSION) };
    guard.demand(demand, now);
    let mut signals = Vec::new();
    let patience = Instant::now() + Duration::from_secs(20);
    while over.is_alive() {
        assert!(Instant::now() < patience, "{signals:?}");
        let mut relocate = |asked: &SessionKey, known: &[ProcessKey]| find(&scratch, asked, known);
        for step in guard.tick(now, &scratch.kernel, &mut relocate) {
            let Step::Row(row) = step else { panic!("{step:?}") };
            signals.extend(row.signal.filter(|_| row.kind == ActionKind::Signal));
        }
        now = guard.deadline().map_or(now, |next| next.max(now));
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(signals.first().map(String::as_str), Some("SIGINT"));
    assert!(innocents.iter().all(Running::is_alive));
}
