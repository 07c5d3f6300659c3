//! Start, end, and that there is one only.

use super::*;

#[test]
fn a_signal_ends_it_in_good_order() {
    for signal in [Signal::TERM, Signal::INT] {
        let home = home("daily_cap = 20");
        let mut daemon = Daemon::start(&home);
        let (code, said) = daemon.end(signal);
        assert_eq!(code, Some(0), "{said}");
        assert_eq!(said, "spendtop daemon: ready, 1 cap\n");
        // The lock is free again.
        assert_eq!(json_now(&home, &["ingest", "--json"])["state"], "caught_up");
    }
}

#[test]
fn a_second_daemon_says_that_one_runs() {
    let home = home("");
    let _daemon = Daemon::start(&home);
    let second = run_now(&home, &["daemon"]);
    assert_eq!(second.code, 1, "{second:?}");
    assert!(second.err.contains("is running already"), "{second:?}");
    let status = json_now(&home, &["status", "--json"]);
    let collector = &status["collector"];
    assert_eq!(collector["running"], true);
    let since: jiff::Timestamp = collector["since"].as_str().unwrap().parse().unwrap();
    assert!((now().as_second() - since.as_second()).abs() < 60);
    assert!(collector["silent_ms"].as_i64().unwrap() < 60_000);
}

#[test]
fn twenty_files_that_grow_at_once_lose_nothing() {
    const FILES: usize = 20;
    const LINES: usize = 10;
    let home = home("daily_cap = 100000");
    let _daemon = Daemon::start(&home);
    std::thread::scope(|scope| {
        for file in 0..FILES {
            let home = &home;
            scope.spawn(move || {
                for line in 0..LINES {
                    let session = format!("s{file}");
                    let line = spending(&format!("{file}x{line}"), &session);
                    home.append(&format!("p{}/{session}.jsonl", file % 4), &[line]);
                }
            });
        }
    });
    counted(&home, (FILES * LINES) as u64);
    assert_eq!(json_now(&home, &["report", "--json"])["total"]["cost_usd"], "804.000000000000");
}
