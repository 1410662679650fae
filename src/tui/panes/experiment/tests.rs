use super::{
    super::testing::{SessionAt, apply_event, cells, rows, shown, view},
    experiment,
};
use crate::{
    session::{
        event::{ActivityOutcome, Event, EventKind, Plan, RunId, Section, StepRef},
        fixtures::{self, Variant},
    },
    tui::{
        pane_buffer::PaneBuffer,
        panes::Scene,
        theme::{Role, Theme},
        view::View,
    },
};
use proptest::prelude::*;

fn pane(told: &SessionAt, width: u16, height: u16) -> String {
    shown(told, (width, height), experiment).join("\n")
}

/// The row that contains a word.
fn row<'a>(pane: &'a str, word: &str) -> &'a str {
    pane.lines().find(|line| line.contains(word)).unwrap_or_else(|| panic!("{word} in\n{pane}"))
}

fn ended(step: StepRef, succeeded: bool, met: Option<bool>, summary: &str) -> EventKind {
    let (summary, trouble) = (summary.to_owned(), None);
    let outcome =
        ActivityOutcome { succeeded: Some(succeeded), tolerance_met: met, summary, trouble, seconds: 0.1 };
    EventKind::ActivityEnded { run: RunId(99), step, outcome, entry: pyvalue::Value::Null }
}

fn started(step: StepRef) -> EventKind {
    EventKind::ActivityStarted { run: RunId(99), step, name: String::new(), entry: pyvalue::Value::Null }
}

#[test]
fn a_hypothesis_that_passed_is_one_row_after_t0() {
    let before = pane(&fixtures::steady(), 38, 9);
    assert!(before.contains("✓ all-services-are-healthy") && before.contains("2 of 9 done"), "{before}");
    assert!(row(&before, "kill").ends_with("FIRE │") && row(&before, "kill").contains('›'), "{before}");
    let after = pane(&fixtures::session_at(Variant::After, 5.0), 38, 9);
    assert!(row(&after, "steady state").contains("✓ steady state met before T0 (2/2)"), "{after}");
    assert!(!after.contains("provider-is-available"), "{after}");
    assert!(pane(&fixtures::session_at(Variant::After, 5.0), 60, 9).contains("met before T0 (2 of 2)"));
}

#[test]
fn what_stands_at_the_right_of_each_step() {
    let pane = pane(&fixtures::session_at(Variant::After, 5.5), 60, 12);
    for (step, note) in [
        ("kill-provider", "✓ kill-provider-microservice"),
        ("kill-provider", "T+0 │"),
        ("should-be-broken", "T+2 │"),
        ("must-still", "▸ consumer-must-still-respond"),
        ("must-still", "3 s of 40 │"),
        ("is-back", "waits 30 s │"),
    ] {
        assert!(row(&pane, step).contains(note), "{note} in\n{pane}");
    }
    assert!(pane.contains("AUTO  4 of 9 done"), "{pane}");
    let paused =
        super::super::testing::shown(&fixtures::session_at(Variant::After, 14.6), (38, 9), experiment);
    assert!(row(&paused.join("\n"), "is-back").contains("‖ provider-is-back         in 29 s"), "{paused:?}");
}

#[test]
fn the_step_at_hand_is_one_bar_and_a_chosen_one_takes_it() {
    let told = fixtures::session_at(Variant::After, 5.0);
    let theme = Theme::default();
    let bar = |view: &View| -> Vec<String> {
        let buffer = cells(&told, view, &theme, (38, 9), experiment);
        let filled =
            (0..9).filter(|y| (1..37).all(|x| buffer[(x, *y)].bg == theme.fill(Role::Focus).bg.unwrap()));
        filled.map(|y| rows(&buffer)[y as usize].clone()).collect()
    };
    let [running] = bar(&view()).try_into().unwrap();
    assert!(running.contains("consumer-must"), "{running}");
    let chosen = StepRef { section: Section::Before, index: 1 };
    let [chosen] = bar(&View { selected_step: Some(chosen), ..view() }).try_into().unwrap();
    assert!(chosen.contains("provider-is-available"), "the fold opens for it: {chosen}");
}

