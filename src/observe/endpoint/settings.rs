//! What to probe, how often, and with which timeout.

use super::tolerance::Tolerance;
use crate::{
    cluster::{ReachedService, ServiceAddress},
    http_client::Request,
    observe::absence::AbsenceDetector,
    provider::http::{Access, Clients},
    session::event::EndpointId,
};
use reqwest::{Method, Url, header::AUTHORIZATION};
use std::{sync::atomic::AtomicBool, time::Duration};
use tokio_util::sync::CancellationToken;

/// The maximum number of requests in flight: a soft limit on open files is often 1024.
const IN_FLIGHT: usize = 800;

/// One endpoint to probe.
#[derive(Clone, Debug)]
pub struct EndpointSettings {
    /// Its identity in the session.
    pub id: EndpointId,
    pub url: String,
    /// Added to the URL's query.
    pub query: String,
    /// `GET` unless the endpoint needs another method. Every request takes real effect.
    pub method: String,
    /// Headers, credentials and trust, or the reason why they are unavailable. Secrets among them never reach an event.
    pub access: Result<Access, String>,
    /// Requests per second.
    pub rate: f64,
    /// The timeout of the client.
    pub deadline: Duration,
    /// The waiting time that users accept.
    pub limit: Duration,
    /// Whether the beginning of the first answer of each kind is kept.
    pub excerpts: bool,
    /// Which answers are accepted although their status is an error.
    pub tolerance: Option<Tolerance>,
    /// Cancelled at the first fire: from then on nothing is learned as a real answer.
    pub fault: CancellationToken,
    /// Detects when this program itself did not run.
    pub presence: AbsenceDetector,
    /// The Service that was named instead of a URL; the URL is known once it was reached.
    pub service: Option<ServiceAddress>,
    /// How the Service is reached.
    pub way: Option<ReachedService>,
    /// Why the Service is not reached.
    pub unreached: Option<String>,
}

/// Why an endpoint cannot be probed.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The URL cannot be read.
    #[error(
        "the endpoint's URL {url:?} cannot be read ({source}); give a whole one, such as http://host:port/path"
    )]
    Url { url: String, source: <Url as std::str::FromStr>::Err },
    /// Neither `http` nor `https`.
    #[error("the endpoint's URL {url:?} is neither http nor https; only these can be probed")]
    Scheme { url: String },
    /// The method is no HTTP method.
    #[error("{method:?} is no HTTP method; use GET, or the one the endpoint wants")]
    Method { method: String },
    /// Headers or certificates cannot be used. Their secrets are not repeated.
    #[error("the endpoint cannot be requested: {0}")]
    Access(String),
    /// The named Service is not reached.
    #[error("{0}")]
    Unreached(String),
    /// The rate is not a positive number.
    #[error("a rate of {rate} requests a second cannot be kept; use one above 0, such as 2")]
    Rate { rate: f64 },
    /// The URL has no host, or no `://`.
    #[error(
        "the endpoint's URL {url:?} cannot be requested; give a complete URL, such as http://host:port/path"
    )]
    Half { url: String },
}

impl EndpointSettings {
    /// Four `GET`s per second, a timeout of ten seconds, answers expected within one second.
    pub fn new(id: EndpointId, url: impl Into<String>) -> Self {
        Self {
            id,
            url: url.into(),
            query: String::new(),
            method: "GET".to_owned(),
            access: Ok(Access::default()),
            rate: 4.0,
            deadline: Duration::from_secs(10),
            limit: Duration::from_secs(1),
            excerpts: true,
            tolerance: None,
            fault: CancellationToken::new(),
            presence: AbsenceDetector::default(),
            service: None,
            way: None,
            unreached: None,
        }
    }

    /// Sends the requests to a Service this way from now on.
    pub fn go(&mut self, way: ReachedService) {
        if let Some(service) = &self.service {
            self.url = format!("{}{}", way.url, service.path);
        }
        if let (Some(host), Ok(access)) = (&way.host, &self.access) {
            self.access = access.clone().with_host(host);
        }
        (self.way, self.unreached) = (Some(way), None);
    }

    /// The maximum number of requests in flight: all that can pile up until the deadline, within the limit of open
    /// files.
    pub(super) fn in_flight(&self) -> usize {
        ((self.rate * self.deadline.as_secs_f64()).ceil() as usize + 16).min(IN_FLIGHT)
    }
}

/// The User-Agent.
const WHO: &str = concat!("chaos-tui/", env!("CARGO_PKG_VERSION"), " (endpoint probe)");

/// Validated settings: the data needed for every request.
pub(super) struct ProbeTarget {
    pub(super) clients: Clients,
    pub(super) access: Access,
    /// The first request; redirects create others.
    pub(super) first: Request,
    pub(super) tolerance: Option<Tolerance>,
    /// Whether its answers have more headers than usual.
    pub(super) wide: AtomicBool,
    /// The URL as given, before credentials were removed.
    url: Url,
}

impl ProbeTarget {
    pub(super) fn new(settings: &EndpointSettings) -> Result<Self, SettingsError> {
        if let Some(reason) = &settings.unreached {
            return Err(SettingsError::Unreached(reason.clone()));
        }
        let url: Url = settings
            .url
            .parse()
            .map_err(|source| SettingsError::Url { url: shown(&settings.url), source })?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(SettingsError::Scheme { url: shown(&settings.url) });
        }
        let method: Method = settings
            .method
            .to_uppercase()
            .parse()
            .map_err(|_| SettingsError::Method { method: settings.method.clone() })?;
        if !(settings.rate > 0.0 && settings.rate.is_finite()) {
            return Err(SettingsError::Rate { rate: settings.rate });
        }
        let access = settings.access.clone().map_err(SettingsError::Access)?;
        let url = Access::url(&settings.url, &settings.query)
            .map_err(|_| SettingsError::Half { url: shown(&settings.url) })?;
        let clients = access.clients(!is_loopback(&url));
        clients.of(&url, false).map_err(SettingsError::Access)?;
        let first = access.request(method, url.clone(), WHO);
        let (tolerance, wide) = (settings.tolerance.clone(), AtomicBool::new(false));
        Ok(Self { clients, access, first, tolerance, wide, url })
    }

    /// Texts that may not be shown, even if an answer echoes them.
    pub(super) fn hidden(&self) -> impl Iterator<Item = &str> {
        let sent = self.first.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        self.access.hidden().chain(sent)
    }

    /// Method and URL without user, password and query, which may contain secrets.
    pub(super) fn label(&self) -> String {
        let mut url = self.url.clone();
        // A URL that cannot have a user has none to hide.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        let query = if url.query().is_some() { "?..." } else { "" };
        url.set_query(None);
        url.set_fragment(None);
        format!("{} {url}{query}", self.first.method)
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A URL for an error message: without the part before an `@`.
fn shown(url: &str) -> String {
    match url.rsplit_once('@') {
        Some((_, rest)) => format!("...@{rest}"),
        None => url.to_owned(),
    }
}
