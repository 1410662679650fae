//! The measurements of a session, computed once for all findings.

use crate::{
    insight::{
        RunVerdict, names,
        verdict::{Conclusion, conclusion_so_far},
    },
    session::{
        clock::shifted,
        event::Timestamp,
        state::{
            Cycle, CycleEnd, Endpoint, Fault, MeasuredSettings as Breaking, Outcome, PodRow, Sample, Session,
            Tally,
        },
        wording,
    },
};

/// Time by which two sources may differ about the same moment.
const TRAVEL_S: f64 = 1.0;

/// The measurements, as seen by our probe of the endpoint that fared worst.
pub(super) struct Measured<'a> {
    pub(super) session: &'a Session,
    pub(super) now: Timestamp,
    pub(super) fault: Option<&'a Fault>,
    pub(super) endpoint: Option<&'a Endpoint>,
    /// What users got while the fault was on, and since T0.
    pub(super) during: Tally,
    pub(super) since: Tally,
    pub(super) conclusion: Conclusion,
    /// The breaker's settings, as measured from its behaviour.
    pub(super) breaking: Breaking,
    /// Users who were let down before the breaker opened.
    pub(super) before_opening: UserHarm,
}

/// Users who were let down in a time span.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct UserHarm {
    /// Users who got an error.
    pub failed: u64,
    /// Users who got another answer, later than the limit.
    pub late: u64,
    /// The longest of all their waits, and the median, in milliseconds.
    pub longest_ms: f64,
    pub median_ms: f64,
}

impl UserHarm {
    fn of(dots: impl Iterator<Item = Sample>, limit_ms: u64) -> Self {
        let late = |dot: &Sample| f64::from(dot.waited_ms) > limit_ms as f64;
        let harmed: Vec<Sample> = dots.filter(|dot| dot.outcome == Outcome::Error || late(dot)).collect();
        let failed = harmed.iter().filter(|dot| dot.outcome == Outcome::Error).count() as u64;
        let mut waits: Vec<f64> = harmed.iter().map(|dot| f64::from(dot.waited_ms)).collect();
        waits.sort_unstable_by(f64::total_cmp);
        Self {
            failed,
            late: harmed.len() as u64 - failed,
            longest_ms: waits.last().copied().unwrap_or(0.0),
            median_ms: waits.get(waits.len() / 2).copied().unwrap_or(0.0),
        }
    }

    /// Returns the number of all users who were let down.
    pub fn users(&self) -> u64 {
        self.failed + self.late
    }

    /// `7 users waited up to 2.0 s`, `3 users got an error and 4 waited up to 2.0 s`
    pub(super) fn words(&self, of: &str) -> String {
        let longest = wording::wait(self.longest_ms);
        let users = |n| format!("{}{of}", wording::count(n, "user"));
        match (self.failed, self.late) {
            (0, late) => format!("{} waited up to {longest}", users(late)),
            (failed, 0) => format!("{} got an error", users(failed)),
            (failed, late) => format!("{} got an error and {late} waited up to {longest}", users(failed)),
        }
    }
}

impl<'a> Measured<'a> {
    pub(super) fn of(session: &'a Session, now: Timestamp) -> Self {
        let harmed = |endpoint: &&Endpoint| {
            let during = endpoint.during_fault(now);
            (during.error, during.over_limit, during.fallback)
        };
        // On a tie the first endpoint counts: `max_by_key` returns the last maximum, hence `rev`.
        let endpoint = session.users.endpoints.iter().rev().max_by_key(harmed);
        Self {
            session,
            now,
            fault: session.fault.as_ref(),
            endpoint,
            during: endpoint.map(|endpoint| endpoint.during_fault(now)).unwrap_or_default(),
            since: endpoint.map(|endpoint| endpoint.since_t0(now)).unwrap_or_default(),
            conclusion: conclusion_so_far(session, now),
            breaking: session.breaker.measured(session.t0()),
            before_opening: endpoint
                .map(|endpoint| harm_before_opening(session, endpoint))
                .unwrap_or_default(),
        }
    }

