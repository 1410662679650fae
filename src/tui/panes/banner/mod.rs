//! The banner with the verdict: a filled area with the word in large letters, the reason in words, and the score in
//! large digits. It is enough for a reader who needs only the result.

mod banner_text;
mod compared;
mod presenter;
#[cfg(test)]
mod tests;

use super::Scene;
use crate::{
    insight::Phase,
    tui::{
        figures,
        layout::Size,
        letters::LetterSize,
        pane_buffer::{PaneBuffer, RoleLine},
        text,
        theme::Role,
    },
};
use banner_text::{BadSeconds, BannerText, hold_words, text_for};
pub(crate) use banner_text::{role as word_role, standing_role};

/// Columns between the edge of a fill and its text.
const MARGIN: usize = 2;
/// Columns between the word, the sentence and the score.
const BETWEEN: usize = 3;
/// Columns of the score's label, with the free one at the edge.
const SCORE: usize = 15;
/// Columns for the sentence below which the word is not drawn in large letters.
const READABLE: usize = 24;

/// Draws the banner for a screen size.
pub(crate) fn banner(canvas: &mut PaneBuffer, scene: &Scene, size: Size) {
    canvas.clear();
    if let Some(earlier) = scene.earlier.filter(|_| scene.phase == Phase::Finished) {
        return compared::draw(canvas, scene, earlier, size);
    }
    let told = text_for(scene);
    match size {
        Size::Compact => row(canvas, scene, &told),
        _ if scene.view.presenter => presenter::draw(canvas, &told, size),
        _ if canvas.theme.ascii => plain(canvas, &told),
        _ => filled(canvas, &told),
    }
}

/// Draws half a row above the fill; returns the filled rest.
fn fill<'c>(canvas: &'c mut PaneBuffer<'_>, role: Role) -> PaneBuffer<'c> {
    let (width, height) = (canvas.width(), canvas.height());
    canvas.letters(0, 0, &"▄".repeat(width), role);
    let mut body = canvas.part(0, 1, width, height.saturating_sub(1));
    body.flood(role);
    body
}

fn filled(canvas: &mut PaneBuffer, told: &BannerText) {
    let mut body = fill(canvas, told.role);
    let width = body.width();
    let ends = match told.score {
        Some(found) => score(&mut body, found, told.role),
        None if told.hold.is_some() => width.saturating_sub(SCORE + BETWEEN),
        None => width - MARGIN,
    };
    if let Some(left) = told.hold {
        // In the place of the bar, which shows the score a second time.
        let row = RoleLine::strong(Role::Ink, format!("{:<1$}", hold_words(left), SCORE - 1));
        body.at(width.saturating_sub(SCORE), 2, &row);
    }
    let (word, rows) = (LetterSize::Small.columns(told.word), body.height());
    let from = MARGIN + word + BETWEEN;
    let room = ends.saturating_sub(from);
    let ink = body.theme.fill(told.role);
    if let Some(lines) = fitting(told, room, rows).filter(|_| room >= READABLE) {
        LetterSize::Small.draw(&mut body, MARGIN, 0, told.word, ink);
        return lines_at(&mut body, from, 0, &lines);
    }
    // The word is drawn small so that the sentence fits.
    let room = ends.saturating_sub(MARGIN);
    body.at(MARGIN, 0, &RoleLine::strong(Role::Ink, told.word));
    match fitting(told, room, rows.saturating_sub(1)) {
        Some(lines) => lines_at(&mut body, MARGIN, 1, &lines),
        None => body.part(MARGIN, 1, room, 1).row(0, &RoleLine::strong(Role::Ink, told.short.as_str())),
    }
}

fn lines_at(canvas: &mut PaneBuffer, x: usize, from: usize, lines: &[RoleLine]) {
    for (y, line) in (from..).zip(lines) {
        canvas.at(x, y, line);
    }
}

