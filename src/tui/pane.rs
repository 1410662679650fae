//! The panes by name and number.

/// A pane, in the order of their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pane {
    /// The plan with the state of each step.
    Experiment,
    Users,
    /// Pods, Services, events; or what a fire would do.
    Pods,
    Breaker,
    /// The lanes.
    Timeline,
    Log,
}

impl Pane {
    /// All, in order.
    pub const ALL: [Pane; 6] =
        [Pane::Experiment, Pane::Users, Pane::Pods, Pane::Breaker, Pane::Timeline, Pane::Log];

    /// Its number on the screen and on the keyboard, from 1.
    pub fn number(self) -> usize {
        self as usize + 1
    }

    /// The pane `by` places further, around the end.
    #[must_use]
    pub fn step(self, by: isize) -> Self {
        let place = (self as isize + by).rem_euclid(Self::ALL.len() as isize);
        usize::try_from(place).ok().and_then(|place| Self::ALL.get(place)).copied().unwrap_or(self)
    }
}
