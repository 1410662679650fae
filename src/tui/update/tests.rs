mod copying;
mod leaving;
mod pointing;

use super::{
    super::{
        LogFeed, Scene, Theme,
        click_targets::ClickTarget,
        editor::Editor,
        keymap::Keymap,
        render::render,
        replay::{Direction, ReplayMove},
        view::Sequence,
    },
    *,
};
use crate::session::{
    command::{Annotation, StepCommand, WatchCommand},
    event::{
        Event, EventKind, ExpectedAnswers, ExpectedTrip, Guards, Prediction, RunStatus, Section, StepRef,
        UndoResult,
    },
    fixtures::{self, Variant},
    state::StepState,
};
use crossterm::event::{KeyCode, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::{buffer::Buffer, layout::Rect};
use std::time::Duration;

/// A view, a session and the current time, for pressing keys.
struct TestScreen {
    view: View,
    session: Session,
    now: Timestamp,
}

impl TestScreen {
    fn at((session, now): (Session, Timestamp)) -> Self {
        let mut view = View::new(Keymap::default(), ControlMode::Live);
        view.area = Rect::new(0, 0, 120, 36);
        Self { view, session, now }
    }

    fn press(&mut self, chord: &str) -> Vec<Effect> {
        let chord = Chord::parse(chord).unwrap();
        let key = KeyEvent::new(chord.code, chord.modifiers);
        self.take(Msg::Key(key)).effects
    }

    /// Draws a frame, which records the clickable areas.
    fn draw(&mut self, width: u16, height: u16) {
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        self.view.area = area;
        let scene = Scene::new(&self.session, &self.view, self.now, None);
        render(&mut buffer, area, &scene, &Theme::default(), &LogFeed::default());
        let targets = scene.targets.take();
        self.view.targets = targets;
    }

    fn take(&mut self, msg: Msg) -> Outcome {
        update(&mut self.view, &self.session, self.now, msg)
    }

    fn write(&mut self, text: &str) {
        for c in text.chars() {
            self.take(Msg::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)));
        }
    }

    fn tell(&mut self, what: EventKind) {
        let event = Event { seq: self.session.events, at: self.now, what };
        self.session.apply(&event);
    }

    fn guarded(mut self) -> Self {
        self.session.meta.allowed = false;
        self
    }

    fn step_at_hand(&self) -> StepRef {
        self.session.steps.current().unwrap().step.at
    }
}

fn send(command: Command) -> Effect {
    Effect::Send(command)
}

#[test]
fn keys_become_commands() {
    let mut screen = TestScreen::at(fixtures::before_failing());
    for (key, wanted) in [
        ("o", Command::Watch(WatchCommand::Observe(false))),
        ("a", Command::Step(StepCommand::Auto(!screen.session.steps.auto))),
        (".", Command::Step(StepCommand::Pause(true))),
        ("c", Command::Step(StepCommand::Cut)),
        ("m", Command::Annotate(Annotation::Mark)),
    ] {
        assert_eq!(screen.press(key), [send(wanted)], "{key}");
    }
}

#[test]
fn a_step_is_run_again_only_where_there_is_one_to_go_back_to() {
    let mut screen = TestScreen::at(fixtures::steady());
    assert_eq!(screen.press("r"), [], "the kill is the method's first step");
    assert!(screen.view.hint.as_ref().unwrap().contains("nothing to run again"));
    let kill = screen.step_at_hand();
    for row in &mut screen.session.steps.rows {
        if row.step.at == kill {
            row.state = StepState::Succeeded;
        }
    }
    let next = StepRef { index: kill.index + 1, ..kill };
    screen.tell(EventKind::StepAwaited { step: next, destructive: false });
    assert_eq!(screen.press("r"), [send(Command::Step(StepCommand::Rerun))]);
}

#[test]
fn a_skip_asks_once_and_only_where_a_step_waits() {
    let mut screen = TestScreen::at(fixtures::steady());
    let step = screen.step_at_hand();
    assert_eq!(screen.press("s"), [], "it asks");
    assert_eq!(screen.view.overlay, Some(Overlay::ConfirmSkip(step)));
    assert_eq!(screen.press("ESC"), []);
    assert_eq!(screen.view.overlay, None);
    screen.press("s");
    assert_eq!(screen.press("s"), [send(Command::Step(StepCommand::Skip))]);
    let mut screen = TestScreen::at(fixtures::before_failing());
    assert_eq!(screen.press("s"), []);
    assert!(screen.view.overlay.is_none() && screen.view.hint.as_ref().unwrap().contains("nothing to skip"));
}

