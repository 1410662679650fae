//! Findings of recorded sessions, and single cases that those do not contain.

use super::*;
use crate::session::{
    Event, EventKind,
    event::{
        AnswerKind, Belief, BreakerState, Confidence, EndpointId, ErrorKind, Gap, GapCause, NamedState,
        RequestId, Section, StepRef,
    },
    fixtures::{self, RECORDED, Variant, at, recorded_whole},
};
use std::fmt::Write;

fn told(session: &Session, now: Timestamp) -> String {
    let mut text = String::new();
    for (number, finding) in (1..).zip(findings(session, now)) {
        writeln!(text, " {number} {:?}: {}\n   {}", finding.severity, finding.text, finding.advice).unwrap();
        for evidence in &finding.evidence {
            writeln!(text, "   - {evidence}").unwrap();
        }
    }
    for unseen in not_seen(session, now) {
        writeln!(text, " NOT SEEN {unseen}").unwrap();
    }
    text
}

#[test]
fn each_recorded_session_teaches_something() {
    for name in RECORDED {
        let (session, now) = recorded_whole(name);
        insta::assert_snapshot!(name, told(&session, now));
    }
}

/// The whole scripted session with its events changed or left out.
fn changed(variant: Variant, change: impl Fn(&mut Event) -> bool) -> (Session, Timestamp) {
    let mut events = fixtures::events(variant, 62.0);
    events.retain_mut(|event| change(event));
    (fixtures::session(&events), at(62.0))
}

/// The same with other answers to requests since T0.
fn answered(variant: Variant, kind: AnswerKind, waited_ms: f64) -> (Session, Timestamp) {
    changed(variant, |event| {
        if let EventKind::Answered(answer) = &mut event.what
            && event.at >= at(0.0)
        {
            // An answer comes when its request has waited for `waited_ms`.
            let start = -20.0 + answer.request.0 as f64 / 2.0;
            event.at = at(start.max(0.0) + waited_ms / 1000.0);
            (answer.kind, answer.waited_ms, answer.shape) = (kind, waited_ms, 1);
        }
        !matches!(event.what, EventKind::Believed(_)) || event.at < at(0.0)
    })
}

fn apply(session: &mut Session, seconds: f64, what: EventKind) {
    session.apply(&Event { seq: 0, at: at(seconds), what });
}

/// The session with one more event before its run ended.
fn with(variant: Variant, seconds: f64, what: EventKind) -> (Session, Timestamp) {
    let mut events = fixtures::events(variant, 62.0);
    events.push(Event { seq: 0, at: at(seconds), what });
    events.sort_by_key(|event| event.at);
    (fixtures::session(&events), at(62.0))
}

fn texts((session, now): &(Session, Timestamp)) -> Vec<String> {
    findings(session, *now).into_iter().map(|finding| finding.text).collect()
}

#[track_caller]
fn says(told: &(Session, Timestamp), wanted: &str) {
    let texts = texts(told);
    assert!(texts.iter().any(|text| text.contains(wanted)), "{wanted} in {texts:#?}");
}

#[test]
fn users_who_noticed_nothing_are_a_finding_too() {
    let told = answered(Variant::Before, AnswerKind::Real, 6.0);
    says(&told, "Users never noticed: 120 of 120 answers were real.");
    let good = findings(&told.0, told.1).remove(0);
    assert_eq!((good.severity, good.topic), (Severity::Good, FindingTopic::Users));
    assert!(good.advice.starts_with("Try next: a provider that answers late"), "{}", good.advice);
    // One of two replicas stayed.
    let mut events = fixtures::events(Variant::Before, 62.0);
    for event in &mut events {
        match &mut event.what {
            EventKind::WorkloadSeen(workload) if workload.name == "my-provider-app" => {
                (workload.desired, workload.ready) = (2, workload.ready + 1);
            }
            EventKind::ServiceSeen(service) if service.name == "my-provider-service" => service.ready += 1,
            EventKind::Answered(answer) => {
                (answer.kind, answer.waited_ms, answer.shape) = (AnswerKind::Real, 6.0, 1);
            }
            _ => {}
        }
    }
    let good = findings(&fixtures::session(&events), at(62.0)).remove(0);
    assert_eq!(good.advice, "Try next: all replicas at once; 1 of 2 were ready all along.");
}

