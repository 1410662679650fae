//! Reduces a whole object to its row.

use super::status_word::{is_initialising, is_sidecar, status_word};
use crate::session::event::{Container, LastEnd, Liveness, Pod, PodKey, PodPhase, Timestamp, Workload};
use k8s_openapi::{
    api::{apps::v1::Deployment, core::v1},
    apimachinery::pkg::apis::meta::v1::Time,
};
use kube::ResourceExt;

/// Kubernetes' defaults for a liveness probe.
const PERIOD_S: i32 = 10;
const THRESHOLD: i32 = 3;

/// The row of a pod; the caller sets whether it is in play.
pub(super) fn pod(pod: &v1::Pod) -> Pod {
    let spec = pod.spec.as_ref();
    let status = pod.status.as_ref();
    Pod {
        key: key(pod),
        owner: owner(pod),
        phase: phase(pod),
        status: status_word(pod),
        containers: containers(pod),
        node: spec.and_then(|spec| spec.node_name.clone()),
        ip: status.and_then(|status| status.pod_ip.clone()),
        init_restarts: init_restarts(pod),
        created: pod.metadata.creation_timestamp.as_ref().map(moment),
        deleting: pod.metadata.deletion_timestamp.as_ref().map(moment),
        liveness: spec.and_then(|spec| spec.containers.iter().find_map(liveness)),
        in_play: false,
    }
}

pub(super) fn key(pod: &v1::Pod) -> PodKey {
    PodKey {
        namespace: pod.namespace().unwrap_or_default(),
        name: pod.name_any(),
        uid: pod.uid().unwrap_or_default(),
    }
}

/// The row of a Deployment.
pub(super) fn workload(deployment: &Deployment) -> Workload {
    let count = |number: Option<i32>| number.and_then(|number| u32::try_from(number).ok()).unwrap_or(0);
    let status = deployment.status.as_ref();
    Workload {
        namespace: deployment.namespace().unwrap_or_default(),
        name: deployment.name_any(),
        desired: count(deployment.spec.as_ref().and_then(|spec| spec.replicas)),
        ready: count(status.and_then(|status| status.ready_replicas)),
        updated: count(status.and_then(|status| status.updated_replicas)),
    }
}

/// A text from the cluster in one line, without control characters, with at most `limit` characters.
pub(super) fn one_line(text: &str, limit: usize) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").chars().take(limit).collect()
}

fn moment(time: &Time) -> Timestamp {
    time.0
}

/// The workload's name. The name of a Deployment's replica set is the Deployment's with the template's hash appended,
/// so the Deployment is known without a request for the replica set.
fn owner(pod: &v1::Pod) -> Option<String> {
    let owners = pod.metadata.owner_references.as_deref()?;
    let owner = owners.iter().find(|owner| owner.controller == Some(true)).or(owners.first())?;
    let hash = pod.labels().get("pod-template-hash");
    let deployment = hash.and_then(|hash| owner.name.strip_suffix(hash.as_str())?.strip_suffix('-'));
    Some(deployment.filter(|_| owner.kind == "ReplicaSet").unwrap_or(&owner.name).to_owned())
}

fn phase(pod: &v1::Pod) -> PodPhase {
    if pod.metadata.deletion_timestamp.is_some() {
        return PodPhase::Terminating;
    }
    match pod.status.as_ref().and_then(|status| status.phase.as_deref()) {
        Some("Pending") => PodPhase::Pending,
        Some("Running") => PodPhase::Running,
        Some("Succeeded") => PodPhase::Succeeded,
        Some("Failed") => PodPhase::Failed,
        _ => PodPhase::Unknown,
    }
}

/// The statuses of the init containers and of the others.
fn statuses(pod: &v1::Pod) -> [&[v1::ContainerStatus]; 2] {
    let of = |list: fn(&v1::PodStatus) -> &Option<Vec<v1::ContainerStatus>>| {
        pod.status.as_ref().and_then(|status| list(status).as_deref()).unwrap_or_default()
    };
    [of(|status| &status.init_container_statuses), of(|status| &status.container_statuses)]
}

/// The restarts of the init containers that are no sidecars, as long as they count in `kubectl get pods`.
fn init_restarts(pod: &v1::Pod) -> u32 {
    if !is_initialising(pod) {
        return 0;
    }
    let [init, _] = statuses(pod);
    let once = init.iter().filter(|status| !is_sidecar(pod, &status.name));
    once.map(restarts).fold(0, u32::saturating_add)
}

fn restarts(status: &v1::ContainerStatus) -> u32 {
    u32::try_from(status.restart_count).unwrap_or(0)
}

/// In the order of the spec, because the kubelet's order may change; sidecars first.
fn containers(pod: &v1::Pod) -> Vec<Container> {
    let statuses = statuses(pod).concat();
    let init = pod.spec.iter().flat_map(|spec| spec.init_containers.iter().flatten());
    let sidecars = init.filter(|init| is_sidecar(pod, &init.name));
    let declared = sidecars.chain(pod.spec.iter().flat_map(|spec| spec.containers.iter()));
    declared
        .map(|declared| {
            let status = statuses.iter().find(|status| status.name == declared.name);
            let state = status.and_then(|status| status.state.as_ref());
            let ended = state.and_then(|state| state.terminated.as_ref());
            let before = status.and_then(|status| status.last_state.as_ref()?.terminated.as_ref());
            Container {
                name: declared.name.clone(),
                image: declared.image.clone().unwrap_or_default(),
                ready: status.is_some_and(|status| status.ready),
                restarts: status.map_or(0, restarts),
                waiting: state.and_then(|state| state.waiting.as_ref()?.reason.clone()),
                last_end: ended.or(before).map(|ended| LastEnd {
                    reason: ended.reason.clone().unwrap_or_default(),
                    exit_code: ended.exit_code,
                }),
            }
        })
        .collect()
}

