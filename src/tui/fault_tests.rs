//! Snapshot tests of the outcomes of fires, rollbacks and runs.

use super::{
    Overlay, Theme, View,
    tests::{drawn, text, view},
};
use crate::session::{
    Session,
    event::{ActivityOutcome, Event, EventKind, Level, Plan, RunId, RunStatus, Section, StepRef, Timestamp},
    fixtures::{self, Variant, at},
};

const KILL: StepRef = StepRef { section: Section::Method, index: 0 };

fn apply_at(session_at: &mut (Session, Timestamp), seconds: f64, what: EventKind) {
    session_at.0.apply(&Event { seq: 0, at: at(seconds), what });
}

/// Takes a snapshot at both sizes.
fn shown(name: &str, session_at: &(Session, Timestamp), view: &View) {
    for (width, height) in [(120, 36), (80, 24)] {
        let picture = text(&drawn(session_at, view, &Theme::default(), width, height));
        insta::assert_snapshot!(format!("{name}-{width}x{height}"), picture);
    }
}

/// The scenario up to the kill, which ends with `end` instead; users are served as before.
fn fired(end: EventKind) -> (Session, Timestamp) {
    let served = |event: &Event| {
        event.at <= at(0.0)
            || matches!(event.what, EventKind::RequestSent { .. } | EventKind::ActivityStarted { .. })
    };
    let events: Vec<Event> = fixtures::events(Variant::Before, 0.4).into_iter().filter(served).collect();
    let mut session_at = (fixtures::session(&events), at(4.0));
    apply_at(&mut session_at, 0.5, end);
    let next = StepRef { index: 1, ..KILL };
    apply_at(&mut session_at, 0.6, EventKind::StepAwaited { step: next, destructive: false });
    session_at
}

fn outcome(succeeded: bool, met: Option<bool>, summary: &str) -> ActivityOutcome {
    let (summary, trouble) = (summary.to_owned(), None);
    ActivityOutcome { succeeded: Some(succeeded), tolerance_met: met, summary, trouble, seconds: 0.1 }
}

fn called(session_at: &mut (Session, Timestamp), seconds: f64, step: StepRef, outcome: ActivityOutcome) {
    let (run, entry) = (RunId(500 + step.index as u64), pyvalue::Value::Null);
    let started = EventKind::ActivityStarted { run, step, name: String::new(), entry: entry.clone() };
    apply_at(session_at, seconds - 0.1, started);
    apply_at(session_at, seconds, EventKind::ActivityEnded { run, step, outcome, entry });
}

#[test]
fn a_refused_fire_and_one_that_failed() {
    let reason = "context minikube: viewer may not delete pods/my-provider-app-6c8b-x2k8p in namespace default (403 Forbidden)";
    let refused = EventKind::FaultRefused { step: KILL, reason: reason.to_owned() };
    let mut session_at = fired(refused);
    shown("fault-refused", &session_at, &view());
    apply_at(&mut session_at, 5.0, EventKind::RunEnded { status: RunStatus::Completed, deviated: false });
    shown("fault-refused-finished", &session_at, &View { finished: true, ..view() });
    let failed = EventKind::FaultUnconfirmed { step: KILL, reason: "exit code 1: no such device".to_owned() };
    shown("fault-not-confirmed", &fired(failed), &view());
}

fn ended(status: RunStatus) -> (Session, Timestamp) {
    let mut session_at = fixtures::session_at(Variant::Before, 19.0);
    apply_at(
        &mut session_at,
        19.0,
        EventKind::Interrupted { reason: "Aborted by the operator".to_owned(), level: Level::Warning },
    );
    apply_at(&mut session_at, 19.5, EventKind::RunEnded { status, deviated: false });
    apply_at(&mut session_at, 19.5, EventKind::SafetyBegan);
    session_at
}