#[test]
fn answers_that_are_late_are_told_by_how_late_they_were() {
    let late = answered(Variant::Before, AnswerKind::Real, 5000.0);
    says(&late, "had to wait up to 5.0 s: no timeout cut their calls short.");
    assert_eq!(findings(&late.0, late.1)[0].severity, Severity::Serious);
}

#[test]
fn a_breaker_without_a_fallback_protects_nobody() {
    let (mut session, _) = fixtures::session_at(Variant::Before, 0.0);
    let belief = |state, seconds| Belief::new(state, Confidence::Sure, at(seconds), "metrics state");
    apply(&mut session, 2.0, EventKind::Believed(belief(BreakerState::Open, 2.0)));
    for number in 0..20_u64 {
        let (request, start) = (RequestId(500 + number), 3.0 + number as f64 / 2.0);
        apply(&mut session, start, EventKind::RequestSent { endpoint: EndpointId(0), request });
        let error = AnswerKind::Error(ErrorKind::Server);
        let answer = crate::test_support::answer(EndpointId(0), request, 2.0, error);
        apply(&mut session, start + 0.002, EventKind::Answered(answer));
    }
    says(&(session, at(14.0)), "has no fallback: 20 users got an error while it was open.");
}

#[test]
fn a_breaker_that_does_nothing_is_serious_and_one_held_open_is_not_its_own_doing() {
    let believed = |state, more: fn(Belief) -> Belief| {
        let belief = more(Belief::new(state, Confidence::Sure, at(3.0), "actuator provider"));
        with(Variant::Before, 55.0, EventKind::Believed(belief))
    };
    let plain = |belief| belief;
    says(
        &believed(BreakerState::Disabled, plain),
        "The breaker is switched off: nothing protects these calls.",
    );
    says(
        &believed(BreakerState::MetricsOnly, plain),
        "The breaker only counts: nothing protects these calls.",
    );
    says(&believed(BreakerState::ForcedOpen, plain), "The breaker is held open by hand");
    let named = |belief| {
        let one = |name: &str, state| NamedState { name: name.to_owned(), state };
        let replicas = vec![one("4xbww", BreakerState::Open), one("l5522", BreakerState::Closed)];
        Belief { replicas, ..belief }
    };
    let mixed = believed(BreakerState::Mixed, named);
    says(&mixed, "Breakers were in different states");
    let told = findings(&mixed.0, mixed.1);
    let mixed = told.iter().find(|finding| finding.text.starts_with("Breakers")).unwrap();
    assert_eq!(mixed.evidence, ["at the end: 4xbww OPEN, l5522 CLOSED"]);
}

#[test]
fn without_a_fault_that_is_all_there_is_to_say() {
    let quiet = changed(Variant::After, |event| {
        event.at < at(0.0)
            || !matches!(
                event.what,
                EventKind::PodSeen(_)
                    | EventKind::PodGone(_)
                    | EventKind::ServiceSeen(_)
                    | EventKind::WorkloadSeen(_)
            )
    });
    let first = findings(&quiet.0, quiet.1).remove(0);
    assert_eq!((first.severity, first.topic), (Severity::Serious, FindingTopic::Fault));
    assert!(first.text.contains("nothing of what it hit ever went away"), "{}", first.text);
    let (steady, now) = fixtures::steady();
    says(&(steady, now), "Nothing was fired: this run shows the steady state");
    let kill = StepRef { section: Section::Method, index: 0 };
    let refused = |event: &mut Event| event.at <= at(0.05);
    let (mut session, _) = changed(Variant::After, refused);
    apply(&mut session, 0.1, EventKind::FaultRefused { step: kill, reason: "403 Forbidden".to_owned() });
    says(&(session.clone(), at(1.0)), "The fire was refused");
    assert_eq!(
        findings(&session, at(1.0))[0].evidence,
        ["context minikube: 403 Forbidden"].map(|_| "403 Forbidden")
    );
}

