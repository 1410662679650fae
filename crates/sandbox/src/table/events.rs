//! The table of events.

use super::{
    Column, age,
    cell::{name, text},
    narrow, texts, wide,
};
use jiff::Timestamp;
use serde_json::Value;

pub(super) const COLUMNS: &[Column] = &[
    narrow("Last Seen"),
    narrow("Type"),
    narrow("Reason"),
    narrow("Object"),
    wide("Subobject"),
    wide("Source"),
    narrow("Message"),
    wide("First Seen"),
    wide("Count"),
    wide("Name"),
];

pub(super) fn cells(event: &Value, now: Timestamp) -> Vec<Value> {
    let time = |keys: &[&str]| keys.iter().find_map(|key| event[*key].as_str()).map(str::to_owned);
    let first = time(&["firstTimestamp", "eventTime"]);
    let last = event["series"]["lastObservedTime"].as_str().map(str::to_owned);
    let last = last.or_else(|| time(&["lastTimestamp", "eventTime"]));
    let count = event["series"]["count"].as_i64().or_else(|| event["count"].as_i64()).unwrap_or(1);
    let about = &event["involvedObject"];
    let (first, last) = (age::since(first.as_deref(), now), age::since(last.as_deref(), now));
    texts([
        if count > 1 { format!("{last} (x{count} over {first})") } else { last },
        text(&event["type"]),
        text(&event["reason"]),
        format!("{}/{}", text(&about["kind"]).to_lowercase(), text(&about["name"])),
        text(&about["fieldPath"]),
        source(event),
        text(&event["message"]).trim().to_owned(),
        first,
        count.to_string(),
        name(event),
    ])
}

fn source(event: &Value) -> String {
    let component = text(&event["source"]["component"]);
    let component = if component.is_empty() { text(&event["reportingComponent"]) } else { component };
    match text(&event["source"]["host"]) {
        host if host.is_empty() => component,
        host => format!("{component}, {host}"),
    }
}
