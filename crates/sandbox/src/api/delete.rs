//! `DELETE` requests (kubernetes-wire 8.3).

use super::{
    answer::{self, HandlerResult},
    body::Received,
    query::Query,
    rendering::Rendering,
    served::Served,
};
use crate::store::{
    Cause, Deletion, Details, Listing, Object, Propagation, Resource, Status, Store, Written,
};
use axum::http::StatusCode;
use serde_json::{Value, json};
use std::sync::Arc;

/// The namespaces that must not be deleted.
const NEEDED: [&str; 3] = ["default", "kube-system", "kube-public"];

pub(super) fn one(
    store: &Store,
    served: &Served,
    namespace: &str,
    name: &str,
    query: &Query,
    body: &Received,
) -> HandlerResult {
    let deletion = options(query, &body.value()?)?;
    if served.resource == Resource::Namespaces && NEEDED.contains(&name) {
        return Err(Status::forbidden(served.resource, name, "this namespace may not be deleted"));
    }
    let written = store.delete(served.resource, namespace, name, &deletion)?;
    let Some(object) = written.object() else { return Err(Status::not_found(served.resource, name)) };
    let gone = matches!(written, Written::Deleted(_));
    if gone && !answers_with_object(served.resource) {
        return Ok(answer::ok(&success(served, object)));
    }
    Ok(answer::raw(StatusCode::OK, "application/json", Rendering::plain(*served).object(object)))
}

/// Deletes all selected objects of a namespace, or of the cluster; returns the objects as they were deleted.
pub(super) fn collection(
    store: &Store,
    served: &Served,
    namespace: Option<&str>,
    query: &Query,
    body: &Received,
) -> HandlerResult {
    let deletion = options(query, &body.value()?)?;
    if served.descriptor.namespaced && namespace.is_none() {
        return Err(Status::method_not_allowed());
    }
    let listing = store.list(served.resource, namespace, &query.selectors(served)?);
    let mut deleted: Vec<Arc<Object>> = Vec::new();
    for object in &listing.objects {
        match store.delete(served.resource, &object.namespace, &object.name, &deletion) {
            Ok(written) => deleted.extend(written.object().cloned()),
            // Another request has already deleted the object.
            Err(refusal) if refusal.code == 404 => {}
            Err(refusal) => return Err(refusal),
        }
    }
    let listing = Listing { version: store.version(), objects: deleted, remaining: 0 };
    let metadata = json!({"resourceVersion": listing.version.to_string()});
    Ok(answer::raw(StatusCode::OK, "application/json", Rendering::plain(*served).list(&listing, &metadata)))
}

/// Returns the deletion options of the body (`DeleteOptions`) and the query; the body takes precedence. Errors: 400,
/// 422.
pub(super) fn options(query: &Query, body: &Value) -> Result<Deletion, Status> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let grace = match &body["gracePeriodSeconds"] {
        Value::Null => query.number("gracePeriodSeconds")?,
        value => Some(
            value.as_u64().ok_or_else(|| invalid("gracePeriodSeconds", value, "must be a whole number"))?,
        ),
    };
    let propagation = text(&body["propagationPolicy"])
        .or_else(|| query.text("propagationPolicy").map(str::to_owned))
        .map(|word| propagation(&word))
        .transpose()?;
    let orphan = body["orphanDependents"]
        .as_bool()
        .or_else(|| query.text("orphanDependents").map(|_| query.flag("orphanDependents")));
    let old_way = orphan.map(|orphan| if orphan { Propagation::Orphan } else { Propagation::Background });
    let dry_run =
        query.dry_run()? || body["dryRun"].as_array().is_some_and(|words| words.iter().any(|w| w == "All"));
    Ok(Deletion {
        grace,
        propagation: propagation.or(old_way),
        uid: text(&body["preconditions"]["uid"]),
        version: text(&body["preconditions"]["resourceVersion"]),
        dry_run,
    })
}

fn propagation(word: &str) -> Result<Propagation, Status> {
    match word {
        "Background" => Ok(Propagation::Background),
        "Foreground" => Ok(Propagation::Foreground),
        "Orphan" => Ok(Propagation::Orphan),
        other => {
            let supported = ["Foreground", "Background", "Orphan"];
            let cause = Cause::not_supported("propagationPolicy", &other.into(), &supported);
            Err(Status::invalid_kind("meta.k8s.io", "DeleteOptions", "", vec![cause]))
        }
    }
}

fn invalid(field: &str, value: &Value, why: &str) -> Status {
    Status::invalid_kind("meta.k8s.io", "DeleteOptions", "", vec![Cause::invalid(field, value, why)])
}

/// Returns whether the response contains the deleted object even when it is already removed: the Python client relies
/// on this for some kinds.
fn answers_with_object(resource: Resource) -> bool {
    matches!(resource, Resource::Pods | Resource::Services | Resource::ServiceAccounts)
}

fn success(served: &Served, object: &Object) -> Value {
    let d = served.descriptor;
    let details = Details {
        name: object.name.clone(),
        group: d.group.into(),
        kind: d.plural.into(),
        uid: object.uid.clone(),
        ..Details::default()
    };
    json!({
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": details.to_value(),
    })
}
