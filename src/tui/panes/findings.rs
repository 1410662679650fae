//! The findings of a session, each with its advice; then what a session of this kind cannot show.

use super::{Scene, comparison_bars, frame};
use crate::{
    insight::{self, Finding, Severity},
    tui::{
        keymap::Action,
        pane::Pane,
        pane_buffer::{PaneBuffer, RoleLine},
        text,
        theme::Role,
    },
};

#[cfg(test)]
mod tests;

/// Columns before a finding's text.
const INDENT: usize = 4;
/// Columns before the sentences on what was not seen.
const HEAD: usize = 10;
/// Columns from which two columns are left free behind a text instead of one.
const ROOMY: usize = 60;

/// Draws the pane; with `whole`, also the figures, where they have no pane of their own.
pub(crate) fn findings(canvas: &mut PaneBuffer, scene: &Scene, whole: bool) {
    let found = insight::findings(scene.session, scene.now);
    let key = scene.view.keymap.key(Action::Why);
    let word = RoleLine::of(Role::Soft, format!("{}, {key} opens the evidence", found.len()));
    let lines = {
        let mut body = frame(canvas, scene, Pane::Experiment, "FINDINGS", word);
        let width = body.width();
        let unseen = insight::not_seen(scene.session, scene.now);
        let texts: Vec<FindingText> = found.iter().map(FindingText::of).collect();
        let mut lines = lines(&texts, &unseen, width);
        if whole {
            lines.push(RoleLine::new());
            lines.push(RoleLine::strong(Role::Strong, "WHAT IT CAME TO").with(Role::Soft, "  since T0"));
            lines.extend(comparison_bars::rows(scene, width));
        }
        super::scrolled(&mut body, &lines, scene.view.scroll_of(Pane::Experiment));
        lines.len().saturating_sub(body.height())
    };
    super::more_below(
        canvas,
        scene,
        Pane::Experiment,
        lines.saturating_sub(scene.view.scroll_of(Pane::Experiment)),
    );
}

/// The parts of a finding that are shown.
pub(super) struct FindingText<'a> {
    pub(super) weight: Severity,
    pub(super) text: &'a str,
    pub(super) advice: &'a str,
}

impl<'a> FindingText<'a> {
    pub(super) fn of(finding: &'a Finding) -> Self {
        Self { weight: finding.severity, text: &finding.text, advice: &finding.advice }
    }
}

/// All findings with their numbers, then what was not seen.
pub(super) fn lines(found: &[FindingText], unseen: &[String], width: usize) -> Vec<RoleLine> {
    let mut lines = Vec::new();
    let margin = if width >= ROOMY { 2 } else { 1 };
    let room = width.saturating_sub(INDENT + margin);
    for (number, finding) in (1..).zip(found) {
        for (i, line) in text::wrapped(finding.text, room).into_iter().enumerate() {
            let head = match i {
                0 => RoleLine::new().fill(role(finding.weight), format!(" {number} ")).and(" "),
                _ => RoleLine::text(" ".repeat(INDENT)),
            };
            lines.push(head.bold(Role::Strong, line));
        }
        let advice = text::wrapped(finding.advice, room).into_iter();
        lines.extend(advice.map(|line| RoleLine::text(" ".repeat(INDENT)).and(line)));
    }
    lines.extend(headed("NOT SEEN", unseen, width));
    lines
}

/// Sentences with a label before the first one, and a blank row above them.
pub(super) fn headed(head: &str, sentences: &[String], width: usize) -> Vec<RoleLine> {
    let mut lines = Vec::new();
    for (i, sentence) in sentences.iter().enumerate() {
        for (j, line) in text::wrapped(sentence, width.saturating_sub(HEAD)).into_iter().enumerate() {
            let head = if (i, j) == (0, 0) { head } else { "" };
            lines.push(RoleLine::strong(Role::Strong, head).pad_to(HEAD).and(line));
        }
    }
    if !lines.is_empty() {
        lines.insert(0, RoleLine::new());
    }
    lines
}

/// The colour of a finding's number.
pub(super) fn role(weight: Severity) -> Role {
    match weight {
        Severity::Serious => Role::Failing,
        Severity::Caution => Role::Waiting,
        Severity::Good => Role::Ok,
        Severity::Neutral => Role::Unknown,
    }
}
