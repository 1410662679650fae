//! Dry modes (experiment-format 8.7).

use super::*;
use crate::{
    runner::{Compat, request::Dry},
    session::command::StepCommand,
};

async fn played(dry: Dry, action_fields: &str) -> Played {
    let pauses = r#""pauses": {"before": 50, "after": 50}"#;
    let fields =
        if action_fields.is_empty() { pauses.to_owned() } else { format!("{pauses}, {action_fields}") };
    let steps = method(&[probe("look", "give:1", pauses), action("act", "harm", &fields)]);
    let undo = rollbacks(&[action("undo", "harm", "")]);
    let setup = Setup::new(&format!("{}, {steps}, {undo}", hypothesis_of("[0]")));
    setup.options(|it| it.dry = Some(dry)).play().await
}

#[tokio::test(start_paused = true)]
async fn c083_dry_activities_call_nobody() {
    let played = played(Dry::Activities, "").await;
    assert!(played.calls.is_empty());
    assert_eq!(played.seconds().round(), 0.0);
    assert_eq!(played.at("steady_states.before.steady_state_met"), true.into());
    for path in ["run.0", "run.1", "rollbacks.0", "steady_states.before.probes.0"] {
        assert_eq!(played.at(&format!("{path}.status")), "succeeded".into());
        assert_eq!(played.at(&format!("{path}.output")), Value::Null);
    }
    assert!(played.says("Pausing before next activity for 50s..."));
    assert!(played.says("Running experiment with dry activities"));
    assert_eq!(played.at("experiment.dry"), "activities".into());
}

#[tokio::test(start_paused = true)]
async fn c084_dry_actions_judge_the_hypothesis() {
    let played = played(Dry::Actions, "").await;
    assert_eq!(played.calls, ["p"]);
    assert_eq!(played.at("steady_states.before.steady_state_met"), false.into());
}

#[tokio::test(start_paused = true)]
async fn dry_probes_call_actions_only() {
    let played = played(Dry::Probes, "").await;
    assert_eq!(played.calls, ["act", "undo"]);
    assert_eq!(played.seconds().round(), 100.0);
}

#[tokio::test(start_paused = true)]
async fn c085_dry_pause_calls_everybody_without_sleeping() {
    let steps = method(&[action("act", "harm", r#""pauses": {"before": 50}"#)]);
    let played = Setup::new(&steps).options(|it| it.dry = Some(Dry::Pause)).play().await;
    assert_eq!(played.calls, ["act"]);
    assert_eq!(played.seconds().round(), 0.0);
}

/// The reference executes the activity, whatever the key's value: docs/differences.md.
#[tokio::test(start_paused = true)]
async fn c086_a_dry_key_never_makes_an_activity_real() {
    for key in
        [r#""dry": false"#, r#""dry": null"#, r#""dry": "probes""#, r#""dry": "pause""#, r#""dry": true"#]
    {
        let played = played(Dry::Activities, key).await;
        assert!(played.calls.is_empty(), "{key}: {:?}", played.calls);
        assert_eq!(played.seconds().round(), 0.0, "{key}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_marked_activity_is_not_played_and_its_entry_is_that_of_a_dry_run() {
    let steps =
        |key: &str| method(&[action("act", "harm", &format!(r#""pauses": {{"before": 50}}, "dry": {key}"#))]);
    for (key, calls) in
        [("true", 0), (r#""activities""#, 0), (r#""actions""#, 0), (r#""probes""#, 1), ("false", 1)]
    {
        for compat in [Compat::default(), Compat::Strict] {
            let played = Setup::new(&steps(key)).options(|it| it.compat = compat).play().await;
            assert_eq!(played.calls.len(), calls, "{key}");
            assert_eq!(played.at("run.0.status"), "succeeded".into(), "{key}");
            assert_eq!(played.at("status"), "completed".into(), "{key}");
            assert_eq!(played.says("Activity 'act' is in dry mode: it is not executed"), calls == 0, "{key}");
            let fired = played.events.iter().any(|event| matches!(event.what, EventKind::FaultFired { .. }));
            assert_eq!(fired, calls == 1, "{key}");
        }
    }
    let played = Setup::new(&steps("true")).stepping().play_with(async |what, operator| {
        // The step needs no fire, because nothing is changed.
        if let EventKind::StepAwaited { destructive, .. } = what {
            assert!(!destructive);
            operator.says(StepCommand::Next).await;
        }
    });
    let played = played.await;
    assert!(played.calls.is_empty());
    let planned = played.events.iter().find_map(|event| match &event.what {
        EventKind::Planned(plan) => plan.steps.first().map(|step| (step.destructive, step.pretended)),
        _ => None,
    });
    assert_eq!(planned, Some((false, true)));
}

#[tokio::test(start_paused = true)]
async fn a_marked_probe_of_the_hypothesis_is_not_judged_by_an_answer_it_never_got() {
    let probes = probe("look", "give:1", r#""tolerance": 2, "dry": true"#);
    let hypothesis = format!(r#""steady-state-hypothesis": {{"title": "h", "probes": [{probes}]}}"#);
    let played = Setup::new(&format!("{hypothesis}, {}", method(&[action("act", "harm", "")]))).play().await;
    assert_eq!(played.calls, ["act"]);
    assert_eq!(played.at("steady_states.before.probes.0.tolerance_met"), true.into());
}
