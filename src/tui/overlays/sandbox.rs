//! The offer of the sandbox where the experiment needs a cluster and there is none.

use super::boxed;
use crate::tui::{
    canvas::{Canvas, Row},
    panes::Scene,
    theme::Role,
};

/// Draws the offer.
pub(crate) fn sandbox(canvas: &mut Canvas, scene: &Scene) {
    let mut inside = boxed(canvas, scene, (74, 9), "NO CLUSTER", Role::Focus);
    let key = |key: &str, what: &str| Row::strong(Role::Focus, format!("{key:>6}")).and(format!("  {what}"));
    let lines = [
        Row::text("The experiment is about Kubernetes, and no cluster is configured"),
        Row::text("(no kubeconfig, and not inside a cluster)."),
        Row::new(),
        key("b", "start the embedded sandbox, its consumer without a breaker"),
        key("a", "start the embedded sandbox, its consumer with a breaker"),
        key("ENTER", "go on without a cluster"),
        key("ESC", "leave; nothing was done"),
    ];
    for (y, line) in lines.iter().enumerate() {
        inside.row(y, line);
    }
}
