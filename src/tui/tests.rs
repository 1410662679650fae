//! Pictures of every phase, any size, any theme.

use super::{
    LogFeed, Overlay, Pane, Scene, Steering, Theme, View,
    editor::Editor,
    keymap::Keymap,
    overlays::{GuardDesk, PredictForm},
    render,
};
use crate::session::{
    Event, Session, What,
    event::{Gets, Guards, Level, Prediction, Timestamp, TripGuess},
    fixtures::{self, Variant},
};
use proptest::prelude::*;
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Color, Modifier},
};

fn view() -> View {
    View::new(Keymap::default(), Steering::Live)
}

fn drawn(told: &(Session, Timestamp), view: &View, theme: &Theme, width: u16, height: u16) -> Buffer {
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    let scene = Scene::new(&told.0, view, told.1, None);
    render(&mut buffer, area, &scene, theme, &LogFeed::default());
    buffer
}

fn text(buffer: &Buffer) -> String {
    let area = buffer.area;
    let row = |y| {
        (0..area.width).filter_map(move |x| buffer.cell((x, y))).map(|cell| cell.symbol()).collect::<String>()
    };
    (0..area.height).map(|y| row(y).trim_end().to_owned() + "\n").collect()
}

/// The phases of the story.
fn phases() -> [(&'static str, (Session, Timestamp)); 7] {
    [
        ("1-ready", fixtures::ready()),
        ("2-steady", fixtures::steady()),
        ("3-before-failing", fixtures::before_failing()),
        ("4-after-open", fixtures::after_open()),
        ("5-after-half-open", fixtures::after_half_open()),
        ("6-after-closed", fixtures::after_closed()),
        ("7-finished", fixtures::finished(Variant::After)),
    ]
}

#[test]
fn every_phase_at_120x36() {
    for (name, told) in phases() {
        insta::assert_snapshot!(
            format!("{name}-120x36"),
            text(&drawn(&told, &view(), &Theme::default(), 120, 36))
        );
    }
}

#[test]
fn every_phase_at_80x24() {
    for (name, told) in phases() {
        insta::assert_snapshot!(
            format!("{name}-80x24"),
            text(&drawn(&told, &view(), &Theme::default(), 80, 24))
        );
    }
}

#[test]
fn the_room_of_a_large_terminal_is_used() {
    // The log's lines live in a static of the process that other tests write to: its pane has a test of its own.
    let told = fixtures::after_open();
    let shown = text(&drawn(&told, &view(), &Theme::default(), 200, 50));
    let without_log: String = shown
        .lines()
        .filter(|line| !line.starts_with("│1") && !line.starts_with("│0"))
        .map(|line| line.to_owned() + "\n")
        .collect();
    insta::assert_snapshot!("after-open-200x50", without_log);
}

#[test]
fn a_small_terminal_keeps_what_cannot_be_left_out() {
    let told = fixtures::after_open();
    insta::assert_snapshot!("after-open-60x14", text(&drawn(&told, &view(), &Theme::default(), 60, 14)));
    insta::assert_snapshot!("too-small-30x5", text(&drawn(&told, &view(), &Theme::default(), 30, 5)));
}

#[test]
fn overlays_and_views_look_like_this() {
    let told = fixtures::after_open();
    let over = |overlay| View { overlay: Some(overlay), ..view() };
    for (name, view) in [
        ("help", over(Overlay::Help)),
        ("why", over(Overlay::Why)),
        ("heatmap", over(Overlay::Heatmap)),
        ("note", over(Overlay::Note(Editor::default()))),
        ("quit", over(Overlay::ConfirmQuit)),
        ("undo", over(Overlay::ConfirmUndo)),
        ("guards", over(Overlay::Guards(GuardDesk::new(told.0.guards.limits)))),
        ("zoom", View { zoomed: true, focus: Pane::Users, ..view() }),
        ("presenter", View { presenter: true, ..view() }),
        ("cursor", View { cursor: Some(7), ..view() }),
    ] {
        insta::assert_snapshot!(
            format!("{name}-120x36"),
            text(&drawn(&told, &view, &Theme::default(), 120, 36))
        );
    }
    insta::assert_snapshot!(
        "help-80x24",
        text(&drawn(&told, &over(Overlay::Help), &Theme::default(), 80, 24))
    );
}

/// The story without a breaker at T+19, with limits.
fn guarded(change: impl FnOnce(&mut Guards)) -> (Session, Timestamp) {
    let mut told = fixtures::before_failing();
    change(&mut told.0.guards.limits);
    told
}

/// What somebody expected of the story with a breaker.
fn predicted(mut told: (Session, Timestamp)) -> (Session, Timestamp) {
    told.0.prediction = Some(Prediction {
        trip: Some(TripGuess::Within(2.0)),
        users: Some(Gets::Fallback),
        errors: Some(0),
        recovery_s: Some(10.0),
    });
    told
}

#[test]
fn a_prediction_is_shown_before_and_scored_at_the_end() {
    let form = PredictForm::of(predicted(fixtures::ready()).0.prediction);
    let writing = View { overlay: Some(Overlay::Predict(form)), ..view() };
    for (width, height) in [(120, 36), (80, 24)] {
        let shown = |told: &_, view: &View| text(&drawn(told, view, &Theme::default(), width, height));
        insta::assert_snapshot!(format!("predict-{width}x{height}"), shown(&fixtures::ready(), &writing));
        let ready = predicted(fixtures::ready());
        insta::assert_snapshot!(format!("predicted-{width}x{height}"), shown(&ready, &view()));
        let scored = predicted(fixtures::finished(Variant::After));
        insta::assert_snapshot!(format!("scored-{width}x{height}"), shown(&scored, &view()));
    }
}

#[test]
fn a_guard_about_to_abort_is_the_line_that_everybody_reads() {
    let near = guarded(|limits| limits.users_s = Some(20));
    let mut over = guarded(|limits| limits.users_s = Some(17));
    let trip = over.0.guard_over(over.1).unwrap();
    let reason = format!("A guard ended the run: {}", trip.because);
    for what in [What::GuardTripped(trip), What::Interrupted { reason, level: Level::Warning }] {
        over.0.apply(&Event { seq: 0, at: over.1, what });
    }
    for (name, told) in [("guard-near", near), ("guard-tripped", over)] {
        for (width, height) in [(120, 36), (80, 24)] {
            let buffer = drawn(&told, &view(), &Theme::default(), width, height);
            insta::assert_snapshot!(format!("{name}-{width}x{height}"), text(&buffer));
            let white_on_red = buffer.cell((5, 1)).unwrap().bg == Color::Red;
            assert_eq!(white_on_red, name == "guard-near", "{name}");
        }
    }
}

#[test]
fn a_context_outside_the_allow_list_stands_out() {
    let mut told = fixtures::steady();
    told.0.meta.allowed = false;
    told.0.meta.context = Some("production-eu".to_owned());
    let step = told.0.steps.cursor.unwrap();
    let typed = Overlay::ConfirmFire { step, word: "my-provider-app".to_owned(), typed: Editor::default() };
    let view = View { overlay: Some(typed), ..view() };
    insta::assert_snapshot!("confirm-fire-80x24", text(&drawn(&told, &view, &Theme::default(), 80, 24)));
}

#[test]
fn two_sessions_end_side_by_side() {
    let (before, _) = fixtures::finished(Variant::Before);
    let (after, now) = predicted(fixtures::finished(Variant::After));
    for (width, height) in [(120_u16, 36_u16), (80, 24)] {
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        let view = view();
        let scene = Scene::new(&after, &view, now, Some(&before));
        render(&mut buffer, area, &scene, &Theme::default(), &LogFeed::default());
        insta::assert_snapshot!(format!("comparison-{width}x{height}"), text(&buffer));
    }
}

#[test]
fn the_ghost_of_an_earlier_run_lies_behind_this_one() {
    let (before, _) = fixtures::finished(Variant::Before);
    let mut unlike = before.clone();
    unlike.users.endpoints[0].rate = 4.0;
    for (name, told, ghost) in
        [("ghost", fixtures::after_open(), &before), ("ghost-unlike", fixtures::steady(), &unlike)]
    {
        for (width, height) in [(120_u16, 36_u16), (80, 24)] {
            let area = Rect::new(0, 0, width, height);
            let mut buffer = Buffer::empty(area);
            let view = view();
            let scene = Scene::new(&told.0, &view, told.1, Some(ghost));
            render(&mut buffer, area, &scene, &Theme::default(), &LogFeed::default());
            insta::assert_snapshot!(format!("{name}-{width}x{height}"), text(&buffer));
        }
    }
}

#[test]
fn the_theme_without_colour_has_none_anywhere() {
    let mono = Theme::named("mono").unwrap();
    for (name, told) in phases() {
        for (width, height) in [(80, 24), (120, 36), (200, 50)] {
            let buffer = drawn(&told, &view(), &mono, width, height);
            let coloured =
                buffer.content().iter().find(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset);
            assert_eq!(coloured, None, "{name} at {width}x{height}");
            assert!(buffer.content().iter().any(|cell| cell.modifier.contains(Modifier::REVERSED)));
        }
    }
}

#[test]
fn ascii_means_ascii() {
    let ascii = Theme::default().ascii();
    for (name, told) in phases() {
        for overlay in [None, Some(Overlay::Help), Some(Overlay::Why), Some(Overlay::Heatmap)] {
            let view = View { overlay, ..view() };
            let shown = text(&drawn(&told, &view, &ascii, 120, 36));
            let other = shown.chars().find(|c| !c.is_ascii());
            assert_eq!(other, None, "{name}:\n{shown}");
        }
    }
}

/// Every word about the outside world turned into something nasty.
fn hostile() -> (Session, Timestamp) {
    const NASTY: &str = "\x1b[2J\x1b]0;x\x07東京\u{202e}e\u{301}\n\t\0end";
    let (_, now) = fixtures::after_open();
    let events = fixtures::events(Variant::After, 10.0);
    let nasty: Vec<_> = events
        .iter()
        .map(|event| {
            let text = serde_json::to_string(event).unwrap();
            let quoted = serde_json::to_string(NASTY).unwrap();
            let nasty = quoted.trim_matches('"');
            [
                "minikube",
                "provider-should-be-broken",
                "200 OK",
                "look like the real",
                "Unavailable",
                "JSON string",
                "ContainerCreating",
            ]
            .iter()
            .fold(text, |text, word| text.replace(word, nasty))
        })
        .map(|text| serde_json::from_str(&text).unwrap())
        .collect();
    (fixtures::session(&nasty), now)
}

#[test]
fn text_from_outside_cannot_steer_the_terminal() {
    let told = hostile();
    for overlay in [None, Some(Overlay::Why)] {
        let view = View { overlay, ..view() };
        let buffer = drawn(&told, &view, &Theme::default(), 120, 36);
        assert!(text(&buffer).contains('東'), "the harmless part is shown");
        for cell in buffer.content() {
            assert!(!cell.symbol().chars().any(char::is_control), "{:?}", cell.symbol());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn no_size_is_a_problem(width in 0_u16..200, height in 0_u16..80, phase in 0_usize..7, look in 0_usize..9) {
        let (_, told) = phases().into_iter().nth(phase).unwrap();
        let overlays = [None, Some(Overlay::Help), Some(Overlay::Why), Some(Overlay::Heatmap), Some(Overlay::Logs),
            Some(Overlay::ConfirmQuit), Some(Overlay::Note(Editor::default()))];
        let overlay = overlays.get(look).cloned().flatten();
        let view = View {
            overlay, zoomed: look == 7, presenter: look == 8, cursor: (look > 4).then_some(3),
            focus: Pane::ALL[phase % 6], ..view()
        };
        drawn(&told, &view, &Theme::default(), width, height);
    }
}
