//! Warnings about second-order problems as they build up, each with its arithmetic.

mod cluster;
#[cfg(test)]
mod tests;
mod users;

use super::{
    guards::{GuardLevel, guard_readings, nearest_guard},
    names,
    restart::restart_due,
    verdict::{UserVerdict, UserWord, verdict},
};
use crate::session::{
    event::{Guard, Timestamp},
    state::Session,
    wording,
};
pub use users::not_ready_to_fire;

/// Seconds for which an observation gap is reported after it has ended.
const GAP_TOLD_S: f64 = 15.0;

/// How urgent a warning is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Misleading information, or something that can be done now.
    Note,
    /// A discrepancy to watch.
    Watch,
    /// A guard will end the run if this continues.
    Guard,
    /// Something breaks, or is about to.
    Warn,
}

impl Urgency {
    /// Returns the label in front of the line.
    pub fn text(self) -> &'static str {
        match self {
            Urgency::Note => "NOTE",
            Urgency::Watch => "WATCH",
            Urgency::Guard => "GUARD",
            Urgency::Warn => "WARN",
        }
    }
}

/// One warning line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// How urgent it is.
    pub urgency: Urgency,
    /// What the warning is about, and the reason for it.
    pub text: String,
    /// The same in at most 71 columns, for small screens.
    pub short: String,
}

/// Maximum columns of a warning's short form.
const SHORT: usize = 71;

impl Warning {
    fn new(urgency: Urgency, text: impl Into<String>, short: impl Into<String>) -> Self {
        let short = short.into();
        let short = if short.chars().count() <= SHORT {
            short
        } else {
            short.chars().take(SHORT - 1).chain(['…']).collect()
        };
        Self { urgency, text: text.into(), short }
    }

    /// Returns the text if it fits into `columns`, else its short form.
    pub fn fitting(&self, columns: usize) -> &str {
        if self.text.chars().count() <= columns { &self.text } else { &self.short }
    }
}

/// Returns the current warnings, the most urgent first.
pub fn warnings(session: &Session, now: Timestamp) -> Vec<Warning> {
    let verdict = verdict(session, now);
    let mut warnings: Vec<Warning> = [
        guard_ahead(session, &verdict, now),
        users::budget(&verdict),
        users::unsent_requests(session, now),
        users::not_learned(session),
        recent_gap(session, now),
        users::healthy_but_failing(session, &verdict, now),
        users::health_recovered_alone(session),
        cluster::without_effect(session, now),
        cluster::restart_ahead(session, now),
        ready_again(session, &verdict, now),
    ]
    .into_iter()
    .flatten()
    .chain(recording_stopped(session))
    .chain(session.bystanders().filter_map(|pod| cluster::restarted(session, pod)))
    .chain(cluster::silent_sources(session, now))
    .collect();
    warnings.sort_by_key(|warning| std::cmp::Reverse(warning.urgency));
    warnings
}

/// What happens from here on is not kept.
fn recording_stopped(session: &Session) -> Option<Warning> {
    let reason = session.meta.recording_stopped.as_ref()?;
    let text = format!("Not recorded any more: {reason}");
    Some(Warning::new(Urgency::Watch, text.clone(), text))
}

/// A guard that will end the run if this continues.
fn guard_ahead(session: &Session, verdict: &UserVerdict, now: Timestamp) -> Option<Warning> {
    let near = nearest_guard(session, now);
    let urgency = if near.is_some() { Urgency::Warn } else { Urgency::Guard };
    let reading = near.or_else(|| users_guard(session, verdict, now))?;
    let (figure, limit) = (reading.figure, reading.limit);
    let left = limit.saturating_sub(figure).max(1);
    Some(match reading.guard {
        Guard::Users => Warning::new(
            urgency,
            format!(
                "Aborts by itself in {left} s if this goes on: {limit} bad seconds are allowed, {figure} are used up"
            ),
            format!("aborts by itself in {left} s: {figure} of {limit} bad seconds used up"),
        ),
        Guard::Restarts => {
            let who = session.bystanders().find(|pod| pod.misses_now(now).is_some());
            let who = who.map_or_else(|| "the consumer".to_owned(), |pod| names::bystander(session, pod));
            let due = restart_due(session, now)
                .and_then(|due| session.since_t0(due.at))
                .map(wording::whole_second_moment);
            let due = due.map(|due| format!(", due at {due}")).unwrap_or_default();
            Warning::new(
                urgency,
                format!("Aborts by itself when Kubernetes restarts {who}{due}"),
                format!("aborts by itself at a restart of {who}{due}"),
            )
        }
        Guard::Silence => Warning::new(
            urgency,
            format!("Aborts by itself in {left} s if the cluster stays silent: {limit} s are allowed"),
            format!("aborts by itself in {left} s: the cluster is silent"),
        ),
        Guard::Hold => Warning::new(
            urgency,
            format!("Aborts by itself in {left} s unless you press a key: --hold is {limit} s"),
            format!("aborts by itself in {left} s unless you press a key"),
        ),
    })
}

/// The users guard, once a third of its limit is used up and users are being let down now.
fn users_guard(
    session: &Session,
    verdict: &UserVerdict,
    now: Timestamp,
) -> Option<super::guards::GuardReading> {
    let mut readings = guard_readings(session, now).into_iter();
    let reading =
        readings.find(|reading| reading.guard == Guard::Users && reading.level == GuardLevel::Calm)?;
    let harmed = matches!(verdict.word, UserWord::Failing | UserWord::Waiting);
    (harmed && reading.has_used(1, 3)).then_some(reading)
}

/// An observation gap has just ended: the data missing on the screen is due to this program, not to the service.
fn recent_gap(session: &Session, now: Timestamp) -> Option<Warning> {
    let gap = session.gaps.last().filter(|gap| now.duration_since(gap.to).as_secs_f64() < GAP_TOLD_S)?;
    let seconds = wording::seconds(gap.seconds());
    let short = format!("{seconds} not observed: {}; nothing counts", wording::gap_cause(gap));
    Some(Warning::new(Urgency::Note, wording::gap(gap), short))
}

/// Users are well again after the fault: the steady state can be checked again.
fn ready_again(session: &Session, verdict: &UserVerdict, now: Timestamp) -> Option<Warning> {
    let healed = session.fault.as_ref().and_then(|fault| fault.healed)?;
    let well = session.run.ended.is_none() && verdict.word == UserWord::Ok;
    well.then(|| {
        let after = now.duration_since(healed).as_secs_f64();
        let before = session.users.main().zip(session.t0());
        let before = before.map_or(0.0, |(endpoint, t0)| t0.duration_since(endpoint.since).as_secs_f64());
        let text = "Steady state can be checked again";
        match before - after {
            more if more >= 1.0 => Warning::new(
                Urgency::Note,
                format!("{text}. With {more:.0} s more, after is as long as before"),
                format!("{text}; better after {more:.0} s more"),
            ),
            _ => Warning::new(Urgency::Note, text, text),
        }
    })
}
