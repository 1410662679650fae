//! The banner of the presenter's view: the same in letters that can be read from a distance.

use super::{
    BETWEEN, MARGIN,
    banner_text::{BadSeconds, BannerText},
    bar, fitting, forms, lines_at, sentences,
};
use crate::tui::{
    layout::Size,
    letters::LetterSize,
    pane_buffer::{PaneBuffer, RoleLine},
    text,
    theme::Role,
};

/// The least columns between the word and the score.
const APART: usize = 6;
/// Rows of the text below the letters.
const WORDS: usize = 2;

pub(super) fn draw(canvas: &mut PaneBuffer, told: &BannerText, size: Size) {
    let largest = if size == Size::Wide { LetterSize::Large } else { LetterSize::Middle };
    if canvas.theme.ascii { plain(canvas, told) } else { letters(canvas, told, largest) }
}

fn letters(canvas: &mut PaneBuffer, told: &BannerText, largest: LetterSize) {
    let mut body = super::fill(canvas, told.role);
    let high = body.height().saturating_sub(WORDS + 1);
    let ink = body.theme.fill(told.role);
    let digits = told.score.map(|score| score.bad.to_string()).unwrap_or_default();
    if let Some(dots) = fitted(largest, told.word, &digits, body.width()) {
        let y = high.saturating_sub(dots.rows()) / 2;
        dots.draw(&mut body, MARGIN, y, told.word, ink);
        let from = body.width().saturating_sub(dots.columns(&digits) + MARGIN);
        dots.draw(&mut body, from, y, &digits, ink);
    } else {
        let middle = high / 2;
        body.at(MARGIN, middle, &RoleLine::strong(Role::Ink, told.word));
        body.part(0, 0, body.width() - MARGIN, high).right(middle, &RoleLine::strong(Role::Ink, digits));
    }
    words(&mut body, told, high + 1);
}

/// The largest letters in which word and score fit side by side.
fn fitted(largest: LetterSize, word: &str, digits: &str, width: usize) -> Option<LetterSize> {
    let fits = |dots: &LetterSize| {
        let apart = if digits.is_empty() { 0 } else { APART };
        2 * MARGIN + dots.columns(word) + apart + dots.columns(digits) <= width
    };
    std::iter::successors(Some(largest), |dots| dots.smaller()).find(fits)
}

/// Draws sentence and price, and the label of the digits.
fn words(body: &mut PaneBuffer, told: &BannerText, y: usize) {
    let width = body.width();
    let counted = told.score.map(|score| {
        if score.aborts {
            format!("bad seconds, abort at {}", score.allowed)
        } else {
            format!("bad seconds of {}", score.allowed)
        }
    });
    let mut room = width.saturating_sub(2 * MARGIN);
    if let Some(counted) = &counted {
        let row = RoleLine::strong(Role::Ink, counted.as_str());
        room = room.saturating_sub(row.width() + BETWEEN);
        body.part(0, 0, width - MARGIN, y + 1).right(y, &row);
    }
    lines_at(body, MARGIN, y, &fitting(told, room, WORDS).unwrap_or_default());
}

/// The banner of an ASCII theme: letters of `#` instead of blocks on a fill.
fn plain(canvas: &mut PaneBuffer, told: &BannerText) {
    let (width, style) = (canvas.width(), canvas.theme.bold(told.role));
    canvas.row(0, &RoleLine::of(told.role, "=".repeat(width)));
    let digits = told.score.map(|score| score.bad.to_string()).unwrap_or_default();
    let room = canvas.height().saturating_sub(WORDS + 2);
    if let Some(dots) =
        fitted(LetterSize::Middle, told.word, &digits, width).filter(|dots| *dots == LetterSize::Middle)
    {
        let y = 1 + room.saturating_sub(dots.rows()) / 2;
        dots.draw(canvas, MARGIN, y, told.word, style);
        dots.draw(canvas, width - MARGIN - dots.columns(&digits), y, &digits, style);
    } else {
        let mut row = canvas.part(0, 1 + room / 2, width, 1);
        row.flood(told.role);
        row.at(MARGIN, 0, &RoleLine::strong(Role::Ink, told.word));
        row.part(0, 0, width - MARGIN, 1).right(0, &RoleLine::strong(Role::Ink, digits));
    }
    let y = canvas.height() - WORDS;
    let counted = told.score.map(BadSeconds::brief).unwrap_or_default();
    let share = told.score.map(|score| bar(score.share(), counted.len()));
    let room = width.saturating_sub(2 * MARGIN + counted.len() + BETWEEN);
    let whole = forms(told).into_iter().map(|(sentence, price)| sentences(sentence, price));
    let lines = whole.map(|words| text::wrapped(&words, room)).find(|lines| lines.len() <= WORDS);
    for (y, line) in (y..).zip(lines.unwrap_or_default()) {
        canvas.at(MARGIN, y, &RoleLine::strong(Role::Strong, line));
    }
    let mut end = canvas.part(0, y, width - MARGIN, WORDS);
    end.right(0, &RoleLine::strong(told.role, counted));
    end.right(1, &RoleLine::of(told.role, share.unwrap_or_default()));
}
