//! The rules of the verdicts at their limits: how many requests, how large a share, how many seconds.

use super::{
    RunVerdict, UserWord,
    basis::Share,
    compared::Compared,
    compared_tests::{BEFORE_S, ERROR, REAL, Script, UNDER_S, every},
    conclusion, provider_back_at,
    users::bad_seconds_and_usual,
    users_wait_as_before, verdict, why_fault_unconfirmed,
};
use crate::{
    session::{
        Event, Session,
        event::{
            AnswerKind, EndpointId, ErrorKind, EventKind, Gap, GapCause, RequestId, Section, StepRef,
            Workload,
        },
        fixtures::{self, Variant, at},
        state::Tally,
    },
    test_support::answer,
};

const FALLBACK: (AnswerKind, f64) = (AnswerKind::Fallback, 5.0);
const LATE: (AnswerKind, f64) = (AnswerKind::Real, 1500.0);
/// The number of the first request after T0.
const FIRST: u64 = (BEFORE_S * 4.0) as u64;

/// Only so many requests after T0, each with this answer.
fn few(count: u64, under: (AnswerKind, f64)) -> Script {
    let late = move |request: &RequestId| request.0 >= FIRST + count;
    Script::new(|_| REAL, move |_| under).without(|what| match what {
        EventKind::RequestSent { request, .. } => late(request),
        EventKind::Answered(answer) => late(&answer.request),
        _ => false,
    })
}

fn away(mut told: Script, from: f64, to: f64) -> Script {
    let gap = Gap { from: at(from), to: at(to), cause: GapCause::Stopped };
    told.events.push((to, EventKind::NotObserved(gap)));
    told
}

fn judged(told: &Script) -> (RunVerdict, String) {
    let conclusion = told.conclusion();
    (conclusion.verdict, conclusion.because())
}

#[test]
fn five_requests_are_enough_for_a_verdict_and_four_are_not() {
    let (word, because) = judged(&few(4, REAL));
    assert_eq!(word, RunVerdict::NotObservable);
    assert!(because.starts_with("Only 4 requests and 4 answers while the fault was on."), "{because}");
    assert_eq!(judged(&few(5, REAL)).0, RunVerdict::Resilient);
    assert_eq!(judged(&few(5, (ERROR, 3.0))).0, RunVerdict::NotResilient);
}

#[test]
fn too_few_requests_of_a_fault_that_was_hardly_observed_are_explained_by_that() {
    for (count, from, wanted) in
        [(4, 8.0, "of the fault's 24.0 s were not observed"), (4, 16.0, "Only 4 requests and 4 answers")]
    {
        let (word, because) = judged(&away(few(count, REAL), from, UNDER_S));
        assert_eq!(word, RunVerdict::NotObservable);
        assert!(because.contains(wanted), "{because}");
    }
    // What was observed counts all the same.
    assert_eq!(judged(&away(few(5, (ERROR, 3.0)), 8.0, UNDER_S)).0, RunVerdict::NotResilient);
    assert_eq!(judged(&away(few(5, REAL), 8.0, UNDER_S)).0, RunVerdict::NotObservable);
}

#[test]
fn five_users_who_wait_in_vain_are_enough() {
    let session = few(5, (AnswerKind::Real, 60_000.0)).session(8.0);
    // They asked within the first second, and the limit is one second.
    for (second, wanted) in [(1.9, RunVerdict::NotObservable), (2.1, RunVerdict::NotResilient)] {
        assert_eq!(conclusion(&session, at(second)).verdict, wanted, "T+{second}");
    }
}

/// Ten requests a second for a minute before T0 and `count` of them after it, of which the first `errors` fail.
fn many(count: u64, errors: u64) -> (Session, f64) {
    let mut session = Session::new();
    let endpoint = EndpointId(0);
    let mut tell = |seconds: f64, what: EventKind| session.apply(&Event { seq: 0, at: at(seconds), what });
    tell(-61.0, fixtures::watched(endpoint));
    for number in 0..600 + count {
        if number == 590 {
            let description = "JSON".to_owned();
            tell(-1.0, EventKind::ShapeLearned { endpoint, description, answers: 20, unseen: None });
        }
        if number == 600 {
            let step = StepRef { section: Section::Method, index: 0 };
            tell(0.0, EventKind::FaultFired { step, what: "kill".to_owned(), targets: Vec::new() });
        }
        let (start, request) = (-60.0 + number as f64 / 10.0, RequestId(number));
        let failed = (600..600 + errors).contains(&number);
        let kind = if failed { AnswerKind::Error(ErrorKind::Server) } else { AnswerKind::Real };
        tell(start, EventKind::RequestSent { endpoint, request });
        tell(start + 0.005, EventKind::Answered(answer(endpoint, request, 5.0, kind)));
    }
    (session, count as f64 / 10.0)
}

