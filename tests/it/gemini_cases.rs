//! Gemini CLI: what is one call, whose it is, and documents that are written anew.

use std::fs;

use serde_json::{Value, json};
use spendtop::model::AgentId;

use super::arrival::arrive;
use super::gemini_lines::{answer, file, head, id, message, time, tokens};
use super::harness::Lab;

/// The calls of one chat, whose first line is made here, however it arrives.
fn counted(records: &[Value]) -> Vec<String> {
    let lines = [head("s")].into_iter().chain(records.iter().map(Value::to_string)).collect();
    arrive(AgentId::Gemini, &[(&file("s"), lines)]).counted()
}

#[test]
fn g1_tokens_come_after_the_message_and_again() {
    let bare = message(1, "m1", "gemini", &json!({"model": "gemini-2.5-pro"}));
    let told = json!({"id": "m1", "tokens": tokens([900, 600, 50, 30])});
    assert_eq!(counted(&[bare, told.clone(), told]), ["s s/m1 300/80/0/0/600"]);
    // `null` and zeros are no tokens yet.
    let none = message(1, "m1", "gemini", &json!({"tokens": null}));
    let zeros = message(1, "m1", "gemini", &json!({"tokens": tokens([0, 0, 0, 0])}));
    assert_eq!(counted(&[none, zeros]), Vec::<String>::new());
}

#[test]
fn g2_what_is_taken_back_or_left_out_was_billed() {
    let one = answer(1, &id(1), [900, 600, 50, 30]);
    let two = answer(2, &id(2), [100, 0, 5, 0]);
    let copies = json!({"$set": {"messages": [one], "lastUpdated": time(3)}});
    let rewound = json!({"$rewindTo": id(1)});
    let expected = [format!("s {} 300/80/0/0/600", id(1)), format!("s {} 100/5/0/0/0", id(2))];
    assert_eq!(counted(&[one.clone(), two.clone(), copies.clone()]), expected);
    assert_eq!(
        counted(&[one.clone(), two.clone(), rewound, json!({"$set": {"messages": []}})]),
        expected
    );
    // A state that has an answer which no line had.
    assert_eq!(counted(&[two, copies]), expected);
}

#[test]
fn a_tool_adds_to_the_prompt() {
    let mut counts = tokens([30_000, 70_000, 900, 2100]);
    counts["input"] = json!(100_000);
    counts["tool"] = json!(250);
    let call = message(1, &id(1), "gemini", &json!({"model": "m", "tokens": counts}));
    assert_eq!(counted(&[call]), [format!("s {} 30250/3000/0/0/70000", id(1))]);
}

#[test]
fn short_ids_of_two_chats_are_two_calls_and_long_ones_are_one() {
    let of =
        |session: &str, id: &str| vec![head(session), answer(1, id, [10, 0, 1, 0]).to_string()];
    let both = |id: &str| {
        let files = [(file("a"), of("a", id)), (file("b"), of("b", id))];
        let files: Vec<_> = files.iter().map(|(path, lines)| (&**path, lines.clone())).collect();
        arrive(AgentId::Gemini, &files).counted().len()
    };
    assert_eq!((both("m1"), both(&id(1))), (2, 1));
}

#[test]
fn a_subagent_is_its_sessions() {
    let mut first: Value = serde_json::from_str(&head("reviewer-7f")).unwrap();
    first["kind"] = json!("subagent");
    first["directories"] = json!(["/home/dev/other", "/home/dev/more"]);
    let lines = vec![first.to_string(), answer(2, &id(2), [10, 0, 1, 0]).to_string()];
    let main = vec![head("s"), answer(1, &id(1), [10, 0, 1, 0]).to_string()];
    let files = [(&*file("s"), main), ("proj/chats/s/reviewer-7f.jsonl", lines)];
    let lab = arrive(AgentId::Gemini, &files);
    let expected =
        [format!("s {} 10/1/0/0/0", id(1)), format!("s/reviewer-7f {} 10/1/0/0/0", id(2))];
    assert_eq!(lab.counted(), expected);
    let of_subagent = lab.dump().into_iter().find(|row| row.starts_with("s/reviewer-7f")).unwrap();
    assert!(of_subagent.contains("project=Some(\"/home/dev/other\")"), "{of_subagent}");
}

