//! From which count on a repetition is a loop.

use crate::model::PicoUsd;

/// How often something must come to be a loop. Half as often is worth a look; four times as often,
/// or as dear as `runaway`, and it is a runaway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// The same call with the same result, with no new edit in between.
    pub same_result: u32,
    /// The same result of one tool whatever it is asked, and nothing else in between; twice as
    /// often for commands and reads, which often have the same to say.
    pub same_answer: u32,
    /// The same answer to a question of how something stands, or the same question and nothing
    /// else, within seconds of each other.
    pub polling: u32,
    /// The same where the agent waits in between; also for commands that are used that way.
    pub waiting: u32,
    /// The same error of the same tool, with no new edit in between; also denials.
    pub same_error: u32,
    /// The same failure of the same call after as many new edits.
    pub failed_fixes: u32,
    /// Rounds of a cycle of two to four calls with the same results.
    pub cycle: u32,
    /// Rounds of such a cycle where the results change.
    pub changing_cycle: u32,
    /// Times that an edit is undone or made again.
    pub edit_revert: u32,
    /// Steps without anything new for each call of a circle, or each file that is read again.
    pub rounds: u32,
    /// Subagents in ten minutes, those that subagents started among them.
    pub subagents: u32,
    /// Subagents in ten minutes that subagents started.
    pub nested_subagents: u32,
    /// The same brief, given to one subagent after the other.
    pub same_brief: u32,
    /// Compactions in a row with next to nothing in between.
    pub compaction: u32,
    /// Times that the agent is sent on within a minute, and does nothing new.
    pub sent_on: u32,
    /// The same within half an hour.
    pub woken: u32,
    /// Turns without a person, whatever is done in them.
    pub unattended_turns: u32,
    /// Dollars in such turns, subagents' among them.
    pub unattended_usd: PicoUsd,
    /// Dollars since it began that make a loop a runaway.
    pub runaway_usd: PicoUsd,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            same_result: 5,
            same_answer: 10,
            polling: 16,
            waiting: 31,
            same_error: 5,
            failed_fixes: 8,
            cycle: 4,
            changing_cycle: 30,
            edit_revert: 4,
            rounds: 2,
            subagents: 30,
            nested_subagents: 12,
            same_brief: 4,
            compaction: 4,
            sent_on: 7,
            woken: 12,
            unattended_turns: 50,
            unattended_usd: PicoUsd::from_dollars(25),
            runaway_usd: PicoUsd::from_dollars(5),
        }
    }
}
