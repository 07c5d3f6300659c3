//! The stories of `tests/scenarios/*.toml`: what is spent when, and what every cap says to it.
//!
//! Through the real config parser, a real ledger that is written and read as the daemon does it, and
//! the real policy. Only the clock and the prices are the story's own.

mod stage;
mod story;

use std::fs;
use std::path::Path;

use self::stage::Stage;
use self::story::Story;

/// Every story that the design asks for; one that is lost must not go unnoticed.
const STORIES: [&str; 26] = [
    "branch_and_agent",
    "cents",
    "clock_steps_back",
    "config_change",
    "corrupt_line",
    "developers",
    "dst_berlin",
    "dst_los_angeles",
    "equality",
    "hour",
    "include_unlogged",
    "latch_and_restart",
    "loops",
    "midnight",
    "model_switch",
    "month_ends",
    "raise",
    "raised_snapshot",
    "replayed_history",
    "resume_next_day",
    "session_life",
    "snooze",
    "subagent",
    "two_caps",
    "unpriced",
    "week_from_monday",
];

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios")
}

#[test]
fn every_story_goes_as_it_is_told() {
    let mut names: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    names.sort();
    let mut wrong = Vec::new();
    for name in &names {
        let text = fs::read_to_string(folder().join(format!("{name}.toml"))).unwrap();
        let story: Story = toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut stage = Stage::new(&story);
        for (number, step) in story.step.iter().enumerate() {
            stage.play(step);
            for mistake in stage.differences(step) {
                wrong.push(format!("{name}, step {} ({}): {mistake}", number + 1, step.at));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for story in STORIES {
        assert!(names.iter().any(|name| name == story), "the story {story} is not there");
    }
}
