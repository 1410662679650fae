//! Background activities (experiment-format 8.6).

use super::*;

#[tokio::test(start_paused = true)]
async fn c081_the_method_waits_for_its_background_activities() {
    let steps = method(&[
        probe("slow", "wait:5", r#""background": true"#),
        probe("next", "give:1", ""),
        probe("last", "wait:1", r#""background": true"#),
    ]);
    let played = Setup::new(&steps).play().await;
    assert_eq!(played.names("run"), ["slow", "next", "last"]);
    assert_eq!(played.at("run.0.duration"), Value::Float(5.0));
    assert_eq!(played.seconds().round(), 5.0);
    assert!(played.says("Probe: slow [in background]"));
}

#[tokio::test(start_paused = true)]
async fn the_referring_entry_decides_about_the_background() {
    let steps = method(&[
        probe("a", "wait:3", ""),
        r#"{"ref": "a", "background": true}"#.to_owned(),
        probe("b", "give:1", ""),
    ]);
    let played = Setup::new(&steps).play().await;
    assert_eq!(played.names("run"), ["a", "a", "b"]);
    assert_eq!(played.seconds().round(), 6.0);
    assert!(!played.says("Probe: a [in background]"));
}

#[tokio::test(start_paused = true)]
async fn what_breaks_in_the_background_is_seen_in_its_entry_only() {
    let steps = method(&[probe("a", "crash", r#""background": true"#), probe("b", "give:1", "")]);
    let played = Setup::new(&steps).play().await;
    assert_eq!(played.outcome(), ("completed".to_owned(), false, true));
    assert_eq!(played.at("run.0.status"), Value::Null);
    assert_eq!(played.at("run.1.status"), "succeeded".into());
}

#[tokio::test(start_paused = true)]
async fn background_rollbacks_are_awaited() {
    let undoing = rollbacks(&[action("r", "wait:9", r#""background": true"#), action("s", "harm", "")]);
    let played = Setup::new(&format!("{}, {undoing}", method(&[]))).play().await;
    assert_eq!(played.names("rollbacks"), ["r", "s"]);
    assert_eq!(played.seconds().round(), 9.0);
}

#[tokio::test(start_paused = true)]
async fn the_hypothesis_ignores_the_background() {
    let probes = hypothesis(&[probe("p", "give:1", r#""tolerance": 1, "background": true"#)]);
    let played = Setup::new(&format!("{probes}, {}", method(&[]))).play().await;
    assert_eq!(played.at("steady_states.before.steady_state_met"), true.into());
    assert!(played.says("Probe: p [in background]"));
}
