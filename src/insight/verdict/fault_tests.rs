//! Fires that were refused or failed, and the recovery: what is reported, and what is withheld.

use super::{
    RunVerdict, UserWord, conclusion, failed_hypothesis_text, late_verdict, needs_recovery,
    only_failed_rollbacks, remaining_problems, state_of_verdict, verdict, why_fault_had_no_effect,
    why_fault_unconfirmed, why_wait_is_hopeless,
};
use crate::{
    insight::{Phase, guard_readings, phase},
    session::{
        Event, Session,
        event::{
            ActivityOutcome, AnswerKind, EndpointId, ErrorKind, EventKind, Level, RequestId, RunId,
            RunStatus, Section, StepRef, Workload,
        },
        fixtures::{self, Variant, at},
    },
    test_support::answer,
};

const KILL: StepRef = StepRef { section: Section::Method, index: 0 };

fn tell(session: &mut Session, seconds: f64, what: EventKind) {
    session.apply(&Event { seq: 0, at: at(seconds), what });
}

fn fired(targets: &[&str]) -> EventKind {
    let targets = targets.iter().map(|name| (*name).to_owned()).collect();
    EventKind::FaultFired { step: KILL, what: "kill".to_owned(), targets }
}

fn refused(why: &str) -> EventKind {
    EventKind::FaultRefused { step: KILL, reason: why.to_owned() }
}

fn unconfirmed(why: &str) -> EventKind {
    EventKind::FaultUnconfirmed { step: KILL, reason: why.to_owned() }
}

/// Steady state with real answers, then a fire, with real answers throughout.
fn served(end: EventKind) -> Session {
    let mut session = Session::new();
    let endpoint = EndpointId(0);
    let watched = fixtures::watched(endpoint);
    tell(&mut session, -5.0, watched);
    let learned =
        EventKind::ShapeLearned { endpoint, description: "JSON".to_owned(), answers: 20, unseen: None };
    answers(&mut session, -5.0, AnswerKind::Real, 40);
    tell(&mut session, -0.9, learned);
    tell(&mut session, 0.0, fired(&["/bin/false"]));
    tell(&mut session, 0.1, end);
    answers(&mut session, 0.2, AnswerKind::Real, 30);
    session
}

/// Adds ten answers a second, beginning at `from`.
fn answers(session: &mut Session, from: f64, kind: AnswerKind, count: u64) {
    let endpoint = EndpointId(0);
    for number in 0..count {
        let start = from + number as f64 / 10.0;
        let request = RequestId(((from + 100.0) * 1000.0) as u64 + number);
        tell(session, start, EventKind::RequestSent { endpoint, request });
        let answer = answer(endpoint, request, 5.0, kind);
        tell(session, start + 0.005, EventKind::Answered(answer));
    }
}

fn workload(ready: u32, desired: u32) -> EventKind {
    let (namespace, name) = ("default".to_owned(), "app".to_owned());
    EventKind::WorkloadSeen(Workload { namespace, name, desired, ready, updated: desired })
}

#[test]
fn a_refused_fire_is_no_fault() {
    let why = "context sandbox: viewer may not delete pods in namespace default (403 Forbidden)";
    let mut session = served(refused(why));
    assert_eq!((session.fault.is_some(), session.t0()), (false, None));
    assert_eq!(phase(&session, at(3.5)), Phase::Steady);
    let concluded = conclusion(&session, at(3.5));
    assert_eq!(concluded.verdict, RunVerdict::FaultNeverHappened);
    assert!(concluded.because().starts_with("The fire was refused"), "{}", concluded.because());
    assert_eq!(
        concluded.details.as_deref(),
        Some("Context sandbox: viewer may not delete pods in namespace default (403 Forbidden).")
    );
    let endpoint = session.users.main().unwrap();
    assert_eq!(
        (endpoint.baseline(at(3.5)).real, endpoint.since_t0(at(3.5)).sent),
        (70, 0),
        "it was steady state all along"
    );
    assert!(guard_readings(&session, at(3.5)).is_empty(), "no guard watches without a fault");
    // The next fire is T0, and starts a fault.
    tell(&mut session, 5.0, fired(&["pod/x"]));
    assert_eq!((session.t0(), phase(&session, at(5.1))), (Some(at(5.0)), Phase::FaultOn));
    assert_ne!(conclusion(&session, at(8.0)).verdict, RunVerdict::FaultNeverHappened);
}

