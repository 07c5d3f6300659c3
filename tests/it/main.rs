//! Integration tests: one binary, real files, real SQLite, the real program.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a helper fails its test"
)]

mod arrival;
mod bad_files;
mod bad_input;
mod bad_ledgers;
mod claude_cases;
mod claude_cases_usage;
mod claude_deeds;
mod claude_fixtures;
mod claude_lines;
mod claude_rules;
mod claude_rules_owner;
mod claude_unlogged;
mod cli_agents;
mod cli_broken;
mod cli_caps;
mod cli_config;
mod cli_exit;
mod cli_follow;
mod cli_home;
mod cli_json;
mod cli_kill;
mod cli_lift;
mod cli_plain;
mod cli_read_only;
mod cli_turns;
mod cli_two;
mod cli_update;
mod cli_upstream;
mod codex_bad;
mod codex_cases;
mod codex_deeds;
mod codex_fixtures;
mod codex_lines;
mod codex_prices;
mod codex_world;
mod contract;
mod contract_bad;
mod contract_rows;
mod copilot;
mod daemon;
mod dump;
#[cfg(target_os = "linux")]
mod enforce;
mod gemini_bad;
mod gemini_cases;
mod gemini_deeds;
mod gemini_fixtures;
mod gemini_lines;
mod gemini_prices;
mod harness;
mod hook_answers;
mod hook_broken;
mod hook_codex;
mod hook_gemini;
mod hook_home;
mod hook_person;
mod hook_settings;
mod hook_tail;
mod latest;
mod layering;
mod ledger_life;
mod ledger_new;
mod live_sums;
mod loops;
#[cfg(target_os = "linux")]
mod notice_bus;
mod notice_command;
#[cfg(target_os = "linux")]
mod notice_desktop;
mod notice_outbox;
mod notice_webhook;
mod opencode_bad;
mod opencode_cli;
mod opencode_db;
mod opencode_fixtures;
mod opencode_live;
mod opencode_rules;
mod opencode_rules_2;
mod properties;
mod qwen;
mod scenarios;
#[cfg(target_os = "linux")]
mod selftest;
mod service;
mod tui;
mod turns_bad;
mod turns_copies;
mod turns_now;
mod turns_rules;
mod world;
