//! What to probe, how often, how patiently.

use crate::session::event::EndpointId;
use reqwest::{Client, Method, Url, header::HeaderMap};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Requests in flight at most: a soft limit on open files is often 1024.
const IN_FLIGHT: usize = 800;

/// One endpoint to probe.
#[derive(Clone, Debug)]
pub struct EndpointSettings {
    /// Its identity in the session.
    pub id: EndpointId,
    /// Where.
    pub url: String,
    /// `GET` unless the endpoint wants another method. Mind that every request is a real one.
    pub method: String,
    /// Sent with every request; they never reach an event.
    pub headers: Vec<(String, String)>,
    /// Requests a second.
    pub rate: f64,
    /// The client gives up after this time.
    pub deadline: Duration,
    /// What users accept to wait.
    pub limit: Duration,
    /// Whether certificates must be valid.
    pub verify_tls: bool,
    /// Fires with the first fault: from then on nothing is learned as a real answer.
    pub fault: CancellationToken,
}

/// Why an endpoint cannot be probed.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The URL cannot be read.
    #[error(
        "the endpoint's URL {url:?} cannot be read ({source}); give a whole one, such as http://host:port/path"
    )]
    Url {
        /// As given.
        url: String,
        /// Why.
        source: <Url as std::str::FromStr>::Err,
    },
    /// Neither `http` nor `https`.
    #[error("the endpoint's URL {url:?} is neither http nor https; only these can be probed")]
    Scheme {
        /// As given.
        url: String,
    },
    /// The method is no HTTP method.
    #[error("{method:?} is no HTTP method; use GET, or the one the endpoint wants")]
    Method {
        /// As given.
        method: String,
    },
    /// A header is not one. Values are not repeated: they may be secret.
    #[error("the header {name:?} has a name or a value that HTTP does not allow")]
    Header {
        /// Its name.
        name: String,
    },
    /// The rate is not a positive number.
    #[error("a rate of {rate} requests a second cannot be kept; use one above 0, such as 2")]
    Rate {
        /// As given.
        rate: f64,
    },
    /// The HTTP client cannot be made.
    #[error("the HTTP client cannot be made: {0}")]
    Client(#[source] reqwest::Error),
}

impl EndpointSettings {
    /// Two `GET`s a second, ten seconds of patience, answers wanted within one second.
    pub fn new(id: EndpointId, url: impl Into<String>) -> Self {
        Self {
            id,
            url: url.into(),
            method: "GET".to_owned(),
            headers: Vec::new(),
            rate: 2.0,
            deadline: Duration::from_secs(10),
            limit: Duration::from_secs(1),
            verify_tls: true,
            fault: CancellationToken::new(),
        }
    }

    /// Requests that may be in flight: all that can pile up until the deadline, within what a process may open.
    pub(super) fn in_flight(&self) -> usize {
        ((self.rate * self.deadline.as_secs_f64()).ceil() as usize + 16).min(IN_FLIGHT)
    }
}

/// Settings that were found good: what every request needs.
pub(super) struct Target {
    pub(super) client: Client,
    pub(super) method: Method,
    pub(super) url: Url,
}

impl Target {
    pub(super) fn new(settings: &EndpointSettings) -> Result<Self, SettingsError> {
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
        let client = client(settings, &url)?;
        Ok(Self { client, method, url })
    }

    /// Method and URL without user, password and query, which may hold secrets.
    pub(super) fn label(&self) -> String {
        let mut url = self.url.clone();
        // A URL that cannot have a user has none to hide.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        let query = if url.query().is_some() { "?..." } else { "" };
        url.set_query(None);
        url.set_fragment(None);
        format!("{} {url}{query}", self.method)
    }
}

fn client(settings: &EndpointSettings, url: &Url) -> Result<Client, SettingsError> {
    let mut headers = HeaderMap::new();
    for (name, value) in &settings.headers {
        let wrong = || SettingsError::Header { name: name.clone() };
        let mut value: reqwest::header::HeaderValue = value.parse().map_err(|_| wrong())?;
        value.set_sensitive(true);
        headers.append(name.parse::<reqwest::header::HeaderName>().map_err(|_| wrong())?, value);
    }
    let mut client = Client::builder()
        .user_agent(concat!("chaos-tui/", env!("CARGO_PKG_VERSION"), " (endpoint probe)"))
        .default_headers(headers)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .http1_only()
        .no_gzip()
        .no_deflate();
    if !settings.verify_tls {
        client = client.tls_danger_accept_invalid_certs(true);
    }
    if is_loopback(url) {
        client = client.no_proxy();
    }
    client.build().map_err(SettingsError::Client)
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A URL for an error message: without what stands before an `@`.
fn shown(url: &str) -> String {
    match url.rsplit_once('@') {
        Some((_, rest)) => format!("...@{rest}"),
        None => url.to_owned(),
    }
}
