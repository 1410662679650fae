//! Confirmation dialogs before actions that cannot be undone.

use super::{boxed, input};
use crate::{
    insight::{self, rollback_failure_text},
    session::event::{Section, StepCluster, StepRef},
    tui::{
        editor::Editor,
        keymap::Action,
        pane_buffer::{PaneBuffer, RoleLine},
        panes::Scene,
        text,
        theme::Role,
    },
};

/// Draws the confirmation for leaving, with the state of the fault.
pub(crate) fn quit(canvas: &mut PaneBuffer, scene: &Scene) {
    let due = scene.session.undo_due();
    let on = scene.session.fault.as_ref().is_some_and(|fault| fault.is_on());
    if scene.view.sequence.is_some() && due.is_none() && (scene.view.finished || !on) {
        let mut inside = boxed(canvas, scene, (72, 6), "LEAVE?", Role::Focus);
        let onward = scene.view.keymap.key_with_shift(Action::Next);
        inside.row(
            0,
            &RoleLine::text(if scene.view.finished {
                format!("This leaves the demo. {onward} goes on instead.")
            } else {
                "This leaves the demo; its run is ended first.".to_owned()
            }),
        );
        inside.row(2, &key("y", "leave").joined(key("ESC", "stay")));
        return;
    }
    let mut inside = boxed(canvas, scene, (72, if due.is_some() { 10 } else { 7 }), "LEAVE?", Role::Fault);
    let width = inside.width();
    let ended = scene.view.finished;
    let fault = scene.session.fault.as_ref().is_some_and(|fault| fault.is_on());
    let failed =
        scene.session.steps.failed_rollbacks().map(rollback_failure_text).collect::<Vec<_>>().join("; ");
    let failed = if failed.is_empty() && scene.session.recovering() {
        format!("It is not safe yet: {}", scene.session.safety_text())
    } else {
        failed
    };
    let doubt = insight::why_fault_unconfirmed(scene.session, scene.now).is_some();
    let on = match (ended, fault) {
        (_, true) if doubt => "The fault is not confirmed: it may be on.",
        (true, true) => "The run has ended, and the fault is still on.",
        (false, true) => "The fault is on.",
        (_, false) if scene.session.recovering() => "The system has not recovered yet.",
        (_, false) => "Changes that rollbacks should undo may still be in place.",
    };
    inside.row(0, &RoleLine::strong(Role::Fault, on));
    if !failed.is_empty() {
        let (y, rows) = if due.is_some() { (3, 1) } else { (1, 2) };
        for (line, text) in text::wrap(&failed, width, rows).into_iter().enumerate() {
            inside.row(y + line, &RoleLine::of(Role::Failing, text));
        }
    }
    if due.is_none() && (ended || !fault) {
        inside.row(4, &key("y", "leave it so").joined(key("ESC", "stay")));
        return;
    }
    let Some(kit) = due else {
        let undo = scene.session.target.as_ref().map_or("", |card| card.undo.as_str());
        let cost = match undo {
            "" => "Leaving runs the rollbacks first.".to_owned(),
            undo => format!("Leaving ends it first: {undo}"),
        };
        if failed.is_empty() {
            for (y, line) in text::wrap(&cost, width, 2).into_iter().enumerate() {
                inside.row(1 + y, &RoleLine::text(line));
            }
        }
        inside.row(4, &key("y", "roll back and leave").joined(key("ESC", "stay")));
        return;
    };
    let first = if ended { "" } else { "Leaving runs the rollbacks first. " };
    let lasting =
        format!("{first}This fault does not end by itself. The undo kit has {}.", kit.manifests.join(", "));
    let room = if failed.is_empty() { 3 } else { 2 };
    for (y, line) in text::wrap(&lasting, width, room).into_iter().enumerate() {
        inside.row(1 + y, &RoleLine::text(line));
    }
    inside.row(4, &key("u", "put it back and leave").and(kit.cost.as_str()));
    inside.row(5, &key("w", "leave without, the fault stays on"));
    inside.row(7, &key("ESC", "stay"));
}

/// `y roll back and leave    `
fn key(key: &str, what: &str) -> RoleLine {
    RoleLine::strong(Role::Focus, format!("{key:<3}")).and(format!(" {what}    "))
}

/// Draws the confirmation for restoring the objects that the fire removed.
pub(crate) fn undo(canvas: &mut PaneBuffer, scene: &Scene) {
    let mut inside = boxed(canvas, scene, (76, 9), "UNDO?", Role::Fault);
    let width = inside.width();
    let fires = scene.session.fault.iter().flat_map(|fault| &fault.fires);
    let kits: Vec<_> = fires.filter_map(|firing| scene.session.undo.kits.get(&firing.step)).collect();
    let saved: std::collections::BTreeSet<&str> =
        kits.iter().flat_map(|kit| kit.manifests.iter().map(String::as_str)).collect();
    let costs: Vec<&str> = kits.iter().filter(|kit| kit.needed).map(|kit| kit.cost.as_str()).collect();
    inside.row(0, &RoleLine::strong(Role::Fault, costs.join("; ")));
    let what = saved.into_iter().collect::<Vec<_>>().join(", ");
    let what = format!("Puts back what differs from what was saved before the fire: {what}.");
    for (y, line) in text::wrap(&what, width, 2).into_iter().enumerate() {
        inside.row(1 + y, &RoleLine::text(line));
    }
    let abort = scene.view.keymap.key(Action::Abort);
    if scene.session.run.ended.is_none() {
        inside.row(3, &RoleLine::text(format!("The run goes on; {abort} aborts it and undoes too.")));
    }
    inside.row(5, &key("y", "put it back now").joined(key("ESC", "leave it")));
}

