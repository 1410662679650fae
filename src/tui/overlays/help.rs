//! All keys, from the one table.

use super::{boxed, scrolled};
use crate::tui::{
    canvas::{Canvas, Row},
    keymap::{Chord, Group},
    panes::Scene,
    theme::Role,
};

/// Draws the help: one column of keys, two where there is room.
pub(crate) fn help(canvas: &mut Canvas, scene: &Scene) {
    let (width, height) = (canvas.width(), canvas.height());
    let columns = if width >= 120 { 2 } else { 1 };
    let lines = lines(scene);
    let wanted = lines.len().div_ceil(columns) + 2;
    let mut inside = boxed(canvas, scene, (58 * columns + 4, wanted.min(height)), "KEYS", Role::Focus);
    if columns == 1 || wanted > height {
        scrolled(&mut inside, scene, &lines);
        return;
    }
    let half = lines.len().div_ceil(2);
    for (i, line) in lines.iter().enumerate() {
        inside.part(i / half * 58, i % half, 56, 1).row(0, line);
    }
}

fn lines(scene: &Scene) -> Vec<Row> {
    let mut lines = Vec::new();
    for group in Group::ALL {
        lines.push(Row::of(Role::Strong, group.title()));
        for (keys, binding) in scene.view.keymap.rows().filter(|(_, binding)| binding.group == group) {
            let keys: Vec<String> = keys.iter().map(Chord::spoken).collect();
            let keys = if keys.len() > 2 {
                format!(
                    "{}..{}",
                    keys.first().map_or("", String::as_str),
                    keys.last().map_or("", String::as_str)
                )
            } else {
                keys.join(" ")
            };
            let role = if binding.danger { Role::Fault } else { Role::Focus };
            lines.push(Row::text("  ").with(role, keys).to(13).and(binding.text));
        }
    }
    lines
}
