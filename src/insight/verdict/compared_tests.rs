//! What was already the case before the fault is not blamed on it, but what the fault adds is; nothing is claimed for a
//! time without observation.

use super::{Conclusion, RunVerdict, UserVerdict, UserWord, call_share, conclusion, recovery_lag, verdict};
use crate::{
    insight::guard_readings,
    session::{
        Event, Session,
        event::{
            AnswerKind, EndpointId, ErrorKind, EventKind, Gap, GapCause, RequestId, RunStatus, Section,
            StepRef,
        },
        fixtures::at,
    },
    test_support::answer,
};

pub(super) const ERROR: AnswerKind = AnswerKind::Error(ErrorKind::Server);
pub(super) const REAL: (AnswerKind, f64) = (AnswerKind::Real, 5.0);

/// Users ask four times a second, from so many seconds before T0 to so many after it.
pub(super) const BEFORE_S: f64 = 22.0;
pub(super) const UNDER_S: f64 = 24.0;

/// A session in which each request, by its number, gets an answer from `before` or, since T0, from `under`.
pub(super) struct Script {
    pub(super) events: Vec<(f64, EventKind)>,
}

impl Script {
    pub(super) fn new(
        before: impl Fn(u64) -> (AnswerKind, f64),
        under: impl Fn(u64) -> (AnswerKind, f64),
    ) -> Self {
        let mut told = Self { events: Vec::new() };
        told.watch(EndpointId(0));
        told.ask(EndpointId(0), before, under);
        told.learned(EndpointId(0));
        let step = StepRef { section: Section::Method, index: 0 };
        // Before the request that is due at the same moment.
        told.events
            .push((-0.001, EventKind::FaultFired { step, what: "broke it".to_owned(), targets: Vec::new() }));
        told
    }

    pub(super) fn watch(&mut self, endpoint: EndpointId) {
        let url = format!("GET http://localhost/{}", endpoint.0);
        let what = EventKind::EndpointWatched {
            endpoint,
            url,
            rate: 4.0,
            deadline_ms: 10_000,
            limit_ms: 1000,
            via: None,
        };
        self.events.push((-BEFORE_S, what));
    }

    pub(super) fn learned(&mut self, endpoint: EndpointId) {
        let description = "JSON object".to_owned();
        self.events
            .push((-10.0, EventKind::ShapeLearned { endpoint, description, answers: 20, unseen: None }));
    }

    pub(super) fn ask(
        &mut self,
        endpoint: EndpointId,
        before: impl Fn(u64) -> (AnswerKind, f64),
        under: impl Fn(u64) -> (AnswerKind, f64),
    ) {
        let requests = ((BEFORE_S + UNDER_S) * 4.0) as u64;
        for number in 0..requests {
            let start = -BEFORE_S + number as f64 / 4.0;
            let request = RequestId(number);
            self.events.push((start, EventKind::RequestSent { endpoint, request }));
            let (kind, waited_ms) = if start < 0.0 { before(number) } else { under(number) };
            let answer = answer(endpoint, request, waited_ms, kind);
            self.events.push((start + waited_ms / 1000.0, EventKind::Answered(answer)));
        }
    }

    pub(super) fn without(mut self, unwanted: impl Fn(&EventKind) -> bool) -> Self {
        self.events.retain(|(_, what)| !unwanted(what));
        self
    }

    pub(super) fn session(&self, until: f64) -> Session {
        let mut events = self.events.clone();
        events.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        let mut session = Session::new();
        for (second, what) in events.into_iter().filter(|(second, _)| *second <= until) {
            session.apply(&Event { seq: 0, at: at(second), what });
        }
        session
    }

    pub(super) fn conclusion(&self) -> Conclusion {
        conclusion(&self.session(UNDER_S + 10.0), at(UNDER_S))
    }

    pub(super) fn verdict(&self, second: f64) -> UserVerdict {
        verdict(&self.session(second), at(second))
    }
}

fn stood(conclusion: &Conclusion) -> (RunVerdict, String) {
    (conclusion.verdict, conclusion.because())
}

