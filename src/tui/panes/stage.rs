//! The presenter's view: three numbers in big digits, and a caption for the audience.

use super::Scene;
use crate::{
    insight,
    tui::canvas::{Canvas, Row},
    tui::theme::Role,
};

pub(crate) fn figures(canvas: &mut Canvas, _scene: &Scene) {
    canvas.clear();
}

/// One sentence on the last change.
pub(crate) fn caption(canvas: &mut Canvas, scene: &Scene) {
    if let Some((_, text)) = insight::told_so_far(scene.session, scene.now) {
        canvas.row(0, &Row::strong(Role::Focus, " ▌ ").bold(Role::Strong, text));
    }
}
