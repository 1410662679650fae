//! What the verdicts say besides their word: why, since when, and how it ended.

use super::{
    RunVerdict, UserWord,
    compared_tests::{BEFORE_S, ERROR, REAL, Script, UNDER_S, every},
    verdict,
};
use crate::session::{
    event::{
        AnswerKind, Belief, BreakerState, Confidence, EndpointId, EventKind, Gap, GapCause, RequestId,
        RunStatus,
    },
    fixtures::{self, Variant, at},
};

const FALLBACK: (AnswerKind, f64) = (AnswerKind::Fallback, 5.0);
/// The number of the first request after T0.
const FIRST: u64 = (BEFORE_S * 4.0) as u64;

fn healed(mut told: Script, second: f64) -> Script {
    told.events.push((second, EventKind::FaultHealed { what: "it is back".to_owned() }));
    told
}

#[test]
fn users_with_a_fallback_are_told_what_the_breaker_does() {
    let details = |state, due: Option<f64>| {
        let mut told = Script::new(|_| REAL, |_| FALLBACK);
        let belief = Belief::new(state, Confidence::Sure, at(1.0), "");
        let belief = Belief { next_trial: due.map(at), ..belief };
        told.events.push((1.0, EventKind::Believed(belief)));
        let verdict = told.verdict(20.0);
        assert_eq!(verdict.word, UserWord::Protected);
        verdict.details.unwrap()
    };
    for (state, due, wanted) in [
        (BreakerState::Open, Some(26.0), " The breaker is OPEN, a trial is due at T+26.0."),
        (BreakerState::Open, Some(19.0), " The breaker is OPEN."),
        (BreakerState::Open, None, " The breaker is OPEN."),
        (BreakerState::ForcedOpen, None, " The breaker is held open by hand: no call goes through."),
        (BreakerState::FallbackAtOnce, None, " By a breaker, or by a service that falls back by itself."),
    ] {
        let details = details(state, due);
        assert!(details.to_lowercase().ends_with(&wanted.to_lowercase()), "{state:?}: {details}");
    }
}

#[test]
fn a_fallback_is_told_since_the_first_that_came_in_time() {
    let late = |number: u64| if number < FIRST + 8 { (AnswerKind::Fallback, 1500.0) } else { FALLBACK };
    assert_eq!(
        Script::new(|_| REAL, late).verdict(10.1).sentence,
        "Users get a fallback in 5 ms, since T+2.0"
    );
    let half = |number: u64| if number.is_multiple_of(2) { FALLBACK } else { REAL };
    let sentence = Script::new(|_| REAL, half).verdict(10.1).sentence;
    assert!(sentence.contains(" of the last ") && sentence.contains(" answers are fallbacks"), "{sentence}");
}

#[test]
fn users_who_fail_are_told_with_those_who_still_wait() {
    let told = |hanging: u64| {
        let hangs = move |number: u64| (FIRST..FIRST + hanging).contains(&number);
        let under = move |number| if hangs(number) { (AnswerKind::Real, 60_000.0) } else { (ERROR, 3.0) };
        Script::new(|_| REAL, under).verdict(8.1)
    };
    for (hanging, wanted) in [
        (0, None),
        (1, Some("1 more waits, the longest for 8.1 s.")),
        (3, Some("3 more wait, the longest for 8.1 s.")),
    ] {
        let verdict = told(hanging);
        assert_eq!((verdict.word, verdict.details.as_deref()), (UserWord::Failing, wanted));
    }
    // Who waits within the limit only waits as everybody does.
    let brief = |number: u64| if number == FIRST + 30 { (AnswerKind::Real, 60_000.0) } else { (ERROR, 3.0) };
    assert_eq!(Script::new(|_| REAL, brief).verdict(8.1).details, None);
}

#[test]
fn an_open_breaker_without_a_fallback_protects_nobody() {
    let details = |under: fn(u64) -> (AnswerKind, f64)| {
        let mut told = Script::new(|_| REAL, under);
        told.events
            .push((1.0, EventKind::Believed(Belief::new(BreakerState::Open, Confidence::Sure, at(1.0), ""))));
        told.verdict(10.1).details.unwrap()
    };
    assert_eq!(details(|_| (ERROR, 3.0)), "The breaker is OPEN, and users get no fallback.");
    assert_eq!(
        details(|number| if number % 2 == 0 { FALLBACK } else { (ERROR, 3.0) }),
        "The breaker is OPEN."
    );
}

