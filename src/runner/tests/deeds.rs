//! What fires and rollbacks did to the system, whatever their journal status.

use super::*;
use crate::{
    runner::{Compat, RollbackStrategy},
    session::{command::StepCommand, event::Section},
};

fn at(section: Section, index: usize) -> StepRef {
    StepRef { section, index }
}

fn process(name: &str, path: &str, arguments: &str) -> String {
    format!(
        r#"{{"type": "action", "name": "{name}", "provider": {{"type": "process", "path": "{path}", "arguments": {arguments}}}}}"#
    )
}

/// Returns the events about fires, with their reasons.
fn told(played: &Played) -> Vec<(&'static str, String)> {
    let told = played.events.iter().filter_map(|event| match &event.what {
        EventKind::FaultFired { .. } => Some(("fired", String::new())),
        EventKind::FaultRefused { reason, .. } => Some(("refused", reason.clone())),
        EventKind::FaultUnconfirmed { reason, .. } => Some(("unconfirmed", reason.clone())),
        _ => None,
    });
    told.collect()
}

#[tokio::test]
async fn a_fire_is_told_as_what_it_came_to() {
    let cases = [
        (action("a", "harm", ""), vec![("fired", "")]),
        (action("a", "refuse", ""), vec![("fired", ""), ("refused", "nobody may")]),
        (action("a", "flop", ""), vec![("fired", ""), ("unconfirmed", "halfway")]),
        (process("a", "/bin/true", "[]"), vec![("fired", "")]),
        (process("a", "/bin/false", "[]"), vec![("fired", ""), ("unconfirmed", "exit code 1")]),
        (
            process("a", "/bin/sh", r#"["-c", "echo no such device >&2; exit 3"]"#),
            vec![("fired", ""), ("unconfirmed", "exit code 3: no such device")],
        ),
    ];
    for (fire, wanted) in cases {
        let played = Setup::new(&method(std::slice::from_ref(&fire))).play().await;
        let wanted: Vec<_> = wanted.into_iter().map(|(what, why)| (what, why.to_owned())).collect();
        assert_eq!(told(&played), wanted, "{fire}");
    }
}

#[tokio::test]
async fn what_cannot_be_started_was_refused() {
    let played = Setup::new(&method(&[process("a", "/no/such/program", "[]")])).play().await;
    let told = told(&played);
    assert_eq!(told.len(), 2);
    assert_eq!(told[1].0, "refused");
    assert!(told[1].1.contains("/no/such/program"), "{}", told[1].1);
}

#[tokio::test]
async fn what_only_reads_is_no_fire_however_it_ends() {
    let played = Setup::new(&method(&[probe("a", "fail", "")])).play().await;
    assert_eq!(told(&played), []);
}

/// Returns the console lines about failed rollbacks.
fn lamented(played: &Played) -> Vec<String> {
    let lines = played.console().into_iter().filter(|line| line.starts_with("Rollback '"));
    lines.collect()
}

#[tokio::test]
async fn a_rollback_that_failed_costs_the_exit_code_and_no_success_of_another_hides_it() {
    for bad in [action("bad", "flop", ""), action("bad", "refuse", "")] {
        let parts = format!(
            "{}, {}",
            method(&[action("kill", "harm", "")]),
            rollbacks(&[bad.clone(), action("good", "harm", "")])
        );
        let played = Setup::new(&parts).play().await;
        assert_eq!(played.outcome(), ("completed".to_owned(), false, false), "{bad}");
        assert_eq!(played.names("rollbacks"), ["bad", "good"]);
        assert_eq!(
            lamented(&played),
            ["Rollback 'bad' failed: the change it should undo may still be in effect"]
        );
        assert_eq!(played.console().last(), lamented(&played).last());

        let strict = Setup::new(&parts).options(|options| options.compat = Compat::Strict).play().await;
        assert_eq!(strict.outcome(), ("completed".to_owned(), false, true));
        assert!(lamented(&strict).is_empty());
    }
    let parts =
        format!("{}, {}", method(&[action("kill", "harm", "")]), rollbacks(&[action("good", "harm", "")]));
    let played = Setup::new(&parts).play().await;
    assert_eq!(played.outcome(), ("completed".to_owned(), false, true));
    assert!(lamented(&played).is_empty());
}

/// Without an operator, an exit code is a value as in the reference; the events report that the rollback failed.
#[tokio::test]
async fn a_rollback_with_an_exit_code_is_a_success_of_the_journal_and_told_all_the_same() {
    let parts = format!("{}, {}", method(&[]), rollbacks(&[process("bad", "/bin/false", "[]")]));
    let played = Setup::new(&parts).play().await;
    assert_eq!(played.outcome(), ("completed".to_owned(), false, true));
    assert!(lamented(&played).is_empty());
    let trouble = played.events.iter().find_map(|event| match &event.what {
        EventKind::ActivityEnded { outcome, .. } => outcome.trouble.clone(),
        _ => None,
    });
    assert_eq!(trouble.as_deref(), Some("exit code 1"));
}

#[tokio::test(start_paused = true)]
async fn a_hypothesis_that_fails_after_the_fire_offers_the_rollbacks() {
    let parts = format!(
        "{}, {}, {}",
        hypothesis(&[probe("p", r#"next:[1, "gone"]"#, r#""tolerance": 1"#)]),
        method(&[action("kill", "harm", "")]),
        rollbacks(&[action("undo", "harm", ""), action("more", "harm", "")])
    );
    let first = at(Section::Rollbacks, 0);
    for (answer, wanted) in [(StepCommand::Next, &["undo", "more"][..]), (StepCommand::Skip, &[])] {
        let played = Setup::new(&parts)
            .stepping()
            .play_with(async |what, operator| {
                if let EventKind::StepAwaited { step, destructive } = what {
                    let said = match (*step == first, *destructive) {
                        (true, _) => answer.clone(),
                        (_, true) => StepCommand::Fire(*step),
                        _ => StepCommand::Next,
                    };
                    operator.says(said).await;
                }
            })
            .await;
        assert_eq!(played.names("rollbacks"), wanted, "{answer:?}");
        assert_eq!(played.outcome().0, "failed");
        assert_eq!(played.awaited().iter().filter(|(step, _)| *step == first).count(), 1, "asked once");
    }
    // Without an operator who could be asked, the run does as the reference does.
    let played = Setup::new(&parts).play().await;
    assert!(played.names("rollbacks").is_empty());
}

/// Fires and goes on until the first rollback is offered, then does as `answer` says. Returns whether it was offered.
async fn offered(setup: Setup, answer: impl AsyncFn(&Operator)) -> (bool, Played) {
    let played = setup
        .stepping()
        .play_with(async |what, operator| match what {
            EventKind::StepAwaited { step, .. } if step.section == Section::Rollbacks => {
                answer(operator).await;
            }
            EventKind::StepAwaited { step, destructive: true } => {
                operator.says(StepCommand::Fire(*step)).await;
            }
            EventKind::StepAwaited { .. } => operator.says(StepCommand::Next).await,
            _ => {}
        })
        .await;
    let asked = played.awaited().iter().any(|(step, _)| step.section == Section::Rollbacks);
    (asked, played)
}

fn failing(values: &str) -> String {
    format!(
        "{}, {}, {}",
        hypothesis(&[probe("p", &format!("next:{values}"), r#""tolerance": 1"#)]),
        method(&[action("kill", "harm", "")]),
        rollbacks(&[action("undo", "harm", "")])
    )
}

#[tokio::test(start_paused = true)]
async fn rollbacks_are_offered_only_if_something_was_fired_and_they_are_not_ruled_out() {
    let next = async |operator: &Operator| operator.says(StepCommand::Next).await;
    let (asked, played) = offered(Setup::new(&failing(r#"[1, "gone"]"#)), next).await;
    assert!(asked && played.calls.contains(&"undo".to_owned()));
    let never = Setup::new(&failing(r#"[1, "gone"]"#)).options(|it| it.rollbacks = RollbackStrategy::Never);
    let (asked, played) = offered(never, next).await;
    assert!(!asked && !played.calls.contains(&"undo".to_owned()), "the file says never");
    let harmless =
        failing(r#"[1, "gone"]"#).replace(&action("kill", "harm", ""), &probe("look", "give:1", ""));
    let (asked, played) = offered(Setup::new(&harmless), next).await;
    assert!(!asked && played.calls == ["p", "look", "p"], "nothing was fired: {:?}", played.calls);
}

#[tokio::test(start_paused = true)]
async fn who_aborts_instead_of_an_answer_gets_the_rollbacks_and_a_signal_does_not_play_them() {
    let undone = |played: &Played| played.calls.contains(&"undo".to_owned());
    let abort = async |operator: &Operator| operator.says(StepCommand::Abort).await;
    let (asked, played) = offered(Setup::new(&failing(r#"[1, "gone"]"#)), abort).await;
    assert!(asked && undone(&played));
    let signal = async |operator: &Operator| operator.signals(Signal::Interrupt).await;
    let (asked, played) = offered(Setup::new(&failing(r#"[1, "gone"]"#)), signal).await;
    assert!(asked && !undone(&played));
}

#[tokio::test(start_paused = true)]
async fn an_abort_rolls_back_unless_the_file_says_never() {
    let parts = format!(
        "{}, {}",
        method(&[action("kill", "harm", ""), probe("stuck", "hang", "")]),
        rollbacks(&[action("undo", "harm", "")])
    );
    for (strategy, undone) in [
        (RollbackStrategy::Default, true),
        (RollbackStrategy::Deviated, true),
        (RollbackStrategy::Never, false),
    ] {
        let played = Setup::new(&parts)
            .options(|it| it.rollbacks = strategy.clone())
            .play_with(async |what, operator| {
                if matches!(what, EventKind::ActivityStarted { name, .. } if name == "stuck") {
                    operator.says(StepCommand::Abort).await;
                }
            })
            .await;
        assert_eq!(played.calls.contains(&"undo".to_owned()), undone, "{strategy:?}");
    }
    // SIGUSR2 leaves everything as it is, and nobody is asked.
    let stepping = Setup::new(&parts).stepping();
    let played = stepping
        .play_with(async |what, operator| match what {
            EventKind::StepAwaited { step, destructive: true } => {
                operator.says(StepCommand::Fire(*step)).await;
            }
            EventKind::StepAwaited { .. } => operator.says(StepCommand::Next).await,
            EventKind::ActivityStarted { name, .. } if name == "stuck" => {
                operator.signals(Signal::User2).await;
            }
            _ => {}
        })
        .await;
    assert!(played.awaited().iter().all(|(step, _)| step.section != Section::Rollbacks));
    assert_eq!(played.calls, ["kill", "stuck"]);
}

#[tokio::test]
async fn a_tolerance_in_the_method_is_told_and_not_journalled() {
    let parts = method(&[
        probe("in", "give:1", r#""tolerance": 1"#),
        probe("out", "give:2", r#""tolerance": 1"#),
        probe("none", "give:2", ""),
    ]);
    let played = Setup::new(&parts).play().await;
    let told = played.events.iter().filter_map(|event| match &event.what {
        EventKind::ActivityEnded { outcome, .. } => Some(outcome.tolerance_met),
        _ => None,
    });
    assert_eq!(told.collect::<Vec<_>>(), [Some(true), Some(false), None]);
    for index in 0..3 {
        assert_eq!(played.at(&format!("run.{index}.tolerance_met")), Value::Null);
        assert_eq!(played.at(&format!("run.{index}.status")), "succeeded".into());
    }
    assert_eq!(played.outcome(), ("completed".to_owned(), false, true));
}

/// Sends one command the first time that a step is awaited, and another one later.
async fn stepping(parts: &str, answer: impl Fn(StepRef, usize) -> StepCommand) -> Played {
    let times = std::sync::Mutex::new(std::collections::HashMap::<StepRef, usize>::new());
    Setup::new(parts)
        .stepping()
        .play_with(async |what, operator| {
            if let EventKind::StepAwaited { step, .. } = what {
                let time = {
                    let mut times = times.lock().unwrap();
                    let count = times.entry(*step).or_default();
                    *count += 1;
                    *count
                };
                operator.says(answer(*step, time)).await;
            }
        })
        .await
}

#[tokio::test(start_paused = true)]
async fn a_skip_stands_in_the_journal_until_it_is_taken_back() {
    let parts = method(&[probe("a", "give:1", ""), probe("b", "give:1", "")]);
    let (a, b) = (at(Section::Method, 0), at(Section::Method, 1));
    let played =
        stepping(&parts, |step, _| if step == a { StepCommand::Skip } else { StepCommand::Next }).await;
    assert_eq!(played.names("run"), ["b"]);
    assert_eq!(played.at("chaos-tui.skipped.0.name"), "a".into());
    assert_eq!(played.at("chaos-tui.skipped.0.section"), "run".into());

    let taken_back = stepping(&parts, |step, time| match (step == a, step == b, time) {
        (true, _, 1) => StepCommand::Skip,
        (_, true, 1) => StepCommand::Rerun,
        _ => StepCommand::Next,
    })
    .await;
    assert_eq!(taken_back.names("run"), ["a", "b"]);
    assert_eq!(taken_back.at("chaos-tui"), Value::Null);
    let awaited = taken_back.awaited().into_iter().filter(|(step, _)| *step == a).count();
    assert_eq!(awaited, 2, "what was left out waits its turn again");

    let all = Setup::new(&parts).play().await;
    assert_eq!(all.at("chaos-tui"), Value::Null, "nothing was left out");
}

#[tokio::test(start_paused = true)]
async fn a_hypothesis_that_was_not_asked_is_not_met() {
    let probes = [probe("p", "give:1", r#""tolerance": 1"#), probe("q", "give:1", r#""tolerance": 1"#)];
    let parts = format!("{}, {}", hypothesis(&probes), method(&[probe("a", "give:1", "")]));
    let skip = |step: StepRef, _| match step.section {
        Section::Before => StepCommand::Skip,
        _ => StepCommand::Next,
    };
    let played = stepping(&parts, skip).await;
    assert_eq!(played.at("steady_states.before.steady_state_met"), Value::Null);
    assert_eq!(played.at("steady_states.after.steady_state_met"), true.into());
    assert!(
        !played.says("Steady state hypothesis is met!") || played.says("Steady state hypothesis: 0 of 2")
    );
    assert_eq!(played.names("run"), ["a"], "the operator goes on");
    let ended = played.events.iter().find_map(|event| match &event.what {
        EventKind::HypothesisEnded { skipped, .. } => Some(*skipped),
        _ => None,
    });
    assert_eq!(ended, Some(2));
}