#[test]
fn what_failed_says_so_and_why_where_there_is_room() {
    let probe = StepRef { section: Section::Before, index: 1 };
    let mut told = fixtures::session_at(Variant::After, -17.7);
    apply_event(&mut told, -17.6, started(probe));
    apply_event(&mut told, -17.5, ended(probe, true, Some(false), "false"));
    told.1 = fixtures::at(-17.0);
    let pane = pane(&told, 60, 20);
    assert!(row(&pane, "provider-is-available").contains("✗") && pane.contains("not met"), "{pane}");
    assert!(row(&pane, "expected").contains("false, expected true"), "{pane}");
    let small = shown(&told, (38, 7), experiment).join("\n");
    assert!(row(&small, "provider-is-av").contains("not met"), "{small}");
    assert!(!small.contains("expected"), "no room for it: {small}");
}

#[test]
fn a_step_that_can_be_asked_again_says_that_it_failed() {
    let probe = StepRef { section: Section::Before, index: 1 };
    let mut told = fixtures::session_at(Variant::After, -17.7);
    apply_event(&mut told, -17.6, started(probe));
    apply_event(&mut told, -17.5, ended(probe, true, Some(false), "false"));
    apply_event(&mut told, -17.4, EventKind::StepAwaited { step: probe, destructive: false });
    told.1 = fixtures::at(-17.0);
    let small = pane(&told, 38, 9);
    assert!(row(&small, "› provider-is-available").contains("not met"), "{small}");
}

#[test]
fn guards_and_undo_kit_stand_below_where_there_is_room() {
    let told = fixtures::session_at(Variant::After, 5.0);
    let wide = pane(&told, 60, 16);
    for words in
        ["GUARDS  end the run by themselves", "bad seconds", "0 of 1", "undo kit         2 manifests saved"]
    {
        assert!(wide.contains(words), "{words} in\n{wide}");
    }
    assert!(!pane(&told, 60, 9).contains("GUARDS"));
    assert!(!pane(&told, 38, 20).contains("GUARDS"));
}

#[test]
fn the_step_at_hand_stays_in_sight() {
    let told = fixtures::session_at(Variant::After, 5.0);
    for height in 4..12 {
        let shown = shown(&told, (38, height), experiment).join("\n");
        assert!(shown.contains("▸ consumer-must"), "{height}:\n{shown}");
    }
}

/// The story with the same name for all its steps.
fn named(name: &str, seconds: f64) -> SessionAt {
    let mut events: Vec<Event> = fixtures::events(Variant::After, seconds);
    for event in &mut events {
        if let EventKind::Planned(Plan { steps, .. }) = &mut event.what {
            for step in steps.iter_mut() {
                step.name = name.to_owned();
            }
        }
    }
    (fixtures::session(&events), fixtures::at(seconds))
}

proptest! {
    #[test]
    fn notes_are_never_cut(width in 32_u16..90, name in "[a-z東]{1,80}", seconds in -18.0..40.0_f64) {
        let told = named(&name, seconds);
        let draw = |canvas: &mut PaneBuffer, scene: &Scene| experiment(canvas, scene);
        let pane = shown(&told, (width, 14), draw).join("\n");
        let scene_notes = told.0.steps.rows.iter().filter(|row| row.step.destructive && row.started.is_none());
        for _ in scene_notes {
            prop_assert!(pane.lines().any(|line| line.ends_with("FIRE │")), "{}", pane);
        }
        if seconds < 13.0 {
            prop_assert!(pane.contains("waits 30 s │"), "{}", pane);
        }
        for line in pane.lines().skip(1).take(12) {
            prop_assert!(line.ends_with('│'), "{}", line);
        }
    }
}
