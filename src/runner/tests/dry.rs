//! Dry modes (experiment-format 8.7).

use super::*;
use crate::runner::Dry;

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

#[tokio::test(start_paused = true)]
async fn c086_a_dry_key_makes_an_activity_real() {
    for key in [r#""dry": false"#, r#""dry": null"#, r#""dry": "activities""#] {
        let played = played(Dry::Activities, key).await;
        assert_eq!(played.calls, ["act"], "{key}");
        assert_eq!(played.seconds().round(), 100.0);
    }
}
