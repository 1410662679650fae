//! Signals and other reasons to stop a run (experiment-format 10.6).

use super::*;
use crate::runner::{Compat, RollbackStrategy};

fn parts() -> String {
    let steps = method(&[
        probe("first", "give:1", ""),
        probe("stuck", "hang", r#""pauses": {"after": 60}"#),
        probe("never", "give:1", ""),
    ]);
    format!("{}, {steps}, {}", hypothesis_of("[1]"), rollbacks(&[action("undo", "harm", "")]))
}

/// Sends a signal as soon as an activity of this name starts.
async fn signalled(setup: Setup, name: &str, signal: Signal) -> Played {
    setup
        .play_with(async |what, operator| {
            if matches!(what, EventKind::ActivityStarted { name: begun, .. } if begun == name) {
                operator.signals(signal).await;
            }
        })
        .await
}

#[tokio::test(start_paused = true)]
async fn c097_a_signal_cuts_the_activity_short() {
    let cases: [(Signal, &[&str]); 6] = [
        (Signal::Quit, &["Caught SIGQUIT signal, interrupting experiment now", "SIGQUIT signal received"]),
        (
            Signal::CpuLimit,
            &["Caught SIGXCPU signal, interrupting experiment now", "SIGXCPU signal received"],
        ),
        (Signal::Interrupt, &["Received a termination signal (Ctrl-C)..."]),
        (
            Signal::Terminate,
            &["Caught SIGTERM signal, interrupting experiment now", "SIGTERM signal received"],
        ),
        (Signal::User1, &["Received the exit signal: 20"]),
        (Signal::User2, &["Received the exit signal: 30", "Ignoring rollbacks as per signal"]),
    ];
    for (signal, said) in cases {
        let played = signalled(Setup::new(&parts()), "stuck", signal).await;
        assert_eq!(played.outcome(), ("interrupted".to_owned(), false, false), "{signal:?}");
        assert_eq!(played.names("run"), ["first", "stuck"]);
        assert_eq!(played.at("run.1.status"), Value::Null);
        assert_eq!(played.at("run.1.output"), Value::Null);
        assert!(played.at("run.1.end").as_str().is_some());
        assert_eq!(played.at("steady_states.after"), Value::Null);
        assert!(!played.calls.contains(&"undo".to_owned()), "by the default strategy");
        assert!(played.seconds() < 1.0, "the pause after it is not slept");
        for line in said {
            assert!(played.says(line), "{signal:?}: {:?}", played.console());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn c098_c099_the_strategy_always_rolls_back_unless_told_to_leave() {
    for (signal, undone) in [(Signal::Interrupt, true), (Signal::User1, true), (Signal::User2, false)] {
        let setup = Setup::new(&parts()).options(|it| it.rollbacks = RollbackStrategy::Always);
        let played = signalled(setup, "stuck", signal).await;
        assert_eq!(played.calls.contains(&"undo".to_owned()), undone, "{signal:?}");
        assert_eq!(played.outcome().0, "interrupted");
    }
}

#[tokio::test(start_paused = true)]
async fn a_signal_is_told_once_by_its_gravest_line() {
    let played = signalled(Setup::new(&parts()), "stuck", Signal::Terminate).await;
    let (mut reasons, mut logged) = (Vec::new(), Vec::new());
    for event in &played.events {
        match &event.what {
            EventKind::Interrupted { reason, level } => reasons.push((*level, reason.as_str())),
            EventKind::Logged { level: Level::Warning, message, .. } => logged.push(message.as_str()),
            _ => {}
        }
    }
    assert_eq!(reasons, [(Level::Critical, "SIGTERM signal received")]);
    assert_eq!(logged, ["Caught SIGTERM signal, interrupting experiment now"]);
}

#[tokio::test(start_paused = true)]
async fn a_signal_ends_a_pause() {
    let steps = method(&[probe("a", "give:1", r#""pauses": {"before": 600}"#), probe("b", "give:1", "")]);
    let played = Setup::new(&steps)
        .play_with(async |what, operator| {
            if matches!(what, EventKind::PauseStarted { .. }) {
                operator.signals(Signal::Interrupt).await;
            }
        })
        .await;
    assert_eq!(played.outcome().0, "interrupted");
    assert!(played.calls.is_empty() && played.seconds() < 1.0);
    assert_eq!(played.at("run"), Value::List(Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn a_signal_in_the_gate_leaves_no_pass() {
    let hypothesis = hypothesis(&[probe("p", "hang", r#""tolerance": 1"#)]);
    let setup = Setup::new(&format!("{hypothesis}, {}", method(&[])));
    let played = signalled(setup, "p", Signal::Interrupt).await;
    assert_eq!(played.outcome().0, "interrupted");
    assert_eq!(played.at("steady_states.before"), Value::Null);
}

#[tokio::test(start_paused = true)]
async fn c101_a_signal_during_rollbacks_skips_the_rest() {
    let said = "Received an exit signal.Terminating now without running the remaining rollbacks.";
    for (signal, line) in [
        (Signal::Interrupt, said),
        (Signal::User2, said),
        (Signal::Terminate, "Caught SIGTERM signal, interrupting experiment now"),
    ] {
        let undoing = rollbacks(&[action("r1", "hang", ""), action("r2", "harm", "")]);
        let setup = Setup::new(&format!("{}, {undoing}", method(&[])));
        let played = signalled(setup, "r1", signal).await;
        assert_eq!(played.outcome(), ("interrupted".to_owned(), false, false));
        assert_eq!(played.names("rollbacks"), ["r1"]);
        assert!(played.says(line), "{:?}", played.console());
    }
}

/// Signals that arrive while an interrupted run rolls back: the first of them asks, the next one ends.
#[tokio::test(start_paused = true)]
async fn a_second_signal_lets_the_rollbacks_go_on_and_a_third_ends_them() {
    let undoing =
        rollbacks(&[action("r1", "wait:5", ""), action("r2", "hang", ""), action("r3", "harm", "")]);
    let parts = format!("{}, {undoing}", method(&[probe("stuck", "hang", "")]));
    let asked = "SIGTERM during the rollbacks: they go on ('r1'); one more signal ends them";
    for (compat, played_names) in [(Compat::Safe, vec!["r1", "r2"]), (Compat::Strict, vec!["r1"])] {
        let setup = Setup::new(&parts).options(|it| {
            it.rollbacks = RollbackStrategy::Always;
            it.compat = compat;
        });
        let played = setup
            .play_with(async |what, operator| {
                if matches!(what, EventKind::ActivityStarted { name, .. } if ["stuck", "r1", "r2"].contains(&name.as_str())) {
                    operator.signals(Signal::Terminate).await;
                }
            })
            .await;
        assert_eq!(played.outcome().0, "interrupted");
        assert_eq!(played.names("rollbacks"), played_names, "{compat:?}");
        assert_eq!(played.says(asked), compat == Compat::Safe, "{:?}", played.console());
    }
}

#[tokio::test(start_paused = true)]
async fn background_activities_end_with_the_run() {
    let steps = |seconds: &str| {
        let slow = probe("slow", &format!("wait:{seconds}"), r#""background": true"#);
        method(&[slow, probe("stuck", "hang", "")])
    };
    let late = signalled(Setup::new(&steps("100")), "stuck", Signal::Interrupt).await;
    assert!(late.seconds() < 2.0, "{}", late.seconds());
    assert_eq!(late.at("run.0.status"), Value::Null);
    assert!(late.at("run.0.end").as_str().is_some());
    let nearly_done = signalled(Setup::new(&steps("0.25")), "stuck", Signal::Interrupt).await;
    assert_eq!(nearly_done.at("run.0.status"), "succeeded".into());
    let left = signalled(Setup::new(&steps("100")), "stuck", Signal::User2).await;
    assert!(left.seconds() < 2.0);
    assert_eq!(left.at("run.0.status"), Value::Null);
    let rolled_back = signalled(
        Setup::new(&format!("{}, {}", steps("100"), rollbacks(&[action("undo", "harm", "")])))
            .options(|it| it.rollbacks = RollbackStrategy::Always),
        "stuck",
        Signal::Interrupt,
    )
    .await;
    let ended =
        rolled_back.events.iter().position(|event| matches!(event.what, EventKind::MethodEnded)).unwrap();
    let slow_ended = rolled_back.events.iter().position(
        |event| matches!(&event.what, EventKind::ActivityEnded { step, .. } if step.index == 0 && step.section == crate::session::event::Section::Method),
    );
    assert!(slow_ended.unwrap() < ended, "before anything is undone");
}

#[tokio::test(start_paused = true)]
async fn a_background_rollback_is_awaited_whatever_came_before() {
    let undoing = rollbacks(&[action("undo", "wait:60", r#""background": true"#)]);
    let steps = method(&[probe("stuck", "hang", "")]);
    let setup =
        Setup::new(&format!("{steps}, {undoing}")).options(|it| it.rollbacks = RollbackStrategy::Always);
    let played = signalled(setup, "stuck", Signal::Interrupt).await;
    assert_eq!(played.at("rollbacks.0.status"), "succeeded".into());
}

#[tokio::test(start_paused = true)]
async fn a_signal_while_background_activities_are_awaited_ends_them() {
    let steps = method(&[probe("slow", "hang", r#""background": true"#)]);
    let played = signalled(Setup::new(&steps), "slow", Signal::Interrupt).await;
    assert!(played.seconds() < 2.0);
    assert_eq!(played.outcome().0, "interrupted");
}

#[tokio::test(start_paused = true)]
async fn a_signal_while_the_last_continuous_pass_is_awaited_ends_it() {
    let probes = hypothesis(&[probe("p", "hang", r#""tolerance": 1"#)]);
    let setup = Setup::new(&format!("{probes}, {}", method(&[probe("a", "give:1", "")])));
    let setup = setup.options(|it| it.hypothesis = crate::runner::HypothesisStrategy::DuringMethodOnly);
    let played = setup
        .play_with(async |what, operator| {
            if matches!(what, EventKind::MethodEnded) {
                operator.signals(Signal::Interrupt).await;
            }
        })
        .await;
    assert_eq!(played.outcome().0, "interrupted");
    assert!(played.seconds() < 2.0);
}

#[tokio::test(start_paused = true)]
async fn a_continuous_pass_does_not_delay_the_end() {
    let setup = Setup::new(&parts()).options(|it| {
        it.hypothesis = crate::runner::HypothesisStrategy::Continuously;
        it.frequency = 3600.0;
    });
    let played = signalled(setup, "stuck", Signal::Interrupt).await;
    assert!(played.seconds() < 1.0);
    assert!(played.says("Continuous steady state hypothesis terminated"));
}

#[tokio::test(start_paused = true)]
async fn python_may_ask_to_exit() {
    for (code, undone) in [(7, true), (30, false)] {
        let steps = method(&[probe("a", &format!("exit:{code}"), ""), probe("b", "give:1", "")]);
        let undo = rollbacks(&[action("undo", "harm", "")]);
        let setup = Setup::new(&format!("{steps}, {undo}"));
        let played = setup.options(|it| it.rollbacks = RollbackStrategy::Always).play().await;
        assert_eq!(played.outcome().0, "interrupted");
        assert!(played.says(&format!("Received the exit signal: {code}")));
        assert_eq!(played.calls.contains(&"undo".to_owned()), undone);
    }
}
