//! What the card of a fire never cuts.

use crate::{
    session::{
        Event, EventKind, Session,
        event::{StepCluster, StepRef, TargetCard, Timestamp},
        fixtures,
        state::StepState,
    },
    tui::{
        Theme, View,
        tests::{drawn, text, view},
        theme::Role,
    },
};
use proptest::prelude::*;

type SessionAt = (Session, Timestamp);

/// The story up to the fire, with a changed card.
fn carded(change: impl FnOnce(&mut TargetCard)) -> SessionAt {
    let mut told = fixtures::steady();
    let mut card = told.0.target.clone().unwrap();
    change(&mut card);
    told.0.apply(&Event { seq: told.0.events, at: told.1, what: EventKind::Targeted(card) });
    told
}

fn shown(told: &SessionAt, width: u16, height: u16) -> String {
    text(&drawn(told, &view(), &Theme::default(), width, height))
}

/// The text of the card without its frame, in one line with one space between words.
fn card(screen: &str) -> String {
    let from = screen.lines().position(|line| line.contains("TARGET  what")).unwrap();
    let column = screen.lines().nth(from).unwrap().chars().position(|c| c == '╭').unwrap_or(0);
    let column = match screen.lines().nth(from).unwrap().split("╭─ TARGET").next() {
        Some(before) => before.chars().count(),
        None => column,
    };
    let lines = screen.lines().skip(from + 1).map(|line| {
        let line: String = line.chars().skip(column).collect();
        line.trim_start_matches('│').split('│').next().unwrap_or_default().to_owned()
    });
    let lines: Vec<String> = lines.take_while(|line| !line.starts_with('╰')).collect();
    lines.join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn all_that_is_known_stands_on_the_card() {
    let told = fixtures::steady();
    let card = card(&shown(&told, 120, 36));
    for wanted in [
        "KILL 1 pod, by deleting it hits ",
        "then Service ",
        "returns yes (ReplicaSet) ",
        "abort A re-creates my-provider-app, about 8 s",
        "guards ",
    ] {
        assert!(card.contains(wanted), "{wanted}: {card}");
    }
}

#[test]
fn a_cluster_that_is_not_ours_is_said_on_the_card() {
    let place = |context: Option<&str>, sure, allowed| StepCluster {
        context: context.map(str::to_owned),
        sure,
        allowed,
    };
    for (place, wanted) in [
        (
            place(Some("prod-eu"), true, false),
            "where prod-eu is not on the allow-list: typing a name is required",
        ),
        (place(Some("other"), true, true), "where other hits"),
        (place(Some("other"), false, false), "where other is the context passed to it; it may use others"),
        (place(None, true, false), "where on this machine, in no known cluster"),
    ] {
        let told = carded(|card| card.place = Some(place));
        for (width, height) in [(120, 36), (80, 24)] {
            let card = card(&shown(&told, width, height));
            assert!(card.contains(wanted), "{wanted}: {card}");
        }
    }
    let told = carded(|card| card.place = Some(place(Some("prod-eu"), true, false)));
    let buffer = drawn(&told, &view(), &Theme::default(), 120, 36);
    let filled = Theme::default().fill(Role::Failing).bg;
    let chip = (9..20).any(|y| (29..118).any(|x| Some(buffer.cell((x, y)).unwrap().bg) == filled));
    assert!(chip, "the name of the cluster is filled");
}

#[test]
fn the_picture_goes_on_below_the_card() {
    let told = fixtures::steady();
    let screen = shown(&told, 120, 36);
    let rows: Vec<&str> = screen.lines().collect();
    let foot = rows
        .iter()
        .position(|line| line.contains("╰───") && line.contains("│ users") || line.contains(" ╰─"));
    assert!(foot.is_some_and(|foot| foot < 22), "{screen}");
    assert!(rows[22].contains("now"), "{screen}");
}

/// A second destructive step waits while the fault is on.
fn second_fire() -> SessionAt {
    let mut told = fixtures::after_open();
    let step = told.0.steps.rows.iter().find(|row| row.step.destructive).map(|row| row.step.at).unwrap();
    awaiting(&mut told, step);
    told
}

fn awaiting(told: &mut SessionAt, step: StepRef) {
    told.0.apply(&Event {
        seq: told.0.events,
        at: told.1,
        what: EventKind::StepAwaited { step, destructive: true },
    });
    assert!(told.0.steps.current().is_some_and(|row| matches!(row.state, StepState::Awaited { .. })));
}

#[test]
fn a_fire_after_t0_has_a_card_too() {
    let told = second_fire();
    for (width, height, presenter) in [(80, 24, false), (120, 36, false), (200, 50, false), (120, 36, true)] {
        let view = View { presenter, ..view() };
        let screen = text(&drawn(&told, &view, &Theme::default(), width, height));
        let card = card(&screen);
        for wanted in ["KILL 1 pod", "hits ", "returns yes", "abort A"] {
            assert!(card.contains(wanted), "{wanted} at {width}: {screen}");
        }
    }
}

proptest! {
    /// The first name, whether the object returns and what puts it back are shown in full, however long the rest is.
    #[test]
    fn what_must_be_known_before_a_fire_is_never_cut(
        width in 80_u16..240,
        names in prop::collection::vec("[a-z]{1,20}(-[a-z0-9]{4,10}){1,3} on [a-z]{3,12}", 1..12),
        headline in "KILL [0-9]{1,2} pods(, [a-z]{3,12} [a-z]{3,12}){0,3}",
        consequences in prop::collection::vec("[A-Z][a-z]{2,9}( [a-z]{2,12}){2,14}", 0..4),
        comes_back in "(NO|yes): [a-z]{2,9}( [a-z]{2,12}){1,8}",
        tall: bool,
    ) {
        let told = carded(|card| {
            (card.headline, card.objects, card.consequences) = (headline.clone(), names.clone(), consequences);
            card.comes_back = comes_back.clone();
        });
        let height = if tall { 50 } else if width < 100 { 24 } else { 36 };
        let screen = shown(&told, width, height);
        let card = card(&screen);
        // A name that is wider than the card continues in the next row, broken within a word.
        let letters = |text: &str| text.split_whitespace().collect::<String>();
        prop_assert!(!card.contains('…'), "{}", screen);
        prop_assert!(letters(&card).contains(&letters(&names[0])), "{}: {}", names[0], screen);
        let how = comes_back.split_once(": ").unwrap().1.replace(" until it is ", " until ");
        let how = how.strip_prefix("it ").unwrap_or(&how);
        prop_assert!(card.contains(how), "{}: {}", how, screen);
        prop_assert!(card.contains("abort A re-creates my-provider-app, about 8 s"), "{}", screen);
    }
}
