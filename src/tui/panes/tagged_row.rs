//! The lines below all panes: a filled tag, then text with its figures in bold.

use crate::tui::{
    pane_buffer::{PaneBuffer, RoleLine},
    theme::Role,
};

/// Columns from which the tag has free space around it.
const ROOMY: usize = 100;
/// Columns of a tag and of the space after it, on a wide and on a narrow screen.
const WIDE: (usize, usize) = (9, 2);
const NARROW: (usize, usize) = (7, 1);

/// Whether sentences are shown in their long form.
pub(super) fn is_roomy(width: usize) -> bool {
    width >= ROOMY
}

/// Columns for the text behind a tag, less one free column at the edge.
pub(super) fn room(width: usize, tag: &str) -> usize {
    width.saturating_sub(column(width, tag) + 1)
}

/// The column in which the text begins.
fn column(width: usize, tag: &str) -> usize {
    let (columns, free) = if is_roomy(width) { WIDE } else { NARROW };
    usize::from(is_roomy(width)) + columns.max(tag.len() + 2) + free
}

/// Draws a line.
pub(super) fn draw(canvas: &mut PaneBuffer, tag: &str, role: Role, text: &RoleLine) {
    let width = canvas.width();
    let ((columns, _), from) = if is_roomy(width) { (WIDE, 1) } else { (NARROW, 0) };
    canvas.at(from, 0, &RoleLine::new().fill(role, format!(" {tag:<0$}", columns.max(tag.len() + 2) - 1)));
    canvas.at(column(width, tag), 0, text);
}

/// A sentence with its figures in bold: amounts with a unit, times after T0, and counts in parentheses.
pub(super) fn figured(text: &str) -> RoleLine {
    let words: Vec<&str> = text.split(' ').collect();
    let (mut row, mut plain, mut at) = (RoleLine::new(), String::new(), 0);
    while at < words.len() {
        let rest = words.get(at..).unwrap_or_default();
        let long = figure(rest);
        let whole = rest.get(..long.max(1)).unwrap_or_default().join(" ");
        if at > 0 {
            plain.push(' ');
        }
        if long == 0 {
            plain.push_str(&whole);
        } else {
            let bare = whole.trim_end_matches([',', ';', '.', ':', ')']);
            let bold = bare.trim_start_matches('(');
            plain.push_str(bare.get(..bare.len() - bold.len()).unwrap_or_default());
            row = row.and(std::mem::take(&mut plain)).bold(Role::Strong, bold);
            plain.push_str(whole.get(bare.len()..).unwrap_or_default());
        }
        at += long.max(1);
    }
    if plain.is_empty() { row } else { row.and(plain) }
}

/// The number of leading words that form one figure; 0 if there is none.
fn figure(words: &[&str]) -> usize {
    let Some(first) = words.first() else { return 0 };
    let is_number = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
    if let Some(counted) = first.strip_prefix('(').filter(|word| is_number(word)) {
        let _ = counted;
        return words.iter().position(|word| word.contains(')')).map_or(0, |last| last + 1);
    }
    let moment = first.strip_prefix("T+").or(first.strip_prefix("T-"));
    if moment.is_some_and(is_number) {
        return 1;
    }
    let unit = words.get(1).map(|word| word.trim_end_matches([',', ';', '.', ':', ')']));
    let has_unit =
        matches!(unit, Some("s" | "ms" | "min" | "%" | "restart" | "restarts" | "finding" | "findings"));
    if has_unit && is_number(first) { 2 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::figured;
    use crate::tui::pane_buffer::Emphasis;

    #[test]
    fn figures_stand_out() {
        for (text, wanted) in [
            ("Aborts by itself in 38 s if this goes on: 60 bad seconds are allowed", vec!["38 s"]),
            ("for more than 60 s, at 1 restart, or 10 s of silence", vec!["60 s", "1 restart", "10 s"]),
            ("restarts the consumer at T+43 if it stays open", vec!["T+43"]),
            ("healthy (1/1 ready, /health 200), its users get nothing", vec!["1/1 ready, /health 200"]),
            ("journal.json (completed, exit 0)   2 findings", vec!["2 findings"]),
            ("T minus, (1 open, and 3 users", vec![]),
            ("", vec![]),
        ] {
            let row = figured(text);
            let bold = row.0.iter().filter(|piece| piece.look == Emphasis::Bold && !piece.text.is_empty());
            assert_eq!(bold.map(|piece| piece.text.as_str()).collect::<Vec<_>>(), wanted, "{text}");
            let all: String = row.0.iter().map(|piece| piece.text.as_str()).collect();
            assert_eq!(all, text);
        }
    }
}
