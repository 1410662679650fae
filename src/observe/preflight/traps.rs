//! Warns of pitfalls: tolerances without effect, single replicas, liveness probes that an open breaker may fail.

use super::{Preflight, StepToCheck, know};
use crate::{
    cluster::{Connection, Selector},
    experiment::ProviderKind,
    provider::gremlin::container_names,
    session::event::{PreflightCheck, Section},
};
use k8s_openapi::api::{
    apps::v1::Deployment,
    core::v1::{Container, Service},
    policy::v1::PodDisruptionBudget,
};
use kube::{Api, Client, ResourceExt, api::ListParams};
use pyvalue::Value;
use reqwest::Url;
use std::collections::BTreeMap;

/// Kubernetes' defaults for a liveness probe.
const PERIOD_S: i32 = 10;
const THRESHOLD: i32 = 3;

/// The maximum number of objects searched.
const SEARCHED: u32 = 500;

/// Warns of HTTP probes in the method: no answer makes them fail.
pub(super) fn without_effect(subjects: &[StepToCheck<'_>]) -> Vec<PreflightCheck> {
    let in_method = subjects.iter().filter(|subject| subject.at.section == Section::Method);
    let requests = in_method.filter(|subject| subject.activity.provider.kind == ProviderKind::Http);
    requests
        .map(|subject| {
            let title = subject.title();
            know(
                match subject.activity.tolerance {
                    Some(_) => format!(
                        "{title} has a tolerance, which Chaos Toolkit ignores outside the hypothesis: it counts in the \
                         verdict here, not in the journal"
                    ),
                    None => format!("{title} has no tolerance: a fallback (or a 500) counts as success"),
                },
                None,
            )
        })
        .collect()
}

/// Pitfalls visible in the cluster's objects. Unreadable objects are skipped, because the permissions check reports
/// them.
pub(super) async fn in_cluster(preflight: &Preflight<'_>, connection: &Connection) -> Vec<PreflightCheck> {
    let Ok(client) = connection.client() else { return Vec::new() };
    let deployments: Api<Deployment> = Api::namespaced(client.clone(), preflight.namespace);
    let Ok(deployments) = deployments.list(&ListParams::default().limit(SEARCHED)).await else {
        return Vec::new();
    };
    let mut checks = Vec::new();
    let hit: Vec<&Deployment> =
        deployments.iter().filter(|deployment| is_hit(preflight.steps, deployment)).collect();
    checks.extend(hit.iter().filter(|deployment| replicas(deployment) == 1).map(|deployment| {
        let name = deployment.name_any();
        know(
            format!("{name} has 1 replica: while it is away, every call to it fails"),
            Some(format!(
                "with more replicas (`kubectl scale deployment {name} --replicas=2`) you test something else"
            )),
        )
    }));
    checks.extend(
        deployments
            .iter()
            .filter(|deployment| replicas(deployment) == 0)
            .flat_map(|deployment| scaled_to_none(preflight, deployment)),
    );
    checks.extend(budgets(&client, preflight.namespace, &hit).await);
    let asked = requested_services(&client, preflight).await;
    checks.extend(
        deployments
            .iter()
            .filter(|deployment| asked.iter().any(|s| selects(s, deployment)))
            .filter_map(liveness),
    );
    checks
}

/// Warns of steps that wait for missing replicas of a Deployment without any: with 0 of 0 replicas the condition always
/// holds.
fn scaled_to_none(preflight: &Preflight<'_>, deployment: &Deployment) -> Vec<PreflightCheck> {
    let name = deployment.name_any();
    let waits = |subject: &&StepToCheck<'_>| {
        let arguments = subject.arguments();
        let text = |key: &str| arguments.get(key).and_then(Value::as_str);
        subject.text("func") == "deployment_not_fully_available"
            && text("name") == Some(name.as_str())
            && text("ns").unwrap_or("default") == preflight.namespace
    };
    let subjects = preflight.steps.iter().filter(waits);
    subjects
        .map(|subject| {
            know(
                format!(
                    "{} waits until {name} is not fully available: with 0 of 0 replicas it always is",
                    subject.title()
                ),
                Some(format!(
                    "`kubectl scale deployment {name} --replicas=1` gives it a replica that can fail"
                )),
            )
        })
        .collect()
}

fn replicas(deployment: &Deployment) -> i32 {
    deployment.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1)
}

fn pod_labels(deployment: &Deployment) -> BTreeMap<String, String> {
    let metadata = deployment.spec.as_ref().and_then(|spec| spec.template.metadata.as_ref());
    metadata.and_then(|metadata| metadata.labels.clone()).unwrap_or_default()
}

fn containers(deployment: &Deployment) -> &[Container] {
    let pod = deployment.spec.as_ref().and_then(|spec| spec.template.spec.as_ref());
    pod.map(|pod| pod.containers.as_slice()).unwrap_or_default()
}

