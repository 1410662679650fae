//! The screen of a session at a moment, as a picture.

use super::{
    keymap::Keymap,
    panes::{LogFeed, Scene},
    render::render,
    svg::svg,
    theme::Theme,
    view::{ControlMode, View},
};
use crate::session::{Session, event::Timestamp};
use ratatui::{buffer::Buffer, layout::Rect};

/// Draws the screen as it was live at a moment, as SVG. `size` is in columns and rows; the theme must be in true colour. An
/// earlier session is compared with this one.
pub fn still(
    session: &Session,
    at: Timestamp,
    earlier: Option<&Session>,
    theme: &Theme,
    (width, height): (u16, u16),
) -> String {
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    let view = View {
        finished: session.finished(),
        compares: earlier.is_some(),
        area,
        ..View::new(Keymap::default(), ControlMode::Live)
    };
    let scene = Scene::new(session, &view, at, earlier);
    render(&mut buffer, area, &scene, theme, &LogFeed::default());
    svg(&buffer, theme, &format!("chaos-tui: {}", session.meta.title))
}
