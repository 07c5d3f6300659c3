//! A config that changes while the daemon runs.

use super::*;

#[test]
fn a_changed_config_is_taken_and_what_it_loosens_is_told() {
    let home = home("daily_cap = 20");
    let daemon = Daemon::start(&home);
    configure(&home, "daily_cap = 30");
    until("the new config", || daemon.said().contains("the new config is in force"));
    until("a row", || actions_of(&home, "loosened").len() == 1);
    told(&home, "loosens");
    // A stricter one is no news.
    configure(&home, "daily_cap = 3");
    until("the next", || daemon.said().matches("the new config is in force").count() == 2);
    home.append("p/A.jsonl", &[spent("a1", "A")]);
    told(&home, "$4.02 of $3.00");
    assert_eq!(actions_of(&home, "loosened").len(), 1);
    assert_eq!(actions_of(&home, "breach").len(), 1);
}

#[test]
fn a_bad_config_leaves_the_last_good_one_in_force() {
    let home = home("daily_cap = 3");
    let daemon = Daemon::start(&home);
    configure(&home, "daily_cap = \"much\"");
    until("the refusal", || daemon.said().contains("the last good one stays"));
    told(&home, "config");
    home.append("p/A.jsonl", &[spent("a1", "A")]);
    told(&home, "$4.02 of $3.00");
}

#[test]
fn hangup_reads_the_config_anew() {
    let home = home("daily_cap = 20");
    // Behind a link, the file changes where no watch sees it.
    let elsewhere = home.path("elsewhere/config.toml");
    fs::create_dir_all(elsewhere.parent().unwrap()).unwrap();
    fs::rename(home.config(), &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, home.config()).unwrap();
    let daemon = Daemon::start(&home);
    let text = fs::read_to_string(&elsewhere).unwrap().replace("20", "2");
    fs::write(&elsewhere, text).unwrap();
    daemon.signal(Signal::HUP);
    until("the new config", || daemon.said().contains("the new config is in force"));
    home.append("p/A.jsonl", &[spent("a1", "A")]);
    told(&home, "$4.02 of $2.00");
}

#[test]
fn a_config_in_a_folder_that_was_not_there_is_noticed() {
    let home = home("");
    fs::remove_dir_all(home.config().parent().unwrap()).unwrap();
    let daemon = Daemon::start(&home);
    configure(&home, "daily_cap = 3");
    until("the new config", || daemon.said().contains("the new config is in force"));
    home.append("p/A.jsonl", &[spent("a1", "A")]);
    told(&home, "$4.02 of $3.00");
    // And the next change in it.
    configure(&home, "daily_cap = 2");
    until("the next", || daemon.said().matches("the new config is in force").count() == 2);
}

#[test]
fn a_bad_config_is_refused_once_and_a_good_one_after_it_is_taken() {
    let home = home("daily_cap = 3");
    let daemon = Daemon::start(&home);
    configure(&home, "daily_cap = \"much\"");
    until("the refusal", || daemon.said().contains("the last good one stays"));
    daemon.signal(Signal::HUP);
    configure(&home, "daily_cap = 2");
    until("the new config", || daemon.said().contains("the new config is in force"));
    assert_eq!(daemon.said().matches("the last good one stays").count(), 1);
}

#[test]
fn a_config_that_is_emptied_or_put_away_while_it_is_saved_loosens_nothing() {
    let home = home("daily_cap = 20");
    let daemon = Daemon::start(&home);
    let text = fs::read_to_string(home.config()).unwrap();
    let moment = std::time::Duration::from_millis(50);
    // As a shell's `>` does, and many editors.
    fs::write(home.config(), "").unwrap();
    std::thread::sleep(moment);
    fs::write(home.config(), text.replace("20", "10")).unwrap();
    until("the new config", || daemon.said().contains("the new config is in force"));
    // As others do that keep a copy of what was there.
    fs::rename(home.config(), home.path("config.toml~")).unwrap();
    std::thread::sleep(moment);
    fs::write(home.config(), text.replace("20", "3")).unwrap();
    until("the next", || daemon.said().matches("the new config is in force").count() == 2);
    home.append("p/A.jsonl", &[spent("a1", "A")]);
    told(&home, "$4.02 of $3.00");
    assert_eq!(actions_of(&home, "loosened").len(), 0);
}
