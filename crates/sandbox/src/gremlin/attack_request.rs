//! Parsing of attack requests, in both versions of the API (kubernetes-catalog 4.2 and 4.3).

use serde_json::Value;
use std::{collections::BTreeMap, time::Duration};

/// A request to shut down containers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AttackRequest {
    pub delay: Duration,
    pub selection: Selection,
    pub amount: ContainerCount,
}

/// The selection of target containers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Selection {
    /// Containers whose labels have, for every key, one of its values.
    Labels(BTreeMap<String, Vec<String>>),
    Ids(Vec<String>),
}

/// The number of selected containers to kill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ContainerCount {
    Count(usize),
    Percent(usize),
}

impl ContainerCount {
    /// Returns the number of containers to kill out of `all`.
    pub(super) fn of(self, all: usize) -> usize {
        match self {
            Self::Count(count) => count.min(all),
            Self::Percent(percent) => (all * percent).div_ceil(100).min(all),
        }
    }
}

/// The reason why a request body is invalid; the message is returned with 400.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum InvalidRequest {
    #[error("the attack has no command.type")]
    NoCommand,
    #[error("the sandbox's Gremlin supports only the command shutdown, not {0:?}")]
    OtherCommand(String),
    #[error("{0:?} is not a delay in minutes")]
    Delay(String),
    #[error(
        "the attack selects no containers; give labels such as {{\"io.kubernetes.container.name\": \"my-provider-app\"}} \
         (the sandbox's Gremlin does not shut down hosts, because the only host is your machine)"
    )]
    NoContainers,
}

impl AttackRequest {
    /// Parses the body of an attack request.
    pub(super) fn read(body: &Value) -> Result<Self, InvalidRequest> {
        let command = &body["command"];
        let kind = command["type"]
            .as_str()
            .or_else(|| command["commandType"].as_str())
            .ok_or(InvalidRequest::NoCommand)?;
        if !kind.eq_ignore_ascii_case("shutdown") {
            return Err(InvalidRequest::OtherCommand(kind.to_owned()));
        }
        let target = &body["target"];
        Ok(Self { delay: delay(&command["args"])?, selection: selection(body)?, amount: amount(target) })
    }
}

/// Returns the agent's delay (`-d`, `--delay`) in minutes. The default is no delay, so that the user of a tutorial need
/// not wait.
fn delay(args: &Value) -> Result<Duration, InvalidRequest> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut args = args.as_array().into_iter().flatten().map(text);
    let value = loop {
        let Some(word) = args.next() else { return Ok(Duration::ZERO) };
        match word.split_once('=') {
            Some(("-d" | "--delay", value)) => break value.to_owned(),
            None if word == "-d" || word == "--delay" => break args.next().unwrap_or_default(),
            _ => {}
        }
    };
    let minutes: f64 = value.parse().map_err(|_| InvalidRequest::Delay(value.clone()))?;
    Duration::try_from_secs_f64(minutes * 60.0).map_err(|_| InvalidRequest::Delay(value))
}

fn selection(body: &Value) -> Result<Selection, InvalidRequest> {
    let containers = &body["target"]["containers"];
    let texts = |value: &Value| -> Vec<String> {
        match value {
            Value::String(text) => vec![text.clone()],
            Value::Array(items) => items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect(),
            _ => Vec::new(),
        }
    };
    for ids in [&containers["ids"], &body["target"]["exact"]] {
        let ids = texts(ids);
        if !ids.is_empty() {
            return Ok(Selection::Ids(ids));
        }
    }
    let mut wanted = BTreeMap::new();
    for labels in [&body["labels"], &containers["labels"], &containers["multiSelectLabels"]] {
        for (key, value) in labels.as_object().into_iter().flatten() {
            wanted.insert(key.clone(), texts(value));
        }
    }
    if wanted.is_empty() { Err(InvalidRequest::NoContainers) } else { Ok(Selection::Labels(wanted)) }
}

/// Returns the number of containers in the target; the default is one.
fn amount(target: &Value) -> ContainerCount {
    let number = |value: &Value| value.as_u64().and_then(|number| usize::try_from(number).ok());
    match (number(&target["percent"]), number(&target["exact"])) {
        (Some(percent), _) => ContainerCount::Percent(percent),
        (None, Some(count)) => ContainerCount::Count(count),
        (None, None) => match &target["exact"] {
            Value::Array(ids) => ContainerCount::Count(ids.len()),
            _ => ContainerCount::Count(1),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn labels(value: &str) -> Selection {
        Selection::Labels(BTreeMap::from([(
            "io.kubernetes.container.name".to_owned(),
            vec![value.to_owned()],
        )]))
    }

    #[test]
    fn both_generations_are_understood() {
        let old = json!({
            "command": {"type": "shutdown", "args": ["-d", "0"]},
            "target": {"type": "Random"},
            "labels": {"io.kubernetes.container.name": "my-provider-app"},
            "tags": null,
        });
        let new = json!({
            "command": {"type": "shutdown", "commandType": "Shutdown", "args": ["--delay=0.5"]},
            "target": {"type": "Random", "percent": 50,
                "containers": {"multiSelectLabels": {"io.kubernetes.container.name": ["my-provider-app"]}}},
        });
        let ids = json!({
            "command": {"type": "shutdown"},
            "target": {"type": "Exact", "exact": ["built-in://1", "built-in://2"]},
        });
        let selection = labels("my-provider-app");
        for (body, delay, selection, amount) in [
            (old, 0, selection.clone(), ContainerCount::Count(1)),
            (new, 30, selection, ContainerCount::Percent(50)),
            (
                ids,
                0,
                Selection::Ids(vec!["built-in://1".into(), "built-in://2".into()]),
                ContainerCount::Count(2),
            ),
        ] {
            let expected = AttackRequest { delay: Duration::from_secs(delay), selection, amount };
            assert_eq!(AttackRequest::read(&body), Ok(expected), "{body}");
        }
    }

    #[test]
    fn what_cannot_be_done_is_said() {
        let shutdown = |rest: Value| {
            let mut body = json!({"command": {"type": "shutdown"}, "target": {"type": "Random"}});
            for (key, value) in rest.as_object().unwrap() {
                body[key.as_str()] = value.clone();
            }
            body
        };
        for (body, expected) in [
            (json!({}), InvalidRequest::NoCommand),
            (json!({"command": {"type": "latency"}}), InvalidRequest::OtherCommand("latency".into())),
            (shutdown(json!({})), InvalidRequest::NoContainers),
            (shutdown(json!({"labels": null, "tags": {"zone": "a"}})), InvalidRequest::NoContainers),
            (
                shutdown(json!({"command": {"type": "shutdown", "args": ["-d", "soon"]}})),
                InvalidRequest::Delay("soon".into()),
            ),
        ] {
            assert_eq!(AttackRequest::read(&body), Err(expected), "{body}");
        }
    }

    #[test]
    fn amounts_never_exceed_what_is_there() {
        for (amount, all, expected) in [
            (ContainerCount::Count(1), 3, 1),
            (ContainerCount::Count(5), 3, 3),
            (ContainerCount::Percent(50), 3, 2),
            (ContainerCount::Percent(100), 3, 3),
        ] {
            assert_eq!(amount.of(all), expected);
        }
    }
}
