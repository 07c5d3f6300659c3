//! The cases that a reader of rollouts has to get right, each in every order of arrival.

use serde_json::json;
use spendtop::model::AgentId;

use super::arrival::arrive;
use super::codex_lines::{count, event, file, line, meta, numbered, record, tokens, turn};
use super::harness::Lab;

const T1: &str = "01a2093f-b770-7110-a393-5fe3dd48edd7";
const T2: &str = "01a2093f-b770-7110-a393-5fe3dd48edd8";

/// The calls that count in some rollouts, with the file of each named by its thread.
fn calls(rollouts: &[(&str, Vec<String>)]) -> Vec<String> {
    let named: Vec<(String, Vec<String>)> =
        rollouts.iter().map(|(thread, lines)| (file(thread), lines.clone())).collect();
    let named: Vec<(&str, Vec<String>)> =
        named.iter().map(|(file, lines)| (file.as_str(), lines.clone())).collect();
    arrive(AgentId::Codex, &named).counted()
}

/// What follows the id in each row.
fn usages(calls: &[String]) -> Vec<(&str, &str)> {
    calls
        .iter()
        .map(|call| {
            let (place, rest) = call.split_once(' ').unwrap();
            (place, rest.split_once(' ').unwrap().1)
        })
        .collect()
}

/// Case C1 up to its end: a parent of two requests.
fn parent() -> Vec<String> {
    vec![
        meta("09:00:00.000", "P", &json!({})),
        turn("09:00:00.100", "", "gpt-5-codex"),
        count("09:00:05.000", [1000, 400, 100], [1000, 400, 100]),
        count("09:00:09.000", [1000, 400, 100], [1000, 400, 100]),
        event("09:00:09.100", "token_count", &json!({"info": null, "rate_limits": {}})),
        count("09:00:12.000", [3000, 1900, 300], [2000, 1500, 200]),
    ]
}

/// The parent's events as an older client copies them: stamped anew, all at once.
fn copies(millis: u32) -> Vec<String> {
    let at = |more: u32| format!("10:00:00.{:03}", millis + more);
    vec![
        line(&at(1), "response_item", &json!({"type": "message", "role": "assistant"})),
        count(&at(1), [1000, 400, 100], [1000, 400, 100]),
        count(&at(2), [1000, 400, 100], [1000, 400, 100]),
        count(&at(3), [3000, 1900, 300], [2000, 1500, 200]),
    ]
}

#[test]
fn c1_an_event_that_comes_again_is_no_call() {
    let calls = calls(&[("P", parent())]);
    assert_eq!(usages(&calls), [("P", "600/100/0/0/400"), ("P", "500/200/0/0/1500")]);
}

#[test]
fn c2_a_subagents_copies_end_where_its_turn_is_triggered() {
    let child = [
        vec![
            meta("10:00:00.000", "C", &json!({"parent_thread_id": "P"})),
            meta("10:00:00.000", "P", &json!({})),
        ],
        copies(0),
        vec![
            event("10:00:00.010", "task_started", &json!({})),
            line("10:00:00.011", "inter_agent_communication", &json!({"trigger_turn": true})),
            count("10:00:00.012", [3150, 2000, 350], [150, 100, 50]),
        ],
    ];
    let expected = [("P/C", "50/50/0/0/100")];
    assert_eq!(usages(&calls(&[("C", child.concat())])), expected, "without its parent");
    let with_parent = calls(&[("P", parent()), ("C", child.concat())]);
    let of_parent = [("P", "600/100/0/0/400"), ("P", "500/200/0/0/1500")];
    assert_eq!(usages(&with_parent), [&of_parent[..], &expected].concat());
    // The same word that does not trigger a turn ends nothing.
    let mut quiet = child.concat();
    quiet.retain(|line| !line.contains("\"trigger_turn\":true"));
    quiet.insert(
        6,
        line("10:00:00.009", "inter_agent_communication_metadata", &json!({"trigger_turn": false})),
    );
    assert_eq!(calls(&[("P", parent()), ("C", quiet)]).len(), 2, "still waiting for a pause");
}