#[test]
fn what_was_bad_before_and_what_few_users_show_is_said() {
    let slow = changed(Variant::Before, |event| {
        if let EventKind::Answered(answer) = &mut event.what
            && event.at < at(0.0)
        {
            answer.waited_ms = 1500.0;
        }
        true
    });
    says(&slow, "Users waited 1.5 s (median) before T0 already");
    let short = fixtures::session_at(Variant::After, 3.0);
    says(&short, "Only 7 users asked while the provider was away: each is a large share of all.");
}

#[test]
fn what_the_end_left_behind_comes_first() {
    let (mut session, now) = fixtures::finished(Variant::Before);
    session.concluded = None;
    apply(&mut session, 62.0, EventKind::SafetyBegan);
    let wrong = vec!["my-provider-app has 0 of 1 ready".to_owned()];
    apply(&mut session, 63.0, EventKind::SafetyChecked { met: false, wrong: wrong.clone(), last: true });
    let first = findings(&session, now).remove(0);
    assert_eq!((first.topic, first.evidence), (FindingTopic::Safety, wrong));
}

#[test]
fn a_tolerance_that_a_probe_of_the_method_missed_counts() {
    let (mut session, now) = fixtures::finished(Variant::After);
    session.concluded = None;
    let step = StepRef { section: Section::Method, index: 2 };
    for row in session.steps.rows.iter_mut().filter(|row| row.step.at == step) {
        row.step.tolerance = Some("200".to_owned());
        (row.trouble, row.summary) = (Some("gave 500".to_owned()), Some("500".to_owned()));
    }
    let missed = findings(&session, now).remove(0);
    assert_eq!(missed.text, "A probe of the method missed the tolerance that the file declares.");
    assert!(missed.evidence[0].contains("gave 500, wanted 200"), "{:?}", missed.evidence);
}

#[test]
fn several_endpoints_are_told_apart_by_the_worst() {
    let mut events = fixtures::events(Variant::Before, 62.0);
    let second = EndpointId(1);
    let url = "GET http://192.168.49.2:30817/other".to_owned();
    let watched = EventKind::EndpointWatched {
        endpoint: second,
        url,
        rate: 2.0,
        deadline_ms: 30_000,
        limit_ms: 1000,
        via: None,
    };
    events.push(Event { seq: 0, at: at(-20.0), what: watched });
    events.sort_by_key(|event| event.at);
    let told = (fixtures::session(&events), at(62.0));
    says(&told, "60 of 70 users of /invoke got an error");
    assert!(not_seen(&told.0, told.1)[0].contains("our own probes of 2 endpoints, 2 requests a second each"));
}

#[test]
fn what_nobody_saw_is_listed() {
    let gap = Gap { from: at(10.0), to: at(18.0), cause: GapCause::Stopped };
    let (session, now) = with(Variant::After, 18.0, EventKind::NotObserved(gap));
    let unseen = not_seen(&session, now);
    assert!(unseen.iter().any(|line| line == "8.0 s: this program did not run"), "{unseen:?}");
    let mut passive = Session::new();
    apply(&mut passive, 0.0, EventKind::PassiveSet { on: true });
    assert_eq!(not_seen(&passive, at(1.0)), ["users: no requests were sent"]);
    let (on, now) = fixtures::before_failing();
    assert!(not_seen(&on, now).iter().any(|line| line.starts_with("the way back")));
}

/// Two to five, the most harmful first, each with advice and evidence, at every moment of every session.
#[test]
fn findings_keep_their_form() {
    let mut told: Vec<(Session, Timestamp)> = RECORDED.iter().map(|name| recorded_whole(name)).collect();
    for variant in [Variant::Before, Variant::After] {
        told.extend((0..62).step_by(3).map(|second| fixtures::session_at(variant, f64::from(second))));
    }
    for (session, now) in told {
        let found = findings(&session, now);
        assert!(found.len() <= 5 && (found.len() >= 2 || !session.finished()), "{found:#?}");
        for finding in &found {
            assert!(finding.text.ends_with('.') && finding.text.chars().count() <= 130, "{}", finding.text);
            assert!(finding.advice.starts_with("Try") && finding.advice.ends_with('.'), "{}", finding.advice);
            assert!(!finding.evidence.is_empty(), "{}", finding.text);
        }
    }
}
