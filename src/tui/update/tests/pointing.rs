//! The mouse.

use super::*;
use crate::session::command::WatchCommand;

fn mouse(kind: MouseEventKind, column: u16, row: u16) -> Msg {
    Msg::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE })
}

const CLICK: MouseEventKind = MouseEventKind::Down(MouseButton::Left);

#[test]
fn a_click_focuses_and_chooses_and_the_wheel_scrolls_in_every_layout() {
    for (width, height) in [(200, 50), (120, 36), (80, 24)] {
        let mut desk = TestScreen::at(fixtures::before_failing());
        let step = desk.session.steps.rows[4].step.at;
        desk.draw(width, height);
        let at = desk.view.targets.of(&Target::Step(step)).unwrap();
        desk.take(mouse(CLICK, at.x + 5, at.y));
        assert_eq!((desk.view.focus, desk.view.chosen), (Pane::Experiment, Some(step)), "{width}");

        // The plot and the lanes share their moments; T0 keeps its column.
        let (track, first, step) = desk.view.targets.moments().unwrap();
        desk.take(mouse(CLICK, track.x + 7, track.y + 1));
        assert_eq!(desk.view.cursor, Some(first + 7 * step), "{width}");
        desk.take(mouse(CLICK, track.right() - 1, track.y + 1));
        assert_eq!(desk.view.cursor, Some(19_000), "the future cannot be pointed at");
        desk.take(mouse(MouseEventKind::ScrollUp, track.x + 7, track.y + 1));
        assert_eq!(desk.view.scrolled_to, Some(first - 10 * step), "{width}");

        let pods = desk.view.targets.of(&Target::Pane(Pane::Pods)).unwrap();
        desk.take(mouse(MouseEventKind::ScrollDown, pods.x + 3, pods.y + 2));
        assert_eq!(desk.view.scroll_of(Pane::Pods), 3, "{width}");
        assert_eq!(desk.take(mouse(MouseEventKind::Moved, pods.x + 3, pods.y + 2)), Outcome::nothing());
    }
}

#[test]
fn a_click_chooses_a_pod_and_the_next_endpoint() {
    let mut desk = TestScreen::at(fixtures::after_open());
    desk.draw(120, 36);
    let uid = desk.session.cluster.pod(fixtures::NEW).unwrap().pod.key.uid.clone();
    let at = desk.view.targets.of(&Target::Pod(uid.clone())).unwrap();
    desk.take(mouse(CLICK, at.x + 2, at.y));
    assert_eq!((desk.view.focus, desk.view.pod.clone()), (Pane::Pods, Some(uid.clone())));
    assert_eq!(
        desk.press("l"),
        [send(Command::Watch(WatchCommand::ReadLog(desk.session.cluster.in_play[2].pod.key.clone())))]
    );
    assert_eq!(desk.view.targets.of(&Target::Endpoints), None, "there is only one");
}

#[test]
fn a_click_beside_an_overlay_closes_it_unless_something_is_typed() {
    for (key, closes) in [("?", true), ("w", true), ("n", false)] {
        let mut desk = TestScreen::at(fixtures::before_failing());
        desk.press(key);
        desk.draw(120, 36);
        let inside = desk.view.targets.of(&Target::Overlay).unwrap();
        desk.take(mouse(CLICK, inside.x + 3, inside.y + 2));
        assert!(desk.view.overlay.is_some(), "{key}: inside nothing happens");
        desk.take(mouse(MouseEventKind::ScrollDown, 0, 0));
        assert_eq!(desk.view.overlay_scroll(), 3, "{key}");
        desk.take(mouse(CLICK, 0, 0));
        assert_eq!(desk.view.overlay.is_none(), closes, "{key}");
        assert_eq!(desk.view.focus, Pane::Experiment, "{key}: what is below is not clicked");
    }
}

#[test]
fn the_mouse_is_left_to_the_terminal_and_taken_back() {
    let mut desk = TestScreen::at(fixtures::before_failing());
    assert_eq!(desk.press("M"), [Effect::Mouse(true)]);
    assert_eq!(desk.press("M"), [Effect::Mouse(false)]);
    assert!(desk.view.hint.as_ref().unwrap().contains("M takes it back"));
}
