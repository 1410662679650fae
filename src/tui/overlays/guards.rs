//! The form that shows and changes the limits of the guards.

use super::{boxed, chosen, keys};
use crate::{
    insight,
    session::event::Guard,
    tui::{
        forms::GuardForm,
        pane_buffer::{PaneBuffer, RoleLine},
        panes::Scene,
        theme::Role,
    },
};

/// Draws the form with the current figure of each guard; the selected one is a bar.
pub(crate) fn guards(canvas: &mut PaneBuffer, scene: &Scene, form: &GuardForm) {
    let mut inside = boxed(canvas, scene, (76, 10), "GUARDS", Role::Focus);
    inside.row(0, &RoleLine::text("While a fault is on, the run aborts and rolls back by itself when:"));
    let readings = insight::guard_readings(scene.session, scene.now);
    for (y, guard) in (1..).zip(Guard::ALL) {
        let limit = form.limits.limit(guard);
        let (what, unit) = match guard {
            Guard::Users => ("users are let down for more than", "s"),
            Guard::Restarts => ("Kubernetes restarts the consumer", "times"),
            Guard::Silence => ("the cluster is silent for more than", "s"),
            Guard::Hold => ("you press no key for", "s"),
        };
        let unit = if guard == Guard::Restarts && limit == Some(1) { "time" } else { unit };
        let text = limit.map_or_else(|| "off".to_owned(), |limit| format!("{limit:>4} {unit}"));
        let now = readings.iter().find(|reading| reading.guard == guard);
        let now = now.map_or_else(String::new, |reading| format!("now {}", reading.figure));
        let role = if limit.is_some() { Role::Strong } else { Role::Unknown };
        let row = RoleLine::text(format!(" {what:<37}")).bold(role, format!("{text:<12}")).and(now);
        if guard == form.chosen { chosen(&mut inside, y, &row) } else { inside.row(y, &row) }
    }
    if readings.is_empty() {
        inside.row(5, &"Guards are active while a fault is on. Unknown values count as bad.".into());
    }
    let key_help =
        [("UP DOWN", "choose"), ("LEFT RIGHT", "change"), ("SPACE", "on/off"), ("ENTER", "keep it")];
    inside.row(7, &keys(&key_help));
}
