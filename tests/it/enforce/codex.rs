//! Codex: a session's process is the one that writes its rollout.

use serde_json::json;
use spendtop::agents::LiveKind;

use super::*;
use crate::codex_lines::{event, file, line, meta};

/// Opens the rollouts that are its arguments for appending, one after the other, then waits.
pub const WRITES: &str = "for f; do exec {fd}>>\"$f\"; done; echo ready; while read _; do :; done";
/// The same, and neither signal ends it.
const WRITES_ON: &str = "trap '' TERM INT; for f; do exec {fd}>>\"$f\"; done; echo ready; \
                         while read _; do :; done";

/// Where the rollout of a thread is.
pub fn rollout(scratch: &Scratch, thread: &str) -> PathBuf {
    scratch.path("home/.codex/sessions").join(file(thread))
}

/// Writes a thread's rollout.
pub fn write(scratch: &Scratch, thread: &str, lines: &[String]) -> PathBuf {
    let path = rollout(scratch, thread);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, lines.join("\n") + "\n").unwrap();
    path
}

/// A thread whose turn goes on, and one whose turn has ended.
fn busy(id: &str) -> Vec<String> {
    vec![meta("09:00:00.000", id, &json!({})), event("09:00:01.000", "task_started", &json!({}))]
}

fn idle(id: &str) -> Vec<String> {
    [busy(id), vec![event("09:00:02.000", "task_complete", &json!({}))]].concat()
}

impl Scratch {
    /// A home with Codex in it. An innocent session is at work beside every test.
    pub fn of_codex() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for sub in ["bin", "home/.codex/sessions", "work"] {
            fs::create_dir_all(folder.path().join(sub)).unwrap();
        }
        copy_program(Path::new("/bin/bash"), &folder.path().join("bin/codex"));
        let mut scratch = Self::bare(folder, AgentId::Codex);
        let path = write(&scratch, "innocent", &busy("innocent"));
        scratch.innocent = Some(scratch.codex("exec", WRITES, &[&path]));
        scratch
    }

    /// A Codex of a subcommand that runs a script with some rollouts.
    pub fn codex(&self, word: &str, script: &str, rollouts: &[&Path]) -> Running {
        let mut command = Command::new(self.path("bin/codex"));
        command.args(["-c", script, word]).args(rollouts).current_dir(self.path("work"));
        self.start(&mut command)
    }

    /// The same in a session of its own that is in mid-turn.
    fn session(&self, word: &str, id: &str) -> Running {
        self.codex(word, WRITES, &[&write(self, id, &busy(id))])
    }
}

fn why_not(located: &[Located]) -> Vec<Option<&str>> {
    located.iter().map(|found| found.why_not.as_deref()).collect()
}

#[test]
fn of_two_sessions_in_one_directory_the_one_over_its_cap_ends() {
    let scratch = Scratch::of_codex();
    let (over, under) = (scratch.session("exec", "over"), scratch.session("exec", "under"));
    let mut driver = Driver::with(&scratch, scratch.demand("over"));
    driver.run_for(10_000);
    assert!(!over.is_alive() && under.is_alive());
    assert_eq!(driver.outcomes(), ["SIGINT sent", "SIGINT exited"]);
    assert_eq!(driver.rows[0].process.as_ref(), Some(&over.key));
}

#[test]
fn a_screen_is_told_to_end_and_one_that_ignores_it_is_killed() {
    let scratch = Scratch::of_codex();
    let path = write(&scratch, "s", &busy("s"));
    let agent = scratch.codex("fix it", WRITES_ON, &[&path]);
    let mut driver = Driver::with(&scratch, scratch.demand("s"));
    driver.run_for(10_000);
    assert!(!agent.is_alive());
    assert_eq!(driver.outcomes(), ["SIGTERM sent", "SIGKILL sent", "SIGKILL exited"]);
}

#[test]
fn an_idle_session_is_not_signalled() {
    let scratch = Scratch::of_codex();
    let agent = scratch.codex("resume", WRITES, &[&write(&scratch, "s", &idle("s"))]);
    for with_hook in [false, true] {
        let demand = Demand { in_turn: false, with_hook, ..scratch.demand("s") };
        let mut driver = Driver::with(&scratch, demand);
        driver.run_for(600_000);
        assert!(agent.is_alive() && driver.rows.is_empty());
    }
}

