//! Findings about what the file's own checks can see of users.

use super::{Finding, FindingTopic, Severity, measured::Measured};
use crate::{
    insight::{RunVerdict, verdict::missed_in_method},
    session::{
        event::{RunStatus, Section},
        state::{StepRow, StepState},
    },
};

/// The journal reports success although users were let down.
pub(super) fn file_cannot_fail(seen: &Measured) -> Option<Finding> {
    let run = &seen.session.run;
    let well = run.status == Some(RunStatus::Completed) && !run.deviated;
    (well && seen.has_verdict(RunVerdict::NotResilient)).then(|| Finding {
        severity: Severity::Caution,
        text: "The file cannot fail: its journal says completed, exit 0, while users were let down."
            .to_owned(),
        advice:
            "Try: probe the consumer in the hypothesis, with a tolerance; a tolerance on a method probe has no effect."
                .to_owned(),
        evidence: vec![seen.conclusion.because()],
        topic: FindingTopic::File,
    })
}

/// A probe of the method missed its declared tolerance.
pub(super) fn missed(seen: &Measured) -> Option<Finding> {
    let missed =
        missed_in_method(seen.session, seen.fault?).filter(|_| seen.has_verdict(RunVerdict::NotResilient))?;
    Some(Finding {
        severity: Severity::Serious,
        text: "A probe of the method missed the tolerance that the file declares.".to_owned(),
        advice: "Try: put it into the hypothesis as well; a run without a screen ignores it in the method."
            .to_owned(),
        evidence: vec![missed],
        topic: FindingTopic::File,
    })
}

/// The hypothesis was met before the method, but not after it.
pub(super) fn deviated(seen: &Measured) -> Option<Finding> {
    let run = &seen.session.run;
    let after = run.after.as_ref().filter(|pass| !pass.met && pass.skipped == 0)?;
    run.before.as_ref().filter(|pass| pass.met)?;
    let which = after.deviating.as_ref().map(|name| format!(": `{name}`")).unwrap_or_default();
    Some(Finding {
        severity: Severity::Caution,
        text: format!("The steady state was not met after the method{which}."),
        advice: "Try: a longer wait before it is checked, if all it needs is time.".to_owned(),
        evidence: vec![format!("checked at {}", seen.moment(after.at))],
        topic: FindingTopic::File,
    })
}

/// A probe without a tolerance passed, though its remark says that users got a fallback or an error.
pub(super) fn passed_with_fallback(seen: &Measured) -> Option<Finding> {
    let passed = |row: &&StepRow| {
        row.remark.is_some()
            && row.step.at.section == Section::Method
            && row.step.tolerance.is_none()
            && row.state == StepState::Succeeded
    };
    let row = seen.session.steps.rows.iter().find(passed)?;
    let remark = row.remark.as_deref()?;
    Some(Finding {
        severity: Severity::Neutral,
        text: format!("`{}` passed {remark}: it has no tolerance.", row.step.name),
        advice: "Try: the same probe in the hypothesis, with a tolerance on the body.".to_owned(),
        evidence: row.summary.iter().map(|summary| format!("it gave: {summary}")).collect(),
        topic: FindingTopic::File,
    })
}
