//! The source "metrics": a breaker's series on a Prometheus page.
//!
//! | series | interpretation |
//! | --- | --- |
//! | a gauge with a label whose values are state words, whatever the label's name | one-hot: the sample that is 1 |
//! | a gauge of a number | by the `N=word` pairs of its help text; else by what several readings prove ([`numbers`]) |
//! | a gauge named `..._open` | 1 is open, 0 is not open |
//! | counters | by their growth, and only those of [`families`]: opossum, `MicroProfile`, Polly, `from` and `to`, and others |
//!
//! `_bucket`, `_count`, `_sum`, `_created` and `_changes` are never states. An ambiguous series gives no claim.

mod calls;
mod families;
mod gauges;
pub(in crate::observe::breaker) mod mesh;
mod numbers;
mod text;

use super::super::reading::{OutgoingCalls, Reading, SourceId};
use crate::session::event::{BreakerState, NamedBreaker};
pub(in crate::observe::breaker) use calls::RequestCounters;
pub use families::Rule;
use numbers::Numbers;
pub(in crate::observe::breaker) use text::PageText;
use text::{Families, Family, Sample, SeriesUse};

/// The maximum number of breakers listed of one page.
const BREAKERS: usize = 64;
/// Labels that distinguish processes of one service, not breakers.
const PROCESS: [&str; 5] = ["pid", "instance", "worker", "process_start_time_seconds", "hostname"];
/// Labels that name a breaker, the most specific first.
const NAMES: [&str; 17] = [
    "name",
    "circuit_name",
    "breaker_name",
    "circuitbreaker",
    "circuit_breaker",
    "circuit",
    "breaker",
    "key",
    "resource",
    "target",
    "method",
    "pipeline_name",
    "service",
    "provider",
    "upstream",
    "endpoint",
    "request_type",
];
/// Labels that describe what was counted.
const APART: [&str; 13] = [
    "call_result",
    "kind",
    "result",
    "outcome",
    "circuitbreakerresult",
    "event",
    "state",
    "from",
    "to",
    "from_state",
    "to_state",
    "old_state",
    "new_state",
];
/// Counters of calls that left for another service, and only of those. The counters of HTTP clients are none of them: a
/// breaker may wrap the client, or be one of its interceptors, and the page does not show which.
const OUTGOING: [&str; 1] = ["outgoing_calls_total"];

/// Reads one page repeatedly: some libraries show their state only by the growth of counters.
#[derive(Default)]
pub(in crate::observe::breaker) struct PageReader {
    known: families::KnownFamilies,
    numbers: Numbers,
    /// The path that users call.
    pub(in crate::observe::breaker) path: String,
    /// Whether users get real answers now.
    pub(in crate::observe::breaker) well: bool,
}

impl PageReader {
    /// A reader with the operator's own rules; `path` is the one that users call.
    pub(in crate::observe::breaker) fn with(rules: Vec<Rule>, path: String) -> Self {
        Self { known: families::KnownFamilies::with(rules), path, ..Self::default() }
    }

    /// An empty page, to be filled by `feed`.
    pub(in crate::observe::breaker) fn page(&self) -> PageText {
        PageText::new(wanted).and(self.known.names())
    }

    /// The reading of a complete page.
    pub(in crate::observe::breaker) fn read(&mut self, source: SourceId, page: PageText) -> Reading {
        let mut families = page.finish();
        let process = process(&families);
        let known = self.known.read(&mut families, process.as_deref());
        let mut breakers = gauges::read(&families, &mut self.numbers, process.as_deref(), self.well);
        for breaker in known {
            families::join(&mut breakers, breaker);
        }
        families::figures(&families, &mut breakers);
        figures(&families, &mut breakers);
        breakers.truncate(BREAKERS);
        let ground = match breakers.as_slice() {
            [] => "no breaker's series on the page".to_owned(),
            [one] => one.ground.clone(),
            many => format!("{} breakers on the page", many.len()),
        };
        Reading {
            process,
            outgoing: outgoing(&families),
            limits: limits(&families),
            requests: calls::count(&families, &self.path),
            breakers,
            ..Reading::new(source, ground)
        }
    }
}