#[test]
fn of_two_fires_only_the_refused_one_is_taken_back() {
    let mut session = Session::new();
    tell(&mut session, 0.0, fired(&["pod/x"]));
    let other = StepRef { index: 1, ..KILL };
    tell(
        &mut session,
        1.0,
        EventKind::FaultFired { step: other, what: "more".to_owned(), targets: Vec::new() },
    );
    tell(&mut session, 1.1, EventKind::FaultRefused { step: other, reason: "no".to_owned() });
    assert_eq!((phase(&session, at(2.0)), session.t0()), (Phase::FaultOn, Some(at(0.0))));
    assert_eq!(session.fault.as_ref().unwrap().fires.len(), 1);
}

#[test]
fn a_fire_that_failed_is_not_confirmed_and_never_resilient() {
    let session = served(unconfirmed("exit code 1"));
    assert_eq!(phase(&session, at(3.5)), Phase::FaultUnconfirmed);
    let concluded = conclusion(&session, at(3.5));
    assert_eq!(concluded.verdict, RunVerdict::FaultNotConfirmed);
    assert!(concluded.because().ends_with("is not known. Exit code 1."), "{}", concluded.because());
    assert!(session.fault.as_ref().unwrap().is_on(), "the fault's clock runs");
    let mut guarded = session.clone();
    guarded.guards.limits.users_s = Some(60);
    assert_eq!(guard_readings(&guarded, at(3.5)).len(), 1, "guards watch");
    // The counterexample: the same answers after a fire that did not fail.
    let done = served(EventKind::FaultHealed { what: "back".to_owned() });
    assert_ne!(conclusion(&done, at(3.5)).verdict, RunVerdict::FaultNotConfirmed);
}

#[test]
fn the_watch_decides_what_a_failed_fire_came_to() {
    let begun = || {
        let mut session = Session::new();
        tell(&mut session, -1.0, workload(1, 1));
        tell(&mut session, 0.0, fired(&["app"]));
        tell(&mut session, 0.1, unconfirmed("HTTP 500"));
        session
    };
    let mut harmed = begun();
    tell(&mut harmed, 1.0, workload(0, 1));
    assert_eq!(phase(&harmed, at(1.1)), Phase::FaultOn);
    assert_eq!(why_fault_had_no_effect(&harmed, at(60.0)), None);
    let untouched = begun();
    assert_eq!(phase(&untouched, at(1.1)), Phase::FaultUnconfirmed);
    assert_eq!(why_fault_had_no_effect(&untouched, at(10.0)), None, "too early to tell");
    let why = why_fault_had_no_effect(&untouched, at(15.0)).unwrap();
    assert_eq!(why, "HTTP 500; nothing of what it names changed within 15 s");
    // No watch observes its targets: nothing is known.
    let unwatched = served(unconfirmed("exit code 1"));
    assert_eq!(why_fault_had_no_effect(&unwatched, at(60.0)), None);
}

/// A function that deletes one pod and is then refused the second was refused, but caused a fault.
#[test]
fn harm_right_after_a_refusal_is_a_fault_all_the_same() {
    let hit = |seconds: f64| {
        let mut session = Session::new();
        tell(&mut session, -1.0, workload(2, 2));
        tell(&mut session, 0.0, fired(&["app"]));
        tell(&mut session, 0.2, refused("pods is forbidden: User \"viewer\" cannot delete (403)"));
        tell(&mut session, seconds, workload(1, 2));
        session
    };
    let begun = hit(1.0);
    assert_eq!((phase(&begun, at(1.1)), begun.t0()), (Phase::FaultOn, Some(at(0.0))));
    assert!(begun.refusals.is_empty());
    // A change much later has another cause.
    let later = hit(20.0);
    assert_eq!((later.fault.is_some(), later.refusals.len()), (false, 1));
}

