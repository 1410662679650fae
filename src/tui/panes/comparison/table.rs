//! The table that compares two runs: right-aligned values, bars behind them, and the change.

use crate::{
    insight::Tone,
    report::{Comparison, Judgement},
    tui::{
        pane_buffer::{PaneBuffer, RoleLine},
        panes::{comparison_bars::half_rows, story},
        text,
        theme::Role,
    },
};

/// The column in which the values of the first run end, the columns of those of the second run with the space around
/// them, and the columns of the change.
const BEFORE: usize = 37;
const AFTER: usize = 11;
const CHANGE: usize = 30;
/// The columns without bars: where the values of each run end, and where the change begins.
const BRIEF: [usize; 3] = [38, 47, 50];

/// Draws the table with bars.
pub(super) fn draw(canvas: &mut PaneBuffer, compared: &Comparison) {
    let width = canvas.width();
    // One blank before each bar, and two after the second one.
    let bars = width.saturating_sub(BEFORE + 1 + AFTER + 1 + 2 + CHANGE) / 2;
    let after = BEFORE + 1 + bars + AFTER;
    let change = after + 1 + bars + 2;
    let (one, two) = (compared.before.name.as_str(), compared.after.name.as_str());
    let head = ending(ending(RoleLine::new(), BEFORE, Role::Strong, one), after, Role::Strong, two);
    canvas.row(0, &head.pad_to(change).bold(Role::Strong, "what changed"));
    for (y, row) in (1..).zip(&compared.rows) {
        let largest =
            [&row.before, &row.after].into_iter().filter_map(|value| value.number).fold(0.0, f64::max);
        let whole = row.full_bar.unwrap_or(largest).max(f64::MIN_POSITIVE);
        let mut line = RoleLine::text(row.name);
        for (value, end) in [(&row.before, BEFORE), (&row.after, after)] {
            line = ending(line, end, strong(value.tone), &value.text);
            if let Some(number) = value.number.filter(|number| *number > 0.0) {
                let role = if value.tone == Tone::Plain { Role::Soft } else { story::role(value.tone) };
                line = line.pad_to(end + 1).with(role, half_rows(number / whole, bars));
            }
        }
        canvas.row(y, &line.pad_to(change).joined(changed(row, width.saturating_sub(change))));
    }
}

/// Draws the head and as many rows as fit, without bars; rows without a change are left out first.
pub(super) fn brief(canvas: &mut PaneBuffer, compared: &Comparison) {
    let [before, after, change] = BRIEF;
    let (one, two) = (compared.before.name.as_str(), compared.after.name.as_str());
    let head = ending(ending(RoleLine::new(), before, Role::Strong, one), after, Role::Strong, two);
    canvas.row(0, &head.pad_to(change).bold(Role::Strong, "what changed"));
    let mut rows: Vec<_> = compared.rows.iter().collect();
    while rows.len() + 1 > canvas.height()
        && let Some(place) = rows.iter().rposition(|row| row.before.text == row.after.text).or(Some(3))
        && place < rows.len()
    {
        rows.remove(place);
    }
    let room = canvas.width().saturating_sub(change + 1);
    for (y, row) in (1..).zip(rows) {
        let line = ending(
            RoleLine::text(format!(" {}", row.name)),
            before,
            strong(row.before.tone),
            &row.before.text,
        );
        let line = ending(line, after, strong(row.after.tone), &row.after.text);
        canvas.row(y, &line.pad_to(change).joined(changed(row, room)));
    }
}

/// A figure that ends in column `end`; if it is too long for that, one blank after the text before it.
fn ending(row: RoleLine, end: usize, role: Role, text: &str) -> RoleLine {
    let begin = end.saturating_sub(text::width(text));
    let free = if row.width() == 0 { 0 } else { row.width() + 1 };
    row.pad_to(begin.max(free)).bold(role, text)
}

fn strong(tone: Tone) -> Role {
    if tone == Tone::Plain { Role::Strong } else { story::role(tone) }
}

/// `BETTER 7 fewer [1]`; the number of the finding is never cut.
fn changed(row: &crate::report::Row, room: usize) -> RoleLine {
    let word = row.judgement.text();
    let role = match row.judgement {
        Judgement::Better => Role::Ok,
        Judgement::Worse => Role::Failing,
        Judgement::Same | Judgement::None => Role::Text,
    };
    let line = if word.is_empty() { RoleLine::new() } else { RoleLine::strong(role, word).and(" ") };
    let number = row.finding.map(|number| format!(" [{number}]")).unwrap_or_default();
    let left = room.saturating_sub(line.width() + number.len());
    line.and(text::fit(&row.change, left)).bold(Role::Focus, number)
}

#[cfg(test)]
mod tests {
    use super::{Role, RoleLine, ending};

    #[test]
    fn a_long_figure_does_not_touch_what_stands_before_it() {
        let line = ending(
            ending(RoleLine::text("misses"), 14, Role::Strong, "0 of 3"),
            22,
            Role::Strong,
            "restarted",
        );
        let plain = |row: RoleLine| row.0.iter().map(|piece| piece.text.as_str()).collect::<String>();
        assert_eq!(plain(line), "misses  0 of 3 restarted");
        assert_eq!(plain(ending(RoleLine::new(), 6, Role::Strong, "before")), "before");
    }
}
