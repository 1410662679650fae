//! The line that shows what happens next and which keys to press.

mod parts;
mod replay;
#[cfg(test)]
mod tests;

use super::{Scene, tagged_row};
use crate::tui::{
    pane_buffer::{PaneBuffer, RoleLine},
    theme::Role,
};

const TAG: &str = "NEXT";

/// A part of the line: its forms from the longest to the shortest, each shown in full or not at all.
struct NextPart {
    forms: Vec<RoleLine>,
    /// Whether the part is kept where there is little room.
    required: bool,
}

impl NextPart {
    fn new(forms: impl IntoIterator<Item = RoleLine>) -> Self {
        Self { forms: forms.into_iter().collect(), required: false }
    }

    fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// The form of a level: 0 is the longest one; levels beyond the last give the shortest.
    fn at(&self, level: usize) -> RoleLine {
        self.forms.get(level.min(self.forms.len().saturating_sub(1))).cloned().unwrap_or_default()
    }
}

/// Draws the line.
pub(crate) fn next(canvas: &mut PaneBuffer, scene: &Scene) {
    let width = canvas.width();
    let (tag, role, parts) = match &scene.view.replay {
        Some(replay) => ("REPLAY", Role::Protected, replay::parts(scene, replay)),
        None => (TAG, Role::Focus, parts::next_parts(scene)),
    };
    let row = fitted(parts, tagged_row::is_roomy(width), tagged_row::room(width, tag));
    tagged_row::draw(canvas, tag, role, &row);
}

/// Shortens all parts before it drops any, since the key to safety is among them. Then drops parts that need not stay,
/// the last one first.
fn fitted(mut pieces: Vec<NextPart>, roomy: bool, room: usize) -> RoleLine {
    let levels = pieces.iter().map(|piece| piece.forms.len()).max().unwrap_or(0).max(2);
    for level in usize::from(!roomy)..levels {
        let row = joined(&pieces, level);
        if row.width() <= room {
            return row;
        }
    }
    while let Some(place) = pieces.iter().rposition(|piece| !piece.required) {
        if joined(&pieces, levels).width() <= room {
            break;
        }
        pieces.remove(place);
    }
    // The remaining parts may fit in a longer form.
    let rows = (1..=levels).map(|level| joined(&pieces, level));
    let fits = rows.into_iter().find(|row| row.width() <= room);
    fits.unwrap_or_else(|| joined(&pieces, levels))
}

fn joined(pieces: &[NextPart], level: usize) -> RoleLine {
    let between = if level == 0 { "   " } else { "  " };
    let rows = pieces.iter().map(|piece| piece.at(level)).filter(|row| row.width() > 0);
    rows.reduce(|row, next| row.and(between).joined(next)).unwrap_or_default()
}
