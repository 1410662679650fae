//! Pictures of every state of the breaker and of every word of confidence, and what must not be said of them.

use super::{
    Overlay, Theme, View,
    tests::{drawn, text, view},
};
use crate::session::{
    Session,
    event::{
        Belief, BreakerState as State, Confidence, Counts, Event, NamedBreaker, NamedState, Says, Testimony,
        Timestamp, What, Witness,
    },
    fixtures::{self, Variant, at},
    state::{Breaker, Lane},
    wording,
};
use Confidence::{CannotTell, Likely, Sure};

/// Seconds before T0 with users that are watched and no fire that is awaited.
const AWHILE: f64 = -17.5;

/// A state as it comes about: who said what, and what is believed.
struct Case {
    state: State,
    confidence: Confidence,
    /// Seconds after T0.
    second: f64,
    statements: Vec<Testimony>,
    because: &'static str,
    more: fn(Belief) -> Belief,
}

fn answers(says: Says, ground: &str) -> Testimony {
    Testimony::new(Witness::Answers, says, ground)
}

fn health(ground: &str) -> Testimony {
    Testimony::new(Witness::Health, Says::Nothing, ground)
}

fn actuator(state: State) -> Testimony {
    let ground = format!("provider = {}", wording::breaker(state));
    Testimony {
        place: Some("8080/actuator/circuitbreakers".to_owned()),
        pod: Some("consumer-5f6c-5wz5k".to_owned()),
        breakers: vec![NamedBreaker::new("provider", Says::State(state), ground.clone())],
        ..Testimony::new(Witness::Actuator, Says::State(state), ground)
    }
}

fn derived(state: State) -> Testimony {
    let ground = "breaker_transitions_total{to=\"half_open\"} grew".to_owned();
    let breaker =
        NamedBreaker { derived: true, ..NamedBreaker::new("p", Says::State(state), ground.clone()) };
    Testimony {
        place: Some("8080/actuator/prometheus".to_owned()),
        breakers: vec![breaker],
        ..Testimony::new(Witness::Metrics, Says::State(state), ground)
    }
}

fn named(name: &str, state: State) -> NamedState {
    NamedState { name: name.to_owned(), state }
}

fn case(
    state: State,
    confidence: Confidence,
    second: f64,
    statements: Vec<Testimony>,
    because: &'static str,
) -> Case {
    Case { state, confidence, second, statements, because, more: |belief| belief }
}

