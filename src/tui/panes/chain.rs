//! To be drawn.

use super::Scene;
use crate::tui::canvas::Canvas;

pub(crate) fn chain(canvas: &mut Canvas, _scene: &Scene) {
    canvas.clear();
}