#[test]
fn what_was_skipped_can_be_gone_back_to() {
    let mut screen = TestScreen::at(fixtures::steady());
    let kill = screen.step_at_hand();
    screen.tell(EventKind::StepSkipped { step: kill, name: "kill".to_owned() });
    let next = StepRef { index: kill.index + 1, ..kill };
    screen.tell(EventKind::StepAwaited { step: next, destructive: false });
    assert_eq!(screen.press("r"), [send(Command::Step(StepCommand::Rerun))]);
}

#[test]
fn k_is_up_everywhere() {
    let mut screen = TestScreen::at(fixtures::steady());
    screen.press("j");
    let down = screen.view.selected_step;
    screen.press("k");
    assert!(down.is_some() && screen.view.selected_step != down);
    screen.view.overlay = Some(Overlay::Help);
    assert_eq!(screen.press("k"), []);
}

#[test]
fn the_first_step_starts_watching_too() {
    let mut screen = TestScreen::at(fixtures::ready());
    assert_eq!(
        screen.press("SPACE"),
        [send(Command::Watch(WatchCommand::Observe(true))), send(Command::Step(StepCommand::Next))]
    );
    let mut screen = TestScreen::at(fixtures::ready());
    assert_eq!(screen.press("o"), [send(Command::Watch(WatchCommand::Observe(true)))]);
}

#[test]
fn space_never_fires() {
    let mut screen = TestScreen::at(fixtures::steady());
    assert_eq!(screen.press("SPACE"), []);
    assert!(screen.view.hint.as_deref().unwrap().contains("SHIFT+F"));
    screen.press("UP");
    assert_eq!(screen.view.hint, None, "a hint stands until the next key");
}

#[test]
fn fire_needs_the_awaited_step_and_its_card() {
    let mut screen = TestScreen::at(fixtures::steady());
    let step = screen.step_at_hand();
    assert_eq!(screen.press("SHIFT+F"), [send(Command::Step(StepCommand::Fire(step)))]);

    let mut screen = TestScreen::at(fixtures::steady());
    screen.session.target = None;
    screen.tell(EventKind::StepAwaited { step, destructive: true });
    assert_eq!(screen.press("F"), [], "the card is being looked up");
    screen.now = fixtures::at(10.0);
    assert_eq!(
        screen.press("F"),
        [],
        "nobody knows the cluster: the name is typed, also in a session on the allow-list"
    );
    assert!(matches!(screen.view.overlay, Some(Overlay::ConfirmFire { .. })));
    screen.write(&screen.session.steps.current().unwrap().step.name.clone());
    assert_eq!(
        screen.press("ENTER"),
        [send(Command::Step(StepCommand::Fire(step)))],
        "nothing more will be known"
    );

    let mut screen = TestScreen::at(fixtures::before_failing());
    assert_eq!(screen.press("F"), [], "the step at hand only reads");
}

#[test]
fn outside_the_allow_list_the_name_is_typed() {
    let mut screen = TestScreen::at(fixtures::steady()).guarded();
    let (step, word) = (screen.step_at_hand(), screen.session.target.clone().unwrap().confirm);
    assert_eq!(screen.press("F"), []);
    screen.write("yes");
    assert_eq!(screen.press("ENTER"), [], "that is not the name");
    screen.press("CTRL+U");
    screen.take(Msg::Paste(word.clone()));
    assert_eq!(screen.press("ENTER"), [], "pasting is not typing");
    screen.write(&word);
    assert_eq!(screen.press("ENTER"), [send(Command::Step(StepCommand::Fire(step)))]);
    assert_eq!(screen.view.overlay, None);
}

#[test]
fn the_cluster_of_the_card_decides_whether_a_name_is_typed() {
    let place = |context: &str, allowed| {
        Some(crate::session::event::StepCluster { context: Some(context.to_owned()), sure: true, allowed })
    };
    // The session runs in the sandbox; the step acts in another cluster.
    let mut screen = TestScreen::at(fixtures::steady());
    let (step, mut card) = (screen.step_at_hand(), screen.session.target.clone().unwrap());
    card.place = place("production", false);
    screen.tell(EventKind::Targeted(card.clone()));
    assert_eq!(screen.press("F"), []);
    screen.write(&card.confirm);
    // The step would now act in yet another cluster, so the confirmation no longer applies.
    card.place = place("staging", false);
    screen.tell(EventKind::Targeted(card.clone()));
    assert_eq!(screen.press("ENTER"), []);
    assert!(screen.view.hint.as_deref().unwrap().contains("the target cluster has changed"));
    assert_eq!(screen.view.overlay, None);

    // The reverse: the session's cluster is guarded, the step's is not.
    let mut screen = TestScreen::at(fixtures::steady()).guarded();
    card.place = place("sandbox", true);
    screen.tell(EventKind::Targeted(card));
    assert_eq!(screen.press("F"), [send(Command::Step(StepCommand::Fire(step)))]);
}

