//! The preflight checks at various sizes.

use crate::{
    session::{
        Event, EventKind, Session,
        event::{CheckLevel, PreflightCheck, Timestamp},
        fixtures,
    },
    tui::{
        Theme,
        tests::{drawn, text, view},
    },
};

fn checked(checks: &[(CheckLevel, &str, Option<&str>)]) -> (Session, Timestamp) {
    let mut told = fixtures::ready();
    told.0.checks.clear();
    for (level, text, remedy) in checks {
        let check = PreflightCheck {
            level: *level,
            text: (*text).to_owned(),
            remedy: remedy.map(str::to_owned),
            offer: None,
        };
        told.0.apply(&Event { seq: told.0.events, at: told.1, what: EventKind::Checked(check) });
    }
    told
}

fn shown(told: &(Session, Timestamp), width: u16, height: u16) -> String {
    text(&drawn(told, &view(), &Theme::default(), width, height))
}

const LONG: &str =
    "my-consumer-app liveness asks /health: if that fails while a breaker is open, 3 misses restart it";

#[test]
fn what_is_to_be_mended_comes_first_and_every_check_is_whole() {
    let told = checked(&[
        (CheckLevel::Ok, "cluster reachable", None),
        (CheckLevel::Know, LONG, Some("let liveness ask something that does not depend on others")),
        (CheckLevel::Fix, "the selector matches no pod", Some("look at the labels")),
    ]);
    let screen = shown(&told, 120, 36);
    let of = |word: &str| screen.lines().position(|line| line.contains(word)).unwrap();
    assert!(
        of("FIX  the selector") < of("OK   cluster") && of("OK   cluster") < of("NOTE my-consumer"),
        "{screen}"
    );
    for wanted in ["PREFLIGHT", "3 checks  1 to fix  1 to know", "way out: look at the labels"] {
        assert!(screen.contains(wanted), "{wanted}: {screen}");
    }
    let small = shown(&told, 80, 24);
    assert!(small.contains("way out: let liveness ask something"), "{small}");
    // The pane is as tall as its text: the axis below it is visible.
    assert!(small.lines().nth(13).unwrap().contains("now"), "{small}");
}

#[test]
fn where_there_are_too_many_those_in_order_are_one_row() {
    let fine: Vec<_> = (0..12).map(|_| (CheckLevel::Ok, "something is in order", None)).collect();
    let told = checked(&[fine, vec![(CheckLevel::Know, LONG, None)]].concat());
    let screen = shown(&told, 80, 24);
    assert!(
        screen.contains("OK   12 other checks passed") && screen.contains("NOTE my-consumer-app"),
        "{screen}"
    );
    let notes: Vec<_> = (0..9).map(|_| (CheckLevel::Know, LONG, None)).collect();
    let screen = shown(&checked(&notes), 80, 24);
    assert!(screen.contains(" more lines "), "{screen}");
}

#[test]
fn before_anything_is_checked_it_says_so() {
    let screen = shown(&checked(&[]), 120, 36);
    assert!(screen.contains("nothing is checked yet"), "{screen}");
}
