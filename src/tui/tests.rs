//! Pictures of every phase, any size, any theme.

use super::{LogFeed, Overlay, Scene, Steering, Theme, View, keymap::Keymap, render};
use crate::session::{Session, event::Timestamp, fixtures};
use ratatui::{buffer::Buffer, layout::Rect};

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
    use fixtures::Variant;
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