#[test]
fn when_real_answers_came_back_is_told_at_the_end() {
    let because = |back: Option<f64>, real: f64, ended: Option<f64>| {
        let first = ((BEFORE_S + real) * 4.0) as u64;
        let mut told = Script::new(|_| REAL, move |number| if number < first { FALLBACK } else { REAL });
        if let Some(second) = back {
            told = healed(told, second);
        }
        if let Some(second) = ended {
            let what = EventKind::RunEnded { status: RunStatus::Completed, deviated: false };
            told.events.push((second, what));
        }
        let conclusion = told.conclusion();
        assert_eq!(conclusion.verdict, RunVerdict::Protected);
        conclusion.because()
    };
    for (back, real, ended, wanted) in [
        (None, 100.0, None, "The fault was on to the end, 24.0 s long."),
        (Some(9.99), 10.0, None, "Real answers again with the provider."),
        (Some(9.0), 10.0, None, "Real answers again 1.0 s after the provider was back."),
        (Some(20.0), 100.0, None, "No real answer has come yet since the provider is back."),
        (
            Some(20.0),
            100.0,
            Some(22.0),
            "No real answer came between the provider's return and the end of the run.",
        ),
    ] {
        let because = because(back, real, ended);
        assert!(because.contains(wanted), "{because}");
    }
}

#[test]
fn nobody_got_an_error_is_claimed_only_of_what_was_seen() {
    let told = || Script::new(|_| REAL, |_| FALLBACK);
    assert!(told().conclusion().sentence.starts_with("Nobody got an error; "));
    let mut gap = told();
    gap.events.retain(|(second, _)| !(10.0..14.0).contains(second));
    let unseen = Gap { from: at(10.0), to: at(14.0), cause: GapCause::Stopped };
    gap.events.push((14.0, EventKind::NotObserved(unseen)));
    let sentence = gap.conclusion().sentence;
    assert!(sentence.starts_with("Nobody was seen to get an error; "), "{sentence}");
}

#[test]
fn errors_after_the_fault_are_not_blamed_on_it() {
    let under = |number: u64| match number - FIRST {
        0..40 => FALLBACK,
        40..70 => REAL,
        _ => (ERROR, 3.0),
    };
    let conclusion = healed(Script::new(|_| REAL, under), 9.99).conclusion();
    assert_eq!(conclusion.verdict, RunVerdict::Protected);
    assert!(
        conclusion.sentence.starts_with("Nobody got an error; 40 of 40 got a fallback while "),
        "{}",
        conclusion.sentence
    );
}

#[test]
fn how_long_users_waited_for_an_error_is_told_unless_its_kind_tells_it() {
    for (waited_ms, told) in [(900.0, false), (5000.0, true), (9400.0, true), (9600.0, false)] {
        let because = Script::new(|_| REAL, move |_| (ERROR, waited_ms)).conclusion().because();
        assert_eq!(because.to_lowercase().contains("they waited "), told, "{waited_ms} ms: {because}");
    }
}

#[test]
fn a_user_from_before_who_still_waits_does_not_hide_that_the_provider_is_back() {
    let hangs = |number: u64| if number == FIRST + 4 { (AnswerKind::Real, 60_000.0) } else { REAL };
    let verdict = healed(Script::new(|_| REAL, hangs), 2.1).verdict(2.9);
    assert_eq!(verdict.word, UserWord::Waiting);
    assert_eq!(verdict.details.as_deref(), Some("The provider is back since T+2.1."));
}

#[test]
fn what_users_wait_for_is_named() {
    let real = Script::new(|_| REAL, |_| (AnswerKind::Real, 1500.0)).verdict(UNDER_S - 0.1).sentence;
    assert_eq!(real, "Users wait 1.5 s for a real answer (median); the limit is 1 s");
    let unjudged = |_| (AnswerKind::Unjudged, 1500.0);
    let unlearned =
        Script::new(unjudged, unjudged).without(|what| matches!(what, EventKind::ShapeLearned { .. }));
    let sentence = unlearned.verdict(-0.1).sentence;
    assert_eq!(sentence, "Users wait 1.5 s for an answer (median); the limit is 1 s");
    // Slow before, and much slower now.
    let slower = Script::new(|_| (AnswerKind::Real, 1500.0), |_| (AnswerKind::Real, 4000.0));
    let sentence = slower.verdict(UNDER_S - 0.1).sentence;
    assert_eq!(sentence, "Users wait 4.0 s for a real answer (median); the limit is 1 s");
}

