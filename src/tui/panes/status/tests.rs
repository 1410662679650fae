use super::{
    super::testing::{SessionAt, apply_event, shown},
    bare_status, status,
};
use crate::{
    session::{
        event::{BreakerState as State, Confidence, EventKind, SourceClaim, SourceKind, SourceReport},
        fixtures::{self, Variant, at},
        wording,
    },
    test_support::{container, pod},
    tui::{
        breaker_tests::{cases, session_for},
        screens,
    },
};
use proptest::prelude::*;

/// The pane on a screen of 80x24.
const SIZE: (u16, u16) = (42, 7);

fn pane(told: &SessionAt) -> String {
    shown(told, SIZE, status).join("\n")
}

#[test]
fn a_row_each_for_breaker_consumer_provider_and_waits() {
    let told = screens::at("before-long", 21.7);
    assert_eq!(
        pane(&told),
        "╭─ 4 BREAKER + PODS ─────────────────────╮\n\
         │  NO BREAKER SEEN  5.0 s  likely        │\n\
         │ A breaker would answer at once.        │\n\
         │ ● consumer 1/1  misses □□□             │\n\
         │ ✗ provider 0/1  scaled to 0 by us      │\n\
         │ median 2 ms  longest 10.0 s  4/s       │\n\
         ╰────────────────────────────────────────╯"
    );
    let open = pane(&screens::at("after-hang", 18.6));
    assert!(open.contains(" OPEN  5.5 s  sure (3 of 3)") && open.contains("next trial in 4.4 s █"), "{open}");
    let killed = pane(&screens::at("after-hang", 5.0));
    assert!(killed.contains("✗ provider 0/1  killed by us"), "{killed}");
}

#[test]
fn every_state_of_the_breaker_has_its_words_and_its_confidence() {
    let mut all = String::new();
    for case in cases() {
        let told = session_for(&case);
        let pane = pane(&told);
        let head = pane.lines().nth(1).unwrap();
        let (word, sure) = (wording::breaker(case.state), wording::confidence(case.confidence));
        assert!(head.contains(word) && head.contains(sure), "{word}, {sure} in\n{pane}");
        all += &pane.lines().skip(1).take(2).map(|line| format!("{line}\n")).collect::<String>();
    }
    insta::assert_snapshot!("breaker-rows", all);
}

#[test]
fn a_restart_ahead_is_told_whole() {
    let mut told = fixtures::session_at(Variant::After, 12.0);
    let says = SourceClaim::State(State::Open);
    let failing = SourceReport { failing: Some(true), ..SourceReport::new(SourceKind::Health, says, "503") };
    apply_event(&mut told, 12.0, EventKind::Testified(failing));
    told.1 = at(12.5);
    assert!(pane(&told).contains("● consumer 1/1  ■□□ restart due T+30"), "{}", pane(&told));
}

#[test]
fn where_roles_are_not_known_pods_have_a_row_each() {
    let mut told = fixtures::session_at(Variant::After, -25.0);
    told.0.undo.kits.clear();
    told.0.cluster.workloads.clear();
    let mut seen = pod("default", "shop-5f6c-abcde");
    seen.containers = vec![container(false, 0)];
    apply_event(&mut told, -24.9, EventKind::PodSeen(seen));
    let pane = pane(&told);
    assert!(pane.contains("● my-consumer-app tt8wz 1/1") && pane.contains("○ shop-5f6c abcde 0/1"), "{pane}");
}

/// On the smallest screens the target card takes the place of breaker and pods.
#[test]
fn what_a_fire_would_do_is_seen_on_the_smallest_screen() {
    let bare = |told: &SessionAt, width, height| shown(told, (width, height), bare_status).join("\n");
    let card = bare(&fixtures::steady(), 60, 5);
    for words in ["KILL 1 pod", "x2k8p", "on minikube", "returns"] {
        assert!(card.contains(words), "{words} in\n{card}");
    }
    let open = bare(&screens::at("after-hang", 18.6), 40, 3);
    assert!(open.contains("OPEN  5.5 s  sure") && open.contains("next trial in 4.4 s"), "{open}");
}

proptest! {
    /// State, confidence and countdown are never cut, whatever the width.
    #[test]
    fn what_matters_is_never_cut(width in 36_u16..70, chosen in 0_usize..17) {
        let all = cases();
        let Some(case) = all.get(chosen % all.len()) else { return Ok(()) };
        let pane = shown(&session_for(case), (width, 7), status).join("\n");
        prop_assert!(pane.contains(wording::breaker(case.state)), "{}", pane);
        prop_assert!(pane.contains(wording::confidence(case.confidence)), "{}", pane);
        let open = case.state == State::Open && case.confidence == Confidence::Sure;
        prop_assert!(!open || pane.contains("next trial in 5.2 s"), "{}", pane);
    }
}
