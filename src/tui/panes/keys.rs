//! The keys that have an effect now, in a fixed order.

use super::Scene;
use crate::{
    session::state::StepState,
    tui::{
        keymap::Action,
        pane_buffer::{PaneBuffer, RoleLine},
        theme::Role,
        update::{can_run_again, export_action, unavailable_reason},
        view::ControlMode,
    },
};
use Action as A;

/// Columns of the keys that are always shown at the right end.
const END: usize = 16;

/// The keys during a run, the most important first.
const ORDER: &[Action] = &[
    A::Recover,
    A::Fire,
    A::Abort,
    A::Cut,
    A::Next,
    A::Auto,
    A::Skip,
    A::Undo,
    A::Note,
    A::Mark,
    A::Why,
    A::Finer,
    A::FocusNext,
    A::Presenter,
    A::Logs,
    A::Heatmap,
    A::Guards,
    A::Filter,
];
/// The keys after the end of the run.
const AFTER: &[Action] = &[
    A::Undo,
    A::Next,
    A::NewRun,
    A::End,
    A::Why,
    A::Note,
    A::Finer,
    A::FocusNext,
    A::Presenter,
    A::Logs,
    A::Heatmap,
    A::Zoom,
    A::Filter,
];
/// The keys in the presenter's view.
const STAGE: &[Action] =
    &[A::Fire, A::Abort, A::Undo, A::Next, A::Cut, A::NewRun, A::Presenter, A::Note, A::Mark, A::Finer];

/// The keys in a replay.
const REPLAY: &[Action] = &[
    A::Play,
    A::SecondBack,
    A::LandmarkBack,
    A::Slower,
    A::ToT0,
    A::ToEnd,
    A::Find,
    A::Export,
    A::Why,
    A::Presenter,
    A::Finer,
    A::FocusNext,
    A::Logs,
    A::Heatmap,
    A::Zoom,
];

/// Draws the row: as many keys as fit, and always those for help and quit.
pub(crate) fn keys(canvas: &mut PaneBuffer, scene: &Scene) {
    let width = canvas.width();
    let ended = scene.session.run.ended.is_some() || scene.view.finished;
    let order = match (scene.view.presenter, ended) {
        _ if scene.view.control == ControlMode::Replay => REPLAY,
        (true, _) => STAGE,
        (false, true) => AFTER,
        (false, false) => ORDER,
    };
    let mut row = RoleLine::text(" ");
    for piece in order.iter().filter(|action| applies(scene, **action)).filter_map(|a| key(scene, *a)) {
        let between = if row.width() > 1 { "  " } else { "" };
        let longer = row.clone().and(between).joined(piece);
        if longer.width() + 2 > width.saturating_sub(END) {
            break;
        }
        row = longer;
    }
    canvas.row(0, &row);
    let end = [A::Help, A::Quit].into_iter().filter_map(|action| key(scene, action));
    let end = end.reduce(|one, other| one.and("  ").joined(other)).unwrap_or_default();
    canvas.at(width.saturating_sub(END.max(end.width() + 1)), 0, &end);
}

/// `c cut wait`; `None` for an action without a key.
fn key(scene: &Scene, action: Action) -> Option<RoleLine> {
    let keymap = &scene.view.keymap;
    let binding = keymap.binding(action)?;
    let (key, role) = match action {
        A::Finer | A::SecondBack | A::LandmarkBack | A::Slower => (both(scene, action), Role::Focus),
        A::Fire => (keymap.key_with_shift(A::Fire), Role::Fault),
        _ => (keymap.key(action), Role::Focus),
    };
    let label = match action {
        A::Presenter if scene.view.presenter => "back to all panes",
        A::End => "report",
        A::Play if scene.view.replay.as_ref().is_some_and(|replay| replay.playing) => "stop",
        _ => binding.label,
    };
    (!key.trim().is_empty()).then(|| RoleLine::strong(role, key).and(format!(" {label}")))
}