/// The use of a series with this name; `None` if it is not kept.
fn wanted(name: &str) -> Option<SeriesUse> {
    let lower = name.to_ascii_lowercase();
    let parts = ["circuit", "breaker", "cb_state", "bulkhead", "ratelimiter", "rate_limiter"];
    let known = parts.iter().any(|part| lower.contains(part)) || lower.starts_with("resilience_polly");
    if name.ends_with("_bucket") {
        return None;
    }
    let breaker = known && !lower.contains("circuit_breakers")
        || families::wanted(name)
        || OUTGOING.contains(&name)
        || name.ends_with("process_start_time_seconds");
    if breaker { Some(SeriesUse::Breaker) } else { calls::is_requests(name).then_some(SeriesUse::Requests) }
}

/// Identifies the process that answered by its start time. Libraries put a prefix before the name.
fn process(families: &Families) -> Option<String> {
    let began = |(name, _): &(&String, &Family)| name.ends_with("process_start_time_seconds");
    let (_, family) = families.iter().find(began)?;
    match family.samples.as_slice() {
        [one] => Some(format!("started {:.2}", one.value)),
        _ => None,
    }
}

/// The calls that left, if all left for one target.
fn outgoing(families: &Families) -> Option<OutgoingCalls> {
    let (name, family) =
        OUTGOING.iter().find_map(|name| families.get(*name).map(|family| (*name, family)))?;
    let target = |sample: &Sample| {
        let labels = ["target", "client_name", "client.name", "server_address", "host"];
        labels.iter().find_map(|label| sample.label(label)).unwrap_or_default().to_owned()
    };
    let first = target(family.samples.first()?);
    if family.samples.iter().any(|sample| target(sample) != first) {
        return None;
    }
    let counts = family.samples.iter().map(|sample| sample.value.max(0.0) as u64);
    let calls = counts.fold(0, u64::saturating_add);
    let series = if first.is_empty() { name.to_owned() } else { format!("{name} to {first}") };
    Some(OutgoingCalls { calls, series })
}

/// The series of bulkheads and rate limiters.
fn limits(families: &Families) -> Vec<String> {
    let limit = |name: &&String| {
        let name = name.to_ascii_lowercase();
        name.contains("bulkhead") || name.contains("ratelimiter") || name.contains("rate_limiter")
    };
    families.keys().filter(limit).take(4).cloned().collect()
}

/// Words for a call that a breaker rejected.
const REJECTED: [&str; 6] =
    ["refused", "rejected", "reject", "not_permitted", "circuitBreakerOpen", "circuit_breaker_open"];

/// Adds rejected calls and failure rates to the breakers that they belong to.
fn figures(families: &Families, breakers: &mut [NamedBreaker]) {
    let mut rejected = vec![None; breakers.len()];
    for (name, family) in families.iter().filter(|(name, _)| !name.ends_with("_bucket")) {
        let lower = name.to_ascii_lowercase();
        for sample in &family.samples {
            let (about, process) = breaker_and_process(name, sample, &APART);
            let mine = |one: &NamedBreaker| one.name == about && one.process == process;
            let Some(at) = breakers.iter().position(mine) else { continue };
            let Some((breaker, rejected)) = breakers.get_mut(at).zip(rejected.get_mut(at)) else { continue };
            let kind = ["kind", "result", "outcome", "circuitBreakerResult", "event", "call_result"];
            let kind = kind.iter().find_map(|label| sample.label(label));
            let to = ["to", "to_state", "new_state", "state"].iter().find_map(|label| sample.label(label));
            let tries = to.and_then(super::state_words::state) == Some(Some(BreakerState::HalfOpen));
            let count = sample.value.max(0.0) as u64;
            if lower.contains("transition") && lower.ends_with("_total") {
                if tries {
                    add(&mut breaker.trials, count);
                }
            } else if lower.contains("not_permitted_calls")
                || kind.is_some_and(|kind| REJECTED.contains(&kind))
            {
                add(rejected, count);
            } else if lower.ends_with("failure_rate") && sample.value >= 0.0 {
                breaker.counts.get_or_insert_default().failure_percent = Some(sample.value);
            } else if lower.ends_with("circuitbreaker_buffered_calls") && sample.value >= 0.0 {
                let counts = breaker.counts.get_or_insert_default();
                add(&mut counts.calls, count);
                if kind == Some("failed") {
                    counts.failed = Some(count);
                }
            }
        }
    }
    for (breaker, rejected) in breakers.iter_mut().zip(rejected) {
        // The count by its library's own rule takes precedence.
        breaker.rejected = breaker.rejected.or(rejected);
    }
}

