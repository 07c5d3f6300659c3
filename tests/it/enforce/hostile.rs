//! Registry files that name what must not die, or are not what they seem.

use super::*;
use spendtop::enforce::agent_ancestor;

/// Whatever the session's files name, nothing is signalled.
fn is_harmless(scratch: &Scratch, session: &str) -> Vec<String> {
    let demand = scratch.demand(session);
    assert!(demand.located.iter().all(|found| !found.is_certain()), "{:?}", demand.located);
    let mut driver = Driver::with(scratch, demand);
    for _ in 0..3 {
        driver.guard.call_priced(&key(session), driver.now);
        driver.run_for(10_000);
    }
    assert_eq!(driver.count(ActionKind::Signal), 0);
    assert_eq!(driver.rows.len(), 1, "said once: {:?}", driver.outcomes());
    driver.outcomes()
}

#[test]
fn the_tmux_server() {
    let scratch = Scratch::new();
    let socket = scratch.path("tmux");
    let tmux = |arguments: &[&str]| {
        Command::new("tmux").arg("-S").arg(&socket).args(arguments).env_remove("TMUX").output()
    };
    let started = tmux(&["-f", "/dev/null", "new-session", "-d", "read _"]);
    if !started.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: no tmux here");
        return;
    }
    let output = tmux(&["display-message", "-p", "#{pid}"]).unwrap();
    let server = process(String::from_utf8(output.stdout).unwrap().trim());
    let pid = server.key.pid.to_string();
    let claim = scratch.claim(&pid, server.key.start_time, "s", r#","kind":"interactive""#);
    scratch.write_claim(&format!("{pid}.json"), &claim);
    let outcomes = is_harmless(&scratch, "s");
    assert!(outcomes[0].ends_with("its executable is not claude's"));
    assert!(scratch.kernel.is_alive(&server.key));
    tmux(&["kill-server"]).unwrap();
}

#[test]
fn pid_1_a_negative_pid_ourselves_and_our_ancestors() {
    let scratch = Scratch::new();
    let own = scratch.kernel.own();
    let mut named = vec![own.clone()];
    named.extend(scratch.kernel.ancestors(own.pid));
    for process in &named {
        let pid = process.pid.to_string();
        let claim = scratch.claim(&pid, process.start_time, &format!("s{pid}"), "");
        scratch.write_claim(&format!("{pid}.json"), &claim);
        is_harmless(&scratch, &format!("s{pid}"));
    }
    let start = own.start_time;
    for pid in ["0", "1", "-1", &format!("-{}", own.pid), "4294967295"] {
        scratch.write_claim(&format!("{pid}.json"), &scratch.claim(pid, start, "odd", ""));
        assert_eq!(scratch.locate("odd", &[]), []);
    }
}

/// Runs itself once more under an agent, unless it does already.
#[test]
fn the_agent_that_we_run_in() {
    let scratch = Scratch::new();
    let own = scratch.kernel.own();
    if let Some((_, agent)) = agent_ancestor(&scratch.kernel, own.pid) {
        let pid = agent.key.pid;
        let claim = scratch.claim(&pid.to_string(), agent.key.start_time, "s", "");
        scratch.write_claim(&format!("{pid}.json"), &claim);
        let outcomes = is_harmless(&scratch, "s");
        assert!(outcomes[0].contains("one that spendtop runs in"), "{outcomes:?}");
        return;
    }
    let test = std::env::current_exe().unwrap();
    let script =
        "echo ready; \"$1\" --exact enforce::hostile::the_agent_that_we_run_in >&2; echo $?";
    let mut agent = scratch.agent(script, &[test.to_str().unwrap()]);
    assert_eq!(agent.line(), "0");
}

#[test]
fn files_that_are_not_what_they_seem() {
    let scratch = Scratch::new();
    let agent = scratch.agent(WAITS, &[]);
    let name = format!("{}.json", agent.pid());
    let good = scratch.claim(&agent.pid().to_string(), agent.key.start_time, "s", "");
    let path = scratch.write_claim(&name, &good);
    assert!(scratch.locate("s", &[])[0].is_certain());

    fs::rename(&path, scratch.path("elsewhere.json")).unwrap();
    symlink(scratch.path("elsewhere.json"), &path).unwrap();
    assert_eq!(scratch.locate("s", &[]), [], "a link");
    fs::remove_file(&path).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &path,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    assert_eq!(scratch.locate("s", &[]), [], "a pipe, which nobody waits for");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert_eq!(scratch.locate("s", &[]), [], "a folder");
    fs::remove_dir(&path).unwrap();
    scratch.write_claim("1234.json", &good);
    scratch.write_claim("x.json", &good);
    scratch.write_claim(&format!("{}.json.tmp", agent.pid()), &good);
    assert_eq!(scratch.locate("s", &[]), [], "named after another process");
    scratch.write_claim(&name, &format!("{good}{}", " ".repeat(70_000)));
    assert_eq!(scratch.locate("s", &[]), [], "huge");
    scratch.write_claim(&name, &good);
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o666)).unwrap();
    assert_eq!(scratch.locate("s", &[]), [], "anybody may have written it");
    if scratch.kernel.uid() == 0 {
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        std::os::unix::fs::chown(&path, Some(65534), None).unwrap();
        assert_eq!(scratch.locate("s", &[]), [], "another user's file");
    }
}
