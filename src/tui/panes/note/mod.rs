//! The note line: the latest hint, the result of the operator's last action, or the most urgent warning.

mod calm;
mod fault;
#[cfg(test)]
mod tests;

use super::{Scene, tagged_row};
use crate::{
    insight::{self, Urgency, Warning},
    session::{event::Level, state::LogLine},
    tui::{
        figures,
        pane_buffer::{PaneBuffer, RoleLine},
        theme::Role,
        view::{Overlay, QuitStage},
    },
};

/// Seconds for which a caption is shown before warnings may replace it.
const CAPTION_S: f64 = 30.0;

/// The text of the line: a sentence, and a short form for small screens.
struct NoteText {
    tag: &'static str,
    /// The tag where there is little room.
    brief_tag: &'static str,
    role: Role,
    long: RoleLine,
    short: RoleLine,
}

impl NoteText {
    /// A text with a single form, such as one from outside.
    fn new(tag: &'static str, role: Role, text: impl AsRef<str>) -> Self {
        let row = tagged_row::figured(text.as_ref());
        Self { tag, brief_tag: tag, role, long: row.clone(), short: row }
    }

    fn briefly(self, text: impl AsRef<str>) -> Self {
        Self { short: tagged_row::figured(text.as_ref()), ..self }
    }

    fn warning(warning: &Warning) -> Self {
        let role = match warning.urgency {
            Urgency::Warn | Urgency::Guard => Role::Failing,
            Urgency::Watch => Role::Waiting,
            Urgency::Note => Role::Focus,
        };
        Self::new(warning.urgency.text(), role, &warning.text).briefly(&warning.short)
    }
}

/// Draws the line.
pub(crate) fn note(canvas: &mut PaneBuffer, scene: &Scene) {
    let text = priority_note(scene).unwrap_or_else(|| current_note(scene));
    draw(canvas, &text);
}

/// Draws a note that cannot wait for the end of a caption. Returns whether there was one.
pub(in crate::tui) fn pressing_note(canvas: &mut PaneBuffer, scene: &Scene) -> bool {
    let text = priority_note(scene);
    if let Some(text) = &text {
        draw(canvas, text);
    }
    text.is_some()
}

fn draw(canvas: &mut PaneBuffer, said: &NoteText) {
    let width = canvas.width();
    let tag = if tagged_row::is_roomy(width) { said.tag } else { said.brief_tag };
    let fits = tagged_row::is_roomy(width) && said.long.width() <= tagged_row::room(width, tag);
    tagged_row::draw(canvas, tag, said.role, if fits { &said.long } else { &said.short });
}

/// The note that has priority over all others: a hint, the filter input, or the result of the operator's last action.
fn priority_note(scene: &Scene) -> Option<NoteText> {
    let view = scene.view;
    if let Some(hint) = &view.hint {
        return Some(NoteText::new("KEY", Role::Focus, hint));
    }
    if let Some(Overlay::Filter(editor)) = &view.overlay {
        let (before, after) = editor.halves();
        return Some(NoteText::new("FIND", Role::Focus, format!("{before}_{after}")));
    }
    if view.quit_stage > QuitStage::No && !view.finished {
        return Some(fault::leaving(scene));
    }
    // The run's own critical lines are about the experiment; only those of this program report a bug.
    let ours = |line: &&LogLine| line.level == Level::Critical && line.target == "chaos-tui";
    if let Some(bug) = scene.session.log.lines.iter().rev().find(ours) {
        return Some(NoteText::new("BUG", Role::Failing, &bug.text));
    }
    fault::fault_result(scene)
}

fn current_note(scene: &Scene) -> NoteText {
    let warnings = insight::warnings(scene.session, scene.now);
    let urgent = warnings.first().filter(|warning| warning.urgency == Urgency::Warn);
    let caption = scene.session.annotations.captions.back();
    let caption = caption.filter(|entry| figures::between(entry.at, scene.now) < CAPTION_S);
    match (urgent, caption, warnings.first()) {
        (None, Some(entry), _) => NoteText::new("TIP", Role::Focus, &entry.text),
        (Some(warning), ..) | (None, None, Some(warning)) => calm::beside_earlier(scene, warning),
        (None, None, None) => calm::calm(scene),
    }
}