/// Draws the confirmation for recovering earlier sessions.
pub(crate) fn recover(canvas: &mut PaneBuffer, scene: &Scene) {
    let mut inside = boxed(canvas, scene, (76, 12), "UNDO WHAT AN EARLIER SESSION LEFT ON?", Role::Fault);
    let (width, height) = (inside.width(), inside.height());
    let said = scene.session.meta.earlier.iter().flat_map(|earlier| text::wrap(&earlier.text, width, 3));
    let said: Vec<_> = said.take(height.saturating_sub(6)).collect();
    let after = said.len() + 1;
    for (y, line) in said.into_iter().enumerate() {
        inside.row(y, &RoleLine::strong(Role::Fault, line));
    }
    let what = "Plays its rollbacks that were not played, puts its undo kit back, and asks its hypothesis.";
    for (y, line) in text::wrap(what, width, 2).into_iter().enumerate() {
        inside.row(after + y, &RoleLine::text(line));
    }
    inside.row(after + 3, &key("y", "undo it now").joined(key("ESC", "leave it")));
}

/// Draws the confirmation for skipping a step.
pub(crate) fn skip(canvas: &mut PaneBuffer, scene: &Scene, step: StepRef) {
    let mut inside = boxed(canvas, scene, (72, 8), "SKIP?", Role::Waiting);
    let width = inside.width();
    let row = scene.session.steps.row(step);
    let name = row.map_or("this step", |row| row.step.name.as_str());
    let failed = row.is_some_and(|step_row| step_row.failed());
    inside.row(0, &RoleLine::strong(Role::Strong, text::fit(name, width).into_owned()));
    let offered = !scene.session.run.rolling_back;
    let what = match step.section {
        Section::Before if failed => {
            "You accept that the hypothesis is not met: the run ends, nothing is fired."
        }
        Section::Rollbacks if offered => "No rollback is run: what they undo stays as it is.",
        Section::Before | Section::After | Section::During => {
            "The probe is not run, so the hypothesis does not count as met. The journal says that you skipped it."
        }
        Section::Rollbacks => "What it undoes stays as it is. The journal says that you skipped it.",
        Section::Method => "It is not run. The journal says that you skipped it.",
    };
    for (y, line) in text::wrap(what, width, 2).into_iter().enumerate() {
        inside.row(1 + y, &RoleLine::text(line));
    }
    // If skipping it ends the section, the step cannot be repeated.
    let ends = failed && step.section == Section::Before || step.section == Section::Rollbacks && offered;
    if !ends {
        let again = scene.view.keymap.key(Action::Rerun);
        let back = format!("{again} goes back to it as long as the next step of this part waits.");
        inside.row(3, &RoleLine::text(back));
    }
    inside.row(5, &key("s", "skip it").joined(key("ESC", "keep it")));
}

/// The cluster in which the step would act, and why a name must be typed.
fn cluster_line(scene: &Scene, place: Option<&StepCluster>) -> RoleLine {
    let of_session = scene.session.meta.context.as_deref();
    let (context, sure) = match place {
        Some(place) => (place.context.as_deref(), place.sure),
        None => (of_session, true),
    };
    match (context, sure) {
        (Some(context), true) => RoleLine::text("context ")
            .fill(Role::Failing, format!(" {context} "))
            .and(" is not on the allow-list."),
        (Some(context), false) => RoleLine::text("given context ")
            .fill(Role::Failing, format!(" {context} "))
            .and("; what else it picks cannot be seen."),
        (None, _) => RoleLine::text("what it hits is ").with(Role::Failing, "in no known cluster").and("."),
    }
}

/// Draws the input of the target's name, required for a fire outside the allow-list.
pub(crate) fn fire(
    canvas: &mut PaneBuffer,
    scene: &Scene,
    place: Option<&StepCluster>,
    word: &str,
    typed: &Editor,
) {
    const WIDTH: usize = 76;
    const AROUND: [&str; 2] = ["Type ", " and press ENTER to fire:"];
    // The columns inside the frame and its padding.
    let room = WIDTH.min(canvas.width()).saturating_sub(4);
    let one_row = text::width(word) + AROUND.map(text::width).iter().sum::<usize>() <= room;
    // A long name has rows of its own: the text to type is shown in full.
    let rows = if one_row { Vec::new() } else { text::wrapped(word, room) };
    let mut inside = boxed(canvas, scene, (WIDTH, 8 + rows.len()), "FIRE?", Role::Fault);
    inside.row(0, &cluster_line(scene, place));
    if let Some(card) = scene.card() {
        inside.row(1, &RoleLine::strong(Role::Fault, card.headline.as_str()));
    }
    let [before, after] = AROUND;
    if one_row {
        inside.row(2, &RoleLine::text(before).bold(Role::Strong, word).and(after));
    } else {
        inside.row(2, &RoleLine::text("Type this name and press ENTER to fire:"));
    }
    for (y, line) in (3..).zip(&rows) {
        inside.row(y, &RoleLine::strong(Role::Strong, line.as_str()));
    }
    let y = 3 + rows.len();
    inside.row(y, &RoleLine::text("> ").joined(input(typed, room.saturating_sub(3))));
    if let Some(hint) = &scene.view.hint {
        inside.row(y + 2, &RoleLine::of(Role::Failing, hint.as_str()));
    }
}
