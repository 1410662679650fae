use super::{
    super::testing::{SessionAt, apply_event, cells, rows, shown, view},
    breaker,
};
use crate::{
    session::{
        event::{
            Belief, BreakerState as State, Confidence, EventKind, SourceClaim, SourceKind, SourceReport,
        },
        fixtures::at,
        wording,
    },
    tui::{
        breaker_tests::{AWHILE, Case, answers, case, cases, session_for},
        theme::{Depth, Role, Theme},
    },
};
use Confidence::{CannotTell, Likely, Sure};
use proptest::prelude::*;
use ratatui::{buffer::Buffer, style::Modifier};

/// The pane on a screen of 120x36, and of 200x50.
const SIZES: [(u16, u16); 2] = [(45, 9), (78, 15)];

fn pane(told: &SessionAt, size: (u16, u16)) -> String {
    shown(told, size, breaker).join("\n")
}

fn find(state: State, confidence: Confidence) -> Case {
    cases().into_iter().find(|case| (case.state, case.confidence) == (state, confidence)).unwrap()
}

/// The text of the cells with this background.
fn on(buffer: &Buffer, ground: Option<ratatui::style::Color>) -> String {
    let filled = buffer.content().iter().filter(|cell| Some(cell.bg) == ground);
    filled.map(|cell| cell.symbol()).collect::<String>().trim().to_owned()
}

#[test]
fn every_state_has_its_words_and_its_confidence() {
    let mut all = String::new();
    for case in cases() {
        let told = session_for(&case);
        let word = wording::breaker(case.state);
        let sure = wording::confidence(case.confidence);
        for size in SIZES {
            let pane = pane(&told, size);
            let replicas = told.0.breaker.belief.as_ref().is_some_and(|belief| !belief.replicas.is_empty());
            assert!(replicas || pane.contains(word), "{word} in\n{pane}");
            assert!(pane.contains(sure), "{sure} in\n{pane}");
            assert!(!pane.contains("(0 of"), "nobody is counted where nobody agrees:\n{pane}");
        }
        all += &format!("{word}, {sure}\n{}\n", pane(&told, SIZES[0]));
    }
    insta::assert_snapshot!("breaker-states", all);
}

#[test]
fn only_a_state_that_is_believed_is_filled() {
    let theme = Theme::default();
    for case in cases() {
        let buffer = cells(&session_for(&case), &view(), &theme, SIZES[0], breaker);
        let filled: String = [Role::Ok, Role::Protected, Role::Waiting, Role::Failing]
            .map(|role| on(&buffer, theme.fill(role).bg))
            .concat();
        let wanted = match case.state {
            _ if case.confidence == CannotTell => "",
            State::ClosedOrNone | State::FallbackAtOnce | State::Unknown | State::NotSeenYet => "",
            State::Mixed if case.confidence == Likely => "",
            State::Mixed | State::ForcedOpen => "OPEN",
            state => wording::breaker(state),
        };
        assert_eq!(filled, wanted, "{:?} {:?}", case.state, case.confidence);
    }
    let calm = cells(&session_for(&find(State::ClosedOrNone, Likely)), &view(), &theme, SIZES[0], breaker);
    assert_eq!(on(&calm, theme.tint(Role::Unknown).unwrap().bg), "CLOSED");
}

#[test]
fn what_cannot_be_told_has_a_question_mark_at_the_last_state_known() {
    let mut told = session_for(&case(State::Closed, Likely, 3.0, vec![], "they say so"));
    apply_event(
        &mut told,
        4.0,
        EventKind::Believed(Belief::new(State::Unknown, CannotTell, at(4.0), "all are silent")),
    );
    told.1 = at(5.0);
    let pane = pane(&told, SIZES[0]);
    assert!(pane.contains("│ CLOSED?│") && pane.contains("UNKNOWN  all are silent"), "{pane}");
}

#[test]
fn a_restart_ends_what_was_believed() {
    let metrics = SourceReport::new(SourceKind::Metrics, SourceClaim::State(State::Open), "state = open");
    let mut told = session_for(&case(State::Open, Sure, 5.0, vec![metrics.clone()], "metrics state = open"));
    let anew =
        Belief { restarted: true, ..Belief::new(State::Unknown, CannotTell, at(6.0), "reset by a restart") };
    apply_event(&mut told, 6.0, EventKind::Believed(anew));
    told.1 = at(6.5);
    let unknown = pane(&told, SIZES[0]);
    assert!(unknown.contains("UNKNOWN  since the consumer was restarted"), "{unknown}");
    assert!(unknown.contains("/metrics no answer yet") && !unknown.contains('?'), "{unknown}");
    apply_event(
        &mut told,
        7.0,
        EventKind::Testified(SourceReport { says: SourceClaim::State(State::Closed), ..metrics }),
    );
    apply_event(
        &mut told,
        7.0,
        EventKind::Believed(Belief::new(State::Closed, Sure, at(7.0), "state = closed")),
    );
    told.1 = at(7.5);
    let closed = pane(&told, (45, 12));
    assert!(closed.contains("/metrics closed") && closed.contains("reset by a restart of"), "{closed}");
}