#[test]
fn escape_leads_towards_safety_step_by_step() {
    let mut screen = TestScreen::at(fixtures::before_failing());
    screen.tell(EventKind::AutoSwitched { on: true });
    screen.view.overlay = Some(Overlay::Why);
    screen.view.zoomed = true;
    screen.view.scrolled_to = Some(-3);
    screen.view.filter = "x".to_owned();
    for _ in 0..3 {
        assert_eq!(screen.press("ESC"), []);
    }
    assert_eq!(screen.press("ESC"), [send(Command::Watch(WatchCommand::Find(String::new())))]);
    assert!(screen.view.overlay.is_none() && !screen.view.zoomed && screen.view.scrolled_to.is_none());
    assert_eq!(screen.view.filter, "");
    assert_eq!(screen.press("ESC"), [send(Command::Step(StepCommand::Auto(false)))]);
    screen.tell(EventKind::AutoSwitched { on: false });
    assert_eq!(screen.press("ESC"), [send(Command::Step(StepCommand::Pause(true)))]);
    screen.tell(EventKind::Commanded(Command::Step(StepCommand::Pause(true))));
    assert_eq!(screen.press("ESC"), []);
    assert!(screen.view.hint.is_some());
}

#[test]
fn in_a_comparison_down_reads_on() {
    let mut screen = TestScreen::at(fixtures::finished(Variant::After));
    screen.press("DOWN");
    assert_eq!(screen.view.scroll_of(Pane::Experiment), 1, "the findings stand in the place of the steps");
    screen.view.compares = true;
    screen.press("DOWN");
    assert_eq!(screen.view.scroll_of(Pane::Experiment), 2);
}

#[test]
fn nothing_is_steered_where_nobody_may() {
    for steering in [ControlMode::ReadOnly, ControlMode::Replay] {
        let mut screen = TestScreen::at(fixtures::steady());
        screen.view.control = steering;
        // In a replay, `e` writes its report.
        let end = (steering == ControlMode::ReadOnly).then_some("e");
        for key in ["F", "A", "a", "s", "r"].into_iter().chain(end) {
            assert_eq!(screen.press(key), [], "{key} {steering:?}");
            assert!(screen.view.hint.is_some(), "{key} {steering:?} says why");
        }
        assert_eq!(screen.press("?"), []);
        assert_eq!(screen.view.overlay, Some(Overlay::Help));
    }
    let mut watched = TestScreen::at(fixtures::steady());
    watched.view.control = ControlMode::ReadOnly;
    assert_eq!(watched.press("SPACE"), []);
}

#[test]
fn in_a_replay_the_keys_move_in_time() {
    use Direction::{Back, Forward};
    let mut screen = TestScreen::at(fixtures::finished(Variant::After));
    screen.view.control = ControlMode::Replay;
    for (key, asked) in [
        ("SPACE", ReplayMove::PlayOrStop),
        ("LEFT", ReplayMove::Seconds(-1)),
        ("RIGHT", ReplayMove::Seconds(1)),
        (",", ReplayMove::Landmark(Back)),
        (".", ReplayMove::Landmark(Forward)),
        ("<", ReplayMove::Speed(Back)),
        (">", ReplayMove::Speed(Forward)),
        ("t", ReplayMove::T0),
        ("HOME", ReplayMove::Begin),
        ("0", ReplayMove::End),
        ("END", ReplayMove::End),
        ("n", ReplayMove::FindAgain(Forward)),
        ("N", ReplayMove::FindAgain(Back)),
    ] {
        screen.view.scrolled_to = Some(0);
        assert_eq!(screen.press(key), [Effect::Replay(asked)], "{key}");
        let stays = matches!(key, "SPACE" | "<" | ">");
        assert_eq!(screen.view.scrolled_to.is_some(), stays, "{key} shows the moment it leads to");
    }
    // Looking is as in a live session.
    screen.press("w");
    assert_eq!(screen.view.overlay, Some(Overlay::Why));
    assert_eq!(screen.press("SPACE"), [], "not below an overlay");
    assert_eq!((screen.press("ESC"), screen.press("q")), (vec![], vec![Effect::Leave]));
}

