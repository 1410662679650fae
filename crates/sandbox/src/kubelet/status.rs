//! The status of a pod, computed from the states of its containers.

use crate::store::time;
use jiff::Timestamp;
use serde_json::{Value, json};

/// The current and the previous state of a container.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ContainerState {
    pub now: CurrentState,
    pub last: Option<Termination>,
    pub restarts: u64,
    pub ready: bool,
    pub started: bool,
    /// The ID of the run; `None` before the first run.
    pub id: Option<String>,
}

/// The current state of a container.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum CurrentState {
    Waiting { reason: &'static str, message: String },
    Running { since: Timestamp },
    Terminated(Termination),
}

/// The end of a run.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Termination {
    pub exit_code: i32,
    /// Why the container could not be started; `None` when it ran.
    pub start_error: Option<String>,
    pub started: Timestamp,
    pub finished: Timestamp,
    pub id: String,
}

impl ContainerState {
    pub(super) fn creating() -> Self {
        Self {
            now: CurrentState::Waiting { reason: "ContainerCreating", message: String::new() },
            last: None,
            restarts: 0,
            ready: false,
            started: false,
            id: None,
        }
    }
}

/// Writes `pod.status`. Conditions that do not change keep their transition times.
pub(super) fn write(pod: &mut Value, ip: &str, states: &[ContainerState]) {
    let containers = pod["spec"]["containers"].as_array().cloned().unwrap_or_default();
    let statuses: Vec<Value> = containers.iter().zip(states).map(|(c, state)| container(c, state)).collect();
    let unready: Vec<&str> = containers
        .iter()
        .zip(states)
        .filter(|(_, state)| !state.ready)
        .filter_map(|(container, _)| container["name"].as_str())
        .collect();
    let phase = phase(&pod["spec"], states);
    let done = phase == "Succeeded";
    let not_ready = match (done, unready.is_empty()) {
        (_, true) => None,
        (true, _) => Some(("PodCompleted", String::new())),
        (false, _) => {
            Some(("ContainersNotReady", format!("containers with unready status: [{}]", unready.join(" "))))
        }
    };
    let conditions = &mut pod["status"]["conditions"];
    condition(conditions, "PodReadyToStartContainers", None);
    condition(conditions, "Initialized", None);
    condition(conditions, "Ready", not_ready.clone());
    condition(conditions, "ContainersReady", not_ready);
    let status = &mut pod["status"];
    status["phase"] = phase.into();
    status["hostIP"] = "127.0.0.1".into();
    status["hostIPs"] = json!([{"ip": "127.0.0.1"}]);
    status["podIP"] = ip.into();
    status["podIPs"] = json!([{"ip": ip}]);
    if status["startTime"].is_null() {
        status["startTime"] = time::now().into();
    }
    if status["qosClass"].is_null() {
        status["qosClass"] = quality_of_service(&containers).into();
    }
    status["containerStatuses"] = statuses.into();
}

/// Returns why a container has not started, as `kubectl logs` says it.
pub(super) fn why_waiting(pod: &Value, container: &str) -> String {
    let mut statuses = pod["status"]["containerStatuses"].as_array().into_iter().flatten();
    let status = statuses.find(|status| status["name"] == container);
    let reason = status.and_then(|status| status["state"]["waiting"]["reason"].as_str());
    match reason.unwrap_or("ContainerCreating") {
        "ErrImagePull" => "image can't be pulled",
        "ImagePullBackOff" => "trying and failing to pull image",
        reason => reason,
    }
    .to_owned()
}

fn phase(spec: &Value, states: &[ContainerState]) -> &'static str {
    let never_ran =
        |state: &ContainerState| matches!(state.now, CurrentState::Waiting { .. }) && state.id.is_none();
    if states.iter().any(never_ran) {
        return "Pending";
    }
    let policy = spec["restartPolicy"].as_str().unwrap_or("Always");
    let ended = |state: &ContainerState| match &state.now {
        CurrentState::Terminated(termination)
            if policy == "Never" || (policy == "OnFailure" && termination.exit_code == 0) =>
        {
            Some(termination.exit_code)
        }
        _ => None,
    };
    let codes: Option<Vec<i32>> = states.iter().map(ended).collect();
    match codes {
        None => "Running",
        Some(codes) if codes.iter().all(|code| *code == 0) => "Succeeded",
        Some(_) => "Failed",
    }
}

fn container(container: &Value, state: &ContainerState) -> Value {
    let now = match &state.now {
        CurrentState::Waiting { reason, message } if message.is_empty() => {
            json!({"waiting": {"reason": reason}})
        }
        CurrentState::Waiting { reason, message } => {
            json!({"waiting": {"reason": reason, "message": message}})
        }
        CurrentState::Running { since } => json!({"running": {"startedAt": time::seconds(*since)}}),
        CurrentState::Terminated(termination) => json!({"terminated": terminated(termination)}),
    };
    let last = state.last.as_ref().map_or(json!({}), |last| json!({"terminated": terminated(last)}));
    let image = container["image"].as_str().unwrap_or_default();
    let mut status = json!({
        "name": container["name"],
        "state": now,
        "lastState": last,
        "ready": state.ready,
        "restartCount": state.restarts,
        "image": image,
        "imageID": "",
        "started": state.started,
    });
    if let Some(id) = &state.id {
        status["imageID"] = format!("built-in://{image}").into();
        status["containerID"] = id.as_str().into();
    }
    status
}

