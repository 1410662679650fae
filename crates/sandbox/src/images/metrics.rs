//! Request counters, and the Prometheus text format (version 0.0.4).

use std::{
    collections::BTreeMap,
    fmt::{Display, Write},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// The upper bounds of the latency histogram in seconds: fine for normal responses, coarse for slow ones.
const BOUNDS: [f64; 10] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0];

/// The counters of incoming requests, by path and outcome. Both are fixed strings, so the maps stay small.
#[derive(Default)]
pub(super) struct RequestCounters {
    finished: Mutex<BTreeMap<(&'static str, &'static str), u64>>,
    durations: Mutex<BTreeMap<&'static str, Histogram>>,
    in_flight: AtomicU64,
}

#[derive(Default, Clone, Copy)]
struct Histogram {
    buckets: [u64; BOUNDS.len()],
    count: u64,
    sum: f64,
}

impl RequestCounters {
    pub(super) fn started(&self) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn finished(&self, path: &'static str, outcome: &'static str, took: Duration) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
        *lock(&self.finished).entry((path, outcome)).or_default() += 1;
        let mut durations = lock(&self.durations);
        let histogram = durations.entry(path).or_default();
        let seconds = took.as_secs_f64();
        histogram.count += 1;
        histogram.sum += seconds;
        for (bucket, bound) in histogram.buckets.iter_mut().zip(BOUNDS) {
            *bucket += u64::from(seconds <= bound);
        }
    }

    pub(super) fn expose(&self, exposition: &mut Exposition) {
        exposition.family("http_requests_total", "counter", "requests answered, by path and outcome");
        for ((path, outcome), count) in lock(&self.finished).iter() {
            exposition.sample("http_requests_total", &[("path", path), ("outcome", outcome)], count);
        }
        exposition.family("http_requests_in_flight", "gauge", "requests not answered yet");
        exposition.sample("http_requests_in_flight", &[], self.in_flight.load(Ordering::Relaxed));
        let name = "http_request_duration_seconds";
        exposition.family(name, "histogram", "duration of requests");
        for (path, histogram) in lock(&self.durations).iter() {
            for (count, bound) in histogram.buckets.iter().zip(BOUNDS) {
                let bound = bound.to_string();
                exposition.sample(&format!("{name}_bucket"), &[("path", path), ("le", &bound)], count);
            }
            exposition.sample(&format!("{name}_bucket"), &[("path", path), ("le", "+Inf")], histogram.count);
            exposition.sample(&format!("{name}_sum"), &[("path", path)], histogram.sum);
            exposition.sample(&format!("{name}_count"), &[("path", path)], histogram.count);
        }
    }
}

/// Locks a mutex. Poisoning is ignored: no update is left incomplete inside a lock.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The text of `/metrics` under construction.
#[derive(Default)]
pub(super) struct Exposition {
    text: String,
}

impl Exposition {
    /// Starts a metric family with its type and help text.
    pub(super) fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    /// Adds one sample. Label values are fixed strings that need no escaping.
    pub(super) fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let labels: Vec<String> = labels.iter().map(|(key, value)| format!("{key}=\"{value}\"")).collect();
        let _ = if labels.is_empty() {
            writeln!(self.text, "{name} {value}")
        } else {
            writeln!(self.text, "{name}{{{}}} {value}", labels.join(","))
        };
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finished_request_is_counted_and_falls_into_every_bucket_above_it() {
        let requests = RequestCounters::default();
        requests.started();
        requests.started();
        requests.finished("/invoke", "real", Duration::from_millis(30));
        let mut exposition = Exposition::default();
        requests.expose(&mut exposition);
        let text = exposition.into_text();
        for line in [
            "# TYPE http_requests_total counter",
            r#"http_requests_total{path="/invoke",outcome="real"} 1"#,
            "http_requests_in_flight 1",
            r#"http_request_duration_seconds_bucket{path="/invoke",le="0.01"} 0"#,
            r#"http_request_duration_seconds_bucket{path="/invoke",le="0.05"} 1"#,
            r#"http_request_duration_seconds_bucket{path="/invoke",le="+Inf"} 1"#,
            r#"http_request_duration_seconds_sum{path="/invoke"} 0.03"#,
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is missing in\n{text}");
        }
    }
}
