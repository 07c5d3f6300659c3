//! Integration tests: one binary, real files, real SQLite, the real program.

mod harness;
mod layering;
mod tui;
