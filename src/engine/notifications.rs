//! Notifies the channels in the settings about a run or a validation (experiment-format 12.6).
//!
//! Channels are notified one after the other. A failure is logged at debug level and changes nothing else.

use crate::{
    experiment::{Environment, Settings},
    http_client::{HttpClient, HttpSettings, Limits, Request},
    printing::without_url_passwords,
    provider::{Providers, python::PythonBridge},
    session::{EventKind, event::Level, stream::Emitter},
};
use pyvalue::{Map, Value};
use reqwest::{Method, header::HeaderName};
use std::{sync::Arc, time::Duration};

/// The timeout for a connection.
const CONNECT: Duration = Duration::from_secs(2);
/// The timeout for an answer.
const ANSWER: Duration = Duration::from_secs(5);

/// The channels to notify.
pub(crate) struct Notifications {
    phase: &'static str,
    channels: Vec<Map>,
    python: Arc<PythonBridge>,
    /// Proxies, certificates and netrc are looked up in their environment.
    providers: Arc<Providers>,
    emitter: Emitter,
}

impl Notifications {
    /// Reads the channels from the settings; the phase is `run` or `validate`.
    pub(crate) fn new(
        phase: &'static str,
        settings: &Settings,
        python: Arc<PythonBridge>,
        providers: Arc<Providers>,
        emitter: Emitter,
    ) -> Self {
        let declared = settings.get("notifications").and_then(Value::as_list).unwrap_or_default();
        let channels = declared.iter().filter_map(Value::as_map).cloned().collect();
        Self { phase, channels, python, providers, emitter }
    }

    /// Notifies that the experiment was loaded. Secrets written into it are masked.
    pub(crate) async fn started(&self, experiment: &Map) {
        if !self.channels.is_empty() {
            self.send("started", &without_secrets(experiment), None).await;
        }
    }

    /// Notifies that an experiment is valid, or why it is not.
    pub(crate) async fn validated(&self, experiment: &Map, error: Option<String>) {
        if !self.channels.is_empty() {
            let event = if error.is_some() { "failed" } else { "completed" };
            self.send(event, &without_secrets(experiment), error).await;
        }
    }

    /// Notifies how a run ended, by its journal.
    pub(crate) async fn ended(&self, journal: &Value) {
        let completed = journal.get("status").and_then(Value::as_str) == Some("completed");
        self.send(if completed { "completed" } else { "failed" }, journal, None).await;
        if journal.get("deviated").is_some_and(Value::truthy) {
            self.send("deviated", journal, None).await;
        }
    }

    async fn send(&self, event: &str, payload: &Value, error: Option<String>) {
        let name = format!("{}-{event}", self.phase);
        let notification = events_of(&name, self.phase, payload, error);
        for channel in self.channels.iter().filter(|channel| wants(channel, &name)) {
            let sent = match channel.get("type").and_then(Value::as_str) {
                Some("http") => by_http(channel, &notification, &self.providers.environment()).await,
                Some("plugin") => self.by_plugin(channel, &notification).await,
                _ => Ok(()),
            };
            if let Err(why) = sent {
                let (level, target) = (Level::Debug, "chaostoolkit".to_owned());
                let message = format!("notification {name} failed: {}", without_url_passwords(&why));
                self.emitter.emit(EventKind::Logged { level, target, message }).await;
            }
        }
    }

    async fn by_plugin(&self, channel: &Map, event: &Value) -> Result<(), String> {
        let text = |key: &str| channel.get(key).and_then(Value::as_str);
        let module = text("module").ok_or("the channel names no module")?;
        let func = text("func").unwrap_or("notify");
        self.python.notify(module, func, channel.clone().into(), event.clone()).await
    }
}

/// Returns the event as channels receive it.
fn events_of(name: &str, phase: &str, payload: &Value, error: Option<String>) -> Value {
    let now = jiff::Timestamp::now().as_microsecond() as f64 / 1e6;
    let fields = [
        ("name", name.into()),
        ("payload", payload.clone()),
        ("phase", phase.into()),
        ("ts", Value::Float(now)),
    ];
    let error = error.map(|error| ("error", error.into()));
    fields.into_iter().chain(error).map(|(key, value)| (key.to_owned(), value)).collect::<Map>().into()
}

