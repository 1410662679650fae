//! The chain in every state, in one row and as boxes.

use crate::{
    session::{
        Event, EventKind, Session,
        event::{Belief, BreakerState, Confidence, NamedState, Source, SourceState, Timestamp},
        fixtures::{self, Variant},
    },
    tui::{
        Theme, View,
        tests::{drawn, text, view},
    },
};
use proptest::prelude::*;

type SessionAt = (Session, Timestamp);

fn row(told: &SessionAt, width: u16) -> String {
    text(&drawn(told, &view(), &Theme::default(), width, 36)).lines().nth(5).unwrap().to_owned()
}

fn boxes(told: &SessionAt, width: u16, height: u16) -> Vec<String> {
    let view = View { presenter: width < 180, ..view() };
    let from = if width < 180 { 10 } else { 5 };
    let shown = text(&drawn(told, &view, &Theme::default(), width, height));
    shown.lines().skip(from).take(3).map(str::to_owned).collect()
}

/// The story with a changed belief about the breaker.
fn believing(mut told: SessionAt, change: impl FnOnce(&mut Belief), state: BreakerState) -> SessionAt {
    let mut belief = Belief::new(state, Confidence::Sure, told.1, "");
    change(&mut belief);
    told.0.apply(&Event { seq: told.0.events, at: told.1, what: EventKind::Believed(belief) });
    told
}

#[test]
fn the_row_says_how_far_calls_get() {
    for (told, wanted) in [
        (fixtures::ready(), "  USERS not asked yet ╌╌╌╌╌▷ ● CONSUMER 1/1 ╌╌╌╌╌╌╌╌╌╌╌╌╌▷ ● PROVIDER 1/1"),
        (fixtures::steady(), "  USERS 2/s ━━━━━► ● CONSUMER 1/1 ━━━━━━━━━━━━━━► ● PROVIDER 1/1"),
        (
            fixtures::before_failing(),
            "  USERS 2/s, 11 waiting ━━━━━► ● CONSUMER 1/1 ━━━━━━━━╳╌╌╌╌╌╌ ✗ PROVIDER 0/1  killed by us, 19 s ago",
        ),
        (
            fixtures::after_open(),
            "  USERS 2/s, 4 waiting ━━━━━► ● CONSUMER 1/1 ━━━┫ breaker OPEN ┣╌╌╌╌ ✗ PROVIDER 0/1  killed by us, 9.9 s ago",
        ),
        (
            fixtures::after_half_open(),
            "  USERS 2/s, 5 waiting ━━━━━► ● CONSUMER 1/1 ━━━┫ HALF-OPEN? ┣━━━► ✗ PROVIDER 0/1  killed by us, 19 s ago",
        ),
        (
            fixtures::after_closed(),
            "  USERS 2/s ━━━━━► ● CONSUMER 1/1 ━━━━━━━━━━━━━━► ● PROVIDER 1/1  back since T+35.0",
        ),
    ] {
        assert_eq!(row(&told, 120), wanted);
    }
}

#[test]
fn what_is_not_known_is_not_drawn_as_known() {
    let open = |change: fn(&mut Belief)| believing(fixtures::after_open(), change, BreakerState::Open);
    for (told, wanted) in [
        (open(|belief| belief.confidence = Confidence::Likely), "┫ breaker OPEN? ┣"),
        (open(|belief| belief.confidence = Confidence::CannotTell), "━━━━━━━━╳╌╌╌╌╌╌ ✗ PROVIDER 0/1"),
        (believing(fixtures::after_open(), |_| {}, BreakerState::FallbackAtOnce), "┫ breaker OPEN? ┣"),
        (
            believing(
                fixtures::after_open(),
                |belief| {
                    let named = |name: &str, state| NamedState { name: name.to_owned(), state };
                    belief.replicas = vec![named("a", BreakerState::Open), named("b", BreakerState::Closed)];
                },
                BreakerState::Mixed,
            ),
            "┫ OPEN in 1 of 2 ┣",
        ),
    ] {
        let shown = row(&told, 120);
        assert!(shown.contains(wanted), "{shown}");
    }
    // Consumer and provider are not known yet: there is no chain, and the picture takes its row.
    let mut told = fixtures::ready();
    told.0.undo.kits.clear();
    told.0.target = None;
    assert!(!text(&drawn(&told, &view(), &Theme::default(), 120, 36)).contains("CONSUMER"));
}

