//! The answers that users got in the last five seconds.

use super::Scene;
use crate::{
    session::{
        clock::shifted,
        state::{Endpoint, Recent},
    },
    tui::{picture::IN_FLIGHT_SHOWN_MS, theme::Role},
};

/// The length of the window, in seconds.
const LATELY_S: f64 = 5.0;

/// The requests of the last [`LATELY_S`] seconds.
pub(in crate::tui) struct RecentAnswers {
    /// Those that were answered.
    pub(in crate::tui) answered: Recent,
    /// Those still waiting for an answer.
    waiting: usize,
}

impl RecentAnswers {
    pub(in crate::tui) fn of(scene: &Scene, endpoint: &Endpoint) -> Self {
        let from = shifted(scene.until, -LATELY_S);
        let came = Recent::of(endpoint.samples_between(from, scene.until));
        let waits = endpoint.waiting_over(scene.until, IN_FLIGHT_SHOWN_MS);
        Self { answered: came, waiting: waits.filter(|(flight, _)| flight.start >= from).count() }
    }

    /// The most frequent outcome, on a tie the worse one: `20 of 20 fallback`. `None` without requests.
    pub(in crate::tui) fn most_frequent(&self) -> Option<(Role, String)> {
        let came = &self.answered;
        let parts = [
            (Role::Ok, came.real, "real"),
            (Role::Unknown, came.unjudged, "answered"),
            (Role::Protected, came.fallback, "fallback"),
            (Role::Waiting, self.waiting, "waiting"),
            (Role::Failing, came.errors, "failed"),
        ];
        let all = came.answers + self.waiting;
        let most = parts.into_iter().filter(|(_, n, _)| *n > 0).max_by_key(|(_, n, _)| *n);
        most.map(|(role, n, word)| (role, format!("{n} of {all} {word}")))
    }
}

/// The number of users who wait longer than [`IN_FLIGHT_SHOWN_MS`] for an answer, and the longest wait in milliseconds.
pub(in crate::tui) fn waiting(scene: &Scene, endpoint: &Endpoint) -> (usize, f64) {
    let waits = endpoint.waiting_over(scene.until, IN_FLIGHT_SHOWN_MS).map(|(_, waited)| waited);
    waits.fold((0, 0.0), |(count, longest), waited| (count + 1, f64::max(longest, waited)))
}
