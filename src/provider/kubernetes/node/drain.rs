//! Drains a node: pods of daemon sets stay, no eviction is forced (kubernetes-catalog 2.9).
//!
//! Deliberate deviations (kubernetes-catalog 5, 13): an eviction that a disruption budget refuses is retried until the
//! deadline; the pods are polled every second; a pod without an owner is reported instead of crashing.

use crate::provider::kubernetes::{failure::Failure, invocation::Invocation};
use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api, Error, ResourceExt,
    api::{ListParams, PostParams},
    core::Status,
};
use serde_json::{Value as Json, json};
use std::time::Duration;
use tokio::time::Instant;

/// The interval at which the pods are polled.
const EVERY: Duration = Duration::from_secs(1);

/// The annotation of static pods, which the kubelet runs from files.
const MIRROR: &str = "kubernetes.io/config.mirror";

/// How draining a node treats a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::provider::kubernetes) enum DrainDecision {
    Evict,
    Stay,
    /// The node cannot be drained because of this pod.
    Refuse,
}

/// Evicts the pods of a node and waits until they are gone.
pub(super) async fn drain(call: &Invocation<'_>, node: &str) -> Result<(), Failure> {
    let timeout = u64::try_from(call.whole("timeout", 120)?).unwrap_or(0);
    let deadline = Instant::now() + Duration::from_secs(timeout);
    let mut due = Vec::new();
    for (pod, decision) in pods_on(call, node).await? {
        match decision {
            DrainDecision::Evict => due.push(EvictedPod { pod, asked: false, refused: None }),
            DrainDecision::Stay => {}
            DrainDecision::Refuse => {
                let name = pod.name_any();
                let message =
                    format!("node {node} cannot be drained: pod {name} has no owner that would re-create it");
                return Err(Failure::activity(message));
            }
        }
    }
    let all = due.len();
    loop {
        let mut left = Vec::new();
        for mut leaving in due {
            if !leaving.is_gone(call).await? {
                left.push(leaving);
            }
        }
        due = left;
        let refused = due.iter().find_map(EvictedPod::refusal);
        let refused = refused.map(|refusal| format!("; {refusal}")).unwrap_or_default();
        (call.progress)(format!("{node}: {} of {all} pods gone{refused}", all - due.len()));
        if due.is_empty() {
            return Ok(());
        }
        if Instant::now() >= deadline {
            let left = |leaving: &EvictedPod| leaving.refusal().unwrap_or_else(|| leaving.pod.name_any());
            let left = due.iter().map(left).collect::<Vec<_>>().join("; ");
            return Err(Failure::activity(format!(
                "node {node} was not empty within {timeout} s; left: {left}"
            )));
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// The pods of a node, and what becomes of each when the node is drained.
pub(in crate::provider::kubernetes) async fn pods_on(
    call: &Invocation<'_>,
    node: &str,
) -> Result<Vec<(Pod, DrainDecision)>, Failure> {
    let everywhere: Api<Pod> = Api::all(call.client.clone());
    let pods = everywhere.list(&ListParams::default().fields(&format!("spec.nodeName={node}"))).await?.items;
    let local_too = call.flag("delete_pods_with_local_storage", false);
    let decided = |pod| {
        let decision = decide(&pod, local_too);
        (pod, decision)
    };
    Ok(pods.into_iter().map(decided).collect())
}

/// Mirror pods and pods of daemon sets stay; so do pods with local storage, unless `local_too` is set.
fn decide(pod: &Pod, local_too: bool) -> DrainDecision {
    if pod.annotations().contains_key(MIRROR) {
        return DrainDecision::Stay;
    }
    let volumes = pod.spec.as_ref().and_then(|spec| spec.volumes.as_deref()).unwrap_or_default();
    if volumes.iter().any(|volume| volume.empty_dir.is_some()) {
        return if local_too { DrainDecision::Evict } else { DrainDecision::Stay };
    }
    if matches!(pod.status.as_ref().and_then(|status| status.phase.as_deref()), Some("Succeeded" | "Failed"))
    {
        return DrainDecision::Evict;
    }
    let controller = pod.owner_references().iter().find(|owner| owner.controller == Some(true));
    match controller.map(|owner| owner.kind.as_str()) {
        Some("DaemonSet") => DrainDecision::Stay,
        Some(_) => DrainDecision::Evict,
        None => DrainDecision::Refuse,
    }
}

/// A pod that is being evicted.
struct EvictedPod {
    pod: Pod,
    asked: bool,
    /// Why the last eviction was refused.
    refused: Option<String>,
}

/// Which disruption budget refuses an eviction, and why: the API server names it in the causes of its answer.
fn refusal(status: &Status) -> String {
    let causes = status.details.iter().flat_map(|details| &details.causes);
    let causes: Vec<&str> =
        causes.map(|cause| cause.message.as_str()).filter(|text| !text.is_empty()).collect();
    if causes.is_empty() { status.message.clone() } else { causes.join("; ") }
}

impl EvictedPod {
    /// The pod's name with the reason for which its eviction is refused.
    fn refusal(&self) -> Option<String> {
        self.refused.as_ref().map(|why| format!("the eviction of {} is refused: {why}", self.pod.name_any()))
    }

    /// Requests the eviction until it is granted; then checks whether the pod is gone.
    async fn is_gone(&mut self, call: &Invocation<'_>) -> Result<bool, Failure> {
        let name = self.pod.name_any();
        let namespace = self.pod.namespace().unwrap_or_default();
        let api: Api<Pod> = Api::namespaced(call.client.clone(), &namespace);
        if !self.asked {
            let eviction = json!({
                "apiVersion": "policy/v1",
                "kind": "Eviction",
                "metadata": {"name": name, "namespace": namespace},
            });
            let granted: Result<Json, Error> =
                api.create_subresource("eviction", &name, &PostParams::default(), &eviction).await;
            match granted {
                Ok(_) => (self.asked, self.refused) = (true, None),
                Err(Error::Api(status)) if status.code == 404 => return Ok(true),
                Err(Error::Api(status)) if status.code == 429 => {
                    let why = refusal(&status);
                    tracing::info!("eviction of {name} is refused for now: {why}");
                    self.refused = Some(why);
                    return Ok(false);
                }
                Err(error) => {
                    return Err(Failure::with_operation(format!("failed to evict pod {name}"))(error));
                }
            }
        }
        // A failed lookup is retried at the next poll.
        Ok(match api.get_opt(&name).await {
            Ok(None) => true,
            Ok(Some(now)) => now.uid() != self.pod.uid(),
            Err(_) => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Kubernetes 1.36 answers.
    #[test]
    fn the_budget_that_refuses_is_named() {
        let status = json!({"status": "Failure", "reason": "TooManyRequests", "code": 429,
            "message": "Cannot evict pod as it would violate the pod's disruption budget.",
            "details": {"causes": [{"reason": "DisruptionBudget",
                "message": "The disruption budget web needs 1 healthy pods and has 1 currently"}]}});
        let status: Status = serde_json::from_value(status).unwrap();
        assert_eq!(refusal(&status), "The disruption budget web needs 1 healthy pods and has 1 currently");
    }

    #[test]
    fn fates() {
        let owner = |kind: &str| json!([{"apiVersion": "v1", "kind": kind, "name": "o", "uid": "u", "controller": true}]);
        let pod = |metadata: Json, spec: Json, phase: &str| -> Pod {
            serde_json::from_value(json!({"metadata": metadata, "spec": spec, "status": {"phase": phase}}))
                .unwrap()
        };
        let plain = || json!({"containers": []});
        let local = || json!({"containers": [], "volumes": [{"name": "v", "emptyDir": {}}]});
        let replicas = || json!({"ownerReferences": owner("ReplicaSet")});
        let table = [
            ("owned", pod(replicas(), plain(), "Running"), false, DrainDecision::Evict),
            (
                "daemon",
                pod(json!({"ownerReferences": owner("DaemonSet")}), plain(), "Running"),
                false,
                DrainDecision::Stay,
            ),
            (
                "mirror",
                pod(json!({"annotations": {MIRROR: "x"}}), plain(), "Running"),
                false,
                DrainDecision::Stay,
            ),
            ("nobody's", pod(json!({}), plain(), "Running"), false, DrainDecision::Refuse),
            ("nobody's, but ended", pod(json!({}), plain(), "Succeeded"), false, DrainDecision::Evict),
            ("local storage", pod(replicas(), local(), "Running"), false, DrainDecision::Stay),
            ("local storage may go", pod(replicas(), local(), "Running"), true, DrainDecision::Evict),
        ];
        for (name, pod, local_too, wanted) in table {
            assert_eq!(decide(&pod, local_too), wanted, "{name}");
        }
    }
}
