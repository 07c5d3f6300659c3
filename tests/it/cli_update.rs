//! `prices update` and what follows: a good book is kept and used, anything else changes nothing.

use serde_json::{Value, json};

use super::cli_home::{Home, call, ran};
use super::cli_upstream::{Body, Server, dearer_opus, model, upstream};

/// When the new book is fetched and after: a day later than everything in the small home.
const LATER: &str = "2026-12-01T12:00:00Z";

/// Two calls at the old price.
const OLD_TOTAL: &str = "8.542500000000";

/// Runs at [`LATER`].
#[track_caller]
fn later(home: &Home, code: i32, args: &[&str]) -> (String, String) {
    let mut command = home.command_now(args);
    command.args(["--now", LATER]);
    let ran = ran(command);
    assert_eq!(ran.code, code, "spendtop {}\n{}\n{}", args.join(" "), ran.out, ran.err);
    (ran.out, ran.err)
}

fn later_json(home: &Home, args: &[&str]) -> Value {
    serde_json::from_str(&later(home, 0, args).0).unwrap()
}

fn book(home: &Home) -> Value {
    let mut checked = later_json(home, &["prices", "check", "--json"]);
    checked["rows"].take();
    checked
}

fn bytes(data: &Value) -> Vec<u8> {
    data.to_string().into_bytes()
}

#[test]
fn a_good_book_is_shown_kept_and_used_for_new_calls() {
    let home = Home::small();
    home.out(&["ingest"]);
    let own = book(&home);
    let server = Server::new(Body::Whole(dearer_opus()));
    let url = server.url();

    let (dry, _) = later(&home, 0, &["prices", "update", "--url", &url, "--dry-run"]);
    assert!(dry.contains("~ anthropic/claude-opus-5-5 from 2026-12-01: $4/20/"), "{dry}");
    assert!(dry.contains(" -> $5/20/"), "{dry}");
    assert!(dry.ends_with("Nothing was kept (--dry-run).\n"), "{dry}");
    assert_eq!(book(&home), own);

    // The config can name the place as well.
    home.write_config(&format!("[prices]\nurl = \"{url}\"\n"));
    let (kept, _) = later(&home, 0, &["prices", "update"]);
    assert!(kept.contains("Kept."), "{kept}");
    let new = book(&home);
    assert_eq!(new["book"], json!(url));
    assert_ne!(new["sha256"], own["sha256"]);
    let (shown, _) = later(&home, 0, &["prices", "check"]);
    assert!(shown.contains(&url) && shown.contains("checked 2026-12-01"), "{shown}");
    let (again, _) = later(&home, 0, &["prices", "update"]);
    assert!(again.starts_with("Nothing new"), "{again}");

    // Calls before the change cost what they did, calls after it what the new book says.
    assert_eq!(home.total(), (3, OLD_TOTAL.into()));
    let new = call("a3", "A", "claude-opus-5-5").at("2026-12-01T12:30:00.000Z");
    home.append("atlas/A.jsonl", &[new]);
    assert_eq!(home.total(), (4, "13.562500000000".into()));
    let explained = later_json(&home, &["explain", "msg_01a3", "--json"]);
    assert_eq!(explained["calls"][0]["charge"]["book"], json!(url));
}

#[test]
fn a_reprice_shows_old_new_and_difference_and_keeps_the_old_charge() {
    let home = Home::small();
    // After the change to come, but charged before anybody knew of it.
    home.append(
        "atlas/A.jsonl",
        &[
            call("a3", "A", "claude-opus-5-5").at("2026-12-01T12:30:00.000Z"),
            call("a4", "A", "claude-opus-5-5").at("2026-12-02T12:30:00.000Z"),
        ],
    );
    assert_eq!(home.total().1, "16.582500000000");
    let server = Server::new(Body::Whole(dearer_opus()));
    later(&home, 0, &["prices", "update", "--url", &server.url()]);
    assert_eq!(home.total().1, "16.582500000000", "an update charges nothing anew");

    let dry = later_json(&home, &["reprice", "--dry-run", "--json"]);
    let row = json!({
        "model": "claude-opus-5-5", "changed_calls": 2, "newly_priced_calls": 0,
        "unpriced_calls": 0, "old_usd": "16.080000000000", "new_usd": "18.080000000000",
        "difference_usd": "2.000000000000",
    });
    assert_eq!(dry["rows"], json!([row]));
    assert_eq!(dry["applied"], false);
    let (table, _) = later(&home, 0, &["reprice", "--dry-run"]);
    let fields = ["claude-opus-5-5", "2", "0", "$16.0800", "$18.0800", "$2.0000"];
    let shown: Vec<&str> = table.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(shown, fields);
    assert_eq!(home.total().1, "16.582500000000", "a dry run changes nothing");

    let done = later_json(&home, &["reprice", "--json"]);
    assert_eq!((&done["rows"], &done["applied"]), (&json!([row]), &json!(true)));
    assert_eq!(home.total().1, "18.582500000000");
    let explained = later_json(&home, &["explain", "msg_01a3", "--json"]);
    let call = &explained["calls"][0];
    assert_eq!(call["charge"]["cost_usd"], "5.020000000000");
    assert_eq!(call["superseded"].as_array().unwrap().len(), 1);
    assert_eq!(call["superseded"][0]["cost_usd"], "4.020000000000");
    assert_eq!(call["superseded"][0]["price_row"]["input"], "4");
    let (text, _) = later(&home, 0, &["explain", "msg_01a3"]);
    assert!(text.contains("before, charge 0:") && text.contains("$4.020000000000"), "{text}");
    // Calls from before the change have no other charge.
    let old = later_json(&home, &["explain", "msg_01a1", "--json"]);
    assert_eq!(old["calls"][0]["superseded"], json!([]));
    // Twice is once.
    let again = later_json(&home, &["reprice", "--json"]);
    assert_eq!((&again["rows"], &again["applied"]), (&json!([]), &json!(false)));
}