fn liveness(container: &v1::Container) -> Option<Liveness> {
    let probe = container.liveness_probe.as_ref()?;
    let number = |number: Option<i32>, default: i32| u32::try_from(number.unwrap_or(default)).unwrap_or(0);
    Some(Liveness {
        path: probe.http_get.as_ref().and_then(|get| get.path.clone()),
        period_s: number(probe.period_seconds, PERIOD_S),
        threshold: number(probe.failure_threshold, THRESHOLD),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_pod_in_a_dozen_fields() {
        let whole: v1::Pod = serde_json::from_value(json!({
            "metadata": {"name": "app-6c8b-x2k8p", "namespace": "default", "uid": "u1",
                "labels": {"pod-template-hash": "6c8b"}, "creationTimestamp": "2024-01-01T00:00:00Z",
                "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "app-6c8b", "uid": "u0",
                                     "controller": true}]},
            "spec": {"nodeName": "n1", "containers": [
                {"name": "side", "image": "s:1"},
                {"name": "main", "image": "m:2", "livenessProbe": {"httpGet": {"path": "/health", "port": 8080}}}]},
            "status": {"phase": "Running", "podIP": "10.0.0.1", "containerStatuses": [
                {"name": "main", "image": "m:2", "imageID": "", "ready": true, "restartCount": 2, "state": {"running": {}},
                 "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}}]},
        }))
        .unwrap();
        let row = pod(&whole);
        assert_eq!(row.owner.as_deref(), Some("app"));
        assert_eq!((row.status.as_str(), row.phase), ("Running", PodPhase::Running));
        assert_eq!(row.containers.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["side", "main"]);
        assert!(!row.containers[0].ready, "a container without a status is not ready");
        assert_eq!(row.containers[1].restarts, 2);
        assert_eq!(
            row.containers[1].last_end,
            Some(LastEnd { reason: "OOMKilled".to_owned(), exit_code: 137 })
        );
        assert_eq!(
            row.liveness,
            Some(Liveness { path: Some("/health".to_owned()), period_s: 10, threshold: 3 })
        );
    }

    #[test]
    fn init_containers_and_sidecars_count_as_kubectl_counts_them() {
        let of = |init: i32, state: serde_json::Value, initialized: &str| {
            let whole = json!({
                "metadata": {"name": "p", "namespace": "default", "uid": "u"},
                "spec": {
                    "initContainers": [
                        {"name": "proxy", "image": "p:1", "restartPolicy": "Always"},
                        {"name": "migrate", "image": "m:1"}],
                    "containers": [{"name": "app", "image": "a:1"}]},
                "status": {"phase": "Pending",
                    "conditions": [{"type": "Initialized", "status": initialized}],
                    "initContainerStatuses": [
                        {"name": "proxy", "image": "p:1", "imageID": "", "ready": true, "started": true,
                         "restartCount": 1, "state": {"running": {}}},
                        {"name": "migrate", "image": "m:1", "imageID": "", "ready": false, "started": false,
                         "restartCount": init, "state": state}],
                    "containerStatuses": [
                        {"name": "app", "image": "a:1", "imageID": "", "ready": initialized == "True",
                         "restartCount": 0, "state": {"waiting": {"reason": "PodInitializing"}}}]},
            });
            let row = pod(&serde_json::from_value(whole).unwrap());
            let restarts: u32 = row.containers.iter().map(|container| container.restarts).sum();
            let ready = row.containers.iter().filter(|container| container.ready).count();
            (row.status, ready, row.containers.len(), restarts + row.init_restarts)
        };
        // As `kubectl get pods` prints them: STATUS, READY, RESTARTS.
        let crashing =
            json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s restarting failed"}});
        assert_eq!(of(4, crashing, "False"), ("Init:CrashLoopBackOff".to_owned(), 1, 2, 5));
        let failed = json!({"terminated": {"exitCode": 1, "reason": "Error"}});
        assert_eq!(of(0, failed, "False"), ("Init:Error".to_owned(), 1, 2, 1));
        let done = json!({"terminated": {"exitCode": 0, "reason": "Completed"}});
        assert_eq!(of(4, done, "True"), ("PodInitializing".to_owned(), 2, 2, 1));
    }

    #[test]
    fn owners() {
        let of = |kind: &str, name: &str, hash: &str| {
            let whole = json!({"metadata": {"labels": {"pod-template-hash": hash},
                "ownerReferences": [{"apiVersion": "v1", "kind": kind, "name": name, "uid": "u"}]}});
            owner(&serde_json::from_value(whole).unwrap()).unwrap()
        };
        assert_eq!(of("ReplicaSet", "my-app-6c8b", "6c8b"), "my-app");
        assert_eq!(of("ReplicaSet", "lonely", "6c8b"), "lonely");
        assert_eq!(of("StatefulSet", "db-6c8b", "6c8b"), "db-6c8b");
    }

    #[test]
    fn outside_text_becomes_one_line() {
        assert_eq!(one_line("a\n b\t\u{1b}[31mc  ", 99), "a b [31mc");
        assert_eq!(one_line("abcdef", 3), "abc");
    }
}