/// Whether a channel wants an event: one without events, or with an empty list, wants all.
fn wants(channel: &Map, event: &str) -> bool {
    match channel.get("events").filter(|events| events.truthy()) {
        None => true,
        Some(Value::Text(text)) => text.contains(event),
        Some(events) => {
            events.as_list().is_some_and(|events| events.iter().any(|it| it.as_str() == Some(event)))
        }
    }
}

async fn by_http(channel: &Map, event: &Value, environment: &Environment) -> Result<(), String> {
    let url = channel.get("url").and_then(Value::as_str).ok_or("the channel has no url")?;
    let mut request = Request::new(Method::POST, url)?;
    if channel.get("forward_event_payload").is_none_or(Value::truthy) {
        request = request.with_json(event.to_json());
    } else {
        request.method = Method::GET;
    }
    let declared = channel.get("headers").and_then(Value::as_map).into_iter().flatten();
    for (name, value) in declared.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?))) {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| error.to_string())?;
        let value = value.parse().map_err(|_| format!("the value of its header '{name}' cannot be sent"))?;
        request.headers.insert(name, value);
    }
    let client = HttpClient {
        settings: HttpSettings::read(channel.get("verify_tls"), |name| environment.get(name)),
        limits: Limits { connect: Some(CONNECT), read: Some(ANSWER) },
        retries: 0,
    };
    let answer = client.send(request).await.map_err(|error| error.to_string())?;
    answer.error_for_status().map(drop).map_err(|error| error.without_url().to_string())
}

/// Returns the experiment as written, with the values under its `secrets` masked at any depth. References to the
/// environment and to Vault stay.
fn without_secrets(experiment: &Map) -> Value {
    fn masked(value: &Value) -> Value {
        match value {
            Value::Map(map) if matches!(map.get("type").and_then(Value::as_str), Some("env" | "vault")) => {
                let shown = |key: &str| matches!(key, "type" | "key" | "path");
                let members = map.iter().map(|(key, value)| {
                    (key.clone(), if shown(key) { value.clone() } else { masked(value) })
                });
                members.collect::<Map>().into()
            }
            Value::Map(map) => {
                map.iter().map(|(key, value)| (key.clone(), masked(value))).collect::<Map>().into()
            }
            Value::List(list) => list.iter().map(masked).collect::<Vec<_>>().into(),
            _ => "***".into(),
        }
    }
    let mut experiment = experiment.clone();
    if let Some(secrets) = experiment.get_mut("secrets") {
        *secrets = masked(secrets);
    }
    experiment.into()
}

#[cfg(test)]
mod tests {
    use super::{events_of, wants, without_secrets};
    use pyvalue::{Map, parse_json};

    fn mapping(json: &str) -> Map {
        parse_json(json).unwrap().as_map().unwrap().clone()
    }

    #[test]
    fn channels_want_the_events_they_list_or_all() {
        let cases = [
            (r"{}", true),
            (r#"{"events": []}"#, true),
            (r#"{"events": ["run-failed", "run-completed"]}"#, true),
            (r#"{"events": ["run-failed"]}"#, false),
            (r#"{"events": 5}"#, false),
        ];
        for (channel, wanted) in cases {
            assert_eq!(wants(&mapping(channel), "run-completed"), wanted, "{channel}");
        }
    }

    #[test]
    fn events_have_the_keys_of_the_reference() {
        let keys = |error| {
            let event = events_of("run-started", "run", &"x".into(), error);
            event.as_map().unwrap().keys().cloned().collect::<Vec<_>>()
        };
        assert_eq!(keys(None), ["name", "payload", "phase", "ts"]);
        assert_eq!(keys(Some("e".to_owned())), ["name", "payload", "phase", "ts", "error"]);
    }

    #[test]
    fn secrets_of_the_file_are_not_sent() {
        let experiment = mapping(
            r#"{"title": "t", "secrets": {"s": {"a": "hunter2", "b": {"type": "env", "key": "B"},
                "deep": {"er": [{"c": "hunter2"}, 5]}, "e": {"type": "env", "key": "E", "default": "hunter2"}},
                "scope": "hunter2"}}"#,
        );
        let expected = r#"{"title": "t", "secrets": {"s": {"a": "***", "b": {"type": "env", "key": "B"},
            "deep": {"er": [{"c": "***"}, "***"]}, "e": {"type": "env", "key": "E", "default": "***"}},
            "scope": "***"}}"#;
        assert_eq!(without_secrets(&experiment), parse_json(expected).unwrap());
    }
}
