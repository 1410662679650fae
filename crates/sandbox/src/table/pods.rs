//! The table of pods.

use super::{
    Column, age,
    cell::{created, items, name, text, text_or_none},
    narrow, texts, wide,
};
use jiff::Timestamp;
use serde_json::Value;

pub(super) const COLUMNS: &[Column] = &[
    narrow("Name"),
    narrow("Ready"),
    narrow("Status"),
    narrow("Restarts"),
    narrow("Age"),
    wide("IP"),
    wide("Node"),
    wide("Nominated Node"),
    wide("Readiness Gates"),
];

pub(super) fn cells(pod: &Value, now: Timestamp) -> Vec<Value> {
    let status = &pod["status"];
    let total = items(&pod["spec"]["containers"]).count();
    let ready = items(&status["containerStatuses"]).filter(|c| is_ready(c)).count();
    texts([
        name(pod),
        format!("{ready}/{total}"),
        word(pod),
        restarts(status, now),
        created(pod, now),
        text_or_none(&status["podIP"]),
        text_or_none(&pod["spec"]["nodeName"]),
        text_or_none(&status["nominatedNodeName"]),
        "<none>".into(),
    ])
}

fn is_ready(container: &Value) -> bool {
    container["ready"] == true && container["state"]["running"].is_object()
}

/// Returns the text of the STATUS column.
fn word(pod: &Value) -> String {
    let status = &pod["status"];
    let phase = text(&status["phase"]);
    if !pod["metadata"]["deletionTimestamp"].is_null() && !matches!(phase.as_str(), "Succeeded" | "Failed") {
        return "Terminating".into();
    }
    if let Some(word) = initializing(pod) {
        return word;
    }
    let general = if text(&status["reason"]).is_empty() { phase } else { text(&status["reason"]) };
    // The first container determines the status, as in kubectl's own printer.
    let own = items(&status["containerStatuses"]).find_map(|container| trouble(&container["state"]));
    let any_running = items(&status["containerStatuses"]).any(is_ready);
    match own {
        Some(word) if word == "Completed" && any_running => "Running".into(),
        Some(word) => word,
        None => general,
    }
}

/// Returns the reason why a container is not running.
fn trouble(state: &Value) -> Option<String> {
    let waiting = text(&state["waiting"]["reason"]);
    if !waiting.is_empty() {
        return Some(waiting);
    }
    let terminated = &state["terminated"];
    if !terminated.is_object() {
        return None;
    }
    Some(match (terminated["reason"].as_str(), terminated["signal"].as_i64()) {
        (Some(reason), _) if !reason.is_empty() => reason.into(),
        (_, Some(signal)) if signal != 0 => format!("Signal:{signal}"),
        _ => format!("ExitCode:{}", terminated["exitCode"].as_i64().unwrap_or(0)),
    })
}

/// Returns `Init:…` while init containers have not completed.
fn initializing(pod: &Value) -> Option<String> {
    let total = items(&pod["spec"]["initContainers"]).count();
    for (at, container) in items(&pod["status"]["initContainerStatuses"]).enumerate() {
        let state = &container["state"];
        if state["terminated"]["exitCode"] == 0 {
            continue;
        }
        return Some(match trouble(state) {
            Some(word) if word != "PodInitializing" => format!("Init:{word}"),
            _ => format!("Init:{at}/{total}"),
        });
    }
    None
}

/// Returns the restart count and the time of the last restart: `2 (5m ago)`.
fn restarts(status: &Value, now: Timestamp) -> String {
    let containers = || items(&status["containerStatuses"]).chain(items(&status["initContainerStatuses"]));
    let count: i64 = containers().filter_map(|container| container["restartCount"].as_i64()).sum();
    let ended = containers().filter_map(|c| c["lastState"]["terminated"]["finishedAt"].as_str());
    // RFC 3339 timestamps in UTC sort correctly as text.
    match ended.max() {
        Some(last) if count > 0 => format!("{count} ({} ago)", age::since(Some(last), now)),
        _ => count.to_string(),
    }
}
