//! The word that `kubectl get pods` prints under STATUS.

use k8s_openapi::api::core::v1::{ContainerState, ContainerStatus, Pod, PodStatus};

/// The reason that blocks the pod most, else its phase.
pub(super) fn status_word(pod: &Pod) -> String {
    let empty = PodStatus::default();
    let status = pod.status.as_ref().unwrap_or(&empty);
    let phase = status.phase.as_deref().unwrap_or("Unknown");
    let reason = status.reason.as_deref().filter(|reason| !reason.is_empty());
    let ended = matches!(phase, "Succeeded" | "Failed");
    if pod.metadata.deletion_timestamp.is_some() && !ended {
        return if reason == Some("NodeLost") { "Unknown" } else { "Terminating" }.to_owned();
    }
    let initialising = initialising(pod, status);
    let mut word = initialising.clone().unwrap_or_else(|| reason.unwrap_or(phase).to_owned());
    if initialising.is_some() && !has_condition(status, "Initialized") {
        return word;
    }
    let containers = status.container_statuses.as_deref().unwrap_or_default();
    // The first container's word wins.
    for state in containers.iter().rev().filter_map(|container| container.state.as_ref()) {
        word = container_word(state).unwrap_or(word);
    }
    let running = containers.iter().any(|container| {
        container.ready && container.state.as_ref().is_some_and(|state| state.running.is_some())
    });
    match word == "Completed" && running {
        true if has_condition(status, "Ready") => "Running".to_owned(),
        true => "NotReady".to_owned(),
        false => word,
    }
}

/// Whether its init containers are not done yet.
pub(super) fn is_initialising(pod: &Pod) -> bool {
    let status = pod.status.as_ref();
    status.is_some_and(|status| initialising(pod, status).is_some() && !has_condition(status, "Initialized"))
}

/// Whether the init container of this name runs beside the others.
pub(super) fn is_sidecar(pod: &Pod, name: &str) -> bool {
    let mut declared = pod.spec.iter().flat_map(|spec| spec.init_containers.iter().flatten());
    declared.any(|init| init.name == name && init.restart_policy.as_deref() == Some("Always"))
}

fn has_condition(status: &PodStatus, name: &str) -> bool {
    let conditions = status.conditions.as_deref().unwrap_or_default();
    conditions.iter().any(|condition| condition.type_ == name && condition.status == "True")
}

/// Why a container does not run.
fn container_word(state: &ContainerState) -> Option<String> {
    let waiting = state.waiting.as_ref().and_then(|waiting| waiting.reason.clone());
    waiting.filter(|reason| !reason.is_empty()).or_else(|| ended_word(state))
}

fn ended_word(state: &ContainerState) -> Option<String> {
    let ended = state.terminated.as_ref()?;
    let reason = ended.reason.clone().filter(|reason| !reason.is_empty());
    Some(reason.unwrap_or_else(|| match ended.signal {
        Some(signal) if signal != 0 => format!("Signal:{signal}"),
        _ => format!("ExitCode:{}", ended.exit_code),
    }))
}

/// `Init:…`, as long as an init container is not done.
fn initialising(pod: &Pod, status: &PodStatus) -> Option<String> {
    let declared = pod.spec.as_ref().and_then(|spec| spec.init_containers.as_deref()).unwrap_or_default();
    let statuses = status.init_container_statuses.as_deref().unwrap_or_default();
    let (index, state) = statuses.iter().enumerate().find_map(|(index, container)| {
        (!done(container, is_sidecar(pod, &container.name))).then_some((index, container.state.as_ref()))
    })?;
    if let Some(word) = state.and_then(ended_word) {
        return Some(format!("Init:{word}"));
    }
    let waiting = state.and_then(|state| state.waiting.as_ref()?.reason.as_deref());
    Some(match waiting.filter(|reason| !reason.is_empty() && *reason != "PodInitializing") {
        Some(reason) => format!("Init:{reason}"),
        None => format!("Init:{index}/{}", declared.len().max(statuses.len())),
    })
}

