//! The usual ports and paths of sources, and the syntax by which an operator names one.

use super::page_poller::PageKind;
use std::fmt;

/// Ports of sidecars on which only the sidecar's own page is read.
const MESH: [(u16, &str); 2] = [(15090, "/stats/prometheus"), (4191, "/metrics")];
/// Other ports of sidecars, which are not queried.
const SIDECARS: [u16; 12] = [15000, 15001, 15004, 15006, 15008, 15020, 15021, 15053, 4140, 4143, 4190, 3500];
/// The name of the port of Dapr's sidecar whose root path is a metrics page.
const DAPR: &str = "dapr-metrics";

/// Paths that are tried on a port of a service; of each group the first that exists is read.
pub(in crate::observe::breaker) const USUAL: [(PageKind, &[&str]); 4] = [
    (PageKind::Breakers, &["/actuator/circuitbreakers", "/actuator/circuitbreakerevents"]),
    (PageKind::Stream, &["/hystrix.stream", "/actuator/hystrix.stream"]),
    (
        PageKind::Metrics,
        &["/metrics", "/actuator/prometheus", "/q/metrics", "/prometheus", "/observe/metrics"],
    ),
    (PageKind::Health, &["/health", "/actuator/health", "/q/health"]),
];

/// The same paths in one line, as user-facing text.
pub(in crate::observe) const USUAL_PATHS: &str = "/actuator/circuitbreakers, /actuator/circuitbreakerevents, /actuator/prometheus, \
    /actuator/health, /actuator/hystrix.stream, /hystrix.stream, /metrics, /q/metrics, /prometheus, /observe/metrics, \
    /health, /q/health";

/// The groups for one declared port.
pub(in crate::observe::breaker) fn groups(port: u16, name: Option<&str>) -> Vec<(PageKind, Vec<String>)> {
    if let Some((_, path)) = MESH.iter().find(|(number, _)| *number == port) {
        return vec![(PageKind::Mesh, vec![(*path).to_owned()])];
    }
    if name == Some(DAPR) {
        return vec![(PageKind::Metrics, vec!["/".to_owned()])];
    }
    if SIDECARS.contains(&port) {
        return Vec::new();
    }
    let owned = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect();
    USUAL.iter().map(|(kind, paths)| (*kind, owned(paths))).collect()
}

/// The page of an Envoy's admin port.
pub(in crate::observe::breaker) fn admin() -> (PageKind, Vec<String>) {
    (PageKind::Mesh, vec!["/stats/prometheus".to_owned()])
}

/// A source as an operator names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamedSource {
    /// A whole URL, queried directly.
    Url(String),
    /// A path on one port of every pod of the consumer.
    Port(u16, String),
    /// A path on every port that those pods declare, or beside the users' URL if pods cannot be read.
    Path(String),
}

impl NamedSource {
    /// Parses `http://host:port/path`, `8081/actuator/circuitbreakers` or `/internal/breakers`.
    ///
    /// # Errors
    /// Returns the accepted forms as text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let wanted = || {
            format!(
                "'{text}' is no source: give a URL, a path such as /metrics, or a port with a path such as 8081/metrics"
            )
        };
        if text.contains("://") {
            let url: reqwest::Url = text.parse().map_err(|_| wanted())?;
            let fits = matches!(url.scheme(), "http" | "https") && url.has_host();
            return if fits { Ok(Self::Url(text.to_owned())) } else { Err(wanted()) };
        }
        if text.starts_with('/') {
            return Ok(Self::Path(text.to_owned()));
        }
        let (port, path) = text.split_once('/').ok_or_else(wanted)?;
        match port.parse() {
            Ok(port) if port > 0 => Ok(Self::Port(port, format!("/{path}"))),
            _ => Err(wanted()),
        }
    }
}

impl fmt::Display for NamedSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Credentials are for the server only, so they are not shown.
            Self::Url(text) => match text.parse::<reqwest::Url>() {
                Ok(mut url) if !url.username().is_empty() || url.password().is_some() => {
                    let bare = url.set_username("").and(url.set_password(None));
                    f.write_str(&if bare.is_ok() {
                        without_query_values(url.as_str())
                    } else {
                        "a URL".to_owned()
                    })
                }
                _ => f.write_str(&without_query_values(text)),
            },
            Self::Port(port, path) => write!(f, "{port}{}", without_query_values(path)),
            Self::Path(path) => f.write_str(&without_query_values(path)),
        }
    }
}

