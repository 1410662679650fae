//! Eviction of a pod: a deletion that first checks the pod disruption budgets (kubernetes-wire 9).

use super::{
    Api,
    answer::{self, HandlerResult},
    body::Received,
    delete,
    query::Query,
};
use crate::{
    budget::{self, Budget},
    store::{Cause, Details, Object, Resource, Selectors, Status},
};
use axum::http::StatusCode;
use serde_json::json;
use std::sync::PoisonError;

/// Handles `POST` to `pods/X/eviction`. Errors: 404, and 429 when a budget allows no disruption.
pub(super) fn evict(api: &Api, namespace: &str, name: &str, query: &Query, body: &Received) -> HandlerResult {
    let body = body.value()?;
    // kube-rs sends the key in snake case.
    let options =
        if body["deleteOptions"].is_null() { &body["delete_options"] } else { &body["deleteOptions"] };
    let deletion = delete::options(query, options)?;
    // Evictions are serialised, or two concurrent evictions would use the same budget twice.
    let _turn = api.evictions.lock().unwrap_or_else(PoisonError::into_inner);
    let pod = api.store.get(Resource::Pods, namespace, name);
    let pod = pod.ok_or_else(|| Status::not_found(Resource::Pods, name))?;
    check_budget(api, &pod)?;
    api.store.delete(Resource::Pods, namespace, name, &deletion)?;
    let success =
        json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201});
    Ok(answer::json(StatusCode::CREATED, &success))
}

fn check_budget(api: &Api, pod: &Object) -> Result<(), Status> {
    let value = pod.value();
    let going = !value["metadata"]["deletionTimestamp"].is_null();
    if going || matches!(value["status"]["phase"].as_str(), Some("Pending" | "Succeeded" | "Failed")) {
        return Ok(());
    }
    let budgets =
        api.store.list(Resource::PodDisruptionBudgets, Some(&pod.namespace), &Selectors::default()).objects;
    let guards = |object: &Object| budget::selector(&object.value()).is_some_and(|s| s.matches(&pod.labels));
    let mut guarding = budgets.iter().filter(|object| guards(object));
    let Some(object) = guarding.next() else { return Ok(()) };
    if guarding.next().is_some() {
        return Err(Status::internal(
            "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
        ));
    }
    let budget = Budget::of(&api.store, object);
    // Evicting an unhealthy pod uses no budget as long as enough other pods are healthy.
    let spends_nothing = !budget::is_healthy(&value) && budget.healthy >= budget.needed;
    if budget.allowed() > 0 || spends_nothing { Ok(()) } else { Err(exhausted(&object.name, budget)) }
}

fn exhausted(name: &str, budget: Budget) -> Status {
    let Budget { needed, healthy, .. } = budget;
    let message =
        format!("The disruption budget {name} needs {needed} healthy pods and has {healthy} currently");
    let cause = Cause { reason: "DisruptionBudget", message, field: String::new() };
    let text = "Cannot evict pod as it would violate the pod's disruption budget.";
    Status {
        // No `Retry-After`: kubectl would retry silently instead of showing its user the reason.
        details: Some(Box::new(Details { causes: vec![cause], ..Details::default() })),
        ..Status::plain(429, "TooManyRequests", text)
    }
}