/// Every `nth` answer is an error, the others are real.
pub(super) fn every(nth: u64) -> impl Fn(u64) -> (AnswerKind, f64) {
    move |number| if number.is_multiple_of(nth) { (ERROR, 3.0) } else { REAL }
}

#[test]
fn errors_that_were_there_before_are_not_blamed_on_the_fault() {
    for (nth, percent) in [(20, "6 %"), (10, "10 %")] {
        let told = Script::new(every(nth), every(nth));
        let (standing, because) = stood(&told.conclusion());
        assert_eq!(standing, RunVerdict::Resilient, "{because}");
        assert!(because.contains(&format!("Errors as before T0 ({percent}, now ")), "{because}");
        // The comparison also holds at the moment of an error.
        for second in [UNDER_S - 0.9, UNDER_S - 0.1] {
            let verdict = told.verdict(second);
            assert_eq!(verdict.word, UserWord::Ok, "{}", verdict.sentence);
            assert!(verdict.sentence.contains("errors as before T0 ("), "{}", verdict.sentence);
            assert_eq!(verdict.bad, Some((0, 120)), "{nth}");
        }
    }
    // In steady state the verdict is OK.
    assert_eq!(Script::new(every(20), every(20)).verdict(-0.1).word, UserWord::Ok);
}

#[test]
fn what_the_fault_adds_to_a_background_is_blamed_on_it() {
    let told = Script::new(every(20), every(2));
    assert_eq!(told.conclusion().verdict, RunVerdict::NotResilient);
    assert_eq!(
        told.conclusion().because(),
        "48 of 96 users got an error while the fault was on. 48 HTTP 5xx. 6 % before T0."
    );
    assert_eq!(told.verdict(UNDER_S).word, UserWord::Failing);
    assert!(told.verdict(UNDER_S).bad.unwrap().0 >= 15);
    // An outage of three seconds on a background of errors.
    let outage = |number: u64| if (100..112).contains(&number) { (ERROR, 3.0) } else { every(20)(number) };
    assert_eq!(Script::new(every(20), outage).conclusion().verdict, RunVerdict::NotResilient);
}

#[test]
fn with_too_few_answers_it_cannot_be_told() {
    let one = |number: u64| if number == 120 { (ERROR, 3.0) } else { REAL };
    let (standing, because) = stood(&Script::new(|_| REAL, one).conclusion());
    assert_eq!(standing, RunVerdict::NotObservable, "{because}");
    assert!(
        because.starts_with("1 of 96 answers was an error: too few to blame the fault. None of 88"),
        "{because}"
    );
}

#[test]
fn an_improvement_is_no_weakness() {
    let (standing, because) = stood(&Script::new(every(10), |_| REAL).conclusion());
    assert_eq!(standing, RunVerdict::Resilient);
    assert_eq!(
        because,
        "96 of 96 answers were real and in time. Fewer errors than before T0 (10 %, now 0 %)."
    );
}

#[test]
fn answers_that_were_late_before_are_compared_with() {
    let slow = |ms: f64| move |_| (AnswerKind::Real, ms);
    let told = Script::new(slow(1500.0), slow(1600.0));
    let (standing, because) = stood(&told.conclusion());
    assert_eq!(standing, RunVerdict::Resilient, "{because}");
    assert!(because.contains("as late as before T0 (median 1.5 s, now 1.6 s)"), "{because}");
    let verdict = told.verdict(UNDER_S);
    assert_eq!((verdict.word, verdict.bad), (UserWord::Waiting, Some((0, 120))));
    assert!(verdict.sentence.contains("as before T0 (1.5 s)"), "{}", verdict.sentence);
    // Much later than before counts as worse.
    let told = Script::new(slow(1500.0), slow(5000.0));
    assert_eq!(told.conclusion().verdict, RunVerdict::NotResilient, "{}", told.conclusion().because());
    // In time before, late during the fault.
    assert_eq!(Script::new(slow(5.0), slow(1600.0)).conclusion().verdict, RunVerdict::NotResilient);
}

