//! The guards: what ends the run by itself, to be seen and changed.

use super::boxed;
use crate::{
    insight,
    session::event::Guard,
    tui::{
        canvas::{Canvas, Look, Row},
        forms::GuardForm,
        panes::Scene,
        theme::Role,
    },
};

/// Draws the form with the figure of each guard.
pub(crate) fn guards(canvas: &mut Canvas, scene: &Scene, form: &GuardForm) {
    let mut inside = boxed(canvas, scene, (76, 9), "GUARDS", Role::Focus);
    inside.row(0, &Row::text("While a fault is on, the run aborts and rolls back by itself when:"));
    let readings = insight::guard_readings(scene.session, scene.now);
    for (y, guard) in (1..).zip(Guard::ALL) {
        let limit = form.limits.limit(guard);
        let (what, unit) = match guard {
            Guard::Users => ("users are let down for more than", "s"),
            Guard::Restarts => ("Kubernetes restarts the consumer", "times"),
            Guard::Silence => ("the cluster is silent for more than", "s"),
        };
        let unit = if guard == Guard::Restarts && limit == Some(1) { "time" } else { unit };
        let chosen = guard == form.chosen;
        let role = if chosen { Role::Focus } else { Role::Text };
        let mut row = Row::of(role, format!("{} {what:<36}", if chosen { ">" } else { " " }));
        let text = limit.map_or_else(|| "off".to_owned(), |limit| format!("{limit:>4} {unit}"));
        match (limit, chosen) {
            (_, true) => row.add(Role::Focus, Look::Fill, format!(" {text:<10} ")),
            (None, false) => row.push(Role::Unknown, format!(" {text:<10} ")),
            (Some(_), false) => row.push(Role::Strong, format!(" {text:<10} ")),
        }
        let now = readings.iter().find(|reading| reading.guard == guard);
        let now = now.map_or_else(String::new, |reading| format!("  now {}", reading.figure));
        inside.row(y, &row.with(Role::Soft, now));
    }
    let idle = "They watch once a fault is on. What is not known counts as bad.";
    inside.row(4, &Row::of(Role::Soft, if readings.is_empty() { idle } else { "" }));
    let keys = [("UP DOWN", "choose"), ("LEFT RIGHT", "change"), ("SPACE", "on/off"), ("ENTER", "keep it")];
    let keys = keys
        .iter()
        .fold(Row::new(), |row, (key, what)| row.with(Role::Focus, *key).and(format!(" {what}   ")));
    inside.row(6, &keys);
}