#[test]
fn c3_without_markers_the_parents_calls_are_known_by_their_totals() {
    let child = |own: &str| {
        let head = [meta("10:00:00.000", "C", &json!({"parent_thread_id": "P"}))];
        let own = [
            turn("10:00:04.000", "", "gpt-5-codex"),
            count("10:00:05.000", [3150, 2000, 350], [150, 100, 50]),
            event(own, "task_complete", &json!({})),
        ];
        [head.to_vec(), copies(0), own.to_vec()].concat()
    };
    let with_parent = calls(&[("P", parent()), ("C", child("10:00:06.000"))]);
    assert_eq!(
        usages(&with_parent),
        [("P", "600/100/0/0/400"), ("P", "500/200/0/0/1500"), ("P/C", "50/50/0/0/100")]
    );
    // Without it they are counted until it turns up: too few to be told from answers.
    assert_eq!(calls(&[("C", child("10:00:06.000"))]).len(), 3);
}

#[test]
fn c3_a_burst_that_no_model_answers_in_is_history() {
    let mut child = vec![meta("10:00:00.000", "C", &json!({"forked_from_id": "gone"}))];
    for number in 1..=40_u64 {
        let at = format!("10:00:00.{:03}", number * 4);
        let total = [1000 * number, 400 * number, 100 * number];
        child.push(count(&at, total, [1000, 400, 100]));
        child.push(line(&at, "response_item", &json!({"type": "message", "role": "user"})));
    }
    child.push(turn("10:00:30.000", "", "gpt-5-codex"));
    child.push(count("10:00:35.000", [40_150, 16_100, 4_050], [150, 100, 50]));
    let calls = calls(&[("C", child)]);
    assert_eq!(usages(&calls), [("C", "50/50/0/0/100")]);
}

#[test]
fn c4_reasoning_is_part_of_the_output() {
    let usage = json!({"input_tokens": 10, "output_tokens": 500, "reasoning_output_tokens": 450,
        "total_tokens": 510});
    let info = json!({"total_token_usage": usage, "last_token_usage": usage});
    let lines = vec![
        meta("09:00:00.000", "A", &json!({})),
        event("09:00:05.000", "token_count", &json!({ "info": info })),
    ];
    assert_eq!(usages(&calls(&[("A", lines)])), [("A", "10/500/0/0/0")]);
}

#[test]
fn c5_a_total_that_falls_is_a_new_beginning() {
    let lines = vec![
        meta("09:00:00.000", "A", &json!({})),
        count("09:00:05.000", [9000, 0, 0], [9000, 0, 0]),
        count("09:00:09.000", [1200, 0, 0], [1200, 0, 0]),
        // And comes to where it was before: another request all the same.
        count("09:00:12.000", [9000, 0, 0], [7800, 0, 0]),
        count("09:00:15.000", [1200, 0, 0], [1200, 0, 0]),
    ];
    let calls = calls(&[("A", lines)]);
    let used: Vec<&str> = usages(&calls).into_iter().map(|(_, usage)| usage).collect();
    assert_eq!(used, ["9000/0/0/0/0", "1200/0/0/0/0", "7800/0/0/0/0", "1200/0/0/0/0"]);
}

#[test]
fn c6_a_rollout_and_its_compressed_copy_are_one() {
    let lines = parent().join("\n") + "\n";
    let packed = compressed(lines.as_bytes());
    for plain_first in [true, false] {
        let lab = Lab::of(AgentId::Codex);
        let (plain, zst) = (file("P"), file("P") + ".zst");
        let mut steps = [(plain.as_str(), lines.as_bytes()), (zst.as_str(), &packed)];
        if !plain_first {
            steps.reverse();
        }
        for (path, bytes) in steps {
            lab.append_bytes(path, bytes);
            lab.ingest();
            assert_eq!(lab.counted().len(), 2, "{path}");
        }
        // Idle for a week: the plain one goes. Taken up again: it comes back and grows.
        std::fs::remove_file(lab.projects().join(&plain)).unwrap();
        lab.ingest();
        assert_eq!(lab.counted().len(), 2);
        let more = count("09:00:20.000", [3500, 1900, 310], [500, 0, 10]) + "\n";
        lab.append_bytes(&plain, (lines.clone() + &more).as_bytes());
        std::fs::remove_file(lab.projects().join(&zst)).unwrap();
        lab.ingest();
        assert_eq!(lab.counted().len(), 3);
        let cursor = lab.cursor(&plain);
        assert_eq!((cursor.unparsed, cursor.oversized), (0, 0));
    }
}

