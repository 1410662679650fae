//! The number of calls of all clients, from the request counter of a service's metrics page.
//!
//! The rule is generic: a counter whose name contains "request" and ends with `_total` or `_count`, of the server and
//! not of a client, such as `http_requests_total` or `http_server_requests_seconds_count`. If its labels give paths,
//! only the calls of the endpoint's path count; else all but those of pages that machines request.

use super::{Families, Sample};

/// The calls of all clients, as a page counts them.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::observe::breaker) struct RequestCounters {
    pub(in crate::observe::breaker) series: String,
    /// Whether only calls of the path that users call are counted.
    pub(in crate::observe::breaker) of_path: bool,
    /// All calls.
    pub(in crate::observe::breaker) total: u64,
    /// The failed calls, if the page counts by status.
    pub(in crate::observe::breaker) failed: Option<u64>,
}

/// Labels that give a request's path.
const PATHS: [&str; 8] =
    ["path", "uri", "route", "http_route", "handler", "endpoint", "path_template", "url"];
/// Labels that give a response's status.
const STATUSES: [&str; 6] =
    ["status", "code", "status_code", "http_status", "http_response_status_code", "http_status_code"];
/// Parts of names that exclude a counter, because it does not count requests that users make.
const OTHERS: [&str; 11] = [
    "client",
    "bytes",
    "size",
    "error",
    "exception",
    "fail",
    "timeout",
    "retr",
    "refused",
    "reject",
    "created",
];
/// Prefixes of paths that machines request.
const MACHINES: [&str; 5] = ["/metrics", "/health", "/actuator", "/ready", "/live"];

/// The calls of a path that a page counts; `None` if it counts none.
pub(super) fn count(families: &Families, path: &str) -> Option<RequestCounters> {
    let requests = families.iter().filter(|(name, _)| is_requests(name));
    let counted = requests.map(|(name, family)| calls(name, &family.samples, path));
    // A counter that gives paths is about users; of several, the highest total misses the fewest calls.
    counted.max_by_key(|calls| (calls.of_path, calls.total, calls.failed.is_some()))
}

pub(super) fn is_requests(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.contains("request")
        && (name.ends_with("_total") || name.ends_with("_count"))
        && !OTHERS.iter().any(|other| name.contains(other))
}

fn calls(series: &str, samples: &[Sample], path: &str) -> RequestCounters {
    let label =
        |sample: &Sample, names: &[&str]| names.iter().find_map(|name| sample.label(name)).map(str::to_owned);
    let same = |of: &str| of.trim_end_matches('/') == path.trim_end_matches('/');
    let of_path = samples.iter().any(|sample| label(sample, &PATHS).is_some_and(|of| same(&of)));
    let wanted = |sample: &&Sample| match label(sample, &PATHS) {
        Some(of) if of_path => same(&of),
        Some(of) => !MACHINES.iter().any(|begin| of.starts_with(begin)),
        None => !of_path,
    };
    let (mut total, mut failed, mut tells) = (0.0, 0.0, false);
    for sample in samples.iter().filter(wanted) {
        let value = if sample.value.is_finite() { sample.value.max(0.0) } else { 0.0 };
        total += value;
        if let Some(status) = label(sample, &STATUSES) {
            tells = true;
            failed += if status.starts_with('5') { value } else { 0.0 };
        }
    }
    RequestCounters {
        series: series.to_owned(),
        of_path,
        total: total as u64,
        failed: tells.then_some(failed as u64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(page: &str) -> Option<(String, bool, u64, Option<u64>)> {
        let mut text = super::super::PageText::new(super::super::wanted);
        text.feed(page.as_bytes());
        text.feed(b"\n");
        let calls = count(&text.finish(), "/invoke")?;
        Some((calls.series, calls.of_path, calls.total, calls.failed))
    }

    #[test]
    fn counters_of_requests_are_found_on_known_pages() {
        let cases = [
            (
                "http_server_requests_seconds_count{method=\"GET\",outcome=\"SUCCESS\",status=\"200\",uri=\"/invoke\",} 940.0\n\
                 http_server_requests_seconds_count{method=\"GET\",outcome=\"SERVER_ERROR\",status=\"503\",uri=\"/invoke\",} 60.0\n\
                 http_server_requests_seconds_count{method=\"GET\",outcome=\"SUCCESS\",status=\"200\",uri=\"/actuator/prometheus\",} 5000.0\n\
                 http_server_requests_seconds_sum{uri=\"/invoke\",} 12.5",
                Some(("http_server_requests_seconds_count", true, 1000, Some(60))),
            ),
            (
                "http_requests_total{path=\"/invoke\",outcome=\"real\"} 7\nhttp_requests_total{path=\"/health\",outcome=\"other\"} 90",
                Some(("http_requests_total", true, 7, None)),
            ),
            (
                "http_requests_total{handler=\"/other\",code=\"200\"} 5\nhttp_requests_total{handler=\"/metrics\",code=\"200\"} 90",
                Some(("http_requests_total", false, 5, Some(0))),
            ),
            ("http_requests_total 12", Some(("http_requests_total", false, 12, None))),
            ("http_client_requests_seconds_count{uri=\"/invoke\"} 5\nhttp_request_size_bytes_count 9", None),
            ("process_cpu_seconds_total 5\ncircuit_breaker_calls_total 3", None),
            ("http_requests_total NaN", Some(("http_requests_total", false, 0, None))),
        ];
        for (page, wanted) in cases {
            let wanted =
                wanted.map(|(series, of_path, total, failed)| (series.to_owned(), of_path, total, failed));
            assert_eq!(counted(page), wanted, "{page}");
        }
    }
}
