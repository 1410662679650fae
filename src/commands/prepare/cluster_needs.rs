//! Whether the cluster that the file needs can be found.

use super::Refusal;
use crate::{
    cluster,
    experiment::{Experiment, Secrets, Value},
    runner::Dry,
};

/// Looks for a cluster if an activity asks for one; sends nothing. Without one there is nothing to run.
pub(super) async fn check(
    experiment: &Experiment,
    dry: Option<Dry>,
    settings: &cluster::Settings,
    secrets: &Secrets,
) -> Result<(), Refusal> {
    if dry == Some(Dry::Activities) || !asks_kubernetes(experiment) {
        return Ok(());
    }
    let scopes = secrets.expose().values().filter_map(Value::as_map).flatten();
    let flat = scopes.map(|(name, value)| (name.clone(), value.clone())).collect();
    cluster::Connection::choose(settings, &flat).await.map(drop).map_err(Refusal::usage)
}

/// Whether an activity is one of the Kubernetes extension's.
fn asks_kubernetes(experiment: &Experiment) -> bool {
    let probes = experiment.hypothesis().map(|hypothesis| hypothesis.probes.as_slice()).unwrap_or_default();
    let entries = probes.iter().chain(experiment.method()).chain(experiment.rollbacks());
    let mut providers = entries.filter_map(|entry| Some(&entry.activity.as_ref().ok()?.provider.raw));
    providers.any(|provider| {
        provider.get("module").and_then(Value::as_str).is_some_and(|module| module.starts_with("chaosk8s."))
    })
}