/// Every state, with each word of confidence that it can have.
fn cases() -> Vec<Case> {
    let real = "20 of the last 20 look like the real answer";
    let fallbacks = "9 of 9 fall back at once: open, or falls back by itself";
    let cut = "7 of the last 7 answers are fallbacks in under 10 ms, after slow ones";
    let slow = "3 slow calls after the reset time: a trial";
    let hung = "4 calls hung or failed late: nothing cuts that short yet";
    vec![
        case(
            State::Unknown,
            CannotTell,
            4.0,
            vec![answers(Says::Nothing, "8 of 8 fail at once: open without a fallback, or no breaker")],
            "8 of 8 fail at once: open without a fallback, or no breaker; a hang instead of a refusal would show which",
        ),
        case(
            State::ClosedOrNone,
            Likely,
            AWHILE,
            vec![health("200"), answers(Says::State(State::ClosedOrNone), real)],
            "20 of the last 20 look like the real answer; a closed breaker and none at all look the same",
        ),
        case(
            State::ClosedOrNone,
            CannotTell,
            6.0,
            vec![answers(
                Says::Nothing,
                "2 real answers after fast fallbacks: a trial, or the cause is gone",
            )],
            "2 real answers after fast fallbacks: a trial, or the cause is gone; real answers begin again: a trial, or the cause is gone",
        ),
        Case {
            more: |belief| Belief {
                breaker: Some("provider".to_owned()),
                others: vec![named("redis", State::Open)],
                counts: Some(Counts {
                    calls: Some(14),
                    min_calls: Some(20),
                    failure_percent: Some(7.0),
                    trips_at_percent: Some(50.0),
                    ..Counts::default()
                }),
                ..belief
            },
            ..case(
                State::Closed,
                Sure,
                AWHILE,
                vec![actuator(State::Closed), health("200"), answers(Says::State(State::ClosedOrNone), real)],
                "actuator provider = CLOSED; 20 of the last 20 look like the real answer",
            )
        },
        case(
            State::Closed,
            Likely,
            3.0,
            vec![actuator(State::Closed), answers(Says::Not(State::Open), hung)],
            "actuator provider = CLOSED; 4 calls hung or failed late: nothing cuts that short yet; calls fail and it has not moved: is this series about this breaker?",
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
                vec![actuator(State::Open), health("503"), answers(Says::State(State::FallbackAtOnce), cut)],
                "actuator provider = OPEN; health 503, which may check a dependency rather than a breaker; 7 of the last 7 answers are fallbacks in under 10 ms, after slow ones",
            )
        },
        Case {
            more: |belief| Belief { next_trial: Some(at(8.5)), ..belief },
            ..case(
                State::Open,
                Likely,
                9.0,
                vec![answers(Says::State(State::Open), cut)],
                "7 of the last 7 answers are fallbacks in under 10 ms, after slow ones",
            )
        },
        case(
            State::HalfOpen,
            Sure,
            19.0,
            vec![actuator(State::HalfOpen), answers(Says::State(State::HalfOpen), slow)],
            "actuator provider = HALF-OPEN; 3 slow calls after the reset time: a trial",
        ),
        case(
            State::HalfOpen,
            Likely,
            19.0,
            vec![derived(State::HalfOpen), answers(Says::State(State::HalfOpen), slow)],
            "metrics breaker_transitions_total{to=\"half_open\"} grew; 3 slow calls after the reset time: a trial",
        ),
        case(
            State::NotSeenYet,
            CannotTell,
            3.0,
            vec![answers(Says::Not(State::Open), hung)],
            "4 calls hung or failed late: nothing cuts that short yet; nothing was cut short so far",
        ),
        case(
            State::NoBreakerSeen,
            Likely,
            19.0,
            vec![answers(
                Says::State(State::NoBreakerSeen),
                "16 of 16 calls went through to the dead provider, up to 5.3 s each",
            )],
            "16 of 16 calls went through to the dead provider, up to 5.3 s each; a breaker that needs more than 16 calls would look the same so far",
        ),
        case(
            State::FallbackAtOnce,
            CannotTell,
            4.0,
            vec![answers(Says::State(State::FallbackAtOnce), fallbacks)],
            "9 of 9 fall back at once: open, or falls back by itself; a hang instead of a refusal would show which",
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
                    Testimony { pod: Some("consumer-5f6c-l5522".to_owned()), ..actuator(State::Closed) },
                ],
                "5wz5k OPEN · l5522 CLOSED; actuator provider = OPEN; actuator provider = CLOSED",
            )
        },
        case(
            State::Mixed,
            Likely,
            6.0,
            vec![Testimony { pod: None, ..actuator(State::Open) }],
            "actuator provider = OPEN; it says one and then the other within seconds: several processes answer",
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
            vec![actuator(State::ForcedOpen), answers(Says::State(State::FallbackAtOnce), fallbacks)],
            "actuator provider = FORCED OPEN; 9 of 9 fall back at once: open, or falls back by itself",
        ),
    ]
}

fn told(case: &Case) -> (Session, Timestamp) {
    let (mut session, _) = fixtures::told(Variant::Before, case.second);
    session.breaker = Breaker::default();
    let mut tell = |seconds, what| session.apply(&Event { seq: 0, at: at(seconds), what });
    for testimony in &case.statements {
        tell(case.second - 0.4, What::Testified(testimony.clone()));
    }
    let spoke = case.statements.iter().filter(|said| said.says != Says::Nothing).count() as u8;
    let belief = Belief {
        spoke,
        agreeing: spoke.min(if case.confidence == CannotTell { 0 } else { 9 }),
        ..Belief::new(case.state, case.confidence, at(case.second - 0.3), case.because)
    };
    tell(case.second - 0.3, What::Believed((case.more)(belief)));
    (session, at(case.second))
}

