//! The story of the session: one sentence per change, the newest last.

use super::{Scene, framed, narrowed};
use crate::{
    insight::{self, StoryLine, StoryMark, Tone},
    session::event::Timestamp,
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

/// Columns of the time and the symbol before a sentence.
const INDENT: usize = 10;

/// Draws the pane; scrolling moves up from the newest line.
pub(crate) fn story(canvas: &mut PaneBuffer, scene: &Scene) {
    if canvas.width() < INDENT + 10 {
        return;
    }
    let key = scene.view.keymap.key(Action::SessionLog);
    let word = RoleLine::of(Role::Soft, format!("newest last, {key} opens the log"));
    let place = (Pane::Log, Pane::Log.number());
    let mut body = narrowed(framed(canvas, scene, place, "STORY", RoleLine::new(), word));
    let width = body.width();
    let story_lines = insight::story(scene.session, scene.until);
    let rows: Vec<RoleLine> = story_lines.iter().flat_map(|line| sentence(scene, line, width)).collect();
    let most = rows.len().saturating_sub(body.height());
    let from = most.saturating_sub(scene.view.scroll_of(Pane::Log));
    super::scrolled(&mut body, &rows, from);
}

/// A sentence, wrapped, with its continuation lines indented.
fn sentence(scene: &Scene, line: &StoryLine, width: usize) -> Vec<RoleLine> {
    let tone = role(line.tone);
    let text_role = match line.tone {
        Tone::Fault | Tone::Failing if line.emphasized => tone,
        _ => Role::Text,
    };
    let lines = text::wrapped(&line.text, width.saturating_sub(INDENT)).into_iter().enumerate();
    let rows = lines.map(|(i, words)| {
        let head = match i {
            0 => RoleLine::text(moment(scene, line.at)).bold(tone, sign(line.mark)).and(" "),
            _ => RoleLine::text(" ".repeat(INDENT)),
        };
        if line.emphasized { head.bold(text_role, words) } else { head.with(text_role, words) }
    });
    rows.collect()
}

/// `T +12.0 `; without a T0 the seconds since the session began, in a field of the same width.
fn moment(scene: &Scene, at: Timestamp) -> String {
    match scene.since_t0(at) {
        Some(since) if since.abs() < 999.95 => format!("T {:>5} ", format!("{since:+.1}")),
        Some(since) => format!("T {:>5} ", format!("{since:+.0}")),
        None => {
            let opened = scene.session.meta.opened.unwrap_or(at);
            let since = crate::tui::figures::between(opened, at);
            format!("{:>7} ", format!("{since:.0} s"))
        }
    }
}

fn sign(sign: StoryMark) -> &'static str {
    match sign {
        StoryMark::Runs => "▸",
        StoryMark::Done => "✓",
        StoryMark::Failed => "✗",
        StoryMark::Cut => "-",
        StoryMark::Fired => "▼",
        StoryMark::State => "●",
        StoryMark::Miss => "■",
        StoryMark::Noted => "n",
    }
}

/// The colour of a tone.
pub(super) fn role(tone: Tone) -> Role {
    match tone {
        Tone::Plain => Role::Text,
        Tone::Ok => Role::Ok,
        Tone::Protected => Role::Protected,
        Tone::Waiting => Role::Waiting,
        Tone::Failing => Role::Failing,
        Tone::Fault => Role::Fault,
        Tone::Unknown => Role::Unknown,
    }
}
