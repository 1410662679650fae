//! Helpers that draw panes for tests.

use super::Scene;
use crate::{
    session::{
        Session,
        event::{Event, EventKind, Timestamp},
        fixtures::at,
    },
    tui::{
        keymap::Keymap,
        pane_buffer::PaneBuffer,
        theme::Theme,
        view::{ControlMode, View},
    },
};
use ratatui::{buffer::Buffer, layout::Rect};

/// A session and its present moment.
pub(super) type SessionAt = (Session, Timestamp);

pub(super) fn view() -> View {
    View::new(Keymap::default(), ControlMode::Live)
}

/// Applies one more event to a session, `seconds` after T0.
pub(super) fn apply_event(told: &mut SessionAt, seconds: f64, what: EventKind) {
    told.0.apply(&Event { seq: 0, at: at(seconds), what });
}

/// Draws a pane into a buffer of its own.
pub(super) fn cells(
    told: &SessionAt,
    view: &View,
    theme: &Theme,
    (width, height): (u16, u16),
    draw: impl FnOnce(&mut PaneBuffer, &Scene),
) -> Buffer {
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    let scene = Scene::new(&told.0, view, told.1, None);
    let mut canvas = PaneBuffer::new(&mut buffer, area, theme);
    canvas.clear();
    draw(&mut canvas, &scene);
    buffer
}

/// The rows of a buffer without trailing spaces.
pub(super) fn rows(buffer: &Buffer) -> Vec<String> {
    let area = buffer.area;
    let row = |y| (0..area.width).filter_map(move |x| buffer.cell((x, y))).map(|cell| cell.symbol());
    (0..area.height).map(|y| row(y).collect::<String>().trim_end().to_owned()).collect()
}

/// The rows of a drawn pane, its frame included.
pub(super) fn shown(
    told: &SessionAt,
    size: (u16, u16),
    draw: impl FnOnce(&mut PaneBuffer, &Scene),
) -> Vec<String> {
    rows(&cells(told, &view(), &Theme::default(), size, draw))
}