#[test]
fn a_process_that_is_named_codex_and_is_none() {
    let scratch = Scratch::of_codex();
    let path = write(&scratch, "s", &busy("s"));
    let sham = scratch.path("work/codex");
    symlink("/bin/bash", &sham).unwrap();
    let mut command = Command::new(&sham);
    command.args(["-c", WRITES, "exec"]).arg(&path).current_dir(scratch.path("work"));
    let sham = scratch.start(&mut command);
    assert_eq!(fs::read_to_string(format!("/proc/{}/comm", sham.pid())).unwrap(), "codex\n");
    let mut driver = Driver::with(&scratch, scratch.demand("s"));
    driver.guard.call_priced(&scratch.key("s"), driver.now);
    driver.run_for(60_000);
    // Not even if something else calls it the session's process.
    let seen = Sighting { session: scratch.key("s"), ..sighting("s", &sham, 1) };
    let found = scratch.locate("s", &[seen]);
    assert_eq!(why_not(&found), [Some("its executable is not codex's")]);
    assert!(sham.is_alive());
    assert_eq!(driver.outcomes(), ["not signalled: no process was found"]);
}

#[test]
fn who_only_reads_a_rollout_is_not_in_its_session() {
    let scratch = Scratch::of_codex();
    let path = write(&scratch, "s", &busy("s"));
    let reads = "exec {fd}<\"$1\"; echo ready; while read _; do :; done";
    let _reader = scratch.codex("exec", reads, &[&path]);
    assert_eq!(scratch.locate("s", &[]), []);
}

#[test]
fn a_rollout_whose_name_and_first_line_differ_tells_nothing() {
    let scratch = Scratch::of_codex();
    let path = write(&scratch, "s", &busy("other"));
    let _agent = scratch.codex("exec", WRITES, &[&path]);
    for session in ["s", "other"] {
        assert_eq!(scratch.locate(session, &[]), [], "{session}");
    }
    // Nor one that anybody may have written.
    let path = write(&scratch, "t", &busy("t"));
    let _agent = scratch.codex("exec", WRITES, &[&path]);
    assert!(scratch.locate("t", &[])[0].is_certain());
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o666)).unwrap();
    assert_eq!(scratch.locate("t", &[]), []);
}

#[test]
fn a_session_of_another_user() {
    let scratch = Scratch::of_codex();
    if scratch.kernel.uid() != 0 {
        eprintln!("skipped: only root may start a process of another user");
        return;
    }
    let path = write(&scratch, "s", &busy("s"));
    // The scratch folder is ours alone: the other user must get at the executable.
    for folder in [scratch.folder.path(), &scratch.path("bin")] {
        fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    let mut command = Command::new(scratch.path("bin/codex"));
    command.args(["-c", WAITS, "exec"]).current_dir("/").uid(65534).gid(65534);
    // It has the rollout from us.
    let rollout = fs::OpenOptions::new().append(true).open(&path).unwrap();
    let theirs = scratch.start(command.stderr(rollout));
    assert_eq!(scratch.locate("s", &[]), []);
    let seen = Sighting { session: scratch.key("s"), ..sighting("s", &theirs, 1) };
    assert_eq!(why_not(&scratch.locate("s", &[seen])), [Some("it is another user's process")]);
}

#[test]
fn a_subagents_rollout_is_its_sessions() {
    let scratch = Scratch::of_codex();
    let of_child = json!({"session_id": "root", "parent_thread_id": "root"});
    let child = write(&scratch, "child", &[meta("09:00:03.000", "child", &of_child)]);
    let root = write(&scratch, "root", &busy("root"));
    let agent = scratch.codex("exec", WRITES, &[&root, &child]);
    let found = scratch.locate("root", &[]);
    assert_eq!((found.len(), &found[0].process.key), (1, &agent.key));
    assert!(found[0].is_certain());
    assert_eq!(scratch.locate("child", &[]), [], "it is no session of its own");
}

#[test]
fn a_hook_that_stops_no_turn_is_not_waited_for() {
    let scratch = Scratch::of_codex();
    let agent = scratch.session("resume", "s");
    let with_hook = Demand { with_hook: true, hook_stops_turn: false, ..scratch.demand("s") };
    let mut driver = Driver::with(&scratch, with_hook);
    driver.run_for(1_000);
    assert!(!agent.is_alive());
    assert_eq!(driver.rows[0].latency_ms, Some(0));
}

#[test]
fn a_hook_that_lets_two_turns_pass_is_none() {
    let scratch = Scratch::of_codex();
    let agent = scratch.session("resume", "s");
    let key = scratch.key("s");
    let with_hook = || Demand {
        with_hook: true,
        hook_stops_turn: false,
        in_turn: false,
        ..scratch.demand("s")
    };
    let mut driver = Driver::with(&scratch, with_hook());
    let ends_with_a_call = |driver: &mut Driver<'_>| {
        driver.demand(with_hook());
        driver.guard.call_priced(&key, driver.now);
        driver.guard.turn(&key, false, driver.now);
        driver.run_for(60_000);
    };
    // The call in flight at the breach.
    ends_with_a_call(&mut driver);
    assert!(agent.is_alive() && driver.rows.is_empty());
    // The hook met the next prompt; after that one was in flight again.
    driver.guard.hook_stopped(&key, driver.now);
    ends_with_a_call(&mut driver);
    assert!(agent.is_alive() && driver.rows.is_empty());
    // A whole turn, which no hook kept from beginning.
    ends_with_a_call(&mut driver);
    assert!(!agent.is_alive());
}

