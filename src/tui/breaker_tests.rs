//! Snapshot tests of every state of the breaker with every level of confidence, and of what must not be claimed about
//! them.

use super::{
    Theme, View,
    tests::{drawn, text, view},
};
use crate::session::{
    Session,
    event::{
        Belief, BreakerCounts, BreakerState as State, Confidence, Event, EventKind, NamedBreaker, NamedState,
        SourceClaim, SourceKind, SourceReport, Timestamp,
    },
    fixtures::{self, Variant, at},
    state::Breaker,
    wording,
};
use Confidence::{CannotTell, Likely, Sure};

/// A moment before T0, in seconds, at which users are watched and no fire is awaited.
pub(super) const AWHILE: f64 = -17.5;

/// A breaker state, the reports that lead to it, and the resulting belief.
pub(super) struct Case {
    pub(super) state: State,
    pub(super) confidence: Confidence,
    /// Seconds after T0.
    pub(super) second: f64,
    pub(super) statements: Vec<SourceReport>,
    pub(super) because: &'static str,
    pub(super) more: fn(Belief) -> Belief,
}

pub(super) fn answers(says: SourceClaim, ground: &str) -> SourceReport {
    SourceReport::new(SourceKind::Answers, says, ground)
}

fn health(ground: &str) -> SourceReport {
    SourceReport::new(SourceKind::Health, SourceClaim::Nothing, ground)
}

fn actuator(state: State) -> SourceReport {
    let ground = format!("provider = {}", wording::breaker(state));
    SourceReport {
        place: Some("8080/actuator/circuitbreakers".to_owned()),
        pod: Some("consumer-5f6c-5wz5k".to_owned()),
        breakers: vec![NamedBreaker::new("provider", SourceClaim::State(state), ground.clone())],
        ..SourceReport::new(SourceKind::Actuator, SourceClaim::State(state), ground)
    }
}

fn derived(state: State) -> SourceReport {
    let ground = "breaker_transitions_total{to=\"half_open\"} grew".to_owned();
    let breaker =
        NamedBreaker { derived: true, ..NamedBreaker::new("p", SourceClaim::State(state), ground.clone()) };
    SourceReport {
        place: Some("8080/actuator/prometheus".to_owned()),
        breakers: vec![breaker],
        ..SourceReport::new(SourceKind::Metrics, SourceClaim::State(state), ground)
    }
}

fn named(name: &str, state: State) -> NamedState {
    NamedState { name: name.to_owned(), state }
}

pub(super) fn case(
    state: State,
    confidence: Confidence,
    second: f64,
    statements: Vec<SourceReport>,
    because: &'static str,
) -> Case {
    Case { state, confidence, second, statements, because, more: |belief| belief }
}

