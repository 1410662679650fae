//! What cannot be observed of answers is stated, and such answers are not called "real".

use super::{RunVerdict, UserVerdict, UserWord, conclusion};
use crate::{
    session::{
        Event, Session,
        event::{
            Answer, AnswerKind, Belief, BreakerState, Confidence, EndpointId, ErrorKind, EventKind,
            RequestId, Section, Source, SourceState, StepRef,
        },
        fixtures::at,
    },
    test_support::answer,
};

const ENDPOINT: EndpointId = EndpointId(0);

/// Ten answers a second in steady state, then during a fault, all in time. `told` is applied together with the learned
/// shape.
fn told(unseen: Option<&str>, told: Option<EventKind>, kind: AnswerKind) -> Session {
    let mut session = Session::new();
    let mut tell = |seconds: f64, what: EventKind| session.apply(&Event { seq: 0, at: at(seconds), what });
    let endpoint = ENDPOINT;
    tell(-6.0, crate::session::fixtures::watched(endpoint));
    for number in 0..110_u64 {
        let start = -5.0 + number as f64 / 10.0;
        if number == 40 {
            let (description, unseen) = ("JSON object, 9 bytes".to_owned(), unseen.map(str::to_owned));
            tell(start, EventKind::ShapeLearned { endpoint, description, answers: 20, unseen });
            if let Some(what) = &told {
                tell(start, what.clone());
            }
        }
        if number == 50 {
            let step = StepRef { section: Section::Method, index: 0 };
            tell(0.0, EventKind::FaultFired { step, what: "kill".to_owned(), targets: Vec::new() });
        }
        let kind = if number < 50 { AnswerKind::Real } else { kind };
        let request = RequestId(number);
        tell(start, EventKind::RequestSent { endpoint, request });
        let answer = Answer { shape: 1, ..answer(endpoint, request, 5.0, kind) };
        tell(start + 0.005, EventKind::Answered(answer));
    }
    session
}

fn verdict(session: &Session, seconds: f64) -> UserVerdict {
    super::verdict(session, at(seconds))
}

#[test]
fn real_answers_are_called_so() {
    let session = told(None, None, AnswerKind::Real);
    assert_eq!(verdict(&session, 6.0).sentence, "60 of 60 answers since T0 are real; median 5 ms");
    let conclusion = conclusion(&session, at(6.0));
    assert_eq!(conclusion.verdict, RunVerdict::Resilient);
    assert!(conclusion.because().contains("were real"), "{}", conclusion.because());
}

#[test]
fn where_a_fallback_cannot_be_told_it_is_said_in_every_sentence() {
    let unseen = "bodies differ in every answer: a fallback cannot be distinguished from a real answer here";
    let session = told(Some(unseen), None, AnswerKind::Real);
    let said = verdict(&session, 6.0);
    assert_eq!(said.word, UserWord::Ok);
    assert_eq!(said.sentence, "The last 110 answers look real; median 5 ms");
    assert!(said.details.unwrap().starts_with("Bodies differ in every answer"));
    assert!(said.medium.contains("look real") && said.short.contains("look real"), "{}", said.short);
    assert!(said.why.iter().any(|why| why == unseen), "{:?}", said.why);
    let because = conclusion(&session, at(6.0)).because();
    assert!(because.to_lowercase().contains(unseen) && !because.contains("were real"), "{because}");
}

#[test]
fn an_open_breaker_and_answers_of_the_real_shape_are_not_called_real() {
    let belief = Belief::new(BreakerState::Open, Confidence::Sure, at(-1.0), "metrics");
    let said = verdict(&told(None, Some(EventKind::Believed(belief)), AnswerKind::Real), 6.0);
    assert!(said.sentence.contains("look real"), "{}", said.sentence);
    assert!(said.details.as_ref().unwrap().starts_with("The breaker is OPEN"), "{:?}", said.details);
}

