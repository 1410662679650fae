//! The panes by name and number.

/// A pane. The variants are in the order of the pane numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pane {
    /// The steps of the experiment, with the state of each.
    Experiment,
    Users,
    /// Pods, Services and events; or the expected effect of a fire.
    Pods,
    Breaker,
    /// The lanes.
    Timeline,
    Log,
}

impl Pane {
    /// All panes, in order.
    pub const ALL: [Pane; 6] =
        [Pane::Experiment, Pane::Users, Pane::Pods, Pane::Breaker, Pane::Timeline, Pane::Log];

    /// The pane's number on the screen and on the keyboard, from 1.
    pub fn number(self) -> usize {
        self as usize + 1
    }

    /// Returns the pane `by` positions further, wrapping around.
    #[must_use]
    pub fn offset_by(self, by: isize) -> Self {
        let place = (self as isize + by).rem_euclid(Self::ALL.len() as isize);
        usize::try_from(place).ok().and_then(|place| Self::ALL.get(place)).copied().unwrap_or(self)
    }
}
