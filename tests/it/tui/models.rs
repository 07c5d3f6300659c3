//! Models: the figures against the report's and by hand, the periods, and how it is drawn.

use crossterm::event::KeyCode;
use spendtop::daemon::{Book, catch_up};
use spendtop::format::money_fixed;
use spendtop::ingest::Root;
use spendtop::ledger::Writer;
use spendtop::model::Millis;
use spendtop::pricing::Tier;
use spendtop::tui::screens::Screen;
use spendtop::tui::screens::models::{Data, Model, Models, Standing};
use spendtop::tui::{App, Look, Span};

use super::{
    LINE, Line, app_on, assert_screens, drawn, facts, ingest, now, press, refresh, report, slot,
    write,
};
use crate::harness::Lab;

/// Calls of four models at their real prices: each has 100 tokens of input, 148,000 from the cache.
fn priced() -> Lab {
    let lab = Lab::new();
    let (sonnet, haiku) = ("claude-sonnet-5-5", "claude-haiku-5-5");
    let older = "2026-11-20T09:00:00Z";
    write(
        &lab,
        &[
            Line { cents: 1000, ..LINE },
            Line { cents: 1000, at: "2026-11-23T10:00:00Z", ..LINE },
            Line { session: "s2", model: sonnet, cents: 500, ..LINE },
            // Before its cache became cheaper.
            Line { session: "s2", model: sonnet, cents: 500, at: "2026-10-01T09:00:00Z", ..LINE },
            Line { session: "s3", model: haiku, cents: 200, at: older, ..LINE },
            Line { session: "s4", model: "in-house-7b", cents: 10, at: older, ..LINE },
        ],
    );
    let mut writer = Writer::open(&lab.db()).unwrap();
    let book =
        Book::with_user_prices(Book::base(None), &spendtop::config::Config::default()).unwrap();
    let root = Root { developer: "maya".into(), ..lab.roots().remove(0) };
    catch_up(&mut writer, &[root], &mut book.pricing(now()), &mut |_| {}).unwrap();
    lab
}

fn models(lab: &Lab) -> App {
    app_on(lab, Screen::Models, facts(lab, Some(20)), Look::default())
}

fn data(app: &App) -> &Data {
    slot::<Models>(app).data.as_ref().unwrap()
}

fn model<'a>(app: &'a App, name: &str) -> &'a Model {
    data(app).models.iter().find(|model| &*model.name == name).unwrap()
}

fn longer(app: &mut App, lab: &Lab) {
    assert!(press(app, KeyCode::Char(']')));
    refresh(lab, app, facts(lab, None));
}

#[test]
fn a_model_is_what_the_report_says_of_it() {
    let lab = priced();
    let mut app = models(&lab);
    for since in [Some("2026-11-17"), Some("2026-10-25"), Some("2026-11-01"), None] {
        let args = since.map_or_else(|| vec!["model"], |since| vec!["model", "--since", since]);
        let report = report(&lab, &args);
        let rows = report["rows"].as_array().unwrap();
        assert_eq!(data(&app).models.len(), rows.len());
        for row in rows {
            let model = model(&app, row["key"].as_str().unwrap());
            assert_eq!(model.totals.cost.to_decimal(), row["cost_usd"]);
            assert_eq!(model.totals.calls, row["calls"]);
            assert_eq!(model.totals.unpriced_calls, row["unpriced_calls"]);
            let usage = &model.totals.usage;
            assert_eq!(usage.cache_read_input_tokens, row["cache_read_input_tokens"]);
        }
        assert_eq!(data(&app).total.cost.to_decimal(), report["total"]["cost_usd"]);
        if since.is_some() {
            longer(&mut app, &lab);
        }
    }
    assert_eq!(data(&app).span, Span::All);
    assert!(!press(&mut app, KeyCode::Char(']')), "there is no longer one");
}

