use super::{
    super::testing::{SessionAt, apply_event, cells, shown, view},
    half_rows, score,
};
use crate::{
    session::{
        event::{EventKind, ExpectedAnswers, ExpectedTrip, Prediction, Section, StepRef},
        fixtures::{self, Variant},
    },
    tui::{
        screens,
        theme::{Role, Theme},
    },
};
use proptest::prelude::*;

const SMALL: (u16, u16) = (44, 9);

fn pane(told: &SessionAt, size: (u16, u16)) -> String {
    shown(told, size, score).join("\n")
}

#[test]
fn figures_stand_below_each_other_with_their_bars() {
    let told = screens::at("after-kill", f64::INFINITY);
    let pane = pane(&told, (44, 18));
    for row in [
        "╭─ 3 WHAT IT CAME TO ─────────── since T0 ─╮",
        "│ bad seconds         2 of 40  ▖           │",
        "│ failed users              0              │",
        "│ longest wait          2.0 s  ▄▄          │",
        "│ breaker opened after  2.0 s              │",
        "│ tried again after    10.5 s              │",
        "│ back after provider   3.9 s              │",
        "│ restarts                  0              │",
    ] {
        assert!(pane.contains(row), "{row} in\n{pane}");
    }
}

#[test]
fn a_zero_is_never_coloured() {
    let theme = Theme::default();
    let told = screens::at("after-kill", f64::INFINITY);
    let buffer = cells(&told, &view(), &theme, SMALL, score);
    let colour = |y: u16| buffer[(28, y)].fg;
    assert_eq!(colour(1), theme.colour(Role::Waiting).unwrap(), "2 bad seconds");
    assert_eq!(colour(2), theme.colour(Role::Strong).unwrap(), "nobody failed");
    assert_eq!(colour(3), theme.colour(Role::Protected).unwrap(), "fallbacks");
}

#[test]
fn what_is_below_is_said_and_can_be_scrolled_to() {
    let told = screens::at("after-kill", f64::INFINITY);
    let small = pane(&told, SMALL);
    assert!(small.contains("more below ─╯") && !small.contains("median"), "{small}");
    let mut scrolled = view();
    scrolled.scroll[2] = 99;
    let buffer = cells(&told, &scrolled, &Theme::default(), SMALL, score);
    let below = super::super::testing::rows(&buffer).join("\n");
    assert!(below.contains("restarts") && !below.contains("more below"), "{below}");
}

#[test]
fn a_breaker_that_never_opened_says_so_and_users_who_failed_are_counted() {
    let told = screens::at("before-kill", f64::INFINITY);
    let pane = pane(&told, (44, 16));
    let failed = pane.lines().find(|line| line.contains("failed users")).unwrap();
    assert!(failed.contains("of ") && failed.contains('▄'), "{failed}");
}

#[test]
fn predictions_stand_beside_what_happened() {
    let mut told = fixtures::finished(Variant::After);
    told.0.prediction = Some(Prediction {
        trip: Some(ExpectedTrip::Within(10.0)),
        users: Some(ExpectedAnswers::Fallback),
        ..Prediction::default()
    });
    let pane = pane(&told, (58, 15));
    assert!(pane.contains("YOUR PREDICTION") && pane.contains("✓ "), "{pane}");
}

#[test]
fn without_a_fault_it_says_why() {
    let mut told = fixtures::steady();
    let step = StepRef { section: Section::Method, index: 0 };
    apply_event(
        &mut told,
        0.0,
        EventKind::FaultFired { step, what: "killed 1 pod".to_owned(), targets: Vec::new() },
    );
    apply_event(&mut told, 0.1, EventKind::FaultRefused { step, reason: "403 Forbidden".to_owned() });
    let pane = pane(&told, SMALL);
    assert!(pane.contains("the fire changed nothing: 403") && !pane.contains("since T0"), "{pane}");
}

proptest! {
    #[test]
    fn bars_stay_in_their_room(share in -1.0..3.0_f64, cells in 0_usize..60) {
        let bar = half_rows(share, cells);
        prop_assert!(bar.chars().count() <= cells);
        prop_assert_eq!(bar.is_empty(), share <= 0.0 || cells == 0);
    }
}
