//! The guards' limits as the operator changes them.

use crate::session::event::{Guard, Guards};

/// The limits as the operator changes them, before they are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuardForm {
    pub limits: Guards,
    /// The one that keys change.
    pub chosen: Guard,
}

impl GuardForm {
    /// The limits in force, the first one chosen.
    pub fn new(limits: Guards) -> Self {
        Self { limits, chosen: Guard::Users }
    }

    /// Chooses the guard `by` places further, around the end.
    pub fn choose(&mut self, by: isize) {
        let place = Guard::ALL.iter().position(|guard| *guard == self.chosen).unwrap_or(0);
        let next = (place as isize + by).rem_euclid(Guard::ALL.len() as isize);
        self.chosen = Guard::ALL.get(next.unsigned_abs()).copied().unwrap_or(Guard::Users);
    }

    /// Moves the chosen limit by so many steps; one that is off begins at its usual value.
    pub fn change(&mut self, steps: i32) {
        let step = if self.chosen == Guard::Users { 5 } else { 1 };
        let limit = match self.limits.limit(self.chosen) {
            Some(limit) => limit.saturating_add_signed(steps * step).clamp(1, 3600),
            None => return self.switch(),
        };
        self.limits.set(self.chosen, Some(limit));
    }

    /// Switches the chosen guard off, or on with its usual limit.
    pub fn switch(&mut self) {
        let limit = match self.limits.limit(self.chosen) {
            Some(_) => None,
            None => Guards::default().limit(self.chosen),
        };
        self.limits.set(self.chosen, limit);
    }
}
