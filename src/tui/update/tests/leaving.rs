//! Leaving, and what is asked before; another run after the end.

use super::*;
use crate::session::command::StepCommand;

/// The story in which what was fired away comes back by itself.
fn self_healing(mut told: (Session, Timestamp)) -> TestScreen {
    for kit in told.0.undo.kits.values_mut() {
        kit.needed = false;
    }
    TestScreen::at(told)
}

#[test]
fn quitting_asks_while_the_fault_is_on() {
    let mut desk = self_healing(fixtures::before_failing());
    assert_eq!(desk.press("q"), []);
    assert_eq!(desk.view.overlay, Some(Overlay::ConfirmQuit));
    desk.press("ESC");
    assert_eq!((&desk.view.overlay, desk.view.leaving), (&None, Leaving::No));
    desk.press("q");
    assert_eq!(desk.press("u"), [], "there is nothing to put back");
    assert_eq!(desk.press("w"), [], "there is nothing to leave without");
    assert_eq!(desk.press("y"), [send(Command::Step(StepCommand::Quit))]);
    assert_eq!(desk.take(Msg::Finished).effects, [Effect::Leave]);
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
        let mut desk = TestScreen::at(fixtures::before_failing());
        assert_eq!(desk.press("q"), []);
        assert_eq!(desk.press(key), effects, "{key}");
        assert_eq!(desk.view.overlay.is_none(), key != "x", "{key}");
        if !effects.is_empty() {
            assert_eq!(desk.take(Msg::Finished).effects, [Effect::Leave], "{key}");
        }
    }
}

/// The run is over, and what was fired away is not back.
fn ended_with_the_fault_on() -> TestScreen {
    let mut desk = TestScreen::at(fixtures::before_failing());
    desk.tell(EventKind::RunEnded { status: RunStatus::Completed, deviated: false });
    desk.take(Msg::Finished);
    desk
}

#[test]
fn after_the_end_a_lasting_fault_is_put_back_before_the_screen_is_left() {
    let finished = || {
        let mut desk = ended_with_the_fault_on();
        assert_eq!(desk.press("q"), []);
        assert_eq!(desk.view.overlay, Some(Overlay::ConfirmQuit));
        desk
    };
    assert_eq!(finished().press("w"), [Effect::Leave]);
    let undone = |failed: &[&str]| UndoResult {
        failed: failed.iter().map(|&it| it.to_owned()).collect(),
        ..UndoResult::default()
    };
    for (undone, effects) in
        [(undone(&[]), vec![Effect::Leave]), (undone(&["Deployment x: forbidden"]), Vec::new())]
    {
        let mut desk = finished();
        assert_eq!(desk.press("u"), [send(Command::Undo)]);
        desk.tell(EventKind::UndoBegan);
        assert_eq!(desk.take(Msg::Changed).effects, []);
        desk.tell(EventKind::UndoDone(undone));
        assert_eq!(desk.take(Msg::Changed).effects, effects);
        assert_eq!(desk.view.leaving, Leaving::No, "whoever saw it to the end did not leave early");
    }
}

#[test]
fn leaving_goes_through_the_rollbacks_and_grows_more_urgent() {
    for first in [Msg::Interrupted("SIGTERM"), Msg::Closed] {
        let mut desk = TestScreen::at(fixtures::before_failing());
        assert_eq!(desk.take(first).effects, [send(Command::Step(StepCommand::Quit))]);
        assert_eq!(desk.press("CTRL+C"), [send(Command::Step(StepCommand::Cut))]);
        assert_eq!(desk.press("CTRL+C"), [Effect::Leave], "the third time nobody waits any more");
    }
}

#[test]
fn a_terminal_that_is_gone_cuts_no_rollback_by_saying_so_twice() {
    let mut desk = TestScreen::at(fixtures::before_failing());
    assert_eq!(desk.take(Msg::Closed).effects, [send(Command::Step(StepCommand::Quit))]);
    assert_eq!(desk.take(Msg::Closed), Outcome::nothing(), "SIGHUP and the end of the keys come both");
    assert_eq!(desk.view.leaving, Leaving::Asked);
}

#[test]
fn after_the_end_q_goes_to_what_comes_next_and_a_signal_does_not() {
    for (msg, leaving) in [(Msg::Interrupted("SIGTERM"), Leaving::Asked), (Msg::Closed, Leaving::Asked)] {
        let mut desk = TestScreen::at(fixtures::finished(Variant::After));
        desk.take(Msg::Finished);
        assert_eq!(desk.take(msg.clone()).effects, [Effect::Leave], "{msg:?}");
        assert_eq!(desk.view.leaving, leaving, "{msg:?}");
    }
    let mut desk = TestScreen::at(fixtures::finished(Variant::After));
    desk.take(Msg::Finished);
    assert_eq!((desk.press("q"), desk.view.leaving), (vec![Effect::Leave], Leaving::No));
}

