//! To be drawn.

use super::Scene;
use crate::tui::canvas::Canvas;

pub(crate) fn experiment(canvas: &mut Canvas, _scene: &Scene) {
    canvas.clear();
}
