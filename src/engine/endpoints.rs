//! Which endpoints are probed as users do, and how: those of the command line, else the experiment's own HTTP probe,
//! else those of the config file. A service that the experiment requests too is requested in the same way.

use super::WatchSettings;
use crate::{
    cluster::ServiceAddress,
    experiment::{Activity, ActivityKind, Environment, Experiment, ProviderKind, substitute_text},
    observe::endpoint::{EndpointSettings, Tolerance},
    provider::http::Access,
    runner::RunRequest,
    session::event::EndpointId,
};
use pyvalue::python_text;
use reqwest::Url;
use std::time::Duration;

/// How long a user waits at most, in seconds. The experiment's own probe may wait for minutes; users do not.
const PATIENCE_S: f64 = 10.0;

/// Returns the endpoints to probe, none if none is named. Netrc and certificates are looked up in `environment`.
pub(super) fn endpoints(
    request: &RunRequest,
    watch: &WatchSettings,
    environment: &Environment,
) -> Vec<EndpointSettings> {
    let own = own_probes(request, environment);
    let naming = EndpointNames { request, own: &own, environment };
    let mut found: Vec<EndpointSettings> = match own.first() {
        Some(own) if !watch.before_own => vec![own.clone()],
        _ => watch.urls.iter().map(|text| naming.endpoint(text)).collect(),
    };
    for (settings, id) in found.iter_mut().zip(0..) {
        settings.id = EndpointId(id);
        settings.rate = watch.rate;
        settings.excerpts = watch.excerpts;
        settings.limit = Duration::try_from_secs_f64(watch.limit).unwrap_or(settings.limit);
        settings.access = apply_settings(request, watch, settings.access.clone());
    }
    found
}

/// Applies the headers and certificate trust of the settings on top of those of the experiment.
fn apply_settings(
    request: &RunRequest,
    watch: &WatchSettings,
    access: Result<Access, String>,
) -> Result<Access, String> {
    let mut access = access?;
    for header in &watch.headers {
        let header = python_text(&substitute_text(header, &request.configuration, &request.secrets));
        // Without a colon, the name cannot be distinguished from a secret value.
        let (name, value) = header.split_once(':').ok_or("a header has no colon; write it as NAME:VALUE")?;
        access = access.with_header(name.trim(), value.trim())?;
    }
    Ok(if watch.insecure { access.trusting_all() } else { access })
}

/// Builds endpoints from their names.
struct EndpointNames<'a> {
    request: &'a RunRequest,
    own: &'a [EndpointSettings],
    environment: &'a Environment,
}

impl EndpointNames<'_> {
    /// Returns the endpoint for a URL, or for a path of the service that the experiment requests. Variables of the
    /// configuration are substituted, so that a service can be named whose port is not known before.
    fn endpoint(&self, text: &str) -> EndpointSettings {
        let text = python_text(&substitute_text(text, &self.request.configuration, &Default::default()));
        if let Some(service) = ServiceAddress::parse(&text) {
            return EndpointSettings {
                access: Ok(Access::plain(self.environment)),
                unreached: Some(format!("{service} is not reached: there is no cluster yet")),
                service: Some(service),
                ..EndpointSettings::new(EndpointId(0), text)
            };
        }
        let own = self.own.first();
        let beside = |own: &EndpointSettings| own.url.parse::<Url>().ok()?.join(&text).ok().map(String::from);
        let url = if text.starts_with('/') { own.and_then(beside).unwrap_or(text) } else { text };
        let parsed = url.parse::<Url>().ok();
        let same = |own: &&EndpointSettings, part: fn(&Url) -> Option<String>| {
            let parts =
                parsed.as_ref().and_then(part).zip(own.url.parse::<Url>().ok().as_ref().and_then(part));
            parts.is_some_and(|(one, other)| one == other)
        };
        // A page that the experiment requests gets its query and tolerance too; another page of the service does not.
        let page = |url: &Url| Some(url.as_str().to_owned());
        if let Some(own) = self.own.iter().find(|own| same(own, page)) {
            return EndpointSettings { url, ..own.clone() };
        }
        let settings = EndpointSettings::new(EndpointId(0), url.as_str());
        match self.own.iter().find(|own| same(own, origin)) {
            Some(own) => EndpointSettings { access: own.access.clone(), deadline: own.deadline, ..settings },
            None => EndpointSettings { access: Ok(Access::plain(self.environment)), ..settings },
        }
    }
}

/// Scheme, host and port.
fn origin(url: &Url) -> Option<String> {
    Some(format!("{}://{}:{}", url.scheme(), url.host_str()?, url.port_or_known_default()?))
}

/// Returns the HTTP probes that use GET: method before hypothesis, since the method's are about users under the fault.
/// A tolerance of the hypothesis applies to every probe of the same page.
fn own_probes(request: &RunRequest, environment: &Environment) -> Vec<EndpointSettings> {
    let experiment: &Experiment = &request.experiment;
    let method = experiment.method().iter();
    let hypothesis = experiment.hypothesis().into_iter().flat_map(|hypothesis| &hypothesis.probes);
    let activities = method.chain(hypothesis).filter_map(|entry| entry.activity.as_ref().ok());
    let asking = activities.filter(|activity| asks(activity));
    let mut found: Vec<EndpointSettings> =
        asking.filter_map(|activity| settings(request, activity, environment)).collect();
    let tolerance = |of: &EndpointSettings| {
        let mut alike = found.iter().filter(|other| other.url == of.url && other.query == of.query);
        alike.find_map(|other| other.tolerance.clone())
    };
    let tolerances: Vec<_> = found.iter().map(tolerance).collect();
    for (settings, tolerance) in found.iter_mut().zip(tolerances) {
        settings.tolerance = tolerance;
    }
    found
}

fn asks(activity: &Activity) -> bool {
    let method = activity.provider.raw.get("method").map(python_text).unwrap_or_default();
    activity.kind == ActivityKind::Probe
        && activity.provider.kind == ProviderKind::Http
        && (method.is_empty() || method.eq_ignore_ascii_case("get"))
}

fn settings(
    request: &RunRequest,
    activity: &Activity,
    environment: &Environment,
) -> Option<EndpointSettings> {
    let provider = &activity.provider.raw;
    // Secrets are substituted: the probe needs the experiment's access. They never reach an event.
    let (configuration, secrets) = (&request.configuration, &request.secrets);
    let mut settings = EndpointSettings::new(EndpointId(0), "");
    match Access::of_activity(provider, configuration, secrets, environment) {
        Ok((page, access)) => {
            settings.url = page.url;
            settings.query = page.query;
            settings.access = Ok(access);
            let timeout = page.timeout.map_or(PATIENCE_S, |timeout| timeout.as_secs_f64());
            settings.deadline = Duration::from_secs_f64(timeout.clamp(1.0, PATIENCE_S));
        }
        // A request that the experiment itself cannot send is reported as such.
        Err(reason) => {
            let url = provider.get("url").map(python_text)?;
            settings.url = python_text(&substitute_text(&url, configuration, secrets));
            settings.access = Err(reason);
        }
    }
    settings.tolerance = activity
        .tolerance
        .as_ref()
        .map(|declared| Tolerance::new(declared.clone(), configuration.clone(), secrets.clone()));
    Some(settings)
}

#[cfg(test)]
#[path = "endpoints_tests.rs"]
mod tests;