/// A countdown at zero is not a trial.
#[test]
fn a_countdown_ends_in_a_trial_that_is_due() {
    let (session, now) = session_for(&find(State::Open, Sure));
    let told = |now| (session.clone(), now);
    assert!(pane(&told(now), SIZES[0]).contains("next trial in 5.2 s █"));
    let late = pane(&told(at(13.4)), SIZES[0]);
    assert!(late.contains("trial due") && !late.contains('█'), "{late}");
}

#[test]
fn statements_grow_old() {
    let (session, now) = session_for(&cases().remove(0));
    for (later, wanted) in [(0.0, "0.4 s ago"), (1.0, "1.4 s ago"), (9.0, "9.4 s ago")] {
        let now = now + std::time::Duration::from_secs_f64(later);
        let pane = pane(&(session.clone(), now), SIZES[1]);
        assert!(pane.contains(wanted), "{wanted} in\n{pane}");
    }
    let old = pane(&(session, at(20.0)), SIZES[0]);
    assert!(old.contains("16 s ago"), "what is stale says so where there is little room too:\n{old}");
}

/// A reason that a source's line already shows is not repeated, even if its figures have changed since.
#[test]
fn a_ground_is_no_doubt() {
    let statements =
        vec![answers(SourceClaim::State(State::ClosedOrNone), "6 of the last 6 look like the real answer")];
    let because = "metrics state = closed; 8 of the last 8 look like the real answer";
    let pane = pane(&session_for(&case(State::Closed, Likely, AWHILE, statements, because)), (78, 20));
    assert!(!pane.contains("8 of"), "{pane}");
}

#[test]
fn replicas_have_a_row_each_and_the_worst_is_shown() {
    let pane = pane(&session_for(&find(State::Mixed, Sure)), SIZES[0]);
    for words in ["1 of 2 replicas OPEN", "5wz5k  OPEN 0.4 s", "l5522  CLOSED 0.4 s", "sure │"] {
        assert!(pane.contains(words), "{words} in\n{pane}");
    }
}

#[test]
fn the_ways_back_say_how_often_each_was_seen() {
    let told = crate::tui::screens::at("after-hang", 18.6);
    let pane = shown(&told, SIZES[1], breaker).join("\n");
    assert!(
        pane.contains("╰─ trial fails  (1 seen) ───╯") && pane.contains("trial works  (0 seen)"),
        "{pane}"
    );
    assert!(pane.contains("cycle 1  OPEN T+2.0  trial T+12.0  failed T+13.0"), "{pane}");
    assert!(pane.contains("measured: opened 2.0 s after T0, tried again after 10.0 s"), "{pane}");
}

#[test]
fn without_colours_the_state_is_inverse_and_between_lines() {
    let told = session_for(&find(State::Open, Sure));
    let mono = Theme::named("mono").unwrap();
    for (theme, above) in [(mono, "▄▄▄▄▄▄▄▄"), (mono.ascii(), "========")] {
        let buffer = cells(&told, &view(), &theme, SIZES[0], breaker);
        let drawn = rows(&buffer);
        assert!(drawn[1].contains(above), "{drawn:?}");
        let inverse = buffer.content().iter().filter(|cell| cell.modifier.contains(Modifier::REVERSED));
        assert_eq!(inverse.map(|cell| cell.symbol()).collect::<String>(), "  OPEN  ");
    }
    let sixteen = Theme::default().with_depth(Depth::Sixteen);
    let drawn = rows(&cells(&told, &view(), &sixteen, SIZES[0], breaker));
    assert!(drawn[4].contains("█") && drawn[4].contains("░"), "{drawn:?}");
}

proptest! {
    /// State, confidence and countdown are never cut, whatever the width.
    #[test]
    fn nothing_that_matters_is_cut(width in 37_u16..110, height in 7_u16..20, chosen in 0_usize..17) {
        let all = cases();
        let Some(case) = all.get(chosen % all.len()) else { return Ok(()) };
        let told = session_for(case);
        let pane = pane(&told, (width, height));
        let replicas = told.0.breaker.belief.as_ref().is_some_and(|belief| !belief.replicas.is_empty());
        let word = if replicas { "1 of 2" } else { wording::breaker(case.state) };
        prop_assert!(pane.contains(word), "{} in\n{}", word, pane);
        prop_assert!(replicas || pane.contains(wording::confidence(case.confidence)), "{}", pane);
        if case.state == State::Open {
            prop_assert!(pane.contains("next trial in 5.2 s") || pane.contains("trial due"), "{}", pane);
        }
    }
}