/// Neither the chain nor the lanes go on with what was last seen once the API server is silent.
#[test]
fn what_is_no_longer_observed_is_doubted_everywhere() {
    let mut told = fixtures::session_at(Variant::Before, 20.0);
    let mut turn = |seconds: f64, state: SourceState| {
        let what = EventKind::SourceChanged { source: Source::Api, state };
        told.0.apply(&Event { seq: told.0.events, at: fixtures::at(seconds), what });
        text(&drawn(&told, &view(), &Theme::default(), 120, 36))
    };
    let shown = turn(12.0, SourceState::Reconnecting { reason: "connection refused".to_owned() });
    let lane = |shown: &str| shown.lines().find(|line| line.contains("│ provider")).unwrap().to_owned();
    assert!(shown.contains("? CONSUMER 1/1") && shown.contains("? PROVIDER 0/1"), "{shown}");
    assert!(!shown.contains("killed by us"), "{shown}");
    assert!(
        lane(&shown).contains("not observed") && lane(&shown).contains("stale 8.0 s, was 0 of 1"),
        "{shown}"
    );
    let shown = turn(18.0, SourceState::Live);
    assert!(shown.contains("✗ PROVIDER 0/1") && lane(&shown).contains("not observed"), "{shown}");
    assert!(lane(&shown).contains("0 of 1 ready 20 s"), "{shown}");
}

#[test]
fn boxes_say_what_each_part_says_of_itself() {
    assert_eq!(
        boxes(&fixtures::after_open(), 200, 50),
        [
            "╭─ USERS ──────────────────────── 2/s ─╮                                     ╭─ CONSUMER ─────────────── 1/1 ready ─╮                                     ╭─ PROVIDER ───────────────────── 0/1 ready ─╮",
            "│ 4 wait, longest 10.0 s               │━━━━━━━━━━━━━━━ 4 ms ━━━━━━━━━━━━━━━►│ /health 503   liveness ■□□ 1 of 3    │━━━━━━━━━━━━━━┫ OPEN ┣╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌│ killed by us, 9.9 s                        │",
            "╰──────────────────────────────────────╯                                     ╰──────────────────────────────────────╯                                     ╰────────────────────────────────────────────╯",
        ]
    );
    assert_eq!(
        boxes(&fixtures::before_failing(), 120, 36).get(1).unwrap(),
        "│ 11 wait, longest 5.5 s │━━━━━━━━━━━━━━━━►│ /health 200 □□□            │━━━━━━━━╳╌╌╌╌╌╌╌╌│ killed by us, 19 s         │"
    );
}

#[test]
fn a_probe_that_may_fail_any_number_of_times_is_told_in_numbers() {
    let (mut session, now) = fixtures::after_open();
    let row = session.bystanders().find(|row| row.pod.liveness.is_some()).unwrap();
    let mut pod = row.pod.clone();
    pod.liveness.as_mut().unwrap().threshold = u32::MAX;
    session.apply(&Event { seq: 0, at: now, what: EventKind::PodSeen(pod) });
    let shown = boxes(&(session, now), 200, 50).join("\n");
    assert!(shown.contains("liveness 1/4294967295"), "{shown}");
}

proptest! {
    #[test]
    fn states_are_whole_at_every_width(width in 100_u16..240, variant: bool, seconds in -5.0_f64..62.0) {
        let variant = if variant { Variant::After } else { Variant::Before };
        let told = fixtures::session_at(variant, seconds);
        let view = View { presenter: width % 2 == 0, ..view() };
        let height = if width >= 180 { 50 } else { 36 };
        let shown = text(&drawn(&told, &view, &Theme::default(), width, height));
        let chain: Vec<&str> = shown.lines().skip(5).take(12).collect();
        let all = chain.join("\n");
        let provider = told.0.provider_readiness().last().copied().unwrap();
        let ready = format!("{}/{}", provider.ready, provider.wanted);
        let line = chain.iter().find(|line| line.contains("PROVIDER")).unwrap();
        prop_assert!(line.contains("USERS") && line.contains("CONSUMER"), "{}", all);
        prop_assert!(line.split("PROVIDER").nth(1).unwrap().contains(&ready), "{}", all);
        let belief = told.0.breaker.belief.as_ref().unwrap();
        if matches!(belief.state, BreakerState::Open | BreakerState::HalfOpen) {
            let word = crate::session::wording::breaker(belief.state);
            prop_assert!(all.contains(word), "{}", all);
        }
    }
}
