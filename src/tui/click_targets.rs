//! The clickable areas of the last frame: panes record them while they draw, since only they know them.

use super::pane::Pane;
use crate::session::event::StepRef;
use ratatui::layout::{Position, Rect};

/// A clickable item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClickTarget {
    Pane(Pane),
    Step(StepRef),
    /// A pod in play, by its UID.
    Pod(String),
    /// The time axis: milliseconds from T0 in the first column, and milliseconds per column.
    Moments(i64, i64),
    /// The endpoint selector.
    Endpoints,
    /// The overlay.
    Overlay,
    /// The hint by which the overlay can be closed.
    Close,
}

/// Areas with their targets; later ones are on top.
#[derive(Clone, Debug, Default)]
pub struct ClickTargets(Vec<(Rect, ClickTarget)>);

impl ClickTargets {
    /// Records an area.
    pub fn mark(&mut self, area: Rect, target: ClickTarget) {
        if !area.is_empty() {
            self.0.push((area, target));
        }
    }

    /// The targets at a position, the topmost first.
    pub fn at(&self, position: Position) -> impl Iterator<Item = &(Rect, ClickTarget)> {
        self.0.iter().rev().filter(move |(area, _)| area.contains(position))
    }

    /// The area of the time axis, milliseconds from T0 in its first column, and milliseconds per column.
    #[cfg(test)]
    pub fn moments(&self) -> Option<(Rect, i64, i64)> {
        self.0.iter().rev().find_map(|(area, target)| match target {
            ClickTarget::Moments(first, step) => Some((*area, *first, *step)),
            _ => None,
        })
    }

    /// The area of a target.
    #[cfg(test)]
    pub fn of(&self, wanted: &ClickTarget) -> Option<Rect> {
        self.0.iter().rev().find(|(_, target)| target == wanted).map(|(area, _)| *area)
    }
}
