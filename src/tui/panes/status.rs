//! To be drawn.

use super::Scene;
use crate::tui::canvas::Canvas;

pub(crate) fn status(canvas: &mut Canvas, _scene: &Scene) {
    canvas.clear();
}

pub(crate) fn bare_status(canvas: &mut Canvas, _scene: &Scene) {
    canvas.clear();
}
