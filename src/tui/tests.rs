//! Snapshot tests of every phase, at every size, in every theme.

use super::{
    ControlMode, LogFeed, Overlay, Pane, Scene, Theme, View,
    editor::Editor,
    forms::{GuardForm, PredictForm},
    keymap::Keymap,
    render,
};
use crate::{
    insight,
    session::{
        Session,
        event::{
            Answer, AnswerKind, EndpointId, ErrorKind, Event, EventKind, ExpectedAnswers, ExpectedTrip,
            Guards, Level, LogSource, PodLine, Prediction, RequestId, Section, StepRef, Timestamp,
        },
        fixtures::{self, Variant},
    },
    test_support::answer,
};
use proptest::prelude::*;
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Color, Modifier},
};

pub(super) fn view() -> View {
    View::new(Keymap::default(), ControlMode::Live)
}

pub(super) fn drawn(
    session_at: &(Session, Timestamp),
    view: &View,
    theme: &Theme,
    width: u16,
    height: u16,
) -> Buffer {
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    let scene = Scene::new(&session_at.0, view, session_at.1, None);
    render(&mut buffer, area, &scene, theme, &LogFeed::default());
    buffer
}

pub(super) fn text(buffer: &Buffer) -> String {
    let area = buffer.area;
    let row = |y| {
        (0..area.width).filter_map(move |x| buffer.cell((x, y))).map(|cell| cell.symbol()).collect::<String>()
    };
    (0..area.height).map(|y| row(y).trim_end().to_owned() + "\n").collect()
}

/// The phases of the fixture scenario.
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
    for (name, session_at) in phases() {
        insta::assert_snapshot!(
            format!("{name}-120x36"),
            text(&drawn(&session_at, &view(), &Theme::default(), 120, 36))
        );
    }
}

#[test]
fn every_phase_at_80x24() {
    for (name, session_at) in phases() {
        insta::assert_snapshot!(
            format!("{name}-80x24"),
            text(&drawn(&session_at, &view(), &Theme::default(), 80, 24))
        );
    }
}

#[test]
fn the_room_of_a_large_terminal_is_used() {
    // The log's lines are in a static that other tests write to: its pane has a test of its own.
    let session_at = fixtures::after_open();
    let shown = text(&drawn(&session_at, &view(), &Theme::default(), 200, 50));
    let without_log: String = shown
        .lines()
        .filter(|line| !line.starts_with("│1") && !line.starts_with("│0"))
        .map(|line| line.to_owned() + "\n")
        .collect();
    insta::assert_snapshot!("after-open-200x50", without_log);
}

/// The scenario without a breaker at T+19, in which users get one error of each of these kinds in turn.
fn failing_in_many_ways(kinds: &[ErrorKind]) -> (Session, Timestamp) {
    let mut events = fixtures::events(Variant::Before, 19.0);
    let mut kinds = kinds.iter().cycle();
    for event in &mut events {
        if let EventKind::Answered(answer) = &mut event.what
            && let AnswerKind::Error(kind) = &mut answer.kind
            && let Some(next) = kinds.next()
        {
            *kind = *next;
        }
    }
    (fixtures::session(&events), fixtures::at(19.0))
}

#[test]
fn however_many_kinds_of_errors_there_are_those_who_wait_are_counted() {
    use ErrorKind::{Dns, Refused, Reset, Server, Timeout, Tls};
    for kinds in [&[Server][..], &[Server, Timeout, Reset], &[Server, Timeout, Reset, Refused, Tls, Dns]] {
        let session_at = failing_in_many_ways(kinds);
        for (width, height) in [(120, 36), (140, 40)] {
            let shown = text(&drawn(&session_at, &view(), &Theme::default(), width, height));
            assert!(shown.contains("11 wait"), "{kinds:?} at {width}x{height}:\n{shown}");
        }
    }
}

#[test]
fn a_small_terminal_keeps_what_cannot_be_left_out() {
    let session_at = fixtures::after_open();
    insta::assert_snapshot!(
        "after-open-60x14",
        text(&drawn(&session_at, &view(), &Theme::default(), 60, 14))
    );
    insta::assert_snapshot!("too-small-30x5", text(&drawn(&session_at, &view(), &Theme::default(), 30, 5)));
}

