//! Derives statements about a session: verdicts, warnings, captions, guard readings, prediction scores, and the
//! comparison with an earlier run.
//!
//! Everything here is a pure function of a [`Session`](crate::session::Session) and the current time: nothing changes
//! the state or is recorded. New wording therefore needs no new recording, and old recordings are shown with the
//! current wording.

mod aftermath;
mod captions;
mod earlier;
mod findings;
mod guardian;
mod guards;
mod left_on;
mod names;
mod phase;
mod prediction;
mod restart;
mod story;
mod subjects;
#[cfg(test)]
mod tests;
mod timings;
mod verdict;
mod warnings;

pub use aftermath::{Aftermath, aftermath};
pub use captions::latest_caption;
pub use earlier::{differences, errors_until, waiting_at};
pub use findings::{
    Finding, FindingTopic, Severity, UserHarm, findings, harm_before_opening, not_seen, not_watched,
};
pub use guardian::{needs_guardian, suspension_notice};
pub use guards::{GuardLevel, GuardReading, guard_readings, nearest_guard, tripped_guard};
pub use left_on::{FiredStep, LeftOn, left_on};
pub use names::health_page;
pub use phase::{Phase, phase, phase_with};
pub use prediction::{PredictionScore, prediction_words, scores};
pub use restart::{RestartDue, restart_due, restart_due_of_pod as restart_due_of};
pub use story::{StoryLine, StoryMark, Tone, opening_tone, story};
pub use subjects::{explain_pod, explain_step};
pub use timings::{Timing, TimingValue, timings};
pub use verdict::{
    Conclusion, MEDIUM, RunVerdict, SHORT, UserVerdict, UserWord, bad_seconds, call_share, conclusion,
    conclusion_so_far, failed_hypothesis_text, late_verdict, needs_recovery, only_failed_rollbacks,
    provider_back_at, recovery_lag, remaining_problems, rollback_failure_text, targets_not_back, verdict,
    verdict_of, why_fault_had_no_effect, why_fault_unconfirmed, why_wait_is_hopeless,
};
pub use warnings::{Urgency, Warning, not_ready_to_fire, warnings};
