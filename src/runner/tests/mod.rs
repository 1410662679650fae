//! Complete runs against fake functions, in paused time.

mod background;
mod clusters;
mod continuous;
mod controls;
mod deeds;
mod dry;
mod fake;
mod halts;
mod journal_keys;
mod outcomes;
mod properties;
mod stepping;

use super::{
    Consent, Controls, Pacing, RunEnd, RunOptions, RunRequest, ShownTargets, Signal, run_experiment,
};
use crate::{
    cluster,
    experiment::{Environment, Experiment, Secrets},
    provider::Providers,
    session::{
        Event, EventKind,
        clock::Clock,
        command::StepCommand,
        console::lines,
        event::{Level, StepRef},
        journal::{HostInfo, Journal},
        stream::stream,
    },
    test_support::map,
};
use fake::Fake;
use journal_keys::KEYS;
use pyvalue::{Document, Map, Value, parse_json};
use std::{future::Future, sync::Arc};
use tokio::sync::mpsc;

/// The settings of a test run.
struct Setup {
    experiment: String,
    options: RunOptions,
    configuration: Map,
    secrets: Secrets,
    pace: Pacing,
    controls: Controls,
    shown: ShownTargets,
    cluster: Option<cluster::ClusterSettings>,
}

impl Setup {
    /// An automatic run of these experiment parts, with default options.
    fn new(parts: &str) -> Self {
        Self {
            experiment: format!(r#"{{"title": "t", "description": "d", {parts}}}"#),
            options: RunOptions::default(),
            configuration: Map::default(),
            secrets: Secrets::default(),
            pace: Pacing::Auto(Consent::up_front()),
            controls: Controls::default(),
            shown: ShownTargets::default(),
            cluster: None,
        }
    }

    fn options(mut self, change: impl FnOnce(&mut RunOptions)) -> Self {
        change(&mut self.options);
        self
    }

    fn configuration(mut self, json: &str) -> Self {
        self.configuration = map(json);
        self
    }

    fn stepping(mut self) -> Self {
        self.pace = Pacing::Step;
        self
    }

    /// Runs it without any commands or signals.
    async fn play(self) -> Played {
        self.play_with(async |_, _| {}).await
    }

    /// Runs it while `operator` acts; `operator` receives every event.
    async fn play_with(self, operator: impl AsyncFn(&EventKind, &Operator)) -> Played {
        let document = Document::json("test", self.experiment).unwrap();
        let request = RunRequest {
            options: self.options,
            configuration: self.configuration,
            secrets: self.secrets,
            pace: self.pace,
            controls: self.controls,
            shown: self.shown,
            ..RunRequest::stepped(Experiment::unchecked(document).unwrap())
        };
        let fake = Arc::new(Fake::default());
        let mut providers = Providers::new(Environment::default()).with_catalogue(fake.clone());
        if let Some(settings) = self.cluster {
            providers = providers.with_cluster(settings);
        }
        let (emitter, mut events) = stream(Clock::system());
        let (commands, heard_commands) = mpsc::channel(16);
        let (signals, heard_signals) = mpsc::channel(16);
        let operators = Operator { commands, signals };
        // Boxed: without optimisation, the nested futures hold several copies of what they move.
        let playing = Box::pin(run_experiment(
            request,
            Arc::new(providers),
            emitter,
            heard_commands,
            heard_signals,
            None,
        ));
        let mut played = Played::default();
        let watching = async {
            while let Some(event) = events.next().await {
                operator(&event.what, &operators).await;
                played.take(event);
            }
        };
        let (ending, ()) = within(async { tokio::join!(playing, watching) }).await;
        played.ending = Some(ending);
        played.calls = fake.calls();
        played
    }
}

/// Fails a test whose run takes more than a day, of paused time.
async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(std::time::Duration::from_secs(86_400), work).await.expect("the run came to its end")
}

/// Sends commands as an operator and signals as the system would.
struct Operator {
    commands: mpsc::Sender<StepCommand>,
    signals: mpsc::Sender<Signal>,
}

impl Operator {
    async fn says(&self, command: StepCommand) {
        self.commands.send(command).await.unwrap();
    }