/// The probe that calls the consumer during the fault.
const RESPOND: StepRef = StepRef { section: Section::Method, index: 2 };

#[test]
fn overlays_and_views_look_like_this() {
    let session_at = fixtures::after_open();
    let over = |overlay| View { overlay: Some(overlay), ..view() };
    for (name, view) in [
        ("help", over(Overlay::Help)),
        ("why", over(Overlay::Why)),
        ("why-step", View { selected_step: Some(RESPOND), ..over(Overlay::Why) }),
        ("why-pods", View { focus: Pane::Pods, ..over(Overlay::Why) }),
        ("heatmap", over(Overlay::Heatmap)),
        ("note", over(Overlay::Note(Editor::default()))),
        ("quit", over(Overlay::ConfirmQuit)),
        ("undo", over(Overlay::ConfirmUndo)),
        ("guards", over(Overlay::Guards(GuardForm::new(session_at.0.guards.limits)))),
        ("zoom", View { zoomed: true, focus: Pane::Users, ..view() }),
        ("presenter", View { presenter: true, ..view() }),
        ("cursor", View { cursor: Some(7), ..view() }),
    ] {
        insta::assert_snapshot!(
            format!("{name}-120x36"),
            text(&drawn(&session_at, &view, &Theme::default(), 120, 36))
        );
    }
    insta::assert_snapshot!(
        "help-80x24",
        text(&drawn(&session_at, &over(Overlay::Help), &Theme::default(), 80, 24))
    );
}

/// The scenario without a breaker at T+19, with guard limits.
fn guarded(change: impl FnOnce(&mut Guards)) -> (Session, Timestamp) {
    let mut session_at = fixtures::before_failing();
    change(&mut session_at.0.guards.limits);
    session_at
}

/// Adds a prediction to the scenario with a breaker.
fn predicted(mut session_at: (Session, Timestamp)) -> (Session, Timestamp) {
    session_at.0.prediction = Some(Prediction {
        trip: Some(ExpectedTrip::Within(2.0)),
        users: Some(ExpectedAnswers::Fallback),
        errors: Some(0),
        recovery_s: Some(10.0),
    });
    session_at
}