#[test]
fn one_error_in_a_hundred_answers_is_a_weakness_and_fewer_are_none() {
    for (errors, wanted) in [(10, RunVerdict::NotResilient), (9, RunVerdict::Protected)] {
        let (session, seconds) = many(1000, errors);
        let conclusion = conclusion(&session, at(seconds));
        assert_eq!(conclusion.verdict, wanted, "{errors} of 1000: {}", conclusion.because());
    }
}

#[test]
fn one_error_lately_is_a_failure_if_it_is_one_in_twenty_answers() {
    // Thirty answers in the last three seconds.
    for (errors, word) in [(0, UserWord::Ok), (1, UserWord::Ok), (2, UserWord::Failing)] {
        let (session, _) = many(20, errors);
        assert_eq!(verdict(&session, at(1.95)).word, word, "{errors}");
    }
}

#[test]
fn users_who_were_let_down_in_more_than_half_of_the_seconds_were_not_protected() {
    let mut words = Vec::new();
    for late in 0..UNDER_S as u64 {
        let told = Script::new(|_| REAL, move |number| if number < FIRST + 4 * late { LATE } else { REAL });
        let session = told.session(UNDER_S + 10.0);
        let bad = verdict(&session, at(UNDER_S)).bad.unwrap().0;
        let conclusion = conclusion(&session, at(UNDER_S));
        let wanted = match bad {
            0 => RunVerdict::Resilient,
            1..=12 => RunVerdict::Protected,
            _ => RunVerdict::NotResilient,
        };
        assert_eq!(conclusion.verdict, wanted, "{bad} of 24 s: {}", conclusion.because());
        let because = conclusion.because();
        assert!(
            because.starts_with(match wanted {
                RunVerdict::Resilient => "96 of 96 answers were real and in time",
                RunVerdict::Protected => "Real answers only, but ",
                _ => "Users had to wait: ",
            }),
            "{because}"
        );
        words.push(bad);
    }
    assert!(words.contains(&12) && words.contains(&13), "{words:?}");
}

#[test]
fn seconds_that_nobody_saw_make_no_half() {
    // Late in 10 of the 14 seconds that were seen, or in 5 of them.
    let told = |late: u64| {
        let mut told =
            Script::new(|_| REAL, move |number| if number < FIRST + 4 * late { LATE } else { REAL });
        told.events.retain(|(second, _)| !(14.0..UNDER_S).contains(second));
        away(told, 14.0, UNDER_S)
    };
    assert_eq!(judged(&told(9)).0, RunVerdict::NotResilient);
    let (word, because) = judged(&told(4));
    assert_eq!(word, RunVerdict::Protected);
    assert!(because.contains("10.0 s of the fault were not observed"), "{because}");
}

#[test]
fn the_budget_is_what_users_may_be_let_down_for() {
    // Every second user gets a fallback, the others wait for too long: nobody is without any answer.
    let told = Script::new(|_| REAL, |number| if number % 2 == 0 { FALLBACK } else { LATE });
    let mut session = told.session(UNDER_S + 10.0);
    let bad = verdict(&session, at(UNDER_S)).bad.unwrap().0;
    for (budget, wanted) in [
        (bad + 1, RunVerdict::Protected),
        (bad, RunVerdict::Protected),
        (bad - 1, RunVerdict::NotResilient),
        (bad - 2, RunVerdict::NotResilient),
    ] {
        session.users.budget_s = budget;
        let conclusion = conclusion(&session, at(UNDER_S));
        assert_eq!(conclusion.verdict, wanted, "{bad} of {budget}: {}", conclusion.because());
    }
}