#[test]
fn fired_before_it_was_learned_what_is_real_there_is_no_verdict() {
    let answer = (AnswerKind::Unjudged, 4.0);
    let told =
        Script::new(|_| answer, |_| answer).without(|what| matches!(what, EventKind::ShapeLearned { .. }));
    let (standing, because) = stood(&told.conclusion());
    assert_eq!(standing, RunVerdict::NotObservable);
    assert_eq!(
        because,
        "It was fired before the look of a real answer was learned. 96 answers while the fault was on."
    );
    let verdict = told.verdict(UNDER_S);
    assert_eq!(verdict.word, UserWord::Unknown);
    assert!(!verdict.sentence.contains("answers are real"), "{}", verdict.sentence);
    assert_eq!(told.verdict(-1.0).word, UserWord::Unknown, "while it is learned nobody knows yet");
    let lane = told.session(UNDER_S).lane(crate::session::state::Lane::Users, 0..4, at(UNDER_S));
    assert_eq!(lane, "aaaa");
    // Errors since the fault are noticed all the same.
    let told = Script::new(|_| answer, |_| (ERROR, 3.0))
        .without(|what| matches!(what, EventKind::ShapeLearned { .. }));
    assert_eq!(told.conclusion().verdict, RunVerdict::NotResilient);
}

#[test]
fn what_came_before_learning_was_done_turns_out_to_be_real() {
    let answer = (AnswerKind::Unjudged, 4.0);
    let early = |number: u64| if number < 40 { answer } else { REAL };
    let session = Script::new(early, |_| REAL).session(UNDER_S);
    let baseline = session.users.main().unwrap().baseline(at(UNDER_S));
    assert_eq!((baseline.real, baseline.unjudged), (88, 0));
    assert_eq!(session.lane(crate::session::state::Lane::Users, -20..-16, at(UNDER_S)), "rrrr");
}

#[test]
fn users_who_wait_for_an_answer_count() {
    let told = Script::new(|_| REAL, |_| (AnswerKind::Real, 60_000.0));
    let (session, now) = (told.session(6.0), at(6.0));
    let since = session.users.main().unwrap().since_t0(now);
    assert_eq!((since.answered(), since.over_limit, since.waiting), (0, 20, 25));
    assert_eq!(since.all.max, Some(6000.0));
    assert!(since.all.is_open(crate::session::state::Quantile::P99));
    let (standing, because) = stood(&conclusion(&session, now));
    assert_eq!(standing, RunVerdict::NotResilient);
    assert_eq!(because, "Nobody got an answer: 25 users waited, up to 6.0 s or more.");
}

#[test]
fn the_word_about_a_run_does_not_change_after_its_end() {
    let mut told = Script::new(|_| REAL, |number| if number < 140 { REAL } else { (ERROR, 3.0) });
    told.events.push((10.0, EventKind::FaultHealed { what: "it is back".to_owned() }));
    told.events.push((12.0, EventKind::RunEnded { status: RunStatus::Completed, deviated: false }));
    let session = told.session(UNDER_S);
    assert_eq!(conclusion(&session, at(UNDER_S)).verdict, RunVerdict::Resilient);
    let mut late = told.session(12.0);
    late.fault.as_mut().unwrap().healed = None;
    assert_eq!(conclusion(&late, at(UNDER_S)), conclusion(&session, at(UNDER_S)));
}

#[test]
fn of_several_endpoints_the_worst_speaks_compared_with_its_own_past() {
    let mut told = Script::new(every(10), every(10));
    told.watch(EndpointId(1));
    told.learned(EndpointId(1));
    told.ask(EndpointId(1), |_| REAL, |_| REAL);
    assert_eq!(told.conclusion().verdict, RunVerdict::Resilient);
    let mut told = Script::new(every(10), every(10));
    told.watch(EndpointId(1));
    told.learned(EndpointId(1));
    told.ask(EndpointId(1), |_| REAL, every(3));
    assert_eq!(told.conclusion().verdict, RunVerdict::NotResilient);
    assert!(told.conclusion().sentence.contains("/1"), "{}", told.conclusion().sentence);
}