impl NamedSource {
    /// A suffix such as ` (2)` that distinguishes the source at `number` from earlier ones that are shown alike.
    pub(in crate::observe::breaker) fn mark(all: &[Self], number: usize) -> String {
        let shown: Vec<String> = all.iter().take(number + 1).map(Self::to_string).collect();
        let Some((this, before)) = shown.split_last() else { return String::new() };
        match before.iter().filter(|one| *one == this).count() {
            0 => String::new(),
            before => format!(" ({})", before + 1),
        }
    }
}

/// A path or URL without the values of its query, which may contain a token.
pub(in crate::observe::breaker) fn without_query_values(path: &str) -> String {
    let Some((path, query)) = path.split_once('?') else { return path.to_owned() };
    let keys = query.split('&').map(|pair| match pair.split_once('=') {
        Some((key, _)) => format!("{key}=…"),
        None => "…".to_owned(),
    });
    format!("{path}?{}", keys.collect::<Vec<_>>().join("&"))
}

/// The kind of page that a path suggests; `None` if only its response can show it.
pub(in crate::observe::breaker) fn kind(port: Option<u16>, path: &str) -> Option<PageKind> {
    let path = path.split('?').next().unwrap_or(path).to_ascii_lowercase();
    let breakers = ["/circuitbreakers", "/circuitbreakerevents", "/circuitbreaker-events"];
    if breakers.iter().any(|end| path.ends_with(end)) {
        Some(PageKind::Breakers)
    } else if path.ends_with("/stats/prometheus") || port == Some(4191) {
        Some(PageKind::Mesh)
    } else if path.ends_with(".stream") || path.ends_with("streamcircuitbreakerevents") {
        Some(PageKind::Stream)
    } else if path.ends_with("/metrics") || path.ends_with("/prometheus") {
        Some(PageKind::Metrics)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_named_in_three_ways() {
        let path = |path: &str| path.to_owned();
        for (text, named) in [
            ("http://127.0.0.1:8080/metrics", NamedSource::Url(path("http://127.0.0.1:8080/metrics"))),
            ("8081/actuator/circuitbreakers", NamedSource::Port(8081, path("/actuator/circuitbreakers"))),
            (" /internal/breakers ", NamedSource::Path(path("/internal/breakers"))),
            ("9901/", NamedSource::Port(9901, path("/"))),
        ] {
            assert_eq!(NamedSource::parse(text), Ok(named.clone()));
            assert_eq!(named.to_string(), text.trim());
        }
        let secret = NamedSource::parse("http://ann:geheim@127.0.0.1:8080/metrics").unwrap();
        assert_eq!(secret.to_string(), "http://127.0.0.1:8080/metrics");
        let all: Vec<NamedSource> =
            ["/metrics?token=geheim&all", "8081/metrics?a=1", "/metrics?token=anders&all"]
                .iter()
                .map(|text| NamedSource::parse(text).unwrap())
                .collect();
        assert_eq!(all[0].to_string(), "/metrics?token=…&…");
        let marks: Vec<String> = (0..3).map(|number| NamedSource::mark(&all, number)).collect();
        assert_eq!(marks, ["", "", " (2)"]);
        for text in ["", "metrics", "8080", "0/metrics", "70000/x", "ftp://a/b", "http://", "a/b"] {
            let said = NamedSource::parse(text).unwrap_err();
            assert!(said.contains("no source") && said.contains("8081/metrics"), "{said}");
        }
    }

    #[test]
    fn people_are_told_of_every_path() {
        let told: Vec<&str> = USUAL_PATHS.split([',', ' ']).collect();
        let all = USUAL.iter().flat_map(|(_, paths)| *paths);
        all.for_each(|path| assert!(told.contains(path), "{path}"));
    }

    #[test]
    fn sidecars_are_asked_for_their_own_pages_only() {
        let paths = |port, name| -> Vec<String> {
            groups(port, name).into_iter().flat_map(|(_, paths)| paths).collect()
        };
        assert_eq!(paths(15090, Some("http-envoy-prom")), ["/stats/prometheus"]);
        assert_eq!(paths(4191, Some("linkerd-admin")), ["/metrics"]);
        assert_eq!(paths(9090, Some("dapr-metrics")), ["/"]);
        assert!(paths(15001, None).is_empty());
        assert!(paths(8080, Some("http")).contains(&"/actuator/circuitbreakers".to_owned()));
    }
}