/// An init container is done when it ended successfully; a sidecar is done when it has started.
fn done(container: &ContainerStatus, sidecar: bool) -> bool {
    let ended = container.state.as_ref().and_then(|state| state.terminated.as_ref());
    ended.is_some_and(|ended| ended.exit_code == 0) || (sidecar && container.started == Some(true))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value as Json, json};

    fn word(pod: Json) -> String {
        status_word(&serde_json::from_value(pod).unwrap())
    }

    fn container(name: &str, ready: bool, state: Json) -> Json {
        json!({"name": name, "image": "i", "imageID": "", "ready": ready, "restartCount": 0, "state": state})
    }

    #[test]
    fn words() {
        let running = json!({"running": {}});
        let crashing = json!({"waiting": {"reason": "CrashLoopBackOff"}});
        let ended = |reason: Option<&str>, code: i32, signal: i32| json!({"terminated": {"exitCode": code, "signal": signal, "reason": reason}});
        let of = |phase: &str, containers: Vec<Json>| {
            word(json!({"status": {"phase": phase, "containerStatuses": containers}}))
        };
        assert_eq!(word(json!({})), "Unknown");
        assert_eq!(word(json!({"status": {"phase": "Pending"}})), "Pending");
        assert_eq!(word(json!({"status": {"phase": "Failed", "reason": "Evicted"}})), "Evicted");
        assert_eq!(of("Running", vec![container("a", true, running.clone())]), "Running");
        assert_eq!(
            of("Pending", vec![container("a", false, json!({"waiting": {"reason": "ContainerCreating"}}))]),
            "ContainerCreating"
        );
        assert_eq!(of("Running", vec![container("a", false, ended(Some("Error"), 1, 0))]), "Error");
        assert_eq!(of("Running", vec![container("a", false, ended(None, 137, 0))]), "ExitCode:137");
        assert_eq!(of("Running", vec![container("a", false, ended(None, 137, 9))]), "Signal:9");
        assert_eq!(
            of(
                "Running",
                vec![container("a", false, crashing.clone()), container("b", true, running.clone())]
            ),
            "CrashLoopBackOff"
        );
        assert_eq!(
            of("Running", vec![container("a", true, running.clone()), container("b", false, crashing)]),
            "CrashLoopBackOff"
        );
        assert_eq!(
            of(
                "Running",
                vec![container("a", false, ended(Some("Completed"), 0, 0)), container("b", true, running)]
            ),
            "NotReady"
        );
    }

    #[test]
    fn deletion_wins_unless_it_ended() {
        let deleted = |phase: &str, reason: Option<&str>| {
            word(json!({"metadata": {"deletionTimestamp": "2024-01-01T00:00:00Z"},
                        "status": {"phase": phase, "reason": reason}}))
        };
        assert_eq!(deleted("Running", None), "Terminating");
        assert_eq!(deleted("Running", Some("NodeLost")), "Unknown");
        assert_eq!(deleted("Succeeded", None), "Succeeded");
    }

    #[test]
    fn init_containers_come_first() {
        let of = |states: Vec<Json>, declared: Json| {
            let statuses: Vec<Json> = states
                .into_iter()
                .enumerate()
                .map(|(i, state)| container(&format!("i{i}"), false, state))
                .collect();
            word(json!({"spec": {"containers": [], "initContainers": declared},
                        "status": {"phase": "Pending", "initContainerStatuses": statuses}}))
        };
        let two = json!([{"name": "i0"}, {"name": "i1"}]);
        let done = json!({"terminated": {"exitCode": 0}});
        assert_eq!(
            of(vec![json!({"running": {}}), json!({"waiting": {"reason": "PodInitializing"}})], two.clone()),
            "Init:0/2"
        );
        assert_eq!(of(vec![done.clone(), json!({"running": {}})], two.clone()), "Init:1/2");
        assert_eq!(
            of(vec![done.clone(), json!({"waiting": {"reason": "ImagePullBackOff"}})], two.clone()),
            "Init:ImagePullBackOff"
        );
        assert_eq!(
            of(vec![json!({"terminated": {"exitCode": 1, "reason": "Error"}})], two.clone()),
            "Init:Error"
        );
        assert_eq!(of(vec![done.clone(), done], two), "Pending");
    }
}