#[test]
fn after_the_end_nothing_is_asked_about_what_is_back_or_was_rolled_back() {
    let mut desk = ended_with_the_fault_on();
    desk.press("q");
    desk.tell(EventKind::FaultHealed { what: "it is back".to_owned() });
    desk.take(Msg::Changed);
    assert_eq!(desk.view.overlay, None, "there is nothing to ask any more");
    assert_eq!(desk.press("q"), [Effect::Leave]);
    let mut desk = ended_with_the_fault_on();
    let mut rolled_back = desk.session.steps.rows[0].clone();
    rolled_back.step.at = StepRef { section: Section::Rollbacks, index: 0 };
    rolled_back.state = StepState::Succeeded;
    desk.session.steps.rows.push(rolled_back);
    assert_eq!(desk.press("q"), [Effect::Leave], "it may take a while to be back");
}

#[test]
fn a_new_run_follows_the_end_where_the_fault_is_over() {
    let mut desk = TestScreen::at(fixtures::after_closed());
    assert_eq!(desk.press("R"), []);
    assert!(desk.view.hint.as_deref().unwrap().contains("e ends it"));
    let mut desk = TestScreen::at(fixtures::finished(Variant::After));
    desk.take(Msg::Finished);
    assert_eq!(desk.press("SPACE"), [], "one SPACE too many does not leave what the run came to");
    assert_eq!(desk.press("R"), [Effect::Again]);
    let mut desk = TestScreen::at(fixtures::before_failing());
    desk.tell(EventKind::RunEnded { status: RunStatus::Completed, deviated: false });
    desk.take(Msg::Finished);
    assert_eq!(desk.press("R"), []);
    assert!(desk.view.hint.as_deref().unwrap().contains("u puts back"));
}

#[test]
fn after_the_end_nothing_is_asked() {
    let mut desk = TestScreen::at(fixtures::finished(Variant::After));
    assert_eq!(desk.take(Msg::Finished).effects, []);
    assert_eq!(desk.press("SPACE"), []);
    assert_eq!(desk.press("q"), [Effect::Leave]);
}

/// A lesson of the demo: one key leads on, `q` leaves and asks, wherever it stands.
fn lesson(told: (Session, Timestamp)) -> TestScreen {
    let mut desk = self_healing(told);
    desk.view.course = Some(Sequence { next: "lesson 2", names: ("before", "after") });
    desk
}

#[test]
fn in_a_course_q_always_asks_and_always_leaves() {
    for told in [fixtures::ready(), fixtures::steady(), fixtures::after_open(), fixtures::after_closed()] {
        let mut desk = lesson(told);
        assert_eq!(desk.press("q"), []);
        assert_eq!(desk.view.overlay, Some(Overlay::ConfirmQuit));
        desk.press("ESC");
        assert_eq!((&desk.view.overlay, desk.view.leaving), (&None, Leaving::No));
        desk.press("q");
        assert_eq!(desk.press("q"), [send(Command::Step(StepCommand::Quit))]);
        assert_eq!(desk.take(Msg::Finished).effects, [Effect::Leave]);
        assert_eq!(desk.view.leaving, Leaving::Asked, "nothing follows");
    }
    let mut desk = lesson(fixtures::finished(Variant::Before));
    desk.take(Msg::Finished);
    assert_eq!(desk.press("q"), [], "also after the end");
    assert_eq!(desk.press("y"), [Effect::Leave]);
    assert_eq!(desk.view.leaving, Leaving::Asked, "nothing follows");
}

#[test]
fn in_a_course_one_key_leads_on_once_it_has_ended() {
    let mut desk = lesson(fixtures::finished(Variant::Before));
    desk.take(Msg::Finished);
    assert_eq!((desk.press("SPACE"), desk.view.leaving), (vec![Effect::Leave], Leaving::No));
    let mut alone = self_healing(fixtures::finished(Variant::Before));
    alone.take(Msg::Finished);
    assert_eq!(alone.press("SPACE"), [], "nothing comes after a session of its own");
}

#[test]
fn in_a_course_what_follows_a_fire_goes_by_itself() {
    for (mut desk, goes_on) in [(lesson(fixtures::steady()), true), (self_healing(fixtures::steady()), false)]
    {
        let kill = StepRef { section: Section::Method, index: 0 };
        let fired = [
            Some(Command::Step(StepCommand::Fire(kill))),
            goes_on.then_some(Command::Step(StepCommand::Auto(true))),
        ];
        let expected: Vec<Effect> = fired.into_iter().flatten().map(send).collect();
        assert_eq!(desk.press("F"), expected);
    }
}
