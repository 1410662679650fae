//! The hypothesis checked while the method runs (experiment-format 7.4).

use super::*;
use crate::runner::HypothesisStrategy::{self, Continuously, DuringMethodOnly};

async fn played(values: &str, strategy: HypothesisStrategy, fail_fast: bool) -> Played {
    let steps = method(&[probe("a", "wait:2.5", ""), probe("b", "wait:1", ""), probe("c", "give:1", "")]);
    let undo = rollbacks(&[action("undo", "harm", "")]);
    let setup = Setup::new(&format!("{}, {steps}, {undo}", hypothesis_of(values)));
    setup
        .options(|it| {
            it.hypothesis = strategy;
            it.fail_fast = fail_fast;
        })
        .play()
        .await
}

#[tokio::test(start_paused = true)]
async fn passes_follow_each_other_after_the_frequency() {
    let played = played("[1]", Continuously, false).await;
    assert_eq!(played.at("steady_states.during").as_list().unwrap().len(), 4, "at 0, 1, 2 and 3 s");
    assert!(played.says("Steady-state strategy: continuous"));
    assert!(played.says("Executing the steady-state hypothesis continuously every 1.0 seconds"));
    assert!(played.says("Continuous steady state hypothesis terminated"));
    assert_eq!(played.outcome(), ("completed".to_owned(), false, true));
}

#[tokio::test(start_paused = true)]
async fn c078_without_fail_fast_passes_out_of_tolerance_change_nothing() {
    let played = played("[0]", DuringMethodOnly, false).await;
    assert_eq!(played.outcome(), ("completed".to_owned(), false, true));
    assert_eq!(played.names("run"), ["a", "b", "c"]);
    assert!(played.says("Continuous steady state probe 'p' is not in the given tolerance"));
}

#[tokio::test(start_paused = true)]
async fn c078_c079_fail_fast_ends_the_method_between_activities() {
    let played = played("[1, 0]", DuringMethodOnly, true).await;
    assert_eq!(played.outcome(), ("failed".to_owned(), false, false));
    assert_eq!(played.names("run"), ["a"]);
    assert_eq!(played.at("run.0.duration"), Value::Float(2.5), "the current activity completes");
    assert!(played.says("Terminating immediately the experiment after 50.0% hypothesis deviated"));
    assert!(!played.calls.contains(&"undo".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn fail_fast_under_continuously_leads_to_the_final_pass() {
    let played = played("[1, 0]", Continuously, true).await;
    assert_eq!(played.outcome(), ("completed".to_owned(), true, false));
    assert_eq!(played.calls.last().unwrap(), "undo");
}

#[tokio::test(start_paused = true)]
async fn a_pass_that_breaks_aborts() {
    let hypothesis = hypothesis(&[probe("p", "crash", r#""tolerance": 1"#)]);
    let steps = method(&[probe("a", "wait:2", ""), probe("b", "give:1", "")]);
    let setup = Setup::new(&format!("{hypothesis}, {steps}"));
    let played = setup.options(|it| it.hypothesis = DuringMethodOnly).play().await;
    assert_eq!(played.outcome(), ("aborted".to_owned(), false, false));
    assert_eq!(played.names("run"), ["a"]);
    assert!(played.says("no such thing"));
}

#[tokio::test(start_paused = true)]
async fn a_frequency_of_zero_does_not_wait() {
    let steps = method(&[probe("a", "wait:1", "")]);
    let probes = hypothesis(&[probe("p", "wait:0.25", r#""tolerance": 0.25"#)]);
    let setup = Setup::new(&format!("{probes}, {steps}"));
    let played = setup
        .options(|it| {
            it.hypothesis = DuringMethodOnly;
            it.frequency = 0.0;
        })
        .play()
        .await;
    assert_eq!(played.at("steady_states.during").as_list().unwrap().len(), 4);
}