#[test]
fn users_who_fare_worse_show_that_there_is_a_fault() {
    let mut session = served(unconfirmed("exit code 1"));
    answers(&mut session, 4.0, AnswerKind::Error(ErrorKind::Server), 2);
    assert_eq!(phase(&session, at(4.5)), Phase::FaultUnconfirmed, "a few errors are none");
    answers(&mut session, 5.0, AnswerKind::Error(ErrorKind::Server), 20);
    assert_eq!(phase(&session, at(7.1)), Phase::FaultOn);
    assert_eq!(conclusion(&session, at(7.1)).verdict, RunVerdict::NotResilient);
}

#[test]
fn recovered_is_said_of_users_and_not_of_pods() {
    let recovered = |kind| {
        let mut session = served(EventKind::FaultHealed { what: "back".to_owned() });
        answers(&mut session, 4.0, kind, 40);
        (phase(&session, at(8.1)), verdict(&session, at(8.1)).word)
    };
    assert_eq!(recovered(AnswerKind::Real), (Phase::Recovered, UserWord::Ok));
    assert_eq!(recovered(AnswerKind::Error(ErrorKind::Server)).0, Phase::Recovering);
    assert_eq!(recovered(AnswerKind::Fallback).0, Phase::Recovering);
    let mut unwatched = Session::new();
    tell(&mut unwatched, 0.0, fired(&["app"]));
    tell(&mut unwatched, 1.0, EventKind::FaultHealed { what: "back".to_owned() });
    assert_eq!(phase(&unwatched, at(2.0)), Phase::TargetsBack);
}

fn aborted() -> Session {
    let mut session = fixtures::session_at(Variant::Before, 5.0).0;
    tell(&mut session, 5.0, EventKind::Interrupted { reason: "Aborted".to_owned(), level: Level::Warning });
    session
}

#[test]
fn an_abort_leads_to_safety_and_not_to_finished() {
    let mut session = aborted();
    assert_eq!(phase(&session, at(5.1)), Phase::Recovering);
    tell(&mut session, 6.0, EventKind::RunEnded { status: RunStatus::Interrupted, deviated: false });
    assert!(needs_recovery(&session, at(6.0)));
    tell(&mut session, 6.0, EventKind::SafetyBegan);
    assert_eq!(phase(&session, at(6.1)), Phase::Recovering);
    let still =
        EventKind::SafetyChecked { met: false, wrong: vec!["app has 0 of 1 ready".to_owned()], last: false };
    tell(&mut session, 7.0, still);
    assert_eq!(session.safety_text(), "still wrong: app has 0 of 1 ready");
    assert_eq!(phase(&session, at(7.1)), Phase::Recovering);
    tell(&mut session, 13.2, EventKind::SafetyChecked { met: true, wrong: Vec::new(), last: true });
    assert_eq!(phase(&session, at(13.3)), Phase::Finished);
    assert_eq!(session.safety_text(), "SAFE: steady state met again after 8.2 s");
}

#[test]
fn what_is_still_wrong_is_not_called_safe() {
    let mut session = aborted();
    tell(&mut session, 6.0, EventKind::RunEnded { status: RunStatus::Interrupted, deviated: false });
    tell(&mut session, 6.0, EventKind::SafetyBegan);
    let wrong = vec!["`p` gave 500, wanted 200".to_owned()];
    tell(&mut session, 66.0, EventKind::SafetyChecked { met: false, wrong, last: true });
    assert_eq!(session.safety_text(), "NOT SAFE: `p` gave 500, wanted 200");
    assert_eq!(phase(&session, at(66.1)), Phase::Finished);
    let stands = session.safety_text();
    tell(&mut session, 80.0, EventKind::SafetyChecked { met: true, wrong: Vec::new(), last: false });
    assert_eq!(session.safety_text(), stands, "what comes late does not change the word");
    assert_eq!(session.safety.as_ref().unwrap().met_late_at, Some(at(80.0)));
}

