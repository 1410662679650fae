//! Renders a frame as an SVG picture, for documentation.
//!
//! Cells keep their grid with any font: every run of text is stretched to its columns, and blocks and lines that must
//! touch are drawn as rectangles.

use super::theme::{Role, Theme};
use ratatui::{
    buffer::{Buffer, Cell},
    style::{Color, Modifier},
};
use std::fmt::Write;

/// Width and height of a cell.
const CELL: (usize, usize) = (9, 18);
/// The distance from the upper edge of a cell to the baseline of its text.
const BASE: usize = 14;

/// The colours and the weight of a cell, with inverse resolved.
#[derive(Clone, PartialEq)]
struct CellStyle {
    front: String,
    back: String,
    bold: bool,
}

/// Renders a frame that was drawn with a theme in true colour. `title` is the picture's text alternative.
pub fn svg(buffer: &Buffer, theme: &Theme, title: &str) -> String {
    let (columns, rows) = (usize::from(buffer.area.width), usize::from(buffer.area.height));
    let (width, height) = (columns * CELL.0, rows * CELL.1);
    let ground = hex(theme.ground().bg.unwrap_or(Color::Black));
    let mut out = String::new();
    // Writing into a string cannot fail.
    let _ = writeln!(
        out,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-label="{title}">
<title>{title}</title>
<style>text{{font:15px ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;white-space:pre}}.b{{font-weight:bold}}</style>
<rect width="{width}" height="{height}" fill="{ground}"/>"#,
        title = escaped(title),
    );
    for y in 0..rows {
        let cells: Vec<&Cell> = (0..columns).filter_map(|x| buffer.cell((x as u16, y as u16))).collect();
        grounds(&mut out, &cells, y, theme, &ground);
        letters(&mut out, &cells, y, theme);
    }
    out.push_str("</svg>\n");
    out
}

fn look(cell: &Cell, theme: &Theme) -> CellStyle {
    let or = |colour: Color, other: Option<Color>| match colour {
        Color::Reset => hex(other.unwrap_or(Color::Black)),
        colour => hex(colour),
    };
    let (front, back) = (or(cell.fg, theme.colour(Role::Text)), or(cell.bg, theme.ground().bg));
    let bold = cell.modifier.contains(Modifier::BOLD);
    if cell.modifier.contains(Modifier::REVERSED) {
        CellStyle { front: back, back: front, bold }
    } else {
        CellStyle { front, back, bold }
    }
}

fn hex(colour: Color) -> String {
    match colour {
        Color::Rgb(red, green, blue) => format!("#{red:02x}{green:02x}{blue:02x}"),
        Color::White => "#ffffff".to_owned(),
        _ => "#000000".to_owned(),
    }
}

fn rect(out: &mut String, (x, y, width, height): (usize, usize, usize, usize), fill: &str) {
    let _ = writeln!(out, r#"<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="{fill}"/>"#);
}

/// Draws backgrounds and block characters.
fn grounds(out: &mut String, cells: &[&Cell], y: usize, theme: &Theme, ground: &str) {
    let (wide, high) = CELL;
    let mut x = 0;
    for run in cells.chunk_by(|a, b| look(a, theme).back == look(b, theme).back) {
        let back = run.first().map(|cell| look(cell, theme).back).unwrap_or_default();
        if back != ground {
            rect(out, (x * wide, y * high, run.len() * wide, high), &back);
        }
        x += run.len();
    }
    let mut x = 0;
    for run in cells.chunk_by(|a, b| a.symbol() == b.symbol() && look(a, theme) == look(b, theme)) {
        if let Some((cell, (left, top, right, bottom))) =
            run.first().and_then(|cell| Some((cell, block(cell.symbol())?)))
        {
            let whole = left == 0 && right == wide;
            let width = if whole { run.len() * wide } else { right - left };
            for i in 0..if whole { 1 } else { run.len() } {
                let at = ((x + i) * wide + left, y * high + top, width, bottom - top);
                rect(out, at, &look(cell, theme).front);
            }
        }
        x += run.len();
    }
}

/// The part of a cell that a block character fills: left, top, right, bottom.
fn block(symbol: &str) -> Option<(usize, usize, usize, usize)> {
    let (wide, high) = CELL;
    let eighths = |n: usize| Some((0, 0, (wide * n).div_ceil(8), high));
    match symbol {
        "█" => Some((0, 0, wide, high)),
        "▀" => Some((0, 0, wide, high / 2)),
        "▄" => Some((0, high / 2, wide, high)),
        "▖" => Some((0, high / 2, wide / 2, high)),
        "▌" => eighths(4),
        "▏" => eighths(1),
        "▎" => eighths(2),
        "▍" => eighths(3),
        "▋" => eighths(5),
        "▊" => eighths(6),
        "▉" => eighths(7),
        _ => None,
    }
}

fn letters(out: &mut String, cells: &[&Cell], y: usize, theme: &Theme) {
    let alike = |a: &Cell, b: &Cell| {
        let (a, b) = (look(a, theme), look(b, theme));
        a.front == b.front && a.bold == b.bold
    };
    let blank = |cell: &Cell| cell.symbol() == " " || block(cell.symbol()).is_some();
    let mut x = 0;
    for run in cells.chunk_by(|a, b| !blank(a) && !blank(b) && alike(a, b)) {
        if let Some(first) = run.first().filter(|cell| !blank(cell)) {
            let text: String = run.iter().map(|cell| cell.symbol()).collect();
            let look = look(first, theme);
            let class = if look.bold { r#" class="b""# } else { "" };
            let _ = writeln!(
                out,
                r#"<text x="{}" y="{}" textLength="{}" lengthAdjust="spacingAndGlyphs" fill="{}"{class}>{}</text>"#,
                x * CELL.0,
                y * CELL.1 + BASE,
                run.len() * CELL.0,
                look.front,
                escaped(&text),
            );
        }
        x += run.len();
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::{layout::Rect, style::Style};

    #[test]
    fn runs_are_joined_blocks_are_rectangles_and_text_is_escaped() {
        let theme = Theme::default();
        let mut buffer = Buffer::empty(Rect::new(0, 0, 8, 1));
        buffer.set_style(buffer.area, theme.ground());
        buffer.set_string(0, 0, "a<b", theme.bold(Role::Strong));
        buffer.set_string(4, 0, "▀▀", theme.style(Role::Ok));
        buffer.set_string(6, 0, "x", Style::new().bg(Color::Rgb(1, 2, 3)));
        let picture = svg(&buffer, &theme, "a \"title\"");
        for wanted in [
            r##"textLength="27" lengthAdjust="spacingAndGlyphs" fill="#ffffff" class="b">a&lt;b</text>"##,
            r##"<rect x="36" y="0" width="18" height="9" fill="#3ddc84"/>"##,
            r##"<rect x="54" y="0" width="9" height="18" fill="#010203"/>"##,
            "<title>a &quot;title&quot;</title>",
        ] {
            assert!(picture.contains(wanted), "{wanted} in {picture}");
        }
    }
}
