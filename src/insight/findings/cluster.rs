//! Findings about what Kubernetes did to pods that the fault did not target.

use super::{Finding, FindingTopic, Severity, measured::Measured};
use crate::session::{
    event::{LastEnd, Timestamp},
    state::PodRow,
    wording,
};

/// Maximum number of moments that are listed.
const LISTED: usize = 8;

/// Kubernetes restarted a container.
pub(super) fn restarts(seen: &Measured) -> Option<Finding> {
    let pods: Vec<&PodRow> = seen.session.bystanders().filter(|pod| pod.restarts_since_t0() > 0).collect();
    let pod = pods.first()?;
    let times: u32 = pods.iter().map(|pod| pod.restarts_since_t0()).fold(0, u32::saturating_add);
    let who = seen.bystander(pod);
    let misses: Vec<Timestamp> = pods.iter().flat_map(|pod| seen.liveness_misses(pod)).collect();
    let open = !misses.is_empty() && misses.iter().all(|at| seen.was_open(*at));
    let mut evidence = moments(seen, &misses);
    evidence.push(format!("its restart count rose by {times} since T0"));
    evidence.extend(pods.iter().filter_map(|pod| pod.last_end()).map(ended));
    let times = wording::count(times.into(), "time");
    let (text, advice) = if open {
        (
            format!(
                "The open breaker failed the liveness checks of {who}, which was healthy: Kubernetes restarted it {times}."
            ),
            "Try: let liveness ask a page that does not depend on others.",
        )
    } else {
        (
            format!("Kubernetes restarted {who} {times}, though the fault did not target it."),
            "Try: read its log from before the restart, and its exit reason.",
        )
    };
    Some(Finding {
        severity: Severity::Serious,
        text,
        advice: advice.to_owned(),
        evidence,
        topic: FindingTopic::Liveness,
    })
}

/// Liveness probes failed, but not often enough for a restart.
pub(super) fn liveness(seen: &Measured) -> Option<Finding> {
    if seen.session.bystanders().any(|pod| pod.restarts_since_t0() > 0) {
        return None;
    }
    let missed = |pod: &&PodRow| !seen.liveness_misses(pod).is_empty();
    let pod = seen.session.bystanders().filter(missed).max_by_key(|pod| pod.misses.worst)?;
    let (misses, liveness) = (seen.liveness_misses(pod), pod.pod.liveness.as_ref()?);
    let (worst, threshold) = (pod.misses.worst.max(1), liveness.threshold);
    let who = seen.bystander(pod);
    let whom = who.trim_start_matches("the ");
    let open = misses.iter().all(|at| seen.was_open(*at));
    let path = liveness.path.as_deref().unwrap_or("its probe");
    let mut evidence = moments(seen, &misses);
    evidence.push(format!(
        "Kubernetes asks {path} every {} s and restarts at {threshold} misses in a row; {worst} in a row were seen",
        liveness.period_s
    ));
    let text = if open {
        format!("The open breaker failed {worst} of {threshold} liveness checks of a healthy {whom}.")
    } else {
        format!(
            "{worst} of {threshold} liveness checks of {who} failed in a row, though the fault did not target it."
        )
    };
    let advice = "Try: let liveness ask a page that does not depend on others.".to_owned();
    Some(Finding { severity: Severity::Caution, text, advice, evidence, topic: FindingTopic::Liveness })
}

fn moments(seen: &Measured, misses: &[Timestamp]) -> Vec<String> {
    if misses.is_empty() {
        return Vec::new();
    }
    let listed: Vec<String> = misses.iter().take(LISTED).map(|at| seen.moment(*at)).collect();
    let more = if misses.len() > LISTED { " and later" } else { "" };
    vec![format!("liveness missed at {}{more}", listed.join(", "))]
}

fn ended(end: &LastEnd) -> String {
    format!("it last ended with {} (exit code {})", end.reason, end.exit_code)
}
