//! The line that says what to watch for: the latest hint, the caption, the most urgent warning.

use super::Scene;
use crate::{
    session::{
        event::Level,
        state::{LogLine, Phase},
        warnings::Urgency,
    },
    tui::{
        canvas::{Canvas, Row},
        figures,
        theme::Role,
        view::{Leaving, Overlay},
    },
};

/// Seconds that a caption stands before warnings may take its place.
const CAPTION_S: f64 = 30.0;

/// Draws the line.
pub fn notice(canvas: &mut Canvas, scene: &Scene) {
    let (word, role, text) = said(scene);
    let column = if canvas.width() >= 100 { 9 } else { 8 };
    let row = Row::text(" ").with(role, word).to(column + 1).and(text);
    canvas.row(0, &row);
}

/// The same without its word, for the smallest screens.
pub(super) fn said(scene: &Scene) -> (&'static str, Role, String) {
    let view = scene.view;
    if let Some(hint) = &view.hint {
        return ("KEY", Role::Focus, hint.clone());
    }
    if let Some(Overlay::Filter(editor)) = &view.overlay {
        let (before, after) = editor.halves();
        return ("FIND", Role::Focus, format!("{before}_{after}"));
    }
    if view.leaving > Leaving::No && !view.finished {
        return ("LEAVING", Role::Waiting, leaving(scene));
    }
    // The run's own critical lines are about the experiment; only ours tell of a bug.
    let ours = |line: &&LogLine| line.level == Level::Critical && line.target == "chaos-tui";
    if let Some(bug) = scene.session.log.lines.iter().rev().find(ours) {
        return ("BUG", Role::Failing, bug.text.clone());
    }
    if let Some(message) = &scene.session.run.aborted {
        return ("ABORTED", Role::Failing, message.clone());
    }
    let warnings = scene.session.warnings(scene.now);
    let urgent = warnings.first().filter(|warning| warning.urgency == Urgency::Warn);
    let caption = scene.session.diary.captions.back();
    let caption = caption.filter(|entry| view.presenter || figures::between(entry.at, scene.now) < CAPTION_S);
    match (urgent, caption, warnings.first()) {
        (None, Some(entry), _) => ("LOOK", Role::Focus, entry.text.clone()),
        (Some(warning), ..) | (None, None, Some(warning)) => {
            let role = match warning.urgency {
                Urgency::Warn => Role::Failing,
                Urgency::Watch | Urgency::Notice => Role::Waiting,
                Urgency::Tip => Role::Ok,
            };
            (warning.urgency.text(), role, warning.text.clone())
        }
        (None, None, None) => calm(scene),
    }
}

/// What runs while the session ends.
fn leaving(scene: &Scene) -> String {
    let doing = match scene.session.steps.current().filter(|row| row.state.is_active()) {
        Some(row) => format!("`{}` still runs", row.step.name),
        None if scene.session.run.rolling_back => "rolling back".to_owned(),
        None => "ending".to_owned(),
    };
    let again = if scene.view.leaving == Leaving::Asked {
        "again to cut what runs"
    } else {
        "once more to leave without waiting: rollbacks may then be unfinished"
    };
    format!("{doing}; CTRL+C {again}")
}

/// With nothing to warn of: what a fire would be followed by, where results are.
fn calm(scene: &Scene) -> (&'static str, Role, String) {
    match scene.phase {
        Phase::Finished => match &scene.session.run.journal {
            Some(path) => ("SAVED", Role::Ok, path.clone()),
            None => ("", Role::Text, String::new()),
        },
        Phase::Ready => (
            "READY",
            Role::Focus,
            "nothing was asked of your service yet; SPACE never fires anything".to_owned(),
        ),
        _ => match scene.card() {
            Some(card) => ("UNDO", Role::Muted, card.undo.clone()),
            None => ("", Role::Text, String::new()),
        },
    }
}
