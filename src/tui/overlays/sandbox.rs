//! Offers the sandbox if the experiment needs a cluster and none is configured.

use super::boxed;
use crate::tui::{
    pane_buffer::{PaneBuffer, RoleLine},
    panes::Scene,
    theme::Role,
};

/// Draws the offer.
pub(crate) fn sandbox(canvas: &mut PaneBuffer, scene: &Scene) {
    let mut inside = boxed(canvas, scene, (74, 9), "NO CLUSTER", Role::Focus);
    let key =
        |key: &str, what: &str| RoleLine::strong(Role::Focus, format!("{key:>6}")).and(format!("  {what}"));
    let lines = [
        RoleLine::text("The experiment is about Kubernetes, and no cluster is configured"),
        RoleLine::text("(no kubeconfig, and not inside a cluster)."),
        RoleLine::new(),
        key("b", "start the embedded sandbox, its consumer without a breaker"),
        key("a", "start the embedded sandbox, its consumer with a breaker"),
        key("ENTER", "go on without a cluster"),
        key("ESC", "leave; nothing was done"),
    ];
    for (y, line) in lines.iter().enumerate() {
        inside.row(y, line);
    }
}
