//! The status of a `StatefulSet`, as `rollout status` reads it.

use super::{super::ownership::is_terminating, StatefulSetState, revision};
use crate::store::{Resource, Status, Store};
use serde_json::{Value, json};
use std::time::Duration;

pub(super) fn write(store: &Store, state: &StatefulSetState) -> Result<(), Status> {
    let pods = || state.pods.values();
    let count = |pods: &mut dyn Iterator<Item = &Value>| pods.count() as u64;
    let ready = count(&mut pods().filter(|pod| state.until_available(pod).is_some()));
    let available = count(&mut pods().filter(|pod| state.until_available(pod) == Some(Duration::ZERO)));
    let of = |wanted: &str| count(&mut pods().filter(|pod| !is_terminating(pod) && revision(pod) == wanted));
    let (replicas, updated) = (state.pods.len() as u64, of(&state.updated));
    let complete = state.partition().is_some() && updated == replicas && ready == replicas;
    let current = if complete { &state.updated } else { &state.current };
    let status = json!({
        "observedGeneration": state.set["metadata"]["generation"],
        "replicas": replicas,
        "readyReplicas": ready,
        "availableReplicas": available,
        "currentReplicas": of(current),
        "updatedReplicas": updated,
        "currentRevision": current,
        "updateRevision": state.updated,
        "collisionCount": 0,
    });
    store.mutate(Resource::StatefulSets, &state.object.namespace, &state.object.name, |known| {
        Ok(known.map(|mut known| {
            if known["metadata"]["uid"] == state.object.uid.as_str() {
                known["status"] = status;
                if let Some(fields) = known["status"].as_object_mut() {
                    // Counts of zero are omitted, as on a real server, except for two.
                    fields.retain(|key, value| {
                        *value != 0
                            || matches!(key.as_str(), "replicas" | "availableReplicas" | "collisionCount")
                    });
                }
            }
            known
        }))
    })?;
    Ok(())
}
