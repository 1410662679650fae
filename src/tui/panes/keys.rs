//! The keys that matter now, as many as fit, in the order of the keymap.

use super::Scene;
use crate::{
    session::state::StepState,
    tui::{
        canvas::{Canvas, Row},
        keymap::{Action, Binding},
        theme::Role,
        update::{refused, renewable, rerunnable, steers},
    },
};

pub(crate) fn keys(canvas: &mut Canvas, scene: &Scene) {
    let roomy = canvas.width() >= 100;
    let between = if roomy { "  " } else { " " };
    let mut shown: Vec<(&Binding, String)> = scene
        .view
        .keymap
        .rows()
        .filter(|(keys, binding)| binding.rank > 0 && !keys.is_empty())
        .filter(|(_, binding)| {
            let onward = binding.action == Action::Next && scene.view.course.is_some();
            scene.session.run.ended.is_none() || !steers(binding.action) || onward
        })
        .filter(|(_, binding)| binding.action != Action::NewRun || renewable(scene.view))
        .map(|(keys, binding)| (binding, keys.first().map_or_else(String::new, ToString::to_string)))
        .collect();
    let width = |shown: &[(&Binding, String)]| -> usize {
        shown.iter().map(|(binding, key)| key.len() + 1 + binding.name.len() + between.len()).sum()
    };
    while width(&shown) > canvas.width().saturating_sub(1) {
        let Some(least) = shown.iter().map(|(binding, _)| binding.rank).min() else { break };
        let Some(last) = shown.iter().rposition(|(binding, _)| binding.rank == least) else { break };
        shown.remove(last);
    }
    let mut row = Row::text(" ");
    for (binding, key) in &shown {
        let live = applies(scene, binding.action);
        let role = match (live, binding.danger) {
            (false, _) => Role::Soft,
            (true, true) => Role::Fault,
            (true, false) => Role::Focus,
        };
        row.push(role, key.as_str());
        row.push(if live { Role::Text } else { Role::Soft }, format!(" {}{between}", binding.name));
    }
    canvas.row(0, &row);
}

/// Whether the key would do something now.
fn applies(scene: &Scene, action: Action) -> bool {
    if refused(scene.view, action).is_some() {
        return false;
    }
    let current = scene.session.steps.current();
    match action {
        Action::Fire => scene.awaiting_fire().is_some(),
        Action::Next => scene.awaiting_fire().is_none() && !current.is_some_and(|row| row.state.is_active()),
        Action::Cut => current.is_some_and(|row| row.state.is_active()),
        Action::Skip => current.is_some_and(|row| matches!(row.state, StepState::Awaited { .. })),
        Action::Undo => scene.session.fault.is_some(),
        Action::NewRun => scene.session.undo_due().is_none(),
        Action::Rerun => rerunnable(scene.session),
        _ => true,
    }
}