/// The keys of an action and of its opposite: `+ -`.
fn both(scene: &Scene, action: Action) -> String {
    let opposite = match action {
        A::SecondBack => A::SecondForward,
        A::LandmarkBack => A::LandmarkForward,
        A::Slower => A::Faster,
        _ => A::Coarser,
    };
    format!("{} {}", scene.view.keymap.key(action), scene.view.keymap.key(opposite))
}

/// Whether the key has an effect now.
fn applies(scene: &Scene, action: Action) -> bool {
    let (session, view) = (scene.session, scene.view);
    if unavailable_reason(view, action).is_some() {
        return false;
    }
    let current = session.steps.current();
    let active = current.is_some_and(|row| row.state.is_active());
    let ended = session.run.ended.is_some();
    match action {
        A::Fire => scene.awaiting_fire().is_some(),
        A::Next if ended => view.sequence.is_some(),
        A::Next => scene.awaiting_fire().is_none() && !active,
        A::Cut => active && !ended,
        A::Skip => current.is_some_and(|row| matches!(row.state, StepState::Awaited { .. })) && !ended,
        A::Abort => session.fault.is_some() && !ended,
        A::Undo => session.undo_due().is_some(),
        A::Recover => !session.meta.earlier.is_empty() && session.fault.is_none(),
        A::NewRun => can_run_again(view) && session.undo_due().is_none(),
        A::End => export_action(view) == Some(action),
        A::Auto | A::Mark | A::Guards => !ended,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        session::{
            Session,
            event::Timestamp,
            fixtures::{self, Variant},
        },
        tui::{
            ControlMode, Theme, View,
            keymap::Keymap,
            tests::{drawn, text, view},
        },
    };
    use proptest::prelude::*;

    fn last(told: &(Session, Timestamp), view: &View, width: u16) -> String {
        let height = if width >= 180 { 50 } else { 36 };
        text(&drawn(told, view, &Theme::default(), width, height)).lines().last().unwrap().to_owned()
    }

    #[test]
    fn only_keys_that_do_something_are_shown_and_always_in_this_order() {
        for (told, wanted) in [
            (
                fixtures::steady(),
                " SHIFT+F FIRE  a auto  s skip it  n note  m mark  w why  + - zoom  TAB pane  P present  l log  h heat   ? help  q quit",
            ),
            (
                fixtures::before_failing(),
                " A abort  c cut wait  a auto  u undo kit  n note  m mark  w why  + - zoom  TAB pane  P present  l log   ? help  q quit",
            ),
        ] {
            assert_eq!(last(&told, &view(), 120), wanted);
        }
        let finished = View { finished: true, ..view() };
        let shown = last(&fixtures::finished(Variant::After), &finished, 120);
        assert_eq!(
            shown,
            " R run again  e report  w why  n note  + - zoom  TAB pane  P present  l log  h heat  z full pane        ? help  q quit"
        );
        let stage = View { presenter: true, ..view() };
        let shown = last(&fixtures::before_failing(), &stage, 120);
        assert!(
            shown.starts_with(
                " A abort  u undo kit  c cut wait  P back to all panes  n note  m mark  + - zoom  "
            ),
            "{shown}"
        );
        let watched = View::new(Keymap::default(), ControlMode::ReadOnly);
        let shown = last(&fixtures::before_failing(), &watched, 120);
        assert!(shown.starts_with(" n note  m mark  w why"), "{shown}");
    }

    proptest! {
        #[test]
        fn help_and_the_way_out_are_always_there(width in 80_u16..240, seconds in -25.0_f64..70.0) {
            let told = fixtures::session_at(Variant::Before, seconds);
            let shown = last(&told, &view(), width);
            prop_assert!(shown.ends_with(" ? help  q quit"), "{}", shown);
            prop_assert_eq!(shown.len(), usize::from(width) - 2);
            let awaited = shown.contains("SHIFT+F FIRE");
            let scene = super::Scene::new(&told.0, &view(), told.1, None).awaiting_fire().is_some();
            prop_assert_eq!(awaited, scene);
        }
    }
}