#[test]
fn the_way_to_safety_and_its_ends() {
    let over = View { finished: true, ..view() };
    let mut session_at = ended(RunStatus::Interrupted);
    let wrong = vec!["my-provider-app has 0 of 1 ready".to_owned()];
    apply_at(&mut session_at, 19.6, EventKind::SafetyChecked { met: false, wrong, last: false });
    session_at.1 = at(22.0);
    shown("recovering", &session_at, &over);
    apply_at(&mut session_at, 27.2, EventKind::SafetyChecked { met: true, wrong: Vec::new(), last: true });
    session_at.1 = at(28.0);
    shown("safe", &session_at, &over);
    let mut session_at = ended(RunStatus::Interrupted);
    let wrong = vec!["`application responds` gave 500, wanted 200".to_owned()];
    apply_at(&mut session_at, 79.0, EventKind::SafetyChecked { met: false, wrong, last: true });
    session_at.1 = at(80.0);
    shown("not-safe", &session_at, &over);
}

#[test]
fn a_rollback_that_failed_is_told_until_the_end() {
    let mut session_at = fixtures::session_at(Variant::Before, 19.0);
    let step = |index| StepRef { section: Section::Rollbacks, index };
    let rollbacks =
        [fixtures::probe(step(0), "uncordon the node", ""), fixtures::probe(step(1), "scale it back", "")];
    let steps = session_at.0.steps.rows.iter().map(|row| row.step.clone()).chain(rollbacks).collect();
    let (title, hypothesis) = (session_at.0.meta.title.clone(), session_at.0.steps.hypothesis.clone());
    apply_at(&mut session_at, 19.1, EventKind::Planned(Plan { title, hypothesis, steps }));
    apply_at(&mut session_at, 19.2, EventKind::RollbacksStarted { steps: 2 });
    called(&mut session_at, 19.4, step(0), outcome(false, None, "RuntimeError: node n1 was not found"));
    called(&mut session_at, 19.6, step(1), outcome(true, None, ""));
    apply_at(&mut session_at, 19.7, EventKind::RollbacksEnded);
    apply_at(&mut session_at, 19.8, EventKind::RunEnded { status: RunStatus::Completed, deviated: false });
    session_at.1 = at(20.0);
    shown("rollback-failed", &session_at, &View { finished: true, ..view() });
    let asked = View { finished: true, overlay: Some(Overlay::ConfirmQuit), ..view() };
    shown("rollback-failed-quit", &session_at, &asked);
}

#[test]
fn a_hypothesis_that_fails_before_the_method_and_what_to_press() {
    let mut session_at = fixtures::session_at(Variant::After, -18.5);
    let step = StepRef { section: Section::Before, index: 0 };
    apply_at(&mut session_at, -18.4, EventKind::StepAwaited { step, destructive: false });
    called(&mut session_at, -18.0, step, outcome(true, Some(false), "503"));
    apply_at(&mut session_at, -17.9, EventKind::StepAwaited { step, destructive: false });
    session_at.1 = at(-17.0);
    shown("gate-not-met", &session_at, &view());
}

#[test]
fn leaving_a_step_out_is_asked() {
    let session_at = fixtures::steady();
    shown("skip", &session_at, &View { overlay: Some(Overlay::ConfirmSkip(KILL)), ..view() });
}

#[test]
fn a_wait_that_cannot_end_well() {
    let mut session_at = fixtures::session_at(Variant::After, 0.5);
    let step = StepRef { section: Section::Method, index: 1 };
    for row in session_at.0.steps.rows.iter_mut().filter(|row| row.step.at == step) {
        row.step.label = "k8s deployment_not_fully_available".to_owned();
    }
    let (run, entry) = (RunId(99), pyvalue::Value::Null);
    apply_at(&mut session_at, 0.6, EventKind::ActivityStarted { run, step, name: String::new(), entry });
    apply_at(
        &mut session_at,
        2.0,
        EventKind::FaultHealed { what: "my-provider-app 1/1 ready again".to_owned() },
    );
    session_at.1 = at(3.0);
    shown("hopeless-wait", &session_at, &view());
}
