//! Quitting, its confirmations, and another run after the end.

use super::*;
use crate::session::command::StepCommand;

#[test]
fn the_question_goes_once_the_system_has_recovered_and_not_before() {
    let mut screen = self_healing(fixtures::before_failing());
    screen.tell(EventKind::SafetyBegan);
    screen.tell(EventKind::RunEnded { status: RunStatus::Interrupted, deviated: false });
    screen.take(Msg::Finished);
    assert_eq!(screen.press("q"), []);
    screen.take(Msg::Changed);
    assert_eq!(screen.view.overlay, Some(Overlay::ConfirmQuit), "it has not recovered yet");
    screen.tell(EventKind::SafetyChecked { met: true, wrong: Vec::new(), last: true });
    screen.take(Msg::Changed);
    assert_eq!(screen.view.overlay, None);
    assert_eq!(screen.view.hint.as_deref(), Some("nothing is left to put back: q quits"));
    assert_eq!(screen.press("q"), [Effect::Leave]);
}

/// A scenario in which the fault heals without an undo.
fn self_healing(mut session_at: (Session, Timestamp)) -> TestScreen {
    for kit in session_at.0.undo.kits.values_mut() {
        kit.needed = false;
    }
    TestScreen::at(session_at)
}

#[test]
fn quitting_asks_while_the_fault_is_on() {
    let mut screen = self_healing(fixtures::before_failing());
    assert_eq!(screen.press("q"), []);
    assert_eq!(screen.view.overlay, Some(Overlay::ConfirmQuit));
    screen.press("ESC");
    assert_eq!((&screen.view.overlay, screen.view.quit_stage), (&None, QuitStage::No));
    screen.press("q");
    assert_eq!(screen.press("u"), [], "there is nothing to put back");
    assert_eq!(screen.press("w"), [], "there is nothing to leave without");
    assert_eq!(screen.press("y"), [send(Command::Step(StepCommand::Quit))]);
    assert_eq!(screen.take(Msg::Finished).effects, [Effect::Leave]);
}

#[test]
fn quitting_a_lasting_fault_puts_it_back_unless_told_not_to() {
    let with_undo = [Command::Step(StepCommand::Quit), Command::Undo].map(send);
    for (key, effects) in [
        ("u", &with_undo[..]),
        ("y", &with_undo),
        ("q", &with_undo),
        ("ENTER", &with_undo),
        ("w", &with_undo[..1]),
        ("CTRL+C", &with_undo[..1]),
        ("ESC", &[]),
        ("n", &[]),
        ("x", &[]),
    ] {
        let mut screen = TestScreen::at(fixtures::before_failing());
        assert_eq!(screen.press("q"), []);
        assert_eq!(screen.press(key), effects, "{key}");
        assert_eq!(screen.view.overlay.is_none(), key != "x", "{key}");
        if !effects.is_empty() {
            assert_eq!(screen.take(Msg::Finished).effects, [Effect::Leave], "{key}");
        }
    }
}

/// The run is over, and the fault is still on.
fn ended_with_the_fault_on() -> TestScreen {
    let mut screen = TestScreen::at(fixtures::before_failing());
    screen.tell(EventKind::RunEnded { status: RunStatus::Completed, deviated: false });
    screen.take(Msg::Finished);
    screen
}

#[test]
fn after_the_end_a_lasting_fault_is_put_back_before_the_screen_is_left() {
    let finished = || {
        let mut screen = ended_with_the_fault_on();
        assert_eq!(screen.press("q"), []);
        assert_eq!(screen.view.overlay, Some(Overlay::ConfirmQuit));
        screen
    };
    assert_eq!(finished().press("w"), [Effect::Leave]);
    let undone = |failed: &[&str]| UndoResult {
        failed: failed.iter().map(|&it| it.to_owned()).collect(),
        ..UndoResult::default()
    };
    for (undone, effects) in
        [(undone(&[]), vec![Effect::Leave]), (undone(&["Deployment x: forbidden"]), Vec::new())]
    {
        let mut screen = finished();
        assert_eq!(screen.press("u"), [send(Command::Undo)]);
        screen.tell(EventKind::UndoBegan);
        assert_eq!(screen.take(Msg::Changed).effects, []);
        screen.tell(EventKind::UndoDone(undone));
        assert_eq!(screen.take(Msg::Changed).effects, effects);
        assert_eq!(screen.view.quit_stage, QuitStage::No, "whoever saw it to the end did not leave early");
    }
}