fn terminated(termination: &Termination) -> Value {
    let reason = match (&termination.start_error, termination.exit_code) {
        (Some(_), _) => "StartError",
        (None, 0) => "Completed",
        (None, _) => "Error",
    };
    let mut state = json!({
        "exitCode": termination.exit_code,
        "reason": reason,
        "startedAt": time::seconds(termination.started),
        "finishedAt": time::seconds(termination.finished),
        "containerID": termination.id,
    });
    if let Some(message) = &termination.start_error {
        state["message"] = message.as_str().into();
    }
    state
}

/// Sets a pod condition to true, or to false with a reason.
fn condition(conditions: &mut Value, kind: &str, failing: Option<(&'static str, String)>) {
    if !conditions.is_array() {
        *conditions = json!([]);
    }
    let Some(conditions) = conditions.as_array_mut() else { return };
    let status = if failing.is_none() { "True" } else { "False" };
    let place = conditions.iter().position(|known| known["type"] == kind);
    let before = place.and_then(|place| conditions.get(place)).cloned().unwrap_or_default();
    let since = before["lastTransitionTime"].as_str().filter(|_| before["status"] == status);
    let mut next = json!({
        "type": kind,
        "status": status,
        "lastProbeTime": null,
        "lastTransitionTime": since.map_or_else(time::now, str::to_owned),
    });
    if let Some((reason, message)) = failing {
        next["reason"] = reason.into();
        if !message.is_empty() {
            next["message"] = message.into();
        }
    }
    match place.and_then(|place| conditions.get_mut(place)) {
        Some(known) => *known = next,
        None => conditions.push(next),
    }
}

fn quality_of_service(containers: &[Value]) -> &'static str {
    let map =
        |container: &Value, key: &str| container["resources"][key].as_object().cloned().unwrap_or_default();
    if containers.iter().all(|c| map(c, "limits").is_empty() && map(c, "requests").is_empty()) {
        return "BestEffort";
    }
    let guaranteed = |container: &Value| {
        let (limits, requests) = (map(container, "limits"), map(container, "requests"));
        ["cpu", "memory"].iter().all(|key| {
            limits.get(*key).is_some_and(|limit| requests.get(*key).is_none_or(|request| request == limit))
        })
    };
    if containers.iter().all(guaranteed) { "Guaranteed" } else { "Burstable" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn termination(exit_code: i32) -> Termination {
        let at: Timestamp = "2026-11-23T05:00:00Z".parse().unwrap();
        Termination { exit_code, start_error: None, started: at, finished: at, id: "built-in://1".into() }
    }

    fn state(now: CurrentState) -> ContainerState {
        let ready = matches!(now, CurrentState::Running { .. });
        ContainerState {
            now,
            ready,
            started: ready,
            id: Some("built-in://2".into()),
            ..ContainerState::creating()
        }
    }

    fn pod(policy: &str) -> Value {
        json!({"spec": {"restartPolicy": policy, "containers": [{"name": "c", "image": "i", "resources": {}}]}})
    }

    #[test]
    fn the_phase_follows_the_containers_and_the_restart_policy() {
        let waiting = CurrentState::Waiting { reason: "CrashLoopBackOff", message: String::new() };
        let running = CurrentState::Running { since: Timestamp::now() };
        for (policy, states, expected) in [
            ("Always", vec![ContainerState::creating()], "Pending"),
            ("Always", vec![state(running.clone())], "Running"),
            ("Always", vec![state(CurrentState::Terminated(termination(0)))], "Running"),
            ("Always", vec![state(waiting)], "Running"),
            ("Never", vec![state(CurrentState::Terminated(termination(0)))], "Succeeded"),
            ("Never", vec![state(CurrentState::Terminated(termination(1)))], "Failed"),
            ("OnFailure", vec![state(CurrentState::Terminated(termination(1)))], "Running"),
            ("OnFailure", vec![state(CurrentState::Terminated(termination(0))), state(running)], "Running"),
        ] {
            assert_eq!(phase(&pod(policy)["spec"], &states), expected, "{policy} {states:?}");
        }
    }

    #[test]
    fn a_container_that_ended_shows_why_and_the_pod_is_not_ready() {
        let mut pod = pod("Always");
        write(&mut pod, "127.77.0.1", &[state(CurrentState::Running { since: Timestamp::now() })]);
        let ready = |pod: &Value| {
            let conditions = pod["status"]["conditions"].as_array().unwrap().clone();
            conditions.into_iter().find(|condition| condition["type"] == "Ready").unwrap()
        };
        assert_eq!(ready(&pod)["status"], "True");
        pod["status"]["conditions"][0]["lastTransitionTime"] = "then".into();
        let mut ended = state(CurrentState::Terminated(termination(137)));
        ended.last = Some(termination(1));
        write(&mut pod, "127.77.0.1", &[ended]);
        let status = &pod["status"]["containerStatuses"][0];
        assert_eq!(status["state"]["terminated"]["exitCode"], 137);
        assert_eq!(status["state"]["terminated"]["reason"], "Error");
        assert_eq!(status["lastState"]["terminated"]["exitCode"], 1);
        assert_eq!(ready(&pod)["message"], "containers with unready status: [c]");
        assert_eq!(
            pod["status"]["conditions"][0]["lastTransitionTime"], "then",
            "what stays true keeps its time"
        );
        for key in ["image", "imageID", "name", "ready", "restartCount"] {
            assert!(!status[key].is_null(), "{key} is required by strict clients");
        }
        assert_eq!(pod["status"]["podIP"], "127.77.0.1");
        assert_eq!(pod["status"]["qosClass"], "BestEffort");
    }
}
