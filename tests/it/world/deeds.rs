//! What an agent does in a small world beside answering: tools and their results, prompts of all
//! kinds, the client's own records.

use serde_json::json;

use super::Use;
use super::build::World;
use crate::claude_lines::{Line, answer, line, prompt, tool_result};

const TOOLS: [&str; 4] = ["Bash", "Read", "Agent", "mcp__queue__wait_for"];

impl World {
    /// One answer, a line for each tool, and the results. Some are denied, some fail, some are
    /// missing.
    pub fn tools(&mut self, thread: usize, uses: &[Use], ends: bool) {
        let number = self.number();
        let stop = if ends { "end_turn" } else { "tool_use" };
        let mut results: Vec<Line> = Vec::new();
        for (at, used) in uses.iter().enumerate() {
            if used.late {
                for result in std::mem::take(&mut results) {
                    self.write(thread, result);
                }
            }
            let id = format!("toolu_{number}_{at}");
            let input = json!({"command": format!("make {}", used.input), "description": at});
            let block = json!({
                "type": "tool_use", "id": id, "name": TOOLS[used.tool], "input": input,
            });
            let call = answer(&self.uuid(), &format!("msg_01{number}"))
                .request(&format!("req_{number}"))
                .output(7)
                .stop(stop)
                .with("message.content", &json!([block]));
            let call = self.dated(call);
            self.write(thread, call);
            results.extend(self.result(&id, used));
        }
        for result in results {
            self.write(thread, result);
        }
    }

    fn result(&mut self, id: &str, used: &Use) -> Option<Line> {
        let uuid = self.uuid();
        let result = tool_result(&uuid, id, &json!({"stdout": "done", "sessionId": "none"}));
        let failed = |text: &str, notes: &str| {
            let block = json!({
                "type": "tool_result", "tool_use_id": id, "content": text, "is_error": true,
            });
            tool_result(&uuid, id, &json!(notes)).with("message.content", &json!([block]))
        };
        let result = match used.outcome {
            0 => return None,
            1 => failed("Exit code 2", "Error: Exit code 2"),
            2 => failed("no", "User rejected tool use"),
            _ => result,
        };
        Some(self.dated(result))
    }

    /// A person's prompt, a script's, another record of the prompt before, or one without an id.
    pub fn prompt(&mut self, thread: usize, by: usize) {
        let uuid = self.uuid();
        let number = self.number();
        let line = self.dated(prompt(&uuid, "and now"));
        let line = match by {
            0 => line.with("promptId", &json!(format!("p{number}"))),
            1 => line
                .with("promptId", &json!(format!("p{number}")))
                .with("promptSource", &json!("sdk")),
            2 => line.with("promptId", &json!(format!("p{}", number.saturating_sub(9)))),
            _ => line,
        };
        self.write(thread, line);
    }

    /// What the client writes of its own accord.
    pub fn client(&mut self, thread: usize, what: usize) {
        let uuid = self.uuid();
        let system = |subtype: &str| line("system", &uuid).with("subtype", &json!(subtype));
        let line = match what {
            0 => system("compact_boundary")
                .with("compactMetadata", &json!({"trigger": "auto", "preTokens": 9})),
            1 => system("compact_boundary").with("compactMetadata", &json!({"trigger": "manual"})),
            2 => system("scheduled_task_fire").with("cronKind", &json!("loop")),
            3 => system("turn_duration").with("pendingBackgroundAgentCount", &json!(1)),
            4 => prompt(&uuid, "<command-name>/review</command-name>"),
            _ => answer(&uuid, "made-up")
                .model("<synthetic>")
                .with("isApiErrorMessage", &json!(true))
                .with("apiErrorStatus", &json!(529)),
        };
        let line = self.dated(line);
        self.write(thread, line);
    }
}
