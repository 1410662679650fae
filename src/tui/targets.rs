//! What lies where on the last frame, for the mouse: panes note it while they draw, since only they know.

use super::pane::Pane;
use crate::session::event::StepRef;
use ratatui::layout::{Position, Rect};

/// What can be pointed at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    Pane(Pane),
    Step(StepRef),
    /// A pod in play, by its identity.
    Pod(String),
    /// The time axis: milliseconds from T0 in the first column, and milliseconds a column.
    Moments(i64, i64),
    /// The selector of endpoints.
    Endpoints,
    /// What lies over everything.
    Overlay,
    /// Where it says that something can be closed.
    Close,
}

/// Places with what is there; what was drawn later lies on top.
#[derive(Clone, Debug, Default)]
pub struct Targets(Vec<(Rect, Target)>);

impl Targets {
    /// Notes a place.
    pub fn mark(&mut self, area: Rect, target: Target) {
        if !area.is_empty() {
            self.0.push((area, target));
        }
    }

    /// What is at a position, the topmost first.
    pub fn at(&self, position: Position) -> impl Iterator<Item = &(Rect, Target)> {
        self.0.iter().rev().filter(move |(area, _)| area.contains(position))
    }

    /// The place of the time axis, milliseconds from T0 in its first column, and milliseconds a column.
    #[cfg(test)]
    pub fn moments(&self) -> Option<(Rect, i64, i64)> {
        self.0.iter().rev().find_map(|(area, target)| match target {
            Target::Moments(first, step) => Some((*area, *first, *step)),
            _ => None,
        })
    }

    /// The place of something.
    #[cfg(test)]
    pub fn of(&self, wanted: &Target) -> Option<Rect> {
        self.0.iter().rev().find(|(_, target)| target == wanted).map(|(area, _)| *area)
    }
}
