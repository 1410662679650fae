//! Mouse input.

use super::*;
use crate::session::command::WatchCommand;

fn mouse(kind: MouseEventKind, column: u16, row: u16) -> Msg {
    Msg::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE })
}

const CLICK: MouseEventKind = MouseEventKind::Down(MouseButton::Left);

#[test]
fn a_click_focuses_and_chooses_and_the_wheel_scrolls_in_every_layout() {
    for (width, height) in [(200, 50), (120, 36), (80, 24)] {
        let mut screen = TestScreen::at(fixtures::before_failing());
        let step = screen.session.steps.rows[4].step.at;
        screen.draw(width, height);
        let at = screen.view.targets.of(&ClickTarget::Step(step)).unwrap();
        screen.take(mouse(CLICK, at.x + 5, at.y));
        assert_eq!((screen.view.focus, screen.view.selected_step), (Pane::Experiment, Some(step)), "{width}");

        // The plot and the lanes share their time axis; T0 keeps its column.
        let (track, first, step) = screen.view.targets.moments().unwrap();
        screen.take(mouse(CLICK, track.x + 7, track.y + 1));
        assert_eq!(screen.view.cursor, Some(first + 7 * step), "{width}");
        screen.take(mouse(CLICK, track.right() - 1, track.y + 1));
        assert_eq!(screen.view.cursor, Some(19_000), "the future cannot be pointed at");
        screen.take(mouse(MouseEventKind::ScrollUp, track.x + 7, track.y + 1));
        assert_eq!(screen.view.scrolled_to, Some(first - 10 * step), "{width}");

        let pods = screen.view.targets.of(&ClickTarget::Pane(Pane::Pods)).unwrap();
        screen.take(mouse(MouseEventKind::ScrollDown, pods.x + 3, pods.y + 2));
        assert_eq!(screen.view.scroll_of(Pane::Pods), 3, "{width}");
        assert_eq!(screen.take(mouse(MouseEventKind::Moved, pods.x + 3, pods.y + 2)), Outcome::nothing());
    }
}

#[test]
fn in_a_replay_a_click_on_the_time_axis_goes_there() {
    let mut screen = TestScreen::at(fixtures::before_failing());
    screen.view.control = ControlMode::Replay;
    screen.draw(120, 36);
    let (track, first, step) = screen.view.targets.moments().unwrap();
    let outcome = screen.take(mouse(CLICK, track.x + 7, track.y + 1));
    let seconds = (first + 7 * step) as f64 / 1000.0;
    assert_eq!(outcome.effects, [Effect::Replay(ReplayMove::To(fixtures::at(seconds)))]);
    assert_eq!(screen.view.cursor, None);
}

#[test]
fn a_click_chooses_a_pod_and_the_next_endpoint() {
    let mut screen = TestScreen::at(fixtures::after_open());
    screen.draw(120, 36);
    let uid = screen.session.cluster.pod(fixtures::NEW).unwrap().pod.key.uid.clone();
    let at = screen.view.targets.of(&ClickTarget::Pod(uid.clone())).unwrap();
    screen.take(mouse(CLICK, at.x + 2, at.y));
    assert_eq!((screen.view.focus, screen.view.selected_pod.clone()), (Pane::Pods, Some(uid.clone())));
    assert_eq!(
        screen.press("l"),
        [send(Command::Watch(WatchCommand::ReadLog(screen.session.cluster.in_play[2].pod.key.clone())))]
    );
    assert_eq!(screen.view.targets.of(&ClickTarget::Endpoints), None, "there is only one");
}

#[test]
fn a_click_beside_an_overlay_closes_it_unless_something_is_typed() {
    for (key, closes) in [("?", true), ("w", true), ("n", false)] {
        let mut screen = TestScreen::at(fixtures::before_failing());
        screen.press(key);
        screen.draw(120, 36);
        let inside = screen.view.targets.of(&ClickTarget::Overlay).unwrap();
        screen.take(mouse(CLICK, inside.x + 3, inside.y + 2));
        assert!(screen.view.overlay.is_some(), "{key}: inside nothing happens");
        screen.take(mouse(MouseEventKind::ScrollDown, 0, 0));
        assert_eq!(screen.view.overlay_scroll(), 3, "{key}");
        screen.take(mouse(CLICK, 0, 0));
        assert_eq!(screen.view.overlay.is_none(), closes, "{key}");
        assert_eq!(screen.view.focus, Pane::Experiment, "{key}: what is below is not clicked");
    }
}

#[test]
fn the_mouse_is_left_to_the_terminal_and_taken_back() {
    let mut screen = TestScreen::at(fixtures::before_failing());
    assert_eq!(screen.press("M"), [Effect::Mouse(true)]);
    assert_eq!(screen.press("M"), [Effect::Mouse(false)]);
    assert!(screen.view.hint.as_ref().unwrap().contains("M takes it back"));
}
