//! Settings of a demo service, from environment variables.

use hyper::Uri;
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

/// The default URL of the provider: on a cluster with DNS the Service's name is sufficient.
const PROVIDER_BY_NAME: &str = "http://my-provider-service:8080";

/// The environment variable for the delay before the service listens.
pub const START_DELAY: &str = "START_DELAY";

/// The settings of a demo service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settings {
    /// The listen address, from `POD_IP` (default: every address) and `PORT` (default: 8080).
    pub address: SocketAddr,
    /// The provider's base URL: `PROVIDER_URL`, else the variables that Kubernetes sets for the Service
    /// `my-provider-service`, else that Service's name.
    pub provider: Uri,
    /// The delay in seconds before the service listens, from `START_DELAY` (default: none), to simulate the start time
    /// of a real service.
    pub start_delay: Duration,
}

/// An environment variable has an invalid value.
#[derive(Debug, thiserror::Error)]
#[error("{variable}={value:?} is not {expected}")]
pub struct SettingsError {
    variable: &'static str,
    value: String,
    expected: &'static str,
}

impl Settings {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// Fails when a variable has an invalid value.
    pub(super) fn from_environment() -> Result<Self, SettingsError> {
        Self::read(|name| std::env::var(name).ok())
    }

    fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let ip = match variable("POD_IP") {
            Some(value) => parse("POD_IP", value, "an IP address")?,
            None => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        };
        let port = match variable("PORT") {
            Some(value) => parse("PORT", value, "a port")?,
            None => 8080,
        };
        let service = variable("MY_PROVIDER_SERVICE_SERVICE_HOST")
            .zip(variable("MY_PROVIDER_SERVICE_SERVICE_PORT"))
            .map(|(host, port)| format!("http://{host}:{port}"));
        let (name, url) = match (variable("PROVIDER_URL"), service) {
            (Some(url), _) => ("PROVIDER_URL", url),
            (None, Some(url)) => ("MY_PROVIDER_SERVICE_SERVICE_HOST", url),
            (None, None) => ("PROVIDER_URL", PROVIDER_BY_NAME.to_owned()),
        };
        let expected = "a URL such as http://provider:8080 (plain http)";
        let provider: Uri = parse(name, url.clone(), expected)?;
        if provider.scheme_str() != Some("http") || provider.host().is_none() {
            return Err(SettingsError { variable: name, value: url, expected });
        }
        let start_delay = match variable(START_DELAY) {
            Some(value) => seconds(value)?,
            None => Duration::ZERO,
        };
        Ok(Self { address: SocketAddr::new(ip, port), provider, start_delay })
    }
}

fn seconds(value: String) -> Result<Duration, SettingsError> {
    let seconds = value.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or(SettingsError { variable: START_DELAY, value, expected: "a number of seconds" })
}

fn parse<T: std::str::FromStr>(
    variable: &'static str,
    value: String,
    expected: &'static str,
) -> Result<T, SettingsError> {
    value.parse().map_err(|_| SettingsError { variable, value, expected })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        Settings::read(|name| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn nothing_set_means_every_address_and_the_service_by_name() {
        let settings = read(&[]).unwrap();
        assert_eq!(settings.address.to_string(), "0.0.0.0:8080");
        assert_eq!(settings.provider.host(), Some("my-provider-service"));
        assert_eq!(settings.start_delay, Duration::ZERO);
        assert_eq!(read(&[("START_DELAY", "2.5")]).unwrap().start_delay, Duration::from_millis(2500));
    }

    #[test]
    fn an_explicit_url_wins_over_the_service_variables() {
        let service =
            [("MY_PROVIDER_SERVICE_SERVICE_HOST", "127.9.0.1"), ("MY_PROVIDER_SERVICE_SERVICE_PORT", "80")];
        assert_eq!(read(&service).unwrap().provider.to_string(), "http://127.9.0.1:80/");
        let both = [service[0], service[1], ("PROVIDER_URL", "http://127.0.0.1:9")];
        assert_eq!(read(&both).unwrap().provider.port_u16(), Some(9));
    }

    #[test]
    fn what_cannot_be_meant_is_named() {
        for (name, value) in
            [("PORT", "http"), ("POD_IP", "here"), ("PROVIDER_URL", "https://x"), ("PROVIDER_URL", "x")]
                .into_iter()
                .chain([("START_DELAY", "soon"), ("START_DELAY", "-1")])
        {
            let error = read(&[(name, value)]).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{name}={value:?} is not")), "{error}");
        }
    }
}