    async fn signals(&self, signal: Signal) {
        self.signals.send(signal).await.unwrap();
    }
}

/// The result of a run: its events, journal and calls.
#[derive(Default)]
struct Played {
    events: Vec<Event>,
    journal: Journal,
    ending: Option<RunEnd>,
    calls: Vec<String>,
}

impl Played {
    fn take(&mut self, event: Event) {
        if self.events.is_empty() {
            self.journal = Journal::new(HostInfo::default());
        }
        self.journal.apply(&event);
        self.events.push(event);
    }

    fn journal(&self) -> Value {
        self.journal.value()
    }

    /// Returns a value of the journal by its path, keys and indices separated by dots.
    fn at(&self, path: &str) -> Value {
        let step = |value: Value, key: &str| match key.parse::<usize>() {
            Ok(index) => value.as_list().and_then(|list| list.get(index)).cloned().unwrap_or_default(),
            Err(_) => value.get(key).cloned().unwrap_or_default(),
        };
        path.split('.').fold(self.journal(), step)
    }

    /// Returns the names of the entries of a section.
    fn names(&self, path: &str) -> Vec<String> {
        let entries = self.at(path);
        let name = |entry: &Value| entry.get("activity")?.get("name")?.as_str().map(str::to_owned);
        entries.as_list().unwrap_or_default().iter().filter_map(name).collect()
    }

    /// Status, deviation, and whether it would exit with 0.
    fn outcome(&self) -> (String, bool, bool) {
        let ending = self.ending.unwrap();
        let status = format!("{:?}", ending.status).to_lowercase();
        (status, ending.deviated, ending.succeeded())
    }

    /// Returns the console lines of level INFO and above.
    fn console(&self) -> Vec<String> {
        let told = self.events.iter().flat_map(|event| lines(&event.what));
        told.filter(|(level, _)| *level > Level::Debug).map(|(_, text)| text).collect()
    }

    fn says(&self, line: &str) -> bool {
        self.console().iter().any(|told| told.starts_with(line))
    }

    /// Seconds from the first event to the last.
    fn seconds(&self) -> f64 {
        let (first, last) = (self.events.first().unwrap().at, self.events.last().unwrap().at);
        last.duration_since(first).as_secs_f64()
    }

    fn awaited(&self) -> Vec<(StepRef, bool)> {
        let awaited = self.events.iter().filter_map(|event| match &event.what {
            EventKind::StepAwaited { step, destructive } => Some((*step, *destructive)),
            _ => None,
        });
        awaited.collect()
    }
}

/// A probe of a fake function, with more fields.
fn probe(name: &str, func: &str, more: &str) -> String {
    activity("probe", name, func, more)
}

/// An action of a fake function, with more fields.
fn action(name: &str, func: &str, more: &str) -> String {
    activity("action", name, func, more)
}

/// An activity; `func` is a function of the fake module, with its one argument after a colon.
fn activity(kind: &str, name: &str, func: &str, more: &str) -> String {
    let (func, value) = func.split_once(':').unwrap_or((func, "null"));
    let more = if more.is_empty() { String::new() } else { format!(", {more}") };
    format!(
        r#"{{"type": "{kind}", "name": "{name}"{more}, "provider": {{"type": "python", "module": "fake",
            "func": "{func}", "arguments": {{"value": {value}}}}}}}"#
    )
}

/// `"method": [...]`.
fn method(entries: &[String]) -> String {
    format!(r#""method": [{}]"#, entries.join(","))
}

/// `"rollbacks": [...]`.
fn rollbacks(entries: &[String]) -> String {
    format!(r#""rollbacks": [{}]"#, entries.join(","))
}

/// `"steady-state-hypothesis": {...}` of these probes.
fn hypothesis(probes: &[String]) -> String {
    format!(r#""steady-state-hypothesis": {{"title": "h", "probes": [{}]}}"#, probes.join(","))
}

/// A hypothesis of one probe that returns these values, one per pass; the tolerance is 1.
fn hypothesis_of(values: &str) -> String {
    hypothesis(&[probe("p", &format!("next:{values}"), r#""tolerance": 1"#)])
}
