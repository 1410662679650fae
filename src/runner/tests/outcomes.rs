//! What a run comes to (experiment-format 7.3, 8.5, 9).

use super::*;
use crate::runner::{HypothesisStrategy, RollbackStrategy};

fn undo() -> String {
    rollbacks(&[action("undo", "harm", "")])
}

fn one_step() -> String {
    method(&[action("a", "harm", "")])
}

fn parts(parts: &[String]) -> String {
    parts.join(",")
}

#[tokio::test(start_paused = true)]
async fn c074_a_gate_out_of_tolerance_completes_and_rolls_back() {
    let played = Setup::new(&parts(&[hypothesis_of("[0]"), one_step(), undo()])).play().await;
    assert_eq!(played.outcome(), ("completed".to_owned(), false, true));
    assert_eq!(played.calls, ["p", "undo"]);
    assert_eq!(played.at("run"), Value::List(Vec::new()));
    assert_eq!(played.at("steady_states.before.steady_state_met"), false.into());
    assert_eq!(played.at("steady_states.after"), Value::Null);
    assert!(played.says("Steady state probe 'p' is not in the given tolerance so failing this experiment"));
    assert!(!played.says("Playing your experiment's method now..."));
}

#[tokio::test(start_paused = true)]
async fn c075_a_gate_that_fails_fails_the_run_without_rollbacks() {
    let played = Setup::new(&parts(&[hypothesis_of(r#"["boom"]"#), one_step(), undo()])).play().await;
    assert_eq!(played.outcome(), ("failed".to_owned(), false, false));
    assert_eq!(played.calls, ["p"]);
    assert_eq!(played.at("steady_states.before.probes.0.status"), "failed".into());
    assert_eq!(played.at("steady_states.before.probes.0.tolerance_met"), false.into());
    assert!(played.says("Probe terminated unexpectedly, so its tolerance could not be validated"));
}

#[tokio::test(start_paused = true)]
async fn c076_a_deviation_is_told_last() {
    let played = Setup::new(&parts(&[hypothesis_of("[1, 0]"), one_step(), undo()])).play().await;
    assert_eq!(played.outcome(), ("completed".to_owned(), true, false));
    assert_eq!(played.calls, ["p", "a", "p", "undo"]);
    let console = played.console();
    let last = &console[console.len() - 2..];
    assert_eq!(last[0], "Experiment ended with status: deviated");
    assert_eq!(last[1], "The steady-state has deviated, a weakness may have been discovered");
    let failing = Setup::new(&parts(&[hypothesis_of(r#"[1, "boom"]"#), one_step(), undo()])).play().await;
    assert_eq!(failing.outcome(), ("failed".to_owned(), true, false));
    assert_eq!(failing.calls, ["p", "a", "p"]);
}

#[tokio::test(start_paused = true)]
async fn c077_a_pass_ends_with_the_first_probe_that_is_not_met() {
    let probes = [("a", "true"), ("b", "false"), ("c", "true")]
        .map(|(name, value)| probe(name, &format!("give:{value}"), r#""tolerance": true"#));
    let played = Setup::new(&parts(&[hypothesis(&probes), method(&[])])).play().await;
    assert_eq!(played.names("steady_states.before.probes"), ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn c080_strategies_choose_their_passes() {
    use HypothesisStrategy::{
        AfterMethodOnly, BeforeMethodOnly, Continuously, Default, DuringMethodOnly, Skip,
    };
    let cases = [
        (Default, true, true, false),
        (BeforeMethodOnly, true, false, false),
        (AfterMethodOnly, false, true, false),
        (DuringMethodOnly, false, false, true),
        (Continuously, true, true, true),
        (Skip, false, false, false),
    ];
    for (strategy, before, after, during) in cases {
        let steps = method(&[probe("w", "wait:1", "")]);
        let setup = Setup::new(&parts(&[hypothesis_of("[1]"), steps]));
        let played = setup.options(|it| it.hypothesis = strategy).play().await;
        let shown = |path: &str| !played.at(path).is_null();
        assert_eq!(
            (shown("steady_states.before"), shown("steady_states.after"), shown("steady_states.during.0")),
            (before, after, during),
            "{strategy:?}"
        );
        assert_eq!(played.says("Skipping Steady-State Hypothesis as requested"), strategy == Skip);
    }
}

#[tokio::test(start_paused = true)]
async fn c082_c050_a_reference_takes_its_targets_pauses() {
    let steps = method(&[
        probe("slow", "give:1", r#""pauses": {"after": 7}"#),
        r#"{"ref": "slow", "pauses": {"before": 100, "after": 100}}"#.to_owned(),
    ]);
    let played = Setup::new(&steps).play().await;
    assert_eq!(played.names("run"), ["slow", "slow"]);
    assert_eq!(played.seconds().round(), 14.0);
    assert_eq!(played.at("run.1.duration"), Value::Float(0.0));
    assert!(played.says("Pausing after activity for 7s..."));
}

#[tokio::test(start_paused = true)]
async fn c048_pauses_that_are_no_numbers_abort_after_they_are_told() {
    for (pause, told) in [(r#""${p}""#, "soon"), ("-1", "-1")] {
        let steps = method(&[probe("a", "give:1", &format!(r#""pauses": {{"before": {pause}}}"#))]);
        let played = Setup::new(&steps).configuration(r#"{"p": "soon"}"#).play().await;
        assert_eq!(played.outcome(), ("aborted".to_owned(), false, false));
        assert!(played.says(&format!("Pausing before next activity for {told}s...")));
        assert!(played.calls.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn failed_activities_do_not_change_the_status() {
    let played = Setup::new(&method(&[action("a", "fail", ""), probe("b", "fail", "")])).play().await;
    assert_eq!(played.outcome(), ("completed".to_owned(), false, true));
    assert_eq!(played.at("run.0.status"), "failed".into());
    assert_eq!(
        played.at("run.0.exception.0"),
        "chaoslib.exceptions.ActivityFailed: RuntimeError: boom\n".into()
    );
    assert!(played.says("  => failed: RuntimeError: boom"));
}

#[tokio::test(start_paused = true)]
async fn c089_an_aborted_method_is_rolled_back_without_a_final_pass() {
    let steps = method(&[probe("a", "crash", r#""pauses": {"after": 3}"#), probe("b", "give:1", "")]);
    let played = Setup::new(&parts(&[hypothesis_of("[1]"), steps, undo()])).play().await;
    assert_eq!(played.outcome(), ("aborted".to_owned(), false, false));
    assert_eq!(played.calls, ["p", "a", "undo"]);
    assert_eq!(played.at("run.0.status"), Value::Null);
    assert!(played.at("run.0.end").as_str().is_some());
    assert_eq!(played.seconds().round(), 3.0, "the pause after it is slept");
    assert!(played.says("Experiment ran into an un expected fatal error, aborting now.\nno such thing"));
}

#[tokio::test(start_paused = true)]
async fn what_breaks_in_the_hypothesis_aborts_and_leaves_a_journal() {
    let broken = [
        probe("x", "crash", r#""tolerance": 1"#),
        probe("x", "give:5", r#""tolerance": {"type": "regex", "pattern": "a"}"#),
        r#"{"ref": "nobody", "tolerance": 1}"#.to_owned(),
    ];
    for broken in broken {
        let hypothesis = hypothesis(&[probe("fine", "give:1", r#""tolerance": 1"#), broken]);
        let played = Setup::new(&parts(&[hypothesis, one_step(), undo()])).play().await;
        assert_eq!(played.outcome(), ("aborted".to_owned(), false, false));
        assert!(!played.calls.contains(&"a".to_owned()));
        assert_eq!(played.calls.last().unwrap(), "undo");
        assert_eq!(played.at("steady_states.before.probes.0.tolerance_met"), true.into());
    }
}

#[tokio::test(start_paused = true)]
async fn c087_rollback_strategies_say_what_they_do() {
    let cases = [
        (RollbackStrategy::Always, "[0]", true, "Rollbacks were explicitly requested to be played"),
        (RollbackStrategy::Never, "[1]", false, "Rollbacks were explicitly requested to not be played"),
        (
            RollbackStrategy::Deviated,
            "[1, 0]",
            true,
            "Rollbacks will be played only because the experiment deviated",
        ),
        (
            RollbackStrategy::Deviated,
            "[1]",
            false,
            "Rollbacks were explicitely requested to be played only if the experiment deviated.",
        ),
    ];
    for (strategy, values, undone, said) in cases {
        let setup = Setup::new(&parts(&[hypothesis_of(values), one_step(), undo()]));
        let played = setup.options(|it| it.rollbacks = strategy.clone()).play().await;
        assert_eq!(played.calls.contains(&"undo".to_owned()), undone, "{strategy:?}");
        assert!(played.says(said), "{:?}", played.console());
    }
}

#[tokio::test(start_paused = true)]
async fn c088_a_failing_rollback_stops_neither_the_others_nor_the_status() {
    let undoing = rollbacks(&[action("r1", "fail", ""), probe("r2", "give:1", "")]);
    let strict = |it: &mut RunOptions| it.compat = crate::runner::Compat::Strict;
    let played = Setup::new(&parts(&[one_step(), undoing])).options(strict).play().await;
    assert_eq!(played.outcome(), ("completed".to_owned(), false, true));
    assert_eq!(played.names("rollbacks"), ["r1", "r2"]);
}

#[tokio::test(start_paused = true)]
async fn a_rollback_that_breaks_aborts_but_the_others_are_played() {
    let undoing =
        rollbacks(&[r#"{"ref": "nobody"}"#.to_owned(), action("r1", "crash", ""), action("r2", "harm", "")]);
    let played = Setup::new(&parts(&[one_step(), undoing])).play().await;
    assert_eq!(played.outcome(), ("aborted".to_owned(), false, false));
    assert_eq!(played.names("rollbacks"), ["r1", "r2"]);
    assert!(played.says("Rollback: None"));
}

/// As in the reference: no rollback after it, no journal.
#[tokio::test(start_paused = true)]
async fn what_breaks_outside_the_method_is_a_crash_in_strict_mode() {
    let strict = |it: &mut RunOptions| {
        it.compat = crate::runner::Compat::Strict;
        it.rollbacks = RollbackStrategy::Always;
    };
    let undoing = rollbacks(&[action("r1", "crash", ""), action("r2", "harm", "")]);
    let played = Setup::new(&parts(&[one_step(), undoing])).options(strict).play().await;
    assert_eq!(played.names("rollbacks"), ["r1"]);
    assert!(played.ending.unwrap().crashed);
    assert!(played.says("Experiment ran into an un expected fatal error"), "{:?}", played.console());
    let broken = hypothesis(&[probe("x", "crash", r#""tolerance": 1"#)]);
    let played = Setup::new(&parts(&[broken, one_step(), undo()])).options(strict).play().await;
    assert!(played.ending.unwrap().crashed);
    assert_eq!(played.calls, ["x"], "no strategy undoes anything after a crash");
}

#[tokio::test(start_paused = true)]
async fn c104_c105_the_title_is_substituted_and_activities_are_not() {
    let mut setup = Setup::new(&method(&[probe("a", r#"give:"x${who}""#, "")]));
    setup.experiment = setup.experiment.replace(r#""title": "t""#, r#""title": "for ${who}""#);
    let played = setup.configuration(r#"{"who": "you"}"#).play().await;
    assert_eq!(played.at("experiment.title"), "for you".into());
    assert_eq!(played.at("experiment.dry"), Value::Null);
    assert_eq!(played.at("run.0.activity.provider.arguments.value"), "x${who}".into());
    assert_eq!(played.at("run.0.output"), "xyou".into());
}

#[tokio::test(start_paused = true)]
async fn secrets_are_in_no_event() {
    let steps = method(&[probe("a", r#"give:"key ${key}""#, "")]);
    let mut setup = Setup::new(&parts(&[
        r#""secrets": {"s": {"key": "hunter2"}}"#.to_owned(),
        hypothesis(&[probe("h", r#"give:"${key}""#, r#""tolerance": "${key}""#)]),
        steps,
    ]));
    setup.secrets = Secrets::new(map(r#"{"s": {"key": "hunter2"}}"#));
    let played = setup.play().await;
    assert_eq!(played.outcome(), ("completed".to_owned(), false, true));
    assert_eq!(played.at("run.0.output"), "key ***".into());
    assert_eq!(played.at("steady_states.before.steady_state_met"), true.into(), "judged before it is masked");
    for event in &played.events {
        assert!(!format!("{event:?}").contains("hunter2"), "{event:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn c102_the_journal_has_its_keys_in_order() {
    let played = Setup::new(&parts(&[hypothesis_of("[1]"), one_step(), undo()])).play().await;
    let journal = played.journal();
    let keys = |value: &Value| value.as_map().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&journal), KEYS);
    assert_eq!(keys(&played.at("steady_states")), ["before", "after", "during"]);
    assert_eq!(keys(&played.at("steady_states.before")), ["steady_state_met", "probes"]);
    assert_eq!(keys(&played.at("run.0")), ["activity", "output", "start", "status", "end", "duration"]);
}