/// Whether a destructive step removes pods of the Deployment, as far as names and simple selectors show.
fn is_hit(subjects: &[StepToCheck<'_>], deployment: &Deployment) -> bool {
    let name = deployment.name_any();
    let labels = pod_labels(deployment);
    let mut actions = subjects.iter().filter(|subject| subject.at.section == Section::Method);
    actions.any(|subject| {
        let arguments = subject.arguments();
        let text = |key: &str| arguments.get(key).and_then(Value::as_str);
        match (subject.text("module"), subject.text("func")) {
            ("chaosgremlin.actions", _) => {
                let names = container_names(&arguments);
                containers(deployment).iter().any(|container| names.contains(&container.name))
            }
            (_, "terminate_pods") => {
                text("label_selector").is_some_and(|selector| is_selected(selector, &labels))
            }
            (_, "kill_microservice" | "delete_deployment") => text("name") == Some(name.as_str()),
            _ => false,
        }
    })
}

fn is_selected(selector: &str, labels: &BTreeMap<String, String>) -> bool {
    let selector = Selector::parse(selector);
    selector.is_some_and(|selector| selector.matches(labels))
}

/// Warns that budgets guard against evictions only.
async fn budgets(client: &Client, namespace: &str, hit: &[&Deployment]) -> Vec<PreflightCheck> {
    let budgets: Api<PodDisruptionBudget> = Api::namespaced(client.clone(), namespace);
    let Ok(budgets) = budgets.list(&ListParams::default().limit(SEARCHED)).await else { return Vec::new() };
    let guards = |budget: &PodDisruptionBudget, deployment: &Deployment| {
        let selector = budget.spec.as_ref().and_then(|spec| spec.selector.as_ref()?.match_labels.clone());
        let labels = pod_labels(deployment);
        selector.is_some_and(|pairs| !pairs.is_empty() && pairs.iter().all(|(k, v)| labels.get(k) == Some(v)))
    };
    let pairs = budgets.iter().flat_map(|budget| hit.iter().map(move |deployment| (budget, *deployment)));
    pairs
        .filter(|(budget, deployment)| guards(budget, deployment))
        .map(|(budget, deployment)| {
            let (budget, deployment) = (budget.name_any(), deployment.name_any());
            know(format!("disruption budget {budget} does not protect {deployment} here: it counts for evictions, not for deletions or crashes"), None)
        })
        .collect()
}

/// The Services that the experiment's requests go to.
async fn requested_services(client: &Client, preflight: &Preflight<'_>) -> Vec<Service> {
    let services: Api<Service> = Api::namespaced(client.clone(), preflight.namespace);
    let Ok(services) = services.list(&ListParams::default().limit(SEARCHED)).await else { return Vec::new() };
    let requests = preflight.steps.iter().filter(|s| s.activity.provider.kind == ProviderKind::Http);
    let ports: Vec<i32> = requests
        .filter_map(|subject| Url::parse(subject.text("url")).ok()?.port_or_known_default().map(i32::from))
        .collect();
    let is_asked = |service: &Service| {
        let own = service.spec.as_ref().and_then(|spec| spec.ports.as_deref()).unwrap_or_default();
        own.iter().filter_map(|port| port.node_port).any(|port| ports.contains(&port))
    };
    services.items.into_iter().filter(is_asked).collect()
}

fn selects(service: &Service, deployment: &Deployment) -> bool {
    let labels = pod_labels(deployment);
    let selector = service.spec.as_ref().and_then(|spec| spec.selector.as_ref());
    selector.is_some_and(|pairs| {
        !pairs.is_empty() && pairs.iter().all(|(key, value)| labels.get(key) == Some(value))
    })
}

/// Warns of a liveness probe that may restart the consumer while the breaker is open. The kubelet restarts at the miss
/// that reaches the threshold: one period fewer than there are misses after the first, which itself comes up to one
/// period after the breaker opened.
fn liveness(deployment: &Deployment) -> Option<PreflightCheck> {
    let probe = containers(deployment).iter().find_map(|container| container.liveness_probe.as_ref())?;
    let path = probe.http_get.as_ref()?.path.clone().unwrap_or_else(|| "/".to_owned());
    let period = probe.period_seconds.unwrap_or(PERIOD_S);
    let threshold = probe.failure_threshold.unwrap_or(THRESHOLD);
    let name = deployment.name_any();
    Some(know(
        format!(
            "{name} liveness asks {path}: if that fails while a breaker is open, {threshold} misses in a row, one every \
             {period} s, restart it: open for {} to {} s",
            threshold.saturating_sub(1).saturating_mul(period),
            threshold.saturating_mul(period)
        ),
        Some("let liveness ask something that does not depend on others".to_owned()),
    ))
}