#[test]
fn a_model_that_is_not_told_is_the_one_before() {
    let first = answer(1, &id(1), [10, 0, 1, 0]);
    let second = message(2, &id(2), "gemini", &json!({"tokens": tokens([20, 0, 2, 0])}));
    let other = message(
        3,
        &id(3),
        "gemini",
        &json!({"model": "gemini-3.8-flash", "tokens": tokens([30, 0, 3, 0])}),
    );
    let lines = [head("s")]
        .into_iter()
        .chain([first, second, other].into_iter().map(|message| message.to_string()));
    let lab = arrive(AgentId::Gemini, &[(&file("s"), lines.collect())]);
    let models: Vec<String> = lab
        .dump()
        .into_iter()
        .filter(|row| row.contains(" standing=Some(0) "))
        .map(|row| row.split_once("model=Some(\"").unwrap().1.split('"').next().unwrap().to_owned())
        .collect();
    assert_eq!(models, ["gemini-2.5-pro", "gemini-2.5-pro", "gemini-3.8-flash"]);
}

/// A chat as older versions kept it.
fn document(answers: u64) -> Vec<u8> {
    let messages: Vec<Value> = (1..=answers)
        .flat_map(|number| {
            let content = json!({"content": format!("prompt {number}")});
            [
                message(10 * number, &id(100 + number), "user", &content),
                answer(10 * number + 1, &id(number), [100 * number, 0, number, 0]),
            ]
        })
        .collect();
    let chat = json!({"sessionId": "s", "projectHash": "8c71", "startTime": time(0),
        "lastUpdated": time(99), "messages": messages});
    serde_json::to_vec_pretty(&chat).unwrap()
}

const OLD: &str = "3fc9/chats/session-2026-11-20T09-00-s.json";

#[test]
fn a_document_is_read_again_when_it_was_written_anew() {
    let lab = Lab::of(AgentId::Gemini);
    let path = lab.projects().join(OLD);
    for answers in 1..=4 {
        let bytes = document(answers);
        // Half of it is there: what was known stays.
        let before = if answers == 1 { 0 } else { answers - 1 };
        lab.append_bytes(OLD, b"");
        lab.rewrite(OLD, &bytes[..bytes.len() - 9]);
        lab.ingest();
        assert_eq!(lab.counted().len() as u64, before, "half of {answers}");
        assert_eq!(lab.cursor(OLD).unparsed, 0, "half a document is no error");
        if answers % 2 == 0 {
            // Put under its name as a whole.
            let other = path.with_extension("tmp");
            fs::write(&other, &bytes).unwrap();
            fs::rename(&other, &path).unwrap();
        } else {
            lab.rewrite(OLD, &bytes);
        }
        lab.ingest();
        assert_eq!(lab.counted().len() as u64, answers);
        assert_eq!(lab.cursor(OLD).offset, bytes.len() as u64);
        // Nothing new is nothing to read.
        assert_eq!(lab.ingest().changed_files, 0);
    }
    // Cut down to fewer messages: they were billed.
    lab.rewrite(OLD, &document(1));
    lab.ingest();
    assert_eq!(lab.counted().len(), 4);
}

#[test]
fn what_is_no_document_is_counted_until_it_is_one() {
    let lab = Lab::of(AgentId::Gemini);
    lab.append_bytes(OLD, b"[1, 2]\xff");
    lab.ingest();
    assert_eq!((lab.cursor(OLD).unparsed, lab.counted().len()), (1, 0));
    lab.rewrite(OLD, &document(2));
    lab.ingest();
    assert_eq!((lab.cursor(OLD).unparsed, lab.counted().len()), (0, 2));
    fs::remove_file(lab.projects().join(OLD)).unwrap();
    lab.ingest();
    assert_eq!(lab.counted().len(), 2, "rows outlive the file");
}

#[test]
fn a_folder_without_the_file_that_names_it_has_no_project() {
    let lab = Lab::of(AgentId::Gemini);
    lab.append_bytes(OLD, &document(1));
    for text in ["", "relative", "\u{0}"] {
        fs::write(lab.projects().join("3fc9/.project_root"), text).unwrap();
        lab.ingest();
        assert!(lab.dump()[0].contains("project=Some(\"\")"), "{}", lab.dump()[0]);
    }
}
