//! The operator controls the run: steps, fires, cuts, skips, goes back, aborts.

use super::*;
use crate::session::{command::StepCommand, event::Section};

fn at(section: Section, index: usize) -> StepRef {
    StepRef { section, index }
}

fn parts() -> String {
    let steps =
        method(&[probe("look", "give:1", ""), action("kill", "harm", ""), probe("again", "give:1", "")]);
    format!("{}, {steps}, {}", hypothesis_of("[1]"), rollbacks(&[action("undo", "harm", "")]))
}

/// Sends the commands that `answer` returns for each awaited step.
async fn led(setup: Setup, answer: impl Fn(StepRef, bool) -> Vec<StepCommand>) -> Played {
    setup
        .stepping()
        .play_with(async |what, operator| {
            if let EventKind::StepAwaited { step, destructive } = what {
                for command in answer(*step, *destructive) {
                    operator.says(command).await;
                }
            }
        })
        .await
}

#[tokio::test(start_paused = true)]
async fn every_step_is_awaited_and_destructive_ones_are_fired() {
    let fire = |step, destructive| {
        if destructive { vec![StepCommand::Next, StepCommand::Fire(step)] } else { vec![StepCommand::Next] }
    };
    let played = led(Setup::new(&parts()), fire).await;
    assert_eq!(played.outcome(), ("completed".to_owned(), false, true));
    let awaited = played.awaited();
    let expected = [
        (at(Section::Before, 0), false),
        (at(Section::Method, 0), false),
        (at(Section::Method, 1), true),
        (at(Section::Method, 2), false),
        (at(Section::After, 0), false),
        (at(Section::Rollbacks, 0), false),
    ];
    assert_eq!(awaited, expected);
    assert!(played.says("This step changes the system: fire it to run it."));
    let fired = played.events.iter().filter_map(|event| match &event.what {
        EventKind::FaultFired { step, what, targets } => Some((*step, what.clone(), targets.clone())),
        _ => None,
    });
    let expected = (at(Section::Method, 1), "kill: fake harm".to_owned(), vec!["target of harm".to_owned()]);
    assert_eq!(fired.collect::<Vec<_>>(), [expected]);
}

#[tokio::test(start_paused = true)]
async fn the_pass_begins_with_its_first_step() {
    let played = led(Setup::new(&parts()), |step, _| vec![StepCommand::Fire(step)]).await;
    let place =
        |wanted: fn(&EventKind) -> bool| played.events.iter().position(|event| wanted(&event.what)).unwrap();
    let awaited = place(|what| matches!(what, EventKind::StepAwaited { .. }));
    let begun = place(|what| matches!(what, EventKind::HypothesisStarted { .. }));
    assert!(awaited < begun);
}

#[tokio::test(start_paused = true)]
async fn automatic_steps_still_wait_for_the_fire() {
    let played = led(Setup::new(&parts()), |step, destructive| {
        if destructive { vec![StepCommand::Fire(step)] } else { vec![StepCommand::Auto(true)] }
    })
    .await;
    let awaited: Vec<StepRef> = played.awaited().into_iter().map(|(step, _)| step).collect();
    assert_eq!(awaited, [at(Section::Before, 0), at(Section::Method, 1)]);
    assert_eq!(played.outcome(), ("completed".to_owned(), false, true));
}

#[tokio::test(start_paused = true)]
async fn a_breakpoint_holds_the_automatic_run() {
    let stop = at(Section::Method, 2);
    let played = led(Setup::new(&parts()), |step, destructive| match (step, destructive) {
        (step, true) => vec![StepCommand::Fire(step)],
        (step, _) if step == stop => vec![StepCommand::Next],
        _ => vec![StepCommand::Breakpoint(stop), StepCommand::Auto(true)],
    })
    .await;
    let awaited: Vec<StepRef> = played.awaited().into_iter().map(|(step, _)| step).collect();
    assert_eq!(awaited, [at(Section::Before, 0), at(Section::Method, 1), stop]);
    assert_eq!(played.outcome(), ("completed".to_owned(), false, true));
}

#[tokio::test(start_paused = true)]
async fn skipped_steps_leave_no_entry() {
    let played = led(Setup::new(&parts()), |step, destructive| match (destructive, step.section) {
        (true, _) => vec![StepCommand::Skip],
        _ => vec![StepCommand::Next],
    })
    .await;
    assert_eq!(played.names("run"), ["look", "again"]);
    let skipped = EventKind::StepSkipped { step: at(Section::Method, 1), name: "kill".to_owned() };
    assert!(played.events.iter().any(|event| event.what == skipped));
}

#[tokio::test(start_paused = true)]
async fn a_step_is_run_again_and_both_runs_are_recorded() {
    let again = std::sync::atomic::AtomicBool::new(true);
    let played = led(Setup::new(&parts()), |step, destructive| {
        let first =
            |flag: &std::sync::atomic::AtomicBool| flag.swap(false, std::sync::atomic::Ordering::Relaxed);
        match (destructive, step) {
            (true, _) if first(&again) => vec![StepCommand::Rerun],
            (true, step) => vec![StepCommand::Fire(step)],
            _ => vec![StepCommand::Next],
        }
    })
    .await;
    assert_eq!(played.names("run"), ["look", "look", "kill", "again"]);
}