#[test]
fn in_a_replay_a_text_is_found_in_steps_and_filters_pods() {
    let mut screen = TestScreen::at(fixtures::finished(Variant::After));
    screen.view.control = ControlMode::Replay;
    let find = |screen: &mut TestScreen, text: &str| {
        assert_eq!(screen.press("/"), []);
        text.chars().for_each(|c| assert_eq!(screen.press(&c.to_string()), []));
        screen.press("ENTER")
    };
    let found = |text: &str| [Effect::Replay(ReplayMove::Find(text.to_owned()))];
    assert_eq!(find(&mut screen, "consumer"), found("consumer"));
    assert_eq!(screen.view.filter, "consumer");
    assert_eq!(find(&mut screen, "kill-it"), found("kill-it"));
    assert_eq!(screen.view.filter, "", "a text that names no pod hides none");
    assert_eq!(find(&mut screen, ""), []);
}

#[test]
fn a_note_is_typed_and_kept() {
    let mut screen = TestScreen::at(fixtures::before_failing());
    screen.press("n");
    screen.write("q is a letter here");
    assert_eq!(
        screen.press("ENTER"),
        [send(Command::Annotate(Annotation::Note("q is a letter here".to_owned())))]
    );
    screen.press("n");
    assert_eq!(screen.press("ENTER"), [], "an empty note is none");
    assert_eq!(screen.view.overlay, None);
}

#[test]
fn guards_are_changed_and_kept_with_enter() {
    let mut screen = TestScreen::at(fixtures::steady());
    screen.press("g");
    for key in ["RIGHT", "RIGHT", "DOWN", "SPACE", "DOWN", "LEFT"] {
        assert_eq!(screen.press(key), [], "nothing changes before ENTER");
    }
    let wanted = Guards { users_s: Some(70), restarts: None, silence_s: Some(9), hold_s: None };
    assert_eq!(screen.press("ENTER"), [send(Command::Annotate(Annotation::Guards(wanted)))]);
    assert_eq!(screen.view.overlay, None);

    screen.press("g");
    screen.press("SPACE");
    assert_eq!(screen.press("ESC"), [], "ESC keeps what was");
    assert_eq!(screen.view.overlay, None);
    screen.press("g");
    for key in ["SPACE", "RIGHT", "UP", "UP", "LEFT", "UP", "LEFT", "LEFT"] {
        screen.press(key);
    }
    let wanted = Guards { users_s: Some(60), restarts: Some(1), silence_s: Some(9), hold_s: None };
    assert_eq!(
        screen.press("ENTER"),
        [send(Command::Annotate(Annotation::Guards(wanted)))],
        "never below 1; on again as usual"
    );

    screen.view.control = ControlMode::ReadOnly;
    screen.press("g");
    assert_eq!(screen.press("ENTER"), []);
    assert!(screen.view.hint.is_some());
}

#[test]
fn any_key_holds_the_fault_at_most_once_a_second() {
    let hold = || vec![send(Command::Annotate(Annotation::Hold))];
    let mut screen = TestScreen::at(fixtures::before_failing());
    assert_eq!(screen.press("j"), [], "nobody asked for it");
    screen.session.guards.limits.hold_s = Some(30);
    assert_eq!(screen.press("j"), hold());
    assert_eq!(screen.press("k"), [], "not twice in a second");
    screen.now += Duration::from_secs(1);
    assert_eq!(screen.press("F9"), hold(), "also a key that does nothing");
    screen.now += Duration::from_secs(1);
    screen.press("n");
    screen.now += Duration::from_secs(1);
    assert_eq!(screen.press("x"), hold(), "and a letter of a note");
    screen.press("ESC");
    screen.now += Duration::from_secs(1);
    assert_eq!(screen.press("m"), [send(Command::Annotate(Annotation::Mark))], "a command holds it as well");

    screen.view.control = ControlMode::Replay;
    assert_eq!(screen.press("j"), []);
    let mut screen = TestScreen::at(fixtures::steady());
    screen.session.guards.limits.hold_s = Some(30);
    assert_eq!(screen.press("j"), [], "there is no fault to hold");
}