#[test]
fn a_screen_keeps_the_sessions_that_it_left() {
    let scratch = Scratch::of_codex();
    // `/new` in a screen without a server: the last session's rollout stays open.
    let left = write(&scratch, "left", &idle("left"));
    let now = write(&scratch, "now", &busy("now"));
    let agent = scratch.codex("--no-daemon", WRITES, &[&left, &now]);
    assert_eq!(why_not(&scratch.locate("now", &[])), [None]);
    let shared = [Some("other sessions run in the same process")];
    assert_eq!(why_not(&scratch.locate("left", &[])), shared);
    // Both at work, or one of which nothing can be told: a signal might end the wrong one.
    for other in [busy("left"), vec![meta("09:00:00.000", "left", &json!({}))]] {
        write(&scratch, "left", &other);
        assert_eq!(why_not(&scratch.locate("now", &[])), shared);
    }
    write(&scratch, "left", &idle("left"));
    let mut driver = Driver::with(&scratch, scratch.demand("left"));
    driver.run_for(60_000);
    assert!(agent.is_alive());
    driver.demand(scratch.demand("now"));
    driver.run_for(60_000);
    assert!(!agent.is_alive());
}

#[test]
fn a_headless_one_is_told_apart_by_its_subcommand() {
    let scratch = Scratch::of_codex();
    for (word, kind) in [("exec", LiveKind::Headless), ("resume", LiveKind::Interactive)] {
        let _agent = scratch.session(word, word);
        let found = scratch.locate(word, &[]);
        assert_eq!(found.iter().map(|one| &one.kind).collect::<Vec<_>>(), [&kind]);
    }
}

/// How the real client's sessions ended, by the last records of their rollouts.
#[test]
fn the_end_of_a_real_rollout_tells_whether_it_is_in_mid_turn() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/codex");
    let mut said = Vec::new();
    for fixture in fixtures.read_dir().unwrap() {
        let fixture = fixture.unwrap();
        let sessions = fixture.path().join("home/.codex/sessions");
        for entry in walkdir::WalkDir::new(sessions) {
            let entry = entry.unwrap();
            if entry.file_type().is_file() {
                let word = adapter(AgentId::Codex).in_turn(&fs::read(entry.path()).unwrap());
                said.push(format!("{} {word:?}", fixture.file_name().display()));
            }
        }
    }
    said.retain(|word| !word.ends_with("Some(false)"));
    said.sort();
    // Those were ended in mid-turn; the others were answered, taken up again or aborted in order.
    assert_eq!(said, ["loop Some(true)", "sigterm-tool Some(true)"]);
}

/// A line that says nothing of turns.
#[test]
fn a_torn_last_line_does_not_matter() {
    let scratch = Scratch::of_codex();
    let mut lines = busy("s");
    lines.push(line("09:00:03.000", "world_state", &json!({})));
    lines.push("{\"timestamp\":\"2026-11-20T09:00:0".to_owned());
    let other = write(&scratch, "o", &idle("o"));
    let agent = scratch.codex("x", WRITES, &[&write(&scratch, "s", &lines), &other]);
    let found = scratch.locate("s", &[]);
    assert_eq!((why_not(&found), &found[0].process.key), (vec![None], &agent.key));
}
