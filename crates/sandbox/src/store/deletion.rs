//! Deletion: immediate, after a grace period, or after all finalizers are removed (kubernetes-wire 8.3).

use super::{Resource, Status, Store, Written, time};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// The finalizer of an owner that waits for the deletion of its children; the garbage collector removes it.
pub const FOREGROUND: &str = "foregroundDeletion";
/// The finalizer of an owner whose children must be orphaned first; the garbage collector removes it.
pub const ORPHAN: &str = "orphan";

/// The treatment of the children of a deleted object. The store only marks the object; the garbage collector acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    /// The object is deleted at once, its children afterwards.
    Background,
    /// The children are deleted first.
    Foreground,
    /// The children are kept and lose their owner.
    Orphan,
}

/// The options of a deletion.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Deletion {
    /// The grace period of a pod in seconds; `None` uses the pod's spec. Other kinds have no grace period.
    pub grace: Option<u64>,
    /// The treatment of the children; `None` keeps that of an earlier deletion, else [`Propagation::Background`].
    pub propagation: Option<Propagation>,
    /// Deletes only an object with this UID.
    pub uid: Option<String>,
    /// Deletes only this version of the object.
    pub version: Option<String>,
    /// Computes the result without writing it.
    pub dry_run: bool,
}

impl Deletion {
    /// Deletes at once, and only the object with this UID: the kubelet uses this to confirm that a pod has ended.
    pub fn now(uid: &str) -> Deletion {
        Deletion { grace: Some(0), uid: Some(uid.into()), ..Deletion::default() }
    }
}

impl Store {
    /// Deletes an object or marks it as terminating: a pod on a node gets its grace period (the kubelet confirms the
    /// end with [`Deletion::now`]), an object with finalizers waits for their removal, and a namespace waits for the
    /// namespace controller, which empties it and then removes it through [`Store::mutate`]. Errors: 404; 409 when the
    /// UID or version differs from the expected one.
    pub fn delete(
        &self,
        resource: Resource,
        namespace: &str,
        name: &str,
        deletion: &Deletion,
    ) -> Result<Written, Status> {
        let change = |object: Option<Value>| {
            let mut object = object.ok_or_else(|| Status::not_found(resource, name))?;
            check_preconditions(resource, name, &object, deletion)?;
            Ok(mark(resource, &mut object, deletion).then_some(object))
        };
        if deletion.dry_run {
            self.dry_run(resource, namespace, name, change)
        } else {
            self.mutate(resource, namespace, name, change)
        }
    }
}

fn check_preconditions(
    resource: Resource,
    name: &str,
    object: &Value,
    deletion: &Deletion,
) -> Result<(), Status> {
    let expected = [("UID", "uid", &deletion.uid), ("ResourceVersion", "resourceVersion", &deletion.version)];
    for (word, key, wanted) in expected {
        let real = object["metadata"][key].as_str().unwrap_or_default();
        if let Some(wanted) = wanted.as_deref().filter(|wanted| *wanted != real) {
            let why = format!(
                "Precondition failed: {word} in precondition: {wanted}, {word} in object meta: {real}"
            );
            return Err(Status::conflict(resource, name, &why));
        }
    }
    Ok(())
}

/// Marks `object` as terminating. Returns whether it must stay in the store for now.
fn mark(resource: Resource, object: &mut Value, deletion: &Deletion) -> bool {
    let finalizers = finalizers(&object["metadata"]["finalizers"], deletion.propagation);
    let waits = !finalizers.is_empty();
    object["metadata"]["finalizers"] = json!(finalizers);
    if !waits && let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.shift_remove("finalizers");
    }
    let grace = if resource == Resource::Pods { pod_grace(object, deletion.grace) } else { 0 };
    let running = object["metadata"]["deletionGracePeriodSeconds"].as_u64();
    let marked = !object["metadata"]["deletionTimestamp"].is_null();
    if !marked || running.is_some_and(|running| grace < running) {
        let at = Timestamp::now() + SignedDuration::from_secs(i64::try_from(grace).unwrap_or(0));
        object["metadata"]["deletionTimestamp"] = time::seconds(at).into();
        object["metadata"]["deletionGracePeriodSeconds"] = grace.into();
    }
    if resource == Resource::Namespaces {
        object["status"]["phase"] = "Terminating".into();
        return true;
    }
    waits || object["metadata"]["deletionGracePeriodSeconds"].as_u64().unwrap_or(0) > 0
}

/// Returns the finalizers for a deletion with this propagation; the garbage collector's two finalizers exclude each
/// other.
fn finalizers(present: &Value, propagation: Option<Propagation>) -> Vec<String> {
    let present = present.as_array().into_iter().flatten().filter_map(|f| f.as_str().map(str::to_owned));
    let mut finalizers: Vec<String> =
        present.filter(|f| propagation.is_none() || (f != FOREGROUND && f != ORPHAN)).collect();
    match propagation {
        None | Some(Propagation::Background) => {}
        Some(Propagation::Foreground) => finalizers.push(FOREGROUND.into()),
        Some(Propagation::Orphan) => finalizers.push(ORPHAN.into()),
    }
    finalizers
}

/// Returns the grace period of a pod in seconds: zero when no process runs.
fn pod_grace(pod: &Value, asked: Option<u64>) -> u64 {
    let unplaced = pod["spec"]["nodeName"].as_str().unwrap_or_default().is_empty();
    let over = matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"));
    if unplaced || over {
        return 0;
    }
    asked.or_else(|| pod["spec"]["terminationGracePeriodSeconds"].as_u64()).unwrap_or(30)
}
