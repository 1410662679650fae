//! The banner of the presenter's view: the same in letters that can be read from a distance.

use super::{
    BETWEEN, MARGIN,
    banner_text::{BannerText, hold_words},
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

pub(super) fn draw(canvas: &mut PaneBuffer, content: &BannerText, size: Size) {
    let largest = if size == Size::Wide { LetterSize::Large } else { LetterSize::Middle };
    if canvas.theme.ascii { plain(canvas, content) } else { letters(canvas, content, largest) }
}

fn letters(canvas: &mut PaneBuffer, content: &BannerText, largest: LetterSize) {
    let mut body = super::fill(canvas, content.role);
    let high = body.height().saturating_sub(WORDS + 1);
    let ink = body.theme.fill(content.role);
    let digits = content.score.map(|score| score.bad.to_string()).unwrap_or_default();
    if let Some(dots) = fitted(largest, content.word, &digits, body.width()) {
        let y = high.saturating_sub(dots.rows()) / 2;
        dots.draw(&mut body, MARGIN, y, content.word, ink);
        let from = body.width().saturating_sub(dots.columns(&digits) + MARGIN);
        dots.draw(&mut body, from, y, &digits, ink);
    } else {
        let middle = high / 2;
        body.at(MARGIN, middle, &RoleLine::strong(Role::Ink, content.word));
        body.part(0, 0, body.width() - MARGIN, high).right(middle, &RoleLine::strong(Role::Ink, digits));
    }
    words(&mut body, content, high + 1);
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
fn words(body: &mut PaneBuffer, content: &BannerText, y: usize) {
    let width = body.width();
    let counted = content.score.map(|score| {
        if score.aborts {
            format!("bad seconds, abort at {}", score.allowed)
        } else {
            format!("bad seconds of {}", score.allowed)
        }
    });
    let figures: Vec<String> = counted.into_iter().chain(content.hold.map(hold_words)).collect();
    let counted = Some(figures.join("   ")).filter(|words| !words.is_empty());
    let mut room = width.saturating_sub(2 * MARGIN);
    if let Some(counted) = &counted {
        let row = RoleLine::strong(Role::Ink, counted.as_str());
        room = room.saturating_sub(row.width() + BETWEEN);
        body.part(0, 0, width - MARGIN, y + 1).right(y, &row);
    }
    lines_at(body, MARGIN, y, &fitting(content, room, WORDS).unwrap_or_default());
}

/// The banner of an ASCII theme: letters of `#` instead of blocks on a fill.
fn plain(canvas: &mut PaneBuffer, content: &BannerText) {
    let (width, style) = (canvas.width(), canvas.theme.bold(content.role));
    canvas.row(0, &RoleLine::of(content.role, "=".repeat(width)));
    let digits = content.score.map(|score| score.bad.to_string()).unwrap_or_default();
    let room = canvas.height().saturating_sub(WORDS + 2);
    if let Some(dots) =
        fitted(LetterSize::Middle, content.word, &digits, width).filter(|dots| *dots == LetterSize::Middle)
    {
        let y = 1 + room.saturating_sub(dots.rows()) / 2;
        dots.draw(canvas, MARGIN, y, content.word, style);
        dots.draw(canvas, width - MARGIN - dots.columns(&digits), y, &digits, style);
    } else {
        let mut row = canvas.part(0, 1 + room / 2, width, 1);
        row.flood(content.role);
        row.at(MARGIN, 0, &RoleLine::strong(Role::Ink, content.word));
        row.part(0, 0, width - MARGIN, 1).right(0, &RoleLine::strong(Role::Ink, digits));
    }
    let y = canvas.height() - WORDS;
    let counted = content.figures();
    let share = content.score.map(|score| bar(score.share(), counted.len()));
    let room = width.saturating_sub(2 * MARGIN + counted.len() + BETWEEN);
    let whole = forms(content).into_iter().map(|(sentence, price)| sentences(sentence, price));
    let lines = whole.map(|words| text::wrapped(&words, room)).find(|lines| lines.len() <= WORDS);
    for (y, line) in (y..).zip(lines.unwrap_or_default()) {
        canvas.at(MARGIN, y, &RoleLine::strong(Role::Strong, line));
    }
    let mut end = canvas.part(0, y, width - MARGIN, WORDS);
    end.right(0, &RoleLine::strong(content.role, counted));
    end.right(1, &RoleLine::of(content.role, share.unwrap_or_default()));
}