#[test]
fn a_prediction_is_written_line_by_line() {
    let mut screen = TestScreen::at(fixtures::steady());
    screen.press("p");
    screen.write("2.x5");
    for key in ["DOWN", "RIGHT", "RIGHT", "TAB", "0", ".", "TAB", "1", "0", "7", "BACKSPACE"] {
        assert_eq!(screen.press(key), [], "{key}");
    }
    let wanted = Prediction {
        trip: Some(ExpectedTrip::Within(2.5)),
        users: Some(ExpectedAnswers::Fallback),
        errors: Some(0),
        recovery_s: Some(10.0),
    };
    assert_eq!(screen.press("ENTER"), [send(Command::Annotate(Annotation::Predict(wanted)))]);
    screen.tell(EventKind::Commanded(Command::Annotate(Annotation::Predict(wanted))));
    screen.press("p");
    screen.press("n");
    let wanted = Prediction { trip: Some(ExpectedTrip::Never), ..wanted };
    assert_eq!(
        screen.press("ENTER"),
        [send(Command::Annotate(Annotation::Predict(wanted)))],
        "it begins with what was said before"
    );
    screen.press("p");
    assert_eq!(screen.press("ESC"), []);

    let mut screen = TestScreen::at(fixtures::before_failing());
    screen.press("p");
    assert_eq!(screen.view.overlay, None, "nobody predicts what has begun");
    assert!(screen.view.hint.is_some());
}

#[test]
fn undo_asks_once_and_abort_brings_it_along() {
    let mut screen = TestScreen::at(fixtures::before_failing());
    let with_undo = [Command::Step(StepCommand::Abort), Command::Undo].map(send);
    assert_eq!(screen.press("A"), with_undo);
    assert_eq!(screen.press("u"), [], "it asks");
    assert_eq!(screen.press("ESC"), []);
    screen.press("u");
    assert_eq!(screen.press("y"), [send(Command::Undo)]);
    let undone =
        UndoResult { restored: vec!["Deployment x was re-created".to_owned()], ..UndoResult::default() };
    screen.tell(EventKind::UndoBegan);
    screen.tell(EventKind::UndoDone(undone));
    assert_eq!(screen.press("A"), with_undo[..1], "what was put back needs no second time");

    let mut screen = TestScreen::at(fixtures::steady());
    assert_eq!(screen.press("u"), []);
    assert!(
        screen
            .view
            .hint
            .as_deref()
            .unwrap()
            .contains("nothing was fired yet; the undo kit holds 2 manifests")
    );
    let mut screen = TestScreen::at(fixtures::before_failing());
    for kit in screen.session.undo.kits.values_mut() {
        (kit.needed, kit.cost) = (false, "nothing to undo: it comes by itself".to_owned());
    }
    screen.press("u");
    assert_eq!(
        (screen.view.overlay.clone(), screen.view.hint.as_deref()),
        (None, Some("nothing to undo: it comes by itself"))
    );
    assert_eq!(screen.press("A"), with_undo[..1]);
}

#[test]
fn f_takes_the_first_fix_that_is_offered() {
    let mut screen = TestScreen::at(fixtures::ready());
    let offer = screen.session.checks.iter().find_map(|check| check.offer.clone()).unwrap();
    assert_eq!(screen.press("f"), [send(Command::Step(StepCommand::Fix(offer.clone())))]);
    screen.tell(EventKind::Fixed(offer.clone()));
    let row = screen.session.steps.row(offer.steps()[0]).unwrap();
    assert_eq!(
        row.fixed.as_deref(),
        Some("uses http://192.168.49.2:30817 instead of the address in the file")
    );
    let fixed = screen.session.checks.iter().find(|check| check.text.contains("does not answer")).unwrap();
    assert_eq!((fixed.level, &fixed.offer), (crate::session::event::CheckLevel::Ok, &None));
    assert_eq!(screen.press("f"), [], "nothing is left to fix");
    assert!(screen.view.hint.is_some());
}

#[test]
fn a_filter_works_while_it_is_typed() {
    let mut screen = TestScreen::at(fixtures::before_failing());
    screen.press("/");
    screen.write("pro");
    let sent = screen.press("v");
    assert_eq!(screen.view.filter, "prov");
    assert_eq!(
        sent,
        [send(Command::Watch(WatchCommand::Find("prov".to_owned())))],
        "pods that are only counted are looked for"
    );
    screen.press("ENTER");
    assert_eq!((screen.view.filter.as_str(), &screen.view.overlay), ("prov", &None));
    screen.press("/");
    assert_eq!(screen.press("ESC"), [send(Command::Watch(WatchCommand::Find(String::new())))]);
    assert_eq!(screen.view.filter, "");
}