/// What stands in the pane of a title.
fn pane(picture: &str, title: &str) -> String {
    let lines = picture.lines().skip_while(|line| !line.contains(title)).skip(1);
    let inside = lines.take_while(|line| !line.contains("┘└") && !line.starts_with("└"));
    inside
        .filter_map(|line| line.split_once("││"))
        .map(|(_, right)| right.trim_end_matches('│').trim_end())
        .filter(|line| !line.is_empty())
        .fold(String::new(), |all, line| all + line + "\n")
}

/// Every state and word of confidence in the pane, as large and small screens show it.
#[test]
fn every_state_of_the_breaker_has_its_words() {
    let (mut large, mut small) = (String::new(), String::new());
    for case in cases() {
        let told = told(&case);
        let word = wording::breaker(case.state);
        let sure = wording::confidence(case.confidence);
        let picture = text(&drawn(&told, &view(), &Theme::default(), 120, 36));
        let shown = pane(&picture, "4 BREAKER ");
        assert!(shown.contains(&format!(" {word}  for 0.3 s   {sure}")), "{word} {sure} in\n{picture}");
        large += &(shown + "\n");
        for theme in ["dark", "mono", "colour-blind"].into_iter().flat_map(Theme::named) {
            let picture = text(&drawn(&told, &view(), &theme, 80, 24));
            let shown = pane(&picture, "BREAKER + PODS");
            let head = shown.lines().next().unwrap_or_default();
            assert!(head.contains(word) && head.contains(sure), "{word} {sure} in\n{picture}");
        }
        let picture = text(&drawn(&told, &view(), &Theme::default(), 80, 24));
        small += &(pane(&picture, "BREAKER + PODS").lines().take(2).collect::<Vec<_>>().join("\n") + "\n\n");
        // The evidence behind it is a key away, whatever the state.
        let why = View { overlay: Some(Overlay::Why), ..view() };
        let picture = text(&drawn(&told, &why, &Theme::default(), 120, 60));
        assert!(picture.contains(&format!("the breaker is called {word}, {sure}")), "{picture}");
    }
    insta::assert_snapshot!("breaker-states-120x36", large);
    insta::assert_snapshot!("breaker-states-80x24", small);
}

/// Line 2 names a breaker only where one has shown itself, and says how sure that is; no state is shown by colour alone.
#[test]
fn line_2_says_nothing_of_a_breaker_that_has_not_shown_itself() {
    for case in cases() {
        let told = told(&Case { second: AWHILE, ..case });
        for (width, height) in [(120, 36), (80, 24)] {
            let picture = text(&drawn(&told, &view(), &Theme::default(), width, height));
            let line = picture.lines().nth(1).unwrap_or_default();
            let state = told.0.breaker.state();
            let doubt = told.0.breaker.belief.as_ref().is_some_and(|belief| belief.confidence != Sure);
            let named = format!("BREAKER {}{}", wording::breaker(state), if doubt { "?" } else { "" });
            match state.is_a_breakers() {
                true => assert!(line.contains(&named), "{named}: {line}"),
                false => assert!(!line.to_lowercase().contains("breaker"), "{line}"),
            }
        }
    }
}

/// Each state has a letter in the lane, and the cursor says in words what it means; none is taken for a gap of our own.
#[test]
fn each_letter_of_the_lane_means_its_state() {
    for case in cases() {
        let told = told(&case);
        let second = told.0.axis.second(told.1);
        let letters = told.0.lane(Lane::Breaker, second - 1..second + 1, told.1);
        let letter = letters.trim().chars().last();
        assert_eq!(letter.is_none(), case.state == State::Unknown, "{:?}: {letters:?}", case.state);
        assert_ne!(letter, Some(crate::session::state::UNSEEN), "{:?}", case.state);
        let cursor = View { cursor: Some(second), ..view() };
        let picture = text(&drawn(&told, &cursor, &Theme::default(), 200, 50));
        let said = format!("breaker {}", wording::breaker(case.state));
        let line = picture.lines().find(|line| line.contains(" · fault ")).unwrap_or_default();
        assert_eq!(line.contains(&said), case.state != State::Unknown, "{said}: {line}\n{picture}");
    }
}

