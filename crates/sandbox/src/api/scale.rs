//! The `scale` subresource of a workload (kubernetes-wire 9).

use super::{
    answer::{self, HandlerResult},
    body::Received,
    write::Write,
};
use crate::{
    patch::{Patch, apply::Operation},
    store::{Cause, LabelSelector, Status},
};
use serde_json::{Value, json};

impl Write<'_> {
    /// Handles `GET` of a scale.
    pub(super) fn get_scale(&self, name: &str) -> HandlerResult {
        let resource = self.served.resource;
        let object = self.api.store.get(resource, self.namespace, name);
        let object = object.ok_or_else(|| Status::not_found(resource, name))?;
        Ok(answer::ok(&scale(&object.value())))
    }

    /// Handles `PUT` of a scale.
    pub(super) fn replace_scale(&self, name: &str, body: &Received) -> HandlerResult {
        let wanted = body.value()?;
        self.change_scale(name, |_| Ok(wanted))
    }

    /// Handles `PATCH` of a scale.
    pub(super) fn patch_scale(&self, name: &str, body: &Received) -> HandlerResult {
        let patch = Patch::parse(&body.media_type, &body.bytes)?;
        self.change_scale(name, |scale| patch.apply_to(self.served.resource, scale))
    }

    fn change_scale(&self, name: &str, change: impl FnOnce(Value) -> Result<Value, Status>) -> HandlerResult {
        let resource = self.served.resource;
        let written = self.store(name, |before| {
            let before = before.ok_or_else(|| Status::not_found(resource, name))?;
            let wanted = change(scale(&before))?;
            let replicas = replicas(name, &wanted)?;
            let mut after = before.clone();
            after["spec"]["replicas"] = replicas.into();
            after["metadata"]["resourceVersion"] = wanted["metadata"]["resourceVersion"].clone();
            self.finish_change(name, &before, after, Operation::Update)
        })?;
        let object = written.object().ok_or_else(|| Status::not_found(resource, name))?;
        Ok(answer::ok(&scale(&object.value())))
    }
}

/// Returns the requested number of replicas; 0 when it is omitted. Errors: 400, 422.
fn replicas(name: &str, scale: &Value) -> Result<i64, Status> {
    let refuse = |why: &str| {
        let cause = Cause::invalid("spec.replicas", &scale["spec"]["replicas"], why);
        Err(Status::invalid_kind("autoscaling", "Scale", name, vec![cause]))
    };
    match &scale["spec"]["replicas"] {
        Value::Null => Ok(0),
        value => match value.as_i64() {
            Some(replicas) if replicas < 0 => refuse("must be greater than or equal to 0"),
            Some(replicas) if replicas <= i64::from(i32::MAX) => Ok(replicas),
            _ => Err(Status::bad_request(
                "Scale in version \"v1\" cannot be handled as a Scale: replicas must be an int32",
            )),
        },
    }
}

/// Returns the scale of a workload. Zero replicas are omitted, as on a real API server.
fn scale(object: &Value) -> Value {
    let metadata = &object["metadata"];
    let selector = LabelSelector::of_workload(&object["spec"]["selector"]).unwrap_or_default();
    let mut spec = json!({});
    if let Some(replicas) = object["spec"]["replicas"].as_i64().filter(|&replicas| replicas != 0) {
        spec["replicas"] = replicas.into();
    }
    json!({
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            "uid": metadata["uid"],
            "resourceVersion": metadata["resourceVersion"],
            "creationTimestamp": metadata["creationTimestamp"],
        },
        "spec": spec,
        "status": {
            "replicas": object["status"]["replicas"].as_i64().unwrap_or(0),
            "selector": selector.to_string(),
        },
    })
}