#[test]
fn a_new_model_gets_its_price() {
    let home = Home::small();
    home.append("atlas/A.jsonl", &[call("a3", "A", "claude-opus-6")]);
    let missing = home.json(&["prices", "missing", "--json"]);
    assert_eq!(missing["rows"][0]["model"], "claude-opus-6");
    let mut data = upstream();
    data[0]["models"].as_array_mut().unwrap().push(json!({
        "id": "claude-opus-6", "match": {"equals": "claude-opus-6"},
        "prices": {"input_mtok": 6, "output_mtok": 30},
    }));
    let server = Server::new(Body::Whole(bytes(&data)));
    let (out, _) = later(&home, 0, &["prices", "update", "--url", &server.url()]);
    assert!(out.contains("+ anthropic/claude-opus-6\n"), "{out}");
    let done = later_json(&home, &["reprice", "--json"]);
    assert_eq!(done["rows"][0]["newly_priced_calls"], 1);
    assert_eq!(home.total().1, "14.572500000000");
    home.expect(10, &["prices", "missing"]);
}

#[test]
fn whatever_is_wrong_with_the_data_the_old_book_stays_and_is_said_to() {
    let home = Home::small();
    home.out(&["ingest"]);
    let own = book(&home);
    let opus = |price: &str| {
        let mut data = upstream();
        model(&mut data, "claude-opus-5-5")["prices"][0]["prices"]["input_mtok"] = json!("HERE");
        data.to_string().replace("\"HERE\"", price).into_bytes()
    };
    let mut fewer = upstream();
    let models = fewer[0]["models"].as_array_mut().unwrap();
    models.truncate(models.len() * 6 / 10);
    let deep = b"[".repeat(2_000_000);
    let deep_price = [b"[".repeat(200_000), b"]".repeat(200_000)].concat();
    let whole = dearer_opus();
    let cut = whole[..whole.len() / 2].to_vec();
    for (what, body, says) in [
        ("cut off", Body::Whole(cut), "not genai-prices v2 data"),
        ("half sent", Body::Half(whole), "cannot read"),
        ("deeply nested", Body::Whole(deep), "not genai-prices v2 data"),
        (
            "deeply nested price",
            Body::Whole(opus(&String::from_utf8(deep_price).unwrap())),
            "not plausible",
        ),
        ("huge number", Body::Whole(opus("1e999999999")), "not plausible"),
        ("many digits", Body::Whole(opus(&"9".repeat(100_000))), "not plausible"),
        ("not a number", Body::Whole(opus("NaN")), "not genai-prices v2 data"),
        ("infinite", Body::Whole(opus("Infinity")), "not genai-prices v2 data"),
        ("zero", Body::Whole(opus("0")), "claude-opus-5-5: a price of 0 is not plausible"),
        ("negative", Body::Whole(opus("-4")), "a price of -4 is not plausible"),
        ("tenfold", Body::Whole(opus("41")), "more than tenfold"),
        ("a tenth", Body::Whole(opus("0.39")), "more than tenfold"),
        ("models lost", Body::Whole(bytes(&fewer)), "models are missing"),
        ("no list", Body::Whole(b"{}".to_vec()), "not genai-prices v2 data"),
        ("empty", Body::Whole(Vec::new()), "not genai-prices v2 data"),
        ("no text", Body::Whole(vec![0xff; 1000]), "not genai-prices v2 data"),
        ("a page", Body::Whole(b"<html>".to_vec()), "not genai-prices v2 data"),
        ("gone", Body::Status("404 Not Found"), "404"),
        ("broken", Body::Status("500 Internal Server Error"), "500"),
        ("endless", Body::Endless, "cannot read"),
    ] {
        let server = Server::new(body);
        let (out, err) = later(&home, 1, &["prices", "update", "--url", &server.url()]);
        assert!(err.contains(says) && err.contains(&server.url()), "{what}: {err}");
        assert!(err.len() < 500, "{what}: {err}");
        assert_eq!(out, "", "{what}");
        assert!(err.contains("the price book in force stays"), "{what}: {err}");
        assert_eq!(book(&home), own, "{what}");
    }
    for url in
        [Server::refusing(), "http://127.0.0.1:1/x".into(), "gopher://x".into(), "x y".into()]
    {
        let (_, err) = later(&home, 1, &["prices", "update", "--url", &url]);
        assert!(err.contains("cannot fetch") && err.contains(&*url), "{err}");
    }
    assert_eq!(home.total(), (3, OLD_TOTAL.into()));
}