/// Adds to a sum; a page may count anything.
fn add(sum: &mut Option<u64>, count: u64) {
    *sum = Some(sum.unwrap_or(0).saturating_add(count));
}

/// The breaker and the process that a sample is about, ignoring the labels in `apart`.
fn breaker_and_process(metric: &str, sample: &Sample, apart: &[&str]) -> (String, Option<String>) {
    let aside = |key: &str| apart.iter().any(|label| key.eq_ignore_ascii_case(label));
    let of_process = |key: &str| PROCESS.iter().any(|label| key.eq_ignore_ascii_case(label));
    let rest: Vec<_> = sample.labels.iter().filter(|(key, _)| !aside(key) && !of_process(key)).collect();
    let named = NAMES.iter().find_map(|name| rest.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)));
    let name = if let Some((_, value)) = named {
        value.clone()
    } else {
        let noise = ["group", "application", "app", "job", "namespace", "env", "environment", "scope", "le"];
        let noise = |key: &str| noise.contains(&key) || key.starts_with("otel_scope") || key == "mp_scope";
        let telling = rest.iter().filter(|(key, _)| !noise(&key.to_ascii_lowercase()));
        let telling: Vec<String> = telling.map(|(_, value)| value.clone()).collect();
        if telling.is_empty() { metric.to_owned() } else { telling.join(" ") }
    };
    let processes: Vec<String> = sample
        .labels
        .iter()
        .filter(|(key, _)| of_process(key))
        .map(|(key, value)| format!("{key} {value}"))
        .collect();
    let cut = |text: String| text.chars().take(80).collect::<String>();
    (cut(name), (!processes.is_empty()).then(|| cut(processes.join(" "))))
}

/// `circuit_breaker_state{name="provider"} = open`
fn ground(metric: &str, name: &str, process: Option<&str>, value: &str) -> String {
    let of = |name: &str| format!("{{{name}}}");
    let named = if name.is_empty() || metric == name { String::new() } else { of(name) };
    let process = process.map(|process| format!(" ({process})")).unwrap_or_default();
    let metric: String = metric.chars().take(120).collect();
    format!("{metric}{named}{process} = {value}")
}

/// Whether a family can show a state at all.
fn is_a_state(name: &str, family: &Family) -> bool {
    let lower = name.to_ascii_lowercase();
    let never = [
        "_bucket",
        "_count",
        "_sum",
        "_created",
        "_changes",
        "_total",
        "_max",
        "_info",
        "_transition",
        "_transitions",
        "_seconds",
        "_ms",
        "_milliseconds",
        "_nanoseconds",
        "_timestamp",
        "_bytes",
        "_until",
        "_duration",
        "_rate",
        "_calls",
        "_config",
        "_enabled",
        "_limit",
        "_threshold",
    ];
    let about = lower.contains("circuit") || lower.contains("breaker") || lower.contains("cb_state");
    let kind = matches!(family.kind, text::MetricType::Gauge | text::MetricType::Untyped);
    // `..._max_open` is a setting.
    let bound = ["_max_", "_min_"].iter().any(|part| lower.contains(part));
    about && kind && !bound && !never.iter().any(|suffix| lower.ends_with(suffix))
}

#[cfg(test)]
mod tests;