#[test]
fn leaving_goes_through_the_rollbacks_and_grows_more_urgent() {
    for first in [Msg::Interrupted("SIGTERM"), Msg::Closed] {
        let mut screen = TestScreen::at(fixtures::before_failing());
        assert_eq!(screen.take(first).effects, [send(Command::Step(StepCommand::Quit))]);
        assert_eq!(screen.press("CTRL+C"), [send(Command::Step(StepCommand::Cut))]);
        assert_eq!(screen.press("CTRL+C"), [Effect::Leave], "the third time nobody waits any more");
    }
}

#[test]
fn while_rollbacks_run_the_second_request_only_asks_and_the_third_leaves() {
    for cut in [false, true] {
        let mut screen = TestScreen::at(fixtures::before_failing());
        assert_eq!(
            screen.take(Msg::Interrupted("SIGQUIT")).effects,
            [send(Command::Step(StepCommand::Quit))]
        );
        if cut {
            assert_eq!(screen.press("CTRL+C"), [send(Command::Step(StepCommand::Cut))]);
        }
        screen.tell(EventKind::RollbacksStarted { steps: 2 });
        assert_eq!(screen.take(Msg::Interrupted("SIGTERM")), Outcome::redraw(), "nothing is cut");
        assert_eq!(screen.view.quit_stage, QuitStage::Warned);
        assert_eq!(screen.take(Msg::Interrupted("SIGTERM")).effects, [Effect::Leave]);
    }
}

#[test]
fn a_terminal_that_is_gone_cuts_no_rollback_by_saying_so_twice() {
    let mut screen = TestScreen::at(fixtures::before_failing());
    assert_eq!(screen.take(Msg::Closed).effects, [send(Command::Step(StepCommand::Quit))]);
    assert_eq!(screen.take(Msg::Closed), Outcome::nothing(), "SIGHUP and the end of the keys come both");
    assert_eq!(screen.view.quit_stage, QuitStage::Asked);
}

#[test]
fn after_the_end_q_goes_to_what_comes_next_and_a_signal_does_not() {
    for (msg, leaving) in [(Msg::Interrupted("SIGTERM"), QuitStage::Asked), (Msg::Closed, QuitStage::Asked)] {
        let mut screen = TestScreen::at(fixtures::finished(Variant::After));
        screen.take(Msg::Finished);
        assert_eq!(screen.take(msg.clone()).effects, [Effect::Leave], "{msg:?}");
        assert_eq!(screen.view.quit_stage, leaving, "{msg:?}");
    }
    let mut screen = TestScreen::at(fixtures::finished(Variant::After));
    screen.take(Msg::Finished);
    assert_eq!((screen.press("q"), screen.view.quit_stage), (vec![Effect::Leave], QuitStage::No));
}

#[test]
fn after_the_end_nothing_is_asked_about_what_is_back_or_was_rolled_back() {
    let mut screen = ended_with_the_fault_on();
    screen.press("q");
    screen.tell(EventKind::FaultHealed { what: "it is back".to_owned() });
    screen.take(Msg::Changed);
    assert_eq!(screen.view.overlay, None, "there is nothing to ask any more");
    assert_eq!(screen.press("q"), [Effect::Leave]);
    let mut screen = ended_with_the_fault_on();
    let mut rolled_back = screen.session.steps.rows[0].clone();
    rolled_back.step.at = StepRef { section: Section::Rollbacks, index: 0 };
    rolled_back.state = StepState::Succeeded;
    screen.session.steps.rows.push(rolled_back);
    assert_eq!(screen.press("q"), [Effect::Leave], "it may take a while to be back");
}

#[test]
fn a_new_run_follows_the_end_where_the_fault_is_over() {
    let mut screen = TestScreen::at(fixtures::after_closed());
    assert_eq!(screen.press("R"), []);
    assert!(screen.view.hint.as_deref().unwrap().contains("e ends it"));
    let mut screen = TestScreen::at(fixtures::finished(Variant::After));
    screen.take(Msg::Finished);
    assert_eq!(screen.press("SPACE"), [], "one SPACE too many does not leave what the run came to");
    assert_eq!(screen.press("R"), [Effect::RunAgain]);
    let mut screen = TestScreen::at(fixtures::before_failing());
    screen.tell(EventKind::RunEnded { status: RunStatus::Completed, deviated: false });
    screen.take(Msg::Finished);
    assert_eq!(screen.press("R"), []);
    assert!(screen.view.hint.as_deref().unwrap().contains("u restores"));
}

#[test]
fn after_the_end_nothing_is_asked() {
    let mut screen = TestScreen::at(fixtures::finished(Variant::After));
    assert_eq!(screen.take(Msg::Finished).effects, []);
    assert_eq!(screen.press("SPACE"), []);
    assert_eq!(screen.press("q"), [Effect::Leave]);
}