#[test]
fn a_run_that_left_nothing_ends_as_ever() {
    let (session, now) = fixtures::finished(Variant::After);
    assert_eq!(phase(&session, now), Phase::Finished);
    let (session, now) = fixtures::after_closed();
    assert!(!needs_recovery(&session, now));
}

#[test]
fn the_verdict_of_a_finished_run_stands() {
    let mut session = served(EventKind::FaultHealed { what: "back".to_owned() });
    tell(&mut session, 4.0, EventKind::RunEnded { status: RunStatus::Completed, deviated: false });
    let stands = conclusion(&session, at(4.0));
    assert_eq!(state_of_verdict(&session, at(4.5)).1, at(4.5), "later figures tell the same");
    tell(&mut session, 5.0, unconfirmed("late news"));
    tell(&mut session, 5.0, fired(&[]));
    answers(&mut session, 5.1, AnswerKind::Error(ErrorKind::Server), 60);
    assert_eq!(conclusion(&session, at(12.0)), stands);
    assert_eq!(state_of_verdict(&session, at(12.0)).1, at(4.0), "its figures are those of that moment");
    let late = late_verdict(&session, at(12.0)).unwrap();
    assert_ne!(late.verdict, stands.verdict, "it is a footnote");
}

/// A call of a step that ended.
fn ended(session: &mut Session, seconds: f64, step: StepRef, outcome: ActivityOutcome) {
    let (run, entry) = (RunId((seconds * 1000.0) as u64), pyvalue::Value::Null);
    tell(
        session,
        seconds - 0.1,
        EventKind::ActivityStarted { run, step, name: String::new(), entry: entry.clone() },
    );
    tell(session, seconds, EventKind::ActivityEnded { run, step, outcome, entry });
}

fn outcome(met: Option<bool>, summary: &str, trouble: Option<&str>) -> ActivityOutcome {
    ActivityOutcome {
        succeeded: Some(true),
        tolerance_met: met,
        summary: summary.to_owned(),
        trouble: trouble.map(str::to_owned),
        seconds: 0.1,
    }
}

#[test]
fn a_tolerance_of_the_method_counts_in_the_verdict() {
    let with = |met| {
        let (mut session, _) = fixtures::session_at(Variant::After, 50.0);
        let step = StepRef { section: Section::Method, index: 2 };
        for row in session.steps.rows.iter_mut().filter(|row| row.step.at == step) {
            row.step.tolerance = Some("200".to_owned());
        }
        ended(&mut session, 50.5, step, outcome(Some(met), "500", None));
        conclusion(&session, at(51.0))
    };
    assert_eq!(with(true).verdict, RunVerdict::Protected);
    let missed = with(false);
    assert_eq!(missed.verdict, RunVerdict::NotResilient);
    assert!(missed.because().contains("gave 500, wanted 200"), "{}", missed.because());
}

#[test]
fn a_gate_that_failed_is_told_with_its_probe() {
    let gate = |met| {
        let (mut session, _) = fixtures::ready();
        let step = StepRef { section: Section::Before, index: 1 };
        ended(&mut session, -18.0, step, outcome(Some(met), "503", None));
        session
    };
    assert_eq!(failed_hypothesis_text(&gate(true)), None);
    let session = gate(false);
    let why = failed_hypothesis_text(&session).unwrap();
    assert!(why.starts_with("the hypothesis was not met: `") && why.contains("503"), "{why}");
    assert!(!why.contains("times"), "{why}");
    let mut again = session.clone();
    again.steps.rows.iter_mut().for_each(|row| row.calls = 3);
    assert_eq!(failed_hypothesis_text(&again), Some(format!("{why} (3 times)")));
    let because = conclusion(&session, at(-10.0)).because();
    assert!(because.starts_with("Nothing was fired") && because.contains("503"), "{because}");
}

