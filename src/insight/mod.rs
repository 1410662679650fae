//! Derives statements about a session: verdicts, warnings, captions, guard readings, prediction scores, and the
//! comparison with an earlier run.
//!
//! Everything here is a pure function of a [`Session`](crate::session::Session) and the current time: nothing changes
//! the state or is recorded. New wording therefore needs no new recording, and old recordings are shown with the
//! current wording.

mod captions;
mod earlier;
mod findings;
mod guards;
mod names;
mod phase;
mod prediction;
mod restart;
mod story;
mod subjects;
#[cfg(test)]
mod tests;
mod verdict;
mod warnings;

pub use captions::latest_caption;
pub use earlier::{errors_by, unlike, waiting_by};
pub use findings::{Finding, FindingTopic, Severity, UserHarm, findings, harm_before_opening, not_seen};
pub use guards::{GuardLevel, GuardReading, guard_near, guard_over, guard_readings};
pub use names::health_page;
pub use phase::{Phase, phase, phase_with};
pub use prediction::{PredictionScore, prediction_words, scores};
pub use restart::{RestartDue, due as restart_due_of, restart_due};
pub use story::{StoryLine, StoryMark, Tone, story};
pub use subjects::{why_pod, why_step};
pub use verdict::{
    Conclusion, MEDIUM, RunVerdict, SHORT, UserVerdict, UserWord, bad_seconds, call_share, conclusion,
    conclusion_so_far, failed_gate, fault_in_doubt, fault_untouched, hopeless, is_to_recover, late_word,
    only_rollbacks, provider_back, recovery_lag, rollback_failed, still_away, still_wrong, verdict,
    verdict_of,
};
pub use warnings::{Urgency, Warning, not_ready_to_fire, warnings};
