//! The help: all keys of the keymap by group, the most used group first.

use super::{boxed, scrolled};
use crate::tui::{
    keymap::{Action, Binding, Chord, Context, Group},
    pane_buffer::{PaneBuffer, RoleLine},
    panes::Scene,
    theme::Role,
    update::unavailable_reason,
    view::ControlMode,
};

/// The groups, the most used in a session first.
const ORDER: [Group; 5] = [Group::Step, Group::Safety, Group::Look, Group::Session, Group::Move];
/// The groups of a replay.
const REPLAY: [Group; 4] = [Group::Replay, Group::Look, Group::Move, Group::Safety];
/// Columns of a list of keys, and of the keys in it.
const LIST: usize = 57;
const KEYS: usize = 13;

/// Draws the help in as many columns as fit.
pub(crate) fn help(canvas: &mut PaneBuffer, scene: &Scene) {
    let (width, height) = (canvas.width(), canvas.height());
    let columns = (width.saturating_sub(2) / LIST).clamp(1, 3);
    let lines = lines(scene);
    let rows = lines.len().div_ceil(columns);
    let wide = if columns == 1 { 76 } else { LIST * columns + 3 };
    let mut inside = boxed(canvas, scene, (wide, rows + 2), "KEYS", Role::Focus);
    if columns == 1 || rows + 2 > height {
        scrolled(&mut inside, scene, &lines);
        return;
    }
    for (i, line) in lines.iter().enumerate() {
        inside.part(i / rows * LIST, i % rows, LIST - 1, 1).row(0, line);
    }
}

fn lines(scene: &Scene) -> Vec<RoleLine> {
    let mut lines = Vec::new();
    let replay = scene.view.control == ControlMode::Replay;
    for group in if replay { &REPLAY[..] } else { &ORDER[..] } {
        lines.push(RoleLine::strong(Role::Strong, group.title()));
        let rows: Vec<(&[Chord], &Binding)> = scene
            .view
            .keymap
            .rows()
            .filter(|(keys, binding)| {
                binding.group == *group && !(replay && is_idle_in_replay(scene, keys, binding))
            })
            .collect();
        for (i, (keys, binding)) in rows.iter().enumerate() {
            // Two rows of one action share one line with the keys of both.
            if rows.iter().take(i).any(|(_, other)| same(other, binding)) {
                continue;
            }
            let others = rows.iter().skip(i + 1).filter(|(_, other)| same(other, binding));
            let all = keys.iter().chain(others.flat_map(|(keys, _)| keys.iter()));
            let role = if binding.destructive { Role::Fault } else { Role::Focus };
            lines.push(RoleLine::text("  ").bold(role, spoken(all)).pad_to(KEYS).and(binding.text));
        }
    }
    lines
}

/// Whether a key of a running session does nothing in a replay, or something else.
fn is_idle_in_replay(scene: &Scene, keys: &[Chord], binding: &Binding) -> bool {
    let keymap = &scene.view.keymap;
    let other =
        keys.iter().any(|key| keymap.action(*key, Context::Replay).is_some_and(|a| a != binding.action));
    // An interruption rolls nothing back in a replay: it leaves, as the key to quit does.
    binding.action == Action::Interrupt
        || unavailable_reason(scene.view, binding.action).is_some()
        || (other && binding.context == Context::Screen)
}

fn same(one: &Binding, other: &Binding) -> bool {
    one.action == other.action && one.text == other.text
}

/// `UP k`, `1..6`.
fn spoken<'a>(keys: impl Iterator<Item = &'a Chord>) -> String {
    let keys: Vec<String> = keys.map(Chord::with_shift).collect();
    match keys.as_slice() {
        [first, .., last] if keys.len() > 2 => format!("{first}..{last}"),
        keys => keys.join(" "),
    }
}