#[test]
fn the_streak_of_real_answers_ends_at_a_fallback() {
    let tenth = |number: u64| if number.is_multiple_of(10) { FALLBACK } else { REAL };
    let told = Script::new(tenth, tenth);
    // Request 180 is due at T+23.
    for (second, wanted) in [
        (22.9, "The last 9 answers are real"),
        (23.1, "10 of the last 12 answers are real"),
        (23.3, "The last answer is real"),
    ] {
        let sentence = told.verdict(second).sentence;
        assert!(sentence.starts_with(wanted), "T+{second}: {sentence}");
    }
}

#[test]
fn a_hypothesis_that_was_not_checked_is_no_steady_state() {
    let (mut session, now) = fixtures::session_at(Variant::After, -0.2);
    let mut details = |change: fn(&mut crate::session::Session)| {
        change(&mut session);
        verdict(&session, now).details.unwrap_or_default()
    };
    assert!(details(|_| ()).starts_with("Steady state met: 2 of 2 checks passed."));
    assert!(details(|session| session.run.before = None).starts_with("Steady state not checked yet."));
    assert!(!details(|session| session.steps.rows.clear()).contains("teady state"));
}

#[test]
fn the_evidence_names_what_was_so_before() {
    let why = |told: &Script, second: f64| told.verdict(second).why.join("\n");
    let slow = |_| (AnswerKind::Real, 1500.0);
    let tenth = |number: u64| if number.is_multiple_of(10) { FALLBACK } else { REAL };
    for (told, wanted) in [
        (Script::new(every(10), every(10)), "before T0: 88 answers, 9 failed, 0 fallbacks, median 5 ms; "),
        (Script::new(tenth, tenth), "before T0: 88 answers, 0 failed, 9 fallbacks, median 5 ms; "),
        (
            Script::new(slow, slow),
            "0 failed, 0 fallbacks, median 1.5 s; only what is more than that is blamed",
        ),
    ] {
        let why = why(&told, UNDER_S - 0.1);
        assert!(why.contains(wanted), "{why}");
    }
    let plain = Script::new(|_| REAL, |_| REAL);
    assert!(!why(&plain, UNDER_S - 0.1).contains("before T0"), "nothing was");
    assert!(why(&Script::new(every(10), every(10)), UNDER_S - 0.1).contains("bad seconds are as before T0"));
}

#[test]
fn the_evidence_says_what_is_not_known_of_a_real_answer() {
    let unjudged = |_| (AnswerKind::Unjudged, 5.0);
    let unlearned =
        Script::new(unjudged, unjudged).without(|what| matches!(what, EventKind::ShapeLearned { .. }));
    let why = |told: &Script, second: f64| told.verdict(second).why.join("\n");
    assert!(why(&unlearned, -0.1).contains("what a real answer looks like is not learned yet"));
    assert!(
        why(&unlearned, 5.0).contains("it was fired before it was learned what a real answer looks like")
    );
    let json = Script::new(|_| REAL, |_| REAL);
    assert!(why(&json, 5.0).contains("keys are compared, not values"));
    let mut text = json.without(|what| matches!(what, EventKind::ShapeLearned { .. }));
    let (endpoint, description) = (EndpointId(0), "text, 9 bytes".to_owned());
    text.events.push((-10.0, EventKind::ShapeLearned { endpoint, description, answers: 20, unseen: None }));
    assert!(!why(&text, 5.0).contains("keys are compared"));
}

#[test]
fn several_gaps_are_told_together() {
    let mut told = Script::new(|_| REAL, |_| REAL);
    let gap = |from, to| EventKind::NotObserved(Gap { from: at(from), to: at(to), cause: GapCause::Stopped });
    told.events.retain(|(second, what)| {
        !matches!(what, EventKind::RequestSent { request: RequestId(_), .. } | EventKind::Answered(_))
            || !((4.0..6.0).contains(second) || (10.0..13.0).contains(second))
    });
    told.events.push((6.0, gap(4.0, 6.0)));
    assert!(told.verdict(8.0).why.iter().any(|why| why.starts_with("not observed for 2.0 s")));
    told.events.push((13.0, gap(10.0, 13.0)));
    let why = told.verdict(16.0).why;
    assert!(why.iter().any(|why| why.starts_with("not observed: 5.0 s in 2 gaps; ")), "{why:?}");
}

#[test]
fn big_letters_have_room_for_fourteen() {
    use RunVerdict::{
        FaultNeverHappened, FaultNotConfirmed, NotObservable, NotResilient, Protected, Resilient,
    };
    let all = [Resilient, Protected, NotResilient, FaultNeverHappened, FaultNotConfirmed, NotObservable];
    for word in all {
        assert!(word.big_text().len() <= 14, "{}", word.big_text());
    }
    assert_eq!(FaultNotConfirmed.big_text(), "NOT CONFIRMED");
}
