//! The progress of a run, and what has gone wrong in it.

use crate::session::event::RunStatus;
use std::sync::{Mutex, PoisonError};

/// State shared by all parts of the run; the part that notices a change first sets it.
#[derive(Default)]
pub(super) struct Progress(Mutex<State>);

#[derive(Default)]
struct State {
    status: Option<RunStatus>,
    deviated: bool,
    crashed: bool,
    fired: bool,
    failed_rollbacks: Vec<String>,
}

impl Progress {
    pub(super) fn status(&self) -> Option<RunStatus> {
        self.with(|state| state.status)
    }

    pub(super) fn set_status(&self, status: RunStatus) {
        self.with(|state| state.status = Some(status));
    }

    pub(super) fn deviated(&self) -> bool {
        self.with(|state| state.deviated)
    }

    pub(super) fn set_deviated(&self) {
        self.with(|state| state.deviated = true);
    }

    pub(super) fn has_crashed(&self) -> bool {
        self.with(|state| state.crashed)
    }

    /// Marks the run as crashed, as the reference would crash.
    pub(super) fn set_crashed(&self) {
        self.with(|state| {
            state.crashed = true;
            state.status = Some(RunStatus::Aborted);
        });
    }

    pub(super) fn has_fired(&self) -> bool {
        self.with(|state| state.fired)
    }

    /// Records that a destructive step of the method is called.
    pub(super) fn set_fired(&self) {
        self.with(|state| state.fired = true);
    }

    pub(super) fn failed_rollbacks(&self) -> Vec<String> {
        self.with(|state| state.failed_rollbacks.clone())
    }

    /// Records a rollback that did not do its work.
    pub(super) fn add_failed_rollback(&self, name: &str) {
        self.with(|state| state.failed_rollbacks.push(name.to_owned()));
    }

    fn with<T>(&self, use_it: impl FnOnce(&mut State) -> T) -> T {
        use_it(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