#[test]
fn prices_are_of_what_was_charged() {
    let lab = priced();
    let mut app = models(&lab);
    let prices = |app: &App, name: &str| {
        let (model, price) = (model(app, name), |price| money_fixed(price, 5));
        (model.price_in.map(price), model.price_out.map(price))
    };
    let some = |price: &str, out: &str| (Some(price.to_owned()), Some(out.to_owned()));
    // 100 at $4 and 148,000 at $0.20 a million are $0.03, of 148,100 tokens.
    assert_eq!(prices(&app, "claude-opus-5-5"), some("$0.20257", "$20.00000"));
    assert_eq!(prices(&app, "claude-sonnet-5-5"), some("$0.10128", "$10.00000"));
    // Its prompts are of the long ones: $0.50, $0.05 and $2.50.
    assert_eq!(prices(&app, "claude-haiku-5-5"), some("$0.05030", "$2.50000"));
    assert_eq!(prices(&app, "in-house-7b"), (None, None));
    assert_eq!(money_fixed(model(&app, "claude-opus-5-5").totals.cost, 2), "$0.10");
    while data(&app).span != Span::All {
        longer(&mut app, &lab);
    }
    // Two price rows in one session: $0.0298 and $0.015, of 296,200 tokens.
    assert_eq!(prices(&app, "claude-sonnet-5-5"), some("$0.15125", "$10.00000"));
}

#[test]
fn the_workhorses_are_held_against_their_target() {
    let lab = priced();
    let mut app = models(&lab);
    let mix = |app: &App| {
        let mix = data(app).mix;
        (mix.routine, mix.quality, mix.reasoning, mix.unlisted)
    };
    assert_eq!(mix(&app), (1, 1, 2, 1));
    assert_eq!(data(&app).mix.standing(), Some(Standing::Below));
    assert_eq!(model(&app, "claude-haiku-5-5").tier, Some(Tier::Routine));
    assert_eq!(model(&app, "in-house-7b").tier, None);
    let screen = drawn(&app, 80, 24).to_string();
    assert!(screen.contains("50 % of calls") && screen.contains("below 70–80 %"), "{screen}");
    assert!(press(&mut app, KeyCode::Char('[')));
    refresh(&lab, &mut app, facts(&lab, None));
    assert_eq!((data(&app).span, mix(&app)), (Span::Today, (0, 1, 2, 0)));
    assert!(!press(&mut app, KeyCode::Char('[')), "there is no shorter one");
}

#[test]
fn keys_filter_and_sort_the_models() {
    let lab = priced();
    let mut app = models(&lab);
    let names = |app: &App| -> Vec<String> {
        slot::<Models>(app).page.table().rows().iter().map(|(name, _)| name.to_string()).collect()
    };
    let (opus, sonnet) = ("claude-opus-5-5", "claude-sonnet-5-5");
    let (haiku, own) = ("claude-haiku-5-5", "in-house-7b");
    assert_eq!(names(&app), [opus, sonnet, haiku, own]);
    for key in "sjjjj".chars() {
        press(&mut app, KeyCode::Char(key));
    }
    press(&mut app, KeyCode::Enter);
    assert_eq!(names(&app), [opus, sonnet, haiku, own], "by the price of answers");
    press(&mut app, KeyCode::Char('r'));
    assert_eq!(names(&app), [own, haiku, sonnet, opus]);
    for key in "/quality".chars() {
        press(&mut app, KeyCode::Char(key));
    }
    assert_eq!(names(&app), [sonnet]);
}

#[test]
fn a_normal_week() {
    assert_screens("models", &models(&priced()));
}

#[test]
fn no_calls_and_no_size_are_no_trouble() {
    let lab = Lab::new();
    ingest(&lab);
    let empty = models(&lab);
    assert_screens("models_empty", &empty);
    let full = models(&priced());
    let mut unread = App::new(super::setting(), Look::default(), Millis(0));
    unread.update(spendtop::tui::Action::Command(spendtop::tui::Command::Go(Screen::Models)));
    for columns in (0..=130).step_by(3) {
        for rows in (0..=40).step_by(if columns < 70 { 1 } else { 5 }) {
            for app in [&empty, &full, &unread] {
                drawn(app, columns, rows);
            }
        }
    }
}