/// Zero of a countdown is no trial; a second without the countdown's end in it says when.
#[test]
fn a_countdown_ends_in_a_trial_that_is_due() {
    let open = cases().into_iter().find(|case| case.state == State::Open && case.confidence == Sure).unwrap();
    let (session, now) = told(&open);
    let shown = |now| text(&drawn(&(session.clone(), now), &view(), &Theme::default(), 120, 36));
    assert!(shown(now).contains("next trial in 5.2 s"), "{}", shown(now));
    let late = shown(at(13.4));
    assert!(late.contains("trial due") && late.contains(" OPEN ") && !late.contains("HALF-OPEN"), "{late}");
}

/// Statements show how old they are, and that moves on.
#[test]
fn statements_grow_old() {
    let case = cases().remove(0);
    let (session, now) = told(&case);
    for (later, wanted) in [(0.0, "0.4 s ago"), (1.0, "1.4 s ago"), (9.0, "9.4 s ago")] {
        let now = now + std::time::Duration::from_secs_f64(later);
        let shown = text(&drawn(&(session.clone(), now), &view(), &Theme::default(), 120, 36));
        assert!(pane(&shown, "4 BREAKER ").contains(wanted), "{wanted} in\n{shown}");
    }
}

/// What a restart took away is told, and a state that is taken to be open is called so with its doubt.
#[test]
fn a_restart_is_told_in_the_pane() {
    let case =
        cases().into_iter().find(|case| case.state == State::Closed && case.confidence == Sure).unwrap();
    let (mut session, _) = told(&Case { second: 5.0, ..case });
    let belief = Belief {
        restarted: true,
        ..Belief::new(State::Closed, Likely, at(5.0), "its breaker was reset by a restart")
    };
    session.apply(&Event { seq: 0, at: at(5.0), what: What::Believed(belief) });
    let shown = text(&drawn(&(session, at(6.0)), &view(), &Theme::default(), 120, 50));
    assert!(shown.contains("its breaker was reset by a restart at T+5.0"), "{shown}");
}

/// What is not known has one colour; what is believed of a breaker has another.
#[test]
fn what_cannot_be_told_has_the_colour_of_what_is_unknown() {
    let look = |case: &Case| {
        let buffer = drawn(&told(case), &view(), &Theme::default(), 120, 36);
        let picture = text(&buffer);
        let y = picture.lines().position(|line| line.contains("4 BREAKER")).unwrap() as u16 + 1;
        // The frame, a blank, and the first letter of the state.
        buffer.cell((47, y)).map(|cell| (cell.fg, cell.bg, cell.modifier)).unwrap()
    };
    let cases = cases();
    let unknown = look(&cases[0]);
    for case in &cases {
        let withheld = case.state.withholds() || case.state == State::ClosedOrNone;
        assert_eq!(look(case) == unknown, withheld, "{:?}", case.state);
    }
}

/// "0 of 2" would read as if two said otherwise.
#[test]
fn nobody_is_counted_where_nobody_agrees() {
    for case in cases().into_iter().filter(|case| case.confidence == CannotTell) {
        let (session, now) = told(&case);
        let shown = text(&drawn(&(session, now), &view(), &Theme::default(), 120, 36));
        assert!(!pane(&shown, "4 BREAKER").contains("(0 of"), "{shown}");
    }
}

/// What a source's line says already is not said once more, though its figures have moved on.
#[test]
fn a_ground_is_no_doubt() {
    let second = AWHILE;
    let statements =
        vec![answers(Says::State(State::ClosedOrNone), "6 of the last 6 look like the real answer")];
    let because = "metrics state = closed; 8 of the last 8 look like the real answer";
    let (session, now) = told(&case(State::Closed, Likely, second, statements, because));
    let shown = text(&drawn(&(session, now), &view(), &Theme::default(), 120, 36));
    assert!(!pane(&shown, "4 BREAKER").contains("8 of the last 8"), "{shown}");
}
