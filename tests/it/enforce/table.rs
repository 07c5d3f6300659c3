//! The process table: who is there, and signals that cannot miss.

use super::*;
use spendtop::enforce::{Refused, Signal, agent_ancestor};

#[test]
fn a_signal_ends_the_process_and_no_other() {
    let scratch = Scratch::new();
    let (target, other) = (scratch.agent(WAITS, &[]), scratch.agent(WAITS, &[]));
    scratch.kernel.signal(&target.key, Signal::Term).unwrap();
    let patience = Instant::now() + Duration::from_secs(5);
    // Not waited for, so it stays a zombie: it has ended all the same.
    while target.is_alive() {
        assert!(Instant::now() < patience);
        thread::sleep(Duration::from_millis(5));
    }
    let zombie = scratch.kernel.process(target.pid()).unwrap();
    assert!(!zombie.is_alive && zombie.key == target.key);
    assert_eq!(scratch.kernel.signal(&target.key, Signal::Kill), Err(Refused::Ended));
    assert!(other.is_alive());
}

#[test]
fn a_number_that_went_to_another_process_is_refused() {
    let scratch = Scratch::new();
    let target = scratch.agent(WAITS, &[]);
    let earlier = ProcessKey { start_time: target.key.start_time - 1, ..target.key.clone() };
    let boot = ProcessKey { boot_id: "another".into(), ..target.key.clone() };
    for key in [earlier, boot] {
        assert_eq!(scratch.kernel.signal(&key, Signal::Kill), Err(Refused::Reused));
        assert!(!scratch.kernel.is_alive(&key));
        assert!(scratch.kernel.descendants(&key).is_empty());
    }
    assert!(target.is_alive());
}

#[test]
fn another_users_process_is_refused_even_for_root() {
    let scratch = Scratch::new();
    let Some(target) = of_another_user(&scratch) else { return };
    assert_eq!(scratch.kernel.signal(&target.key, Signal::Kill), Err(Refused::OtherUser));
    assert!(target.is_alive());
}

#[test]
fn a_hook_finds_the_agent_that_it_lives_in() {
    let scratch = Scratch::new();
    let script =
        "exec 3<&0; echo ready; setsid sh -c 'sh -c \"echo \\$\\$; read _\"; :' <&3 & wait";
    let mut agent = scratch.agent(script, &[]);
    let hook = process(&agent.line());
    let (id, found) = agent_ancestor(&scratch.kernel, hook.key.pid).unwrap();
    assert_eq!((id, &found.key), (AgentId::Claude, &agent.key));
    assert!(scratch.kernel.descendants(&agent.key).contains(&hook.key));
    // Nearer than the agent that the test may itself run in.
    assert_ne!(hook.ppid, agent.pid());
    assert_eq!(
        scratch
            .kernel
            .ancestors(hook.key.pid)
            .iter()
            .filter(|parent| **parent == agent.key)
            .count(),
        1
    );
}

/// A process of another user, where the test may start one.
pub fn of_another_user(scratch: &Scratch) -> Option<Running> {
    if scratch.kernel.uid() != 0 {
        eprintln!("skipped: only root may start a process of another user");
        return None;
    }
    let exe = scratch.path("bin/claude");
    // The scratch folder is ours alone: the other user must get at the executable.
    for folder in [scratch.folder.path(), &scratch.path("bin")] {
        fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    let mut command = scratch.command(&exe, WAITS, &[]);
    Some(scratch.start(command.current_dir("/").uid(65534).gid(65534)))
}
