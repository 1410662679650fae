//! Control functions: their arguments, the changes they make, and how they end (experiment-format 10).

use super::stage::Stage;
use chaos_tui::{
    experiment::Secrets,
    provider::{ControlCall, ControlError, ControlHost, ControlReply, ControlRunObjects},
};
use pyvalue::{Map, Value, parse_json};

fn value(json: &str) -> Value {
    parse_json(json).unwrap()
}

fn map(json: &str) -> Map {
    value(json).as_map().unwrap().clone()
}

const EXPERIMENT: &str = r#"{"title": "t", "extensions": [{"name": "x"}],
    "method": [{"name": "first"}, {"name": "second"}]}"#;

struct Scene {
    stage: Stage,
    experiment: Map,
    configuration: Map,
    secrets: Secrets,
    context: Value,
    place: &'static str,
    state: Value,
}

impl Scene {
    fn new(source: &str) -> Self {
        let settings = value(r#"{"controls": {}}"#);
        Self {
            stage: Stage::with(source, |given| given.settings = settings),
            experiment: map(EXPERIMENT),
            configuration: map(r#"{"c": {"d": 1}}"#),
            secrets: Secrets::new(map(r#"{"scope": {"name": "s3cret"}}"#)),
            context: value(r#"{"name": "second"}"#),
            place: "$.method[1]",
            state: value(r#"{"status": "succeeded"}"#),
        }
    }

    async fn call(&self, function: &str, arguments: &str) -> ControlReply {
        self.call_in("ext", function, arguments).await
    }

    async fn call_in(&self, module: &str, function: &str, arguments: &str) -> ControlReply {
        let levelled =
            function.ends_with("_control") && !["configure_control", "cleanup_control"].contains(&function);
        let call = ControlCall {
            module,
            function,
            arguments: map(arguments),
            context: levelled.then_some(&self.context),
            state: function.starts_with("after").then_some(&self.state),
            place: levelled.then_some(self.place),
            run_objects: Some(ControlRunObjects {
                configuration: &self.configuration,
                secrets: &self.secrets,
                experiment: &self.experiment,
            }),
            settings: true,
            cancel: tokio_util::sync::CancellationToken::new(),
        };
        ControlHost::call(&self.stage.bridge, call).await
    }

    /// Returns the value of the module's `seen`.
    async fn seen(&self) -> Value {
        value(&self.stage.result("show", "{}").await)
    }
}

#[tokio::test]
async fn functions_get_what_they_have_parameters_for() {
    let scene = Scene::new(
        r#"
seen = {}

def show():
    return seen

def remember(name, given):
    seen.clear()
    seen.update({name: given})

def configure_control(experiment, settings, event_registry, extra, secrets=None):
    remember("configure", [experiment["title"], settings, type(event_registry).__name__, extra, secrets])

def before_experiment_control(context, **rest):
    remember("bare", [context, sorted(rest)])

def before_activity_control(context, secrets, configuration, state, experiment, settings, extensions):
    remember("all", [context, secrets, configuration, state, experiment["title"], settings, extensions])

def after_activity_control(context, state=5):
    remember("state", [context, state])

def before_method_control(state):
    pass

def cleanup_control(configuration="none"):
    remember("cleanup", [configuration])
"#,
    );
    let cases = [
        (
            "configure_control",
            r#"{"extra": 1}"#,
            r#"{"configure": ["t", {"controls": {}}, "EventHandlerRegistry", 1, {"scope": {"name": "s3cret"}}]}"#,
        ),
        (
            "before_experiment_control",
            r#"{"a": 1, "secrets": 2}"#,
            r#"{"bare": [{"name": "second"}, ["a", "secrets"]]}"#,
        ),
        (
            "before_activity_control",
            "{}",
            r#"{"all": [{"name": "second"}, {"scope": {"name": "s3cret"}}, {"c": {"d": 1}}, null, "t",
                {"controls": {}}, [{"name": "x"}]]}"#,
        ),
        ("after_activity_control", "{}", r#"{"state": [{"name": "second"}, {"status": "succeeded"}]}"#),
        ("cleanup_control", "{}", r#"{"cleanup": ["none"]}"#),
    ];
    for (function, arguments, expected) in cases {
        assert_eq!(scene.call(function, arguments).await, ControlReply::default(), "{function}");
        assert_eq!(scene.seen().await, value(expected), "{function}");
    }
    let without_context = scene.call("before_method_control", "{}").await;
    let message = "TypeError: before_method_control() got an unexpected keyword argument 'context'";
    assert_eq!(without_context.error, Some(ControlError::Exception(message.to_owned())));
}

#[tokio::test]
async fn c096_changes_of_live_objects_come_back() {
    let scene = Scene::new(
        r#"
def after_activity_control(context, state, configuration):
    state["note"] = "edited"
    configuration["c"]["d"] = 2

def before_activity_control(context, experiment):
    context["seen"] = True

def after_experiment_control(context, state, experiment):
    experiment["title"] = "changed"
    assert context["title"] == "changed"
    assert state["experiment"]["title"] == "t", "the journal's mapping is a copy"
    context["method"].append("more")
"#,
    );
    let edited = ControlReply {
        state: Some(value(r#"{"status": "succeeded", "note": "edited"}"#)),
        configuration: Some(map(r#"{"c": {"d": 2}}"#)),
        ..ControlReply::default()
    };
    assert_eq!(scene.call("after_activity_control", "{}").await, edited);

    let marked = scene.call("before_activity_control", "{}").await;
    assert_eq!(marked.context, Some(value(r#"{"name": "second", "seen": true}"#)));
    let method = r#"[{"name": "first"}, {"name": "second", "seen": true}]"#;
    assert_eq!(marked.experiment.unwrap().get("method"), Some(&value(method)), "the context is a part of it");

    let mut journal = map(r#"{"status": "completed"}"#);
    journal.insert("experiment".to_owned(), value(EXPERIMENT));
    let last = Scene { context: value(EXPERIMENT), place: "$", state: journal.into(), ..scene };
    let reply = last.call("after_experiment_control", "{}").await;
    assert_eq!(reply.error, None);
    assert_eq!(reply.reassigned, ["title"], "the method is the same list with another content");
    let context = reply.context.unwrap();
    assert_eq!(context.get("title"), Some(&"changed".into()));
    let journalled = reply.state.unwrap().get("experiment").cloned().unwrap();
    assert_eq!(journalled.get("title"), Some(&"t".into()));
    assert_eq!(journalled.get("method"), context.get("method"), "what is in the mapping is shared");
}

#[tokio::test]
async fn c094_c095_exceptions_count_only_if_they_interrupt() {
    let scene = Scene::new(
        r#"
import sys
from chaoslib.exceptions import InterruptExecution

class Own(InterruptExecution):
    pass

def before_activity_control(context): raise RuntimeError("boom")
def before_method_control(context): raise InterruptExecution("enough")
def before_hypothesis_control(context): raise Own("of its own")
def before_rollback_control(context): sys.exit(7)
def after_activity_control(context, state):
    state["note"] = "before the end"
    raise InterruptExecution("now")
"#,
    );
    let cases = [
        ("before_activity_control", ControlError::Exception("RuntimeError: boom".to_owned())),
        ("before_method_control", ControlError::Interrupt("enough".to_owned())),
        ("before_hypothesis_control", ControlError::Interrupt("of its own".to_owned())),
        ("before_rollback_control", ControlError::Exit(Value::Int(7))),
    ];
    for (function, error) in cases {
        assert_eq!(scene.call(function, "{}").await.error, Some(error), "{function}");
    }
    let reply = scene.call("after_activity_control", "{}").await;
    assert_eq!(reply.state, Some(value(r#"{"status": "succeeded", "note": "before the end"}"#)));
    assert_eq!(reply.error, Some(ControlError::Interrupt("now".to_owned())));
}

#[tokio::test]
async fn what_a_module_does_not_have_is_no_error() {
    let scene = Scene::new("def before_activity_control(context): pass\n");
    for (module, function) in [("ext", "after_activity_control"), ("nowhere", "before_activity_control")] {
        assert_eq!(scene.call_in(module, function, "{}").await, ControlReply::default(), "{module}");
    }
    std::fs::write(scene.stage.folder.path().join("broken.py"), "1 / 0\n").unwrap();
    let broken = scene.call_in("broken", "before_activity_control", "{}").await;
    let message = "ZeroDivisionError: division by zero".to_owned();
    assert_eq!(broken.error, Some(ControlError::Exception(message)));
}

#[tokio::test]
async fn a_worker_that_dies_in_a_control_is_an_error_of_that_control() {
    let scene = Scene::new("import os\ndef before_activity_control(context): os._exit(3)\n");
    let reply = scene.call("before_activity_control", "{}").await;
    let message = "the Python worker ended during the call: exit code 3".to_owned();
    assert_eq!(reply.error, Some(ControlError::Exception(message)));
}
