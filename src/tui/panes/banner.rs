//! To be drawn.

use super::Scene;
use crate::tui::canvas::Canvas;

pub(crate) fn banner(canvas: &mut Canvas, _scene: &Scene, _size: crate::tui::layout::Size) {
    canvas.clear();
}
