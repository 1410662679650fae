//! Findings: what one session shows, each with advice and evidence, from the measurements of this session alone; and
//! what such a session cannot show.

mod aftermath;
mod breaker;
mod cluster;
mod fault;
mod file;
mod measured;
#[cfg(test)]
mod tests;
mod unseen;
mod users;

use super::verdict::state_of_verdict;
use crate::session::{event::Timestamp, state::Session};
use measured::Measured;
pub use measured::{UserHarm, harm_before_opening};
pub use unseen::{not_seen, not_watched};

/// Minimum number of findings, as far as there are as many, and maximum number.
const COUNT: (usize, usize) = (2, 5);

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub severity: Severity,
    /// What was found, in one or two sentences.
    pub text: String,
    /// What to try next.
    pub advice: String,
    /// The evidence, one sentence each.
    pub evidence: Vec<String>,
    pub topic: FindingTopic,
}

/// How much a finding matters, the most harmful first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Users or pods were harmed, or there is nothing to judge.
    Serious,
    /// Something to improve.
    Caution,
    /// Something that was shown to work.
    Good,
    /// Something to know.
    Neutral,
}

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FindingTopic {
    /// Whether there was a fault at all.
    Fault,
    /// What users got.
    Users,
    /// What the breaker cost users before it opened, or by its trials.
    Opening,
    /// How long it took from the provider's return to real answers.
    Return,
    /// Liveness probes and restarts.
    Liveness,
    /// A breaker that lets every call through, or is missing.
    NoBreaker,
    /// What the file's own checks can see.
    File,
    /// The status of a health page.
    Health,
    /// The recovery to safety after the run.
    Safety,
    /// What the run did not exercise.
    NotExercised,
}

/// Returns two to five findings of a session, the most harmful first, read from the same state as the verdict about the
/// run.
pub fn findings(session: &Session, now: Timestamp) -> Vec<Finding> {
    let (session, now) = state_of_verdict(session, now);
    let seen = Measured::of(session, now);
    let mut found: Vec<Finding> = [
        fault::without_effect(&seen),
        fault::not_confirmed(&seen),
        fault::refused(&seen),
        fault::not_fired(&seen),
        cluster::restarts(&seen),
        aftermath::rollback(&seen),
        aftermath::not_safe(&seen),
        breaker::switched_off(&seen),
        file::missed(&seen),
        users::failed(&seen),
        breaker::without_fallback(&seen),
        users::waited(&seen),
        breaker::price(&seen),
        breaker::retries(&seen),
        breaker::trials(&seen),
        users::late_recovery(&seen),
        cluster::liveness(&seen),
        breaker::forced(&seen),
        breaker::mixed(&seen),
        file::file_cannot_fail(&seen),
        file::deviated(&seen),
        users::health_never_failed(&seen),
        users::before(&seen),
        aftermath::guard(&seen),
        users::unnoticed(&seen),
    ]
    .into_iter()
    .flatten()
    .collect();
    found.sort_by_key(|finding| finding.severity);
    let more = [
        users::fallback(&seen),
        users::health_early(&seen),
        breaker::no_failed_trial(&seen),
        file::passed_with_fallback(&seen),
        users::few(&seen),
        fault::short(&seen),
    ];
    let missing = COUNT.0.saturating_sub(found.len());
    found.extend(more.into_iter().flatten().take(missing));
    found.truncate(COUNT.1);
    found
}