#[test]
fn overlays_toggle_and_replace_each_other() {
    let mut screen = TestScreen::at(fixtures::before_failing());
    for (key, wanted) in [
        ("?", Some(Overlay::Help)),
        ("w", Some(Overlay::Why)),
        ("w", None),
        ("l", Some(Overlay::PodLog)),
        ("L", Some(Overlay::Logs)),
        ("l", Some(Overlay::PodLog)),
        ("h", Some(Overlay::Heatmap)),
        ("ESC", None),
        ("n", Some(Overlay::Note(Editor::default()))),
    ] {
        screen.press(key);
        assert_eq!(screen.view.overlay, wanted, "{key}");
    }
}

#[test]
fn the_victims_log_is_asked_for_first_and_then_that_of_any_other() {
    let mut screen = TestScreen::at(fixtures::after_open());
    let key = |screen: &TestScreen, name: &str| screen.session.cluster.pod(name).unwrap().pod.key.clone();
    let (old, new) = (key(&screen, fixtures::OLD), key(&screen, fixtures::NEW));
    assert_eq!(screen.press("l"), [send(Command::Watch(WatchCommand::ReadLog(old)))]);
    assert_eq!(screen.press("TAB"), [send(Command::Watch(WatchCommand::ReadLog(new.clone())))]);
    assert_eq!(screen.view.selected_pod, Some(new.uid.clone()));
    screen.press("UP");
    assert_eq!(screen.view.overlay_scroll(), 1, "up goes away from the latest line");
    screen.press("DOWN");
    assert_eq!(screen.view.overlay_scroll(), 0);
    assert_eq!(screen.press("l"), [], "again closes it");
    assert_eq!(
        screen.press("l"),
        [send(Command::Watch(WatchCommand::ReadLog(new)))],
        "the chosen one stays chosen"
    );
    screen.press("ESC");
    assert_eq!(screen.press("TAB"), []);
    assert_eq!(screen.view.focus, Pane::Users, "on the panes TAB goes on as before");
}

#[test]
fn focus_goes_around_and_by_number() {
    let mut screen = TestScreen::at(fixtures::before_failing());
    screen.press("SHIFT+TAB");
    assert_eq!(screen.view.focus, Pane::Log);
    screen.press("TAB");
    assert_eq!(screen.view.focus, Pane::Experiment);
    screen.press("4");
    assert_eq!(screen.view.focus, Pane::Breaker);
    screen.press("DOWN");
    assert_eq!(screen.view.scroll_of(Pane::Breaker), 1);
}

#[test]
fn a_step_is_chosen_and_gets_a_breakpoint() {
    let mut screen = TestScreen::at(fixtures::steady());
    let next = screen.session.steps.rows[3].step.at;
    assert_eq!(screen.press("b"), [send(Command::Step(StepCommand::Breakpoint(screen.step_at_hand())))]);
    screen.press("DOWN");
    assert_eq!(screen.press("b"), [send(Command::Step(StepCommand::Breakpoint(next)))]);
}

#[test]
fn time_scrolls_back_and_never_beyond_the_ends() {
    let mut screen = TestScreen::at(fixtures::after_closed());
    screen.view.area = Rect::new(0, 0, 120, 36);
    // Users are watched from 20 s before T0 on; the live picture shows 16 s of that.
    for _ in 0..3 {
        screen.press("[");
        assert_eq!(screen.view.scrolled_to, Some(-20_000));
    }
    screen.press("]");
    assert_eq!(screen.view.scrolled_to, None, "back to the present");
    screen.press("+");
    assert_eq!((screen.view.zoom, screen.view.scrolled_to), (Some(1), None), "half a second a column");
    screen.press("[");
    assert!(screen.view.scrolled_to.is_some());
    screen.press("=");
    assert_eq!((screen.view.zoom, screen.view.scrolled_to), (None, None));
    screen.press("LEFT");
    screen.press("LEFT");
    assert_eq!(screen.view.cursor, Some(44_000));
    screen.press("0");
    assert_eq!(screen.view.cursor, None);
}

#[test]
fn releases_and_unknown_keys_change_nothing() {
    let mut screen = TestScreen::at(fixtures::before_failing());
    let mut key = KeyEvent::new(KeyCode::Char('q'), KeyModifiers::NONE);
    key.kind = KeyEventKind::Release;
    assert_eq!(screen.take(Msg::Key(key)), Outcome::nothing());
    assert_eq!(screen.press("F9"), []);
}