    /// ` of /orders`, if several endpoints were probed.
    pub(super) fn of_endpoint(&self) -> String {
        let several = self.session.users.endpoints.len() > 1;
        let name = self.endpoint.filter(|_| several).map(|endpoint| self.session.users.name(endpoint));
        name.map(|name| format!(" of {name}")).unwrap_or_default()
    }

    /// `7 users`, with their endpoint if several were probed.
    pub(super) fn users(&self, n: u64) -> String {
        format!("{}{}", wording::count(n, "user"), self.of_endpoint())
    }

    pub(super) fn has_verdict(&self, standing: RunVerdict) -> bool {
        self.conclusion.verdict == standing
    }

    /// `T+2.0`
    pub(super) fn moment(&self, at: Timestamp) -> String {
        self.session.since_t0(at).map(wording::moment).unwrap_or_default()
    }

    /// The wait that users accept, in milliseconds.
    pub(super) fn limit_ms(&self) -> u64 {
        self.endpoint.map_or(0, |endpoint| endpoint.limit_ms)
    }

    /// `the provider was away` if that was observed, else `the fault was on`.
    pub(super) fn fault_phrase(&self) -> &'static str {
        match self.session.fault_had_effect() {
            Some(true) => "the provider was away",
            _ => "the fault was on",
        }
    }

    /// Openings since T0, oldest first.
    pub(super) fn cycles(&self) -> impl Iterator<Item = &'a Cycle> {
        let t0 = self.session.t0();
        self.session.breaker.cycles.iter().filter(move |cycle| t0.is_some_and(|t0| cycle.opened >= t0))
    }

    /// Failed trials since T0, with their start and end.
    pub(super) fn failed_trials(&self) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        self.cycles().filter_map(|cycle| match (cycle.trial, cycle.ended) {
            (Some(trial), Some((ended, CycleEnd::Failed))) => Some((trial, ended)),
            _ => None,
        })
    }

    /// Whether the breaker was open at a moment, as far as known by now.
    pub(super) fn was_open(&self, at: Timestamp) -> bool {
        let by = shifted(at, TRAVEL_S);
        let within = |cycle: &Cycle| {
            let closed = cycle.trial.or(cycle.ended.map(|(ended, _)| ended));
            cycle.opened <= by && closed.is_none_or(|closed| at <= shifted(closed, TRAVEL_S))
        };
        let breaker = &self.session.breaker;
        breaker.cycles.iter().any(within) || breaker.interrupted.iter().any(|opened| *opened <= by)
    }

    /// Users let down whose requests were due in a time span.
    pub(super) fn harm(&self, from: Timestamp, to: Timestamp) -> UserHarm {
        let dots = self.endpoint.into_iter().flat_map(|endpoint| endpoint.samples());
        UserHarm::of(dots.filter(|dot| dot.start >= from && dot.start < to).copied(), self.limit_ms())
    }

    /// Times since T0 at which the kubelet reported a failed liveness probe of a pod.
    pub(super) fn liveness_misses(&self, pod: &PodRow) -> Vec<Timestamp> {
        let object = format!("pod/{}", pod.pod.key.name);
        let notes = self.session.cluster.notes.iter().filter(|row| {
            row.note.object == object
                && row.note.reason == "Unhealthy"
                && row.note.message.starts_with("Liveness")
                && self.session.t0().is_some_and(|t0| row.at >= t0)
        });
        notes.map(|row| row.at).collect()
    }

    /// The name of a pod that the fault did not target.
    pub(super) fn bystander(&self, pod: &PodRow) -> String {
        names::bystander(self.session, pod)
    }
}

/// Returns the users who were let down before the first opening of the breaker since T0; none if it never opened.
pub fn harm_before_opening(session: &Session, endpoint: &Endpoint) -> UserHarm {
    let Some((t0, opened)) = session.t0().zip(first_opening(session)) else { return UserHarm::default() };
    let dots = endpoint.samples().filter(|dot| dot.start >= t0 && dot.start < opened);
    UserHarm::of(dots.copied(), endpoint.limit_ms)
}

fn first_opening(session: &Session) -> Option<Timestamp> {
    let trip_s = session.breaker.measured(session.t0()).trip_s?;
    session.t0().map(|t0| shifted(t0, trip_s.max(0.0)))
}