#[test]
fn a_failed_rollback_is_not_hidden_by_another() {
    let (mut session, _) = fixtures::before_failing();
    let step = |index| StepRef { section: Section::Rollbacks, index };
    let steps = (0..2).map(|index| fixtures::probe(step(index), ["bad", "good"][index], "")).collect();
    tell(&mut session, 19.1, EventKind::Planned(crate::session::event::Plan { steps, ..Default::default() }));
    ended(&mut session, 20.0, step(1), outcome(None, "", None));
    assert!(session.steps.rolled_back());
    ended(&mut session, 20.2, step(0), outcome(None, "exit 1", Some("exit code 1")));
    assert!(!session.steps.rolled_back());
    let wrong = remaining_problems(&session, at(21.0));
    assert!(wrong.iter().any(|said| said == "rollback `bad` FAILED: exit code 1"), "{wrong:?}");
    assert!(wrong.iter().any(|said| said.starts_with("users WAITING: ")), "{wrong:?}");
    // Waiting heals users, and no rollback.
    let rollback = "rollback `bad` FAILED: exit code 1".to_owned();
    assert!(only_failed_rollbacks(&session, &[rollback]));
    assert!(!only_failed_rollbacks(&session, &wrong));
    assert!(!only_failed_rollbacks(&session, &[]));
}

#[test]
fn a_wait_for_what_is_over_says_so() {
    let waiting = |healed: bool| {
        let (mut session, _) = fixtures::session_at(Variant::After, 0.5);
        let step = StepRef { section: Section::Method, index: 1 };
        for row in session.steps.rows.iter_mut().filter(|row| row.step.at == step) {
            row.step.label = "k8s deployment_not_fully_available".to_owned();
        }
        let (run, entry) = (RunId(99), pyvalue::Value::Null);
        tell(&mut session, 0.6, EventKind::ActivityStarted { run, step, name: String::new(), entry });
        if healed {
            tell(&mut session, 2.0, EventKind::FaultHealed { what: "back".to_owned() });
        }
        why_wait_is_hopeless(&session)
    };
    assert_eq!(waiting(false), None);
    assert_eq!(waiting(true).as_deref(), Some("the outage is over: this cannot pass any more"));
}

#[test]
fn a_wait_for_what_never_began_or_never_comes_back_says_so() {
    let waiting = |label: &str, told: EventKind| {
        let (mut session, _) = fixtures::session_at(Variant::Before, 0.02);
        let step = StepRef { section: Section::Method, index: 1 };
        for row in session.steps.rows.iter_mut().filter(|row| row.step.at == step) {
            row.step.label = label.to_owned();
        }
        let (run, entry) = (RunId(99), pyvalue::Value::Null);
        tell(&mut session, 0.03, told);
        tell(&mut session, 0.6, EventKind::ActivityStarted { run, step, name: String::new(), entry });
        why_wait_is_hopeless(&session)
    };
    let (down, up) = ("k8s deployment_not_fully_available", "k8s deployment_fully_available");
    let gone =
        || EventKind::WorkloadGone { namespace: "default".to_owned(), name: "my-provider-app".to_owned() };
    let refused = || refused("pods is forbidden (403)");
    assert_eq!(waiting(down, refused()).as_deref(), Some("the fault never happened: this cannot pass"));
    assert_eq!(waiting(up, refused()), None, "nothing was taken away");
    assert_eq!(
        waiting(up, gone()).as_deref(),
        Some("my-provider-app is deleted: nothing brings it back by itself")
    );
    assert_eq!(waiting(down, gone()), None, "it waits for just that");
    assert_eq!(waiting("k8s read_pods", gone()), None);
}

