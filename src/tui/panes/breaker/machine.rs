//! The breaker's three states as boxes with transitions between them, or one box for a state outside the state machine.

use crate::tui::{
    pane_buffer::{PaneBuffer, RoleLine},
    theme::Role,
};
use ratatui::style::{Modifier, Style};

/// Rows of the boxes.
pub(super) const ROWS: usize = 3;
/// Rows of the transitions back from HALF-OPEN.
const BACK: usize = 3;

/// What is drawn: the state machine or a single box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MachineState {
    /// Three boxes, at most one of them highlighted.
    Machine(Option<(MachineBox, BoxEmphasis, Role)>),
    /// One box with a name.
    Single(&'static str, BoxEmphasis, Role),
}

impl MachineState {
    /// Three boxes, none of them highlighted.
    pub(super) fn dark() -> Self {
        MachineState::Machine(None)
    }
}

/// A state of the breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MachineBox {
    Closed,
    Open,
    HalfOpen,
}

impl MachineBox {
    const ALL: [(MachineBox, &'static str); 3] =
        [(MachineBox::Closed, "CLOSED"), (MachineBox::Open, "OPEN"), (MachineBox::HalfOpen, "HALF-OPEN")];
}

/// How a box is highlighted, by the confidence in its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BoxEmphasis {
    /// Sure or likely: filled.
    Fill,
    /// `CLOSED` while no source names a breaker: tinted.
    Tint,
    /// The state cannot be told: a frame in its colour and a question mark.
    Uncertain,
}

/// Draws the state, with `beside` to the right of a single box. With `back`, the numbers of failed and successful
/// trials, also draws the transitions back. Returns the number of rows drawn.
pub(super) fn draw(
    canvas: &mut PaneBuffer,
    face: &MachineState,
    beside: &[RoleLine],
    back: Option<(usize, usize)>,
) -> usize {
    match *face {
        MachineState::Single(name, shine, role) => {
            let wide = name.len() + 4;
            state(&mut canvas.part(0, 0, wide, ROWS), name, Some((shine, role)));
            for (y, row) in beside.iter().take(ROWS).enumerate() {
                canvas.at(wide + 2, y, row);
            }
            ROWS
        }
        MachineState::Machine(lit) => {
            machine(canvas, lit);
            if let Some((failed, worked)) = back {
                transitions_back(canvas, failed, worked);
                return ROWS + BACK;
            }
            ROWS
        }
    }
}

/// The columns of a transition, and the column in which each box begins.
fn places(width: usize) -> (usize, [usize; 3]) {
    let link = width.saturating_sub(31) / 2;
    (link, [0, 10 + link, 18 + 2 * link])
}

fn machine(canvas: &mut PaneBuffer, lit: Option<(MachineBox, BoxEmphasis, Role)>) {
    let (link, starts) = places(canvas.width());
    for ((place, name), x) in MachineBox::ALL.into_iter().zip(starts) {
        let shine = lit.filter(|(lit_box, ..)| *lit_box == place).map(|(_, shine, role)| (shine, role));
        state(&mut canvas.part(x, 0, name.len() + 4, ROWS), name, shine);
    }
    let line = format!("{}►", "─".repeat(link.saturating_sub(1)));
    for (x, word) in [(10, "trips"), (18 + link, "waits")] {
        canvas.letters(x, 1, &line, Role::Soft);
        if let Some(margin) = link.checked_sub(word.len()) {
            canvas.letters(x + margin / 2, 0, word, Role::Soft);
        }
    }
}

/// A box with its name.
fn state(canvas: &mut PaneBuffer, name: &str, shine: Option<(BoxEmphasis, Role)>) {
    let (theme, wide) = (canvas.theme, canvas.width());
    let (ascii, name_at) = (theme.ascii, 2);
    let blocks = |canvas: &mut PaneBuffer, style: Style| {
        let (upper, lower) = if ascii { ("=", "=") } else { ("▄", "▀") };
        canvas.put(0, 0, &upper.repeat(wide), style);
        canvas.put(0, 2, &lower.repeat(wide), style);
    };
    let frame = |canvas: &mut PaneBuffer, style: Style| {
        let across = "─".repeat(wide.saturating_sub(2));
        canvas.put(0, 0, &format!("╭{across}╮"), style);
        canvas.put(0, 2, &format!("╰{across}╯"), style);
        for x in [0, wide.saturating_sub(1)] {
            canvas.put(x, 1, "│", style);
        }
    };
    match shine {
        None => {
            frame(canvas, theme.style(Role::Line));
            canvas.put(name_at, 1, name, theme.style(Role::Soft));
        }
        Some((BoxEmphasis::Fill, role)) => {
            blocks(canvas, theme.style(role));
            canvas.put(0, 1, &" ".repeat(wide), theme.fill(role));
            canvas.put(name_at, 1, name, theme.fill(role).add_modifier(Modifier::BOLD));
        }
        Some((BoxEmphasis::Tint, role)) => {
            if let Some(tint) = theme.tint(role) {
                blocks(canvas, tint.bg.map_or(tint, |ground| Style::new().fg(ground)));
                canvas.put(0, 1, &" ".repeat(wide), tint);
                canvas.put(name_at, 1, name, tint.add_modifier(Modifier::BOLD));
            } else {
                frame(canvas, theme.style(role));
                canvas.put(name_at, 1, name, theme.bold(role));
            }
        }
        Some((BoxEmphasis::Uncertain, role)) => {
            frame(canvas, theme.style(role));
            canvas.put(name_at, 1, name, theme.bold(role));
            canvas.put(name_at + name.len(), 1, "?", theme.bold(role));
        }
    }
}

/// The transitions from HALF-OPEN back to OPEN when a trial fails and back to CLOSED when it works, with how often each
/// was seen.
fn transitions_back(canvas: &mut PaneBuffer, failed: usize, worked: usize) {
    let (_, [closed, open, half]) = places(canvas.width());
    let (to_closed, to_open) = (closed + 5, open + 4);
    let (from_fail, from_work) = (half + 3, half + 9);
    for (x, y, sign) in [
        (to_closed, 3, "▲"),
        (to_open, 3, "▲"),
        (from_fail, 3, "│"),
        (from_work, 3, "│"),
        (to_closed, 4, "│"),
        (from_work, 4, "│"),
    ] {
        canvas.letters(x, y, sign, Role::Soft);
    }
    transition_back(canvas, (to_open, from_fail, 4), "trial fails", failed, 1);
    transition_back(canvas, (to_closed, from_work, 5), "trial works", worked, 2);
}

/// One transition from right to left, with its label after `lead` columns of line.
fn transition_back(
    canvas: &mut PaneBuffer,
    (to, from, y): (usize, usize, usize),
    what: &str,
    seen: usize,
    lead: usize,
) {
    let line = format!("╰{}╯", "─".repeat(from.saturating_sub(to + 1)));
    canvas.letters(to, y, &line, Role::Soft);
    let room = from.saturating_sub(to + 1 + lead);
    let words = [format!(" {what}  ({seen} seen) "), format!(" {what} ({seen}) "), format!(" {seen} ")];
    if let Some(words) = words.iter().find(|words| words.len() <= room) {
        canvas.letters(to + 1 + lead, y, words, Role::Text);
    }
}