#[test]
fn endless_answers_are_no_verdict_and_errors_among_them_are_one() {
    let endless = || Some(EventKind::AnswersEnd { endpoint: ENDPOINT, end: false });
    let session = told(None, endless(), AnswerKind::Real);
    let said = verdict(&session, 6.0);
    assert_eq!(said.word, UserWord::Unknown);
    assert_eq!(said.sentence, "Answers begin after 5 ms and do not end");
    let ended = conclusion(&session, at(6.0));
    assert_eq!(ended.verdict, RunVerdict::NotObservable);
    assert_eq!(
        ended.because(),
        "Answers begin and do not end: what users got is not seen. Watch another path."
    );
    let session = told(None, endless(), AnswerKind::Error(ErrorKind::Refused));
    assert_eq!(verdict(&session, 6.0).word, UserWord::Failing);
    assert_eq!(conclusion(&session, at(6.0)).verdict, RunVerdict::NotResilient);
    // The answers end after all.
    let ends = told(None, Some(EventKind::AnswersEnd { endpoint: ENDPOINT, end: true }), AnswerKind::Real);
    assert_eq!(verdict(&ends, 6.0).word, UserWord::Ok);
}

#[test]
fn why_nobody_can_be_asked_is_said() {
    let mut session = Session::new();
    assert_eq!(verdict(&session, 0.0).sentence, "Your service was not asked yet.");
    let state = SourceState::Absent { reason: "the endpoint cannot be asked: no colon".to_owned() };
    let what = EventKind::SourceChanged { source: Source::Users, state };
    session.apply(&Event { seq: 0, at: at(0.0), what });
    let said = verdict(&session, 0.0);
    assert_eq!(said.details.as_deref(), Some("The endpoint cannot be asked: no colon."));
    assert_eq!(said.why, ["the endpoint cannot be asked: no colon"]);
}

#[test]
fn what_a_broken_port_forward_loses_counts_neither_for_nor_against_the_service() {
    let mut session = told(None, None, AnswerKind::Real);
    let mut tell = |seconds: f64, what: EventKind| session.apply(&Event { seq: 0, at: at(seconds), what });
    let (endpoint, url) = (ENDPOINT, "GET http://127.0.0.1:40000/".to_owned());
    let via = Some("port-forward to service/web".to_owned());
    tell(
        6.0,
        EventKind::EndpointWatched { endpoint, url, rate: 10.0, deadline_ms: 10_000, limit_ms: 1000, via },
    );
    let reason = "port-forward broken: forbidden".to_owned();
    let state = SourceState::Reconnecting { reason };
    tell(6.0, EventKind::SourceChanged { source: Source::Users, state });
    for number in 110..310_u64 {
        let (start, request) = (6.0 + (number - 110) as f64 / 10.0, RequestId(number));
        tell(start, EventKind::RequestSent { endpoint, request });
        tell(start + 0.05, EventKind::RequestsLost { endpoint, requests: vec![request] });
    }
    let said = verdict(&session, 26.0);
    assert_eq!(said.word, UserWord::Unknown);
    assert_eq!(said.sentence, "Users are not observed: port-forward broken: forbidden");
    let since = session.users.main().unwrap().since_t0(at(26.0));
    assert_eq!((since.sent, since.error, since.waiting), (60, 0, 0), "only those that were answered");
    let [gap] = session.gaps.iter().collect::<Vec<_>>()[..] else { panic!("{:?}", session.gaps) };
    assert_eq!((gap.from, gap.seconds().round()), (at(6.0), 20.0));
    assert!(!session.gaps.covers(at(7.0), at(8.0)), "pods and breaker were observed");
    let ended = conclusion(&session, at(26.0));
    assert_eq!(ended.verdict, RunVerdict::NotObservable);
    assert!(ended.because().contains("not observed. The port-forward was broken"), "{}", ended.because());
    let live = EventKind::SourceChanged { source: Source::Users, state: SourceState::Live };
    session.apply(&Event { seq: 0, at: at(26.1), what: live });
    assert!(!verdict(&session, 26.2).sentence.contains("port-forward"));
}