#[tokio::test(start_paused = true)]
async fn a_gate_that_is_not_met_can_be_asked_again() {
    let setup =
        || Setup::new(&format!("{}, {}", hypothesis_of("[0, 1]"), method(&[probe("a", "give:1", "")])));
    let mended = led(setup(), |_, _| vec![StepCommand::Next]).await;
    assert_eq!(mended.names("steady_states.before.probes"), ["p"], "the last answer counts");
    assert_eq!(mended.at("steady_states.before.steady_state_met"), true.into());
    assert_eq!(mended.names("run"), ["a"]);
    let times = std::sync::atomic::AtomicUsize::new(0);
    let accepted = led(setup(), |_, _| match times.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
        0 => vec![StepCommand::Next],
        _ => vec![StepCommand::Skip],
    })
    .await;
    assert_eq!(accepted.at("steady_states.before.steady_state_met"), false.into());
    assert_eq!(accepted.at("run"), Value::List(Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn waits_can_be_cut() {
    let steps = method(&[probe("stuck", "hang", r#""pauses": {"before": 600, "after": 600}"#)]);
    let played = Setup::new(&steps)
        .play_with(async |what, operator| {
            if matches!(what, EventKind::PauseStarted { .. } | EventKind::ActivityStarted { .. }) {
                operator.says(StepCommand::Cut).await;
            }
        })
        .await;
    assert_eq!(played.outcome(), ("completed".to_owned(), false, true));
    assert!(played.seconds() < 1.0);
    assert_eq!(played.at("run.0.status"), "failed".into());
    assert!(played.says("  => failed: cut short by the operator"));
    let cuts =
        played.events.iter().filter(|event| matches!(event.what, EventKind::PauseEnded { cut: true, .. }));
    assert_eq!(cuts.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_abort_undoes() {
    for (command, reason) in
        [(StepCommand::Abort, "Aborted by the operator"), (StepCommand::Quit, "The operator left")]
    {
        let setup = Setup::new(&parts());
        let played = setup
            .stepping()
            .play_with(async |what, operator| match what {
                EventKind::StepAwaited { destructive: true, .. } => operator.says(command.clone()).await,
                EventKind::StepAwaited { .. } => operator.says(StepCommand::Next).await,
                _ => {}
            })
            .await;
        assert_eq!(played.outcome().0, "interrupted");
        assert!(played.says(reason), "{:?}", played.console());
        assert!(played.calls.contains(&"undo".to_owned()) && !played.calls.contains(&"kill".to_owned()));
        let last = played.awaited().last().unwrap().0;
        assert_eq!(last.section, Section::Method, "rollbacks after an abort need nobody to step them");
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_nobody_steps_any_more_ends() {
    let setup = Setup::new(&method(&[probe("a", "give:1", "")]));
    let document = Document::json("test", setup.experiment).unwrap();
    let request = RunRequest::stepped(Experiment::unchecked(document).unwrap());
    let (emitter, mut events) = stream(Clock::system());
    let (_, commands) = mpsc::channel(1);
    let (_, signals) = mpsc::channel(1);
    let playing = run_experiment(
        request,
        Arc::new(Providers::new(Environment::default())),
        emitter,
        commands,
        signals,
        None,
    );
    let draining = async { while events.next().await.is_some() {} };
    let (ending, ()) = within(async { tokio::join!(playing, draining) }).await;
    assert_eq!(ending.status, crate::session::event::RunStatus::Interrupted);
}

#[tokio::test(start_paused = true)]
async fn the_plan_comes_first_and_knows_what_is_dangerous() {
    let played = Setup::new(&parts()).play().await;
    let EventKind::Planned(plan) = &played.events[0].what else { panic!("{:?}", played.events[0]) };
    let steps: Vec<(Section, &str, &str, bool)> = plan
        .steps
        .iter()
        .map(|step| (step.at.section, &*step.name, &*step.label, step.destructive))
        .collect();
    assert_eq!(
        steps,
        [
            (Section::Before, "p", "fake next", false),
            (Section::Method, "look", "fake give", false),
            (Section::Method, "kill", "fake harm", true),
            (Section::Method, "again", "fake give", false),
            (Section::After, "p", "fake next", false),
            (Section::Rollbacks, "undo", "fake harm", false),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn leaving_during_the_rollbacks_lets_the_rest_go_by_itself() {
    for command in [StepCommand::Abort, StepCommand::Quit] {
        let undoing =
            rollbacks(&[action("r1", "give:1", ""), action("r2", "give:1", ""), action("r3", "give:1", "")]);
        let setup = Setup::new(&format!("{}, {undoing}", method(&[])));
        let played = led(setup, |_, _| vec![StepCommand::Pause(true), command.clone()]).await;
        assert_eq!(played.awaited(), [(at(Section::Rollbacks, 0), false)], "{command:?}");
        assert_eq!(played.names("rollbacks"), ["r1", "r2", "r3"]);
        assert!(played.events.iter().any(|event| matches!(event.what, EventKind::AutoSwitched { on: true })));
    }
}