#[test]
fn users_show_a_fault_from_three_bad_answers_on_and_only_if_they_are_more_than_twice_as_many_as_before() {
    let error = AnswerKind::Error(ErrorKind::Server);
    let shown = |before: &[(AnswerKind, u64)], during: &[(AnswerKind, u64)]| {
        let (mut session, mut seconds) = (Session::new(), -20.0);
        let endpoint = EndpointId(0);
        tell(&mut session, seconds, fixtures::watched(endpoint));
        let asked = |session: &mut Session, seconds: &mut f64, all: &[(AnswerKind, u64)]| {
            for (kind, count) in all {
                answers(session, *seconds, *kind, *count);
                *seconds += *count as f64 / 10.0;
            }
        };
        asked(&mut session, &mut seconds, before);
        let description = "JSON".to_owned();
        let learned = EventKind::ShapeLearned { endpoint, description, answers: 20, unseen: None };
        tell(&mut session, -1.0, learned);
        tell(&mut session, -0.5, fired(&["/bin/false"]));
        tell(&mut session, -0.4, unconfirmed("exit code 1"));
        seconds = 0.0;
        asked(&mut session, &mut seconds, during);
        why_fault_unconfirmed(&session, at(seconds)).is_none()
    };
    let real = |count| (AnswerKind::Real, count);
    let fallback = AnswerKind::Fallback;
    for (before, during, wanted) in [
        (vec![real(100)], vec![(error, 2), real(38)], false),
        (vec![real(100)], vec![(error, 3), real(37)], true),
        (vec![real(100)], vec![(error, 1), (fallback, 2), real(37)], true),
        (vec![(error, 10), real(90)], vec![(error, 8), real(32)], false),
        (vec![(error, 10), real(90)], vec![(error, 9), real(31)], true),
        (vec![(error, 5), (fallback, 5), real(90)], vec![(error, 8), real(32)], false),
        (vec![(error, 5), (fallback, 5), real(90)], vec![(error, 4), (fallback, 5), real(31)], true),
    ] {
        assert_eq!(shown(&before, &during), wanted, "{before:?} {during:?}");
    }
}

#[test]
fn users_of_whom_nothing_is_known_are_no_problem_that_remains_unless_they_were_known_before() {
    let problems = |told: EventKind, kind| {
        let mut session = Session::new();
        tell(&mut session, -5.0, fixtures::watched(EndpointId(0)));
        answers(&mut session, -5.0, kind, 40);
        tell(&mut session, -0.9, told);
        tell(&mut session, 0.0, fired(&["app"]));
        answers(&mut session, 0.2, kind, 30);
        remaining_problems(&session, at(3.1))
    };
    let endpoint = EndpointId(0);
    let began = EventKind::SandboxOffered;
    assert_eq!(problems(began, AnswerKind::Unjudged), [""; 0], "the look of a real answer was not learned");
    let endless = EventKind::AnswersEnd { endpoint, end: false };
    assert_eq!(problems(endless, AnswerKind::Error(ErrorKind::Server)).len(), 1, "errors are errors");
}

/// Without a hypothesis, users or a watch, nothing proves that the system is safe.
#[test]
fn what_nobody_can_see_is_not_called_safe() {
    let done = || EventKind::SafetyChecked { met: true, wrong: Vec::new(), last: true };
    let ended = |told: &[EventKind]| {
        let mut session = Session::new();
        tell(&mut session, 0.0, fired(&["app"]));
        for what in told {
            tell(&mut session, 1.0, what.clone());
        }
        tell(&mut session, 2.0, EventKind::RunEnded { status: RunStatus::Interrupted, deviated: false });
        tell(&mut session, 2.0, EventKind::SafetyBegan);
        tell(&mut session, 3.0, done());
        session.safety_text()
    };
    let unseen = ended(&[]);
    assert!(unseen.starts_with("UNKNOWN whether it is safe"), "{unseen}");
    let back = ended(&[EventKind::FaultHealed { what: "back".to_owned() }]);
    assert!(back.starts_with("targets are ready again after"), "{back}");
}
