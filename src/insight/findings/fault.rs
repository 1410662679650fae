//! Whether there was a fault to learn from.

use super::{Finding, FindingTopic, Severity, measured::Measured};
use crate::{
    insight::{RunVerdict, verdict::failed_hypothesis_text},
    session::{state::Fault, wording},
};

/// Seconds below which a fault is too short to show more than its onset.
const SHORT_S: f64 = 15.0;

fn finding(weight: Severity, text: &str, advice: &str, evidence: Vec<String>) -> Finding {
    let (text, advice) = (text.to_owned(), advice.to_owned());
    Finding { severity: weight, text, advice, evidence, topic: FindingTopic::Fault }
}

/// The fires, one line each.
fn fires(seen: &Measured, fault: &Fault) -> Vec<String> {
    fault.fires.iter().map(|firing| format!("{}: {}", seen.moment(firing.at), firing.what)).collect()
}

pub(super) fn without_effect(seen: &Measured) -> Option<Finding> {
    let fault = seen.fault.filter(|_| seen.session.fault_had_effect() == Some(false))?;
    if !seen.has_verdict(RunVerdict::FaultNeverHappened) {
        return None;
    }
    let mut evidence = fires(seen, fault);
    evidence.push("no pod, Service or workload of what it hit changed after T0".to_owned());
    let text = "The fault was fired, but nothing of what it hit ever went away.";
    let advice = "Try: look at what the action selects, before you believe any other figure.";
    Some(finding(Severity::Serious, text, advice, evidence))
}

pub(super) fn not_confirmed(seen: &Measured) -> Option<Finding> {
    let doubt = seen.fault?.all_unconfirmed().filter(|_| seen.has_verdict(RunVerdict::FaultNotConfirmed))?;
    let text = "The fire failed, and it is not known whether it changed something.";
    let advice = "Try: fix the cause of the failure; name the targets in the file, so that they are watched.";
    Some(finding(Severity::Serious, text, advice, vec![doubt.to_owned()]))
}

pub(super) fn refused(seen: &Measured) -> Option<Finding> {
    let refusal = seen.session.refusals.last().filter(|_| seen.fault.is_none())?;
    let text = "The fire was refused before it changed anything: this run shows nothing of a fault.";
    let advice = "Try: fire with an account that has the permission.";
    Some(finding(Severity::Serious, text, advice, vec![refusal.reason.clone()]))
}

pub(super) fn not_fired(seen: &Measured) -> Option<Finding> {
    if seen.fault.is_some() || !seen.session.refusals.is_empty() {
        return None;
    }
    if let Some(gate) = failed_hypothesis_text(seen.session) {
        let text = "Nothing was fired: the steady state was not met.";
        let advice = "Try: fix the steady state first, or its definition in the file.";
        return Some(finding(Severity::Caution, text, advice, vec![gate]));
    }
    let text = "Nothing was fired: this run shows the steady state and nothing of a fault.";
    let steady = seen.session.users.main().map(|endpoint| endpoint.baseline(seen.now));
    let steady = steady.map(|tally| format!("{} of {} answers were real", tally.real, tally.answered()));
    let advice = "Try: fire the step that changes the system.";
    Some(finding(Severity::Neutral, text, advice, steady.into_iter().collect()))
}

/// The fault ended before much could be observed.
pub(super) fn short(seen: &Measured) -> Option<Finding> {
    let lasted = seen.fault.filter(|fault| !fault.is_on())?.lasted(seen.now);
    let was = seen.fault_phrase();
    (lasted < SHORT_S).then(|| Finding {
        severity: Severity::Neutral,
        text: format!("It was short: {was} for {}.", wording::seconds(lasted)),
        advice: "Try: a fault that lasts longer, so that users feel what comes after the first seconds."
            .to_owned(),
        evidence: seen.fault.map(|fault| fires(seen, fault)).unwrap_or_default(),
        topic: FindingTopic::NotExercised,
    })
}
