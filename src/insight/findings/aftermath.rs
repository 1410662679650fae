//! Findings about the state after the run, and about what ended it.

use super::{Finding, FindingTopic, Severity, measured::Measured};
use crate::{insight::verdict::rollback_failure_text, session::event::Guard};

/// A rollback failed.
pub(super) fn rollback(seen: &Measured) -> Option<Finding> {
    let failed: Vec<String> = seen.session.steps.failed_rollbacks().map(rollback_failure_text).collect();
    let text = match failed.len() {
        0 => return None,
        1 => "A rollback failed: what the fault changed may still be changed.".to_owned(),
        n => format!("{n} rollbacks failed: what the fault changed may still be changed."),
    };
    let advice = "Try: put it back by hand, or with the undo kit, before anything else.".to_owned();
    Some(Finding { severity: Severity::Serious, text, advice, evidence: failed, topic: FindingTopic::Safety })
}

/// The system was not back in its steady state in time.
pub(super) fn not_safe(seen: &Measured) -> Option<Finding> {
    let done = seen.session.safety.as_ref()?.final_check.as_ref().filter(|done| !done.met)?;
    Some(Finding {
        severity: Severity::Serious,
        text: "The run is over and the system is not back in its steady state.".to_owned(),
        advice: "Try: look at what is still wrong before you run anything again.".to_owned(),
        evidence: done.wrong.clone(),
        topic: FindingTopic::Safety,
    })
}

/// A guard ended the run.
pub(super) fn guard(seen: &Measured) -> Option<Finding> {
    let (at, trip) = seen.session.guards.tripped.as_ref()?;
    let limit = match trip.guard {
        Guard::Users => "bad seconds",
        Guard::Restarts => "restarts",
        Guard::Silence => "seconds of silence",
        Guard::Hold => "seconds without a key",
    };
    Some(Finding {
        severity: Severity::Neutral,
        text: format!(
            "A guard ended the run at {}: what would have come after that was not seen.",
            seen.moment(*at)
        ),
        advice: format!("Try: repeat the run once the cause is fixed, or allow more {limit}."),
        evidence: vec![trip.because.clone()],
        topic: FindingTopic::NotExercised,
    })
}