/// Every state, with each level of confidence that it can have.
#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn cases() -> Vec<Case> {
    let real = "20 of the last 20 look like the real answer";
    let fallbacks = "9 of 9 fall back at once: open, or falls back by itself";
    let cut = "7 of the last 7 answers are fallbacks in under 10 ms, after slow ones";
    let slow = "3 slow calls after the reset time: a trial";
    let hung = "4 calls hung or failed late: no call is cut short yet";
    vec![
        case(
            State::Unknown,
            CannotTell,
            4.0,
            vec![answers(
                SourceClaim::Nothing,
                "8 of 8 fail at once: open without a fallback, or no breaker",
            )],
            "8 of 8 fail at once: open without a fallback, or no breaker; only a provider that hangs instead of refusing would show which",
        ),
        case(
            State::ClosedOrNone,
            Likely,
            AWHILE,
            vec![health("200"), answers(SourceClaim::State(State::ClosedOrNone), real)],
            "20 of the last 20 look like the real answer; a closed breaker and none at all look the same",
        ),
        case(
            State::ClosedOrNone,
            CannotTell,
            6.0,
            vec![answers(
                SourceClaim::Nothing,
                "2 real answers after fast fallbacks: a trial, or the cause is gone",
            )],
            "2 real answers after fast fallbacks: a trial, or the cause is gone; real answers begin again: a trial, or the cause is gone",
        ),
        Case {
            more: |belief| Belief {
                breaker: Some("provider".to_owned()),
                others: vec![named("redis", State::Open)],
                counts: Some(BreakerCounts {
                    calls: Some(14),
                    min_calls: Some(20),
                    failure_percent: Some(7.0),
                    trips_at_percent: Some(50.0),
                    ..BreakerCounts::default()
                }),
                ..belief
            },
            ..case(
                State::Closed,
                Sure,
                AWHILE,
                vec![
                    actuator(State::Closed),
                    health("200"),
                    answers(SourceClaim::State(State::ClosedOrNone), real),
                ],
                "actuator provider = CLOSED; 20 of the last 20 look like the real answer",
            )
        },
        case(
            State::Closed,
            Likely,
            3.0,
            vec![actuator(State::Closed), answers(SourceClaim::Not(State::Open), hung)],
            "actuator provider = CLOSED; 4 calls hung or failed late: no call is cut short yet; calls fail and it has not moved: is this series about this breaker?",
        ),
        Case {
            more: |belief| Belief {
                next_trial: Some(at(13.2)),
                rejected: Some(12),
                fallback_ratio: Some(0.86),
                breaker: Some("provider".to_owned()),
                ..belief
            },
            ..case(
                State::Open,
                Sure,
                8.0,
                vec![
                    actuator(State::Open),
                    health("503"),
                    answers(SourceClaim::State(State::FallbackAtOnce), cut),
                ],
                "actuator provider = OPEN; health 503, which may check a dependency rather than a breaker; 7 of the last 7 answers are fallbacks in under 10 ms, after slow ones",
            )
        },
        Case {
            more: |belief| Belief { next_trial: Some(at(8.5)), ..belief },
            ..case(
                State::Open,
                Likely,
                9.0,
                vec![answers(SourceClaim::State(State::Open), cut)],
                "7 of the last 7 answers are fallbacks in under 10 ms, after slow ones",
            )
        },
        case(
            State::HalfOpen,
            Sure,
            19.0,
            vec![actuator(State::HalfOpen), answers(SourceClaim::State(State::HalfOpen), slow)],
            "actuator provider = HALF-OPEN; 3 slow calls after the reset time: a trial",
        ),
        case(
            State::HalfOpen,
            Likely,
            19.0,
            vec![derived(State::HalfOpen), answers(SourceClaim::State(State::HalfOpen), slow)],
            "metrics breaker_transitions_total{to=\"half_open\"} grew; 3 slow calls after the reset time: a trial",
        ),
        case(
            State::NotSeenYet,
            CannotTell,
            3.0,
            vec![answers(SourceClaim::Not(State::Open), hung)],
            "4 calls hung or failed late: no call is cut short yet; nothing was cut short so far",
        ),
        case(
            State::NoBreakerSeen,
            Likely,
            19.0,
            vec![answers(
                SourceClaim::State(State::NoBreakerSeen),
                "16 of 16 calls went through to the dead provider, up to 5.3 s each",
            )],
            "16 of 16 calls went through to the dead provider, up to 5.3 s each; a breaker that needs more than 16 calls would look the same so far",
        ),
        case(
            State::FallbackAtOnce,
            CannotTell,
            4.0,
            vec![answers(SourceClaim::State(State::FallbackAtOnce), fallbacks)],
            "9 of 9 fall back at once: open, or falls back by itself; only a provider that hangs instead of refusing would show which",
        ),
        Case {
            more: |belief| Belief {
                replicas: vec![named("5wz5k", State::Open), named("l5522", State::Closed)],
                ..belief
            },
            ..case(
                State::Mixed,
                Sure,
                6.0,
                vec![
                    actuator(State::Open),
                    SourceReport { pod: Some("consumer-5f6c-l5522".to_owned()), ..actuator(State::Closed) },
                ],
                "5wz5k OPEN · l5522 CLOSED; actuator provider = OPEN; actuator provider = CLOSED",
            )
        },
        case(
            State::Mixed,
            Likely,
            6.0,
            vec![SourceReport { pod: None, ..actuator(State::Open) }],
            "actuator provider = OPEN; its reported state alternates within seconds: several processes answer",
        ),
        case(State::Disabled, Sure, AWHILE, vec![actuator(State::Disabled)], "actuator provider = DISABLED"),
        case(
            State::MetricsOnly,
            Sure,
            AWHILE,
            vec![actuator(State::MetricsOnly)],
            "actuator provider = METRICS ONLY",
        ),
        case(
            State::ForcedOpen,
            Sure,
            8.0,
            vec![actuator(State::ForcedOpen), answers(SourceClaim::State(State::FallbackAtOnce), fallbacks)],
            "actuator provider = FORCED OPEN; 9 of 9 fall back at once: open, or falls back by itself",
        ),
    ]
}

pub(super) fn session_for(case: &Case) -> (Session, Timestamp) {
    let (mut session, _) = fixtures::session_at(Variant::Before, case.second);
    session.breaker = Breaker::default();
    let mut apply = |seconds, what| session.apply(&Event { seq: 0, at: at(seconds), what });
    for report in &case.statements {
        apply(case.second - 0.4, EventKind::Testified(report.clone()));
    }
    let spoke = case.statements.iter().filter(|report| report.says != SourceClaim::Nothing).count() as u8;
    let belief = Belief {
        spoke,
        agreeing: spoke.min(if case.confidence == CannotTell { 0 } else { 9 }),
        ..Belief::new(case.state, case.confidence, at(case.second - 0.3), case.because)
    };
    apply(case.second - 0.3, EventKind::Believed((case.more)(belief)));
    (session, at(case.second))
}

/// The banner mentions a breaker only if one was detected.
#[test]
fn the_banner_says_nothing_of_a_breaker_that_has_not_shown_itself() {
    for case in cases() {
        let session_at = session_for(&Case { second: AWHILE, ..case });
        let verdict = crate::insight::verdict(&session_at.0, session_at.1);
        let said = format!("{} {}", verdict.sentence, verdict.details.unwrap_or_default());
        if !session_at.0.breaker.state().is_breaker_state() && session_at.0.fault.is_none() {
            assert!(!said.to_lowercase().contains("breaker"), "{:?}: {said}", case.state);
        }
    }
}

/// The time cursor names each state in words.
#[test]
fn the_cursor_says_each_state_in_words() {
    for case in cases() {
        let session_at = session_for(&case);
        let zero = session_at.0.axis.start_of_second(0).unwrap();
        let cursor = View { cursor: Some(session_at.1.duration_since(zero).as_millis() as i64), ..view() };
        let picture = text(&drawn(&session_at, &cursor, &Theme::default(), 200, 50));
        let said = format!("breaker {}", wording::breaker(case.state));
        // With mixed replicas, each replica's state is named instead.
        let own = !matches!(case.state, State::Unknown | State::Mixed);
        assert!(!own || picture.contains(&said), "{said}:\n{picture}");
    }
}
