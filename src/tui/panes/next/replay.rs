//! Where a replay is, in place of what happens next.

use super::NextPart;
use crate::tui::{
    figures, keymap::Action, pane_buffer::RoleLine, panes::Scene, replay::ReplayStatus, theme::Role,
};

/// Columns of the bar, from the longest form to the shortest.
const BAR: [usize; 3] = [24, 12, 6];

/// The parts of the line: whether it plays, the moment, and the keys to go on and to leave.
pub(super) fn parts(scene: &Scene, replay: &ReplayStatus) -> Vec<NextPart> {
    let (moment, whole) =
        (figures::between(replay.begin, replay.moment), figures::between(replay.begin, replay.end));
    let state = if replay.playing { format!("plays at {}x", replay.speed) } else { "stopped".to_owned() };
    let brief = if replay.playing { format!("{}x", replay.speed) } else { "stopped".to_owned() };
    let times = format!("{} of {}", clock(moment), clock(whole));
    let share = if whole > 0.0 { (moment / whole).clamp(0.0, 1.0) } else { 1.0 };
    let (seen, all) = replay.landmarks;
    let forms = BAR.map(|columns| {
        let full = (share * columns as f64).round() as usize;
        RoleLine::strong(Role::Strong, times.as_str())
            .and(" ")
            .with(Role::Focus, "━".repeat(full))
            .with(Role::Soft, "─".repeat(columns - full))
    });
    let leave = RoleLine::strong(Role::Focus, scene.view.keymap.key(Action::Quit)).and(" leaves");
    vec![
        NextPart::new([RoleLine::text(state), RoleLine::text(brief)]).required(),
        NextPart::new(forms).required(),
        NextPart::new([
            RoleLine::text(format!("event {seen} of {all}")),
            RoleLine::text(format!("{seen}/{all}")),
        ]),
        NextPart::new([leave]),
    ]
}

/// Minutes and seconds: `1:07`.
fn clock(seconds: f64) -> String {
    let seconds = seconds.max(0.0) as u64;
    match seconds / 3600 {
        0 => format!("{}:{:02}", seconds / 60, seconds % 60),
        hours => format!("{hours}:{:02}:{:02}", seconds / 60 % 60, seconds % 60),
    }
}