/// This program did not run from T+4 to T+12: requests due then were never sent, and one in flight has an unknown
/// result.
fn suspended() -> Script {
    let mut told = Script::new(|_| REAL, |_| REAL);
    let away = |second: f64| (4.0..12.0).contains(&second);
    told.events.retain(|(second, _)| !away(*second));
    let lost = RequestId(1000);
    told.events.push((3.99, EventKind::RequestSent { endpoint: EndpointId(0), request: lost }));
    let gap = Gap { from: at(4.0), to: at(12.0), cause: GapCause::Stopped };
    told.events.push((12.0, EventKind::NotObserved(gap)));
    told
}

#[test]
fn nobody_is_blamed_for_a_gap_of_our_own() {
    let told = suspended();
    let session = told.session(12.6);
    let verdict = verdict(&session, at(12.6));
    assert_eq!((verdict.word, verdict.bad), (UserWord::Ok, Some((0, 120))), "{}", verdict.sentence);
    assert!(verdict.why.iter().any(|why| why.contains("not observed for 8.0 s")), "{:?}", verdict.why);
    assert!(session.users.main().unwrap().in_flight.is_empty());
    let lane = session.lane(crate::session::state::Lane::Users, 2..14, at(12.6));
    assert_eq!(lane, "rr~~~~~~~~r ");
    assert!(session.log.lines.iter().any(|line| line.text.contains("not observed for 8.0 s")));
    let (standing, because) = stood(&told.conclusion());
    assert_eq!(standing, RunVerdict::Resilient);
    assert!(because.contains("8.0 s of the fault were not observed"), "{because}");
}

#[test]
fn how_soon_users_recovered_is_not_claimed_where_nobody_saw_it() {
    let healed = |told: &mut Script, second| {
        told.events.push((second, EventKind::FaultHealed { what: "it is back".to_owned() }));
    };
    let lag = |told: &Script| {
        let session = told.session(UNDER_S);
        recovery_lag(&session, session.users.main().unwrap()).unwrap()
    };
    let mut told = suspended();
    let harmed = RequestId(2000);
    told.events.push((2.0, EventKind::RequestSent { endpoint: EndpointId(0), request: harmed }));
    told.events.push((2.1, EventKind::Answered(answer(EndpointId(0), harmed, 100.0, ERROR))));
    healed(&mut told, 12.1);
    let (seconds, at_most) = lag(&told);
    assert!(at_most && (8.0..8.5).contains(&seconds), "{seconds}");
    let sentence = told.verdict(UNDER_S).sentence;
    assert!(sentence.contains("back at most 8."), "{sentence}");
    let mut told = suspended();
    healed(&mut told, 18.0);
    assert!(!lag(&told).1);
}

#[test]
fn a_service_that_hangs_is_no_gap_of_our_own() {
    let hangs = |number: u64| if number >= 104 { (AnswerKind::Real, 60_000.0) } else { REAL };
    let session = Script::new(|_| REAL, hangs).session(12.6);
    let verdict = verdict(&session, at(12.6));
    assert_eq!(verdict.word, UserWord::Waiting);
    assert!(verdict.bad.unwrap().0 >= 7);
}

#[test]
fn a_fault_that_was_hardly_observed_has_no_verdict() {
    let mut told = suspended();
    told.events.retain(|(second, _)| *second < 14.0);
    let session = told.session(14.0);
    assert_eq!(conclusion(&session, at(14.0)).verdict, RunVerdict::NotObservable);
    assert!(
        conclusion(&session, at(14.0)).because().starts_with("8.0 s of the fault's 14.0 s were not observed")
    );
}

#[test]
fn guards_do_not_count_what_was_so_before_nor_what_nobody_saw() {
    let reading = |told: &Script, second: f64| {
        let mut session = told.session(second);
        session.guards.limits =
            crate::session::event::Guards { users_s: Some(5), restarts: None, silence_s: None, hold_s: None };
        guard_readings(&session, at(second)).remove(0)
    };
    assert_eq!(reading(&Script::new(every(10), every(10)), UNDER_S).figure, 0);
    assert_eq!(
        reading(&Script::new(|_| (AnswerKind::Real, 1500.0), |_| (AnswerKind::Real, 1500.0)), 20.0).figure,
        0
    );
    assert_eq!(reading(&suspended(), 13.0).figure, 0);
    assert!(reading(&Script::new(every(10), every(2)), UNDER_S).figure > 5);
}

