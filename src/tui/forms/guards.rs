//! The form for the guards' limits.

use crate::session::event::{Guard, Guards};

/// The limit with which the form switches the hold on.
const USUAL_HOLD_S: u32 = 60;

/// The guards' limits as the operator edits them, before they are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuardForm {
    pub limits: Guards,
    /// The guard that the keys change.
    pub chosen: Guard,
}

impl GuardForm {
    /// Creates the form with the limits in force and the first guard selected.
    pub fn new(limits: Guards) -> Self {
        Self { limits, chosen: Guard::Users }
    }

    /// Selects the guard `by` positions further, wrapping around.
    pub fn choose(&mut self, by: isize) {
        let place = Guard::ALL.iter().position(|guard| *guard == self.chosen).unwrap_or(0);
        let next = (place as isize + by).rem_euclid(Guard::ALL.len() as isize);
        self.chosen = Guard::ALL.get(next.unsigned_abs()).copied().unwrap_or(Guard::Users);
    }

    /// Changes the selected limit by `steps` steps; a guard that is off is switched on with its usual limit.
    pub fn change(&mut self, steps: i32) {
        let step = if matches!(self.chosen, Guard::Users | Guard::Hold) { 5 } else { 1 };
        let limit = match self.limits.limit(self.chosen) {
            Some(limit) => limit.saturating_add_signed(steps * step).clamp(1, 3600),
            None => return self.switch(),
        };
        self.limits.set(self.chosen, Some(limit));
    }

    /// Switches the selected guard off, or on with its usual limit.
    pub fn switch(&mut self) {
        let limit = match self.limits.limit(self.chosen) {
            Some(_) => None,
            None if self.chosen == Guard::Hold => Some(USUAL_HOLD_S),
            None => Guards::default().limit(self.chosen),
        };
        self.limits.set(self.chosen, limit);
    }
}
