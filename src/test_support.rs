//! Helpers shared by the tests of all modules.

use crate::{
    experiment::{Activity, ControlCheck, Described, Environment, Experiment, Signatures},
    provider::{Call, Catalogue, Effect, Native, Outcome, Providers},
    runner::{HypothesisRecheck, RunRequest},
    session::event::{
        Answer, AnswerKind, Container, EndpointId, Pod, PodKey, PodPhase, RequestId, Section, StepRef,
    },
};
use futures_util::future::BoxFuture;
use pyvalue::{Document, Map, Value, parse_json};
use std::{fmt::Display, sync::Arc};

pub(crate) fn map(json: &str) -> Map {
    parse_json(json).unwrap().as_map().unwrap().clone()
}

/// Returns the first activity of a method: `kind` is `action` or `probe`, `provider` is JSON.
pub(crate) fn activity(kind: &str, name: &str, provider: &impl Display) -> Activity {
    let declared = map(&format!(r#"{{"type": "{kind}", "name": "{name}", "provider": {provider}}}"#));
    Activity::declared(&declared, "$.method[0]").unwrap()
}

/// Returns a request to run a JSON experiment step by step, without configuration, secrets and controls.
pub(crate) fn request(experiment: &str) -> RunRequest {
    let document = Document::json("test", experiment.to_owned()).unwrap();
    RunRequest::stepped(Experiment::unchecked(document).unwrap())
}

pub(crate) fn method(index: usize) -> StepRef {
    StepRef { section: Section::Method, index }
}

/// Returns a running pod that the experiment names, without containers and owner.
pub(crate) fn pod(namespace: &str, name: &str) -> Pod {
    Pod {
        key: PodKey { namespace: namespace.to_owned(), name: name.to_owned(), uid: format!("uid-{name}") },
        owner: None,
        phase: PodPhase::Running,
        status: "Running".to_owned(),
        containers: Vec::new(),
        node: None,
        ip: None,
        init_restarts: 0,
        created: None,
        deleting: None,
        liveness: None,
        in_play: true,
    }
}

pub(crate) fn container(ready: bool, restarts: u32) -> Container {
    let (name, image) = ("app".to_owned(), "app:1".to_owned());
    Container { name, image, ready, restarts, waiting: None, last_end: None }
}

/// Returns an answer without a status; all answers of a kind have the same shape.
pub(crate) fn answer(endpoint: EndpointId, request: RequestId, waited_ms: f64, kind: AnswerKind) -> Answer {
    Answer {
        endpoint,
        request,
        waited_ms,
        kind,
        status: None,
        shape: matches!(kind, AnswerKind::Real).into(),
        excerpt: None,
        retry_after: false,
    }
}

/// Signatures without Python: every function and control is unknown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoPython;

impl Signatures for NoPython {
    fn describe<'a>(&'a self, _: &'a str, _: &'a str) -> BoxFuture<'a, Described> {
        Box::pin(async { Described::Unknown("no Python is at hand".to_owned()) })
    }

    fn control<'a>(&'a self, _: &'a str, _: &'a Value) -> BoxFuture<'a, ControlCheck> {
        Box::pin(async { ControlCheck::Unknown })
    }
}

/// Returns a recheck of a hypothesis with one probe, `p`, that expects 0; the probe returns what `give` returns.
pub(crate) fn recheck(give: impl Fn() -> i64 + Send + Sync + 'static) -> HypothesisRecheck {
    let experiment = r#"{"title": "t", "description": "d", "method": [], "steady-state-hypothesis": {"title": "h", "probes": [
        {"type": "probe", "name": "p", "tolerance": 0, "provider": {"type": "python", "module": "fake", "func": "give"}}]}}"#;
    let providers = Providers::new(Environment::default()).with_catalogue(Arc::new(FakeFunction(give)));
    HypothesisRecheck::new(request(experiment), Arc::new(providers))
}

/// The catalogue of one function, `fake.give`.
struct FakeFunction<F>(F);

impl<F: Fn() -> i64 + Send + Sync> Catalogue for FakeFunction<F> {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn functions(&self) -> &'static [Native] {
        const GIVE: Native = Native { module: "fake", func: "give", parameters: &[], effect: Effect::Reads };
        &[GIVE]
    }

    fn call<'a>(&'a self, _: &'static Native, _: Map, _: &'a Call<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(async { Outcome::Done((self.0)().into()) })
    }

    fn targets(&self, _: &'static Native, _: &Map) -> Vec<String> {
        Vec::new()
    }
}
