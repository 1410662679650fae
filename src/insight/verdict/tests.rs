//! Both verdicts over the scripted session of [`fixtures`], phase by phase.

use super::{RunVerdict, UserWord, conclusion, conclusion_so_far, verdict};
use crate::{
    insight::warnings,
    session::{
        Event, Session,
        event::{AnswerKind, EndpointId, ErrorKind, EventKind, RequestId, Section, StepRef},
        fixtures::{self, Variant, at},
    },
    test_support,
};

/// The verdict is about users: it does not depend on the belief about a breaker, and names none.
#[test]
fn the_verdict_about_the_run_names_no_breaker() {
    use crate::session::event::{Belief, BreakerState as State, Confidence, Event, EventKind};
    for variant in [Variant::Before, Variant::After] {
        let (session, now) = fixtures::finished(variant);
        let plain = conclusion_so_far(&session, now);
        assert!(!plain.because().contains("breaker"), "{}", plain.because());
        for state in [
            State::Unknown,
            State::ClosedOrNone,
            State::NotSeenYet,
            State::NoBreakerSeen,
            State::FallbackAtOnce,
            State::Mixed,
            State::Disabled,
            State::ForcedOpen,
        ] {
            let mut session = session.clone();
            let belief = Belief::new(state, Confidence::Likely, now, "");
            session.apply(&Event { seq: 0, at: now, what: EventKind::Believed(belief) });
            assert_eq!(conclusion_so_far(&session, now), plain, "{state:?}");
        }
    }
}

#[test]
fn each_phase_has_its_word_and_its_figures() {
    let cases = [
        (
            fixtures::ready(),
            UserWord::Unknown,
            "Only Kubernetes was read; your service was not asked yet.",
            "1 thing to fix, 2 to know before you fire: see PREFLIGHT.",
            None,
        ),
        (
            fixtures::steady(),
            UserWord::Ok,
            "40 of 40 answers are real; median 9 ms, longest 12 ms",
            "Steady state met: 2 of 2 checks passed. The breaker is CLOSED.",
            None,
        ),
        (
            fixtures::before_failing(),
            UserWord::Failing,
            "27 of 39 users got an error since T0: 27 HTTP 500",
            "Nothing cuts their calls short: no breaker was seen.",
            Some((18, 120)),
        ),
        (
            fixtures::after_open(),
            UserWord::Protected,
            "Users get a fallback in 4 ms, since T+6.2",
            "9 of 21 users had to wait up to 5.7 s for it, 4 still wait",
            Some((7, 120)),
        ),
        (
            fixtures::after_half_open(),
            UserWord::Waiting,
            "6 users wait as trial calls, the longest for 2.5 s",
            "The breaker lets calls through to see whether the provider is back.",
            Some((9, 120)),
        ),
        (
            fixtures::after_closed(),
            UserWord::Ok,
            "The last 20 answers are real; back as soon as the provider was",
            "29 users waited up to 11.6 s, nobody got an error.",
            Some((17, 120)),
        ),
    ];
    for ((session, now), word, sentence, price, bad) in cases {
        let verdict = verdict(&session, now);
        let said = (verdict.word, verdict.sentence.as_str(), verdict.details.as_deref(), verdict.bad);
        assert_eq!(said, (word, sentence, Some(price), bad));
        assert!(!verdict.why.is_empty());
    }
}

#[test]
fn users_who_wait_make_the_headline_before_the_first_answer_comes() {
    let (session, now) = fixtures::session_at(Variant::After, 1.7);
    let verdict = verdict(&session, now);
    assert_eq!(verdict.word, UserWord::Waiting);
    assert_eq!(verdict.sentence, "4 users are waiting, the longest for 1.7 s");
}

/// Users who asked the dead provider get their errors seconds after it is back: those do not describe the present.
#[test]
fn stragglers_of_the_fault_are_no_failure_of_the_recovered_system() {
    let error = AnswerKind::Error(ErrorKind::Server);
    let cases = [
        (
            2.02,
            AnswerKind::Real,
            UserWord::Waiting,
            "5 users from before still wait, the longest 1.4 s; nobody who asked since has an answer yet",
        ),
        (
            2.55,
            AnswerKind::Real,
            UserWord::Waiting,
            "5 users from before still wait, the longest 1.4 s; 6 of 6 since got real answers",
        ),
        (
            3.35,
            AnswerKind::Real,
            UserWord::Waiting,
            "1 user from before still waits, for 1.4 s; 14 of 14 since got real answers",
        ),
        (
            4.05,
            AnswerKind::Real,
            UserWord::Ok,
            "The last 21 answers are real; back as soon as the provider was",
        ),
        (2.55, error, UserWord::Failing, "17 of 26 users got an error since T0: 17 HTTP 5xx"),
    ];
    for (second, since, word, sentence) in cases {
        let (session, now) = (recovered(since, second), at(second));
        let verdict = verdict(&session, now);
        assert_eq!((verdict.word, verdict.sentence.as_str()), (word, sentence), "T+{second}");
    }
}

