//! The story of recorded sessions, and single cases that those do not contain.

use super::*;
use crate::session::{
    Command, Event, EventKind,
    command::Annotation,
    event::{
        Answer, AnswerKind, Belief, BreakerState, Confidence, EndpointId, ErrorKind, Gap, GapCause, Level,
        RequestId, Section, StepRef,
    },
    fixtures::{self, RECORDED, Variant, at, recorded_until, recorded_whole},
};

fn told(session: &Session, now: Timestamp) -> String {
    let t0 = session.t0().unwrap_or(now);
    let line = |line: StoryLine| {
        let since = line.at.duration_since(t0).as_secs_f64();
        let loud = if line.emphasized { "!" } else { " " };
        let sign = format!("{:?} {:?}", line.mark, line.tone);
        format!("T {since:>+5.1} {loud} {sign:<16} {}\n", line.text)
    };
    story(session, now).into_iter().map(line).collect()
}

#[test]
fn recorded_sessions_tell_their_story() {
    for name in RECORDED {
        let (session, now) = recorded_whole(name);
        insta::assert_snapshot!(name, told(&session, now));
    }
}

#[test]
fn it_is_told_in_order_and_never_ahead() {
    for second in [-5.0, 1.0, 12.8, 18.6] {
        let (session, now) = recorded_until("after-hang", second);
        let lines = story(&session, now);
        assert!(
            lines.is_sorted_by_key(|line| line.at) && lines.iter().all(|line| line.at <= now),
            "{second}"
        );
    }
    // Read back at an earlier moment, the whole session gives the same story as it did then.
    let (then, now) = recorded_until("after-hang", 18.6);
    let (whole, _) = recorded_whole("after-hang");
    assert_eq!(told(&whole, now), told(&then, now));
}

fn with(seconds: f64, whats: Vec<EventKind>) -> String {
    let (mut session, now) = fixtures::session_at(Variant::Before, seconds);
    for what in whats {
        session.apply(&Event { seq: 0, at: now, what });
    }
    told(&session, now)
}

#[test]
fn what_people_and_guards_do_is_part_of_it() {
    let note = EventKind::Commanded(Command::Annotate(Annotation::Note("phone rings".to_owned())));
    let mark = EventKind::Commanded(Command::Annotate(Annotation::Mark));
    let aborted =
        EventKind::Interrupted { reason: "Aborted by the operator".to_owned(), level: Level::Warning };
    let gap = EventKind::NotObserved(Gap { from: at(1.0), to: at(4.0), cause: GapCause::Stopped });
    let text = with(5.0, vec![note, mark, aborted, gap]);
    for wanted in [
        "Noted Plain      phone rings",
        "Noted Plain      marked",
        "! Cut Fault        ABORTED: Aborted by the operator",
        "3.0 s not observed: this program did not run",
    ] {
        assert!(text.contains(wanted), "{wanted} in\n{text}");
    }
}

#[test]
fn a_refusal_and_states_without_an_opening_are_told() {
    let kill = StepRef { section: Section::Method, index: 0 };
    let text = with(0.3, vec![EventKind::FaultRefused { step: kill, reason: "403".to_owned() }]);
    assert!(text.contains("REFUSED kill-provider-microservice: nothing changed"), "{text}");
    for (state, wanted) in [
        (BreakerState::Disabled, "breaker DISABLED: every call goes through"),
        (BreakerState::Mixed, "breakers in different states"),
        (BreakerState::ForcedOpen, "breaker held open by hand"),
        (BreakerState::FallbackAtOnce, "users get a fallback at once"),
        (BreakerState::Unknown, "breaker UNKNOWN"),
    ] {
        let belief = Belief::new(state, Confidence::Sure, at(3.0), "");
        let text = with(3.0, vec![EventKind::Believed(belief)]);
        assert!(text.contains(wanted), "{state:?}: {text}");
    }
}

#[test]
fn an_hour_of_flapping_is_no_story() {
    let (mut session, _) = fixtures::session_at(Variant::After, 1.0);
    for second in 0..4000_u32 {
        let (state, seconds) = match second % 2 {
            0 => (BreakerState::Mixed, f64::from(second)),
            _ => (BreakerState::Unknown, f64::from(second)),
        };
        let belief = Belief::new(state, Confidence::Sure, at(2.0 + seconds), "");
        session.apply(&Event { seq: 0, at: at(2.0 + seconds), what: EventKind::Believed(belief) });
    }
    assert!(story(&session, at(5000.0)).len() < 100);
}

#[test]
fn an_opening_is_judged_by_what_users_got_until_the_next_one() {
    let (mut session, _) = fixtures::session_at(Variant::After, 1.0);
    let believed =
        |second, state| (second, EventKind::Believed(Belief::new(state, Confidence::Sure, at(second), "")));
    let answered = |request: u64, second: f64, kind| {
        let (endpoint, request) = (EndpointId(0), RequestId(90_000 + request));
        let answer = Answer {
            endpoint,
            request,
            waited_ms: 10.0,
            kind,
            status: Some(200),
            shape: 1,
            excerpt: None,
            retry_after: false,
        };
        [(second, EventKind::RequestSent { endpoint, request }), (second + 0.01, EventKind::Answered(answer))]
    };
    let mut events = vec![
        believed(2.0, BreakerState::Open),
        believed(6.0, BreakerState::HalfOpen),
        believed(6.5, BreakerState::Closed),
        believed(8.0, BreakerState::Open),
    ];
    events.extend((0..3).flat_map(|n| answered(n, 3.0 + n as f64 / 10.0, AnswerKind::Fallback)));
    events.extend(
        (3..20).flat_map(|n| answered(n, 9.0 + n as f64 / 10.0, AnswerKind::Error(ErrorKind::Refused))),
    );
    events.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    for (second, what) in events {
        session.apply(&Event { seq: 0, at: at(second), what });
    }
    let openings = story(&session, at(12.0)).into_iter().filter(|line| line.text.starts_with("breaker OPEN"));
    let tones: Vec<Tone> = openings.map(|line| line.tone).collect();
    assert_eq!(tones, [Tone::Protected, Tone::Failing]);
}

#[test]
fn a_limit_of_any_length_is_told_or_left_out() {
    let (mut session, now) = fixtures::session_at(Variant::Before, 3.0);
    session.users.endpoints[0].limit_ms = u64::MAX;
    assert!(!told(&session, now).contains("the first user waits longer"), "nobody has by now");
}
