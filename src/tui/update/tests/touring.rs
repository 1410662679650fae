//! The demo's tour, what its captions point at, and what it ends with.

use super::{Desk, fixtures};
use crate::{
    session::{
        command::{Command, StepCommand, WatchCommand},
        event::{ScreenPart, What},
        fixtures::Variant,
    },
    tui::{Course, Effect, Msg, Overlay, Pane, Stop, tests::text},
};
use std::time::Duration;

const COURSE: Course = Course {
    next: "what to try next",
    names: ("before", "after"),
    tour: &[
        Stop { about: ScreenPart::Users, text: "what users get" },
        Stop { about: ScreenPart::Pods, text: "what runs" },
    ],
    farewell: &[("chaos-tui experiment.json", "your own")],
};

fn touring() -> Desk {
    let mut desk = Desk::at(fixtures::ready());
    (desk.view.course, desk.view.tour) = (Some(COURSE), Some(0));
    desk.take(Msg::Changed);
    desk
}

fn shown(desk: &mut Desk) -> String {
    use ratatui::{buffer::Buffer, layout::Rect};
    let area = Rect::new(0, 0, 80, 24);
    let mut buffer = Buffer::empty(area);
    let scene = crate::tui::Scene::new(&desk.session, &desk.view, desk.now, None);
    crate::tui::render(&mut buffer, area, &scene, &crate::tui::Theme::default(), &Default::default());
    text(&buffer)
}

#[test]
fn space_walks_through_the_tour_and_then_steps() {
    let mut desk = touring();
    assert_eq!(desk.view.focus, Pane::Users);
    let first = shown(&mut desk);
    assert!(
        first.contains("USERS") && first.contains("what users get") && first.contains("go on, 1 of 2"),
        "{first}"
    );
    assert_eq!(desk.press("SPACE"), []);
    assert_eq!(desk.view.focus, Pane::Pods);
    assert!(shown(&mut desk).contains("what runs"));
    assert_eq!(desk.press("SPACE"), []);
    assert_eq!(desk.view.stop(), None);
    assert!(desk.press("SPACE").contains(&Effect::Send(Command::Step(StepCommand::Next))));
}

#[test]
fn the_tour_can_be_skipped_and_other_keys_are_not_taken() {
    let mut desk = touring();
    assert_eq!(desk.press("o"), [Effect::Send(Command::Watch(WatchCommand::Observe(true)))]);
    desk.press("4");
    desk.take(Msg::Resized);
    assert_ne!(desk.view.focus, Pane::Users, "the focus is the operator's");
    desk.press("?");
    desk.press("ESC");
    assert!(desk.view.stop().is_some(), "ESC closed the help");
    desk.press("ESC");
    assert_eq!(desk.view.stop(), None);
}

#[test]
fn a_caption_turns_the_focus_to_what_it_speaks_of_once() {
    let mut desk = Desk::at(fixtures::before_failing());
    let caption = |text: &str, about| What::Captioned { text: text.to_owned(), about: Some(about) };
    desk.tell(caption("look", ScreenPart::Breaker));
    desk.take(Msg::Changed);
    assert_eq!(desk.view.focus, Pane::Experiment, "only in the demo");
    desk.view.course = Some(COURSE);
    desk.take(Msg::Changed);
    assert_eq!(desk.view.focus, Pane::Breaker);
    desk.press("1");
    desk.take(Msg::Changed);
    assert_eq!(desk.view.focus, Pane::Experiment);
    let failing = shown(&mut desk);
    let said = |line: &str| line.contains("BREAKER") && line.ends_with("look");
    assert!(failing.lines().any(said), "before all warnings:\n{failing}");
    desk.now += Duration::from_secs(1);
    desk.tell(caption("and there", ScreenPart::Pods));
    desk.take(Msg::Changed);
    assert_eq!(desk.view.focus, Pane::Pods);
}

#[test]
fn before_the_last_lesson_is_left_it_is_shown_what_to_try_next() {
    let mut desk = Desk::at(fixtures::finished(Variant::After));
    (desk.view.course, desk.view.finished) = (Some(COURSE), true);
    assert_eq!(desk.press("SPACE"), []);
    assert_eq!(desk.view.overlay, Some(Overlay::Farewell));
    let shown = shown(&mut desk);
    assert!(shown.contains("WHAT TO TRY NEXT") && shown.contains("chaos-tui experiment.json"), "{shown}");
    assert_eq!(desk.press("x"), []);
    assert_eq!(desk.press("ESC"), []);
    assert_eq!(desk.view.overlay, None, "back to the comparison");
    desk.press("SPACE");
    assert_eq!(desk.press("SPACE"), [Effect::Leave]);
}
