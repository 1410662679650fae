//! Event types about guards: limits that end a run automatically while a fault is on.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Guard {
    /// Users get errors or late answers for too long.
    Users,
    /// Kubernetes restarts containers that are not targets of the fault.
    Restarts,
    /// The cluster does not answer, so that its state is unknown.
    Silence,
    /// The operator has pressed no key for too long.
    Hold,
}

impl Guard {
    /// All guards, in display order.
    pub const ALL: [Guard; 4] = [Guard::Users, Guard::Restarts, Guard::Silence, Guard::Hold];

    /// Returns the name as options and files spell it.
    pub fn name(self) -> &'static str {
        match self {
            Guard::Users => "users",
            Guard::Restarts => "restarts",
            Guard::Silence => "silence",
            Guard::Hold => "hold",
        }
    }
}

/// The limits in force. `None` switches the guard off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guards {
    /// Bad user-seconds allowed since T0; one more aborts.
    pub users_s: Option<u32>,
    /// Restarts since T0, of containers that are not targets of the fault, at which the run aborts.
    pub restarts: Option<u32>,
    /// Seconds for which the cluster may be silent; longer aborts.
    pub silence_s: Option<u32>,
    /// Seconds within which the operator has to press a key; otherwise the run aborts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_s: Option<u32>,
}

impl Guards {
    /// All guards switched off.
    pub const OFF: Guards = Guards { users_s: None, restarts: None, silence_s: None, hold_s: None };

    pub fn limit(&self, guard: Guard) -> Option<u32> {
        match guard {
            Guard::Users => self.users_s,
            Guard::Restarts => self.restarts,
            Guard::Silence => self.silence_s,
            Guard::Hold => self.hold_s,
        }
    }

    /// Sets the limit of a guard; `None` switches the guard off.
    pub fn set(&mut self, guard: Guard, limit: Option<u32>) {
        match guard {
            Guard::Users => self.users_s = limit,
            Guard::Restarts => self.restarts = limit,
            Guard::Silence => self.silence_s = limit,
            Guard::Hold => self.hold_s = limit,
        }
    }
}

impl Default for Guards {
    /// The default limits of a live session: half of the users' budget, the first restart, ten seconds. The
    /// operator need not hold the fault.
    fn default() -> Self {
        Guards { users_s: Some(60), restarts: Some(1), silence_s: Some(10), hold_s: None }
    }
}

/// A guard that exceeded its limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuardTrip {
    pub guard: Guard,
    pub figure: u32,
    pub limit: u32,
    /// Figure and limit in one sentence.
    pub because: String,
}
