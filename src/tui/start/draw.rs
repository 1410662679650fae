//! Draws the start screen.

use super::{FIXED, StartMenu};
use crate::tui::{
    letters::LetterSize,
    pane_buffer::{PaneBuffer, RoleLine},
    theme::{Role, Theme},
};
use ratatui::{buffer::Buffer, layout::Rect};

/// The maximum width of the content in columns, for readability.
const WIDE: usize = 110;
/// The minimum height for big letters, in rows.
const TALL: usize = 30;
/// The widths of a name and of a path, in columns.
const NAME: usize = 12;
const PATH: usize = 40;
/// The minimum size of the screen.
const LEAST: (usize, usize) = (40, 12);

pub(super) fn draw(buffer: &mut Buffer, area: Rect, offer: &StartMenu, theme: &Theme) {
    let mut all = PaneBuffer::new(buffer, area, theme);
    all.clear();
    let (width, height) = (all.width(), all.height());
    if width < LEAST.0 || height < LEAST.1 {
        let least = format!("needs {}x{}, has {width}x{height}", LEAST.0, LEAST.1);
        return all.row(0, &RoleLine::text(least));
    }
    let version = RoleLine::of(Role::Soft, concat!(env!("CARGO_PKG_VERSION"), " "));
    let title = RoleLine::text(" ").bold(Role::Focus, "chaos-tui").and("  live chaos-engineering sessions");
    all.spread(0, &title, &version);
    let mut top = 2;
    if height >= TALL && !theme.ascii {
        let style = theme.style(Role::Focus);
        LetterSize::Small.draw(&mut all, 2, top, "CHAOS-TUI", style);
        top += LetterSize::Small.rows() + 1;
    }
    let columns = width.saturating_sub(2).min(WIDE);
    all.at(2, top, &RoleLine::text("Fire a fault, and watch second by second what your users get."));
    let body = all.part(1, top + 2, columns, height.saturating_sub(top + 2 + 3));
    if offer.help {
        help(body);
    } else {
        list(body, offer);
    }
    all.row(height - 2, &next(offer));
    all.row(height - 1, &keys(offer));
}

/// Draws the rows to choose from; if not all fit, those around the selected one.
fn list(mut body: PaneBuffer, offer: &StartMenu) {
    let width = body.width();
    for (y, (name, what)) in OFFERS.into_iter().enumerate() {
        row(&mut body, y, offer.row == y, &RoleLine::text(name).pad_to(NAME), what, width);
    }
    let from = FIXED + 1;
    body.row(
        from,
        &RoleLine::text(" ")
            .bold(Role::Strong, "YOUR EXPERIMENTS")
            .with(Role::Soft, "   ./ and ./experiments, newest first"),
    );
    let mut rest = body.part(0, from + 1, width, body.height().saturating_sub(from + 1));
    let (found, height) = (offer.found(), rest.height());
    if found.is_empty() {
        let none = match offer.found {
            None => "   searching ...",
            Some(_) => "   none here; name one: chaos-tui experiment.json",
        };
        return rest.row(0, &RoleLine::of(Role::Soft, none));
    }
    let chosen = offer.row.checked_sub(FIXED);
    let first = chosen.unwrap_or(0).saturating_sub(height.saturating_sub(1));
    for (y, (i, experiment)) in found.iter().enumerate().skip(first).take(height).enumerate() {
        let path = RoleLine::text(crate::tui::text::fit_ends(&experiment.path, path_columns(width)))
            .pad_to(path_columns(width));
        row(&mut rest, y, chosen == Some(i), &path, &experiment.title, width);
    }
    if found.len() > first + height {
        let more = format!(" {} more below ", found.len() - first - height);
        rest.right(height.saturating_sub(1), &RoleLine::of(Role::Focus, more));
    }
}

/// The rows that need no file.
const OFFERS: [(&str, &str); FIXED] = [
    ("demo", "three lessons on circuit breakers; needs only this terminal"),
    ("sandbox", "the same kill step by step, in a cluster inside this program"),
];

fn path_columns(width: usize) -> usize {
    PATH.min(width / 2)
}

/// Draws a row: a name and its description, inverse if selected.
fn row(body: &mut PaneBuffer, y: usize, chosen: bool, name: &RoleLine, what: &str, width: usize) {
    let mark = if chosen { " ▸ " } else { "   " };
    let row = RoleLine::text(mark).joined(name.clone()).and("  ").with(Role::Text, what);
    if !chosen {
        return body.row(y, &row);
    }
    let text: String = row.pad_to(width).0.into_iter().map(|piece| piece.text).collect();
    body.row(y, &RoleLine::new().fill(Role::Focus, text));
}

/// Describes what the selected row does.
fn next(offer: &StartMenu) -> RoleLine {
    let head = RoleLine::text(" ").bold(Role::Strong, "NEXT").and("    ");
    let key =
        |key: &str, what: &str| RoleLine::bold(RoleLine::new(), Role::Focus, key).and(format!(" {what}   "));
    match (offer.experiment(), offer.row) {
        (Some(_), _) => head
            .joined(key("ENTER", "opens it"))
            .joined(key("b a", "in the sandbox"))
            .with(Role::Soft, "nothing is touched before you fire"),
        (None, 0) => head.joined(key("ENTER", "runs it: about four minutes, in its own sandbox")),
        (None, _) => head.joined(key("b", "consumer without a breaker")).joined(key("a", "with one")),
    }
}

fn keys(offer: &StartMenu) -> RoleLine {
    let key = |row: RoleLine, key: &str, what: &str| row.with(Role::Focus, key).and(format!(" {what}  "));
    let row = key(RoleLine::text(" "), "UP DOWN", "choose");
    let row = key(key(row, "ENTER", "open"), "d", "demo");
    let row = key(row, "?", if offer.help { "back" } else { "help" });
    key(row, "q", "leave")
}

/// Draws the help: the command line and the key for more help.
fn help(mut body: PaneBuffer) {
    let lines = [
        ("chaos-tui experiment.json", "your experiment, on a screen"),
        ("  --context NAME", "against another context"),
        ("  --sandbox=after", "against the embedded cluster"),
        ("  --read-only", "look only: nothing is stepped or fired"),
        ("chaos-tui run experiment.json", "without a screen, as `chaos run` does"),
        ("chaos-tui validate experiment.json", "all errors at once, each with a fix"),
        ("chaos-tui sandbox", "the embedded cluster, for kubectl"),
        ("chaos-tui config", "keys and themes"),
        ("chaos-tui --help", "all options"),
    ];
    body.row(0, &RoleLine::text(" ").bold(Role::Strong, "ON THE COMMAND LINE"));
    let width = body.width();
    for (y, (command, what)) in lines.into_iter().enumerate() {
        let row = RoleLine::text("   ").with(Role::Focus, command).pad_to(PATH);
        body.row(y + 1, &if width > 70 { row.and(what) } else { row });
    }
    body.row(
        lines.len() + 2,
        &RoleLine::text(" ").bold(Role::Strong, "IN A SESSION").and("  ? lists every key"),
    );
}
