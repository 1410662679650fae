//! Pages as libraries write them, from `tests/expositions`, with the claim that must follow from each.

use super::*;
use crate::session::event::{
    BreakerState::{self, Closed, HalfOpen, Open},
    SourceClaim, SourceKind,
};
use serde_json::Value;
use std::path::Path;

fn source() -> SourceId {
    SourceId::at_users_url(SourceKind::Metrics, "/metrics")
}

fn read(reader: &mut PageReader, page: &str) -> Reading {
    let mut text = reader.page();
    page.as_bytes().chunks(1000).for_each(|piece| text.feed(piece));
    text.feed(b"\n");
    reader.read(source(), text)
}

fn says(page: &str) -> Vec<(String, SourceClaim)> {
    let reading = read(&mut PageReader::default(), page);
    reading.breakers.into_iter().map(|one| (one.name, one.says)).collect()
}

#[test]
fn one_page_at_a_time() {
    let named = |name: &str, says| vec![(name.to_owned(), says)];
    let cases = [
        (
            "circuit_breaker_state{name=\"provider\",state=\"closed\"} 0\n\
             circuit_breaker_state{name=\"provider\",state=\"open\"} 1\n\
             circuit_breaker_state{name=\"provider\",state=\"half_open\"} 0\n\
             circuit_breaker_transitions_total{name=\"provider\",to=\"open\"} 1\n\
             circuit_breaker_calls_total{name=\"provider\",kind=\"permitted\"} 6",
            named("provider", SourceClaim::State(Open)),
        ),
        (
            "# HELP my_circuit_state (0=closed, 1=half-open, 2=open)\nmy_circuit_state 2",
            named("my_circuit_state", SourceClaim::State(Open)),
        ),
        // The meaning of the numbers is not given: 0 is open in some services.
        ("breaker_state 0", named("breaker_state", SourceClaim::Nothing)),
        ("breaker_state 2", named("breaker_state", SourceClaim::Nothing)),
        ("circuitbreaker_state 0.5", named("circuitbreaker_state", SourceClaim::Nothing)),
        (
            "# HELP cb_breaker 0=closed, 0.5=half-open, 1=open\ncb_breaker 0.5",
            named("cb_breaker", SourceClaim::State(HalfOpen)),
        ),
        ("circuit_breaker_open 1", named("circuit_breaker_open", SourceClaim::State(Open))),
        ("circuit_breaker_open 0", named("circuit_breaker_open", SourceClaim::Not(Open))),
        // All zero, or several ones: nothing is certain.
        (
            "cb_breaker{state=\"open\"} 0\ncb_breaker{state=\"closed\"} 0",
            named("cb_breaker", SourceClaim::Nothing),
        ),
        (
            "cb_breaker{state=\"open\"} 1\ncb_breaker{state=\"closed\"} 1",
            named("cb_breaker", SourceClaim::Nothing),
        ),
        ("# TYPE breaker_state counter\nbreaker_state{state=\"open\"} 1", vec![]),
        ("circuit_state_bucket{le=\"1\",state=\"open\"} 1", vec![]),
        ("breaker_state_changes{state=\"open\"} 1", vec![]),
        ("circuit_breaker_max_open 1", vec![]),
        ("circuit_breaker_config{state=\"open\",threshold=\"5\"} 1", vec![]),
        ("envoy_cluster_circuit_breakers_default_cx_open{cluster=\"a\"} 1", vec![]),
        ("sanic_request_count{method=\"GET\",http_status=\"200\"} 12", vec![]),
        ("", vec![]),
    ];
    for (page, expected) in cases {
        assert_eq!(says(page), expected, "{page}");
    }
}

#[test]
fn counts_of_any_size_are_added_up() {
    let page = [
        "circuit_breaker_state{name=\"p\",state=\"open\"} 1",
        "circuit_breaker_transitions_total{name=\"p\",to=\"half_open\"} 1e300",
        "circuit_breaker_transitions_total{name=\"p\",from=\"open\",to=\"half_open\"} 1e300",
        "circuit_breaker_not_permitted_calls{name=\"p\"} 1e300",
        "circuit_breaker_not_permitted_calls{name=\"p\",kind=\"x\"} 1e300",
        "resilience4j_circuitbreaker_buffered_calls{name=\"p\"} 1e300",
        "resilience4j_circuitbreaker_buffered_calls{name=\"p\",kind=\"x\"} 1e300",
        "outgoing_calls_total{target=\"p\"} 1e300",
        "outgoing_calls_total{target=\"p\",kind=\"x\"} 1e300",
    ]
    .join("\n");
    let reading = read(&mut PageReader::default(), &page);
    let breaker = &reading.breakers[0];
    assert_eq!((breaker.trials, breaker.rejected), (Some(u64::MAX), Some(u64::MAX)));
    assert_eq!(breaker.counts.unwrap().calls, Some(u64::MAX));
    assert_eq!(reading.outgoing.unwrap().calls, u64::MAX);
}

#[test]
fn processes_of_one_page_are_told_apart() {
    let page = "breaker_state{name=\"p\",pid=\"7\",state=\"open\"} 1\nbreaker_state{name=\"p\",pid=\"8\",state=\"closed\"} 1";
    let breakers = read(&mut PageReader::default(), page).breakers;
    let processes: Vec<_> = breakers.iter().map(|one| (one.process.as_deref(), one.says)).collect();
    assert_eq!(
        processes,
        [(Some("pid 7"), SourceClaim::State(Open)), (Some("pid 8"), SourceClaim::State(Closed))]
    );
}