/// Draws the score at the right end; returns the column in which the text left of it must end.
fn score(body: &mut PaneBuffer, score: BadSeconds, role: Role) -> usize {
    let ink = body.theme.fill(role);
    let digits = score.bad.to_string();
    let words = body.width().saturating_sub(SCORE);
    let from = words.saturating_sub(LetterSize::Small.columns(&digits) + MARGIN);
    LetterSize::Small.draw(body, from, 0, &digits, ink);
    body.at(words, 0, &RoleLine::strong(Role::Ink, "bad seconds"));
    body.at(words, 1, &RoleLine::of(Role::Ink, score.limit()));
    body.at(words, 2, &RoleLine::of(Role::Ink, bar(score.share(), SCORE - 1)));
    from.saturating_sub(BETWEEN)
}

/// A bar filled to the nearest cell.
fn bar(share: f64, cells: usize) -> String {
    figures::bar(share + 0.5 / cells as f64, cells)
}

/// The longest form of the text that fits: the sentence with its price, a shorter sentence, or the sentence without the
/// price.
fn fitting(told: &BannerText, columns: usize, rows: usize) -> Option<Vec<RoleLine>> {
    forms(told)
        .into_iter()
        .map(|(sentence, price)| lines(sentence, price, columns))
        .find(|lines| lines.len() <= rows)
}

/// The forms of the text, each as sentence and price, from the longest to the shortest.
fn forms(told: &BannerText) -> [(&str, Option<&str>); 6] {
    let (price, none) = (told.price.as_deref(), None);
    let [long, medium, short] = [&told.sentence, &told.medium, &told.short].map(String::as_str);
    [(long, price), (medium, price), (short, price), (long, none), (medium, none), (short, none)]
}

fn lines(said: &str, price: Option<&str>, columns: usize) -> Vec<RoleLine> {
    let said = text::wrapped(said, columns).into_iter().map(|line| RoleLine::strong(Role::Ink, line));
    let price = price.map(|price| text::wrapped(price, columns)).unwrap_or_default();
    said.chain(price.into_iter().map(|line| RoleLine::of(Role::Ink, line))).collect()
}

/// The banner of an ASCII theme: the word in an inverse row between two rules.
fn plain(canvas: &mut PaneBuffer, told: &BannerText) {
    let (width, rows) = (canvas.width(), canvas.height());
    let rule = RoleLine::of(told.role, "=".repeat(width));
    canvas.row(0, &rule);
    let mut filled = canvas.part(0, 1, width, 1);
    filled.flood(told.role);
    filled.at(MARGIN, 0, &RoleLine::strong(Role::Ink, told.word));
    filled.part(0, 0, width - MARGIN, 1).right(0, &RoleLine::strong(Role::Ink, told.figures()));
    canvas.row(rows.saturating_sub(1), &rule);
    let room = width.saturating_sub(2 * MARGIN);
    let sentence = forms(told).into_iter().map(|(sentence, price)| sentences(sentence, price));
    let sentence = sentence.into_iter().find(|sentence| text::width(sentence) <= room);
    canvas.at(MARGIN, 2, &RoleLine::strong(Role::Strong, sentence.unwrap_or_default()));
}

/// Sentence and price in one line.
fn sentences(said: &str, price: Option<&str>) -> String {
    let Some(price) = price else { return said.to_owned() };
    let stop = if said.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{said}{stop} {price}")
}

/// The whole banner in one filled row. On a screen without a header, a context outside the allow-list precedes it.
fn row(canvas: &mut PaneBuffer, scene: &Scene, told: &BannerText) {
    let width = canvas.width();
    let mut from = 0;
    if let Some(context) = super::header::unlisted_context(scene).filter(|_| width < 80) {
        let context = text::fit_ends(context, width / 3);
        canvas.row(0, &RoleLine::new().fill(Role::Failing, format!(" {context} ")));
        from = text::width(&context) + 3;
    }
    let mut body = canvas.part(from, 0, width.saturating_sub(from), 1);
    body.flood(told.role);
    let end = told.figures();
    let room = body.width().saturating_sub(1 + told.word.len() + 2 + end.len() + 2);
    let said = forms(told).into_iter().map(|(said, price)| sentences(said, price));
    let said = said.into_iter().find(|said| text::width(said) <= room);
    let said = said.unwrap_or_else(|| text::fit(&told.short, room).into_owned());
    body.at(1, 0, &RoleLine::strong(Role::Ink, told.word).with(Role::Ink, format!("  {said}")));
    if !end.is_empty() {
        body.right(0, &RoleLine::strong(Role::Ink, end).with(Role::Ink, " "));
    }
}
