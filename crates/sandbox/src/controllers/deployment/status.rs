//! The status of a Deployment, as `rollout status`, `wait` and probes read it.

use super::{
    super::{
        condition::{self, Condition},
        ownership,
    },
    DeploymentState, plan,
};
use crate::store::{Resource, Status, Store};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;

/// Pod counts by state, over all `ReplicaSets`.
struct PodCounts {
    replicas: i64,
    updated: i64,
    ready: i64,
    available: i64,
    unavailable: i64,
}

/// Writes the status. Returns the time until the progress deadline has to be checked.
pub(super) fn write(store: &Store, family: &DeploymentState) -> Result<Option<Duration>, Status> {
    let tally = PodCounts::of(family);
    let before = &family.deployment["status"];
    let mut conditions = before["conditions"].as_array().cloned().unwrap_or_default();
    let least = family.wanted() - family.strategy().unavailable;
    let available = tally.available >= least;
    condition::set(
        &mut conditions,
        &Condition {
            kind: "Available",
            holds: available,
            reason: if available { "MinimumReplicasAvailable" } else { "MinimumReplicasUnavailable" },
            message: if available {
                "Deployment has minimum availability.".into()
            } else {
                "Deployment does not have minimum availability.".into()
            },
        },
    );
    let again = progress(family, &tally, &mut conditions);
    let mut status = json!({"observedGeneration": family.deployment["metadata"]["generation"]});
    // Optional counts of zero are omitted, as on real servers; probes have to handle that.
    for (key, count) in [
        ("replicas", tally.replicas),
        ("updatedReplicas", tally.updated),
        ("readyReplicas", tally.ready),
        ("availableReplicas", tally.available),
        ("unavailableReplicas", tally.unavailable),
    ] {
        if count > 0 {
            status[key] = count.into();
        }
    }
    status["conditions"] = conditions.into();
    store.mutate(Resource::Deployments, &family.object.namespace, &family.object.name, |known| {
        Ok(known.map(|mut known| {
            if known["metadata"]["uid"] == family.object.uid.as_str() {
                known["status"] = status;
            }
            known
        }))
    })?;
    Ok(again)
}

impl PodCounts {
    fn of(family: &DeploymentState) -> Self {
        let count = |set: &Value, key: &str| set["status"][key].as_i64().unwrap_or(0);
        let sets = || family.new.iter().chain(&family.old);
        let available: i64 = sets().map(|set| count(set, "availableReplicas")).sum();
        let replicas: i64 = sets().map(|set| count(set, "replicas")).sum();
        let total: i64 = sets().map(plan::replicas).sum();
        Self {
            replicas,
            updated: family.new.as_ref().map_or(0, |set| count(set, "replicas")),
            ready: sets().map(|set| count(set, "readyReplicas")).sum(),
            available,
            unavailable: (total.max(replicas) - available).max(0),
        }
    }

    /// Returns whether the rollout is complete: all pods are new and available.
    fn is_complete(&self, wanted: i64) -> bool {
        self.updated == wanted && self.replicas == wanted && self.available == wanted
    }
}

/// Updates the condition `Progressing`; returns the time left until the progress deadline.
fn progress(family: &DeploymentState, tally: &PodCounts, conditions: &mut Vec<Value>) -> Option<Duration> {
    let Some(new) = &family.new else { return None };
    let name = ownership::name(new);
    let say = |reason, message| Condition { kind: "Progressing", holds: true, reason, message };
    if tally.is_complete(family.wanted()) {
        let message = format!("ReplicaSet \"{name}\" has successfully progressed.");
        condition::set(conditions, &say("NewReplicaSetAvailable", message));
        return None;
    }
    let known = condition::get(conditions, "Progressing").cloned().unwrap_or_default();
    if known.is_null() {
        let message = format!("Created new replica set \"{name}\"");
        condition::set(conditions, &say("NewReplicaSetCreated", message));
        return Some(deadline(family));
    }
    // A complete Deployment that lost a pod is not rolling out: its condition does not change.
    let about_this_set =
        known["message"].as_str().is_some_and(|message| message.contains(&format!("\"{name}\"")));
    if known["reason"] == "NewReplicaSetAvailable" && about_this_set {
        return None;
    }
    if has_progressed(family, tally) || !about_this_set {
        let message = format!("ReplicaSet \"{name}\" is progressing.");
        condition::set(conditions, &say("ReplicaSetUpdated", message));
        // The message is the same as before, so the update time has to be set to record the progress.
        for condition in conditions.iter_mut().filter(|condition| condition["type"] == "Progressing") {
            condition["lastUpdateTime"] = crate::store::time::now().into();
        }
        return Some(deadline(family));
    }
    if known["reason"] == "ProgressDeadlineExceeded" {
        return None;
    }
    let since: Option<Timestamp> = known["lastUpdateTime"].as_str().and_then(|time| time.parse().ok());
    let lasted = since.and_then(|since| Duration::try_from(Timestamp::now().duration_since(since)).ok());
    let left = deadline(family).saturating_sub(lasted.unwrap_or_default());
    if left.is_zero() {
        let message = format!("ReplicaSet \"{name}\" has timed out progressing.");
        let late =
            Condition { kind: "Progressing", holds: false, reason: "ProgressDeadlineExceeded", message };
        condition::set(conditions, &late);
        return None;
    }
    Some(left)
}

fn deadline(family: &DeploymentState) -> Duration {
    Duration::from_secs(family.deployment["spec"]["progressDeadlineSeconds"].as_u64().unwrap_or(600))
}

/// Returns whether the rollout has progressed since the last status update.
fn has_progressed(family: &DeploymentState, tally: &PodCounts) -> bool {
    let before = |key: &str| family.deployment["status"][key].as_i64().unwrap_or(0);
    let old_before = before("replicas") - before("updatedReplicas");
    tally.updated > before("updatedReplicas")
        || tally.replicas - tally.updated < old_before
        || tally.ready > before("readyReplicas")
        || tally.available > before("availableReplicas")
}
