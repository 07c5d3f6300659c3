//! The tools that made-up agents use: a healthy one does something else each time, one that runs
//! away does the same again and again.

use serde_json::{Value, json};

use super::record::number;

/// A tool, what it is given and what it gives back.
pub struct Tool {
    /// The agent's name for it.
    pub name: &'static str,
    /// Its input.
    pub input: Value,
    /// Its result.
    pub output: String,
    /// It failed.
    pub is_error: bool,
}

/// Parts of names of files.
const PLACES: [&str; 8] =
    ["cart", "checkout", "steps", "payment", "address", "review", "tax", "ui"];

impl Tool {
    /// A command that works.
    pub fn run(command: &str, output: &str) -> Self {
        Self {
            name: "Bash",
            input: json!({"command": command}),
            output: output.to_owned(),
            is_error: false,
        }
    }

    /// What a healthy agent does at a step: it reads, changes and tries, each time another thing.
    pub(super) fn of_step(name: &str, step: u64) -> Self {
        let place = PLACES[(number(name, step) % PLACES.len() as u64) as usize];
        let file = format!("src/{place}_{step}.ts");
        let tool = |name, input, output| Self { name, input, output, is_error: false };
        match step % 4 {
            0 => tool("Grep", json!({"pattern": format!("{place}{step}")}), format!("{file}:12")),
            1 => tool("Read", json!({"file_path": file}), format!("export const step = {step};")),
            2 => tool(
                "Edit",
                json!({"file_path": file, "old_string": format!("{step}"),
                    "new_string": format!("{}", step + 1)}),
                format!("The file {file} has been updated."),
            ),
            _ => Self::run(
                &format!("npm test -- {place} --run {step}"),
                &format!("{} passed", step + 20),
            ),
        }
    }

    /// What one that runs away does at every step.
    pub(super) fn again() -> Self {
        Self {
            is_error: true,
            ..Self::run(
                "npm test -- checkout",
                "FAIL src/checkout.test.ts: expected 3 steps, received 2",
            )
        }
    }
}
