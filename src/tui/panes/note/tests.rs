//! The note line in every phase and at every width.

use super::super::Scene;
use crate::{
    session::{
        Event, EventKind, Session,
        event::{Guard, GuardTrip, Guards, Level, Timestamp},
        fixtures::{self, Variant},
    },
    tui::{
        Theme, View,
        tests::{drawn, text, view},
        theme::Role,
    },
};
use proptest::prelude::*;

type SessionAt = (Session, Timestamp);

/// The note line: the third from the bottom.
fn line(told: &SessionAt, view: &View, width: u16) -> String {
    let height = if width >= 180 { 50 } else { 36 };
    let shown = text(&drawn(told, view, &Theme::default(), width, height));
    let rows: Vec<&str> = shown.lines().collect();
    rows[rows.len() - 3].to_owned()
}

fn both(told: &SessionAt) -> [String; 2] {
    [120, 80].map(|width| line(told, &view(), width))
}

/// A session that a guard has ended.
fn guarded(guard: Guard, figure: u32, limit: u32) -> SessionAt {
    let mut told = fixtures::before_failing();
    let trip = GuardTrip { guard, figure, limit, because: "too much".to_owned() };
    let reason = "A guard ended the run: too much".to_owned();
    for what in [EventKind::GuardTripped(trip), EventKind::Interrupted { reason, level: Level::Warning }] {
        told.0.apply(&Event { seq: told.0.events, at: told.1, what });
    }
    told
}

#[test]
fn each_phase_has_a_note_of_its_own() {
    for (told, long, short) in [
        (
            fixtures::ready(),
            "  TIP       Say what you expect before you fire: p predicts trip time and what users see; scored at the end",
            " TIP    p predicts what users will see; scored at the end",
        ),
        (
            fixtures::steady(),
            "  GUARDS    The run ends by itself when users are let down for more than 60 s, at 1 restart, or 10 s of silence   g",
            " GUARD  ends the run at 60 bad seconds, 1 restart, 10 s silence",
        ),
        (
            guarded(Guard::Restarts, 1, 1),
            "  ABORTED   by the guard at T+19.0: Kubernetes restarted the consumer, though the fault is not about it (limit 1)",
            " ABORTED  by the guard at T+19: the consumer was restarted (limit 1)",
        ),
        (
            guarded(Guard::Users, 61, 60),
            "  ABORTED   by the guard at T+19.0: 61 bad seconds (limit 60)",
            " ABORTED  by the guard at T+19: 61 bad seconds (limit 60)",
        ),
        (
            fixtures::finished(Variant::After),
            "  SAVED     journal.json (completed, exit 0)   4 findings   fault happened: yes",
            " SAVED  journal.json (completed, exit 0)  4 findings  fault happened: yes",
        ),
    ] {
        let mut told = told;
        if told.0.guards.limits == Guards::OFF {
            told.0.guards.limits = Guards::default();
        }
        assert_eq!(both(&told), [long, short]);
    }
}

#[test]
fn without_guards_nobody_thinks_that_there_are_some() {
    let mut told = fixtures::steady();
    told.0.guards.limits = Guards::OFF;
    let [long, short] = both(&told);
    assert!(long.contains("GUARDS    are off: nothing ends the run by itself   g sets limits"), "{long}");
    assert!(short.contains("are off: nothing ends the run   g sets limits"), "{short}");
    told.0.guards.limits = Guards { silence_s: Some(10), ..Guards::OFF };
    assert!(both(&told)[0].contains("The run ends by itself after 10 s of silence"), "{}", both(&told)[0]);
}

#[test]
fn what_was_pressed_goes_before_everything_also_before_an_audience() {
    let hint = "SPACE never fires: SHIFT+F does";
    for presenter in [false, true] {
        let view = View { hint: Some(hint.to_owned()), presenter, ..view() };
        let shown = line(&fixtures::before_failing(), &view, 120);
        assert_eq!(shown, format!("  KEY       {hint}"));
    }
    let stage = View { presenter: true, ..view() };
    let shown = line(&fixtures::before_failing(), &stage, 120);
    assert!(shown.starts_with(" ▌ "), "{shown}");
}

#[test]
fn the_tag_has_the_colour_of_its_urgency() {
    let theme = Theme::default();
    for (told, filled) in [
        (fixtures::ready(), Role::Focus),
        (fixtures::steady(), Role::Fault),
        (fixtures::after_open(), Role::Failing),
    ] {
        let mut told = told;
        told.0.guards.limits = Guards::default();
        let buffer = drawn(&told, &view(), &theme, 120, 36);
        assert_eq!(buffer.cell((1, 33)).unwrap().bg, theme.fill(filled).bg.unwrap());
    }
}

proptest! {
    /// In every phase the short form fits into 80 columns, and nothing is cut at any width.
    #[test]
    fn nothing_is_cut(width in 80_u16..240, seconds in -25.0_f64..70.0, variant: bool, guards: bool) {
        let variant = if variant { Variant::After } else { Variant::Before };
        let mut told = fixtures::session_at(variant, seconds);
        told.0.guards.limits = if guards { Guards::default() } else { Guards::OFF };
        let shown = line(&told, &view(), width);
        prop_assert!(!shown.contains('…'), "{}", shown);
        prop_assert!(shown.len() <= usize::from(width), "{}", shown);
        let phase = Scene::new(&told.0, &view(), told.1, None).phase;
        prop_assert!(shown.trim().len() > 8, "{:?}: {}", phase, shown);
    }
}

/// Leaving during rollbacks: the first line says that they go on, the second asks.
#[test]
fn leaving_during_rollbacks_says_what_goes_on_and_what_another_request_does() {
    use crate::tui::QuitStage;
    let mut told = fixtures::before_failing();
    told.0.apply(&Event { seq: told.0.events, at: told.1, what: EventKind::RollbacksStarted { steps: 1 } });
    for (stage, wanted) in [
        (QuitStage::Asked, "the rollbacks go on to their end. Now: `"),
        (QuitStage::Urgent, "the rollbacks go on to their end. Now: `"),
        (QuitStage::Warned, "SURE? The rollbacks go on; CTRL+C once more leaves without them. Now: `"),
    ] {
        let view = View { quit_stage: stage, ..view() };
        assert!(line(&told, &view, 120).contains(wanted), "{}", line(&told, &view, 120));
    }
    assert!(line(&told, &View { quit_stage: QuitStage::Warned, ..view() }, 80).contains("CTRL+C once more"));
}
