//! Which endpoints users ask: those named on the command line, else the experiment's own HTTP probe, else those of the
//! config file.

use crate::{
    commands::config::Preferences,
    experiment::{
        Activity, ActivityKind, Experiment, ProviderKind, Secrets, Value, python_text, substitute,
        substitute_text,
    },
    observe::endpoint::EndpointSettings,
    runner::Request,
    session::event::EndpointId,
};
use std::time::Duration;

/// How long a user waits at most, in seconds. The experiment's own probe may wait for minutes; people do not.
const PATIENCE_S: f64 = 10.0;

/// The endpoints to probe, none when nothing is named anywhere.
pub fn endpoints(request: &Request, preferences: &Preferences) -> Vec<EndpointSettings> {
    let own = own_probe(request);
    let base = own.as_ref().map(|own| own.url.clone());
    let named = || preferences.watch.iter().map(|text| named(request, text, base.as_deref())).collect();
    let mut found: Vec<EndpointSettings> = match &own {
        Some(own) if !preferences.watch_named => vec![own.clone()],
        _ => named(),
    };
    for (settings, id) in found.iter_mut().zip(0..) {
        settings.id = EndpointId(id);
        settings.rate = preferences.rate;
        settings.limit = Duration::try_from_secs_f64(preferences.limit).unwrap_or(settings.limit);
    }
    found
}

/// An endpoint as it was named: a URL, or a path of the service that the experiment itself asks. Variables of the
/// experiment's configuration are put in, so that a service can be named whose port is not known before.
fn named(request: &Request, text: &str, base: Option<&str>) -> EndpointSettings {
    let text = python_text(&substitute_text(text, &request.configuration, &Secrets::default()));
    let beside = |base: &str| base.parse::<reqwest::Url>().ok()?.join(&text).ok().map(String::from);
    let url = if text.starts_with('/') { base.and_then(beside) } else { None };
    EndpointSettings::new(EndpointId(0), url.unwrap_or(text))
}

/// The first HTTP probe that only asks: method before hypothesis, since the method's is about users under the fault.
fn own_probe(request: &Request) -> Option<EndpointSettings> {
    let experiment: &Experiment = &request.experiment;
    let method = experiment.method().iter();
    let hypothesis = experiment.hypothesis().into_iter().flat_map(|hypothesis| &hypothesis.probes);
    let activities = method.chain(hypothesis).filter_map(|entry| entry.activity.as_ref().ok());
    activities.filter(|activity| asks(activity)).find_map(|activity| settings(request, activity))
}

fn asks(activity: &Activity) -> bool {
    let method = activity.provider.raw.get("method").map(python_text).unwrap_or_default();
    activity.kind == ActivityKind::Probe
        && activity.provider.kind == ProviderKind::Http
        && (method.is_empty() || method.eq_ignore_ascii_case("get"))
}

fn settings(request: &Request, activity: &Activity) -> Option<EndpointSettings> {
    // Secrets are in: the probe must be let in where the experiment is. They never reach an event.
    let provider =
        substitute(&activity.provider.raw.clone().into(), &request.configuration, &request.secrets);
    let url = provider.get("url").and_then(Value::as_str)?;
    let mut settings = EndpointSettings::new(EndpointId(0), url);
    settings.headers = provider
        .get("headers")
        .and_then(Value::as_map)
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), python_text(value)))
        .collect();
    settings.verify_tls = provider.get("verify_tls").is_none_or(Value::truthy);
    let timeout = match provider.get("timeout") {
        Some(Value::Int(seconds)) => *seconds as f64,
        Some(Value::Float(seconds)) => *seconds,
        _ => PATIENCE_S,
    };
    settings.deadline =
        Duration::try_from_secs_f64(timeout.clamp(1.0, PATIENCE_S)).unwrap_or(settings.deadline);
    Some(settings)
}
