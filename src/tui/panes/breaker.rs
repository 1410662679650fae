//! To be drawn.

use super::Scene;
use crate::tui::canvas::Canvas;

pub(crate) fn breaker(canvas: &mut Canvas, _scene: &Scene) {
    canvas.clear();
}

/// `sure (2 of 2 sources)`.
pub(crate) fn confidence(belief: &crate::session::event::Belief) -> String {
    let word = crate::session::wording::confidence(belief.confidence);
    // Where nobody agrees, as with two explanations or replicas that differ, there is nothing to count.
    if belief.agreeing == 0 {
        word.to_owned()
    } else {
        format!("{word} ({} of {} sources)", belief.agreeing, belief.spoke)
    }
}
