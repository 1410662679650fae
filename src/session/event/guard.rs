//! Words about guards: what ends a run by itself while a fault is on.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Guard {
    /// Users are let down for too long.
    Users,
    /// Kubernetes restarts what the fault is not about.
    Restarts,
    /// The cluster does not answer: nobody knows what happens there.
    Silence,
}

impl Guard {
    /// All, in the order they are shown.
    pub const ALL: [Guard; 3] = [Guard::Users, Guard::Restarts, Guard::Silence];

    /// As options and files spell it.
    pub fn name(self) -> &'static str {
        match self {
            Guard::Users => "users",
            Guard::Restarts => "restarts",
            Guard::Silence => "silence",
        }
    }
}

/// The limits in force. `None`: that guard is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guards {
    /// Seconds since T0 in which a user may be let down; one more aborts.
    pub users_s: Option<u32>,
    /// Restarts since T0 of what the fault is not about, at which it aborts.
    pub restarts: Option<u32>,
    /// Seconds for which the cluster may be silent; longer aborts.
    pub silence_s: Option<u32>,
}

impl Guards {
    /// Nothing aborts by itself.
    pub const OFF: Guards = Guards { users_s: None, restarts: None, silence_s: None };

    pub fn limit(&self, guard: Guard) -> Option<u32> {
        match guard {
            Guard::Users => self.users_s,
            Guard::Restarts => self.restarts,
            Guard::Silence => self.silence_s,
        }
    }

    /// Sets the limit of a guard, or switches it off.
    pub fn set(&mut self, guard: Guard, limit: Option<u32>) {
        match guard {
            Guard::Users => self.users_s = limit,
            Guard::Restarts => self.restarts = limit,
            Guard::Silence => self.silence_s = limit,
        }
    }
}

impl Default for Guards {
    /// What a live session has unless told otherwise: half of the users' budget, the first restart, ten seconds.
    fn default() -> Self {
        Guards { users_s: Some(60), restarts: Some(1), silence_s: Some(10) }
    }
}

/// A guard that went beyond its limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuardTrip {
    pub guard: Guard,
    pub figure: u32,
    pub limit: u32,
    /// Both in a sentence.
    pub because: String,
}