#[test]
fn users_without_an_answer_are_counted() {
    for (count, wanted) in [(1, "1 user is without an answer"), (4, "4 users are without an answer")] {
        let waits = move |number: u64| (20..20 + count).contains(&(number - FIRST));
        let told = Script::new(
            |_| REAL,
            move |number| if waits(number) { (AnswerKind::Real, 60_000.0) } else { REAL },
        );
        // The fault ends before they wait for half of it.
        let mut told = told;
        told.events.push((11.0, EventKind::FaultHealed { what: "it is back".to_owned() }));
        let session = told.session(11.5);
        let conclusion = conclusion(&session, at(11.5));
        let because = conclusion.because();
        assert_eq!(conclusion.verdict, RunVerdict::Protected, "{because}");
        assert!(because.starts_with("Real answers only, but late: "), "{because}");
        assert!(because.to_lowercase().contains(wanted), "{because}");
    }
}

#[test]
fn fallbacks_that_were_there_before_are_not_blamed_on_the_fault() {
    let tenth = |number: u64| if number.is_multiple_of(10) { FALLBACK } else { REAL };
    let told = Script::new(tenth, tenth);
    let (word, because) = judged(&told);
    assert_eq!(word, RunVerdict::Resilient, "{because}");
    assert!(because.contains("Fallbacks as before T0 (10 %, now "), "{because}");
    assert_eq!(told.verdict(UNDER_S - 0.1).word, UserWord::Ok);
    let (word, because) = judged(&Script::new(tenth, |_| FALLBACK));
    assert_eq!(word, RunVerdict::Protected, "{because}");
    assert_eq!(Script::new(tenth, |_| FALLBACK).verdict(UNDER_S - 0.1).word, UserWord::Protected);
    // Without fallbacks during the fault nothing is said of those before it.
    let (_, because) = judged(&Script::new(tenth, |_| REAL));
    assert!(!because.to_lowercase().contains("fallback"), "{because}");
}

#[test]
fn a_service_that_fails_for_one_in_five_was_never_well() {
    for (nth, word) in [(6, UserWord::Ok), (4, UserWord::Failing)] {
        let told = Script::new(every(nth), every(nth));
        assert_eq!(told.verdict(UNDER_S - 0.1).word, word, "one in {nth}");
    }
}

#[test]
fn until_a_later_user_has_an_answer_the_errors_of_the_fault_are_what_is_known() {
    let mut told = Script::new(|_| REAL, |_| (ERROR, 3.0));
    told.events.push((2.1, EventKind::FaultHealed { what: "it is back".to_owned() }));
    assert_eq!(told.verdict(2.2).word, UserWord::Failing);
}

#[test]
fn bad_seconds_that_were_usual_before_are_no_part_of_the_damage() {
    let counted = |under| {
        let session = Script::new(every(20), every(under)).session(UNDER_S);
        bad_seconds_and_usual(&session, session.users.main().unwrap(), at(UNDER_S))
    };
    let (bad, usual) = counted(2);
    // Every twentieth request, of four a second, failed before: one second in five.
    assert!(bad >= 23 && (4..=7).contains(&usual), "{bad} {usual}");
    let (bad, usual) = counted(20);
    assert_eq!(bad, usual, "all of them");
}

#[test]
fn users_who_wait_as_before_have_recovered() {
    let slow = |ms: f64| move |_: u64| (AnswerKind::Real, ms);
    let failing =
        |number: u64| if number.is_multiple_of(2) { (ERROR, 3.0) } else { (AnswerKind::Real, 1600.0) };
    let as_before = |told: Script| users_wait_as_before(&told.session(UNDER_S), at(UNDER_S - 0.1));
    assert!(as_before(Script::new(slow(1500.0), slow(1600.0))));
    assert!(as_before(Script::new(slow(5.0), slow(5.0))), "they do not wait");
    assert!(!as_before(Script::new(slow(5.0), slow(1600.0))));
    assert!(!as_before(Script::new(slow(1500.0), slow(5000.0))));
    assert!(!as_before(Script::new(slow(1500.0), failing)));
}

#[test]
fn of_endpoints_that_fare_alike_the_first_one_is_told() {
    let mut told = Script::new(|_| REAL, |_| REAL);
    told.watch(EndpointId(1));
    told.learned(EndpointId(1));
    told.ask(EndpointId(1), |_| REAL, |_| REAL);
    assert_eq!(told.verdict(UNDER_S - 0.1).endpoint, Some(EndpointId(0)));
}