/// A lesson of the demo: one key continues; `q` asks and quits, in every phase.
fn lesson(session_at: (Session, Timestamp)) -> TestScreen {
    let mut screen = self_healing(session_at);
    screen.view.sequence = Some(Sequence { next: "lesson 2", names: ("before", "after") });
    screen
}

#[test]
fn in_a_course_q_always_asks_and_always_leaves() {
    for session_at in
        [fixtures::ready(), fixtures::steady(), fixtures::after_open(), fixtures::after_closed()]
    {
        let mut screen = lesson(session_at);
        assert_eq!(screen.press("q"), []);
        assert_eq!(screen.view.overlay, Some(Overlay::ConfirmQuit));
        screen.press("ESC");
        assert_eq!((&screen.view.overlay, screen.view.quit_stage), (&None, QuitStage::No));
        screen.press("q");
        assert_eq!(screen.press("q"), [send(Command::Step(StepCommand::Quit))]);
        assert_eq!(screen.take(Msg::Finished).effects, [Effect::Leave]);
        assert_eq!(screen.view.quit_stage, QuitStage::Asked, "nothing follows");
    }
    let mut screen = lesson(fixtures::finished(Variant::Before));
    screen.take(Msg::Finished);
    assert_eq!(screen.press("q"), [], "also after the end");
    screen.take(Msg::Changed);
    assert_eq!(screen.view.overlay, Some(Overlay::ConfirmQuit), "what goes on does not answer it");
    assert_eq!(screen.press("y"), [Effect::Leave]);
    assert_eq!(screen.view.quit_stage, QuitStage::Asked, "nothing follows");
}

#[test]
fn in_a_course_one_key_leads_on_once_it_has_ended() {
    let mut screen = lesson(fixtures::finished(Variant::Before));
    screen.take(Msg::Finished);
    assert_eq!((screen.press("SPACE"), screen.view.quit_stage), (vec![Effect::Leave], QuitStage::No));
    let mut alone = self_healing(fixtures::finished(Variant::Before));
    alone.take(Msg::Finished);
    assert_eq!(alone.press("SPACE"), [], "nothing comes after a session of its own");
}

#[test]
fn in_a_course_what_follows_a_fire_goes_by_itself() {
    for (mut screen, goes_on) in
        [(lesson(fixtures::steady()), true), (self_healing(fixtures::steady()), false)]
    {
        let kill = StepRef { section: Section::Method, index: 0 };
        let fired = [
            Some(Command::Step(StepCommand::Fire(kill))),
            goes_on.then_some(Command::Step(StepCommand::Auto(true))),
        ];
        let expected: Vec<Effect> = fired.into_iter().flatten().map(send).collect();
        assert_eq!(screen.press("F"), expected);
    }
}

#[test]
fn the_key_that_ended_the_run_writes_its_reports_afterwards() {
    let mut screen = TestScreen::at(fixtures::before_failing());
    assert_eq!(screen.press("e"), [send(Command::Step(StepCommand::Quit))]);
    screen.tell(EventKind::RunEnded { status: RunStatus::Interrupted, deviated: false });
    assert_eq!(screen.press("e"), [send(Command::Step(StepCommand::Quit))], "its files are not saved yet");
    screen.take(Msg::Finished);
    assert_eq!(screen.press("e"), [Effect::Export]);
    assert_eq!(screen.view.hint.as_deref(), Some("writing the reports ..."));
    let said = "wrote ./report.html, report.md, report.json";
    assert!(screen.take(Msg::Exported(said.to_owned())).redraw);
    assert_eq!(screen.view.hint.as_deref(), Some(said));
    assert_eq!(screen.press("a"), []);
    assert_eq!(screen.view.hint.as_deref(), Some("the run has ended"));
    // Whoever only watches may keep what was seen.
    screen.view.control = ControlMode::ReadOnly;
    assert_eq!(screen.press("e"), [Effect::Export]);
}

#[test]
fn a_replay_is_reported_of_at_any_moment() {
    for finished in [false, true] {
        let mut screen = TestScreen::at(fixtures::before_failing());
        (screen.view.control, screen.view.finished) = (ControlMode::Replay, finished);
        assert_eq!(screen.press("e"), [Effect::Export]);
    }
    // The operator's own key for the end of a run ends nothing here.
    let key = ["E".to_owned()];
    let mut screen = TestScreen::at(fixtures::before_failing());
    screen.view.keymap = Keymap::with([("end", key.as_slice())]).unwrap();
    screen.view.control = ControlMode::Replay;
    assert_eq!(screen.press("E"), []);
    assert!(screen.view.hint.as_ref().unwrap().contains("this is a replay"));
}