#[test]
fn a_prediction_is_shown_before_and_scored_at_the_end() {
    let form = PredictForm::of(predicted(fixtures::ready()).0.prediction);
    let writing = View { overlay: Some(Overlay::Predict(form)), ..view() };
    for (width, height) in [(120, 36), (80, 24)] {
        let shown =
            |session_at: &_, view: &View| text(&drawn(session_at, view, &Theme::default(), width, height));
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
    let trip = insight::tripped_guard(&over.0, over.1).unwrap();
    let reason = format!("A guard ended the run: {}", trip.because);
    for what in [EventKind::GuardTripped(trip), EventKind::Interrupted { reason, level: Level::Warning }] {
        over.0.apply(&Event { seq: 0, at: over.1, what });
    }
    for (name, session_at) in [("guard-near", near), ("guard-tripped", over)] {
        for (width, height) in [(120, 36), (80, 24)] {
            let buffer = drawn(&session_at, &view(), &Theme::default(), width, height);
            insta::assert_snapshot!(format!("{name}-{width}x{height}"), text(&buffer));
            // The guard's remaining time is shown in the place of the score, or in the row of what to watch for.
            let shown = text(&buffer);
            let near = shown.contains("abort at 20") || shown.contains("aborts by itself");
            assert_eq!(near, name == "guard-near", "{name}:\n{shown}");
        }
    }
}

/// Adds a log as the observer reports it.
fn logged(
    session_at: &mut (Session, Timestamp),
    pod: &str,
    previous: bool,
    lines: &[&str],
    failed: Option<&str>,
) {
    let pod = session_at.0.cluster.pod(pod).unwrap().pod.key.clone();
    let source = LogSource { pod, container: "app".to_owned(), previous };
    let at = session_at.1;
    let lines = lines.iter().map(|text| PodLine { at: None, text: (*text).to_owned() }).collect();
    for what in [
        EventKind::PodLogOpened { source: source.clone() },
        EventKind::PodLogged { source: source.clone(), lines },
        EventKind::PodLogClosed { source, failed: failed.map(str::to_owned) },
    ] {
        let seq = session_at.0.events;
        session_at.0.apply(&Event { seq, at, what });
    }
}

#[test]
fn the_log_of_a_pod_says_whose_it_is_and_what_it_is_worth() {
    let mut session_at = fixtures::after_open();
    let over = || View { overlay: Some(Overlay::PodLog), ..view() };
    let shown = |session_at: &(Session, Timestamp), view: &View| {
        text(&drawn(session_at, view, &Theme::default(), 80, 24))
    };
    assert!(shown(&session_at, &over()).contains("loading the log"));
    logged(&mut session_at, fixtures::OLD, true, &["starting", "out of memory"], None);
    logged(&mut session_at, fixtures::OLD, false, &["GET / 200", "SIGTERM: stopping"], None);
    insta::assert_snapshot!("pod-log-80x24", shown(&session_at, &over()));

    let gone = session_at.0.cluster.pod(fixtures::OLD).unwrap().pod.key.clone();
    let (seq, at) = (session_at.0.events, session_at.1);
    session_at.0.apply(&Event { seq, at, what: EventKind::PodGone(gone) });
    let left = shown(&session_at, &over());
    assert!(left.contains("gone since T+10: its last lines"), "{left}");
    assert!(left.contains("SIGTERM: stopping"), "{left}");

    let new = session_at.0.cluster.pod(fixtures::NEW).unwrap().pod.key.uid.clone();
    logged(&mut session_at, fixtures::NEW, false, &[], Some("pods \"x\" is forbidden"));
    let refused = shown(&session_at, &View { selected_pod: Some(new), ..over() });
    assert!(refused.contains("it cannot be read: pods \"x\" is forbidden"), "{refused}");
}

#[test]
fn a_context_outside_the_allow_list_stands_out() {
    let mut session_at = fixtures::steady();
    session_at.0.meta.allowed = false;
    session_at.0.meta.context = Some("production-eu".to_owned());
    let step = session_at.0.steps.cursor.unwrap();
    let typed = Overlay::ConfirmFire {
        cluster: None,
        step,
        expected: "my-provider-app".to_owned(),
        typed: Editor::default(),
    };
    let view = View { overlay: Some(typed), ..view() };
    insta::assert_snapshot!(
        "confirm-fire-80x24",
        text(&drawn(&session_at, &view, &Theme::default(), 80, 24))
    );
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
    for (name, session_at, ghost) in
        [("ghost", fixtures::after_open(), &before), ("ghost-unlike", fixtures::steady(), &unlike)]
    {
        for (width, height) in [(120_u16, 36_u16), (80, 24)] {
            let area = Rect::new(0, 0, width, height);
            let mut buffer = Buffer::empty(area);
            let view = view();
            let scene = Scene::new(&session_at.0, &view, session_at.1, Some(ghost));
            render(&mut buffer, area, &scene, &Theme::default(), &LogFeed::default());
            insta::assert_snapshot!(format!("{name}-{width}x{height}"), text(&buffer));
        }
    }
}

#[test]
fn the_theme_without_colour_has_none_anywhere() {
    let mono = Theme::named("mono").unwrap();
    for (name, session_at) in phases() {
        for (width, height) in [(80, 24), (120, 36), (200, 50)] {
            let buffer = drawn(&session_at, &view(), &mono, width, height);
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
    for (name, session_at) in phases() {
        for overlay in [None, Some(Overlay::Help), Some(Overlay::Why), Some(Overlay::Heatmap)] {
            let view = View { overlay, ..view() };
            let shown = text(&drawn(&session_at, &view, &ascii, 120, 36));
            let other = shown.chars().find(|c| !c.is_ascii());
            assert_eq!(other, None, "{name}:\n{shown}");
        }
    }
}

/// Hostile content of names, logs, bodies and events.
const NASTY: &[&str] = &[
    "\x1b[2J\x1b]0;x\x07東京\u{202e}e\u{301}\n\t\0end",
    "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467} \u{2764}\u{fe0f} \u{1f44d}\u{1f3fd} \u{1f1e9}\u{1f1ea} 1\u{fe0f}\u{20e3}",
    "\u{644}\u{627} \u{5e9}\u{5dc}\u{5d5}\u{5dd} \u{200f}\u{2067}x\u{2069} \u{915}\u{94d}\u{937} \u{1100}\u{1161}\u{11a8}",
    "z\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}\u{307}a\u{200b}l\u{ad}g\u{feff}o \u{9b}31m \x1bPq#0\x1b\\ \x1b(0lqk",
    "東京都東京都東京都東京都東京都東京都東京都東京都東京都東京都東京都東京都",
    "\t\t\t\r\n\x08\x08\x7f",
    "",
];

/// The scenario with its external text replaced by `nasty`.
fn hostile(nasty: &str) -> (Session, Timestamp) {
    let (_, now) = fixtures::after_open();
    let events = fixtures::events(Variant::After, 10.0);
    let nasty: Vec<_> = events
        .iter()
        .map(|event| {
            let text = serde_json::to_string(event).unwrap();
            let quoted = serde_json::to_string(nasty).unwrap();
            let nasty = quoted.get(1..quoted.len() - 1).unwrap();
            [
                "minikube",
                "provider-should-be-broken",
                "200 OK",
                "look like the real",
                "Unavailable",
                "JSON string",
                "ContainerCreating",
                "failed talking to the producer",
                "Stopping container app",
                "x2k8p",
                "tt8wz",
            ]
            .iter()
            .fold(text, |text, word| text.replace(word, nasty))
        })
        .map(|text| serde_json::from_str(&text).unwrap())
        .collect();
    let mut session_at = (fixtures::session(&nasty), now);
    let pods: Vec<String> = session_at.0.cluster.in_play.iter().map(|row| row.pod.key.name.clone()).collect();
    for pod in pods {
        logged(&mut session_at, &pod, false, NASTY, None);
    }
    session_at
}

/// Checks that every row is as wide as the screen: a wide character takes the cell after it, no other cell is lost.
fn holds(buffer: &Buffer) {
    let area = buffer.area;
    for y in 0..area.height {
        let mut x = 0;
        while x < area.width {
            let symbol = buffer.cell((x, y)).unwrap().symbol();
            assert!(!symbol.chars().any(char::is_control), "{symbol:?}");
            let wide = super::text::width(symbol).max(1) as u16;
            for behind in x + 1..x + wide {
                let symbol = buffer.cell((behind, y)).map_or(" ", |cell| cell.symbol());
                assert_eq!(symbol, " ", "what is behind a wide character at {x},{y}");
            }
            x += wide;
        }
        assert_eq!(x, area.width, "row {y}");
    }
}

#[test]
fn text_from_outside_cannot_steer_the_terminal() {
    for nasty in NASTY {
        let session_at = hostile(nasty);
        let uid = session_at.0.cluster.in_play.first().map(|row| row.pod.key.uid.clone());
        for overlay in
            [None, Some(Overlay::Why), Some(Overlay::PodLog), Some(Overlay::Note(Editor::default()))]
        {
            let view = View { overlay, selected_pod: uid.clone(), filter: String::new(), ..view() };
            for (width, height) in [(120, 36), (80, 24), (60, 14)] {
                let buffer = drawn(&session_at, &view, &Theme::default(), width, height);
                holds(&buffer);
                let frames = view.overlay.is_none() && width == 120;
                let right = (6..height - 3).map(|y| buffer.cell((width - 1, y)).unwrap().symbol());
                assert!(
                    !frames || right.into_iter().all(|edge| "╮│╯ █▄".contains(edge)),
                    "{}",
                    text(&buffer)
                );
            }
        }
        assert!(
            !nasty.contains('東')
                || text(&drawn(&session_at, &view(), &Theme::default(), 120, 36)).contains('東')
        );
    }
}

#[test]
fn nothing_important_is_cut_at_80x24() {
    for (name, session_at) in phases() {
        for presenter in [false, true] {
            let view = View { presenter, ..view() };
            let shown = text(&drawn(&session_at, &view, &Theme::default(), 80, 24));
            let lines: Vec<&str> = shown.lines().collect();
            for line in [lines[1], lines[21], lines[23]] {
                assert!(!line.contains('…'), "{name}: {line}");
            }
        }
    }
    let card = text(&drawn(&fixtures::steady(), &view(), &Theme::default(), 80, 24));
    assert!(card.contains("returns") && card.contains("yes (ReplicaSet)"), "{card}");
}

#[test]
fn the_presenters_view_at_every_size() {
    for (name, session_at) in [("steady", fixtures::steady()), ("open", fixtures::after_open())] {
        for (width, height) in [(80, 24), (120, 36)] {
            let view = View { presenter: true, ..view() };
            let shown = text(&drawn(&session_at, &view, &Theme::default(), width, height));
            insta::assert_snapshot!(format!("presenter-{name}-{width}x{height}"), shown);
            if width >= 100 {
                for hidden in ["EXPERIMENT", "PODS", "PREFLIGHT"] {
                    assert!(!shown.contains(hidden), "{hidden} in\n{shown}");
                }
            }
        }
    }
}

/// The scenario with a second endpoint that fares worse.
fn two_endpoints() -> (Session, Timestamp) {
    let mut session_at = fixtures::after_open();
    let (second, watched) = (EndpointId(1), session_at.1 - std::time::Duration::from_secs(20));
    let url = "GET http://192.168.49.2:30817/orders?page=2".to_owned();
    let mut facts = vec![(
        watched,
        EventKind::EndpointWatched {
            endpoint: second,
            url,
            rate: 2.0,
            deadline_ms: 10_000,
            limit_ms: 1000,
            via: None,
        },
    )];
    for number in 0..38_u64 {
        let (at, request) = (watched + std::time::Duration::from_millis(500 * number), RequestId(number));
        facts.push((at, EventKind::RequestSent { endpoint: second, request }));
        let kind = if number < 18 { AnswerKind::Real } else { AnswerKind::Error(ErrorKind::Refused) };
        let answer = Answer { shape: 7, ..answer(second, request, 4.0, kind) };
        facts.push((at + std::time::Duration::from_millis(4), EventKind::Answered(answer)));
    }
    for (at, what) in facts {
        let seq = session_at.0.events;
        session_at.0.apply(&Event { seq, at, what });
    }
    session_at
}

#[test]
fn with_several_endpoints_the_worst_speaks_and_any_can_be_shown() {
    let session_at = two_endpoints();
    for (width, height) in [(120, 36), (80, 24)] {
        for endpoint in [0, 1] {
            let view = View { endpoint, ..view() };
            let shown = text(&drawn(&session_at, &view, &Theme::default(), width, height));
            assert!(shown.contains("/orders?page=2: 18 of 18") || shown.contains("FAILING"), "{shown}");
            let which = format!("endpoint {} of 2", endpoint + 1);
            assert!(width < 100 || shown.contains(&which), "{which}: {shown}");
            insta::assert_snapshot!(format!("endpoint-{}-{width}x{height}", endpoint + 1), shown);
        }
    }
    // The other endpoint has a strip of its own below that of the shown one.
    for (endpoint, other) in [(0, "FAILED"), (1, "real")] {
        let shown = text(&drawn(&session_at, &View { endpoint, ..view() }, &Theme::default(), 120, 36));
        let users = shown.lines().position(|line| line.starts_with("│ users")).unwrap();
        let below = shown.lines().nth(users + 1).unwrap();
        assert!(below.contains(other) || below.contains("real"), "{shown}");
    }
}

/// Every run of cells of one style that is not blank, since a text snapshot shows no styles.
fn styles(buffer: &Buffer) -> String {
    let mut page = String::new();
    for y in 0..buffer.area.height {
        let cells: Vec<_> = (0..buffer.area.width).filter_map(|x| buffer.cell((x, y))).collect();
        let style = |cell: &ratatui::buffer::Cell| (cell.fg, cell.bg, cell.modifier);
        for run in cells.chunk_by(|one, other| style(one) == style(other)) {
            let text: String = run.iter().map(|cell| cell.symbol()).collect();
            if let (Some(first), false) = (run.first(), text.trim().is_empty()) {
                let (fg, bg, modifier) = style(first);
                page.push_str(&format!("{y:>2} {fg:?} on {bg:?} {modifier:?}: {}\n", text.trim_end()));
            }
        }
    }
    page
}

#[test]
fn every_theme_colours_every_state() {
    let states = [
        ("steady", fixtures::steady()),
        ("failing", fixtures::before_failing()),
        ("protected", fixtures::after_open()),
        ("half-open", fixtures::after_half_open()),
        ("finished", fixtures::finished(Variant::After)),
    ];
    for theme in Theme::NAMES {
        let mut page = String::new();
        for (name, session_at) in &states {
            // The lines that differ by state: the verdict, the lanes, the next step.
            let buffer = drawn(session_at, &view(), &Theme::named(theme).unwrap(), 60, 14);
            page.push_str(&format!("-- {name}\n{}", styles(&buffer)));
        }
        insta::assert_snapshot!(format!("styles-{theme}"), page);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn no_size_is_a_problem(width in 0_u16..200, height in 0_u16..80, phase in 0_usize..7, look in 0_usize..9) {
        let (_, session_at) = phases().into_iter().nth(phase).unwrap();
        let overlays = [None, Some(Overlay::Help), Some(Overlay::Why), Some(Overlay::Heatmap), Some(Overlay::PodLog),
            Some(Overlay::ConfirmQuit), Some(Overlay::Note(Editor::default()))];
        let overlay = overlays.get(look).cloned().flatten();
        let view = View {
            overlay, zoomed: look == 7, presenter: look == 8, cursor: (look > 4).then_some(3),
            focus: Pane::ALL[phase % 6], ..view()
        };
        holds(&drawn(&session_at, &view, &Theme::default(), width, height));
    }

    #[test]
    fn no_text_from_outside_is_a_problem_at_any_size(
        width in 0_u16..200, height in 0_u16..80, nasty in 0_usize..7, other in any::<String>(), look in 0_usize..5,
    ) {
        let text = if look == 0 { other.as_str() } else { NASTY[nasty] };
        let overlay = [None, None, Some(Overlay::Why), Some(Overlay::PodLog), None].get(look).cloned().flatten();
        let view = View { overlay, zoomed: look == 4, focus: Pane::ALL[nasty % 6], cursor: Some(3), ..view() };
        holds(&drawn(&hostile(text), &view, &Theme::default(), width, height));
    }
}

#[test]
fn the_heat_map_is_coloured_by_outcome_first() {
    let fast_errors = {
        let mut events = fixtures::events(Variant::After, 10.0);
        for event in &mut events {
            if let EventKind::Answered(answer) = &mut event.what
                && answer.kind == AnswerKind::Fallback
            {
                answer.kind = AnswerKind::Error(ErrorKind::Server);
            }
        }
        (fixtures::session(&events), fixtures::at(10.0))
    };
    let map = View { overlay: Some(Overlay::Heatmap), ..view() };
    let theme = Theme::default();
    let colours = |told: &(Session, Timestamp)| {
        let buffer = drawn(told, &map, &theme, 120, 36);
        let shades = [" ", "░", "▒", "▓", "█"];
        let shaded = buffer.content().iter().filter(|cell| shades[1..].contains(&cell.symbol()));
        shaded.map(|cell| cell.fg).collect::<std::collections::HashSet<_>>()
    };
    let colour = |role| theme.style(role).fg.unwrap();
    let (real, fallback) = (colour(super::theme::Role::Ok), colour(super::theme::Role::Protected));
    let (error, waiting) = (colour(super::theme::Role::Failing), colour(super::theme::Role::Waiting));
    // Fallbacks and errors in 5 ms are coloured by their outcome, not by their speed.
    let told = colours(&fixtures::after_open());
    assert!(told.contains(&real) && told.contains(&fallback) && told.contains(&waiting), "{told:?}");
    assert!(!told.contains(&error), "{told:?}");
    let told = colours(&fast_errors);
    assert!(told.contains(&error) && !told.contains(&fallback), "{told:?}");
}

#[test]
fn the_card_warns_before_a_fire_that_would_leave_no_verdict() {
    let warned = |session_at: &(Session, Timestamp)| {
        let shown = text(&drawn(session_at, &view(), &Theme::default(), 120, 36));
        shown.contains("no verdict yet")
    };
    let (mut session, now) = fixtures::steady();
    assert!(!warned(&(session.clone(), now)));
    session.users.endpoints[0].shape = None;
    assert!(warned(&(session, now)));
}

#[test]
fn users_who_are_reached_by_a_port_forward_are_said_to_be_and_a_broken_one_is_no_failure_of_the_service() {
    let (mut session, now) = fixtures::steady();
    session.users.endpoints[0].via = Some("port-forward to service/my-consumer-service".to_owned());
    let source = crate::session::event::Source::Users;
    let reason = "port-forward broken: error dialing backend: connection refused".to_owned();
    let state = crate::session::event::SourceState::Reconnecting { reason };
    for broken in [false, true] {
        if broken {
            let what = EventKind::SourceChanged { source, state: state.clone() };
            session.apply(&Event { seq: 0, at: now, what });
        }
        for (width, height) in [(120, 36), (80, 24)] {
            let shown = text(&drawn(&(session.clone(), now), &view(), &Theme::default(), width, height));
            assert!(shown.lines().next().unwrap().contains("via port-forward"), "{shown}");
            assert_eq!(shown.contains("not observed: port-forward broken"), broken, "{shown}");
            let state = if broken { "broken" } else { "works" };
            insta::assert_snapshot!(format!("port-forward-{state}-{width}x{height}"), shown);
        }
    }
}

/// Users that cannot be reached are not reported as not asked yet.
#[test]
fn before_anything_was_asked_the_bar_says_what_the_verdict_says() {
    let (mut session, now) = fixtures::ready();
    let source = crate::session::event::Source::Users;
    let state = crate::session::event::SourceState::Absent { reason: "no such host".to_owned() };
    for said in ["not asked yet", "No such host"] {
        let shown = text(&drawn(&(session.clone(), now), &view(), &Theme::default(), 120, 36));
        let banner: String = shown.lines().skip(1).take(4).collect();
        assert!(banner.contains(said), "{shown}");
        let what = EventKind::SourceChanged { source, state: state.clone() };
        session.apply(&Event { seq: 0, at: now, what });
    }
}

#[test]
fn our_share_of_all_calls_and_a_passive_session_are_shown() {
    let (mut session, now) = fixtures::session_at(Variant::After, 12.0);
    let shown =
        |session: &Session| text(&drawn(&(session.clone(), now), &view(), &Theme::default(), 120, 36));
    assert!(!shown(&session).contains("calls/s"));
    for second in 0..10_u32 {
        let calls = crate::session::event::CallTotals {
            endpoint: EndpointId(0),
            series: "http_requests_total".to_owned(),
            of_path: true,
            total: u64::from(second) * 60,
            failed: None,
        };
        let at = fixtures::at(f64::from(second) + 2.5);
        session.apply(&Event { seq: 0, at, what: EventKind::CallsCounted(calls) });
    }
    assert!(shown(&session).contains("ours: 2 of 60 calls/s"), "{}", shown(&session));
    let mut passive = fixtures::ready().0;
    passive.apply(&Event { seq: 0, at: now, what: EventKind::PassiveSet { on: true } });
    let shown = shown(&passive);
    assert!(shown.contains("passive: no probes sent"), "{shown}");
}

#[test]
fn on_the_way_to_safety_the_verdict_so_far_is_told() {
    let (mut session, now) = fixtures::before_failing();
    let ended =
        EventKind::RunEnded { status: crate::session::event::RunStatus::Interrupted, deviated: false };
    for what in [ended, EventKind::SafetyBegan] {
        session.apply(&Event { seq: 0, at: now, what });
    }
    let session_at = (session, now);
    let shown = text(&drawn(&session_at, &view(), &Theme::default(), 120, 36));
    assert!(shown.contains("RECOVERING") && shown.contains("so far NOT RESILIENT"), "{shown}");
    let before = text(&drawn(&fixtures::before_failing(), &view(), &Theme::default(), 120, 36));
    assert!(!before.contains("so far"), "a run that goes on has none");
}