#[test]
fn outgoing_calls_count_where_they_leave_for_one_target() {
    let read = |page| read(&mut PageReader::default(), page).outgoing.map(|outgoing| outgoing.calls);
    assert_eq!(read("outgoing_calls_total{target=\"provider\"} 38"), Some(38));
    assert_eq!(read("outgoing_calls_total{target=\"a\"} 3\noutgoing_calls_total{target=\"b\"} 4"), None);
    assert_eq!(read("requests_total 5"), None);
}

/// The claim for a word of the table.
fn wanted(word: &str) -> Option<SourceClaim> {
    let state = |state| Some(SourceClaim::State(state));
    match word {
        "closed" => state(Closed),
        "open" => state(Open),
        "half_open" => state(HalfOpen),
        "forced_open" => state(BreakerState::ForcedOpen),
        "disabled" => state(BreakerState::Disabled),
        "metrics_only" => state(BreakerState::MetricsOnly),
        "not_closed" => Some(SourceClaim::Not(Closed)),
        "not_open" => Some(SourceClaim::Not(Open)),
        "unread" => Some(SourceClaim::Nothing),
        _ => None,
    }
}

/// The differences between the expected breaker and those that were found.
fn faults(file: &str, one: &Value, found: &[&NamedBreaker]) -> Vec<String> {
    let (name, must) = (one["name"].as_str().unwrap(), one["state"].as_str().unwrap());
    let mut faults = Vec::new();
    let accepted: Vec<SourceClaim> = std::iter::once(must)
        .chain(one["accept"].as_array().into_iter().flatten().filter_map(Value::as_str))
        .filter_map(wanted)
        .collect();
    // Several processes on one page, or in turn: the estimator combines these.
    if must == "mixed" {
        return faults;
    }
    if found.is_empty() && !accepted.contains(&SourceClaim::Nothing) {
        faults.push(format!("{file}: {name} is {must}, and is not found"));
    }
    for found in found {
        if !accepted.contains(&found.says) {
            faults.push(format!("{file}: {name} is {must}, not {:?} ({})", found.says, found.ground));
        }
        let told = matches!(found.says, SourceClaim::State(_)) && Some(found.says) == wanted(must);
        let derived = one["basis"].as_str() == Some("derived");
        if told && found.derived != derived {
            faults.push(format!(
                "{file}: {name} is derived: {derived}, not {} ({})",
                found.derived, found.ground
            ));
        }
        let counts = found.counts.unwrap_or_default();
        for (figure, must) in one["figures"].as_object().into_iter().flatten() {
            let read = match figure.as_str() {
                "rejected" => found.rejected.map(|count| count as f64),
                "failure_rate_percent" => counts.failure_percent,
                "calls_in_window" => counts.calls.map(|count| count as f64),
                _ => continue,
            };
            if read != must.as_f64() {
                faults.push(format!("{file}: {name}: {figure} is {must}, not {read:?}"));
            }
        }
    }
    faults
}

#[test]
fn the_pages_of_libraries_are_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expositions");
    let table = std::fs::read_to_string(folder.join("table.json")).unwrap();
    let table: Value = serde_json::from_str(&table).unwrap();
    let (mut wrong, mut pages) = (Vec::new(), 0);
    for case in table["cases"].as_array().unwrap() {
        let mut reader = PageReader::default();
        for (number, page) in case["pages"].as_array().unwrap().iter().enumerate() {
            let first = number == 0;
            let file = page["file"].as_str().unwrap();
            if !std::path::Path::new(file).extension().is_some_and(|ext| ext.eq_ignore_ascii_case("txt"))
                || page["status"].as_u64().is_some_and(|status| status != 200)
            {
                continue;
            }
            pages += 1;
            let bytes = std::fs::read(folder.join(file)).unwrap();
            // A steady page has been read before, as a polled page would have been.
            let steady = page["steady"].as_bool().unwrap_or(false);
            let mut found = Vec::new();
            for _ in 0..if steady && first { 2 } else { 1 } {
                let mut text = reader.page();
                for _ in 0..page["pad_bytes"].as_u64().unwrap_or(0) / 32 {
                    text.feed(b"something_else{label=\"value\"} 17\n");
                }
                bytes.chunks(999).for_each(|piece| text.feed(piece));
                reader.well = steady;
                found = reader.read(source(), text).breakers;
            }
            let named = page["breakers"].as_array().cloned().unwrap_or_default();
            let mut known = std::collections::BTreeSet::new();
            for one in &named {
                let labels = one["labels"].as_object().into_iter().flat_map(|labels| labels.values());
                let names: Vec<&str> =
                    std::iter::once(&one["name"]).chain(labels).filter_map(Value::as_str).collect();
                let process = one["process"].as_str();
                let mine: Vec<(usize, &NamedBreaker)> = found
                    .iter()
                    .enumerate()
                    .filter(|(_, found)| names.contains(&found.name.as_str()))
                    .filter(|(_, found)| process.is_none() || found.process.as_deref() == process)
                    .collect();
                known.extend(mine.iter().map(|(number, _)| *number));
                let mine: Vec<&NamedBreaker> = mine.into_iter().map(|(_, found)| found).collect();
                wrong.extend(faults(file, one, &mine));
            }
            for (number, other) in found.iter().enumerate() {
                if !known.contains(&number) && other.says != SourceClaim::Nothing {
                    wrong.push(format!("{file}: nothing may be said of {}: {}", other.name, other.ground));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(pages >= 120, "{pages}");
}
