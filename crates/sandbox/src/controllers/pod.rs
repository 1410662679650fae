//! Queries about the state of a pod.

use super::ownership::is_terminating;
use crate::store::Object;
use jiff::Timestamp;
use serde_json::Value;
use std::time::Duration;

/// Returns whether the pod is neither finished nor terminating, so that it counts as a replica of its owner.
pub(super) fn is_active(pod: &Value) -> bool {
    !is_terminating(pod) && !is_finished(pod)
}

/// Returns whether all containers have ended and will not be restarted.
pub(super) fn is_finished(pod: &Value) -> bool {
    matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"))
}

/// [`is_finished`] without parsing the pod.
pub(super) fn is_over(pod: &Object) -> bool {
    matches!(pod.field("status.phase"), "Succeeded" | "Failed")
}

/// Returns the pod's condition of this type, if its status is `True`.
fn condition<'a>(pod: &'a Value, kind: &str) -> Option<&'a Value> {
    let conditions = pod["status"]["conditions"].as_array()?;
    conditions.iter().find(|condition| condition["type"] == kind && condition["status"] == "True")
}

/// Returns whether the pod is ready to receive traffic.
pub(super) fn is_ready(pod: &Value) -> bool {
    condition(pod, "Ready").is_some()
}

/// Returns the time for which the pod must stay ready until it counts as available; zero when it is available, `None`
/// when it is not ready.
pub(super) fn until_available(pod: &Value, min_ready_seconds: u64, now: Timestamp) -> Option<Duration> {
    let ready = condition(pod, "Ready")?;
    if min_ready_seconds == 0 {
        return Some(Duration::ZERO);
    }
    let since: Timestamp = ready["lastTransitionTime"].as_str()?.parse().ok()?;
    let lasted = Duration::try_from(now.duration_since(since)).unwrap_or(Duration::ZERO);
    Some(Duration::from_secs(min_ready_seconds).saturating_sub(lasted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_ready_pod_is_available_after_its_minimum() {
        let now: Timestamp = "2026-11-23T05:00:30Z".parse().unwrap();
        let pod = |status: &str| {
            json!({"status": {"phase": "Running", "conditions": [
                {"type": "Ready", "status": status, "lastTransitionTime": "2026-11-23T05:00:00Z"},
            ]}})
        };
        for (status, minimum, expected) in
            [("False", 0, None), ("True", 0, Some(0)), ("True", 30, Some(0)), ("True", 40, Some(10))]
        {
            let expected = expected.map(Duration::from_secs);
            assert_eq!(until_available(&pod(status), minimum, now), expected, "{status} {minimum}");
        }
        assert!(is_active(&pod("False")));
        assert!(!is_active(&json!({"status": {"phase": "Failed"}})));
    }
}