/// Ten requests a second; those of the two seconds of the fault fail after 1.5 s, later ones get `since` in 30 ms.
fn recovered(since: AnswerKind, until: f64) -> Session {
    let endpoint = EndpointId(0);
    let step = StepRef { section: Section::Method, index: 0 };
    let mut told = vec![
        (0.0, EventKind::FaultFired { step, what: "killed".to_owned(), targets: Vec::new() }),
        (1.999, EventKind::FaultHealed { what: "it is back".to_owned() }),
    ];
    for number in 0..60_u64 {
        let start = number as f64 / 10.0;
        let (waited_s, kind) = match number {
            0..20 => (1.5, AnswerKind::Error(ErrorKind::Server)),
            _ => (0.03, since),
        };
        let (request, waited_ms) = (RequestId(number), waited_s * 1000.0);
        let answer = test_support::answer(endpoint, request, waited_ms, kind);
        told.push((start, EventKind::RequestSent { endpoint, request }));
        told.push((start + waited_s, EventKind::Answered(answer)));
    }
    told.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    let mut session = Session::new();
    watch(&mut session, endpoint);
    for (second, what) in told.into_iter().filter(|(second, _)| *second <= until) {
        session.apply(&Event { seq: 0, at: at(second), what });
    }
    session
}

#[test]
fn late_fallbacks_are_no_protection() {
    let (session, now) = fixtures::session_at(Variant::After, 7.0);
    let verdict = verdict(&session, now);
    assert_eq!(verdict.word, UserWord::Waiting);
    assert_eq!(verdict.sentence, "Users wait 5.5 s for a fallback (median); the limit is 1 s");
}

#[test]
fn the_run_is_judged_by_what_users_got() {
    let cases = [
        (
            fixtures::finished(Variant::Before),
            RunVerdict::NotResilient,
            "60 of 70 users got an error while the provider was away. 60 HTTP 500. They waited 5.6 s (median).",
        ),
        (
            fixtures::finished(Variant::After),
            RunVerdict::Protected,
            "Nobody got an error; 65 of 120 got a fallback. Real answers again with the provider.",
        ),
        (fixtures::steady(), RunVerdict::FaultNeverHappened, "No destructive step was fired."),
        (
            fixtures::session_at(Variant::After, 1.0),
            RunVerdict::NotObservable,
            "Only 3 requests and 0 answers while the fault was on. Too few to tell.",
        ),
    ];
    for ((session, now), standing, because) in cases {
        let conclusion = conclusion(&session, now);
        assert_eq!((conclusion.verdict, conclusion.because().as_str()), (standing, because));
    }
}

#[test]
fn a_fault_that_hits_nothing_never_happened() {
    let untouched = |event: &Event| {
        !matches!(
            event.what,
            EventKind::PodSeen(_)
                | EventKind::PodGone(_)
                | EventKind::ServiceSeen(_)
                | EventKind::WorkloadSeen(_)
        ) || event.at < at(0.0)
    };
    let events: Vec<Event> = fixtures::events(Variant::After, 20.0).into_iter().filter(untouched).collect();
    let session = fixtures::session(&events);
    assert_eq!(conclusion(&session, at(20.0)).verdict, RunVerdict::FaultNeverHappened);
    assert!(
        warnings(&session, at(20.0)).iter().any(|warning| warning.text.contains("may never have happened"))
    );
}

#[test]
fn the_words_follow_the_answers() {
    use AnswerKind::{Error, Fallback, Real};
    let fast = 5.0;
    let cases = [
        ("nothing yet", UserWord::Unknown, Vec::new()),
        ("all real", UserWord::Ok, vec![(Real, fast); 20]),
        (
            "one error of twenty",
            UserWord::Failing,
            [vec![(Real, fast); 19], vec![(Error(ErrorKind::Refused), fast)]].concat(),
        ),
        ("two new looks", UserWord::Unknown, [vec![(Real, fast); 5], vec![(Fallback, fast); 2]].concat()),
        ("three alike", UserWord::Protected, [vec![(Real, fast); 5], vec![(Fallback, fast); 3]].concat()),
        ("real but late", UserWord::Waiting, vec![(Real, 1500.0); 6]),
        ("late fallbacks", UserWord::Waiting, vec![(Fallback, 1500.0); 6]),
    ];
    for (name, word, answers) in cases {
        let verdict = verdict(&answered(&answers), at(2.9));
        assert_eq!(verdict.word, word, "{name}: {}", verdict.sentence);
    }
}

#[test]
fn of_several_endpoints_the_worst_speaks() {
    let mut session = answered(&[(AnswerKind::Real, 5.0); 10]);
    watch(&mut session, EndpointId(1));
    answer(&mut session, EndpointId(1), &[(AnswerKind::Error(ErrorKind::Refused), 3.0); 3]);
    let verdict = verdict(&session, at(2.9));
    assert_eq!(verdict.word, UserWord::Failing);
    assert_eq!(verdict.sentence, "localhost/: 3 of the last 3 users got an error: refused");
}

/// A session with these answers, one every tenth of a second from T0 on, without a fault.
fn answered(answers: &[(AnswerKind, f64)]) -> Session {
    let mut session = Session::new();
    watch(&mut session, EndpointId(0));
    answer(&mut session, EndpointId(0), answers);
    session
}

fn watch(session: &mut Session, endpoint: EndpointId) {
    let what = fixtures::watched(endpoint);
    session.apply(&Event { seq: 0, at: at(0.0), what });
}

fn answer(session: &mut Session, endpoint: EndpointId, answers: &[(AnswerKind, f64)]) {
    for (number, (kind, waited_ms)) in (0..).zip(answers) {
        let start = number as f64 / 10.0;
        let request = RequestId(number);
        session.apply(&Event { seq: 0, at: at(start), what: EventKind::RequestSent { endpoint, request } });
        let (kind, waited_ms) = (*kind, *waited_ms);
        let answer = test_support::answer(endpoint, request, waited_ms, kind);
        session.apply(&Event {
            seq: 0,
            at: at(start + waited_ms / 1000.0),
            what: EventKind::Answered(answer),
        });
    }
}
