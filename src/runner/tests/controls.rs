//! Controls at every level (experiment-format 10).

use super::*;
use crate::{
    experiment::Control,
    provider::{ControlCall, ControlError, ControlReply},
    runner::controls::fake::FakeHost,
    session::command::StepCommand,
};

/// One control of module `c` at the experiment's level, with more fields.
fn declared(more: &str) -> String {
    format!(r#""controls": [{{"name": "c", "provider": {{"type": "python", "module": "c"}}{more}}}]"#)
}

async fn played(
    control: &str,
    script: impl Fn(&ControlCall<'_>) -> ControlReply + Send + Sync + 'static,
) -> (Played, Vec<String>) {
    let undo = rollbacks(&[action("undo", "harm", "")]);
    let steps = method(&[probe("a", "give:1", "")]);
    let mut setup = Setup::new(&format!("{}, {steps}, {undo}, {control}", hypothesis_of("[1]")));
    let host = Arc::new(FakeHost::new(script));
    setup.controls = Controls::new(Vec::new(), host.clone());
    (setup.play().await, host.calls())
}

fn nothing(_: &ControlCall<'_>) -> ControlReply {
    ControlReply::default()
}

#[tokio::test(start_paused = true)]
async fn c091_controls_are_called_in_the_order_of_the_run() {
    let (played, calls) = played(&declared(""), nothing).await;
    let expected = [
        "configure",
        "before_experiment",
        "before_hypothesis",
        "before_activity",
        "after_activity",
        "after_hypothesis",
        "before_method",
        "before_activity",
        "after_activity",
        "after_method",
        "before_hypothesis",
        "before_activity",
        "after_activity",
        "after_hypothesis",
        "before_rollback",
        "before_activity",
        "after_activity",
        "after_rollback",
        "after_experiment",
        "cleanup",
    ];
    assert_eq!(calls, expected.map(|name| format!("c.{name}_control")));
    assert_eq!(played.outcome(), ("completed".to_owned(), false, true));
    assert_eq!(played.at("steady_states.before.probes.0.tolerance_met"), true.into());
}

#[tokio::test(start_paused = true)]
async fn c092_a_manual_control_applies_to_the_experiment_only() {
    let (_, calls) = played(&declared(r#", "automatic": false"#), nothing).await;
    let expected = ["configure", "before_experiment", "after_experiment", "cleanup"];
    assert_eq!(calls, expected.map(|name| format!("c.{name}_control")));
}

#[tokio::test(start_paused = true)]
async fn c093_a_scope_of_before_calls_nothing_after() {
    let (_, calls) = played(&declared(r#", "scope": "before""#), nothing).await;
    assert!(calls.iter().any(|call| call.contains("before_")));
    assert!(!calls.iter().any(|call| call.contains("after_")), "{calls:?}");
}

#[tokio::test(start_paused = true)]
async fn c094_an_ordinary_error_does_not_matter() {
    let failing = |call: &ControlCall<'_>| ControlReply {
        error: (call.function != "cleanup_control").then(|| ControlError::Exception("oops".to_owned())),
        ..ControlReply::default()
    };
    let (played, _) = played(&declared(""), failing).await;
    assert_eq!(played.outcome(), ("completed".to_owned(), false, true));
    assert_eq!(played.names("run"), ["a"]);
}

#[tokio::test(start_paused = true)]
async fn a_clean_up_that_fails_costs_the_exit_code_but_not_the_journal() {
    let failing = |call: &ControlCall<'_>| ControlReply {
        error: (call.function == "cleanup_control").then(|| ControlError::Exception("oops".to_owned())),
        ..ControlReply::default()
    };
    let (played, _) = played(&declared(""), failing).await;
    assert!(!played.outcome().2);
    assert!(played.says("cleanup_control of control 'c': oops"), "{:?}", played.console());
    assert_eq!(played.names("run"), ["a"]);
}

fn interrupting(function: &'static str) -> impl Fn(&ControlCall<'_>) -> ControlReply + Send + Sync {
    move |call| {
        let of_hypothesis = call.context.and_then(|context| context.get("tolerance")).is_some();
        let stop = call.function == function && !of_hypothesis;
        ControlReply {
            error: stop.then(|| ControlError::Interrupt("enough".to_owned())),
            ..ControlReply::default()
        }
    }
}

#[tokio::test(start_paused = true)]
async fn c095_an_interrupt_before_an_activity_keeps_it_from_running() {
    let (played, calls) = played(&declared(""), interrupting("before_activity_control")).await;
    assert_eq!(played.outcome(), ("interrupted".to_owned(), false, false));
    assert!(!played.calls.contains(&"a".to_owned()));
    assert_eq!(played.at("run"), Value::List(Vec::new()));
    let last = calls.iter().rposition(|call| call == "c.before_activity_control").unwrap();
    assert_eq!(calls[last + 1], "c.after_activity_control");
    assert!(played.says("enough"));
    assert!(!played.calls.contains(&"undo".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn interrupts_on_every_level() {
    let cases = [
        ("before_experiment_control", None, 0),
        ("before_hypothesis_control", None, 0),
        ("after_hypothesis_control", None, 1),
        ("before_method_control", Some(true), 1),
        ("after_method_control", Some(true), 2),
    ];
    for (function, before, calls) in cases {
        let (played, _) = played(&declared(""), interrupting(function)).await;
        assert_eq!(played.outcome().0, "interrupted", "{function}");
        assert_eq!(played.calls.len(), calls, "{function}: {:?}", played.calls);
        let met = played.at("steady_states.before.steady_state_met");
        if let Some(expected) = before {
            assert_eq!(met, expected.into(), "{function}");
        }
    }
    let (played, _) = played(&declared(""), interrupting("before_rollback_control")).await;
    assert_eq!(played.outcome().0, "interrupted");
    assert_eq!(played.at("rollbacks"), Value::List(Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn c096_a_control_may_edit_an_entry() {
    let editing = |call: &ControlCall<'_>| {
        let mut reply = ControlReply::default();
        if call.function == "after_activity_control" {
            let mut entry = call.state.unwrap().as_map().unwrap().clone();
            entry.insert("output".to_owned(), 1.into());
            entry.insert("remark".to_owned(), "seen".into());
            reply.state = Some(entry.into());
        }
        reply
    };
    let (played, _) = played(&declared(""), editing).await;
    assert_eq!(played.at("run.0.remark"), "seen".into());
    assert_eq!(played.at("steady_states.before.probes.0.remark"), "seen".into());
    assert_eq!(played.at("steady_states.before.probes.0.tolerance_met"), true.into());
}

#[tokio::test(start_paused = true)]
async fn a_control_may_change_the_journal_and_the_exit_code() {
    let editing = |call: &ControlCall<'_>| {
        let mut reply = ControlReply::default();
        if call.function == "after_experiment_control" {
            let mut journal = call.state.unwrap().as_map().unwrap().clone();
            journal.insert("status".to_owned(), "failed".into());
            reply.state = Some(journal.into());
        }
        reply
    };
    let (played, _) = played(&declared(""), editing).await;
    assert_eq!(played.at("status"), "failed".into());
    assert!(!played.ending.unwrap().succeeded());
}

#[tokio::test(start_paused = true)]
async fn a_control_may_change_the_configuration_for_what_follows() {
    let editing = |call: &ControlCall<'_>| {
        let mut reply = ControlReply::default();
        if call.function == "before_method_control" {
            reply.configuration = Some(map(r#"{"v": 2}"#));
        }
        reply
    };
    let mut setup =
        Setup::new(&format!(r"{}, {}", method(&[probe("a", r#"give:"${v}""#, "")]), declared("")));
    setup.controls = Controls::new(Vec::new(), Arc::new(FakeHost::new(editing)));
    let played = setup.configuration(r#"{"v": 1}"#).play().await;
    assert_eq!(played.at("run.0.output"), 2.into());
}

#[tokio::test(start_paused = true)]
async fn what_a_control_makes_of_an_activity_is_played_and_journalled() {
    let editing = |call: &ControlCall<'_>| {
        let mut reply = ControlReply::default();
        if call.function == "before_activity_control" {
            let mut activity = call.context.unwrap().as_map().unwrap().clone();
            activity.insert("name".to_owned(), "edited".into());
            reply.context = Some(activity.into());
        }
        if call.function == "before_method_control" {
            let mut experiment = call.run_objects.unwrap().experiment.clone();
            let method = experiment.get("method").and_then(Value::as_list).unwrap();
            let twice: Vec<Value> = method.iter().chain(method).cloned().collect();
            experiment.insert("method".to_owned(), twice.into());
            experiment.insert("description".to_owned(), "edited".into());
            reply.context = Some(experiment.into());
            reply.reassigned = vec!["description".to_owned()];
        }
        reply
    };
    let mut setup = Setup::new(&format!("{}, {}", method(&[probe("a", "give:1", "")]), declared("")));
    setup.controls = Controls::new(Vec::new(), Arc::new(FakeHost::new(editing)));
    let played = setup.play().await;
    assert_eq!(played.at("run.0.activity.name"), "edited".into());
    assert_eq!(played.at("run.1.output"), 1.into());
    assert_eq!(played.at("experiment.method.1.name"), "edited".into());
    assert_eq!(played.at("experiment.description"), "d".into(), "the journal's mapping is its own");
    let plans = played.events.iter().filter_map(|event| match &event.what {
        EventKind::Planned(plan) => {
            Some(plan.steps.iter().map(|step| step.name.as_str()).collect::<Vec<_>>())
        }
        _ => None,
    });
    let (first, last) = (vec!["a"], vec!["edited", "edited"]);
    let plans: Vec<_> = plans.collect();
    assert_eq!(
        (plans.first(), plans.last()),
        (Some(&first), Some(&last)),
        "the plan is told anew: {plans:?}"
    );
}

/// An operator who steps manually fires what was shown.
#[tokio::test(start_paused = true)]
async fn what_a_control_makes_of_a_step_after_it_was_fired_is_not_run() {
    let editing = |call: &ControlCall<'_>| {
        let mut reply = ControlReply::default();
        if call.function == "before_activity_control" {
            let mut activity = call.context.unwrap().as_map().unwrap().clone();
            let other = map(&action("a", "harm:2", ""));
            activity.insert("provider".to_owned(), other.get("provider").cloned().unwrap());
            reply.context = Some(activity.into());
        }
        reply
    };
    let mut setup =
        Setup::new(&format!("{}, {}", method(&[action("a", "harm:1", "")]), declared(""))).stepping();
    setup.controls = Controls::new(Vec::new(), Arc::new(FakeHost::new(editing)));
    let played = setup
        .play_with(async |what, operator| {
            if let EventKind::StepAwaited { step, .. } = what {
                operator.says(StepCommand::Fire(*step)).await;
            }
        })
        .await;
    assert_eq!((played.calls.len(), played.outcome().0.as_str()), (0, "aborted"));
}

/// A control that sets or removes the key before each activity, as the add-on `bypass` does.
fn marking(dry: Option<bool>) -> impl Fn(&ControlCall<'_>) -> ControlReply + Send + Sync + 'static {
    move |call| {
        let mut reply = ControlReply::default();
        if call.function == "before_activity_control" {
            let mut activity = call.context.unwrap().as_map().unwrap().clone();
            match dry {
                Some(dry) => drop(activity.insert("dry".to_owned(), dry.into())),
                None => drop(activity.shift_remove("dry")),
            }
            reply.context = Some(activity.into());
        }
        reply
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_control_marks_as_dry_is_not_fired() {
    let mut setup = Setup::new(&format!("{}, {}", method(&[action("a", "harm", "")]), declared("")));
    setup.controls = Controls::new(Vec::new(), Arc::new(FakeHost::new(marking(Some(true)))));
    let played = setup.play().await;
    assert_eq!((played.calls.len(), played.outcome().0.as_str()), (0, "completed"));
    assert!(!played.events.iter().any(|event| matches!(event.what, EventKind::FaultFired { .. })));
}

/// A pretended step needs no fire, so it has no consent when a control makes it real.
#[tokio::test(start_paused = true)]
async fn what_a_control_makes_real_after_nobody_fired_it_is_not_run() {
    let steps = method(&[action("a", "harm", r#""dry": true"#)]);
    let mut setup = Setup::new(&format!("{steps}, {}", declared(""))).stepping();
    setup.controls = Controls::new(Vec::new(), Arc::new(FakeHost::new(marking(None))));
    let played = setup
        .play_with(async |what, operator| {
            if let EventKind::StepAwaited { .. } = what {
                operator.says(StepCommand::Next).await;
            }
        })
        .await;
    assert_eq!((played.calls.len(), played.outcome().0.as_str()), (0, "aborted"));
}

#[tokio::test(start_paused = true)]
async fn global_controls_that_cannot_be_configured_are_dropped() {
    let host = Arc::new(FakeHost::new(|call| ControlReply {
        error: (call.module == "bad" && call.function == "configure_control")
            .then(|| ControlError::Exception("no".to_owned())),
        ..ControlReply::default()
    }));
    let globals = parse_json(
        r#"[{"name": "bad", "provider": {"type": "python", "module": "bad"}},
            {"name": "good", "provider": {"type": "python", "module": "good"}}]"#,
    );
    let mut setup = Setup::new(&method(&[]));
    setup.controls = Controls::new(Control::list(Some(&globals.unwrap())), host.clone());
    setup.play().await;
    let calls = host.calls();
    assert!(calls.contains(&"good.before_experiment_control".to_owned()));
    assert!(!calls.contains(&"bad.before_experiment_control".to_owned()), "{calls:?}");
}

/// Runs an experiment with a control that never returns from one function, and sends one signal after ten seconds.
async fn stuck_in(function: &'static str) -> (Played, Vec<String>) {
    let undo = rollbacks(&[action("undo", "harm", "")]);
    let steps = method(&[probe("a", "give:1", "")]);
    let mut setup = Setup::new(&format!("{}, {steps}, {undo}, {}", hypothesis_of("[1]"), declared("")));
    let host = Arc::new(FakeHost::stuck_in(function));
    setup.controls = Controls::new(Vec::new(), host.clone());
    let played = setup
        .play_with(async |what, operator| {
            if matches!(what, EventKind::RunStarted { .. }) {
                let signals = operator.signals.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(std::time::Duration::from_secs(10)).await;
                    signals.send(Signal::Interrupt).await
                });
            }
        })
        .await;
    (played, host.calls())
}

#[tokio::test(start_paused = true)]
async fn a_signal_ends_a_control_that_hangs_on_any_level() {
    let cases = [
        ("configure_control", "interrupted"),
        ("before_experiment_control", "interrupted"),
        ("before_hypothesis_control", "interrupted"),
        ("after_hypothesis_control", "interrupted"),
        ("before_activity_control", "interrupted"),
        ("after_activity_control", "interrupted"),
        ("before_method_control", "interrupted"),
        ("after_method_control", "interrupted"),
        ("before_rollback_control", "interrupted"),
        ("after_rollback_control", "interrupted"),
        ("after_experiment_control", "completed"),
        ("cleanup_control", "completed"),
    ];
    for (function, status) in cases {
        let (played, calls) = stuck_in(function).await;
        assert_eq!(played.outcome().0, status, "{function}");
        assert!(played.seconds() < 12.0, "{function}: {}", played.seconds());
        let ended = format!("{function} of control 'c': it was cancelled because the run is stopping");
        assert!(played.says(&ended), "{function}: {:?}", played.console());
        assert_eq!(calls.last().unwrap(), "c.cleanup_control", "{function}");
        assert!(calls.contains(&"c.after_experiment_control".to_owned()), "{function}: {calls:?}");
        assert!(played.at("end").as_str().is_some(), "{function}");
    }
}

#[tokio::test(start_paused = true)]
async fn in_a_halted_run_a_control_has_thirty_seconds() {
    let host = Arc::new(FakeHost::stuck_in("after_experiment_control"));
    let mut setup = Setup::new(&format!("{}, {}", method(&[probe("a", "hang", "")]), declared("")));
    setup.controls = Controls::new(Vec::new(), host.clone());
    let played = setup
        .play_with(async |what, operator| {
            if matches!(what, EventKind::ActivityStarted { .. }) {
                operator.signals(Signal::Terminate).await;
            }
        })
        .await;
    assert_eq!(played.outcome().0, "interrupted");
    assert!((30.0..33.0).contains(&played.seconds()), "{}", played.seconds());
    assert!(
        played.says("after_experiment_control of control 'c': it was cancelled"),
        "{:?}",
        played.console()
    );
    assert_eq!(host.calls().last().unwrap(), "c.cleanup_control");
}