#[test]
fn where_nobody_is_asked_only_counters_may_speak() {
    let calls = |second: f64, total: u64, failed: Option<u64>| {
        let series = "http_requests_total".to_owned();
        let calls = crate::session::event::CallTotals {
            endpoint: EndpointId(0),
            series,
            of_path: true,
            total,
            failed,
        };
        (second, EventKind::CallsCounted(calls))
    };
    let passive = |failed: [Option<u64>; 3]| {
        let step = StepRef { section: Section::Method, index: 0 };
        let [begin, t0, end] = failed;
        let events = vec![
            (-20.0, EventKind::PassiveSet { on: true }),
            calls(-19.0, 1000, begin),
            calls(-0.5, 2000, t0),
            (0.0, EventKind::FaultFired { step, what: "broke it".to_owned(), targets: Vec::new() }),
            calls(20.0, 3000, end),
        ];
        Script { events }
    };
    let told = passive([None; 3]);
    assert_eq!(told.verdict(-10.0).sentence, "No requests are sent: this session only reads pages");
    assert_eq!(told.conclusion().verdict, RunVerdict::NotObservable);
    assert!(told.conclusion().because().starts_with("No requests were sent"));
    let as_before = passive([Some(0), Some(50), Some(100)]).conclusion();
    assert_eq!(as_before.verdict, RunVerdict::NotObservable, "{}", as_before.because());
    assert!(
        as_before.because().contains("50 of 1000 calls failed since T0 (5 % before)"),
        "{}",
        as_before.because()
    );
    // One call in a hundred is a failure of the service, fewer are none.
    for (failed, wanted) in
        [(400, RunVerdict::NotResilient), (10, RunVerdict::NotResilient), (9, RunVerdict::NotObservable)]
    {
        let told = passive([Some(0), Some(0), Some(failed)]).conclusion();
        assert_eq!(told.verdict, wanted, "{failed}: {}", told.because());
    }
}

#[test]
fn our_share_of_all_calls_is_told() {
    let mut told = Script::new(|_| REAL, |_| REAL);
    for second in 0..20_u32 {
        let series = "http_requests_total".to_owned();
        let total = u64::from(second) * 60;
        let calls = crate::session::event::CallTotals {
            endpoint: EndpointId(0),
            series,
            of_path: true,
            total,
            failed: None,
        };
        told.events.push((-20.0 + f64::from(second), EventKind::CallsCounted(calls)));
    }
    let session = told.session(-1.0);
    let (ours, all) = call_share(&session, session.users.main().unwrap(), at(-1.0)).unwrap();
    assert_eq!((ours, all.per_second.round()), (4.0, 60.0));
    let why = verdict(&session, at(-1.0)).why.join("\n");
    assert!(
        why.contains("our probe is 4 of 60 calls a second of its path, says http_requests_total"),
        "{why}"
    );
    // One that is below our own rate measures something else, unless it is a little below.
    for (per_second, counts) in [(3_u64, false), (4, true)] {
        let mut told = Script::new(|_| REAL, |_| REAL);
        for second in 0..20_u32 {
            let series = "http_requests_total".to_owned();
            let total = u64::from(second) * per_second;
            let (endpoint, of_path, failed) = (EndpointId(0), true, None);
            let calls = crate::session::event::CallTotals { endpoint, series, of_path, total, failed };
            told.events.push((-20.0 + f64::from(second), EventKind::CallsCounted(calls)));
        }
        let session = told.session(-1.0);
        let endpoint = session.users.main().unwrap();
        assert_eq!(call_share(&session, endpoint, at(-1.0)).is_some(), counts, "{per_second}");
        let mut left = endpoint.clone();
        left.watched = false;
        assert!(call_share(&session, &left, at(-1.0)).is_none());
    }
    // A count that stopped is ignored, and so is one below our own rate.
    assert!(call_share(&session, session.users.main().unwrap(), at(8.0)).is_none());
}
