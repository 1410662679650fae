//! Whether the cluster that the file needs can be found.

use crate::{
    cluster::Error,
    experiment::{Activity, ProviderKind, Value},
    provider::{Providers, Site, is_kubernetes},
    runner::{Controls, Request, is_pretended},
};

/// Why the first step that needs a cluster will find none; sends nothing. Nobody can tell before once something was called that
/// may make a cluster or choose one: a program, a function that nobody here knows, a control.
pub async fn lacks_cluster(request: &Request, providers: &Providers) -> Option<Error> {
    let experiment = &request.experiment;
    if request.controls.has_globals() || Controls::are_declared(experiment) {
        return None;
    }
    let probes = experiment.hypothesis().map(|hypothesis| hypothesis.probes.as_slice()).unwrap_or_default();
    let entries = probes.iter().chain(experiment.method()).chain(experiment.rollbacks());
    let activities = entries.filter_map(|entry| entry.activity.as_ref().ok());
    for activity in activities.filter(|activity| !is_pretended(activity, request.options.dry)) {
        if may_choose(activity, providers) {
            return None;
        }
        let provider = &activity.provider;
        if let Site::Missing(error) = providers.site(provider.kind, &provider.raw, &request.secrets).await {
            return Some(error);
        }
    }
    None
}

/// Whether calling it may make a cluster or choose one for those that follow.
pub fn may_choose(activity: &Activity, providers: &Providers) -> bool {
    let text = |key: &str| activity.provider.raw.get(key).and_then(Value::as_str).unwrap_or_default();
    match activity.provider.kind {
        ProviderKind::Http => false,
        ProviderKind::Process => true,
        ProviderKind::Python => {
            !is_kubernetes(text("module")) && providers.native(text("module"), text("func")).is_none()
        }
    }
}