#[test]
fn of_a_slow_probe_more_seconds_count_as_lately() {
    // Nothing was heard for 3.4 seconds.
    for (rate, word) in [(0.5, UserWord::Ok), (2.0, UserWord::Waiting), (0.0, UserWord::Waiting)] {
        let (mut session, _) = fixtures::session_at(Variant::After, -5.0);
        session.users.endpoints[0].rate = rate;
        assert_eq!(verdict(&session, at(-1.6)).word, word, "{rate} requests a second");
    }
}

#[test]
fn each_word_has_its_letter() {
    use UserWord::{Failing, Ok, Protected, Unknown, Waiting};
    for word in [Ok, Unknown, Protected, Waiting, Failing] {
        assert!(word.text().starts_with(word.letter()), "{}", word.text());
    }
}

#[test]
fn a_share_before_t0_is_told_if_there_was_one() {
    let of = |before: Option<(u64, u64)>, (error, real): (u64, u64)| {
        let tally = |(error, real)| Tally { real, error, ..Tally::default() };
        Compared::of(before.map(tally).as_ref(), &tally((error, real)), |tally| tally.error, 0)
    };
    for (before, told) in [
        (None, None),
        (Some((0, 0)), None),
        (Some((0, 88)), Some("none of 88 before T0")),
        (Some((10, 90)), Some("10 % before T0")),
    ] {
        assert_eq!(of(before, (1, 9)).before().as_deref(), told);
    }
    assert_eq!(of(None, (0, 9)).before, Share { part: 0, of: 0 });
    for (before, under, told) in [
        ((0, 88), (0, 96), "errors as before T0"),
        ((9, 79), (0, 96), "fewer errors than before T0"),
        ((9, 79), (10, 86), "errors as before T0"),
        ((0, 88), (48, 48), "more errors than before T0"),
        ((1, 4), (1, 39), "errors before T0 as well"),
    ] {
        assert_eq!(of(Some(before), under).in_short("errors"), told);
    }
}

#[test]
fn users_wait_once_more_of_them_are_late_than_in_time() {
    // Of the twelve requests of the last three seconds the latest four are still within the limit.
    let last = FIRST + 95;
    for (late, word) in [(4, UserWord::Ok), (5, UserWord::Waiting)] {
        let is_late = move |number: u64| number > last - 4 || (last - 11..last - 11 + late).contains(&number);
        let told = Script::new(|_| REAL, move |number| if is_late(number) { LATE } else { REAL });
        assert_eq!(told.verdict(UNDER_S - 0.1).word, word, "{late} late, {} in time", 8 - late);
    }
}

#[test]
fn an_answer_cannot_be_judged_before_a_real_one_is_known_however_old_its_request_is() {
    let success = (AnswerKind::Unjudged, 5.0);
    // The last request came back after three and a half seconds, and none was sent meanwhile.
    let old = |number: u64| if number < FIRST + 80 { success } else { (AnswerKind::Unjudged, 3500.0) };
    let silent =
        |what: &EventKind| matches!(what, EventKind::RequestSent { request, .. } if request.0 > FIRST + 80);
    for told in [
        Script::new(move |_| success, move |_| success),
        Script::new(move |_| success, old).without(silent).without(|what| match what {
            EventKind::Answered(answer) => answer.request.0 > FIRST + 80,
            _ => false,
        }),
    ] {
        let told = told.without(|what| matches!(what, EventKind::ShapeLearned { .. }));
        let verdict = told.verdict(UNDER_S - 0.1);
        assert_eq!(verdict.word, UserWord::Unknown, "{}", verdict.sentence);
    }
}

#[test]
fn errors_are_usual_where_there_were_some_but_for_fewer_than_one_in_five() {
    let one = |number: u64| if number == FIRST + 90 { (ERROR, 3.0) } else { REAL };
    assert_eq!(Script::new(|_| REAL, one).verdict(UNDER_S - 0.1).word, UserWord::Failing);
    // 17 of 85 answers before T0.
    let unsent = |what: &EventKind| match what {
        EventKind::RequestSent { request, .. } => request.0 < 3,
        EventKind::Answered(answer) => answer.request.0 < 3,
        _ => false,
    };
    let fifth = |number: u64| if number % 5 == 4 { (ERROR, 3.0) } else { REAL };
    for (before, word) in [(17, UserWord::Failing), (16, UserWord::Ok)] {
        let spared = move |number: u64| if number < 3 + 5 * (17 - before) { REAL } else { fifth(number) };
        let told = Script::new(spared, fifth).without(unsent);
        assert_eq!(told.verdict(UNDER_S - 0.1).word, word, "{before} of 85");
    }
}

