//! The banner of two runs side by side: bad seconds, verdict and sentence of each.

use super::{
    MARGIN,
    banner_text::{BadSeconds, BannerText, text_for, text_for_run},
    fill,
};
use crate::{
    insight,
    session::Session,
    tui::{
        layout::Size,
        letters::LetterSize,
        pane_buffer::{PaneBuffer, RoleLine},
        panes::Scene,
        text,
        theme::Role,
    },
};

/// Columns of `bad seconds`, with the free ones to the right.
const LABEL: usize = 10;

pub(super) fn draw(canvas: &mut PaneBuffer, scene: &Scene, earlier: &Session, size: Size) {
    let (before_name, after_name) = scene.view.run_names();
    let (width, height) = (canvas.width(), canvas.height());
    let middle = width / 2;
    let (before, after) = (before(scene, earlier), text_for(scene));
    let mut left = canvas.part(0, 0, middle.saturating_sub(1), height);
    half(&mut left, before_name, &before, size);
    let mut right = canvas.part(middle, 0, width - middle, height);
    half(&mut right, after_name, &after, size);
}

/// The banner text of the earlier run.
fn before(scene: &Scene, earlier: &Session) -> BannerText {
    let until = earlier.last.unwrap_or(scene.now);
    let bad = insight::verdict(earlier, until).bad;
    let score = bad.map(|(bad, allowed)| BadSeconds { bad, allowed, aborts: false });
    text_for_run(insight::conclusion(earlier, until), score)
}

fn half(canvas: &mut PaneBuffer, name: &str, content: &BannerText, size: Size) {
    let name = name.to_uppercase();
    if size == Size::Compact {
        return row(canvas, &name, content);
    }
    if canvas.theme.ascii {
        return plain(canvas, &name, content);
    }
    let mut body = fill(canvas, content.role);
    let ink = body.theme.fill(content.role);
    let dots =
        if body.height() >= LetterSize::Middle.rows() + 2 { LetterSize::Middle } else { LetterSize::Small };
    let y = body.height().saturating_sub(dots.rows() + 1) / 2;
    let mut from = MARGIN;
    if let Some(score) = content.score {
        let digits = score.bad.to_string();
        dots.draw(&mut body, from, y, &digits, ink);
        from += dots.columns(&digits) + MARGIN;
        body.at(from, y, &RoleLine::of(Role::Ink, "bad"));
        body.at(from, y + 1, &RoleLine::of(Role::Ink, "seconds"));
        from += LABEL;
    }
    let heading = RoleLine::of(Role::Ink, format!("{name}  ")).bold(Role::Ink, content.word);
    body.at(from, y, &heading);
    let room = body.width().saturating_sub(from + MARGIN);
    for (y, line) in (y + 1..).zip(fitting_sentence(content, room, dots.rows() - 1)) {
        body.at(from, y, &RoleLine::of(Role::Ink, line));
    }
}

/// The longest form of the sentence that fits; the price is in the table below.
fn fitting_sentence(content: &BannerText, columns: usize, rows: usize) -> Vec<String> {
    let forms = [&content.medium, &content.sentence, &content.short].map(|said| text::wrapped(said, columns));
    forms.into_iter().find(|lines| lines.len() <= rows).unwrap_or_default()
}

fn plain(canvas: &mut PaneBuffer, name: &str, content: &BannerText) {
    let (width, height) = (canvas.width(), canvas.height());
    let rule = RoleLine::of(content.role, "=".repeat(width));
    canvas.row(0, &rule);
    canvas.row(height.saturating_sub(1), &rule);
    row(&mut canvas.part(0, 1, width, 1), name, content);
    let room = width.saturating_sub(2 * MARGIN);
    for (y, line) in (2..).zip(fitting_sentence(content, room, height.saturating_sub(3))) {
        canvas.at(MARGIN, y, &RoleLine::strong(Role::Strong, line));
    }
}

/// Verdict and bad seconds in one row.
fn row(canvas: &mut PaneBuffer, name: &str, content: &BannerText) {
    canvas.flood(content.role);
    let left = RoleLine::of(Role::Ink, format!(" {name} ")).bold(Role::Ink, content.word);
    let bad = content.score.map(|score| score.bad.to_string());
    let room = canvas.width().saturating_sub(left.width() + 2);
    let texts = bad.map(|bad| [format!("{bad} bad seconds"), format!("BAD {bad} s"), bad]);
    canvas.row(0, &left);
    if let Some(text) = texts.into_iter().flatten().find(|text| text.len() <= room) {
        canvas.right(0, &RoleLine::strong(Role::Ink, text).with(Role::Ink, " "));
    }
}