#[test]
fn c6_an_archived_rollout_is_the_same_thread() {
    let lab = Lab::of(AgentId::Codex);
    let lines = parent().join("\n") + "\n";
    lab.append_bytes(&file("P"), lines.as_bytes());
    lab.ingest();
    let archived = lab.home().join("archived_sessions/rollout-2026-11-20T09-00-00-P.jsonl");
    std::fs::create_dir_all(archived.parent().unwrap()).unwrap();
    std::fs::rename(lab.projects().join(file("P")), &archived).unwrap();
    assert_eq!(lab.ingest().files, 1);
    assert_eq!(lab.counted().len(), 2);
    // A copy of it under a name of somebody's own, too.
    let copy = archived.with_file_name("rollout-copy.jsonl");
    std::fs::copy(&archived, copy).unwrap();
    assert_eq!(lab.ingest().files, 2);
    assert_eq!(lab.counted().len(), 2);
}

#[test]
fn c6_a_broken_compressed_file_costs_only_its_rest() {
    let mut lines = vec![meta("09:00:00.000", "A", &json!({}))];
    for number in 1..=60_000_u64 {
        // As little alike as real text: a frame of one window says nothing before its end.
        let noise = format!("{:x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15)).repeat(4);
        lines.push(line("09:00:00.100", "response_item", &json!({ "type": noise })));
        if number == 10 {
            lines.push(count("09:00:05.000", [1000, 400, 100], [1000, 400, 100]));
        }
    }
    lines.push(count("09:00:09.000", [3000, 1900, 300], [2000, 1500, 200]));
    let packed = compressed((lines.join("\n") + "\n").as_bytes());
    let lab = Lab::of(AgentId::Codex);
    let zst = file("A") + ".zst";
    lab.append_bytes(&zst, &packed[..packed.len() - 9]);
    lab.ingest();
    assert_eq!(lab.counted().len(), 1);
    assert_eq!(lab.cursor(&zst).unparsed, 1, "doctor tells of it");
    lab.append_bytes(&zst, &packed[packed.len() - 9..]);
    lab.ingest();
    assert_eq!(lab.counted().len(), 2);
    assert_eq!(lab.cursor(&zst).unparsed, 0);
}

#[test]
fn c7_a_call_is_of_the_model_that_its_turn_names() {
    let lines = vec![
        meta("09:00:00.000", "A", &json!({})),
        turn("09:00:01.000", T1, "gpt-a"),
        count("09:00:05.000", [100, 0, 0], [100, 0, 0]),
        turn("09:00:06.000", T2, "gpt-b"),
        count("09:00:09.000", [300, 0, 0], [200, 0, 0]),
        record("09:00:12.000", "A", "resp_1", [400, 0, 0], [700, 0, 0]),
    ];
    let lab = arrive(AgentId::Codex, &[(&file("A"), lines)]);
    let models: Vec<String> = lab
        .dump()
        .into_iter()
        .filter_map(|row| Some(row.split_once("model=Some(\"")?.1.split_once('"')?.0.to_owned()))
        .collect();
    assert_eq!(models, ["gpt-a", "gpt-b", "gpt-b"]);
}

#[test]
fn c8_cached_and_written_tokens_are_part_of_the_input() {
    let mut usage = tokens([1000, 600, 5]);
    usage["cache_write_input_tokens"] = json!(300);
    let lines = vec![
        meta("09:00:00.000", "A", &json!({})),
        line(
            "09:00:05.000",
            "token_usage_record",
            &json!({"response_id": "resp_1", "thread_id": "A", "usage": usage}),
        ),
    ];
    assert_eq!(calls(&[("A", lines)]), ["A resp_1 100/5/300/0/600"]);
}

#[test]
fn rule_a_lines_before_the_subagents_own_are_copies() {
    let start = json!({"parent_thread_id": "P", "session_id": "P",
        "subagent_history_start_ordinal": 6});
    let mut lines = vec![numbered(0, &meta("10:00:00.000", "C", &start))];
    // However long after the beginning they were written.
    for (ordinal, text) in (1..).zip(copies(900)) {
        lines.push(numbered(ordinal, &text));
    }
    lines.push(numbered(5, &count("10:00:09.000", [3100, 1900, 300], [100, 0, 0])));
    lines.push(numbered(6, &turn("10:00:10.000", T1, "gpt-5-codex")));
    lines.push(numbered(7, &count("10:00:12.000", [3150, 2000, 350], [50, 100, 50])));
    let calls = calls(&[("C", lines)]);
    assert_eq!(usages(&calls), [("P/C", "0/50/0/0/100")]);
}

#[test]
fn rule_c_turns_of_the_parent_are_known_by_their_ids() {
    let of = |id: &str, more: &serde_json::Value, day_ms: [&str; 3]| {
        vec![
            meta(day_ms[0], id, more),
            turn(day_ms[1], T1, "gpt-5-codex"),
            count(day_ms[2], [1000, 400, 100], [1000, 400, 100]),
        ]
    };
    let parent = of("P", &json!({}), ["09:00:00.000", "09:00:01.000", "09:00:05.000"]);
    // Not even the parent's name is told.
    let mut child = of(
        "C",
        &json!({"forked_from_id": "unknown"}),
        ["10:00:00.000", "10:00:00.100", "10:00:00.200"],
    );
    child.push(turn("10:00:10.000", T2, "gpt-5-codex"));
    child.push(count("10:00:15.000", [1500, 600, 150], [500, 200, 50]));
    let calls = calls(&[("P", parent), ("C", child)]);
    assert_eq!(usages(&calls), [("P", "600/100/0/0/400"), ("C", "300/50/0/0/200")]);
}

#[test]
fn a_turn_or_line_that_is_older_than_its_thread_is_a_copy() {
    // 2026-11-20T09:00:00Z, an hour before the thread began.
    let began = 1_795_165_200;
    let child = vec![
        meta("10:00:00.000", "C", &json!({"forked_from_id": "gone"})),
        line("10:00:00.100", "response_item", &json!({"type": "function_call"})),
        event("10:00:01.000", "task_started", &json!({"turn_id": T1, "started_at": began})),
        count("10:00:01.500", [1000, 400, 100], [1000, 400, 100]),
        event("10:00:10.000", "task_started", &json!({"turn_id": T2, "started_at": began + 3610})),
        count("10:00:15.000", [1500, 600, 150], [500, 200, 50]),
    ];
    assert_eq!(usages(&calls(&[("C", child)])), [("C", "300/50/0/0/200")]);
    let kept_their_time = vec![
        meta("10:00:00.000", "C", &json!({"forked_from_id": "gone"})),
        count("09:00:05.000", [1000, 400, 100], [1000, 400, 100]),
        count("09:59:05.000", [2000, 800, 200], [1000, 400, 100]),
        count("10:00:15.000", [2500, 1000, 250], [500, 200, 50]),
    ];
    assert_eq!(usages(&calls(&[("C", kept_their_time)])), [("C", "300/50/0/0/200")]);
}

#[test]
fn rule_f_a_first_event_of_nothing_is_a_baseline() {
    let child = vec![
        meta("10:00:00.000", "C", &json!({"forked_from_id": "gone"})),
        count("10:00:03.000", [900_000, 800_000, 7_000], [0, 0, 0]),
        count("10:00:15.000", [900_500, 800_200, 7_050], [500, 200, 50]),
    ];
    assert_eq!(usages(&calls(&[("C", child)])), [("C", "300/50/0/0/200")]);
}

#[test]
fn records_of_another_thread_are_copies() {
    let parent = vec![
        meta("09:00:00.000", "P", &json!({})),
        record("09:00:05.000", "P", "resp_1", [1000, 400, 100], [1000, 400, 100]),
    ];
    let child = vec![
        meta("10:00:00.000", "C", &json!({"forked_from_id": "P"})),
        record("10:00:00.001", "P", "resp_1", [1000, 400, 100], [1000, 400, 100]),
        // The copied event of an answer that has no copied record.
        count("10:00:00.002", [1000, 400, 100], [1000, 400, 100]),
        record("10:00:00.040", "C", "resp_2", [500, 200, 50], [1500, 600, 150]),
        count("10:00:00.080", [1500, 600, 150], [500, 200, 50]),
    ];
    let expected = [("C", "300/50/0/0/200")];
    assert_eq!(usages(&calls(&[("C", child.clone())])), expected);
    let both = calls(&[("P", parent), ("C", child)]);
    assert_eq!(usages(&both), [&[("P", "600/100/0/0/400")][..], &expected].concat());
}

#[test]
fn a_fork_that_goes_on_with_records_has_copied_what_has_none() {
    // Less than a burst, and nobody knows the parent.
    let head = [meta("10:00:00.000", "C", &json!({"forked_from_id": "gone"}))];
    let child = [head.to_vec(), copies(0)].concat();
    assert_eq!(calls(&[("C", child.clone())]), [] as [&str; 0], "it was never gone on with");
    let own = [
        turn("10:00:10.000", T2, "gpt-5-codex"),
        record("10:00:15.000", "C", "resp_2", [500, 200, 50], [3500, 2100, 350]),
        count("10:00:15.100", [3500, 2100, 350], [500, 200, 50]),
    ];
    let child = [child, own.to_vec()].concat();
    assert_eq!(usages(&calls(&[("C", child)])), [("C", "300/50/0/0/200")]);
}

#[test]
fn a_compaction_that_moves_no_total_is_a_call() {
    // On OpenAI's side, with a record alone; and one of the client's, with both.
    let lines = vec![
        meta("09:00:00.000", "A", &json!({})),
        count("09:00:05.000", [1000, 400, 100], [1000, 400, 100]),
        record("09:00:06.000", "A", "resp_remote", [900, 0, 80], [1900, 400, 180]),
        line("09:00:06.100", "compacted", &json!({"compaction_response_id": "resp_remote"})),
        count("09:00:09.000", [1300, 400, 120], [300, 0, 20]),
        record("09:00:10.000", "A", "resp_local", [800, 0, 70], [2100, 400, 190]),
        count("09:00:10.100", [2100, 400, 190], [800, 0, 70]),
    ];
    let calls = calls(&[("A", lines)]);
    let used: Vec<&str> = usages(&calls).into_iter().map(|(_, usage)| usage).collect();
    assert_eq!(used, ["600/100/0/0/400", "900/80/0/0/0", "300/20/0/0/0", "800/70/0/0/0"]);
}

#[test]
fn a_subagents_calls_are_its_sessions() {
    let spawned = json!({"subagent": {"thread_spawn": {"parent_thread_id": "P", "depth": 1}}});
    let lines = vec![
        meta("10:00:00.000", "C", &json!({ "source": spawned })),
        record("10:00:05.000", "C", "resp_1", [10, 0, 1], [10, 0, 1]),
    ];
    assert_eq!(calls(&[("C", lines)]), ["P/C resp_1 10/1/0/0/0"]);
    // A subagent's subagent names the root, too.
    let lines = vec![
        meta("10:00:00.000", "D", &json!({"parent_thread_id": "C", "session_id": "P"})),
        record("10:00:05.000", "D", "resp_2", [10, 0, 1], [10, 0, 1]),
    ];
    assert_eq!(calls(&[("D", lines)]), ["P/D resp_2 10/1/0/0/0"]);
}

#[test]
fn a_rollout_without_its_first_line_is_told_by_its_name() {
    let lines = vec![count("09:00:05.000", [10, 0, 1], [10, 0, 1])];
    let calls = calls(&[("01a2-b", lines)]);
    assert_eq!(calls, ["01a2-b 01a2-b@10/0/1 10/1/0/0/0"]);
}

/// By the encoder of the crate that is read with; what other encoders write is in its own tests.
fn compressed(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}