#[test]
fn errors_from_before_the_fault_are_not_counted_as_its_own() {
    let told = Script::new(|number| if number + 10 >= FIRST { (ERROR, 3.0) } else { REAL }, |_| REAL);
    let verdict = told.verdict(0.4);
    assert_eq!(verdict.word, UserWord::Failing, "{}", verdict.sentence);
    assert!(!verdict.sentence.contains("since T0"), "{}", verdict.sentence);
}

#[test]
fn answers_that_were_late_are_not_said_to_be_in_time() {
    // One in thirty is late, before the fault and during it: a few bad seconds, as usual.
    let some = |number: u64| if number.is_multiple_of(30) { LATE } else { REAL };
    let (word, because) = judged(&Script::new(some, some));
    assert_eq!(word, RunVerdict::Resilient, "{because}");
    assert_eq!(because, "96 of 96 answers were real, 4 late: no more bad seconds than before T0.");
    // Slow before, and quick during the fault.
    let (word, because) = judged(&Script::new(|_| LATE, |_| REAL));
    assert_eq!(word, RunVerdict::Resilient, "{because}");
    assert!(because.contains("96 of 96 answers were real and in time"), "{because}");
    let (_, because) = judged(&Script::new(|_| LATE, |_| LATE));
    assert!(because.contains("as late as before T0"), "{because}");
}

#[test]
fn a_failed_fire_is_not_confirmed_by_what_was_as_bad_before() {
    for (errors, fallbacks, late) in [(0, 3, 0), (2, 2, 2)] {
        let share = move |number: u64| match number % 20 {
            it if it < errors => (ERROR, 3.0),
            it if it < errors + fallbacks => FALLBACK,
            it if it < errors + fallbacks + late => LATE,
            _ => REAL,
        };
        let mut told = Script::new(share, share);
        let step = StepRef { section: Section::Method, index: 0 };
        told.events.push((0.1, EventKind::FaultUnconfirmed { step, reason: "exit code 1".to_owned() }));
        assert!(
            why_fault_unconfirmed(&told.session(UNDER_S), at(UNDER_S)).is_some(),
            "{errors} errors, {fallbacks} fallbacks, {late} late of twenty"
        );
    }
}

#[test]
fn the_provider_is_back_when_it_was_back_for_the_last_time() {
    let mut session = Session::new();
    let mut tell = |seconds: f64, what: EventKind| session.apply(&Event { seq: 0, at: at(seconds), what });
    let step = StepRef { section: Section::Method, index: 0 };
    let ready = |ready: u32, desired: u32| {
        let (namespace, name) = ("default".to_owned(), "app".to_owned());
        EventKind::WorkloadSeen(Workload { namespace, name, desired, ready, updated: desired })
    };
    tell(-1.0, ready(1, 1));
    tell(0.0, EventKind::FaultFired { step, what: "kill".to_owned(), targets: vec!["app".to_owned()] });
    tell(0.5, ready(0, 1));
    tell(5.0, ready(1, 1));
    tell(5.1, EventKind::FaultHealed { what: "app is back".to_owned() });
    // More of it is no return.
    tell(6.0, ready(2, 2));
    tell(7.0, ready(0, 2));
    tell(8.0, ready(1, 2));
    tell(9.0, ready(2, 2));
    for (until, back) in [(6.5, 5.1), (7.5, 5.1), (8.5, 8.0), (10.0, 8.0)] {
        assert_eq!(provider_back_at(&session, at(until)), Some(at(back)), "until {until} s");
    }
}

#[test]
fn fallbacks_from_before_a_restart_of_the_consumer_are_not_those_of_now() {
    let (mut session, _) = fixtures::session_at(Variant::After, 8.0);
    let sentence = |session: &Session| verdict(session, at(8.0)).sentence;
    assert_eq!(sentence(&session), "Users get a fallback in 3 ms, since T+6.2");
    let row = session.bystanders().find(|row| row.pod.owner.as_deref() == Some("my-consumer-app")).unwrap();
    let mut pod = row.pod.clone();
    pod.containers[0].restarts += 1;
    session.apply(&Event { seq: 0, at: at(7.5), what: EventKind::PodSeen(pod) });
    assert_eq!(sentence(&session), "Users get a fallback in 3 ms, since T+7.5");
}
